/* still_things.c - skins of fruit, glazes, wood and linen. */
#include "still.h"

static struct f3 wood(const struct scene *s, struct f3 p)
{
    const float board = (float)sw_floor(p.z / 0.8f), across = p.z / 0.8f - board,
                off = board * 7.7f;
    const float ring =
        p.z * 5 + 1.5f * sw_octaves(p.x * 0.35f + off, p.z * 1.3f, s->seed + 210, 4, 0.5f);
    const float line = 0.5f + 0.5f * sw_sine(ring * 1.2f),
                fibre = sw_octaves(p.x * 2.2f + off, p.z * 55, s->seed + 211, 3, 0.6f),
                pores = sw_octaves(p.x * 7 + off, p.z * 150, s->seed + 217, 2, 0.7f);
    const float joint = sw_step(0, 0.012f, sw_min(across, 1 - across));
    const struct f3 a = f3_mix(f3(0.16f, 0.075f, 0.035f), f3(0.30f, 0.20f, 0.12f), s->chance[5]);
    const struct f3 c = f3_mix(f3_scale(a, 0.62f), f3_scale(a, 1.35f),
                               sw_unit(0.42f * line + 0.28f + 0.42f * fibre));
    return f3_scale(c, (0.4f + 0.6f * joint) * (1 - 0.30f * sw_unit(pores)) *
                           (0.88f + 0.24f * sw_random((uint32_t)(int)board, 9, s->seed)));
}

/* Linen with slow folds. */
static struct finish cloth(const struct scene *s, struct f3 p)
{
    const float e = 0.01f, h = sw_octaves(p.x * 0.9f, p.z * 1.5f, s->seed + 212, 3, 0.45f);
    const float hx = sw_octaves((p.x + e) * 0.9f, p.z * 1.5f, s->seed + 212, 3, 0.45f) - h;
    const float hz = sw_octaves(p.x * 0.9f, (p.z + e) * 1.5f, s->seed + 212, 3, 0.45f) - h;
    const float thread = 0.10f * (sw_noise(p.x * 150, p.z * 12, s->seed + 213) +
                                  sw_noise(p.x * 12, p.z * 150, s->seed + 214));
    struct f3 c =
        f3_mix(f3(0.62f, 0.60f, 0.55f), f3(0.30f, 0.36f, 0.42f), sw_step(0.6f, 0.9f, s->chance[6]));
    const float u = p.x * 2.4f - (float)sw_floor(p.x * 2.4f),
                v = p.z * 2.4f - (float)sw_floor(p.z * 2.4f);
    if (s->chance[6] < 0.35f && (u < 0.22f) != (v < 0.22f)) /* checks */
        c = f3_mul(c, f3(0.75f, 0.42f, 0.40f));
    return (struct finish){f3_scale(c, 1 + thread),
                           f3_unit(f3(-0.16f * hx / e, 1, -0.16f * hz / e)), 0, 0};
}

/* A point of a thing's skin, in the thing's own size: what its stuff's colours are made of. */
struct skin {
    struct f3 q, n;
    float broad, fine, up, turn;
    uint32_t seed;
};

/* Pores: the normal trembles. */
static struct finish orange(const struct skin *k)
{
    const struct f3 q = k->q, n = k->n;
    const float pores = 30, b = sw_noise3(q.x * pores, q.y * pores, q.z * pores, k->seed + 2);
    const float bx = sw_noise3(q.x * pores + 0.3f, q.y * pores, q.z * pores, k->seed + 2) - b,
                by = sw_noise3(q.x * pores, q.y * pores + 0.3f, q.z * pores, k->seed + 2) - b;
    return (struct finish){f3_scale(f3_mix(f3(0.52f, 0.17f, 0.035f), f3(0.58f, 0.24f, 0.055f),
                                           sw_unit(0.5f + k->broad)),
                                    1 + 0.08f * k->fine),
                           f3_unit(f3(n.x - 0.12f * bx, n.y - 0.12f * by, n.z)), 0.35f, 0};
}

/* Streaks from green to red, specks, the hollow of the stalk. */
static struct finish apple(const struct skin *k)
{
    const struct f3 q = k->q;
    const float streak = sw_noise3(q.x * 13, q.y * 1.1f, q.z * 13, k->seed + 3),
                red = sw_step(-0.6f, 0.9f,
                              0.45f * streak + 0.9f * k->broad + 1.2f * (k->turn - 0.25f));
    struct f3 c = f3_mix(f3(0.56f, 0.50f, 0.08f), f3(0.46f, 0.025f, 0.03f), red);
    if (sw_random((uint32_t)sw_floor(q.x * 26),
                  (uint32_t)sw_floor(q.y * 26) + (uint32_t)sw_floor(q.z * 26) * 97,
                  k->seed) > 0.94f)
        c = f3_mix(c, f3(0.6f, 0.45f, 0.2f), 0.2f);
    c = f3_mix(c, f3(0.20f, 0.14f, 0.05f),
               sw_step(0.12f, 0.02f, 1 - k->up / (sqrtf(f3_dot(q, q)) + 1e-6f)));
    return (struct finish){c, k->n, 0.6f, 0};
}

static struct f3 pear(const struct skin *k)
{
    const struct f3 c =
        f3_scale(f3_mix(f3(0.42f, 0.44f, 0.08f), f3(0.60f, 0.46f, 0.12f),
                        sw_unit(0.5f + k->broad + k->turn - 0.5f)),
                 1 + 0.14f * sw_max(-k->fine, 0) - 0.1f * sw_max(k->fine - 0.3f, 0));
    return f3_mix(c, f3(0.52f, 0.12f, 0.05f), 0.6f * sw_step(0.1f, 0.9f, k->broad + 0.5f * k->q.x));
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

struct finish still_thing(const struct scene *s, const struct thing *g, struct f3 p, struct f3 n)
{
    const struct f3 q = f3_scale(f3_sub(p, g->at), 1 / g->half.x);
    const uint32_t seed = s->seed + g->seed;
    const struct skin k = {.q = q,
                           .n = n,
                           .broad = sw_noise3(q.x * 1.6f, q.y * 1.6f, q.z * 1.6f, seed),
                           .fine = sw_noise3(q.x * 14, q.y * 14, q.z * 14, seed + 1),
                           .up = f3_dot(q, g->axis),
                           .turn = sw_random(g->seed, 5, s->seed),
                           .seed = seed};
    switch (g->stuff) {
    case ORANGE:
        return orange(&k);
    case APPLE:
        return apple(&k);
    case PEAR:
        return (struct finish){pear(&k), n, 0.35f, 0};
    case LEMON:
        return (struct finish){f3_scale(f3_mix(f3(0.52f, 0.37f, 0.085f), f3(0.58f, 0.44f, 0.14f),
                                               sw_unit(0.5f + k.broad)),
                                        1 + 0.11f * k.fine),
                               n, 0.35f, 0};
    case PLUM:
        return (struct finish){f3_mix(f3(0.055f, 0.016f, 0.038f), f3(0.17f, 0.13f, 0.21f),
                                      sw_unit(0.35f + 0.8f * k.broad)),
                               n, 0.25f, 0};
    case GLAZE:
        return (struct finish){glaze(&k, (p.y - g->at.y) / g->half.y), n, 0.9f, 0};
    case GLASS:
        return (struct finish){
            f3_scale(f3_mix(f3(0.012f, 0.035f, 0.016f), f3(0.05f, 0.022f, 0.008f),
                            sw_step(0.45f, 0.55f, k.turn)),
                     1.2f),
            n, 1, 0};
    case CLAY:
        return (struct finish){
            f3_scale(f3_mix(f3(0.36f, 0.16f, 0.085f), f3(0.42f, 0.27f, 0.17f), k.turn),
                     1 + 0.10f * k.broad + 0.06f * k.fine +
                         0.10f * sw_noise3(q.x * 60, q.y * 60, q.z * 60, seed + 4)),
            n, 0.08f, 0};
    default:
        return (struct finish){
            f3_mix(f3(0.72f, 0.46f, 0.28f), f3(0.60f, 0.60f, 0.60f), sw_step(0.4f, 0.6f, k.turn)),
            n, 1, 1};
    }
}

struct finish still_wall(const struct scene *s, struct f3 p)
{
    static const struct f3 paint[4] = {
        {0.20f, 0.21f, 0.18f}, {0.30f, 0.22f, 0.13f}, {0.13f, 0.16f, 0.20f}, {0.34f, 0.33f, 0.31f}};
    const float patch = sw_octaves(p.x * 0.5f, p.y * 0.5f, s->seed + 215, 5, 0.55f) +
                        0.95f * sw_octaves(p.x * 5, p.y * 5, s->seed + 216, 6, 0.84f);
    return (struct finish){f3_scale(paint[(uint32_t)(s->chance[7] * 3.99f)], 1 + 0.30f * patch),
                           f3(0, 0, -1), 0, 0};
}

struct finish still_table(const struct scene *s, struct f3 p)
{
    return s->chance[4] < 0.6f ? (struct finish){wood(s, p), f3(0, 1, 0), 0.16f, 0} : cloth(s, p);
}
