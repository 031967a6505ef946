/* op_slice.c - from start to end (which stays out) by step along each axis named. Negative places
 * count from the end; places beyond an axis are clamped to it, as ONNX has it. */
#include "strided.h"

#include <string.h>

extern const struct rt_op rt_op_slice;

enum { STARTS, ENDS, AXES, STEPS };
enum { X, SLOT_STARTS, SLOT_ENDS, SLOT_AXES, SLOT_STEPS };
static const struct rt_attr_def attrs[] = {
    [STARTS] = {.key = "starts", .onnx = "starts", .type = RT_INTS},
    [ENDS] = {.key = "ends", .onnx = "ends", .type = RT_INTS},
    [AXES] = {.key = "axes", .onnx = "axes", .type = RT_INTS},
    [STEPS] = {.key = "steps", .type = RT_INTS},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [SLOT_STARTS] = {.name = "starts", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [SLOT_ENDS] = {.name = "ends", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [SLOT_AXES] = {.name = "axes", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [SLOT_STEPS] = {.name = "steps", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

struct ranges { /* by axis of the input */
    int64_t start[RT_RANK], step[RT_RANK], size[RT_RANK];
};

static int64_t clamped(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* Places may be as far out as INT64_MIN and INT64_MAX, steps too. */
static void one_range(int64_t start, int64_t end, int64_t step, int64_t n, struct ranges *r,
                      int axis)
{
    const int64_t low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
    const int64_t by = clamped(step, -n - 1, n + 1), length = by < 0 ? -by : by;
    const int64_t a = clamped(start < 0 ? start + n : start, n ? 0 : low, high);
    const int64_t b = clamped(end < 0 ? end + n : end, low, high);
    const int64_t span = step > 0 ? b - a : a - b;
    r->start[axis] = a;
    r->step[axis] = by;
    r->size[axis] = span > 0 ? (span + length - 1) / length : 0;
}

static imp_status ranges_of(const struct rt_node *node, const struct rt_info *const *in,
                            uint32_t input_count, struct ranges *r, imp_error *err)
{
    const struct rt_shape *x = &in[X]->shape;
    uint32_t n, ends_n, axes_n, steps_n, seen = 0;
    const int64_t *starts = rt_static_ints(node, in, input_count, STARTS, SLOT_STARTS, &n);
    const int64_t *ends = rt_static_ints(node, in, input_count, ENDS, SLOT_ENDS, &ends_n);
    const int64_t *axes = rt_static_ints(node, in, input_count, AXES, SLOT_AXES, &axes_n);
    const int64_t *steps = rt_static_ints(node, in, input_count, STEPS, SLOT_STEPS, &steps_n);
    if (!starts || !ends || ends_n != n || (axes && axes_n != n) || (steps && steps_n != n) ||
        n > x->ndim)
        return imp_fail(err, IMP_E_INPUT,
                        "%u starts, %u ends, %u axes, %u steps for an input of %u axes: give as "
                        "many of each",
                        n, ends_n, axes_n, steps_n, x->ndim);
    for (uint32_t i = 0; i < x->ndim; i++) {
        r->start[i] = 0;
        r->step[i] = 1;
        r->size[i] = x->dim[i];
    }
    for (uint32_t i = 0; i < n; i++) {
        const int axis = rt_axis(axes ? axes[i] : i, x->ndim);
        if (axis < 0 || (seen >> axis & 1))
            return imp_fail(err, IMP_E_INPUT, "axis %lld of an input of %u axes%s",
                            axes ? (long long)axes[i] : (long long)i, x->ndim,
                            axis < 0 ? "" : " is named twice");
        if (steps && !steps[i])
            return imp_fail(err, IMP_E_INPUT, "a step of 0 along axis %d leads nowhere", axis);
        seen |= 1u << axis;
        one_range(starts[i], ends[i], steps ? steps[i] : 1, x->dim[axis], r, axis);
    }
    return IMP_OK;
}

static struct rt_walk walk_of(const struct ranges *r, const struct rt_shape *in,
                              const struct rt_shape *out)
{
    struct rt_walk w = rt_walk_over(out);
    int64_t step[RT_RANK];
    rt_walk_steps(in, step);
    for (uint32_t i = 0; i < out->ndim; i++) {
        w.from[i] = r->size[i] > 1 ? step[i] * r->step[i] : step[i];
        w.from_at += r->size[i] ? step[i] * r->start[i] : 0;
    }
    return w;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    struct ranges r;
    imp_status st = rt_static_check(in, err);
    if (st == IMP_OK)
        st = ranges_of(in->node, in->in, in->input_count, &r, err);
    if (st != IMP_OK)
        return st;
    in->out.shape = rt_shape_of(in->in[X]->shape.ndim, r.size);
    const struct rt_walk w = walk_of(&r, &in->in[X]->shape, &in->out.shape);
    return rt_known_walk(in, &w, err);
}

static struct rt_walk walk_of_call(const struct rt_call *c)
{
    struct ranges r;
    (void)ranges_of(c->node, c->in_info, c->input_count, &r, NULL); /* infer has passed it */
    return walk_of(&r, &c->in_info[X]->shape, &c->out_info->shape);
}

static imp_status forward(const struct rt_call *c)
{
    const struct rt_walk w = walk_of_call(c);
    return rt_walk_copy(&w, c->in[X], c->out, c->job);
}

static imp_status backward(const struct rt_call *c)
{
    const struct rt_walk w = rt_walk_back(walk_of_call(c));
    return c->in_grad[X] ? rt_walk_add(&w, c->out_grad, c->in_grad[X], c->job) : IMP_OK;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    struct ranges r;
    (void)ranges_of(c->node, c->in_info, c->input_count, &r, NULL);
    if (rt_tie_of_param(t, c) || c->in_info[X]->shape.ndim < 2)
        return;
    if (r.step[1] != 1) {
        rt_tie_lock(t, X, -1, "a slice takes channels by steps");
        rt_tie_lock(t, RT_OUT, -1, "a slice takes channels by steps");
        return;
    }
    for (int64_t i = 0; i < r.size[1]; i++)
        rt_tie(t, X, r.start[1] + i, RT_OUT, i);
}

static int64_t kept(const uint8_t *keep, int64_t from, int64_t to)
{
    int64_t n = 0;
    for (int64_t i = from; i < to; i++)
        n += keep[i];
    return n;
}

/* The range of the channels becomes that of those that stay; other axes stay as they are written,
 * since they may mean other places at other sizes. */
static bool adjust(struct rt_node *copy, const struct rt_call *before,
                   const uint8_t *const *keep_in, const uint8_t *keep_out)
{
    struct ranges r;
    const uint32_t ndim = before->in_info[X]->shape.ndim;
    int64_t starts[RT_RANK], ends[RT_RANK];
    uint32_t n, axes_n, at;
    const int64_t *from =
        rt_static_ints(before->node, before->in_info, before->input_count, STARTS, SLOT_STARTS, &n);
    const int64_t *to =
        rt_static_ints(before->node, before->in_info, before->input_count, ENDS, SLOT_ENDS, &n);
    const int64_t *axes = rt_static_ints(before->node, before->in_info, before->input_count, AXES,
                                         SLOT_AXES, &axes_n);
    (void)keep_out;
    (void)ranges_of(before->node, before->in_info, before->input_count, &r, NULL);
    for (at = 0; at < n && rt_axis(axes ? axes[at] : at, ndim) != 1; at++)
        ;
    if (!keep_in[X] || at == n)
        return true;
    memcpy(starts, from, n * sizeof *starts);
    memcpy(ends, to, n * sizeof *ends);
    starts[at] = kept(keep_in[X], 0, r.start[1]);
    ends[at] = kept(keep_in[X], 0, r.start[1] + r.size[1]);
    return rt_set_ints(copy, "starts", n, starts) && rt_set_ints(copy, "ends", n, ends);
}

const struct rt_op rt_op_slice = {
    .name = "slice",
    .onnx = "Slice",
    .limits = "",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .couple = couple,
    .adjust = adjust,
};
