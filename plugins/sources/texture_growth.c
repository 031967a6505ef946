/* texture_growth.c - what grows: grass, fur, leaves. Things stamped in layers. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

/* ---- grass: blades from above and a little aslant; those behind first ---- */

static bool place_grass(const struct tx *t, float x, float y, uint32_t hash, struct tx_item *m)
{
    const float patch = nz_at(tx_grid(t, 31, 2.5F, 2.5F), x, y);
    const float turn =
        (t->variant == 2 ? nz_part(hash, 4)
                         : -0.25F + (0.05F + 0.42F * t->irregular) * (2 * nz_part(hash, 4) - 1) +
                               0.10F * patch);
    m->size = t->scale * (0.055F + 0.060F * nz_part(hash, 3)) * (t->variant == 3 ? 0.5F : 1);
    m->a = t->scale * (0.0020F + 0.0018F * nz_part(hash, 5));
    m->turn_x = nz_cosine(turn), m->turn_y = nz_sine(turn);
    m->b = 0.28F * (nz_part(hash, 6) - 0.5F) * (0.4F + t->irregular);
    const bool dry = nz_part(hash, 7) < 0.22F * t->wear;
    m->c = dry ? 0.86F + 0.1F * nz_part(hash, 8) : 0.16F + 0.34F * nz_part(hash, 8) + 0.12F * patch;
    m->d = dry ? 0.05F : 0.16F + 0.16F * nz_part(hash, 9);
    m->z = t->scale * 0.012F * nz_part(hash, 11);
    tx_blade_bounds(m);
    return nz_part(hash, 10) > 0.75F * t->gap * (0.5F - patch);
}
static void stamp_grass(const struct tx *t, const struct tx_item *m, const struct tx_patch *p)
{
    tx_blade_stamp(t, m, p,
                   &(struct tx_blade){
                       .rise = 0.030F * t->scale, .round = 1.0F, .taper = 0.95F, .gloss = 0.35F});
}
KIT_CLONES
static void soil_row(const struct tx *t, struct tx_row *row)
{
    float mid[TX_SPAN], fine[TX_SPAN];
    tx_fbm(t, 1, 12, 12, 5, row->x, row->y, mid, row->n);
    tx_fbm(t, 2, 150, 150, 3, row->x, row->y, fine, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float shade = nz_max(0.8F + 0.7F * mid[i] + 0.5F * fine[i], 0.1F);
        row->height[i] = t->scale * 0.004F * mid[i] + 0.001F * fine[i] - 0.004F * t->scale;
        row->r[i] = shade * t->palette.ground[0];
        row->g[i] = shade * t->palette.ground[1];
        row->b[i] = shade * t->palette.ground[2];
    }
}
static const struct tx_scatter blades = {56, 56, 0.12F, 1.0F, 2, place_grass};
const struct tx_kind tx_grass = {
    .name = "grass",
    .stop = {0x0f1f08, 0x244312, 0x3f6a1c, 0x64902c, 0x93b04a, 0xcdbb7c},
    .ground = 0x1c1a10,
    .stops = 6,
    .gloss = 0.25F,
    .row = soil_row,
    .scatter = &blades,
    .stamp = stamp_grass,
};

/* ---- fur: hairs in the direction of a slow field, locks of them together ---- */

static bool place_hair(const struct tx *t, float x, float y, uint32_t hash, struct tx_item *m)
{
    const struct nz_grid flow = tx_grid(t, 21, 1.6F, 1.6F), lock = tx_grid(t, 22, 11, 11),
                         pattern = tx_grid(t, 23, 3.2F, 3.2F);
    const float turn = 0.25F + 0.16F * nz_at(flow, x, y) +
                       0.10F * t->irregular * nz_at(lock, x, y) +
                       0.05F * t->irregular * (nz_part(hash, 4) - 0.5F);
    m->size = t->scale * (0.075F + 0.05F * nz_part(hash, 3)) * (t->variant == 3 ? 0.5F : 1);
    m->a = t->scale * (0.0013F + 0.0014F * nz_part(hash, 5));
    m->turn_x = nz_cosine(turn), m->turn_y = nz_sine(turn);
    m->b = 0.14F * (nz_part(hash, 6) - 0.5F) * (0.3F + t->irregular) + 0.10F * nz_at(lock, x, y);
    const float p = nz_at(pattern, x, y);
    const float mark =
        t->variant == 2
            ? 0.55F * nz_step(0.05F, 0.2F, nz_sine(2.2F * p + 2 * y / t->scale * (t->tile ? 0 : 1)))
            : 0.35F * p; /* 2: striped */
    m->c = 0.30F + 0.22F * (nz_part(hash, 8) - 0.5F) + mark + 0.12F * nz_at(lock, x, y);
    m->d = 0.10F + 0.30F * nz_part(hash, 9);
    m->z = t->scale * (0.010F * nz_part(hash, 11) + 0.006F * nz_at(lock, x, y));
    tx_blade_bounds(m);
    return true;
}
static void stamp_hair(const struct tx *t, const struct tx_item *m, const struct tx_patch *p)
{
    tx_blade_stamp(
        t, m, p,
        &(struct tx_blade){.rise = 0.012F * t->scale, .round = 1.3F, .taper = 0.9F, .gloss = 0.5F});
}
static const struct tx_scatter hairs = {60, 60, 0.13F, 1.0F, 2, place_hair};
const struct tx_kind tx_fur = {
    .name = "fur",
    .stop = {0x1c120b, 0x4a2f1b, 0x7d5330, 0xa97b4c, 0xcfa877, 0xefdcb8},
    .ground = 0x1a110b,
    .stops = 6,
    .gloss = 0.3F,
    .row = soil_row,
    .scatter = &hairs,
    .stamp = stamp_hair,
};

/* ---- leaves on the ground ---- */

static bool place_leaf(const struct tx *t, float x, float y, uint32_t hash, struct tx_item *m)
{
    const float turn = nz_part(hash, 4);
    (void)x, (void)y;
    m->size = t->scale * (0.070F + 0.055F * nz_part(hash, 3) * (0.3F + t->irregular));
    m->turn_x = nz_cosine(turn), m->turn_y = nz_sine(turn);
    m->a = 0.34F + 0.22F * nz_part(hash, 5);  /* half width over half length */
    m->b = nz_part(hash, 6);                  /* tone */
    m->c = 0.5F * (nz_part(hash, 7) - 0.5F);  /* curl across */
    m->d = 0.10F * (nz_part(hash, 8) - 0.5F); /* bent midrib */
    m->z = t->scale * 0.030F * nz_part(hash, 9);
    m->left = m->top = -m->size, m->right = m->low = m->size;
    return nz_part(hash, 10) > 0.5F * t->gap;
}
struct leaf_point {
    float u, v, side, half, in; /* along -1..1, across; to the midrib, to the outline and inwards */
};

static inline struct leaf_point leaf_point(const struct tx_item *m, float lobes, float teeth,
                                           float dx, float dy)
{
    struct leaf_point p = {.u = dx * m->turn_x + dy * m->turn_y};
    p.v = dy * m->turn_x - dx * m->turn_y + m->d * (1 - p.u * p.u) * 2;
    p.side = nz_abs(p.v);
    const float saw = nz_sine((p.u + 0.3F * p.side) * teeth);
    const float half = m->a * (1 - p.u * p.u) * (1 - 0.35F * p.u);
    p.half = half > 0 ? half * (1 + lobes * saw) : -1;
    const bool stalk = p.u < -0.72F && p.u > -1 && p.side < 0.022F;
    p.in = stalk ? 0.02F : p.half - p.side;
    return p;
}

/* Tone and darkness of a point; across: 0 midrib, 1 outline. */
static inline float leaf_tone(const struct tx *t, const struct tx_item *m,
                              const struct leaf_point *p, float across, float way, float *dark)
{
    const float blotch = nz_at((struct nz_grid){3, 3, 0, 0, m->hash}, p->u, p->v),
                fine = nz_at((struct nz_grid){16, 16, 0, 0, m->hash + 1}, p->u, p->v);
    const float dry = nz_step(0.10F, 0.55F, blotch + 0.2F * fine + 0.5F * across - 0.3F) * t->wear;
    const float rib = nz_decay(p->side * 60),
                vein = nz_decay(nz_abs(way - nz_floor(way) - 0.5F) * 26) * (1 - across * 0.6F);
    *dark = (0.78F + 0.22F * nz_clamp(p->in * 16)) * (1 - 0.25F * dry);
    return 0.52F + 0.85F * (m->b - 0.5F) + 0.22F * blotch + 0.12F * t->detail * fine + 0.16F * rib +
           0.07F * vein - 0.35F * dry;
}

static void leaf_span(const struct tx *t, const struct tx_item *m, const struct tx_span *s)
{
    const float inverse = 1 / m->size, dy = (s->y - m->y) * inverse;
    const float lobes = t->variant == 2 ? 0.22F : 0.025F, teeth = t->variant == 2 ? 2.2F : 9.0F;
    for (int i = 0; i < s->n; i++) {
        const struct leaf_point p =
            leaf_point(m, lobes, teeth, (s->x0 + (float)i * t->px - m->x) * inverse, dy);
        if (p.in <= 0 || m->z + 0.16F * m->size <= s->height[i])
            continue;
        const float across = p.side / (nz_max(p.half, 0) + 1e-3F),
                    way = (p.u + 0.9F * p.side) * 5.5F;
        const float z = m->z + m->size * (0.8F * m->c * p.v * p.u +
                                          0.40F * nz_abs(m->c) * nz_min(across * across, 1) * m->a +
                                          0.010F * nz_sine(way) * (1 - across) +
                                          0.02F * nz_decay(p.side * 60) - 0.05F * p.u * p.u);
        if (z <= s->height[i])
            continue;
        float rgb[3], dark;
        tx_colour_at(t, 0.5F, leaf_tone(t, m, &p, nz_min(across, 1), way, &dark), rgb);
        const float cover = nz_clamp(p.in * m->size * t->pixels);
        s->r[i] = nz_lerp(s->r[i], rgb[0] * dark, cover);
        s->g[i] = nz_lerp(s->g[i], rgb[1] * dark, cover);
        s->b[i] = nz_lerp(s->b[i], rgb[2] * dark, cover);
        s->height[i] = z;
        s->gloss[i] = 0.4F;
    }
}
static void stamp_leaf(const struct tx *t, const struct tx_item *m, const struct tx_patch *patch)
{
    struct tx_span s;
    for (int y = patch->top; y < patch->low; y++) {
        const float dy = tx_row_y(t, patch->canvas, y) - m->y,
                    wide = (1.4F * m->a + 0.1F) * m->size;
        float from = -m->size, to = m->size;
        tx_within(m->turn_x, dy * m->turn_y, m->size, &from, &to);
        tx_within(-m->turn_y, dy * m->turn_x, wide, &from, &to);
        if (from < to && tx_span_of(t, patch->canvas, y, m->x + from, m->x + to, &s))
            leaf_span(t, m, &s);
    }
}
static const struct tx_scatter foliage = {9.5F, 9.5F, 0.13F, 1.0F, 3, place_leaf};
const struct tx_kind tx_leaves = {
    .name = "leaves",
    .stop = {0x341b0e, 0x6e3213, 0xa14d17, 0xc5791f, 0xd8a63a, 0x9aa23c},
    .ground = 0x1e170e,
    .stops = 6,
    .gloss = 0.25F,
    .row = soil_row,
    .scatter = &foliage,
    .stamp = stamp_leaf,
};
