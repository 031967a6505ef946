/* texture_marks.c - what hands do to paper and canvas: strokes, hatching. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

/* ---- strokes of thick paint along a slow field ---- */

static bool place_stroke(const struct tx *t, float x, float y, uint32_t hash, struct tx_item *m)
{
    const struct nz_grid flow = tx_grid(t, 21, 1.3F, 1.3F), hue = tx_grid(t, 22, 1.6F, 1.6F),
                         small = tx_grid(t, 23, 6, 6);
    const float turn = 0.9F * nz_at(flow, x, y) + 0.10F * t->irregular * (nz_part(hash, 4) - 0.5F) +
                       (t->variant == 2 ? nz_part(hash, 12) : 0); /* 2: every which way */
    m->size = t->scale * (0.09F + 0.09F * nz_part(hash, 3));
    m->a = t->scale * (0.012F + 0.010F * nz_part(hash, 5));
    m->turn_x = nz_cosine(turn), m->turn_y = nz_sine(turn);
    m->b = 0.12F * (nz_part(hash, 6) - 0.5F);
    m->c = 0.5F + 0.55F * nz_at(hue, x, y) + 0.22F * nz_at(small, x, y) +
           0.35F * t->irregular * (nz_part(hash, 8) - 0.5F);
    m->d = nz_part(hash, 9);
    const float ex = nz_abs(m->turn_x) * m->size * 0.5F + m->a * 1.4F +
                     0.3F * m->size * nz_abs(m->b) * 6,
                ey = nz_abs(m->turn_y) * m->size * 0.5F + m->a * 1.4F +
                     0.3F * m->size * nz_abs(m->b) * 6;
    m->left = -ex, m->right = ex, m->top = -ey, m->low = ey;
    return nz_part(hash, 10) > 0.3F * t->gap;
}

/* Painted over what is there: bristles plough the paint and push up rims. */
static void stroke_span(const struct tx *t, const struct tx_item *m, const struct tx_span *s)
{
    const struct nz_grid bristle = {1.2F, 6.5F, 0, 0, m->hash}, fine = {3, 19, 0, 0, m->hash + 1};
    const float dy = s->y - m->y, half = 0.5F * m->size;
    for (int i = 0; i < s->n; i++) {
        const float dx = s->x0 + (float)i * t->px - m->x;
        const float u = (dx * m->turn_x + dy * m->turn_y) / half;
        float v = (dy * m->turn_x - dx * m->turn_y) / m->a;
        v += m->b * 3 * (u * u - 0.3F) * half / m->a;
        if (u < -1.05F || u > 1.05F || v < -1.1F || v > 1.1F)
            continue;
        const float b = nz_at(bristle, u, v) + 0.5F * nz_at(fine, u, v);
        const float dry = nz_step(0.1F, 1, u) * (0.3F + 0.9F * t->wear); /* the brush runs dry */
        const float in =
            nz_min(1 - nz_abs(v) + 0.10F * b, (1 - nz_abs(u) + 0.12F * b) * half / m->a * 0.9F);
        const float cover = nz_clamp(in * m->a * t->pixels) *
                            nz_step(dry * 1.1F - 0.62F, dry * 1.1F - 0.35F, b + 0.35F);
        if (cover <= 0.01F)
            continue;
        float rgb[3];
        tx_colour_at(t, 0.5F, m->c + 0.09F * t->detail * b + 0.05F * v * (m->d - 0.5F), rgb);
        s->r[i] = nz_lerp(s->r[i], rgb[0], cover);
        s->g[i] = nz_lerp(s->g[i], rgb[1], cover);
        s->b[i] = nz_lerp(s->b[i], rgb[2], cover);
        const float rim = nz_decay(nz_max(in, 0) * 9) + 0.7F * nz_step(0.7F, 1, u);
        const float z = m->a * (0.10F + 0.13F * t->detail * b + 0.16F * rim * cover);
        s->height[i] = nz_lerp(s->height[i], 0.35F * s->height[i] + z, cover);
        s->gloss[i] = nz_lerp(s->gloss[i], 0.7F, cover);
    }
}

static void stamp_stroke(const struct tx *t, const struct tx_item *m, const struct tx_patch *patch)
{
    struct tx_span s;
    const float wide = m->a * 1.1F + nz_abs(m->b) * 2.4F * m->size * 0.5F;
    for (int y = patch->top; y < patch->low; y++) {
        const float dy = tx_row_y(t, patch->canvas, y) - m->y;
        float from = m->left, to = m->right;
        tx_within(m->turn_x, dy * m->turn_y, 0.53F * m->size, &from, &to);
        tx_within(-m->turn_y, dy * m->turn_x, wide, &from, &to);
        if (from < to && tx_span_of(t, patch->canvas, y, m->x + from, m->x + to, &s))
            stroke_span(t, m, &s);
    }
}

KIT_CLONES
static void canvas_row(const struct tx *t, struct tx_row *row)
{
    float mid[TX_SPAN], tone[TX_SPAN];
    const struct nz_grid g = tx_grid_whole(t, 1, 110, 110, 2, 2);
    tx_fbm(t, 2, 14, 14, 4, row->x, row->y, mid, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float a = nz_sine(row->x[i] * g.fx * 0.5F), b = nz_sine(row->y[i] * g.fy * 0.5F);
        row->height[i] = 0.0012F * (a * b + 0.4F * (nz_abs(a) + nz_abs(b)));
        tone[i] = 0.6F + 0.2F * mid[i];
    }
    tx_colour(t, 0.5F, tone, row);
}
static const struct tx_scatter strokes = {18, 18, 0.13F, 1.0F, 2, place_stroke};
const struct tx_kind tx_strokes = {
    .name = "strokes",
    .stop = {0x14213d, 0x24507a, 0x5b93a8, 0xe3d3a1, 0xe09b45, 0xb5432c},
    .ground = 0xcfc4ad,
    .stops = 6,
    .gloss = 0.35F,
    .row = canvas_row,
    .scatter = &strokes,
    .stamp = stamp_stroke,
};

/* ---- hatching: pen lines, more and crossed where it is to be dark ---- */

static bool place_line(const struct tx *t, float x, float y, uint32_t hash, struct tx_item *m)
{
    const struct nz_grid shade = tx_grid(t, 21, 1.7F, 1.7F), second = tx_grid(t, 22, 4, 4),
                         flow = tx_grid(t, 23, 1.1F, 1.1F);
    const float dark =
        0.48F + 0.85F * nz_at(shade, x, y) + 0.3F * nz_at(second, x, y) + 0.5F * (0.5F - t->gap);
    const float pick = nz_part(hash, 4);
    const float layer = pick < 0.45F ? 0 : pick < 0.75F ? 1 : 2;
    const float turn = 0.125F + (t->variant == 2 ? 0 : 0.22F * layer) +
                       (t->variant == 3 ? 0.30F * nz_at(flow, x, y) : 0) +
                       0.012F * t->irregular * (2 * nz_part(hash, 5) - 1);
    m->size = t->scale * (0.06F + 0.05F * nz_part(hash, 3));
    m->a = t->scale * (0.0011F + 0.0010F * nz_part(hash, 6) * t->wear);
    m->turn_x = nz_cosine(turn), m->turn_y = nz_sine(turn);
    m->b = 0.03F * (nz_part(hash, 7) - 0.5F) * (0.4F + t->irregular);
    m->c = 0.04F + 0.12F * nz_part(hash, 8), m->d = 0.10F;
    tx_blade_bounds(m);
    return dark > 0.22F + 0.26F * layer + 0.12F * (nz_part(hash, 9) - 0.5F);
}
static void stamp_line(const struct tx *t, const struct tx_item *m, const struct tx_patch *p)
{
    tx_blade_stamp(t, m, p,
                   &(struct tx_blade){.rise = 0.0002F, .round = 0.0F, .taper = 0.75F, .gloss = 0});
}
KIT_CLONES
static void paper_row(const struct tx *t, struct tx_row *row)
{
    float mid[TX_SPAN], fine[TX_SPAN], broad[TX_SPAN], tone[TX_SPAN];
    tx_fbm(t, 1, 60, 60, 4, row->x, row->y, mid, row->n);
    tx_fbm(t, 2, 260, 260, 2, row->x, row->y, fine, row->n);
    tx_fbm(t, 3, 1.5F, 1.5F, 4, row->x, row->y, broad, row->n);
    for (size_t i = 0; i < row->n; i++) {
        row->height[i] = 0.0006F * mid[i] + 0.0005F * t->detail * fine[i] - 0.002F;
        tone[i] = 0.93F + 0.03F * mid[i] + 0.03F * fine[i] - 0.22F * t->wear * nz_max(broad[i], 0);
    }
    tx_colour(t, 0.5F, tone, row);
    for (size_t i = 0; i < row->n; i++)
        tx_dim(row, i, 0.98F);
}
static const struct tx_scatter lines = {64, 64, 0.115F, 1.0F, 2, place_line};
const struct tx_kind tx_hatching = {
    .name = "hatching",
    .stop = {0x1b1a1e, 0x3a383c, 0x6d6a68, 0xa8a298, 0xe6dfd0, 0xf7f3e9},
    .ground = 0xf2ecdf,
    .stops = 6,
    .row = paper_row,
    .scatter = &lines,
    .stamp = stamp_line,
};
