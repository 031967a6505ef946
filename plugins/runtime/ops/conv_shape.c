/* conv_shape.c - see conv_shape.h. */
#include "conv_shape.h"

/* So that no sum or product of two of them overflows. */
enum { LARGEST = INT32_MAX };

int64_t rt_axis_attr(const struct rt_node *n, int attr, uint32_t i, int64_t def)
{
    uint32_t count = 0;
    const int64_t *list = attr < 0 ? NULL : rt_ints(n, (uint32_t)attr, &count);
    return count == 0 ? def : i < count ? list[i] : list[0];
}

imp_status rt_axis_attr_fits(const struct rt_node *n, int attr, uint32_t axes, uint32_t more,
                             imp_error *err)
{
    uint32_t count = 0;
    if (attr >= 0)
        rt_ints(n, (uint32_t)attr, &count);
    if (count <= 1 || count == axes || count == more)
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT,
                    "%s has %u numbers; with %u spatial axes it takes %u%s, or one for all",
                    n->op->attrs[attr].key, count, axes, more ? more : axes,
                    more ? " (all begins, then all ends)" : "");
}

/* Begin and end of axis i. */
static void pads(const struct rt_node *n, int attr, uint32_t axes, uint32_t i,
                 struct rt_axis_window *a)
{
    uint32_t count = 0;
    if (attr >= 0)
        rt_ints(n, (uint32_t)attr, &count);
    a->pad = rt_axis_attr(n, attr, i, 0);
    a->pad_end = count > axes ? rt_axis_attr(n, attr, axes + i, 0) : a->pad;
}

bool rt_axis_place(struct rt_axis_window *a, enum rt_auto_pad how, bool ceil)
{
    const int64_t reach = (a->kernel - 1) * a->dilation + 1;
    if (how == RT_PAD_SAME_UPPER || how == RT_PAD_SAME_LOWER) {
        a->out = a->in / a->stride + (a->in % a->stride != 0);
        int64_t more = (a->out - 1) * a->stride + reach - a->in;
        more = more > 0 ? more : 0;
        a->pad = how == RT_PAD_SAME_UPPER ? more / 2 : more - more / 2;
        a->pad_end = more - a->pad;
        return a->in > 0;
    }
    if (how == RT_PAD_VALID)
        a->pad = a->pad_end = 0;
    const int64_t room = a->in + a->pad + a->pad_end - reach;
    if (room < 0) {
        a->out = 1;
        return ceil && -room < a->stride && a->in + a->pad > 0;
    }
    a->out = room / a->stride + 1;
    if (ceil && room % a->stride && a->out * a->stride < a->in + a->pad)
        a->out++;
    return true;
}

static imp_status check_axis(const struct rt_axis_window *a, uint32_t i, imp_error *err)
{
    if (a->in < 0 || a->in > LARGEST)
        return imp_fail(err, IMP_E_INPUT, "spatial axis %u has %lld values: too many", i,
                        (long long)a->in);
    if (a->kernel < 1 || a->kernel > LARGEST || a->stride < 1 || a->stride > LARGEST ||
        a->dilation < 1 || a->dilation > LARGEST)
        return imp_fail(err, IMP_E_INPUT,
                        "spatial axis %u: kernel %lld, stride %lld and dilation %lld; each must be "
                        "1 or more",
                        i, (long long)a->kernel, (long long)a->stride, (long long)a->dilation);
    if (a->pad < 0 || a->pad > LARGEST || a->pad_end < 0 || a->pad_end > LARGEST)
        return imp_fail(err, IMP_E_INPUT, "spatial axis %u: pads %lld and %lld; they must be 0 or more",
                        i, (long long)a->pad, (long long)a->pad_end);
    return IMP_OK;
}

static imp_status lists_fit(const struct rt_node *n, const struct rt_window_attrs *at, uint32_t axes,
                            imp_error *err)
{
    imp_status st = rt_axis_attr_fits(n, at->kernel, axes, 0, err);
    if (st == IMP_OK)
        st = rt_axis_attr_fits(n, at->stride, axes, 0, err);
    if (st == IMP_OK)
        st = rt_axis_attr_fits(n, at->dilation, axes, 0, err);
    if (st == IMP_OK)
        st = rt_axis_attr_fits(n, at->pad, axes, 2 * axes, err);
    return st;
}

static imp_status read_axis(const struct rt_node *n, const struct rt_window_attrs *at, uint32_t axes,
                            uint32_t i, struct rt_axis_window *a, imp_error *err)
{
    a->stride = rt_axis_attr(n, at->stride, i, 1);
    a->dilation = rt_axis_attr(n, at->dilation, i, 1);
    pads(n, at->pad, axes, i, a);
    const imp_status st = check_axis(a, i, err);
    if (st != IMP_OK)
        return st;
    const int64_t how = at->auto_pad < 0 ? RT_PAD_NOTSET : rt_int(n, (uint32_t)at->auto_pad);
    const bool ceil = at->ceil >= 0 && rt_int(n, (uint32_t)at->ceil);
    if (rt_axis_place(a, (enum rt_auto_pad)how, ceil))
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT,
                    "spatial axis %u: a kernel of %lld with dilation %lld does not fit into %lld "
                    "values with pads %lld and %lld",
                    i, (long long)a->kernel, (long long)a->dilation, (long long)a->in,
                    (long long)a->pad, (long long)a->pad_end);
}

/* Matrix products count a plane's values in int. */
static imp_status planes_fit(const struct rt_window *w, imp_error *err)
{
    double in = 1, out = 1;
    for (uint32_t i = 0; i < w->axes; i++) {
        in *= (double)w->axis[i].in;
        out *= (double)w->axis[i].out;
    }
    if (in <= LARGEST && out <= LARGEST)
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT, "planes of %.0f values to planes of %.0f: more than %d", in, out,
                    LARGEST);
}

imp_status rt_window_read(const struct rt_node *n, const struct rt_window_attrs *at,
                          const struct rt_shape *x, const int64_t *kernel, struct rt_window *w,
                          imp_error *err)
{
    char text[128];
    if (x->ndim < 3)
        return imp_fail(err, IMP_E_INPUT,
                        "the input is %s; it must have a batch, channels and one spatial axis or more",
                        rt_shape_text(x, text, sizeof text));
    w->axes = x->ndim - 2;
    w->reserved0 = 0;
    imp_status st = lists_fit(n, at, w->axes, err);
    for (uint32_t i = 0; i < w->axes && st == IMP_OK; i++) {
        struct rt_axis_window *a = &w->axis[i];
        a->in = x->dim[i + 2];
        a->kernel = kernel ? kernel[i] : rt_axis_attr(n, at->kernel, i, 0);
        st = read_axis(n, at, w->axes, i, a, err);
    }
    return st == IMP_OK ? planes_fit(w, err) : st;
}

struct rt_shape rt_window_shape(const struct rt_window *w, const struct rt_shape *x, int64_t channels)
{
    struct rt_shape s = {.ndim = w->axes + 2, .dim = {x->dim[0], channels}};
    for (uint32_t i = 0; i < w->axes; i++)
        s.dim[i + 2] = w->axis[i].out;
    return s;
}
