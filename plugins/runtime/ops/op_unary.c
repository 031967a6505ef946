/* op_unary.c - functions of one number, element by element: relu leaky_relu elu sigmoid tanh
 * hard_swish gelu sqrt exp log neg abs. Each is two loops: y = f(x), and dx += g f'(x), which reads
 * x or y as its flags say. */
#include "kernels/math.h"
#include "ties.h"
#include "fold.h"
#include <impasto/kit.h>
#include <math.h>
#include <stdlib.h>

/* A derivative reads g, and v: x where its operator has RT_NEEDS_IN and means it, else y. p: the
 * attribute. */
typedef void value_fn(const float *restrict x, float *restrict y, int64_t n, float p);
typedef void slope_fn(const float *restrict v, const float *restrict g, float *restrict dx,
                      int64_t n, float p);

/* ---- the functions ---- */

KIT_CLONES
static void relu(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] < 0 ? 0 : x[i];
}

KIT_CLONES
static void relu_slope(const float *restrict y, const float *restrict g, float *restrict dx,
                       int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        dx[i] += y[i] > 0 ? g[i] : 0;
}

KIT_CLONES
static void leaky(const float *restrict x, float *restrict y, int64_t n, float p)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * (x[i] < 0 ? p : 1);
}

KIT_CLONES
static void leaky_slope(const float *restrict x, const float *restrict g, float *restrict dx,
                        int64_t n, float p)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] += g[i] * (x[i] < 0 ? p : 1);
}

/* x >= 0: x, else p (e^x - 1) */
KIT_CLONES
static void elu(const float *restrict x, float *restrict y, int64_t n, float p)
{
    for (int64_t i = 0; i < n; i++) {
        const float below = p * rt_expm1f(x[i]);
        y[i] = x[i] < 0 ? below : x[i];
    }
}

KIT_CLONES
static void elu_slope(const float *restrict x, const float *restrict g, float *restrict dx,
                      int64_t n, float p)
{
    for (int64_t i = 0; i < n; i++) {
        const float below = p * rt_expf(x[i]);
        dx[i] += g[i] * (x[i] < 0 ? below : 1);
    }
}

KIT_CLONES
static void sigmoid(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = rt_sigmoidf(x[i]);
}

KIT_CLONES
static void sigmoid_slope(const float *restrict y, const float *restrict g, float *restrict dx,
                          int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        dx[i] += g[i] * y[i] * (1 - y[i]);
}

KIT_CLONES
static void tangent(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = rt_tanhf(x[i]);
}

KIT_CLONES
static void tangent_slope(const float *restrict y, const float *restrict g, float *restrict dx,
                          int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        dx[i] += g[i] * (1 - y[i] * y[i]);
}

/* x clip(x / 6 + 1/2, 0, 1) */
KIT_CLONES
static void hard_swish(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++) {
        const float gate = x[i] * (1.0f / 6) + 0.5f, least = gate < 0 ? 0 : gate;
        y[i] = x[i] * (least > 1 ? 1 : least);
    }
}

KIT_CLONES
static void hard_swish_slope(const float *restrict x, const float *restrict g, float *restrict dx,
                             int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++) {
        const float inner = x[i] * (1.0f / 3) + 0.5f, left = x[i] <= -3 ? 0 : inner;
        dx[i] += g[i] * (x[i] >= 3 ? 1 : left);
    }
}

/* x times the share of the normal distribution below x */
KIT_CLONES
static void gelu(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = x[i] * rt_normal_below(x[i]);
}

KIT_CLONES
static void gelu_slope(const float *restrict x, const float *restrict g, float *restrict dx,
                       int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++) {
        const float density = 0.398942280f * rt_expf(-0.5f * x[i] * x[i]);
        dx[i] += g[i] * (rt_normal_below(x[i]) + x[i] * density);
    }
}

/* x s(2u), s the sigmoid, u = sqrt(2 / pi) (x + 0.044715 x^3): (1 + tanh u) / 2 = s(2u) */
KIT_CLONES
static void gelu_tanh(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++) {
        const float twice = 1.59576912f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);
        y[i] = x[i] * rt_sigmoidf(twice);
    }
}

KIT_CLONES
static void gelu_tanh_slope(const float *restrict x, const float *restrict g, float *restrict dx,
                            int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++) {
        const float q = x[i] * x[i], twice = 1.59576912f * (x[i] + 0.044715f * q * x[i]);
        const float s = rt_sigmoidf(twice), inner = 1.59576912f * (1 + 0.134145f * q);
        dx[i] += g[i] * (s + x[i] * s * (1 - s) * inner);
    }
}

KIT_CLONES
static void root(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = sqrtf(x[i]);
}

KIT_CLONES
static void root_slope(const float *restrict y, const float *restrict g, float *restrict dx,
                       int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        dx[i] += g[i] * 0.5f / y[i];
}

KIT_CLONES
static void exponential(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = rt_expf(x[i]);
}

KIT_CLONES
static void exponential_slope(const float *restrict y, const float *restrict g, float *restrict dx,
                              int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        dx[i] += g[i] * y[i];
}

KIT_CLONES
static void logarithm(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = rt_logf(x[i]);
}

KIT_CLONES
static void logarithm_slope(const float *restrict x, const float *restrict g, float *restrict dx,
                            int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        dx[i] += g[i] / x[i];
}

KIT_CLONES
static void negative(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = -x[i];
}

KIT_CLONES
static void negative_slope(const float *restrict y, const float *restrict g, float *restrict dx,
                           int64_t n, float p)
{
    (void)p, (void)y;
    for (int64_t i = 0; i < n; i++)
        dx[i] -= g[i];
}

KIT_CLONES
static void absolute(const float *restrict x, float *restrict y, int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        y[i] = fabsf(x[i]);
}

/* 0 at 0 */
KIT_CLONES
static void absolute_slope(const float *restrict x, const float *restrict g, float *restrict dx,
                           int64_t n, float p)
{
    (void)p;
    for (int64_t i = 0; i < n; i++)
        dx[i] += x[i] > 0 ? g[i] : x[i] < 0 ? -g[i] : 0;
}

/* ---- what they share ---- */

enum { ALPHA = 0, APPROXIMATE = 0 };

extern const struct rt_op rt_op_relu, rt_op_leaky_relu, rt_op_elu, rt_op_sigmoid, rt_op_tanh,
    rt_op_hard_swish, rt_op_gelu, rt_op_sqrt, rt_op_exp, rt_op_log, rt_op_neg, rt_op_abs;

struct unary {
    const struct rt_op *op;
    value_fn *value;
    slope_fn *slope;
    double cost; /* of an element, in simple operations */
};

static struct unary unary_of(const struct rt_node *node)
{
    static const struct unary table[] = {
        {&rt_op_relu, relu, relu_slope, 1},
        {&rt_op_leaky_relu, leaky, leaky_slope, 1},
        {&rt_op_elu, elu, elu_slope, 8},
        {&rt_op_sigmoid, sigmoid, sigmoid_slope, 8},
        {&rt_op_tanh, tangent, tangent_slope, 12},
        {&rt_op_hard_swish, hard_swish, hard_swish_slope, 2},
        {&rt_op_gelu, gelu, gelu_slope, 16},
        {&rt_op_sqrt, root, root_slope, 4},
        {&rt_op_exp, exponential, exponential_slope, 8},
        {&rt_op_log, logarithm, logarithm_slope, 8},
        {&rt_op_neg, negative, negative_slope, 1},
        {&rt_op_abs, absolute, absolute_slope, 1},
    };
    static const struct unary by_tanh = {&rt_op_gelu, gelu_tanh, gelu_tanh_slope, 16};
    if (node->op == &rt_op_gelu && rt_int(node, APPROXIMATE) == 1)
        return by_tanh;
    uint32_t i = 0;
    while (i + 1 < RT_COUNT(table) && table[i].op != node->op)
        i++;
    return table[i];
}

struct unary_work {
    const struct rt_call *call;
    struct unary f;
    const float *v; /* what a derivative reads */
    int64_t count;
    float p;
    uint32_t pieces;
};

/* Leaky relu's y tells the sign of x as well as x does. */
static bool reads_x(const struct rt_node *n, bool training, bool others)
{
    (void)training, (void)others;
    if (n->op == &rt_op_leaky_relu)
        return rt_float(n, ALPHA) < 1e-6; /* y of less could vanish */
    return n->op->flags & RT_NEEDS_IN;
}

static struct unary_work work_of(const struct rt_call *c)
{
    struct unary_work w = {
        .call = c, .f = unary_of(c->node), .count = rt_count(&c->out_info->shape)};
    const uint32_t has_alpha = c->node->op == &rt_op_leaky_relu || c->node->op == &rt_op_elu;
    w.p = has_alpha ? (float)rt_float(c->node, ALPHA) : 0;
    w.v = reads_x(c->node, false, false) ? c->in[0] : c->out;
    w.pieces = rt_pieces(w.count, w.f.cost);
    return w;
}

/* In place, a stretch of x is copied first: the loops may then count on two memories. */
enum { STRETCH = 1024 };
static void value_piece(void *user, uint32_t i)
{
    const struct unary_work *w = user;
    float copy[STRETCH];
    int64_t from, to;
    rt_piece(w->count, w->pieces, i, &from, &to);
    const float *x = w->call->in[0];
    float *y = w->call->out;
    if (x != y) {
        w->f.value(x + from, y + from, to - from, w->p);
        return;
    }
    for (; from < to; from += STRETCH) {
        const int64_t n = to - from < STRETCH ? to - from : STRETCH;
        memcpy(copy, x + from, (size_t)n * sizeof *copy);
        w->f.value(copy, y + from, n, w->p);
    }
}

static void slope_piece(void *user, uint32_t i)
{
    const struct unary_work *w = user;
    float copy[STRETCH];
    int64_t from, to;
    rt_piece(w->count, w->pieces, i, &from, &to);
    const float *g = w->call->out_grad;
    float *dx = w->call->in_grad[0];
    if (!w->call->fresh || !w->call->fresh[0]) {
        w->f.slope(w->v + from, g + from, dx + from, to - from, w->p);
        return;
    }
    for (; from < to; from += STRETCH) { /* perhaps in place */
        const int64_t n = to - from < STRETCH ? to - from : STRETCH;
        memcpy(copy, g + from, (size_t)n * sizeof *copy);
        memset(dx + from, 0, (size_t)n * sizeof *dx);
        w->f.slope(w->v + from, copy, dx + from, n, w->p);
    }
}

static imp_status forward(const struct rt_call *c)
{
    struct unary_work w = work_of(c);
    return rt_parallel(c->job, w.pieces, value_piece, &w);
}

static imp_status backward(const struct rt_call *c)
{
    if (!c->in_grad[0])
        return IMP_OK;
    struct unary_work w = work_of(c);
    return rt_parallel(c->job, w.pieces, slope_piece, &w);
}

/* neg and abs of integers; the least integer stays what it is. */
static void fold_integers(const struct rt_infer *in)
{
    const int64_t *x = rt_integers(in->in[0]->known);
    int64_t *y = rt_integers(in->known);
    for (int64_t i = 0; i < in->known->count; i++) {
        const uint64_t minus = 0 - (uint64_t)x[i];
        y[i] = in->node->op == &rt_op_neg || x[i] < 0 ? (int64_t)minus : x[i];
    }
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_info *x = in->in[0];
    const bool integers = in->node->op == &rt_op_neg || in->node->op == &rt_op_abs;
    imp_status st = integers ? IMP_OK : rt_floats_only(in, 0, err);
    in->out.shape = x->shape;
    if (st != IMP_OK || !rt_fold_wanted(&in->out, x->known != NULL))
        return st;
    if ((st = rt_fold_begin(in, err)) != IMP_OK)
        return st;
    if (x->dtype == IMP_I64) {
        fold_integers(in);
        return IMP_OK;
    }
    const float *const values[] = {rt_floats(x->known)};
    const struct rt_call call = {
        .node = in->node, .in = values, .out = rt_floats(in->known), .out_info = &in->out};
    return forward(&call);
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    (void)c;
    rt_tie_all(t, 0, RT_OUT);
}

static bool act(const struct rt_call *c, float *slope, float *top)
{
    *slope = c->node->op == &rt_op_relu ? 0 : (float)rt_float(c->node, ALPHA);
    *top = INFINITY;
    return true;
}

/* ---- the descriptors ---- */

static const struct rt_slot slots[] = {{.name = "x"}};
static const struct rt_attr_def leaky_attrs[] = {
    [ALPHA] = {.key = "alpha", .onnx = "alpha", .type = RT_FLOAT, .def = 0.01}};
static const struct rt_attr_def elu_attrs[] = {
    [ALPHA] = {.key = "alpha", .onnx = "alpha", .type = RT_FLOAT, .def = 1}};
static const struct rt_attr_def gelu_attrs[] = {
    [APPROXIMATE] = {
        .key = "approximate", .onnx = "approximate", .choices = "none|tanh", .type = RT_CHOICE}};

#define UNARY(id, official, needs)                                                                 \
    .name = #id, .onnx = official, .limits = "", .slots = slots, .slot_count = 1,                  \
    .flags = RT_INPLACE | RT_STORES | RT_BACK_INPLACE | (needs), .infer = infer,                   \
    .forward = forward, .backward = backward, .couple = couple

const struct rt_op rt_op_relu = {UNARY(relu, "Relu", RT_NEEDS_OUT), .act = act};
const struct rt_op rt_op_leaky_relu = {UNARY(leaky_relu, "LeakyRelu", RT_NEEDS_IN | RT_NEEDS_OUT),
                                       .attrs = leaky_attrs, .attr_count = 1, .reads = reads_x,
                                       .act = act};
const struct rt_op rt_op_elu = {UNARY(elu, "Elu", RT_NEEDS_IN), .attrs = elu_attrs,
                                .attr_count = 1};
const struct rt_op rt_op_sigmoid = {UNARY(sigmoid, "Sigmoid", RT_NEEDS_OUT)};
const struct rt_op rt_op_tanh = {UNARY(tanh, "Tanh", RT_NEEDS_OUT)};
const struct rt_op rt_op_hard_swish = {UNARY(hard_swish, "HardSwish", RT_NEEDS_IN)};
const struct rt_op rt_op_gelu = {UNARY(gelu, "Gelu", RT_NEEDS_IN), .attrs = gelu_attrs,
                                 .attr_count = 1};
const struct rt_op rt_op_sqrt = {UNARY(sqrt, "Sqrt", RT_NEEDS_OUT)};
const struct rt_op rt_op_exp = {UNARY(exp, "Exp", RT_NEEDS_OUT)};
const struct rt_op rt_op_log = {UNARY(log, "Log", RT_NEEDS_IN)};
const struct rt_op rt_op_neg = {UNARY(neg, "Neg", 0)};
const struct rt_op rt_op_abs = {UNARY(abs, "Abs", RT_NEEDS_IN)};
