/* wino_weight.h - the gradient of a 3x3 convolution by its filters, by Winograd's F(4 x 4, 3 x 3):
 *
 *     dw = G' [ sum over tiles of (A dY A') . (B' d B) ] G
 *
 * Sums run over tiles, in rounds of as many as a cache holds, so vectors are turned to run over
 * channels of x. Layouts: x [points][panels of channels][tiles][width], y [points][m /
 * 8][tiles][8], sums [m / 8][panels of channels][points][8][width]. */
#ifndef IMP_RT_WINO_WEIGHT_H
#define IMP_RT_WINO_WEIGHT_H
#include "wino.h"

struct rt_wino_weight {
    struct rt_wino g;             /* the forward pass, s = 4 */
    int64_t columns, width, rows; /* panels of channels, channels of one; panels of 8 filters */
    int64_t round, rounds;        /* groups of tiles at a time */
};
static inline int64_t rt_wino_sums_step(const struct rt_wino_weight *p)
{
    return 8 * p->width + RT_WINO_APART;
}
/* Floats between two points of x, and of y. */
static inline int64_t rt_wino_x_step(const struct rt_wino_weight *p)
{
    return p->columns * p->round * p->g.lanes * p->width + RT_WINO_APART;
}
static inline int64_t rt_wino_y_step(const struct rt_wino_weight *p)
{
    return p->rows * p->round * p->g.lanes * 8 + RT_WINO_APART;
}

struct rt_wino_weight_kernels {
    /* Channels [c0, c0 + lanes) of x, filters [m0, m0 + lanes) of y, of group `at` of a round. */
    void (*inputs)(const struct rt_wino_weight *, const struct rt_wino_group *, const float *x,
                   int64_t c0, int64_t at, float *to);
    void (*outputs)(const struct rt_wino_weight *, const struct rt_wino_group *, const float *y,
                    const float *gate, int64_t m0, int64_t at, float *to);
    /* Adds (more) up a point for panels [p0, p1) of filters. */
    void (*products)(const struct rt_wino_weight *, const float *x, const float *y, int64_t groups,
                     int64_t point, int64_t p0, int64_t p1, bool more, float *sums);
    /* w += what the sums of a panel of filters come to */
    void (*filters)(const struct rt_wino_weight *, const float *sums, int64_t p, float *w);
};
RT_DECLARE(struct rt_wino_weight_kernels, rt_wino_weight_kernels);

/* Is it the fastest way? By shape and variant alone. */
bool rt_wino_weight_set(struct rt_wino_weight *, const struct rt_conv *);
/* Can it be done so? */
bool rt_wino_weight_fits(struct rt_wino_weight *, const struct rt_conv *);
uint64_t rt_wino_weight_bytes(const struct rt_wino_weight *);
/* w += sum over pictures and pixels of y x, y where gate > 0 (NULL: all). IMP_OK, IMP_CANCELLED. */
imp_status rt_wino_weight_run(const struct rt_wino_weight *, const float *x, const float *y,
                              const float *gate, float *w, void *scratch, imp_job *);

#endif
