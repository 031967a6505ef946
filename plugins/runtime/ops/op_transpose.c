/* op_transpose.c - axes in another order: axis i of the output is axis perm[i] of the input. */
#include "strided.h"

extern const struct rt_op rt_op_transpose;

enum { PERM };
static const struct rt_attr_def attrs[] = {
    [PERM] = {.key = "perm", .onnx = "perm", .type = RT_INTS},
};
static const struct rt_slot slots[] = {{.name = "x"}};

/* Where axis i of the output comes from; all axes reversed when not given. */
static int64_t source(const struct rt_node *node, uint32_t ndim, uint32_t i)
{
    uint32_t count;
    const int64_t *perm = rt_ints(node, PERM, &count);
    return perm ? perm[i] : (int64_t)(ndim - 1 - i);
}

static struct rt_walk walk_of(const struct rt_node *node, const struct rt_shape *in,
                              const struct rt_shape *out)
{
    struct rt_walk w = rt_walk_over(out);
    int64_t step[RT_RANK];
    rt_walk_steps(in, step);
    for (uint32_t i = 0; i < out->ndim; i++)
        w.from[i] = step[source(node, in->ndim, i)];
    return w;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[0]->shape;
    uint32_t count, seen = 0;
    const int64_t *perm = rt_ints(in->node, PERM, &count);
    if (perm && count != x->ndim)
        return imp_fail(err, IMP_E_INPUT, "perm orders %u axes, the input has %u", count, x->ndim);
    for (uint32_t i = 0; perm && i < count; i++) {
        if (perm[i] < 0 || perm[i] >= count || (seen >> perm[i] & 1))
            return imp_fail(err, IMP_E_INPUT,
                            "perm must name each axis from 0 to %u once, not %lld", count - 1,
                            (long long)perm[i]);
        seen |= 1u << perm[i];
    }
    in->out.shape.ndim = x->ndim;
    for (uint32_t i = 0; i < x->ndim; i++)
        in->out.shape.dim[i] = x->dim[source(in->node, x->ndim, i)];
    const struct rt_walk w = walk_of(in->node, x, &in->out.shape);
    return rt_known_walk(in, &w, err);
}

static imp_status forward(const struct rt_call *c)
{
    const struct rt_walk w = walk_of(c->node, &c->in_info[0]->shape, &c->out_info->shape);
    return rt_walk_copy(&w, c->in[0], c->out, c->job);
}

static imp_status backward(const struct rt_call *c)
{
    const struct rt_walk w =
        rt_walk_back(walk_of(c->node, &c->in_info[0]->shape, &c->out_info->shape));
    return c->in_grad[0] ? rt_walk_add(&w, c->out_grad, c->in_grad[0], c->job) : IMP_OK;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    const struct rt_shape *x = &c->in_info[0]->shape;
    if (rt_tie_of_param(t, c))
        return;
    if (x->ndim >= 2 && source(c->node, x->ndim, 1) == 1) {
        rt_tie_all(t, 0, RT_OUT);
        return;
    }
    rt_tie_lock(t, 0, -1, "a transpose moves the channels to another axis");
    rt_tie_lock(t, RT_OUT, -1, "a transpose moves the channels to another axis");
}

const struct rt_op rt_op_transpose = {
    .name = "transpose",
    .onnx = "Transpose",
    .limits = "",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .couple = couple,
};
