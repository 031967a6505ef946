/* score.c - criteria, bias removal, and the choice over all layers. */
#include "score.h"
#include <math.h>
#include <stdlib.h>

/* ---- criteria ---- */

/* What one image says of one unit. */
static double place_sum(uint32_t criterion, const float *a, const float *g, size_t places)
{
    double sum = 0;
    if (pr_needs_gradient(criterion))
        for (size_t p = 0; p < places; p++)
            sum += (double)a[p] * (double)g[p];
    else if (criterion == PR_APOZ)
        for (size_t p = 0; p < places; p++)
            sum += a[p] != 0;
    else
        for (size_t p = 0; p < places; p++)
            sum += fabs((double)a[p]);
    return sum / (double)places;
}

/* What one image says of all channels of a unit. */
static double unit_sum(uint32_t criterion, const float *a, const float *g, size_t channels,
                       size_t places, const int32_t *unit_of, size_t unit)
{
    double sum = 0;
    for (size_t c = 0; c < channels; c++)
        if (unit_of[c] == (int32_t)unit)
            sum += place_sum(criterion, a + c * places, g ? g + c * places : NULL, places);
    return sum;
}

void pr_score_add(uint32_t criterion, const float *a, const float *g, size_t n, size_t channels,
                  size_t places, const int32_t *unit_of, size_t units, double *sum)
{
    for (size_t i = 0; i < n; i++)
        for (size_t u = 0; u < units; u++) {
            const size_t image = i * channels * places, at = image + (unit_of ? 0 : u * places);
            const float *slope = g ? g + at : NULL;
            const double s = unit_of
                                 ? unit_sum(criterion, a + at, slope, channels, places, unit_of, u)
                                 : place_sum(criterion, a + at, slope, places);
            sum[u] += criterion == PR_TAYLOR        ? fabs(s) * (double)n
                      : criterion == PR_TAYLOR_MEAN ? s * (double)n
                                                    : s;
        }
}

void pr_score_end(uint32_t criterion, uint64_t images, size_t units, double *sum)
{
    for (size_t u = 0; u < units && images; u++) {
        sum[u] /= (double)images;
        if (criterion == PR_TAYLOR_MEAN)
            sum[u] = fabs(sum[u]);
    }
}

void pr_score_weights(const float *w, uint32_t ndim, const int64_t *shape, uint32_t axis,
                      int64_t first, int64_t width, size_t units, double *sum, double *count)
{
    size_t outer = 1, inner = 1;
    for (uint32_t i = 0; i < ndim; i++)
        if (i != axis)
            *(i < axis ? &outer : &inner) *= (size_t)shape[i];
    const size_t stride = (size_t)shape[axis] * inner;
    for (size_t u = 0; u < units; u++)
        for (size_t o = 0; o < outer; o++) {
            const float *at = w + o * stride + ((size_t)first + u * (size_t)width) * inner;
            for (size_t i = 0; i < (size_t)width * inner; i++)
                sum[u] += fabs((double)at[i]);
        }
    *count += (double)(outer * inner * (size_t)width);
}

/* ---- bias removal ---- */

static double deviation(const double *s, size_t n, double mean)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (s[i] - mean) * (s[i] - mean);
    return sqrt(sum / (double)n);
}

bool pr_unbias(uint32_t rule, double *s, size_t n)
{
    double sum = 0, squares = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        sum += s[i];
        squares += s[i] * s[i];
        most = fmax(most, s[i]);
    }
    const double mean = sum / (double)n, spread = rule == PR_Z ? deviation(s, n, mean) : 0;
    if (!(most > 0) || (rule == PR_Z && !(spread > 0)))
        return false;
    const double by = rule == PR_MEAN  ? mean
                      : rule == PR_L2  ? sqrt(squares) + 1e-8
                      : rule == PR_MAX ? most
                      : rule == PR_Z   ? spread
                                       : 1;
    for (size_t i = 0; i < n; i++)
        s[i] = (s[i] - (rule == PR_Z ? mean : 0)) / by;
    return true;
}

/* ---- choice ---- */

struct candidate {
    double score;
    uint32_t layer, unit;
};

static int weaker(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    return x->unit < y->unit ? -1 : x->unit > y->unit;
}

uint32_t pr_choose(struct pr_layer *layers, uint32_t count, const double *score, uint32_t k,
                   uint8_t *gone)
{
    uint32_t n = 0, found = 0;
    for (uint32_t l = 0; l < count; l++) {
        layers[l].held = layers[l].taken = 0;
        n += layers[l].units;
    }
    struct candidate *all = calloc(n ? n : 1, sizeof *all);
    if (!all)
        return UINT32_MAX;
    n = 0;
    for (uint32_t l = 0; l < count; l++)
        for (uint32_t u = 0; u < layers[l].units; u++) {
            gone[layers[l].first + u] = 0;
            if (!layers[l].locked && !layers[l].silent)
                all[n++] = (struct candidate){score[layers[l].first + u], l, u};
        }
    qsort(all, n, sizeof *all, weaker);
    for (uint32_t i = 0; i < n && found < k; i++) {
        struct pr_layer *l = &layers[all[i].layer];
        if (l->units - l->taken <= l->least) {
            l->held++;
            continue;
        }
        gone[l->first + all[i].unit] = 1;
        l->taken++;
        found++;
    }
    free(all);
    return found;
}
