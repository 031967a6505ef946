/* erase.c - least-squares concept erasure. */
#include "erase.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

uint32_t av_columns(const struct av_traits *t)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < t->count; k++)
        count += t->all[k].choices[0] ? t->all[k].width : 2;
    return count;
}

void av_column(const float *y, const float *known, uint32_t n, const struct av_traits *t,
               uint32_t k, double *out)
{
    uint32_t trait = 0, within = k;
    while (within >= (t->all[trait].choices[0] ? t->all[trait].width : 2))
        within -= t->all[trait].choices[0] ? t->all[trait].width : 2, trait++;
    const bool squared = !t->all[trait].choices[0] && within;
    const uint32_t number = t->all[trait].at + (squared ? 0 : within);
    double sum = 0, seen = 0;
    for (uint32_t i = 0; i < n; i++) {
        const double v = (double)y[(size_t)i * t->width + number];
        out[i] = squared ? v * v : v;
        if (known[(size_t)i * t->count + trait] > 0)
            sum += out[i], seen++;
    }
    for (uint32_t i = 0; i < n; i++)
        out[i] = known[(size_t)i * t->count + trait] > 0 ? out[i] - sum / seen : 0;
}

void av_spread(const float *x, uint32_t n, uint32_t m, double *mean, double *l)
{
    for (uint32_t a = 0; a < m; a++) {
        double sum = 0;
        for (uint32_t i = 0; i < n; i++)
            sum += (double)x[(size_t)i * m + a];
        mean[a] = sum / n;
    }
    for (uint32_t i = 0; i < n; i++) {
        const float *z = x + (size_t)i * m;
        for (uint32_t a = 0; a < m; a++)
            for (uint32_t b = 0; b <= a; b++)
                l[(size_t)a * m + b] += (z[a] - mean[a]) * (z[b] - mean[b]) / n;
    }
    for (uint32_t a = 0; a < m; a++) {
        double *row = l + (size_t)a * m;
        row[a] = row[a] * (1 + 1e-6) + 1e-12;
        for (uint32_t b = 0; b <= a; b++) {
            const double *other = l + (size_t)b * m;
            for (uint32_t k = 0; k < b; k++)
                row[b] -= row[k] * other[k];
            row[b] = a == b ? sqrt(row[b] > 1e-12 ? row[b] : 1e-12) : row[b] / other[b];
        }
    }
}

/* x becomes L^-1 x. */
static void solve(const double *l, uint32_t m, double *x)
{
    for (uint32_t a = 0; a < m; a++) {
        for (uint32_t b = 0; b < a; b++)
            x[a] -= l[(size_t)a * m + b] * x[b];
        x[a] /= l[(size_t)a * m + a];
    }
}

static double dot(const double *a, const double *b, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

double av_told(const float *x, uint32_t n, uint32_t m, const double *mean, const double *l,
               const double *c, double *v)
{
    memset(v, 0, m * sizeof *v);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t a = 0; a < m; a++)
            v[a] += ((double)x[(size_t)i * m + a] - mean[a]) * c[i] / n;
    solve(l, m, v);
    return dot(v, v, m);
}

/* One more vector of the basis, if the codes tell of the column what the basis does not hold yet.
 */
static void more(const float *mu, uint32_t n, const double *c, const double *l, av_erasure *e,
                 double *q)
{
    const uint32_t m = e->latent;
    double *v = q + (size_t)e->rank * m;
    const double variance = dot(c, c, n) / n;
    const double told = av_told(mu, n, m, e->mean, l, c, v);
    for (int twice = 0; twice < 2; twice++)
        for (uint32_t k = 0; k < e->rank; k++) {
            const double *u = q + (size_t)k * m, along = dot(u, v, m);
            for (uint32_t a = 0; a < m; a++)
                v[a] -= along * u[a];
        }
    const double left = dot(v, v, m);
    if (told <= 2.0 * m / n * variance || left <= 1e-9 * told || e->rank == m)
        return;
    for (uint32_t a = 0; a < m; a++)
        v[a] /= sqrt(left);
    e->rank++;
}

/* P = I - L Q (L'^-1 Q)'. */
static void projection(const double *l, const double *q, av_erasure *e)
{
    const uint32_t m = e->latent;
    double *work = e->work;
    for (uint32_t a = 0; a < m; a++)
        e->p[(size_t)a * m + a] = 1;
    for (uint32_t k = 0; k < e->rank; k++) {
        const double *u = q + (size_t)k * m;
        memcpy(work, u, m * sizeof *work);
        for (uint32_t a = m; a-- > 0;) {
            for (uint32_t b = a + 1; b < m; b++)
                work[a] -= l[(size_t)b * m + a] * work[b];
            work[a] /= l[(size_t)a * m + a];
        }
        for (uint32_t a = 0; a < m; a++) {
            const double lu = dot(l + (size_t)a * m, u, a + 1);
            for (uint32_t b = 0; b < m; b++)
                e->p[(size_t)a * m + b] -= lu * work[b];
        }
    }
}

imp_status av_erase(const float *mu, const float *y, const float *known, uint32_t n,
                    uint32_t latent, const struct av_traits *t, av_erasure *out, imp_error *err)
{
    const size_t square = (size_t)latent * latent;
    const uint32_t count = av_columns(t);
    *out = (av_erasure){.latent = latent};
    if (n <= latent)
        return imp_fail(err, IMP_E_INPUT,
                        "%u codes of %u numbers are too few to tell what they say of attributes", n,
                        latent);
    out->p = calloc(square + 2 * (size_t)latent, sizeof *out->p);
    double *l = calloc(square, sizeof *l), *q = calloc((size_t)(count + 1) * latent, sizeof *q);
    double *c = malloc(n * sizeof *c);
    const bool fine = out->p && l && q && c;
    if (fine) {
        out->mean = out->p + square, out->work = out->mean + latent;
        av_spread(mu, n, latent, out->mean, l);
        for (uint32_t k = 0; k < count; k++) {
            av_column(y, known, n, t, k, c);
            more(mu, n, c, l, out, q);
        }
        projection(l, q, out);
    } else {
        free(out->p);
        *out = (av_erasure){.p = NULL};
    }
    free(l), free(q), free(c);
    return fine ? IMP_OK
                : imp_fail(err, IMP_E_MEMORY, "no memory for taking attributes out of codes");
}

void av_erase_fold(av_erasure *e, float *weight, float *bias, uint32_t features)
{
    const uint32_t m = e->latent;
    for (uint32_t f = 0; f <= features; f++) {
        float *w = f < features ? weight + f : bias;
        const size_t step = f < features ? features : 1;
        for (uint32_t a = 0; a < m; a++)
            e->work[a] = (double)w[a * step] - (f < features ? 0 : e->mean[a]);
        for (uint32_t a = 0; a < m; a++)
            w[a * step] =
                (float)(dot(e->p + (size_t)a * m, e->work, m) + (f < features ? 0 : e->mean[a]));
    }
}
