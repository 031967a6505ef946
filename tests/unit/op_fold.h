/* op_fold.h - for tests: what an operator makes of contents that are known while planning. */
#ifndef OP_FOLD_H
#define OP_FOLD_H
#include <op.h>
#include <stdlib.h>
#include <string.h>

static inline struct rt_tensor *op_integers(uint32_t n, const int64_t *v)
{
    const int64_t dim = n;
    const struct rt_shape s = rt_shape_of(1, &dim);
    struct rt_tensor *t = rt_tensor_new(IMP_I64, &s);
    memcpy(t->data, v, n * sizeof *v);
    return t;
}

static inline struct rt_tensor *op_floats(uint32_t n, const float *v)
{
    const int64_t dim = n;
    const struct rt_shape s = rt_shape_of(1, &dim);
    struct rt_tensor *t = rt_tensor_new(IMP_F32, &s);
    memcpy(t->data, v, n * sizeof *v);
    return t;
}

/* Runs infer with known contents (taken over and released; NULL: an open slot). set may be NULL.
 * Answers the known result; NULL when it was refused (text) or is not known. */
static inline struct rt_tensor *op_fold(const char *op, uint32_t n, struct rt_tensor *const *in,
                                        void (*set)(struct rt_node *), char text[256])
{
    struct rt_graph *g = rt_graph_new();
    struct rt_info info[4];
    const struct rt_info *slots[4] = {0};
    int32_t refs[4] = {0};
    imp_error err = {.struct_size = sizeof err, .text_cap = 256, .text = text};
    text[0] = 0;
    for (uint32_t s = 0; s < n; s++) {
        refs[s] = in[s] ? 0 : RT_ABSENT;
        if (!in[s])
            continue;
        info[s] = (struct rt_info){.shape = in[s]->shape, .dtype = in[s]->dtype, .known = in[s]};
        slots[s] = &info[s];
    }
    rt_graph_add_node(g, "node", rt_op_find(op), n, refs);
    if (set)
        set(&g->nodes[0]);
    struct rt_infer infer = {
        .node = &g->nodes[0], .in = slots, .input_count = n, .out = {.dtype = in[0]->dtype}};
    const imp_status st = infer.node->op->infer(&infer, &err);
    for (uint32_t s = 0; s < n; s++)
        rt_tensor_release(in[s]);
    rt_graph_free(g);
    if (st == IMP_OK)
        return infer.known;
    rt_tensor_release(infer.known);
    return NULL;
}
#endif
