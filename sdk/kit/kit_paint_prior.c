/* kit_paint_prior.c - what keeps a painted picture natural: total variation, the norm, the range.
 *
 *     tv/2 mean (dx^2 + dy^2)^(b/2) / s^2     forward differences, replicated border; b < 2: the
 *                                             base is at least 1e-5 (Mahendran and Vedaldi 2015)
 *     alpha/2 mean x^6 / s^2
 *     penalty mean (v - clamp(v, 0, 1))^2     v = (x + m) / 255
 *
 * Theirs are sums over a picture of 227 x 227 and sigma = 27098.1157 its norm. The goals' terms do
 * not grow with the picture, so these must not either: means over samples, s = sigma / 227 sqrt 3.
 */
#include <math.h>
#include "kit_paint_work.h"

#define TYPICAL2 (27098.1157 * 27098.1157 / (227 * 227 * 3)) /* s^2 */
#define LEAST    1e-5

double kit_paint_mean(uint32_t channels, uint32_t c)
{
    static const double rgb[] = {123.68, 116.779, 103.939};
    return channels == 3 ? rgb[c] : 117.4;
}

/* Of one plane. */
static double variation(const struct paint *p, const float *u, float *g)
{
    const double b = p->o->tv_power > 0 ? p->o->tv_power : 2;
    const double by = p->o->tv / 2 / (TYPICAL2 * (double)p->n), unit = p->unit;
    double sum = 0;
    for (uint32_t y = 0; y < p->h; y++)
        for (uint32_t x = 0; x < p->w; x++) {
            const size_t i = (size_t)y * p->w + x;
            const double dx = x + 1 < p->w ? unit * ((double)u[i + 1] - (double)u[i]) : 0;
            const double dy = y + 1 < p->h ? unit * ((double)u[i + p->w] - (double)u[i]) : 0;
            double base = dx * dx + dy * dy;
            const bool flat = b < 2 && base < LEAST;
            base = flat ? LEAST : base;
            sum += b == 2 ? base : kit_pow(base, b / 2);
            if (flat)
                continue;
            const double slope = by * b * (b == 2 ? 1 : kit_pow(base, b / 2 - 1)) * unit;
            g[i] = (float)((double)g[i] - slope * (dx + dy));
            if (x + 1 < p->w)
                g[i + 1] = (float)((double)g[i + 1] + slope * dx);
            if (y + 1 < p->h)
                g[i + p->w] = (float)((double)g[i + p->w] + slope * dy);
        }
    return by * sum;
}

static double norm6(const struct paint *p, const float *u, float *g)
{
    const double by = p->o->alpha / 2 / (TYPICAL2 * (double)p->n), unit = p->unit;
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double x = unit * (double)u[i], x2 = x * x;
        sum += x2 * x2 * x2;
        g[i] = (float)((double)g[i] + by * unit * 6 * x2 * x2 * x);
    }
    return by * sum;
}

static double range(const struct paint *p, const float *u, float *g)
{
    const double by = p->o->penalty / (double)p->n, unit = p->unit / 255;
    double sum = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double m = kit_paint_mean(p->c, (uint32_t)(i / ((size_t)p->w * p->h))) / 255;
        const double v = unit * (double)u[i] + m, out = v < 0 ? v : v > 1 ? v - 1 : 0;
        sum += out * out;
        g[i] = (float)((double)g[i] + by * 2 * out * unit);
    }
    return by * sum;
}

double kit_paint_priors(const struct paint *p, const float *u, float *g)
{
    const size_t plane = (size_t)p->w * p->h;
    double sum = 0;
    for (uint32_t c = 0; c < p->c && p->o->tv > 0; c++)
        sum += variation(p, u + c * plane, g + c * plane);
    if (p->o->alpha > 0)
        sum += norm6(p, u, g);
    if (p->o->bounds == KIT_PAINT_PENALTY && p->o->penalty > 0)
        sum += range(p, u, g);
    return sum;
}
