/* texture_wood.c - of trees: wood, bark. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

/* A board is a cut through rings about an axis that winds: distance to the axis says which ring.
 * 1 planks, 2 one board, 3 a parquet of blocks, 4 the end of a log. */
struct board {
    float u, v, edge; /* in the board, across and along; distance to its edge, units */
    uint32_t id;
};

static struct board board_at(const struct tx *t, struct nz_grid g, float x, float y)
{
    const bool one = t->variant == 2 || t->variant == 4;
    struct board b = {.u = x, .v = y, .edge = 1, .id = g.seed};
    if (one)
        return b;
    float across = x * g.fx, along = y * g.fy;
    const float column = nz_floor(across);
    if (t->variant == 3) { /* blocks of four staves, turned by turns */
        const float bx = nz_floor(x * g.fx * 0.25F), by = nz_floor(y * g.fx * 0.25F);
        const bool turned = nz_wrap(bx + by, 2) > 0;
        across = turned ? y * g.fx : x * g.fx, along = (turned ? x : y) * g.fx * 0.25F;
        b.u = turned ? y : x, b.v = turned ? x : y;
        const float stave = nz_floor(across), end = nz_floor(along);
        b.id = nz_hash(g.seed + turned, (int32_t)nz_wrap(stave, turned ? g.px : g.px),
                       (int32_t)nz_wrap(end, g.px * 0.25F));
        b.edge = nz_min(nz_min(across - stave, stave + 1 - across) / g.fx,
                        nz_min(along - end, end + 1 - along) / (g.fx * 0.25F));
        return b;
    }
    const uint32_t c = nz_hash(g.seed, (int32_t)nz_wrap(column, g.px), 3);
    along += nz_part(c, 1);
    const float end = nz_floor(along);
    b.id = nz_hash(c, (int32_t)nz_wrap(end, g.py), 5);
    b.edge = nz_min(nz_min(across - column, column + 1 - across) / g.fx,
                    nz_min(along - end, end + 1 - along) / g.fy);
    return b;
}

KIT_CLONES
static void wood_row(const struct tx *t, struct tx_row *row)
{
    float u[TX_SPAN], v[TX_SPAN], bu[TX_SPAN], bv[TX_SPAN], edge[TX_SPAN], sway[TX_SPAN],
        deep[TX_SPAN], fibre[TX_SPAN], pore[TX_SPAN], tone[TX_SPAN], stain[TX_SPAN],
        streak[TX_SPAN];
    uint32_t id[TX_SPAN];
    const float width = t->variant == 3 ? 12 : 5;
    const struct nz_grid g =
        tx_grid_whole(t, 1, width / t->scale, 0.9F / t->scale, t->variant == 3 ? 8 : 1, 1);
    for (size_t i = 0; i < row->n; i++) {
        const struct board b = board_at(t, g, row->x[i], row->y[i]);
        u[i] = b.u, v[i] = b.v, edge[i] = b.edge, id[i] = b.id;
        bu[i] = b.u +
                7 * nz_floor(8 * nz_part(b.id, 1)) * t->width; /* each its own part of the noise */
        bv[i] = b.v;
    }
    const bool end = t->variant == 4;
    tx_fbm(t, 2, end ? 2.5F : 2.6F, end ? 2.5F : 0.5F, 3, bu, bv, sway, row->n);
    tx_fbm(t, 3, 0.5F, end ? 0.9F : 0.8F, 2, bu, bv, deep, row->n);
    tx_fbm(t, 4, end ? 120 : 230, end ? 120 : 5, 3, bu, bv, fibre, row->n);
    tx_fbm(t, 5, end ? 200 : 190, end ? 200 : 10, 2, bu, bv, pore, row->n);
    tx_fbm(t, 6, 3, 2, 4, row->x, row->y, stain, row->n);
    tx_fbm(t, 7, 14, end ? 14 : 1.0F, 3, bu, bv, streak, row->n);
    const float rings = (t->variant == 3 ? 55.0F : 42.0F) / t->scale;
    for (size_t i = 0; i < row->n; i++) {
        const float middle = (nz_part(id[i], 2) - 0.5F) * 0.16F * t->scale;
        const float cx = end               ? u[i] - 0.5F * t->width
                         : t->variant == 2 ? u[i] - 0.5F * t->width + 3 * middle
                                           : middle + (nz_wrap(u[i] * g.fx, 1) - 0.5F) / g.fx,
                    cy = end ? v[i] - 0.5F * t->height
                             : t->scale *
                                   (0.05F + 0.14F * nz_part(id[i], 3) +
                                    (0.12F + 0.28F * t->irregular) * nz_max(deep[i] + 0.25F, 0));
        const float r = sqrtf(cx * cx + cy * cy) +
                        (0.004F + 0.035F * t->irregular) * t->scale * sway[i] + 0.002F * streak[i];
        const float at = r * rings + nz_part(id[i], 4) + 0.05F * fibre[i], ring = nz_floor(at),
                    part = at - ring;
        const float strength =
            0.25F + 0.75F * nz_part((uint32_t)(int32_t)ring * 2654435761U + id[i], 1);
        /* early wood light, late wood dark, then a sharp end */
        const float late = nz_step(0.10F, 0.95F, part) * nz_step(1.0F, 0.94F, part) * strength;
        const float open = nz_step(0.10F, 0.38F, pore[i]) * (0.35F + 0.65F * late);
        tone[i] = 0.60F + 0.26F * (nz_part(id[i], 5) - 0.5F) - 0.24F * late +
                  0.26F * t->detail * fibre[i] - 0.34F * t->detail * open + 0.20F * streak[i] +
                  0.06F * sway[i] - 0.3F * t->wear * nz_max(stain[i], 0);
        const float joint = nz_step(0.0006F, 0.0012F + 0.003F * t->gap, edge[i]);
        row->height[i] = 0.0006F * late - 0.0011F * open + 0.0008F * t->detail * fibre[i] -
                         0.010F * (1 - joint) + 0.0006F * nz_part(id[i], 6);
        row->gloss[i] = joint * (0.55F - 0.3F * open) * (1 - 0.7F * t->wear);
        edge[i] = joint;
    }
    tx_colour(t, 0.5F, tone, row);
    for (size_t i = 0; i < row->n; i++)
        tx_dim(row, i, 0.12F + 0.88F * edge[i]);
}
const struct tx_kind tx_wood = {
    .name = "wood",
    .stop = {0x2e1a0d, 0x57331a, 0x80502b, 0xa4703f, 0xbf8d58, 0xd8b382},
    .ground = 0x1c1009,
    .stops = 6,
    .gloss = 0.3F,
    .row = wood_row,
};

/* Plates of cork between furrows that split and join, each broken across, roughened, mossy where it
 * is damp. 2: birch: smooth, with dark marks across. */
KIT_CLONES
static void bark_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], mid[TX_SPAN], fine[TX_SPAN], moss[TX_SPAN], tone[TX_SPAN],
        border[TX_SPAN], small[TX_SPAN];
    uint32_t id[TX_SPAN];
    const float bend = (0.02F + 0.05F * t->irregular) * t->scale;
    tx_fbm(t, 1, 6, 3, 5, row->x, row->y, x, row->n);
    tx_fbm(t, 2, 6, 5, 5, row->x, row->y, y, row->n);
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] + bend * x[i], y[i] = row->y[i] + 2 * bend * y[i];
    nz_voronoi(tx_grid(t, 4, 10, 2.6F), 0.95F, x, y, &(struct nz_cells){.border = border, .id = id},
               row->n);
    nz_voronoi(tx_grid(t, 5, 15, 14), 0.95F, x, y, &(struct nz_cells){.border = small}, row->n);
    tx_fbm(t, 6, 26, 14, 5, x, y, mid, row->n);
    tx_fbm(t, 7, 130, 90, 4, row->x, row->y, fine, row->n);
    tx_fbm(t, 8, 2.6F, 2.0F, 5, row->x, row->y, moss, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float wide = 0.06F + 0.30F * t->gap,
                    furrow = nz_clamp((border[i] + 0.10F * mid[i]) / wide);
        const float plate = nz_clamp((small[i] + 0.10F * mid[i]) * 5), up = furrow * (2 - furrow);
        const float body = up * (0.62F + 0.14F * plate + 0.16F * (nz_unit(id[i]) - 0.5F)) +
                           0.34F * mid[i] * (0.3F + up);
        row->height[i] = t->scale * (0.040F * body + 0.0042F * t->detail * fine[i]);
        tone[i] =
            0.10F + 0.46F * body + 0.16F * mid[i] + 0.26F * t->detail * fine[i] + 0.05F * plate;
        border[i] = body;
    }
    tx_colour(t, 0.42F, tone, row);
    for (size_t i = 0; i < row->n; i++) {
        const float on = nz_step(
            0.05F, 0.42F, moss[i] + 0.45F * mid[i] + 0.35F * fine[i] - 0.25F * (border[i] - 0.4F));
        const float shade = 0.6F + 0.9F * nz_clamp(0.5F + fine[i] + 0.5F * mid[i]);
        const float green[3] = {0.085F * shade, 0.115F * shade, 0.028F * shade};
        tx_mix(row, i, green, 0.8F * t->wear * on);
        row->height[i] += 0.0016F * t->scale * t->wear * on * (1 + fine[i]);
    }
}

KIT_CLONES
static void birch_row(const struct tx *t, struct tx_row *row)
{
    float mid[TX_SPAN], fine[TX_SPAN], mark[TX_SPAN], scar[TX_SPAN], broad[TX_SPAN], tone[TX_SPAN];
    tx_fbm(t, 1, 8, 30, 5, row->x, row->y, mid, row->n);
    tx_fbm(t, 2, 40, 160, 3, row->x, row->y, fine, row->n);
    tx_fbm(t, 3, 7, 60, 3, row->x, row->y, mark, row->n);
    tx_fbm(t, 4, 3.0F, 4.5F, 5, row->x, row->y, scar, row->n);
    tx_fbm(t, 5, 2, 3, 3, row->x, row->y, broad, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float line =
            nz_step(0.28F - 0.2F * t->gap, 0.42F - 0.2F * t->gap, mark[i] + 0.1F * mid[i]);
        const float rough =
            nz_step(0.30F, 0.48F, scar[i] + 0.25F * mid[i] + 0.4F * (t->wear - 0.5F));
        row->height[i] = t->scale * (0.0030F * mid[i] - 0.0035F * line +
                                     0.010F * rough * (1 + mid[i]) + 0.0012F * t->detail * fine[i]);
        tone[i] = 0.93F + 0.16F * mid[i] + 0.12F * broad[i] + 0.10F * t->detail * fine[i] -
                  0.55F * line - rough * (0.72F - 0.4F * fine[i] - 0.3F * mid[i]);
    }
    tx_colour(t, 0.6F, tone, row);
}

static void tree_row(const struct tx *t, struct tx_row *row)
{
    if (t->variant == 2)
        birch_row(t, row);
    else
        bark_row(t, row);
}
const struct tx_kind tx_bark = {
    .name = "bark",
    .stop = {0x14100c, 0x3a2c20, 0x5f4a37, 0x84705a, 0xa99883, 0xe2ddd3},
    .ground = 0x14100c,
    .stops = 6,
    .row = tree_row,
};
