/* frechet.c - distance of two clouds of points, as of the normal distributions that fit them. */
#include "metrics.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEPS = 30 };

/* Mean and covariance (w x w) of n points. */
static void fit(const float *x, uint32_t n, uint32_t w, double *mean, double *cov)
{
    for (uint32_t a = 0; a < w; a++) {
        mean[a] = 0;
        for (uint32_t i = 0; i < n; i++)
            mean[a] += x[(size_t)i * w + a] / (double)n;
    }
    memset(cov, 0, (size_t)w * w * sizeof *cov);
    for (uint32_t i = 0; i < n; i++) {
        const float *p = x + (size_t)i * w;
        for (uint32_t a = 0; a < w; a++)
            for (uint32_t b = 0; b < w; b++)
                cov[(size_t)a * w + b] += (p[a] - mean[a]) * (p[b] - mean[b]) / n;
    }
}

/* Turns rows and columns p and q of a symmetric matrix so that its number at (p, q) is 0; v, when
 * given, turns along. */
static void turn(double *m, double *v, uint32_t w, uint32_t p, uint32_t q)
{
    const double off = m[(size_t)p * w + q];
    if (off == 0)
        return;
    const double theta = (m[(size_t)q * w + q] - m[(size_t)p * w + p]) / (2 * off),
                 t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)),
                 c = 1 / sqrt(t * t + 1), s = t * c;
    for (uint32_t k = 0; k < w; k++) {
        double *a = m + (size_t)k * w + p, *b = m + (size_t)k * w + q;
        const double x = *a, y = *b;
        *a = c * x - s * y, *b = s * x + c * y;
    }
    for (uint32_t k = 0; k < w; k++) {
        double *a = m + (size_t)p * w + k, *b = m + (size_t)q * w + k;
        const double x = *a, y = *b;
        *a = c * x - s * y, *b = s * x + c * y;
    }
    for (uint32_t k = 0; k < w && v; k++) {
        double *a = v + (size_t)k * w + p, *b = v + (size_t)k * w + q;
        const double x = *a, y = *b;
        *a = c * x - s * y, *b = s * x + c * y;
    }
}

/* Jacobi's rotations: the diagonal becomes the eigenvalues, columns of v (an identity before) the
 * eigenvectors. */
static imp_status eigen(double *m, double *v, uint32_t w, imp_job *job)
{
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        double off = 0, all = 0;
        for (uint32_t a = 0; a < w; a++)
            for (uint32_t b = 0; b < w; b++) {
                const double x = m[(size_t)a * w + b] * m[(size_t)a * w + b];
                all += x, off += a == b ? 0 : x;
            }
        if (off <= 1e-24 * all)
            return IMP_OK;
        for (uint32_t a = 0; a < w; a++) {
            const imp_status st = job ? job->progress(job, -1, NULL) : IMP_OK;
            if (st != IMP_OK)
                return st;
            for (uint32_t b = a + 1; b < w; b++)
                turn(m, v, w, a, b);
        }
    }
    return IMP_OK;
}

static double root(double x)
{
    return x > 0 ? sqrt(x) : 0;
}

/* Trace of (C1 C2)^1/2 = sum of roots of the eigenvalues of C1^1/2 C2 C1^1/2; c1 is spoilt. */
static imp_status trace_of_root(double *c1, const double *c2, double *v, double *s, uint32_t w,
                                imp_job *job, double *sum)
{
    memset(v, 0, (size_t)w * w * sizeof *v);
    for (uint32_t a = 0; a < w; a++)
        v[(size_t)a * w + a] = 1;
    imp_status st = eigen(c1, v, w, job);
    if (st != IMP_OK)
        return st;
    for (uint32_t a = 0; a < w; a++) /* v: columns times the root of their eigenvalue */
        for (uint32_t k = 0; k < w; k++)
            v[(size_t)k * w + a] *= root(c1[(size_t)a * w + a]);
    memset(c1, 0, (size_t)w * w * sizeof *c1); /* C2 V */
    memset(s, 0, (size_t)w * w * sizeof *s);
    for (uint32_t a = 0; a < w; a++)
        for (uint32_t k = 0; k < w; k++)
            for (uint32_t b = 0; b < w; b++)
                c1[(size_t)a * w + b] += c2[(size_t)a * w + k] * v[(size_t)k * w + b];
    for (uint32_t k = 0; k < w; k++)
        for (uint32_t a = 0; a < w; a++)
            for (uint32_t b = 0; b < w; b++)
                s[(size_t)a * w + b] += v[(size_t)k * w + a] * c1[(size_t)k * w + b];
    st = eigen(s, NULL, w, job);
    *sum = 0;
    for (uint32_t a = 0; a < w; a++)
        *sum += root(s[(size_t)a * w + a]);
    return st;
}

imp_status av_frechet(const float *x, const float *y, uint32_t n, uint32_t m, uint32_t w,
                      imp_job *job, double *distance)
{
    const size_t square = (size_t)w * w;
    double *c1 = malloc((4 * square + 2 * w) * sizeof *c1), common;
    if (!c1)
        return IMP_E_MEMORY;
    double *c2 = c1 + square, *v = c2 + square, *s = v + square, *m1 = s + square, *m2 = m1 + w;
    fit(x, n, w, m1, c1);
    fit(y, m, w, m2, c2);
    *distance = 0;
    for (uint32_t a = 0; a < w; a++)
        *distance +=
            (m1[a] - m2[a]) * (m1[a] - m2[a]) + c1[(size_t)a * w + a] + c2[(size_t)a * w + a];
    const imp_status st = trace_of_root(c1, c2, v, s, w, job, &common);
    if (st == IMP_OK)
        *distance -= 2 * common;
    free(c1);
    return st;
}
