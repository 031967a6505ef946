/* op_attr.h - for tests of operators: what a case's node says, by key; walking over shapes; what a
 * cut of channels makes of a node. After cmocka.h. */
#ifndef OP_ATTR_H
#define OP_ATTR_H
#include "op_check.h"
#include <stdio.h>
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

/* A graph of one node of one input. */
static inline struct rt_graph *op_node(const char *op)
{
    struct rt_graph *g = rt_graph_new();
    const int32_t ref = 0;
    assert_true(g && rt_graph_add_node(g, "n", rt_op_find(op), 1, &ref) == 0);
    return g;
}

static inline int64_t op_kept(const uint8_t *keep, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        kept += keep[i];
    return kept;
}

/* Takes channels from the input of node 0 (NULL: none), has the node adjusted and asks what shape
 * it gives then, which must have as many channels as keep_out. Frees the graph. */
static inline void op_cut(struct rt_graph *g, struct rt_shape x, const uint8_t *keep_in,
                          const uint8_t *keep_out, const char *want)
{
    struct rt_node *node = &g->nodes[0];
    char text[256] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    struct rt_info info = {.shape = x, .dtype = IMP_F32};
    const struct rt_info *in[] = {&info};
    struct rt_infer before = {.node = node, .in = in, .input_count = 1, .out = {.dtype = IMP_F32}};
    assert_int_equal(node->op->infer(&before, &err), IMP_OK);
    const struct rt_call call = {
        .node = node, .in_info = in, .out_info = &before.out, .input_count = 1};
    assert_true(node->op->adjust(node, &call, &keep_in, keep_out));
    info.shape.dim[1] = keep_in ? op_kept(keep_in, x.dim[1]) : x.dim[1];
    struct rt_infer after = {.node = node, .in = in, .input_count = 1, .out = {.dtype = IMP_F32}};
    if (node->op->infer(&after, &err) != IMP_OK)
        fail_msg("after the cut: %s", text);
    assert_string_equal(rt_shape_text(&after.out.shape, text, sizeof text), want);
    assert_true(!keep_out || after.out.shape.dim[1] == op_kept(keep_out, before.out.shape.dim[1]));
    rt_graph_free(g);
}
#endif
