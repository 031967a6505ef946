/* scene_room.c - a room with light from a window on the left: sun through the panes, the sky as an
 * area light, light from the floor where the sun falls. */
#include "room.h"

/* In the opening: 0 outside, 1 glass, < 1 frame. */
static float pane(float y, float z)
{
    const float u = (z - win_z0) / (win_z1 - win_z0), v = (y - win_y0) / (win_y1 - win_y0);
    if (u < 0 || u > 1 || v < 0 || v > 1)
        return 0;
    const float bar = sw_min(sw_min(fabsf(u - 0.5f), sw_min(u, 1 - u)) * (win_z1 - win_z0),
                             sw_min(fabsf(v - 0.62f), sw_min(v, 1 - v)) * (win_y1 - win_y0));
    return bar > 0.035f ? 1 : 0.5f;
}

static struct f3 outdoors(const struct scene *s, struct f3 d)
{
    const float a = d.z / sw_max(-d.x, 0.05f), b = d.y / sw_max(-d.x, 0.05f);
    const float tree = 0.10f + 0.10f * sw_octaves(a * 3 + 3, 0.5f, s->seed + 530, 5, 0.6f);
    const float leaf = 0.7f + 0.6f * sw_octaves(a * 9, b * 12, s->seed + 531, 4, 0.7f);
    const struct f3 green = f3_scale(
        f3_mul(f3(0.10f, 0.13f, 0.05f), f3_add(s->ambient, s->sun_light)), sw_max(leaf, 0.1f));
    return f3_scale(
        f3_mix(green, sky_clear(s, f3(d.x, fabsf(d.y), d.z)), sw_step(-0.03f, 0.03f, b - tree)),
        1.3f);
}

static int find(const struct scene *s, struct f3 from, struct f3 d, struct f3 *p, struct surface *f,
                struct f3 *shine)
{
    const struct thing_hit h = things_trace(s->things, from, d, 30);
    float t = 1e9f;
    struct f3 n = {0, 0, 0};
    const float x = d.x < 0 ? (left_x - from.x) / d.x : d.x > 0 ? (right_x - from.x) / d.x : 1e9f;
    const float y = d.y < 0   ? -from.y / d.y
                    : d.y > 0 ? (ceiling_y - from.y) / d.y
                              : 1e9f,
                z = d.z > 0 ? (back_z - from.z) / d.z : 1e9f;
    if (x < t)
        t = x, n = f3(d.x < 0 ? 1 : -1, 0, 0);
    if (y < t)
        t = y, n = f3(0, d.y < 0 ? 1 : -1, 0);
    if (z < t)
        t = z, n = f3(0, 0, -1);
    if (h.t > 0 && h.t < t) {
        *p = h.p, *f = room_thing(s, &h);
        return 1;
    }
    if (t > 40)
        return 0;
    *p = f3_along(from, d, t);
    static const struct f3 paint[4] = {
        {0.58f, 0.55f, 0.48f}, {0.44f, 0.50f, 0.50f}, {0.56f, 0.46f, 0.36f}, {0.60f, 0.59f, 0.56f}};
    const float rough =
        1 + 0.035f * sw_octaves((p->x + p->z) * 2.5f, p->y * 2.5f, s->seed + 532, 4, 0.6f);
    *f = (struct surface){f3_scale(paint[(uint32_t)(s->chance[3] * 3.99f)], rough), n, 0};
    if (n.x > 0.5f) {
        const float open = pane(p->y, p->z);
        if (open >= 1) {
            *shine = outdoors(s, d);
            return 2;
        }
        if (open > 0)
            f->colour = f3(0.68f, 0.67f, 0.64f);
    }
    if (n.y > 0.5f) {
        *f = room_floor(s, *p);
    } else if (n.y < -0.5f) {
        f->colour = f3(0.68f, 0.67f, 0.65f);
    } else if (p->y < 0.11f) {
        f->colour = f3_scale(f3(0.66f, 0.65f, 0.62f), p->y > 0.10f ? 0.7f : 1);
    }
    return 1;
}

/* ---- light ---- */

static float sun_in(const struct scene *s, struct f3 p, struct f3 n)
{
    const float face = f3_dot(n, s->sun);
    if (face <= 0)
        return 0;
    const float t = (left_x - p.x) / s->sun.x;
    if (t < 0 || pane(p.y + t * s->sun.y, p.z + t * s->sun.z) < 1)
        return 0;
    return things_block(s->things, f3_along(p, n, 3e-3f), s->sun, t) ? 0 : face;
}

static float sky_in(const struct scene *s, struct f3 p, struct f3 n, uint32_t ray, uint32_t count)
{
    float sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const float v = ((float)i + sw_random(ray, i, 1)) / (float)count, r = sw_random(ray, i, 2);
        const float u = 0.5f * (r + (float)((i + ray) & 1)); /* halves in turn */
        const struct f3 to =
            f3_sub(f3(left_x, sw_mix(win_y0, win_y1, v), sw_mix(win_z0, win_z1, u)), p);
        const float far2 = sw_max(f3_dot(to, to), 0.25f), far = sqrtf(far2);
        const struct f3 d = f3_scale(to, 1 / far);
        const float face = f3_dot(n, d);
        if (face <= 0 || d.x > -0.01f ||
            things_block(s->things, f3_along(p, n, 4e-3f), d, far - 0.02f))
            continue;
        sum += face * -d.x / far2;
    }
    return sum * (win_y1 - win_y0) * (win_z1 - win_z0) / 3.14159f / (float)count;
}

static float corner(float away)
{
    return 1 - 0.42f * sw_exp(-sw_max(away, 0) * 3.2f);
}

static struct f3 lit(const struct scene *s, struct f3 p, const struct surface *f, uint32_t ray,
                     uint32_t count)
{
    const struct f3 sky = f3_scale(f3_add(s->ambient, f3_scale(s->sun_light, 0.10f)),
                                   1.5f * sky_in(s, p, f->n, ray, count));
    const struct f3 sun = f3_scale(s->sun_light, sun_in(s, p, f->n));
    /* Where the sun meets the floor, and how far that is: a lamp that shines upwards. */
    const float t = 1.5f / s->sun.y;
    const struct f3 patch = f3(left_x - s->sun.x * t, 0.1f, 3.85f - s->sun.z * t),
                    to = f3_sub(patch, p);
    const float far2 = f3_dot(to, to) + 0.6f,
                face = 0.35f + 0.65f * sw_unit(f3_dot(f->n, to) / sqrtf(far2));
    const struct f3 bounce =
        f3_mul(s->sun_light,
               f3_scale(f3(0.30f, 0.22f, 0.15f), face / far2 * sw_step(0.0f, 0.2f, s->sun.y)));
    float open = fabsf(f->n.x) < 0.7f ? corner(p.x - left_x) * corner(right_x - p.x) : 1;
    open *= fabsf(f->n.y) < 0.7f ? corner(p.y) * corner(ceiling_y - p.y) : 1;
    open *= fabsf(f->n.z) < 0.7f ? corner(back_z - p.z) : 1;
    if (f->n.y > 0.7f && p.y < 0.02f)
        open *= things_near(s->things, p, f->n, THINGS_MOST);
    const float deep = 1 / (1 + 0.10f * (p.x - left_x) * (p.x - left_x));
    const struct f3 around = f3_scale(
        f3_add(f3_scale(s->ambient, 0.075f), f3_mul(s->sun_light, f3(0.036f, 0.031f, 0.026f))),
        open * (0.55f + 0.45f * deep) * 1.4f);
    return f3_mul(f->colour, f3_add(f3_add(sky, sun), f3_add(bounce, around)));
}

struct f3 room_light(const struct scene *s, struct f3 from, struct f3 d, uint32_t ray)
{
    struct surface f, g;
    struct f3 p, q, shine;
    const int what = find(s, from, d, &p, &f, &shine);
    if (what == 2)
        return shine;
    if (!what)
        return f3(0.02f, 0.02f, 0.02f);
    struct f3 c = lit(s, p, &f, ray, s->samples > 1 ? 3 : 6);
    if (f.gloss <= 0)
        return c;
    const float rough = 0.02f + 0.03f * (1 - f.gloss);
    struct f3 r = f3_mirror(d, f.n);
    r = f3_unit(f3_add(r, f3_scale(f3(sw_random(ray, 7, 3) - 0.5f, sw_random(ray, 8, 3) - 0.5f,
                                      sw_random(ray, 9, 3) - 0.5f),
                                   rough)));
    const float edge = 1 - sw_unit(-f3_dot(d, f.n)), e2 = edge * edge,
                k = f.gloss * (0.05f + 0.85f * e2 * e2 * edge);
    const int seen = find(s, f3_along(p, f.n, 4e-3f), r, &q, &g, &shine);
    const struct f3 m = seen == 2 ? shine
                        : seen    ? lit(s, q, &g, ray + 31, 1)
                                  : f3(0.02f, 0.02f, 0.02f);
    return f3_add(f3_scale(c, 1 - k), f3_scale(m, k));
}
