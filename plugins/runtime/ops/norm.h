/* norm.h - what the normalisations share: moments of a group of numbers, and the loops over it. A
 * group is `segments` stretches of `length` numbers, `stride` apart: a channel of a batch, a
 * channel of one picture, a row. */
#ifndef IMP_RT_NORM_H
#define IMP_RT_NORM_H
#include <stdbool.h>
#include <stdint.h>

struct rt_norm_group {
    int64_t segments, length, stride;
};
struct rt_moments {
    double mean, variance; /* of all, divided by their number */
};
/* y = (x - mean) * factor + shift */
struct rt_affine {
    double mean, factor, shift;
};
/* Sums over a group of g, and of g * (x - mean) * inverse. */
struct rt_slopes {
    double g, gx;
};

/* In double, twice over the numbers. */
struct rt_moments rt_moments_of(const float *x, const struct rt_norm_group *);
void rt_affine_apply(const float *x, float *y, const struct rt_norm_group *,
                     const struct rt_affine *);
struct rt_slopes rt_slopes_of(const float *x, const float *g, const struct rt_norm_group *,
                              double mean, double inverse);
/* dx += factor * g + (x - mean) * slope + shift; store: = */
struct rt_back {
    double mean, factor, slope, shift;
    bool store;
};
void rt_back_apply(const float *x, const float *g, float *dx, const struct rt_norm_group *,
                   const struct rt_back *);

#endif
