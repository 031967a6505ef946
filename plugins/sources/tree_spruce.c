/* tree_spruce.c - spruces: whorls of boughs, those behind the stem first, the lower ones first. */
#include "trees.h"

/* A tuft of needles with its shadow below, and above it, if its bough carries any, snow. */
static void tuft(const struct strip *t, const struct plant *p, struct f3 at, float size, float turn,
                 float out, float front, float load, uint32_t i)
{
    const uint32_t seed = p->seed + 7;
    const float k = p->k, jitter = 0.5f * size;
    const float x = tree_column(p, at) + k * jitter * (tree_part(seed, i, 20) - 0.5f),
                y = tree_row(p, at) + k * jitter * (tree_part(seed, i, 21) - 0.5f);
    const float side = sw_unit(0.55f + 0.6f * (at.x / (p->wide + 0.01f)) * t->s->sun.x -
                               0.35f * front * t->s->sun.z);
    const float bright = side * (0.18f + 0.82f * out) * (0.5f + 0.8f * tree_part(seed, i, 22));
    const float open = (0.14f + 0.55f * out) * (0.62f + 0.38f * front);
    const struct f3 albedo = f3_scale(p->leaf, 0.6f + 0.75f * tree_part(seed, i, 23));
    struct stamp m = {.x = x,
                      .y = y,
                      .a = size * k,
                      .b = size * k * 0.27f,
                      .c = sw_cosine(turn),
                      .s = sw_sine(turn),
                      .alpha = 0.95f};
    struct stamp under = m;
    under.y += 0.30f * size * k, under.a *= 0.95f, under.b *= 1.25f;
    stamp_leaf(t, &under, p->low,
               tree_lit(p, f3_scale(albedo, 0.55f), 0.05f * bright, 0.42f * open));
    stamp_leaf(t, &m, p->low, tree_lit(p, albedo, bright, open));
    if (tree_part(seed, i, 24) < 0.30f * load) {
        m.y -= 0.16f * size * k, m.a *= 0.70f, m.b *= 0.70f;
        stamp_leaf(t, &m, p->low,
                   tree_lit(p, f3(0.45f, 0.47f, 0.50f), (0.2f + 0.6f * side) * (0.4f + 0.6f * out),
                            0.40f + 0.35f * out));
    }
}

struct bough {
    float cx, cz, size, droop, spray, u, load, front;
    uint32_t id;
};

/* Snow lies in cushions, grey below and bright above. */
static void cushions(const struct strip *t, const struct plant *p, const struct bough *b)
{
    const float k = p->k, flat = fabsf(b->cx);
    const uint32_t n = (uint32_t)sw_clamp(b->size * k / 9, 1, 6);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t id = b->id * 13 + i;
        const float v = ((float)i + 0.35f + 0.5f * tree_part(p->seed, id, 26)) / (float)n,
                    much = b->load * (0.55f + 0.45f * tree_part(p->seed, id, 27));
        if (tree_part(p->seed, id, 28) > 0.25f + b->load)
            continue;
        const float fall = b->size * b->droop * v * (1.55f - 0.75f * v);
        const struct f3 at = f3(b->cx * b->size * v, b->u * p->high - fall, b->cz * b->size * v);
        const float side = sw_unit(0.5f + 0.6f * (at.x / (p->wide + 0.01f)) * t->s->sun.x -
                                   0.4f * b->front * t->s->sun.z);
        struct stamp m = {.x = tree_column(p, at),
                          .y = tree_row(p, at),
                          .a = k *
                               (0.62f * b->size / (float)n * flat + 1.1f * b->spray * (1.15f - v)),
                          .b = k * b->size * (0.040f + 0.080f * much + 0.07f * (1 - flat)),
                          .c = 1,
                          .s = (b->cx > 0 ? 1.0f : -1.0f) * flat * b->droop * (1.2f - v),
                          .alpha = 0.9f};
        m.c = sqrtf(sw_max(1 - m.s * m.s, 0.2f));
        const float open =
            (0.55f + 0.45f * v) * (0.55f + 0.45f * b->front) * (0.65f + 0.35f * b->u);
        stamp_leaf(t, &m, p->low, tree_lit(p, f3(0.55f, 0.59f, 0.65f), 0.12f * side, 0.50f * open));
        m.y -= 0.42f * m.b, m.b *= 0.72f, m.a *= 0.93f;
        stamp_leaf(
            t, &m, p->low,
            tree_lit(p, f3(0.62f, 0.64f, 0.67f), (0.15f + 0.80f * side) * open, 0.80f * open));
    }
}

/* A bough: a flat spray of tufts, widest near the trunk, drooping and rising again at its tip. */
static void bough(const struct strip *t, const struct plant *p, uint32_t id, float u, float reach)
{
    const float turn = (tree_part(p->seed, id, 30) + (float)(id & 15)) / 7.5f;
    u = sw_clamp(u + 0.045f * (tree_part(p->seed, id, 37) - 0.5f), 0.03f, 0.99f);
    const float cx = sw_cosine(turn), cz = sw_sine(turn), front = cz < 0.12f ? 1.0f : 0.25f;
    const float size = reach * (0.66f + 0.50f * tree_part(p->seed, id, 31));
    const float droop = (0.10f + 0.36f * (1 - u)) * (0.7f + 0.6f * tree_part(p->seed, id, 32));
    const float fine = sw_clamp(3.4f / p->k, 0.045f, 0.16f + 0.05f * reach),
                least = sw_max(fine, 1.1f / p->k), spray = 0.20f * size;
    const float wish = 1.25f * size / least * (1 + 0.9f * spray / least);
    const uint32_t count = (uint32_t)sw_clamp(wish, 2, 140);
    /* Wind and sun have freed some boughs. */
    const float load =
        p->snow *
        sw_step(0.15f, 0.75f, tree_part(p->seed, id, 38) + 0.55f * p->snow - 0.30f * (1 - u));
    for (uint32_t i = 0; i < count; i++) {
        const float v = ((float)i + tree_part(p->seed, id * 97 + i, 34)) / (float)count;
        const float off = spray * (1.1f - v) * (2 * tree_part(p->seed, id * 97 + i, 35) - 1);
        const float fall = size * droop * v * (1.55f - 0.75f * v) + 0.30f * fabsf(off);
        const struct f3 at =
            f3(cx * size * v - cz * off, u * p->high - fall, cz * size * v + cx * off);
        const float tilt = (cx > 0 ? 1.0f : -1.0f) * (0.03f + 0.06f * (1 - u)) +
                           (fabsf(cx) < 0.5f ? (cx >= 0 ? 0.10f : -0.10f) : 0) +
                           0.10f * (tree_part(p->seed, id * 97 + i, 36) - 0.5f);
        tuft(t, p, at, least * (1.30f - 0.45f * v), tilt, sw_unit(0.15f + v), front, load,
             id * 97 + i);
    }
    if (load > 0.05f)
        cushions(t, p, &(struct bough){cx, cz, size, droop, spray, u, load, front, id});
}

static void whorl(const struct strip *t, const struct plant *p, uint32_t level, float u, int front)
{
    const float reach = p->wide * sw_power(1 - u, 0.80f) + 0.02f * p->high;
    for (uint32_t a = 0; a < 8; a++) {
        const uint32_t id = level * 16 + a;
        const float turn = (tree_part(p->seed, id, 30) + (float)a) / 7.5f;
        if ((sw_sine(turn) < 0.12f) == front && (a < 7 || level & 1))
            bough(t, p, id, u, reach);
    }
}

void tree_spruce(const struct strip *t, const struct plant *p)
{
    const uint32_t levels = (uint32_t)sw_clamp(p->k * p->high / 5, 7, 13 + p->high * 0.7f);
    for (int front = 0; front < 2; front++) {
        if (front)
            tree_stem(t, p, f3(0, p->high * 0.97f, 0), p->high * 0.011f, 0.35f);
        for (uint32_t i = 0; i < levels; i++) {
            const float u =
                0.07f + 0.92f * ((float)i + 0.5f * tree_part(p->seed, i, 33)) / (float)levels;
            whorl(t, p, i, u, front);
        }
    }
    const struct f3 tip = f3(0, p->high, 0), neck = f3(0, p->high * 0.93f, 0);
    tree_limb(t, p, neck, tip, 0.09f, 0.03f, 0.7f);
}
