/* texture_noise.c - kinds that are noise: noise, ridges, warp, cells, clouds. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

KIT_CLONES
static void noise_row(const struct tx *t, struct tx_row *row)
{
    float h[TX_SPAN], tone[TX_SPAN];
    const float f = 4, along = t->variant == 2 ? 0.25F : 1; /* 2: drawn out, like brushed metal */
    tx_fbm(t, 1, f / along, f * along, 7, row->x, row->y, h, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float v = t->variant == 3 ? nz_abs(h[i]) * 2 - 0.4F : h[i]; /* 3: folded, smoke */
        tone[i] = 0.5F + 0.85F * v;
        row->height[i] = 0.05F * t->scale * v;
        row->gloss[i] = 0.2F;
    }
    tx_colour(t, 0.5F, tone, row);
}
const struct tx_kind tx_noise = {
    .name = "noise",
    .stop = {0x1f2933, 0x46535f, 0x7b8791, 0xaab2b6, 0xd9dcd8, 0xf6f4ec},
    .ground = 0x20262c,
    .stops = 6,
    .gloss = 0.4F,
    .row = noise_row,
};

KIT_CLONES
static void ridges_row(const struct tx *t, struct tx_row *row)
{
    float wx[TX_SPAN], wy[TX_SPAN], h[TX_SPAN], tone[TX_SPAN];
    const float far = 0.10F * t->irregular * t->scale;
    tx_fbm(t, 1, 3, 3, 3, row->x, row->y, wx, row->n);
    tx_fbm(t, 2, 3, 3, 3, row->x, row->y, wy, row->n);
    for (size_t i = 0; i < row->n; i++)
        wx[i] = row->x[i] + far * wx[i], wy[i] = row->y[i] + far * wy[i];
    tx_ridges(t, 3, 3.5F, 3.5F, 7, wx, wy, h, row->n);
    for (size_t i = 0; i < row->n; i++) {
        tone[i] = h[i] * (0.25F + 0.9F * h[i]);
        row->height[i] = 0.09F * t->scale * h[i];
    }
    tx_colour(t, 0.5F, tone, row);
}
const struct tx_kind tx_ridges_kind = {
    .name = "ridges",
    .stop = {0x2b2a28, 0x57493c, 0x86745d, 0xaf9d80, 0xd5c8ad, 0xf4efe2},
    .ground = 0x20201e,
    .stops = 6,
    .row = ridges_row,
};

/* Noise of noise of noise (Quilez): folds as of poured paint. */
KIT_CLONES
static void warp_row(const struct tx *t, struct tx_row *row)
{
    float ax[TX_SPAN], ay[TX_SPAN], bx[TX_SPAN], by[TX_SPAN], h[TX_SPAN], tone[TX_SPAN];
    const float far = (0.15F + 0.5F * t->irregular) * t->scale;
    tx_fbm(t, 1, 1.6F, 1.6F, 4, row->x, row->y, ax, row->n);
    tx_fbm(t, 2, 1.6F, 1.6F, 4, row->x, row->y, ay, row->n);
    for (size_t i = 0; i < row->n; i++)
        ax[i] = row->x[i] + far * ax[i], ay[i] = row->y[i] + far * ay[i];
    tx_fbm(t, 3, 2.0F, 2.0F, 4, ax, ay, bx, row->n);
    tx_fbm(t, 4, 2.0F, 2.0F, 4, ax, ay, by, row->n);
    for (size_t i = 0; i < row->n; i++)
        ax[i] = row->x[i] + far * bx[i], ay[i] = row->y[i] + far * by[i];
    tx_fbm(t, 5, 2.2F, 2.2F, 6, ax, ay, h, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float bands = 0.5F + 0.5F * nz_sine(2.2F * h[i] + 0.4F * bx[i]);
        tone[i] = nz_clamp(0.6F * bands + 0.25F + 0.7F * by[i]);
        row->height[i] = 0.016F * t->scale * (bands + h[i]);
        row->gloss[i] = 0.75F;
    }
    tx_colour(t, 0.5F, tone, row);
}
const struct tx_kind tx_warp = {
    .name = "warp",
    .stop = {0x0f1e3a, 0x1f4b7a, 0x3c8fa5, 0xe8d9b5, 0xd9813f, 0x7a1f2b},
    .ground = 0x0f1e3a,
    .stops = 6,
    .gloss = 0.8F,
    .row = warp_row,
};

KIT_CLONES
static void cells_row(const struct tx *t, struct tx_row *row)
{
    float border[TX_SPAN], near[TX_SPAN], tone[TX_SPAN];
    uint32_t id[TX_SPAN];
    const struct nz_grid g = tx_grid(t, 1, 8, 8);
    nz_voronoi(g, 0.35F + 0.6F * t->irregular, row->x, row->y,
               &(struct nz_cells){.near = near, .border = border, .id = id}, row->n);
    const float edge = 0.01F + 0.07F * t->gap, soft = 1.2F * g.fx * t->px;
    for (size_t i = 0; i < row->n; i++) {
        const float base = t->variant == 2 ? 1 - near[i] : nz_unit(id[i]);
        tone[i] = 0.12F + 0.8F * base - 0.1F * near[i];
        const float dome = nz_min(border[i] * 3, 1);
        row->height[i] = 0.02F * t->scale * (2 * dome - dome * dome);
        row->gloss[i] = 0.7F;
    }
    tx_colour(t, 0.5F, tone, row);
    for (size_t i = 0; i < row->n; i++)
        tx_mix(row, i, t->palette.ground, nz_step(edge + soft, edge - soft, border[i]));
}
const struct tx_kind tx_cells = {
    .name = "cells",
    .stop = {0x123c4a, 0x1f6f78, 0x5aa89a, 0xd9d6a5, 0xe7a15e, 0xb8483e},
    .ground = 0x171b1e,
    .stops = 6,
    .gloss = 0.5F,
    .row = cells_row,
};

/* Density by noise; light by how much denser it is towards the sun. */
KIT_CLONES
static void clouds_row(const struct tx *t, struct tx_row *row)
{
    float wx[TX_SPAN], wy[TX_SPAN], d[TX_SPAN], sun[TX_SPAN], tone[TX_SPAN];
    const float far = 0.06F * t->scale, stretch = t->variant == 2 ? 3.0F : 1.35F;
    tx_fbm(t, 1, 3, 3, 4, row->x, row->y, wx, row->n);
    for (size_t i = 0; i < row->n; i++)
        wy[i] = row->y[i] + far * wx[i] * 0.6F, wx[i] = row->x[i] + far * wx[i];
    tx_fbm(t, 2, 1.9F, 1.9F * stretch, 8, wx, wy, d, row->n);
    for (size_t i = 0; i < row->n; i++)
        wy[i] -= 0.035F * t->scale, wx[i] -= 0.015F * t->scale;
    tx_fbm(t, 2, 1.9F, 1.9F * stretch, 5, wx, wy, sun, row->n);
    const float level = 0.30F - 0.55F * t->gap;
    for (size_t i = 0; i < row->n; i++) {
        const float thick = nz_clamp((d[i] + 0.25F + level - 0.5F * t->gap + 0.35F) * 1.5F);
        const float lit = nz_clamp(0.70F + 1.5F * (d[i] - sun[i]) - 0.38F * thick * thick);
        const float cover = nz_step(0.12F, 0.75F, thick);
        const float sky = 0.06F + 0.20F * row->y[i] / t->height * (t->tile ? 0 : 1);
        tone[i] = nz_lerp(sky, 0.46F + 0.54F * lit, cover);
    }
    tx_colour(t, 0.5F, tone, row);
}
const struct tx_kind tx_clouds = {
    .name = "clouds",
    .stop = {0x2f66ad, 0x5b92cc, 0x97b4cf, 0xb9c1c9, 0xe2e4e6, 0xffffff},
    .ground = 0x2f66ad,
    .stops = 6,
    .row = clouds_row,
};
