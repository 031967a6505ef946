/* op_instance_norm.c - y = (x - mean) / sqrt(variance + epsilon) * weight + bias, with mean and
 * variance of each channel of each picture. */
#include "ties.h"
#include "fold.h"
#include "norm.h"
#include <math.h>

enum { EPSILON };
enum { X, WEIGHT, BIAS };

extern const struct rt_op rt_op_instance_norm;

struct work {
    const struct rt_call *call;
    struct rt_norm_group group; /* one channel of one picture */
    double epsilon;
    int64_t batch, channels;
    struct rt_moments *saved; /* [batch][channels] */
    uint32_t pieces, reserved0;
};

static struct work work_of(const struct rt_call *c)
{
    const struct rt_shape *x = &c->in_info[X]->shape;
    struct work w = {.call = c,
                     .epsilon = rt_float(c->node, EPSILON),
                     .batch = x->dim[0],
                     .channels = x->dim[1],
                     .saved = c->saved};
    w.group = (struct rt_norm_group){.segments = 1, .length = rt_product(x, 2, x->ndim)};
    w.pieces = rt_pieces(w.channels, 4 * (double)w.batch * (double)w.group.length);
    return w;
}

static void forward_plane(const struct work *w, int64_t plane)
{
    const struct rt_call *call = w->call;
    const int64_t at = plane * w->group.length, c = plane % w->channels;
    const struct rt_moments m = rt_moments_of(call->in[X] + at, &w->group);
    const struct rt_affine a = {.mean = m.mean,
                                .shift = (double)call->in[BIAS][c],
                                .factor =
                                    (double)call->in[WEIGHT][c] / sqrt(m.variance + w->epsilon)};
    w->saved[plane] = m;
    rt_affine_apply(call->in[X] + at, call->out + at, &w->group, &a);
}

/* As in op_batch_norm.c, for one plane; answers what it adds to the channel's weight and bias. */
static struct rt_slopes backward_plane(const struct work *w, int64_t plane)
{
    const struct rt_call *call = w->call;
    const int64_t at = plane * w->group.length;
    const struct rt_moments m = w->saved[plane];
    const double inverse = 1 / sqrt(m.variance + w->epsilon), count = (double)w->group.length;
    const double factor = (double)call->in[WEIGHT][plane % w->channels] * inverse;
    const struct rt_slopes s =
        rt_slopes_of(call->in[X] + at, call->out_grad + at, &w->group, m.mean, inverse);
    const struct rt_back b = {.mean = m.mean,
                              .factor = factor,
                              .shift = -factor * s.g / count,
                              .slope = -factor * inverse * s.gx / count};
    if (call->in_grad[X])
        rt_back_apply(call->in[X] + at, call->out_grad + at, call->in_grad[X] + at, &w->group, &b);
    return s;
}

static void forward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t c, to;
    rt_piece(w->channels, w->pieces, i, &c, &to);
    for (; c < to; c++)
        for (int64_t n = 0; n < w->batch; n++)
            forward_plane(w, n * w->channels + c);
}

static void backward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    float *const *grads = w->call->in_grad;
    int64_t c, to;
    rt_piece(w->channels, w->pieces, i, &c, &to);
    for (; c < to; c++) {
        struct rt_slopes sum = {0, 0};
        for (int64_t n = 0; n < w->batch; n++) {
            const struct rt_slopes s = backward_plane(w, n * w->channels + c);
            sum.g += s.g;
            sum.gx += s.gx;
        }
        if (grads[WEIGHT])
            grads[WEIGHT][c] += (float)sum.gx;
        if (grads[BIAS])
            grads[BIAS][c] += (float)sum.g;
    }
}

static imp_status forward(const struct rt_call *c)
{
    struct work w = work_of(c);
    return rt_parallel(c->job, w.pieces, forward_piece, &w);
}

static imp_status backward(const struct rt_call *c)
{
    struct work w = work_of(c);
    return rt_parallel(c->job, w.pieces, backward_piece, &w);
}

static void need(const struct rt_call *c, struct rt_need *need)
{
    const struct rt_shape *x = &c->in_info[X]->shape;
    need->saved = (uint64_t)rt_product(x, 0, 2) * sizeof(struct rt_moments);
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    char text[128];
    for (uint32_t s = X; s <= BIAS; s++) {
        const imp_status st = rt_floats_only(in, s, err);
        if (st != IMP_OK)
            return st;
    }
    if (x->ndim < 3)
        return imp_fail(err, IMP_E_INPUT, "an input of N x C x ... is wanted, this is %s",
                        rt_shape_text(x, text, sizeof text));
    for (uint32_t s = WEIGHT; s <= BIAS; s++)
        if (rt_count(&in->in[s]->shape) != x->dim[1])
            return imp_fail(err, IMP_E_INPUT, "'%s' has shape %s, the input has %lld channels",
                            in->node->op->slots[s].name,
                            rt_shape_text(&in->in[s]->shape, text, sizeof text),
                            (long long)x->dim[1]);
    in->out.shape = *x;
    return IMP_OK;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    rt_tie_all(t, X, RT_OUT);
    for (int64_t i = 0; i < c->out_info->shape.dim[1]; i++)
        for (int s = WEIGHT; s <= BIAS; s++)
            rt_tie_param(t, RT_OUT, i, s, 0, i, 1, 0);
}

static const struct rt_attr_def attrs[] = {
    [EPSILON] = {.key = "epsilon", .onnx = "epsilon", .type = RT_FLOAT, .def = 1e-5}};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [WEIGHT] = {.name = "weight", .flags = RT_SLOT_PARAM},
    [BIAS] = {.name = "bias", .flags = RT_SLOT_PARAM},
};
const struct rt_op rt_op_instance_norm = {.name = "instance_norm",
                                          .onnx = "InstanceNormalization",
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
                                          .couple = couple};
