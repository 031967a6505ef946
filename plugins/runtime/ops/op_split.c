/* op_split.c - one part of a tensor cut along an axis. ONNX's Split with n outputs is n nodes,
 * which differ in `index`. */
#include "strided.h"

#include <stdlib.h>

extern const struct rt_op rt_op_split;

enum { AXIS, SIZES, INDEX, PARTS };
enum { X, SPLIT };
enum { MOST_PARTS = 1 << 16 };
static const struct rt_attr_def attrs[] = {
    [AXIS] = {.key = "axis", .onnx = "axis", .type = RT_INT},
    [SIZES] = {.key = "sizes", .onnx = "split", .type = RT_INTS},
    [INDEX] = {.key = "index", .type = RT_INT},
    [PARTS] = {.key = "parts", .onnx = "num_outputs", .type = RT_INT, .def = 1},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [SPLIT] = {.name = "split", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

struct part {
    int axis;
    int64_t first, size;
};

/* The part that this node gives; sizes were checked by infer. Without sizes all parts are equal,
 * but for a shorter last one. */
static struct part part_of(const struct rt_node *node, const struct rt_info *const *in,
                           uint32_t input_count)
{
    uint32_t count;
    const int64_t *sizes = rt_static_ints(node, in, input_count, SIZES, SPLIT, &count);
    const int64_t index = rt_int(node, INDEX), parts = rt_int(node, PARTS);
    struct part p = {.axis = rt_axis(rt_int(node, AXIS), in[X]->shape.ndim)};
    const int64_t length = in[X]->shape.dim[p.axis], each = (length + parts - 1) / parts;
    for (int64_t i = 0; sizes && i < index; i++)
        p.first += sizes[i];
    if (sizes) {
        p.size = sizes[index];
        return p;
    }
    p.first = index < parts && each * index < length ? each * index : length;
    p.size = length - p.first < each ? length - p.first : each;
    return p;
}

static imp_status check_sizes(const int64_t *sizes, uint32_t count, int64_t length, int axis,
                              imp_error *err)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (sizes[i] < 0 || sizes[i] > length)
            return imp_fail(err, IMP_E_INPUT, "part %u of %lld: axis %d has %lld", i,
                            (long long)sizes[i], axis, (long long)length);
        sum += sizes[i];
    }
    return sum == length ? IMP_OK
                         : imp_fail(err, IMP_E_INPUT, "the parts add up to %lld, axis %d has %lld",
                                    (long long)sum, axis, (long long)length);
}

static imp_status check(const struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    const int axis = rt_axis(rt_int(in->node, AXIS), x->ndim);
    const int64_t index = rt_int(in->node, INDEX), parts = rt_int(in->node, PARTS);
    uint32_t count;
    const int64_t *sizes = rt_static_ints(in->node, in->in, in->input_count, SIZES, SPLIT, &count);
    if (axis < 0)
        return imp_fail(err, IMP_E_INPUT, "axis %lld of an input of %u axes",
                        (long long)rt_int(in->node, AXIS), x->ndim);
    if (!sizes && (parts < 1 || parts > MOST_PARTS))
        return imp_fail(err, IMP_E_INPUT, "%lld parts: give sizes, or parts from 1 to %d",
                        (long long)parts, MOST_PARTS);
    if (index < 0 || index >= (sizes ? (int64_t)count : parts))
        return imp_fail(err, IMP_E_INPUT, "part %lld of %lld, counted from 0", (long long)index,
                        sizes ? (long long)count : (long long)parts);
    return sizes ? check_sizes(sizes, count, x->dim[axis], axis, err) : IMP_OK;
}

static struct rt_walk walk_of(const struct rt_shape *in, const struct rt_shape *out,
                              const struct part *p)
{
    struct rt_walk w = rt_walk_over(out);
    rt_walk_steps(in, w.from);
    w.from_at = p->first * w.from[p->axis];
    return w;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    imp_status st = rt_static_check(in, err);
    if (st == IMP_OK)
        st = check(in, err);
    if (st != IMP_OK)
        return st;
    const struct part p = part_of(in->node, in->in, in->input_count);
    in->out.shape = in->in[X]->shape;
    in->out.shape.dim[p.axis] = p.size;
    const struct rt_walk w = walk_of(&in->in[X]->shape, &in->out.shape, &p);
    return rt_known_walk(in, &w, err);
}

static struct rt_walk walk_of_call(const struct rt_call *c)
{
    const struct part p = part_of(c->node, c->in_info, c->input_count);
    return walk_of(&c->in_info[X]->shape, &c->out_info->shape, &p);
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
    const struct part p = part_of(c->node, c->in_info, c->input_count);
    if (rt_tie_of_param(t, c))
        return;
    if (p.axis != 1) {
        rt_tie_all(t, X, RT_OUT);
        return;
    }
    for (int64_t i = 0; i < p.size; i++)
        rt_tie(t, X, p.first + i, RT_OUT, i);
}

/* Of all parts, not of this node's alone: each lost what the input lost there. */
static bool adjust(struct rt_node *copy, const struct rt_call *before,
                   const uint8_t *const *keep_in, const uint8_t *keep_out)
{
    const struct part p = part_of(before->node, before->in_info, before->input_count);
    uint32_t count;
    const int64_t *sizes =
        rt_static_ints(before->node, before->in_info, before->input_count, SIZES, SPLIT, &count);
    const int64_t parts = sizes ? (int64_t)count : rt_int(before->node, PARTS);
    const int64_t length = before->in_info[X]->shape.dim[p.axis],
                  each = (length + parts - 1) / parts;
    (void)keep_out;
    if (p.axis != 1 || !keep_in[X])
        return true;
    int64_t *kept = calloc((size_t)parts, sizeof *kept), end = 0;
    if (!kept)
        return false;
    for (int64_t i = 0, c = 0; i < parts; i++) {
        end += sizes ? sizes[i] : each;
        for (; c < end && c < length; c++)
            kept[i] += keep_in[X][c];
    }
    const bool done = rt_set_ints(copy, "sizes", (uint32_t)parts, kept);
    free(kept);
    return done;
}

const struct rt_op rt_op_split = {
    .name = "split",
    .onnx = "Split",
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
