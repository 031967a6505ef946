/* texture_water.c - water: 1 open, from above under the sky; 2 a pool with nets of light on its
 * tiles; 3 calm, with rings of drops. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

/* Waves of two sizes drawn out across the wind, sharp at the crest, foam on the highest. */
KIT_CLONES
static void open_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], a[TX_SPAN], b[TX_SPAN], c[TX_SPAN], d[TX_SPAN], tone[TX_SPAN],
        froth[TX_SPAN];
    tx_fbm(t, 1, 3, 4, 3, row->x, row->y, x, row->n);
    tx_fbm(t, 2, 3, 4, 3, row->x, row->y, y, row->n);
    const float bend = (0.02F + 0.06F * t->irregular) * t->scale;
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] + bend * x[i], y[i] = row->y[i] + bend * y[i];
    tx_fbm(t, 3, 3.0F, 6, 2, x, y, a, row->n);
    tx_fbm(t, 4, 8, 15, 3, x, y, b, row->n);
    tx_fbm(t, 5, 26, 44, 4, x, y, c, row->n);
    tx_fbm(t, 6, 1.3F, 1.3F, 3, row->x, row->y, d, row->n);
    tx_fbm(t, 7, 60, 70, 4, x, y, froth, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float crest = 1 - nz_abs(a[i]) * 1.7F, small = 1 - nz_abs(b[i]) * 1.9F;
        const float h = 0.50F * crest + 0.26F * small + 0.16F * t->detail * c[i] + 0.35F * d[i];
        const float high = nz_step(0.56F, 0.82F, h + 0.10F * froth[i] + 0.5F * (t->wear - 0.5F));
        const float foam = high * nz_step(-0.15F, 0.35F, froth[i] + 0.5F * high - 0.25F);
        row->height[i] = 0.0125F * t->scale * h + 0.0012F * t->scale * foam * (1 + froth[i]);
        tone[i] = 0.30F + 0.34F * (h - 0.45F) + 0.10F * d[i] + 0.05F * c[i] + 0.55F * foam;
        row->gloss[i] = 0.75F * (1 - foam);
    }
    tx_colour(t, 0.4F, tone, row);
}

/* Light gathers where the surface, a lens, bends it together: thin bright lines that meet. */
KIT_CLONES
static void pool_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], big[TX_SPAN], fine[TX_SPAN], broad[TX_SPAN], tone[TX_SPAN],
        light[TX_SPAN], u[TX_SPAN], v[TX_SPAN];
    tx_fbm(t, 1, 5, 5, 3, row->x, row->y, x, row->n);
    tx_fbm(t, 2, 5, 5, 3, row->x, row->y, y, row->n);
    const float bend = (0.04F + 0.06F * t->irregular) * t->scale;
    for (size_t i = 0; i < row->n; i++)
        u[i] = row->x[i] + bend * x[i], v[i] = row->y[i] + bend * y[i];
    nz_voronoi(tx_grid(t, 3, 6, 6.5F), 0.9F, u, v, &(struct nz_cells){.border = big}, row->n);
    nz_voronoi(tx_grid(t, 4, 10, 11), 0.9F, v, u, &(struct nz_cells){.border = fine}, row->n);
    tx_fbm(t, 5, 1.5F, 1.5F, 3, row->x, row->y, broad, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float soft = 0.05F + 0.10F * nz_clamp(0.5F + broad[i]);
        light[i] = nz_decay(big[i] / soft) * 0.75F + nz_decay(fine[i] / (1.3F * soft)) * 0.30F;
        row->height[i] = 0.0035F * t->scale * (x[i] + y[i]);
        row->gloss[i] = 0.35F;
    }
    const struct nz_grid tiles = tx_grid_whole(t, 8, 9 / t->scale, 9 / t->scale, 1, 1);
    for (size_t i = 0; i < row->n; i++) {
        const float px = (row->x[i] + 0.03F * t->scale * x[i]) * tiles.fx,
                    py = (row->y[i] + 0.03F * t->scale * y[i]) * tiles.fy;
        const uint32_t id = nz_hash(tiles.seed, (int32_t)nz_wrap(nz_floor(px), tiles.px),
                                    (int32_t)nz_wrap(nz_floor(py), tiles.py));
        const float in_x = px - nz_floor(px), in_y = py - nz_floor(py);
        const float joint = nz_step(0.02F + 0.05F * t->gap, 0.01F + 0.02F * t->gap,
                                    nz_min(nz_min(in_x, 1 - in_x), nz_min(in_y, 1 - in_y)));
        tone[i] = 0.40F + 0.10F * t->wear * (nz_unit(id) - 0.5F) * 2 + 0.12F * broad[i] +
                  0.13F * joint + 0.62F * light[i] * (0.7F + 0.3F * (1 - joint));
    }
    tx_colour(t, 0.4F, tone, row);
}

/* Rings run out from where drops fell, and fade. */
KIT_CLONES
static void drops_row(const struct tx *t, struct tx_row *row)
{
    float near[TX_SPAN], a[TX_SPAN], b[TX_SPAN], tone[TX_SPAN], h[TX_SPAN];
    uint32_t id[TX_SPAN];
    tx_fbm(t, 3, 4, 6, 3, row->x, row->y, a, row->n);
    tx_fbm(t, 4, 1.3F, 1.3F, 3, row->x, row->y, b, row->n);
    for (size_t i = 0; i < row->n; i++)
        h[i] = 0.25F * a[i];
    for (uint32_t layer = 0; layer < 3; layer++) {
        const float f = 3.2F + 2.3F * (float)layer;
        nz_voronoi(tx_grid(t, 5 + layer, f, f), 0.8F, row->x, row->y,
                   &(struct nz_cells){.near = near, .id = id}, row->n);
        for (size_t i = 0; i < row->n; i++) {
            const float age = 0.12F + 0.33F * nz_unit(id[i]),
                        off = (near[i] - age) * (7 + 3 * t->detail);
            const float wave =
                nz_sine(off * 1.2F) * nz_decay(off * off * 0.9F) * nz_step(0.5F, 0.35F, near[i]);
            h[i] += wave * (0.75F - age) * (nz_part(id[i], 1) > 0.45F * t->gap ? 1 : 0);
        }
    }
    for (size_t i = 0; i < row->n; i++) {
        row->height[i] = 0.0075F * t->scale * h[i];
        tone[i] = 0.25F + 0.16F * b[i] + 0.10F * h[i];
        row->gloss[i] = 0.8F;
    }
    tx_colour(t, 0.4F, tone, row);
}

static void water_row(const struct tx *t, struct tx_row *row)
{
    if (t->variant == 2)
        pool_row(t, row);
    else if (t->variant == 3)
        drops_row(t, row);
    else
        open_row(t, row);
}
const struct tx_kind tx_water = {
    .name = "water",
    .stop = {0x06222f, 0x0d4257, 0x1b6a80, 0x3f98a6, 0x9fd5d6, 0xf4fcfa},
    .ground = 0x06222f,
    .stops = 6,
    .gloss = 0.75F,
    .row = water_row,
};
