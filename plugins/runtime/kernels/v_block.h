/* v_block.h - the heart of all products here: a block of a matrix that fits the registers. For
 * v_*.c. */
#ifndef IMP_RT_V_BLOCK_H
#define IMP_RT_V_BLOCK_H
#include "simd.h"

#include <stdbool.h>

/* Vectors side by side, and rows, of a block. */
enum { RT_BLOCK_GROUPS = 3, RT_BLOCK_ROWS = RT_LANES == 16 ? 8 : 4 };

/* to[rows][groups] = (more ? to : 0) + sum over k of u[k][8] v[k][groups], groups of vectors: what
 * is summed up stays in registers. */
RT_INLINE void rt_block_of(int rows, int groups, int64_t count, bool more, const float *u,
                           const float *v, float *to)
{
    rt_vec sum[8][RT_BLOCK_GROUPS], in[RT_BLOCK_GROUPS];
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        RT_UNROLL
        for (int i = 0; i < groups; i++)
            sum[r][i] = rt_zero();
    }
    for (int64_t k = 0; k < count; k++, u += 8, v += groups * RT_LANES) {
        RT_UNROLL
        for (int i = 0; i < groups; i++)
            in[i] = rt_load(v + i * RT_LANES);
        RT_UNROLL
        for (int r = 0; r < rows; r++) {
            const rt_vec w = rt_all(u[r]);
            RT_UNROLL
            for (int i = 0; i < groups; i++)
                sum[r][i] = rt_fma(w, in[i], sum[r][i]);
        }
    }
    RT_UNROLL
    for (int r = 0; r < rows; r++) {
        RT_UNROLL
        for (int i = 0; i < groups; i++) {
            float *at = to + (r * groups + i) * RT_LANES;
            if (more)
                sum[r][i] += rt_load(at);
            rt_store(at, sum[r][i]);
        }
    }
}

static inline void rt_block(int64_t groups, int64_t count, bool more, const float *u,
                            const float *v, float *to)
{
    if (groups == 3)
        rt_block_of(RT_BLOCK_ROWS, 3, count, more, u, v, to);
    else if (groups == 2)
        rt_block_of(RT_BLOCK_ROWS, 2, count, more, u, v, to);
    else
        rt_block_of(RT_BLOCK_ROWS, 1, count, more, u, v, to);
}

#endif
