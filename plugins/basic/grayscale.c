/* grayscale.c - one channel out of three. */
#include "basic.h"
#include <math.h>

enum { METHOD, WEIGHTS };
enum { LUMA, LUMINANCE, AVERAGE, LIGHTNESS, LARGEST, RED, GREEN, BLUE, WEIGHTED };
enum { PART = 512 };

struct how {
    int64_t method;
    float r, g, b;
};

KIT_CLONES
static void weigh(const float *restrict r, const float *restrict g, const float *restrict b,
                  float *restrict out, uint32_t n, float wr, float wg, float wb)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] = wr * r[x] + wg * g[x] + wb * b[x];
}

/* high (max) + low (min), each with its weight. */
KIT_CLONES
static void extremes(const float *restrict r, const float *restrict g, const float *restrict b,
                     float *restrict out, uint32_t n, float high, float low)
{
    for (uint32_t x = 0; x < n; x++) {
        const float p = r[x] > g[x] ? r[x] : g[x], q = r[x] > g[x] ? g[x] : r[x];
        out[x] = high * (p > b[x] ? p : b[x]) + low * (q > b[x] ? b[x] : q);
    }
}

/* Luma of linear light, back on the sRGB curve. */
static void luminance(const float *const in[3], float *out, uint32_t n)
{
    float light[3][PART];
    for (uint32_t x = 0; x < n; x += PART) {
        const uint32_t m = n - x < PART ? n - x : PART;
        for (int c = 0; c < 3; c++)
            kit_srgb_to_linear(in[c] + x, light[c], m);
        kit_luma(light[0], light[1], light[2], out + x, m);
        kit_linear_to_srgb(out + x, out + x, m);
    }
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    const struct how *h = user;
    const uint32_t n = dst->width;
    for (uint32_t y = from; y < to; y++) {
        const float *const in[3] = {imp_row(src, 0, y), imp_row(src, 1, y), imp_row(src, 2, y)};
        float *out = imp_row_out(dst, 0, y);
        if (h->method == LUMINANCE && src->colour == IMP_SRGB)
            luminance(in, out, n);
        else if (h->method == LIGHTNESS)
            extremes(in[0], in[1], in[2], out, n, 0.5f, 0.5f);
        else if (h->method == LARGEST)
            extremes(in[0], in[1], in[2], out, n, 1, 0);
        else
            weigh(in[0], in[1], in[2], out, n, h->r, h->g, h->b);
    }
}

static struct how how_of(const imp_cell *p)
{
    const int64_t m = p[METHOD].i;
    const double *w = p[WEIGHTS].n.ptr;
    if (m == AVERAGE)
        return (struct how){m, 1 / 3.0f, 1 / 3.0f, 1 / 3.0f};
    if (m == WEIGHTED)
        return (struct how){m, (float)w[0], (float)w[1], (float)w[2]};
    if (m >= RED && m <= BLUE)
        return (struct how){m, m == RED, m == GREEN, m == BLUE};
    return (struct how){m, 0.2126f, 0.7152f, 0.0722f};
}

static int weights_are_wrong(const imp_cell *p)
{
    if (p[METHOD].i != WEIGHTED)
        return 0;
    if (p[WEIGHTS].n.count != 3)
        return 1;
    for (int c = 0; c < 3; c++)
        if (!(fabs(p[WEIGHTS].n.ptr[c]) <= 100))
            return 1;
    return 0;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    (void)instance;
    if (imp_image_in(job, 0)->channels == 1)
        return basic_pass(job);
    if (weights_are_wrong(job->params)) {
        if (err)
            err->param = WEIGHTS;
        return imp_fail(err, IMP_E_PARAM, "weights are three numbers from -100 to 100");
    }
    const struct how h = how_of(job->params);
    return basic_map(job, rows, &h, 1);
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    (void)err;
    if (weights_are_wrong(((const basic_instance *)instance)->params))
        pl->mistake(pl, WEIGHTS, -1, NULL,
                    "three numbers are needed, from -100 to 100: weights = 0.3 0.6 0.1", NULL);
    if (pl->inputs[0])
        basic_plan_out(pl, pl->inputs[0]->width, pl->inputs[0]->height, 1);
    return IMP_OK;
}

static const imp_param params[] = {
    [METHOD] =
        {.key = "method",
         .type = IMP_CHOICE,
         .def_text = "luma",
         .choices = "luma|luminance|average|lightness|max|red|green|blue|weights",
         .help = "luma: Rec. 709 weights. luminance: the same in linear light. lightness: middle "
                 "of the largest and smallest. max: the largest. weights: your own."},
    [WEIGHTS] = {.key = "weights",
                 .type = IMP_NUMBERS,
                 .def_text = "0.3 0.6 0.1",
                 .help = "Weights of red, green and blue for method = weights."},
};

const imp_filter filter_grayscale = {
    BASIC_FILTER,
    .id = "grayscale",
    .summary = "Make a grey picture of a colour one.",
    .help = "The result has one channel; grey pictures pass through.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
