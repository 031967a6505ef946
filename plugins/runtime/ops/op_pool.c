/* op_pool.c - the largest element of each window. The last axis is worked on a row at a time, tap by
 * tap, so that the loops are straight. */
#include "pool.h"

#include <impasto/kit.h>
#include <math.h>

extern const struct rt_op rt_op_max_pool;

enum { STORAGE_ORDER = RT_POOL_EXTRA };
static const struct rt_attr_def attrs[] = {
    RT_POOL_ATTRS,
    [STORAGE_ORDER] = {.key = "storage_order", .onnx = "storage_order", .type = RT_BOOL},
};
static const struct rt_slot slots[] = {{.name = "x"}};

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    if (rt_int(in->node, STORAGE_ORDER))
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "storage_order 1 orders indices, which are not computed: leave it 0");
    return rt_pool_infer(in, err);
}

/* ---- forward ---- */

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

static void max_any(const struct rt_pool *p, const float *x, float *y, int64_t first, int64_t end)
{
    const struct rt_axis_window *c = &p->axis[2];
    for (int64_t i = first; i < end; i++, y += c->out) {
        const struct rt_pool_row r = rt_pool_row_at(p, i);
        for (int64_t o = 0; o < c->out; o++)
            y[o] = -INFINITY;
        for (int64_t k0 = r.from0; k0 < r.to0; k0++)
            for (int64_t k1 = r.from1; k1 < r.to1; k1++) {
                const float *row = x + rt_pool_offset(p, &r, k0, k1);
                for (int64_t k = 0, from, to; k < c->kernel; k++) {
                    rt_pool_windows(c, k, &from, &to);
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

static bool is_pairs(const struct rt_pool *p)
{
    for (uint32_t i = 1; i < RT_POOL_AXES; i++) {
        const struct rt_axis_window *a = &p->axis[i];
        if (a->kernel != 2 || a->stride != 2 || a->dilation != 1 || a->pad || a->out * 2 > a->in)
            return false;
    }
    return p->axis[0].kernel == 1 && p->axis[0].stride == 1 && !p->axis[0].pad;
}

static void max_piece(void *user, uint32_t i)
{
    const struct rt_pool_work *k = user;
    const struct rt_pool *p = &k->p;
    const int64_t rows = p->axis[0].out * p->axis[1].out, width = p->axis[2].out;
    const bool pairs = is_pairs(p);
    int64_t from, to;
    rt_piece(p->planes * rows, k->pieces, i, &from, &to);
    for (; from < to; from++) {
        const float *x = k->x + from / rows * p->in_area;
        const int64_t r = from % rows;
        const struct rt_pool_row at = rt_pool_row_at(p, r);
        const float *top = x + rt_pool_offset(p, &at, 0, 0);
        if (pairs)
            max_pairs(top, top + p->axis[2].in, k->y + from * width, width);
        else
            max_any(p, x, k->y + from * width, r, r + 1);
    }
}

static imp_status forward(const struct rt_call *c)
{
    return rt_pool_forward(c, false, max_piece);
}

/* ---- backward: the first of the largest, in order of the window, gets the gradient ---- */

static int64_t winner(const struct rt_pool *p, const float *x, const struct rt_pool_row *r, int64_t o)
{
    const struct rt_axis_window *c = &p->axis[2];
    int64_t best = -1, from, to;
    rt_pool_taps(c, o, &from, &to);
    for (int64_t k0 = r->from0; k0 < r->to0; k0++)
        for (int64_t k1 = r->from1; k1 < r->to1; k1++) {
            const int64_t at = rt_pool_offset(p, r, k0, k1) + o * c->stride - c->pad;
            for (int64_t k = from; k < to; k++) {
                const int64_t i = at + k * c->dilation;
                if (best < 0 || x[i] > x[best] || x[i] != x[i])
                    best = i;
            }
        }
    return best;
}

static void max_back_any(const struct rt_pool *p, const float *x, const float *dy, float *dx)
{
    const int64_t rows = p->axis[0].out * p->axis[1].out;
    for (int64_t i = 0; i < rows; i++) {
        const struct rt_pool_row r = rt_pool_row_at(p, i);
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
    const struct rt_pool_work *k = user;
    const struct rt_pool *p = &k->p;
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

static imp_status backward(const struct rt_call *c)
{
    return rt_pool_backward(c, false, max_back_piece);
}

const struct rt_op rt_op_max_pool = {
    .name = "max_pool",
    .onnx = "MaxPool",
    .limits = "1 to 3 spatial axes; no indices",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .flags = RT_NEEDS_IN,
    .infer = infer,
    .need = rt_pool_need,
    .forward = forward,
    .backward = backward,
    .couple = rt_pool_couple,
};
