/* ways.h - how a convolution that is neither depthwise nor 1x1 in place is computed: Winograd, by
 * phases, over copies, or (none of these) with columns. Forward, or the gradient by the input. */
#ifndef IMP_RT_WAYS_H
#define IMP_RT_WAYS_H
#include "dilated.h"
#include "windows_sums.h"

struct rt_way {
    enum { RT_WAY_WINO, RT_WAY_DILATED, RT_WAY_WINDOWS } which;
    uint32_t reserved0;
    union {
        struct rt_wino wino;
        struct rt_dilated dilated;
        struct rt_windows_sums windows;
    } as;
};
/* By shape and variant alone. false: columns. */
bool rt_way_set(struct rt_way *, const struct rt_conv *, bool back);
uint64_t rt_way_bytes(const struct rt_way *);
/* in: x, or y going back, where gate > 0 (NULL: all); kept as in rt_wino_run. IMP_OK or
 * IMP_CANCELLED. */
imp_status rt_way_run(const struct rt_way *, const float *in, const float *gate, const float *w,
                      const float *kept, const struct rt_after *, float *out, void *scratch,
                      imp_job *);

#endif
