/* Picture files on disk: read whole, or only as far as their header is. */
#include "codecs_private.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens an ordinary file within the cap; never waits for a pipe. */
imp_status codecs_open_file(const struct codecs *c, const char *path, int *fd, size_t *size, imp_error *err)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (*fd < 0)
        return imp_fail(err, errno == ENOENT ? IMP_E_MISSING : IMP_E_IO, "cannot open it: %s%s", strerror(errno),
                        errno == ENOENT ? " (was it moved or deleted while this ran?)" : "");
    imp_status bad = IMP_OK;
    if (fstat(*fd, &st) != 0)
        bad = imp_fail(err, IMP_E_IO, "cannot be examined: %s", strerror(errno));
    else if (S_ISDIR(st.st_mode))
        bad = imp_fail(err, IMP_E_INPUT, "is a folder, not a picture");
    else if (!S_ISREG(st.st_mode))
        bad = imp_fail(err, IMP_E_INPUT, "is not an ordinary file (a device, a pipe, a socket)");
    else if (st.st_size == 0)
        bad = imp_fail(err, IMP_E_INPUT, "the file is empty (0 bytes)");
    else if ((uint64_t)st.st_size > c->caps.max_file)
        bad = imp_fail(err, IMP_E_LIMIT, "the file has %lld bytes: up to %llu are read", (long long)st.st_size,
                       (unsigned long long)c->caps.max_file);
    if (bad != IMP_OK)
        close(*fd);
    *size = (size_t)st.st_size;
    return bad;
}

/* Bytes [at, at + size) of the file. */
static imp_status read_range(int fd, uint8_t *data, size_t at, size_t size, imp_error *err)
{
    for (size_t done = 0; done < size;) {
        const ssize_t n = pread(fd, data + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return imp_fail(err, IMP_E_IO, "cannot be read at byte %zu: %s", at + done, strerror(errno));
        if (n == 0)
            return imp_fail(err, IMP_E_IO, "became shorter while it was read: %zu of %zu bytes", at + done, at + size);
        done += (size_t)n;
    }
    return IMP_OK;
}

/* Bytes [from, to) of the file into the same place of data. */
static imp_status read_part(int fd, uint8_t *data, size_t from, size_t to, imp_error *err)
{
    return read_range(fd, data + from, from, to - from, err);
}

imp_status codecs_slurp(const struct codecs *c, const char *path, void **data, size_t *size, struct hash *hash,
                        imp_error *err)
{
    size_t n = 0;
    int fd = -1;
    imp_status st = codecs_open_file(c, path, &fd, &n, err);
    void *bytes;

    if (st != IMP_OK)
        return st;
    bytes = malloc(n);
    st = bytes ? read_part(fd, bytes, 0, n, err)
               : imp_fail(err, IMP_E_MEMORY, "no memory for the %zu bytes of the file", n);
    close(fd);
    if (st != IMP_OK) {
        free(bytes);
        return st;
    }
    if (hash)
        *hash = hash_bytes(bytes, n);
    *data = bytes;
    *size = n;
    return IMP_OK;
}

/* Orientation of a PNG whose EXIF stands behind its pixels: walks the heads of the chunks. */
static uint32_t late_orientation(int fd, size_t size)
{
    uint32_t orientation = 1;
    uint8_t head[8];

    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        if (read_range(fd, head, at, sizeof head, NULL) != IMP_OK)
            break;
        const size_t n = be32(head);
        if (n > size - at - 12)
            break;
        if (be32(head + 4) == PNG_TYPE('e', 'X', 'I', 'f') && n <= 1u << 20) {
            uint8_t *body = malloc(n + 1);
            if (body && read_range(fd, body, at + 8, n, NULL) == IMP_OK)
                orientation = exif_orientation(body, n);
            free(body);
            break;
        }
        at += 12 + n;
    }
    return orientation;
}

void codecs_close_file(int fd)
{
    close(fd);
}

imp_status codecs_probe_open(const struct codecs *c, const char *path, int fd, imp_picture *out, imp_error *err)
{
    static const size_t steps[] = {1u << 16, 1u << 20, SIZE_MAX};
    struct stat file;
    size_t size = 0, have = 0;
    imp_status st = IMP_OK;
    uint8_t *data = NULL;

    if (fstat(fd, &file) != 0 || file.st_size < 1)
        return imp_fail(err, IMP_E_IO, "cannot be examined: %s", strerror(errno));
    size = (size_t)file.st_size;
    for (size_t i = 0; i < 3; i++) { /* as far as the header is, often behind EXIF and thumbnail */
        const size_t want = size < steps[i] ? size : steps[i];
        uint8_t *more = realloc(data, want);
        if (!more) {
            st = imp_fail(err, IMP_E_MEMORY, "no memory for %zu bytes of the file", want);
            break;
        }
        data = more;
        st = read_part(fd, data, have, want, err);
        have = want;
        if (st == IMP_OK)
            st = codecs_probe(c, path, data, have, out, err);
        if (st == IMP_OK || st == IMP_E_LIMIT || have == size)
            break;
    }
    if (st == IMP_OK && have < size && kind_of_content(data, have) == kind_by_name("PNG") &&
        out->orientation == 1) {
        out->orientation = late_orientation(fd, size);
        if (out->orientation > 4) {
            const uint32_t w = out->width;
            out->width = out->height;
            out->height = w;
        }
    }
    free(data);
    return st;
}

imp_status codecs_probe_file(const struct codecs *c, const char *path, imp_picture *out, imp_error *err)
{
    size_t size = 0;
    int fd = -1;
    imp_status st = codecs_open_file(c, path, &fd, &size, err);

    if (st != IMP_OK)
        return st;
    st = codecs_probe_open(c, path, fd, out, err);
    close(fd);
    return st;
}
