/* resize_table.c - see resize_table.h. */
#include "resize_table.h"

#include <math.h>

/* Nearest neighbours are decided in single precision, step by step, as other runtimes do: 3 / 0.6f
 * is 5 there, and 4.9999998, which rounds down to 4, in double. */
static double step(const struct rt_resize *r, double v)
{
    return r->mode == RT_NEAREST ? (double)(float)v : v;
}

/* Where place o of the output lies in the input. */
static double coordinate(const struct rt_resize *r, int64_t o)
{
    const double scale = step(r, r->scale), x = (double)o, n = (double)r->in;
    switch (r->coordinates) {
    case RT_ASYMMETRIC:
        return step(r, x / scale);
    case RT_ALIGN_CORNERS:
        return r->length == 1 ? 0 : step(r, step(r, x * (n - 1)) / step(r, r->length - 1));
    case RT_PYTORCH_HALF_PIXEL:
        return r->out > 1 ? step(r, step(r, (x + 0.5) / scale) - 0.5) : 0;
    case RT_HALF_PIXEL_FOR_NEAREST:
        return step(r, (x + 0.5) / scale);
    case RT_HALF_PIXEL_SYMMETRIC:
        return step(r, n / 2 * (1 - (double)r->out / r->length) + (x + 0.5) / scale - 0.5);
    case RT_CROP_AND_RESIZE:
        return r->length == 1
                   ? step(r, (r->to + r->from) * (n - 1) / 2)
                   : step(r, r->from * (n - 1) + x * (r->to - r->from) * (n - 1) / (r->length - 1));
    default:
        return step(r, step(r, (x + 0.5) / scale) - 0.5);
    }
}

/* Shrinking with antialias widens the neighbourhood. */
static double narrowing(const struct rt_resize *r)
{
    return r->antialias && r->mode != RT_NEAREST && r->scale < 1 ? r->scale : 1;
}

static double reach(const struct rt_resize *r)
{
    return (r->mode == RT_CUBIC ? 2 : 1) / narrowing(r);
}

int64_t rt_resize_taps(const struct rt_resize *r)
{
    return r->mode == RT_NEAREST ? 1 : (int64_t)ceil(2 * reach(r));
}

static int64_t clamp(int64_t i, int64_t n)
{
    return i < 0 ? 0 : i < n ? i : n - 1;
}

static int64_t nearest(const struct rt_resize *r, double x)
{
    switch (r->rounding) {
    case RT_FLOOR:
        return (int64_t)floor(x);
    case RT_CEIL:
        return (int64_t)ceil(x);
    case RT_PREFER_CEIL:
        return (int64_t)floor(x + 0.5);
    default:
        return (int64_t)ceil(x - 0.5);
    }
}

/* Triangle, or Keys' cubic convolution with a = cubic_a. */
static double kernel(const struct rt_resize *r, double d)
{
    const double t = fabs(d), a = r->cubic_a;
    if (r->mode == RT_LINEAR)
        return t < 1 ? 1 - t : 0;
    if (t <= 1)
        return ((a + 2) * t - (a + 3)) * t * t + 1;
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
}

static double weight_at(const struct rt_resize *r, int64_t i, double x)
{
    const bool outside = i < 0 || i >= r->in;
    return r->exclude_outside && outside ? 0 : kernel(r, ((double)i - x) * narrowing(r));
}

bool rt_resize_place(const struct rt_resize *r, int64_t o, int64_t taps, int32_t *index,
                     float *weight)
{
    const double x = coordinate(r, o);
    for (int64_t k = 0; k < taps; k++) {
        index[k] = 0;
        weight[k] = 0;
    }
    if (r->coordinates == RT_CROP_AND_RESIZE && !(x >= 0 && x <= (double)(r->in - 1))) {
        index[0] = -1;
        return false;
    }
    const int64_t first = (int64_t)floor(x - reach(r)) + 1, end = (int64_t)ceil(x + reach(r));
    double sum = 0;
    for (int64_t i = first; r->mode != RT_NEAREST && i < end; i++)
        sum += weight_at(r, i, x);
    if (r->mode == RT_NEAREST || sum == 0) {
        index[0] = (int32_t)clamp(nearest(r, x), r->in);
        weight[0] = 1;
        return true;
    }
    for (int64_t i = first; i < end && i - first < taps; i++) {
        index[i - first] = (int32_t)clamp(i, r->in);
        weight[i - first] = (float)(weight_at(r, i, x) / sum);
    }
    return true;
}
