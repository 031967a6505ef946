/* v_rows.c - see rows.h: blocks of the result in registers. */
#include "rows.h"
#include "v_after.h"
#include "v_steps.h"

#include <stddef.h>

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

/* rows, groups and apart are constants where it is called; part: the last vector holds `last`
 * columns only; apart: p->at says where things are. */
RT_INLINE void block(int rows, int groups, bool part, bool apart, int64_t last,
                     const struct rt_rows *p, int64_t i0, int64_t j0)
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
    const int64_t ahead = apart || step == 1 ? (count + 15) / 16 * 8 : 0;
    const struct rt_row_at *at = p->at;
    for (int64_t k = 0; k < count; k++, a += apart ? 0 : step, b += apart ? 0 : ldb) {
        const float *from = apart ? b + at[k].b : b, *by = apart ? a + at[k].a : a;
        if (k < ahead)
            __builtin_prefetch((const void *)(next + (uintptr_t)(k % 8 * row * 4 + k / 8 * 64)));
        RT_UNROLL
        for (int i = 0; i < groups; i++)
            in[i] = part && i == groups - 1 ? rt_load_part(from + i * RT_LANES, last)
                                            : rt_load(from + i * RT_LANES);
        RT_UNROLL
        for (int r = 0; r < rows; r++) {
            const rt_vec w = rt_all(by[r * row]);
            RT_UNROLL
            for (int i = 0; i < groups; i++)
                sum[r][i] = rt_fma(w, in[i], sum[r][i]);
        }
    }
    put_all(rows, groups, part, last, p, sum, i0, j0);
}

/* All rows of some columns. */
RT_INLINE void columns(int groups, bool part, bool apart, int64_t last, const struct rt_rows *p,
                       int64_t j)
{
    int64_t i = 0;
    for (; i + ROWS <= p->m; i += ROWS)
        block(ROWS, groups, part, apart, last, p, i, j);
    for (; i + 4 <= p->m; i += 4)
        block(4, groups, part, apart, last, p, i, j);
    if (i + 3 == p->m)
        block(3, groups, part, apart, last, p, i, j);
    else if (i + 2 == p->m)
        block(2, groups, part, apart, last, p, i, j);
    else if (i + 1 == p->m)
        block(1, groups, part, apart, last, p, i, j);
}

#define COLUMNS(name, groups, part, apart)                                                         \
    static void name(const struct rt_rows *p, int64_t j, int64_t last)                             \
    {                                                                                              \
        columns(groups, part, apart, last, p, j);                                                  \
    }
COLUMNS(whole1, 1, false, false)
COLUMNS(whole2, 2, false, false)
COLUMNS(whole3, 3, false, false)
COLUMNS(part1, 1, true, false)
COLUMNS(part2, 2, true, false)
COLUMNS(part3, 3, true, false)
COLUMNS(apart_whole1, 1, false, true)
COLUMNS(apart_whole2, 2, false, true)
COLUMNS(apart_whole3, 3, false, true)
COLUMNS(apart_part1, 1, true, true)
COLUMNS(apart_part2, 2, true, true)
COLUMNS(apart_part3, 3, true, true)

/* Vectors are dealt out so that no block is left with one where two of two would do. */
static void product(const struct rt_rows *p)
{
    static void (*const all[2][2][GROUPS])(const struct rt_rows *, int64_t j, int64_t last) = {
        {{whole1, whole2, whole3}, {part1, part2, part3}},
        {{apart_whole1, apart_whole2, apart_whole3}, {apart_part1, apart_part2, apart_part3}}};
    const int64_t vectors = (p->n + RT_LANES - 1) / RT_LANES;
    for (int64_t v = 0; v < vectors;) {
        const int64_t left = vectors - v, j = v * RT_LANES;
        const int64_t take = left == 4 ? 2 : left < GROUPS ? left : GROUPS;
        const int64_t last = p->n - (v + take - 1) * RT_LANES;
        all[p->at != NULL][last < RT_LANES][take - 1](p, j, last);
        v += take;
    }
}

/* ---- sums over places ---- */

/* rows and groups are constants where it is called. */
RT_INLINE void places_block(int rows, int groups, const struct rt_places *p, int64_t i0, int64_t j0)
{
    const int64_t n = p->n, width = p->width;
    const float *a[ROWS], *b = p->b + j0;
    rt_vec sum[ROWS][GROUPS], in[GROUPS];
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        a[r] = p->a + p->at[i0 + r];
        RT_UNROLL
        for (int i = 0; i < groups; i++)
            sum[r][i] = rt_zero();
    }
    for (int64_t y = 0, at = 0; y < p->tall; y++, at += p->pitch)
        for (int64_t x = at; x < at + width; x++, b += n) {
            RT_UNROLL
            for (int i = 0; i < groups; i++)
                in[i] = rt_load(b + i * RT_LANES);
            RT_UNROLL
            for (int r = 0; r < rows; r++) {
                const rt_vec w = rt_all(a[r][x]);
                RT_UNROLL
                for (int i = 0; i < groups; i++)
                    sum[r][i] = rt_fma(w, in[i], sum[r][i]);
            }
        }
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        RT_UNROLL
        for (int i = 0; i < groups; i++) {
            float *c = p->c + (i0 + r) * n + j0 + i * RT_LANES;
            rt_store(c, p->more ? rt_add(sum[r][i], rt_load(c)) : sum[r][i]);
        }
    }
}

RT_INLINE void places_columns(int groups, const struct rt_places *p, int64_t j)
{
    int64_t i = 0;
    for (; i + ROWS <= p->m; i += ROWS)
        places_block(ROWS, groups, p, i, j);
    for (; i + 2 <= p->m; i += 2)
        places_block(2, groups, p, i, j);
    if (i < p->m)
        places_block(1, groups, p, i, j);
}

static void places(const struct rt_places *p)
{
    const int64_t vectors = p->n / RT_LANES;
    for (int64_t v = 0; v < vectors;) {
        const int64_t left = vectors - v, take = left == 4 ? 2 : left < GROUPS ? left : GROUPS;
        if (take == 3)
            places_columns(3, p, v * RT_LANES);
        else if (take == 2)
            places_columns(2, p, v * RT_LANES);
        else
            places_columns(1, p, v * RT_LANES);
        v += take;
    }
}

/* RT_LANES filters from f on, some of which may not be there, at RT_LANES places of which n are. */
static inline void turn_block(const float *y, const float *gate, int64_t size, int64_t filters,
                              int64_t n, float *to, int64_t row)
{
    rt_vec v[RT_LANES];
    for (int64_t f = 0; f < RT_LANES; f++) {
        if (f >= filters) {
            v[f] = rt_zero();
            continue;
        }
        v[f] = get(y + f * size, n == RT_LANES, n);
        if (gate)
            v[f] = rt_gate(get(gate + f * size, n == RT_LANES, n), v[f]);
    }
    rt_turn(v);
    for (int64_t i = 0; i < n; i++)
        rt_store(to + i * row, v[i]);
}

static void turn(const float *y, const float *gate, int64_t size, int64_t n, int64_t filters,
                 float *to)
{
    const int64_t row = (filters + RT_ROWS_MULTIPLE - 1) / RT_ROWS_MULTIPLE * RT_ROWS_MULTIPLE;
    for (int64_t i = 0; i < n; i += RT_LANES)
        for (int64_t f = 0; f < row; f += RT_LANES)
            turn_block(y + f * size + i, gate ? gate + f * size + i : NULL, size, filters - f,
                       n - i < RT_LANES ? n - i : RT_LANES, to + i * row + f, row);
}

const struct rt_rows_kernels RT_V(rt_rows_kernels) = {
    .product = product, .places = places, .turn = turn};
