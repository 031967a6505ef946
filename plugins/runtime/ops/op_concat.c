/* op_concat.c - inputs one behind the other along an axis. */
#include "fuse.h"
#include "strided.h"

extern const struct rt_op rt_op_concat;

enum { AXIS };
static const struct rt_attr_def attrs[] = {
    [AXIS] = {.key = "axis", .onnx = "axis", .type = RT_INT, .def = 1},
};
static const struct rt_slot slots[] = {{.name = "x", .flags = RT_SLOT_MANY}};

int rt_concat_axis(const struct rt_node *n, uint32_t ndim)
{
    return rt_axis(rt_int(n, AXIS), ndim);
}

/* From one input to its part of the output, which begins at `offset` of the axis. */
static struct rt_walk walk_of(const struct rt_shape *in, const struct rt_shape *out, int axis,
                              int64_t offset)
{
    struct rt_walk w = rt_walk_over(in);
    rt_walk_steps(out, w.to);
    w.to_at = offset * w.to[axis];
    return w;
}

static imp_status fits(const struct rt_shape *a, const struct rt_shape *b, int axis, uint32_t i,
                       imp_error *err)
{
    char ta[128], tb[128];
    bool same = a->ndim == b->ndim;
    for (uint32_t d = 0; same && d < a->ndim; d++)
        same = (int)d == axis || a->dim[d] == b->dim[d];
    return same ? IMP_OK
                : imp_fail(err, IMP_E_INPUT,
                           "input %u is %s, the first is %s: they may differ along axis %d only",
                           i + 1, rt_shape_text(b, tb, sizeof tb), rt_shape_text(a, ta, sizeof ta),
                           axis);
}

static imp_status infer_known(struct rt_infer *in, int axis, imp_error *err)
{
    int64_t offset = 0;
    for (uint32_t i = 0; i < in->input_count; i++)
        if (!in->in[i]->known)
            return in->out.dtype != IMP_I64
                       ? IMP_OK
                       : imp_fail(err, IMP_E_INPUT,
                                  "the integers of input %u depend on what the network computes",
                                  i + 1);
    const imp_status st = rt_known_new(in->out.dtype, &in->out.shape, &in->known, err);
    for (uint32_t i = 0; in->known && i < in->input_count; i++) {
        const struct rt_walk w = walk_of(&in->in[i]->shape, &in->out.shape, axis, offset);
        rt_known_move(&w, in->in[i]->known, in->known);
        offset += in->in[i]->shape.dim[axis];
    }
    return st;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *first = &in->in[0]->shape;
    const int axis = rt_axis(rt_int(in->node, AXIS), first->ndim);
    if (axis < 0)
        return imp_fail(err, IMP_E_INPUT, "axis %lld of an input of %u axes",
                        (long long)rt_int(in->node, AXIS), first->ndim);
    in->out.shape = *first;
    for (uint32_t i = 1; i < in->input_count; i++) {
        const imp_status st = fits(first, &in->in[i]->shape, axis, i, err);
        if (st != IMP_OK)
            return st;
        if (in->in[i]->dtype != in->out.dtype)
            return imp_fail(err, IMP_E_INPUT, "input %u holds %s, the first does not: cast one",
                            i + 1, in->in[i]->dtype == IMP_I64 ? "integers" : "floats");
        in->out.shape.dim[axis] += in->in[i]->shape.dim[axis];
        if (rt_count(&in->out.shape) < 0)
            return imp_fail(err, IMP_E_LIMIT, "the %u inputs together have no size",
                            in->input_count);
    }
    return infer_known(in, axis, err);
}

static imp_status forward(const struct rt_call *c)
{
    const int axis = rt_axis(rt_int(c->node, AXIS), c->out_info->shape.ndim);
    int64_t offset = 0;
    for (uint32_t i = 0; i < c->input_count; i++) {
        const struct rt_walk w = walk_of(&c->in_info[i]->shape, &c->out_info->shape, axis, offset);
        const bool there = c->in[i] == c->out + w.to_at; /* fuse.h */
        const imp_status st = there ? IMP_OK : rt_walk_copy(&w, c->in[i], c->out, c->job);
        if (st != IMP_OK)
            return st;
        offset += c->in_info[i]->shape.dim[axis];
    }
    return IMP_OK;
}

static imp_status backward(const struct rt_call *c)
{
    const int axis = rt_axis(rt_int(c->node, AXIS), c->out_info->shape.ndim);
    int64_t offset = 0;
    for (uint32_t i = 0; i < c->input_count; i++) {
        const struct rt_walk w =
            rt_walk_back(walk_of(&c->in_info[i]->shape, &c->out_info->shape, axis, offset));
        const imp_status st =
            c->in_grad[i] ? rt_walk_add(&w, c->out_grad, c->in_grad[i], c->job) : IMP_OK;
        if (st != IMP_OK)
            return st;
        offset += c->in_info[i]->shape.dim[axis];
    }
    return IMP_OK;
}

/* A parameter among the inputs makes its channels itself. */
static void couple(struct rt_ties *t, const struct rt_call *c)
{
    const struct rt_shape *y = &c->out_info->shape;
    const int axis = rt_axis(rt_int(c->node, AXIS), y->ndim);
    int64_t offset = 0;
    for (uint32_t i = 0; y->ndim > 1 && i < c->input_count; i++) {
        const int64_t n = c->in_info[i]->shape.dim[1];
        for (int64_t j = 0; j < n; j++) {
            rt_tie(t, (int)i, j, RT_OUT, offset + j);
            if (rt_is_param(c->node->inputs[i]))
                rt_tie_param(t, RT_OUT, offset + j, (int)i, 1, j, 1, 0);
        }
        offset += axis == 1 ? n : 0;
    }
}

const struct rt_op rt_op_concat = {
    .name = "concat",
    .onnx = "Concat",
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
