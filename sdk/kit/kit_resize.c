/* kit_resize.c - pictures of other sizes, and images for intermediate results. */
#include "kit_axis.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- images ---- */

imp_image *kit_image_new(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour)
{
    const size_t plane = kit_bytes(width, height);
    const size_t bytes = kit_bytes(kit_bytes(plane, channels), sizeof(float));
    imp_image *m = bytes ? calloc(1, sizeof *m) : NULL;
    if (!m)
        return NULL;
    *m = (imp_image){.head = {sizeof *m, IMP_IMAGE},
                     .width = width,
                     .height = height,
                     .channels = channels,
                     .colour = colour,
                     .row = width,
                     .plane = (int64_t)plane,
                     .data = calloc(1, bytes)};
    if (!m->data) {
        free(m);
        return NULL;
    }
    return m;
}

void kit_image_free(imp_image *m)
{
    if (m)
        free(m->data);
    free(m);
}

/* No exponent of ones. */
KIT_CLONES
bool kit_all_finite(const float *v, size_t n)
{
    const uint32_t ones = 0x7f800000u;
    uint32_t bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        bad |= (bits & ones) == ones;
    }
    return !bad;
}

void kit_copy(const imp_image *src, imp_image *dst)
{
    for (uint32_t c = 0; c < dst->channels; c++)
        for (uint32_t y = 0; y < dst->height; y++)
            memcpy(imp_row_out(dst, c, y), imp_row(src, c, y), dst->width * sizeof(float));
}

/* ---- kernels ---- */

static double tent(double t)
{
    return fmax(1 - fabs(t), 0);
}

/* sinc(t) sinc(t / 3), |t| < 3. */
static double lanczos(double t)
{
    const double p = 3.14159265358979323846 * t;
    if (fabs(t) < 1e-9)
        return 1;
    return fabs(t) >= 3 ? 0 : 3 * kit_sin(p) * kit_sin(p / 3) / (p * p);
}

/* ---- ways that need no table ---- */

struct pixels {
    const imp_image *src;
    imp_image *dst;
    uint32_t strips;
    const uint32_t *column; /* nearest: the source column of each */
};

static void nearest_strip(void *user, uint32_t i)
{
    const struct pixels *p = user;
    const uint32_t c = i / p->strips;
    uint32_t y, to;
    kit_strip(p->dst->height, p->strips, i % p->strips, &y, &to);
    for (; y < to; y++) {
        const uint64_t twice = (2 * (uint64_t)y + 1) * p->src->height;
        const float *s = imp_row(p->src, c, (uint32_t)(twice / (2 * (uint64_t)p->dst->height)));
        float *d = imp_row_out(p->dst, c, y);
        for (uint32_t x = 0; x < p->dst->width; x++)
            d[x] = s[p->column[x]];
    }
}

static imp_status nearest(struct pixels *p, imp_job *job)
{
    const uint64_t from = p->src->width, to = p->dst->width;
    uint32_t *column = malloc(kit_bytes(to, sizeof *column));
    if (!column)
        return IMP_E_MEMORY;
    for (uint64_t x = 0; x < to; x++)
        column[x] = (uint32_t)((2 * x + 1) * from / (2 * to));
    p->column = column;
    const imp_status st = kit_parallel(job, p->strips * p->dst->channels, nearest_strip, p);
    free(column);
    return st;
}

KIT_CLONES
static void halve_row(const float *restrict a, const float *restrict b, float *restrict d,
                      uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        d[x] = 0.25f * ((a[2 * x] + b[2 * x]) + (a[2 * x + 1] + b[2 * x + 1]));
}

static void half_strip(void *user, uint32_t i)
{
    const struct pixels *p = user;
    const uint32_t c = i / p->strips;
    uint32_t y, to;
    kit_strip(p->dst->height, p->strips, i % p->strips, &y, &to);
    for (; y < to; y++)
        halve_row(imp_row(p->src, c, 2 * y), imp_row(p->src, c, 2 * y + 1),
                  imp_row_out(p->dst, c, y), p->dst->width);
}

/* ---- both axes ---- */

static struct kit_axis_how how_of(enum kit_resample how, uint32_t from, uint32_t to)
{
    if (how == KIT_LANCZOS)
        return (struct kit_axis_how){lanczos, 3, 0};
    if (how == KIT_AREA && to < from)
        return (struct kit_axis_how){NULL, 0, 0};
    return (struct kit_axis_how){tent, 1, 0};
}

/* Columns first where that is less work: the picture between has the new width, the old height. */
static imp_status columns_first(const imp_image *src, imp_image *dst, const struct kit_axis *rows,
                                const struct kit_axis *columns, imp_job *job)
{
    imp_image *between = kit_image_new(dst->width, src->height, src->channels, src->colour);
    if (!between)
        return IMP_E_MEMORY;
    imp_status st = kit_resample(src, between, NULL, columns, job);
    if (st == IMP_OK)
        st = kit_resample(between, dst, rows, NULL, job);
    kit_image_free(between);
    return st;
}

imp_status kit_resample_both(const imp_image *src, imp_image *dst, struct kit_axis_how rows,
                             struct kit_axis_how columns, imp_job *job)
{
    struct kit_axis v = {0}, h = {0};
    const int change_v = src->height != dst->height, change_h = src->width != dst->width;
    imp_status st = change_v ? kit_axis_init(&v, src->height, dst->height, rows) : IMP_OK;
    if (st == IMP_OK && change_h)
        st = kit_axis_init(&h, src->width, dst->width, columns);
    if (st == IMP_OK && change_v && change_h && dst->height > src->height)
        st = columns_first(src, dst, &v, &h, job);
    else if (st == IMP_OK)
        st = kit_resample(src, dst, change_v ? &v : NULL, change_h ? &h : NULL, job);
    kit_axis_fini(&v);
    kit_axis_fini(&h);
    return st;
}

imp_status kit_resize(const imp_image *src, imp_image *dst, enum kit_resample how, imp_job *job)
{
    struct pixels p = {src, dst, kit_strips(dst->width, dst->height), NULL};
    const uint32_t sw = src->width, sh = src->height, dw = dst->width, dh = dst->height;
    if (sw == dw && sh == dh) {
        kit_copy(src, dst);
        return IMP_OK;
    }
    if (how == KIT_NEAREST)
        return nearest(&p, job);
    if (how == KIT_AREA && sw == 2 * (uint64_t)dw && sh == 2 * (uint64_t)dh)
        return kit_parallel(job, p.strips * dst->channels, half_strip, &p);
    return kit_resample_both(src, dst, how_of(how, sh, dh), how_of(how, sw, dw), job);
}
