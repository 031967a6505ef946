/* scene_things.c - rays against boxes and roofs by planes, against fruit and vessels by steps as
 * long as the distance to their surface; a tree of boxes about them spares most rays most things.
 */
#include "scene_things.h"
#include <impasto/kit.h>

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
        return 0.96f - 0.11f * sw_exp(-14 * (c - 0.62f) * (c - 0.62f)) +
               0.36f * sw_step(0.78f, 1, c) + 0.04f * sw_step(0.2f, -1, c) -
               0.08f * sw_exp((c - 1) * 60);
    case 3:
        return 0.90f + 0.22f * sw_exp((fabsf(c) - 1) * 12) + 0.10f * c * c;
    case 4:
        return 1;
    default:
        return 1 - 0.06f * sw_exp((c - 1) * 30);
    }
}

/* Length of a step that cannot pass a surface, as a share of its distance along the radius. */
static const float fruit_step[] = {0.95f, 0.80f, 0.70f, 0.85f, 1},
                   vessel_step[] = {0.82f, 0.86f, 0.70f, 0.80f, 0.70f};

/* Of a fruit, from its table: near enough to meet it, too coarse for normals. */
static float fruit_distance(const struct thing *g, struct f3 p)
{
    const struct f3 q = f3_sub(p, g->at);
    const float size = sqrtf(f3_dot(q, q)) + 1e-9f;
    const float u =
        sw_clamp((f3_dot(q, g->axis) / size + 1) * (0.5f * THINGS_RADII), 0, THINGS_RADII - 0.001f);
    const uint32_t i = (uint32_t)u;
    const float radius = sw_mix(g->radius[i], g->radius[i + 1], u - (float)i);
    return fruit_step[g->form] * (size - g->half.x * radius);
}

/* Thickness of bowls and cups, of their widest radius, and of their floor. */
static const float vessel_wall = 0.06f, vessel_floor = 0.12f /* of its height */;

static inline int hollow(const struct thing *g)
{
    return g->form == 2 || g->form == 4;
}

/* Of a vessel whose radius at that height is known. */
static inline float shell(const struct thing *g, struct f3 q, float radius)
{
    const float out = sqrtf(q.x * q.x + q.z * q.z) - g->half.x * radius, up = q.y - g->half.y;
    const float wall =
        hollow(g)
            ? sw_max(out, sw_min(-(out + vessel_wall * g->half.x), q.y - vessel_floor * g->half.y))
            : out;
    return vessel_step[g->form] * sw_max(wall, sw_max(up, -q.y));
}

static float vessel_distance(const struct thing *g, struct f3 p)
{
    const struct f3 q = f3_sub(p, g->at);
    const float u = sw_clamp(q.y / g->half.y * THINGS_RADII, 0, THINGS_RADII - 0.001f);
    const uint32_t i = (uint32_t)u;
    return shell(g, q, sw_mix(g->radius[i], g->radius[i + 1], u - (float)i));
}

/* Exact along the radius; for normals. */
static float distance_to(const struct thing *g, struct f3 p)
{
    const struct f3 q = f3_sub(p, g->at);
    if (g->shape == THING_VESSEL)
        return shell(g, q, profile(g->form, q.y / g->half.y));
    const float size = sqrtf(f3_dot(q, q)) + 1e-9f;
    return size - g->half.x * fruit_radius(g->form, f3_dot(q, g->axis) / size);
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

/* ---- boxes about things ---- */

/* Greatest radius of fruit, of its size; a vessel's of its widest. */
static float widest(const struct thing *g)
{
    static const float fruit[] = {1, 1.04f, 1.36f, 1.24f, 1};
    return g->shape == THING_FRUIT ? fruit[g->form] : 1.03f;
}

static void bounds_of(const struct thing *g, struct f3 *low, struct f3 *high)
{
    const float r = widest(g) * g->half.x;
    const struct f3 half =
        g->shape == THING_FRUIT || g->shape == THING_VESSEL ? f3(r, r, r) : g->half;
    *low = f3_sub(g->at, half), *high = f3_add(g->at, half);
    if (g->shape == THING_VESSEL)
        low->y = g->at.y, high->y = g->at.y + g->half.y;
    if (g->shape == THING_LEAF) {
        const struct f3 s = f3_cross(g->face, g->axis);
        const float a = g->half.x, b = 1.04f * g->half.z;
        const struct f3 wide = f3(fabsf(g->axis.x) * a + fabsf(s.x) * b + 1e-4f,
                                  fabsf(g->axis.y) * a + fabsf(s.y) * b + 1e-4f,
                                  fabsf(g->axis.z) * a + fabsf(s.z) * b + 1e-4f);
        *low = f3_sub(g->at, wide), *high = f3_add(g->at, wide);
    }
}

static float part_of(struct f3 a, uint32_t axis)
{
    return axis == 0 ? a.x : axis == 1 ? a.y : a.z;
}

/* Sorts order[first .. end) by places along the axis. */
static void sort_along(struct things *w, uint32_t first, uint32_t end, uint32_t axis)
{
    for (uint32_t i = first + 1; i < end; i++)
        for (uint32_t k = i; k > first; k--) {
            const uint32_t a = w->order[k - 1], b = w->order[k];
            if (part_of(w->all[a].at, axis) <= part_of(w->all[b].at, axis))
                break;
            w->order[k - 1] = b, w->order[k] = a;
        }
}

/* What it costs to ask whether a ray meets it, in tests of a box. */
static float effort(const struct thing *g)
{
    return g->shape == THING_VESSEL ? 12 : g->shape == THING_FRUIT ? 6 : 1.5f;
}

struct span { /* a box that grows, and the effort within */
    struct f3 low, high;
    float work;
};

static void grow(struct span *b, const struct thing *g)
{
    struct f3 low, high;
    bounds_of(g, &low, &high);
    b->low = f3_least(b->low, low), b->high = f3_most(b->high, high), b->work += effort(g);
}

static const struct span nothing = {{1e9f, 1e9f, 1e9f}, {-1e9f, -1e9f, -1e9f}, 0};

/* Chance that a ray meets it times the effort then. */
static float price(const struct span *b)
{
    const struct f3 w = f3_sub(b->high, b->low);
    return (w.x * w.y + w.y * w.z + w.z * w.x) * b->work;
}

/* Where to part order[first .. end), sorted along an axis, so that rays find least work; `end`:
 * better not at all. */
static uint32_t best_part(const struct things *w, uint32_t first, uint32_t end, float *least)
{
    float left[THINGS_MOST];
    uint32_t at = end;
    struct span b = nothing;
    for (uint32_t i = first; i + 1 < end; i++)
        grow(&b, &w->all[w->order[i]]), left[i - first] = price(&b);
    b = nothing;
    for (uint32_t i = end - 1; i > first; i--) {
        grow(&b, &w->all[w->order[i]]);
        if (left[i - 1 - first] + price(&b) < *least)
            *least = left[i - 1 - first] + price(&b), at = i;
    }
    return at;
}

/* The box about order[first .. end) and those within it (surface area heuristic, Goldsmith and
 * Salmon 1987). */
static void divide(struct things *w, uint32_t first, uint32_t end)
{
    struct things_box *box = &w->box[w->boxes++];
    struct span all = nothing;
    for (uint32_t i = first; i < end; i++)
        grow(&all, &w->all[w->order[i]]);
    *box = (struct things_box){.low = all.low, .high = all.high, .first = first};
    const struct f3 wide = f3_sub(all.high, all.low);
    float least = price(&all) - 2 * (wide.x * wide.y + wide.y * wide.z + wide.z * wide.x);
    uint32_t part = end, axis = 3;
    for (uint32_t a = 0; a < 3; a++) {
        sort_along(w, first, end, a);
        const uint32_t at = best_part(w, first, end, &least);
        if (at < end)
            part = at, axis = a;
    }
    if (axis < 3) {
        sort_along(w, first, end, axis);
        divide(w, first, part);
        divide(w, part, end);
    } else {
        box->count = end - first;
    }
    box->next = w->boxes;
}

static void fill_belts(float belt[THINGS_SPANS][THINGS_BELTS], const float *radius)
{
    const uint32_t wide = THINGS_RADII / THINGS_BELTS;
    for (uint32_t i = 0; i < THINGS_BELTS; i++) {
        belt[0][i] = 0;
        for (uint32_t k = 0; k <= wide; k++)
            belt[0][i] = sw_max(belt[0][i], radius[wide * i + k]);
    }
    for (uint32_t n = 1; n < THINGS_SPANS; n++)
        for (uint32_t i = 0; i + (1u << n) <= THINGS_BELTS; i++)
            belt[n][i] = sw_max(belt[n - 1][i], belt[n - 1][i + (1u << (n - 1))]);
}

/* Leaves come last. */
static void list_solids(struct things *w)
{
    for (w->solids = 0; w->solids < w->count; w->solids++) {
        const uint32_t i = w->solids;
        const struct thing *g = &w->all[i];
        if (g->shape == THING_LEAF)
            break;
        const float tall = g->shape == THING_VESSEL ? 0.5f * g->half.y : 0;
        const float r = g->shape >= THING_FRUIT ? g->half.x : 0.6f * (g->half.x + g->half.z);
        w->x[i] = g->at.x, w->y[i] = g->at.y + tall, w->z[i] = g->at.z, w->size[i] = r;
        w->low[i] = -sw_max(tall, 0.2f * r), w->high[i] = 1.4f * r + tall;
        /* grapes are many */
        w->reach[i] = g->shape == THING_FRUIT && g->form == 4 ? 40 * r * r : 1e30f;
    }
}

void things_ready(struct things *w)
{
    w->boxes = 0;
    list_solids(w);
    for (uint32_t form = 0; form < THINGS_FORMS; form++)
        for (uint32_t i = 0; i <= THINGS_RADII; i++) {
            const float u = (float)i / THINGS_RADII;
            w->radius[0][form][i] = fruit_radius(form, 2 * u - 1);
            w->radius[1][form][i] = profile(form, u);
        }
    for (uint32_t form = 0; form < THINGS_FORMS; form++)
        for (uint32_t k = 0; k < 2; k++)
            fill_belts(w->belt[k][form], w->radius[k][form]);
    for (uint32_t i = 0; i < w->count; i++) {
        struct thing *g = &w->all[i];
        w->order[i] = i;
        g->radius = w->radius[g->shape == THING_VESSEL][g->form % THINGS_FORMS];
        g->belt = w->belt[g->shape == THING_VESSEL][g->form % THINGS_FORMS];
    }
    if (w->count)
        divide(w, 0, w->count);
}

struct ray {
    struct f3 from, d, inverse;
};

static struct ray ray_of(struct f3 from, struct f3 d)
{
    return (struct ray){from, d,
                        f3(1 / (fabsf(d.x) < 1e-9f ? 1e-9f : d.x),
                           1 / (fabsf(d.y) < 1e-9f ? 1e-9f : d.y),
                           1 / (fabsf(d.z) < 1e-9f ? 1e-9f : d.z))};
}

/* Where the ray is in a box: *in .. *out. */
static inline int crosses(const struct ray *r, struct f3 low, struct f3 high, float *in, float *out)
{
    const float ax = (low.x - r->from.x) * r->inverse.x, bx = (high.x - r->from.x) * r->inverse.x;
    const float ay = (low.y - r->from.y) * r->inverse.y, by = (high.y - r->from.y) * r->inverse.y;
    const float az = (low.z - r->from.z) * r->inverse.z, bz = (high.z - r->from.z) * r->inverse.z;
    *in = sw_max(sw_max(sw_min(ax, bx), sw_min(ay, by)), sw_max(sw_min(az, bz), *in));
    *out = sw_min(sw_min(sw_max(ax, bx), sw_max(ay, by)), sw_min(sw_max(az, bz), *out));
    return *in <= *out;
}

/* ---- rays ---- */

/* Greatest radius between two places of the table of radii, 0..1. */
static float most_between(const struct thing *g, float a, float b)
{
    const uint32_t low = (uint32_t)sw_clamp(sw_min(a, b) * THINGS_BELTS, 0, THINGS_BELTS - 1),
                   high = (uint32_t)sw_clamp(sw_max(a, b) * THINGS_BELTS, 0, THINGS_BELTS - 1);
    uint32_t span = 0;
    while (2u << span <= high - low + 1)
        span++;
    return sw_max(g->belt[span][low], g->belt[span][high + 1 - (1u << span)]);
}

/* How far along a ray the circle or ball of that radius lies, within what is left of the ray;
 * a t^2 + 2 b t + c is the squared distance from its middle. */
static int within(float a, float b, float c, float radius, float *in, float *out)
{
    const float q = b * b - a * (c - radius * radius);
    if (q <= 0)
        return 0;
    const float root = sqrtf(q), by = 1 / a;
    *in = sw_max(*in, (-b - root) * by), *out = sw_min(*out, (-b + root) * by);
    return *in < *out;
}

enum { NARROWER = 3 };
static const float slack = 0.003f; /* more than the gap that counts as met */

/* What of a ray is in the cylinder about a vessel, then in the narrower one about those heights,
 * and so on. */
static int near_vessel(const struct thing *g, const struct ray *r, float *in, float *out)
{
    const struct f3 o = f3_sub(r->from, g->at);
    const float a = r->d.x * r->d.x + r->d.z * r->d.z + 1e-12f, b = o.x * r->d.x + o.z * r->d.z,
                c = o.x * o.x + o.z * o.z, tall = 1 / g->half.y;
    int on = within(a, b, c, widest(g) * g->half.x, in, out);
    for (int i = 0; on && i < NARROWER; i++) {
        const float wide =
            most_between(g, (o.y + *in * r->d.y) * tall, (o.y + *out * r->d.y) * tall);
        on = within(a, b, c, g->half.x * (wide + slack), in, out);
    }
    return on;
}

/* A place that is surely within the vessel, for rays that cross it; < 0: not found. */
static float within_vessel(const struct thing *g, const struct ray *r, float in, float out)
{
    const float wall =
        0.5f * vessel_wall * g->half.x / sqrtf(r->d.x * r->d.x + r->d.z * r->d.z + 1e-12f);
    const float a = hollow(g) ? in + wall : 0.5f * (in + out), b = out - wall;
    if (a < out && vessel_distance(g, f3_along(r->from, r->d, a)) < 0)
        return a;
    return hollow(g) && b > in && vessel_distance(g, f3_along(r->from, r->d, b)) < 0 ? b : -1;
}

static float trace_vessel(const struct thing *g, const struct ray *r, float far, int any)
{
    const float foot = (g->at.y - r->from.y) * r->inverse.y,
                rim = (g->at.y + g->half.y - r->from.y) * r->inverse.y;
    float t = sw_max(1e-4f, sw_min(foot, rim)), end = sw_min(far, sw_max(foot, rim));
    if (t > end || !near_vessel(g, r, &t, &end))
        return -1;
    const float inside = any ? within_vessel(g, r, t, end) : -1;
    if (inside > 0)
        return inside;
    for (int i = 0; i < 60 && t < end; i++) {
        const float gap = vessel_distance(g, f3_along(r->from, r->d, t));
        if (gap < 0.0008f * g->half.x)
            return t;
        t += sw_max(gap, 0.0015f * g->half.x);
    }
    return -1;
}

/* Cosine from a fruit's axis, as a share of its table, at t; a: along the axis at 0, and its
 * growth. */
static float place_on(float a, float grows, float b, float c, float t)
{
    return 0.5f + 0.5f * (a + grows * t) / sqrtf(sw_max(c + t * (2 * b + t), 1e-12f));
}

/* What of a ray is in the ball about a fruit, then in the smaller one about those places of its
 * skin, and so on. */
static int near_fruit(const struct thing *g, const struct ray *r, struct f3 o, float b, float *in,
                      float *out)
{
    const float c = f3_dot(o, o), a = f3_dot(o, g->axis), grows = f3_dot(r->d, g->axis);
    const float turn = (grows * c - a * b) / (a - grows * b); /* where the cosine turns */
    int on = within(1, b, c, widest(g) * g->half.x, in, out);
    for (int i = 0; on && i < NARROWER; i++) {
        const float p = place_on(a, grows, b, c, *in), q = place_on(a, grows, b, c, *out);
        float wide = most_between(g, p, q);
        if (turn > *in && turn < *out)
            wide = sw_max(wide, most_between(g, p, place_on(a, grows, b, c, turn)));
        on = within(1, b, c, g->half.x * (wide + slack), in, out);
    }
    return on;
}

/* What leaves a round one, or a lemon, does not meet it again. */
static float trace_fruit(const struct thing *g, const struct ray *r, float far, int any)
{
    const struct f3 o = f3_sub(r->from, g->at);
    const float b = f3_dot(o, r->d);
    float t = 1e-4f, end = far;
    if (b > 0 && (g->form == 0 || g->form == 3))
        return -1;
    if (g->form == 4) {
        const float q = b * b - f3_dot(o, o) + g->half.x * g->half.x, in = -b - sqrtf(sw_max(q, 0));
        return q > 0 && in > 1e-4f && in < far ? in : -1;
    }
    if (!near_fruit(g, r, o, b, &t, &end))
        return -1;
    const float middle = sw_clamp(-b, t, end);
    if (any && fruit_distance(g, f3_along(r->from, r->d, middle)) < 0)
        return middle;
    for (int i = 0; i < 60 && t < end; i++) {
        const float gap = fruit_distance(g, f3_along(r->from, r->d, t));
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

/* A flat leaf, pointed at its tip: hollow about its midrib, so its normals lean inwards. */
static float trace_leaf(const struct thing *g, const struct ray *r, struct f3 *n)
{
    const struct f3 o = f3_sub(g->at, r->from);
    const float speed = f3_dot(g->face, r->d);
    if (fabsf(speed) < 1e-6f)
        return -1;
    const float t = f3_dot(g->face, o) / speed;
    if (t < 1e-4f)
        return -1;
    const struct f3 q = f3_sub(f3_scale(r->d, t), o), side = f3_cross(g->face, g->axis);
    const float u = f3_dot(q, g->axis) / g->half.x, v = f3_dot(q, side) / g->half.z;
    if (fabsf(u) >= 1 || fabsf(v) > (1 - u * u) * (1 - 0.35f * u))
        return -1;
    const struct f3 lean =
        f3_add(f3_scale(side, v > 0 ? -0.35f : 0.35f), f3_scale(g->axis, 0.3f * u));
    *n = f3_unit(f3_add(g->face, lean));
    if (speed > 0)
        *n = f3_scale(*n, -1);
    return t;
}

/* any: somewhere within it is as good as the place where the ray meets it. */
static inline float trace(const struct thing *g, const struct ray *r, float far, int any,
                          struct f3 *n)
{
    switch (g->shape) {
    case THING_BOX:
        return trace_box(g, r->from, r->inverse, n);
    case THING_ROOF:
        return trace_roof(g, r->from, r->d, n);
    case THING_FRUIT:
        return trace_fruit(g, r, far, any);
    case THING_VESSEL:
        return trace_vessel(g, r, far, any);
    default:
        return trace_leaf(g, r, n);
    }
}

struct thing_hit things_trace(const struct things *w, struct f3 from, struct f3 d, float far)
{
    const struct ray r = ray_of(from, d);
    struct thing_hit h = {.t = -1};
    for (uint32_t i = 0; i < w->boxes;) {
        const struct things_box *box = &w->box[i];
        float in = 0, out = far;
        if (!crosses(&r, box->low, box->high, &in, &out)) {
            i = box->next;
            continue;
        }
        for (uint32_t k = 0; k < box->count; k++) {
            const uint32_t which = w->order[box->first + k];
            struct f3 n = {0, 0, 0};
            const float t = trace(&w->all[which], &r, far, 0, &n);
            if (t > 0 && t < far)
                far = t, h.t = t, h.which = which, h.n = n;
        }
        i++;
    }
    if (h.t > 0) {
        h.p = f3_along(from, d, h.t);
        if (w->all[h.which].shape == THING_FRUIT || w->all[h.which].shape == THING_VESSEL)
            h.n = normal_of(&w->all[h.which], h.p);
    }
    return h;
}

int things_block(const struct things *w, struct f3 from, struct f3 d, float far)
{
    const struct ray r = ray_of(from, d);
    for (uint32_t i = 0; i < w->boxes;) {
        const struct things_box *box = &w->box[i];
        float in = 0, out = far;
        if (!crosses(&r, box->low, box->high, &in, &out)) {
            i = box->next;
            continue;
        }
        for (uint32_t k = 0; k < box->count; k++) {
            struct f3 n;
            const float t = trace(&w->all[w->order[box->first + k]], &r, far, 1, &n);
            if (t > 0 && t < far)
                return 1;
        }
        i++;
    }
    return 0;
}

/* What each solid leaves open of the sky, from p. */
KIT_CLONES
static void shares(const struct things *restrict w, struct f3 p, struct f3 n, float *restrict open)
{
    for (uint32_t i = 0; i < w->solids; i++) {
        const float r = w->size[i], x = w->x[i] - p.x,
                    y = sw_clamp(w->y[i] - p.y, w->low[i], w->high[i]), z = w->z[i] - p.z;
        const float far2 = x * x + y * y + z * z, far = sqrtf(far2) + 1e-6f,
                    k = sw_unit(r * r / (far * far)), facing = n.x * x + n.y * y + n.z * z;
        const float share = 1 - 0.75f * k * sw_unit(0.25f + 0.75f * facing / far);
        open[i] = far2 > w->reach[i] ? 1 : share;
    }
}

float things_near(const struct things *w, struct f3 p, struct f3 n, uint32_t but)
{
    float share[THINGS_MOST], open = 1;
    shares(w, p, n, share);
    for (uint32_t i = 0; i < w->solids; i++)
        open *= i == but ? 1 : share[i];
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
