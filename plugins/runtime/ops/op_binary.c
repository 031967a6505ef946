/* op_binary.c - add sub mul div pow of two inputs with numpy's broadcasting. Gradients of what is
 * repeated are sums in double, in an order fixed by the shapes. Integers (shapes) are computed
 * while planning: division truncates, overflow wraps; an integer input beside a float one is
 * converted. */
#include "ties.h"
#include "broadcast.h"
#include "fold.h"
#include <impasto/kit.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { A, B };

extern const struct rt_op rt_op_add, rt_op_sub, rt_op_mul, rt_op_div, rt_op_pow;

/* ---- values: n elements of a row; step 0: one number for all of them ---- */

typedef float number_fn(float a, float b);
typedef void value_fn(const float *restrict a, int64_t step_a, const float *restrict b,
                      int64_t step_b, float *restrict y, int64_t n);

static inline float sum_of(float a, float b)
{
    return a + b;
}

static inline float difference_of(float a, float b)
{
    return a - b;
}

static inline float product_of(float a, float b)
{
    return a * b;
}

static inline float quotient_of(float a, float b)
{
    return a / b;
}

/* Rounded from double. */
static inline float power_of(float a, float b)
{
    return (float)kit_pow((double)a, (double)b);
}

static inline void each_value(number_fn *f, const float *restrict a, int64_t step_a,
                              const float *restrict b, int64_t step_b, float *restrict y, int64_t n)
{
    const float first_a = n ? *a : 0, first_b = n ? *b : 0;
    if (step_a && step_b)
        for (int64_t i = 0; i < n; i++)
            y[i] = f(a[i], b[i]);
    else if (step_a)
        for (int64_t i = 0; i < n; i++)
            y[i] = f(a[i], first_b);
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = f(first_a, b[step_b * i]);
}

KIT_CLONES
static void add(const float *restrict a, int64_t step_a, const float *restrict b, int64_t step_b,
                float *restrict y, int64_t n)
{
    each_value(sum_of, a, step_a, b, step_b, y, n);
}

KIT_CLONES
static void subtract(const float *restrict a, int64_t step_a, const float *restrict b,
                     int64_t step_b, float *restrict y, int64_t n)
{
    each_value(difference_of, a, step_a, b, step_b, y, n);
}

KIT_CLONES
static void multiply(const float *restrict a, int64_t step_a, const float *restrict b,
                     int64_t step_b, float *restrict y, int64_t n)
{
    each_value(product_of, a, step_a, b, step_b, y, n);
}

KIT_CLONES
static void divide(const float *restrict a, int64_t step_a, const float *restrict b, int64_t step_b,
                   float *restrict y, int64_t n)
{
    each_value(quotient_of, a, step_a, b, step_b, y, n);
}

/* Squares and roots are what networks have. */
static void power(const float *restrict a, int64_t step_a, const float *restrict b, int64_t step_b,
                  float *restrict y, int64_t n)
{
    if (step_a && !step_b && n && *b == 2)
        multiply(a, 1, a, 1, y, n);
    else if (step_a && !step_b && n && *b == 0.5f)
        for (int64_t i = 0; i < n; i++)
            y[i] = sqrtf(a[i]);
    else
        each_value(power_of, a, step_a, b, step_b, y, n);
}

/* ---- derivatives, times the gradient g of the result ---- */

typedef float term_fn(float a, float b, float g);
typedef void slope_fn(const float *a, int64_t step_a, const float *b, int64_t step_b,
                      const float *g, float *restrict to, int64_t n);

static inline void each_term(term_fn *f, const float *a, int64_t step_a, const float *b,
                             int64_t step_b, const float *g, float *restrict to, int64_t n)
{
    if (step_a && step_b)
        for (int64_t i = 0; i < n; i++)
            to[i] = f(a[i], b[i], g[i]);
    else
        for (int64_t i = 0; i < n; i++)
            to[i] = f(a[step_a * i], b[step_b * i], g[i]);
}

static inline float by_divisor(float a, float b, float g)
{
    (void)a;
    return g / b;
}

static inline float by_quotient(float a, float b, float g)
{
    return -g * (a / b / b);
}

static inline float by_other(float a, float b, float g)
{
    (void)a;
    return g * b;
}

/* b a^(b - 1); a^0 is constant, also at 0 */
static inline float by_base(float a, float b, float g)
{
    return b == 0 ? 0 : (float)((double)g * (double)b * kit_pow((double)a, (double)b - 1));
}

/* a^b ln a; at 0 it is 0 for every b that has a value there */
static inline float by_exponent(float a, float b, float g)
{
    if (a == 0 && b >= 0)
        return 0;
    return (float)((double)g * kit_pow((double)a, (double)b) * kit_log((double)a));
}

static void slope_one(const float *a, int64_t step_a, const float *b, int64_t step_b,
                      const float *g, float *restrict to, int64_t n)
{
    (void)a, (void)step_a, (void)b, (void)step_b;
    memcpy(to, g, (size_t)n * sizeof *to);
}

static void slope_minus_one(const float *a, int64_t step_a, const float *b, int64_t step_b,
                            const float *g, float *restrict to, int64_t n)
{
    (void)a, (void)step_a, (void)b, (void)step_b;
    for (int64_t i = 0; i < n; i++)
        to[i] = -g[i];
}

KIT_CLONES
static void slope_other(const float *a, int64_t step_a, const float *b, int64_t step_b,
                        const float *g, float *restrict to, int64_t n)
{
    each_term(by_other, a, step_a, b, step_b, g, to, n);
}

static void slope_product_b(const float *a, int64_t step_a, const float *b, int64_t step_b,
                            const float *g, float *restrict to, int64_t n)
{
    slope_other(b, step_b, a, step_a, g, to, n);
}

KIT_CLONES
static void slope_divisor(const float *a, int64_t step_a, const float *b, int64_t step_b,
                          const float *g, float *restrict to, int64_t n)
{
    each_term(by_divisor, a, step_a, b, step_b, g, to, n);
}

KIT_CLONES
static void slope_quotient(const float *a, int64_t step_a, const float *b, int64_t step_b,
                           const float *g, float *restrict to, int64_t n)
{
    each_term(by_quotient, a, step_a, b, step_b, g, to, n);
}

static void slope_base(const float *a, int64_t step_a, const float *b, int64_t step_b,
                       const float *g, float *restrict to, int64_t n)
{
    each_term(by_base, a, step_a, b, step_b, g, to, n);
}

static void slope_exponent(const float *a, int64_t step_a, const float *b, int64_t step_b,
                           const float *g, float *restrict to, int64_t n)
{
    each_term(by_exponent, a, step_a, b, step_b, g, to, n);
}

struct binary {
    const struct rt_op *op;
    value_fn *value;
    slope_fn *slope[2];
    double cost; /* of an element, in simple operations */
};

static const struct binary *binary_of(const struct rt_node *node)
{
    static const struct binary table[] = {
        {&rt_op_add, add, {slope_one, slope_one}, 1},
        {&rt_op_sub, subtract, {slope_one, slope_minus_one}, 1},
        {&rt_op_mul, multiply, {slope_other, slope_product_b}, 1},
        {&rt_op_div, divide, {slope_divisor, slope_quotient}, 2},
        {&rt_op_pow, power, {slope_base, slope_exponent}, 64},
    };
    uint32_t i = 0;
    while (i + 1 < RT_COUNT(table) && table[i].op != node->op)
        i++;
    return &table[i];
}

/* ---- running ---- */

struct work {
    const struct rt_call *call;
    const struct binary *f;
    struct rt_walk walk;
    const float *part[2];
    int64_t step[2]; /* within a row */
    uint32_t pieces, slot;
};

/* The numbers of a slot; known integers are converted into scratch. */
static const float *numbers_of(const struct rt_call *c, uint32_t slot, float **scratch)
{
    const struct rt_tensor *t = c->in_info[slot]->known;
    if (c->in_info[slot]->dtype == IMP_F32 || !t)
        return c->in[slot];
    float *to = *scratch;
    for (int64_t i = 0; i < t->count; i++)
        to[i] = (float)rt_integers(t)[i];
    *scratch += t->count;
    return to;
}

static struct work work_of(const struct rt_call *c)
{
    struct work w = {.call = c, .f = binary_of(c->node)};
    float *scratch = c->scratch;
    rt_walk_init(&w.walk, &c->out_info->shape, &c->in_info[A]->shape, &c->in_info[B]->shape);
    for (uint32_t p = A; p <= B; p++) {
        w.part[p] = numbers_of(c, p, &scratch);
        w.step[p] = w.walk.step[p][w.walk.ndim - 1];
    }
    w.pieces = rt_pieces(w.walk.rows * w.walk.length, w.f->cost);
    return w;
}

static const float *part_at(const struct work *w, uint32_t p, int64_t row, int64_t column)
{
    return w->part[p] + rt_walk_at(&w->walk, p, row) + column * w->step[p];
}

/* The part of a row that begins at element `at` of the whole and ends before `to`. */
static struct rt_stretch stretch_at(const struct work *w, int64_t at, int64_t to, int64_t most)
{
    struct rt_stretch s = {.row = at / w->walk.length, .column = at % w->walk.length};
    const int64_t left = w->walk.length - s.column, wanted = to - at < most ? to - at : most;
    s.n = left < wanted ? left : wanted;
    return s;
}

/* What lies where the result goes is copied first: the loops may count on separate memories. */
static const float *apart(const float *x, const float *y, float *copy, int64_t n)
{
    return x == y ? memcpy(copy, x, (size_t)n * sizeof *copy) : x;
}

static void value_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    float copy[2][RT_STRETCH];
    int64_t at, to;
    rt_piece(w->walk.rows * w->walk.length, w->pieces, i, &at, &to);
    const bool in_place = w->call->out == w->part[A] || w->call->out == w->part[B];
    while (at < to) {
        const struct rt_stretch s = stretch_at(w, at, to, in_place ? RT_STRETCH : to - at);
        float *y = w->call->out + at;
        const float *a = part_at(w, A, s.row, s.column), *b = part_at(w, B, s.row, s.column);
        if (in_place) {
            a = apart(a, y, copy[A], s.n);
            b = apart(b, y, copy[B], s.n);
        }
        w->f->value(a, w->step[A], b, w->step[B], y, s.n);
        at += s.n;
    }
}

static imp_status forward(const struct rt_call *c)
{
    struct work w = work_of(c);
    return rt_parallel(c->job, w.pieces, value_piece, &w);
}

static void terms(const struct work *w, const struct rt_stretch *s, float *to)
{
    const float *g = w->call->out_grad + s->row * w->walk.length + s->column;
    const bool reads = w->call->node->op->flags & RT_NEEDS_IN;
    const float *a = reads ? part_at(w, A, s->row, s->column) : g;
    const float *b = reads ? part_at(w, B, s->row, s->column) : g;
    w->f->slope[w->slot](a, w->step[A], b, w->step[B], g, to, s->n);
}

static void slope_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    float term[RT_STRETCH];
    int64_t at, to;
    rt_piece(w->walk.rows * w->walk.length, w->pieces, i, &at, &to);
    while (at < to) {
        const struct rt_stretch s = stretch_at(w, at, to, RT_STRETCH);
        float *dx = w->call->in_grad[w->slot] + at;
        terms(w, &s, term);
        for (int64_t j = 0; j < s.n; j++)
            dx[j] += term[j];
        at += s.n;
    }
}

static void visit(void *user, const struct rt_stretch *s)
{
    float term[RT_STRETCH];
    terms(user, s, term);
    rt_stretch_add(s, term);
}

static void finish(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    for (int64_t i = 0; i < s->n; i++)
        w->call->in_grad[w->slot][s->first + i] += (float)s->sum[i];
}

static imp_status backward(const struct rt_call *c)
{
    struct work w = work_of(c);
    imp_status st = IMP_OK;
    for (w.slot = A; w.slot <= B && st == IMP_OK; w.slot++) {
        if (!c->in_grad[w.slot])
            continue;
        if (rt_walk_repeats(&w.walk, w.slot))
            st = rt_walk_fold(c->job, &w.walk, w.slot, 0, w.f->cost + 1, visit, finish, &w);
        else
            st = rt_parallel(c->job, w.pieces, slope_piece, &w);
    }
    return st;
}

static void need(const struct rt_call *c, struct rt_need *need)
{
    for (uint32_t p = A; p <= B; p++)
        if (c->in_info[p]->dtype == IMP_I64)
            need->scratch += (uint64_t)rt_count(&c->in_info[p]->shape) * sizeof(float);
    need->scratch_backward = need->scratch;
}

/* ---- planning ---- */

/* base^n by repeated squaring; a negative power is a whole number for 1 and -1 only. */
static int64_t integer_power(int64_t base, int64_t n)
{
    uint64_t y = 1, square = (uint64_t)base;
    if (n < 0)
        return base == 1 ? 1 : base == -1 ? (n & 1 ? -1 : 1) : 0;
    for (; n; n >>= 1, square *= square)
        y *= n & 1 ? square : 1;
    return (int64_t)y;
}

static imp_status integer_of(const struct rt_op *op, int64_t a, int64_t b, int64_t *y,
                             imp_error *err)
{
    const uint64_t x = (uint64_t)a, z = (uint64_t)b;
    if (op == &rt_op_div && b == 0)
        return imp_fail(err, IMP_E_INPUT, "the integer %lld is divided by 0", (long long)a);
    if (op == &rt_op_div)
        *y = b == -1 ? (int64_t)(0 - x) : a / b;
    else if (op == &rt_op_pow)
        *y = integer_power(a, b);
    else
        *y = (int64_t)(op == &rt_op_add ? x + z : op == &rt_op_sub ? x - z : x * z);
    return IMP_OK;
}

/* An integer to a power that is not one; what does not fit is 0. */
static int64_t truncated_power(int64_t a, float b)
{
    const double v = kit_pow((double)a, (double)b);
    return v >= -0x1p62 && v <= 0x1p62 ? (int64_t)v : 0;
}

static imp_status fold_integers(const struct rt_infer *in, imp_error *err)
{
    const struct rt_tensor *a = in->in[A]->known, *b = in->in[B]->known;
    struct rt_walk w;
    rt_walk_init(&w, &in->out.shape, &a->shape, &b->shape);
    imp_status st = IMP_OK;
    for (int64_t i = 0; i < in->known->count && st == IMP_OK; i++) {
        const int64_t row = i / w.length, column = i % w.length;
        const int64_t at = rt_walk_at(&w, A, row) + column * w.step[A][w.ndim - 1];
        const int64_t other = rt_walk_at(&w, B, row) + column * w.step[B][w.ndim - 1];
        int64_t *y = &rt_integers(in->known)[i];
        if (b->dtype == IMP_I64)
            st = integer_of(in->node->op, rt_integers(a)[at], rt_integers(b)[other], y, err);
        else
            *y = truncated_power(rt_integers(a)[at], rt_floats(b)[other]);
    }
    return st;
}

static imp_status fold_floats(const struct rt_infer *in, imp_error *err)
{
    const struct rt_tensor *a = in->in[A]->known, *b = in->in[B]->known;
    const float *const values[] = {rt_floats(a), rt_floats(b)};
    float *scratch = calloc((size_t)(a->count + b->count) + 1, sizeof *scratch);
    if (!scratch)
        return imp_fail(err, IMP_E_MEMORY, "no memory for known values");
    const struct rt_call call = {.node = in->node,
                                 .in_info = in->in,
                                 .in = values,
                                 .input_count = in->input_count,
                                 .out = rt_floats(in->known),
                                 .out_info = &in->out,
                                 .scratch = scratch};
    const imp_status st = forward(&call);
    free(scratch);
    return st;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_info *a = in->in[A], *b = in->in[B];
    char left[128], right[128];
    if (!rt_broadcast(&a->shape, &b->shape, &in->out.shape))
        return imp_fail(
            err, IMP_E_INPUT,
            "shapes %s and %s do not fit: aligned at the last axis, sizes must be equal or 1",
            rt_shape_text(&a->shape, left, sizeof left),
            rt_shape_text(&b->shape, right, sizeof right));
    const bool power = in->node->op == &rt_op_pow, known = a->known && b->known;
    const bool integers = a->dtype == IMP_I64 && (power || b->dtype == IMP_I64);
    in->out.dtype = integers ? IMP_I64 : IMP_F32;
    if (integers && !known)
        return imp_fail(err, IMP_E_INPUT, "%s of an integer with what is not known before the run",
                        in->node->op->name);
    if (!rt_fold_wanted(&in->out, known))
        return IMP_OK;
    const imp_status st = rt_fold_begin(in, err);
    return st != IMP_OK ? st : integers ? fold_integers(in, err) : fold_floats(in, err);
}

/* ---- the descriptors ---- */

static const struct rt_slot slots[] = {[A] = {.name = "a"}, [B] = {.name = "b"}};

#define BINARY(id, official, needs)                                                                \
    .name = #id, .onnx = official, .limits = "", .slots = slots, .slot_count = 2,                  \
    .flags = RT_INPLACE | (needs), .infer = infer, .need = need, .forward = forward,               \
    .backward = backward, .couple = rt_tie_elementwise

const struct rt_op rt_op_add = {BINARY(add, "Add", 0)};
const struct rt_op rt_op_sub = {BINARY(sub, "Sub", 0)};
const struct rt_op rt_op_mul = {BINARY(mul, "Mul", RT_NEEDS_IN)};
const struct rt_op rt_op_div = {BINARY(div, "Div", RT_NEEDS_IN)};
const struct rt_op rt_op_pow = {BINARY(pow, "Pow", RT_NEEDS_IN)};
