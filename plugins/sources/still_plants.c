/* still_plants.c - what grew: grapes, stalks and leaves of fruit, twigs and flowers in a vessel.
 * Leaves, petals and stalks are flat things; each knows where its tip points and which way it
 * faces. */
#include "still.h"

enum { GRAPES = 34 };

static float part(const struct scene *s, uint32_t a, uint32_t b)
{
    return sw_random(a, b, s->seed + 240);
}

/* Lowest height at which a grape of that size at (x, z) rests on those from `first` on. */
static float rest(const struct things *w, uint32_t first, float x, float z, float r)
{
    float y = r;
    for (uint32_t i = first; i < w->count; i++) {
        const struct f3 a = w->all[i].at;
        const float apart = 0.86f * (r + w->all[i].half.x), dx = a.x - x, dz = a.z - z,
                    d = dx * dx + dz * dz;
        if (d < apart * apart)
            y = sw_max(y, a.y + sqrtf(apart * apart - d));
    }
    return y;
}

void still_grapes(const struct scene *s, struct things *w, float x, float z)
{
    const uint32_t first = w->count;
    const float turn = 0.5f * part(s, 1, 1) - 0.25f, c = sw_cosine(turn), si = sw_sine(turn);
    for (uint32_t k = 0; k < 4 * GRAPES && w->count < first + GRAPES; k++) {
        const float r = 0.088f * (0.88f + 0.24f * part(s, k, 2)), u = part(s, k, 3),
                    v = 2 * part(s, k, 4) - 1;
        const float along = 0.80f * u - 0.40f, across = v * (0.08f + 0.22f * (1 - u));
        const float gx = x + along * c - across * si, gz = z + along * si + across * c,
                    y = rest(w, first, gx, gz, r);
        if (y > r + 0.30f * (1 - 0.6f * u) * (1 - v * v))
            continue;
        struct thing *g = things_add(w, THING_FRUIT, GRAPE, f3(gx, y, gz), f3(r, r, r));
        g->form = 4;
        g->axis = f3_unit(f3(part(s, k, 5) - 0.5f, part(s, k, 6) - 0.5f, part(s, k, 7) - 0.5f));
    }
}

/* From `foot` along the axis; face: about which way it looks. */
static void leaf(struct things *w, uint32_t stuff, uint32_t form, struct f3 foot, struct f3 axis,
                 struct f3 face, float size, float wide)
{
    if (w->count >= THINGS_MOST)
        return;
    axis = f3_unit(axis);
    face = f3_unit(f3_sub(face, f3_scale(axis, f3_dot(face, axis) + 1e-4f)));
    struct thing *g =
        things_add(w, THING_LEAF, stuff, f3_along(foot, axis, size), f3(size, 0, wide));
    g->axis = axis, g->face = face, g->form = form;
}

static const struct f3 to_eye = {0, 0.25f, -1};

/* Of an apple, a pear, an orange or a lemon. */
static void on_fruit(const struct scene *s, struct things *w, uint32_t i)
{
    const struct thing g = w->all[i];
    const float top = g.stuff == APPLE   ? 0.66f
                      : g.stuff == PEAR  ? 1.21f
                      : g.stuff == LEMON ? 1.18f
                                         : 0.92f;
    const float pick = part(s, i, 10);
    const struct f3 foot = f3_along(g.at, g.axis, top * g.half.x),
                    bent = f3(g.axis.x + 0.5f * (part(s, i, 11) - 0.5f), g.axis.y,
                              g.axis.z + 0.3f * (part(s, i, 12) - 0.5f));
    if (g.stuff == APPLE || g.stuff == PEAR)
        leaf(w, STALK, 0, foot, bent, to_eye, (g.stuff == APPLE ? 0.34f : 0.22f) * g.half.x,
             0.012f);
    if ((g.stuff == APPLE || g.stuff == ORANGE || g.stuff == LEMON) && pick < 0.55f) {
        const struct f3 way = f3(1.6f * (part(s, i, 13) - 0.5f), 0.35f + 0.3f * part(s, i, 14),
                                 -0.7f * part(s, i, 15));
        const struct f3 from =
            f3_along(foot, f3_unit(bent), g.stuff == APPLE ? 0.4f * g.half.x : 0.02f);
        leaf(w, LEAF, 1, from, way, f3(way.x * 0.4f, 0.8f, -0.6f), 0.13f + 0.05f * pick, 0.075f);
        if (pick < 0.25f)
            leaf(w, LEAF, 1, from, f3(-way.x, 0.2f, way.z - 0.3f), f3(-way.x * 0.4f, 0.8f, -0.6f),
                 0.12f, 0.065f);
    }
}

struct spray { /* what kind of twigs */
    uint32_t form;
    float leaf, wide, bloom, petal;
    uint32_t petals;
};

static void flower(const struct scene *s, struct things *w, const struct spray *k, struct f3 at,
                   struct f3 up, uint32_t id)
{
    const struct f3 face = f3_unit(
        f3_add(f3_scale(to_eye, 0.8f), f3(up.x + 0.8f * (part(s, id, 20) - 0.5f), 0.5f * up.y, 0)));
    const struct f3 a = f3_unit(f3_cross(face, f3(0.3f, 1, 0.1f))), b = f3_cross(face, a);
    for (uint32_t i = 0; i < k->petals; i++) {
        const float t = ((float)i + 0.3f * part(s, id + i, 21)) / (float)k->petals;
        const struct f3 out = f3_add(f3_scale(a, sw_cosine(t)), f3_scale(b, sw_sine(t)));
        leaf(w, PETAL, k->form, f3_along(at, out, 0.01f), f3_add(out, f3_scale(face, 0.35f)),
             f3_sub(face, f3_scale(out, 0.3f)), k->bloom * (0.9f + 0.2f * part(s, id + i, 22)),
             k->petal);
    }
    leaf(w, PETAL, 7, f3_add(f3_along(at, a, -0.2f * k->bloom), f3_scale(face, 0.03f)), a, face,
         0.2f * k->bloom, 0.2f * k->bloom);
}

/* A twig of four pieces from the rim of a vessel, leaves on both sides, a flower at its end or
 * none. */
static void twig(const struct scene *s, struct things *w, const struct spray *k, struct f3 at,
                 struct f3 way, float piece, uint32_t id)
{
    for (uint32_t i = 0; i < 4; i++) {
        const struct f3 next = f3_along(at, f3_unit(way), piece);
        leaf(w, STALK, 1, at, way, to_eye, 0.54f * piece, 0.011f);
        for (uint32_t side = 0; side < 2 && (i > 0 || k->form < 3); side++) {
            const float out = side ? 1.0f : -1.0f, r = part(s, id + i, 30 + side),
                        q = part(s, id + i, 32 + side);
            const struct f3 from = f3_along(at, f3_unit(way), piece * (side ? 0.55f : 0.95f));
            leaf(w, LEAF, k->form, from,
                 f3(0.4f * way.x + out * (0.7f + 0.5f * q), 0.4f * way.y + 0.5f * r - 0.1f,
                    1.2f * (q - 0.6f)),
                 f3(0.7f * (r - 0.5f), 0.5f + q, -0.9f), k->leaf * (0.75f + 0.4f * r),
                 k->wide * (0.75f + 0.4f * r));
        }
        at = next;
        way = f3_add(way, f3(0.30f * way.x + 0.25f * (part(s, id + i, 34) - 0.5f), -0.10f,
                             0.2f * (part(s, id + i, 35) - 0.5f)));
    }
    if (k->petals && part(s, id, 36) < 0.8f)
        flower(s, w, k, at, way, id);
}

/* The vessel that stands in front of all others and is no bowl; count: none. */
static uint32_t front_vessel(const struct things *w)
{
    uint32_t best = w->count;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->all[i].shape == THING_VESSEL && w->all[i].form != 2 && w->all[i].stuff != GLASS &&
            (best == w->count || w->all[i].at.z < w->all[best].at.z))
            best = i;
    return best;
}

void still_plants(const struct scene *s, struct things *w)
{
    static const struct spray sprays[] = {
        {1, 0.15f, 0.062f, 0, 0, 0},           /* laurel */
        {2, 0.14f, 0.030f, 0, 0, 0},           /* olive */
        {3, 0.13f, 0.034f, 0.085f, 0.024f, 9}, /* daisies */
        {4, 0.15f, 0.055f, 0.110f, 0.085f, 5}, /* poppies */
        {5, 0.12f, 0.032f, 0.065f, 0.030f, 8}, /* cornflowers */
        {6, 0.09f, 0.070f, 0, 0, 0},           /* eucalyptus */
    };
    const uint32_t solid = w->count, v = front_vessel(w);
    for (uint32_t i = 0; i < solid; i++)
        if (w->all[i].shape == THING_FRUIT && w->all[i].stuff <= LEMON)
            on_fruit(s, w, i);
    if (v == solid || part(s, 0, 40) > 0.62f)
        return;
    const struct thing g = w->all[v];
    const struct spray *k = &sprays[(uint32_t)(part(s, 0, 41) * 5.99f)];
    const uint32_t n = g.form == 1 ? 3 : 6;
    const float rim = g.half.x * (g.form == 3 ? 0.55f : 0.28f);
    for (uint32_t i = 0; i < n; i++) {
        const float t = ((float)i + 0.5f * part(s, i, 42)) / (float)n, c = sw_cosine(t),
                    si = sw_sine(t);
        const float lean = 0.30f + 0.45f * part(s, i, 43);
        twig(s, w, k, f3(g.at.x + rim * c, g.at.y + 0.97f * g.half.y, g.at.z + rim * si),
             f3(lean * c, 1, 0.6f * lean * si), 0.13f + 0.10f * part(s, i, 44), 100 * i);
    }
}
