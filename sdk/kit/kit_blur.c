/* kit_blur.c - Gaussian blur whose cost does not grow with its deviation.
 *
 * Up to SPAN pixels the kernel is applied as it is, cut off at 3.5 deviations. A larger one is
 * applied to a smaller picture: cubic B-splines, 4 knots wide, bring the picture down to a grid of
 * spacing f and up again, each adding the variance f^2 / 3, which the small Gaussian leaves out:
 * sigma'^2 = (sigma / f)^2 - 2/3. As sigma / f >= SPAN / 2, the fourth cumulant that the two
 * splines bring (-f^4 / 30 each) changes the kernel by less than 3e-4 of its mass; with both axes
 * and the cut, the result is within 1e-3 of the true Gaussian for samples in 0..1
 * (test_kit_blur.c). */
#include "kit_axis.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SPAN 5.0
#define CUT  3.5
enum { CHUNK = 32, MAX_RADIUS = 40 }; /* CUT times 10, beyond any sigma' */

/* Cubic B-spline, knots at whole t, support 2. */
static double spline(double t)
{
    const double a = fabs(t), b = 2 - a;
    if (a >= 2)
        return 0;
    return a < 1 ? 2.0 / 3 - a * a * (1 - a / 2) : b * b * b / 6;
}

/* ---- the kernel as it is ---- */

struct fold { /* w[0] in the middle, w[k] on both sides */
    uint32_t radius, reserved0;
    float w[MAX_RADIUS + 1];
};

static void fold_init(struct fold *f, double sigma)
{
    double w[MAX_RADIUS + 1], sum = 0;
    f->radius = (uint32_t)fmin(ceil(CUT * sigma - 0.5), MAX_RADIUS);
    for (uint32_t k = 0; k <= f->radius; k++) {
        w[k] = kit_exp(-0.5 * k * k / (sigma * sigma));
        sum += k ? 2 * w[k] : w[k];
    }
    for (uint32_t k = 0; k <= f->radius; k++)
        f->w[k] = (float)(w[k] / sum);
}

/* out[x] = w[0] at(0)[x] + sum w[k] (at(-k)[x] + at(k)[x]); at(k) is rows[radius + k]. Chunks keep
 * the sums in registers. */
KIT_CLONES
static void fold_rows(const struct fold *f, const float *const *rows, float *restrict out,
                      uint32_t n)
{
    const uint32_t r = f->radius;
    uint32_t x = 0;
    for (; x + CHUNK <= n; x += CHUNK) {
        const float *m = rows[r] + x;
        float sum[CHUNK];
        for (uint32_t j = 0; j < CHUNK; j++)
            sum[j] = f->w[0] * m[j];
        for (uint32_t k = 1; k <= r; k++) {
            const float *a = rows[r - k] + x, *b = rows[r + k] + x;
            const float w = f->w[k];
            for (uint32_t j = 0; j < CHUNK; j++)
                sum[j] += w * (a[j] + b[j]);
        }
        memcpy(out + x, sum, sizeof sum);
    }
    for (; x < n; x++) {
        float sum = f->w[0] * rows[r][x];
        for (uint32_t k = 1; k <= r; k++)
            sum += f->w[k] * (rows[r - k][x] + rows[r + k][x]);
        out[x] = sum;
    }
}

struct folding {
    const imp_image *src;
    imp_image *dst;
    struct fold rows, columns;
    uint32_t strips;
    atomic_int no_memory;
};

/* One row of the result; line has room for the row and a radius on both sides. */
static void fold_both(const struct folding *g, uint32_t c, uint32_t y, float *line)
{
    const uint32_t rv = g->rows.radius, rh = g->columns.radius, n = g->src->width;
    const float *at[2 * MAX_RADIUS + 1];
    for (uint32_t k = 0; k <= 2 * rv; k++)
        at[k] = imp_row(g->src, c, (uint32_t)kit_mirror((int64_t)y + k - rv, g->src->height));
    fold_rows(&g->rows, at, line + rh, n);
    for (uint32_t k = 1; k <= rh; k++) {
        line[rh - k] = line[rh + kit_mirror(-(int64_t)k, n)];
        line[rh + n - 1 + k] = line[rh + kit_mirror((int64_t)n - 1 + k, n)];
    }
    for (uint32_t k = 0; k <= 2 * rh; k++)
        at[k] = line + k;
    fold_rows(&g->columns, at, imp_row_out(g->dst, c, y), n);
}

static void fold_strip(void *user, uint32_t i)
{
    struct folding *g = user;
    const uint32_t c = i / g->strips;
    uint32_t y, to;
    kit_strip(g->dst->height, g->strips, i % g->strips, &y, &to);
    float *line = malloc(((size_t)g->src->width + 2 * MAX_RADIUS) * sizeof *line);
    if (!line) {
        atomic_store(&g->no_memory, 1);
        return;
    }
    for (; y < to; y++)
        fold_both(g, c, y, line);
    free(line);
}

static imp_status blur_small(const imp_image *src, imp_image *dst, double sigma_y, double sigma_x,
                             imp_job *job)
{
    struct folding g = {.src = src, .dst = dst, .strips = kit_strips(src->width, src->height)};
    fold_init(&g.rows, sigma_y);
    fold_init(&g.columns, sigma_x);
    const imp_status st = kit_parallel(job, g.strips * src->channels, fold_strip, &g);
    return st == IMP_OK && atomic_load(&g.no_memory) ? IMP_E_MEMORY : st;
}

/* ---- by way of a smaller picture ---- */

static uint32_t smaller(uint32_t n, double spacing)
{
    return (uint32_t)ceil(n / spacing);
}

/* What is left of sigma on a grid of n_small for n samples. */
static double rest(double sigma, uint32_t n, uint32_t n_small)
{
    const double f = (double)n / n_small;
    return sqrt(sigma * sigma / (f * f) - 2.0 / 3);
}

static imp_status blur_large(const imp_image *src, imp_image *dst, double sigma, imp_job *job)
{
    const struct kit_axis_how how = {spline, 2, 1};
    const double spacing = floor(sigma / (SPAN / 2));
    const uint32_t w = smaller(src->width, spacing), h = smaller(src->height, spacing);
    imp_image *a = kit_image_new(w, h, src->channels, src->colour);
    imp_image *b = kit_image_new(w, h, src->channels, src->colour);
    imp_status st = a && b ? IMP_OK : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = kit_resample_both(src, a, how, how, job);
    if (st == IMP_OK)
        st = blur_small(a, b, rest(sigma, src->height, h), rest(sigma, src->width, w), job);
    if (st == IMP_OK)
        st = kit_resample_both(b, dst, how, how, job);
    kit_image_free(a);
    kit_image_free(b);
    return st;
}

imp_status kit_blur(const imp_image *src, imp_image *dst, double sigma, imp_job *job)
{
    imp_image *copy = NULL;
    if (sigma >= SPAN)
        return blur_large(src, dst, sigma, job);
    if (src == dst || src->data == dst->data) {
        copy = kit_image_new(src->width, src->height, src->channels, src->colour);
        if (!copy)
            return IMP_E_MEMORY;
        kit_copy(src, copy);
        src = copy;
    }
    const imp_status st = blur_small(src, dst, sigma, sigma, job);
    kit_image_free(copy);
    return st;
}
