/* scene_street.c - a street of old houses: boxes with gable roofs, their fronts cut by windows and
 * doors that lie deeper than the wall, cobbles or asphalt between. */
#include "street.h"

enum stuff { HOUSE, ROOF, POST, END };

static void row_of_houses(const struct scene *s, struct things *w, float x, float side)
{
    float z = -9 + 3 * s->chance[1];
    for (uint32_t i = 0; i < 15; i++) {
        const uint32_t a = i * 2 + (side > 0);
        const float wide = 6 + 5.5f * sw_random(a, 1, s->seed + 500), deep = 5;
        const float tall = 2.9f * (2 + (float)(sw_hash(a, 2, s->seed + 500) % 3)) + 0.8f +
                           0.7f * sw_random(a, 3, s->seed + 500);
        const float back = 0.35f * sw_random(a, 4, s->seed + 500);
        const float at = x + side * (deep + back),
                    drop = 2.2f + 1.8f * sw_random(a, 5, s->seed + 500);
        things_add(w, THING_BOX, HOUSE, f3(at, 0.5f * tall, z + 0.5f * wide),
                   f3(deep, 0.5f * tall, 0.5f * wide));
        things_add(w, THING_ROOF, ROOF, f3(at, tall + 0.5f * drop, z + 0.5f * wide),
                   f3(deep + 0.35f, 0.5f * drop, 0.5f * wide + 0.05f));
        z += wide;
        if (sw_hash(a, 6, s->seed + 500) % 9 == 0 && i > 1)
            z += 3.5f; /* a lane */
    }
    w->all[w->count - 1].half.z += 0.01f;
}

float street_wide(const struct scene *s)
{
    return 4.2f + 2.2f * s->chance[2];
}

float street_off(const struct scene *s)
{
    return (s->chance[3] - 0.5f) * 0.75f * street_wide(s);
}

void street_init(struct scene *s, struct things *w)
{
    const float wide = street_wide(s), off = street_off(s);
    s->eye = 1.65f;
    row_of_houses(s, w, off - wide, -1);
    row_of_houses(s, w, off + wide, 1);
    things_add(w, THING_BOX, HOUSE, f3(off + 6 * (s->chance[4] - 0.5f), 5, 128),
               f3(14, 5 + 3 * s->chance[5], 5));
    for (uint32_t i = 0; i < 6; i++) {
        const float side = i & 1 ? 1 : -1, z = 9 + 13 * (float)i + 3 * s->chance[6];
        things_add(w, THING_BOX, POST, f3(off + side * (wide - 1.3f), 2.1f, z),
                   f3(0.05f, 2.1f, 0.05f));
        things_add(w, THING_BOX, POST, f3(off + side * (wide - 1.3f), 4.25f, z),
                   f3(0.16f, 0.20f, 0.16f));
    }
}

/* ---- the ground ---- */

static void stones(const struct scene *s, struct f3 p, float far, struct surface *f)
{
    const float row = (float)sw_floor(p.z / 0.14f), v = p.z / 0.14f - row;
    const float k = p.x / 0.17f + 0.5f * row + 0.25f * sw_random((uint32_t)(int)row, 3, s->seed),
                col = (float)sw_floor(k), u = k - col;
    const float tone = sw_random((uint32_t)(int)row, (uint32_t)(int)col, s->seed + 510);
    const float gap = sw_step(0.02f, 0.22f, sw_min(sw_min(u, 1 - u), sw_min(v, 1 - v))),
                near = sw_step(26, 8, far);
    const struct f3 c = f3_mix(f3(0.155f, 0.145f, 0.135f), f3(0.25f, 0.235f, 0.215f), tone);
    f->colour = f3_scale(c, sw_mix(0.80f, 0.42f + 0.58f * gap, near));
    f->n = f3_unit(f3(near * 0.35f * (u - 0.5f), 1, near * 0.35f * (v - 0.5f)));
    f->mirror = 0.10f;
}

static void asphalt(const struct scene *s, struct f3 p, struct surface *f)
{
    const float grain = sw_noise(p.x * 70, p.z * 70, s->seed + 511),
                patch = sw_octaves(p.x * 0.5f, p.z * 0.2f, s->seed + 512, 4, 0.55f);
    const float crack =
        sw_step(0.02f, 0.0f, fabsf(sw_octaves(p.x * 0.7f, p.z * 0.7f, s->seed + 513, 4, 0.5f)));
    f->colour = f3_scale(f3(0.115f, 0.112f, 0.110f),
                         (1 + 0.14f * grain + 0.16f * patch) * (1 - 0.45f * crack));
    f->mirror = 0.025f;
}

static void ground(const struct scene *s, struct f3 p, float far, struct surface *f)
{
    const float wide = street_wide(s), off = street_off(s),
                edge = fabsf(p.x - off) - (wide - 1.55f);
    if (edge < 0) {
        if (s->chance[6] < 0.6f)
            stones(s, p, far, f);
        else
            asphalt(s, p, f);
        f->colour = f3_scale(f->colour, 0.70f + 0.30f * sw_step(0, -0.5f, edge)); /* gutter */
        return;
    }
    const float k = p.z / 0.9f, v = k - (float)sw_floor(k),
                u = edge / 0.8f - (float)sw_floor(edge / 0.8f);
    const float joint = sw_step(0, 0.02f, sw_min(sw_min(u, 1 - u), sw_min(v, 1 - v)));
    const float tone =
        0.9f +
        0.2f * sw_random((uint32_t)sw_floor(k), (uint32_t)sw_floor(edge / 0.8f), s->seed + 514) +
        0.1f * sw_octaves(p.x * 2, p.z * 2, s->seed + 515, 4, 0.6f);
    f->colour = f3_scale(f3(0.29f, 0.275f, 0.25f), tone * (0.65f + 0.35f * joint) *
                                                       (edge < 0.14f ? 1.25f : 1) *
                                                       (edge < 0.02f ? 0.5f : 1));
}

/* ---- light ---- */

static int find(const struct scene *s, struct f3 from, struct f3 d, struct surface *f, struct f3 *p,
                float *far)
{
    const struct thing_hit h = things_trace(s->things, from, d, 400);
    const float down = d.y < -1e-6f ? -from.y / d.y : 1e9f;
    *f = (struct surface){.n = f3(0, 1, 0), .shade = 1};
    if (h.t > 0 && h.t < down) {
        const struct thing *g = &s->things->all[h.which];
        *p = h.p, *far = h.t;
        f->n = h.n;
        if (g->stuff == ROOF)
            street_roof(s, g, h.p, h.n, f);
        else if (g->stuff == POST)
            f->colour = f3(0.03f, 0.035f, 0.033f), f->mirror = 0.1f;
        else if (fabsf(h.n.x) > 0.5f)
            street_front(s, g, h.p, d, f);
        else
            street_gable(s, g, h.p, f);
        return 1;
    }
    if (down > 300)
        return 0;
    *p = f3_along(from, d, down), *far = down;
    ground(s, *p, down, f);
    return 1;
}

struct f3 street_light(const struct scene *s, struct f3 from, struct f3 d, uint32_t ray)
{
    struct surface f;
    struct f3 p;
    float far;
    if (!find(s, from, d, &f, &p, &far))
        return sky_all(s, d, (float)(ray & 255) / 255);
    const float facing = sw_unit(f3_dot(f.n, s->sun));
    float sun = facing * f.shade;
    if (sun > 0 && things_block(s->things, f3_along(p, f.n, 0.02f), s->sun, 400))
        sun = 0;
    const float wall = fabsf(f.n.y) < 0.5f ? 1 : 0;
    const float open =
        wall > 0 ? (0.26f + 0.34f * sw_step(0, 11, p.y)) * (0.55f + 0.45f * sw_step(0, 0.7f, p.y))
                 : 0.50f + 0.45f * sw_step(4, 9, p.y);
    struct f3 light =
        f3_add(f3_scale(s->sun_light, sun), f3_scale(s->ambient, open * (0.6f + 0.4f * f.shade)));
    light =
        f3_add(light, f3_mul(s->sun_light, f3(0.060f, 0.052f, 0.042f))); /* from sunlit fronts */
    struct f3 c = f3_mul(f.colour, light);
    if (f.mirror > 0) {
        const struct f3 r = f3_mirror(d, f.n);
        const float edge = 1 - sw_unit(-f3_dot(d, f.n)), e2 = edge * edge,
                    k = f.mirror * (0.08f + 0.92f * e2 * e2 * edge) + (f.mirror > 0.4f ? 0.08f : 0);
        struct f3 seen = f3_scale(s->ambient, 0.25f);
        if (r.y > 0.02f && !things_block(s->things, f3_along(p, f.n, 0.02f), r, 60))
            seen = sky_clear(s, r);
        c = f3_add(f3_scale(c, 1 - k), f3_scale(seen, k));
        if (f.light > 0 && (s->night || s->low > 0.75f))
            c = f3_add(c, f3_scale(f3(0.9f, 0.5f, 0.18f), s->night ? 0.05f : 0.35f));
    }
    return sky_faded(s, c, d, far);
}
