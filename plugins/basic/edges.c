/* edges.c - how steep a picture is: Sobel, Scharr, and Canny's thin lines (Canny 1986). */
#include "basic.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { METHOD, SIGMA, GAIN, LOW, HIGH, INVERT };
enum { SOBEL, SCHARR, CANNY };
enum { PART = 512 };

struct how {
    float side, middle; /* smoothing across: a step of 1 has steepness 1 */
    float gain, base, sign;
    float low, high;        /* Canny */
    const imp_image *steep; /* Canny: the steepness */
};

/* ---- steepness ---- */

/* Samples x - 1 .. x + n of row y, mirrored at the borders. */
static void take(const imp_image *m, int64_t y, uint32_t x, uint32_t n, float *out)
{
    const float *row = imp_row(m, 0, (uint32_t)kit_mirror(y, m->height));
    memcpy(out + 1, row + x, n * sizeof *out);
    out[0] = row[kit_mirror((int64_t)x - 1, m->width)];
    out[n + 1] = row[kit_mirror((int64_t)x + n, m->width)];
}

/* Of three rows with a sample more on both sides: the change along x and along y. */
KIT_CLONES
static void differences(const float *restrict a, const float *restrict b, const float *restrict c,
                        uint32_t n, float side, float middle, float *restrict dx,
                        float *restrict dy)
{
    for (size_t x = 0; x < n; x++) {
        const float p = c[x + 2] - a[x], q = c[x] - a[x + 2]; /* the diagonals serve both */
        dx[x] = side * (p - q) + middle * (b[x + 2] - b[x]);
        dy[x] = side * (p + q) + middle * (c[x + 1] - a[x + 1]);
    }
}

static void steepness_of(const struct how *h, const imp_image *m, uint32_t y, uint32_t x,
                         uint32_t n, float *dx, float *dy)
{
    float rows[3][PART + 2];
    for (int k = 0; k < 3; k++)
        take(m, (int64_t)y + k - 1, x, n, rows[k]);
    differences(rows[0], rows[1], rows[2], n, h->side, h->middle, dx, dy);
}

KIT_CLONES
static void magnitude(const float *restrict dx, const float *restrict dy, float *restrict out,
                      uint32_t n, float gain, float base, float sign)
{
    for (uint32_t x = 0; x < n; x++) {
        const float v = gain * sqrtf(dx[x] * dx[x] + dy[x] * dy[x]);
        out[x] = base + sign * (v < 1 ? v : 1);
    }
}

static void steep_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                       uint32_t to)
{
    const struct how *h = user;
    float dx[PART], dy[PART];
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x = 0; x < dst->width; x += PART) {
            const uint32_t n = dst->width - x < PART ? dst->width - x : PART;
            steepness_of(h, src, y, x, n, dx, dy);
            magnitude(dx, dy, imp_row_out(dst, 0, y) + x, n, h->gain, h->base, h->sign);
        }
}

/* ---- Canny: crests of the steepness, followed from the strong ones to the weak ---- */

enum mark { NOTHING, WEAK, STRONG };

static float steep_at(const imp_image *m, int64_t x, int64_t y)
{
    return imp_row(m, 0, (uint32_t)kit_mirror(y, m->height))[kit_mirror(x, m->width)];
}

/* A crest is steeper than the two neighbours along the slope, which lie between two samples each.
 */
static int is_crest(const imp_image *m, int64_t x, int64_t y, float dx, float dy)
{
    const float ax = fabsf(dx), ay = fabsf(dy), v = steep_at(m, x, y);
    const int64_t sx = dx < 0 ? -1 : 1, sy = dy < 0 ? -1 : 1;
    const int64_t straight_x = ax >= ay ? sx : 0, straight_y = ax >= ay ? 0 : sy;
    const float t = ax >= ay ? ay / (ax > 0 ? ax : 1) : ax / ay;
    const float ahead =
        (1 - t) * steep_at(m, x + straight_x, y + straight_y) + t * steep_at(m, x + sx, y + sy);
    const float behind =
        (1 - t) * steep_at(m, x - straight_x, y - straight_y) + t * steep_at(m, x - sx, y - sy);
    return v > ahead && v >= behind; /* one of two equals only */
}

static void crest_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                       uint32_t to)
{
    const struct how *h = user;
    float dx[PART], dy[PART];
    for (uint32_t y = from; y < to; y++)
        for (uint32_t x = 0; x < dst->width; x += PART) {
            const uint32_t n = dst->width - x < PART ? dst->width - x : PART;
            const float *v = imp_row(h->steep, 0, y) + x;
            float *out = imp_row_out(dst, 0, y) + x;
            steepness_of(h, src, y, x, n, dx, dy);
            for (uint32_t i = 0; i < n; i++) {
                out[i] = NOTHING;
                if (v[i] >= h->low && v[i] > 0 &&
                    is_crest(h->steep, (int64_t)x + i, y, dx[i], dy[i]))
                    out[i] = v[i] >= h->high ? STRONG : WEAK;
            }
        }
}

/* Marks the weak neighbours of a strong pixel strong, and theirs. stack: room for every pixel, as
 * each is put on it once. */
static void follow(imp_image *m, uint64_t *stack, uint64_t top)
{
    while (top) {
        const uint64_t at = stack[--top];
        const uint32_t x0 = (uint32_t)(at % m->width), y0 = (uint32_t)(at / m->width);
        for (uint32_t y = y0 ? y0 - 1 : 0; y <= y0 + 1 && y < m->height; y++)
            for (uint32_t x = x0 ? x0 - 1 : 0; x <= x0 + 1 && x < m->width; x++) {
                float *v = imp_row_out(m, 0, y) + x;
                if (*v != WEAK)
                    continue;
                *v = STRONG;
                stack[top++] = (uint64_t)y * m->width + x;
            }
    }
}

static imp_status hysteresis(imp_image *m)
{
    uint64_t top = 0, marks = 0;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++)
            marks += imp_row(m, 0, y)[x] > 0;
    uint64_t *stack = malloc(kit_bytes(marks + 1, sizeof *stack));
    if (!stack)
        return IMP_E_MEMORY;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++)
            if (imp_row(m, 0, y)[x] == STRONG)
                stack[top++] = (uint64_t)y * m->width + x;
    follow(m, stack, top);
    free(stack);
    return IMP_OK;
}

static void final_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                       uint32_t to)
{
    const struct how *h = user;
    for (uint32_t y = from; y < to; y++) {
        const float *in = imp_row(src, 0, y);
        float *out = imp_row_out(dst, 0, y);
        for (uint32_t x = 0; x < dst->width; x++)
            out[x] = h->base + (in[x] == STRONG ? h->sign : 0);
    }
}

static imp_status canny(imp_job *job, const struct how *how, const imp_image *grey, imp_image *dst)
{
    struct how h = *how;
    imp_image *steep = kit_image_new(grey->width, grey->height, 1, IMP_DATA);
    imp_status st = steep ? IMP_OK : IMP_E_MEMORY;
    h.base = 0, h.sign = 1, h.gain = 1;
    if (st == IMP_OK)
        st = basic_each(job, steep_rows, &h, grey, steep);
    h.steep = steep;
    if (st == IMP_OK)
        st = basic_each(job, crest_rows, &h, grey, dst);
    kit_image_free(steep);
    if (st == IMP_OK)
        st = hysteresis(dst);
    return st == IMP_OK ? basic_each(job, final_rows, how, dst, dst) : st;
}

/* ---- the filter ---- */

static void luma_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                      uint32_t to)
{
    const int grey = src->channels == 1;
    (void)user;
    for (uint32_t y = from; y < to; y++)
        kit_luma(imp_row(src, 0, y), grey ? NULL : imp_row(src, 1, y),
                 grey ? NULL : imp_row(src, 2, y), imp_row_out(dst, 0, y), dst->width);
}

static imp_status edges(imp_job *job, const imp_image *src, imp_image *dst)
{
    const imp_cell *p = job->params;
    const int sobel = p[METHOD].i != SCHARR, invert = (int)p[INVERT].i;
    const struct how h = {.side = sobel ? 1 / 4.0f : 3 / 16.0f,
                          .middle = sobel ? 2 / 4.0f : 10 / 16.0f,
                          .gain = (float)p[GAIN].f,
                          .base = invert ? 1 : 0,
                          .sign = invert ? -1 : 1,
                          .low = (float)p[LOW].f,
                          .high = (float)p[HIGH].f};
    imp_image *grey = NULL;
    imp_status st = IMP_OK;
    if (src->channels == 3 || p[SIGMA].f >= 0.1) {
        grey = kit_image_new(src->width, src->height, 1, src->colour);
        st = grey ? basic_each(job, luma_rows, NULL, src, grey) : IMP_E_MEMORY;
        if (st == IMP_OK && p[SIGMA].f >= 0.1)
            st = kit_blur(grey, grey, p[SIGMA].f, job);
    }
    if (st == IMP_OK)
        st = p[METHOD].i == CANNY ? canny(job, &h, grey ? grey : src, dst)
                                  : basic_each(job, steep_rows, &h, grey ? grey : src, dst);
    kit_image_free(grey);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const imp_image *src = imp_image_in(job, 0);
    (void)instance, (void)err;
    imp_image *dst = job->new_image(job, src->width, src->height, 1, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st = edges(job, src, dst);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

static imp_status plan(void *instance, imp_plan *pl, imp_error *err)
{
    const imp_cell *p = ((const basic_instance *)instance)->params;
    const imp_shape *in = pl->inputs[0];
    (void)err;
    if (p[METHOD].i == CANNY && p[LOW].f > p[HIGH].f)
        pl->mistake(pl, LOW, -1, NULL, "low must not be above high", NULL);
    if (in) {
        pl->bytes =
            (uint64_t)in->width * in->height * sizeof(float) * (p[METHOD].i == CANNY ? 4 : 2);
        pl->least_bytes = pl->bytes;
        basic_plan_out(pl, in->width, in->height, 1);
    }
    return IMP_OK;
}

static const imp_param params[] = {
    [METHOD] = {.key = "method",
                .type = IMP_CHOICE,
                .choices = "sobel|scharr|canny",
                .def_text = "sobel",
                .help = "sobel and scharr (rounder) show how steep it is, canny draws thin lines."},
    [SIGMA] = {.key = "sigma",
               .unit = "px",
               .type = IMP_FLOAT,
               .def = 1,
               .max = 100,
               .help = "Gaussian before it: larger leaves large shapes only; 0: none."},
    [GAIN] = {.key = "gain",
              .type = IMP_FLOAT,
              .def = 3,
              .max = 100,
              .help =
                  "Multiplies the steepness, not for canny; 1: a sharp step from black to white is "
                  "white."},
    [LOW] = {.key = "low",
             .type = IMP_FLOAT,
             .def = 0.04,
             .max = 1,
             .help = "canny: weaker edges than this vanish."},
    [HIGH] = {.key = "high",
              .type = IMP_FLOAT,
              .def = 0.1,
              .max = 1,
              .help = "canny: a line must be this strong somewhere."},
    [INVERT] = {.key = "invert", .type = IMP_BOOL, .max = 1, .help = "Dark edges on white."},
};

const imp_filter filter_edges = {
    BASIC_FILTER,
    .id = "edges",
    .summary = "Find edges: Sobel, Scharr, Canny.",
    .help = "The result is grey: how steeply the luma changes. For line drawings see lines.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(basic_colour_in),
    .outputs = IMP_LIST(basic_out),
    .create = basic_create,
    .destroy = basic_destroy,
    .process = process,
    .plan = plan,
};
