/* v_rows.c - see rows.h: blocks of the result in registers. */
#include "rows.h"
#include "v_after.h"

/* Vectors side by side, and rows, of a block. */
enum { GROUPS = 3, ROWS = RT_LANES == 16 ? 8 : 4 };

/* A vector of sums, of which n count, to c. */
static inline void put(const struct rt_finish *e, rt_vec sum, const float *add, bool more, float *c,
                       int64_t n)
{
    const bool whole = n >= RT_LANES;
    if (more)
        sum = rt_add(sum, whole ? rt_load(c) : rt_load_part(c, n));
    if (e)
        sum = rt_fma(e->scale, sum, e->shift);
    if (e && add)
        sum = rt_add(sum, whole ? rt_load(add) : rt_load_part(add, n));
    if (e)
        sum = rt_finish_act(e, sum);
    if (whole)
        rt_store(c, sum);
    else
        rt_store_part(c, n, sum);
}

/* Sums to where they belong. */
RT_INLINE void put_all(int rows, int groups, bool part, int64_t last, const struct rt_rows *p,
                       rt_vec sum[ROWS][GROUPS], int64_t i, int64_t j)
{
    const bool more = p->more;
    float *c = p->c + i * p->ldc + j;
    const float *add = p->after && p->add ? p->add + i * p->ldc + j : NULL;
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        struct rt_finish e;
        if (p->after)
            e = rt_finish_of(p->after, p->channel + i + r);
        RT_UNROLL
        for (int k = 0; k < groups; k++)
            put(p->after ? &e : NULL, sum[r][k], add ? add + r * p->ldc + k * RT_LANES : NULL, more,
                c + r * p->ldc + k * RT_LANES, part && k == groups - 1 ? last : RT_LANES);
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
    for (int64_t k = 0; k < count; k++, a += step, b += ldb) {
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
