/* land_heights.c - the country: heights in metres, kind by kind, and the woods that stand on it. */
#include "land.h"
#include "trees.h"

/* Value noise and its slopes. */
static float noise_slopes(float x, float y, uint32_t seed, float *dx, float *dy)
{
    const int32_t ix = sw_floor(x), iy = sw_floor(y);
    const uint32_t i = (uint32_t)ix, j = (uint32_t)iy;
    const float fx = x - (float)ix, fy = y - (float)iy, u = sw_fade(fx), v = sw_fade(fy);
    const float du = 30 * fx * fx * (fx - 1) * (fx - 1), dv = 30 * fy * fy * (fy - 1) * (fy - 1);
    const float a = sw_random(i, j, seed), b = sw_random(i + 1, j, seed) - a;
    const float c = sw_random(i, j + 1, seed) - a, e = sw_random(i + 1, j + 1, seed) - a - b - c;
    *dx = du * (b + e * v), *dy = dv * (c + e * u);
    return a + b * u + c * v + e * u * v;
}

/* Octaves that grow weak on steep ground, as water leaves it; 0 .. about 1.6. Octaves finer than
 * `least` (both in lattice units) are left out, the last one fades. */
static float eroded(float x, float y, uint32_t seed, int octaves, float least)
{
    float sum = 0, high = 1, dx = 0, dy = 0, wave = 1;
    for (int k = 0; k < octaves; k++, high *= 0.5f, wave *= 0.5f) {
        const float fade = sw_unit(wave / (2 * least) - 0.5f);
        if (fade <= 0)
            break;
        float gx, gy;
        const float n = noise_slopes(x, y, seed + (uint32_t)k * 7, &gx, &gy);
        dx += gx, dy += gy;
        sum += fade * high * n / (1 + dx * dx + dy * dy);
        const float t = 1.6f * x - 1.2f * y + 31.7f;
        y = 1.2f * x + 1.6f * y - 12.3f;
        x = t;
    }
    return sum;
}

/* Octaves down to `least`, first wave and height given; metres. */
float land_bumps(float x, float z, uint32_t seed, float wave, float high, float gain, float least)
{
    float sum = 0, u = x / wave, v = z / wave;
    for (uint32_t k = 0; k < 9; k++, wave *= 0.5f, high *= gain) {
        const float fade = sw_unit(wave / (2 * least) - 0.5f);
        if (fade <= 0)
            break;
        sum += fade * high * sw_perlin(u, v, seed + k * 3);
        const float t = 1.6f * u - 1.2f * v + 1.3f; /* twice as fine, turned by 36.9 degrees */
        v = 1.2f * u + 1.6f * v + 7.1f;
        u = t;
    }
    return sum;
}

float land_sea(const struct scene *s)
{
    switch (s->kind) {
    case SCENE_DUNES:
    case SCENE_FOREST:
    case SCENE_SNOW:
        return -1e6f;
    default:
        return 0;
    }
}

/* ---- trees: one in each cell of a lattice, by chance ---- */

static struct tree tree_at(float x, float z, float cell, float tall, uint32_t seed)
{
    struct tree best = {0, 2, 0, 0, 0};
    const float u = x / cell, v = z / cell;
    const int32_t i0 = sw_floor(u - 0.5f), j0 = sw_floor(v - 0.5f);
    float top = -1e9f; /* outside all crowns the nearest rim counts */
    for (int k = 0; k < 4; k++) {
        const int32_t i = i0 + (k & 1), j = j0 + (k >> 1);
        const uint32_t a = (uint32_t)i, b = (uint32_t)j;
        const float mx = (float)i + 0.25f + 0.5f * sw_random(a, b, seed),
                    mz = (float)j + 0.25f + 0.5f * sw_random(a, b, seed + 1);
        const float high = tall * (0.55f + 0.6f * sw_random(a, b, seed + 2)),
                    wide = 0.46f + 0.20f * sw_random(a, b, seed + 3);
        const float dx = (u - mx) / wide, dz = (v - mz) / wide, share = sqrtf(dx * dx + dz * dz);
        const float reach = high * (1 - share);
        if (reach > top)
            top = reach, best = (struct tree){high, share, dx, dz, sw_hash(a, b, seed + 4)};
    }
    return best;
}

/* Where woods stand: 0 .. 1. */
float land_woods(const struct scene *s, float x, float z, float y, float slope)
{
    if (s->kind == SCENE_DUNES || s->kind == SCENE_COAST)
        return 0;
    const float n = sw_octaves(x * 0.0022f, z * 0.0022f, s->seed + 60, 3, 0.5f);
    if (s->kind == SCENE_FOREST)
        return sw_step(0, 8,
                       z - 16 - 64 * s->chance[5] - 9 * sw_perlin(x * 0.035f, 0.5f, s->seed + 61) +
                           (x > 0 ? 0.35f : -0.2f) * x);
    const float line = s->kind == SCENE_SNOW ? 700 : 560;
    const float near =
        s->kind == SCENE_SNOW ? sw_step(18, 60, z + 60 * n) : sw_step(45, 110, z + 30 * n);
    return near * sw_step(line + 160 * n, line - 220 + 160 * n, y) * sw_step(0.95f, 0.6f, slope) *
           sw_step(2.5f, 6, y) * sw_step(-0.35f, 0.05f, n + 0.25f * (s->chance[6] - 0.3f));
}

/* ---- heights ---- */

static float mountains(const struct scene *s, float x, float z, float least)
{
    const float far = z + 700 * sw_perlin(x / 2600, z / 2600 + 3, s->seed + 10);
    const float rise = 1900 * sw_step(900, 7000, far) * (0.75f + 0.5f * s->chance[1]);
    const float flank = 420 *
                        sw_step(150, 1900, fabsf(x + 300 * (s->chance[2] - 0.5f)) + 0.15f * far) *
                        sw_step(60, 900, z);
    const float wave = 2900;
    const float rock =
        eroded(x / wave + 7 * s->chance[3], z / wave, s->seed + 20, 14, least / wave);
    const float lake = s->kind == SCENE_SNOW ? 3 : -7;
    const float bank = 9 * sw_step(26, 6, z - 7 * sw_perlin(x * 0.06f, 0, s->seed + 11));
    float h = lake + (rise + flank) * (rock - 0.22f) + bank + 0.02f * rise;
    h += land_bumps(x, z, s->seed + 12, 140, 4.5f * sw_step(20, 500, z) + 0.15f, 0.5f, least);
    const float rough = s->kind == SCENE_SNOW ? 0.3f : 0.55f;
    return z < 300
               ? h + land_bumps(x, z, s->seed + 13, 2.4f, 0.12f, rough, least) * sw_step(300, 20, z)
               : h;
}

/* Waves of sand: long and gentle against the wind, steep behind. */
static float dunes(const struct scene *s, float x, float z, float least)
{
    float h = 0;
    static const float wave[3] = {420, 130, 44}, high[3] = {46, 15, 3.2f};
    for (uint32_t k = 0; k < 3; k++) {
        const float f = 1 / wave[k], turn = 0.07f + 0.05f * (float)k * (s->chance[2] - 0.3f);
        const float c = sw_cosine(turn), n = sw_sine(turn);
        const float warp = 0.9f * sw_perlin(x * f * 0.6f, z * f * 0.6f, s->seed + 30 + k) +
                           0.30f * sw_perlin(x * f * 1.7f, z * f * 1.7f, s->seed + 40 + k);
        const float t = (x * c + z * n) * f + warp, part = t - (float)sw_floor(t);
        const float up = part < 0.72f ? part / 0.72f : (1 - part) / 0.28f; /* crest at 0.72 */
        const float strong =
            0.45f +
            0.55f * sw_unit(0.5f + sw_perlin(x * f * 0.4f + 9, z * f * 0.4f, s->seed + 50 + k));
        h += high[k] * strong * (up * up * (1.9f - 0.9f * up));
    }
    h *= sw_step(2, 130, z) * 0.9f + 0.1f;
    if (least < 0.25f) { /* ripples, across the wind */
        const float t = x * 2.6f + z * 1.1f + 1.1f * sw_perlin(x * 0.5f, z * 0.5f, s->seed + 58);
        h += 0.020f * sw_sine(t) * sw_unit(1.2f - least / 0.09f) *
             (0.4f + 0.6f * sw_unit(0.5f + sw_perlin(x * 0.15f, z * 0.15f, s->seed + 59))) *
             sw_step(-0.35f, 0.30f, sw_perlin(x * 0.035f, z * 0.035f, s->seed + 56));
    }
    return h + land_bumps(x, z, s->seed + 57, 6, 0.05f, 0.5f, least);
}

static float coast(const struct scene *s, float x, float z, float least)
{
    const float side = s->chance[4] < 0.5f ? -1 : 1;
    const float line = side * x - 10 - 0.34f * z * (0.4f + s->chance[5]) +
                       90 * sw_step(0, 400, z) * sw_perlin(z / 420, 0.5f, s->seed + 70) +
                       24 * sw_step(0, 120, z) * sw_perlin(z / 90, x / 200, s->seed + 71);
    const float cliff = (28 + 70 * s->chance[6]) * sw_step(60, 1200, z);
    const float rock = line > 0 ? eroded(x / 210, z / 210, s->seed + 72, 12, least / 210) : 0;
    float h = -6 + (6 + cliff * (0.35f + rock)) * sw_step(0, 26 + 0.03f * z, line) +
              0.10f * sw_max(line, 0) * sw_step(900, 200, line);
    const float beach =
        3.4f *
        sw_step(34, 4, z + 0.25f * side * x * -1 - 9 * sw_perlin(x * 0.04f, 0.3f, s->seed + 73));
    if (beach > 0)
        h = sw_max(h, -6 + 2.2f * beach + land_bumps(x, z, s->seed + 75, 1.1f, 0.05f, 0.5f, least));
    const float high = 1.3f * sw_step(4, 12, h);
    return high > 0 ? h + land_bumps(x, z, s->seed + 74, 17, high, 0.5f, least) : h;
}

static float meadow(const struct scene *s, float x, float z, float least)
{
    const float h = land_bumps(x, z, s->seed + 80, 70, 1.6f, 0.4f, least) + 0.02f * z;
    const float blades = 0.05f;
    return h + blades * land_bumps(x, z, s->seed + 81, 0.7f, 0.9f, 0.75f, least);
}

float land_bare(const struct scene *s, float x, float z, float least)
{
    switch (s->kind) {
    case SCENE_DUNES:
        return dunes(s, x, z, least);
    case SCENE_COAST:
        return coast(s, x, z, least);
    case SCENE_FOREST:
        return meadow(s, x, z, least);
    default:
        return mountains(s, x, z, least);
    }
}

/* Trees of woods: a lattice, sizes and, for leaves, a warp that makes lobes. */
struct tree land_tree(const struct scene *s, float x, float z)
{
    if (s->kind != SCENE_FOREST)
        return tree_at(x, z, 5, 17, s->seed + 64);
    const float w = 1.2f * sw_perlin(x * 0.26f, z * 0.26f, s->seed + 62) +
                    0.55f * sw_perlin(x * 0.85f, z * 0.85f, s->seed + 58);
    const float v = 1.2f * sw_perlin(x * 0.26f + 9, z * 0.26f, s->seed + 63) +
                    0.55f * sw_perlin(x * 0.85f, z * 0.85f + 7, s->seed + 59);
    return tree_at(x + w, z + v, 6.4f, 12.5f, s->seed + 64);
}

int land_tree_stands(const struct tree *t, float there)
{
    return (float)(t->id >> 16 & 255) < 256 * there && t->share < 1;
}

static float crown(const struct scene *s, const struct tree *t, float x, float z, float least)
{
    if (s->kind == SCENE_FOREST) {
        const float dome = sw_power(sw_max(1 - t->share * t->share, 0), 0.52f);
        const float leaves = land_bumps(x, z, s->seed + 65, 2.6f, 1.1f, 0.68f, least);
        return sw_max(t->high * (0.06f + 0.94f * dome) + leaves * 1.2f, 0);
    }
    const float cone = 1 - t->share;
    return t->high * sw_power(cone, 1.2f) * (1 + 0.12f * sw_sine(cone * 6)) +
           land_bumps(x, z, s->seed + 65, 2, 0.8f, 0.6f, least) * sw_unit(3 * cone);
}

float land_height(const struct scene *s, float x, float z, float least)
{
    const float h = land_bare(s, x, z, least);
    if (s->kind == SCENE_DUNES || s->kind == SCENE_COAST || h < land_sea(s))
        return h;
    const float there = trees_near(s, z) ? 0 : land_woods(s, x, z, h, 0.3f);
    if (there < 0.02f)
        return h;
    if (least > 4)
        return h + 9 * there * sw_unit(8 / least);
    const struct tree t = land_tree(s, x, z);
    return land_tree_stands(&t, there) ? h + crown(s, &t, x, z, least) : h;
}

float land_broad(const struct scene *s, float x, float z)
{
    const float least = s->kind == SCENE_DUNES    ? 9
                        : s->kind == SCENE_FOREST ? 12
                        : s->kind == SCENE_COAST  ? 9
                                                  : 60;
    const float h = land_bare(s, x, z, least);
    return s->kind == SCENE_FOREST ? h + 9 * land_woods(s, x, z, h, 0) : h;
}

void land_init(struct scene *s)
{
    const float ground = land_bare(s, 0, 2, 1), sea = land_sea(s);
    s->eye = (ground > sea ? ground : sea) + 1.7f;
    if (s->kind == SCENE_COAST)
        s->eye += 1.5f + 24 * s->chance[7] * s->chance[7];
    if (s->kind == SCENE_DUNES)
        s->eye += 9 * s->chance[7];
    if (s->kind == SCENE_MOUNTAINS || s->kind == SCENE_SNOW)
        s->eye += 22 * s->chance[7] * s->chance[7] * s->chance[7];
    for (float z = 2; z < 30; z += 1) /* nothing close hides the view */
        s->eye = sw_max(s->eye, land_bare(s, 0, z, 1) + 1.1f);
}
