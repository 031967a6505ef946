/* conv_oracle.h - convolution in double over up to three axes, indices as in the formula, for the tests
 * of convolution and its transpose. */
#ifndef CONV_ORACLE_H
#define CONV_ORACLE_H
#include "op_check.h"

#include <string.h>

/* Numbers of three spatial axes; the missing ones in front are 1 (pads 0). */
struct conv_axes {
    int64_t size[3];
};

static inline struct conv_axes conv_spatial(const struct rt_shape *s)
{
    struct conv_axes a = {{1, 1, 1}};
    for (uint32_t i = 2; i < s->ndim; i++)
        a.size[3 - (s->ndim - 2) + i - 2] = s->dim[i];
    return a;
}

/* The first `axes` numbers of attribute `key`, or def. */
static inline struct conv_axes conv_list(const struct op_case *c, const char *key, int64_t def)
{
    const uint32_t axes = c->in_shape[0].ndim - 2, front = 3 - axes;
    struct conv_axes a = {{0, 0, 0}};
    for (uint32_t i = 0; i < c->node->op->attr_count; i++) {
        if (strcmp(c->node->op->attrs[i].key, key))
            continue;
        const struct rt_attr *v = &c->node->attrs[i];
        for (uint32_t k = 0; k < 3; k++)
            a.size[k] = k < front || !v->count ? 0 : v->count == 1 ? v->ints[0] : v->ints[k - front];
        for (uint32_t k = 0; k < 3; k++)
            if (k < front || !v->count)
                a.size[k] = def;
    }
    return a;
}

static inline int64_t conv_int(const struct op_case *c, const char *key, int64_t def)
{
    for (uint32_t i = 0; i < c->node->op->attr_count; i++)
        if (!strcmp(c->node->op->attrs[i].key, key) && c->node->attrs[i].count)
            return c->node->attrs[i].ints[0];
    return def;
}

/* Calls fn(user, wide, narrow, weight) for every product of a convolution with this geometry:
 * wide [n][groups * c][wide], narrow [n][groups * m][narrow], weight [groups * m][c][kernel]. */
struct conv_walk {
    int64_t n, groups, c, m;
    struct conv_axes wide, narrow, kernel, stride, dilation, pad;
};

static inline int64_t conv_flat(const struct conv_axes *size, int64_t a, int64_t b, int64_t c)
{
    return (a * size->size[1] + b) * size->size[2] + c;
}

static inline int64_t conv_planes(const struct conv_axes *a)
{
    return a->size[0] * a->size[1] * a->size[2];
}

/* One picture, filter and channel. */
static inline void conv_plane(const struct conv_walk *w, int64_t wide, int64_t narrow, int64_t weight,
                              void (*fn)(void *, int64_t, int64_t, int64_t), void *user)
{
    const int64_t *in = w->wide.size, *out = w->narrow.size, *k = w->kernel.size;
    const int64_t *s = w->stride.size, *d = w->dilation.size, *p = w->pad.size;
    for (int64_t a = 0; a < out[0]; a++)
        for (int64_t b = 0; b < out[1]; b++)
            for (int64_t c = 0; c < out[2]; c++)
                for (int64_t u = 0; u < k[0]; u++)
                    for (int64_t v = 0; v < k[1]; v++)
                        for (int64_t t = 0; t < k[2]; t++) {
                            const int64_t x = a * s[0] + u * d[0] - p[0];
                            const int64_t y = b * s[1] + v * d[1] - p[1];
                            const int64_t z = c * s[2] + t * d[2] - p[2];
                            if (x >= 0 && x < in[0] && y >= 0 && y < in[1] && z >= 0 && z < in[2])
                                fn(user, wide + conv_flat(&w->wide, x, y, z),
                                   narrow + conv_flat(&w->narrow, a, b, c),
                                   weight + conv_flat(&w->kernel, u, v, t));
                        }
}

static inline void conv_walk(const struct conv_walk *w,
                             void (*fn)(void *, int64_t, int64_t, int64_t), void *user)
{
    for (int64_t n = 0; n < w->n; n++)
        for (int64_t g = 0; g < w->groups; g++)
            for (int64_t m = 0; m < w->m; m++)
                for (int64_t c = 0; c < w->c; c++)
                    conv_plane(w, ((n * w->groups + g) * w->c + c) * conv_planes(&w->wide),
                               ((n * w->groups + g) * w->m + m) * conv_planes(&w->narrow),
                               ((g * w->m + m) * w->c + c) * conv_planes(&w->kernel), fn, user);
}

#endif
