/* rows.h - a product of matrices as convolutions need it: the right one is columns of a strip, in a
 * core's second cache; nothing is packed.
 *
 *     c[i][j] = (more ? c[i][j] : 0) + sum over l of a[i * row + l * step] b[l][j]
 *
 * and then after() of it, where that is not NULL: row i is channel + i. */
#ifndef IMP_RT_ROWS_H
#define IMP_RT_ROWS_H
#include "after.h"
#include "simd.h"

#include <stdbool.h>

struct rt_rows {
    int64_t m, n, k, row, step, ldb, ldc; /* row, step: of a; ldb, ldc: floats between rows */
    const float *a, *b;
    float *c;
    bool more;
    const struct rt_after *after;
    int64_t channel;
    const float *add; /* after's, from where c is on; c itself, too */
};
struct rt_rows_kernels {
    void (*product)(const struct rt_rows *);
};
RT_DECLARE(struct rt_rows_kernels, rt_rows_kernels);
/* By the variant that rt_simd() answers. k may be 0. [any] */
void rt_rows_product(const struct rt_rows *);

#endif
