/* scene_still.c - fruit and vessels on a table by a window. The window is an area light, sampled by
 * a few rays whose places differ from sample to sample. */
#include "still.h"

static const struct f3 window_at = {-3.4f, 2.9f, 1.9f}; /* middle; 2.2 wide along z, 2.4 tall */
static const float wall_z = 6.2f;

struct spot {
    float x, z;
};

/* A place that is free for something of that size; 0: there is none. */
static int find_spot(const struct scene *s, const struct things *w, float size, float z0, float z1,
                     float spread, struct spot *at)
{
    const uint32_t id = w->count + 1;
    for (uint32_t try = 0; try < 40; try++) {
        const float x = spread * (2 * sw_random(id, try, s->seed + 200) - 1),
                    z = sw_mix(z0, z1, sw_random(id, try, s->seed + 201));
        uint32_t i = 0;
        for (; i < w->count; i++) {
            const float dx = w->all[i].at.x - x, dz = w->all[i].at.z - z,
                        r = (w->all[i].half.x + size) * 1.04f;
            if (dx * dx + dz * dz < r * r)
                break;
        }
        if (i == w->count) {
            *at = (struct spot){x, z};
            return 1;
        }
    }
    return 0;
}

static void place(const struct scene *s, struct things *w, enum thing_shape shape, uint32_t stuff,
                  float size, float z0, float z1, float spread)
{
    static const uint32_t forms[] = {0, 1, 2, 3, 0};
    const uint32_t id = w->count + 1;
    struct spot at;
    if (!find_spot(s, w, size, z0, z1, spread, &at))
        return;
    struct thing *g = things_add(w, shape, stuff, f3(at.x, 0, at.z), f3(size, size, size));
    const float a = sw_random(id, 3, s->seed + 202), lean = sw_random(id, 4, s->seed + 203);
    if (shape != THING_FRUIT)
        return;
    g->form = forms[stuff];
    const float over = stuff == LEMON  ? 0.24f
                       : stuff == PEAR ? (lean < 0.5f ? 0.02f : 0.26f)
                                       : 0.06f * lean;
    g->axis = f3(sw_sine(over) * sw_cosine(a), sw_cosine(over), sw_sine(over) * sw_sine(a));
    g->at.y = size * (stuff == LEMON   ? 0.93f
                      : stuff == APPLE ? 0.88f
                      : stuff == PEAR  ? 0.95f
                                       : 0.98f);
}

void still_init(struct scene *s, struct things *w)
{
    static const struct {
        uint32_t form, stuff;
        float wide, tall;
    } vessel[] = {{0, GLAZE, 0.42f, 1.35f}, {1, GLASS, 0.25f, 1.75f}, {3, CLAY, 0.44f, 1.05f},
                  {1, METAL, 0.27f, 1.5f},  {0, CLAY, 0.36f, 1.5f},   {3, METAL, 0.38f, 0.95f},
                  {3, GLAZE, 0.46f, 1.15f}};
    s->eye = 1.35f;
    const uint32_t first = sw_hash(1, 1, s->seed) % 7,
                   second = (first + 1 + sw_hash(2, 1, s->seed) % 6) % 7;
    for (uint32_t k = 0; k < 2 + (s->chance[1] > 0.6f); k++) {
        const uint32_t v = k == 0 ? first : k == 1 ? second : 1;
        const uint32_t n = w->count;
        place(s, w, THING_VESSEL, vessel[v].stuff, vessel[v].wide * (0.9f + 0.2f * s->chance[2]),
              4.3f, 5.2f, 0.9f);
        if (w->count > n)
            w->all[n].form = vessel[v].form, w->all[n].half.y = vessel[v].tall;
    }
    if (s->chance[3] > 0.45f) {
        const uint32_t n = w->count;
        place(s, w, THING_VESSEL, GLAZE, 0.55f, 3.6f, 4.2f, 0.8f);
        if (w->count > n)
            w->all[n].form = 2, w->all[n].half.y = 0.42f;
    }
    static const float size[] = {0.30f, 0.31f, 0.29f, 0.22f, 0.19f};
    const uint32_t fruits = 4 + sw_hash(3, 1, s->seed) % 4, main_fruit = sw_hash(4, 1, s->seed) % 5;
    for (uint32_t k = 0; k < fruits; k++) {
        const uint32_t f = k % 2 ? sw_hash(5, k, s->seed) % 5 : main_fruit;
        place(s, w, THING_FRUIT, f, size[f] * (0.92f + 0.16f * sw_random(k, 6, s->seed)), 3.2f,
              4.5f, 1.05f);
    }
    struct spot at;
    if (sw_random(7, 7, s->seed) < 0.5f && find_spot(s, w, 0.34f, 3.2f, 4.3f, 0.95f, &at))
        still_grapes(s, w, at.x, at.z);
    still_plants(s, w);
}

/* ---- light ---- */

struct place {
    struct f3 p;
    struct finish f;
    uint32_t which; /* thing, or THINGS_MOST */
};

/* wide: of a sample, of what is 1 m away. */
static int find(const struct scene *s, struct f3 from, struct f3 d, float wide, struct place *at)
{
    const struct things *w = s->things;
    const struct thing_hit h = things_trace(w, from, d, 50);
    float t = h.t > 0 ? h.t : 1e9f;
    at->which = h.t > 0 ? h.which : THINGS_MOST;
    const float down = d.y < -1e-6f ? -from.y / d.y : 1e9f,
                back = d.z > 1e-6f ? (wall_z - from.z) / d.z : 1e9f;
    if (down < t && down < back) {
        at->p = f3_along(from, d, down), at->which = THINGS_MOST;
        at->f = still_table(s, at->p, down * wide);
        return 1;
    }
    if (back < t) {
        at->p = f3_along(from, d, back), at->which = THINGS_MOST;
        at->f = still_wall(s, at->p, back * wide);
        return 1;
    }
    if (t > 1e8f)
        return 0;
    at->p = h.p;
    at->f = still_thing(s, &w->all[h.which], h.p, h.n, t * wide);
    return 1;
}

/* Of the window: what reaches a place. The samples of a px see other parts of it; ray: a number of
 * the px times 16, and of the sample. */
static float window_light(const struct scene *s, const struct place *at, uint32_t ray,
                          uint32_t count)
{
    const uint32_t all = count * s->samples * s->samples, px = ray >> 4;
    float sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t k = i * s->samples * s->samples + (ray & 15);
        const float a = (float)(px & 0xffffff) * 0x1p-24f + (float)k / (float)all,
                    b = (float)(px * 40503u & 0xffffff) * 0x1p-24f + 0.61803399f * (float)k;
        const float u = a - (float)sw_floor(a) - 0.5f, v = b - (float)sw_floor(b) - 0.5f;
        const struct f3 to =
            f3_sub(f3(window_at.x, window_at.y + 2.4f * v, window_at.z + 2.2f * u), at->p);
        const float far2 = f3_dot(to, to), far = sqrtf(far2);
        const struct f3 d = f3_scale(to, 1 / far);
        const float front = f3_dot(at->f.n, d), face = front > 0 ? front : -at->f.thin * front,
                    from = -d.x;
        if (face <= 0 || from <= 0 ||
            things_block(s->things, f3_along(at->p, at->f.thin > 0 ? d : at->f.n, 4e-3f), d, far))
            continue;
        sum += face * from / far2;
    }
    return 16 * sum / (float)count;
}

/* The window in a gloss: bright panes with a cross. */
static float window_shine(struct f3 p, struct f3 d)
{
    if (d.x > -1e-4f)
        return 0;
    const float t = (window_at.x - p.x) / d.x;
    const float y = fabsf(p.y + d.y * t - window_at.y), z = fabsf(p.z + d.z * t - window_at.z);
    return sw_step(1.24f, 1.16f, y) * sw_step(1.14f, 1.06f, z) * sw_step(0.02f, 0.05f, y) *
           sw_step(0.02f, 0.05f, z);
}

static struct f3 lit(const struct scene *s, const struct place *at, uint32_t ray, uint32_t count)
{
    const float open =
        things_near(s->things, at->p, at->f.n, at->which) * (0.62f + 0.38f * at->f.n.y);
    const struct f3 ambient =
        f3_scale(f3(0.20f, 0.19f, 0.19f),
                 open * (at->which < THINGS_MOST ? 0.55f + 0.45f * sw_unit(3 * at->p.y) : 1));
    const float w = window_light(s, at, ray, count);
    return f3_mul(at->f.colour, f3_add(ambient, f3_scale(f3(1.55f, 1.48f, 1.36f), w)));
}

struct f3 still_light(const struct scene *s, struct f3 from, struct f3 d, uint32_t ray)
{
    struct place at, other;
    if (!find(s, from, d, s->pitch, &at))
        return f3(0.05f, 0.05f, 0.05f);
    struct f3 c = lit(s, &at, ray, s->samples > 1 ? 2 : 8);
    if (at.f.gloss < 0.05f)
        return c;
    const struct f3 r = f3_mirror(d, at.f.n), p = f3_along(at.p, at.f.n, 3e-3f);
    const float edge = 1 - sw_unit(-f3_dot(d, at.f.n)), e2 = edge * edge;
    const float f = at.f.metal > 0 ? 0.85f : at.f.gloss * (0.04f + 0.80f * e2 * e2 * edge);
    const float shine = window_shine(at.p, r);
    struct f3 seen = f3_scale(f3(5.5f, 5.4f, 5.2f), shine);
    if (shine > 0 && things_block(s->things, p, r, 5))
        seen = f3(0.05f, 0.05f, 0.05f);
    if (f > 0.03f && shine <= 0)
        seen = find(s, p, r, 8 * s->pitch, &other) ? lit(s, &other, ray ^ 0x4d00, 1)
                                                   : f3(0.10f, 0.095f, 0.09f);
    if (at.f.metal > 0)
        return f3_add(f3_scale(c, 0.15f), f3_scale(f3_mul(at.f.colour, seen), f));
    return f3_add(f3_scale(c, 1 - f), f3_scale(seen, f));
}
