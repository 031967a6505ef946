/* kit_lines.c - line drawings: extended difference of Gaussians (Winnemoeller, Kyprianidis and
 * Olsen, "XDoG: An eXtended difference-of-Gaussians compendium", 2012), then removal of specks.
 *
 *     u = G_sigma * I - gamma G_(ratio sigma) * I
 *     T = 1 where u >= epsilon, else 1 + tanh(phi (u - epsilon)) */
#include <impasto/kit.h>
#include <math.h>
#include <stdlib.h>
#include "kit_math.h"

#define VISIBLE 0.985f /* below it a pixel is ink; below 0.5 it counts for the size of a stroke */

struct task {
    const imp_image *inner, *outer;
    imp_image *out;
    float sharpness, slope, threshold, soft;
    uint32_t strips;
};

struct luma_task { const imp_image *src; imp_image *out; uint32_t strips; };

static void luma_strip(void *user, uint32_t i)
{
    const struct luma_task *t = user;
    uint32_t y, end;
    for (kit_strip(t->src->height, t->strips, i, &y, &end); y < end; y++)
        if (t->src->channels >= 3)
            kit_luma(imp_row(t->src, 0, y), imp_row(t->src, 1, y), imp_row(t->src, 2, y),
                     imp_row_out(t->out, 0, y), t->src->width);
        else
            kit_luma(imp_row(t->src, 0, y), NULL, NULL, imp_row_out(t->out, 0, y), t->src->width);
}

/* 1 + tanh(v) for v < 0 is 2 e^(2v) / (1 + e^(2v)); e^(2v) = 2^(2v / ln 2). */
KIT_CLONES
static void threshold_row(const float *inner, const float *outer, float *out, uint32_t n,
                          const struct task *t)
{
    const float gamma = t->sharpness, slope = t->slope * 2.88539008f, epsilon = t->threshold;
    const float soft = t->soft;
    for (uint32_t x = 0; x < n; x++) {
        float v = slope * (inner[x] - gamma * outer[x] - epsilon);
        v = v < 0 ? v : 0;
        v = v > -100 ? v : -100;
        const float whole = kit_nearest(v);
        const float e = kit_exp2_part(v - whole) * kit_float_of(((int32_t)whole + 127) << 23);
        const float level = 2 * e / (1 + e), hard = level < 0.5f ? 0.0f : 1.0f;
        const float mixed = hard + soft * (level - hard);
        out[x] = v < 0 ? mixed : 1;
    }
}

static void threshold_strip(void *user, uint32_t i)
{
    const struct task *t = user;
    uint32_t y, end;
    for (kit_strip(t->out->height, t->strips, i, &y, &end); y < end; y++)
        threshold_row(imp_row(t->inner, 0, y), imp_row(t->outer, 0, y), imp_row_out(t->out, 0, y),
                      t->out->width, t);
}

/* ---- specks: runs of ink in a row, joined with the runs they touch in the row above ---- */

struct run { uint32_t from, to, parent, dark; };

static uint32_t root_of(struct run *runs, uint32_t i)
{
    while (runs[i].parent != i)
        i = runs[i].parent = runs[runs[i].parent].parent;
    return i;
}

static void join(struct run *runs, uint32_t a, uint32_t b)
{
    a = root_of(runs, a), b = root_of(runs, b);
    const uint32_t low = a < b ? a : b, high = a < b ? b : a;
    runs[high].parent = low;
    if (low != high)
        runs[low].dark += runs[high].dark;
}

/* The ink of a row: first[y] .. first[y + 1] of the runs. Runs of NULL: counts only. */
static uint32_t find_runs(const float *row, uint32_t width, struct run *runs, uint32_t at)
{
    for (uint32_t x = 0; x < width; x++) {
        if (row[x] >= VISIBLE)
            continue;
        struct run r = {.from = x, .parent = at};
        for (; x < width && row[x] < VISIBLE; x++)
            r.dark += row[x] < 0.5f;
        r.to = x;
        if (runs)
            runs[at] = r;
        at++;
    }
    return at;
}

/* Joins the runs a .. b of a row with those of the row above, z .. a: corners touch, too. */
static void join_rows(struct run *runs, uint32_t z, uint32_t a, uint32_t b)
{
    for (uint32_t i = a, k = z; i < b; i++) {
        while (k < a && runs[k].to < runs[i].from)
            k++;
        for (uint32_t j = k; j < a && runs[j].from <= runs[i].to; j++)
            join(runs, i, j);
    }
}

static imp_status stop_asked(imp_job *job)
{
    return job ? job->progress(job, -1, NULL) : IMP_OK;
}

static imp_status remove_specks(imp_image *m, uint32_t speck, imp_job *job)
{
    uint32_t *first = malloc(((size_t)m->height + 1) * sizeof *first);
    struct run *runs = NULL;
    imp_status st = first ? IMP_OK : IMP_E_MEMORY;
    uint64_t n = 0;
    for (uint32_t y = 0; y < m->height && st == IMP_OK; y++) {
        first[y] = (uint32_t)n;
        n += find_runs(imp_row(m, 0, y), m->width, NULL, 0);
        if (n > UINT32_MAX)
            st = IMP_E_LIMIT;
        else if (y % 256 == 0)
            st = stop_asked(job);
    }
    if (st == IMP_OK && !(runs = malloc((size_t)(n + 1) * sizeof *runs)))
        st = IMP_E_MEMORY;
    for (uint32_t y = 0; y < m->height && st == IMP_OK; y++) {
        first[y + 1] = find_runs(imp_row(m, 0, y), m->width, runs, first[y]);
        join_rows(runs, first[y ? y - 1 : 0], first[y], first[y + 1]);
        if (y % 256 == 0)
            st = stop_asked(job);
    }
    for (uint32_t y = 0; y < m->height && st == IMP_OK; y++)
        for (uint32_t i = first[y]; i < first[y + 1]; i++)
            if (runs[root_of(runs, i)].dark < speck)
                for (uint32_t x = runs[i].from; x < runs[i].to; x++)
                    imp_row_out(m, 0, y)[x] = 1;
    free(runs);
    free(first);
    return st;
}

static imp_status draw(const imp_image *src, imp_image *dst, imp_image *grey, imp_image *outer,
                       const kit_lines_options *o, imp_job *job)
{
    const uint32_t strips = kit_strips(dst->width, dst->height);
    struct luma_task luma = {src, grey, strips};
    struct task task = {grey, outer, dst, (float)o->sharpness, (float)o->slope, (float)o->threshold,
                        (float)o->soft, strips};
    imp_status st = kit_parallel(job, strips, luma_strip, &luma);
    if (st == IMP_OK)
        st = kit_blur(grey, outer, o->sigma * o->ratio, job);
    if (st == IMP_OK)
        st = kit_blur(grey, grey, o->sigma, job);
    if (st == IMP_OK)
        st = kit_parallel(job, strips, threshold_strip, &task);
    return st == IMP_OK && o->speck > 1 ? remove_specks(dst, o->speck, job) : st;
}

imp_status kit_lines(const imp_image *src, imp_image *dst, const kit_lines_options *options,
                     imp_job *job)
{
    imp_image *grey = kit_image_new(src->width, src->height, 1, IMP_DATA);
    imp_image *outer = kit_image_new(src->width, src->height, 1, IMP_DATA);
    const imp_status st = grey && outer ? draw(src, dst, grey, outer, options, job) : IMP_E_MEMORY;
    kit_image_free(outer);
    kit_image_free(grey);
    return st;
}
