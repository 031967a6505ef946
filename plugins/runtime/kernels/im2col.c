/* im2col.c - see im2col.h. */
#include "im2col.h"

#include <impasto/kit.h>

static const struct rt_columns_table *const tables[RT_VARIANTS] = RT_TABLES(rt_columns);

/* ---- which row of x each row of outputs reads ---- */

/* Splits `flat` into an index for each axis but the last, by out (taps: by kernel) sizes. */
static void unflatten(const struct rt_window *w, int64_t flat, bool taps, int64_t *index)
{
    for (uint32_t i = w->axes - 1; i-- > 0;) {
        const int64_t size = taps ? w->axis[i].kernel : w->axis[i].out;
        index[i] = flat % size;
        flat /= size;
    }
}

/* Where the row of x is that output row o reads through outer tap t; -1: outside. */
static int64_t row_of(const struct rt_window *w, const int64_t *o, const int64_t *t, int64_t from,
                      int64_t to)
{
    int64_t at = 0;
    for (uint32_t i = 0; i + 1 < w->axes; i++) {
        const struct rt_axis_window *a = &w->axis[i];
        const int64_t x = o[i] * a->stride + t[i] * a->dilation - a->pad;
        if (x < 0 || x >= a->in || (i == 0 && (x < from || x >= to)))
            return -1;
        at = at * a->in + x;
    }
    return at * w->axis[w->axes - 1].in;
}

void rt_conv_table(const struct rt_conv *v, const struct rt_strip *s, int64_t from, int64_t to,
                   int64_t *table)
{
    const struct rt_window *w = &v->window;
    const int64_t picture = v->groups * v->c * v->in_size, rows = s->row1 - s->row0;
    int64_t o[RT_RANK], t[RT_RANK];
    for (int64_t r = 0; r < rows; r++) {
        const int64_t row = s->row0 + r;
        unflatten(w, row % v->rows, false, o);
        for (int64_t q = 0; q < v->outer_taps; q++) {
            unflatten(w, q, true, t);
            const int64_t at = row_of(w, o, t, from, to);
            table[q * rows + r] = at < 0 ? -1 : at + row / v->rows * picture;
        }
    }
}

/* ---- columns ---- */

/* Outputs [lo, hi) of x0..x1 read inside the row through tap t of the last axis; output o reads
 * o * stride + shift. */
struct span {
    int64_t x0, x1, lo, hi, shift, stride;
};

static struct span span_of(const struct rt_conv *v, const struct rt_strip *s, int64_t tap)
{
    const struct rt_axis_window *a = &v->window.axis[v->window.axes - 1];
    struct span p = {.x0 = s->x0, .x1 = s->x1, .stride = a->stride};
    p.shift = tap * a->dilation - a->pad;
    p.lo = rt_between(rt_up(-p.shift, a->stride), p.x0, p.x1);
    p.hi = rt_between(rt_up(a->in - p.shift, a->stride), p.lo, p.x1);
    return p;
}

/* Rows from r on whose parts of x follow each other in memory as their columns do. */
static inline int64_t run_of(const int64_t *table, int64_t rows, int64_t r, int64_t w)
{
    int64_t n = 1;
    while (r + n < rows && table[r + n] == table[r] + n * w)
        n++;
    return n;
}

/* Zeroes what lies outside x in `run` rows of columns. */
static inline void clear_sides(float *cols, int64_t run, const struct rt_columns *c)
{
    for (int64_t r = 0; r < run && c->n < c->width; r++, cols += c->width) {
        for (int64_t i = 0; i < c->before; i++)
            cols[i] = 0;
        for (int64_t i = c->before + c->n; i < c->width; i++)
            cols[i] = 0;
    }
}

/* At stride 1 a run of rows is one copy, whose sides then are cleared. */
KIT_CLONES
void rt_columns_pack(const struct rt_columns *given, int64_t step, const float *restrict x,
                     float *restrict cols)
{
    const struct rt_columns c = *given;
    for (int64_t r = 0, run; r < c.rows; r += run, cols += run * c.width) {
        const bool out = c.table[r] < 0 || c.n < 1;
        run = out || step > 1 ? 1 : run_of(c.table, c.rows, r, c.width);
        if (out) {
            for (int64_t i = 0; i < c.width; i++)
                cols[i] = 0;
            continue;
        }
        const int64_t length = (run - 1) * c.width + c.n;
        const float *from = x + c.table[r] + c.at;
        float *to = cols + c.before;
        if (step == 1)
            for (int64_t i = 0; i < length; i++)
                to[i] = from[i];
        else
            for (int64_t i = 0; i < length; i++)
                to[i] = from[i * step];
        clear_sides(cols, run, &c);
    }
}

/* Back: x += columns. The sides, which came from nowhere, are cleared first, so that a run of rows
 * is one sum. */
KIT_CLONES
static void unpack(const struct rt_columns *given, int64_t step, float *restrict cols,
                   float *restrict x)
{
    const struct rt_columns c = *given;
    for (int64_t r = 0, run; r < c.rows && c.n > 0; r += run, cols += run * c.width) {
        run = c.table[r] < 0 || step > 1 ? 1 : run_of(c.table, c.rows, r, c.width);
        if (c.table[r] < 0)
            continue;
        clear_sides(cols, run, &c);
        float *to = x + c.table[r] + c.at;
        const float *from = cols + c.before;
        const int64_t length = (run - 1) * c.width + c.n;
        if (step == 1)
            for (int64_t i = 0; i < length; i++)
                to[i] += from[i];
        else
            for (int64_t i = 0; i < length; i++)
                to[i * step] += from[i];
    }
}

static struct rt_columns columns_of(const struct span *p, const int64_t *table, int64_t rows)
{
    return (struct rt_columns){.table = table,
                               .rows = rows,
                               .width = p->x1 - p->x0,
                               .before = p->lo - p->x0,
                               .n = p->hi - p->lo,
                               .at = p->lo * p->stride + p->shift};
}

void rt_im2col(const struct rt_conv *v, const struct rt_strip *s, const int64_t *table,
               const float *x, int64_t first, int64_t channels, float *cols)
{
    const int64_t rows = s->row1 - s->row0, n = rt_strip_cols(s), kw = v->taps / v->outer_taps;
    const struct rt_columns_table *twos = tables[rt_simd()];
    for (int64_t t = 0; t < kw; t++) {
        const struct span p = span_of(v, s, t);
        for (int64_t c = 0; c < channels; c++)
            for (int64_t q = 0; q < v->outer_taps; q++) {
                const float *from = x + (first + c) * v->in_size;
                float *to = cols + (c * v->taps + q * kw + t) * n;
                const struct rt_columns all = columns_of(&p, table + q * rows, rows);
                if (p.stride == 2)
                    twos->pack(&all, from, to);
                else
                    rt_columns_pack(&all, p.stride, from, to);
            }
    }
}

void rt_col2im(const struct rt_conv *v, const struct rt_strip *s, const int64_t *table, float *cols,
               int64_t first, int64_t channels, float *x)
{
    const int64_t rows = s->row1 - s->row0, n = rt_strip_cols(s), kw = v->taps / v->outer_taps;
    const struct rt_columns_table *twos = tables[rt_simd()];
    for (int64_t c = 0; c < channels; c++)
        for (int64_t q = 0; q < v->outer_taps; q++)
            for (int64_t t = 0; t < kw; t++) {
                const struct span p = span_of(v, s, t);
                float *from = cols + (c * v->taps + q * kw + t) * n;
                float *to = x + (first + c) * v->in_size;
                const struct rt_columns all = columns_of(&p, table + q * rows, rows);
                if (p.stride == 2)
                    twos->unpack(&all, from, to);
                else
                    unpack(&all, p.stride, from, to);
            }
}
