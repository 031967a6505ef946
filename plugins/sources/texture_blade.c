/* texture_blade.c - a blade as short straight pieces; a row of it is where the pieces' lines are
 * near. Heights decide what is in front. */
#include "texture.h"
#include <math.h>
#include <impasto/kit.h>

enum { PIECES = 5 };

struct piece {
    float x, y, ux, uy, length, width, next_width, z, next_z;
    float rgb[3], next_rgb[3];
};

static void follow(const struct tx_item *m, const struct tx_blade *b, struct piece out[PIECES])
{
    float x = m->x, y = m->y, ux = m->turn_x, uy = m->turn_y;
    const float s = nz_sine(m->b / PIECES), c = nz_cosine(m->b / PIECES);
    for (int k = 0; k < PIECES; k++) {
        const float from = (float)k / PIECES, to = (float)(k + 1) / PIECES;
        const float w0 = m->a * (1 - b->taper * from * from), w1 = m->a * (1 - b->taper * to * to);
        out[k] = (struct piece){.x = x,
                                .y = y,
                                .ux = ux,
                                .uy = uy,
                                .length = m->size / PIECES,
                                .width = w0,
                                .next_width = w1,
                                .z = m->z + b->rise * from,
                                .next_z = m->z + b->rise * to};
        x += ux * m->size / PIECES, y += uy * m->size / PIECES;
        const float was = ux;
        ux = ux * c - uy * s, uy = was * s + uy * c;
    }
}

void tx_blade_bounds(struct tx_item *m)
{
    struct piece p[PIECES];
    const struct tx_blade straight = {.rise = 0};
    follow(m, &straight, p);
    m->left = m->right = m->top = m->low = 0;
    for (int k = 0; k < PIECES; k++) {
        const float ex = p[k].x + p[k].ux * p[k].length - m->x,
                    ey = p[k].y + p[k].uy * p[k].length - m->y;
        m->left = nz_min(m->left, ex), m->right = nz_max(m->right, ex);
        m->top = nz_min(m->top, ey), m->low = nz_max(m->low, ey);
    }
    m->left -= m->a, m->right += m->a, m->top -= m->a, m->low += m->a;
}

struct pen { /* a piece on a row */
    const struct piece *p;
    float dy, per_length;
};

static inline void put(const struct tx *t, struct pen n, const struct tx_blade *b,
                       const struct tx_span *s, int i)
{
    const struct piece *p = n.p;
    const float dx = s->x0 + (float)i * t->px - p->x;
    const float side = dx * p->uy - n.dy * p->ux, f = (dx * p->ux + n.dy * p->uy) * n.per_length;
    if (f < -0.1F || f > 1.1F)
        return;
    const float half = nz_max(nz_lerp(p->width, p->next_width, f), 0.02F * t->px);
    const float off = nz_abs(side),
                cover = nz_clamp((half - off) * t->pixels + 0.5F) * nz_min(1, 2 * half * t->pixels);
    const float across = nz_min(off / half, 1);
    const float z = nz_lerp(p->z, p->next_z, f) + b->round * half * (1 - across * across);
    if (cover < 0.02F || z < s->height[i])
        return;
    s->r[i] = nz_lerp(s->r[i], nz_lerp(p->rgb[0], p->next_rgb[0], f), cover);
    s->g[i] = nz_lerp(s->g[i], nz_lerp(p->rgb[1], p->next_rgb[1], f), cover);
    s->b[i] = nz_lerp(s->b[i], nz_lerp(p->rgb[2], p->next_rgb[2], f), cover);
    s->height[i] = nz_lerp(s->height[i], z, cover);
    s->gloss[i] = nz_lerp(s->gloss[i], b->gloss, cover);
}

/* The piece's line crosses row y at one place; a flat one is near it all along its length. */
static void stamp_piece(const struct tx *t, const struct piece *p, const struct tx_blade *b,
                        const struct tx_patch *patch)
{
    const float wide = p->width + t->px, ex = p->x + p->ux * p->length,
                ey = p->y + p->uy * p->length;
    const float above = nz_min(p->y, ey) - wide, below = nz_max(p->y, ey) + wide;
    const float left = nz_min(p->x, ex) - wide, right = nz_max(p->x, ex) + wide;
    const bool flat = nz_abs(p->uy) < 0.05F;
    const float slope = flat ? 0 : p->ux / p->uy, reach = flat ? 2 : wide / nz_abs(p->uy);
    struct tx_span s;
    for (int y = patch->top; y < patch->low; y++) {
        const float at = tx_row_y(t, patch->canvas, y), dy = at - p->y;
        if (at < above || at > below)
            continue;
        const float middle = p->x + dy * slope;
        const float from = nz_max(left, middle - reach), to = nz_min(right, middle + reach);
        if (!tx_span_of(t, patch->canvas, y, from, to, &s))
            continue;
        const struct pen n = {p, dy, 1 / p->length};
        for (int i = 0; i < s.n; i++)
            put(t, n, b, &s, i);
    }
}

void tx_blade_stamp(const struct tx *t, const struct tx_item *m, const struct tx_patch *patch,
                    const struct tx_blade *b)
{
    struct piece all[PIECES];
    follow(m, b, all);
    for (int k = 0; k < PIECES; k++) {
        struct piece *p = &all[k];
        tx_colour_at(t, 0.5F, m->c + m->d * (float)k / PIECES, p->rgb);
        tx_colour_at(t, 0.5F, m->c + m->d * (float)(k + 1) / PIECES, p->next_rgb);
        stamp_piece(t, p, b, patch);
    }
}
