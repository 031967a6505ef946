/* land_heights.c - the country: heights in metres, kind by kind. */
#include "land.h"
#include "trees.h"

/* Value noise and its slopes. */
static inline float noise_slopes(float x, float y, uint32_t seed, float *dx, float *dy)
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
 * `least` (all in lattice units) are left out, the last one fades. */
KIT_CLONES
static void eroded(const float *x, const float *y, uint32_t seed, int octaves, const float *least,
                   float *restrict sum, uint32_t n)
{
    float u[ROWS_MOST], v[ROWS_MOST], dx[ROWS_MOST], dy[ROWS_MOST], high = 1, wave = 1;
    for (uint32_t i = 0; i < n; i++)
        u[i] = x[i], v[i] = y[i], dx[i] = dy[i] = sum[i] = 0;
    for (int k = 0; k < octaves; k++, high *= 0.5f, wave *= 0.5f) {
        float most = 0;
        for (uint32_t i = 0; i < n; i++)
            most = sw_max(most, wave / (2 * least[i]) - 0.5f);
        if (most <= 0)
            return;
        for (uint32_t i = 0; i < n; i++) {
            const float fade = sw_unit(wave / (2 * least[i]) - 0.5f);
            float gx, gy;
            const float h = noise_slopes(u[i], v[i], seed + (uint32_t)k * 7, &gx, &gy);
            dx[i] += fade > 0 ? gx : 0, dy[i] += fade > 0 ? gy : 0;
            sum[i] += fade * high * h / (1 + dx[i] * dx[i] + dy[i] * dy[i]);
            const float t = 1.6f * u[i] - 1.2f * v[i] + 31.7f;
            v[i] = 1.2f * u[i] + 1.6f * v[i] - 12.3f;
            u[i] = t;
        }
    }
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

/* Noise at places times f, moved. */
static void noise_at(const struct land_row *r, float fx, float fz, float off, uint32_t seed,
                     float *out)
{
    float u[ROWS_MOST], v[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * fx, v[i] = r->z[i] * fz + off;
    rows_perlin(u, v, seed, out, r->n);
}

static float nearest(const struct land_row *r)
{
    float z = r->z[0];
    for (uint32_t i = 1; i < r->n; i++)
        z = sw_min(z, r->z[i]);
    return z;
}

/* ---- mountains ---- */

static void rocks_of(const struct scene *s, const struct land_row *r, float *rock)
{
    const float wave = 2900;
    float u[ROWS_MOST], v[ROWS_MOST], least[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] / wave + 7 * s->chance[3], v[i] = r->z[i] / wave,
        least[i] = r->least[i] / wave;
    eroded(u, v, s->seed + 20, 14, least, rock, r->n);
}

/* The far ones rise behind a valley with flanks; near the eye a bank. */
KIT_CLONES
static void shape(const struct scene *s, const struct land_row *r, const float *wide,
                  const float *rock, const float *shore, const float *bump, float *restrict h)
{
    const float top = 1900 * (0.75f + 0.5f * s->chance[1]), middle = 300 * (s->chance[2] - 0.5f),
                lake = s->kind == SCENE_SNOW ? 3 : -7;
    for (uint32_t i = 0; i < r->n; i++) {
        const float x = r->x[i], z = r->z[i], far = z + 700 * wide[i];
        const float rise = top * sw_step(900, 7000, far);
        const float flank =
            420 * sw_step(150, 1900, fabsf(x + middle) + 0.15f * far) * sw_step(60, 900, z);
        const float bank = 9 * sw_step(26, 6, z - 7 * shore[i]);
        h[i] = lake + (rise + flank) * (rock[i] - 0.22f) + bank + 0.02f * rise +
               (4.5f * sw_step(20, 500, z) + 0.15f) * bump[i];
    }
}

/* Somebody's way through the snow: where its middle is. */
static float way_at(const struct scene *s, float z)
{
    const float side = s->chance[5] - 0.5f;
    return 1.6f * side + 0.5f * side * z + 1.4f * sw_perlin(z * 0.07f, 0.5f, s->seed + 14);
}

/* Of one place that far from the middle: two grooves of skis, or the steps of boots. */
static float trodden(const struct scene *s, float off, float z)
{
    if (s->chance[4] < 0.35f) {
        const float groove = fabsf(fabsf(off) - 0.13f);
        return -0.07f * sw_step(0.075f, 0.03f, groove) + 0.02f * sw_step(0.12f, 0.07f, groove);
    }
    const float step = z / 0.62f, k = (float)sw_floor(step), u = (step - k - 0.5f) * 0.62f,
                v = off - ((int32_t)k & 1 ? 0.14f : -0.14f);
    const float far = sqrtf(u * u * 0.55f + v * v);
    return -0.12f * sw_step(0.14f, 0.06f, far) + 0.025f * sw_step(0.20f, 0.13f, far);
}

/* What the wind made of the snow, and who came by. */
static void drifts(const struct scene *s, const struct land_row *r, float *restrict h)
{
    float u[ROWS_MOST], v[ROWS_MOST], long_ones[ROWS_MOST], short_ones[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * 0.05f + 0.02f * r->z[i], v[i] = r->z[i] * 0.13f;
    rows_octaves(u, v, s->seed + 15, 3, 0.45f, long_ones, r->n);
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * 0.45f, v[i] = r->z[i] * 1.1f + 0.3f * r->x[i];
    rows_bumps(u, v, s->seed + 16, 1, 0.55f, r->least, short_ones, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        const float fade = sw_step(300, 30, r->z[i]), crest = 1 - fabsf(long_ones[i]),
                    wild = sw_step(-0.1f, 0.5f, long_ones[i]);
        h[i] += fade * (0.34f * crest * crest + 0.045f * (0.25f + wild) * short_ones[i]);
        if (r->z[i] < 90 && s->chance[4] < 0.75f)
            h[i] += trodden(s, r->x[i] - way_at(s, r->z[i]), r->z[i]);
    }
}

static void mountains(const struct scene *s, const struct land_row *r, float *h)
{
    float wide[ROWS_MOST], rock[ROWS_MOST], shore[ROWS_MOST] = {0}, bump[ROWS_MOST];
    const float near = nearest(r);
    noise_at(r, 1 / 2600.0f, 1 / 2600.0f, 3, s->seed + 10, wide);
    rocks_of(s, r, rock);
    if (near < 40)
        noise_at(r, 0.06f, 0, 0, s->seed + 11, shore);
    rows_bumps(r->x, r->z, s->seed + 12, 140, 0.5f, r->least, bump, r->n);
    shape(s, r, wide, rock, shore, bump, h);
    if (near >= 300)
        return;
    if (s->kind == SCENE_SNOW)
        drifts(s, r, h);
    rows_bumps(r->x, r->z, s->seed + 13, 2.4f, s->kind == SCENE_SNOW ? 0.3f : 0.55f, r->least, bump,
               r->n);
    for (uint32_t i = 0; i < r->n; i++)
        h[i] += 0.12f * sw_step(300, 20, r->z[i]) * bump[i];
}

/* ---- dunes ---- */

/* Waves of sand: long and gentle against the wind, steep behind. */
static void sand_waves(const struct scene *s, const struct land_row *r, uint32_t k,
                       float *restrict h)
{
    static const float wave[3] = {420, 130, 44}, high[3] = {46, 15, 3.2f};
    const float f = 1 / wave[k], turn = 0.07f + 0.05f * (float)k * (s->chance[2] - 0.3f);
    const float c = sw_cosine(turn), sine = sw_sine(turn);
    float a[ROWS_MOST], b[ROWS_MOST], u[ROWS_MOST], v[ROWS_MOST], e[ROWS_MOST];
    noise_at(r, f * 0.6f, f * 0.6f, 0, s->seed + 30 + k, a);
    noise_at(r, f * 1.7f, f * 1.7f, 0, s->seed + 40 + k, b);
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * f * 0.4f + 9, v[i] = r->z[i] * f * 0.4f;
    rows_perlin(u, v, s->seed + 50 + k, e, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        const float t = (r->x[i] * c + r->z[i] * sine) * f + 0.9f * a[i] + 0.30f * b[i],
                    part = t - (float)sw_floor(t);
        const float up = part < 0.72f ? part / 0.72f : (1 - part) / 0.28f; /* crest at 0.72 */
        const float strong = 0.45f + 0.55f * sw_unit(0.5f + e[i]);
        h[i] += high[k] * strong * (up * up * (1.9f - 0.9f * up));
    }
}

static void dunes(const struct scene *s, const struct land_row *r, float *h)
{
    float bump[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        h[i] = 0;
    for (uint32_t k = 0; k < 3; k++)
        sand_waves(s, r, k, h);
    for (uint32_t i = 0; i < r->n; i++)
        h[i] *= sw_step(2, 130, r->z[i]) * 0.9f + 0.1f;
    rows_bumps(r->x, r->z, s->seed + 57, 6, 0.5f, r->least, bump, r->n);
    for (uint32_t i = 0; i < r->n; i++)
        h[i] += 0.08f * bump[i];
}

/* ---- coast ---- */

/* How far inland of the water's line each place is, m; the most of all. */
static float inland(const struct scene *s, const struct land_row *r, float *line)
{
    const float side = s->chance[4] < 0.5f ? -1 : 1;
    float a[ROWS_MOST], b[ROWS_MOST], u[ROWS_MOST], v[ROWS_MOST], most = -1;
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->z[i] / 420, v[i] = 0.5f;
    rows_perlin(u, v, s->seed + 70, a, r->n);
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->z[i] / 90, v[i] = r->x[i] / 200;
    rows_perlin(u, v, s->seed + 71, b, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        const float z = r->z[i];
        line[i] = side * r->x[i] - 10 - 0.34f * z * (0.4f + s->chance[5]) +
                  90 * sw_step(0, 400, z) * a[i] + 24 * sw_step(0, 120, z) * b[i];
        most = sw_max(most, line[i]);
    }
    return most;
}

/* Sand at the eye's feet. */
static void beach(const struct scene *s, const struct land_row *r, float *h)
{
    const float side = s->chance[4] < 0.5f ? -1 : 1;
    float edge[ROWS_MOST], bump[ROWS_MOST], u[ROWS_MOST], v[ROWS_MOST], most = 0;
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * 0.04f, v[i] = 0.3f;
    rows_perlin(u, v, s->seed + 73, edge, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        edge[i] = 3.4f * sw_step(34, 4, r->z[i] - 0.25f * side * r->x[i] - 9 * edge[i]);
        most = sw_max(most, edge[i]);
    }
    if (most <= 0)
        return;
    rows_bumps(r->x, r->z, s->seed + 75, 1.1f, 0.5f, r->least, bump, r->n);
    for (uint32_t i = 0; i < r->n; i++)
        if (edge[i] > 0)
            h[i] = sw_max(h[i], -6 + 2.2f * edge[i] + 0.05f * bump[i]);
}

static void cliffs(const struct scene *s, const struct land_row *r, const float *line,
                   float *restrict h)
{
    float u[ROWS_MOST], v[ROWS_MOST], least[ROWS_MOST], rock[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] / 210, v[i] = r->z[i] / 210, least[i] = r->least[i] / 210;
    eroded(u, v, s->seed + 72, 12, least, rock, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        const float cliff = (28 + 70 * s->chance[6]) * sw_step(60, 1200, r->z[i]);
        h[i] += (6 + cliff * (0.35f + rock[i])) * sw_step(0, 26 + 0.03f * r->z[i], line[i]) +
                0.10f * sw_max(line[i], 0) * sw_step(900, 200, line[i]);
    }
}

static void coast(const struct scene *s, const struct land_row *r, float *h)
{
    float line[ROWS_MOST], bump[ROWS_MOST], high = 0;
    const float most = inland(s, r, line);
    for (uint32_t i = 0; i < r->n; i++)
        h[i] = -6;
    if (most > 0)
        cliffs(s, r, line, h);
    beach(s, r, h);
    for (uint32_t i = 0; i < r->n; i++)
        high = sw_max(high, sw_step(4, 12, h[i]));
    if (high <= 0)
        return;
    rows_bumps(r->x, r->z, s->seed + 74, 17, 0.5f, r->least, bump, r->n);
    for (uint32_t i = 0; i < r->n; i++)
        h[i] += 1.3f * sw_step(4, 12, h[i]) * bump[i];
}

/* ---- all of it ---- */

static void meadow(const struct scene *s, const struct land_row *r, float *h)
{
    float bump[ROWS_MOST];
    rows_bumps(r->x, r->z, s->seed + 80, 70, 0.4f, r->least, h, r->n);
    rows_bumps(r->x, r->z, s->seed + 81, 0.7f, 0.75f, r->least, bump, r->n);
    for (uint32_t i = 0; i < r->n; i++)
        h[i] = 1.6f * h[i] + 0.02f * r->z[i] + 0.045f * bump[i];
}

void land_bare(const struct scene *s, const struct land_row *r, float *height)
{
    switch (s->kind) {
    case SCENE_DUNES:
        dunes(s, r, height);
        break;
    case SCENE_COAST:
        coast(s, r, height);
        break;
    case SCENE_FOREST:
        meadow(s, r, height);
        break;
    default:
        mountains(s, r, height);
    }
}

float land_bare_at(const struct scene *s, float x, float z, float least)
{
    struct land_row r;
    float h[ROWS_MOST];
    r.n = 1, r.x[0] = x, r.z[0] = z, r.least[0] = least;
    land_bare(s, &r, h);
    return h[0];
}

/* Trees on the places of which[0 .. n): their woods are so dense that there may be one. */
static void add_trees(const struct scene *s, const struct land_row *r, const float *there,
                      const uint32_t *which, uint32_t n, float *height)
{
    struct land_row at;
    struct land_trees t;
    float high[ROWS_MOST];
    at.n = n;
    for (uint32_t k = 0; k < n; k++)
        at.x[k] = r->x[which[k]], at.z[k] = r->z[which[k]], at.least[k] = r->least[which[k]];
    land_trees_of(s, &at, &t);
    land_crowns(s, &at, &t, high);
    for (uint32_t k = 0; k < n; k++)
        if (land_tree_stands(&t, k, there[which[k]]))
            height[which[k]] += high[k];
}

void land_heights(const struct scene *s, const struct land_row *r, float *height)
{
    float there[ROWS_MOST];
    uint32_t which[ROWS_MOST], n = 0, drawn = 0;
    land_bare(s, r, height);
    for (uint32_t i = 0; i < r->n; i++)
        drawn += trees_near(s, r->z[i]) || height[i] < land_sea(s);
    if (drawn == r->n || s->kind == SCENE_DUNES || s->kind == SCENE_COAST)
        return;
    land_woods(s, r, height, 0.3f, there);
    for (uint32_t i = 0; i < r->n; i++) {
        if (there[i] < 0.02f || trees_near(s, r->z[i]) || height[i] < land_sea(s))
            continue;
        if (r->least[i] > 4)
            height[i] += 9 * there[i] * sw_unit(8 / r->least[i]);
        else
            which[n++] = i;
    }
    if (n)
        add_trees(s, r, there, which, n, height);
}

void land_broad(const struct scene *s, struct land_row *r, float *height)
{
    const float least = s->kind == SCENE_DUNES    ? 9
                        : s->kind == SCENE_FOREST ? 12
                        : s->kind == SCENE_COAST  ? 9
                                                  : 60;
    float there[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        r->least[i] = least;
    land_bare(s, r, height);
    if (s->kind != SCENE_FOREST)
        return;
    land_woods(s, r, height, 0, there);
    for (uint32_t i = 0; i < r->n; i++)
        height[i] += 9 * there[i];
}

void land_init(struct scene *s)
{
    const float ground = land_bare_at(s, 0, 2, 1), sea = land_sea(s);
    s->eye = (ground > sea ? ground : sea) + 1.7f;
    if (s->kind == SCENE_COAST)
        s->eye += 1.5f + 24 * s->chance[7] * s->chance[7];
    if (s->kind == SCENE_DUNES)
        s->eye += 9 * s->chance[7];
    if (s->kind == SCENE_MOUNTAINS || s->kind == SCENE_SNOW)
        s->eye += 22 * s->chance[7] * s->chance[7] * s->chance[7];
    for (float z = 2; z < 30; z += 1) /* nothing close hides the view */
        s->eye = sw_max(s->eye, land_bare_at(s, 0, z, 1) + 1.1f);
}
