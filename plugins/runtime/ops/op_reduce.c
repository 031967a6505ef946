/* op_reduce.c - mean, sum and largest over axes. The reduced value is the repeated part of a walk
 * over x. The gradient of max goes to the first of equal values, in row-major order. */
#include "ties.h"
#include "broadcast.h"
#include "fold.h"
#include <math.h>
#include <string.h>

enum { AXES, KEEPDIMS, NOOP };
enum { X, AXES_SLOT };

extern const struct rt_op rt_op_reduce_mean, rt_op_reduce_sum, rt_op_reduce_max;

/* ---- shape ---- */

/* Which axes go; an axis out of range is answered with its number in *bad. */
static imp_status axes_of(const struct rt_node *node, const struct rt_info *const *in,
                          uint32_t input_count, bool *gone, int64_t *bad)
{
    const uint32_t ndim = in[X]->shape.ndim;
    uint32_t n;
    const int64_t *axes = rt_static_ints(node, in, input_count, AXES, AXES_SLOT, &n);
    for (uint32_t k = 0; k < ndim; k++)
        gone[k] = !n && !rt_int(node, NOOP);
    for (uint32_t k = 0; k < n; k++) {
        const int a = rt_axis(axes[k], ndim);
        if (a < 0) {
            *bad = axes[k];
            return IMP_E_INPUT;
        }
        gone[a] = true;
    }
    return IMP_OK;
}

/* x's shape with 1 for the axes that go: what the result is, whether these axes are kept or not. */
static struct rt_shape kept_shape(const struct rt_shape *x, const bool *gone)
{
    struct rt_shape s = *x;
    for (uint32_t k = 0; k < s.ndim; k++)
        s.dim[k] = gone[k] ? 1 : s.dim[k];
    return s;
}

/* ---- work ---- */

struct work {
    const struct rt_call *call;
    struct rt_walk walk; /* part 0: the result */
    double scale;
    const int64_t *integers; /* of x, while folding */
};

static void visit_sum(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    rt_stretch_add(s, w->call->in[X] + s->row * w->walk.length + s->column);
}

/* NaN is larger than everything, and stays. */
static inline double larger(double best, double v)
{
    return v > best || v != v ? v : best;
}

static void visit_max(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    const float *x = w->call->in[X] + s->row * w->walk.length + s->column;
    for (int64_t i = 0; i < s->n; i++) {
        double *best = &s->sum[s->spread ? i : 0];
        *best = larger(*best, (double)x[i]);
    }
}

static void store(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    for (int64_t i = 0; i < s->n; i++)
        w->call->out[s->first + i] = (float)(s->sum[i] * w->scale);
}

static struct work work_of(const struct rt_call *c)
{
    struct work w = {.call = c, .scale = 1};
    bool gone[RT_RANK];
    int64_t bad;
    const struct rt_shape *x = &c->in_info[X]->shape;
    axes_of(c->node, c->in_info, c->input_count, gone, &bad); /* infer has seen that they fit */
    const struct rt_shape kept = kept_shape(x, gone);
    rt_walk_init(&w.walk, x, &kept, x);
    if (c->node->op == &rt_op_reduce_mean)
        w.scale = (double)rt_count(&kept) / (double)rt_count(x);
    return w;
}

static imp_status forward(const struct rt_call *c)
{
    struct work w = work_of(c);
    if (c->node->op == &rt_op_reduce_max)
        return rt_walk_fold(c->job, &w.walk, 0, -(double)INFINITY, 2, visit_max, store, &w);
    return rt_walk_fold(c->job, &w.walk, 0, 0, 1, visit_sum, store, &w);
}

/* ---- backward ---- */

static void spread_gradient(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    const float *g = w->call->out_grad + s->first, scale = (float)w->scale;
    float *dx = w->call->in_grad[X] + s->row * w->walk.length + s->column;
    for (int64_t i = 0; i < s->n; i++)
        dx[i] += g[s->spread ? i : 0] * scale;
}

/* The sum counts whether the element has been given away. */
static void give_to_first(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    const int64_t at = s->row * w->walk.length + s->column;
    const float *x = w->call->in[X] + at;
    for (int64_t i = 0; i < s->n; i++) {
        const int64_t j = s->spread ? i : 0;
        const float best = w->call->out[s->first + j];
        if (s->sum[j] > 0 || !(x[i] == best || (x[i] != x[i] && best != best)))
            continue;
        s->sum[j] = 1;
        w->call->in_grad[X][at + i] += w->call->out_grad[s->first + j];
    }
}

static void nothing(void *user, const struct rt_stretch *s)
{
    (void)user, (void)s;
}

static imp_status backward(const struct rt_call *c)
{
    if (!c->in_grad[X])
        return IMP_OK;
    struct work w = work_of(c);
    const bool max = c->node->op == &rt_op_reduce_max;
    return rt_walk_fold(c->job, &w.walk, 0, 0, 2, max ? give_to_first : spread_gradient, nothing,
                        &w);
}

/* ---- planning ---- */

/* Sums of integers go through double: exact up to 2^53, far beyond any shape. */
static void visit_integers(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    const int64_t *x = w->integers + s->row * w->walk.length + s->column;
    const bool max = w->call->node->op == &rt_op_reduce_max;
    for (int64_t i = 0; i < s->n; i++) {
        double *sum = &s->sum[s->spread ? i : 0];
        *sum = max ? larger(*sum, (double)x[i]) : *sum + (double)x[i];
    }
}

static void store_integers(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    int64_t *y = rt_integers(w->call->out_info->known);
    for (int64_t i = 0; i < s->n; i++) {
        const double v = trunc(s->sum[i] * w->scale);
        y[s->first + i] = v >= -0x1p62 && v <= 0x1p62 ? (int64_t)v : 0;
    }
}

static imp_status fold(struct rt_infer *in, imp_error *err)
{
    const imp_status st = rt_fold_begin(in, err);
    if (st != IMP_OK)
        return st;
    const struct rt_tensor *x = in->in[X]->known;
    const struct rt_info out = {.shape = in->out.shape, .known = in->known};
    struct rt_call c = {
        .node = in->node, .in_info = in->in, .input_count = in->input_count, .out_info = &out};
    if (x->dtype == IMP_F32) {
        const float *const values[] = {rt_floats(x)};
        c.in = values;
        c.out = rt_floats(in->known);
        return forward(&c);
    }
    struct work w = work_of(&c);
    const double begin = in->node->op == &rt_op_reduce_max ? -(double)INFINITY : 0;
    w.integers = rt_integers(x);
    return rt_walk_fold(NULL, &w.walk, 0, begin, 1, visit_integers, store_integers, &w);
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_info *x = in->in[X];
    bool gone[RT_RANK];
    int64_t bad = 0;
    if (axes_of(in->node, in->in, in->input_count, gone, &bad) != IMP_OK)
        return imp_fail(err, IMP_E_INPUT, "axis %lld of an input with %u axes", (long long)bad,
                        x->shape.ndim);
    const bool keep = rt_int(in->node, KEEPDIMS) != 0;
    in->out.shape.ndim = 0;
    for (uint32_t k = 0; k < x->shape.ndim; k++)
        if (keep || !gone[k])
            in->out.shape.dim[in->out.shape.ndim++] = gone[k] ? 1 : x->shape.dim[k];
    return rt_fold_wanted(&in->out, x->known != NULL) ? fold(in, err) : IMP_OK;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    bool gone[RT_RANK] = {false};
    int64_t bad;
    axes_of(c->node, c->in_info, c->input_count, gone, &bad);
    const bool stays = !gone[0] || rt_int(c->node, KEEPDIMS); /* else axis 1 becomes axis 0 */
    if (c->in_info[X]->shape.ndim > 1 && !gone[1] && stays && c->out_info->shape.ndim > 1) {
        rt_tie_all(t, X, RT_OUT);
        return;
    }
    const char *why = gone[1] ? "reduced over channels" : "reduced over the batch";
    rt_tie_lock(t, X, -1, why);
    rt_tie_lock(t, RT_OUT, -1, why);
}

/* ---- the descriptors ---- */

static const struct rt_attr_def attrs[] = {
    [AXES] = {.key = "axes", .onnx = "axes", .type = RT_INTS},
    [KEEPDIMS] = {.key = "keepdims", .onnx = "keepdims", .type = RT_BOOL, .def = 1},
    [NOOP] = {.key = "noop", .onnx = "noop_with_empty_axes", .type = RT_BOOL},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [AXES_SLOT] = {.name = "axes", .flags = RT_SLOT_OPTIONAL | RT_SLOT_STATIC},
};

#define REDUCE(official, text, needs)                                                              \
    .onnx = official, .limits = text, .attrs = attrs, .attr_count = RT_COUNT(attrs),               \
    .slots = slots, .slot_count = RT_COUNT(slots), .flags = needs, .infer = infer,                 \
    .forward = forward, .backward = backward, .couple = couple

const struct rt_op rt_op_reduce_mean = {.name = "reduce_mean", REDUCE("ReduceMean", "", 0)};
const struct rt_op rt_op_reduce_sum = {.name = "reduce_sum", REDUCE("ReduceSum", "", 0)};
const struct rt_op rt_op_reduce_max = {.name = "reduce_max",
                                       REDUCE("ReduceMax",
                                              "its gradient goes to the first of equal values",
                                              RT_NEEDS_IN | RT_NEEDS_OUT)};
