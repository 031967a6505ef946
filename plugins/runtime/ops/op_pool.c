/* op_pool.c - the largest or the mean of each window: max_pool, average_pool, global_average_pool.
 *
 * Any number of spatial axes: one window is a list of taps, offsets into a plane. The last axis is
 * worked on a row at a time, tap by tap, so that the loops are straight. */
#include "conv_shape.h"
#include "../ties.h"

#include <impasto/kit.h>
#include <math.h>
#include <string.h>

extern const struct rt_op rt_op_max_pool, rt_op_average_pool, rt_op_global_average_pool;

enum { KERNEL, STRIDE, PAD, DILATION, AUTO_PAD, CEIL, EXTRA };
enum { STORAGE_ORDER = EXTRA, INCLUDE_PAD = EXTRA };
#define WINDOW_ATTRS                                                                               \
    [KERNEL] = {.key = "kernel", .onnx = "kernel_shape", .type = RT_INTS},                         \
    [STRIDE] = {.key = "stride", .onnx = "strides", .type = RT_INTS},                              \
    [PAD] = {.key = "pad", .onnx = "pads", .type = RT_INTS},                                       \
    [DILATION] = {.key = "dilation", .onnx = "dilations", .type = RT_INTS},                        \
    [AUTO_PAD] = {.key = "auto_pad",                                                               \
                  .onnx = "auto_pad",                                                              \
                  .type = RT_CHOICE,                                                               \
                  .choices = RT_AUTO_PAD},                                                         \
    [CEIL] = {.key = "ceil", .onnx = "ceil_mode", .type = RT_BOOL}
static const struct rt_attr_def max_attrs[] = {
    WINDOW_ATTRS,
    [STORAGE_ORDER] = {.key = "storage_order", .onnx = "storage_order", .type = RT_BOOL},
};
static const struct rt_attr_def average_attrs[] = {
    WINDOW_ATTRS,
    [INCLUDE_PAD] = {.key = "include_pad", .onnx = "count_include_pad", .type = RT_BOOL},
};
static const struct rt_slot slots[] = {{.name = "x"}};

enum { SPATIAL = 3, STRIP = 256 };

/* Three spatial axes, the first ones of size 1 where there are fewer. */
struct pool {
    struct rt_axis_window axis[SPATIAL];
    int64_t planes, in_area, out_area;
    bool include_pad;
};

static imp_status read_pool(const struct rt_node *node, const struct rt_shape *x, struct pool *p,
                            struct rt_window *w, imp_error *err)
{
    const struct rt_window_attrs at = {KERNEL, STRIDE, PAD, DILATION, AUTO_PAD, CEIL};
    const imp_status st = rt_window_read(node, &at, x, NULL, w, err);
    if (st != IMP_OK)
        return st;
    if (w->axes > SPATIAL)
        return imp_fail(err, IMP_E_UNSUPPORTED, "%u spatial axes; %d are the most for pooling",
                        w->axes, SPATIAL);
    for (uint32_t i = 0; i < SPATIAL; i++)
        p->axis[i] = (struct rt_axis_window){.in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1};
    memcpy(p->axis + SPATIAL - w->axes, w->axis, w->axes * sizeof w->axis[0]);
    return IMP_OK;
}

static struct pool pool_of(const struct rt_call *c)
{
    struct pool p = {0};
    struct rt_window w;
    (void)read_pool(c->node, &c->in_info[0]->shape, &p, &w, NULL); /* infer has passed it */
    p.planes = rt_product(&c->in_info[0]->shape, 0, 2);
    p.in_area = p.axis[0].in * p.axis[1].in * p.axis[2].in;
    p.out_area = p.axis[0].out * p.axis[1].out * p.axis[2].out;
    p.include_pad = c->node->op == &rt_op_average_pool && rt_int(c->node, INCLUDE_PAD);
    return p;
}

/* A window that sees no pixel has neither a largest nor a mean. */
static imp_status check_seen(const struct rt_window *w, imp_error *err)
{
    for (uint32_t i = 0; i < w->axes; i++) {
        const struct rt_axis_window *a = &w->axis[i];
        const int64_t reach = (a->kernel - 1) * a->dilation + 1;
        if (a->pad >= reach || a->pad_end >= reach || (a->pad && a->dilation > a->in) || !a->in)
            return imp_fail(err, IMP_E_INPUT,
                            "spatial axis %u: with pads %lld and %lld some window of %lld lies "
                            "outside the %lld values", i, (long long)a->pad, (long long)a->pad_end,
                            (long long)reach, (long long)a->in);
    }
    return IMP_OK;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[0]->shape;
    struct pool p = {0};
    struct rt_window w;
    imp_status st = read_pool(in->node, x, &p, &w, err);
    if (st == IMP_OK)
        st = check_seen(&w, err);
    if (st != IMP_OK)
        return st;
    if (in->node->op == &rt_op_max_pool && rt_int(in->node, STORAGE_ORDER))
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "storage_order 1 orders indices, which are not computed: leave it 0");
    in->out.shape = rt_window_shape(&w, x, x->dim[1]);
    return rt_count(&in->out.shape) >= 0 ? IMP_OK
                                         : imp_fail(err, IMP_E_LIMIT, "its result has no size");
}

static void need(const struct rt_call *c, struct rt_need *n)
{
    const struct pool p = pool_of(c);
    n->macs = (double)p.planes * (double)p.out_area * (double)p.axis[0].kernel *
              (double)p.axis[1].kernel * (double)p.axis[2].kernel;
}

/* ---- where windows meet the picture ---- */

/* Taps [*from, *to) of window o that lie inside. */
static inline void taps(const struct rt_axis_window *a, int64_t o, int64_t *from, int64_t *to)
{
    const int64_t start = o * a->stride - a->pad;
    const int64_t inside = a->in - start; /* taps k with k * dilation < inside */
    const int64_t end = (inside + a->dilation - 1) / a->dilation;
    *from = start < 0 ? (-start + a->dilation - 1) / a->dilation : 0;
    *to = end < a->kernel ? end : a->kernel;
}

/* Windows [*from, *to) whose tap k lies inside. */
static inline void windows(const struct rt_axis_window *a, int64_t k, int64_t *from, int64_t *to)
{
    const int64_t at = k * a->dilation - a->pad; /* of window 0 */
    const int64_t end = at < a->in ? (a->in - at + a->stride - 1) / a->stride : 0;
    *from = at < 0 ? (-at + a->stride - 1) / a->stride : 0;
    *to = end < a->out ? end : a->out;
}

/* How many taps of window o count for the mean: those inside, or within the pads too. */
static double counted(const struct rt_axis_window *a, int64_t o, bool include_pad)
{
    int64_t from, to;
    struct rt_axis_window wide = *a;
    if (include_pad) {
        wide.in += a->pad + a->pad_end;
        wide.pad = 0;
    }
    taps(&wide, o, &from, &to);
    return (double)(to - from);
}

struct work {
    struct pool p;
    const float *x, *dy;
    float *y, *dx;
    uint32_t pieces;
};

/* One row of windows: the rows of a plane that it sees, tap by tap of the outer axes. */
struct row {
    int64_t o0, o1, from0, to0, from1, to1;
};

static struct row row_at(const struct pool *p, int64_t i)
{
    struct row r = {.o0 = i / p->axis[1].out, .o1 = i % p->axis[1].out};
    taps(&p->axis[0], r.o0, &r.from0, &r.to0);
    taps(&p->axis[1], r.o1, &r.from1, &r.to1);
    return r;
}

static int64_t row_offset(const struct pool *p, const struct row *r, int64_t k0, int64_t k1)
{
    const struct rt_axis_window *a = &p->axis[0], *b = &p->axis[1];
    const int64_t z = r->o0 * a->stride + k0 * a->dilation - a->pad;
    const int64_t y = r->o1 * b->stride + k1 * b->dilation - b->pad;
    return (z * b->in + y) * p->axis[2].in;
}

/* ---- the largest ---- */

/* y = max(y, x) at steps of s; a NaN stays. */
KIT_CLONES static void max_row(const float *x, int64_t s, float *y, int64_t n)
{
    if (s == 1)
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] > y[i] || x[i] != x[i] ? x[i] : y[i];
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i * s] > y[i] || x[i * s] != x[i * s] ? x[i * s] : y[i];
}

static void max_any(const struct pool *p, const float *x, float *y, int64_t first, int64_t end)
{
    const struct rt_axis_window *c = &p->axis[2];
    for (int64_t i = first; i < end; i++, y += c->out) {
        const struct row r = row_at(p, i);
        for (int64_t o = 0; o < c->out; o++)
            y[o] = -INFINITY;
        for (int64_t k0 = r.from0; k0 < r.to0; k0++)
            for (int64_t k1 = r.from1; k1 < r.to1; k1++) {
                const float *row = x + row_offset(p, &r, k0, k1);
                for (int64_t k = 0, from, to; k < c->kernel; k++) {
                    windows(c, k, &from, &to);
                    max_row(row + from * c->stride + k * c->dilation - c->pad, c->stride, y + from,
                            to - from);
                }
            }
    }
}

/* 2 x 2 windows side by side: the most common pooling. */
KIT_CLONES static void max_pairs(const float *restrict a, const float *restrict b,
                                 float *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float p = a[2 * i], q = a[2 * i + 1], r = b[2 * i], s = b[2 * i + 1];
        const float m = q > p || q != q ? q : p, l = s > r || s != s ? s : r;
        y[i] = l > m || l != l ? l : m;
    }
}

static bool is_pairs(const struct pool *p)
{
    for (uint32_t i = 1; i < SPATIAL; i++) {
        const struct rt_axis_window *a = &p->axis[i];
        if (a->kernel != 2 || a->stride != 2 || a->dilation != 1 || a->pad || a->out * 2 > a->in)
            return false;
    }
    return p->axis[0].kernel == 1 && p->axis[0].stride == 1 && !p->axis[0].pad;
}

static void max_piece(void *user, uint32_t i)
{
    const struct work *k = user;
    const struct pool *p = &k->p;
    const int64_t rows = p->axis[0].out * p->axis[1].out, width = p->axis[2].out;
    const bool pairs = is_pairs(p);
    int64_t from, to;
    rt_piece(p->planes * rows, k->pieces, i, &from, &to);
    for (; from < to; from++) {
        const float *x = k->x + from / rows * p->in_area;
        const int64_t r = from % rows;
        const struct row at = row_at(p, r);
        const float *top = x + row_offset(p, &at, 0, 0);
        if (pairs)
            max_pairs(top, top + p->axis[2].in, k->y + from * width, width);
        else
            max_any(p, x, k->y + from * width, r, r + 1);
    }
}

static imp_status run_forward(const struct rt_call *c, void (*fn)(void *, uint32_t) IMP_NX)
{
    struct work k = {.p = pool_of(c), .x = c->in[0], .y = c->out};
    const struct rt_axis_window *a = k.p.axis;
    if (!k.p.planes || !k.p.out_area)
        return IMP_OK;
    k.pieces = rt_pieces(k.p.planes * a[0].out * a[1].out,
                         (double)a[2].out * (double)a[0].kernel * (double)a[1].kernel *
                             (double)a[2].kernel);
    return rt_parallel(c->job, k.pieces, fn, &k);
}

static imp_status max_forward(const struct rt_call *c)
{
    return run_forward(c, max_piece);
}

/* The first of the largest, in order of the window, gets the gradient. */
static int64_t winner(const struct pool *p, const float *x, const struct row *r, int64_t o)
{
    const struct rt_axis_window *c = &p->axis[2];
    int64_t best = -1, from, to;
    taps(c, o, &from, &to);
    for (int64_t k0 = r->from0; k0 < r->to0; k0++)
        for (int64_t k1 = r->from1; k1 < r->to1; k1++) {
            const int64_t at = row_offset(p, r, k0, k1) + o * c->stride - c->pad;
            for (int64_t k = from; k < to; k++) {
                const int64_t i = at + k * c->dilation;
                if (best < 0 || x[i] > x[best] || x[i] != x[i])
                    best = i;
            }
        }
    return best;
}

static void max_back_any(const struct pool *p, const float *x, const float *dy, float *dx)
{
    const int64_t rows = p->axis[0].out * p->axis[1].out;
    for (int64_t i = 0; i < rows; i++) {
        const struct row r = row_at(p, i);
        for (int64_t o = 0; o < p->axis[2].out; o++, dy++)
            dx[winner(p, x, &r, o)] += *dy;
    }
}

KIT_CLONES static void max_back_pairs(const float *restrict a, const float *restrict b,
                                      const float *restrict dy, float *restrict da,
                                      float *restrict db, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float p = a[2 * i], q = a[2 * i + 1], r = b[2 * i], s = b[2 * i + 1], g = dy[i];
        const float m = q > p ? q : p, l = s > r ? s : r, top = l > m ? 0.0f : g, low = g - top;
        da[2 * i] += q > p ? 0.0f : top;
        da[2 * i + 1] += q > p ? top : 0.0f;
        db[2 * i] += s > r ? 0.0f : low;
        db[2 * i + 1] += s > r ? low : 0.0f;
    }
}

static void max_back_piece(void *user, uint32_t i)
{
    const struct work *k = user;
    const struct pool *p = &k->p;
    const int64_t width = p->axis[2].in, out_width = p->axis[2].out;
    int64_t from, to;
    rt_piece(p->planes, k->pieces, i, &from, &to);
    for (; from < to; from++) {
        const float *x = k->x + from * p->in_area, *dy = k->dy + from * p->out_area;
        float *dx = k->dx + from * p->in_area;
        if (!is_pairs(p)) {
            max_back_any(p, x, dy, dx);
            continue;
        }
        for (int64_t r = 0; r < p->axis[1].out; r++)
            max_back_pairs(x + 2 * r * width, x + (2 * r + 1) * width, dy + r * out_width,
                           dx + 2 * r * width, dx + (2 * r + 1) * width, out_width);
    }
}

/* By planes: windows of one plane overlap. */
static imp_status run_backward(const struct rt_call *c, void (*fn)(void *, uint32_t) IMP_NX)
{
    struct work k = {.p = pool_of(c), .x = c->in[0], .dy = c->out_grad, .dx = c->in_grad[0]};
    const struct rt_axis_window *a = k.p.axis;
    if (!k.dx || !k.p.planes || !k.p.out_area)
        return IMP_OK;
    k.pieces = rt_pieces(k.p.planes, (double)k.p.out_area * (double)a[0].kernel *
                                         (double)a[1].kernel * (double)a[2].kernel);
    return rt_parallel(c->job, k.pieces, fn, &k);
}

static imp_status max_backward(const struct rt_call *c)
{
    return run_backward(c, max_back_piece);
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    (void)c;
    rt_tie_all(t, 0, RT_OUT);
}

const struct rt_op rt_op_max_pool = {
    .name = "max_pool",
    .onnx = "MaxPool",
    .limits = "1 to 3 spatial axes; no indices",
    .attrs = max_attrs,
    .attr_count = RT_COUNT(max_attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .flags = RT_NEEDS_IN,
    .infer = infer,
    .need = need,
    .forward = max_forward,
    .backward = max_backward,
    .couple = couple,
};

/* ---- the mean; sums in double, a strip of windows at a time ---- */

KIT_CLONES static void sum_row(const float *x, int64_t s, double *sum, int64_t n)
{
    if (s == 1)
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)x[i];
    else
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)x[i * s];
}

static double outer_count(const struct pool *p, const struct row *r)
{
    return counted(&p->axis[0], r->o0, p->include_pad) *
           counted(&p->axis[1], r->o1, p->include_pad);
}

/* Windows [from, end) of one row. */
static void mean_strip(const struct pool *p, const float *x, const struct row *r, float *y,
                       int64_t from, int64_t end)
{
    const struct rt_axis_window *c = &p->axis[2];
    const double outer = outer_count(p, r);
    double sum[STRIP] = {0};
    for (int64_t k0 = r->from0; k0 < r->to0; k0++)
        for (int64_t k1 = r->from1; k1 < r->to1; k1++) {
            const float *row = x + row_offset(p, r, k0, k1);
            for (int64_t k = 0, a, b; k < c->kernel; k++) {
                windows(c, k, &a, &b);
                a = a > from ? a : from;
                b = b < end ? b : end;
                sum_row(row + a * c->stride + k * c->dilation - c->pad, c->stride, sum + a - from,
                        b - a);
            }
        }
    for (int64_t o = from; o < end; o++)
        y[o] = (float)(sum[o - from] / (outer * counted(c, o, p->include_pad)));
}

static void mean_piece(void *user, uint32_t i)
{
    const struct work *k = user;
    const struct pool *p = &k->p;
    const int64_t rows = p->axis[0].out * p->axis[1].out, width = p->axis[2].out;
    int64_t from, to;
    rt_piece(p->planes * rows, k->pieces, i, &from, &to);
    for (; from < to; from++) {
        const struct row r = row_at(p, from % rows);
        for (int64_t o = 0; o < width; o += STRIP)
            mean_strip(p, k->x + from / rows * p->in_area, &r, k->y + from * width, o,
                       width - o < STRIP ? width : o + STRIP);
    }
}

static imp_status average_forward(const struct rt_call *c)
{
    return run_forward(c, mean_piece);
}

KIT_CLONES static void spread_row(const float *g, float *dx, int64_t s, int64_t n)
{
    if (s == 1)
        for (int64_t i = 0; i < n; i++)
            dx[i] += g[i];
    else
        for (int64_t i = 0; i < n; i++)
            dx[i * s] += g[i];
}

static void spread_strip(const struct pool *p, const float *dy, const struct row *r, float *dx,
                         int64_t from, int64_t end)
{
    const struct rt_axis_window *c = &p->axis[2];
    const double outer = outer_count(p, r);
    float g[STRIP];
    for (int64_t o = from; o < end; o++)
        g[o - from] = (float)((double)dy[o] / (outer * counted(c, o, p->include_pad)));
    for (int64_t k0 = r->from0; k0 < r->to0; k0++)
        for (int64_t k1 = r->from1; k1 < r->to1; k1++) {
            float *row = dx + row_offset(p, r, k0, k1);
            for (int64_t k = 0, a, b; k < c->kernel; k++) {
                windows(c, k, &a, &b);
                a = a > from ? a : from;
                b = b < end ? b : end;
                spread_row(g + a - from, row + a * c->stride + k * c->dilation - c->pad, c->stride,
                           b - a);
            }
        }
}

static void spread_piece(void *user, uint32_t i)
{
    const struct work *k = user;
    const struct pool *p = &k->p;
    const int64_t rows = p->axis[0].out * p->axis[1].out, width = p->axis[2].out;
    int64_t from, to;
    rt_piece(p->planes, k->pieces, i, &from, &to);
    for (; from < to; from++)
        for (int64_t j = 0; j < rows; j++) {
            const struct row r = row_at(p, j);
            for (int64_t o = 0; o < width; o += STRIP)
                spread_strip(p, k->dy + from * p->out_area + j * width, &r,
                             k->dx + from * p->in_area, o, width - o < STRIP ? width : o + STRIP);
        }
}

static imp_status average_backward(const struct rt_call *c)
{
    return run_backward(c, spread_piece);
}

const struct rt_op rt_op_average_pool = {
    .name = "average_pool",
    .onnx = "AveragePool",
    .limits = "1 to 3 spatial axes",
    .attrs = average_attrs,
    .attr_count = RT_COUNT(average_attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .infer = infer,
    .need = need,
    .forward = average_forward,
    .backward = average_backward,
    .couple = couple,
};

/* ---- the mean of a whole plane, any number of spatial axes ---- */

static imp_status infer_global(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[0]->shape;
    char text[128];
    if (x->ndim < 2 || rt_product(x, 2, x->ndim) == 0)
        return imp_fail(err, IMP_E_INPUT, "no mean of planes of an input of %s",
                        rt_shape_text(x, text, sizeof text));
    in->out.shape = *x;
    for (uint32_t i = 2; i < x->ndim; i++)
        in->out.shape.dim[i] = 1;
    return IMP_OK;
}

/* Eight sums side by side, always the same eight. */
KIT_CLONES static double sum_of(const float *x, int64_t n)
{
    double s[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++)
            s[j] += (double)x[i + j];
    for (; i < n; i++)
        s[0] += (double)x[i];
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

struct planes {
    const float *from;
    float *to;
    int64_t count, area;
    uint32_t pieces;
};

static void global_piece(void *user, uint32_t i)
{
    const struct planes *k = user;
    int64_t from, to;
    rt_piece(k->count, k->pieces, i, &from, &to);
    for (; from < to; from++)
        k->to[from] = (float)(sum_of(k->from + from * k->area, k->area) / (double)k->area);
}

static void global_back_piece(void *user, uint32_t i)
{
    const struct planes *k = user;
    int64_t from, to;
    rt_piece(k->count, k->pieces, i, &from, &to);
    for (; from < to; from++) {
        const float g = (float)((double)k->from[from] / (double)k->area);
        float *dx = k->to + from * k->area;
        for (int64_t j = 0; j < k->area; j++)
            dx[j] += g;
    }
}

static imp_status run_global(const struct rt_call *c, const float *from, float *to,
                             void (*fn)(void *, uint32_t) IMP_NX)
{
    const struct rt_shape *x = &c->in_info[0]->shape;
    struct planes k = {from, to, rt_product(x, 0, 2), rt_product(x, 2, x->ndim), 1};
    if (!to || !k.count)
        return IMP_OK;
    k.pieces = rt_pieces(k.count, (double)k.area);
    return rt_parallel(c->job, k.pieces, fn, &k);
}

static imp_status global_forward(const struct rt_call *c)
{
    return run_global(c, c->in[0], c->out, global_piece);
}

static imp_status global_backward(const struct rt_call *c)
{
    return run_global(c, c->out_grad, c->in_grad[0], global_back_piece);
}

static void need_global(const struct rt_call *c, struct rt_need *n)
{
    n->macs = (double)rt_count(&c->in_info[0]->shape);
}

const struct rt_op rt_op_global_average_pool = {
    .name = "global_average_pool",
    .onnx = "GlobalAveragePool",
    .limits = "",
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .infer = infer_global,
    .need = need_global,
    .forward = global_forward,
    .backward = global_backward,
    .couple = couple,
};
