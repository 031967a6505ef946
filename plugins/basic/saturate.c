/* saturate.c - stronger or weaker colours. */
#include "basic.h"
#include <string.h>

enum { AMOUNT, VIBRANCE, LINEAR };
enum { PART = 512 };

struct how {
    float amount, vibrance;
    int linear;
};

/* out = luma + k (v - luma): the luma stays. vibrance raises k where the colour is weak. */
KIT_CLONES
static void spread(const float *r, const float *g, const float *b, float *const out[3], uint32_t n,
                   float amount, float vibrance)
{
    float *p = out[0], *q = out[1], *s = out[2];
    for (uint32_t x = 0; x < n; x++) {
        const float u = r[x], v = g[x], w = b[x];
        const float luma = 0.2126f * u + 0.7152f * v + 0.0722f * w;
        const float high = u > v ? u : v, low = u > v ? v : u;
        const float chroma = (high > w ? high : w) - (low > w ? w : low);
        const float k = amount * (1 + vibrance * (chroma < 1 ? 1 - chroma : 0));
        p[x] = luma + k * (u - luma);
        q[x] = luma + k * (v - luma);
        s[x] = luma + k * (w - luma);
    }
}

KIT_CLONES
static void spread_plain(const float *r, const float *g, const float *b, float *const out[3],
                         uint32_t n, float k)
{
    float *p = out[0], *q = out[1], *s = out[2];
    for (uint32_t x = 0; x < n; x++) {
        const float u = r[x], v = g[x], w = b[x];
        const float luma = (1 - k) * (0.2126f * u + 0.7152f * v + 0.0722f * w);
        p[x] = luma + k * u;
        q[x] = luma + k * v;
        s[x] = luma + k * w;
    }
}

static void part(const struct how *h, const float *const in[3], float *const out[3], uint32_t n)
{
    float light[3][PART];
    if (!h->linear && h->vibrance == 0) {
        spread_plain(in[0], in[1], in[2], out, n, h->amount);
        return;
    }
    if (!h->linear) {
        spread(in[0], in[1], in[2], out, n, h->amount, h->vibrance);
        return;
    }
    for (int c = 0; c < 3; c++)
        kit_srgb_to_linear(in[c], light[c], n);
    spread(light[0], light[1], light[2], out, n, h->amount, h->vibrance);
    for (int c = 0; c < 3; c++)
        kit_linear_to_srgb(out[c], out[c], n);
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x = 0; x < dst->width; x += PART) {
            const uint32_t n = dst->width - x < PART ? dst->width - x : PART;
            const float *const in[3] = {imp_row(src, 0, y) + x, imp_row(src, 1, y) + x,
                                        imp_row(src, 2, y) + x};
            float *const out[3] = {imp_row_out(dst, 0, y) + x, imp_row_out(dst, 1, y) + x,
                                   imp_row_out(dst, 2, y) + x};
            part(user, in, out, n);
        }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    const imp_image *src = imp_image_in(job, 0);
    const struct how h = {(float)p[AMOUNT].f, (float)p[VIBRANCE].f,
                          p[LINEAR].i && src->colour == IMP_SRGB};
    (void)instance, (void)err;
    if (src->channels == 1 || (h.amount == 1 && h.vibrance == 0))
        return basic_pass(job);
    return basic_map(job, rows, &h, 0);
}

static const imp_param params[] = {
    [AMOUNT] = {.key = "amount",
                .type = IMP_FLOAT,
                .def = 1.2,
                .max = 10,
                .help = "0 is grey, 1 leaves all as it is, 2 doubles the distance from grey."},
    [VIBRANCE] = {.key = "vibrance",
                  .type = IMP_FLOAT,
                  .min = -1,
                  .max = 4,
                  .help = "Above 0 strengthens weak colours more than strong ones: kind to skin."},
    [LINEAR] = {.key = "linear",
                .type = IMP_BOOL,
                .max = 1,
                .help = "Keeps the luminance of light rather than the luma of sRGB values."},
};

const imp_filter filter_saturate = {
    BASIC_FILTER,
    .id = "saturate",
    .summary = "Make colours stronger or weaker.",
    .help =
        "Moves each pixel away from, or to, the grey of the same brightness. Grey pictures pass.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .process = process,
    .plan = basic_plan_same,
};
