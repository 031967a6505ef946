/* op_layer_norm.c - y = (x - mean) / sqrt(variance + epsilon) * weight + bias, mean and variance
 * over all axes from `axis` on: a row. ONNX's other results, mean and 1 / sqrt(variance + epsilon),
 * are nodes of their own: result = 1, 2. */
#include "ties.h"
#include "fold.h"
#include "norm.h"
#include <impasto/kit.h>
#include <math.h>

enum { AXIS, EPSILON, STASH_TYPE, RESULT }; /* attributes */
enum { X, WEIGHT, BIAS };                   /* slots */
enum { Y, MEAN, INVERSE };                  /* RESULT */
enum { COLUMNS = 64 };

extern const struct rt_op rt_op_layer_norm;

struct work {
    const struct rt_call *call;
    struct rt_norm_group group; /* a row */
    double epsilon;
    int64_t rows, blocks, result;
    struct rt_moments *saved; /* of each row */
    const float *bias;        /* NULL: none */
    uint32_t pieces, block_pieces;
};

static uint32_t axis_of(const struct rt_node *node, uint32_t ndim)
{
    return (uint32_t)rt_axis(rt_int(node, AXIS), ndim);
}

static struct work work_of(const struct rt_call *c)
{
    const struct rt_shape *x = &c->in_info[X]->shape;
    const uint32_t axis = axis_of(c->node, x->ndim);
    struct work w = {.call = c,
                     .epsilon = rt_float(c->node, EPSILON),
                     .saved = c->saved,
                     .result = rt_int(c->node, RESULT),
                     .rows = rt_product(x, 0, axis)};
    w.group = (struct rt_norm_group){.segments = 1, .length = rt_product(x, axis, x->ndim)};
    w.blocks = (w.group.length + COLUMNS - 1) / COLUMNS;
    w.bias = c->input_count > BIAS ? c->in[BIAS] : NULL;
    w.pieces = rt_pieces(w.rows, 6 * (double)w.group.length);
    w.block_pieces = rt_pieces(w.blocks, 2.0 * COLUMNS * (double)w.rows);
    return w;
}

KIT_CLONES
static void scale(float *restrict y, const float *restrict weight, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] *= weight[i];
}

KIT_CLONES
static void shift(float *restrict y, const float *restrict bias, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        y[i] += bias[i];
}

static double inverse_of(const struct work *w, int64_t row)
{
    return 1 / sqrt(w->saved[row].variance + w->epsilon);
}

static void forward_row(const struct work *w, int64_t row)
{
    const struct rt_call *call = w->call;
    const int64_t n = w->group.length;
    const float *x = call->in[X] + row * n;
    w->saved[row] = rt_moments_of(x, &w->group);
    if (w->result != Y) {
        call->out[row] = (float)(w->result == MEAN ? w->saved[row].mean : inverse_of(w, row));
        return;
    }
    float *y = call->out + row * n;
    const struct rt_affine a = {.mean = w->saved[row].mean, .factor = inverse_of(w, row)};
    rt_affine_apply(x, y, &w->group, &a);
    scale(y, call->in[WEIGHT], n);
    if (w->bias)
        shift(y, w->bias, n);
}

/* Sums of u = g weight and of u (x - mean), eight side by side. */
KIT_CLONES
static struct rt_slopes row_slopes(const float *x, const float *g, const float *weight, double mean,
                                   int64_t n)
{
    double a[8] = {0}, b[8] = {0};
    for (int64_t i = 0; i < n; i += 8)
        for (int64_t j = 0; j < 8 && i + j < n; j++) {
            const double u = (double)g[i + j] * (double)weight[i + j];
            a[j] += u;
            b[j] += u * ((double)x[i + j] - mean);
        }
    struct rt_slopes s = {0, 0};
    for (int64_t j = 0; j < 8; j++) {
        s.g += a[j];
        s.gx += b[j];
    }
    return s;
}

/* dx += inverse (g weight - u - (x - mean) uh) */
KIT_CLONES
static void row_back(const float *restrict x, const float *restrict g, const float *restrict weight,
                     float *restrict dx, int64_t n, double mean, double inverse, double u,
                     double uh)
{
    for (int64_t i = 0; i < n; i++) {
        const double v = (double)g[i] * (double)weight[i];
        dx[i] += (float)(inverse * (v - u - ((double)x[i] - mean) * uh));
    }
}

/* With u = g weight, h = (x - mean) inverse, and means over the row:
 *   dx = inverse (u - mean(u) - h mean(u h)) */
static void backward_row(const struct work *w, int64_t row)
{
    const struct rt_call *call = w->call;
    const int64_t n = w->group.length;
    const float *x = call->in[X] + row * n, *g = call->out_grad + row * n;
    const double mean = w->saved[row].mean, inverse = inverse_of(w, row);
    const struct rt_slopes s = row_slopes(x, g, call->in[WEIGHT], mean, n);
    row_back(x, g, call->in[WEIGHT], call->in_grad[X] + row * n, n, mean, inverse, s.g / (double)n,
             s.gx * inverse * inverse / (double)n);
}

/* d mean / dx = 1 / n, d inverse / dx = -inverse^3 (x - mean) / n */
static void backward_statistic(const struct work *w, int64_t row)
{
    const int64_t at = row * w->group.length;
    const float *x = w->call->in[X] + at;
    const double inverse = inverse_of(w, row);
    const double each = (double)w->call->out_grad[row] / (double)w->group.length;
    const bool mean = w->result == MEAN;
    const struct rt_back b = {.mean = w->saved[row].mean,
                              .shift = mean ? each : 0,
                              .slope = mean ? 0 : -each * inverse * inverse * inverse};
    rt_back_apply(x, x, w->call->in_grad[X] + at, &w->group, &b);
}

KIT_CLONES
static void add_columns(const float *restrict x, const float *restrict g, double mean,
                        double inverse, double *restrict weight, double *restrict bias, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        weight[i] += (double)g[i] * ((double)x[i] - mean) * inverse;
        bias[i] += (double)g[i];
    }
}

/* d weight += sum over rows of g h, d bias += sum of g, for one block of columns */
static void backward_columns(const struct work *w, int64_t first, int64_t n)
{
    double weight[COLUMNS] = {0}, bias[COLUMNS] = {0};
    float *const *grads = w->call->in_grad;
    for (int64_t row = 0; row < w->rows; row++) {
        const float *x = w->call->in[X] + row * w->group.length + first;
        const float *g = w->call->out_grad + row * w->group.length + first;
        add_columns(x, g, w->saved[row].mean, inverse_of(w, row), weight, bias, n);
    }
    for (int64_t i = 0; i < n && grads[WEIGHT]; i++)
        grads[WEIGHT][first + i] += (float)weight[i];
    for (int64_t i = 0; i < n && w->bias && grads[BIAS]; i++)
        grads[BIAS][first + i] += (float)bias[i];
}

static void forward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t row, to;
    rt_piece(w->rows, w->pieces, i, &row, &to);
    for (; row < to; row++)
        forward_row(w, row);
}

static void backward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t row, to;
    rt_piece(w->rows, w->pieces, i, &row, &to);
    for (; row < to; row++)
        (w->result == Y ? backward_row : backward_statistic)(w, row);
}

static void columns_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t block, to;
    rt_piece(w->blocks, w->block_pieces, i, &block, &to);
    for (; block < to; block++) {
        const int64_t first = block * COLUMNS, left = w->group.length - first;
        backward_columns(w, first, left < COLUMNS ? left : COLUMNS);
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
    imp_status st = IMP_OK;
    if (c->in_grad[X])
        st = rt_parallel(c->job, w.pieces, backward_piece, &w);
    if (st == IMP_OK && w.result == Y && (c->in_grad[WEIGHT] || (w.bias && c->in_grad[BIAS])))
        st = rt_parallel(c->job, w.block_pieces, columns_piece, &w);
    return st;
}

static void need(const struct rt_call *c, struct rt_need *need)
{
    const struct rt_shape *x = &c->in_info[X]->shape;
    const int64_t rows = rt_product(x, 0, axis_of(c->node, x->ndim));
    need->saved = (uint64_t)rows * sizeof(struct rt_moments);
}

/* The axes from `axis` on, as they are or with ones in front. */
static bool fits(const struct rt_shape *weight, const struct rt_shape *x, uint32_t axis)
{
    struct rt_shape w = *weight, row = rt_shape_of(x->ndim - axis, x->dim + axis);
    while (w.ndim > row.ndim && w.dim[0] == 1)
        w = rt_shape_of(w.ndim - 1, w.dim + 1);
    return rt_same_shape(&w, &row);
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    const int64_t given = rt_int(in->node, AXIS), result = rt_int(in->node, RESULT);
    const int axis = rt_axis(given, x->ndim);
    char text[128], want[128];
    if (axis < 0)
        return imp_fail(err, IMP_E_INPUT, "axis %lld of an input with %u axes", (long long)given,
                        x->ndim);
    for (uint32_t s = X; s < in->input_count && s <= BIAS; s++) {
        const imp_status st = in->in[s] ? rt_floats_only(in, s, err) : IMP_OK;
        if (st != IMP_OK)
            return st;
        if (s != X && in->in[s] && !fits(&in->in[s]->shape, x, (uint32_t)axis))
            return imp_fail(err, IMP_E_INPUT, "'%s' has shape %s, the input %s from axis %d on",
                            in->node->op->slots[s].name,
                            rt_shape_text(&in->in[s]->shape, text, sizeof text),
                            rt_shape_text(x, want, sizeof want), axis);
    }
    in->out.shape = *x;
    for (uint32_t k = (uint32_t)axis; result != Y && k < x->ndim; k++)
        in->out.shape.dim[k] = 1;
    return IMP_OK;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    if (axis_of(c->node, c->in_info[X]->shape.ndim) > 1) {
        rt_tie_all(t, X, RT_OUT);
        return;
    }
    rt_tie_lock(t, X, -1, "normalised over channels");
    rt_tie_lock(t, RT_OUT, -1, "normalised over channels");
}

static const struct rt_attr_def attrs[] = {
    [AXIS] = {.key = "axis", .onnx = "axis", .type = RT_INT, .def = -1},
    [EPSILON] = {.key = "epsilon", .onnx = "epsilon", .type = RT_FLOAT, .def = 1e-5},
    [STASH_TYPE] = {.key = "stash_type", .onnx = "stash_type", .type = RT_INT, .def = 1},
    [RESULT] = {.key = "result", .type = RT_INT},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [WEIGHT] = {.name = "weight", .flags = RT_SLOT_PARAM},
    [BIAS] = {.name = "bias", .flags = RT_SLOT_PARAM | RT_SLOT_OPTIONAL},
};
const struct rt_op rt_op_layer_norm = {.name = "layer_norm",
                                       .onnx = "LayerNormalization",
                                       .limits =
                                           "weight and bias have the shape of the normalised axes",
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
