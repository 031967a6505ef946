/* windows_weight.h - the gradient of a convolution by its filters over windows.h's copies:
 *
 *     w[m][c, t] += sum over pictures and places o of y[m][o] x[c][o * stride + where t is]
 *
 * Vectors run over filters, so y is turned, a strip at a time; sums are [c, t][m] until they are
 * done. */
#ifndef IMP_RT_WINDOWS_WEIGHT_H
#define IMP_RT_WINDOWS_WEIGHT_H
#include "lanes.h"
#include "windows.h"

struct rt_windows_weight {
    struct rt_windows g;
    const struct rt_conv *v;
    int64_t block, blocks;     /* channels of an item */
    int64_t filters, m_blocks; /* filters of an item: a multiple of RT_ROWS_MULTIPLE */
    int64_t parts;       /* that strips of all pictures are cut into; each has sums of its own */
    int64_t turns, turn; /* an item goes through its strips in so many turns */
    bool direct;         /* 1x1: x itself is the copy */
    uint64_t rows_bytes, at_bytes, copy_bytes, turned_bytes;
    struct rt_lanes lanes;
};

/* false: another way does it better. */
bool rt_windows_weight_set(struct rt_windows_weight *, const struct rt_conv *);
/* Scratch, but for the sums of parts. */
uint64_t rt_windows_weight_bytes(const struct rt_windows_weight *);
/* One turn. w: parts = 1: what sums are added to; else [parts][as filters are], which the first
 * turn sets. IMP_OK or IMP_CANCELLED. */
imp_status rt_windows_weight_run(const struct rt_windows_weight *, const float *x, const float *y,
                                 const float *gate, float *w, void *scratch, imp_job *);

#endif
