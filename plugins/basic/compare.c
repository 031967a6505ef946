/* compare.c - how far apart two pictures are.
 *
 * SSIM (Wang, Bovik, Sheikh and Simoncelli 2004) of luma: 11 x 11 Gaussian windows of deviation
 * 1.5, K1 = 0.01, K2 = 0.03, averaged over the windows that lie within the picture; where a side
 * is shorter than 11, over all of it, borders mirrored.
 *     (2 ma mb + C1) (2 sab + C2) / ((ma^2 + mb^2 + C1) (sa^2 + sb^2 + C2)) */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "basic.h"

enum { PICTURE, GAIN, FIT };
enum { EXACT, SCALE };
enum { ABSOLUTE, SIGNED };
enum { RADIUS = 5, TAPS = 2 * RADIUS + 1, SUMS = 5 /* a b aa bb ab */ };
#define C1 (0.01f * 0.01f)
#define C2 (0.03f * 0.03f)
#define BRIGHTEST 1e4f
#define LARGEST 3e38
#define REFUSAL "b is %u x %u, a is %u x %u: resize one of them, or set fit = scale"
#define EQUAL_PSNR 999.0 /* of equal pictures, where it has no end */

static const imp_param params[] = {
    {.key = "picture", .type = IMP_CHOICE, .choices = "absolute|signed", .def_text = "absolute",
     .help = "The difference picture: absolute is black where nothing differs; signed is mid "
             "grey there, brighter where b is."},
    {.key = "gain", .type = IMP_FLOAT, .def = 1, .min = 0.01, .max = 1000,
     .help = "Multiplies the difference picture, to make small differences visible."},
    {.key = "fit", .type = IMP_CHOICE, .choices = "exact|scale", .def_text = "exact",
     .help = "When sizes differ: exact refuses, scale stretches b to the size of a."},
};
static const imp_port inputs[] = {
    {.name = "a", .kind = IMP_IMAGE, .help = "The original.",
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA},
    {.name = "b", .kind = IMP_IMAGE, .help = "The other.",
     .colours = 1u << IMP_SRGB | 1u << IMP_DATA},
};
static const imp_port outputs[] = {
    {.name = "table", .kind = IMP_TABLE, .help = "One row: mse, psnr, ssim, mean, max, x, y."},
    {.name = "picture", .kind = IMP_IMAGE, .flags = IMP_PORT_OPTIONAL, .help = "The difference."},
};

struct sums { double square, absolute, most, similar; uint32_t x, y; bool failed; };

struct task {
    const imp_image *a, *b;
    imp_image *out;       /* NULL: not wanted */
    struct sums *sums;    /* one a strip */
    float weights[TAPS], gain, middle;
    uint32_t width, height, channels, border_x, border_y, strips;
    bool magnitude;
};

/* Row y of channel c, grey standing for all three; alpha that is not there is NULL: 1. */
static const float *row_of(const imp_image *m, uint32_t c, uint32_t y)
{
    if (c == 3)
        return m->channels == 4 ? imp_row(m, 3, y) : NULL;
    return imp_row(m, m->channels < 3 ? 0 : c, y);
}

static void differ(const struct task *t, struct sums *s, uint32_t c, uint32_t y)
{
    const float *a = row_of(t->a, c, y), *b = row_of(t->b, c, y);
    double square = 0, absolute = 0;
    for (uint32_t x = 0; x < t->width; x++) {
        const double d = (b ? (double)b[x] : 1) - (a ? (double)a[x] : 1), size = fabs(d);
        square += d * d, absolute += size;
        if (size > s->most)
            s->most = size, s->x = x, s->y = y;
    }
    s->square += square, s->absolute += absolute;
    for (uint32_t x = 0; t->out && c < t->out->channels && x < t->width; x++) {
        const double d = (double)t->gain * ((b ? (double)b[x] : 1) - (a ? (double)a[x] : 1));
        const double shown = (double)t->middle + (t->magnitude ? fabs(d) : d);
        imp_row_out(t->out, c, y)[x] = (float)fmin(fmax(shown, -LARGEST), LARGEST);
    }
}

/* Luma less 1/2, so that squares keep their digits; cut where their products would leave floats. */
static void luma_row(const imp_image *m, uint32_t y, float *out)
{
    const bool colour = m->channels >= 3;
    kit_luma(imp_row(m, 0, y), colour ? imp_row(m, 1, y) : NULL, colour ? imp_row(m, 2, y) : NULL,
             out, m->width);
    for (uint32_t x = 0; x < m->width; x++)
        out[x] =
            (out[x] > -BRIGHTEST ? out[x] < BRIGHTEST ? out[x] : BRIGHTEST : -BRIGHTEST) - 0.5f;
}

KIT_CLONES
static void add_row(const float *a, const float *b, float w, float *const sums[SUMS], uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        const float wa = w * a[x], wb = w * b[x];
        sums[0][x] += wa, sums[1][x] += wb;
        sums[2][x] += wa * a[x], sums[3][x] += wb * b[x], sums[4][x] += wa * b[x];
    }
}

/* out[x] = the window's weighted mean along x; row is padded by RADIUS on both sides. */
KIT_CLONES
static void across(const float weights[TAPS], const float *row, float *out, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        float sum = 0;
        for (uint32_t k = 0; k < TAPS; k++)
            sum += weights[k] * row[x + k];
        out[x] = sum;
    }
}

/* A strip's rows: luma of the TAPS rows around the current one (row r at r mod TAPS), the sums of
 * those columns padded by RADIUS, and the sums of windows. */
struct rows { float *a, *b, *padded[SUMS], *window[SUMS]; uint32_t next; };

static float *rows_make(struct rows *r, const struct task *t, uint32_t first)
{
    const size_t width = t->width, padded = width + 2 * RADIUS;
    float *memory = malloc((2 * TAPS * width + SUMS * (width + padded)) * sizeof *memory);
    r->next = first > RADIUS ? first - RADIUS : 0;
    r->a = memory;
    r->b = memory ? memory + TAPS * width : NULL;
    for (size_t k = 0; k < SUMS && memory; k++) {
        r->window[k] = r->b + TAPS * width + k * width;
        r->padded[k] = r->b + (TAPS + SUMS) * width + k * padded;
    }
    return memory;
}

static double similarity(const struct task *t, float *const v[SUMS])
{
    double sum = 0;
    for (uint32_t x = t->border_x; x < t->width - t->border_x; x++) {
        const float a = v[0][x], b = v[1][x], ma = a + 0.5f, mb = b + 0.5f;
        const float saa = v[2][x] - a * a, sbb = v[3][x] - b * b, sab = v[4][x] - a * b;
        sum += (double)((2 * ma * mb + C1) * (2 * sab + C2))
             / (double)((ma * ma + mb * mb + C1) * (saa + sbb + C2));
    }
    return sum;
}

static double similar_row(const struct task *t, struct rows *r, uint32_t y)
{
    const size_t width = t->width;
    float *inner[SUMS];
    for (; r->next < t->height && r->next <= y + RADIUS; r->next++) {
        luma_row(t->a, r->next, r->a + r->next % TAPS * width);
        luma_row(t->b, r->next, r->b + r->next % TAPS * width);
    }
    for (int k = 0; k < SUMS; k++) {
        inner[k] = r->padded[k] + RADIUS;
        memset(inner[k], 0, width * sizeof(float));
    }
    for (int k = 0; k < TAPS; k++) { /* a mirrored row lies within the window, too */
        const size_t from = (size_t)(kit_mirror((int64_t)y + k - RADIUS, t->height) % TAPS) * width;
        add_row(r->a + from, r->b + from, t->weights[k], inner, t->width);
    }
    for (int k = 0; k < SUMS; k++) {
        for (int64_t i = 1; i <= RADIUS; i++) {
            inner[k][-i] = inner[k][kit_mirror(-i, t->width)];
            inner[k][t->width - 1 + i] = inner[k][kit_mirror(t->width - 1 + i, t->width)];
        }
        across(t->weights, r->padded[k], r->window[k], t->width);
    }
    return similarity(t, r->window);
}

static void compare_strip(void *user, uint32_t i)
{
    const struct task *t = user;
    struct sums s = {0};
    struct rows rows;
    uint32_t y, end;
    kit_strip(t->height, t->strips, i, &y, &end);
    float *memory = rows_make(&rows, t, y);
    for (; y < end && memory; y++) {
        for (uint32_t c = 0; c < t->channels; c++)
            differ(t, &s, c, y);
        if (y >= t->border_y && y < t->height - t->border_y)
            s.similar += similar_row(t, &rows, y);
    }
    s.failed = !memory;
    free(memory);
    t->sums[i] = s;
}

static imp_status answer(const struct task *t, imp_job *job)
{
    static const imp_column columns[] = {
        {"mse", "", IMP_FLOAT, 0}, {"psnr", "dB", IMP_FLOAT, 0}, {"ssim", "", IMP_FLOAT, 0},
        {"mean", "", IMP_FLOAT, 0}, {"max", "", IMP_FLOAT, 0}, {"x", "px", IMP_INT, 0},
        {"y", "px", IMP_INT, 0},
    };
    struct sums all = {0};
    for (uint32_t i = 0; i < t->strips; i++) {
        const struct sums *s = &t->sums[i];
        if (s->failed)
            return IMP_E_MEMORY;
        all.square += s->square, all.absolute += s->absolute, all.similar += s->similar;
        if (s->most > all.most)
            all.most = s->most, all.x = s->x, all.y = s->y;
    }
    const double samples = (double)t->width * t->height * t->channels;
    const double windows = (double)(t->width - 2 * t->border_x) * (t->height - 2 * t->border_y);
    const double mse = fmin(all.square / samples, 1e300);
    const imp_cell row[] = {
        {.f = mse}, {.f = mse > 0 ? fmin(-10 * kit_log10(mse), EQUAL_PSNR) : EQUAL_PSNR},
        {.f = all.similar / windows}, {.f = all.absolute / samples}, {.f = all.most},
        {.i = all.x}, {.i = all.y},
    };
    imp_table *table = job->new_table(job, sizeof columns / sizeof *columns, columns);
    if (!table)
        return IMP_E_MEMORY;
    const imp_status st = job->add_row(job, table, row);
    return st == IMP_OK ? job->set_output(job, 0, &table->head) : st;
}

static void set_weights(struct task *t)
{
    double sum = 0, w[TAPS];
    for (int k = 0; k < TAPS; k++)
        sum += w[k] = kit_exp(-(k - RADIUS) * (k - RADIUS) / (2 * 1.5 * 1.5));
    for (int k = 0; k < TAPS; k++)
        t->weights[k] = (float)(w[k] / sum);
    t->border_x = t->width >= TAPS ? RADIUS : 0;
    t->border_y = t->height >= TAPS ? RADIUS : 0;
}

static uint32_t channels_of(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static imp_status compare(imp_job *job, const imp_image *a, const imp_image *b)
{
    struct task t = {
        .a = a, .b = b, .gain = (float)job->params[GAIN].f, .width = a->width, .height = a->height,
        .magnitude = job->params[PICTURE].i == ABSOLUTE,
        .middle = job->params[PICTURE].i == SIGNED ? 0.5f : 0,
        .channels = channels_of(a->channels, b->channels),
        .strips = kit_strips(a->width, a->height),
    };
    set_weights(&t);
    t.sums = job->scratch(job, t.strips * sizeof *t.sums);
    if (!t.sums)
        return IMP_E_MEMORY;
    imp_image *out = NULL;
    if (job->wanted & 2
        && !(out = job->new_image(job, a->width, a->height, t.channels == 1 ? 1 : 3, IMP_SRGB)))
        return IMP_E_MEMORY;
    t.out = out;
    imp_status st = kit_parallel(job, t.strips, compare_strip, &t);
    if (st == IMP_OK)
        st = answer(&t, job);
    return st == IMP_OK && out ? job->set_output(job, 1, &out->head) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *a = imp_image_in(job, 0), *b = imp_image_in(job, 1);
    (void)instance;
    if (a->width == b->width && a->height == b->height)
        return compare(job, a, b);
    if (job->params[FIT].i == EXACT) {
        if (err)
            err->port = 1;
        return imp_fail(err, IMP_E_INPUT, REFUSAL, b->width, b->height, a->width, a->height);
    }
    imp_image *scaled = kit_image_new(a->width, a->height, b->channels, b->colour);
    imp_status st = scaled ? kit_resize(b, scaled, KIT_AREA, job) : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = compare(job, a, scaled);
    kit_image_free(scaled);
    return st;
}

static imp_status plan(void *instance, imp_plan *p, imp_error *err) IMP_NX
{
    const imp_shape *a = p->inputs[0], *b = p->inputs[1];
    const bool exact = ((const basic_instance *)instance)->params[FIT].i == EXACT;
    char text[160];
    (void)err;
    if (exact && a->width && b->width && (a->width != b->width || a->height != b->height)) {
        snprintf(text, sizeof text, REFUSAL, b->width, b->height, a->width, a->height);
        p->mistake(p, -1, 1, NULL, text, NULL);
    }
    if (p->outputs[1] && a->width && a->channels && b->channels) {
        p->outputs[1]->width = a->width, p->outputs[1]->height = a->height;
        p->outputs[1]->channels = channels_of(a->channels, b->channels) == 1 ? 1 : 3;
        p->outputs[1]->colour = IMP_SRGB;
    }
    p->macs = (double)a->width * a->height * 120;
    return IMP_OK;
}

const imp_filter filter_compare = {
    BASIC_FILTER, .id = "compare", .summary = "How far apart two pictures are: MSE, PSNR, SSIM.",
    .help = "Samples count as 0..1; alpha is a channel like the others (1 where a picture has "
            "none), grey stands for three equal ones. psnr of equal pictures is 999. x and y say "
            "where the difference is largest. SSIM is that of luma, 11 x 11 Gaussian windows of "
            "deviation 1.5.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs),
    .create = basic_create, .destroy = basic_destroy, .process = process, .plan = plan,
};
