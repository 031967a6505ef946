/* v_columns.h - rows of the matrix of columns where windows step by 2, for im2col.c: every other
 * sample of rows of x, or back. One table for each kind of processor. */
#ifndef IMP_RT_V_COLUMNS_H
#define IMP_RT_V_COLUMNS_H
#include "simd.h"

/* Rows of `width` columns, of which [before, before + n) come from x: column before + i of row r is
 * x[table[r] + at + 2 i]; the others, and rows whose table says -1, are zero. */
struct rt_columns {
    const int64_t *table;
    int64_t rows, width, before, n, at;
};
struct rt_columns_table {
    void (*pack)(const struct rt_columns *, const float *x, float *cols);
    void (*unpack)(const struct rt_columns *, const float *cols, float *x); /* adds to x */
    /* n samples of x: the first, third, ... to even, the others to odd */
    void (*split)(const float *x, int64_t n, float *even, float *odd);
};
RT_DECLARE(struct rt_columns_table, rt_columns);

#endif
