/* op_attr.h - for oracles: what a case's node says, by key. */
#ifndef OP_ATTR_H
#define OP_ATTR_H
#include "op_check.h"
#include <string.h>

static inline const struct rt_attr *op_attr(const struct op_case *c, const char *key)
{
    for (uint32_t i = 0; i < c->node->op->attr_count; i++)
        if (!strcmp(c->node->op->attrs[i].key, key))
            return &c->node->attrs[i];
    return NULL;
}

/* Number i of attribute `key`; one number stands for all; def: not given. */
static inline double op_number(const struct op_case *c, const char *key, uint32_t i, double def)
{
    const struct rt_attr *a = op_attr(c, key);
    if (!a || !a->count)
        return def;
    i = i < a->count ? i : 0;
    return a->floats ? a->floats[i] : (double)a->ints[i];
}

static inline int64_t op_integer(const struct op_case *c, const char *key, uint32_t i, int64_t def)
{
    return (int64_t)op_number(c, key, i, (double)def);
}

/* Steps index over a shape, row-major. false: it was the last. */
static inline bool op_next(const struct rt_shape *s, int64_t *index)
{
    for (uint32_t i = s->ndim; i-- > 0;) {
        if (++index[i] < s->dim[i])
            return true;
        index[i] = 0;
    }
    return false;
}

/* Where an index lies in a packed tensor of that shape. */
static inline int64_t op_at(const struct rt_shape *s, const int64_t *index)
{
    int64_t at = 0;
    for (uint32_t i = 0; i < s->ndim; i++)
        at = at * s->dim[i] + index[i];
    return at;
}
#endif
