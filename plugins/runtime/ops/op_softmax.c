/* op_softmax.c - softmax and its logarithm along one axis:
 *   y_i = exp(x_i - m) / sum_j exp(x_j - m), m the largest; log_softmax: x_i - m - ln sum.
 * `flat` is the meaning it had before opset 13: everything from the axis on is one axis. */
#include "kernels/math.h"
#include "ties.h"
#include "fold.h"
#include <impasto/kit.h>
#include <math.h>

enum { AXIS, FLAT };
enum { LANES = 64 };

extern const struct rt_op rt_op_softmax, rt_op_log_softmax;

/* The input as [outer][n][inner]; sums run over n, LANES columns of inner at a time. */
struct work {
    const struct rt_call *call;
    int64_t outer, n, inner, blocks;
    uint32_t pieces, log;
};

static struct work work_of(const struct rt_call *c)
{
    const struct rt_shape *s = &c->out_info->shape;
    const uint32_t axis = (uint32_t)rt_axis(rt_int(c->node, AXIS), s->ndim);
    const bool flat = rt_int(c->node, FLAT) != 0;
    struct work w = {.call = c, .log = c->node->op == &rt_op_log_softmax};
    w.outer = rt_product(s, 0, axis);
    w.n = flat ? rt_product(s, axis, s->ndim) : s->dim[axis];
    w.inner = flat ? 1 : rt_product(s, axis + 1, s->ndim);
    w.blocks = (w.inner + LANES - 1) / LANES;
    const int64_t lanes = w.inner < LANES ? w.inner : LANES;
    w.pieces = rt_pieces(w.outer * w.blocks, 16 * (double)w.n * (double)lanes);
    return w;
}

/* ---- one row, n numbers side by side ---- */

KIT_CLONES
static float largest(const float *x, int64_t n)
{
    float m[8];
    for (int64_t j = 0; j < 8; j++)
        m[j] = -INFINITY;
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int64_t j = 0; j < 8; j++)
            m[j] = x[i + j] > m[j] ? x[i + j] : m[j];
    for (; i < n; i++)
        m[0] = x[i] > m[0] ? x[i] : m[0];
    for (int64_t j = 1; j < 8; j++)
        m[0] = m[j] > m[0] ? m[j] : m[0];
    return m[0];
}

KIT_CLONES
static void exponentials(const float *restrict x, float m, float *restrict e, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        e[i] = rt_expf(x[i] - m);
}

KIT_CLONES
static double sum_of(const float *e, int64_t n)
{
    double s[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int64_t j = 0; j < 8; j++)
            s[j] += (double)e[i + j];
    for (int64_t j = 0; i + j < n; j++)
        s[j] += (double)e[i + j];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static void row(const struct work *w, const float *x, float *y)
{
    const float m = largest(x, w->n);
    exponentials(x, m, y, w->n);
    const double sum = sum_of(y, w->n);
    const float scale = (float)(1 / sum), shift = (float)kit_log(sum);
    for (int64_t i = 0; i < w->n; i++)
        y[i] = w->log ? (x[i] - m) - shift : y[i] * scale;
}

/* ---- `lanes` columns, each along the axis ---- */

KIT_CLONES
static void columns(const struct work *w, const float *restrict x, float *restrict y, int64_t lanes)
{
    float m[LANES];
    double sum[LANES];
    for (int64_t l = 0; l < lanes; l++) {
        m[l] = -INFINITY;
        sum[l] = 0;
    }
    for (int64_t i = 0; i < w->n; i++)
        for (int64_t l = 0; l < lanes; l++)
            m[l] = x[i * w->inner + l] > m[l] ? x[i * w->inner + l] : m[l];
    for (int64_t i = 0; i < w->n; i++)
        for (int64_t l = 0; l < lanes; l++) {
            y[i * w->inner + l] = rt_expf(x[i * w->inner + l] - m[l]);
            sum[l] += (double)y[i * w->inner + l];
        }
    float shift[LANES];
    for (int64_t l = 0; l < lanes; l++)
        shift[l] = (float)(w->log ? kit_log(sum[l]) : 1 / sum[l]);
    for (int64_t i = 0; i < w->n; i++)
        for (int64_t l = 0; l < lanes; l++) {
            const int64_t at = i * w->inner + l;
            y[at] = w->log ? (x[at] - m[l]) - shift[l] : y[at] * shift[l];
        }
}

static void forward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t from, to;
    rt_piece(w->outer * w->blocks, w->pieces, i, &from, &to);
    for (; from < to; from++) {
        const int64_t first = from % w->blocks * LANES, left = w->inner - first;
        const int64_t at = from / w->blocks * w->n * w->inner + first;
        if (w->inner == 1)
            row(w, w->call->in[0] + at, w->call->out + at);
        else
            columns(w, w->call->in[0] + at, w->call->out + at, left < LANES ? left : LANES);
    }
}

/* softmax: dx = y (g - sum g y); log_softmax: dx = g - e^y sum g */
KIT_CLONES
static void slope(const struct work *w, const float *restrict y, const float *restrict g,
                  float *restrict dx, int64_t lanes)
{
    double sum[LANES] = {0};
    for (int64_t i = 0; i < w->n; i++)
        for (int64_t l = 0; l < lanes; l++) {
            const int64_t at = i * w->inner + l;
            sum[l] += (double)g[at] * (w->log ? 1 : (double)y[at]);
        }
    for (int64_t i = 0; i < w->n; i++)
        for (int64_t l = 0; l < lanes; l++) {
            const int64_t at = i * w->inner + l;
            const float all = (float)sum[l];
            dx[at] += w->log ? g[at] - rt_expf(y[at]) * all : y[at] * (g[at] - all);
        }
}

/* The same along a row. */
KIT_CLONES
static double product_of(const float *y, const float *g, int64_t n)
{
    double s[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int64_t j = 0; j < 8; j++)
            s[j] += (double)g[i + j] * (double)y[i + j];
    for (int64_t j = 0; i + j < n; j++)
        s[j] += (double)g[i + j] * (double)y[i + j];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

KIT_CLONES
static void row_slope(const struct work *w, const float *restrict y, const float *restrict g,
                      float *restrict dx, float all)
{
    if (w->log)
        for (int64_t i = 0; i < w->n; i++)
            dx[i] += g[i] - rt_expf(y[i]) * all;
    else
        for (int64_t i = 0; i < w->n; i++)
            dx[i] += y[i] * (g[i] - all);
}

static void backward_row(const struct work *w, const float *y, const float *g, float *dx)
{
    row_slope(w, y, g, dx, (float)(w->log ? sum_of(g, w->n) : product_of(y, g, w->n)));
}

static void backward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    const struct rt_call *c = w->call;
    int64_t from, to;
    rt_piece(w->outer * w->blocks, w->pieces, i, &from, &to);
    for (; from < to; from++) {
        const int64_t first = from % w->blocks * LANES, left = w->inner - first;
        const int64_t at = from / w->blocks * w->n * w->inner + first;
        if (w->inner == 1)
            backward_row(w, c->out + at, c->out_grad + at, c->in_grad[0] + at);
        else
            slope(w, c->out + at, c->out_grad + at, c->in_grad[0] + at,
                  left < LANES ? left : LANES);
    }
}

static imp_status run(const struct rt_call *c, void (*piece)(void *user, uint32_t i))
{
    struct work w = work_of(c);
    return rt_parallel(c->job, w.pieces, piece, &w);
}

static imp_status forward(const struct rt_call *c)
{
    return run(c, forward_piece);
}

static imp_status backward(const struct rt_call *c)
{
    return c->in_grad[0] ? run(c, backward_piece) : IMP_OK;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const imp_status st = rt_floats_only(in, 0, err);
    const int64_t axis = rt_int(in->node, AXIS);
    in->out.shape = in->in[0]->shape;
    if (st == IMP_OK && rt_axis(axis, in->out.shape.ndim) < 0)
        return imp_fail(err, IMP_E_INPUT, "axis %lld of an input with %u axes", (long long)axis,
                        in->out.shape.ndim);
    return st;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    const int axis = rt_axis(rt_int(c->node, AXIS), c->out_info->shape.ndim);
    if (axis == 1 || (rt_int(c->node, FLAT) && axis < 1)) {
        rt_tie_lock(t, 0, -1, "softmax over channels");
        rt_tie_lock(t, RT_OUT, -1, "softmax over channels");
        return;
    }
    rt_tie_all(t, 0, RT_OUT);
}

static const struct rt_attr_def attrs[] = {
    [AXIS] = {.key = "axis", .onnx = "axis", .type = RT_INT, .def = -1},
    [FLAT] = {.key = "flat", .type = RT_BOOL},
};
static const struct rt_slot slots[] = {{.name = "x"}};

#define SOFTMAX(id, official)                                                                      \
    .name = #id, .onnx = official, .limits = "", .attrs = attrs, .attr_count = RT_COUNT(attrs),    \
    .slots = slots, .slot_count = 1, .flags = RT_NEEDS_OUT, .infer = infer, .forward = forward,    \
    .backward = backward, .couple = couple

const struct rt_op rt_op_softmax = {SOFTMAX(softmax, "Softmax")};
const struct rt_op rt_op_log_softmax = {SOFTMAX(log_softmax, "LogSoftmax")};
