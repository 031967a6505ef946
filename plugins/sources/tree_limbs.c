/* tree_limbs.c - stems and branches, bare trees by branches that fork, shadows on the ground. */
#include "trees.h"

enum { SHADOWS = 26 };

void tree_limb(const struct strip *t, const struct plant *p, struct f3 a, struct f3 b, float ra,
               float rb, float shade)
{
    const struct limb m = {tree_column(p, a),
                           tree_row(p, a),
                           tree_column(p, b),
                           tree_row(p, b),
                           ra * p->k,
                           rb * p->k,
                           t->s->sun.x > 0 ? 1.0f : -1.0f};
    const float grain = 0.75f + 0.5f * tree_part(p->seed, (uint32_t)(int32_t)(a.y * 97), 77);
    const float twig = rb * p->k < 1.5f ? 0.6f : 1; /* thin ones are brown, not white */
    const struct f3 bark = f3_scale(p->bark, grain * twig);
    stamp_limb(t, &m, p->low, tree_lit(p, bark, 0.75f * shade, 0.7f * shade + 0.1f),
               tree_lit(p, bark, 0.06f * shade, 0.36f * shade + 0.06f));
}

/* A stem with bark: pieces whose edges and shades wander. */
void tree_stem(const struct strip *t, const struct plant *p, struct f3 top, float radius,
               float shade)
{
    const uint32_t pieces = p->k * top.y > 60 ? 14 : 5;
    struct f3 a = f3(0, -0.1f, 0);
    for (uint32_t i = 1; i <= pieces; i++) {
        const float u = (float)i / (float)pieces, sway = radius * 0.7f;
        const struct f3 b = f3(top.x * u + sway * (tree_part(p->seed, i, 60) - 0.5f), top.y * u, 0);
        const float flare = 1 + 0.30f * sw_exp(-16 * (u - 1 / (float)pieces));
        tree_limb(t, p, a, b, radius * flare * (1.12f - 0.8f * (u - 1 / (float)pieces)),
                  radius * (1.12f - 0.8f * u), shade);
        a = b;
    }
    if (radius * p->k < 3)
        return;
    const float marks = sw_min(top.y * p->k * 1.2f, 220); /* ridges of bark, or a birch's scars */
    for (uint32_t i = 0; i < (uint32_t)marks; i++) {
        const float u = tree_part(p->seed, i, 61), across = 2 * tree_part(p->seed, i, 62) - 1;
        const int birch = p->bark.x > 0.3f;
        const struct f3 at = f3(top.x * u + across * radius * 0.85f, top.y * u, 0);
        const struct stamp m = {.x = tree_column(p, at),
                                .y = tree_row(p, at),
                                .a = birch ? radius * p->k * 0.35f : radius * p->k * 0.7f,
                                .b = radius * p->k * 0.07f,
                                .c = birch ? 1.0f : 0.05f,
                                .s = birch ? 0.0f : 0.998f,
                                .alpha = 0.55f};
        const float light = birch ? 0.2f : tree_part(p->seed, i, 63) < 0.55f ? 0.45f : 1.35f;
        const float face = sw_unit(0.4f + 0.5f * across * (t->s->sun.x > 0 ? 1.0f : -1.0f));
        stamp_leaf(t, &m, p->low,
                   tree_lit(p, f3_scale(p->bark, light), 0.7f * face * shade, 0.5f * shade));
    }
}

/* ---- bare trees ---- */

struct fork {
    struct f3 at, way;
    float size, radius;
    uint32_t depth, id;
};

static void bare(const struct strip *t, const struct plant *p)
{
    struct fork stack[40];
    uint32_t n = 1;
    const uint32_t deepest = p->k * p->high > 160 ? 8 : p->k * p->high > 60 ? 7 : 5;
    stack[0] =
        (struct fork){f3(0, -0.1f, 0), f3(0.04f, 1, 0), 0.26f * p->high, 0.017f * p->high, 0, 1};
    while (n) {
        const struct fork f = stack[--n];
        const struct f3 end = f3_along(f.at, f.way, f.size);
        tree_limb(t, p, f.at, end, f.radius, f.radius * 0.74f, 0.9f);
        if (p->snow > 0 && f.depth > 1 && fabsf(f.way.y) < 0.85f && f.radius * p->k > 0.35f) {
            const float up = f.radius * 0.7f;
            const struct limb m = {tree_column(p, f.at),
                                   tree_row(p, f.at) - up * p->k,
                                   tree_column(p, end),
                                   tree_row(p, end) - up * p->k,
                                   f.radius * 0.6f * p->k,
                                   f.radius * 0.5f * p->k,
                                   0};
            const struct f3 white = tree_lit(p, f3(0.8f, 0.83f, 0.88f), 0.6f, 0.7f);
            stamp_limb(t, &m, p->low, white, white);
        }
        if (f.depth >= deepest)
            continue;
        const uint32_t arms = f.depth == 0 ? 3 : tree_part(p->seed, f.id, 40) < 0.25f ? 3 : 2;
        for (uint32_t a = 0; a < arms && n < 40; a++) {
            const uint32_t id = f.id * 3 + a;
            const struct f3 off = tree_way(p->seed, id, 41);
            const float bend =
                (a == 0 ? 0.32f : 0.72f) * (0.8f + 0.4f * tree_part(p->seed, id, 43));
            struct f3 way = f3_add(f.way, f3_scale(off, bend));
            way.y += 0.10f + 0.04f * (float)f.depth * (tree_part(p->seed, id, 45) - 0.4f);
            const float size =
                f.size * (a == 0 ? 0.84f : 0.70f) * (0.8f + 0.4f * tree_part(p->seed, id, 44));
            stack[n++] = (struct fork){
                end, f3_unit(way), size, f.radius * (a == 0 ? 0.72f : 0.55f), f.depth + 1, id};
        }
    }
}

void tree_draw(const struct strip *t, const struct plant *p)
{
    switch (p->kind) {
    case TREE_SPRUCE:
        tree_spruce(t, p);
        break;
    case TREE_BARE:
        bare(t, p);
        break;
    default:
        tree_leafy(t, p);
    }
}

/* The crown's blobs along the sun onto level ground, and the dark at the foot. */
void tree_shadow(const struct strip *t, const struct plant *p)
{
    const struct scene *s = t->s;
    const float flat = sw_max(s->eye - p->y, 0.4f) / p->z, horizon = strip_row(t, -0.0005f);
    const struct stamp foot = {.x = p->px,
                               .y = p->py,
                               .a = 0.55f * p->wide * p->k,
                               .b = 0.55f * p->wide * p->k * flat + 1,
                               .alpha = 0.45f};
    stamp_shadow(t, &foot, horizon);
    const float strong = p->kind == TREE_BARE ? 0.04f : s->kind == SCENE_SNOW ? 0.15f : 0.115f;
    if (s->sun.y < 0.03f || s->sun_light.y < 0.3f * s->ambient.y)
        return;
    const float long_x = -s->sun.x / s->sun.y, long_z = -s->sun.z / s->sun.y;
    for (uint32_t i = 0; i < SHADOWS; i++) {
        const float u = ((float)i + 0.7f) / SHADOWS, h = p->high * u;
        const float r =
            p->wide * (p->kind == TREE_SPRUCE ? 1.05f - u : 0.35f + 0.6f * sw_sine(0.5f * u));
        const float wander = r * 0.8f * (tree_part(p->seed, i, 50) - 0.5f);
        const float x = p->x + long_x * h + wander, z = p->z + long_z * h;
        if (z < 1.5f || fabsf(long_x * h) > 60)
            continue;
        const float k = t->focus / z, high = sw_max(s->eye - p->y, 0.4f);
        const struct stamp m = {.x = strip_column(t, x, z),
                                .y = strip_row(t, -high / z),
                                .a = sw_max(r, 0.1f) * k,
                                .b = sw_max(r, 0.1f) * (1 + fabsf(long_z)) * k * high / z + 0.7f,
                                .alpha = strong};
        stamp_shadow(t, &m, horizon);
    }
}
