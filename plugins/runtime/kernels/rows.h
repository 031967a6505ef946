/* rows.h - a product of matrices as convolutions need it: the right one is columns of a strip, in a
 * core's second cache; nothing is packed.
 *
 *     c[i][j] = (more ? c[i][j] : 0) + sum over l of a[i * row + l * step] b[l][j]
 *
 * or, where `at` says so, of a[i * row + at[l].a] b[at[l].b + j]; and then after() of it, where
 * that is not NULL: row i is channel + i. */
#ifndef IMP_RT_ROWS_H
#define IMP_RT_ROWS_H
#include "after.h"
#include "simd.h"

#include <stdbool.h>

struct rt_row_at {
    int64_t a, b;
};
struct rt_rows {
    int64_t m, n, k, row, step, ldb, ldc; /* row, step: of a; ldb, ldc: floats between rows */
    const float *a, *b;
    const struct rt_row_at *at; /* NULL: step and ldb say it */
    float *c;
    bool more;
    const struct rt_after *after;
    int64_t channel;
    const float *add; /* after's, from where c is on; c itself, too */
};
struct rt_places;
struct rt_rows_kernels {
    void (*product)(const struct rt_rows *);
    void (*places)(const struct rt_places *);
    void (*turn)(const float *y, const float *gate, int64_t size, int64_t places, int64_t filters,
                 float *to);
};
RT_DECLARE(struct rt_rows_kernels, rt_rows_kernels);
/* By the variant that rt_simd() answers. k may be 0. [any] */
void rt_rows_product(const struct rt_rows *);

/* The same for gradients by filters, whose sums run over places:
 *
 *     c[i][j] = (more ? c[i][j] : 0) + sum over y, x of a[at[i] + y * pitch + x] b[y * width +
 * x][j]
 *
 * y < tall, x < width; j < n, a multiple of RT_ROWS_MULTIPLE; rows of b and c are n floats. */
enum { RT_ROWS_MULTIPLE = 16 };
struct rt_places {
    int64_t m, n, tall, width, pitch;
    const float *a, *b;
    const int64_t *at;
    float *c;
    bool more;
};
void rt_places_product(const struct rt_places *);
/* to[place][filter] = y[filter * size + place] where gate (as y; NULL: all) > 0: so many places, of
 * `filters` and up to the next multiple of RT_ROWS_MULTIPLE, of zeros. */
void rt_places_turn(const float *y, const float *gate, int64_t size, int64_t places,
                    int64_t filters, float *to);

#endif
