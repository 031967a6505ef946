/* groups.h - the groups of a model: units that can only go together, made once when first asked for. */
#ifndef IMP_RT_GROUPS_H
#define IMP_RT_GROUPS_H
#include "sizing.h"

struct rt_group {
    const char *name, *locked; /* of the model; locked: static text or NULL */
    uint32_t unit_count, node_count, slice_count, reserved0;
    uint32_t *nodes;
    imp_nn_slice *slices;
    uint32_t *roots;           /* by unit: the element that stands for it */
};
struct rt_groups {
    struct rt_plan *plan;
    struct rt_group *list;
    uint32_t count, element_count;
    uint32_t *base, *channels; /* by node, as in ties_private.h */
    uint32_t *root;            /* by element */
};

imp_status rt_groups_new(const struct rt_graph *, struct rt_groups **, imp_error *);
void rt_groups_free(struct rt_groups *); /* NULL allowed */

#endif
