/* op_pool.c - the largest element of each window. The last axis is worked on a row at a time, tap
 * by tap, so that the loops are straight. */
#include "pooling.h"

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

/* A NaN among them stays. In two steps, which compilers turn into vectors. */
static inline float larger(float a, float b)
{
    const float m = b > a ? b : a;
    return b != b ? b : m;
}

/* y = max(y, x) at steps of s. */
KIT_CLONES static void max_row(const float *x, int64_t s, float *y, int64_t n)
{
    if (s == 1)
        for (int64_t i = 0; i < n; i++)
            y[i] = larger(y[i], x[i]);
    else if (s == 2)
        for (int64_t i = 0; i < n; i++)
            y[i] = larger(y[i], x[2 * i]);
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = larger(y[i], x[i * s]);
}

/* line = the largest of each column over `count` rows, which follow each other `step` apart. */
KIT_CLONES static void max_column(const float *x, int64_t step, int64_t count, bool first,
                                  float *restrict line, int64_t n)
{
    if (first)
        for (int64_t i = 0; i < n; i++)
            line[i] = x[i];
    for (int64_t k = first; k < count; k++)
        for (int64_t i = 0; i < n; i++)
            line[i] = larger(line[i], x[k * step + i]);
}

/* Windows of one row, from a row of x or of its columns' largest. */
static void max_taps(const struct rt_axis_window *c, const float *row, float *y)
{
    for (int64_t k = 0, from, to; k < c->kernel; k++) {
        rt_pool_windows(c, k, &from, &to);
        if (from < to)
            max_row(row + from * c->stride + k * c->dilation - c->pad, c->stride, y + from,
                    to - from);
    }
}

/* Windows of three at steps of two. */
KIT_CLONES static void max_threes(const float *restrict x, float *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float m = larger(x[2 * i], x[2 * i + 1]);
        y[i] = larger(m, x[2 * i + 2]);
    }
}

enum { LINE = 1024 }; /* rows of x that fit here, with their pads, are first made one */

static void max_any(const struct rt_pool *p, const float *x, float *y, int64_t i)
{
    const struct rt_axis_window *b = &p->axis[1], *c = &p->axis[2];
    const struct rt_pool_row r = rt_pool_row_at(p, i);
    const int64_t end = (c->out - 1) * c->stride + (c->kernel - 1) * c->dilation + 1;
    const bool fits = end <= LINE && c->pad + c->in <= LINE;
    float line[LINE];
    for (int64_t o = 0; fits && o < c->pad; o++)
        line[o] = -INFINITY;
    for (int64_t o = c->pad + c->in; fits && o < end; o++)
        line[o] = -INFINITY;
    for (int64_t o = 0; o < c->out; o++)
        y[o] = -INFINITY;
    for (int64_t k0 = r.from0; k0 < r.to0; k0++)
        if (fits) {
            max_column(x + rt_pool_offset(p, &r, k0, r.from1), b->dilation * c->in, r.to1 - r.from1,
                       k0 == r.from0, line + c->pad, c->in);
        } else {
            for (int64_t k1 = r.from1; k1 < r.to1; k1++)
                max_taps(c, x + rt_pool_offset(p, &r, k0, k1), y);
        }
    if (fits && c->kernel == 3 && c->stride == 2 && c->dilation == 1)
        max_threes(line, y, c->out);
    else
        for (int64_t k = 0; fits && k < c->kernel; k++)
            max_row(line + k * c->dilation, c->stride, y, c->out);
}

/* 2 x 2 windows side by side: the most common pooling. */
KIT_CLONES static void max_pairs(const float *restrict a, const float *restrict b,
                                 float *restrict y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float p = a[2 * i], q = a[2 * i + 1], r = b[2 * i], s = b[2 * i + 1];
        const float m = larger(p, q), l = larger(r, s);
        y[i] = larger(m, l);
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

static bool halves(const struct rt_call *c)
{
    const struct rt_pool p = rt_pool_of(c);
    return c->in_info[0]->shape.ndim == 4 && is_pairs(&p);
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
            max_any(p, x, k->y + from * width, r);
    }
}

static imp_status forward(const struct rt_call *c)
{
    return rt_pool_forward(c, false, max_piece);
}

/* ---- backward: the first of the largest, in order of the window, gets the gradient ---- */

enum { STRIP = 128 }; /* windows that are looked through side by side */

/* Where x is larger than the best so far, it is the best, and `place` its place. */
KIT_CLONES static void contest(const float *x, int64_t s, int32_t place, float *best, int32_t *at,
                               int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float v = x[i * s];
        const bool wins = (v > best[i]) | (v != v);
        best[i] = wins ? v : best[i];
        at[i] = wins ? place : at[i];
    }
}

/* Windows [from, end) of a row. A place is counted from the first tap of its window, so that it is
 * the same for all windows of the row. */
static void back_strip(const struct rt_pool *p, const float *x, const struct rt_pool_row *r,
                       const float *dy, float *dx, int64_t from, int64_t end)
{
    const struct rt_axis_window *c = &p->axis[2];
    const int64_t base = rt_pool_offset(p, r, r->from0, r->from1) - c->pad;
    float best[STRIP];
    int32_t at[STRIP] = {0};
    for (int64_t o = 0; o < STRIP; o++)
        best[o] = -INFINITY;
    for (int64_t k0 = r->from0; k0 < r->to0; k0++)
        for (int64_t k1 = r->from1; k1 < r->to1; k1++) {
            const int64_t row = rt_pool_offset(p, r, k0, k1) - c->pad;
            for (int64_t k = 0, a, b; k < c->kernel; k++) {
                const int64_t tap = row + k * c->dilation;
                rt_pool_windows(c, k, &a, &b);
                a = a > from ? a : from;
                b = b < end ? b : end;
                if (a < b)
                    contest(x + tap + a * c->stride, c->stride, (int32_t)(tap - base),
                            best + (a - from), at + (a - from), b - a);
            }
        }
    for (int64_t o = from; o < end; o++)
        dx[base + at[o - from] + o * c->stride] += dy[o];
}

static void max_back_any(const struct rt_pool *p, const float *x, const float *dy, float *dx)
{
    const int64_t rows = p->axis[0].out * p->axis[1].out, width = p->axis[2].out;
    for (int64_t i = 0; i < rows; i++, dy += width) {
        const struct rt_pool_row r = rt_pool_row_at(p, i);
        for (int64_t o = 0; o < width; o += STRIP)
            back_strip(p, x, &r, dy, dx, o, width - o < STRIP ? width : o + STRIP);
    }
}

KIT_CLONES static void max_back_pairs(const float *restrict a, const float *restrict b,
                                      const float *restrict dy, float *restrict da,
                                      float *restrict db, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float p = a[2 * i], q = a[2 * i + 1], r = b[2 * i], s = b[2 * i + 1], g = dy[i];
        const float m = q > p ? q : p, l = s > r ? s : r;
        const float top = l > m ? 0.0f : g, low = l > m ? g : 0.0f;
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
    .halves = halves,
};
