/* levels.c - black point, white point, middle tones, by hand or from the picture. */
#include "basic.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BLACK, WHITE, GAMMA, OUT_BLACK, OUT_WHITE, AUTO, CLIP_LOW, CLIP_HIGH, CLAMP };
enum { NO, LUMA, CHANNELS };
enum { BINS = 4096, PART = 512 };

struct curve {
    float black, factor, gamma, out_black, out_range, clamp;
};

/* ---- the curve ---- */

KIT_CLONES
static void scale(const float *in, float *out, uint32_t n, float a, float b, int clamp)
{
    if (!clamp) {
        for (uint32_t x = 0; x < n; x++)
            out[x] = in[x] * a + b;
        return;
    }
    for (uint32_t x = 0; x < n; x++) {
        const float v = in[x] * a + b;
        out[x] = v < 0 ? 0 : v > 1 ? 1 : v;
    }
}

static void samples(const void *user, uint32_t c, const float *in, float *out, uint32_t n)
{
    const struct curve *k = (const struct curve *)user + c;
    const int clamp = k->clamp > 0;
    if (k->gamma == 1 && !clamp) {
        scale(in, out, n, k->factor * k->out_range,
              k->out_black - k->black * k->factor * k->out_range, 0);
        return;
    }
    scale(in, out, n, k->factor, -k->black * k->factor, clamp);
    if (k->gamma != 1)
        kit_power(out, out, n, 1 / k->gamma);
    if (k->out_black != 0 || k->out_range != 1)
        scale(out, out, n, k->out_range, k->out_black, 0);
}

/* ---- points from the picture ---- */

struct counting {
    const imp_image *src;
    uint32_t strips;
    atomic_uint_fast64_t (*bins)[BINS]; /* of each channel, or of luma alone */
    int luma;
};

static void count_row(const float *v, uint32_t n, uint32_t *bins)
{
    for (uint32_t x = 0; x < n; x++) {
        const float at = v[x] * (BINS - 1) + 0.5f;
        bins[at < 0 ? 0 : at > BINS - 1 ? BINS - 1 : (uint32_t)at]++;
    }
}

static void count_luma(const imp_image *m, uint32_t y, uint32_t *bins)
{
    float luma[PART];
    for (uint32_t x = 0; x < m->width; x += PART) {
        const uint32_t n = m->width - x < PART ? m->width - x : PART;
        kit_luma(imp_row(m, 0, y) + x, imp_row(m, 1, y) + x, imp_row(m, 2, y) + x, luma, n);
        count_row(luma, n, bins);
    }
}

/* Counts in a table of its own and adds it: whole numbers, so the order does not matter. */
static void count_strip(void *user, uint32_t i)
{
    const struct counting *g = user;
    const uint32_t c = i / g->strips;
    uint32_t bins[BINS] = {0}, y, to;
    kit_strip(g->src->height, g->strips, i % g->strips, &y, &to);
    for (; y < to; y++) {
        if (g->luma)
            count_luma(g->src, y, bins);
        else
            count_row(imp_row(g->src, c, y), g->src->width, bins);
    }
    for (uint32_t b = 0; b < BINS; b++)
        if (bins[b])
            atomic_fetch_add(&g->bins[c][b], bins[b]);
}

/* The value that `share` of the samples lie below (from the top: above). */
static float percentile(atomic_uint_fast64_t *bins, double share, int from_top)
{
    uint64_t all = 0, seen = 0;
    for (uint32_t b = 0; b < BINS; b++)
        all += atomic_load(&bins[b]);
    for (uint32_t b = 0; b < BINS; b++) {
        const uint32_t at = from_top ? BINS - 1 - b : b;
        seen += atomic_load(&bins[at]);
        if ((double)seen > share * (double)all)
            return (float)at / (BINS - 1);
    }
    return from_top ? 0 : 1;
}

/* Black and white point of each channel. A flat picture keeps its own. */
static imp_status points(imp_job *job, const imp_image *src, float black[3], float white[3])
{
    const imp_cell *p = job->params;
    const int luma = p[AUTO].i == LUMA && src->channels == 3;
    struct counting g = {.src = src, .strips = kit_strips(src->width, src->height), .luma = luma};
    const uint32_t sets = luma ? 1 : src->channels;
    g.bins = calloc(sets, sizeof *g.bins);
    if (!g.bins)
        return IMP_E_MEMORY;
    const imp_status st = kit_parallel(job, g.strips * sets, count_strip, &g);
    for (uint32_t c = 0; c < 3; c++) {
        const uint32_t k = c < sets ? c : 0;
        black[c] = percentile(g.bins[k], p[CLIP_LOW].f / 100, 0);
        white[c] = percentile(g.bins[k], p[CLIP_HIGH].f / 100, 1);
        if (white[c] - black[c] < 2.0f / BINS)
            black[c] = 0, white[c] = 1;
    }
    free(g.bins);
    return st;
}

/* ---- the filter ---- */

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    float black[3], white[3];
    struct curve curves[3];
    (void)instance;
    for (int c = 0; c < 3; c++)
        black[c] = (float)p[BLACK].f, white[c] = (float)p[WHITE].f;
    if (p[AUTO].i != NO) {
        const imp_status st = points(job, imp_image_in(job, 0), black, white);
        if (st != IMP_OK)
            return st;
    }
    if (!(white[0] > black[0])) {
        if (err)
            err->param = WHITE;
        return imp_fail(err, IMP_E_PARAM, "white (%g) must be above black (%g)", p[WHITE].f,
                        p[BLACK].f);
    }
    for (int c = 0; c < 3; c++)
        curves[c] = (struct curve){black[c],
                                   1 / (white[c] - black[c]),
                                   (float)p[GAMMA].f,
                                   (float)p[OUT_BLACK].f,
                                   (float)(p[OUT_WHITE].f - p[OUT_BLACK].f),
                                   (float)p[CLAMP].i};
    return basic_map_samples(job, samples, curves);
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    if (p[AUTO].i == NO && p[WHITE].f - p[BLACK].f < 1e-4)
        pl->mistake(pl, WHITE, -1, NULL,
                    "white must be above black, by 0.0001 at least (negate swaps them)", NULL);
    return basic_plan_same(instance, pl, err);
}

static const imp_param params[] = {
    [BLACK] = {.key = "black",
               .type = IMP_FLOAT,
               .min = -1,
               .max = 2,
               .help = "The value that becomes out_black."},
    [WHITE] = {.key = "white",
               .type = IMP_FLOAT,
               .def = 1,
               .min = -1,
               .max = 2,
               .help = "The value that becomes out_white."},
    [GAMMA] = {.key = "gamma",
               .type = IMP_FLOAT,
               .def = 1,
               .min = 0.05,
               .max = 20,
               .help = "Above 1 brightens the middle tones."},
    [OUT_BLACK] =
        {.key = "out_black", .type = IMP_FLOAT, .min = -1, .max = 2, .help = "New darkest value."},
    [OUT_WHITE] = {.key = "out_white",
                   .type = IMP_FLOAT,
                   .def = 1,
                   .min = -1,
                   .max = 2,
                   .help = "New brightest value."},
    [AUTO] =
        {.key = "auto",
         .type = IMP_CHOICE,
         .choices = "no|luma|channels",
         .def_text = "no",
         .help = "Takes black and white from the picture: one pair (keeps the colours), or one for "
                 "each channel (takes off a cast)."},
    [CLIP_LOW] = {.key = "clip_low",
                  .unit = "%",
                  .type = IMP_FLOAT,
                  .def = 0.1,
                  .max = 49,
                  .help = "With auto: this share of the samples may turn black."},
    [CLIP_HIGH] = {.key = "clip_high",
                   .unit = "%",
                   .type = IMP_FLOAT,
                   .def = 0.1,
                   .max = 49,
                   .help = "With auto: this share of the samples may turn white."},
    [CLAMP] = {.key = "clamp",
               .type = IMP_BOOL,
               .def = 1,
               .max = 1,
               .help = "Cuts off what lies beyond black and white."},
};

const imp_filter filter_levels = {
    BASIC_FILTER,
    .id = "levels",
    .summary = "Set black point, white point and middle tones.",
    .help =
        "v becomes ((v - black) / (white - black))^(1/gamma), spread from out_black to out_white.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
