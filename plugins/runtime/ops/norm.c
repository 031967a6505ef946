/* norm.c - see norm.h. Sums run in eight places at once, whose order depends on lengths only. */
#include "norm.h"
#include <impasto/kit.h>

struct lanes {
    double v[8];
};

static double all_of(const struct lanes *s)
{
    return ((s->v[0] + s->v[4]) + (s->v[2] + s->v[6])) +
           ((s->v[1] + s->v[5]) + (s->v[3] + s->v[7]));
}

KIT_CLONES
static void add(struct lanes *s, const float *x, int64_t n)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int64_t j = 0; j < 8; j++)
            s->v[j] += (double)x[i + j];
    for (int64_t j = 0; i + j < n; j++)
        s->v[j] += (double)x[i + j];
}

KIT_CLONES
static void add_squares(struct lanes *s, const float *x, double mean, int64_t n)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int64_t j = 0; j < 8; j++)
            s->v[j] += ((double)x[i + j] - mean) * ((double)x[i + j] - mean);
    for (int64_t j = 0; i + j < n; j++)
        s->v[j] += ((double)x[i + j] - mean) * ((double)x[i + j] - mean);
}

KIT_CLONES
static void add_products(struct lanes *s, const float *x, const float *g, double mean, int64_t n)
{
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int64_t j = 0; j < 8; j++)
            s->v[j] += (double)g[i + j] * ((double)x[i + j] - mean);
    for (int64_t j = 0; i + j < n; j++)
        s->v[j] += (double)g[i + j] * ((double)x[i + j] - mean);
}

struct rt_moments rt_moments_of(const float *x, const struct rt_norm_group *group)
{
    const double count = (double)group->segments * (double)group->length;
    struct lanes sum = {{0}}, squares = {{0}};
    for (int64_t k = 0; k < group->segments; k++)
        add(&sum, x + k * group->stride, group->length);
    const double mean = all_of(&sum) / count;
    for (int64_t k = 0; k < group->segments; k++)
        add_squares(&squares, x + k * group->stride, mean, group->length);
    return (struct rt_moments){mean, all_of(&squares) / count};
}

KIT_CLONES
static void affine(const float *restrict x, float *restrict y, int64_t n, float mean, float factor,
                   float shift)
{
    for (int64_t i = 0; i < n; i++)
        y[i] = (x[i] - mean) * factor + shift;
}

/* What the mean loses as a float goes into the shift. */
void rt_affine_apply(const float *x, float *y, const struct rt_norm_group *group,
                     const struct rt_affine *a)
{
    const float mean = (float)a->mean;
    const float shift = (float)(a->shift + ((double)mean - a->mean) * a->factor);
    for (int64_t k = 0; k < group->segments; k++)
        affine(x + k * group->stride, y + k * group->stride, group->length, mean, (float)a->factor,
               shift);
}

struct rt_slopes rt_slopes_of(const float *x, const float *g, const struct rt_norm_group *group,
                              double mean, double inverse)
{
    struct lanes sum = {{0}}, products = {{0}};
    for (int64_t k = 0; k < group->segments; k++) {
        const int64_t at = k * group->stride;
        add(&sum, g + at, group->length);
        add_products(&products, x + at, g + at, mean, group->length);
    }
    return (struct rt_slopes){all_of(&sum), all_of(&products) * inverse};
}

KIT_CLONES
static void back(const float *restrict x, const float *restrict g, float *restrict dx, int64_t n,
                 float mean, float factor, float slope, float shift, bool store)
{
    if (store)
        for (int64_t i = 0; i < n; i++)
            dx[i] = factor * g[i] + ((x[i] - mean) * slope + shift);
    else
        for (int64_t i = 0; i < n; i++)
            dx[i] += factor * g[i] + ((x[i] - mean) * slope + shift);
}

void rt_back_apply(const float *x, const float *g, float *dx, const struct rt_norm_group *group,
                   const struct rt_back *b)
{
    const float mean = (float)b->mean;
    const float shift = (float)(b->shift + ((double)mean - b->mean) * b->slope);
    for (int64_t k = 0; k < group->segments; k++) {
        const int64_t at = k * group->stride;
        back(x + at, g + at, dx + at, group->length, mean, (float)b->factor, (float)b->slope,
             shift, b->store);
    }
}
