/* land_woods.c - the woods of the country: where they stand, and their trees as parts of the
 * heights, one in each cell of a lattice. */
#include "land.h"

KIT_CLONES
static void forest_edge(const struct scene *s, const struct land_row *r, const float *line,
                        float *restrict there)
{
    const float from = 16 + 64 * s->chance[5];
    for (uint32_t i = 0; i < r->n; i++)
        there[i] =
            sw_step(0, 8, r->z[i] - from - 9 * line[i] + (r->x[i] > 0 ? 0.35f : -0.2f) * r->x[i]);
}

KIT_CLONES
static void on_slopes(const struct scene *s, const struct land_row *r, const float *y, float slope,
                      const float *noise, float *restrict there)
{
    const int snow = s->kind == SCENE_SNOW;
    const float line = snow ? 700 : 560, from = snow ? 18 : 45, to = snow ? 60 : 110,
                wide = snow ? 60 : 30, off = 0.25f * (s->chance[6] - 0.3f),
                flat = sw_step(0.95f, 0.6f, slope), bare = snow ? -0.15f : -0.35f,
                full = snow ? 0.30f : 0.05f;
    for (uint32_t i = 0; i < r->n; i++) {
        const float n = noise[i];
        there[i] = sw_step(from, to, r->z[i] + wide * n) *
                   sw_step(line + 160 * n, line - 220 + 160 * n, y[i]) * flat *
                   sw_step(2.5f, 6, y[i]) * sw_step(bare, full, n + off);
    }
}

void land_woods(const struct scene *s, const struct land_row *r, const float *y, float slope,
                float *there)
{
    const int forest = s->kind == SCENE_FOREST;
    float u[ROWS_MOST], v[ROWS_MOST], noise[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * (forest ? 0.035f : 0.0022f), v[i] = forest ? 0.5f : r->z[i] * 0.0022f,
        there[i] = 0;
    if (s->kind == SCENE_DUNES || s->kind == SCENE_COAST)
        return;
    if (forest) {
        rows_perlin(u, v, s->seed + 61, noise, r->n);
        forest_edge(s, r, noise, there);
    } else {
        rows_octaves(u, v, s->seed + 60, 3, 0.5f, noise, r->n);
        on_slopes(s, r, y, slope, noise, there);
    }
}

float land_woods_at(const struct scene *s, float x, float z, float y, float slope)
{
    struct land_row r;
    float there[ROWS_MOST];
    r.n = 1, r.x[0] = x, r.z[0] = z, r.least[0] = 1;
    land_woods(s, &r, &y, slope, there);
    return there[0];
}

/* ---- trees ---- */

/* The tree of the cell (di, dj) from that of each place, where it reaches higher than those before;
 * outside all crowns the nearest rim counts. */
KIT_CLONES
static void tree_of_cell(const float *u, const float *v, int32_t di, int32_t dj, float tall,
                         uint32_t seed, struct land_trees *restrict t, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        const int32_t i = sw_floor(u[k] - 0.5f) + di, j = sw_floor(v[k] - 0.5f) + dj;
        const uint32_t a = (uint32_t)i, b = (uint32_t)j;
        const float mx = (float)i + 0.25f + 0.5f * sw_random(a, b, seed),
                    mz = (float)j + 0.25f + 0.5f * sw_random(a, b, seed + 1);
        const float high = tall * (0.55f + 0.6f * sw_random(a, b, seed + 2)),
                    wide = 0.46f + 0.20f * sw_random(a, b, seed + 3);
        const float dx = (u[k] - mx) / wide, dz = (v[k] - mz) / wide,
                    share = sqrtf(dx * dx + dz * dz), reach = high * (1 - share);
        const uint32_t id = sw_hash(a, b, seed + 4);
        const int better = reach > t->reach[k];
        t->reach[k] = better ? reach : t->reach[k];
        t->high[k] = better ? high : t->high[k];
        t->share[k] = better ? share : t->share[k];
        t->dx[k] = better ? dx : t->dx[k];
        t->dz[k] = better ? dz : t->dz[k];
        t->id[k] = better ? id : t->id[k];
    }
}

/* Crowns of leaves have lobes: places are moved before they are looked up. */
static void warp(const struct scene *s, const struct land_row *r, float *u, float *v)
{
    static const struct {
        float wave, high, off_x, off_z;
        uint32_t seed;
    } part[4] = {{0.26f, 1.2f, 0, 0, 62},
                 {0.85f, 0.55f, 0, 0, 58},
                 {0.26f, 1.2f, 9, 0, 63},
                 {0.85f, 0.55f, 0, 7, 59}};
    float a[ROWS_MOST], b[ROWS_MOST], noise[ROWS_MOST];
    for (uint32_t k = 0; k < 4; k++) {
        float *to = k < 2 ? u : v;
        for (uint32_t i = 0; i < r->n; i++)
            a[i] = r->x[i] * part[k].wave + part[k].off_x,
            b[i] = r->z[i] * part[k].wave + part[k].off_z;
        rows_perlin(a, b, s->seed + part[k].seed, noise, r->n);
        for (uint32_t i = 0; i < r->n; i++)
            to[i] += part[k].high * noise[i];
    }
}

void land_trees_of(const struct scene *s, const struct land_row *r, struct land_trees *t)
{
    const int forest = s->kind == SCENE_FOREST;
    const float cell = forest ? 6.4f : 5, tall = forest ? 12.5f : 17;
    float u[ROWS_MOST], v[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i], v[i] = r->z[i], t->reach[i] = -1e9f;
    if (forest)
        warp(s, r, u, v);
    for (uint32_t i = 0; i < r->n; i++)
        u[i] /= cell, v[i] /= cell;
    for (int32_t k = 0; k < 4; k++)
        tree_of_cell(u, v, k & 1, k >> 1, tall, s->seed + 64, t, r->n);
}

int land_tree_stands(const struct land_trees *t, uint32_t i, float there)
{
    return (float)(t->id[i] >> 16 & 255) < 256 * there && t->share[i] < 1;
}

void land_crowns(const struct scene *s, const struct land_row *r, const struct land_trees *t,
                 float *height)
{
    const int forest = s->kind == SCENE_FOREST;
    float leaves[ROWS_MOST];
    rows_bumps(r->x, r->z, s->seed + 65, forest ? 2.6f : 2, forest ? 0.68f : 0.6f, r->least, leaves,
               r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        const float share = t->share[i], cone = sw_max(1 - share, 0);
        if (forest) {
            const float dome = sw_power(sw_max(1 - share * share, 0), 0.52f);
            height[i] = sw_max(t->high[i] * (0.06f + 0.94f * dome) + leaves[i] * 1.32f, 0);
        } else {
            height[i] = t->high[i] * sw_power(cone, 1.2f) * (1 + 0.12f * sw_sine(cone * 6)) +
                        0.8f * leaves[i] * sw_unit(3 * cone);
        }
    }
}
