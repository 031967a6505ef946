/* strips.h - a convolution's geometry, cut into strips and blocks. Any number of axes; of the last
 * one, rows are made.
 *
 * A convolution goes from a wide side x [n][groups * c][in...] to a narrow one y [n][groups *
 * m][out...] through w [groups * m][c][taps]. Forward reads x, writes y; the gradient by x and a
 * transposed convolution go back; the gradient by w takes both. */
#ifndef IMP_RT_STRIPS_H
#define IMP_RT_STRIPS_H
#include "after.h"
#include "ops/conv_shape.h"

/* Outputs of a picture below which several of a batch are worked on together, in columns. */
enum { RT_TOGETHER = 256 };
struct rt_conv {
    struct rt_window window;
    int64_t n, groups, c, m; /* c, m: of one group */
    /* rt_conv_set makes these from the above */
    int64_t taps, outer_taps;  /* of a filter: all, all axes but the last */
    int64_t in_size, out_size; /* of a plane */
    int64_t out_w, rows;       /* out_size = rows * out_w */
    uint32_t plain;            /* 1x1: x is its own matrix of columns */
    uint32_t rough;            /* the caller's: relative errors of 3e-6 instead of 1e-6 will do */
    const float *kept;         /* the caller's: filters that rt_conv_keep transformed, or NULL */
};
void rt_conv_set(struct rt_conv *);

/* Columns [0, (row1 - row0) * (x1 - x0)): outputs x0..x1 of rows row0..row1, counted through all
 * pictures. x0..x1 is less than a row only where there is one row. */
struct rt_strip {
    int64_t row0, row1, x0, x1;
};
struct rt_strips {
    int64_t count, cols, per_picture, rows, x_cuts; /* cols: at most, of one strip */
};
/* About `cols` columns each: parts of one picture, or several whole ones where they are small. */
void rt_strips_set(struct rt_strips *, const struct rt_conv *, int64_t cols);
struct rt_strip rt_strip_at(const struct rt_strips *, const struct rt_conv *, int64_t i);
static inline int64_t rt_strip_cols(const struct rt_strip *s)
{
    return (s->row1 - s->row0) * (s->x1 - s->x0);
}
/* Does it lie in one picture, so that y's memory can be worked on in place? */
static inline bool rt_strip_whole(const struct rt_strip *s, const struct rt_conv *v)
{
    return s->row0 / v->rows == (s->row1 - 1) / v->rows;
}
/* Where column 0 of the strip is in channel `channel` (of all groups * m) of y. */
int64_t rt_strip_at_y(const struct rt_strip *, const struct rt_conv *, int64_t channel);

/* Channels [first, first + channels) of y's strip, where gate > 0 (NULL: all), to packed rows
 * [channels][strip]; and from there after(from) to y. */
void rt_strip_gather(const struct rt_conv *, const struct rt_strip *, const float *y,
                     const float *gate, int64_t first, int64_t channels, float *to);
void rt_strip_scatter(const struct rt_conv *, const struct rt_strip *, const float *from,
                      int64_t first, int64_t channels, const struct rt_after *, float *y);

/* How the three products are cut: strips, and blocks of channels whose columns stay in a core's
 * second cache. strips: how many there should be, at the price of narrower ones. */
struct rt_blocks {
    struct rt_strips strips;
    int64_t channels, count;          /* of a block, at most; blocks */
    uint64_t table_bytes, cols_bytes; /* of a strip's table and columns, in whole cache lines */
};
void rt_blocks_set(struct rt_blocks *, const struct rt_conv *, int64_t strips);

static inline int64_t rt_between(int64_t v, int64_t low, int64_t high)
{
    return v > high ? high : v < low ? low : v;
}
static inline int64_t rt_up(int64_t a, int64_t b) /* a / b, rounded up */
{
    return a > 0 ? (a + b - 1) / b : -(-a / b);
}
static inline uint64_t rt_lines(uint64_t bytes) /* rounded up to whole cache lines */
{
    return (bytes + 63) / 64 * 64;
}

#endif
