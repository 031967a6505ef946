/* op_conv_transpose.c - transposed convolution: the gradient of a convolution as an operator. What
 * is x here is the narrow side of kernels/conv.h, the output its wide side.
 *
 *     y[n][m][i * stride + t * dilation - pad] += w[c][m][t] x[n][c][i]     (y begins as the bias)
 */
#include "kernels/conv.h"
#include "ties.h"

extern const struct rt_op rt_op_conv_transpose;

enum { X, WEIGHT, BIAS, SLOTS };
static const struct rt_slot slots[SLOTS] = {
    {.name = "x"},
    {.name = "weight", .flags = RT_SLOT_PARAM},
    {.name = "bias", .flags = RT_SLOT_PARAM | RT_SLOT_OPTIONAL},
};

/* FILTERS and HAS_BIAS are for architecture texts, which have no weights yet. */
enum {
    KERNEL,
    STRIDE,
    PAD,
    DILATION,
    GROUPS,
    AUTO_PAD,
    OUT_PAD,
    OUT_SHAPE,
    FILTERS,
    HAS_BIAS,
    ATTRS
};
static const struct rt_attr_def attrs[ATTRS] = {
    [KERNEL] = {.key = "kernel", .onnx = "kernel_shape", .type = RT_INTS},
    [STRIDE] = {.key = "stride", .onnx = "strides", .type = RT_INTS},
    [PAD] = {.key = "pad", .onnx = "pads", .type = RT_INTS},
    [DILATION] = {.key = "dilation", .onnx = "dilations", .type = RT_INTS},
    [GROUPS] = {.key = "groups", .onnx = "group", .type = RT_INT, .def = 1},
    [AUTO_PAD] = {.key = "auto_pad", .onnx = "auto_pad", .choices = RT_AUTO_PAD, .type = RT_CHOICE},
    [OUT_PAD] = {.key = "output_padding", .onnx = "output_padding", .type = RT_INTS},
    [OUT_SHAPE] = {.key = "output_shape", .onnx = "output_shape", .type = RT_INTS},
    [FILTERS] = {.key = "filters", .type = RT_INT},
    [HAS_BIAS] = {.key = "bias", .type = RT_BOOL, .def = 1},
};

/* ---- planning ---- */

/* weight [channels][filters of a group][kernel...] against x and the attributes. */
static imp_status weight_fits(const struct rt_node *n, const struct rt_shape *x,
                              const struct rt_shape *w, imp_error *err)
{
    char a[128], b[128];
    const int64_t groups = rt_int(n, GROUPS), filters = rt_int(n, FILTERS);
    if (x->ndim < 3 || w->ndim != x->ndim)
        return imp_fail(err, IMP_E_INPUT,
                        "the input is %s and the weight %s; both need as many axes, 3 or more",
                        rt_shape_text(x, a, sizeof a), rt_shape_text(w, b, sizeof b));
    if (w->dim[0] < 1 || w->dim[1] < 1 || groups < 1 || w->dim[0] % groups)
        return imp_fail(err, IMP_E_INPUT, "a weight of %s cannot be cut into %lld groups",
                        rt_shape_text(w, b, sizeof b), (long long)groups);
    if (x->dim[1] != w->dim[0])
        return imp_fail(err, IMP_E_INPUT, "the input has %lld channels; a weight of %s takes %lld",
                        (long long)x->dim[1], rt_shape_text(w, b, sizeof b), (long long)w->dim[0]);
    if (w->dim[1] > INT32_MAX / groups || (filters && filters != w->dim[1] * groups))
        return imp_fail(err, IMP_E_INPUT,
                        "filters is %lld; %lld groups of a weight of %s make other",
                        (long long)filters, (long long)groups, rt_shape_text(w, b, sizeof b));
    for (uint32_t i = 2; i < w->ndim; i++)
        if (rt_axis_attr(n, KERNEL, i - 2, w->dim[i]) != w->dim[i])
            return imp_fail(err, IMP_E_INPUT, "kernel does not fit a weight of %s",
                            rt_shape_text(w, b, sizeof b));
    return IMP_OK;
}

static imp_status bias_fits(const struct rt_info *bias, int64_t filters, imp_error *err)
{
    char text[128];
    if (!bias || (bias->shape.ndim == 1 && bias->shape.dim[0] == filters))
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT, "the bias is %s; %lld filters need as many numbers",
                    rt_shape_text(&bias->shape, text, sizeof text), (long long)filters);
}

static bool in_range(int64_t v, int64_t low)
{
    return v >= low && v <= INT32_MAX;
}

/* Cuts `total` (0 where negative) off: the odd one at the end for SAME_UPPER, else at the begin. */
static void spread(struct rt_axis_window *a, int64_t total, int64_t how)
{
    total = total > 0 ? total : 0;
    a->pad = how == RT_PAD_SAME_UPPER ? total / 2 : total - total / 2;
    a->pad_end = total - a->pad;
}

/* One axis with out (here: the narrow side), kernel, stride, dilation and pads set: sets in, the
 * wide side, and pads where they are ruled. */
static void place(const struct rt_node *n, uint32_t i, struct rt_axis_window *a)
{
    const int64_t how = rt_int(n, AUTO_PAD), wanted = rt_axis_attr(n, OUT_SHAPE, i, 0);
    const int64_t full = (a->out - 1) * a->stride + rt_axis_attr(n, OUT_PAD, i, 0) +
                         (a->kernel - 1) * a->dilation + 1;
    const bool same = how == RT_PAD_SAME_UPPER || how == RT_PAD_SAME_LOWER;
    if (wanted || same) {
        a->in = wanted ? wanted : a->out * a->stride;
        spread(a, full - a->in, how);
        return;
    }
    if (how == RT_PAD_VALID)
        a->pad = a->pad_end = 0;
    a->in = full - a->pad - a->pad_end;
}

static imp_status read_axis(const struct rt_node *n, const struct rt_shape *x,
                            const struct rt_shape *w, uint32_t i, struct rt_axis_window *a,
                            imp_error *err)
{
    uint32_t pads;
    rt_ints(n, PAD, &pads);
    *a = (struct rt_axis_window){.out = x->dim[i + 2], .kernel = w->dim[i + 2]};
    a->stride = rt_axis_attr(n, STRIDE, i, 1);
    a->dilation = rt_axis_attr(n, DILATION, i, 1);
    a->pad = rt_axis_attr(n, PAD, i, 0);
    a->pad_end = pads > x->ndim - 2 ? rt_axis_attr(n, PAD, x->ndim - 2 + i, 0) : a->pad;
    if (!in_range(a->out, 1) || !in_range(a->kernel, 1) || !in_range(a->stride, 1) ||
        !in_range(a->dilation, 1) || !in_range(a->pad, 0) || !in_range(a->pad_end, 0) ||
        !in_range(rt_axis_attr(n, OUT_PAD, i, 0), 0) ||
        !in_range(rt_axis_attr(n, OUT_SHAPE, i, 0), 0))
        return imp_fail(
            err, IMP_E_INPUT,
            "spatial axis %u: size, kernel, stride and dilation must be 1 or more, pads, "
            "output_padding and output_shape not negative, none beyond 2147483647",
            i);
    place(n, i, a);
    if (in_range(a->in, 1))
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT, "spatial axis %u would have %lld values", i,
                    (long long)a->in);
}

static imp_status lists_fit(const struct rt_node *n, uint32_t axes, imp_error *err)
{
    static const int lists[] = {KERNEL, STRIDE, DILATION, OUT_PAD, OUT_SHAPE};
    imp_status st = rt_axis_attr_fits(n, PAD, axes, 2 * axes, err);
    for (uint32_t i = 0; i < RT_COUNT(lists) && st == IMP_OK; i++)
        st = rt_axis_attr_fits(n, lists[i], axes, 0, err);
    return st;
}

static imp_status read_window(const struct rt_node *n, const struct rt_shape *x,
                              const struct rt_shape *w, struct rt_window *window, imp_error *err)
{
    double plane = 1;
    window->axes = x->ndim - 2;
    imp_status st = lists_fit(n, window->axes, err);
    for (uint32_t i = 0; i < window->axes && st == IMP_OK; i++) {
        st = read_axis(n, x, w, i, &window->axis[i], err);
        plane *= (double)window->axis[i].in;
    }
    if (st == IMP_OK && plane > INT32_MAX)
        return imp_fail(err, IMP_E_INPUT, "planes of %.0f values: more than %d", plane, INT32_MAX);
    return st;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape, *w = &in->in[WEIGHT]->shape;
    struct rt_window window = {.axes = 0};
    imp_status st = weight_fits(in->node, x, w, err);
    const int64_t filters = st == IMP_OK ? w->dim[1] * rt_int(in->node, GROUPS) : 0;
    if (st == IMP_OK)
        st = bias_fits(in->input_count > BIAS ? in->in[BIAS] : NULL, filters, err);
    if (st == IMP_OK)
        st = read_window(in->node, x, w, &window, err);
    if (st != IMP_OK)
        return st;
    in->out.shape = (struct rt_shape){.ndim = x->ndim, .dim = {x->dim[0], filters}};
    for (uint32_t i = 0; i < window.axes; i++)
        in->out.shape.dim[i + 2] = window.axis[i].in;
    return IMP_OK;
}

static struct rt_conv geometry(const struct rt_call *call)
{
    const struct rt_shape *x = &call->in_info[X]->shape, *w = &call->in_info[WEIGHT]->shape;
    struct rt_conv v = {.n = x->dim[0], .groups = rt_int(call->node, GROUPS), .c = w->dim[1]};
    v.m = x->dim[1] / v.groups;
    read_window(call->node, x, w, &v.window, NULL);
    rt_conv_set(&v);
    return v;
}

static void need(const struct rt_call *call, struct rt_need *n)
{
    const struct rt_conv v = geometry(call);
    const uint64_t data = rt_conv_forward_bytes(&v), weight = rt_conv_back_weight_bytes(&v);
    n->scratch = rt_conv_back_data_bytes(&v);
    n->scratch_backward = data > weight ? data : weight;
    n->macs = rt_conv_macs(&v);
}

/* ---- running ---- */

struct finish {
    struct rt_after after;
    float *y;
    int64_t channels, size, planes;
    uint32_t pieces, reserved0;
};

static void finish_piece(void *user, uint32_t i) IMP_NX
{
    const struct finish *f = user;
    int64_t from, to;
    rt_piece(f->planes, f->pieces, i, &from, &to);
    for (int64_t p = from; p < to; p++)
        rt_after_row(&f->after, p % f->channels, f->y + p * f->size,
                     f->after.add ? f->after.add + p * f->size : NULL, f->y + p * f->size, f->size);
}

static imp_status forward(const struct rt_call *call)
{
    const struct rt_conv v = geometry(call);
    struct finish f = {
        .after = RT_AFTER_NONE, .y = call->out, .channels = v.groups * v.c, .size = v.in_size};
    const imp_status st = rt_conv_back_data(&v, call->in[X], NULL, call->in[WEIGHT], false,
                                            call->out, call->scratch, call->job);
    f.after.shift = call->input_count > BIAS ? call->in[BIAS] : NULL;
    if (st != IMP_OK || !f.after.shift)
        return st;
    f.planes = v.n * f.channels;
    f.pieces = rt_pieces(f.planes, (double)f.size);
    return rt_parallel(call->job, f.pieces, finish_piece, &f);
}

static imp_status backward(const struct rt_call *call)
{
    const struct rt_conv v = geometry(call);
    float *const *grad = call->in_grad;
    struct rt_after add = RT_AFTER_NONE;
    imp_status st = IMP_OK;
    add.add = grad[X];
    if (grad[X])
        st = rt_conv_forward(&v, call->out_grad, call->in[WEIGHT], &add, grad[X], call->scratch,
                             call->job);
    if (st == IMP_OK && grad[WEIGHT])
        st = rt_conv_back_weight(&v, call->out_grad, call->in[X], NULL, grad[WEIGHT], call->scratch,
                                 call->job);
    if (st == IMP_OK && call->input_count > BIAS && grad[BIAS])
        st = rt_channel_sums(call->out_grad, NULL, v.n, v.groups * v.c, v.in_size, grad[BIAS],
                             call->job);
    return st;
}

/* ---- channels ---- */

/* One channel a group on both sides, or several filters to each: then a channel takes its group
 * along. */
static bool by_channel(const struct rt_conv *v)
{
    return v->m == 1 && v->groups > 1;
}

static void couple(struct rt_ties *t, const struct rt_call *call)
{
    const struct rt_conv v = geometry(call);
    const int64_t filters = v.groups * v.c, channels = v.groups * v.m;
    rt_tie_lock(t, WEIGHT, -1, "a convolution takes it as its weights");
    for (int64_t c = 0; c < channels; c++)
        rt_tie_param(t, X, c, WEIGHT, 0, c, 1, 1);
    for (int64_t o = 0; o < filters && call->input_count > BIAS && call->in_info[BIAS]; o++)
        rt_tie_param(t, RT_OUT, o, BIAS, 0, o, 1, 0);
    if (by_channel(&v)) {
        for (int64_t o = 0; o < filters; o++)
            rt_tie(t, X, o / v.c, RT_OUT, o);
        return;
    }
    for (int64_t o = 0; o < v.c; o++)
        rt_tie_param(t, RT_OUT, o, WEIGHT, 1, o, 1, 0);
    for (int64_t c = v.m; c < channels; c++) /* every group loses the same */
        rt_tie(t, X, c % v.m, X, c);
    for (int64_t o = v.c; o < filters; o++)
        rt_tie(t, RT_OUT, o % v.c, RT_OUT, o);
}

static bool adjust(struct rt_node *copy, const struct rt_call *before,
                   const uint8_t *const *keep_in, const uint8_t *keep_out)
{
    const struct rt_conv v = geometry(before);
    int64_t groups = 0, filters = 0;
    for (int64_t g = 0; g < v.groups; g++)
        groups += !keep_in[X] || keep_in[X][g * v.m];
    for (int64_t o = 0; o < v.groups * v.c; o++)
        filters += !keep_out || keep_out[o];
    if (by_channel(&v) && !rt_set_int(copy, "groups", groups))
        return false;
    return !copy->attrs[FILTERS].given || rt_set_int(copy, "filters", filters);
}

const struct rt_op rt_op_conv_transpose = {
    .name = "conv_transpose",
    .onnx = "ConvTranspose",
    .limits = "",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .flags = RT_NEEDS_IN,
    .infer = infer,
    .need = need,
    .forward = forward,
    .backward = backward,
    .couple = couple,
    .adjust = adjust,
};
