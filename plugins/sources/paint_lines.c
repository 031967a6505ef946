/* paint_lines.c - strokes that are lines: at even distance along the flow, as hatching and gouges
 * (Jobard and Lefer 1997, with a map of what is taken instead of lists of points), and along the
 * dark side of edges. One after the other, since each looks at those before it. */
#include "painting.h"
#include <stdlib.h>
#include "swift.h"

enum { LONGEST = 160 }; /* steps each way */

struct drawing_lines {
    struct painting *p;
    uint8_t *taken; /* of the study: a line is near */
    float step, keep_off, turn_c, turn_s;
    float half, least; /* contours: widest half width, px of the study; strength where they end */
    const struct paint_hatch *hatch; /* NULL: contours */
};

struct spot {
    float strength;
    uint32_t x, y;
};

/* Half the width of the line at a place of the study, px of the study; 0 ends it. */
static float half_at(const struct drawing_lines *d, float x, float y)
{
    if (!d->hatch) {
        const float s = paint_at(d->p->field, 3, x, y) - 0.35f * d->least;
        return s > 0 ? d->half * sw_unit(0.25f + 14 * s) : 0;
    }
    const float t =
        (paint_at(d->p->field, 4, x, y) - d->hatch->to) / (d->hatch->from - d->hatch->to);
    return t > 0 ? d->half * sqrtf(sw_unit(t)) : 0;
}

static void heading(const struct drawing_lines *d, float x, float y, float *dx, float *dy)
{
    float fx = paint_at(d->p->field, 0, x, y), fy = paint_at(d->p->field, 1, x, y);
    if (d->hatch && d->hatch->direct > 0)
        fx = 1, fy = 0;
    const float tx = fx * d->turn_c - fy * d->turn_s, ty = fx * d->turn_s + fy * d->turn_c;
    const float sign = tx * *dx + ty * *dy < 0 ? -1 : 1, n = sqrtf(tx * tx + ty * ty) + 1e-9f;
    *dx = sign * tx / n, *dy = sign * ty / n;
}

static int is_taken(const struct drawing_lines *d, float x, float y)
{
    const imp_image *m = d->p->study;
    const int32_t i = sw_floor(x), j = sw_floor(y);
    return i < 0 || j < 0 || i >= (int32_t)m->width || j >= (int32_t)m->height ||
           d->taken[(size_t)j * m->width + (size_t)i];
}

static void take(const struct drawing_lines *d, const struct knot *k)
{
    const imp_image *m = d->p->study;
    const float r = d->keep_off + (d->hatch ? 0 : k->half);
    const int32_t x1 = sw_floor(k->x + r), y1 = sw_floor(k->y + r);
    for (int32_t y = sw_floor(k->y - r); y <= y1; y++)
        for (int32_t x = sw_floor(k->x - r); x <= x1; x++) {
            const float ex = (float)x + 0.5f - k->x, ey = (float)y + 0.5f - k->y;
            if (x >= 0 && y >= 0 && x < (int32_t)m->width && y < (int32_t)m->height &&
                ex * ex + ey * ey < r * r)
                d->taken[(size_t)y * m->width + (size_t)x] = 1;
        }
}

/* Contours keep to the middle of the dark side of their edge. */
static void to_middle(const struct drawing_lines *d, float dx, float dy, float *x, float *y)
{
    const imp_image *f = d->p->field;
    const float a = paint_at(f, 3, *x - dy, *y + dx), b = paint_at(f, 3, *x + dy, *y - dx);
    const float m = paint_at(f, 3, *x, *y), bow = a + b - 2 * m;
    const float off = bow < -1e-6f ? sw_clamp(0.5f * (a - b) / (2 * m - a - b + 1e-9f), -0.5f, 0.5f)
                      : a > b      ? 0.4f
                                   : -0.4f;
    *x -= dy * off, *y += dx * off;
}

static uint32_t walk(const struct drawing_lines *d, float x, float y, float sign, struct knot *at)
{
    float dx = 0, dy = 0;
    heading(d, x, y, &dx, &dy);
    dx *= sign, dy *= sign;
    for (uint32_t n = 0; n < LONGEST; n++) {
        const float ox = dx, oy = dy;
        heading(d, x, y, &dx, &dy);
        if (ox * dx + oy * dy < 0.5f)
            return n;
        x += dx * d->step, y += dy * d->step;
        if (!d->hatch)
            to_middle(d, dx, dy, &x, &y);
        const float half = half_at(d, x, y);
        if (half <= 0 || is_taken(d, x, y))
            return n;
        *at = (struct knot){x, y, half, 0};
        at += sign < 0 ? -1 : 1;
    }
    return LONGEST;
}

static imp_status add(struct drawing_lines *d, const struct knot *way, uint32_t n, uint32_t key,
                      const float colour[3])
{
    struct painting *p = d->p;
    struct strokes *all = &p->strokes;
    if (strokes_reserve(all, 1, n) != IMP_OK)
        return IMP_E_MEMORY;
    struct stroke *s = &all->at[all->count++];
    *s = (struct stroke){.alpha = p->m->opacity,
                         .first = all->knot_count,
                         .count = n,
                         .key = key,
                         .seed = sw_hash(key, 5, p->seed)};
    memcpy(s->colour, colour, sizeof s->colour);
    for (uint32_t i = 0; i < n; i++) {
        struct knot k = way[i];
        take(d, &k);
        const float end = (float)(i < n - 1 - i ? i : n - 1 - i) * d->step; /* both ends thin out */
        k.half *= p->scale_x * sw_clamp(0.15f + end / (6 * p->study_unit), 0, 1);
        k.half = sw_max(k.half, 0.02f);
        k.x *= p->scale_x, k.y *= p->scale_y;
        all->knots[all->knot_count++] = k;
    }
    return IMP_OK;
}

static imp_status follow(struct drawing_lines *d, float x, float y, uint32_t least, uint32_t key,
                         const float colour[3])
{
    struct knot way[2 * LONGEST + 1];
    const float half = half_at(d, x, y);
    if (half <= 0 || is_taken(d, x, y))
        return IMP_OK;
    way[LONGEST] = (struct knot){x, y, half, 0};
    const uint32_t back = walk(d, x, y, -1, way + LONGEST - 1);
    const uint32_t forth = walk(d, x, y, 1, way + LONGEST + 1);
    if (back + forth + 1 < least)
        return IMP_OK;
    return add(d, way + LONGEST - back, back + forth + 1, key, colour);
}

static int stronger(const void *a, const void *b)
{
    const struct spot *s = a, *t = b;
    if (s->strength != t->strength)
        return s->strength > t->strength ? -1 : 1;
    return s->y != t->y ? (s->y < t->y ? -1 : 1) : s->x < t->x ? -1 : s->x > t->x;
}

/* Begins lines at the spots, the strongest first. */
static imp_status from_spots(struct drawing_lines *d, struct spot *spots, uint32_t n,
                             uint32_t least, const float colour[3])
{
    const uint32_t first = d->p->strokes.count;
    imp_status st = IMP_OK;
    qsort(spots, n, sizeof *spots, stronger);
    for (uint32_t i = 0; i < n && st == IMP_OK; i++) {
        if (i % 4096 == 0)
            st = d->p->job->progress(d->p->job, -1, NULL);
        if (st == IMP_OK)
            st = follow(d, (float)spots[i].x + 0.5f, (float)spots[i].y + 0.5f, least, i, colour);
    }
    return st == IMP_OK ? strokes_finish(&d->p->strokes, first) : st;
}

static imp_status everywhere(struct drawing_lines *d, uint32_t stride, uint32_t least,
                             const float colour[3])
{
    const imp_image *m = d->p->study;
    const size_t most =
        (size_t)((m->width + stride - 1) / stride) * ((m->height + stride - 1) / stride);
    struct spot *spots = malloc(most * sizeof *spots);
    imp_status st = IMP_E_MEMORY;
    uint32_t n = 0;
    d->taken = calloc(m->width, m->height);
    if (spots && d->taken) {
        for (uint32_t y = 0; y < m->height; y += stride)
            for (uint32_t x = 0; x < m->width; x += stride) {
                const float s = d->hatch ? sw_random(x, y, d->p->seed + 7)
                                         : imp_row(d->p->field, 3, y)[x] - d->least;
                if (s > 0)
                    spots[n++] = (struct spot){s, x, y};
            }
        st = from_spots(d, spots, n, least, colour);
    }
    free(spots);
    free(d->taken);
    return st;
}

imp_status paint_contours(struct painting *p, float half, float least, const float colour[3])
{
    struct drawing_lines d = {.p = p,
                              .step = sw_max(1.2f * p->study_unit, 0.7f),
                              .turn_c = 1,
                              .keep_off = 1.6f * p->study_unit,
                              .half = half * p->study_unit,
                              .least = least};
    return everywhere(&d, 1, 6, colour);
}

imp_status paint_hatch(struct painting *p, const struct paint_hatch *h)
{
    const float gap = h->gap * p->study_unit * p->wish.brush;
    struct drawing_lines d = {.p = p,
                              .hatch = h,
                              .step = sw_max(1.6f * p->study_unit, 0.8f),
                              .turn_c = sw_cosine(h->turn),
                              .turn_s = sw_sine(h->turn),
                              .keep_off = sw_max(gap * 0.82f, 0.8f),
                              .half = h->half * p->study_unit * p->wish.brush};
    return everywhere(&d, gap >= 4 ? 2 : 1, 4, h->colour);
}
