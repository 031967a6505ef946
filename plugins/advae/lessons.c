/* lessons.c - batches of faces. Drawings of people differ from those a network learns from: strokes
 * are thicker, broken, tilted, aside. So photo and drawing are moved together, and strokes alone
 * disturbed. */
#include "lessons.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FAULT_TEXT = 300 };
struct av_fault {
    imp_status status;
    char text[FAULT_TEXT];
};

static void *room(size_t count, size_t size)
{
    const size_t bytes = kit_bytes(count, size);
    return bytes ? calloc(1, bytes) : NULL;
}

imp_status av_lessons_new(av_lessons *l, const imp_dataset *d, const struct av_traits *t,
                          uint32_t most, imp_error *err)
{
    const size_t plane = kit_bytes(d->height, d->width);
    *l = (av_lessons){.data = d, .traits = t, .most = most, .side = d->width};
    l->x = room(kit_bytes(most, 3 * plane), sizeof *l->x);
    l->seen = room(kit_bytes(most, 3 * plane), sizeof *l->seen);
    l->s = room(kit_bytes(most, plane), sizeof *l->s);
    l->lines = room(kit_bytes(most, plane), sizeof *l->lines);
    l->work = room(kit_bytes(most, 5 * plane), sizeof *l->work);
    l->y = room(kit_bytes(most, t->width), sizeof *l->y);
    l->known = room(kit_bytes(most, t->count), sizeof *l->known);
    l->shown = room(kit_bytes(most, t->count), sizeof *l->shown);
    l->attributes = room(kit_bytes(most, d->attribute_count), sizeof *l->attributes);
    l->faults = room(most, sizeof *l->faults);
    if (l->x && l->seen && l->s && l->lines && l->work && l->y && l->known && l->shown &&
        l->attributes && l->faults)
        return IMP_OK;
    av_lessons_free(l);
    return imp_fail(err, IMP_E_MEMORY, "no memory for batches of %u samples", most);
}

void av_lessons_free(av_lessons *l)
{
    free(l->x), free(l->seen), free(l->s), free(l->lines), free(l->work);
    free(l->y), free(l->known), free(l->shown), free(l->attributes), free(l->faults);
    *l = (av_lessons){.data = NULL};
}

void av_half(const float *x, uint32_t planes, uint32_t side, float *out)
{
    const size_t half = side / 2;
    for (uint32_t p = 0; p < planes; p++, x += (size_t)side * side, out += half * half)
        for (size_t j = 0; j < half; j++)
            for (size_t i = 0; i < half; i++) {
                const float *at = x + 2 * j * side + 2 * i;
                out[j * half + i] = 0.25f * (at[0] + at[1] + at[side] + at[side + 1]);
            }
}

void av_double(const float *x, uint32_t planes, uint32_t small, uint32_t side, float *out)
{
    const uint32_t times = side / small;
    for (uint32_t p = 0; p < planes; p++, x += (size_t)small * small, out += (size_t)side * side)
        for (uint32_t j = 0; j < side; j++)
            for (uint32_t i = 0; i < side; i++)
                out[(size_t)j * side + i] = x[(size_t)(j / times) * small + i / times];
}

void av_double_back(const float *gradient, uint32_t planes, uint32_t small, uint32_t side,
                    float *out)
{
    const uint32_t times = side / small;
    memset(out, 0, (size_t)planes * small * small * sizeof *out);
    for (uint32_t p = 0; p < planes;
         p++, gradient += (size_t)side * side, out += (size_t)small * small)
        for (uint32_t j = 0; j < side; j++)
            for (uint32_t i = 0; i < side; i++)
                out[(size_t)(j / times) * small + i / times] += gradient[(size_t)j * side + i];
}

/* ---- one sample ---- */

struct one { /* what random numbers say of a sample */
    uint64_t seed, what, i;
};
static double uniform(const struct one *o, uint32_t k)
{
    return kit_uniform(o->seed, o->what, o->i * 64 + k);
}

/* A plane turned, scaled and moved about its middle; linear between samples, the border repeats, or
 * is `paper` where that is not negative. */
struct move {
    double a, b, x, y; /* source = middle + (a b; -b a) (place - middle) + (x y) */
    uint32_t flip;
};
static float at(const float *p, uint32_t side, int64_t x, int64_t y, float paper)
{
    const int64_t last = (int64_t)side - 1;
    if (paper >= 0 && (x < 0 || y < 0 || x > last || y > last))
        return paper;
    x = x < 0 ? 0 : x > last ? last : x;
    y = y < 0 ? 0 : y > last ? last : y;
    return p[y * (int64_t)side + x];
}
static void moved(const float *in, uint32_t side, const struct move *m, float paper, float *out)
{
    const double middle = 0.5 * (side - 1.0);
    for (uint32_t j = 0; j < side; j++)
        for (uint32_t i = 0; i < side; i++) {
            const double dx = (m->flip ? side - 1.0 - i : i) - middle, dy = j - middle;
            const double sx = middle + m->a * dx + m->b * dy + m->x,
                         sy = middle - m->b * dx + m->a * dy + m->y;
            const int64_t x = (int64_t)floor(sx), y = (int64_t)floor(sy);
            const float fx = (float)(sx - (double)x), fy = (float)(sy - (double)y);
            const float top =
                at(in, side, x, y, paper) * (1 - fx) + at(in, side, x + 1, y, paper) * fx;
            const float low =
                at(in, side, x, y + 1, paper) * (1 - fx) + at(in, side, x + 1, y + 1, paper) * fx;
            out[(size_t)j * side + i] = top * (1 - fy) + low * fy;
        }
}

/* Strokes grown or shrunk: the mean of 3 x 3, lifted or lowered, so often as `times` says. */
static void thicken(float *s, uint32_t side, double gain, float *work)
{
    const int64_t n = side;
    for (int64_t y = 0; y < n; y++)
        for (int64_t x = 0; x < n; x++) {
            float sum = 0;
            for (int64_t dy = -1; dy <= 1; dy++)
                for (int64_t dx = -1; dx <= 1; dx++)
                    sum += at(s, side, x + dx, y + dy, -1);
            const float v = (float)gain * sum / 9;
            work[y * n + x] = v > 1 ? 1 : v;
        }
    memcpy(s, work, (size_t)n * (size_t)n * sizeof *s);
}

/* Wipes round places out until about that share of the picture's middle is gone. */
static void wipe(float *s, uint32_t side, const struct one *o, double share)
{
    const uint32_t count = (uint32_t)(share * 100);
    for (uint32_t k = 0; k < count && k < 16; k++) {
        const double cx = side * (0.1 + 0.8 * uniform(o, 20 + 3 * k)),
                     cy = side * (0.1 + 0.8 * uniform(o, 21 + 3 * k)),
                     r = side * (0.02 + 0.04 * uniform(o, 22 + 3 * k));
        for (int64_t y = (int64_t)(cy - r); y <= (int64_t)(cy + r); y++)
            for (int64_t x = (int64_t)(cx - r); x <= (int64_t)(cx + r); x++)
                if (x >= 0 && y >= 0 && x < side && y < side &&
                    (x - cx) * (x - cx) + (y - cy) * (y - cy) < r * r)
                    s[y * side + x] = 0;
    }
}

static void disturb_lines(float *s, uint32_t side, const struct one *o, const av_disturb *d,
                          float *work)
{
    const double width = uniform(o, 8);
    if (width < 0.25)
        thicken(s, side, 1.0 + 2 * uniform(o, 9), work);
    else if (width > 0.8)
        thicken(s, side, 3.5, work), thicken(s, side, 2.0 + uniform(o, 9), work);
    const float ink = 0.6f + 0.4f * (float)uniform(o, 10);
    for (size_t i = 0; i < (size_t)side * side; i++)
        s[i] *= ink;
    wipe(s, side, o, 2 * d->gaps * uniform(o, 11));
}

/* Photo and drawing moved together; then the photo that the encoder is shown; then the strokes. */
static void disturb(av_lessons *l, uint32_t i, uint64_t index, const av_disturb *d, uint64_t epoch)
{
    const size_t plane = (size_t)l->side * l->side;
    const struct one o = {d->seed, 0x6c657300u + epoch, index};
    const double angle = d->tilt * (2 * uniform(&o, 0) - 1) * 3.14159265358979 / 180,
                 size = 1 + d->scale * (2 * uniform(&o, 1) - 1);
    const struct move m = {kit_cos(angle) * size, kit_sin(angle) * size,
                           d->shift * (2 * uniform(&o, 2) - 1), d->shift * (2 * uniform(&o, 3) - 1),
                           uniform(&o, 4) < 0.5};
    const struct move aside = {1, 0, floor(9 * uniform(&o, 5)) - 4, floor(9 * uniform(&o, 6)) - 4,
                               uniform(&o, 7) < 0.5};
    float *work = l->work + i * 5 * plane, *x = l->x + i * 3 * plane, *s = l->s + i * plane;
    memcpy(work, x, 3 * plane * sizeof *x);
    memcpy(work + 3 * plane, s, plane * sizeof *s);
    for (uint32_t c = 0; c < 3; c++)
        moved(work + c * plane, l->side, &m, -1, x + c * plane);
    moved(work + 3 * plane, l->side, &m, 0, s);
    memcpy(l->lines + i * plane, s, plane * sizeof *s);
    for (uint32_t c = 0; c < 3; c++)
        moved(x + c * plane, l->side, &aside, -1, l->seen + (i * 3 + c) * plane);
    disturb_lines(s, l->side, &o, d, work);
}

struct reading {
    av_lessons *l;
    const uint64_t *order;
    uint64_t first, epoch;
    const av_disturb *disturb;
};

static void read_one(void *user, uint32_t i) IMP_NX
{
    const struct reading *r = user;
    av_lessons *l = r->l;
    struct av_fault *f = &l->faults[i];
    const uint64_t index = r->order ? r->order[r->first + i] : r->first + i;
    const size_t plane = (size_t)l->side * l->side;
    imp_error err = {sizeof err, sizeof f->text, f->text, -1, -1};
    float *x = l->x + i * 3 * plane, *s = l->s + i * plane;
    double *attributes = l->attributes + (size_t)i * l->data->attribute_count;
    imp_sample sample = {sizeof sample, UINT32_MAX, x, s, attributes};
    snprintf(f->text, sizeof f->text, "sample %" PRIu64 " of the data set could not be read",
             index);
    f->status = l->data->read(l->data, index, &sample, &err);
    if (f->status != IMP_OK)
        return;
    for (size_t k = 0; k < 3 * plane; k++)
        x[k] = 2 * x[k] - 1;
    for (size_t k = 0; k < plane; k++)
        s[k] = 1 - s[k];
    av_traits_encode(l->traits, attributes, l->y + (size_t)i * l->traits->width,
                     l->known + (size_t)i * l->traits->count);
    for (uint32_t k = 0; k < l->traits->count; k++)
        l->shown[(size_t)i * l->traits->count + k] = av_trait_shown(&l->traits->all[k], attributes);
    if (r->disturb && r->disturb->on)
        disturb(l, i, index, r->disturb, r->epoch);
    else
        memcpy(l->seen + i * 3 * plane, x, 3 * plane * sizeof *x),
            memcpy(l->lines + i * plane, s, plane * sizeof *s);
}

imp_status av_lessons_read(av_lessons *l, const uint64_t *order, uint64_t first, uint32_t n,
                           const av_disturb *d, uint64_t epoch, imp_job *job, imp_error *err)
{
    struct reading r = {l, order, first, epoch, d};
    l->n = n;
    const imp_status st = kit_parallel(job, n, read_one, &r);
    if (st != IMP_OK)
        return st;
    for (uint32_t i = 0; i < n; i++)
        if (l->faults[i].status != IMP_OK)
            return imp_fail(err, l->faults[i].status, "%s", l->faults[i].text);
    return IMP_OK;
}
