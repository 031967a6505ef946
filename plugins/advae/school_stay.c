/* school_stay.c - what attributes do not reach. Behind a face the picture says nothing of hair or
 * complexion; a generator that was only ever shown true pairs of code and attributes may change it
 * with them all the same. So it is told: coarse colours of the photos are regressed on attributes,
 * and where that explains nothing, other attributes leave the code's photo as it is. */
#include "erase.h"
#include "school.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 }; /* photos looked at, evenly from all */

uint32_t av_stay_of(uint32_t i, uint32_t n)
{
    return i % 2 ? (i + 1) % n : i;
}

/* Means of CELL x CELL pixels of a photo's planes. */
static void coarsen(const float *x, uint32_t side, float *out)
{
    const uint32_t places = side / AV_CELL;
    memset(out, 0, (size_t)3 * places * places * sizeof *out);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t j = 0; j < places * AV_CELL; j++)
            for (uint32_t i = 0; i < places * AV_CELL; i++)
                out[((size_t)c * places + j / AV_CELL) * places + i / AV_CELL] +=
                    x[((size_t)c * side + j) * side + i] / (AV_CELL * AV_CELL);
}

/* n photos, evenly from all: coarse colours and attributes. */
static imp_status look(struct av_school *s, uint32_t n, float *coarse, float *y, float *known,
                       imp_error *err)
{
    const struct av_plan *p = s->p;
    const struct av_traits *t = p->traits;
    const av_lessons *l = &s->lessons;
    const size_t size = (size_t)3 * (s->side / AV_CELL) * (s->side / AV_CELL);
    uint64_t *order = malloc(n * sizeof *order);
    imp_status st = order ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for an order");
    for (uint32_t i = 0; i < n && order; i++)
        order[i] = (uint64_t)i * p->train->count / n;
    for (uint32_t at = 0; at < n && st == IMP_OK; at += p->batch) {
        const uint32_t m = n - at < p->batch ? n - at : p->batch;
        st = av_lessons_read(&s->lessons, order, at, m, NULL, 0, s->job, err);
        for (uint32_t i = 0; i < m && st == IMP_OK; i++)
            coarsen(l->x + (size_t)i * 3 * s->side * s->side, s->side, coarse + (at + i) * size);
        if (st == IMP_OK) {
            memcpy(y + (size_t)at * t->width, l->y, (size_t)m * t->width * sizeof *y);
            memcpy(known + (size_t)at * t->count, l->known, (size_t)m * t->count * sizeof *known);
        }
    }
    free(order);
    return st;
}

struct probe { /* of n samples: attributes as columns, and what is regressed on them */
    uint32_t n, columns;
    float *x;
    double *c, *mean, *l, *v;
};

static imp_status probe_new(struct probe *p, const struct av_traits *t, const float *y,
                            const float *known, uint32_t n, imp_error *err)
{
    const size_t m = av_columns(t);
    *p = (struct probe){.n = n, .columns = (uint32_t)m};
    p->x = malloc(n * m * sizeof *p->x);
    p->c = calloc(n + 2 * m + m * m, sizeof *p->c);
    if (!p->x || !p->c)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the attributes of %u samples", n);
    p->mean = p->c + n, p->v = p->mean + m, p->l = p->v + m;
    for (uint32_t k = 0; k < m; k++) {
        av_column(y, known, n, t, k, p->c);
        for (uint32_t i = 0; i < n; i++)
            p->x[i * m + k] = (float)p->c[i];
    }
    av_spread(p->x, n, p->columns, p->mean, p->l);
    return IMP_OK;
}

/* The share of the variance of a number of every sample, `step` apart, that attributes explain,
 * beyond what as many columns of chance would, and two of its standard deviations. */
static double explained(const struct probe *p, const float *number, size_t step)
{
    const double chance = (p->columns + 2 * sqrt(2.0 * p->columns)) / p->n;
    double mean = 0, variance = 0;
    for (uint32_t i = 0; i < p->n; i++)
        mean += (double)number[i * step] / p->n;
    for (uint32_t i = 0; i < p->n; i++) {
        p->c[i] = (double)number[i * step] - mean;
        variance += p->c[i] * p->c[i] / p->n;
    }
    if (!(variance > 1e-12))
        return 0;
    const double told = av_told(p->x, p->n, p->columns, p->mean, p->l, p->c, p->v) / variance;
    return told - chance;
}

/* The least of a place, its mirror image and their neighbours: photos are mirrored and moved a
 * little while a network learns. */
static float least_about(const float *places, int n, int y, int x)
{
    float least = 1;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
            const int b = y + dy < 0    ? 0
                          : y + dy >= n ? n - 1
                                        : y + dy,
                      a = x + dx < 0    ? 0
                          : x + dx >= n ? n - 1
                                        : x + dx;
            least = fminf(least, fminf(places[b * n + a], places[b * n + n - 1 - a]));
        }
    return least;
}

imp_status av_apart(const float *coarse, const float *y, const float *known, uint32_t n,
                    const struct av_traits *t, uint32_t side, float *out, imp_error *err)
{
    const uint32_t a = side / AV_CELL;
    const size_t size = (size_t)3 * a * a;
    float *places = malloc((size_t)a * a * sizeof *places);
    struct probe p;
    imp_status st = probe_new(&p, t, y, known, n, err);
    if (st == IMP_OK && !places)
        st = imp_fail(err, IMP_E_MEMORY, "no memory for %u places", a * a);
    for (size_t k = 0; k < (size_t)a * a && st == IMP_OK; k++) {
        double most = 0;
        for (size_t c = 0; c < 3; c++)
            most = fmax(most, explained(&p, coarse + c * a * a + k, size));
        places[k] = (float)(1 - fmin(most / 0.02, 1));
    }
    for (uint32_t j = 0; j < side && st == IMP_OK; j++)
        for (uint32_t i = 0; i < side; i++)
            out[(size_t)j * side + i] =
                least_about(places, (int)a, (int)(j / AV_CELL < a ? j / AV_CELL : a - 1),
                            (int)(i / AV_CELL < a ? i / AV_CELL : a - 1));
    free(places), free(p.x), free(p.c);
    return st;
}

imp_status av_stay_begin(struct av_school *s, imp_error *err)
{
    const struct av_plan *p = s->p;
    const uint32_t n = p->train->count < MOST ? (uint32_t)p->train->count : MOST,
                   places = s->side / AV_CELL;
    char line[100];
    if (!(p->stay > 0))
        return IMP_OK;
    float *coarse = malloc((size_t)n * 3 * places * places * sizeof *coarse),
          *y = malloc((size_t)n * p->traits->width * sizeof *y),
          *known = malloc((size_t)n * p->traits->count * sizeof *known);
    imp_status st = coarse && y && known
                        ? look(s, n, coarse, y, known, err)
                        : imp_fail(err, IMP_E_MEMORY, "no memory for a view of %u photos", n);
    if (st == IMP_OK)
        st = av_apart(coarse, y, known, n, p->traits, s->side, s->apart, err);
    if (st == IMP_OK && p->note) {
        double share = 0;
        for (size_t k = 0; k < (size_t)s->side * s->side; k++)
            share += (double)s->apart[k] / ((double)s->side * s->side);
        snprintf(line, sizeof line, "attributes do not reach %.0f %% of the picture", 100 * share);
        p->note(p->note_user, line);
    }
    free(coarse), free(y), free(known);
    return st;
}
