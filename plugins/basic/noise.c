/* noise.c - noise that a seed fixes, the same whatever the order of work. */
#include "basic.h"
#include <math.h>

enum { KIND, AMOUNT, SIZE, COLOUR, SEED };
enum { GAUSSIAN, UNIFORM, GRAIN, SALT };
enum { PART = 512 };

struct how {
    int64_t kind;
    float amount;
    uint64_t seed;
    int mono;
    const imp_image *field; /* noise of its own picture where it has a size; else NULL */
    float gain;             /* of that field, so that its deviation is 1 */
};

/* Numbers of deviation 1 (UNIFORM: within -1..1; SALT: -1, 0 or 1 by the amount). */
static void numbers(const struct how *h, uint32_t c, uint64_t first, uint32_t n, float *out)
{
    if (h->kind == GAUSSIAN || h->kind == GRAIN) {
        kit_normals(h->seed, c, first, n, out);
        return;
    }
    for (uint32_t x = 0; x < n; x++) {
        const float u = (float)(int32_t)(kit_random(h->seed, c, first + x) >> 40) * 0x1p-24f;
        if (h->kind == UNIFORM)
            out[x] = 2 * u - 1;
        else
            out[x] = u < h->amount / 2 ? -1.0f : u < h->amount ? 1.0f : 0.0f;
    }
}

KIT_CLONES
static void add(const float *in, const float *noise, float *out, uint32_t n, float amount)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] = in[x] + amount * noise[x];
}

/* Film: strongest in the middle tones, none in pure black and white. */
KIT_CLONES
static void add_grain(const float *in, const float *noise, float *out, uint32_t n, float amount)
{
    for (uint32_t x = 0; x < n; x++) {
        const float v = in[x] < 0 ? 0 : in[x] > 1 ? 1 : in[x];
        out[x] = in[x] + amount * (4 * v * (1 - v)) * noise[x];
    }
}

KIT_CLONES
static void replace(const float *in, const float *noise, float *out, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        const float kept = noise[x] < 0 ? 0 : in[x];
        out[x] = noise[x] > 0 ? 1 : kept;
    }
}

static void rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from, uint32_t to)
{
    const struct how *h = user;
    float noise[PART];
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++)
            for (uint32_t x = 0; x < dst->width; x += PART) {
                const uint32_t n = dst->width - x < PART ? dst->width - x : PART,
                               k = h->mono ? 0 : c;
                const float *in = imp_row(src, c, y) + x, *field = noise;
                float *out = imp_row_out(dst, c, y) + x;
                if (h->field)
                    field = imp_row(h->field, k, y) + x;
                else
                    numbers(h, k, (uint64_t)y * dst->width + x, n, noise);
                if (h->kind == SALT)
                    replace(in, field, out, n);
                else if (h->kind == GRAIN)
                    add_grain(in, field, out, n, h->amount * h->gain);
                else
                    add(in, field, out, n, h->amount * h->gain);
            }
}

static void field_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                       uint32_t to)
{
    (void)src;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++)
            numbers(user, c, (uint64_t)y * dst->width, dst->width, imp_row_out(dst, c, y));
}

/* Blurs the noise: grains of that size. White noise under a Gaussian of sigma keeps the deviation
 * of sqrt(sum w^2) in each direction. */
static imp_status make_field(imp_job *job, struct how *h, const imp_image *src, double sigma,
                             imp_image **field)
{
    double sum = 0, squares = 0;
    *field = kit_image_new(src->width, src->height, h->mono ? 1 : src->channels, IMP_DATA);
    imp_status st = *field ? basic_each(job, field_rows, h, src, *field) : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = kit_blur(*field, *field, sigma, job);
    for (int k = -60; k <= 60; k++) {
        const double w = kit_exp(-0.5 * k * k / (sigma * sigma));
        sum += w, squares += w * w;
    }
    h->gain = (float)(sum * sum / squares);
    h->field = *field;
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    const imp_image *src = imp_image_in(job, 0);
    struct how h = {.kind = p[KIND].i,
                    .amount = (float)p[AMOUNT].f,
                    .seed = (uint64_t)p[SEED].i,
                    .mono = !p[COLOUR].i,
                    .gain = 1};
    imp_image *field = NULL;
    imp_status st = IMP_OK;
    (void)instance, (void)err;
    if (h.amount == 0)
        return basic_pass(job);
    if (p[SIZE].f >= 0.3 && h.kind != SALT)
        st = make_field(job, &h, src, p[SIZE].f, &field);
    if (st == IMP_OK)
        st = basic_map(job, rows, &h, 0);
    kit_image_free(field);
    return st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    if (in && p[SIZE].f >= 0.3 && p[KIND].i != SALT)
        pl->bytes = (uint64_t)in->width * in->height * sizeof(float) * (p[COLOUR].i ? 6 : 2);
    pl->least_bytes = pl->bytes;
    return basic_plan_same(instance, pl, err);
}

static const imp_param params[] = {
    [KIND] =
        {.key = "kind",
         .type = IMP_CHOICE,
         .choices = "gaussian|uniform|grain|salt",
         .def_text = "gaussian",
         .help = "gaussian and uniform are the same everywhere, grain is film: strongest in middle "
                 "tones, salt turns pixels black or white."},
    [AMOUNT] = {.key = "amount",
                .type = IMP_FLOAT,
                .def = 0.05,
                .max = 1,
                .help = "Deviation (uniform: the largest change; salt: share of the pixels)."},
    [SIZE] =
        {.key = "size",
         .unit = "px",
         .type = IMP_FLOAT,
         .max = 20,
         .help =
             "Size of the grains, not of salt: deviation of a Gaussian; below 0.3 single pixels."},
    [COLOUR] = {.key = "color",
                .type = IMP_BOOL,
                .max = 1,
                .help = "yes: each channel has noise of its own; no: all have the same."},
    [SEED] = {.key = "seed",
              .type = IMP_INT,
              .def = 1,
              .min = 0,
              .max = 9007199254740992.0,
              .help = "Another number, another noise."},
};

const imp_filter filter_noise = {
    BASIC_FILTER,
    .id = "noise",
    .summary = "Add noise: Gaussian, uniform, film grain, salt and pepper.",
    .help = "The same seed and size of picture give the same noise.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
