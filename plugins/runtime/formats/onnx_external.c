/* onnx_external.c - weights that an ONNX file keeps in another file: beside it or below, never
 * above. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "onnx_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
    const char *location;
    uint64_t offset, length;
    bool has_length;
};

static bool whole_number(const char *text, uint64_t *v)
{
    *v = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || *v > (UINT64_MAX - 9) / 10)
            return false;
        *v = *v * 10 + (uint64_t)(*p - '0');
    }
    return *text != '\0';
}

static imp_status read_place(const Onnx__TensorProto *t, const char *name, struct place *p,
                             imp_error *err)
{
    *p = (struct place){.location = NULL};
    for (size_t i = 0; i < t->n_external_data; i++) {
        const char *key = t->external_data[i]->key ? t->external_data[i]->key : "";
        const char *value = t->external_data[i]->value ? t->external_data[i]->value : "";
        const bool offset = !strcmp(key, "offset"), length = !strcmp(key, "length");
        if (!strcmp(key, "location"))
            p->location = value;
        if ((offset || length) && !whole_number(value, offset ? &p->offset : &p->length))
            return imp_fail(err, IMP_E_INPUT, "tensor '%s': its external %s is '%s', not a number",
                            name, key, value);
        p->has_length = p->has_length || length;
    }
    if (!p->location || !*p->location)
        return imp_fail(err, IMP_E_INPUT, "tensor '%s': external data without a location", name);
    return IMP_OK;
}

/* Relative, without a step up. */
static bool is_below(const char *location)
{
    if (*location == '/')
        return false;
    for (const char *p = location; *p; p += strcspn(p, "/"), p += *p == '/')
        if (!strncmp(p, "..", 2) && (p[2] == '/' || !p[2]))
            return false;
    return true;
}

/* The file's own path where links lead nowhere out of the model's folder; to be freed. */
static imp_status find_file(const struct place *p, const char *name, const char *path, char **out,
                            imp_error *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("./");
    char *root = folder ? realpath(folder, NULL) : NULL;
    const size_t room = root ? strlen(root) + strlen(p->location) + 2 : 0;
    char *joined = root ? malloc(room) : NULL;
    if (joined)
        snprintf(joined, room, "%s/%s", root, p->location);
    char *real = joined ? realpath(joined, NULL) : NULL;
    imp_status st = IMP_OK;
    const size_t n = root ? strlen(root) : 0;
    if (!real)
        st = imp_fail(err, IMP_E_MISSING,
                      "tensor '%s' is in the file '%s', which is not beside the model: %s", name,
                      p->location, strerror(errno));
    else if (strncmp(real, root, n) || (real[n] != '/' && n > 1))
        st = imp_fail(err, IMP_E_INPUT,
                      "tensor '%s': '%s' is a link out of the model's folder: put the file itself "
                      "there",
                      name, p->location);
    if (st == IMP_OK)
        *out = real;
    else
        free(real);
    free(joined);
    free(root);
    free(folder);
    return st;
}

/* The stretch lies inside a plain file. */
static imp_status check_size(int fd, const struct place *p, const char *name, uint64_t bytes,
                             imp_error *err)
{
    struct stat s;
    if (fstat(fd, &s) || !S_ISREG(s.st_mode))
        return imp_fail(err, IMP_E_INPUT, "tensor '%s': '%s' is no plain file", name, p->location);
    const uint64_t size = (uint64_t)s.st_size;
    if (p->has_length && p->length != bytes)
        return imp_fail(err, IMP_E_INPUT,
                        "tensor '%s': its shape takes %llu bytes, its external length is %llu",
                        name, (unsigned long long)bytes, (unsigned long long)p->length);
    if (p->offset > size || bytes > size - p->offset)
        return imp_fail(err, IMP_E_INPUT, "tensor '%s': bytes %llu to %llu of '%s', which has %llu",
                        name, (unsigned long long)p->offset,
                        (unsigned long long)(p->offset + bytes), p->location,
                        (unsigned long long)size);
    return IMP_OK;
}

static imp_status read_all(int fd, const struct place *p, const char *name, uint64_t bytes,
                           uint8_t **out, imp_error *err)
{
    uint8_t *data = malloc(bytes ? (size_t)bytes : 1);
    if (!data)
        return imp_fail(err, IMP_E_MEMORY, "tensor '%s': no memory for %llu bytes", name,
                        (unsigned long long)bytes);
    for (uint64_t at = 0; at < bytes;) {
        const size_t most = bytes - at < (1u << 30) ? (size_t)(bytes - at) : 1u << 30;
        const ssize_t n = pread(fd, data + at, most, (off_t)(p->offset + at));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            free(data);
            return imp_fail(err, IMP_E_IO, "tensor '%s': '%s' cannot be read: %s", name,
                            p->location, n < 0 ? strerror(errno) : "it has shrunk");
        }
        at += (uint64_t)n;
    }
    *out = data;
    return IMP_OK;
}

imp_status onnx_external_read(const Onnx__TensorProto *t, const char *name, const char *path,
                              uint64_t bytes, uint8_t **out, imp_error *err)
{
    struct place p;
    char *file = NULL;
    imp_status st = read_place(t, name, &p, err);
    if (st != IMP_OK)
        return st;
    if (!path)
        return imp_fail(err, IMP_E_MISSING,
                        "tensor '%s' is in the file '%s', and this network does not come from a "
                        "folder",
                        name, p.location);
    if (!is_below(p.location))
        return imp_fail(err, IMP_E_INPUT,
                        "tensor '%s': its data are said to be in '%s'; only files beside the model "
                        "are read",
                        name, p.location);
    st = find_file(&p, name, path, &file, err);
    if (st != IMP_OK)
        return st;
    const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    free(file);
    if (fd < 0)
        return imp_fail(err, IMP_E_IO, "tensor '%s': '%s' cannot be opened: %s", name, p.location,
                        strerror(errno));
    st = check_size(fd, &p, name, bytes, err);
    if (st == IMP_OK)
        st = read_all(fd, &p, name, bytes, out, err);
    close(fd);
    return st;
}
