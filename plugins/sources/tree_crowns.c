/* tree_crowns.c - the trees: crowns of leaves in clumps on branches, spruces by whorls, bare ones
 * by branches that fork. Clumps that are behind come first; each knows how much of the sun others
 * leave it. */
#include "trees.h"

enum { CLUMPS_MOST = 72, SHADOWS = 26 };
struct clump {
    struct f3 at;  /* from the foot, m */
    float r, seen; /* seen: by the sun, 0..1 */
};

static float part(uint32_t seed, uint32_t i, uint32_t stream)
{
    return sw_random(i, stream, seed);
}

static struct f3 on_sphere(uint32_t seed, uint32_t i, uint32_t stream)
{
    const float y = 2 * part(seed, i, stream) - 1, turn = part(seed, i, stream + 1),
                r = sqrtf(sw_max(1 - y * y, 0));
    return f3(r * sw_cosine(turn), y, r * sw_sine(turn));
}

/* What the eye gets of a surface. */
static struct f3 lit(const struct plant *p, struct f3 albedo, float sun, float sky)
{
    return f3_add(p->veil, f3_mul(albedo, f3_add(f3_scale(p->sun, sun), f3_scale(p->sky, sky))));
}

static float column_of(const struct plant *p, struct f3 at)
{
    return p->px + p->k * at.x;
}
static float row_of(const struct plant *p, struct f3 at)
{
    return p->py - p->k * at.y;
}

/* ---- limbs ---- */

static void limb(const struct strip *t, const struct plant *p, struct f3 a, struct f3 b, float ra,
                 float rb, float shade)
{
    const struct limb m = {column_of(p, a),
                           row_of(p, a),
                           column_of(p, b),
                           row_of(p, b),
                           ra * p->k,
                           rb * p->k,
                           t->s->sun.x > 0 ? 1.0f : -1.0f};
    const float grain = 0.75f + 0.5f * part(p->seed, (uint32_t)(int32_t)(a.y * 97), 77);
    const float twig = rb * p->k < 1.5f ? 0.6f : 1; /* thin ones are brown, not white */
    const struct f3 bark = f3_scale(p->bark, grain * twig);
    stamp_limb(t, &m, p->low, lit(p, bark, 0.75f * shade, 0.7f * shade + 0.1f),
               lit(p, bark, 0.06f * shade, 0.36f * shade + 0.06f));
}

/* A stem with bark: pieces whose edges and shades wander. */
static void stem(const struct strip *t, const struct plant *p, struct f3 top, float radius,
                 float shade)
{
    const uint32_t pieces = p->k * top.y > 60 ? 14 : 5;
    struct f3 a = f3(0, -0.1f, 0);
    for (uint32_t i = 1; i <= pieces; i++) {
        const float u = (float)i / (float)pieces, sway = radius * 0.7f;
        const struct f3 b = f3(top.x * u + sway * (part(p->seed, i, 60) - 0.5f), top.y * u, 0);
        const float flare = 1 + 0.30f * sw_exp(-16 * (u - 1 / (float)pieces));
        limb(t, p, a, b, radius * flare * (1.12f - 0.8f * (u - 1 / (float)pieces)),
             radius * (1.12f - 0.8f * u), shade);
        a = b;
    }
    if (radius * p->k < 3)
        return;
    const float marks = sw_min(top.y * p->k * 1.2f, 220); /* ridges of bark, or a birch's scars */
    for (uint32_t i = 0; i < (uint32_t)marks; i++) {
        const float u = part(p->seed, i, 61), across = 2 * part(p->seed, i, 62) - 1;
        const int birch = p->bark.x > 0.3f;
        const struct f3 at = f3(top.x * u + across * radius * 0.85f, top.y * u, 0);
        const struct stamp m = {.x = column_of(p, at),
                                .y = row_of(p, at),
                                .a = birch ? radius * p->k * 0.35f : radius * p->k * 0.7f,
                                .b = radius * p->k * 0.07f,
                                .c = birch ? 1.0f : 0.05f,
                                .s = birch ? 0.0f : 0.998f,
                                .alpha = 0.55f};
        const float light = birch ? 0.2f : part(p->seed, i, 63) < 0.55f ? 0.45f : 1.35f;
        const float face = sw_unit(0.4f + 0.5f * across * (t->s->sun.x > 0 ? 1.0f : -1.0f));
        stamp_leaf(t, &m, p->low,
                   lit(p, f3_scale(p->bark, light), 0.7f * face * shade, 0.5f * shade));
    }
}

/* ---- crowns of leaves ---- */

static uint32_t clumps_of(const struct strip *t, const struct plant *p, struct clump *c)
{
    const int pine = p->kind == TREE_PINE, bush = p->kind == TREE_BUSH;
    const uint32_t n = (uint32_t)(pine   ? 20
                                  : bush ? 16
                                         : 46) +
                       (uint32_t)(16 * part(p->seed, 0, 1));
    const float mid = p->high * (pine   ? 0.80f
                                 : bush ? 0.42f
                                        : 0.565f),
                half = p->high * (pine   ? 0.19f
                                  : bush ? 0.50f
                                         : 0.42f);
    for (uint32_t i = 0; i < n; i++) {
        const struct f3 d = on_sphere(p->seed, i, 2);
        const float lobes = 0.80f + 0.34f * sw_perlin(d.x * 1.6f + 9, d.y * 1.6f + d.z, p->seed);
        const float r = lobes * (0.42f + 0.58f * sqrtf(part(p->seed, i, 4)));
        const float taper = 1 - 0.30f * sw_max(d.y, 0) * r;
        c[i].at = f3(d.x * r * p->wide * taper, mid + d.y * r * half, d.z * r * p->wide * taper);
        const float size = part(p->seed, i, 5);
        c[i].r = p->wide * (pine ? 0.25f : 0.24f) * (0.50f + 0.95f * size * size);
    }
    for (uint32_t i = 1; i < n; i++) { /* those behind first */
        const struct clump one = c[i];
        uint32_t j = i;
        for (; j > 0 && c[j - 1].at.z < one.at.z; j--)
            c[j] = c[j - 1];
        c[j] = one;
    }
    for (uint32_t i = 0; i < n; i++) {
        float dense = 0;
        for (uint32_t j = 0; j < n; j++) {
            const struct f3 to = f3_sub(c[j].at, c[i].at);
            const float ahead = f3_dot(to, t->s->sun), off = f3_dot(to, to) - ahead * ahead;
            if (j != i && ahead > 0)
                dense += sw_unit(1.2f - off / (c[j].r * c[j].r + 0.3f * c[i].r * c[i].r));
        }
        c[i].seen = sw_exp(-0.62f * dense);
    }
    return n;
}

/* Leaves of one clump: those inside first, dark, then those outside. */
static void foliage(const struct strip *t, const struct plant *p, const struct clump *c,
                    uint32_t id)
{
    const float x = column_of(p, c->at), y = row_of(p, c->at), r = c->r * p->k;
    if (x + 1.6f * r < (float)t->x0 || x - 1.6f * r > (float)t->x1)
        return;
    const int needles = p->kind == TREE_PINE;
    const float leaf = sw_max((needles ? 0.10f : 0.085f) * p->k, 0.72f);
    const float count = sw_min(3.4f * r * r / (leaf * leaf) + 3, 2600);
    const struct f3 sun = t->s->sun;
    const float behind = sw_max(sun.z, 0);
    const float crown = sw_unit(c->at.y / p->high), hue = part(p->seed, id, 9);
    const struct f3 own = f3_mul(p->leaf, f3(0.85f + 0.35f * hue, 0.92f + 0.16f * hue, 0.9f));
    for (uint32_t i = 0; i < (uint32_t)count; i++) {
        const uint32_t seed = p->seed + 31 * id;
        const int inner = (float)i < 0.30f * count;
        struct f3 d = on_sphere(seed, i, 10);
        const float rough = 0.62f + 0.85f * part(seed, i, 12) * part(seed, i, 13);
        const float out = inner ? 0.75f : rough;
        d.z = inner ? fabsf(d.z) : -fabsf(d.z) * 0.9f;
        const float turn = needles ? part(seed, i, 14) : 0.02f * d.x + 0.5f * part(seed, i, 14);
        const float facing = 0.62f * f3_dot(d, sun) + 0.38f * (2 * part(seed, i, 15) - 1);
        const float through = 0.55f * behind * sw_unit(0.6f + 0.5f * d.y);
        const float seen = c->seen * (inner ? 0.22f : 1);
        const float bright = seen * (sw_unit(0.30f + 0.85f * facing) + through);
        const float open = (inner ? 0.16f : 0.26f + 0.40f * sw_unit(0.5f + 0.6f * d.y)) *
                           (0.55f + 0.6f * crown * (0.4f + 0.6f * c->seen));
        struct f3 albedo = f3_scale(own, 0.62f + 0.76f * part(seed, i, 16));
        if (through > 0.1f)
            albedo = f3_mul(albedo, f3(1.25f, 1.2f, 0.7f));
        const struct stamp m = {.x = x + d.x * out * r,
                                .y = y - d.y * out * r * 0.86f,
                                .a = leaf * (0.8f + 0.6f * part(seed, i, 17)),
                                .b = leaf * (needles ? 0.34f : 0.55f),
                                .c = sw_cosine(turn),
                                .s = sw_sine(turn),
                                .alpha = 0.94f};
        const float white = p->snow * sw_step(0.15f, 0.65f, d.y) * (inner ? 0 : 1);
        stamp_leaf(t, &m, p->low,
                   white > 0.5f * part(seed, i, 18) + 0.1f
                       ? lit(p, f3(0.82f, 0.84f, 0.88f), 0.8f * seen, 0.85f)
                       : lit(p, albedo, bright, open));
    }
}

static void leafy(const struct strip *t, const struct plant *p)
{
    struct clump c[CLUMPS_MOST];
    const uint32_t n = clumps_of(t, p, c);
    const float radius = p->high * (p->kind == TREE_PINE ? 0.012f : 0.0145f);
    const float reach = p->kind == TREE_PINE ? 0.9f : 0.62f;
    const struct f3 top = f3(0.05f * p->high * (part(p->seed, 0, 6) - 0.5f), p->high * reach, 0);
    uint32_t i = 0;
    for (; i < n && c[i].at.z > 0; i++)
        foliage(t, p, &c[i], i);
    if (p->kind != TREE_BUSH) {
        stem(t, p, top, radius, 0.55f);
        for (uint32_t j = 0; j < n && p->k * p->high > 24; j++) {
            const float from = sw_clamp(c[j].at.y / p->high - 0.16f, 0.26f, reach);
            const struct f3 a = f3(top.x * from / reach, from * p->high, 0);
            const struct f3 b = f3(0.55f * c[j].at.x, sw_mix(a.y, c[j].at.y, 0.42f), 0);
            limb(t, p, a, b, radius * 0.36f, radius * 0.20f, 0.24f);
            limb(t, p, b, c[j].at, radius * 0.20f, radius * 0.06f, 0.16f);
        }
    }
    for (; i < n; i++)
        foliage(t, p, &c[i], i);
}

/* ---- spruces ---- */

/* A tuft of needles with its shadow below, snow above. */
static void tuft(const struct strip *t, const struct plant *p, struct f3 at, float size, float turn,
                 float out, float front, uint32_t i)
{
    const uint32_t seed = p->seed + 7;
    const float k = p->k, jitter = 0.5f * size;
    const float x = column_of(p, at) + k * jitter * (part(seed, i, 20) - 0.5f),
                y = row_of(p, at) + k * jitter * (part(seed, i, 21) - 0.5f);
    const float side = sw_unit(0.55f + 0.6f * (at.x / (p->wide + 0.01f)) * t->s->sun.x -
                               0.35f * front * t->s->sun.z);
    const float bright = side * (0.18f + 0.82f * out) * (0.5f + 0.8f * part(seed, i, 22));
    const float open = (0.14f + 0.55f * out) * (0.62f + 0.38f * front);
    const struct f3 albedo = f3_scale(p->leaf, 0.6f + 0.75f * part(seed, i, 23));
    struct stamp m = {.x = x,
                      .y = y,
                      .a = size * k,
                      .b = size * k * 0.27f,
                      .c = sw_cosine(turn),
                      .s = sw_sine(turn),
                      .alpha = 0.95f};
    struct stamp under = m;
    under.y += 0.30f * size * k, under.a *= 0.95f, under.b *= 1.25f;
    stamp_leaf(t, &under, p->low, lit(p, f3_scale(albedo, 0.55f), 0.05f * bright, 0.42f * open));
    stamp_leaf(t, &m, p->low, lit(p, albedo, bright, open));
    if (part(seed, i, 24) < p->snow * (0.35f + 0.65f * out)) {
        m.y -= 0.16f * size * k, m.a *= 0.86f, m.b *= 0.80f;
        stamp_leaf(t, &m, p->low,
                   lit(p, f3(0.62f, 0.65f, 0.70f), (0.35f + 0.65f * side) * (0.4f + 0.6f * out),
                       0.45f + 0.45f * out));
    }
}

/* A bough: a flat spray of tufts, widest near the trunk, drooping and rising again at its tip. */
static void bough(const struct strip *t, const struct plant *p, uint32_t id, float u, float reach)
{
    const float turn = (part(p->seed, id, 30) + (float)(id & 15)) / 7.5f;
    u = sw_clamp(u + 0.045f * (part(p->seed, id, 37) - 0.5f), 0.03f, 0.99f);
    const float cx = sw_cosine(turn), cz = sw_sine(turn), front = cz < 0.12f ? 1.0f : 0.25f;
    const float size = reach * (0.66f + 0.50f * part(p->seed, id, 31));
    const float droop = (0.10f + 0.36f * (1 - u)) * (0.7f + 0.6f * part(p->seed, id, 32));
    const float fine = sw_clamp(3.4f / p->k, 0.045f, 0.16f + 0.05f * reach),
                least = sw_max(fine, 1.1f / p->k), spray = 0.20f * size;
    const float wish = 1.25f * size / least * (1 + 0.9f * spray / least);
    const uint32_t count = (uint32_t)sw_clamp(wish, 2, 140);
    for (uint32_t i = 0; i < count; i++) {
        const float v = ((float)i + part(p->seed, id * 97 + i, 34)) / (float)count;
        const float off = spray * (1.1f - v) * (2 * part(p->seed, id * 97 + i, 35) - 1);
        const float fall = size * droop * v * (1.55f - 0.75f * v) + 0.30f * fabsf(off);
        const struct f3 at =
            f3(cx * size * v - cz * off, u * p->high - fall, cz * size * v + cx * off);
        const float tilt = (cx > 0 ? 1.0f : -1.0f) * (0.03f + 0.06f * (1 - u)) +
                           (fabsf(cx) < 0.5f ? (cx >= 0 ? 0.10f : -0.10f) : 0) +
                           0.10f * (part(p->seed, id * 97 + i, 36) - 0.5f);
        tuft(t, p, at, least * (1.30f - 0.45f * v), tilt, sw_unit(0.15f + v), front, id * 97 + i);
    }
}

static void whorl(const struct strip *t, const struct plant *p, uint32_t level, float u, int front)
{
    const float reach = p->wide * sw_power(1 - u, 0.80f) + 0.02f * p->high;
    for (uint32_t a = 0; a < 8; a++) {
        const uint32_t id = level * 16 + a;
        const float turn = (part(p->seed, id, 30) + (float)a) / 7.5f;
        if ((sw_sine(turn) < 0.12f) == front && (a < 7 || level & 1))
            bough(t, p, id, u, reach);
    }
}

static void spruce(const struct strip *t, const struct plant *p)
{
    const uint32_t levels = (uint32_t)sw_clamp(p->k * p->high / 5, 7, 13 + p->high * 0.7f);
    for (int front = 0; front < 2; front++) {
        if (front)
            stem(t, p, f3(0, p->high * 0.97f, 0), p->high * 0.011f, 0.35f);
        for (uint32_t i = 0; i < levels; i++) {
            const float u =
                0.07f + 0.92f * ((float)i + 0.5f * part(p->seed, i, 33)) / (float)levels;
            whorl(t, p, i, u, front);
        }
    }
    const struct f3 tip = f3(0, p->high, 0), neck = f3(0, p->high * 0.93f, 0);
    limb(t, p, neck, tip, 0.09f, 0.03f, 0.7f);
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
        limb(t, p, f.at, end, f.radius, f.radius * 0.74f, 0.9f);
        if (p->snow > 0 && f.depth > 1 && fabsf(f.way.y) < 0.85f && f.radius * p->k > 0.35f) {
            const float up = f.radius * 0.7f;
            const struct limb m = {column_of(p, f.at),
                                   row_of(p, f.at) - up * p->k,
                                   column_of(p, end),
                                   row_of(p, end) - up * p->k,
                                   f.radius * 0.6f * p->k,
                                   f.radius * 0.5f * p->k,
                                   0};
            const struct f3 white = lit(p, f3(0.8f, 0.83f, 0.88f), 0.6f, 0.7f);
            stamp_limb(t, &m, p->low, white, white);
        }
        if (f.depth >= deepest)
            continue;
        const uint32_t arms = f.depth == 0 ? 3 : part(p->seed, f.id, 40) < 0.25f ? 3 : 2;
        for (uint32_t a = 0; a < arms && n < 40; a++) {
            const uint32_t id = f.id * 3 + a;
            const struct f3 off = on_sphere(p->seed, id, 41);
            const float bend = (a == 0 ? 0.32f : 0.72f) * (0.8f + 0.4f * part(p->seed, id, 43));
            struct f3 way = f3_add(f.way, f3_scale(off, bend));
            way.y += 0.10f + 0.04f * (float)f.depth * (part(p->seed, id, 45) - 0.4f);
            const float size =
                f.size * (a == 0 ? 0.84f : 0.70f) * (0.8f + 0.4f * part(p->seed, id, 44));
            stack[n++] = (struct fork){
                end, f3_unit(way), size, f.radius * (a == 0 ? 0.72f : 0.55f), f.depth + 1, id};
        }
    }
}

void tree_draw(const struct strip *t, const struct plant *p)
{
    switch (p->kind) {
    case TREE_SPRUCE:
        spruce(t, p);
        break;
    case TREE_BARE:
        bare(t, p);
        break;
    default:
        leafy(t, p);
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
    const float strong = p->kind == TREE_BARE ? 0.04f : 0.115f;
    if (s->sun.y < 0.03f || s->sun_light.y < 0.3f * s->ambient.y)
        return;
    const float long_x = -s->sun.x / s->sun.y, long_z = -s->sun.z / s->sun.y;
    for (uint32_t i = 0; i < SHADOWS; i++) {
        const float u = ((float)i + 0.7f) / SHADOWS, h = p->high * u;
        const float r =
            p->wide * (p->kind == TREE_SPRUCE ? 1.05f - u : 0.35f + 0.6f * sw_sine(0.5f * u));
        const float wander = r * 0.8f * (part(p->seed, i, 50) - 0.5f);
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
