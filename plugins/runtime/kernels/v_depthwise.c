/* v_depthwise.c - see v_depthwise.h. Where rows lie side by side, four rows of outputs share what
 * they read. */
#include "v_after.h"
#include "v_depthwise.h"

enum { ROWS = 4, MOST = 25, L = RT_LANES };

/* ---- padded rows: whole vectors, of which the next ones cover what is too much ---- */

static inline void zeros(float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i += L)
        rt_store(to + i, rt_hold(rt_zero())); /* held: no call of memset for a vector or two */
}

/* n of L floats at x behind the gate, then zeros. */
static inline rt_vec take_part(const float *x, const float *gate, int64_t n)
{
    if (n <= 0)
        return rt_zero();
    if (n >= L)
        return gate ? rt_gate(rt_load(gate), rt_load(x)) : rt_load(x);
    const rt_vec v = rt_load_part(x, n);
    return gate ? rt_gate(rt_load_part(gate, n), v) : v;
}

/* `count` rows of x, `step` floats apart. */
RT_INLINE void fill_ones(const struct rt_fill *f, const float *x, const float *gate, int64_t count,
                         int64_t step, float *to)
{
    const int64_t row = f->row, lead = f->lead, width = f->width; /* vectors may alias anything */
    for (int64_t r = 0; r < count; r++, x += step, to += row) {
        zeros(to, lead);
        for (int64_t i = 0; i < width; i += L)
            rt_store(to + lead + i, take_part(x + i, gate ? gate + r * step + i : NULL, width - i));
    }
}

RT_INLINE void fill_twos(const struct rt_fill *f, const float *x, const float *gate, int64_t count,
                         int64_t step, float *to)
{
    const int64_t row = f->row, lead = f->lead, width = f->width, part = f->part;
    for (int64_t r = 0; r < count; r++, x += step, to += row) {
        zeros(to, lead);
        zeros(to + part, lead);
        for (int64_t i = 0; i < width; i += 2 * L) {
            const float *g = gate ? gate + r * step + i : NULL;
            const int64_t n = width - i;
            float *even = to + lead + i / 2;
            rt_vec e, o;
            rt_split(take_part(x + i, g, n), take_part(x + i + L, g ? g + L : NULL, n - L), &e, &o);
            rt_store(even, e);
            rt_store(even + part, o);
        }
    }
}

static void fill_inside(const struct rt_fill *f, const float *x, const float *gate, int64_t count,
                        float *to)
{
    const int64_t step = f->turns * f->width;
    if (f->phases == 1 && gate)
        fill_ones(f, x, gate, count, step, to);
    else if (f->phases == 1)
        fill_ones(f, x, NULL, count, step, to);
    else if (gate)
        fill_twos(f, x, gate, count, step, to);
    else
        fill_twos(f, x, NULL, count, step, to);
}

static void fill_outside(const struct rt_fill *f, int64_t count, float *to)
{
    for (int64_t r = 0; r < count; r++, to += f->row)
        for (int64_t p = 0; p < f->phases; p++)
            zeros(to + p * f->part, f->pitch);
}

static inline int64_t between(int64_t v, int64_t low, int64_t high)
{
    return v > high ? high : v < low ? low : v;
}

static void fill(const struct rt_fill *f, const float *x, const float *gate, int64_t from,
                 int64_t end, float *to)
{
    for (int64_t t = 0; t < f->turns; t++, to += f->turn) { /* padded rows from + t, + turns, ... */
        const int64_t count = f->turns == 1 ? end - from : (end - from - t + 1) / 2;
        const int64_t top = f->pad_top - from - t, behind = top + f->rows;
        const int64_t lo = between(f->turns == 1 ? top : (top + 1) >> 1, 0, count);
        const int64_t hi = between(f->turns == 1 ? behind : (behind + 1) >> 1, lo, count);
        const int64_t at = (from + t + lo * f->turns - f->pad_top) * f->width;
        fill_outside(f, lo, to);
        if (hi > lo)
            fill_inside(f, x + at, gate ? gate + at : NULL, hi - lo, to + lo * f->row);
        fill_outside(f, count - hi, to + hi * f->row);
        for (int64_t p = 0; p < f->phases && f->tail; p++)
            if (p + 1 == f->phases || f->part != f->pitch)
                zeros(to + p * f->part +
                          (f->part == f->pitch ? count * f->row - (f->phases - 1) * f->part
                                               : count * f->row),
                      f->tail);
    }
}

/* ---- what comes after a sum ---- */

static inline struct rt_finish finish_of(const struct rt_taps_out *o)
{
    return rt_finish_by(o->scale, o->shift, o->slope, o->top);
}

static inline void put(const struct rt_finish *a, rt_vec sum, const float *add, float *y, int64_t n)
{
    rt_vec v = rt_fma(a->scale, sum, a->shift);
    if (add)
        v = rt_add(v, n < L ? rt_load_part(add, n) : rt_load(add));
    v = rt_finish_act(a, v);
    if (n < L)
        rt_store_part(y, n, v);
    else
        rt_store(y, v);
}

static void finish(const float *sum, int64_t pitch, const struct rt_taps_out *out)
{
    const struct rt_taps_out o = *out;
    const struct rt_finish a = finish_of(out);
    for (int64_t r = 0; r < o.rows; r++)
        for (int64_t i = 0; i < o.n; i += L) {
            const int64_t n = o.n - i < L ? o.n - i : L, at = r * o.pitch + i;
            put(&a, rt_load(sum + r * pitch + i), o.add ? o.add + at : NULL, o.y + at, n);
        }
}

static inline void put_sum(rt_vec v, bool add, float *y, int64_t n)
{
    if (n >= L)
        rt_store(y, add ? rt_add(rt_load(y), v) : v);
    else if (n > 0)
        rt_store_part(y, n, add ? rt_add(rt_load_part(y, n), v) : v);
}

static void join(const float *sum, int64_t apart, int64_t pitch, const struct rt_taps_out *out)
{
    const struct rt_taps_out o = *out;
    for (int64_t r = 0; r < o.rows; r++)
        for (int64_t i = 0; i < o.n; i += 2 * L) {
            const float *from = sum + r * pitch + i / 2;
            float *y = o.y + r * o.pitch + i;
            rt_vec a, b;
            rt_join(rt_load(from), rt_load(from + apart), &a, &b);
            put_sum(a, o.add != NULL, y, o.n - i);
            put_sum(b, o.add != NULL, y + L, o.n - i - L);
        }
}

/* ---- sums ---- */

/* ROWS rows of outputs of a kernel whose rows lie side by side. */
RT_INLINE void grid(const struct rt_taps *k, const struct rt_taps_out *o, const struct rt_finish *a,
                    int64_t r, int side, int stride)
{
    const int64_t n = o->n, pitch = o->pitch, row = k->row;
    const float *add = o->add ? o->add + r * pitch : NULL;
    float *y = o->y + r * pitch;
    const float *tap[5];
    rt_vec w[MOST];
    for (int t = 0; t < side * side; t++)
        w[t] = rt_all(k->w[t]);
    for (int t = 0; t < side; t++)
        tap[t] = k->in + r * k->step + k->at[t];
    for (int64_t i = 0; i < n; i += L) {
        rt_vec sum[ROWS] = {rt_zero(), rt_zero(), rt_zero(), rt_zero()};
#pragma GCC unroll 11
        for (int p = 0; p < (ROWS - 1) * stride + side; p++)
#pragma GCC unroll 5
            for (int t = 0; t < side; t++) {
                const rt_vec x = rt_hold(rt_load(tap[t] + p * row + i));
#pragma GCC unroll 4
                for (int q = 0; q < ROWS; q++)
                    if (p - q * stride >= 0 && p - q * stride < side)
                        sum[q] = rt_fma(w[(p - q * stride) * side + t], x, sum[q]);
            }
#pragma GCC unroll 4
        for (int q = 0; q < ROWS; q++)
            put(a, sum[q], add ? add + q * pitch + i : NULL, y + q * pitch + i, n - i);
    }
}

/* `rows` rows of outputs, tap after tap. */
RT_INLINE void list(const struct rt_taps *k, const struct rt_taps_out *o, const struct rt_finish *a,
                    int64_t r, int rows, int64_t count)
{
    const int64_t n = o->n, pitch = o->pitch, step = k->step, *at = k->at;
    const float *add = o->add ? o->add + r * pitch : NULL, *w = k->w, *in = k->in + r * step;
    float *y = o->y + r * pitch;
    for (int64_t i = 0; i < n; i += L) {
        rt_vec sum[ROWS] = {rt_zero(), rt_zero(), rt_zero(), rt_zero()};
        for (int64_t t = 0; t < count; t++) {
            const rt_vec by = rt_all(w[t]);
            const float *x = in + at[t] + i;
#pragma GCC unroll 4
            for (int q = 0; q < rows; q++)
                sum[q] = rt_fma(by, rt_load(x + q * step), sum[q]);
        }
#pragma GCC unroll 4
        for (int q = 0; q < rows; q++)
            put(a, sum[q], add ? add + q * pitch + i : NULL, y + q * pitch + i, n - i);
    }
}

/* One row of nine taps. */
RT_INLINE void nine(const struct rt_taps *k, const struct rt_taps_out *o, const struct rt_finish *a,
                    int64_t r)
{
    const int64_t n = o->n;
    const float *add = o->add ? o->add + r * o->pitch : NULL;
    float *y = o->y + r * o->pitch;
    const float *tap[9];
    rt_vec w[9];
    for (int t = 0; t < 9; t++) {
        tap[t] = k->in + r * k->step + k->at[t];
        w[t] = rt_all(k->w[t]);
    }
    for (int64_t i = 0; i < n; i += L) {
        rt_vec one = rt_zero(), two = rt_zero(), three = rt_zero();
#pragma GCC unroll 3
        for (int t = 0; t < 9; t += 3) {
            one = rt_fma(w[t], rt_load(tap[t] + i), one);
            two = rt_fma(w[t + 1], rt_load(tap[t + 1] + i), two);
            three = rt_fma(w[t + 2], rt_load(tap[t + 2] + i), three);
        }
        put(a, rt_add(rt_add(one, two), three), add ? add + i : NULL, y + i, n - i);
    }
}

static void rows(const struct rt_taps *k, const struct rt_taps_out *o)
{
    const struct rt_finish a = finish_of(o);
    int64_t r = 0;
    for (; r + ROWS <= o->rows; r += ROWS)
        if (k->side == 3 && k->step == k->row)
            grid(k, o, &a, r, 3, 1);
        else if (k->side == 3)
            grid(k, o, &a, r, 3, 2);
        else if (k->side == 5 && k->step == k->row)
            grid(k, o, &a, r, 5, 1);
        else if (k->side == 5)
            grid(k, o, &a, r, 5, 2);
        else
            list(k, o, &a, r, ROWS, k->count);
    for (; r < o->rows; r++)
        if (k->count == 9)
            nine(k, o, &a, r);
        else
            list(k, o, &a, r, 1, k->count);
}

/* ---- sums over pixels ---- */

/* Taps first .. first + count of `rows` rows. */
RT_INLINE void some_dots(const struct rt_taps *k, const float *y, int64_t pitch, int64_t rows,
                         int64_t n, int64_t first, int count, float *lane)
{
    const int64_t step = k->step;
    const float *tap[9];
    rt_vec sum[9];
    for (int t = 0; t < count; t++) {
        sum[t] = rt_load(lane + (first + t) * L);
        tap[t] = k->in + k->at[first + t];
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t i = 0; i < n; i += L) {
            const float *from = y + r * pitch + i;
            const rt_vec v = n - i < L ? rt_load_part(from, n - i) : rt_load(from);
#pragma GCC unroll 9
            for (int t = 0; t < count; t++)
                sum[t] = rt_fma(v, rt_load(tap[t] + r * step + i), sum[t]);
        }
    for (int t = 0; t < count; t++)
        rt_store(lane + (first + t) * L, sum[t]);
}

static void dots(const struct rt_taps *k, const float *y, int64_t pitch, int64_t rows, int64_t n,
                 float *lane)
{
    int64_t t = 0;
    for (; t + 9 <= k->count; t += 9)
        some_dots(k, y, pitch, rows, n, t, 9, lane);
    for (; t + 5 <= k->count; t += 5)
        some_dots(k, y, pitch, rows, n, t, 5, lane);
    for (; t < k->count; t++)
        some_dots(k, y, pitch, rows, n, t, 1, lane);
}

static void take(int64_t count, float *lane, double *sum)
{
    for (int64_t k = 0; k < count; k++) {
        sum[k] += (double)rt_sum(rt_load(lane + k * L));
        rt_store(lane + k * L, rt_zero());
    }
}

const struct rt_taps_table RT_V(rt_taps) = {.lanes = L,
                                            .fill = fill,
                                            .rows = rows,
                                            .finish = finish,
                                            .join = join,
                                            .dots = dots,
                                            .take = take};
