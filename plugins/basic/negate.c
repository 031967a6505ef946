/* negate.c - light for dark. */
#include "basic.h"

enum { MODE };
enum { COLOURS, LUMA };

KIT_CLONES
static void complement(const float *restrict in, float *restrict out, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] = 1 - in[x];
}

static void samples(const void *user, uint32_t c, const float *in, float *out, uint32_t n)
{
    (void)user, (void)c;
    complement(in, out, n);
}

/* out = in + (1 - 2 luma): the luma is inverted, the differences between the colours stay. */
KIT_CLONES
static void shift(const float *restrict in, const float *restrict luma, float *restrict out,
                  uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] = in[x] + (1 - 2 * luma[x]);
}

static void luma_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                      uint32_t to)
{
    enum { PART = 512 };
    float luma[PART];
    (void)user;
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x = 0; x < dst->width; x += PART) {
            const uint32_t n = dst->width - x < PART ? dst->width - x : PART;
            kit_luma(imp_row(src, 0, y) + x, imp_row(src, 1, y) + x, imp_row(src, 2, y) + x, luma,
                     n);
            for (uint32_t c = 0; c < 3; c++)
                shift(imp_row(src, c, y) + x, luma, imp_row_out(dst, c, y) + x, n);
        }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    (void)instance, (void)err;
    if (job->params[MODE].i == LUMA && imp_image_in(job, 0)->channels == 3)
        return basic_map(job, luma_rows, NULL, 0);
    return basic_map_samples(job, samples, NULL);
}

static const imp_param params[] = {
    [MODE] = {.key = "mode",
              .type = IMP_CHOICE,
              .choices = "colors|luma",
              .def_text = "colors",
              .help = "colors: a photographic negative. luma: light and dark swap, hues stay."},
};

const imp_filter filter_negate = {
    BASIC_FILTER,
    .id = "negate",
    .summary = "Invert a picture: 1 - v.",
    .help = "Each sample v becomes 1 - v; twice is the picture again.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .process = process,
    .plan = basic_plan_same,
};
