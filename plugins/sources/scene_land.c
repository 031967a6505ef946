/* scene_land.c - open country by columns. For a column of the picture heights are known along the
 * way from near to far, so that one walk finds what every sample of the column sees, shadows, and
 * what the water mirrors. A piece of work is a block of columns with all that it needs. */
#include "land.h"
#include <stdatomic.h>
#include <stdlib.h>

enum {
    BLOCK_MOST = 32,
    BLOCK_LEAST = 4,
    COARSE = 8,
    DEEPER = 4
}; /* px across; grid of shadows, in
    * columns and steps */

struct land {
    const struct scene *s;
    imp_image *out;
    uint32_t deep, rows;        /* steps along the way; samples of a column */
    uint32_t block;             /* px across of a piece of work: fewer of tall pictures */
    float near_z, ratio, pitch; /* pitch: columns, in slope; also rows */
    float *way;                 /* z of each step */
    atomic_int no_memory;
};

struct block {
    const struct land *l;
    uint32_t columns; /* with one more on both sides */
    float left;       /* slope x / z of column 0 */
    float *high;      /* [column][step] */
    float *sunny;     /* [column / COARSE][step / DEEPER] 0..1 */
    uint32_t sunny_deep;
};

/* x over z of a column; a picture wider than any lens repeats its last one. */
static float slope_of(const struct block *b, uint32_t i)
{
    return sw_clamp(b->left + (float)i * b->l->pitch, -60, 60);
}

/* Where a px has several columns, every second one lies between its neighbours. */
static void heights(struct block *b)
{
    const struct land *l = b->l;
    const uint32_t step = l->s->samples > 1 ? 2 : 1;
    for (uint32_t i = 0; i < b->columns; i += i + step < b->columns ? step : 1)
        for (uint32_t k = 0; k < l->deep; k++) {
            const float z = l->way[k];
            b->high[(size_t)i * l->deep + k] =
                land_height(l->s, slope_of(b, i) * z, z, z * l->pitch);
        }
    for (uint32_t i = 1; i + 1 < b->columns && step == 2; i += 2) {
        float *h = b->high + (size_t)i * l->deep;
        for (uint32_t k = 0; k < l->deep; k++)
            h[k] = 0.5f * (h[(ptrdiff_t)k - (ptrdiff_t)l->deep] + h[k + l->deep]);
    }
}

/* Does the sun see a place? A walk towards it over the broad land, soft by how closely it passes.
 */
static float sun_reach(const struct scene *s, struct f3 p, float z)
{
    float seen = 1, t = 2 + 0.012f * z;
    for (int i = 0; i < 22 && seen > 0; i++, t *= 1.45f) {
        const struct f3 q = f3_along(p, s->sun, t);
        const float gap = q.y - land_broad(s, q.x, q.z);
        seen = sw_min(seen, sw_unit(0.5f + 14 * gap / t));
        if (q.y > 2600)
            break;
    }
    return seen;
}

static void shadows(struct block *b)
{
    const struct land *l = b->l;
    const uint32_t across = (b->columns + COARSE - 1) / COARSE + 1;
    for (uint32_t i = 0; i < across; i++)
        for (uint32_t k = 0; k < b->sunny_deep; k++) {
            const uint32_t step = k * DEEPER < l->deep ? k * DEEPER : l->deep - 1;
            const float z = l->way[step], x = slope_of(b, i * COARSE) * z;
            const struct f3 p = f3(x, land_broad(l->s, x, z) + 0.5f + 0.002f * z, z);
            b->sunny[(size_t)i * b->sunny_deep + k] = sun_reach(l->s, p, z);
        }
}

static float sunny_at(const struct block *b, uint32_t i, float k)
{
    const float u = (float)i / COARSE, v = sw_clamp(k / DEEPER, 0, (float)b->sunny_deep - 1.001f);
    const uint32_t x = (uint32_t)u, y = (uint32_t)v;
    const float *p = b->sunny + (size_t)x * b->sunny_deep + y, *q = p + b->sunny_deep;
    return sw_mix(sw_mix(p[0], p[1], v - (float)y), sw_mix(q[0], q[1], v - (float)y), u - (float)x);
}

/* Light from a place on column i, `at` steps along the way, seen along d from far away. */
static struct f3 land_seen(const struct block *b, uint32_t i, float at, struct f3 p, struct f3 d,
                           float far)
{
    const struct land *l = b->l;
    const struct scene *s = l->s;
    const uint32_t k = (uint32_t)at < l->deep - 1 ? (uint32_t)at : l->deep - 2;
    const float *h = b->high + (size_t)i * l->deep + k, z = l->way[k];
    const float dz = (h[1] - h[0]) / (l->way[k + 1] - z);
    const float dx = (h[l->deep] - h[-(ptrdiff_t)l->deep]) / (2 * l->pitch * z);
    struct f3 n = f3_unit(f3(-dx, 1, -dz));
    const struct ground g = land_ground(s, p, n, z * l->pitch);
    const float lit = sunny_at(b, i, at);
    if (g.trees >= 1)
        n = g.normal;
    const float facing = f3_dot(n, s->sun);
    const float direct =
        g.trees > 0 ? sw_mix(sw_unit(facing), sw_unit(0.5f * facing + 0.5f), 0.45f * g.trees)
                    : sw_unit(facing);
    const float open = 0.55f + 0.45f * n.y;
    struct f3 light = f3_add(f3_scale(s->sun_light, direct * lit), f3_scale(s->ambient, open));
    light = f3_add(light, f3_scale(s->sun_light, 0.06f * (1 - n.y) * lit)); /* from the ground */
    struct f3 c = f3_mul(g.colour, light);
    if (g.shine > 0) {
        const struct f3 r = f3_mirror(d, n);
        const float edge = 1 + f3_dot(d, n), f = 0.03f + 0.97f * edge * edge * edge * edge * edge;
        c = f3_mix(c, sky_clear(s, f3_unit(f3(r.x, fabsf(r.y), r.z))), sw_unit(g.shine * f));
    }
    return sky_faded(s, c, d, far);
}

/* ---- water ---- */

/* What column i shows from a place on the water along r: the first land that is higher, or sky. */
static struct f3 mirrored(const struct block *b, uint32_t i, struct f3 p, struct f3 r, float jitter)
{
    const struct land *l = b->l;
    const float rise = r.y / sw_max(r.z, 0.05f), *h = b->high + (size_t)i * l->deep;
    float k = sw_log2(p.z / l->near_z) / sw_log2(l->ratio);
    for (uint32_t j = (uint32_t)sw_max(k, 0) + 1; j < l->deep; j += 2) {
        const float y = p.y + rise * (l->way[j] - p.z);
        if (h[j] > y) {
            const float z = l->way[j];
            const struct f3 q = f3(slope_of(b, i) * z, y, z);
            return land_seen(b, i, (float)j, q, r, z - p.z);
        }
        if (y > 3500)
            break;
    }
    return sky_mirrored(l->s, r, jitter);
}

static struct f3 water_seen(const struct block *b, uint32_t i, struct f3 p, struct f3 d, float far,
                            float jitter)
{
    const struct land *l = b->l;
    const struct scene *s = l->s;
    const float least = p.z * l->pitch * 2;
    const struct f3 n =
        land_wave(s, p.x, p.z, least * sw_max(0.3f * p.z * fabsf(1 / (s->eye + 1)) * 0.1f, 1));
    struct f3 r = f3_mirror(d, n);
    r = f3_unit(f3(r.x, sw_max(r.y, 0.004f), r.z));
    const float edge = 1 - sw_unit(-f3_dot(d, n)),
                f = 0.025f + 0.975f * edge * edge * edge * edge * edge;
    struct f3 seen = mirrored(b, i, p, r, jitter);
    seen = f3(sw_min(seen.x, 3), sw_min(seen.y, 3), sw_min(seen.z, 3));
    const float deep = p.y - land_broad(s, p.x, p.z);
    const struct f3 tint =
        f3_mix(f3(0.10f, 0.19f, 0.15f), f3(0.008f, 0.030f, 0.040f), sw_unit(deep / 5));
    struct f3 c =
        f3_mul(tint, f3_add(f3_scale(s->sun_light, 0.4f * sw_unit(s->sun.y)), s->ambient));
    c = f3_mix(c, seen, f);
    if (s->kind == SCENE_COAST) {
        const float run = sw_octaves(p.x * 0.11f, p.z * 0.11f, s->seed + 330, 5, 0.55f);
        const float shore = sw_step(1.3f, 0.05f, deep + 0.9f * run);
        const float lace = sw_step(0.0f, 0.55f,
                                   sw_octaves(p.x * 0.9f, p.z * 0.45f, s->seed + 331, 4, 0.6f) +
                                       0.9f * shore - 0.3f);
        const struct f3 foam = f3_scale(f3_add(f3_scale(s->sun_light, 0.35f), s->ambient), 0.8f);
        c = f3_mix(c, foam, shore * lace);
    }
    return sky_faded(s, c, d, far);
}

/* ---- columns ---- */

/* Fills at[] with the steps along the way where each sample of the column meets land; < 0: none. */
static void meet(const struct block *b, uint32_t i, float *at)
{
    const struct land *l = b->l;
    const struct scene *s = l->s;
    const float *h = b->high + (size_t)i * l->deep;
    const float bottom = -1 + s->shift + 0.5f * l->pitch * s->zoom, rise = l->pitch * s->zoom;
    uint32_t row = 0; /* from below */
    for (uint32_t k = 1; k < l->deep && row < l->rows; k++) {
        const float top = s->zoom * (h[k] - s->eye) / l->way[k];
        for (; row < l->rows && bottom + (float)row * rise <= top; row++) {
            const float v = (bottom + (float)row * rise) / s->zoom;
            const float before = s->eye + v * l->way[k - 1] - h[k - 1],
                        after = s->eye + v * l->way[k] - h[k];
            at[row] =
                (float)(k - 1) + (before > 0 ? sw_unit(before / (before - after + 1e-9f)) : 0);
        }
    }
    for (; row < l->rows; row++)
        at[row] = -1;
}

static struct f3 sample_seen(const struct block *b, uint32_t i, uint32_t row, float at,
                             float jitter)
{
    const struct land *l = b->l;
    const struct scene *s = l->s;
    const float v = (-1 + s->shift) / s->zoom + ((float)row + 0.5f) * l->pitch, u = slope_of(b, i);
    const float sea = land_sea(s), size = sqrtf(1 + u * u + v * v);
    const struct f3 d = f3(u / size, v / size, 1 / size);
    float z = -1;
    if (at >= 0) {
        const uint32_t k = (uint32_t)at;
        z = sw_mix(l->way[k], l->way[k + 1 < l->deep ? k + 1 : k], at - (float)k);
    }
    const float water = v < -1e-5f && s->eye > sea ? (s->eye - sea) / -v : -1;
    if (water > 0 && (z < 0 || water < z)) {
        const float w = sw_min(water, 40000);
        return water_seen(b, i, f3(u * w, sea, w), d, w * size, jitter);
    }
    if (z < 0)
        return sky_all(s, d, jitter);
    return land_seen(b, i, at, f3(u * z, s->eye + v * z, z), d, z * size);
}

static void column(const struct block *b, uint32_t i, uint32_t x, float *at)
{
    const struct land *l = b->l;
    const uint32_t n = l->s->samples;
    const float share = 1 / (float)(n * n);
    meet(b, i, at);
    for (uint32_t row = 0; row < l->rows; row++) {
        const uint32_t y = l->out->height - 1 - row / n, first = row - row % n;
        const int clear = n == 2 && at[first] < 0; /* nothing but sky: two of four samples do */
        if (clear && (i + row) % 2)
            continue;
        const float jitter =
            ((float)((i % n) * n + row % n) + sw_random(x, row, l->s->seed + 400)) * share;
        const float part = clear ? 2 * share : share;
        const struct f3 c = sample_seen(b, i, row, at[row], jitter);
        imp_row_out(l->out, 0, y)[x] += c.x * part;
        imp_row_out(l->out, 1, y)[x] += c.y * part;
        imp_row_out(l->out, 2, y)[x] += c.z * part;
    }
}

static void block_of(void *user, uint32_t k) IMP_NX
{
    struct land *l = user;
    const uint32_t n = l->s->samples, x0 = k * l->block;
    const uint32_t wide = x0 + l->block < l->out->width ? l->block : l->out->width - x0;
    struct block b = {.l = l, .columns = wide * n + 2, .sunny_deep = l->deep / DEEPER + 2};
    const size_t coarse = (size_t)((b.columns + COARSE - 1) / COARSE + 1) * b.sunny_deep;
    b.left =
        ((float)x0 - 0.5f * (float)l->out->width + (0.5f - 1) / (float)n) * (float)n * l->pitch;
    b.high = malloc(((size_t)b.columns * l->deep + coarse + l->rows) * sizeof *b.high);
    if (!b.high) {
        atomic_store(&l->no_memory, 1);
        return;
    }
    b.sunny = b.high + (size_t)b.columns * l->deep;
    heights(&b);
    shadows(&b);
    for (uint32_t i = 0; i < wide * n; i++)
        column(&b, i + 1, x0 + i / n, b.sunny + coarse);
    free(b.high);
}

imp_status land_render(const struct scene *s, imp_image *linear, imp_job *job)
{
    const float half = (float)linear->height * 0.5f * (float)s->samples;
    struct land l = {.s = s,
                     .out = linear,
                     .rows = linear->height * s->samples,
                     .pitch = 1 / (half * s->zoom),
                     .near_z = 1.5f};
    const int near = s->kind == SCENE_FOREST; /* trees hide what is beyond */
    const float far = near ? 1500 : 30000, steps = (near ? 0.75f : 1.05f) * (float)l.rows;
    l.deep = (uint32_t)sw_clamp(steps, 320, 3200);
    l.ratio = sw_exp2(sw_log2(far / l.near_z) / (float)(l.deep - 1));
    if (!(l.way = malloc(l.deep * sizeof *l.way)))
        return IMP_E_MEMORY;
    float z = l.near_z;
    for (uint32_t k = 0; k < l.deep; k++, z *= l.ratio)
        l.way[k] = z;
    const uint32_t fit = 48000 / (l.rows * s->samples);
    l.block = fit > BLOCK_MOST ? BLOCK_MOST : fit < BLOCK_LEAST ? BLOCK_LEAST : fit;
    const imp_status st = kit_parallel(job, (linear->width + l.block - 1) / l.block, block_of, &l);
    free(l.way);
    return st == IMP_OK && atomic_load(&l.no_memory) ? IMP_E_MEMORY : st;
}
