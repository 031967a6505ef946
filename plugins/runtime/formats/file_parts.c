/* file_parts.c - whole files, and one operator for another. */
#include "file_parts.h"
#include "op.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- reading ---- */

imp_status rt_bytes_of(const struct rt_input *in, struct rt_bytes *b, imp_error *err)
{
    *b = (struct rt_bytes){.data = in->size < SIZE_MAX ? malloc((size_t)in->size + 1) : NULL,
                           .size = (size_t)in->size};
    if (!b->data)
        return imp_fail(err, IMP_E_MEMORY, "no memory for its %llu bytes", (unsigned long long)in->size);
    const imp_status st = rt_input_read(in, 0, b->data, in->size, err);
    if (st != IMP_OK)
        rt_bytes_free(b);
    return st;
}

imp_status rt_bytes_read(const char *path, struct rt_bytes *b, imp_error *err)
{
    struct rt_input in;
    imp_status st = rt_input_open(path, &in, err);
    *b = (struct rt_bytes){0};
    if (st == IMP_OK)
        st = rt_bytes_of(&in, b, err);
    rt_input_close(&in);
    return st;
}

void rt_bytes_free(struct rt_bytes *b)
{
    free(b->data);
    *b = (struct rt_bytes){0};
}

bool rt_bytes_exist(const char *path)
{
    return access(path, F_OK) == 0;
}

/* ---- writing ---- */

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        const ssize_t n = write(fd, data, size < (1u << 30) ? size : 1u << 30);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* The name of the file until it is whole: no two writers of this process share one. */
static int open_beside(const char *path, char *beside, size_t room)
{
    int fd = -1;
    for (unsigned i = 0; fd < 0 && i < 100; i++) {
        snprintf(beside, room, "%s.%ld.%u~", path, (long)getpid(), i);
        fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

imp_status rt_bytes_write(const char *path, const void *data, size_t size, imp_error *err)
{
    const size_t room = strlen(path) + 48;
    char *beside = malloc(room);
    if (!beside)
        return imp_fail(err, IMP_E_MEMORY, "no memory to write %s", path);
    const int fd = open_beside(path, beside, room);
    bool fine = fd >= 0 && write_all(fd, data, size) && !fsync(fd);
    int why = errno;
    if (fd >= 0 && close(fd) && fine) {
        fine = false;
        why = errno;
    }
    if (fine && rename(beside, path)) {
        fine = false;
        why = errno;
    }
    if (!fine && fd >= 0)
        unlink(beside);
    free(beside);
    return fine ? IMP_OK : imp_fail(err, IMP_E_IO, "%s cannot be written: %s", path, strerror(why));
}

/* ---- max pooling to average ---- */

static int32_t attr_number(const struct rt_op *op, const char *key)
{
    for (uint32_t i = 0; i < op->attr_count; i++)
        if (!strcmp(op->attrs[i].key, key))
            return (int32_t)i;
    return -1;
}

static void free_attrs(const struct rt_op *op, struct rt_attr *attrs)
{
    for (uint32_t i = 0; i < op->attr_count; i++) {
        free(attrs[i].ints);
        free(attrs[i].floats);
    }
    free(attrs);
}

/* The attributes that both have go over as they are; storage_order alone says nothing of an
 * average. */
static imp_status average(struct rt_node *n, const struct rt_op *op, imp_error *err)
{
    struct rt_attr *attrs = calloc(op->attr_count + (size_t)1, sizeof *attrs);
    if (!attrs)
        return imp_fail(err, IMP_E_MEMORY, "no memory for pool=average");
    for (uint32_t i = 0; i < n->op->attr_count; i++) {
        const int32_t to = attr_number(op, n->op->attrs[i].key);
        if (to < 0)
            continue;
        attrs[to] = n->attrs[i];
        n->attrs[i] = (struct rt_attr){0};
    }
    free_attrs(n->op, n->attrs);
    n->attrs = attrs;
    n->op = op;
    return IMP_OK;
}

imp_status rt_average_pools(struct rt_graph *g, imp_error *err)
{
    const struct rt_op *max = rt_op_find("max_pool"), *mean = rt_op_find("average_pool");
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < g->node_count && st == IMP_OK; i++)
        if (g->nodes[i].op == max)
            st = average(&g->nodes[i], mean, err);
    return st;
}
