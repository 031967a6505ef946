/* posterize.c - few levels for each channel. */
#include "basic.h"

enum { LEVELS, DITHER };
enum { NONE, ORDERED };

struct how {
    int64_t levels, dither;
};

/* Thresholds of an 8 x 8 ordered dither in 64ths (Bayer 1973): bits of x ^ y and y, interleaved. */
static float threshold(uint32_t x, uint32_t y)
{
    const uint32_t a = x ^ y;
    const uint32_t t =
        (a & 1) << 5 | (y & 1) << 4 | (a & 2) << 2 | (y & 2) << 1 | (a & 4) >> 1 | (y & 4) >> 2;
    return ((float)t + 0.5f) / 64;
}

/* floor(v (levels - 1) + t[x mod 8]) / (levels - 1), v held within 0..1; t = 1/2 rounds. */
KIT_CLONES
static void step(const float *restrict in, float *restrict out, uint32_t n, float levels,
                 const float t[8])
{
    const float top = levels - 1, unit = 1 / top;
    for (uint32_t x = 0; x < n; x++) {
        const float v = in[x] < 0 ? 0 : in[x] > 1 ? 1 : in[x];
        out[x] = (float)(int32_t)(v * top + t[x % 8]) * unit;
    }
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    const struct how *h = user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++) {
            float t[8];
            for (uint32_t x = 0; x < 8; x++)
                t[x] = h->dither == ORDERED ? threshold(x, y) : 0.5f;
            step(imp_row(src, c, y), imp_row_out(dst, c, y), dst->width, (float)h->levels, t);
        }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const struct how h = {job->params[LEVELS].i, job->params[DITHER].i};
    (void)instance, (void)err;
    return basic_map(job, rows, &h, 0);
}

static const imp_param params[] = {
    [LEVELS] = {.key = "levels",
                .type = IMP_INT,
                .def = 5,
                .min = 2,
                .max = 256,
                .help = "How many values each channel may take, black and white among them."},
    [DITHER] = {.key = "dither",
                .type = IMP_CHOICE,
                .choices = "none|ordered",
                .def_text = "none",
                .help = "ordered: an 8 x 8 pattern keeps the average brightness."},
};

const imp_filter filter_posterize = {
    BASIC_FILTER,
    .id = "posterize",
    .summary = "Reduce each channel to a few levels.",
    .help = "Each sample takes the nearest of evenly spaced values; with levels = 2 and a dither a "
            "black and white print.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .process = process,
    .plan = basic_plan_same,
};
