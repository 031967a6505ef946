/* windows.h - convolutions without columns: what a strip of outputs reads is copied once, zeros
 * around it, and its phases apart where windows step. What one tap reads for all outputs of the
 * strip then is one stretch of the copy, which a product (rows.h) takes as a row of columns.
 *
 * Rows of the copy are a `pitch` apart, as few floats that the zeros at the end of one are those at
 * the begin of the next. Of one or two axes. */
#ifndef IMP_RT_WINDOWS_H
#define IMP_RT_WINDOWS_H
#include "strips.h"
#include "v_columns.h"

/* Steps of windows, at most; floats of copies that a core's second cache has room for. */
enum { RT_WINDOWS_STRIDE = 8, RT_WINDOWS_BLOCK = 1 << 16 };

/* Tap t of an axis is read at o * stride + first + t * step: element o + shift of a phase. */
struct rt_windows_axis {
    int64_t in, out, kernel, stride, first, step;
    int64_t low, high;                 /* of shifts, and 0 */
    int64_t phases;                    /* that taps are in */
    int64_t phase[RT_WINDOWS_STRIDE];  /* of those, which */
    int64_t number[RT_WINDOWS_STRIDE]; /* and back */
};
struct rt_windows {
    struct rt_windows_axis y, x;
    int64_t pitch, planes; /* planes: phases of both axes */
    int64_t tall, strips;  /* rows of outputs of a strip; strips of a picture */
    int64_t rows, plane;   /* of the copy: rows and floats of a phase */
    const struct rt_columns_table *twos;
};

/* All but what rt_windows_tall sets. back: y is read, x written, at stride 1. false: not of this
 * shape. */
bool rt_windows_shape(struct rt_windows *, const struct rt_conv *, bool back);
/* Strips of so many rows, at most. */
void rt_windows_tall(struct rt_windows *, int64_t rows);
/* Floats from a channel's copy on where tap y, x reads output 0 of a strip. */
int64_t rt_windows_tap(const struct rt_windows *, int64_t y, int64_t x);
/* Copies of the strip that begins at row row0, of channels that follow each other at `in`; gate as
 * in conv.h, from where in is on. rows: as many bytes of scratch as rt_windows_rows_bytes says. */
void rt_windows_copy(const struct rt_windows *, int64_t row0, int64_t channels, const float *in,
                     const float *gate, int64_t *rows, float *to);
static inline uint64_t rt_windows_rows_bytes(const struct rt_windows *g)
{
    return rt_lines((uint64_t)(g->y.phases * g->rows) * sizeof(int64_t));
}

#endif
