/* resize_plan.h - what a resize node asks for, axis by axis. */
#ifndef IMP_RT_RESIZE_PLAN_H
#define IMP_RT_RESIZE_PLAN_H
#include "op.h"
#include "resize_table.h"

/* Attributes and slots, in the order of the operator's tables. */
enum rt_resize_attr {
    RT_RESIZE_MODE,
    RT_RESIZE_COORDINATES,
    RT_RESIZE_ROUNDING,
    RT_RESIZE_SCALES,
    RT_RESIZE_SIZES,
    RT_RESIZE_AXES,
    RT_RESIZE_ROI,
    RT_RESIZE_CUBIC_A,
    RT_RESIZE_EXCLUDE_OUTSIDE,
    RT_RESIZE_EXTRAPOLATION,
    RT_RESIZE_ANTIALIAS,
    RT_RESIZE_KEEP_ASPECT
};
enum rt_resize_slot {
    RT_RESIZE_X,
    RT_RESIZE_SLOT_ROI,
    RT_RESIZE_SLOT_SCALES,
    RT_RESIZE_SLOT_SIZES
};
#define RT_KEEP_ASPECT "stretch|not_larger|not_smaller"
enum rt_keep_aspect { RT_STRETCH, RT_NOT_LARGER, RT_NOT_SMALLER };

struct rt_resize_plan {
    struct rt_resize axis[RT_RANK];
    uint32_t axes[RT_RANK], count; /* those that scales, sizes and roi speak of */
};

/* Fails with IMP_E_INPUT or IMP_E_LIMIT. */
imp_status rt_resize_read(const struct rt_node *, const struct rt_info *const *in,
                          uint32_t input_count, struct rt_resize_plan *, imp_error *);
/* Does the axis change at all? */
bool rt_resize_changes(const struct rt_resize *);

#endif
