/* region.c - places in a shared memfd: a list of spans in order of address, the first that fits is
 * taken. There are few: a picture and what a filter makes of it. The file keeps its size (sealed),
 * so no worker can take pages away under the host. */
#define _GNU_SOURCE /* memfd_create, seals */
#include "region.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { UNIT = 4096 };
#define LEAST ((size_t)1 << 30)
#define MOST  ((size_t)1 << 38)

struct span {
    size_t at, size;
    bool used;
};

struct region {
    char *base;
    size_t size;
    int reader; /* the same file, to be read only; -1 = none */
    pthread_mutex_t lock;
    struct span *spans; /* no gaps; free neighbours are one */
    size_t count, capacity;
    struct memory *counted, *memory;
};

/* As large as all memory there is: only pages that are written to take some. */
static size_t wanted_size(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    const size_t all = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : LEAST;
    return all < LEAST ? LEAST : all > MOST ? MOST : all / UNIT * UNIT;
}

/* A mapping of such a descriptor can never be made writable. */
static int open_reader(int fd)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static char *map_shared(size_t size, int *reader)
{
    char *base = MAP_FAILED;
    const int fd = memfd_create("impasto", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && !ftruncate(fd, (off_t)size) &&
        !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    const int why = errno;
    *reader = base == MAP_FAILED ? -1 : open_reader(fd);
    if (fd >= 0)
        close(fd);
    errno = why;
    return base == MAP_FAILED ? NULL : base;
}

static void *take(void *user, size_t bytes)
{
    struct region *r = user;
    const uint64_t at = region_take(r, bytes);
    return at == UINT64_MAX ? NULL : r->base + at;
}

static void give(void *user, void *p, size_t bytes)
{
    struct region *r = user;
    (void)bytes;
    region_give(r, (uint64_t)((char *)p - r->base));
}

struct region *region_new(struct memory *counted)
{
    struct region *r = heap_alloc(1, sizeof *r);
    const struct memory_source source = {r, take, give, counted};
    r->size = wanted_size();
    r->base = map_shared(r->size, &r->reader);
    r->counted = counted;
    r->memory = memory_from(&source);
    if (!r->base || !r->memory || pthread_mutex_init(&r->lock, NULL)) {
        const int why = errno;
        memory_free(r->memory);
        if (r->base)
            munmap(r->base, r->size);
        if (r->reader >= 0)
            close(r->reader);
        free(r);
        errno = why;
        return NULL;
    }
    r->spans = heap_alloc(r->capacity = 16, sizeof *r->spans);
    r->spans[r->count++] = (struct span){0, r->size, false};
    return r;
}

void region_free(struct region *r)
{
    if (!r)
        return;
    if (r->base)
        munmap(r->base, r->size);
    if (r->reader >= 0)
        close(r->reader);
    memory_free(r->memory);
    pthread_mutex_destroy(&r->lock);
    free(r->spans);
    free(r);
}

struct memory *region_memory(struct region *r)
{
    return r ? r->memory : NULL;
}

/* ---- spans ---- */

static void insert(struct region *r, size_t i, struct span s)
{
    if (r->count == r->capacity)
        r->spans = heap_resize(r->spans, r->capacity *= 2, sizeof *r->spans);
    memmove(&r->spans[i + 1], &r->spans[i], (r->count++ - i) * sizeof s);
    r->spans[i] = s;
}

static void erase(struct region *r, size_t i)
{
    memmove(&r->spans[i], &r->spans[i + 1], (--r->count - i) * sizeof *r->spans);
}

/* The span that begins there; count: none. */
static size_t find(const struct region *r, uint64_t at)
{
    size_t from = 0, to = r->count;
    while (from < to) {
        const size_t mid = from + (to - from) / 2;
        if (r->spans[mid].at < at)
            from = mid + 1;
        else
            to = mid;
    }
    return from < r->count && r->spans[from].at == at && r->spans[from].used ? from : r->count;
}

uint64_t region_take(struct region *r, size_t bytes)
{
    const size_t size = bytes > r->size ? SIZE_MAX : (bytes + UNIT) / UNIT * UNIT;
    uint64_t at = UINT64_MAX;
    if (size > r->size || !memory_count(r->counted, size))
        return UINT64_MAX;
    pthread_mutex_lock(&r->lock);
    for (size_t i = 0; i < r->count && at == UINT64_MAX; i++) {
        struct span *s = &r->spans[i];
        if (s->used || s->size < size)
            continue;
        const struct span rest = {s->at + size, s->size - size, false};
        at = s->at;
        *s = (struct span){s->at, size, true};
        if (rest.size)
            insert(r, i + 1, rest);
    }
    pthread_mutex_unlock(&r->lock);
    if (at == UINT64_MAX)
        memory_uncount(r->counted, size);
    return at;
}

void region_give(struct region *r, uint64_t at)
{
    size_t size = 0;
    pthread_mutex_lock(&r->lock);
    size_t i = find(r, at);
    if (i < r->count) {
        size = r->spans[i].size;
        r->spans[i].used = false;
        if (i + 1 < r->count && !r->spans[i + 1].used) {
            r->spans[i].size += r->spans[i + 1].size;
            erase(r, i + 1);
        }
        if (i && !r->spans[i - 1].used) {
            r->spans[i - 1].size += r->spans[i].size;
            erase(r, i);
        }
    }
    pthread_mutex_unlock(&r->lock);
    memory_uncount(r->counted, size);
}

size_t region_size_at(struct region *r, uint64_t at)
{
    pthread_mutex_lock(&r->lock);
    const size_t i = find(r, at), size = i < r->count ? r->spans[i].size : 0;
    pthread_mutex_unlock(&r->lock);
    return size;
}

uint64_t region_place(const struct region *r, const void *p)
{
    const uintptr_t a = (uintptr_t)p, base = (uintptr_t)r->base;
    return r->base && a >= base && a - base < r->size ? a - base : UINT64_MAX;
}

void *region_address(const struct region *r, uint64_t at)
{
    return r->base && at < r->size ? r->base + at : NULL;
}

size_t region_room(const struct region *r, uint64_t at)
{
    return at < r->size ? r->size - (size_t)at : 0;
}

void region_leave(struct region *r)
{
    if (r && r->base)
        munmap(r->base, r->size);
    if (r)
        r->base = NULL;
}

int region_reader(const struct region *r)
{
    return r->reader;
}

void region_protect(struct region *r, int reader)
{
    if (!r || !r->base)
        return;
    if (reader < 0 || mmap(r->base, r->size, PROT_READ, MAP_SHARED | MAP_NORESERVE | MAP_FIXED,
                           reader, 0) == MAP_FAILED)
        mprotect(r->base, r->size, PROT_READ);
}
