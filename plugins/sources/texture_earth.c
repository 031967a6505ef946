/* texture_earth.c - ground without growth: mud, sand, gravel. Stones lie over each other. */
#include "texture_kinds.h"
#include <math.h>
#include <impasto/kit.h>

/* Plates of drying mud: two sizes of cracks, edges curled up. */
KIT_CLONES
static void mud_row(const struct tx *t, struct tx_row *row)
{
    float x[TX_SPAN], y[TX_SPAN], big[TX_SPAN], small[TX_SPAN], dx[TX_SPAN], dy[TX_SPAN],
        mid[TX_SPAN], fine[TX_SPAN], broad[TX_SPAN], tone[TX_SPAN];
    uint32_t id[TX_SPAN], second[TX_SPAN];
    tx_fbm(t, 1, 10, 10, 4, row->x, row->y, x, row->n);
    tx_fbm(t, 2, 10, 10, 4, row->x, row->y, y, row->n);
    const float bend = (0.008F + 0.03F * t->irregular) * t->scale;
    for (size_t i = 0; i < row->n; i++)
        x[i] = row->x[i] + bend * x[i], y[i] = row->y[i] + bend * y[i];
    nz_voronoi(tx_grid(t, 3, 5, 5), 0.9F, x, y,
               &(struct nz_cells){.border = big, .dx = dx, .dy = dy, .id = id}, row->n);
    nz_voronoi(tx_grid(t, 4, 13, 13), 0.9F, x, y, &(struct nz_cells){.border = small, .id = second},
               row->n);
    tx_fbm(t, 5, 24, 24, 5, row->x, row->y, mid, row->n);
    tx_fbm(t, 6, 170, 170, 3, row->x, row->y, fine, row->n);
    tx_fbm(t, 7, 2.5F, 2.5F, 4, row->x, row->y, broad, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float w = 0.012F + 0.06F * t->gap;
        const float crack = nz_step(w * 0.5F, w * 1.6F, big[i] + 0.012F * mid[i]),
                    line = nz_step(w * 0.4F, w * 1.8F,
                                   small[i] + 0.03F * mid[i] + 0.10F * (nz_part(id[i], 4) - 0.35F));
        const float curl = nz_decay(nz_max(big[i] - w, 0) * 16) * (0.4F + 0.8F * t->wear);
        const float tilt = dx[i] * (nz_part(id[i], 5) - 0.5F) + dy[i] * (nz_part(id[i], 6) - 0.5F);
        row->height[i] =
            t->scale * (0.030F * crack + 0.010F * crack * line + 0.010F * curl * crack +
                        0.02F * tilt * crack + 0.0035F * mid[i] + 0.0016F * t->detail * fine[i]);
        tone[i] = 0.62F + 0.22F * (nz_part(id[i], 2) - 0.5F) +
                  0.10F * (nz_part(second[i], 2) - 0.5F) + 0.22F * mid[i] +
                  0.20F * t->detail * fine[i] + 0.25F * broad[i] - 0.5F * (1 - crack) -
                  0.28F * (1 - line) + 0.12F * curl;
    }
    tx_colour(t, 0.5F, tone, row);
}
const struct tx_kind tx_mud = {
    .name = "mud",
    .stop = {0x21180f, 0x56452f, 0x80684a, 0xa38d6f, 0xbda98a, 0xd8c8ac},
    .ground = 0x21180f,
    .stops = 6,
    .row = mud_row,
};

/* Ripples: steep in the lee, flat to the wind; grains on them. 2: no ripples, trodden. */
KIT_CLONES
static void sand_row(const struct tx *t, struct tx_row *row)
{
    float a[TX_SPAN], b[TX_SPAN], fine[TX_SPAN], grain[TX_SPAN], mid[TX_SPAN], tone[TX_SPAN];
    const struct nz_grid g = tx_grid(t, 9, 2.0F, 15);
    const float turns = 0.7F / t->scale,
                slant = t->tile ? nz_floor(turns * t->width + 0.5F) / t->width : turns;
    tx_fbm(t, 1, 1.6F, 2.4F, 4, row->x, row->y, a, row->n);
    tx_fbm(t, 2, 3.5F, 6, 3, row->x, row->y, b, row->n);
    tx_fbm(t, 3, 240, 240, 3, row->x, row->y, fine, row->n);
    tx_fbm(t, 4, 420, 420, 2, row->x, row->y, grain, row->n);
    tx_fbm(t, 5, 9, 9, 5, row->x, row->y, mid, row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float at = row->y[i] * g.fy + slant * row->x[i] + (1 + 3.0F * t->irregular) * a[i] +
                         0.8F * t->irregular * b[i];
        const float p = at - nz_floor(at);
        const float wave = p < 0.68F ? nz_step(0, 0.68F, p) : nz_step(1, 0.68F, p);
        const float strength = t->variant == 2 ? 0 : nz_clamp(0.8F + 1.2F * mid[i] + 0.7F * b[i]);
        row->height[i] = t->scale * (0.0135F * wave * strength +
                                     0.010F * mid[i] * (t->variant == 2 ? 2.2F : 0.5F)) +
                         0.0011F * t->detail * fine[i] + 0.0006F * t->detail * grain[i];
        const float dark = nz_step(0.24F, 0.5F, grain[i] + 0.3F * fine[i]) * t->wear;
        tone[i] = 0.52F + 0.16F * wave * strength + 0.16F * mid[i] + 0.34F * t->detail * fine[i] +
                  0.42F * t->detail * grain[i] - 0.45F * dark;
    }
    tx_colour(t, 0.55F, tone, row);
}
const struct tx_kind tx_sand = {
    .name = "sand",
    .stop = {0x5e4a30, 0x8e6f48, 0xb59a6f, 0xccb48a, 0xdfcda8, 0xf3e8cf},
    .ground = 0x5e4a30,
    .stops = 6,
    .row = sand_row,
};

/* ---- gravel: stones lie over each other where they are higher ---- */

static bool place_stone(const struct tx *t, float x, float y, uint32_t hash, struct tx_item *m)
{
    const float u = nz_part(hash, 3), unit = t->scale / 17;
    (void)x, (void)y;
    m->size = unit * (0.42F + 0.30F * (2 * u - 1) * t->irregular) *
              (t->variant == 2 && u > 0.93F ? 1.9F : 1);
    m->turn_x = nz_cosine(nz_part(hash, 4)), m->turn_y = nz_sine(nz_part(hash, 4));
    m->a = 0.62F + 0.38F * nz_part(hash, 5); /* short over long */
    m->b = nz_part(hash, 6);                 /* tone */
    m->c = 2.1F + 2.2F * nz_part(hash, 7);   /* roundness of the outline */
    m->d = nz_part(hash, 8);
    m->z = unit * (0.75F * nz_part(hash, 9) - 0.1F);
    const float reach = m->size * 1.3F;
    m->left = m->top = -reach, m->right = m->low = reach;
    return nz_part(hash, 10) > 0.30F * t->gap;
}

static void stone_span(const struct tx *t, const struct tx_item *m, const struct tx_span *s)
{
    const float inverse = 1 / m->size, dy = (s->y - m->y) * inverse;
    const struct nz_grid lumps = {1.3F, 1.3F, 0, 0, m->hash}, spots = {9, 9, 0, 0, m->hash + 1};
    for (int i = 0; i < s->n; i++) {
        const float dx = (s->x0 + (float)i * t->px - m->x) * inverse;
        const float u = dx * m->turn_x + dy * m->turn_y,
                    v = (dy * m->turn_x - dx * m->turn_y) / m->a;
        const float r2 = u * u + v * v;
        if (r2 > 1.6F)
            continue;
        const float lump = nz_at(lumps, u, v), square = (u * u) * (v * v);
        const float edge = 1 - r2 - 0.5F * (m->c - 2) * square * 0.4F + 0.30F * t->irregular * lump;
        if (edge <= 0)
            continue;
        const float spot = nz_at(spots, u, v),
                    dome = edge > 0.55F ? 0.74F + 0.18F * (edge - 0.55F) : sqrtf(edge);
        const float z = m->z + m->size * m->a *
                                   (0.72F * dome + 0.10F * lump + 0.03F * t->detail * spot +
                                    0.16F * (u * (m->d - 0.5F)));
        if (z <= s->height[i])
            continue;
        float rgb[3];
        const float vein = nz_abs(lump + 0.25F * spot - 0.3F) < 0.03F && m->d > 0.75F ? 0.35F : 0;
        tx_colour_at(t, 0.5F,
                     0.5F + 0.75F * (m->b - 0.5F) + 0.18F * lump + 0.22F * t->detail * spot + vein,
                     rgb);
        const float warm = 0.22F * (m->d - 0.4F),
                    cover = nz_clamp(edge * m->size * t->pixels * 0.8F);
        const float dust = 0.75F + 0.25F * dome;
        s->r[i] = nz_lerp(s->r[i], rgb[0] * (1 + warm) * dust, cover);
        s->g[i] = nz_lerp(s->g[i], rgb[1] * dust, cover);
        s->b[i] = nz_lerp(s->b[i], rgb[2] * (1 - warm) * dust, cover);
        s->height[i] = z;
        s->gloss[i] = 0.2F + 0.5F * (1 - t->wear);
    }
}

static void stamp_stone(const struct tx *t, const struct tx_item *m, const struct tx_patch *patch)
{
    struct tx_span s;
    for (int y = patch->top; y < patch->low; y++) {
        const float dy = tx_row_y(t, patch->canvas, y) - m->y;
        float from = m->left, to = m->right;
        tx_within(m->turn_x, dy * m->turn_y, 1.28F * m->size, &from, &to);
        tx_within(-m->turn_y, dy * m->turn_x, 1.28F * m->a * m->size, &from, &to);
        if (from < to && tx_span_of(t, patch->canvas, y, m->x + from, m->x + to, &s))
            stone_span(t, m, &s);
    }
}

KIT_CLONES
static void gravel_row(const struct tx *t, struct tx_row *row)
{
    float mid[TX_SPAN], fine[TX_SPAN], near[TX_SPAN], tone[TX_SPAN];
    uint32_t id[TX_SPAN];
    tx_fbm(t, 1, 20, 20, 4, row->x, row->y, mid, row->n);
    tx_fbm(t, 2, 200, 200, 3, row->x, row->y, fine, row->n);
    nz_voronoi(tx_grid(t, 3, 75, 75), 1, row->x, row->y, &(struct nz_cells){.near = near, .id = id},
               row->n);
    for (size_t i = 0; i < row->n; i++) {
        const float dome = nz_max(1 - 1.6F * near[i] * near[i], 0);
        row->height[i] =
            t->scale * (-0.010F + 0.009F * dome * (0.4F + nz_unit(id[i])) + 0.003F * mid[i]) +
            0.001F * fine[i];
        tone[i] = 0.22F + 0.35F * nz_unit(id[i]) * dome + 0.2F * mid[i] + 0.2F * fine[i];
    }
    tx_colour(t, 0.5F, tone, row);
}
static const struct tx_scatter stones = {17, 17, 0.10F, 1.0F, 3, place_stone};
const struct tx_kind tx_gravel = {
    .name = "gravel",
    .stop = {0x2f2c29, 0x625b53, 0x8d857a, 0xaaa296, 0xc4bdb1, 0xe6e1d8},
    .ground = 0x2f2c29,
    .stops = 6,
    .gloss = 0.12F,
    .row = gravel_row,
    .scatter = &stones,
    .stamp = stamp_stone,
};
