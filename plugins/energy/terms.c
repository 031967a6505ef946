/* terms.c - losses of layers' statistics of first and second order, and their gradients. */
#include "terms.h"
#include <math.h>

/* ---- sums ---- */

struct sums {
    const float *f, *w;
    double *sum, *square;
    size_t places;
};

enum { LANES = 8 };

static void sum_map(void *user, uint32_t c) IMP_NX
{
    const struct sums *t = user;
    const float *f = t->f + c * t->places, *w = t->w;
    double sum[LANES] = {0}, square[LANES] = {0};
    size_t p = 0;
    for (; !w && p + LANES <= t->places; p += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const double v = (double)f[p + k];
            sum[k] += v, square[k] += v * v;
        }
    for (; p < t->places; p++) {
        const double v = (double)f[p], weight = w ? (double)w[p] : 1;
        sum[p % LANES] += weight * v, square[p % LANES] += weight * v * v;
    }
    for (size_t k = 1; k < LANES; k++)
        sum[0] += sum[k], square[0] += square[k];
    t->sum[c] += sum[0];
    if (t->square)
        t->square[c] += square[0];
}

imp_status en_sums_add(const float *f, uint32_t maps, size_t places, const float *w, double *sum,
                       double *square, imp_job *job)
{
    struct sums t = {f, w, sum, square, places};
    return kit_parallel(job, maps, sum_map, &t);
}

/* ---- first and second order ---- */

static double norm2(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

double en_match_judge(const struct en_match *t, const double *sum, const double *square,
                      double whole, double *a, double *b)
{
    /* loss = k |m - mu|^2 + l |q - nu|^2 */
    const double k = t->compat ? t->weight * t->scale * t->scale * whole / (2 * t->maps)
                               : t->weight / norm2(t->mean, t->maps);
    const double l = t->square ? t->weight / norm2(t->square, t->maps) : 0;
    double loss = 0;
    for (uint32_t c = 0; c < t->maps; c++) {
        const double off = sum[c] / whole - t->mean[c];
        const double off2 = t->square ? square[c] / whole - t->square[c] : 0;
        loss += k * off * off + l * off2 * off2;
        a[c] = 2 * k * off / whole;
        b[c] = 4 * l * off2 / whole;
    }
    return loss;
}

struct seed {
    const float *f, *w;
    const double *a, *b;
    float *out;
    size_t places;
};

static void seed_map(void *user, uint32_t c) IMP_NX
{
    const struct seed *t = user;
    const float *f = t->f + c * t->places, a = (float)t->a[c], b = t->b ? (float)t->b[c] : 0;
    float *out = t->out + c * t->places;
    for (size_t p = 0; p < t->places; p++)
        out[p] = a + b * f[p];
    for (size_t p = 0; t->w && p < t->places; p++)
        out[p] *= t->w[p];
}

imp_status en_match_seed(const float *f, uint32_t maps, size_t places, const float *w,
                         const double *a, const double *b, float *out, imp_job *job)
{
    struct seed t = {f, w, a, b, out, places};
    return kit_parallel(job, maps, seed_map, &t);
}

/* ---- Gram ---- */

double en_gram_judge(const struct en_gram *t, const double *gram, double whole, float *d)
{
    const size_t n = t->maps;
    double norm = 0, loss = 0;
    for (size_t i = 0; i < n * n; i++) {
        const int diagonal = i / n == i % n;
        if (t->parts == EN_FULL || diagonal == (t->parts == EN_DIAGONAL))
            norm += t->target[i] * t->target[i];
    }
    const double s4 = t->scale * t->scale * t->scale * t->scale;
    const double k = t->compat  ? t->weight * s4 * whole / (4 * (double)n * (double)n)
                     : norm > 0 ? t->weight / norm
                                : 0;
    for (size_t i = 0; i < n * n; i++) {
        const int diagonal = i / n == i % n;
        const int counts = t->parts == EN_FULL || diagonal == (t->parts == EN_DIAGONAL);
        const double off = counts ? gram[i] / whole - t->target[i] : 0;
        loss += k * off * off;
        d[i] = (float)(4 * k * off / whole); /* 2 k off dg, dg/dF twice by symmetry */
    }
    return loss;
}

/* ---- content ---- */

double en_distance(const float *f, const float *p, size_t n)
{
    double sum[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const double d = (double)f[i + k] - (double)p[i + k];
            sum[k] += d * d;
        }
    for (; i < n; i++)
        sum[0] += ((double)f[i] - (double)p[i]) * ((double)f[i] - (double)p[i]);
    for (size_t k = 1; k < LANES; k++)
        sum[0] += sum[k];
    return sum[0];
}

void en_distance_seed(const float *f, const float *p, size_t n, double factor, float *out)
{
    const float k = (float)factor;
    for (size_t i = 0; i < n; i++)
        out[i] = k * (f[i] - p[i]);
}
