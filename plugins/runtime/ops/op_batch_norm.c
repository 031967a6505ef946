/* op_batch_norm.c - y = (x - mean) / sqrt(variance + epsilon) * weight + bias for each channel.
 *
 * Mean and variance are the running ones, or, while training (or with ONNX's training_mode), those
 * of the batch; a trainer then moves the running ones as ONNX has it: running = momentum * running
 * + (1 - momentum) * batch with the variance divided by the number of values. (PyTorch divides by
 * one less for the running variance, and its momentum is 1 - this one.) */
#include "ties.h"
#include "fold.h"
#include "norm.h"
#include <impasto/kit.h>
#include <math.h>

enum { EPSILON, MOMENTUM, TRAINING_MODE, SPATIAL, RESULT }; /* attributes */
enum { X, WEIGHT, BIAS, MEAN, VARIANCE };                   /* slots */
enum { Y, NEW_MEAN, NEW_VARIANCE };                         /* RESULT */

extern const struct rt_op rt_op_batch_norm;

struct work {
    const struct rt_call *call;
    struct rt_norm_group group; /* a channel */
    double epsilon, momentum;
    int64_t channels, result;
    struct rt_moments *saved; /* of the batch, by channel; NULL: running ones are used */
    void (*back)(const struct work *, int64_t c);
    uint32_t pieces, reserved0;
};

static int64_t channels_of(const struct rt_shape *x)
{
    return x->ndim > 1 ? x->dim[1] : 1;
}

static bool reads(const struct rt_node *n, bool training, bool others)
{
    return training || others || rt_int(n, TRAINING_MODE) || rt_int(n, RESULT);
}

static bool by_batch(const struct rt_call *c)
{
    return reads(c->node, c->training != 0, false);
}

static struct work work_of(const struct rt_call *c)
{
    const struct rt_shape *x = &c->in_info[X]->shape;
    struct work w = {.call = c,
                     .epsilon = rt_float(c->node, EPSILON),
                     .momentum = rt_float(c->node, MOMENTUM),
                     .channels = channels_of(x),
                     .result = rt_int(c->node, RESULT),
                     .saved = by_batch(c) ? c->saved : NULL};
    w.group.segments = x->dim[0];
    w.group.length = x->ndim > 2 ? rt_product(x, 2, x->ndim) : 1;
    w.group.stride = w.channels * w.group.length;
    w.pieces = rt_pieces(w.channels, 4 * (double)w.group.segments * (double)w.group.length);
    return w;
}

static struct rt_moments moments_of(const struct work *w, int64_t c)
{
    if (w->saved)
        return w->saved[c];
    return (struct rt_moments){(double)w->call->in[MEAN][c], (double)w->call->in[VARIANCE][c]};
}

static float moved(const struct work *w, double running, double batch)
{
    return (float)(w->momentum * running + (1 - w->momentum) * batch);
}

static void update_running(const struct work *w, int64_t c)
{
    float *const *s = w->call->statistic;
    if (!w->call->training || !s)
        return;
    if (s[MEAN])
        s[MEAN][c] = moved(w, (double)s[MEAN][c], w->saved[c].mean);
    if (s[VARIANCE])
        s[VARIANCE][c] = moved(w, (double)s[VARIANCE][c], w->saved[c].variance);
}

static void forward_channel(const struct work *w, int64_t c)
{
    const struct rt_call *call = w->call;
    const int64_t at = c * w->group.length;
    if (w->saved)
        w->saved[c] = rt_moments_of(call->in[X] + at, &w->group);
    const struct rt_moments m = moments_of(w, c);
    if (w->result == NEW_MEAN)
        call->out[c] = moved(w, (double)call->in[MEAN][c], m.mean);
    else if (w->result == NEW_VARIANCE)
        call->out[c] = moved(w, (double)call->in[VARIANCE][c], m.variance);
    else {
        const struct rt_affine a = {.mean = m.mean,
                                    .shift = (double)call->in[BIAS][c],
                                    .factor = (double)call->in[WEIGHT][c] /
                                              sqrt(m.variance + w->epsilon)};
        rt_affine_apply(call->in[X] + at, call->out + at, &w->group, &a);
        if (w->saved)
            update_running(w, c);
    }
}

/* dx (+)= factor g; perhaps in place */
KIT_CLONES
static void scale(const float *g, float *dx, int64_t n, float factor, bool add)
{
    if (add)
        for (int64_t i = 0; i < n; i++)
            dx[i] += factor * g[i];
    else
        for (int64_t i = 0; i < n; i++)
            dx[i] = factor * g[i];
}

static bool stores(const struct rt_call *c)
{
    return c->fresh && c->fresh[X];
}

static void add_to(float *const *grads, uint32_t slot, int64_t c, double v)
{
    if (grads[slot])
        grads[slot][c] += (float)v;
}

/* With h = (x - mean) / s, s = sqrt(variance + epsilon), and means over the channel:
 *   batch:   dx = weight / s (g - mean(g) - h mean(g h))      running: dx = weight / s g */
static void backward_y(const struct work *w, int64_t c)
{
    const struct rt_call *call = w->call;
    float *const *grads = call->in_grad;
    const int64_t at = c * w->group.length;
    const struct rt_moments m = moments_of(w, c);
    const double inverse = 1 / sqrt(m.variance + w->epsilon);
    const double factor = (double)call->in[WEIGHT][c] * inverse;
    const double count = (double)w->group.segments * (double)w->group.length;
    const struct rt_slopes s =
        rt_slopes_of(call->in[X] + at, call->out_grad + at, &w->group, m.mean, inverse);
    add_to(grads, WEIGHT, c, s.gx);
    add_to(grads, BIAS, c, s.g);
    if (!w->saved) {
        add_to(grads, MEAN, c, -factor * s.g);
        add_to(grads, VARIANCE, c, -0.5 * factor * inverse * s.gx);
    }
    struct rt_back b = {.mean = m.mean, .factor = factor, .store = stores(call)};
    if (w->saved) {
        b.slope = -factor * inverse * s.gx / count;
        b.shift = -factor * s.g / count;
    }
    if (grads[X])
        rt_back_apply(call->in[X] + at, call->out_grad + at, grads[X] + at, &w->group, &b);
}

/* d batch mean / dx = 1 / n, d batch variance / dx = 2 (x - mean) / n */
static void backward_running(const struct work *w, int64_t c)
{
    const struct rt_call *call = w->call;
    const int64_t at = c * w->group.length;
    const double g = (double)call->out_grad[c];
    const double each =
        (1 - w->momentum) * g / ((double)w->group.segments * (double)w->group.length);
    const bool mean = w->result == NEW_MEAN;
    const struct rt_back b = {.mean = w->saved[c].mean,
                              .slope = mean ? 0 : 2 * each,
                              .shift = mean ? each : 0,
                              .store = stores(call)};
    add_to(call->in_grad, mean ? MEAN : VARIANCE, c, w->momentum * g);
    if (call->in_grad[X])
        rt_back_apply(call->in[X] + at, call->in[X] + at, call->in_grad[X] + at, &w->group, &b);
}

/* With running statistics and no other gradient wanted, x has nothing to say. */
static void backward_x(const struct work *w, int64_t c)
{
    const double factor =
        (double)w->call->in[WEIGHT][c] / sqrt(moments_of(w, c).variance + w->epsilon);
    const bool add = !stores(w->call);
    for (int64_t k = 0; k < w->group.segments; k++) {
        const int64_t at = c * w->group.length + k * w->group.stride;
        scale(w->call->out_grad + at, w->call->in_grad[X] + at, w->group.length, (float)factor,
              add);
    }
}

static void forward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t c, to;
    rt_piece(w->channels, w->pieces, i, &c, &to);
    for (; c < to; c++)
        forward_channel(w, c);
}

static void backward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t c, to;
    rt_piece(w->channels, w->pieces, i, &c, &to);
    for (; c < to; c++)
        w->back(w, c);
}

static imp_status forward(const struct rt_call *c)
{
    struct work w = work_of(c);
    return rt_parallel(c->job, w.pieces, forward_piece, &w);
}

static bool others(const struct rt_call *c)
{
    for (uint32_t s = WEIGHT; s <= VARIANCE; s++)
        if (c->in_grad[s])
            return true;
    return false;
}

static imp_status backward(const struct rt_call *c)
{
    struct work w = work_of(c);
    w.back = w.result != Y ? backward_running : backward_y;
    if (!reads(c->node, c->training != 0, others(c)))
        w.back = backward_x;
    else
        rt_clear_fresh(c, WEIGHT);
    return rt_parallel(c->job, w.pieces, backward_piece, &w);
}

/* x is scaled only, by the running statistics. */
static bool fold(const struct rt_call *c, const float *bias, float *scale, float *shift)
{
    if (reads(c->node, false, false) || c->in_info[X]->shape.ndim < 2)
        return false;
    const struct work w = work_of(c);
    for (int64_t i = 0; scale && i < w.channels; i++) {
        const double factor =
            (double)c->in[WEIGHT][i] / sqrt((double)c->in[VARIANCE][i] + w.epsilon);
        const double from = (bias ? (double)bias[i] : 0) - (double)c->in[MEAN][i];
        scale[i] = (float)factor;
        shift[i] = (float)((double)c->in[BIAS][i] + from * factor);
    }
    return true;
}

/* Also for runs that do not train: a trainer turns training on and off under one plan. */
static void need(const struct rt_call *c, struct rt_need *need)
{
    need->saved = (uint64_t)channels_of(&c->in_info[X]->shape) * sizeof(struct rt_moments);
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    const int64_t channels = channels_of(x), result = rt_int(in->node, RESULT);
    char text[128];
    if (!x->ndim)
        return imp_fail(err, IMP_E_INPUT, "a scalar has no channels");
    if (!rt_int(in->node, SPATIAL))
        return imp_fail(err, IMP_E_INPUT, "spatial = 0 (statistics for each place) is not done");
    for (uint32_t s = X; s <= VARIANCE; s++) {
        const imp_status st = rt_floats_only(in, s, err);
        if (st != IMP_OK)
            return st;
        if (s != X && rt_count(&in->in[s]->shape) != channels)
            return imp_fail(err, IMP_E_INPUT, "'%s' has shape %s, the input has %lld channels",
                            in->node->op->slots[s].name,
                            rt_shape_text(&in->in[s]->shape, text, sizeof text),
                            (long long)channels);
    }
    in->out.shape = result == Y ? *x : rt_shape_of(1, &channels);
    return IMP_OK;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    const struct rt_shape *x = &c->in_info[X]->shape;
    if (rt_int(c->node, RESULT) != Y) {
        rt_tie_lock(t, X, -1, "running statistics are a value");
        return;
    }
    rt_tie_all(t, X, RT_OUT);
    for (int64_t i = 0; x->ndim > 1 && i < x->dim[1]; i++)
        for (int s = WEIGHT; s <= VARIANCE; s++)
            rt_tie_param(t, RT_OUT, i, s, 0, i, 1, 0);
}

static const struct rt_attr_def attrs[] = {
    [EPSILON] = {.key = "epsilon", .onnx = "epsilon", .type = RT_FLOAT, .def = 1e-5},
    [MOMENTUM] = {.key = "momentum", .onnx = "momentum", .type = RT_FLOAT, .def = 0.9},
    [TRAINING_MODE] = {.key = "training_mode", .onnx = "training_mode", .type = RT_BOOL},
    [SPATIAL] = {.key = "spatial", .onnx = "spatial", .type = RT_BOOL, .def = 1},
    [RESULT] = {.key = "result", .type = RT_INT},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [WEIGHT] = {.name = "weight", .flags = RT_SLOT_PARAM},
    [BIAS] = {.name = "bias", .flags = RT_SLOT_PARAM},
    [MEAN] = {.name = "running_mean", .flags = RT_SLOT_PARAM | RT_SLOT_STATISTIC},
    [VARIANCE] = {.name = "running_var", .flags = RT_SLOT_PARAM | RT_SLOT_STATISTIC},
};
const struct rt_op rt_op_batch_norm = {.name = "batch_norm",
                                       .onnx = "BatchNormalization",
                                       .limits = "spatial = 1 only",
                                       .attrs = attrs,
                                       .attr_count = RT_COUNT(attrs),
                                       .slots = slots,
                                       .slot_count = RT_COUNT(slots),
                                       .flags = RT_NEEDS_IN | RT_STORES | RT_BACK_INPLACE,
                                       .infer = infer,
                                       .need = need,
                                       .forward = forward,
                                       .backward = backward,
                                       .couple = couple,
                                       .reads = reads,
                                       .fold = fold};
