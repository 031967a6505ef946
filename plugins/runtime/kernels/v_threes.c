/* v_threes.c - see v_threes.h. Down a column of vectors each row of x is read once and goes to the
 * sums of the rows of y that it touches. */
#include "v_threes.h"
#include "v_after.h"

enum { L = RT_LANES };

/* What a row of x gives to L outputs: samples left of, at and right of each. */
struct row {
    rt_vec left, at, right;
};

static inline rt_vec part(const float *x, int64_t n)
{
    return n >= L ? rt_load(x) : n > 0 ? rt_load_part(x, n) : rt_zero();
}

/* Row r of x for outputs from i on; zeros outside. */
RT_INLINE struct row take(const struct rt_threes *p, int64_t r, int64_t i, int stride)
{
    struct row v = {rt_zero(), rt_zero(), rt_zero()};
    if (r < 0 || r >= p->h)
        return v;
    const float *x = p->x + r * p->width + i * stride;
    const int64_t n = p->width - i * stride;
    if (stride == 1) {
        v.at = part(x, n);
        v.right = part(x + 1, n - 1);
        v.left = i ? part(x - 1, n + 1) : rt_shift_in(v.at);
        return v;
    }
    rt_vec odd;
    rt_split(part(x, n), part(x + L, n - L), &v.at, &v.right);
    if (i)
        rt_split(part(x - 1, n + 1), part(x - 1 + L, n + 1 - L), &v.left, &odd);
    else
        v.left = rt_shift_in(v.right);
    return v;
}

static inline rt_vec add_row(const struct row *v, const rt_vec *w, rt_vec sum)
{
    return rt_fma(w[0], v->left, rt_fma(w[1], v->at, rt_fma(w[2], v->right, sum)));
}

/* L outputs of each row. */
RT_INLINE void column(const struct rt_threes *p, const rt_vec *w, const struct rt_finish *e,
                      int64_t i, int stride)
{
    const int64_t n = p->out_w - i;
    struct row v = take(p, p->row0 * stride - 1, i, stride);
    rt_vec sum = add_row(&v, w, rt_zero()), next = rt_zero();
    if (stride == 1) {
        v = take(p, p->row0, i, 1);
        sum = add_row(&v, w + 3, sum);
        next = add_row(&v, w, rt_zero());
    }
    for (int64_t r = p->row0; r < p->row1; r++) {
        const int64_t at = r * p->out_w + i;
        rt_vec after = rt_zero();
        if (stride == 2) {
            v = take(p, 2 * r, i, 2);
            sum = add_row(&v, w + 3, sum);
        }
        v = take(p, r * stride + 1, i, stride);
        rt_vec out = rt_fma(e->scale, add_row(&v, w + 6, sum), e->shift);
        if (stride == 1) {
            next = add_row(&v, w + 3, next);
            after = add_row(&v, w, rt_zero());
        } else {
            next = add_row(&v, w, rt_zero());
        }
        if (p->add)
            out = rt_add(out, part(p->add + at, n));
        out = rt_finish_act(e, out);
        if (n >= L)
            rt_store(p->y + at, out);
        else
            rt_store_part(p->y + at, n, out);
        sum = next;
        next = after;
    }
}

static void rows(const struct rt_threes *given)
{
    const struct rt_threes p = *given;
    const struct rt_finish e = rt_finish_by(p.scale, p.shift, p.slope, p.top);
    rt_vec w[9];
    RT_UNROLL
    for (int k = 0; k < 9; k++)
        w[k] = rt_all(p.w[k]);
    for (int64_t i = 0; i < p.out_w; i += L)
        if (p.stride == 1)
            column(&p, w, &e, i, 1);
        else
            column(&p, w, &e, i, 2);
}

const struct rt_threes_table RT_V(rt_threes) = {.rows = rows};
