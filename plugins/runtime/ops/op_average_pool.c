/* op_average_pool.c - the mean of each window, and of whole planes. Sums are in double. */
#include "pooling.h"

#include <impasto/kit.h>

extern const struct rt_op rt_op_average_pool, rt_op_global_average_pool;

enum { INCLUDE_PAD = RT_POOL_EXTRA };
static const struct rt_attr_def attrs[] = {
    RT_POOL_ATTRS,
    [INCLUDE_PAD] = {.key = "include_pad", .onnx = "count_include_pad", .type = RT_BOOL},
};
static const struct rt_slot slots[] = {{.name = "x"}};

enum { STRIP = 256 }; /* windows that are summed side by side */

/* How many taps of window o count for the mean: those inside, or within the pads too. */
static double counted(const struct rt_axis_window *a, int64_t o, bool include_pad)
{
    int64_t from, to;
    struct rt_axis_window wide = *a;
    if (include_pad) {
        wide.in += a->pad + a->pad_end;
        wide.pad = 0;
    }
    rt_pool_taps(&wide, o, &from, &to);
    return (double)(to - from);
}

KIT_CLONES static void sum_row(const float *x, int64_t s, double *sum, int64_t n)
{
    if (s == 1)
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)x[i];
    else
        for (int64_t i = 0; i < n; i++)
            sum[i] += (double)x[i * s];
}

static double outer_count(const struct rt_pool *p, const struct rt_pool_row *r, bool include_pad)
{
    return counted(&p->axis[0], r->o0, include_pad) * counted(&p->axis[1], r->o1, include_pad);
}

/* Windows [from, end) of one row. */
static void mean_strip(const struct rt_pool_work *k, const float *x, const struct rt_pool_row *r,
                       float *y, int64_t from, int64_t end)
{
    const struct rt_pool *p = &k->p;
    const struct rt_axis_window *c = &p->axis[2];
    const double outer = outer_count(p, r, k->flag);
    double sum[STRIP] = {0};
    for (int64_t k0 = r->from0; k0 < r->to0; k0++)
        for (int64_t k1 = r->from1; k1 < r->to1; k1++) {
            const float *row = x + rt_pool_offset(p, r, k0, k1);
            for (int64_t t = 0, a, b; t < c->kernel; t++) {
                rt_pool_windows(c, t, &a, &b);
                a = a > from ? a : from;
                b = b < end ? b : end;
                if (a < b)
                    sum_row(row + a * c->stride + t * c->dilation - c->pad, c->stride,
                            sum + (a - from), b - a);
            }
        }
    for (int64_t o = from; o < end; o++)
        y[o] = (float)(sum[o - from] / (outer * counted(c, o, k->flag)));
}

static void mean_piece(void *user, uint32_t i)
{
    const struct rt_pool_work *k = user;
    const struct rt_pool *p = &k->p;
    const int64_t rows = p->axis[0].out * p->axis[1].out, width = p->axis[2].out;
    int64_t from, to;
    rt_piece(p->planes * rows, k->pieces, i, &from, &to);
    for (; from < to; from++) {
        const struct rt_pool_row r = rt_pool_row_at(p, from % rows);
        for (int64_t o = 0; o < width; o += STRIP)
            mean_strip(k, k->x + from / rows * p->in_area, &r, k->y + from * width, o,
                       width - o < STRIP ? width : o + STRIP);
    }
}

static imp_status average_forward(const struct rt_call *c)
{
    return rt_pool_forward(c, rt_int(c->node, INCLUDE_PAD), mean_piece);
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

static void spread_strip(const struct rt_pool_work *k, const float *dy, const struct rt_pool_row *r,
                         float *dx, int64_t from, int64_t end)
{
    const struct rt_pool *p = &k->p;
    const struct rt_axis_window *c = &p->axis[2];
    const double outer = outer_count(p, r, k->flag);
    float g[STRIP];
    for (int64_t o = from; o < end; o++)
        g[o - from] = (float)((double)dy[o] / (outer * counted(c, o, k->flag)));
    for (int64_t k0 = r->from0; k0 < r->to0; k0++)
        for (int64_t k1 = r->from1; k1 < r->to1; k1++) {
            float *row = dx + rt_pool_offset(p, r, k0, k1);
            for (int64_t t = 0, a, b; t < c->kernel; t++) {
                rt_pool_windows(c, t, &a, &b);
                a = a > from ? a : from;
                b = b < end ? b : end;
                if (a < b)
                    spread_row(g + (a - from), row + a * c->stride + t * c->dilation - c->pad,
                               c->stride, b - a);
            }
        }
}

static void spread_piece(void *user, uint32_t i)
{
    const struct rt_pool_work *k = user;
    const struct rt_pool *p = &k->p;
    const int64_t rows = p->axis[0].out * p->axis[1].out, width = p->axis[2].out;
    int64_t from, to;
    rt_piece(p->planes, k->pieces, i, &from, &to);
    for (; from < to; from++)
        for (int64_t j = 0; j < rows; j++) {
            const struct rt_pool_row r = rt_pool_row_at(p, j);
            for (int64_t o = 0; o < width; o += STRIP)
                spread_strip(k, k->dy + from * p->out_area + j * width, &r,
                             k->dx + from * p->in_area, o, width - o < STRIP ? width : o + STRIP);
        }
}

static imp_status average_backward(const struct rt_call *c)
{
    return rt_pool_backward(c, rt_int(c->node, INCLUDE_PAD), spread_piece);
}

const struct rt_op rt_op_average_pool = {
    .name = "average_pool",
    .onnx = "AveragePool",
    .limits = "1 to 3 spatial axes",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .infer = rt_pool_infer,
    .need = rt_pool_need,
    .forward = average_forward,
    .backward = average_backward,
    .couple = rt_pool_couple,
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
    .couple = rt_pool_couple,
};
