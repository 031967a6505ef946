/* v_threes.h - rows of a plane under one 3x3 filter, one sample of padding around it, at stride 1
 * or 2, read where they are. One table for each kind of processor. */
#ifndef IMP_RT_V_THREES_H
#define IMP_RT_V_THREES_H
#include "simd.h"

/* y[r][i] = act(scale * sum + shift + add[r][i]) as in after.h, sum over q, t of
 * w[q * 3 + t] x[r * stride + q - 1][i * stride + t - 1], for rows [row0, row1) of y. */
struct rt_threes {
    int64_t h, width, out_w, stride, row0, row1; /* h, width: of x */
    const float *x, *w, *add;                    /* add: as y, or NULL */
    float *y;                                    /* row 0 */
    float scale, shift, slope, top;
};
struct rt_threes_table {
    void (*rows)(const struct rt_threes *);
};
RT_DECLARE(struct rt_threes_table, rt_threes);

#endif
