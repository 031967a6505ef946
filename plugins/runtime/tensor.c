/* tensor.c - shapes and the shared contents of models. */
#define _GNU_SOURCE /* madvise */
#include "tensor.h"

#include <impasto/kit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

int64_t rt_product(const struct rt_shape *s, uint32_t from, uint32_t to)
{
    const int64_t most = INT64_C(1) << 40;
    int64_t n = 1;
    for (uint32_t i = from; i < to; i++) {
        if (s->dim[i] < 0)
            return -1;
        if (s->dim[i] && n > most / s->dim[i])
            return -1;
        n *= s->dim[i];
    }
    return n;
}

int64_t rt_count(const struct rt_shape *s)
{
    return rt_product(s, 0, s->ndim);
}

bool rt_same_shape(const struct rt_shape *a, const struct rt_shape *b)
{
    return a->ndim == b->ndim && !memcmp(a->dim, b->dim, a->ndim * sizeof a->dim[0]);
}

struct rt_shape rt_shape_of(uint32_t ndim, const int64_t *dim)
{
    struct rt_shape s = {.ndim = ndim};
    for (uint32_t i = 0; i < ndim; i++)
        s.dim[i] = dim[i];
    return s;
}

const char *rt_shape_text(const struct rt_shape *s, char *buf, size_t size)
{
    size_t at = 0;
    if (size)
        snprintf(buf, size, "scalar");
    for (uint32_t i = 0; i < s->ndim && at < size; i++) {
        const char *cross = i ? " x " : "";
        const int n = s->dim[i] < 0
                          ? snprintf(buf + at, size - at, "%s?", cross)
                          : snprintf(buf + at, size - at, "%s%lld", cross, (long long)s->dim[i]);
        at += n > 0 ? (size_t)n : 0;
    }
    return buf;
}

int rt_axis(int64_t a, uint32_t ndim)
{
    if (a < -(int64_t)ndim || a >= (int64_t)ndim)
        return -1;
    return (int)(a < 0 ? a + ndim : a);
}

static size_t width_of(uint32_t dtype)
{
    return dtype == IMP_I64 ? sizeof(int64_t) : sizeof(float);
}

static struct rt_tensor *empty(uint32_t dtype, const struct rt_shape *shape)
{
    const int64_t count = rt_count(shape);
    if (count < 0 || (uint64_t)count > (SIZE_MAX / 2 - 64) / width_of(dtype))
        return NULL;
    struct rt_tensor *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    atomic_init(&t->refs, 1);
    t->dtype = dtype;
    t->shape = *shape;
    t->count = count;
    return t;
}

/* Large ones on huge pages where the kernel has them: filling fresh memory is mostly its work. */
struct rt_tensor *rt_tensor_raw(uint32_t dtype, const struct rt_shape *shape)
{
    struct rt_tensor *t = empty(dtype, shape);
    const size_t bytes = t ? (size_t)t->count * width_of(dtype) : 0;
    const bool large = bytes >= HUGE_PAGE;
    if (!t || posix_memalign(&t->data, large ? HUGE_PAGE : 64, bytes ? bytes : 64)) {
        free(t);
        return NULL;
    }
    if (large)
        (void)madvise(t->data, bytes, MADV_HUGEPAGE); /* only a hint */
    return t;
}

struct rt_tensor *rt_tensor_new(uint32_t dtype, const struct rt_shape *shape)
{
    struct rt_tensor *t = rt_tensor_raw(dtype, shape);
    if (t)
        memset(t->data, 0, (size_t)t->count * width_of(dtype));
    return t;
}

struct rt_tensor *rt_tensor_mapped(uint32_t dtype, const struct rt_shape *shape,
                                   struct rt_mapping *mapping, const void *data)
{
    union {
        const void *from;
        void *to;
    } plain = {.from = data}; /* nobody writes contents */
    struct rt_tensor *t = empty(dtype, shape);
    if (t) {
        t->data = plain.to;
        t->mapping = rt_mapping_retain(mapping);
    }
    return t;
}

struct rt_tensor *rt_tensor_retain(struct rt_tensor *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void rt_tensor_release(struct rt_tensor *t)
{
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (t->mapping)
        rt_mapping_release(t->mapping);
    else
        free(t->data);
    free(t);
}
