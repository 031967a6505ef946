/* v_rows.c - see rows.h: blocks of the result in registers. */
#include "rows.h"
#include "v_after.h"

/* Vectors side by side, and rows, of a block. */
enum { GROUPS = 3, ROWS = RT_LANES == 16 ? 8 : 4 };

static inline rt_vec get(const float *at, bool whole, int64_t last)
{
    return whole ? rt_load(at) : rt_load_part(at, last);
}

static inline void put(float *at, bool whole, int64_t last, rt_vec v)
{
    if (whole)
        rt_store(at, v);
    else
        rt_store_part(at, last, v);
}

/* What is there already is added to sums, and then comes what is after them: `relu`, as constant as
 * rows and groups: a relu, or a cut at top. */
RT_INLINE void finish(int rows, int groups, bool part, int64_t last, bool relu,
                      const struct rt_rows *p, rt_vec sum[ROWS][GROUPS], int64_t i, int64_t j)
{
    const int64_t ldc = p->ldc;
    float *c = p->c + i * ldc + j;
    const float *add = p->add ? p->add + i * ldc + j : NULL;
    const rt_vec top = rt_all(p->after->top);
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        const struct rt_finish e = rt_finish_of(p->after, p->channel + i + r);
        RT_UNROLL
        for (int k = 0; k < groups; k++) {
            const bool whole = !part || k < groups - 1;
            const int64_t at = r * ldc + k * RT_LANES;
            rt_vec v = sum[r][k];
            if (p->more)
                v = rt_add(v, get(c + at, whole, last));
            v = rt_fma(e.scale, v, e.shift);
            if (add)
                v = rt_add(v, get(add + at, whole, last));
            v = relu ? rt_min(top, rt_max(rt_zero(), v)) : rt_finish_act(&e, v);
            put(c + at, whole, last, v);
        }
    }
}

/* Sums to where they belong. */
RT_INLINE void put_all(int rows, int groups, bool part, int64_t last, const struct rt_rows *p,
                       rt_vec sum[ROWS][GROUPS], int64_t i, int64_t j)
{
    float *c = p->c + i * p->ldc + j;
    if (p->after && p->after->slope == 0) {
        finish(rows, groups, part, last, true, p, sum, i, j);
        return;
    }
    if (p->after) {
        finish(rows, groups, part, last, false, p, sum, i, j);
        return;
    }
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        RT_UNROLL
        for (int k = 0; k < groups; k++) {
            const bool whole = !part || k < groups - 1;
            float *at = c + r * p->ldc + k * RT_LANES;
            put(at, whole, last, p->more ? rt_add(sum[r][k], get(at, whole, last)) : sum[r][k]);
        }
    }
}

/* rows and groups are constants where it is called; part: the last vector holds `last` columns
 * only. */
RT_INLINE void block(int rows, int groups, bool part, int64_t last, const struct rt_rows *p,
                     int64_t i0, int64_t j0)
{
    const int64_t row = p->row, step = p->step, ldb = p->ldb, count = p->k;
    const float *a = p->a + i0 * row, *b = p->b + j0;
    rt_vec sum[ROWS][GROUPS], in[GROUPS];
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        RT_UNROLL
        for (int i = 0; i < groups; i++)
            sum[r][i] = rt_zero();
    }
    const uintptr_t next = (uintptr_t)(i0 + 2 * rows <= p->m ? a + rows * row : p->a); /* block */
    const int64_t ahead = step == 1 ? (count + 15) / 16 * 8 : 0;
    for (int64_t k = 0; k < count; k++, a += step, b += ldb) {
        if (k < ahead)
            __builtin_prefetch((const void *)(next + (uintptr_t)(k % 8 * row * 4 + k / 8 * 64)));
        RT_UNROLL
        for (int i = 0; i < groups; i++)
            in[i] = part && i == groups - 1 ? rt_load_part(b + i * RT_LANES, last)
                                            : rt_load(b + i * RT_LANES);
        RT_UNROLL
        for (int r = 0; r < rows; r++) {
            const rt_vec w = rt_all(a[r * row]);
            RT_UNROLL
            for (int i = 0; i < groups; i++)
                sum[r][i] = rt_fma(w, in[i], sum[r][i]);
        }
    }
    put_all(rows, groups, part, last, p, sum, i0, j0);
}

/* All rows of some columns. */
RT_INLINE void columns(int groups, bool part, int64_t last, const struct rt_rows *p, int64_t j)
{
    int64_t i = 0;
    for (; i + ROWS <= p->m; i += ROWS)
        block(ROWS, groups, part, last, p, i, j);
    for (; i + 2 <= p->m; i += 2)
        block(2, groups, part, last, p, i, j);
    for (; i < p->m; i++)
        block(1, groups, part, last, p, i, j);
}

static void whole3(const struct rt_rows *p, int64_t j)
{
    columns(3, false, RT_LANES, p, j);
}
static void whole2(const struct rt_rows *p, int64_t j)
{
    columns(2, false, RT_LANES, p, j);
}
static void whole1(const struct rt_rows *p, int64_t j)
{
    columns(1, false, RT_LANES, p, j);
}
static void part3(const struct rt_rows *p, int64_t j, int64_t last)
{
    columns(3, true, last, p, j);
}
static void part2(const struct rt_rows *p, int64_t j, int64_t last)
{
    columns(2, true, last, p, j);
}
static void part1(const struct rt_rows *p, int64_t j, int64_t last)
{
    columns(1, true, last, p, j);
}

/* Vectors are dealt out so that no block is left with one where two of two would do. */
static void product(const struct rt_rows *p)
{
    const int64_t vectors = (p->n + RT_LANES - 1) / RT_LANES;
    for (int64_t v = 0; v < vectors;) {
        const int64_t left = vectors - v, j = v * RT_LANES;
        const int64_t take = left == 4 ? 2 : left < GROUPS ? left : GROUPS;
        const int64_t last = p->n - (v + take - 1) * RT_LANES;
        if (last < RT_LANES)
            (take == 3 ? part3 : take == 2 ? part2 : part1)(p, j, last);
        else
            (take == 3 ? whole3 : take == 2 ? whole2 : whole1)(p, j);
        v += take;
    }
}

const struct rt_rows_kernels RT_V(rt_rows_kernels) = {.product = product};
