/* op_lrn.c - local response normalisation (Krizhevsky, Sutskever and Hinton 2012), over channels:
 *   y_c = x_c s_c^-beta,  s_c = bias + alpha / size * sum of x_j^2,
 * j from c - floor((size - 1) / 2) to c + ceil((size - 1) / 2), where there are channels. */
#include "kernels/math.h"
#include "ties.h"
#include "fold.h"
#include <impasto/kit.h>

enum { SIZE, ALPHA, BETA, BIAS };
enum { LANES = 128 };

extern const struct rt_op rt_op_lrn;

/* [batch][channels][pixels]; LANES pixels at a time, all their channels. */
struct work {
    const struct rt_call *call;
    int64_t batch, channels, pixels, blocks, before, after;
    float scale, beta, bias; /* scale: alpha / size */
    uint32_t pieces;
};

static struct work work_of(const struct rt_call *c)
{
    const struct rt_shape *x = &c->out_info->shape;
    const int64_t size = rt_int(c->node, SIZE);
    struct work w = {.call = c,
                     .batch = x->dim[0],
                     .channels = x->dim[1],
                     .pixels = rt_product(x, 2, x->ndim),
                     .before = (size - 1) / 2,
                     .after = size / 2,
                     .beta = (float)rt_float(c->node, BETA),
                     .bias = (float)rt_float(c->node, BIAS)};
    w.scale = (float)(rt_float(c->node, ALPHA) / (double)size);
    w.blocks = (w.pixels + LANES - 1) / LANES;
    const int64_t lanes = w.pixels < LANES ? w.pixels : LANES;
    const double cost = (double)w.channels * (double)lanes * (20 + (double)size);
    w.pieces = rt_pieces(w.batch * w.blocks, cost);
    return w;
}

/* s_c of `lanes` pixels; x at channel 0 */
KIT_CLONES
static void window(const struct work *w, const float *restrict x, int64_t c, float *restrict s,
                   int64_t lanes)
{
    const int64_t low = c - w->before, high = c + w->after;
    const int64_t first = low < 0 ? 0 : low, last = high < w->channels ? high : w->channels - 1;
    for (int64_t l = 0; l < lanes; l++)
        s[l] = 0;
    for (int64_t j = first; j <= last; j++)
        for (int64_t l = 0; l < lanes; l++)
            s[l] += x[j * w->pixels + l] * x[j * w->pixels + l];
    for (int64_t l = 0; l < lanes; l++)
        s[l] = w->bias + w->scale * s[l];
}

/* y = x s^-beta */
KIT_CLONES
static void shrink(const float *restrict x, const float *restrict s, float *restrict y, float beta,
                   int64_t lanes)
{
    for (int64_t l = 0; l < lanes; l++)
        y[l] = x[l] * rt_expf(-beta * rt_logf(s[l]));
}

static void forward_block(const struct work *w, int64_t at, int64_t lanes)
{
    float s[LANES];
    for (int64_t c = 0; c < w->channels; c++) {
        window(w, w->call->in[0] + at, c, s, lanes);
        shrink(w->call->in[0] + at + c * w->pixels, s, w->call->out + at + c * w->pixels, w->beta,
               lanes);
    }
}

/* dx_i = g_i s_i^-beta - 2 alpha beta / size x_i sum of g_j x_j s_j^(-beta - 1) over the j whose
 * windows hold i: from i - after to i + before. The terms of the sum stand in scratch. */
KIT_CLONES
static void gather(const struct work *w, const float *restrict term, int64_t i, float *restrict sum,
                   int64_t lanes)
{
    const int64_t low = i - w->after, high = i + w->before;
    const int64_t first = low < 0 ? 0 : low, last = high < w->channels ? high : w->channels - 1;
    for (int64_t l = 0; l < lanes; l++)
        sum[l] = 0;
    for (int64_t j = first; j <= last; j++)
        for (int64_t l = 0; l < lanes; l++)
            sum[l] += term[j * w->pixels + l];
}

static void backward_block(const struct work *w, int64_t at, int64_t lanes)
{
    float s[LANES], power[LANES], sum[LANES];
    const float *x = w->call->in[0] + at, *g = w->call->out_grad + at;
    float *term = (float *)w->call->scratch + at, *dx = w->call->in_grad[0] + at;
    const float factor = 2 * w->scale * w->beta;
    for (int64_t c = 0; c < w->channels; c++) {
        const int64_t row = c * w->pixels;
        window(w, x, c, s, lanes);
        shrink(g + row, s, power, w->beta, lanes);
        for (int64_t l = 0; l < lanes; l++) {
            term[row + l] = power[l] * x[row + l] / s[l];
            dx[row + l] += power[l];
        }
    }
    for (int64_t c = 0; c < w->channels; c++) {
        const int64_t row = c * w->pixels;
        gather(w, term, c, sum, lanes);
        for (int64_t l = 0; l < lanes; l++)
            dx[row + l] -= factor * x[row + l] * sum[l];
    }
}

static void each_block(const struct work *w, uint32_t piece,
                       void (*block)(const struct work *w, int64_t at, int64_t lanes))
{
    int64_t i, to;
    rt_piece(w->batch * w->blocks, w->pieces, piece, &i, &to);
    for (; i < to; i++) {
        const int64_t first = i % w->blocks * LANES, left = w->pixels - first;
        block(w, i / w->blocks * w->channels * w->pixels + first, left < LANES ? left : LANES);
    }
}

static void forward_piece(void *user, uint32_t i)
{
    each_block(user, i, forward_block);
}

static void backward_piece(void *user, uint32_t i)
{
    each_block(user, i, backward_block);
}

static imp_status forward(const struct rt_call *c)
{
    struct work w = work_of(c);
    return rt_parallel(c->job, w.pieces, forward_piece, &w);
}

static imp_status backward(const struct rt_call *c)
{
    struct work w = work_of(c);
    return c->in_grad[0] ? rt_parallel(c->job, w.pieces, backward_piece, &w) : IMP_OK;
}

static void need(const struct rt_call *c, struct rt_need *need)
{
    need->scratch_backward = (uint64_t)rt_count(&c->out_info->shape) * sizeof(float);
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const int64_t size = rt_int(in->node, SIZE);
    char text[128];
    const imp_status st = rt_floats_only(in, 0, err);
    in->out.shape = in->in[0]->shape;
    if (st == IMP_OK && in->out.shape.ndim < 2)
        return imp_fail(err, IMP_E_INPUT, "an input of N x C x ... is wanted, this is %s",
                        rt_shape_text(&in->out.shape, text, sizeof text));
    if (st == IMP_OK && (size < 1 || size > INT32_MAX))
        return imp_fail(err, IMP_E_INPUT,
                        "size = %lld: the number of channels summed over, 1 or more",
                        (long long)size);
    return st;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    (void)c;
    rt_tie_lock(t, 0, -1, "normalised over neighbouring channels");
    rt_tie_lock(t, RT_OUT, -1, "normalised over neighbouring channels");
}

static const struct rt_attr_def attrs[] = {
    [SIZE] = {.key = "size", .onnx = "size", .type = RT_INT},
    [ALPHA] = {.key = "alpha", .onnx = "alpha", .type = RT_FLOAT, .def = 1e-4},
    [BETA] = {.key = "beta", .onnx = "beta", .type = RT_FLOAT, .def = 0.75},
    [BIAS] = {.key = "bias", .onnx = "bias", .type = RT_FLOAT, .def = 1},
};
static const struct rt_slot slots[] = {{.name = "x"}};
const struct rt_op rt_op_lrn = {.name = "lrn",
                                .onnx = "LRN",
                                .limits = "",
                                .attrs = attrs,
                                .attr_count = RT_COUNT(attrs),
                                .slots = slots,
                                .slot_count = 1,
                                .flags = RT_NEEDS_IN,
                                .infer = infer,
                                .need = need,
                                .forward = forward,
                                .backward = backward,
                                .couple = couple};
