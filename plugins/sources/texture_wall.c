/* texture_wall.c - what walls and floors are laid of: brick, stone, mosaic, plaster. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

struct laid { /* the brick a point lies in: way from its edges inwards, and who it is */
    float inside, u, v;
    uint32_t id;
};

/* Bonds: 1 stretchers shifted by half, 2 Flemish (long, short), 3 English (rows of long, of short),
 * 4 stretchers in line. A course is 1 high, a stretcher 1 cell wide = `long_side` courses. */
static struct laid brick_at(const struct tx *t, struct nz_grid g, float x, float y, float long_side)
{
    const float row = nz_floor(y), parity = row - 2 * nz_floor(0.5F * row);
    const float shift = t->variant == 4   ? 0
                        : t->variant == 1 ? 0.5F * parity
                        : t->variant == 2 ? 0.75F * parity
                                          : 0.25F * parity;
    float u = x + shift, from = nz_floor(u), width = 1, which = from;
    if (t->variant == 2) { /* a pair is 1.5 cells wide */
        const float pair = nz_floor(u / 1.5F), in = u - 1.5F * pair;
        from = 1.5F * pair + (in < 1 ? 0 : 1), width = in < 1 ? 1 : 0.5F;
        which = 2 * pair + (in < 1 ? 0 : 1);
        which = nz_wrap(which, g.px > 0 ? g.px / 1.5F * 2 : 0);
    } else if (t->variant == 3 && parity > 0) {
        which = nz_floor(2 * u), from = 0.5F * which, width = 0.5F;
        which = nz_wrap(which, 2 * g.px) + 4096;
    } else {
        which = nz_wrap(which, g.px);
    }
    struct laid l;
    l.id = nz_hash(g.seed, (int32_t)which, (int32_t)nz_wrap(row, g.py));
    l.u = (u - from) / width, l.v = y - row;
    const float ex = nz_min(u - from, from + width - u) * long_side, ey = nz_min(l.v, 1 - l.v);
    /* rounded corner: distance within a radius */
    const float r = 0.12F, cx = nz_max(r - ex, 0), cy = nz_max(r - ey, 0);
    l.inside = cx > 0 && cy > 0 ? r - sqrtf(cx * cx + cy * cy) : nz_min(ex, ey);
    return l;
}

KIT_CLONES
static void brick_row(const struct tx *t, struct tx_row *row)
{
    float wx[TX_SPAN], wy[TX_SPAN], mid[TX_SPAN], fine[TX_SPAN], stain[TX_SPAN], tone[TX_SPAN];
    float inside[TX_SPAN];
    const float long_side = 3.1F, courses = 13 / t->scale;
    const struct nz_grid g =
        tx_grid_whole(t, 1, courses / long_side, courses, t->variant == 2 ? 3 : 1, 2);
    tx_fbm(t, 2, 9, 9, 3, row->x, row->y, wx, row->n);
    tx_fbm(t, 3, 9, 9, 3, row->x, row->y, wy, row->n);
    tx_fbm(t, 4, 45, 45, 4, row->x, row->y, mid, row->n);
    tx_fbm(t, 5, 180, 180, 3, row->x, row->y, fine, row->n);
    tx_fbm(t, 6, 2.2F, 1.4F, 5, row->x, row->y, stain, row->n);
    const float unit = 1 / courses, bend = 0.16F * t->irregular * unit;
    for (size_t i = 0; i < row->n; i++) {
        const struct laid l = brick_at(t, g, (row->x[i] + bend * wx[i]) * g.fx,
                                       (row->y[i] + bend * wy[i]) * g.fy, long_side);
        const float joint =
            0.03F + 0.09F * t->gap + 0.03F * t->irregular * (nz_part(l.id, 1) - 0.5F);
        inside[i] = l.inside - joint + 0.10F * t->wear * mid[i] + 0.03F * fine[i] -
                    0.12F * t->wear * nz_max(mid[i] + wx[i] - 0.25F, 0);
        const float u = nz_part(l.id, 2), burnt = nz_part(l.id, 3) < 0.12F ? 0.3F : 0;
        tone[i] = 0.55F + 0.55F * (u - 0.5F) - burnt + 0.30F * mid[i] +
                  0.25F * t->detail * fine[i] - 0.25F * nz_clamp(0.5F - 4 * inside[i]) * t->wear;
        const float tilt =
            (l.u - 0.5F) * (nz_part(l.id, 4) - 0.5F) + (l.v - 0.5F) * (nz_part(l.id, 5) - 0.5F);
        const float edge = nz_step(-0.02F, 0.09F, inside[i]);
        const float face = 0.16F + 0.08F * t->irregular * (nz_part(l.id, 6) - 0.5F + tilt) +
                           0.05F * mid[i] + 0.05F * t->detail * fine[i];
        row->height[i] = unit * (edge * face + (1 - edge) * (0.03F * mid[i] + 0.05F * fine[i]));
    }
    tx_colour(t, 0.5F, tone, row);
    for (size_t i = 0; i < row->n; i++) {
        const float mortar = nz_step(0.015F, -0.02F, inside[i]);
        const float shade = 1 + 0.35F * fine[i] + 0.25F * mid[i];
        const float lime[3] = {t->palette.ground[0] * shade, t->palette.ground[1] * shade,
                               t->palette.ground[2] * shade};
        const float smear =
            0.55F * t->wear * nz_step(0.12F, 0.55F, mid[i] + 0.6F * wy[i] + 0.5F * stain[i]);
        tx_mix(row, i, lime, nz_max(mortar, smear));
        tx_dim(row, i, 1 - 0.5F * t->wear * nz_step(0, 0.5F, stain[i]));
    }
}
const struct tx_kind tx_brick = {
    .name = "brick",
    .stop = {0x3a1d18, 0x6b2f24, 0x8f4331, 0xa65a42, 0xb87a5c, 0xc99d7e},
    .ground = 0xa9a196,
    .stops = 6,
    .row = brick_row,
};

KIT_CLONES
static void stone_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], border[TX_SPAN], dx[TX_SPAN], dy[TX_SPAN], mid[TX_SPAN],
        fine[TX_SPAN], big[TX_SPAN], tone[TX_SPAN];
    uint32_t id[TX_SPAN];
    const float flat = t->variant == 2 ? 2.2F : 1.45F; /* 2: slabs laid flat */
    const struct nz_grid g = tx_grid_whole(t, 1, 5 / t->scale, 5 * flat / t->scale, 1, 1);
    tx_fbm(t, 2, 7, 7, 4, row->x, row->y, x, row->n);
    tx_fbm(t, 3, 7, 7, 4, row->x, row->y, y, row->n);
    tx_fbm(t, 4, 16, 16, 6, row->x, row->y, mid, row->n);
    tx_fbm(t, 5, 130, 130, 3, row->x, row->y, fine, row->n);
    tx_fbm(t, 6, 3, 3, 5, row->x, row->y, big, row->n);
    const float bend = (0.015F + 0.05F * t->irregular) * t->scale;
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] + bend * x[i], y[i] = row->y[i] + 0.6F * bend * y[i];
    nz_voronoi(g, 0.45F + 0.45F * t->irregular, x, y,
               &(struct nz_cells){.border = border, .dx = dx, .dy = dy, .id = id}, row->n);
    const float unit = t->scale / (5 * flat);
    for (size_t i = 0; i < row->n; i++) {
        const float edge = border[i] - 0.02F - 0.07F * t->gap;
        const float dome = nz_clamp(edge * 5), round = 1 - (1 - dome) * (1 - dome);
        const float tilt = dx[i] * (nz_part(id[i], 4) - 0.5F) + dy[i] * (nz_part(id[i], 5) - 0.5F);
        const float face = 0.30F + 0.22F * (nz_part(id[i], 6) - 0.5F) + 0.5F * tilt +
                           0.28F * mid[i] + 0.07F * t->detail * fine[i];
        const float low = 0.04F * mid[i] + 0.06F * fine[i];
        row->height[i] = unit * (edge > 0 ? nz_lerp(low, face, round) : low);
        tone[i] = 0.5F + 0.55F * (nz_part(id[i], 2) - 0.5F) + 0.5F * mid[i] +
                  0.28F * t->detail * fine[i] - 0.25F * (1 - round);
        border[i] = edge;
    }
    tx_colour(t, 0.5F, tone, row);
    for (size_t i = 0; i < row->n; i++) {
        const float warm = 0.25F * (nz_part(id[i], 7) - 0.4F);
        row->r[i] *= 1 + warm, row->b[i] *= 1 - warm;
        const float shade = 1 + 0.4F * fine[i] + 0.3F * mid[i];
        const float lime[3] = {t->palette.ground[0] * shade, t->palette.ground[1] * shade,
                               t->palette.ground[2] * shade};
        tx_mix(row, i, lime, nz_step(0.03F, -0.02F, border[i] + 0.06F * mid[i]));
        const float moss[3] = {0.055F + 0.03F * fine[i], 0.075F + 0.04F * fine[i], 0.018F};
        tx_mix(row, i, moss,
               t->wear * 0.9F *
                   nz_step(0.22F, 0.5F,
                           big[i] + 0.7F * mid[i] + 0.2F * fine[i] -
                               0.5F * nz_clamp(border[i] * 3) + 0.1F));
    }
}
const struct tx_kind tx_stone = {
    .name = "stone",
    .stop = {0x2e2b28, 0x5a544c, 0x7e766b, 0x9c9384, 0xb6ad9c, 0xd3ccbd},
    .ground = 0x6f675b,
    .stops = 6,
    .row = stone_row,
};

/* Small tiles; which colour one gets is a picture of bands and islands, taken at its site. */
KIT_CLONES
static void mosaic_row(const struct tx *t, struct tx_row *row)
{
    float border[TX_SPAN], dx[TX_SPAN], dy[TX_SPAN], x[TX_SPAN], y[TX_SPAN], a[TX_SPAN], b[TX_SPAN],
        fine[TX_SPAN], tone[TX_SPAN];
    uint32_t id[TX_SPAN];
    const struct nz_grid g = tx_grid(t, 1, 26, 26);
    nz_voronoi(g, 0.10F + 0.45F * t->irregular, row->x, row->y,
               &(struct nz_cells){.border = border, .dx = dx, .dy = dy, .id = id}, row->n);
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] - dx[i] / g.fx, y[i] = row->y[i] - dy[i] / g.fy;
    tx_fbm(t, 2, 1.7F, 1.7F, 3, x, y, a, row->n);
    tx_fbm(t, 3, 2.5F, 2.5F, 2, x, y, b, row->n);
    tx_fbm(t, 4, 150, 150, 3, row->x, row->y, fine, row->n);
    const float unit = 1 / g.fx;
    for (size_t i = 0; i < row->n; i++) {
        const float edge = border[i] - 0.02F - 0.07F * t->gap;
        const float figure = 0.5F + 0.5F * nz_sine(3.0F * a[i] + 0.5F * b[i]);
        const float step = nz_floor(figure * 4.999F) / 4;
        tone[i] = nz_clamp(step + 0.30F * (nz_part(id[i], 1) - 0.5F) + 0.06F * fine[i]);
        const float tilt = dx[i] * (nz_part(id[i], 2) - 0.5F) + dy[i] * (nz_part(id[i], 3) - 0.5F);
        const float up = nz_step(-0.01F, 0.06F, edge);
        row->height[i] = unit * (up * (0.22F + 0.35F * t->irregular * tilt + 0.02F * fine[i]) +
                                 (1 - up) * 0.03F * fine[i]);
        row->gloss[i] = up * (0.5F + 0.5F * nz_part(id[i], 4)) * (1 - 0.6F * t->wear);
        border[i] = edge;
    }
    tx_colour(t, 0.5F, tone, row);
    for (size_t i = 0; i < row->n; i++) {
        const float shade = 1 + 0.25F * fine[i];
        const float grout[3] = {t->palette.ground[0] * shade, t->palette.ground[1] * shade,
                                t->palette.ground[2] * shade};
        tx_mix(row, i, grout, nz_step(0.02F, -0.02F, border[i]));
        tx_dim(row, i, 1 - 0.3F * t->wear * nz_clamp(b[i] + a[i] + 0.2F * fine[i]));
    }
}
const struct tx_kind tx_mosaic = {
    .name = "mosaic",
    .stop = {0x16324a, 0x2e6f8a, 0x8fb7a6, 0xe5d7b0, 0xc98f3c, 0x8a3b2a},
    .ground = 0x8d867a,
    .stops = 6,
    .gloss = 0.9F,
    .row = mosaic_row,
};

/* 1 thrown on, 2 drawn with a trowel. */
KIT_CLONES
static void plaster_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], a[TX_SPAN], b[TX_SPAN], c[TX_SPAN], stain[TX_SPAN], tone[TX_SPAN];
    const float far = 0.02F * t->scale * t->irregular;
    tx_fbm(t, 1, 7, 7, 3, row->x, row->y, x, row->n);
    tx_fbm(t, 2, 7, 7, 3, row->x, row->y, y, row->n);
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] + far * x[i], y[i] = row->y[i] + far * y[i];
    if (t->variant == 2)
        tx_ridges(t, 3, 3, 11, 6, x, y, a, row->n);
    else
        tx_fbm(t, 3, 26, 26, 5, x, y, a, row->n);
    tx_fbm(t, 4, 110, 110, 3, row->x, row->y, b, row->n);
    tx_fbm(t, 5, 5, 5, 4, row->x, row->y, c, row->n);
    tx_fbm(t, 6, 2.0F, 1.1F, 5, row->x, row->y, stain, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float lumps = t->variant == 2 ? a[i] : nz_step(-0.25F, 0.35F, a[i] + 0.3F * c[i]);
        row->height[i] = t->scale * (0.011F * lumps + 0.0035F * t->detail * b[i]);
        tone[i] = 0.70F + 0.10F * lumps + 0.12F * t->detail * b[i] + 0.08F * c[i] -
                  0.55F * t->wear * nz_step(0.0F, 0.6F, stain[i] + 0.15F * a[i]);
    }
    tx_colour(t, 0.6F, tone, row);
}
const struct tx_kind tx_plaster = {
    .name = "plaster",
    .stop = {0x5a5148, 0x8d7f6e, 0xb7a88f, 0xd2c6ae, 0xe3dac7, 0xf2ede1},
    .ground = 0x5a5148,
    .stops = 6,
    .row = plaster_row,
};
