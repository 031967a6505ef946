/* texture_skin.c - skins: scales, leather. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

struct scale {     /* the scale that lies on top at a point */
    float u, v, r; /* from its middle, in radii; distance */
    uint32_t id;
};

/* Rows shifted by half, each covering the top of the next: the scale whose free edge lies highest
 * in the picture and still reaches the point is on top. Free edges are half circles below the
 * middle. */
static inline struct scale scale_at(struct nz_grid g, float x, float y, float radius, float uneven)
{
    struct scale best = {0, 0, 9, 0};
    for (int k = 0; k < 6; k++) {
        const float j = nz_floor(y) - 2 + (float)(k / 2), parity = j - 2 * nz_floor(0.5F * j);
        const float i = nz_floor(x - 0.5F * parity - 0.5F) + (float)(k % 2);
        const uint32_t h = nz_hash(g.seed, (int32_t)nz_wrap(i, g.px), (int32_t)nz_wrap(j, g.py));
        const float cx = i + 0.5F + 0.5F * parity + uneven * 0.16F * (nz_part(h, 1) - 0.5F),
                    cy = j + 0.3F + uneven * 0.3F * (nz_part(h, 2) - 0.5F);
        const float u = (x - cx) / radius, v = (y - cy) / (2.05F * radius);
        const float r = v > 0 ? sqrtf(u * u + v * v) : nz_max(nz_abs(u), -v);
        const bool on_top = r < 1 && best.r > 1;
        best.u = on_top ? u : best.u, best.v = on_top ? v : best.v;
        best.id = on_top ? h : best.id, best.r = on_top ? r : best.r;
    }
    return best;
}

KIT_CLONES
static void scales_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], mid[TX_SPAN], fine[TX_SPAN], broad[TX_SPAN], tone[TX_SPAN],
        shade[TX_SPAN];
    const struct nz_grid g = tx_grid_whole(t, 1, 13 / t->scale, 20 / t->scale, 1, 2);
    tx_fbm(t, 2, 3, 3, 3, row->x, row->y, x, row->n);
    tx_fbm(t, 3, 3, 3, 3, row->x, row->y, y, row->n);
    tx_fbm(t, 4, 40, 40, 4, row->x, row->y, mid, row->n);
    tx_fbm(t, 5, 200, 200, 3, row->x, row->y, fine, row->n);
    tx_fbm(t, 6, 1.8F, 1.8F, 4, row->x, row->y, broad, row->n);
    const float bend = 0.05F * t->irregular * t->scale, unit = 1 / g.fy;
    for (size_t i = 0; i < row->n; i++) {
        const struct scale s =
            scale_at(g, (row->x[i] + bend * x[i]) * g.fx, (row->y[i] + bend * y[i]) * g.fy,
                     0.62F - 0.08F * t->gap, t->irregular);
        const bool skin = s.r > 1;
        const float rings = nz_sine(s.r * 9 + 0.8F * mid[i]),
                    rays = nz_sine(s.u * 3.5F / (s.v + 1.3F));
        const float keel =
            t->variant == 2 ? 0.5F * nz_decay(nz_abs(s.u) * 9) : 0; /* 2: keeled, a snake's */
        const float edge = nz_step(1, 0.86F, s.r);
        const float body = 0.85F * (s.v + 0.35F) * edge + 0.35F * (1 - s.u * s.u) + keel +
                           0.05F * t->detail * rings + 0.03F * fine[i];
        row->height[i] = skin ? -0.1F * unit : unit * 0.62F * body;
        tone[i] = skin ? 0.1F
                       : 0.36F + 0.45F * broad[i] + 0.24F * (nz_part(s.id, 3) - 0.5F) +
                             0.30F * (s.v - 0.1F) + 0.09F * t->detail * rings +
                             0.07F * t->detail * rays + 0.14F * mid[i] -
                             0.25F * t->wear * nz_max(mid[i], 0);
        row->gloss[i] = skin ? 0.2F : 0.9F - 0.4F * t->wear;
        shade[i] = skin ? 0.3F : 0.45F + 0.55F * nz_step(-0.2F, 0.45F, s.v);
    }
    tx_colour(t, 0.5F, tone, row);
    for (size_t i = 0; i < row->n; i++)
        tx_dim(row, i, shade[i]);
}
const struct tx_kind tx_scales = {
    .name = "scales",
    .stop = {0x0f2a2e, 0x1f5350, 0x3f8468, 0x8aac6a, 0xcfc27c, 0xf2e6bb},
    .ground = 0x0a1a1c,
    .stops = 6,
    .gloss = 0.85F,
    .row = scales_row,
};

/* Grain: small pebbles between furrows, larger folds; 2: crocodile, large plates. */
KIT_CLONES
static void leather_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], border[TX_SPAN], fold[TX_SPAN], mid[TX_SPAN], fine[TX_SPAN],
        broad[TX_SPAN], tone[TX_SPAN];
    uint32_t id[TX_SPAN];
    const float f = t->variant == 2 ? 13 : 46;
    tx_fbm(t, 1, f * 0.4F, f * 0.4F, 4, row->x, row->y, x, row->n);
    tx_fbm(t, 2, f * 0.4F, f * 0.4F, 4, row->x, row->y, y, row->n);
    const float bend = (0.25F + 0.8F * t->irregular) * t->scale / f;
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] + bend * x[i], y[i] = row->y[i] + bend * y[i];
    nz_voronoi(tx_grid(t, 3, f, f * (t->variant == 2 ? 0.8F : 1)), 0.5F + 0.45F * t->irregular, x,
               y, &(struct nz_cells){.border = border, .id = id}, row->n);
    tx_ridges(t, 4, 4, 2.6F, 4, x, y, fold, row->n);
    tx_fbm(t, 5, 14, 14, 5, row->x, row->y, mid, row->n);
    tx_fbm(t, 6, 220, 220, 3, row->x, row->y, fine, row->n);
    tx_fbm(t, 7, 1.7F, 1.7F, 4, row->x, row->y, broad, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float e = nz_clamp((border[i] - 0.01F) / (0.10F + 0.32F * t->gap)),
                    dome = 1 - (1 - e) * (1 - e);
        const float crease = nz_step(0.80F, 1.0F, fold[i]) * (0.4F + t->wear);
        const float rubbed = nz_step(0.1F, 0.6F, broad[i] + 0.4F * mid[i]) * t->wear;
        row->height[i] = t->scale * (0.30F / f * dome * (1 - 0.5F * rubbed) +
                                     0.05F / f * (nz_part(id[i], 1) + fine[i] * t->detail) -
                                     0.006F * crease + 0.004F * mid[i]);
        tone[i] = 0.40F + 0.16F * dome + 0.10F * (nz_part(id[i], 2) - 0.5F) + 0.16F * mid[i] +
                  0.20F * broad[i] - 0.2F * crease + 0.35F * rubbed * dome +
                  0.08F * t->detail * fine[i];
        row->gloss[i] = 0.4F + 0.45F * dome * (1 - 0.6F * t->wear);
    }
    tx_colour(t, 0.45F, tone, row);
}
const struct tx_kind tx_leather = {
    .name = "leather",
    .stop = {0x1a0d08, 0x42210f, 0x6b3a1c, 0x8f562d, 0xb07b4b, 0xd0a478},
    .ground = 0x1a0d08,
    .stops = 6,
    .gloss = 0.55F,
    .row = leather_row,
};
