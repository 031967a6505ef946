/* im2col.h - the columns of a strip: what a matrix product needs to be a convolution. */
#ifndef IMP_RT_IM2COL_H
#define IMP_RT_IM2COL_H
#include "strips.h"
#include "v_columns.h"

/* For each outer tap and row of the strip where the row of x begins that it reads, counted from
 * channel 0 of picture 0, or -1: outside. Rows of x outside [from, to) of the first spatial axis
 * are outside, too (of one axis only: everything is inside). table: outer_taps * rows of the strip.
 */
void rt_conv_table(const struct rt_conv *, const struct rt_strip *, int64_t from, int64_t to,
                   int64_t *table);
/* cols[channels * taps][strip] of x from channel `first` on (of all groups * c). */
void rt_im2col(const struct rt_conv *, const struct rt_strip *, const int64_t *table,
               const float *x, int64_t first, int64_t channels, float *cols);
/* The other way: adds every column to where it came from; cols is used up. */
void rt_col2im(const struct rt_conv *, const struct rt_strip *, const int64_t *table, float *cols,
               int64_t first, int64_t channels, float *x);
/* What struct rt_columns says, at steps of any size. */
void rt_columns_pack(const struct rt_columns *, int64_t step, const float *x, float *cols);

#endif
