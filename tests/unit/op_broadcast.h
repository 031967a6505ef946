/* op_broadcast.h - for oracles: numpy's broadcasting, one index at a time. */
#ifndef OP_BROADCAST_H
#define OP_BROADCAST_H
#include "op_attr.h"

/* Element of a part, aligned at the last axis, that belongs to `index` of the whole. */
static inline int64_t op_part(const struct rt_shape *whole, const struct rt_shape *part,
                              const int64_t *index)
{
    int64_t at = 0;
    for (uint32_t k = 0; k < part->ndim; k++)
        at = at * part->dim[k] + (part->dim[k] == 1 ? 0 : index[whole->ndim - part->ndim + k]);
    return at;
}
#endif
