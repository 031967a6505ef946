/* input.c - see input.h. */
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

imp_status rt_input_read(const struct rt_input *in, uint64_t at, void *to, uint64_t n, imp_error *err)
{
    uint8_t *next = to;
    if (in->bytes) {
        memcpy(to, in->bytes + at, (size_t)n);
        return IMP_OK;
    }
    while (n) {
        const ssize_t got = pread(in->fd, next, n < (1u << 30) ? (size_t)n : 1u << 30, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return imp_fail(err, IMP_E_IO, "%s at byte %llu", strerror(errno), (unsigned long long)at);
        if (got == 0)
            return imp_fail(err, IMP_E_IO, "it ends at byte %llu, %llu were there when it was opened",
                            (unsigned long long)at, (unsigned long long)in->size);
        next += got;
        at += (uint64_t)got;
        n -= (uint64_t)got;
    }
    return IMP_OK;
}
