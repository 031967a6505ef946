/* land_ground.c - what the country is made of: leaves, rock, grass, sand, snow; waves. */
#include "land.h"
#include "trees.h"

/* Octaves at (x fx + y up, z fz). */
static void patches(const struct land_spots *p, float fx, float fz, uint32_t seed, float *out)
{
    float u[ROWS_MOST], v[ROWS_MOST];
    for (uint32_t i = 0; i < p->at.n; i++)
        u[i] = p->at.x[i] * fx, v[i] = p->at.z[i] * fz;
    rows_octaves(u, v, seed, 3, 0.5f, out, p->at.n);
}

/* Bumps of places that are moved by their height. */
static void grains(const struct land_spots *p, float up_x, float up_z, uint32_t seed, float wave,
                   float gain, float *out)
{
    float u[ROWS_MOST], v[ROWS_MOST];
    for (uint32_t i = 0; i < p->at.n; i++)
        u[i] = p->at.x[i] + up_x * p->y[i], v[i] = p->at.z[i] + up_z * p->y[i];
    rows_bumps(u, v, seed, wave, gain, p->at.least, out, p->at.n);
}

/* ---- leaves ---- */

struct leaf { /* noise and light of one place in a crown */
    float up, clump, bend_x, bend_y;
    struct f3 way; /* from the tree's middle, in radii, level */
    uint32_t id;
};

static struct ground leaf_of(const struct scene *s, const struct leaf *l)
{
    const int wood = s->kind == SCENE_FOREST;
    const float pick = (float)(l->id & 255) / 255, other = (float)(l->id >> 8 & 255) / 255;
    struct f3 c = wood ? f3_mix(f3(0.050f, 0.072f, 0.022f), f3(0.105f, 0.112f, 0.035f), pick)
                       : f3_mix(f3(0.020f, 0.036f, 0.016f), f3(0.040f, 0.058f, 0.022f), pick);
    if (wood && other > 0.96f - 0.5f * s->chance[2] * s->chance[2]) /* autumn comes tree by tree */
        c = f3_mix(f3(0.165f, 0.100f, 0.030f), f3(0.12f, 0.055f, 0.022f), pick);
    const float deep = s->kind == SCENE_SNOW ? 0.45f : 0.30f;
    float dark = (deep + (1 - deep) * l->up) *
                 (1 + (s->kind == SCENE_SNOW ? 0.38f : 0.55f) * sw_clamp(l->clump, -1.4f, 1.4f));
    if (s->kind == SCENE_SNOW) {
        const float white = sw_step(-0.35f, 0.35f, l->clump + 0.9f * l->up - 0.55f);
        c = f3_mix(f3_scale(c, 1.5f), f3(0.60f, 0.63f, 0.68f), 0.36f * white);
        dark = sw_mix(dark, 0.75f + 0.25f * l->up, white);
    }
    const struct f3 n = f3_unit(f3(l->way.x + 0.9f * l->bend_x,
                                   (wood ? 0.15f + 0.9f * l->up : 0.45f) + 0.5f * l->bend_y,
                                   l->way.z + 0.5f * l->bend_x - 0.15f));
    return (struct ground){.colour = f3_scale(c, sw_max(dark, 0.10f)), .trees = 1, .normal = n};
}

/* foot: height of the ground below. */
static void leaves(const struct scene *s, const struct land_spots *p, const struct land_trees *t,
                   const float *foot, struct ground *g)
{
    const int wood = s->kind == SCENE_FOREST;
    const uint32_t n = p->at.n;
    const float k = wood ? 1.1f : 1.6f;
    float clump[ROWS_MOST], u[ROWS_MOST], v[ROWS_MOST], bx[ROWS_MOST], by[ROWS_MOST],
        high = 1, size = wood ? 1.9f : 2.5f;
    for (uint32_t i = 0; i < n; i++)
        clump[i] = 0, u[i] = p->at.x[i] * k + p->y[i], v[i] = p->at.z[i] * k + p->y[i] * 0.7f;
    rows_perlin(u, v, s->seed + 67, bx, n);
    for (uint32_t i = 0; i < n; i++)
        u[i] = p->at.x[i] * k - p->y[i] * k, v[i] = p->at.z[i] * k + 5;
    rows_perlin(u, v, s->seed + 68, by, n);
    for (uint32_t o = 0; o < 5; o++, size *= 0.47f, high *= 0.90f)
        rows_clumps(p->at.x, p->y, p->at.z, size, high, s->seed + 66 + o, p->at.least, clump, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct leaf l = {.up = sw_unit((p->y[i] - foot[i]) / sw_max(t->high[i], 1)),
                               .clump = clump[i],
                               .bend_x = bx[i],
                               .bend_y = by[i],
                               .way = f3(t->dx[i], 0, t->dz[i]),
                               .id = t->id[i]};
        g[i] = leaf_of(s, &l);
    }
}

/* ---- rock, grass and snow ---- */

struct stone { /* noise of one place, and where it is */
    float grain, patch, pebble, y, z, level;
};

static struct f3 rock_of(const struct scene *s, const struct stone *p)
{
    const float grain = p->grain, patch = p->patch, rough = sw_clamp(grain, -1.6f, 1.6f);
    const float bands = sw_sine(p->y * 0.013f + 0.6f * patch + 0.05f * grain);
    const struct f3 rock = f3_scale(f3_mix(f3(0.145f, 0.132f, 0.122f), f3(0.24f, 0.215f, 0.185f),
                                           sw_unit(0.5f + patch + 0.25f * bands)),
                                    1 + 0.22f * rough);
    const struct f3 grass = f3_scale(f3_mix(f3(0.055f, 0.075f, 0.020f), f3(0.125f, 0.115f, 0.040f),
                                            sw_unit(0.45f + 0.8f * patch)),
                                     1 + 0.25f * rough);
    const float green =
        sw_step(0.72f, 0.90f, p->level + 0.05f * grain) * sw_step(900, 560, p->y + 60 * grain);
    const float line = 620 + 500 * s->chance[0];
    float snow = sw_step(line, line + 260, p->y + 80 * grain + 120 * patch) *
                 sw_step(0.46f, 0.66f, p->level + 0.05f * grain);
    if (s->kind == SCENE_SNOW)
        snow = sw_max(snow, sw_step(0.58f, 0.78f, p->level + 0.05f * grain));
    return f3_mix(f3_mix(rock, grass, green),
                  f3_scale(f3(0.80f, 0.82f, 0.86f), s->kind == SCENE_SNOW ? 1 + 0.05f * rough : 1),
                  snow);
}

/* Pebbles at the water; reeds beyond. */
static struct f3 bank_of(const struct scene *s, const struct stone *p, struct f3 c)
{
    if (s->kind == SCENE_MOUNTAINS || s->kind == SCENE_NIGHT) {
        const float wet = sw_step(0.45f, 0.1f, p->y);
        const struct f3 shore = f3_scale(
            f3_mix(f3(0.13f, 0.125f, 0.11f), f3(0.23f, 0.215f, 0.19f), sw_unit(0.5f + p->pebble)),
            (1 + 0.4f * sw_clamp(p->pebble, -1.5f, 1.5f)) * (1 - 0.5f * wet));
        c = f3_mix(c, shore, sw_step(2.6f, 0.9f, p->y + 0.5f * p->grain) * sw_step(240, 60, p->z));
    }
    return f3_mix(c, f3(0.060f, 0.062f, 0.042f),
                  0.85f * sw_step(5, 1.5f, p->y) * sw_step(90, 240, p->z) *
                      (s->kind != SCENE_SNOW));
}

static float glint(const struct scene *s, float x, float z)
{
    return sw_random((uint32_t)sw_floor(x * 90), (uint32_t)sw_floor(z * 90), s->seed + 93) > 0.9965f
               ? 2.2f
               : 1;
}

static void rocks(const struct scene *s, const struct land_spots *p, struct ground *g)
{
    float grain[ROWS_MOST], patch[ROWS_MOST], pebble[ROWS_MOST] = {0};
    int shore = 0;
    grains(p, 0, 1.3f, s->seed + 90, 40, 0.75f, grain);
    patches(p, 0.004f, 0.004f, s->seed + 91, patch);
    for (uint32_t i = 0; i < p->at.n; i++)
        shore |= p->y[i] + 0.5f * grain[i] < 2.6f && p->at.z[i] < 240;
    if (shore && s->kind != SCENE_SNOW)
        rows_bumps(p->at.x, p->at.z, s->seed + 92, 0.5f, 0.7f, p->at.least, pebble, p->at.n);
    for (uint32_t i = 0; i < p->at.n; i++) {
        const struct stone one = {grain[i], patch[i],   pebble[i],
                                  p->y[i],  p->at.z[i], p->normal[i].y};
        g[i] = (struct ground){.colour = bank_of(s, &one, rock_of(s, &one))};
        if (s->kind == SCENE_SNOW && p->at.least[i] < 0.02f) /* crystals that face the sun */
            g[i].colour = f3_scale(g[i].colour, glint(s, p->at.x[i], p->at.z[i]));
    }
}

/* ---- sand, shore, grass ---- */

/* Ripples across the wind, in sizes: of a foot, of a stride, of a cart; not everywhere. Two noises
 * bend and fork their crests, and they fade where they come too close for the px. */
static void ripples(const struct scene *s, const struct land_spots *p, uint32_t size,
                    struct ground *g)
{
    static const float wave[3] = {0.38f, 1.6f, 7}, steep[3] = {0.26f, 0.18f, 0.10f};
    const float f = 1 / wave[size], turn = 0.05f + 0.04f * (float)size * (s->chance[2] - 0.5f),
                c = sw_cosine(turn) * f, sine = sw_sine(turn) * f;
    const uint32_t n = p->at.n;
    float a[ROWS_MOST], ax[ROWS_MOST], az[ROWS_MOST], b[ROWS_MOST], bx[ROWS_MOST], bz[ROWS_MOST],
        there[ROWS_MOST], u[ROWS_MOST], v[ROWS_MOST];
    for (uint32_t i = 0; i < n; i++)
        u[i] = p->at.x[i] * 0.05f * f, v[i] = p->at.z[i] * 0.05f * f;
    rows_perlin(u, v, s->seed + 58 + size, a, n);
    rows_slopes(u, v, s->seed + 58 + size, ax, az, n);
    for (uint32_t i = 0; i < n; i++)
        u[i] = p->at.x[i] * 0.33f * f, v[i] = p->at.z[i] * 0.16f * f;
    rows_perlin(u, v, s->seed + 35 + size, b, n);
    rows_slopes(u, v, s->seed + 35 + size, bx, bz, n);
    for (uint32_t i = 0; i < n; i++)
        u[i] = p->at.x[i] * 0.013f * f, v[i] = p->at.z[i] * 0.013f * f;
    rows_perlin(u, v, s->seed + 65 + size, there, n);
    for (uint32_t i = 0; i < n; i++) {
        const float t = p->at.x[i] * c + p->at.z[i] * sine + 2.0f * a[i] + 0.55f * b[i];
        const float tx = c + (0.10f * ax[i] + 0.18f * bx[i]) * f,
                    tz = sine + (0.10f * az[i] + 0.09f * bz[i]) * f;
        const float deep = p->at.z[i] / sw_max(s->eye - p->y[i], 0.09f * p->at.z[i] + 0.5f);
        const float px = 2 * p->at.least[i] * (fabsf(tx) + fabsf(tz) * sw_max(deep, 1));
        const float much =
            sw_unit(1.5f - 3.2f * px) * sw_step(-0.35f, 0.30f, there[i] + 0.25f * b[i]);
        const float turned = sw_cosine(t), rise = steep[size] * much *
                                                  (turned - 0.45f * turned * turned + 0.22f) *
                                                  wave[size];
        g[i].tip_x += rise * tx, g[i].tip_z += rise * tz;
    }
}

static void sand(const struct scene *s, const struct land_spots *p, struct ground *g)
{
    float fine[ROWS_MOST], streak[ROWS_MOST], patch[ROWS_MOST], u[ROWS_MOST];
    const uint32_t n = p->at.n;
    for (uint32_t i = 0; i < n; i++)
        u[i] = p->at.x[i] * 0.25f;
    rows_bumps(p->at.x, p->at.z, s->seed + 95, 1.4f, 0.8f, p->at.least, fine, n);
    rows_bumps(u, p->at.z, s->seed + 94, 22, 0.75f, p->at.least, streak, n);
    patches(p, 0.006f, 0.006f, s->seed + 96, patch);
    for (uint32_t i = 0; i < n; i++) {
        const struct f3 c = f3_mix(f3(0.46f, 0.29f, 0.155f), f3(0.54f, 0.38f, 0.23f),
                                   sw_unit(0.5f + 0.6f * patch[i] + 0.8f * (s->chance[5] - 0.5f)));
        const float rough = sw_clamp(fine[i] + 0.7f * streak[i], -2, 2);
        g[i] = (struct ground){.colour = f3_scale(c, 1 + 0.18f * rough)};
    }
    for (uint32_t k = 0; k < 3; k++)
        ripples(s, p, k, g);
}

static struct ground shore_of(float grain, float y, float level)
{
    const float wet = sw_step(0.9f, 0.25f, y + 0.25f * grain);
    const struct f3 beach = f3_scale(f3(0.42f, 0.34f, 0.24f),
                                     (1 - 0.5f * wet) * (1 + 0.07f * sw_clamp(grain, -1.5f, 1.5f)));
    const struct f3 rock =
        f3_scale(f3_mix(f3(0.17f, 0.145f, 0.12f), f3(0.30f, 0.25f, 0.19f),
                        sw_unit(0.5f + 0.4f * sw_sine(y * 0.16f + 0.2f * grain))),
                 1 + 0.3f * sw_clamp(grain, -1.6f, 1.6f));
    const struct f3 grass = f3_scale(
        f3_mix(f3(0.065f, 0.085f, 0.024f), f3(0.12f, 0.115f, 0.045f), sw_unit(0.5f + grain * 0.4f)),
        1 + 0.15f * grain);
    const float high = sw_step(4, 8, y + 0.9f * grain);
    const struct f3 c =
        f3_mix(rock, grass, sw_step(0.78f, 0.92f, level + 0.04f * grain) * sw_step(5, 11, y));
    return (struct ground){.colour = f3_mix(beach, c, high), .shine = wet * (1 - high)};
}

static void shore(const struct scene *s, const struct land_spots *p, struct ground *g)
{
    float grain[ROWS_MOST];
    grains(p, 0.6f, 1.5f, s->seed + 97, 9, 0.8f, grain);
    for (uint32_t i = 0; i < p->at.n; i++)
        g[i] = shore_of(grain[i], p->y[i], p->normal[i].y);
}

static struct f3 grass_of(const struct scene *s, float blade, float tuft, float patch)
{
    const struct f3 c =
        f3_mix(f3(0.066f, 0.086f, 0.032f), f3(0.165f, 0.150f, 0.078f),
               sw_unit(0.40f + 0.5f * patch + 0.22f * tuft + 0.5f * (s->chance[3] - 0.5f)));
    return f3_scale(c, sw_max(1 + 0.40f * blade + 0.22f * tuft, 0.25f));
}

static void grassland(const struct scene *s, const struct land_spots *p, struct ground *g)
{
    const struct land_row *r = &p->at;
    float u[ROWS_MOST], v[ROWS_MOST], blade[ROWS_MOST], tuft[ROWS_MOST], patch[ROWS_MOST];
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * 2.2f, v[i] = r->z[i] * 0.6f;
    rows_bumps(u, v, s->seed + 98, 0.35f, 0.85f, r->least, blade, r->n);
    rows_bumps(r->x, r->z, s->seed + 99, 2.5f, 0.6f, r->least, tuft, r->n);
    patches(p, 0.05f, 0.03f, s->seed + 100, patch);
    for (uint32_t i = 0; i < r->n; i++) {
        const uint32_t a = (uint32_t)sw_floor(r->x[i] * 9), b = (uint32_t)sw_floor(r->z[i] * 5);
        struct f3 c = grass_of(s, blade[i], tuft[i], patch[i]);
        if (r->least[i] < 0.05f && r->least[i] > 0.012f &&
            sw_random(a, b, s->seed + 101) > 1.0f - 0.012f * sw_unit(patch[i] * 2))
            c = s->chance[4] < 0.5f ? f3(0.62f, 0.52f, 0.05f) : f3(0.68f, 0.66f, 0.70f);
        g[i] = (struct ground){.colour = c, .trees = 0.6f};
    }
}

/* ---- all of it ---- */

/* Places of which some are woods. */
struct parted {
    struct land_spots wood, open;
    float foot[ROWS_MOST]; /* of those in the woods */
    uint32_t wood_is[ROWS_MOST], open_is[ROWS_MOST];
};

static void take(struct land_spots *to, uint32_t *is, const struct land_spots *p, uint32_t i)
{
    const uint32_t k = to->at.n++;
    to->at.x[k] = p->at.x[i], to->at.z[k] = p->at.z[i], to->at.least[k] = p->at.least[i];
    to->y[k] = p->y[i], to->normal[k] = p->normal[i];
    is[k] = i;
}

/* Leaves are seen where the place lies above the ground, or where a tree stands. */
static void part(const struct scene *s, const struct land_spots *p, const float *there,
                 const float *foot, struct parted *w)
{
    struct land_trees t;
    int any = 0;
    w->wood.at.n = w->open.at.n = 0;
    for (uint32_t i = 0; i < p->at.n; i++)
        any |= there[i] > 0.02f;
    if (any)
        land_trees_of(s, &p->at, &t);
    for (uint32_t i = 0; i < p->at.n; i++)
        if (there[i] > 0.02f &&
            (p->at.least[i] > 4 || p->y[i] > foot[i] + 0.5f || land_tree_stands(&t, i, there[i]))) {
            w->foot[w->wood.at.n] = foot[i];
            take(&w->wood, w->wood_is, p, i);
        } else {
            take(&w->open, w->open_is, p, i);
        }
}

/* How dense woods are at each place, and the ground below. */
static void woods_of(const struct scene *s, const struct land_spots *p, float *there, float *foot)
{
    struct land_row r = p->at;
    float bare[ROWS_MOST];
    int any = 0, low = 0;
    for (uint32_t i = 0; i < r.n; i++)
        any |= !trees_near(s, r.z[i]), low |= p->y[i] < 24, there[i] = 0;
    if (!any)
        return;
    for (uint32_t i = 0; i < r.n; i++)
        r.least[i] = sw_max(r.least[i], 4);
    if (low)
        land_bare(s, &r, foot);
    for (uint32_t i = 0; i < r.n; i++)
        bare[i] = p->y[i] < 24 ? foot[i] : p->y[i] - 6;
    land_woods(s, &r, bare, 0.3f, there);
    for (uint32_t i = 0; i < r.n; i++)
        there[i] = trees_near(s, r.z[i]) ? 0 : there[i];
    if (!low)
        land_bare(s, &r, foot);
}

static void open_ground(const struct scene *s, const struct land_spots *p, struct ground *g)
{
    if (s->kind == SCENE_FOREST)
        grassland(s, p, g);
    else
        rocks(s, p, g);
}

static void wooded(const struct scene *s, const struct land_spots *p, struct ground *g)
{
    float there[ROWS_MOST], foot[ROWS_MOST];
    struct parted w;
    struct ground found[ROWS_MOST];
    woods_of(s, p, there, foot);
    part(s, p, there, foot, &w);
    if (w.open.at.n) {
        open_ground(s, &w.open, found);
        for (uint32_t k = 0; k < w.open.at.n; k++) {
            const float dark = there[w.open_is[k]];
            if (dark > 0.05f)
                found[k] = (struct ground){
                    .colour = f3_mix(found[k].colour, f3(0.03f, 0.035f, 0.02f), 0.8f * dark),
                    .trees = 0.6f};
            g[w.open_is[k]] = found[k];
        }
    }
    if (w.wood.at.n) {
        struct land_trees t;
        land_trees_of(s, &w.wood.at, &t);
        leaves(s, &w.wood, &t, w.foot, found);
        for (uint32_t k = 0; k < w.wood.at.n; k++)
            g[w.wood_is[k]] = found[k];
    }
}

void land_ground(const struct scene *s, const struct land_spots *spots, struct ground *g)
{
    struct land_spots p = *spots;
    for (uint32_t i = 0; i < p.at.n; i++)
        p.at.least[i] = sw_max(p.at.least[i], 0.004f);
    if (s->kind == SCENE_DUNES)
        sand(s, &p, g);
    else if (s->kind == SCENE_COAST)
        shore(s, &p, g);
    else
        wooded(s, &p, g);
}

/* ---- waves ---- */

/* Adds one octave's slopes where waves of that length are seen; 0: nowhere, nor are shorter ones.
 */
static int add_waves(const struct land_row *r, float wave, const float *high, uint32_t k,
                     uint32_t seed, float *dx, float *dz)
{
    float u[ROWS_MOST], v[ROWS_MOST], sx[ROWS_MOST], sz[ROWS_MOST], most = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        most = sw_max(most, wave / (3 * r->least[i]) - 0.4f);
        u[i] = r->x[i] / wave * 0.6f + (float)k * 3.7f, v[i] = r->z[i] / wave;
    }
    if (most <= 0)
        return 0;
    rows_slopes(u, v, seed + k, sx, sz, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        const float much = sw_unit(wave / (3 * r->least[i]) - 0.4f) * high[i];
        dx[i] += much * sx[i] * 0.6f, dz[i] += much * sz[i];
    }
    return 1;
}

void land_waves(const struct scene *s, const struct land_row *r, struct f3 *normal)
{
    const int sea = s->kind == SCENE_COAST;
    float u[ROWS_MOST], v[ROWS_MOST], high[ROWS_MOST], dx[ROWS_MOST] = {0}, dz[ROWS_MOST] = {0},
                                                       wave = sea ? 26.0f : 2.2f;
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * 0.006f, v[i] = r->z[i] * 0.003f;
    rows_perlin(u, v, s->seed + 300, high, r->n);
    for (uint32_t i = 0; i < r->n; i++) /* of slope; calm here, ruffled there */
        high[i] = sea ? 0.040f : 0.0042f * (0.5f + 1.2f * sw_step(-0.2f, 0.7f, high[i]));
    for (uint32_t k = 0; k < 7; k++, wave *= 0.52f) {
        if (!add_waves(r, wave, high, k, s->seed + 310, dx, dz))
            break;
        for (uint32_t i = 0; i < r->n; i++)
            high[i] *= 0.92f;
    }
    for (uint32_t i = 0; i < r->n; i++)
        normal[i] = f3_unit(f3(-dx[i], 1, -dz[i]));
}
