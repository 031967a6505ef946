/* op_reshape.c - the same elements under another shape: reshape, flatten, squeeze, unsqueeze. */
#include "strided.h"

#include <string.h>

extern const struct rt_op rt_op_reshape, rt_op_flatten, rt_op_squeeze, rt_op_unsqueeze;

/* ---- what the four share ---- */

/* Ends every shape rule: the sizes must agree; what is known stays known. */
static imp_status finish(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[0]->shape;
    char from[128], to[128];
    const int64_t count = rt_count(&in->out.shape);
    if (count < 0 || count != rt_count(x))
        return imp_fail(err, IMP_E_INPUT, "%s cannot be seen as %s: the number of elements differs",
                        rt_shape_text(x, from, sizeof from),
                        rt_shape_text(&in->out.shape, to, sizeof to));
    const struct rt_walk w = rt_walk_over(&in->out.shape);
    return rt_known_walk(in, &w, err);
}

/* Channel c of the shape with larger channels is q channels of the other, beginning at c * q. */
static void tie_views(struct rt_ties *t, int a, int64_t channels, int b, int64_t q)
{
    for (int64_t c = 0; c < channels; c++)
        for (int64_t j = 0; j < q; j++)
            rt_tie(t, a, c, b, c * q + j);
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    const struct rt_shape *x = &c->in_info[0]->shape, *y = &c->out_info->shape;
    const char *why = "a reshape mixes the channels with another axis";
    if (rt_tie_of_param(t, c))
        return;
    if (x->ndim >= 2 && y->ndim >= 2 && x->dim[0] == y->dim[0]) {
        const int64_t a = rt_product(x, 2, x->ndim), b = rt_product(y, 2, y->ndim);
        if (a > 0 && b > 0 && a % b == 0) {
            tie_views(t, 0, x->dim[1], RT_OUT, a / b);
            return;
        }
        if (a > 0 && b > 0 && b % a == 0) {
            tie_views(t, RT_OUT, y->dim[1], 0, b / a);
            return;
        }
    }
    rt_tie_lock(t, 0, -1, why);
    rt_tie_lock(t, RT_OUT, -1, why);
}

/* Axes of a list as a mask; 0 with a message when one is out of range or named twice. */
static bool axes_mask(const int64_t *axes, uint32_t count, uint32_t ndim, uint32_t *mask,
                      imp_error *err)
{
    *mask = 0;
    for (uint32_t i = 0; i < count; i++) {
        const int axis = rt_axis(axes[i], ndim);
        if (axis < 0 || (*mask >> axis & 1)) {
            imp_fail(err, IMP_E_INPUT, "axis %lld of %u axes%s", (long long)axes[i], ndim,
                     axis < 0 ? "" : " is named twice");
            return false;
        }
        *mask |= 1u << axis;
    }
    return true;
}

/* ---- reshape ---- */

enum { SHAPE, ALLOW_ZERO };
enum { X, SECOND };
static const struct rt_attr_def reshape_attrs[] = {
    [SHAPE] = {.key = "shape", .onnx = "shape", .type = RT_INTS},
    [ALLOW_ZERO] = {.key = "allow_zero", .onnx = "allowzero", .type = RT_BOOL},
};
static const struct rt_slot reshape_slots[] = {
    [X] = {.name = "x"},
    [SECOND] = {.name = "shape", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

/* Puts in what 0 (as the input has it) and -1 (what is left) stand for. */
static imp_status fill_in(struct rt_infer *in, const int64_t *want, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    struct rt_shape *y = &in->out.shape;
    int open = -1;
    for (uint32_t i = 0; i < y->ndim; i++) {
        const bool as_input = !want[i] && !rt_int(in->node, ALLOW_ZERO);
        if (want[i] < -1 || (want[i] == -1 && open >= 0) || (as_input && i >= x->ndim))
            return imp_fail(err, IMP_E_INPUT,
                            "%lld at place %u of the shape: sizes are positive, one may be -1, 0 "
                            "takes the size of an axis of the input (it has %u)",
                            (long long)want[i], i, x->ndim);
        if (want[i] == -1)
            open = (int)i;
        y->dim[i] = want[i] == -1 ? 1 : as_input ? x->dim[i] : want[i];
    }
    const int64_t rest = rt_count(y), count = rt_count(x);
    if (open >= 0 && rest > 0 && count % rest == 0)
        y->dim[open] = count / rest;
    else if (open >= 0 && !rest)
        return imp_fail(err, IMP_E_INPUT, "-1 beside an axis of 0 could be anything");
    return IMP_OK;
}

static imp_status infer_reshape(struct rt_infer *in, imp_error *err)
{
    uint32_t count;
    const int64_t *want = rt_static_ints(in->node, in->in, in->input_count, SHAPE, SECOND, &count);
    imp_status st = rt_static_check(in, err);
    if (st != IMP_OK)
        return st;
    if (!want)
        return imp_fail(err, IMP_E_INPUT, "it has no shape to see the input as");
    if (count > RT_RANK)
        return imp_fail(err, IMP_E_INPUT, "a shape of %u axes; %d are the most", count, RT_RANK);
    in->out.shape.ndim = count;
    st = fill_in(in, want, err);
    return st == IMP_OK ? finish(in, err) : st;
}

/* A shape that names the channels by their number loses those that went. */
static bool adjust_reshape(struct rt_node *copy, const struct rt_call *before,
                           const uint8_t *const *keep_in, const uint8_t *keep_out)
{
    const struct rt_shape *y = &before->out_info->shape;
    uint32_t count;
    const int64_t *old =
        rt_static_ints(before->node, before->in_info, before->input_count, SHAPE, SECOND, &count);
    int64_t want[RT_RANK];
    (void)keep_in;
    if (!keep_out || !old || count < 2 || old[1] <= 0)
        return true;
    memcpy(want, old, count * sizeof want[0]);
    want[1] = 0;
    for (int64_t c = 0; c < y->dim[1]; c++)
        want[1] += keep_out[c];
    return rt_set_ints(copy, "shape", count, want);
}

const struct rt_op rt_op_reshape = {
    .name = "reshape",
    .onnx = "Reshape",
    .limits = "",
    .attrs = reshape_attrs,
    .attr_count = RT_COUNT(reshape_attrs),
    .slots = reshape_slots,
    .slot_count = RT_COUNT(reshape_slots),
    .flags = RT_VIEW,
    .infer = infer_reshape,
    .forward = rt_view_forward,
    .backward = rt_view_backward,
    .couple = couple,
    .adjust = adjust_reshape,
};

/* ---- flatten ---- */

enum { AXIS };
static const struct rt_attr_def flatten_attrs[] = {
    [AXIS] = {.key = "axis", .onnx = "axis", .type = RT_INT, .def = 1},
};
static const struct rt_slot one_slot[] = {[X] = {.name = "x"}};

static imp_status infer_flatten(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    const int64_t axis = rt_int(in->node, AXIS), at = axis < 0 ? axis + x->ndim : axis;
    if (at < 0 || at > x->ndim)
        return imp_fail(err, IMP_E_INPUT, "flatten before axis %lld of an input of %u axes",
                        (long long)axis, x->ndim);
    in->out.shape.ndim = 2;
    in->out.shape.dim[0] = rt_product(x, 0, (uint32_t)at);
    in->out.shape.dim[1] = rt_product(x, (uint32_t)at, x->ndim);
    return finish(in, err);
}

const struct rt_op rt_op_flatten = {
    .name = "flatten",
    .onnx = "Flatten",
    .limits = "",
    .attrs = flatten_attrs,
    .attr_count = RT_COUNT(flatten_attrs),
    .slots = one_slot,
    .slot_count = RT_COUNT(one_slot),
    .flags = RT_VIEW,
    .infer = infer_flatten,
    .forward = rt_view_forward,
    .backward = rt_view_backward,
    .couple = couple,
};

/* ---- squeeze, unsqueeze ---- */

enum { AXES };
static const struct rt_attr_def axes_attrs[] = {
    [AXES] = {.key = "axes", .onnx = "axes", .type = RT_INTS},
};
static const struct rt_slot axes_slots[] = {
    [X] = {.name = "x"},
    [SECOND] = {.name = "axes", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

static imp_status infer_squeeze(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    uint32_t count, mask = 0;
    const int64_t *axes = rt_static_ints(in->node, in->in, in->input_count, AXES, SECOND, &count);
    const imp_status st = rt_static_check(in, err);
    if (st != IMP_OK)
        return st;
    if (!axes_mask(axes, count, x->ndim, &mask, err))
        return IMP_E_INPUT;
    for (uint32_t i = 0; i < x->ndim; i++) {
        if ((mask >> i & 1) && x->dim[i] != 1)
            return imp_fail(err, IMP_E_INPUT, "axis %u has %lld elements: only axes of 1 can go", i,
                            (long long)x->dim[i]);
        if (axes ? !(mask >> i & 1) : x->dim[i] != 1)
            in->out.shape.dim[in->out.shape.ndim++] = x->dim[i];
    }
    return finish(in, err);
}

static imp_status infer_unsqueeze(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    uint32_t count, mask = 0;
    const int64_t *axes = rt_static_ints(in->node, in->in, in->input_count, AXES, SECOND, &count);
    const imp_status st = rt_static_check(in, err);
    if (st != IMP_OK)
        return st;
    if (!axes || count > RT_RANK - x->ndim)
        return imp_fail(err, IMP_E_INPUT, "%u axes more than %u: say which, %d are the most", count,
                        x->ndim, RT_RANK);
    in->out.shape.ndim = x->ndim + count;
    if (!axes_mask(axes, count, in->out.shape.ndim, &mask, err))
        return IMP_E_INPUT;
    for (uint32_t i = 0, from = 0; i < in->out.shape.ndim; i++)
        in->out.shape.dim[i] = mask >> i & 1 ? 1 : x->dim[from++];
    return finish(in, err);
}

const struct rt_op rt_op_squeeze = {
    .name = "squeeze",
    .onnx = "Squeeze",
    .limits = "",
    .attrs = axes_attrs,
    .attr_count = RT_COUNT(axes_attrs),
    .slots = axes_slots,
    .slot_count = RT_COUNT(axes_slots),
    .flags = RT_VIEW,
    .infer = infer_squeeze,
    .forward = rt_view_forward,
    .backward = rt_view_backward,
    .couple = couple,
};

const struct rt_op rt_op_unsqueeze = {
    .name = "unsqueeze",
    .onnx = "Unsqueeze",
    .limits = "",
    .attrs = axes_attrs,
    .attr_count = RT_COUNT(axes_attrs),
    .slots = axes_slots,
    .slot_count = RT_COUNT(axes_slots),
    .flags = RT_VIEW,
    .infer = infer_unsqueeze,
    .forward = rt_view_forward,
    .backward = rt_view_backward,
    .couple = couple,
};
