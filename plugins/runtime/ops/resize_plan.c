/* resize_plan.c - see resize_plan.h. */
#include "resize_plan.h"

#include <math.h>

/* Which axes the lists of `count` numbers speak of: those named, all, or the spatial ones. */
static imp_status named_axes(const struct rt_node *node, uint32_t ndim, uint32_t count,
                             struct rt_resize_plan *p, imp_error *err)
{
    uint32_t n, seen = 0;
    const int64_t *axes = rt_ints(node, RT_RESIZE_AXES, &n);
    const bool spatial = !axes && ndim > 2 && count == ndim - 2;
    p->count = axes ? n : spatial ? ndim - 2 : ndim;
    if (p->count != count || count > ndim)
        return imp_fail(err, IMP_E_INPUT, "%u scales or sizes for %u axes", count, p->count);
    for (uint32_t i = 0; i < count; i++) {
        const int axis = rt_axis(axes ? axes[i] : spatial ? i + 2 : i, ndim);
        if (axis < 0 || (seen >> axis & 1))
            return imp_fail(err, IMP_E_INPUT, "axis %lld of an input of %u axes%s",
                            axes ? (long long)axes[i] : (long long)i, ndim,
                            axis < 0 ? "" : " is named twice");
        seen |= 1u << axis;
        p->axes[i] = (uint32_t)axis;
    }
    return IMP_OK;
}

static imp_status by_scales(const double *scales, struct rt_resize_plan *p, imp_error *err)
{
    for (uint32_t i = 0; i < p->count; i++) {
        struct rt_resize *r = &p->axis[p->axes[i]];
        const float scale = (float)scales[i], size = floorf((float)r->in * scale);
        if (!(scale > 0) || !(size <= 1073741824.0f))
            return imp_fail(err, IMP_E_INPUT, "a scale of %g for axis %u of %lld", scales[i],
                            p->axes[i], (long long)r->in);
        r->scale = (double)scale;
        r->length = r->scale * (double)r->in;
        r->out = (int64_t)size;
    }
    return IMP_OK;
}

static imp_status by_sizes(const int64_t *sizes, int64_t policy, struct rt_resize_plan *p,
                           imp_error *err)
{
    double one = policy == RT_NOT_LARGER ? INFINITY : 0;
    for (uint32_t i = 0; i < p->count; i++) {
        struct rt_resize *r = &p->axis[p->axes[i]];
        if (sizes[i] < 0 || sizes[i] > INT32_MAX / 2 || (sizes[i] && !r->in))
            return imp_fail(err, IMP_E_INPUT, "a size of %lld for axis %u of %lld",
                            (long long)sizes[i], p->axes[i], (long long)r->in);
        r->out = sizes[i];
        r->length = (double)sizes[i];
        r->scale = r->in ? (double)sizes[i] / (double)r->in : 1;
        one = policy == RT_NOT_LARGER ? fmin(one, r->scale) : fmax(one, r->scale);
    }
    for (uint32_t i = 0; policy != RT_STRETCH && i < p->count; i++) {
        struct rt_resize *r = &p->axis[p->axes[i]];
        r->scale = one;
        r->length = one * (double)r->in;
        if (!(r->length < INT32_MAX / 2))
            return imp_fail(err, IMP_E_LIMIT, "axis %u would get %g places", p->axes[i], r->length);
        r->out = (int64_t)floor(r->length + 0.5);
    }
    return IMP_OK;
}

static void set_up(const struct rt_node *node, const struct rt_shape *x, struct rt_resize_plan *p)
{
    for (uint32_t i = 0; i < x->ndim; i++)
        p->axis[i] = (struct rt_resize){
            .in = x->dim[i],
            .out = x->dim[i],
            .scale = 1,
            .length = (double)x->dim[i],
            .to = 1,
            .cubic_a = rt_float(node, RT_RESIZE_CUBIC_A),
            .mode = (enum rt_resize_mode)rt_int(node, RT_RESIZE_MODE),
            .coordinates = (enum rt_coordinates)rt_int(node, RT_RESIZE_COORDINATES),
            .rounding = (enum rt_rounding)rt_int(node, RT_RESIZE_ROUNDING),
            .exclude_outside = rt_int(node, RT_RESIZE_EXCLUDE_OUTSIDE),
            .antialias = rt_int(node, RT_RESIZE_ANTIALIAS),
        };
}

static imp_status read_roi(const struct rt_node *node, const struct rt_info *const *in,
                           uint32_t input_count, struct rt_resize_plan *p, imp_error *err)
{
    double roi[2 * RT_RANK + 1];
    if (rt_int(node, RT_RESIZE_COORDINATES) != RT_CROP_AND_RESIZE)
        return IMP_OK;
    const uint32_t n = rt_static_floats(node, in, input_count, RT_RESIZE_ROI, RT_RESIZE_SLOT_ROI,
                                        roi, 2 * RT_RANK + 1);
    if (n != 2 * p->count)
        return imp_fail(err, IMP_E_INPUT,
                        "tf_crop_and_resize wants a roi of %u numbers (all begins, then all ends, "
                        "in 0..1), not %u",
                        2 * p->count, n);
    for (uint32_t i = 0; i < p->count; i++) {
        p->axis[p->axes[i]].from = roi[i];
        p->axis[p->axes[i]].to = roi[i + p->count];
    }
    return IMP_OK;
}

imp_status rt_resize_read(const struct rt_node *node, const struct rt_info *const *in,
                          uint32_t input_count, struct rt_resize_plan *p, imp_error *err)
{
    const struct rt_shape *x = &in[RT_RESIZE_X]->shape;
    double scales[RT_RANK + 1];
    uint32_t size_count;
    const uint32_t scale_count = rt_static_floats(node, in, input_count, RT_RESIZE_SCALES,
                                                  RT_RESIZE_SLOT_SCALES, scales, RT_RANK + 1);
    const int64_t *sizes =
        rt_static_ints(node, in, input_count, RT_RESIZE_SIZES, RT_RESIZE_SLOT_SIZES, &size_count);
    set_up(node, x, p);
    if (!scale_count == !size_count && x->ndim)
        return imp_fail(err, IMP_E_INPUT, "give scales or sizes, one of them");
    imp_status st = named_axes(node, x->ndim, scale_count ? scale_count : size_count, p, err);
    if (st == IMP_OK)
        st = scale_count ? by_scales(scales, p, err)
                         : by_sizes(sizes, rt_int(node, RT_RESIZE_KEEP_ASPECT), p, err);
    return st == IMP_OK ? read_roi(node, in, input_count, p, err) : st;
}

bool rt_resize_changes(const struct rt_resize *r)
{
    return r->in != r->out || r->scale != 1 ||
           (r->coordinates == RT_CROP_AND_RESIZE && (r->from != 0 || r->to != 1));
}
