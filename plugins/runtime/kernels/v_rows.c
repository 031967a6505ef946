/* v_rows.c - see rows.h: blocks of the result in registers. */
#include "rows.h"

/* Vectors side by side, and rows, of a block. */
enum { GROUPS = 3, ROWS = RT_LANES == 16 ? 8 : 4 };

/* rows and groups are constants where it is called; part: the last vector holds `last` columns
 * only. */
RT_INLINE void block(int rows, int groups, bool part, int64_t last, const struct rt_rows *p,
                     const float *a, const float *b, float *c)
{
    const int64_t row = p->row, step = p->step, ldb = p->ldb, ldc = p->ldc, count = p->k;
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
    const bool more = p->more;
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        RT_UNROLL
        for (int i = 0; i < groups; i++) {
            float *at = c + r * ldc + i * RT_LANES;
            if (part && i == groups - 1)
                rt_store_part(at, last,
                              more ? rt_add(sum[r][i], rt_load_part(at, last)) : sum[r][i]);
            else
                rt_store(at, more ? rt_add(sum[r][i], rt_load(at)) : sum[r][i]);
        }
    }
}

/* All rows of some columns. */
RT_INLINE void columns(int groups, bool part, int64_t last, const struct rt_rows *p, int64_t j)
{
    int64_t i = 0;
    for (; i + ROWS <= p->m; i += ROWS)
        block(ROWS, groups, part, last, p, p->a + i * p->row, p->b + j, p->c + i * p->ldc + j);
    for (; i + 2 <= p->m; i += 2)
        block(2, groups, part, last, p, p->a + i * p->row, p->b + j, p->c + i * p->ldc + j);
    for (; i < p->m; i++)
        block(1, groups, part, last, p, p->a + i * p->row, p->b + j, p->c + i * p->ldc + j);
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
