/* paint_draw.c - strokes onto the canvas, by tiles.
 *
 * A tile first finds, for each of its samples, the nearest place on the stroke's line (distance
 * over half the width, way from the beginning), so that a bend is painted once; then it lays the
 * paint. */
#include "painting.h"
#include <stdlib.h>
#include "swift.h"

enum { TILE = 64 };

struct sheet { /* all strokes, by the tiles that they touch */
    struct painting *p;
    uint32_t across, down;
    uint32_t *start; /* tile k draws list[start[k] .. start[k + 1]) */
    uint32_t *list;
};

struct near {                    /* of the samples of a tile */
    float distance[TILE * TILE]; /* squared, over half the width */
    float along[TILE * TILE];
    float half[TILE * TILE]; /* the half width there, negative on the line's left */
};

struct window {
    int32_t x0, y0, x1, y1; /* px of the canvas, x1 and y1 beyond */
};

static struct window common(struct window a, const float box[4])
{
    const struct window b = {sw_floor(sw_max(box[0], -1e6f)), sw_floor(sw_max(box[1], -1e6f)),
                             sw_floor(sw_min(box[2], 1e6f)) + 1,
                             sw_floor(sw_min(box[3], 1e6f)) + 1};
    return (struct window){a.x0 > b.x0 ? a.x0 : b.x0, a.y0 > b.y0 ? a.y0 : b.y0,
                           a.x1 < b.x1 ? a.x1 : b.x1, a.y1 < b.y1 ? a.y1 : b.y1};
}

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

static void find_near(struct near *n, struct window tile, struct window w, const struct stroke *s,
                      const struct knot *knots)
{
    for (int32_t y = w.y0; y < w.y1; y++)
        for (int32_t x = w.x0; x < w.x1; x++)
            n->distance[(y - tile.y0) * TILE + x - tile.x0] = 1e30f;
    const uint32_t pieces = s->count > 1 ? s->count - 1 : 1;
    for (uint32_t i = 0; i < pieces; i++) {
        const struct knot *a = knots + i, *b = s->count > 1 ? a + 1 : a;
        const float h = sw_max(a->half, b->half) + 1;
        const float box[4] = {sw_min(a->x, b->x) - h, sw_min(a->y, b->y) - h,
                              sw_max(a->x, b->x) + h, sw_max(a->y, b->y) + h};
        const struct window c = common(w, box);
        for (int32_t y = c.y0; y < c.y1 && c.x0 < c.x1; y++) {
            const int32_t k = (y - tile.y0) * TILE + c.x0 - tile.x0;
            near_piece(n->distance + k, n->along + k, n->half + k, c.x1 - c.x0, (float)c.x0 + 0.5f,
                       (float)y + 0.5f, a, b);
        }
    }
}

struct laying { /* a stroke while it is laid */
    const struct painting *p;
    const struct stroke *s;
    struct bristles bristles;
    float half, relief, press; /* press: 0..1, by stroke */
};

/* How much of the stroke covers a sample, and how high its paint stands. */
static float covered(const struct laying *l, float v, float s, float here, float paper,
                     float *height, float *streak)
{
    const struct manner *m = l->p->m;
    const float half = l->half, in = sw_clamp(v, -1, 1);
    const float away = fabsf(v) + m->wobble * (paper - 0.5f);
    const float bristle = brush_height(&l->bristles, in, s / half);
    const float fade = sw_max(m->soft * half, 1);
    float a = sw_unit((1 - away) * here / fade + (m->soft > 0 ? 0 : 0.5f));
    a = sw_min(a, 2 * here);
    if (m->round + m->ragged > 0) {
        const float bow = m->round * (1 - sqrtf(1 - in * in));
        const float head = (bow + m->ragged * brush_tip(l->p->brush, in, l->s->seed, 0)) * half;
        const float tail = (bow + m->ragged * brush_tip(l->p->brush, in, l->s->seed, 1)) * half;
        a *= sw_unit((s - head) / fade + 0.5f) * sw_unit((l->s->length - tail - s) / fade + 0.5f);
    }
    const float gone = m->dry * (s / sw_max(l->s->length, 1)); /* share of the paint used up */
    a *= 1 - m->bristle * (1 - sw_step(gone - 0.15f, gone + 0.15f, bristle));
    if (m->grain * l->p->wish.grain > 0) {
        const float press = 1.1f - m->grain * l->p->wish.grain * (0.75f + 0.5f * l->press);
        a *= sw_step(paper - 0.4f, paper + 0.3f, press);
    }
    const float rim = sw_step(0.55f, 0.92f, away);
    a *= 1 - m->wet * (1 - rim);
    *height = l->relief * (0.25f + 0.6f * bristle + 0.35f * rim * (1 - m->soft));
    *streak = m->streak * (bristle - 0.5f);
    return a * l->s->alpha;
}

static void lay(const struct laying *l, const struct near *n, struct window tile, struct window w)
{
    imp_image *canvas = l->p->canvas, *paint = l->p->paint;
    for (int32_t y = w.y0; y < w.y1; y++) {
        float *row[3], *high = imp_row_out(paint, 0, (uint32_t)y),
                       *cover = imp_row_out(paint, 1, (uint32_t)y);
        const float *paper = imp_row(paint, 2, (uint32_t)y);
        for (uint32_t c = 0; c < 3; c++)
            row[c] = imp_row_out(canvas, c, (uint32_t)y);
        for (int32_t x = w.x0; x < w.x1; x++) {
            const int32_t k = (y - tile.y0) * TILE + x - tile.x0;
            const float far = n->distance[k], half = fabsf(n->half[k]);
            if (far > 1e6f || (sqrtf(far) - 1) * half > 0.5f)
                continue;
            float height, streak;
            const float v = n->half[k] < 0 ? -sqrtf(far) : sqrtf(far);
            const float a = covered(l, v, n->along[k], half, paper[x], &height, &streak);
            for (uint32_t c = 0; c < 3; c++)
                row[c][x] = sw_mix(row[c][x], sw_unit(l->s->colour[c] * (1 + streak)), a);
            high[x] = sw_mix(high[x], 0.35f * high[x] + height, a);
            cover[x] = sw_mix(cover[x], 1, a);
        }
    }
}

static void draw_tile(void *user, uint32_t k) IMP_NX
{
    struct sheet *sheet = user;
    struct painting *p = sheet->p;
    struct near n;
    const int32_t x0 = (int32_t)(k % sheet->across) * TILE,
                  y0 = (int32_t)(k / sheet->across) * TILE;
    const int32_t w = (int32_t)p->canvas->width, h = (int32_t)p->canvas->height;
    const struct window tile = {x0, y0, x0 + TILE < w ? x0 + TILE : w,
                                y0 + TILE < h ? y0 + TILE : h};
    for (uint32_t i = sheet->start[k]; i < sheet->start[k + 1]; i++) {
        const struct stroke *s = &p->strokes.at[sheet->list[i]];
        const struct window part = common(tile, s->box);
        if (part.x0 >= part.x1 || part.y0 >= part.y1)
            continue;
        find_near(&n, tile, part, s, p->strokes.knots + s->first);
        const struct laying l = {.p = p,
                                 .s = s,
                                 .half = s->half,
                                 .bristles = brush_bristles(p->brush, s->half, s->seed),
                                 .relief = p->m->relief * s->half / p->unit,
                                 .press = (float)(s->seed >> 12 & 255) / 255};
        lay(&l, &n, tile, part);
    }
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
