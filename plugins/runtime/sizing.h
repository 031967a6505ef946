/* sizing.h - a network at given input sizes: every value's shape, every known value, what each node's
 * call costs. Read-only once made; runs of one model at one size have one each. */
#ifndef IMP_RT_SIZING_H
#define IMP_RT_SIZING_H
#include "fuse.h"

struct rt_plan {
    const struct rt_graph *graph; /* borrowed: must outlive the plan */
    struct rt_info *info;         /* by node */
    struct rt_info *param_info;   /* by parameter */
    struct rt_need *need;         /* by node */
    const struct rt_info **in;    /* by slot of all nodes; node i's start at first[i] */
    uint32_t *first;
    struct rt_tensor **known;     /* by node: owned contents, or NULL */
    struct rt_link *links;        /* by node: what may be fused */
    int64_t folded;               /* numbers that folded nodes have together */
};

/* inputs: the shapes of the input nodes, in their order, without unknown axes. On failure the error
 * names node and operator. IMP_E_INPUT: it does not fit; IMP_E_MEMORY. */
imp_status rt_plan_new(const struct rt_graph *, uint32_t input_count, const struct rt_shape *inputs,
                       struct rt_plan **, imp_error *);
void rt_plan_free(struct rt_plan *); /* NULL allowed */
/* The call of node i with shapes alone: for op->need, op->couple. */
struct rt_call rt_plan_call(const struct rt_plan *, uint32_t node);

/* Shapes as they are known before the inputs are: axes that follow an unknown one are -1. Planned at two
 * sizes and compared, so operators need no rule for unknown axes. shapes[node_count], written in
 * full; where no size that was tried fits, all axes of later nodes are -1 and *why (256 bytes) says what
 * the last try met; else "". */
imp_status rt_probe(const struct rt_graph *, struct rt_shape *shapes, char why[256], imp_error *);
/* A plan at the first size of those that fits. */
imp_status rt_probe_plan(const struct rt_graph *, struct rt_plan **, imp_error *);
/* Number of input nodes; their node numbers in order into nodes (room for node_count), NULL allowed. */
uint32_t rt_inputs(const struct rt_graph *, uint32_t *nodes);

#endif
