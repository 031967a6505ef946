/* scene_trees.c - which trees stand where: lattices on the ground, walked from far to near for each
 * strip of the picture; shadows first, then trees, then the meadow's blades. */
#include "scene_things.h"
#include "trees.h"

enum { ACROSS = 64 /* px of a strip */ };

struct stand {             /* what grows in a kind of scene */
    float cell, near, far; /* m; nearest and farthest tree */
};

static struct stand stand_of(const struct scene *s)
{
    switch (s->kind) {
    case SCENE_FOREST:
        return (struct stand){5.2f, 9, 150};
    case SCENE_SNOW:
        return (struct stand){6.0f, 12, 330};
    default:
        return (struct stand){6.0f, 14, 330};
    }
}

int trees_near(const struct scene *s, float z)
{
    const int grows = s->kind == SCENE_FOREST || s->kind == SCENE_SNOW ||
                      s->kind == SCENE_MOUNTAINS || s->kind == SCENE_NIGHT;
    return grows && z < stand_of(s).far;
}

float strip_row(const struct strip *t, float slope)
{
    return 0.5f * (float)t->out->height * (1 + t->s->shift - slope * t->s->zoom);
}

float strip_column(const struct strip *t, float x, float z)
{
    return 0.5f * (float)t->out->width + t->focus * x / z;
}

/* ---- a tree's make ---- */

static void choose_kind(const struct scene *s, struct plant *p, float edge)
{
    const float pick = sw_random(1, 0, p->seed), mix = s->chance[1],
                size = sw_random(2, 0, p->seed);
    if (s->kind == SCENE_FOREST) {
        const float firs = mix < 0.45f ? 0.04f : mix < 0.75f ? 0.38f : 0.85f;
        p->kind = pick < firs ? TREE_SPRUCE : pick < firs + 0.10f ? TREE_PINE : TREE_BROAD;
        if (edge < 0.25f && sw_random(3, 0, p->seed) < 0.45f)
            p->kind = TREE_BUSH;
    } else if (s->kind == SCENE_SNOW) {
        p->kind = pick < 0.10f + 0.35f * mix * mix ? TREE_BARE : TREE_SPRUCE;
    } else {
        p->kind = pick < 0.12f ? TREE_PINE : TREE_SPRUCE;
    }
    static const float tall[] = {14.5f, 17, 16, 10, 2.4f},
                       wide[] = {0.34f, 0.17f, 0.22f, 0.3f, 0.62f};
    p->high = tall[p->kind] * (0.50f + 0.72f * size);
    if (s->kind != SCENE_FOREST && p->kind == TREE_SPRUCE)
        p->high *= 0.45f + 0.75f * sw_random(4, 0, p->seed);
    p->wide = p->high * wide[p->kind] * (0.8f + 0.4f * sw_random(5, 0, p->seed));
}

static void choose_colours(const struct scene *s, struct plant *p)
{
    const float a = sw_random(6, 0, p->seed), b = sw_random(7, 0, p->seed);
    p->bark = f3_scale(f3(0.115f, 0.090f, 0.070f), 0.6f + 0.6f * a);
    switch (p->kind) {
    case TREE_SPRUCE:
        p->leaf = f3_mix(f3(0.024f, 0.036f, 0.019f), f3(0.050f, 0.060f, 0.031f), a);
        break;
    case TREE_PINE:
        p->leaf = f3_mix(f3(0.030f, 0.048f, 0.022f), f3(0.055f, 0.070f, 0.030f), a);
        p->bark = f3(0.155f, 0.098f, 0.066f);
        break;
    default:
        p->leaf = f3_mix(f3(0.036f, 0.058f, 0.018f), f3(0.092f, 0.106f, 0.032f), a);
        if (b > 0.90f && p->kind == TREE_BROAD)
            p->bark = f3(0.31f, 0.30f, 0.27f);
        if (s->kind == SCENE_FOREST && b < 0.85f * s->chance[2] * s->chance[2] * s->chance[2])
            p->leaf = f3_mix(f3(0.200f, 0.125f, 0.022f), f3(0.150f, 0.045f, 0.018f), a);
    }
    p->snow = s->kind == SCENE_SNOW ? 0.35f + 0.6f * s->chance[7] : 0;
    if (p->kind == TREE_SPRUCE) /* rime on its needles */
        p->leaf = f3_mix(p->leaf, f3(0.16f, 0.17f, 0.18f), 0.5f * p->snow);
}

/* ---- and its place ---- */

float trees_hidden(const struct scene *s, float x, float far)
{
    float most = -1e3f;
    for (float z = 3; z < 0.93f * far; z *= 1.35f)
        most = sw_max(most, (land_bare_at(s, x * z / far, z, 0.6f + 0.01f * z) - s->eye) / z);
    return most;
}

/* 0 open, 1 woods. */
static float woods_there(const struct scene *s, float x, float z, float y)
{
    if (s->kind == SCENE_FOREST)
        return land_woods_at(s, x, z, y, 0.3f);
    if (y < land_sea(s) + 1.2f)
        return 0;
    const float n = sw_octaves(x * 0.011f, z * 0.011f, s->seed + 63, 2, 0.5f);
    if (s->kind == SCENE_SNOW) { /* groves and glades */
        const float grove = n + 0.55f * sw_perlin(x * 0.045f, z * 0.045f, s->seed + 64) +
                            0.5f * (s->chance[6] - 0.5f);
        return (0.012f + 0.65f * sw_step(0.12f, 0.42f, grove)) *
               sw_step(16, 60, z + 0.7f * fabsf(x));
    }
    return sw_step(-0.05f, 0.35f, n + 0.3f * (s->chance[6] - 0.5f)) * sw_step(9, 26, z + fabsf(x)) *
           0.50f;
}

static int plant_at(const struct strip *t, int32_t i, int32_t j, const struct stand *g,
                    struct plant *p)
{
    const struct scene *s = t->s;
    *p = (struct plant){.seed = sw_hash((uint32_t)i, (uint32_t)j, s->seed + 210)};
    p->x = ((float)i + 0.1f + 0.8f * sw_random(8, 0, p->seed)) * g->cell;
    p->z = ((float)j + 0.1f + 0.8f * sw_random(9, 0, p->seed)) * g->cell;
    if (p->z < g->near || p->z > g->far)
        return 0;
    p->y = land_bare_at(s, p->x, p->z, 1);
    const float there = woods_there(s, p->x, p->z, p->y);
    const float lone =
        s->kind == SCENE_FOREST && p->z > 15 && fabsf(p->x) > 0.22f * p->z ? 0.010f : 0;
    if (sw_random(10, 0, p->seed) > sw_max(there, lone))
        return 0;
    choose_kind(s, p, there);
    choose_colours(s, p);
    p->k = t->focus / p->z;
    p->px = strip_column(t, p->x, p->z), p->py = strip_row(t, (p->y - s->eye) / p->z);
    return 1;
}

static void light_of(const struct strip *t, struct plant *p)
{
    const struct scene *s = t->s;
    const struct f3 d = f3_unit(f3(p->x, p->y + 0.5f * p->high - s->eye, p->z));
    p->veil = sky_faded(s, f3(0, 0, 0), d, p->z);
    const struct f3 left = f3_sub(sky_faded(s, f3(1, 1, 1), d, p->z), p->veil);
    float deep = 1; /* in woods others take the light */
    if (s->kind == SCENE_FOREST)
        deep = 1 - 0.72f * land_woods_at(s, p->x, p->z - 14, p->y, 0.3f);
    p->sun = f3_scale(f3_mul(s->sun_light, left), deep);
    p->sky = f3_scale(f3_mul(s->ambient, left), 0.45f + 0.55f * deep);
    p->low =
        (int32_t)sw_clamp(strip_row(t, trees_hidden(s, p->x, p->z)) + 1, 0, (float)t->out->height);
}

/* A shrub beside a tree of the woods, in its light. */
static void undergrowth(const struct strip *t, const struct plant *tree)
{
    struct plant p = *tree;
    p.seed = sw_hash(tree->seed, 1, 211);
    if (sw_random(0, 0, p.seed) < 0.30f)
        return;
    p.kind = TREE_BUSH;
    p.high = 0.8f + 2.2f * sw_random(1, 0, p.seed) * sw_random(2, 0, p.seed);
    p.wide = p.high * (0.5f + 0.5f * sw_random(3, 0, p.seed));
    p.x += 4 * (sw_random(4, 0, p.seed) - 0.5f);
    p.px = strip_column(t, p.x, p.z), p.py += 0.2f * p.k;
    choose_colours(t->s, &p);
    tree_draw(t, &p);
}

/* A strip is drawn in steps: what stands behind all trees, shadows and trees by bands of the
 * lattice from far to near, what grows before them. */
enum { BANDS = 8, FIRST_TREES = 1 + BANDS, GRASS = FIRST_TREES + BANDS, STEPS };
enum pass { PASS_SHADOWS, PASS_TREES };

/* The rows of the lattice that are in one of the BANDS, 0 the farthest. */
static void band_of(const struct strip *t, enum pass pass, int32_t band)
{
    const struct stand g = stand_of(t->s);
    const int32_t rows = sw_floor(g.far / g.cell), first = rows - rows * band / BANDS,
                  last = rows - rows * (band + 1) / BANDS;
    const float wide = 0.5f * (float)t->out->width, most = 2.4f;
    for (int32_t j = first; j > last; j--) {
        const float z0 = (float)j * g.cell, z1 = z0 + g.cell, reach = pass == PASS_SHADOWS ? 30 : 7;
        const float left = sw_max(((float)t->x0 - wide) / t->focus, -most),
                    right = sw_min(((float)t->x1 - wide) / t->focus, most);
        const int32_t i0 = sw_floor((sw_min(left * z0, left * z1) - reach) / g.cell),
                      i1 = sw_floor((sw_max(right * z0, right * z1) + reach) / g.cell);
        for (int32_t i = i0; i <= i1; i++) {
            struct plant p;
            if (!plant_at(t, i, j, &g, &p))
                continue;
            if (pass == PASS_SHADOWS) {
                tree_shadow(t, &p);
                continue;
            }
            const float half = 1.7f * p.wide * p.k + 2 + (t->s->kind == SCENE_FOREST ? 5 * p.k : 0);
            if (p.px + half < (float)t->x0 || p.px - half > (float)t->x1)
                continue;
            light_of(t, &p);
            if (strip_row(t, (p.y + 1.1f * p.high - t->s->eye) / p.z) < (float)p.low)
                tree_draw(t, &p);
            if (t->s->kind == SCENE_FOREST)
                undergrowth(t, &p);
        }
    }
}

/* ---- streets and rooms: a row of trees on the pavement, a plant in the corner ---- */

static void plant_alone(const struct strip *t, struct plant *p, float sun, float sky)
{
    const struct scene *s = t->s;
    const struct f3 d = f3_unit(f3(p->x, p->y + 0.5f * p->high - s->eye, p->z));
    p->k = t->focus / p->z;
    p->px = strip_column(t, p->x, p->z), p->py = strip_row(t, (p->y - s->eye) / p->z);
    const float half = 1.7f * p->wide * p->k + 2;
    if (p->px + half < (float)t->x0 || p->px - half > (float)t->x1)
        return;
    p->veil = sky_faded(s, f3(0, 0, 0), d, p->z);
    const struct f3 left = f3_sub(sky_faded(s, f3(1, 1, 1), d, p->z), p->veil);
    p->sun = f3_scale(f3_mul(s->sun_light, left), sun);
    p->sky = f3_scale(f3_mul(s->ambient, left), sky);
    p->low = (int32_t)t->out->height;
    tree_draw(t, p);
}

static void avenue(const struct strip *t)
{
    const struct scene *s = t->s;
    if (s->chance[7] < 0.15f)
        return;
    const float wide = street_wide(s), off = street_off(s);
    for (int32_t i = 23; i >= 0; i--) {
        struct plant p = {.kind = TREE_BROAD, .seed = sw_hash((uint32_t)i, 1, s->seed + 212)};
        const float side = i & 1 ? 1.0f : -1.0f;
        if ((s->chance[7] < 0.55f && side > 0) || sw_random(1, 1, p.seed) < 0.15f)
            continue;
        p.z = 11 + 4.2f * (float)i + 1.2f * sw_random(2, 1, p.seed);
        p.x = off + side * (wide - 0.95f);
        p.high = 4.6f + 2.6f * sw_random(3, 1, p.seed);
        p.wide = p.high * (0.24f + 0.06f * sw_random(4, 1, p.seed));
        choose_colours(s, &p);
        plant_alone(t, &p, 0.55f, 0.62f);
    }
}

static void houseplant(const struct strip *t)
{
    const struct scene *s = t->s;
    struct plant p = {.kind = TREE_BUSH, .seed = sw_hash(1, 1, s->seed + 213)};
    if (!room_has_plant(s))
        return;
    p.x = room_plant_x, p.y = 0.40f, p.z = room_plant_z;
    p.high = 0.80f + 0.45f * sw_random(1, 1, p.seed), p.wide = 0.42f * p.high;
    choose_colours(s, &p);
    plant_alone(t, &p, 0.05f, 0.20f);
}

/* ---- strips ---- */

struct planting {
    const struct scene *s;
    imp_image *out;
    uint32_t from, to; /* steps to do */
};

static void step_of(const struct strip *t, uint32_t step)
{
    const enum scene_kind kind = t->s->kind;
    if (kind == SCENE_STREET || kind == SCENE_INTERIOR) {
        if (step == 0)
            (kind == SCENE_STREET ? avenue : houseplant)(t);
    } else if (step == 0) {
        if (kind == SCENE_NIGHT)
            village_draw(t);
    } else if (step == GRASS) {
        if (kind == SCENE_FOREST)
            grass_draw(t);
        if (kind == SCENE_SNOW || kind == SCENE_DUNES)
            grass_sparse(t);
    } else if (kind != SCENE_DUNES) {
        const int trees = step >= FIRST_TREES;
        band_of(t, trees ? PASS_TREES : PASS_SHADOWS, (int32_t)(step - (trees ? FIRST_TREES : 1)));
    }
}

static void strip_of(void *user, uint32_t k) IMP_NX
{
    const struct planting *w = user;
    const int32_t width = (int32_t)w->out->width, x0 = (int32_t)k * ACROSS;
    const struct strip t = {.s = w->s,
                            .out = w->out,
                            .x0 = x0,
                            .x1 = x0 + ACROSS < width ? x0 + ACROSS : width,
                            .focus = 0.5f * (float)w->out->height * w->s->zoom};
    for (uint32_t step = w->from; step < w->to; step++)
        step_of(&t, step);
}

imp_status trees_render(const struct scene *s, imp_image *linear, imp_job *job)
{
    struct planting w = {.s = s, .out = linear};
    /* A strip of a low picture sees very much country, one of a tall picture has very large trees:
     * the job is asked after each step whether to go on. */
    const int much = 0.5f * (float)linear->height * s->zoom < 2 * ACROSS || linear->height > 6000;
    imp_status st = IMP_OK;
    if (!trees_near(s, 0) && s->kind != SCENE_DUNES && s->kind != SCENE_STREET &&
        s->kind != SCENE_INTERIOR)
        return IMP_OK;
    for (; st == IMP_OK && w.from < STEPS; w.from = w.to) {
        w.to = much ? w.from + 1 : STEPS;
        st = kit_parallel(job, (linear->width + ACROSS - 1) / ACROSS, strip_of, &w);
    }
    return st;
}
