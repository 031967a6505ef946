/* input.c - see input.h. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <impasto/kit.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 2 << 20 /* bytes: a huge page */, BLOCK = 1 << 18 };

static void read_head(struct rt_input *in, const void *from)
{
    in->head_size = in->size < RT_HEAD ? (uint32_t)in->size : RT_HEAD;
    if (from && in->head_size)
        memcpy(in->head, from, in->head_size);
}

void rt_input_of(struct rt_input *in, const void *bytes, size_t size)
{
    *in = (struct rt_input){.fd = -1, .size = size, .bytes = bytes ? bytes : (const void *)""};
    read_head(in, bytes);
}

imp_status rt_input_open(const char *path, struct rt_input *in, imp_error *err)
{
    struct stat s;
    *in = (struct rt_input){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (in->fd < 0)
        return imp_fail(err, errno == ENOENT ? IMP_E_MISSING : IMP_E_IO, "%s", strerror(errno));
    imp_status st = IMP_OK;
    if (fstat(in->fd, &s))
        st = imp_fail(err, IMP_E_IO, "%s", strerror(errno));
    else if (!S_ISREG(s.st_mode))
        st = imp_fail(err, IMP_E_IO, "it is no file");
    if (st == IMP_OK) {
        in->size = (uint64_t)s.st_size;
        read_head(in, NULL);
        st = rt_input_read(in, 0, in->head, in->head_size, err);
    }
    if (st != IMP_OK)
        rt_input_close(in);
    return st;
}

imp_status rt_input_map(struct rt_input *in, imp_error *err)
{
    if (in->bytes || !in->size)
        return IMP_OK;
    in->mapping = in->size <= SIZE_MAX ? rt_mapping_new(in->fd, (size_t)in->size) : NULL;
    if (!in->mapping)
        return imp_fail(err, IMP_E_IO, "it cannot be mapped (map=yes): %s", strerror(errno));
    in->bytes = rt_mapping_bytes(in->mapping);
    return IMP_OK;
}

void rt_input_close(struct rt_input *in)
{
    if (in->fd >= 0)
        close(in->fd);
    rt_mapping_release(in->mapping);
    *in = (struct rt_input){.fd = -1};
}

/* Bytes that lie in the file alone. */
static imp_status read_part(const struct rt_input *in, uint64_t at, void *to, uint64_t n,
                            imp_error *err)
{
    uint8_t *next = to;
    while (n) {
        const ssize_t got = pread(in->fd, next, n < (1u << 30) ? (size_t)n : 1u << 30, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return imp_fail(err, IMP_E_IO, "%s at byte %llu", strerror(errno),
                            (unsigned long long)at);
        if (got == 0)
            return imp_fail(err, IMP_E_IO,
                            "it ends at byte %llu, %llu were there when it was opened",
                            (unsigned long long)at, (unsigned long long)in->size);
        next += got;
        at += (uint64_t)got;
        n -= (uint64_t)got;
    }
    return IMP_OK;
}

/* A large part, in pieces of a huge page: to copy from the kernel's pages is half of reading, to
 * get fresh ones for the copy the other, and both are done by several threads at once. Floats are
 * looked at block by block, as long as the cache has them. */
struct pieces {
    const struct rt_input *in;
    uint8_t *to;
    uint64_t at, size;
    bool floats;
    atomic_bool failed, odd; /* odd: one of the floats is not finite */
};

static void read_piece(void *user, uint32_t i) IMP_NX
{
    struct pieces *p = user;
    const uint64_t from = (uint64_t)i * PIECE,
                   end = p->size - from < PIECE ? p->size : from + PIECE;
    for (uint64_t at = from; at < end; at += BLOCK) {
        const uint64_t n = end - at < BLOCK ? end - at : BLOCK;
        if (read_part(p->in, p->at + at, p->to + at, n, NULL) != IMP_OK) {
            atomic_store_explicit(&p->failed, true, memory_order_relaxed);
            return;
        }
        if (p->floats &&
            !kit_all_finite((const float *)(const void *)(p->to + at), n / sizeof(float)))
            atomic_store_explicit(&p->odd, true, memory_order_relaxed);
    }
}

static imp_status read_pieces(struct pieces *p, imp_error *err)
{
    if (p->in->bytes) {
        memcpy(p->to, p->in->bytes + p->at, (size_t)p->size);
        p->odd = p->floats; /* nobody has looked */
        return IMP_OK;
    }
    const imp_status st =
        kit_parallel(p->in->job, (uint32_t)((p->size + PIECE - 1) / PIECE), read_piece, p);
    if (st != IMP_OK)
        return st;
    return p->failed ? read_part(p->in, p->at, p->to, p->size, err)
                     : IMP_OK; /* it says what was wrong */
}

imp_status rt_input_read(const struct rt_input *in, uint64_t at, void *to, uint64_t n,
                         imp_error *err)
{
    struct pieces p = {.in = in, .to = to, .at = at, .size = n};
    return read_pieces(&p, err);
}

imp_status rt_input_floats(const struct rt_input *in, uint64_t at, float *to, uint64_t count,
                           bool *finite, imp_error *err)
{
    struct pieces p = {
        .in = in, .to = (uint8_t *)to, .at = at, .size = count * sizeof *to, .floats = true};
    const imp_status st = read_pieces(&p, err);
    *finite = !p.odd && !p.failed;
    return st;
}
