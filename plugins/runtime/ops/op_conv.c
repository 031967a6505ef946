/* op_conv.c - convolution over any number of spatial axes.
 *
 *     y[n][m][o] = bias[m] + sum over c, t of w[m][c][t] x[n][c][o * stride + t * dilation - pad]
 */
#include "lasting.h"
#include "kernels/conv.h"
#include "ties.h"

extern const struct rt_op rt_op_conv;

enum { X, WEIGHT, BIAS, SLOTS };
static const struct rt_slot slots[SLOTS] = {
    {.name = "x"},
    {.name = "weight", .flags = RT_SLOT_PARAM},
    {.name = "bias", .flags = RT_SLOT_PARAM | RT_SLOT_OPTIONAL},
};

/* FILTERS and HAS_BIAS are for architecture texts, which have no weights yet. */
enum { KERNEL, STRIDE, PAD, DILATION, GROUPS, AUTO_PAD, FILTERS, HAS_BIAS, ATTRS };
static const struct rt_attr_def attrs[ATTRS] = {
    [KERNEL] = {.key = "kernel", .onnx = "kernel_shape", .type = RT_INTS},
    [STRIDE] = {.key = "stride", .onnx = "strides", .type = RT_INTS},
    [PAD] = {.key = "pad", .onnx = "pads", .type = RT_INTS},
    [DILATION] = {.key = "dilation", .onnx = "dilations", .type = RT_INTS},
    [GROUPS] = {.key = "groups", .onnx = "group", .type = RT_INT, .def = 1},
    [AUTO_PAD] = {.key = "auto_pad", .onnx = "auto_pad", .choices = RT_AUTO_PAD, .type = RT_CHOICE},
    [FILTERS] = {.key = "filters", .type = RT_INT},
    [HAS_BIAS] = {.key = "bias", .type = RT_BOOL, .def = 1},
};
static const struct rt_window_attrs window_attrs = {.kernel = KERNEL,
                                                    .stride = STRIDE,
                                                    .pad = PAD,
                                                    .dilation = DILATION,
                                                    .auto_pad = AUTO_PAD,
                                                    .ceil = -1};

/* ---- planning ---- */

/* weight [filters][channels of a group][kernel...] against x and the attributes. */
static imp_status weight_fits(const struct rt_node *n, const struct rt_shape *x,
                              const struct rt_shape *w, imp_error *err)
{
    char a[128], b[128];
    const int64_t groups = rt_int(n, GROUPS), filters = rt_int(n, FILTERS);
    if (x->ndim < 3 || w->ndim != x->ndim)
        return imp_fail(err, IMP_E_INPUT,
                        "the input is %s and the weight %s; both need as many axes, 3 or more",
                        rt_shape_text(x, a, sizeof a), rt_shape_text(w, b, sizeof b));
    if (groups < 1 || w->dim[0] < 1 || w->dim[1] < 1 || w->dim[0] % groups)
        return imp_fail(err, IMP_E_INPUT, "a weight of %s cannot be cut into %lld groups",
                        rt_shape_text(w, b, sizeof b), (long long)groups);
    if (x->dim[1] % groups || x->dim[1] / groups != w->dim[1])
        return imp_fail(err, IMP_E_INPUT,
                        "the input has %lld channels; %lld groups of a weight of %s take %lld each",
                        (long long)x->dim[1], (long long)groups, rt_shape_text(w, b, sizeof b),
                        (long long)w->dim[1]);
    if (filters && filters != w->dim[0])
        return imp_fail(err, IMP_E_INPUT, "filters is %lld, but the weight is %s",
                        (long long)filters, rt_shape_text(w, b, sizeof b));
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

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape, *w = &in->in[WEIGHT]->shape;
    struct rt_window window;
    imp_status st = weight_fits(in->node, x, w, err);
    if (st == IMP_OK)
        st = bias_fits(in->input_count > BIAS ? in->in[BIAS] : NULL, w->dim[0], err);
    if (st == IMP_OK)
        st = rt_window_read(in->node, &window_attrs, x, w->dim + 2, &window, err);
    if (st == IMP_OK)
        in->out.shape = rt_window_shape(&window, x, w->dim[0]);
    return st;
}

static struct rt_conv geometry(const struct rt_call *call)
{
    const struct rt_shape *x = &call->in_info[X]->shape, *w = &call->in_info[WEIGHT]->shape;
    struct rt_conv v = {.n = x->dim[0], .groups = rt_int(call->node, GROUPS), .c = w->dim[1]};
    v.m = w->dim[0] / v.groups;
    rt_window_read(call->node, &window_attrs, x, w->dim + 2, &v.window, NULL);
    rt_conv_set(&v);
    v.rough = call->lean;
    return v;
}

static void need(const struct rt_call *call, struct rt_need *n)
{
    const struct rt_conv v = geometry(call);
    struct rt_conv rough = v;
    rough.rough = 1; /* which run it will be is not known yet */
    const uint64_t data = rt_conv_back_data_bytes(&v), weight = rt_conv_back_weight_bytes(&v);
    const uint64_t fine = rt_conv_forward_bytes(&v), fast = rt_conv_forward_bytes(&rough);
    n->scratch = fine > fast ? fine : fast;
    n->scratch_backward = data > weight ? data : weight;
    n->macs = rt_conv_macs(&v);
}

/* ---- running ---- */

struct filters {
    const struct rt_conv *v;
    const float *w;
    imp_job *job;
};

static imp_status transform(const void *user, float *to)
{
    const struct filters *f = user;
    return rt_conv_keep(f->v, f->w, to, f->job);
}

static imp_status forward(const struct rt_call *call)
{
    struct rt_conv v = geometry(call);
    const struct filters f = {.v = &v, .w = call->in[WEIGHT], .job = call->job};
    if (rt_is_param(call->node->inputs[WEIGHT]))
        v.kept = rt_kept_get(call->keeper, rt_conv_kept_bytes(&v), transform, &f);
    struct rt_after after = RT_AFTER_NONE;
    if (call->after)
        after = *call->after;
    else if (call->input_count > BIAS)
        after.shift = call->in[BIAS];
    return rt_conv_forward(&v, call->in[X], call->in[WEIGHT], &after, call->out, call->scratch,
                           call->job);
}

static bool halves(const struct rt_call *call)
{
    struct rt_conv v = geometry(call);
    v.rough = 1;
    return rt_conv_halves(&v);
}

static imp_status backward(const struct rt_call *call)
{
    const struct rt_conv v = geometry(call);
    float *const *grad = call->in_grad;
    const bool add = !call->fresh || !call->fresh[X];
    imp_status st = IMP_OK;
    rt_clear_fresh(call, WEIGHT);
    if (grad[X])
        st = rt_conv_back_data(&v, call->out_grad, call->gate, call->in[WEIGHT], add, grad[X],
                               call->scratch, call->job);
    if (st == IMP_OK && grad[WEIGHT])
        st = rt_conv_back_weight(&v, call->in[X], call->out_grad, call->gate, grad[WEIGHT],
                                 call->scratch, call->job);
    if (st == IMP_OK && call->input_count > BIAS && grad[BIAS])
        st = rt_channel_sums(call->out_grad, call->gate, v.n, v.groups * v.m, v.out_size,
                             grad[BIAS], call->job);
    return st;
}

/* x meets y in the weights' gradient only. */
static bool reads(const struct rt_node *n, bool training, bool others)
{
    (void)n, (void)training;
    return others;
}

/* ---- channels ---- */

static void couple(struct rt_ties *t, const struct rt_call *call)
{
    const struct rt_conv v = geometry(call);
    const int64_t m_all = v.groups * v.m, c_all = v.groups * v.c;
    const bool bias = call->input_count > BIAS && call->in_info[BIAS];
    rt_tie_lock(t, WEIGHT, -1, "a convolution takes it as its weights");
    for (int64_t o = 0; o < m_all; o++) {
        rt_tie_param(t, RT_OUT, o, WEIGHT, 0, o, 1, 0);
        if (bias)
            rt_tie_param(t, RT_OUT, o, BIAS, 0, o, 1, 0);
    }
    if (rt_conv_is_depthwise(&v)) { /* a channel and its filters go with their group */
        for (int64_t o = 0; o < m_all; o++)
            rt_tie(t, X, o / v.m, RT_OUT, o);
        return;
    }
    for (int64_t c = 0; c < v.c; c++)
        rt_tie_param(t, X, c, WEIGHT, 1, c, 1, 1);
    for (int64_t c = v.c; c < c_all; c++) /* every group loses the same */
        rt_tie(t, X, c % v.c, X, c);
    for (int64_t o = v.m; o < m_all; o++)
        rt_tie(t, RT_OUT, o % v.m, RT_OUT, o);
}

static bool adjust(struct rt_node *copy, const struct rt_call *before,
                   const uint8_t *const *keep_in, const uint8_t *keep_out)
{
    const struct rt_conv v = geometry(before);
    int64_t groups = 0, filters = 0;
    for (int64_t g = 0; g < v.groups; g++)
        groups += !keep_in[X] || keep_in[X][g * v.c];
    for (int64_t o = 0; o < v.groups * v.m; o++)
        filters += !keep_out || keep_out[o];
    if (rt_conv_is_depthwise(&v) && !rt_set_int(copy, "groups", groups))
        return false;
    return !copy->attrs[FILTERS].given || rt_set_int(copy, "filters", filters);
}

const struct rt_op rt_op_conv = {
    .name = "conv",
    .onnx = "Conv",
    .limits = "",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .flags = RT_NEEDS_IN | RT_AFTER | RT_GATES | RT_STORES,
    .infer = infer,
    .need = need,
    .forward = forward,
    .backward = backward,
    .couple = couple,
    .adjust = adjust,
    .reads = reads,
    .halves = halves,
};
