/* scene_things.c - rays against boxes and roofs by planes, against fruit and vessels by steps as
 * long as the distance to their surface. */
#include "scene_things.h"

/* Radii of vessels at eighths of their height. */
static const float profiles[][9] = {
    {0.62f, 0.90f, 1.00f, 1.00f, 0.92f, 0.70f, 0.42f, 0.36f, 0.44f}, /* vase */
    {0.92f, 1.00f, 1.00f, 1.00f, 0.97f, 0.62f, 0.34f, 0.30f, 0.33f}, /* bottle */
    {0.45f, 0.62f, 0.78f, 0.88f, 0.94f, 0.98f, 1.00f, 1.01f, 1.02f}, /* bowl */
    {0.70f, 0.92f, 1.00f, 0.98f, 0.88f, 0.74f, 0.66f, 0.68f, 0.76f}, /* jug */
    {0.80f, 0.84f, 0.88f, 0.91f, 0.94f, 0.96f, 0.98f, 0.99f, 1.00f}, /* cup */
};

static float profile(uint32_t form, float y)
{
    const float u = sw_clamp(y, 0, 0.9999f) * 8, t = u - (float)(int)u;
    const int i = (int)u;
    const float *p = profiles[form];
    const float a = p[i ? i - 1 : 0], b = p[i], c = p[i + 1], d = p[i + 2 < 9 ? i + 2 : 8];
    return b + 0.5f * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
}

/* Radius of a fruit at a cosine from its axis, of one. */
static float fruit_radius(uint32_t form, float c)
{
    switch (form) {
    case 1:
        return 1 - 0.34f * sw_exp((c - 1) * 9) - 0.16f * sw_exp((-c - 1) * 14) - 0.03f * c;
    case 2:
        return 0.92f + 0.42f * sw_step(0.30f, 1.0f, c) + 0.06f * sw_step(0.2f, -1, c) -
               0.10f * sw_exp((c - 1) * 60);
    case 3:
        return 0.90f + 0.22f * sw_exp((fabsf(c) - 1) * 12) + 0.10f * c * c;
    default:
        return 1 - 0.06f * sw_exp((c - 1) * 30);
    }
}

static float distance_to(const struct thing *g, struct f3 p)
{
    const struct f3 q = f3_sub(p, g->at);
    if (g->shape == THING_FRUIT) {
        const float size = sqrtf(f3_dot(q, q)) + 1e-9f;
        return 0.72f * (size - g->half.x * fruit_radius(g->form, f3_dot(q, g->axis) / size));
    }
    const float y = q.y / g->half.y, r = sqrtf(q.x * q.x + q.z * q.z);
    const float out = r - g->half.x * profile(g->form, y), up = q.y - g->half.y;
    const float shell =
        g->form == 2 || g->form == 4 ? sw_max(out, -(out + 0.06f * g->half.x)) : out;
    const float wall = g->form == 2 || g->form == 4 ? (q.y < 0.12f * g->half.y ? out : shell) : out;
    return 0.70f * sw_max(wall, sw_max(up, -q.y));
}

static struct f3 normal_of(const struct thing *g, struct f3 p)
{
    const float e = 0.0015f * g->half.x + 1e-5f;
    struct f3 n = {0, 0, 0};
    static const struct f3 way[4] = {{1, -1, -1}, {-1, -1, 1}, {-1, 1, -1}, {1, 1, 1}};
    for (int i = 0; i < 4; i++)
        n = f3_add(n, f3_scale(way[i], distance_to(g, f3_along(p, way[i], e))));
    return f3_unit(n);
}

static float trace_turned(const struct thing *g, struct f3 from, struct f3 d, float far)
{
    const float tall = g->shape == THING_VESSEL ? 0.5f * g->half.y : 0;
    const float r = g->shape == THING_VESSEL ? sqrtf(tall * tall + g->half.x * g->half.x) * 1.03f
                                             : 1.42f * g->half.x;
    const struct f3 o = f3_sub(from, f3(g->at.x, g->at.y + tall, g->at.z));
    const float b = f3_dot(o, d), q = b * b - f3_dot(o, o) + r * r;
    if (q <= 0)
        return -1;
    const float root = sqrtf(q), end = sw_min(-b + root, far);
    float t = sw_max(-b - root, 1e-4f);
    for (int i = 0; i < 60 && t < end; i++) {
        const float gap = distance_to(g, f3_along(from, d, t));
        if (gap < 0.0008f * g->half.x)
            return t;
        t += sw_max(gap, 0.0015f * g->half.x);
    }
    return -1;
}

static float trace_box(const struct thing *g, struct f3 from, struct f3 inverse, struct f3 *n)
{
    const struct f3 o = f3_sub(g->at, from);
    const float mx = o.x * inverse.x, my = o.y * inverse.y, mz = o.z * inverse.z;
    const float hx = g->half.x * fabsf(inverse.x), hy = g->half.y * fabsf(inverse.y),
                hz = g->half.z * fabsf(inverse.z);
    const float in = sw_max(sw_max(mx - hx, my - hy), mz - hz),
                out = sw_min(sw_min(mx + hx, my + hy), mz + hz);
    if (in > out || out < 1e-4f || in < 1e-4f)
        return -1;
    *n = in == mx - hx   ? f3(inverse.x > 0 ? -1 : 1, 0, 0)
         : in == my - hy ? f3(0, inverse.y > 0 ? -1 : 1, 0)
                         : f3(0, 0, inverse.z > 0 ? -1 : 1);
    return in;
}

/* A gable roof: floor, two slopes, two ends. */
static float trace_roof(const struct thing *g, struct f3 from, struct f3 d, struct f3 *n)
{
    const float steep = 1 / sqrtf(g->half.x * g->half.x + 4 * g->half.y * g->half.y);
    const struct f3 plane[5] = {{0, -1, 0},
                                {2 * g->half.y * steep, g->half.x * steep, 0},
                                {-2 * g->half.y * steep, g->half.x * steep, 0},
                                {0, 0, 1},
                                {0, 0, -1}};
    const float off[5] = {g->half.y, g->half.x * g->half.y * steep, g->half.x * g->half.y * steep,
                          g->half.z, g->half.z};
    const struct f3 o = f3_sub(from, g->at);
    float in = 1e-4f, out = 1e9f;
    int face = -1;
    for (int i = 0; i < 5; i++) {
        const float to = off[i] - f3_dot(plane[i], o), speed = f3_dot(plane[i], d);
        if (fabsf(speed) < 1e-9f) {
            if (to < 0)
                return -1;
        } else if (speed < 0) {
            if (to / speed > in)
                in = to / speed, face = i;
        } else {
            out = sw_min(out, to / speed);
        }
    }
    if (face < 0 || in > out)
        return -1;
    *n = plane[face];
    return in;
}

struct thing_hit things_trace(const struct things *w, struct f3 from, struct f3 d, float far)
{
    const struct f3 inverse = {1 / (fabsf(d.x) < 1e-9f ? 1e-9f : d.x),
                               1 / (fabsf(d.y) < 1e-9f ? 1e-9f : d.y),
                               1 / (fabsf(d.z) < 1e-9f ? 1e-9f : d.z)};
    struct thing_hit h = {.t = -1};
    for (uint32_t i = 0; i < w->count; i++) {
        const struct thing *g = &w->all[i];
        struct f3 n = {0, 0, 0};
        const float t = g->shape == THING_BOX    ? trace_box(g, from, inverse, &n)
                        : g->shape == THING_ROOF ? trace_roof(g, from, d, &n)
                                                 : trace_turned(g, from, d, far);
        if (t > 0 && t < far)
            far = t, h.t = t, h.which = i, h.n = n;
    }
    if (h.t > 0) {
        h.p = f3_along(from, d, h.t);
        if (w->all[h.which].shape >= THING_FRUIT)
            h.n = normal_of(&w->all[h.which], h.p);
    }
    return h;
}

int things_block(const struct things *w, struct f3 from, struct f3 d, float far)
{
    const struct f3 inverse = {1 / (fabsf(d.x) < 1e-9f ? 1e-9f : d.x),
                               1 / (fabsf(d.y) < 1e-9f ? 1e-9f : d.y),
                               1 / (fabsf(d.z) < 1e-9f ? 1e-9f : d.z)};
    for (uint32_t i = 0; i < w->count; i++) {
        const struct thing *g = &w->all[i];
        struct f3 n;
        const float t = g->shape == THING_BOX    ? trace_box(g, from, inverse, &n)
                        : g->shape == THING_ROOF ? trace_roof(g, from, d, &n)
                                                 : trace_turned(g, from, d, far);
        if (t > 0 && t < far)
            return 1;
    }
    return 0;
}

float things_near(const struct things *w, struct f3 p, struct f3 n, uint32_t but)
{
    float open = 1;
    for (uint32_t i = 0; i < w->count; i++) {
        const struct thing *g = &w->all[i];
        if (i == but)
            continue;
        const float tall = g->shape == THING_VESSEL ? 0.5f * g->half.y : 0;
        const float r = g->shape >= THING_FRUIT ? g->half.x : 0.6f * (g->half.x + g->half.z);
        struct f3 to = f3_sub(f3(g->at.x, g->at.y + tall, g->at.z), p);
        to.y = sw_clamp(to.y, -sw_max(tall, 0.2f * r), 1.4f * r + tall);
        const float far = sqrtf(f3_dot(to, to)) + 1e-6f, k = sw_unit(r * r / (far * far));
        open *= 1 - 0.75f * k * sw_unit(0.25f + 0.75f * f3_dot(n, to) / far);
    }
    return open;
}

struct thing *things_add(struct things *w, enum thing_shape shape, uint32_t stuff, struct f3 at,
                         struct f3 half)
{
    struct thing *g = &w->all[w->count < THINGS_MOST ? w->count++ : THINGS_MOST - 1];
    *g = (struct thing){.shape = shape,
                        .stuff = stuff,
                        .seed = w->count * 7919,
                        .at = at,
                        .half = half,
                        .axis = {0, 1, 0}};
    return g;
}
