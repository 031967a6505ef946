/* nnls.c - non-negative least squares, Lawson and Hanson. */
#include "nnls.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <impasto/kit.h>

struct nnls {
    const double *ata, *atb;
    double *x, *z, *gradient, *factor; /* factor: n x n, of Cholesky, row by row */
    uint32_t *set;                     /* the free ones: their x may be positive */
    uint32_t n, free;
};

size_t en_nnls_bytes(uint32_t n)
{
    return kit_bytes(n, ((size_t)n + 4) * sizeof(double) + sizeof(uint32_t));
}

/* Least squares over the free set alone: z by Cholesky. A column that the others make up already
 * gets no weight. */
static void solve(const struct nnls *s)
{
    const uint32_t k = s->free;
    double *l = s->factor, *y = s->z;
    for (uint32_t i = 0; i < k; i++) {
        const double *row = s->ata + (size_t)s->set[i] * s->n;
        for (uint32_t j = 0; j <= i; j++) {
            double v = row[s->set[j]];
            for (uint32_t m = 0; m < j; m++)
                v -= l[i * (size_t)s->n + m] * l[j * (size_t)s->n + m];
            if (i == j)
                l[i * (size_t)s->n + i] = v > 1e-12 * row[s->set[i]] ? sqrt(v) : INFINITY;
            else
                l[i * (size_t)s->n + j] = v / l[j * (size_t)s->n + j];
        }
    }
    for (uint32_t i = 0; i < k; i++) {
        double v = s->atb[s->set[i]];
        for (uint32_t m = 0; m < i; m++)
            v -= l[i * (size_t)s->n + m] * y[m];
        y[i] = v / l[i * (size_t)s->n + i];
    }
    for (uint32_t i = k; i-- > 0;) {
        double v = y[i];
        for (uint32_t m = i + 1; m < k; m++)
            v -= l[m * (size_t)s->n + i] * y[m];
        y[i] = v / l[i * (size_t)s->n + i];
    }
}

/* The number that would gain most by becoming free; n: none. */
static uint32_t best_fixed(struct nnls *s, const bool *free, double tolerance)
{
    uint32_t best = s->n;
    for (uint32_t i = 0; i < s->n; i++) {
        double w = s->atb[i];
        for (uint32_t j = 0; j < s->n; j++)
            w -= s->ata[(size_t)i * s->n + j] * s->x[j];
        s->gradient[i] = w;
        if (!free[i] && w > tolerance && (best == s->n || w > s->gradient[best]))
            best = i;
    }
    return best;
}

/* Goes from x towards z as far as nothing turns negative; what turned 0 leaves the set. true: all
 * of the way. */
static bool step(struct nnls *s, bool *free)
{
    double way = 1;
    for (uint32_t i = 0; i < s->free; i++)
        if (!(s->z[i] > 0)) {
            const double x = s->x[s->set[i]], t = x / (x - s->z[i]);
            way = t < way ? t : way;
        }
    const bool whole = way == 1;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->free; i++) {
        const uint32_t at = s->set[i];
        const double v = s->x[at] + way * (s->z[i] - s->x[at]);
        const bool stays =
            whole ? s->z[i] > 0
                  : v > 1e-15 && (s->z[i] > 0 || s->x[at] / (s->x[at] - s->z[i]) > way);
        s->x[at] = stays ? v : 0;
        free[at] = stays;
        if (stays)
            s->set[kept++] = at;
    }
    s->free = kept;
    return whole;
}

imp_status en_nnls(const double *ata, const double *atb, uint32_t n, double *x, void *work,
                   imp_job *job)
{
    double *room = work, tolerance = 0;
    struct nnls s = {ata, atb, x, room, room + n, room + 2 * (size_t)n, NULL, n, 0};
    union {
        double *in;
        uint32_t *out;
    } ints = {.in = s.factor + (size_t)n * n};
    union {
        double *in;
        bool *out;
    } flags = {.in = ints.in + n};
    s.set = ints.out;
    memset(flags.out, 0, n * sizeof *flags.out);
    memset(x, 0, n * sizeof *x);
    for (uint32_t i = 0; i < n; i++)
        tolerance = fmax(tolerance, 1e-10 * fabs(atb[i]));
    for (uint32_t changes = 0; changes < 3 * n + 30; changes++) {
        const uint32_t next = best_fixed(&s, flags.out, tolerance);
        if (next == n)
            return IMP_OK;
        if (job && job->progress(job, -1, NULL) != IMP_OK)
            return IMP_CANCELLED;
        s.set[s.free++] = next, flags.out[next] = true;
        do
            solve(&s);
        while (!step(&s, flags.out));
    }
    return IMP_E_FAILED;
}
