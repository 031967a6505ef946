/* tint.c - a colour over a picture, or the light it was taken in. */
#include "basic.h"
#include <math.h>

enum { COLOUR, AMOUNT, MODE, KELVIN };
enum { COLOURISE, MULTIPLY };
enum { PART = 512 };

struct how {
    float amount, colour[3];
    float luma; /* of the colour, within 0.02..0.98 */
    int64_t mode;
    int warm;
    float gain[3]; /* in linear light */
};

/* ---- the light ---- */

/* Linear sRGB of a black body (chromaticity by cubic fits, Kang et al. 2002), luminance 1. */
static void black_body(double kelvin, double rgb[3])
{
    const double t = 1000 / fmin(fmax(kelvin, 1667), 25000);
    const double x = t > 0.25 ? ((-0.2661239 * t - 0.2343589) * t + 0.8776956) * t + 0.179910
                              : ((-3.0258469 * t + 2.1070379) * t + 0.2226347) * t + 0.240390;
    const double y =
        kelvin < 2222   ? ((-1.1063814 * x - 1.34811020) * x + 2.18555832) * x - 0.20219683
        : kelvin < 4000 ? ((-0.9549476 * x - 1.37418593) * x + 2.09137015) * x - 0.16748867
                        : ((3.0817580 * x - 5.87338670) * x + 3.75112997) * x - 0.37001483;
    const double big_x = x / y, big_z = (1 - x - y) / y;
    rgb[0] = 3.2404542 * big_x - 1.5371385 - 0.4985314 * big_z;
    rgb[1] = -0.9692660 * big_x + 1.8760108 + 0.0415560 * big_z;
    rgb[2] = 0.0556434 * big_x - 0.2040259 + 1.0572252 * big_z;
}

/* Gains from daylight (6500 K) to that light; white keeps its luminance. */
static void gains(double kelvin, float gain[3])
{
    double to[3], from[3], luma = 0;
    black_body(kelvin, to);
    black_body(6500, from);
    for (int c = 0; c < 3; c++) {
        to[c] = fmax(to[c], 0.01) / from[c];
        luma += to[c] * (c == 0 ? 0.2126 : c == 1 ? 0.7152 : 0.0722);
    }
    for (int c = 0; c < 3; c++)
        gain[c] = (float)(to[c] / luma);
}

/* ---- rows ---- */

/* Black to the colour to white, so that the luma of the pixel stays; amount mixes it in. */
KIT_CLONES
static void colourise(const float *in, const float *luma, float *out, uint32_t n, float amount,
                      float colour, float at)
{
    const float below = colour / at, above = (1 - colour) / (1 - at);
    for (uint32_t x = 0; x < n; x++) {
        const float l = luma[x];
        const float dark = l * below, light = colour + (l - at) * above;
        const float v = l < at ? dark : light;
        out[x] = in[x] + amount * (v - in[x]);
    }
}

KIT_CLONES
static void multiply(const float *in, float *out, uint32_t n, float factor)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] = in[x] * factor;
}

static void warm(const struct how *h, uint32_t c, const float *in, float *out, uint32_t n,
                 int curve)
{
    if (!curve) {
        multiply(in, out, n, h->gain[c]);
        return;
    }
    kit_srgb_to_linear(in, out, n);
    multiply(out, out, n, h->gain[c]);
    kit_linear_to_srgb(out, out, n);
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    const struct how *h = user;
    const int grey = src->channels == 1, curve = src->colour == IMP_SRGB;
    float luma[PART], line[3][PART];
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x = 0; x < dst->width; x += PART) {
            const uint32_t n = dst->width - x < PART ? dst->width - x : PART;
            const float *in[3];
            for (uint32_t c = 0; c < 3; c++) {
                in[c] = imp_row(src, grey ? 0 : c, y) + x;
                if (h->warm)
                    warm(h, c, in[c], line[c], n, curve);
                in[c] = h->warm ? line[c] : in[c];
            }
            if (h->mode == COLOURISE)
                kit_luma(in[0], in[1], in[2], luma, n);
            for (uint32_t c = 0; c < 3; c++) {
                float *out = imp_row_out(dst, c, y) + x;
                if (h->mode == COLOURISE)
                    colourise(in[c], luma, out, n, h->amount, h->colour[c], h->luma);
                else
                    multiply(in[c], out, n, 1 + h->amount * (h->colour[c] - 1));
            }
        }
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    struct how h = {.amount = (float)p[AMOUNT].f, .mode = p[MODE].i, .warm = p[KELVIN].f > 0};
    float colour[4];
    (void)instance, (void)err;
    if (h.amount == 0 && !h.warm)
        return basic_pass(job);
    basic_colour_of(&p[COLOUR], 3, colour);
    const float luma = 0.2126f * colour[0] + 0.7152f * colour[1] + 0.0722f * colour[2];
    h.luma = luma < 0.02f ? 0.02f : luma > 0.98f ? 0.98f : luma;
    for (int c = 0; c < 3; c++)
        h.colour[c] = colour[c];
    if (h.warm)
        gains(p[KELVIN].f, h.gain);
    return basic_map(job, rows, &h, 3);
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    (void)err;
    if (pl->inputs[0])
        basic_plan_out(pl, pl->inputs[0]->width, pl->inputs[0]->height,
                       p[AMOUNT].f == 0 && p[KELVIN].f == 0 ? 0 : 3);
    if (p[KELVIN].f > 0 && p[KELVIN].f < 1667)
        pl->mistake(pl, KELVIN, -1, NULL, "a light of 1667 to 25000 kelvin, or 0 to leave it",
                    NULL);
    return IMP_OK;
}

static const imp_param params[] = {
    [COLOUR] = {.key = "color",
                .type = IMP_COLOUR,
                .def_text = "#a07040",
                .help = "The colour of the middle tones."},
    [AMOUNT] = {.key = "amount",
                .type = IMP_FLOAT,
                .def = 0.5,
                .max = 1,
                .help = "0 leaves the colours, 1 replaces them (multiply: the whole colour)."},
    [MODE] =
        {.key = "mode",
         .type = IMP_CHOICE,
         .choices = "colorize|multiply",
         .def_text = "colorize",
         .help = "colorize: from black through the colour to white, brightness stays. multiply: as "
                 "through a coloured glass."},
    [KELVIN] = {.key = "kelvin",
                .unit = "K",
                .type = IMP_FLOAT,
                .max = 25000,
                .help =
                    "Colour temperature of the light, in linear light, before the colour: 3000 is "
                    "candle-warm, 6500 daylight, 12000 cold; 0: as it is."},
};

const imp_filter filter_tint = {
    BASIC_FILTER,
    .id = "tint",
    .summary = "Tone a picture with a colour or a warmer or colder light.",
    .help = "Sepia: color = #a07040, amount = 1. Warmer: amount = 0, kelvin = 5000.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
