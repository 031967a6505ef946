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

/* ---- the same, by cells ---- */

struct cells {
    const float *f, *w;
    const struct en_cells *at;
    double *sum, *square;
    const double *a, *b;
    float *out;
    uint32_t maps, reserved0;
};

/* Rows and columns of the whole map where a cell begins: k w / side. */
static size_t cell_end(size_t at, size_t n, uint32_t side, uint32_t *cell)
{
    *cell = (uint32_t)(((at + 1) * side - 1) / n);
    while ((size_t)*cell * n / side > at)
        --*cell;
    return ((size_t)*cell + 1) * n / side;
}

/* Calls `each` for the runs of a row of the box that lie in one cell: cell, first place in the box,
 * places. */
static void each_run(const struct cells *t, uint32_t map,
                     void (*each)(const struct cells *, uint32_t map, uint32_t cell, size_t from,
                                  size_t n))
{
    const struct en_cells *c = t->at;
    for (size_t y = 0; y < c->ih; y++) {
        uint32_t row, column;
        cell_end(c->y + y, c->h, c->side, &row);
        for (size_t x = 0; x < c->iw;) {
            size_t end = cell_end(c->x + x, c->w, c->side, &column) - c->x;
            end = end > c->iw ? c->iw : end;
            each(t, map, row * c->side + column, y * c->iw + x, end - x);
            x = end;
        }
    }
}

static void sum_run(const struct cells *t, uint32_t map, uint32_t cell, size_t from, size_t n)
{
    const float *f = t->f + map * t->at->iw * t->at->ih + from, *w = t->w ? t->w + from : NULL;
    double sum[LANES] = {0}, square[LANES] = {0};
    for (size_t p = 0; p < n; p++) {
        const double v = (double)f[p], weight = w ? (double)w[p] : 1;
        sum[p % LANES] += weight * v, square[p % LANES] += weight * v * v;
    }
    for (size_t k = 1; k < LANES; k++)
        sum[0] += sum[k], square[0] += square[k];
    t->sum[(size_t)cell * t->maps + map] += sum[0];
    if (t->square)
        t->square[(size_t)cell * t->maps + map] += square[0];
}

static void cells_sum_map(void *user, uint32_t map) IMP_NX
{
    each_run(user, map, sum_run);
}

static void whole_run(const struct cells *t, uint32_t map, uint32_t cell, size_t from, size_t n)
{
    (void)map;
    for (size_t p = 0; p < n; p++)
        t->sum[cell] += t->w ? (double)t->w[from + p] : 1;
}

imp_status en_cells_add(const float *f, uint32_t maps, const struct en_cells *at, const float *w,
                        double *sum, double *square, double *whole, imp_job *job)
{
    struct cells t = {.f = f, .w = w, .at = at, .sum = sum, .square = square, .maps = maps};
    const struct cells all = {.w = w, .at = at, .sum = whole};
    each_run(&all, 0, whole_run);
    return kit_parallel(job, maps, cells_sum_map, &t);
}

static void seed_run(const struct cells *t, uint32_t map, uint32_t cell, size_t from, size_t n)
{
    const size_t k = (size_t)cell * t->maps + map, start = map * t->at->iw * t->at->ih + from;
    const float a = (float)t->a[k], b = t->b ? (float)t->b[k] : 0;
    for (size_t p = 0; p < n; p++)
        t->out[start + p] = (a + b * t->f[start + p]) * (t->w ? t->w[from + p] : 1);
}

static void cells_seed_map(void *user, uint32_t map) IMP_NX
{
    each_run(user, map, seed_run);
}

imp_status en_cells_seed(const float *f, uint32_t maps, const struct en_cells *at, const float *w,
                         const double *a, const double *b, float *out, imp_job *job)
{
    struct cells t = {.f = f, .w = w, .at = at, .a = a, .b = b, .out = out, .maps = maps};
    return kit_parallel(job, maps, cells_seed_map, &t);
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
