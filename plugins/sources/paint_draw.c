/* paint_draw.c - strokes onto the canvas, by tiles.
 *
 * A tile first finds, for each of its samples, the nearest place on the stroke's line (distance
 * over half the width, way from the beginning), so that a bend is painted once; then it lays the
 * paint. The last stroke comes first: it goes below what is there, weighed with the share of the
 * ground that still shows, so that what is hidden costs nothing. */
#include "painting.h"
#include <stdlib.h>
#include "swift.h"

enum { TILE = 64 };
/* Less of the ground's colour, less of its height is not seen. */
static const float hidden = 1 / 160.0f, sunk = 0.04f;

struct sheet { /* all strokes, by the tiles that they touch */
    struct painting *p;
    uint32_t across, down;
    uint32_t *start; /* tile k draws list[start[k] .. start[k + 1]) */
    uint32_t *list;
};

struct window {
    int32_t x0, y0, x1, y1; /* px of the canvas, x1 and y1 beyond */
};

struct span { /* px of a row */
    int32_t from, to;
};

struct tile {
    struct window at;
    struct span bare[TILE]; /* where the ground of a row still shows */
    struct span near[TILE]; /* where the stroke at hand may be */
    /* of the samples: what is left of the ground's colour and height; what strokes add to it */
    float left[TILE * TILE], high_left[TILE * TILE], high[TILE * TILE], colour[3][TILE * TILE];
    /* the stroke's line: squared distance over half the width, way along it; half the width there,
     * negative on the line's left */
    float distance[TILE * TILE], along[TILE * TILE], half[TILE * TILE];
};

static struct window common(struct window a, const float box[4])
{
    const struct window b = {sw_floor(sw_max(box[0], -1e6f)), sw_floor(sw_max(box[1], -1e6f)),
                             sw_floor(sw_min(box[2], 1e6f)) + 1,
                             sw_floor(sw_min(box[3], 1e6f)) + 1};
    return (struct window){a.x0 > b.x0 ? a.x0 : b.x0, a.y0 > b.y0 ? a.y0 : b.y0,
                           a.x1 < b.x1 ? a.x1 : b.x1, a.y1 < b.y1 ? a.y1 : b.y1};
}

/* ---- the nearest place on the line ---- */

/* One straight piece of the line. d^2 = |p - a - t u|^2 over the half width there. */
KIT_CLONES
static void near_piece(float *restrict distance, float *restrict along, float *restrict side,
                       int32_t n, float px, float py, const struct knot *a, const struct knot *b)
{
    const float dx = b->x - a->x, dy = b->y - a->y, size = sqrtf(dx * dx + dy * dy);
    const float one = size > 1e-6f ? 1 / size : 0, ux = dx * one, uy = dy * one;
    const float grow = (b->half - a->half) * one, start = a->along, half = a->half;
    const float ry = py - a->y;
    for (int32_t i = 0; i < n; i++) {
        const float rx = px - a->x + (float)i;
        float t = rx * ux + ry * uy;
        t = t < 0 ? 0 : t > size ? size : t;
        const float ex = rx - t * ux, ey = ry - t * uy, h = half + grow * t;
        const float d = (ex * ex + ey * ey) / (h * h);
        const float cross = rx * uy - ry * ux;
        const int closer = d < distance[i];
        distance[i] = closer ? d : distance[i];
        along[i] = closer ? start + t : along[i];
        side[i] = closer ? (cross < 0 ? -h : h) : side[i];
    }
}

/* What piece i of a stroke can touch of a window. */
static struct window reach(struct window w, const struct stroke *s, const struct knot *a,
                           const struct knot **b)
{
    *b = s->count > 1 ? a + 1 : a;
    const float h = sw_max(a->half, (*b)->half) + 1;
    const float box[4] = {sw_min(a->x, (*b)->x) - h, sw_min(a->y, (*b)->y) - h,
                          sw_max(a->x, (*b)->x) + h, sw_max(a->y, (*b)->y) + h};
    return common(w, box);
}

/* The spans of rows that the stroke may touch and where ground shows; 0: none. */
static int find_spans(struct tile *t, struct window w, const struct stroke *s,
                      const struct knot *knots)
{
    const uint32_t pieces = s->count > 1 ? s->count - 1 : 1;
    const struct knot *b;
    int any = 0;
    for (int32_t y = w.y0; y < w.y1; y++)
        t->near[y - t->at.y0] = (struct span){w.x1, w.x0};
    for (uint32_t i = 0; i < pieces; i++) {
        const struct window c = reach(w, s, knots + i, &b);
        for (int32_t y = c.y0; y < c.y1 && c.x0 < c.x1; y++) {
            struct span *n = &t->near[y - t->at.y0];
            n->from = c.x0 < n->from ? c.x0 : n->from, n->to = c.x1 > n->to ? c.x1 : n->to;
        }
    }
    for (int32_t y = w.y0; y < w.y1; y++) {
        struct span *n = &t->near[y - t->at.y0];
        const struct span bare = t->bare[y - t->at.y0];
        n->from = bare.from > n->from ? bare.from : n->from;
        n->to = bare.to < n->to ? bare.to : n->to;
        any |= n->from < n->to;
    }
    return any;
}

static void find_near(struct tile *t, struct window w, const struct stroke *s,
                      const struct knot *knots)
{
    for (int32_t y = w.y0; y < w.y1; y++)
        for (int32_t x = t->near[y - t->at.y0].from; x < t->near[y - t->at.y0].to; x++)
            t->distance[(y - t->at.y0) * TILE + x - t->at.x0] = 1e30f;
    const uint32_t pieces = s->count > 1 ? s->count - 1 : 1;
    for (uint32_t i = 0; i < pieces; i++) {
        const struct knot *a = knots + i, *b;
        const struct window c = reach(w, s, a, &b);
        for (int32_t y = c.y0; y < c.y1; y++) {
            const struct span n = t->near[y - t->at.y0];
            const int32_t x0 = c.x0 > n.from ? c.x0 : n.from, x1 = c.x1 < n.to ? c.x1 : n.to;
            const int32_t k = (y - t->at.y0) * TILE + x0 - t->at.x0;
            if (x0 < x1)
                near_piece(t->distance + k, t->along + k, t->half + k, x1 - x0, (float)x0 + 0.5f,
                           (float)y + 0.5f, a, b);
        }
    }
}

/* ---- paint ---- */

struct laying { /* a stroke while it is laid */
    const struct painting *p;
    const struct stroke *s;
    struct bristles bristles;
    float half, relief, press; /* press: where the paper's heights begin to take paint */
};

enum { BATCH = 256 };
struct samples {              /* that the stroke touches */
    int32_t count, at[BATCH]; /* px of the tile */
    /* across -1..1, px along, half the width there; a: how much of the stroke covers the sample */
    float v[BATCH], along[BATCH], here[BATCH], paper[BATCH], bristle[BATCH], a[BATCH];
    float colour[3][BATCH], high[BATCH]; /* of the paint there */
};

KIT_CLONES
static void bristles_of(const struct laying *l, struct samples *restrict m)
{
    const struct bristles b = l->bristles;
    const float *at = b.at, half = l->half, most = (float)b.across - 1;
    const int32_t stride = (int32_t)b.across + 1;
    for (int32_t i = 0; i < m->count; i++) {
        const float in = sw_clamp(m->v[i], -1, 1);
        const float u = sw_clamp((in + 1) * 0.5f * (float)b.across - 0.5f, 0, most);
        const float v = m->along[i] / half * 7 + b.shift;
        const int32_t row = sw_floor(v), k = (int32_t)u;
        const int32_t p = (row & (BRISTLE_ROWS - 1)) * stride + k,
                      q = ((row + 1) & (BRISTLE_ROWS - 1)) * stride + k;
        const float t = u - (float)k, w = v - (float)row;
        m->bristle[i] = sw_mix(sw_mix(at[p], at[p + 1], t), sw_mix(at[q], at[q + 1], t), w);
    }
}

/* The body of the stroke, its rim and the paint that runs out. */
KIT_CLONES
static void cover(const struct laying *l, struct samples *restrict m)
{
    const struct manner *n = l->p->m;
    const float fade = sw_max(n->soft * l->half, 1), hard = n->soft > 0 ? 0 : 0.5f;
    const float wobble = n->wobble, bristle = n->bristle, wet = n->wet, alpha = l->s->alpha,
                spent = n->dry / sw_max(l->s->length, 1);
    for (int32_t i = 0; i < m->count; i++) {
        const float away = fabsf(m->v[i]) + wobble * (m->paper[i] - 0.5f), here = m->here[i];
        const float a = sw_min(sw_unit((1 - away) * here / fade + hard), 2 * here);
        const float gone = spent * m->along[i]; /* share of the paint used up */
        const float dry = 1 - bristle * (1 - sw_step(gone - 0.15f, gone + 0.15f, m->bristle[i]));
        m->a[i] = a * dry * (1 - wet * (1 - sw_step(0.55f, 0.92f, away))) * alpha;
    }
}

/* Both ends are cut out of the line. */
KIT_CLONES
static void cut_ends(const struct laying *l, struct samples *restrict m)
{
    const struct manner *n = l->p->m;
    const float half = l->half, fade = sw_max(n->soft * half, 1), length = l->s->length,
                round = n->round, ragged = n->ragged;
    const float *first = l->bristles.tip[0], *last = l->bristles.tip[1];
    for (int32_t i = 0; i < m->count; i++) {
        const float in = sw_clamp(m->v[i], -1, 1), bow = round * (1 - sqrtf(1 - in * in));
        const float u = sw_clamp((in + 1) * 0.5f * BRISTLE_TIP - 0.5f, 0, BRISTLE_TIP - 1);
        const int32_t k = (int32_t)u;
        const float t = u - (float)k;
        const float head = (bow + ragged * sw_mix(first[k], first[k + 1], t)) * half;
        const float tail = (bow + ragged * sw_mix(last[k], last[k + 1], t)) * half;
        m->a[i] *= sw_unit((m->along[i] - head) / fade + 0.5f) *
                   sw_unit((length - tail - m->along[i]) / fade + 0.5f);
    }
}

/* Dry paint stays on the paper's heights. */
KIT_CLONES
static void skip_pits(const struct laying *l, struct samples *restrict m)
{
    const float press = l->press;
    for (int32_t i = 0; i < m->count; i++)
        m->a[i] *= sw_step(m->paper[i] - 0.4f, m->paper[i] + 0.3f, press);
}

static inline int is_hidden(const struct tile *t, int32_t k)
{
    return t->left[k] < hidden && t->high_left[k] < sunk;
}

/* Colour and height of the paint. */
KIT_CLONES
static void colours_of(const struct laying *l, struct samples *restrict m)
{
    const struct manner *n = l->p->m;
    const float wobble = n->wobble, streaks = n->streak, relief = l->relief,
                edge = 0.35f * (1 - n->soft);
    const float red = l->s->colour[0], green = l->s->colour[1], blue = l->s->colour[2];
    /* two paints, one warmer, not quite mixed on the brush */
    const float unmixed =
        n->relief > 0 ? 0.9f * streaks * ((float)(l->s->seed >> 20 & 255) / 127.5f - 1) : 0;
    for (int32_t i = 0; i < m->count; i++) {
        const float away = fabsf(m->v[i]) + wobble * (m->paper[i] - 0.5f),
                    rim = sw_step(0.55f, 0.92f, away);
        const float streak = 1 + streaks * (m->bristle[i] - 0.5f);
        const float warm = unmixed * (0.35f * m->v[i] + m->bristle[i] - 0.5f);
        m->colour[0][i] = sw_unit(red * streak * (1 + warm));
        m->colour[1][i] = sw_unit(green * streak);
        m->colour[2][i] = sw_unit(blue * streak * (1 - 1.2f * warm));
        m->high[i] = relief * (0.25f + 0.6f * m->bristle[i] + edge * rim);
    }
}

/* Samples go below what is there: over(new below old) = old + left * a * colour. */
static void lay(const struct laying *l, struct tile *t, struct samples *m)
{
    const struct manner *n = l->p->m;
    bristles_of(l, m);
    cover(l, m);
    if (n->round + n->ragged > 0)
        cut_ends(l, m);
    if (n->grain * l->p->wish.grain > 0)
        skip_pits(l, m);
    colours_of(l, m);
    for (int32_t i = 0; i < m->count; i++) {
        const int32_t k = m->at[i];
        const float a = m->a[i], part = t->left[k] * a;
        for (uint32_t c = 0; c < 3; c++)
            t->colour[c][k] += part * m->colour[c][i];
        t->high[k] += t->high_left[k] * a * m->high[i];
        t->high_left[k] *= 1 - 0.65f * a; /* 0.35 of what lies below shows in the relief */
        t->left[k] -= part;
    }
    m->count = 0;
}

/* Samples of a row that lie on the stroke, where ground shows and the paper takes paint. */
static void gather(const struct tile *t, int32_t row, const float *paper, float deepest,
                   struct samples *m)
{
    for (int32_t x = t->near[row].from; x < t->near[row].to; x++) {
        const int32_t k = row * TILE + x - t->at.x0;
        const float far = t->distance[k], half = fabsf(t->half[k]);
        if (far > 1e6f || is_hidden(t, k) || paper[x] >= deepest)
            continue;
        const float v = sqrtf(far);
        if ((v - 1) * half > 0.5f)
            continue;
        m->at[m->count] = k, m->paper[m->count] = paper[x];
        m->v[m->count] = t->half[k] < 0 ? -v : v;
        m->along[m->count] = t->along[k], m->here[m->count++] = half;
    }
}

/* Both ends of a row's bare span move inwards over what is hidden. */
static void shorten(struct tile *t, int32_t row)
{
    struct span *bare = &t->bare[row];
    const int32_t k = row * TILE - t->at.x0;
    while (bare->from < bare->to && is_hidden(t, k + bare->from))
        bare->from++;
    while (bare->from < bare->to && is_hidden(t, k + bare->to - 1))
        bare->to--;
}

static void draw_stroke(struct tile *t, struct window w, const struct laying *l)
{
    const float deepest = l->p->m->grain * l->p->wish.grain > 0 ? l->press + 0.4f : 2;
    struct samples m;
    m.count = 0;
    for (int32_t y = w.y0; y < w.y1; y++) {
        gather(t, y - t->at.y0, imp_row(l->p->paint, 2, (uint32_t)y), deepest, &m);
        if (m.count > BATCH - TILE)
            lay(l, t, &m);
    }
    if (m.count)
        lay(l, t, &m);
    for (int32_t y = w.y0; y < w.y1; y++)
        shorten(t, y - t->at.y0);
}

static void begin(struct tile *t, int relief)
{
    for (int32_t k = 0; k < TILE * TILE; k++)
        t->left[k] = 1, t->high_left[k] = relief ? 1 : 0;
    memset(t->high, 0, sizeof t->high);
    memset(t->colour, 0, sizeof t->colour);
    for (int32_t y = 0; y < TILE; y++)
        t->bare[y] = (struct span){t->at.x0, t->at.x1};
}

/* Over the ground. */
static void end(const struct tile *t, struct painting *p)
{
    for (int32_t y = t->at.y0; y < t->at.y1; y++) {
        float *high = imp_row_out(p->paint, 0, (uint32_t)y),
              *covered = imp_row_out(p->paint, 1, (uint32_t)y);
        const int32_t k = (y - t->at.y0) * TILE - t->at.x0;
        for (uint32_t c = 0; c < 3; c++) {
            float *row = imp_row_out(p->canvas, c, (uint32_t)y);
            for (int32_t x = t->at.x0; x < t->at.x1; x++)
                row[x] = sw_unit(t->left[k + x] * row[x] + t->colour[c][k + x]);
        }
        for (int32_t x = t->at.x0; x < t->at.x1; x++) {
            high[x] = t->high[k + x] + t->high_left[k + x] * high[x];
            covered[x] = 1 - t->left[k + x] * (1 - covered[x]);
        }
    }
}

static void draw_tile(void *user, uint32_t k) IMP_NX
{
    struct sheet *sheet = user;
    struct painting *p = sheet->p;
    struct tile t;
    const int32_t x0 = (int32_t)(k % sheet->across) * TILE,
                  y0 = (int32_t)(k / sheet->across) * TILE;
    const int32_t w = (int32_t)p->canvas->width, h = (int32_t)p->canvas->height;
    t.at = (struct window){x0, y0, x0 + TILE < w ? x0 + TILE : w, y0 + TILE < h ? y0 + TILE : h};
    begin(&t, p->m->relief > 0);
    for (uint32_t i = sheet->start[k + 1]; i-- > sheet->start[k];) {
        const struct stroke *s = &p->strokes.at[sheet->list[i]];
        const struct knot *knots = p->strokes.knots + s->first;
        const struct window part = common(t.at, s->box);
        if (part.x0 >= part.x1 || part.y0 >= part.y1 || !find_spans(&t, part, s, knots))
            continue;
        find_near(&t, part, s, knots);
        const float press = (float)(s->seed >> 12 & 255) / 255, grain = p->m->grain * p->wish.grain;
        const struct laying l = {.p = p,
                                 .s = s,
                                 .half = s->half,
                                 .bristles = brush_bristles(p->brush, s->half, s->seed),
                                 .relief = p->m->relief * s->half / p->unit,
                                 .press = 1.1f - grain * (0.75f + 0.5f * press)};
        draw_stroke(&t, part, &l);
    }
    end(&t, p);
}

/* Tiles that a stroke's box touches. */
static struct window tiles_of(const struct sheet *sheet, const struct stroke *s)
{
    const struct window all = {0, 0, (int32_t)sheet->p->canvas->width,
                               (int32_t)sheet->p->canvas->height};
    const struct window w = common(all, s->box);
    if (w.x0 >= w.x1 || w.y0 >= w.y1)
        return (struct window){0, 0, 0, 0};
    return (struct window){w.x0 / TILE, w.y0 / TILE, (w.x1 - 1) / TILE + 1, (w.y1 - 1) / TILE + 1};
}

static imp_status sort_out(struct sheet *sheet)
{
    const struct strokes *all = &sheet->p->strokes;
    const size_t tiles = (size_t)sheet->across * sheet->down;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct window w = tiles_of(sheet, &all->at[i]);
        for (int32_t y = w.y0; y < w.y1; y++)
            for (int32_t x = w.x0; x < w.x1; x++)
                sheet->start[(size_t)y * sheet->across + (size_t)x + 2]++;
    }
    for (size_t k = 2; k < tiles + 2; k++)
        sheet->start[k] += sheet->start[k - 1];
    sheet->list = malloc(((size_t)sheet->start[tiles + 1] + 1) * sizeof *sheet->list);
    if (!sheet->list)
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < all->count; i++) {
        const struct window w = tiles_of(sheet, &all->at[i]);
        for (int32_t y = w.y0; y < w.y1; y++)
            for (int32_t x = w.x0; x < w.x1; x++)
                sheet->list[sheet->start[(size_t)y * sheet->across + (size_t)x + 1]++] = i;
    }
    return IMP_OK;
}

imp_status paint_draw(struct painting *p)
{
    struct sheet sheet = {.p = p,
                          .across = (p->canvas->width + TILE - 1) / TILE,
                          .down = (p->canvas->height + TILE - 1) / TILE};
    const size_t tiles = (size_t)sheet.across * sheet.down;
    sheet.start = calloc(tiles + 2, sizeof *sheet.start);
    imp_status st = sheet.start ? sort_out(&sheet) : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = kit_parallel(p->job, (uint32_t)tiles, draw_tile, &sheet);
    free(sheet.start);
    free(sheet.list);
    p->strokes.count = p->strokes.knot_count = 0;
    return st;
}
