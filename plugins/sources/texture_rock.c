/* texture_rock.c - polished and raw stone, concrete, rust: marble, granite, terrazzo, concrete,
 * rust. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

/* The row's places moved by noise. */
static void moved(const struct tx *t, uint32_t stream, float f, float far, const struct tx_row *row,
                  float *x, float *y)
{
    tx_fbm(t, stream, f, f, 4, row->x, row->y, x, row->n);
    tx_fbm(t, stream + 1, f, f, 4, row->x, row->y, y, row->n);
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] + far * t->scale * x[i], y[i] = row->y[i] + far * t->scale * y[i];
}

/* Veins are where a moved noise crosses zero: wide ones, and finer ones between. */
KIT_CLONES
static void marble_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], a[TX_SPAN], b[TX_SPAN], c[TX_SPAN], cloud[TX_SPAN], tone[TX_SPAN];
    moved(t, 1, 2.2F, 0.08F + 0.20F * t->irregular, row, x, y);
    tx_fbm(t, 3, 1.3F, 2.1F, 3, x, y, a, row->n);
    tx_fbm(t, 4, 3.5F, 4.4F, 4, x, y, b, row->n);
    tx_fbm(t, 5, 1.8F, 2.4F, 6, x, y, cloud, row->n);
    tx_fbm(t, 6, 2.5F, 2.5F, 3, row->x, row->y, c, row->n);
    const float width = 0.018F + 0.05F * t->gap;
    for (size_t i = 0; i < row->n; i++) {
        const float thin = nz_clamp(0.5F + 1.4F * c[i]);
        const float core = nz_decay(nz_abs(a[i]) / (width * (0.25F + thin)));
        const float halo = nz_decay(nz_abs(a[i]) / (width * 5));
        const float fine = nz_decay(nz_abs(b[i]) / (0.35F * width)) * nz_clamp(0.9F - 1.6F * c[i]);
        tone[i] = 0.86F + 0.34F * cloud[i] -
                  (0.62F * core + 0.22F * halo) * (0.35F + 0.65F * thin) -
                  0.34F * fine * (0.4F + t->wear);
        row->gloss[i] = 0.9F;
        row->height[i] = 0.0006F * cloud[i];
    }
    tx_colour(t, 0.8F, tone, row);
}
const struct tx_kind tx_marble = {
    .name = "marble",
    .stop = {0x3a3b3d, 0x77726b, 0xa8a49d, 0xd0ccc5, 0xe6e3de, 0xf4f3f0},
    .ground = 0x4a4a4a,
    .stops = 6,
    .gloss = 0.35F,
    .row = marble_row,
};

/* Crystals of three minerals in two sizes. */
KIT_CLONES
static void granite_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], tone[TX_SPAN], near[TX_SPAN], spread[TX_SPAN], fine[TX_SPAN];
    uint32_t big[TX_SPAN], small[TX_SPAN];
    moved(t, 1, 40, 0.012F + 0.012F * t->irregular, row, x, y);
    nz_voronoi(tx_grid(t, 3, 38, 38), 0.95F, x, y, &(struct nz_cells){.id = big}, row->n);
    nz_voronoi(tx_grid(t, 4, 80, 80), 0.95F, x, y, &(struct nz_cells){.id = small, .near = near},
               row->n);
    tx_fbm(t, 5, 9, 9, 3, row->x, row->y, spread, row->n);
    tx_fbm(t, 6, 90, 90, 3, row->x, row->y, fine, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float u = nz_unit(big[i]), v = nz_unit(small[i]);
        const float dark = 0.08F + 0.16F * t->gap + 0.35F * spread[i];
        const float cleave =
            0.10F * nz_sine(3 * (x[i] * nz_cosine(u) + y[i] * nz_sine(u)) * 38 / t->scale);
        float k = 0.60F + 0.16F * (v - 0.5F) + cleave * t->detail; /* feldspar */
        k = u > 0.50F ? 0.82F + 0.16F * v + 0.4F * cleave : k;     /* quartz */
        k = u > 0.82F ? 0.42F + 0.22F * v : k;
        k = v < dark ? 0.04F + 0.6F * v : k; /* mica */
        tone[i] = k + (0.05F + 0.15F * t->detail) * fine[i] + 0.10F * spread[i];
        row->gloss[i] = v < dark ? 1 : 0.55F;
        row->height[i] = t->variant == 2 ? 0.002F * (u + v + fine[i]) : 0.0002F * v; /* 2: rough */
    }
    tx_colour(t, 0.6F, tone, row);
}
const struct tx_kind tx_granite = {
    .name = "granite",
    .stop = {0x161516, 0x4d4a4a, 0x8c827c, 0xb49d90, 0xc8bcb2, 0xe6e2dc},
    .ground = 0x161516,
    .stops = 6,
    .gloss = 0.25F,
    .row = granite_row,
};

/* Chips of one size: Voronoi polygons, shrunk each by its own share; cover gets what they hide. */
static void chips(const struct tx *t, uint32_t stream, float f, float share, struct tx_row *row,
                  const float *x, const float *y, const float *cloud)
{
    float border[TX_SPAN], rgb[3];
    uint32_t id[TX_SPAN];
    const struct nz_grid g = tx_grid(t, stream, f, f);
    nz_voronoi(g, 0.7F + 0.3F * t->irregular, x, y, &(struct nz_cells){.border = border, .id = id},
               row->n);
    const float soft = 0.7F * g.fx * t->px;
    for (size_t i = 0; i < row->n; i++) {
        if (nz_part(id[i], 3) > share)
            continue;
        const float edge = 0.03F + 0.25F * nz_part(id[i], 4) * (0.4F + t->gap);
        const float in = nz_step(edge - soft, edge + soft, border[i]);
        if (in <= 0)
            continue;
        tx_colour_at(t, 0.5F, nz_part(id[i], 5) + 0.12F * cloud[i], rgb);
        tx_mix(row, i, rgb, in);
        row->gloss[i] = nz_lerp(row->gloss[i], 0.8F + 0.2F * nz_part(id[i], 6), in);
    }
}

KIT_CLONES
static void terrazzo_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], cloud[TX_SPAN], fine[TX_SPAN];
    moved(t, 1, 24, 0.012F * t->irregular, row, x, y);
    tx_fbm(t, 3, 30, 30, 5, row->x, row->y, cloud, row->n);
    tx_fbm(t, 4, 120, 120, 3, row->x, row->y, fine, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float shade = 1 + 0.09F * cloud[i] + 0.12F * t->detail * fine[i];
        row->r[i] = t->palette.ground[0] * shade;
        row->g[i] = t->palette.ground[1] * shade;
        row->b[i] = t->palette.ground[2] * shade;
        row->gloss[i] = 0.6F;
        row->height[i] = 0.0002F * fine[i] * t->wear;
    }
    chips(t, 5, 62, 0.55F, row, x, y, cloud);
    chips(t, 6, 26, 0.62F, row, x, y, cloud);
    if (t->variant != 2) /* 2: fine chips only */
        chips(t, 7, 9.5F, 0.60F, row, x, y, cloud);
}
const struct tx_kind tx_terrazzo = {
    .name = "terrazzo",
    .stop = {0x3e3f44, 0x8a5a44, 0xb98f6d, 0xc9b8a0, 0x8f9a92, 0xe9e4da},
    .ground = 0xd9d3c8,
    .stops = 6,
    .gloss = 0.3F,
    .row = terrazzo_row,
};

KIT_CLONES
static void concrete_row(const struct tx *t, struct tx_row *row)
{
    float stain[TX_SPAN], mid[TX_SPAN], grain[TX_SPAN], near[TX_SPAN], crack[TX_SPAN], x[TX_SPAN],
        y[TX_SPAN], tone[TX_SPAN];
    uint32_t id[TX_SPAN];
    moved(t, 1, 5, 0.10F, row, x, y);
    tx_fbm(t, 3, 2, 1.2F, 6, row->x, row->y, stain, row->n);
    tx_fbm(t, 4, 24, 24, 5, row->x, row->y, mid, row->n);
    tx_fbm(t, 5, 160, 160, 3, row->x, row->y, grain, row->n);
    tx_fbm(t, 6, 1.4F, 1.4F, 5, x, y, crack, row->n);
    nz_voronoi(tx_grid(t, 7, 34, 34), 1, row->x, row->y, &(struct nz_cells){.near = near, .id = id},
               row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float size = nz_part(id[i], 1) * nz_part(id[i], 1) * (0.1F + 0.3F * t->irregular);
        const float hole = nz_part(id[i], 2) < 0.5F ? nz_step(size, size * 0.5F, near[i]) : 0;
        const float line = t->gap > 0 ? nz_step(0.010F * t->gap, 0.002F, nz_abs(crack[i])) : 0;
        const float damp = nz_step(-0.05F, 0.25F, stain[i] + 0.2F * mid[i]) * t->wear;
        tone[i] = 0.58F + 0.25F * stain[i] + 0.18F * mid[i] + 0.22F * t->detail * grain[i] -
                  0.28F * damp - 0.45F * hole - 0.5F * line;
        row->height[i] =
            0.0016F * mid[i] + 0.0012F * t->detail * grain[i] - 0.006F * hole - 0.006F * line;
    }
    tx_colour(t, 0.55F, tone, row);
}
const struct tx_kind tx_concrete = {
    .name = "concrete",
    .stop = {0x35332f, 0x605d58, 0x8a8680, 0xa5a19a, 0xbcb8b0, 0xd6d2ca},
    .ground = 0x35332f,
    .stops = 6,
    .row = concrete_row,
};

/* Painted iron: paint flakes off where noise is low, rust eats in and runs down. */
KIT_CLONES
static void rust_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], eaten[TX_SPAN], fine[TX_SPAN], run[TX_SPAN], mid[TX_SPAN],
        tone[TX_SPAN], paint[3];
    moved(t, 1, 9, 0.03F, row, x, y);
    tx_fbm(t, 3, 2.6F, 2.6F, 7, x, y, eaten, row->n);
    tx_fbm(t, 4, 130, 130, 4, row->x, row->y, fine, row->n);
    tx_fbm(t, 5, 22, 1.3F, 4, row->x, row->y, run, row->n);
    tx_fbm(t, 6, 18, 18, 5, row->x, row->y, mid, row->n);
    tx_colour_at(t, 0.5F, 1, paint);
    const float level = 0.30F - 0.62F * t->wear;
    for (size_t i = 0; i < row->n; i++) {
        const float over = eaten[i] + 0.10F * mid[i] - level;
        tone[i] = nz_clamp(0.36F + 0.55F * mid[i] + 0.40F * t->detail * fine[i] + 0.25F * eaten[i]);
        tone[i] = nz_min(tone[i], 0.8F);
        row->height[i] = 0.005F * mid[i] + 0.0035F * t->detail * fine[i];
        eaten[i] = over;
    }
    tx_colour(t, 0.4F, tone, row);
    for (size_t i = 0; i < row->n; i++) {
        const float left = nz_step(0.01F, -0.015F, eaten[i]);
        const float streak = nz_clamp(nz_step(-0.32F, 0, eaten[i]) * (0.55F + 1.3F * run[i]));
        const float shade = 0.9F + 0.10F * mid[i];
        const float tint[3] = {paint[0] * shade * (1 - 0.25F * streak),
                               paint[1] * shade * (1 - 0.55F * streak),
                               paint[2] * shade * (1 - 0.75F * streak)};
        const float thick = nz_step(0.0F, -0.03F, eaten[i]), blister = nz_step(-0.10F, 0, eaten[i]);
        tx_mix(row, i, tint, left);
        row->height[i] =
            nz_lerp(row->height[i],
                    0.0045F * thick + 0.004F * blister * (1 + mid[i]) + 0.0008F * mid[i], left);
        row->gloss[i] = 0.5F * left;
    }
}
const struct tx_kind tx_rust = {
    .name = "rust",
    .stop = {0x1d120d, 0x47220f, 0x7c3812, 0xa9561d, 0xc9853f, 0x6d8f8e},
    .ground = 0x241813,
    .stops = 6,
    .gloss = 0.4F,
    .row = rust_row,
};
