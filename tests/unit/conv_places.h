/* conv_places.h - a convolution from a table's numbers, and what its windows read. */
#ifndef CONV_PLACES_H
#define CONV_PLACES_H
#include <kernels/conv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* v: n, groups, c, m; axis: in, kernel, stride, dilation, pad of each. */
static inline struct rt_conv conv_with(struct rt_conv v, uint32_t axes, const int64_t (*axis)[5])
{
    v.window.axes = axes;
    for (uint32_t i = 0; i < axes; i++) {
        const int64_t *a = axis[i];
        v.window.axis[i] = (struct rt_axis_window){.in = a[0],
                                                   .kernel = a[1],
                                                   .stride = a[2],
                                                   .dilation = a[3],
                                                   .pad = a[4],
                                                   .pad_end = a[4]};
        assert_true(rt_axis_place(&v.window.axis[i], RT_PAD_NOTSET, false));
    }
    rt_conv_set(&v);
    return v;
}

/* What output o reads through tap t: a place of a plane of x, or -1. Flat o and t. */
static inline int64_t place_read(const struct rt_conv *v, int64_t o, int64_t t)
{
    int64_t at = 0, step = 1;
    for (uint32_t i = v->window.axes; i-- > 0;) {
        const struct rt_axis_window *a = &v->window.axis[i];
        const int64_t x = o % a->out * a->stride + t % a->kernel * a->dilation - a->pad;
        if (x < 0 || x >= a->in)
            return -1;
        at += x * step;
        step *= a->in;
        o /= a->out;
        t /= a->kernel;
    }
    return at;
}

#endif
