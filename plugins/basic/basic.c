/* basic.c - what the filters share: ports, rows on all threads, plans, places. */
#include "basic.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const imp_port basic_colour_in[1] = {
    {.name = "in",
     .kind = IMP_IMAGE,
     .channels = BASIC_COLOUR,
     .help = "The picture, grey or colour; an alpha channel is kept as it is."}};
const imp_port basic_any_in[1] = {{.name = "in",
                                   .kind = IMP_IMAGE,
                                   .channels = BASIC_ANY,
                                   .help = "The picture: grey, colour, or colour with alpha."}};
const imp_port basic_out[1] = {{.name = "out", .kind = IMP_IMAGE, .help = "The result."}};

/* ---- work ---- */

struct each {
    basic_rows *rows;
    const void *user;
    const imp_image *src;
    imp_image *dst;
    uint32_t strips;
};

static void each_strip(void *user, uint32_t i)
{
    const struct each *e = user;
    uint32_t from, to;
    kit_strip(e->dst->height, e->strips, i, &from, &to);
    e->rows(e->user, e->src, e->dst, from, to);
}

imp_status basic_each(imp_job *job, basic_rows *rows, const void *user, const imp_image *src,
                      imp_image *dst)
{
    struct each e = {rows, user, src, dst, kit_strips(dst->width, dst->height)};
    return kit_parallel(job, e.strips, each_strip, &e);
}

imp_status basic_map(imp_job *job, basic_rows *rows, const void *user, uint32_t channels)
{
    const imp_image *src = imp_image_in(job, 0);
    imp_image *dst = job->new_image(job, src->width, src->height,
                                    channels ? channels : src->channels, src->colour);
    if (!dst)
        return IMP_E_MEMORY;
    const imp_status st = basic_each(job, rows, user, src, dst);
    return st == IMP_OK ? job->set_output(job, 0, &dst->head) : st;
}

struct samples {
    basic_samples *fn;
    const void *user;
};

static void sample_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                        uint32_t to)
{
    const struct samples *s = user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++)
            s->fn(s->user, c, imp_row(src, c, y), imp_row_out(dst, c, y), dst->width);
}

imp_status basic_map_samples(imp_job *job, basic_samples *fn, const void *user)
{
    const struct samples s = {fn, user};
    return basic_map(job, sample_rows, &s, 0);
}

imp_status basic_pass(imp_job *job)
{
    return job->set_output(job, 0, job->inputs[0]);
}

/* ---- linear light, alpha ---- */

static void linear_rows(const void *user, const imp_image *src, imp_image *dst, uint32_t from,
                        uint32_t to)
{
    const int curve = src->colour == IMP_SRGB;
    (void)user;
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = from; y < to; y++) {
            if (curve && c < 3)
                kit_srgb_to_linear(imp_row(src, c, y), imp_row_out(dst, c, y), dst->width);
            else
                memcpy(imp_row_out(dst, c, y), imp_row(src, c, y), dst->width * sizeof(float));
        }
}

imp_image *basic_linear(imp_job *job, const imp_image *src, imp_status *st)
{
    imp_image *m = kit_image_new(src->width, src->height, src->channels,
                                 src->colour == IMP_SRGB ? IMP_LINEAR : src->colour);
    *st = m ? basic_each(job, linear_rows, NULL, src, m) : IMP_E_MEMORY;
    if (*st == IMP_OK)
        return m;
    kit_image_free(m);
    return NULL;
}

static void delinear_rows(const void *user, const imp_image *src, imp_image *m, uint32_t from,
                          uint32_t to)
{
    (void)user, (void)src;
    for (uint32_t c = 0; c < m->channels && c < 3; c++)
        for (uint32_t y = from; y < to; y++)
            kit_linear_to_srgb(imp_row(m, c, y), imp_row_out(m, c, y), m->width);
}

imp_status basic_delinear(imp_job *job, imp_image *m)
{
    return basic_each(job, delinear_rows, NULL, m, m);
}

static void premultiply_rows(const void *user, const imp_image *src, imp_image *m, uint32_t from,
                             uint32_t to)
{
    (void)user, (void)src;
    for (uint32_t y = from; y < to; y++) {
        float *a = imp_row_out(m, 3, y);
        for (uint32_t x = 0; x < m->width; x++)
            a[x] = a[x] < 0 ? 0 : a[x] > 1 ? 1 : a[x];
        for (uint32_t c = 0; c < 3; c++) {
            float *d = imp_row_out(m, c, y);
            for (uint32_t x = 0; x < m->width; x++)
                d[x] *= a[x];
        }
    }
}

imp_status basic_premultiply(imp_job *job, imp_image *m)
{
    return m->channels == 4 ? basic_each(job, premultiply_rows, NULL, m, m) : IMP_OK;
}

/* Divides by alpha as it came out of a filter with overshoot, so that a flat colour stays flat;
 * only then alpha is held within its range. */
static void unpremultiply_rows(const void *user, const imp_image *src, imp_image *m, uint32_t from,
                               uint32_t to)
{
    const float least = 1 / 1024.0f; /* below it nothing is seen, and a colour is noise */
    (void)user, (void)src;
    for (uint32_t y = from; y < to; y++) {
        float *a = imp_row_out(m, 3, y);
        for (uint32_t c = 0; c < 3; c++) {
            float *d = imp_row_out(m, c, y);
            for (uint32_t x = 0; x < m->width; x++)
                d[x] = a[x] >= least ? d[x] / a[x] : 0;
        }
        for (uint32_t x = 0; x < m->width; x++)
            a[x] = a[x] < least ? 0 : a[x] > 1 ? 1 : a[x];
    }
}

imp_status basic_unpremultiply(imp_job *job, imp_image *m)
{
    return m->channels == 4 ? basic_each(job, unpremultiply_rows, NULL, m, m) : IMP_OK;
}

/* ---- plans ---- */

imp_status basic_create(const imp_host *host, const imp_filter *filter, const imp_cell *params,
                        void **instance, imp_error *err) IMP_NX
{
    basic_instance *self = malloc(sizeof *self);
    (void)host, (void)filter;
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    self->params = params;
    *instance = self;
    return IMP_OK;
}

void basic_destroy(void *instance) IMP_NX
{
    free(instance);
}

void basic_plan_out(imp_plan *plan, uint32_t width, uint32_t height, uint32_t channels)
{
    const imp_shape *in = plan->inputs[0];
    imp_shape *out = plan->outputs[0];
    if (!in || !out || !in->width || !in->height)
        return;
    out->width = width, out->height = height;
    out->channels = channels ? channels : in->channels;
    out->colour = in->colour;
    out->bytes = (uint64_t)width * height * (out->channels ? out->channels : 4) * sizeof(float);
    plan->macs += (double)width * height;
}

imp_status basic_plan_same(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    if (plan->inputs[0])
        basic_plan_out(plan, plan->inputs[0]->width, plan->inputs[0]->height, 0);
    return IMP_OK;
}

/* ---- places ---- */

/* -1, 0, 1: left, middle, right of each gravity, and top, middle, bottom */
static const signed char side_x[9] = {0, -1, 0, 1, -1, 1, -1, 0, 1};
static const signed char side_y[9] = {0, -1, -1, -1, 0, 0, 1, 1, 1};

static int64_t place(int side, int64_t outer, int64_t inner, int64_t offset)
{
    const int64_t free_px = outer - inner, half = free_px >= 0 ? free_px / 2 : -((1 - free_px) / 2);
    if (side < 0)
        return offset;
    return side > 0 ? free_px - offset : half + offset;
}

int64_t basic_place_x(int64_t gravity, int64_t outer, int64_t inner, int64_t offset)
{
    return place(side_x[gravity], outer, inner, offset);
}

int64_t basic_place_y(int64_t gravity, int64_t outer, int64_t inner, int64_t offset)
{
    return place(side_y[gravity], outer, inner, offset);
}

/* A plain decimal number, without a look at the locale; *end behind it. -1: none. */
static double decimal(const char *s, const char **end)
{
    double value = 0, unit = 1;
    int digits = 0;
    for (; *s >= '0' && *s <= '9'; s++, digits++)
        value = value * 10 + (*s - '0');
    if (*s == '.')
        for (s++; *s >= '0' && *s <= '9'; s++, digits++)
            value += (*s - '0') * (unit /= 10);
    *end = s;
    return digits && digits < 16 ? value : -1;
}

double basic_ratio(const char *text)
{
    const char *s;
    if (!*text)
        return 0;
    const double a = decimal(text, &s);
    if (a <= 0 || (*s != '\0' && *s != ':' && *s != '/'))
        return -1;
    if (!*s)
        return a;
    const double b = decimal(s + 1, &s);
    return b > 0 && !*s ? a / b : -1;
}

void basic_colour_of(const imp_cell *cell, uint32_t channels, float out[4])
{
    const double *v = cell->n.ptr;
    for (uint32_t c = 0; c < 3; c++)
        out[c] = (float)v[c];
    out[3] = cell->n.count > 3 ? (float)v[3] : 1;
    if (channels == 1)
        out[0] = (float)(0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]);
}

uint32_t basic_channels_for(const imp_cell *cell, uint32_t channels)
{
    return cell->n.count > 3 && cell->n.ptr[3] < 1 ? 4 : channels;
}
