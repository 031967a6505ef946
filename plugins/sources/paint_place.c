/* paint_place.c - one layer of strokes: where, how long, what colour.
 *
 * After Hertzmann 1998: a layer looks at the picture blurred to its brush, compares it with the
 * canvas so far, and puts a stroke into each cell of a grid where they differ. A stroke follows the
 * flow both ways from its seed until the picture is no longer of its colour. */
#include "painting.h"
#include <stdlib.h>
#include "swift.h"

enum { WAY = 7, KNOTS = 2 * WAY + 3 }; /* steps each way; knots of a stroke: its seed, two ends */

struct place {
    struct painting *p;
    float half;           /* px of the study */
    float cell_w, cell_h; /* px of the study */
    uint32_t across, down, layer, seed;
    struct stroke *strokes; /* a slot per cell; count 0: none */
    struct knot *knots;
};

static void colour_at(const imp_image *m, float x, float y, float out[3])
{
    for (uint32_t c = 0; c < 3; c++)
        out[c] = paint_at(m, c, x, y);
}

/* Distance of colours, lightness counted most. */
static float apart(const float a[3], const float b[3])
{
    const float r = a[0] - b[0], g = a[1] - b[1], u = a[2] - b[2];
    return sqrtf(0.30f * r * r + 0.55f * g * g + 0.15f * u * u);
}

/* Walks from (x, y) into the direction of sign; knots are written from at on, backwards for < 0. */
static uint32_t walk(const struct place *s, float x, float y, float sign, const float colour[3],
                     struct knot *at, uint32_t most)
{
    const struct painting *p = s->p;
    const struct manner *m = p->m;
    const float step = sw_max(m->longest * s->half / (2 * WAY), 0.5f);
    const float w = (float)p->study->width, h = (float)p->study->height;
    float dx = paint_at(p->field, 0, x, y) * sign, dy = paint_at(p->field, 1, x, y) * sign;
    for (uint32_t n = 0; n < most; n++) {
        float fx = paint_at(p->field, 0, x, y), fy = paint_at(p->field, 1, x, y);
        const float turn = fx * dx + fy * dy < 0 ? -1 : 1;
        fx = sw_mix(dx, fx * turn, m->follow), fy = sw_mix(dy, fy * turn, m->follow);
        const float size = sqrtf(fx * fx + fy * fy) + 1e-9f;
        dx = fx / size, dy = fy / size;
        x += dx * step, y += dy * step;
        if (x < -s->half || y < -s->half || x > w + s->half || y > h + s->half)
            return n;
        float here[3];
        colour_at(p->layer, x, y, here);
        if ((float)n * step >= 0.5f * m->least * s->half && apart(here, colour) > m->stop)
            return n;
        *at = (struct knot){x, y, s->half, 0};
        at += sign < 0 ? -1 : 1;
    }
    return most;
}

/* Lightness and hue by chance, saturation by wish: sRGB in and out. */
static void vary(const struct place *s, uint32_t cell, float c[3])
{
    const struct painting *p = s->p;
    const float much = p->wish.variation;
    const float light = p->m->value * much * (sw_random(cell, 11, s->seed) - 0.5f);
    const float warm = p->m->hue * much * (sw_random(cell, 12, s->seed) - 0.5f);
    const float green = p->m->hue * much * (sw_random(cell, 13, s->seed) - 0.5f);
    const float grey = 0.30f * c[0] + 0.59f * c[1] + 0.11f * c[2];
    const float full = p->m->saturation * p->wish.saturation;
    const float add[3] = {warm - 0.3f * green, 0.5f * green - 0.15f * warm, -warm - 0.3f * green};
    for (uint32_t i = 0; i < 3; i++)
        c[i] = sw_unit(grey + full * (c[i] - grey) + light + add[i]);
}

/* Mean squared distance in a cell, and where it is worst. */
static float wrong(const struct place *s, uint32_t cell, float *x, float *y)
{
    float sum = 0, worst = -1, at[2] = {*x, *y};
    for (uint32_t i = 0; i < 5; i++) {
        const float px = *x + s->cell_w * (sw_random(cell, 20 + i, s->seed) - 0.5f);
        const float py = *y + s->cell_h * (sw_random(cell, 30 + i, s->seed) - 0.5f);
        float want[3], have[3];
        colour_at(s->p->layer, px, py, want);
        colour_at(s->p->seen, px, py, have);
        const float d = apart(want, have);
        sum += d;
        if (d > worst)
            worst = d, at[0] = px, at[1] = py;
    }
    *x = at[0], *y = at[1];
    return sum / 5;
}

/* Tips are cut out of the line, so it reaches beyond its last places. */
static void add_tip(const struct place *s, struct knot *end, const struct knot *before, int first)
{
    const struct painting *p = s->p;
    float dx = end->x - before->x, dy = end->y - before->y;
    if (end == before) {
        const float sign = first ? -1 : 1;
        dx = sign * paint_at(p->field, 0, end->x, end->y);
        dy = sign * paint_at(p->field, 1, end->x, end->y);
    }
    const float far = 0.6f * (p->m->round + p->m->ragged) + 0.5f * p->m->least;
    const float k = (end == before ? far : 0.6f * (p->m->round + p->m->ragged)) * s->half /
                    (sqrtf(dx * dx + dy * dy) + 1e-9f);
    end[first ? -1 : 1] = (struct knot){end->x + dx * k, end->y + dy * k, end->half, 0};
}

/* Leaves out knots that lie on the line between the last one kept and the next, two in a row at
 * most; answers how many stay. */
static uint32_t straighten(struct knot *k, uint32_t n)
{
    uint32_t kept = 0, left_out = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct knot *a = &k[kept ? kept - 1 : 0], *b = &k[i + 1 < n ? i + 1 : i];
        const float dx = b->x - a->x, dy = b->y - a->y, ex = k[i].x - a->x, ey = k[i].y - a->y;
        const float off = dx * ey - dy * ex, near = 0.06f * k[i].half;
        if (i && i + 1 < n && left_out < 2 && off * off < near * near * (dx * dx + dy * dy)) {
            left_out++;
            continue;
        }
        k[kept++] = k[i];
        left_out = 0;
    }
    return kept;
}

static void put(const struct place *s, uint32_t cell, float x, float y)
{
    const struct painting *p = s->p;
    struct knot way[2 * KNOTS + 1]; /* the seed in the middle */
    struct stroke *out = &s->strokes[cell];
    colour_at(p->layer, x, y, out->colour);
    const float size = 0.8f + 0.4f * sw_random(cell, 3, s->seed);
    way[KNOTS] = (struct knot){x, y, s->half, 0};
    const uint32_t most = p->m->longest > 0 ? WAY : 0;
    const uint32_t back = walk(s, x, y, -1, out->colour, way + KNOTS - 1, most);
    const uint32_t forth = walk(s, x, y, 1, out->colour, way + KNOTS + 1, most);
    struct knot *head = way + KNOTS - back, *tail = way + KNOTS + forth;
    out->count = back + forth + 1;
    if (p->m->round + p->m->ragged > 0) {
        add_tip(s, tail, back + forth ? tail - 1 : tail, 0);
        add_tip(s, head, back + forth ? head + 1 : head, 1);
        out->count += 2, head--;
    }
    out->key = sw_hash(cell, 4, s->seed);
    out->seed = sw_hash(cell, 5, s->seed);
    out->alpha = p->m->opacity;
    vary(s, cell, out->colour);
    for (uint32_t i = 0; i < out->count; i++) {
        struct knot k = head[i];
        const float t = out->count > 1 ? 2 * (float)i / (float)(out->count - 1) - 1 : 0;
        k.half *= size * (1 - p->m->taper * t * t) * p->scale_x;
        k.x *= p->scale_x, k.y *= p->scale_y;
        s->knots[(size_t)cell * KNOTS + i] = k;
    }
    out->count = straighten(s->knots + (size_t)cell * KNOTS, out->count);
}

static void row_of_cells(void *user, uint32_t j) IMP_NX
{
    struct place *s = user;
    const struct painting *p = s->p;
    for (uint32_t i = 0; i < s->across; i++) {
        const uint32_t cell = j * s->across + i;
        float x = ((float)i + 0.5f) * s->cell_w, y = ((float)j + 0.5f) * s->cell_h;
        s->strokes[cell].count = 0;
        if (s->layer) {
            if (wrong(s, cell, &x, &y) < p->m->refine * (2 - 1.6f * p->wish.detail))
                continue;
        } else {
            x += s->cell_w * (sw_random(cell, 1, s->seed) - 0.5f);
            y += s->cell_h * (sw_random(cell, 2, s->seed) - 0.5f);
        }
        put(s, cell, x, y);
    }
}

static imp_status collect(struct place *s)
{
    struct strokes *all = &s->p->strokes;
    const uint32_t cells = s->across * s->down, first = all->count;
    uint32_t strokes = 0, knots = 0;
    for (uint32_t i = 0; i < cells; i++)
        strokes += s->strokes[i].count > 0, knots += s->strokes[i].count;
    if (strokes_reserve(all, strokes, knots) != IMP_OK)
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < cells; i++) {
        struct stroke *one = &s->strokes[i];
        if (!one->count)
            continue;
        one->first = all->knot_count;
        memcpy(all->knots + one->first, s->knots + (size_t)i * KNOTS,
               one->count * sizeof *s->knots);
        all->knot_count += one->count;
        all->at[all->count++] = *one;
    }
    return strokes_finish(all, first);
}

/* Half widths fall by a constant factor from layer to layer. */
float paint_half(const struct painting *p, uint32_t layer)
{
    const struct manner *m = p->m;
    const float t = m->layers > 1 ? (float)layer / (float)(m->layers - 1) : 0;
    const float units = m->coarse * sw_power(m->fine / m->coarse, t) * p->wish.brush;
    return sw_max(units * p->study_unit, 0.9f);
}

static imp_status place_all(struct place *s)
{
    const struct painting *p = s->p;
    const float sigma = 0.45f * s->half;
    imp_status st = IMP_OK;
    if (sigma < 0.4f)
        kit_copy(p->study, p->layer);
    else
        st = kit_blur(p->study, p->layer, sigma, p->job);
    if (st == IMP_OK)
        st = kit_parallel(p->job, s->down, row_of_cells, s);
    return st == IMP_OK ? collect(s) : st;
}

imp_status paint_layer(struct painting *p, uint32_t layer)
{
    struct place s = {
        .p = p, .layer = layer, .half = paint_half(p, layer), .seed = p->seed + 1000 * (layer + 1)};
    const float cell = sw_max(s.half * p->m->spacing, 1);
    s.across = (uint32_t)sw_max((float)p->study->width / cell, 1);
    s.down = (uint32_t)sw_max((float)p->study->height / cell, 1);
    s.cell_w = (float)p->study->width / (float)s.across;
    s.cell_h = (float)p->study->height / (float)s.down;
    const size_t cells = (size_t)s.across * s.down;
    s.strokes = calloc(cells, sizeof *s.strokes);
    s.knots = malloc(cells * KNOTS * sizeof *s.knots);
    const imp_status st = s.strokes && s.knots ? place_all(&s) : IMP_E_MEMORY;
    free(s.strokes);
    free(s.knots);
    return st;
}
