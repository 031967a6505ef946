/* tree_crowns.c - crowns of leaves in clumps on branches. Clumps that are behind come first; each
 * knows how much of the sun others leave it. */
#include "trees.h"

enum { CLUMPS_MOST = 72 };
struct clump {
    struct f3 at;  /* from the foot, m */
    float r, seen; /* seen: by the sun, 0..1 */
};

static uint32_t clumps_of(const struct strip *t, const struct plant *p, struct clump *c)
{
    const int pine = p->kind == TREE_PINE, bush = p->kind == TREE_BUSH;
    const uint32_t n = (uint32_t)(pine   ? 20
                                  : bush ? 16
                                         : 46) +
                       (uint32_t)(16 * tree_part(p->seed, 0, 1));
    const float mid = p->high * (pine   ? 0.80f
                                 : bush ? 0.42f
                                        : 0.565f),
                half = p->high * (pine   ? 0.19f
                                  : bush ? 0.50f
                                         : 0.42f);
    for (uint32_t i = 0; i < n; i++) {
        const struct f3 d = tree_way(p->seed, i, 2);
        const float lobes = 0.80f + 0.34f * sw_perlin(d.x * 1.6f + 9, d.y * 1.6f + d.z, p->seed);
        const float r = lobes * (0.42f + 0.58f * sqrtf(tree_part(p->seed, i, 4)));
        const float taper = 1 - 0.30f * sw_max(d.y, 0) * r;
        c[i].at = f3(d.x * r * p->wide * taper, mid + d.y * r * half, d.z * r * p->wide * taper);
        const float size = tree_part(p->seed, i, 5);
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

/* What the eye gets of leaf i, whose place in its clump is d. */
static struct f3 leaf_light(const struct strip *t, const struct plant *p, const struct clump *c,
                            uint32_t seed, uint32_t i, struct f3 d, int inner, struct f3 own)
{
    const float crown = sw_unit(c->at.y / p->high), behind = sw_max(t->s->sun.z, 0);
    const float facing = 0.62f * f3_dot(d, t->s->sun) + 0.38f * (2 * tree_part(seed, i, 15) - 1);
    const float through = 0.55f * behind * sw_unit(0.6f + 0.5f * d.y);
    const float seen = c->seen * (inner ? 0.22f : 1);
    const float bright = seen * (sw_unit(0.30f + 0.85f * facing) + through);
    const float open = (inner ? 0.16f : 0.26f + 0.40f * sw_unit(0.5f + 0.6f * d.y)) *
                       (0.55f + 0.6f * crown * (0.4f + 0.6f * c->seen));
    struct f3 albedo = f3_scale(own, 0.62f + 0.76f * tree_part(seed, i, 16));
    if (through > 0.1f)
        albedo = f3_mul(albedo, f3(1.25f, 1.2f, 0.7f));
    const float white = p->snow * sw_step(0.15f, 0.65f, d.y) * (inner ? 0 : 1);
    return white > 0.5f * tree_part(seed, i, 18) + 0.1f
               ? tree_lit(p, f3(0.82f, 0.84f, 0.88f), 0.8f * seen, 0.85f)
               : tree_lit(p, albedo, bright, open);
}

/* Leaves of one clump: those inside first, dark, then those outside. */
static void foliage(const struct strip *t, const struct plant *p, const struct clump *c,
                    uint32_t id)
{
    const float x = tree_column(p, c->at), y = tree_row(p, c->at), r = c->r * p->k;
    if (x + 1.6f * r < (float)t->x0 || x - 1.6f * r > (float)t->x1)
        return;
    const int needles = p->kind == TREE_PINE;
    const float leaf = sw_max((needles ? 0.10f : 0.085f) * p->k, 0.72f);
    const float count = sw_min(3.4f * r * r / (leaf * leaf) + 3, 2600);
    const float hue = tree_part(p->seed, id, 9);
    const uint32_t seed = p->seed + 31 * id;
    const struct f3 own = f3_mul(p->leaf, f3(0.85f + 0.35f * hue, 0.92f + 0.16f * hue, 0.9f));
    for (uint32_t i = 0; i < (uint32_t)count; i++) {
        const int inner = (float)i < 0.30f * count;
        struct f3 d = tree_way(seed, i, 10);
        const float rough = 0.62f + 0.85f * tree_part(seed, i, 12) * tree_part(seed, i, 13);
        const float out = inner ? 0.75f : rough;
        d.z = inner ? fabsf(d.z) : -fabsf(d.z) * 0.9f;
        const float turn =
            (needles ? 0 : 0.02f * d.x) + (needles ? 1 : 0.5f) * tree_part(seed, i, 14);
        const struct stamp m = {.x = x + d.x * out * r,
                                .y = y - d.y * out * r * 0.86f,
                                .a = leaf * (0.8f + 0.6f * tree_part(seed, i, 17)),
                                .b = leaf * (needles ? 0.34f : 0.55f),
                                .c = sw_cosine(turn),
                                .s = sw_sine(turn),
                                .alpha = 0.94f};
        stamp_leaf(t, &m, p->low, leaf_light(t, p, c, seed, i, d, inner, own));
    }
}

void tree_leafy(const struct strip *t, const struct plant *p)
{
    struct clump c[CLUMPS_MOST];
    const uint32_t n = clumps_of(t, p, c);
    const float radius = p->high * (p->kind == TREE_PINE ? 0.012f : 0.0145f);
    const float reach = p->kind == TREE_PINE ? 0.9f : 0.62f;
    const struct f3 top =
        f3(0.05f * p->high * (tree_part(p->seed, 0, 6) - 0.5f), p->high * reach, 0);
    uint32_t i = 0;
    for (; i < n && c[i].at.z > 0; i++)
        foliage(t, p, &c[i], i);
    if (p->kind != TREE_BUSH) {
        tree_stem(t, p, top, radius, 0.55f);
        for (uint32_t j = 0; j < n && p->k * p->high > 24; j++) {
            const float from = sw_clamp(c[j].at.y / p->high - 0.16f, 0.26f, reach);
            const struct f3 a = f3(top.x * from / reach, from * p->high, 0);
            const struct f3 b = f3(0.55f * c[j].at.x, sw_mix(a.y, c[j].at.y, 0.42f), 0);
            tree_limb(t, p, a, b, radius * 0.36f, radius * 0.20f, 0.24f);
            tree_limb(t, p, b, c[j].at, radius * 0.20f, radius * 0.06f, 0.16f);
        }
    }
    for (; i < n; i++)
        foliage(t, p, &c[i], i);
}
