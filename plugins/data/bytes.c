/* bytes.c - files read whole, gzip undone, paths. Nothing is allocated on the word of a file: a
 * gzip trailer's size is believed up to what deflate can reach. */
#include "sets.h"
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_FILE ((off_t)16 << 30)
enum { DEFLATE_REACH = 1032 /* bytes from one, at most */, GZIP_LEAST = 18 };

static bool fill(int fd, struct bytes *b)
{
    size_t at = 0;
    while (at < b->size) {
        const ssize_t n = read(fd, b->data + at, b->size - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            errno = n ? errno : ENODATA;
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

static bool read_file(int fd, const char *path, struct room *r, struct faults *f, int32_t param,
                      struct bytes *out)
{
    struct stat st;
    if (fstat(fd, &st)) {
        fault_add(f, IMP_E_IO, param, "%s: cannot be examined: %s", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        fault_add(f, IMP_E_INPUT, param, "%s is %s, not a file", path,
                  S_ISDIR(st.st_mode) ? "a folder" : "a device or a pipe");
        return false;
    }
    if (!st.st_size || st.st_size > MOST_FILE) {
        fault_add(f, IMP_E_INPUT, param,
                  st.st_size ? "%s has %lld bytes: up to 16 GiB are read"
                             : "%s is empty (%lld bytes)",
                  path, (long long)st.st_size);
        return false;
    }
    out->size = (size_t)st.st_size;
    if (!(out->data = room_take(r, out->size + 1, 1)) || !fill(fd, out)) {
        fault_add(f, out->data ? IMP_E_IO : IMP_E_MEMORY, param, "%s: %zu bytes cannot be read: %s",
                  path, out->size, out->data ? strerror(errno) : "no memory");
        return false;
    }
    return true;
}

bool bytes_read(const char *path, struct room *r, struct faults *f, int32_t param,
                struct bytes *out)
{
    struct bytes whole = {0};
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        fault_add(f, errno == ENOENT ? IMP_E_MISSING : IMP_E_IO, param, "%s: cannot be opened: %s",
                  path, strerror(errno));
        return false;
    }
    const bool fine = read_file(fd, path, r, f, param, &whole);
    close(fd);
    if (fine && whole.size >= 2 && whole.data[0] == 0x1f && whole.data[1] == 0x8b)
        return bytes_gunzip(path, &whole, r, f, param, out);
    *out = whole;
    return fine;
}

/* ---- gzip ---- */

static const char *gzip_complaint(enum libdeflate_result result)
{
    switch (result) {
    case LIBDEFLATE_SHORT_OUTPUT:
    case LIBDEFLATE_INSUFFICIENT_SPACE:
        return "it does not hold as many bytes as its end says";
    default:
        return "its data or its checksum is wrong";
    }
}

bool bytes_gunzip(const char *path, const struct bytes *in, struct room *r, struct faults *f,
                  int32_t param, struct bytes *out)
{
    const uint8_t *end = in->data + in->size;
    const size_t claim = in->size < GZIP_LEAST ? 0
                                               : (size_t)end[-4] | (size_t)end[-3] << 8 |
                                                     (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
    size_t used = 0;
    if (in->size < GZIP_LEAST || claim / DEFLATE_REACH > in->size) {
        fault_add(f, IMP_E_INPUT, param,
                  "%s: a gzip file of %zu bytes that is cut short or damaged (its end claims %zu "
                  "bytes): get it again",
                  path, in->size, claim);
        return false;
    }
    out->size = claim;
    out->data = room_take(r, claim + 1, 1);
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    if (!out->data || !d) {
        libdeflate_free_decompressor(d);
        fault_add(f, IMP_E_MEMORY, param, "%s: no memory for %zu bytes", path, claim);
        return false;
    }
    const enum libdeflate_result result = libdeflate_gzip_decompress_ex(
        d, in->data, in->size, out->data, out->size, &used, &(size_t){0});
    libdeflate_free_decompressor(d);
    if (result == LIBDEFLATE_SUCCESS && used == in->size)
        return true;
    fault_add(f, IMP_E_INPUT, param,
              "%s: a gzip file of %zu bytes that is cut short or damaged (%s): get it again", path,
              in->size,
              result == LIBDEFLATE_SUCCESS ? "there are bytes behind its end"
                                           : gzip_complaint(result));
    return false;
}

/* ---- paths ---- */

static const char *const endings[] = {"jpg", "jpeg", "jpe", "jfif", "png",  "bmp", "tga",
                                      "gif", "ppm",  "pgm", "pnm",  "pfm",  "hdr", "psd",
                                      "pic", "webp", "tif", "tiff", "heic", "avif", "jxl"};
enum { ENDINGS = sizeof endings / sizeof *endings };

const char *path_join(struct room *r, const char *folder, const char *name)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    return room_print(r, "%.*s%s%s", (int)n, folder, n == 1 && *folder == '/' ? "" : "/", name);
}

bool path_is_file(const char *path)
{
    struct stat st;
    return !stat(path, &st) && S_ISREG(st.st_mode);
}

bool path_is_picture(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && !strchr(dot, '/') && i < ENDINGS; i++)
        if (!strcasecmp(dot + 1, endings[i]))
            return true;
    return false;
}

bool path_is_below(const char *path)
{
    if (*path == '/')
        return false;
    for (const char *p = path; p; p = (p = strchr(p, '/')) ? p + 1 : NULL)
        if (p[0] == '.' && p[1] == '.' && (!p[2] || p[2] == '/'))
            return false;
    return true;
}

const char *path_find_picture(struct room *r, const char *path)
{
    if (path_is_file(path))
        return path;
    const size_t n = strlen(path);
    char *longer = path_is_picture(path) ? NULL : room_take(r, n + 8, 1);
    for (size_t i = 0; longer && i < ENDINGS; i++) {
        snprintf(longer, n + 8, "%s.%s", path, endings[i]);
        if (path_is_file(longer))
            return longer;
    }
    return NULL;
}
