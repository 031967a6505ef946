/* v_after.h - what comes after a sum (after.h), in vectors. For v_*.c. */
#ifndef IMP_RT_V_AFTER_H
#define IMP_RT_V_AFTER_H
#include "after.h"
#include "simd.h"

#include <stdbool.h>

/* Of one channel. */
struct rt_finish {
    rt_vec scale, shift, slope, top;
    bool relu, leaky, cut;
};

static inline struct rt_finish rt_finish_by(float scale, float shift, float slope, float top)
{
    return (struct rt_finish){.scale = rt_all(scale),
                              .shift = rt_all(shift),
                              .slope = rt_all(slope),
                              .top = rt_all(top),
                              .relu = slope == 0,
                              .leaky = slope != 0 && slope != 1,
                              .cut = top < INFINITY};
}

static inline struct rt_finish rt_finish_of(const struct rt_after *a, int64_t channel)
{
    return rt_finish_by(a->scale ? a->scale[channel] : 1, a->shift ? a->shift[channel] : 0,
                        a->slope, a->top);
}

/* act(v) */
static inline rt_vec rt_finish_act(const struct rt_finish *e, rt_vec v)
{
    if (e->relu)
        v = rt_max(rt_zero(), v);
    if (e->leaky)
        v = rt_max(rt_zero(), v) + e->slope * rt_min(rt_zero(), v);
    return e->cut ? rt_min(e->top, v) : v;
}

#endif
