/* street_fronts.c - fronts of plaster and brick, cut by windows and doors that lie deeper than the
 * wall; roofs of tiles. All is told by a house's seed. */
#include "street.h"

static const float inset = 0.17f; /* m, of windows behind the wall */

struct house { /* what its seed says */
    struct f3 wall, trim, shutter, roof;
    float storey, bay, plinth;
    uint32_t shutters, brick, seed;
};

static struct house house_of(const struct scene *s, const struct thing *g)
{
    static const struct f3 walls[] = {{0.56f, 0.47f, 0.33f}, {0.60f, 0.56f, 0.48f},
                                      {0.50f, 0.32f, 0.20f}, {0.42f, 0.44f, 0.42f},
                                      {0.58f, 0.40f, 0.28f}, {0.30f, 0.13f, 0.085f},
                                      {0.62f, 0.61f, 0.58f}, {0.50f, 0.46f, 0.30f}};
    static const struct f3 shutters[] = {
        {0.06f, 0.12f, 0.10f}, {0.10f, 0.14f, 0.20f}, {0.20f, 0.07f, 0.05f}, {0.30f, 0.30f, 0.28f}};
    const uint32_t seed = sw_hash(g->seed, 77, s->seed), k = seed % 8;
    struct house h = {.seed = seed,
                      .wall = walls[k],
                      .brick = k == 5,
                      .shutters = (seed >> 5) % 3 == 0,
                      .shutter = shutters[seed >> 8 & 3],
                      .plinth = 0.45f + 0.4f * sw_random(1, 2, seed)};
    h.trim = f3_mix(h.wall, f3(0.66f, 0.63f, 0.57f), 0.7f);
    h.roof = f3_mix(f3(0.22f, 0.085f, 0.05f), f3(0.10f, 0.095f, 0.095f),
                    sw_step(0.45f, 0.6f, sw_random(2, 2, seed)));
    const float tall = 2 * g->half.y, floors = (float)sw_floor((tall - 0.4f) / 2.9f + 0.3f);
    h.storey = (tall - 0.7f) / sw_max(floors, 1);
    const float wide = 2 * g->half.z,
                bays = (float)sw_floor(wide / (1.9f + 0.7f * sw_random(3, 2, seed)) + 0.5f);
    h.bay = wide / sw_max(bays, 1);
    return h;
}

static struct f3 plaster(const struct house *h, float u, float y)
{
    const float patch = sw_octaves(u * 0.35f, y * 0.35f, h->seed, 5, 0.6f),
                rain = sw_octaves(u * 2.2f, y * 0.10f, h->seed + 1, 3, 0.6f);
    struct f3 c = f3_scale(h->wall, 1 + 0.10f * patch - 0.10f * sw_unit(rain) +
                                        0.03f * sw_noise(u * 40, y * 40, h->seed + 2));
    if (h->brick) {
        const float row = (float)sw_floor(y / 0.077f), v = y / 0.077f - row,
                    k = u / 0.25f + 0.5f * (row - 2 * (float)sw_floor(row * 0.5f));
        const float col = (float)sw_floor(k), j = k - col;
        const float joint =
            sw_step(0.03f, 0.10f, sw_min(j, 1 - j)) * sw_step(0.08f, 0.22f, sw_min(v, 1 - v));
        const float tone =
            0.72f + 0.56f * sw_random((uint32_t)(int)row, (uint32_t)(int)col, h->seed);
        c = f3_mix(f3(0.34f, 0.31f, 0.27f), f3_scale(c, tone), 0.25f + 0.75f * joint);
    }
    return f3_scale(c, 0.80f + 0.20f * sw_step(0, 1.4f, y)); /* splashed below */
}

/* Frame, glazing bars, curtains, dark room; u, y from the middle of the opening, halves a, b. */
static void glazing(const struct house *h, uint32_t id, float u, float y, float a, float b,
                    struct surface *f)
{
    const float edge = sw_min(a - fabsf(u), b - fabsf(y)),
                bar = sw_min(fabsf(u), fabsf(y - 0.35f * b));
    f->colour = f3_scale(f3(0.60f, 0.59f, 0.56f), 0.8f);
    if (edge < 0.065f || bar < 0.028f || (fabsf(u) < 0.05f))
        return;
    const float curtain = sw_random(id, 5, h->seed) < 0.65f
                              ? sw_step(0.42f, 0.5f, fabsf(u) / a + 0.12f * sw_sine(y * 1.3f))
                              : 0;
    const float folds = 0.75f + 0.25f * sw_sine(u * 9);
    f->colour =
        f3_mix(f3(0.018f, 0.018f, 0.02f), f3(0.34f * folds, 0.33f * folds, 0.30f * folds), curtain);
    f->mirror = 0.55f;
    f->light = sw_random(id, 6, h->seed) > 0.8f ? 1 : 0;
}

static void door(const struct house *h, float u, float y, float a, struct surface *f)
{
    const float pu = fabsf(u) / a, panel = sw_min(fabsf(pu - 0.5f), 0.5f);
    const float line =
        sw_step(0.05f, 0.02f, fabsf(panel - 0.30f)) +
        sw_step(0.05f, 0.02f, fabsf(y / 0.75f - (float)sw_floor(y / 0.75f) - 0.5f) - 0.38f);
    f->colour =
        f3_scale(f3_mix(h->shutter, f3(0.12f, 0.07f, 0.04f), 0.4f), 1 - 0.35f * sw_unit(line));
    if (y > 2.05f)
        f->colour = f3(0.03f, 0.03f, 0.035f), f->mirror = 0.5f;
}

/* Cuts an opening: where the ray goes behind the wall it meets glass or the reveal. */
static int opening(const struct scene *s, const struct house *h, struct f3 d, float side, float u,
                   float y, float a, float b, uint32_t id, int is_door, struct surface *f)
{
    if (fabsf(u) > a || fabsf(y) > b)
        return 0;
    const float way = inset / sw_max(fabsf(d.x), 1e-4f), qu = u + d.z * way, qy = y + d.y * way;
    if (fabsf(qu) > a || fabsf(qy) > b) { /* the reveal */
        f->colour = f3_scale(h->trim, 0.8f);
        f->n = fabsf(qu) > a ? f3(0, 0, qu > 0 ? -1 : 1) : f3(0, qy > 0 ? -1 : 1, 0);
        f->shade = 0.5f;
        return 1;
    }
    if (s->sun.x * side < 0) { /* the sun is on this side: the lintel's shadow */
        const float back = inset / sw_max(fabsf(s->sun.x), 0.05f);
        if (fabsf(qu + s->sun.z * back) > a || fabsf(qy + s->sun.y * back) > b)
            f->shade = 0;
    }
    if (is_door)
        door(h, qu, qy + b, a, f);
    else
        glazing(h, id, qu, qy, a, b, f);
    return 1;
}

void street_front(const struct scene *s, const struct thing *g, struct f3 p, struct f3 d,
                  struct surface *f)
{
    const struct house h = house_of(s, g);
    const float side = p.x > g->at.x ? -1 : 1; /* the wall's outside is towards -side */
    const float u = p.z - (g->at.z - g->half.z), y = p.y, top = 2 * g->half.y;
    const uint32_t bay = (uint32_t)sw_max(u / h.bay, 0),
                   level = (uint32_t)sw_max((y - 0.25f) / h.storey, 0);
    const uint32_t id = bay * 16 + level, doors = (uint32_t)(2 * g->half.z / h.bay + 0.5f);
    const float du = u - ((float)bay + 0.5f) * h.bay, foot = 0.25f + (float)level * h.storey;
    const float a = sw_min(0.52f, 0.30f * h.bay), b = level ? 0.76f : 0.72f,
                dy = y - (foot + 0.52f * h.storey);
    f->colour = plaster(&h, u, y);
    if (level == 0 && bay == h.seed % (doors ? doors : 1)) {
        if (opening(s, &h, d, side, du, y - 1.28f, 0.55f, 1.25f, id, 1, f))
            return;
    } else if (foot + h.storey < top + 0.2f && opening(s, &h, d, side, du, dy, a, b, id, 0, f)) {
        return;
    }
    const float frame = sw_max(fabsf(du) - a, fabsf(dy) - b);
    if (frame < 0.12f && foot + h.storey < top + 0.2f &&
        !(level == 0 && bay == h.seed % (doors ? doors : 1)))
        f->colour = f3_scale(h.trim, 0.92f + 0.08f * sw_noise(u * 9, y * 9, h.seed + 4));
    if (h.shutters && level && fabsf(dy) < b && fabsf(du) > a + 0.03f && fabsf(du) < 1.9f * a) {
        const float slat = y / 0.06f - (float)sw_floor(y / 0.06f);
        f->colour = f3_scale(h.shutter, 0.65f + 0.5f * slat);
    }
    const float band =
        fabsf(y - (0.25f + (float)(level + (y - foot > 0.5f * h.storey)) * h.storey));
    if (band < 0.09f && y > 1.5f)
        f->colour = h.trim;
    if (y > top - 0.30f)
        f->colour = f3_scale(h.trim, y > top - 0.12f ? 1.0f : 0.8f);
    if (y < h.plinth)
        f->colour = f3_scale(f3(0.25f, 0.235f, 0.21f),
                             1 + 0.2f * sw_octaves(u * 1.7f, y * 1.7f, h.seed + 3, 4, 0.6f));
}

void street_roof(const struct scene *s, const struct thing *g, struct f3 p, struct f3 n,
                 struct surface *f)
{
    const struct thing below = {.seed = g->seed - 7919, .half = g->half};
    const struct house h = house_of(s, &below);
    if (fabsf(n.z) > 0.5f || n.y < 0) {
        f->colour = f3_scale(h.wall, 0.9f);
        return;
    }
    const float slope = sqrtf(n.x * n.x + n.y * n.y),
                v = (p.y - g->at.y) / sw_max(fabsf(n.x) / slope, 0.2f) / 0.30f;
    const float row = (float)sw_floor(v), part = v - row, k = p.z / 0.23f + 0.5f * row,
                col = (float)sw_floor(k);
    const float tone = 0.75f + 0.5f * sw_random((uint32_t)(int)row, (uint32_t)(int)col, h.seed) +
                       0.15f * sw_octaves(p.z * 0.4f, v * 0.1f, h.seed + 9, 3, 0.5f);
    f->colour = f3_scale(h.roof, tone * (0.62f + 0.38f * sw_step(0, 0.25f, part)) *
                                     (0.85f + 0.15f * sw_sine(k)));
}

void street_gable(const struct scene *s, const struct thing *g, struct f3 p, struct surface *f)
{
    const struct house h = house_of(s, g);
    f->colour = plaster(&h, p.x, p.y);
}
