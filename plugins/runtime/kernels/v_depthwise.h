/* v_depthwise.h - rows of one plane under one filter, for depthwise.c: sums over taps of what
 * stands in padded rows, no borders. One table for each kind of processor. */
#ifndef IMP_RT_V_DEPTHWISE_H
#define IMP_RT_V_DEPTHWISE_H
#include "simd.h"

/* Output i of row r: sum over taps k of w[k] in[r * step + at[k] + i]. Lanes beyond the last output
 * are read, too: up to a vector, which must be there. */
struct rt_taps {
    const float *in, *w;
    const int64_t *at;
    int64_t count, step;
    /* 3x3 or 5x5 (side) in rows that lie side by side, `row` apart, step = stride * row: 0, or the
     * side; stride 1 or 2. */
    int64_t side, row;
};
/* y[r * pitch + i] = act(scale * sum + shift + add[same]), as in after.h; add: NULL, none. */
struct rt_taps_out {
    float *y;
    const float *add;
    int64_t pitch, rows, n;
    float scale, shift, slope, top;
};

/* Rows of one plane, x[rows][width], to padded rows: row r of x goes to padded row pad_top + r. A
 * padded row is 1 or 2 parts (phases), each `lead` zeros and what of x is in it: x[c] is element
 * c / phases of part c % phases. */
struct rt_fill {
    int64_t rows, width, pad_top;
    int64_t phases, part, lead, pitch; /* floats between parts, of the zeros, of a whole part */
    int64_t turns, turn, row; /* row r: r % turns * turn + r / turns * row floats from `to` */
    int64_t
        tail; /* zeros behind the last row of each turn and part, of the last part, in vectors */
};

struct rt_taps_table {
    int64_t lanes;
    /* Padded rows [from, end) are written from `to` on, and up to a vector behind the last; x where
     * gate > 0 (NULL: all). */
    void (*fill)(const struct rt_fill *, const float *x, const float *gate, int64_t from,
                 int64_t end, float *to);
    void (*rows)(const struct rt_taps *, const struct rt_taps_out *);
    /* What rows() does to sums, where these stand in rows of `pitch` floats. */
    void (*finish)(const float *sum, int64_t pitch, const struct rt_taps_out *);
    /* y[i] = (add ? y[i] : 0) + element i / 2 of row i % 2, for each row of o: `apart` floats from
     * one part to the other, `pitch` to the next row. */
    void (*join)(const float *sum, int64_t apart, int64_t pitch, const struct rt_taps_out *);
    /* lane[k * lanes + l] += sum over rows and i = l, l + lanes, ... of y[r * pitch + i] in[r *
     * step
     * + at[k] + i]; what `in` holds beyond the last output is finite. */
    void (*dots)(const struct rt_taps *, const float *y, int64_t pitch, int64_t rows, int64_t n,
                 float *lane);
    /* sum[k] += all lanes of k, which become 0 */
    void (*take)(int64_t count, float *lane, double *sum);
};
RT_DECLARE(struct rt_taps_table, rt_taps);

#endif
