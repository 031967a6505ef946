/* still_things.c - skins of fruit, glazes, leaves. */
#include "still.h"

/* A point of a thing's skin, in the thing's own size: what its stuff's colours are made of. */
struct skin {
    struct f3 q, n;
    float broad, fine, up, turn, least; /* least: width of a sample, of its size */
    uint32_t seed;
};

/* Noise of that many lumps a size: how it changes along x and y, and itself. */
static struct f3 pores(struct f3 q, float many, uint32_t seed)
{
    q = f3_scale(q, many);
    const float b = sw_noise3(q.x, q.y, q.z, seed);
    return f3(sw_noise3(q.x + 0.3f, q.y, q.z, seed) - b, sw_noise3(q.x, q.y + 0.3f, q.z, seed) - b,
              b);
}

static struct finish orange(const struct skin *k)
{
    const struct f3 c =
        f3_mix(f3(0.46f, 0.165f, 0.045f), f3(0.52f, 0.235f, 0.065f), sw_unit(0.5f + k->broad));
    const struct f3 pit = pores(k->q, 30, k->seed + 2);
    return (struct finish){.colour = f3_scale(c, 1 + 0.12f * k->fine + 0.12f * pit.z),
                           .n = f3_unit(f3(k->n.x - 0.14f * pit.x, k->n.y - 0.14f * pit.y, k->n.z)),
                           .gloss = 0.35f};
}

/* Dots of that many a size, one in a cell: 0..1, small ones where there are `few`. */
static float specks(struct f3 q, float many, float few, uint32_t seed)
{
    const float x = q.x * many, y = q.y * many, z = q.z * many;
    const int32_t i = sw_floor(x), j = sw_floor(y), k = sw_floor(z);
    const uint32_t id = sw_hash((uint32_t)i, (uint32_t)j + 977u * (uint32_t)k, seed);
    const float r = 0.10f + 0.24f * (float)(id & 255) / 255;
    const float dx = x - (float)i - 0.35f - 0.3f * (float)(id >> 8 & 255) / 255,
                dy = y - (float)j - 0.35f - 0.3f * (float)(id >> 16 & 255) / 255,
                dz = z - (float)k - 0.5f;
    return (float)(id >> 24) < 255 * few
               ? sw_step(r * r, 0.4f * r * r, dx * dx + dy * dy + dz * dz * 0.6f)
               : 0;
}

/* Pits, the broader ones fainter. */
static struct finish lemon(const struct skin *k)
{
    const struct f3 q = k->q;
    const struct f3 pit = pores(q, 19, k->seed + 2);
    const struct f3 c =
        f3_mix(f3(0.46f, 0.34f, 0.085f), f3(0.52f, 0.40f, 0.14f), sw_unit(0.5f + k->broad));
    const float green = sw_step(0.2f, 0.8f, k->broad + 0.5f * k->fine);
    return (struct finish){.colour = f3_scale(f3_mix(c, f3(0.30f, 0.33f, 0.08f), 0.5f * green),
                                              1 + 0.09f * k->fine + 0.06f * pit.z),
                           .n = f3_unit(f3(k->n.x - 0.16f * pit.x, k->n.y - 0.16f * pit.y, k->n.z)),
                           .gloss = 0.35f};
}

/* Streaks from green to red, specks, the hollow of the stalk. */
static struct finish apple(const struct skin *k)
{
    const struct f3 q = k->q;
    const float far = sqrtf(f3_dot(q, q)) + 1e-6f, up = k->up / far;
    const float streak = sw_noise3(q.x * 13, q.y * 1.1f, q.z * 13, k->seed + 3) +
                         0.6f * sw_noise3(q.x * 34, q.y * 2.2f, q.z * 34, k->seed + 6),
                red = sw_step(-0.6f, 0.9f,
                              0.38f * streak + 0.9f * k->broad + 1.2f * (k->turn - 0.25f));
    struct f3 c = f3_mix(f3(0.46f, 0.41f, 0.12f), f3(0.34f, 0.040f, 0.035f), red);
    c = f3_mix(c, f3(0.52f, 0.42f, 0.22f),
               0.32f * specks(q, 12, 0.5f, k->seed + 7) * sw_step(0.9f, 0.5f, fabsf(up)));
    const float russet = sw_step(0.16f, 0.04f, 1 - up + 0.06f * k->fine);
    c = f3_scale(f3_mix(c, f3(0.24f, 0.17f, 0.07f), russet), 1 + 0.07f * k->fine);
    return (struct finish){.colour = c, .n = k->n, .gloss = 0.6f - 0.4f * russet};
}

static struct f3 pear(const struct skin *k)
{
    const struct f3 q = k->q;
    const struct f3 c = f3_scale(
        f3_mix(f3(0.36f, 0.37f, 0.08f), f3(0.52f, 0.41f, 0.12f), sw_unit(k->broad + k->turn)),
        1 + 0.14f * sw_max(-k->fine, 0) - 0.1f * sw_max(k->fine - 0.3f, 0));
    const struct f3 blush =
        f3_mix(c, f3(0.46f, 0.12f, 0.05f), 0.6f * sw_step(0.1f, 0.9f, k->broad + 0.5f * q.x));
    const float rust =
        sw_step(0.1f, 1.2f, k->fine + 0.8f * sw_noise3(q.x * 3, q.y * 3, q.z * 3, k->seed + 8));
    return f3_mix(blush, f3(0.21f, 0.13f, 0.05f),
                  0.45f * rust + 0.55f * specks(q, 13, 0.8f, k->seed + 7) * (1 - rust));
}

/* Ripples of the potter's fingers, pits, a darker foot. */
static struct finish clay(const struct skin *k, float y)
{
    const struct f3 q = k->q;
    const struct f3 grit = pores(q, 42, k->seed + 4);
    const float rings =
        sw_sine(q.y * 7 + 0.3f * k->broad) + 0.6f * sw_sine(q.y * 17 + 0.5f * k->broad);
    const struct f3 c = f3_mix(f3(0.33f, 0.155f, 0.085f), f3(0.38f, 0.25f, 0.16f), k->turn);
    const float rough = k->fine + 0.8f * grit.z,
                lime = sw_step(0.25f, 0.7f, k->broad + 0.3f * rough), foot = sw_step(-0.7f, -1, y);
    return (struct finish){
        .colour = f3_scale(f3_mix(c, f3(0.46f, 0.40f, 0.33f), 0.35f * lime),
                           1 + 0.09f * k->broad + 0.09f * rough - 0.2f * foot),
        .n = f3_unit(f3(k->n.x - 0.07f * grit.x, k->n.y + 0.035f * rings - 0.07f * grit.y, k->n.z)),
        .gloss = 0.06f};
}

/* Veins from the midrib; forms are those of still_plants.c. */
static struct finish leaf(const struct thing *g, struct f3 p, struct f3 n, const struct skin *k)
{
    static const struct f3 colour[] = {{0.12f, 0.10f, 0.04f},   {0.042f, 0.075f, 0.022f},
                                       {0.10f, 0.12f, 0.075f},  {0.06f, 0.10f, 0.03f},
                                       {0.065f, 0.095f, 0.04f}, {0.09f, 0.115f, 0.07f},
                                       {0.10f, 0.135f, 0.11f},  {0.12f, 0.08f, 0.02f}};
    static const struct f3 petal[] = {{0, 0, 0},
                                      {0, 0, 0},
                                      {0, 0, 0},
                                      {0.60f, 0.58f, 0.52f},
                                      {0.46f, 0.045f, 0.025f},
                                      {0.075f, 0.10f, 0.42f},
                                      {0, 0, 0},
                                      {0.36f, 0.22f, 0.03f}};
    const struct f3 q = f3_sub(p, g->at);
    const float u = f3_dot(q, g->axis) / g->half.x,
                v = f3_dot(q, f3_cross(g->face, g->axis)) / g->half.z;
    if (g->stuff == STALK)
        return (struct finish){
            .colour = f3_scale(g->form ? f3(0.075f, 0.085f, 0.03f) : f3(0.10f, 0.065f, 0.03f),
                               1 + 0.3f * k->fine),
            .n = n};
    const float dark = 0.75f + 0.5f * k->turn;
    if (g->stuff == PETAL)
        return (struct finish){
            .colour = f3_scale(petal[g->form & 7], dark * (1 - 0.25f * sw_step(-0.2f, -1, u) +
                                                           0.10f * sw_sine(v * 2.5f))),
            .n = n,
            .thin = 0.5f};
    const float rib = sw_step(0.09f, 0.03f, fabsf(v)), t = 3.2f * u - 1.1f * fabsf(v),
                vein = sw_step(0.16f, 0.03f, fabsf(t - (float)sw_floor(t) - 0.5f));
    const struct f3 c =
        f3_scale(f3_mix(colour[g->form & 7], f3(0.16f, 0.17f, 0.07f), 0.4f * rib + 0.22f * vein),
                 dark * (1 + 0.2f * k->fine));
    return (struct finish){.colour = c, .n = n, .gloss = 0.35f, .thin = 0.45f};
}

/* One of three glazes, with two bands; y: height on the thing, -1..1. */
static struct f3 glaze(const struct skin *k, float y)
{
    const struct f3 a = k->turn < 0.33f   ? f3(0.05f, 0.14f, 0.30f)
                        : k->turn < 0.66f ? f3(0.62f, 0.60f, 0.54f)
                                          : f3(0.10f, 0.26f, 0.22f);
    const float band =
        sw_step(0.03f, 0.02f, fabsf(y - 0.62f)) + sw_step(0.012f, 0.006f, fabsf(y - 0.70f));
    return f3_scale(f3_mix(a, f3(0.70f, 0.68f, 0.60f), 0.8f * sw_unit(band)), 1 + 0.08f * k->broad);
}

static struct f3 grape(const struct skin *k, int green)
{
    const struct f3 a = green ? f3(0.21f, 0.24f, 0.06f) : f3(0.045f, 0.014f, 0.035f);
    const float bloom = sw_unit(0.30f + 0.6f * k->broad + 0.25f * k->fine);
    return f3_mix(f3_scale(a, 0.8f + 0.5f * k->turn), f3(0.22f, 0.22f, 0.24f), 0.38f * bloom);
}

struct finish still_thing(const struct scene *s, const struct thing *g, struct f3 p, struct f3 n,
                          float least)
{
    const struct f3 q = f3_scale(f3_sub(p, g->at), 1 / g->half.x);
    const uint32_t seed = s->seed + g->seed;
    const struct skin k = {.q = q,
                           .n = n,
                           .broad = sw_noise3(q.x * 1.6f, q.y * 1.6f, q.z * 1.6f, seed),
                           .fine = sw_noise3(q.x * 14, q.y * 14, q.z * 14, seed + 1),
                           .up = f3_dot(q, g->axis),
                           .turn = sw_random(g->seed, 5, s->seed),
                           .least = least / g->half.x,
                           .seed = seed};
    struct finish f = {.n = n};
    switch (g->stuff) {
    case ORANGE:
        return orange(&k);
    case APPLE:
        return apple(&k);
    case PEAR:
        f.colour = pear(&k), f.gloss = 0.35f;
        break;
    case LEMON:
        return lemon(&k);
    case PLUM:
        f.colour = f3_mix(f3(0.055f, 0.016f, 0.038f), f3(0.17f, 0.13f, 0.21f),
                          sw_unit(0.35f + 0.8f * k.broad + 0.25f * k.fine));
        f.gloss = 0.25f;
        break;
    case GLAZE:
        f.colour = glaze(&k, (p.y - g->at.y) / g->half.y), f.gloss = 0.9f;
        break;
    case GLASS:
        f.colour = f3_scale(f3_mix(f3(0.012f, 0.035f, 0.016f), f3(0.05f, 0.022f, 0.008f),
                                   sw_step(0.45f, 0.55f, k.turn)),
                            1.2f);
        f.gloss = 1;
        break;
    case CLAY:
        return clay(&k, 2 * (p.y - g->at.y) / g->half.y - 1);
    case GRAPE:
        f.colour = grape(&k, s->seed & 4096), f.gloss = 0.45f;
        break;
    case LEAF:
    case PETAL:
    case STALK:
        return leaf(g, p, n, &k);
    default:
        f.colour =
            f3_mix(f3(0.72f, 0.46f, 0.28f), f3(0.60f, 0.60f, 0.60f), sw_step(0.4f, 0.6f, k.turn));
        f.gloss = f.metal = 1;
    }
    return f;
}
