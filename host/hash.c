/* hash.c - XXH3, 128 bits, behind a small streaming interface. */
#include "hash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY /* the size of a state */
#include <xxhash.h>

#include "arena.h"

struct hasher {
    XXH3_state_t *state; /* aligned, in `room` */
    char room[];
};

static struct hash answer(XXH128_hash_t h)
{
    return (struct hash){h.high64, h.low64};
}

/* A hash that memory was short for would name something else, so there is none: no memory ends the program. */
struct hasher *hash_new(void)
{
    enum { ALIGN = 64 };
    struct hasher *h = heap_alloc(1, sizeof *h + sizeof(XXH3_state_t) + ALIGN);
    h->state = (XXH3_state_t *)(void *)(h->room + (ALIGN - (uintptr_t)h->room % ALIGN) % ALIGN);
    XXH3_INITSTATE(h->state);
    XXH3_128bits_reset(h->state);
    return h;
}

void hash_add(struct hasher *h, const void *data, size_t size)
{
    if (h && size)
        XXH3_128bits_update(h->state, data, size);
}

void hash_u64(struct hasher *h, uint64_t number)
{
    hash_add(h, &number, sizeof number);
}

void hash_text(struct hasher *h, const char *text)
{
    hash_u64(h, text ? strlen(text) : UINT64_MAX);
    if (text)
        hash_add(h, text, strlen(text));
}

void hash_hash(struct hasher *h, struct hash other)
{
    hash_u64(h, other.hi);
    hash_u64(h, other.lo);
}

struct hash hash_end(struct hasher *h)
{
    if (!h)
        return (struct hash){0, 0};
    const struct hash result = answer(XXH3_128bits_digest(h->state));
    free(h);
    return result;
}

struct hash hash_bytes(const void *data, size_t size)
{
    return answer(XXH3_128bits(size ? data : "", size));
}

static bool add_file(struct hasher *h, int fd)
{
    enum { STEP = 1 << 18 };
    char *buffer = malloc(STEP);
    bool fine = buffer != NULL;
    while (fine) {
        const ssize_t n = read(fd, buffer, STEP);
        if (n == 0)
            break;
        if (n > 0)
            hash_add(h, buffer, (size_t)n);
        else
            fine = errno == EINTR;
    }
    const int why = errno;
    free(buffer);
    errno = why;
    return fine;
}

bool hash_file(const char *path, struct hash *out)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct hasher *h = hash_new();
    const bool fine = add_file(h, fd);
    const int why = errno;
    const struct hash result = hash_end(h);
    close(fd);
    errno = why;
    if (fine)
        *out = result;
    return fine;
}

bool hash_equal(struct hash a, struct hash b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

bool hash_known(struct hash h)
{
    return h.hi || h.lo;
}

const char *hash_print(struct hash h, char *buf)
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        buf[i] = digits[h.hi >> (60 - 4 * i) & 15];
        buf[16 + i] = digits[h.lo >> (60 - 4 * i) & 15];
    }
    buf[32] = '\0';
    return buf;
}

static bool half(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    for (int i = 0; i < 16; i++) {
        const char c = text[i];
        unsigned digit;
        if (c >= '0' && c <= '9')
            digit = (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (unsigned)(c - 'a') + 10;
        else
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

bool hash_parse(const char *text, struct hash *out)
{
    struct hash h;
    if (!text || strlen(text) != 32 || !half(text, &h.hi) || !half(text + 16, &h.lo))
        return false;
    *out = h;
    return true;
}
