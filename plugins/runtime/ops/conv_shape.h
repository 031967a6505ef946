/* conv_shape.h - where windows land: sizes and pads of convolution and pooling, axis by axis, from a
 * node's attributes. */
#ifndef IMP_RT_CONV_SHAPE_H
#define IMP_RT_CONV_SHAPE_H
#include "op.h"

/* The choices of the attribute auto_pad, in this order. */
#define RT_AUTO_PAD "notset|same_upper|same_lower|valid"
enum rt_auto_pad { RT_PAD_NOTSET, RT_PAD_SAME_UPPER, RT_PAD_SAME_LOWER, RT_PAD_VALID };

/* One spatial axis: output o, tap k reads input o * stride + k * dilation - pad. */
struct rt_axis_window {
    int64_t in, out, kernel, stride, dilation, pad, pad_end;
};
struct rt_window {
    uint32_t axes, reserved0; /* in->ndim - 2 */
    struct rt_axis_window axis[RT_RANK];
};

/* Numbers of the attributes in the op's table; -1: the op has none of that kind. */
struct rt_window_attrs {
    int kernel, stride, pad, dilation, auto_pad, ceil;
};

/* Reads the window of a node whose input is x [N][C][spatial...]. kernel: the sizes where something
 * else than the attribute says them (a weight's axes from 2 on); NULL: the attribute is asked. Each
 * list is given for every axis or once for all; pads as all begins, then all ends, or one number for
 * each axis, or one for all. Fails with IMP_E_INPUT. */
imp_status rt_window_read(const struct rt_node *, const struct rt_window_attrs *,
                          const struct rt_shape *x, const int64_t *kernel, struct rt_window *,
                          imp_error *);
/* What the window gives of an axis: with in, kernel, stride, dilation, pad and pad_end set, sets out,
 * and the pads where auto_pad rules them. ceil: the last window may reach past the end, by less
 * than a stride, but begins inside. false: the kernel is larger than that. */
bool rt_axis_place(struct rt_axis_window *, enum rt_auto_pad, bool ceil);
/* Attribute attr's number for axis i: the list, or its only number, or otherwise def. */
int64_t rt_axis_attr(const struct rt_node *, int attr, uint32_t i, int64_t def);
/* The attribute's count is 0, 1, axes, or `more`. Else IMP_E_INPUT. */
imp_status rt_axis_attr_fits(const struct rt_node *, int attr, uint32_t axes, uint32_t more,
                             imp_error *);
/* [N][channels][out...] of a window over x. */
struct rt_shape rt_window_shape(const struct rt_window *, const struct rt_shape *x, int64_t channels);

#endif
