/* still.c - fruit and balls on a wooden table by a window: spheres traced with one bounce, an area
 * light sampled on a fixed grid turned per pixel. */
#include "sources.h"
#include <impasto/kit.h>
#include <math.h>

#define THINGS 7
struct thing {
    struct vec centre;
    double radius;
    int stuff;
};
enum { ORANGE, APPLE, GLAZED, METAL, PLUM, LEMON };

static struct thing thing(const struct scene *s, int i)
{
    static const struct {
        double x, z, r;
        int stuff;
    } place[THINGS] = {
        {-1.02, 3.9, 0.52, ORANGE}, {0.12, 4.45, 0.74, GLAZED}, {1.12, 3.85, 0.50, APPLE},
        {-0.36, 3.25, 0.33, PLUM},  {0.50, 3.12, 0.30, LEMON},  {-1.75, 4.65, 0.60, METAL},
        {1.95, 4.7, 0.56, ORANGE},
    };
    const double dx = 0.10 * (cell2(s->seed, i, 1, 0) - 0.5),
                 dz = 0.12 * (cell2(s->seed, i, 2, 0) - 0.5);
    const double r = place[i].r * (0.94 + 0.12 * cell2(s->seed, i, 3, 0));
    return (struct thing){vec(place[i].x + dx, r, place[i].z + dz), r, place[i].stuff};
}

struct hit {
    double t;
    int what;
    struct vec p, n;
}; /* what: thing, THINGS table, THINGS + 1 wall, -1 none */

static double sphere(struct vec from, struct vec d, struct thing b)
{
    const struct vec o = v_sub(from, b.centre);
    const double p = v_dot(o, d), q = p * p - v_dot(o, o) + b.radius * b.radius;
    if (q < 0)
        return -1;
    const double t = -p - sqrt(q);
    return t > 1e-4 ? t : -1;
}

static struct hit trace(const struct scene *s, struct vec from, struct vec d)
{
    struct hit h = {1e9, -1, {0, 0, 0}, {0, 1, 0}};
    for (int i = 0; i < THINGS; i++) {
        const double t = sphere(from, d, thing(s, i));
        if (t > 0 && t < h.t)
            h = (struct hit){t, i, {0, 0, 0}, {0, 0, 0}};
    }
    if (d.y < -1e-6 && -from.y / d.y < h.t)
        h = (struct hit){-from.y / d.y, THINGS, {0, 0, 0}, {0, 1, 0}};
    if (d.z > 1e-6 && (6.6 - from.z) / d.z < h.t)
        h = (struct hit){(6.6 - from.z) / d.z, THINGS + 1, {0, 0, 0}, {0, 0, -1}};
    h.p = v_add(from, v_scale(d, h.t));
    if (h.what >= 0 && h.what < THINGS)
        h.n = v_unit(v_sub(h.p, thing(s, h.what).centre));
    return h;
}

static struct vec wood(const struct scene *s, struct vec p)
{
    const double board = floor(p.x / 0.9 + 0.3), off = board * 7.7;
    const double ring = fbm2(s->seed + 81, p.x * 1.1 + off, p.z * 0.22, 4) * 9 + p.x * 2;
    const double line = 0.5 + 0.5 * kit_sin(ring * 6.283),
                 fibre = fbm2(s->seed + 82, p.x * 46 + off, p.z * 1.6, 4);
    const double joint = smooth(
        0.0, 0.012,
        fabs(p.x / 0.9 + 0.3 - board - 0.5) < 0.5 ? 0.5 - fabs(p.x / 0.9 + 0.3 - board - 0.5) : 0);
    struct vec c = v_mix(vec(0.23, 0.115, 0.05), vec(0.40, 0.225, 0.105),
                         clamp01(0.45 * line + 0.5 + 0.7 * fibre));
    return v_scale(c, (0.35 + 0.65 * joint) * (0.9 + 0.2 * cell2(s->seed, (int64_t)board, 9, 1)));
}

static struct vec skin(const struct scene *s, int i, struct vec n, double *gloss)
{
    const struct thing b = thing(s, i);
    const struct vec q = v_add(v_scale(n, 1.5), vec(i * 5.0, 0, 0));
    const double spots = fbm3(s->seed + 90, v_scale(q, 6), 4), broad = fbm3(s->seed + 91, q, 3);
    *gloss = 0.35;
    switch (b.stuff) {
    case ORANGE:
        return v_scale(v_mix(vec(0.86, 0.30, 0.02), vec(0.95, 0.45, 0.05), clamp01(0.5 + broad)),
                       1 + 0.15 * spots);
    case APPLE: {
        const double streak = fbm3(s->seed + 92, vec(kit_atan2(n.x, n.z) * 9, n.y * 1.2, i), 4);
        *gloss = 0.6;
        return v_mix(vec(0.55, 0.03, 0.03), vec(0.78, 0.55, 0.12),
                     smooth(-0.1, 0.75, streak + 0.5 * n.y + broad * 0.5));
    }
    case PLUM:
        return v_mix(vec(0.10, 0.02, 0.09), vec(0.24, 0.16, 0.30), clamp01(0.4 + 0.9 * broad));
    case LEMON:
        return v_scale(vec(0.92, 0.74, 0.10), 1 + 0.12 * spots);
    case METAL:
        *gloss = 1;
        return vec(0.62, 0.58, 0.50);
    default: {
        const double band = smooth(0.02, 0.04, fabs(n.y - 0.25) - 0.10);
        *gloss = 0.9;
        return v_mix(vec(0.85, 0.82, 0.74), vec(0.05, 0.16, 0.34), band);
    }
    }
}

/* Pits of an orange's and a lemon's peel. */
static struct vec bumped(const struct scene *s, int i, struct vec n)
{
    const int stuff = thing(s, i).stuff;
    if (stuff != ORANGE && stuff != LEMON)
        return n;
    const struct vec q = v_scale(n, 26);
    const double e = 0.05, h = noise3(s->seed + 95, q);
    const struct vec g = vec(noise3(s->seed + 95, v_add(q, vec(e, 0, 0))) - h,
                             noise3(s->seed + 95, v_add(q, vec(0, e, 0))) - h,
                             noise3(s->seed + 95, v_add(q, vec(0, 0, e))) - h);
    return v_unit(v_sub(n, v_scale(g, 0.10 / e)));
}

static struct vec wall(const struct scene *s, struct vec p)
{
    const double patch = fbm2(s->seed + 84, p.x * 0.6, p.y * 0.6, 5);
    return v_scale(vec(0.36, 0.38, 0.35), 0.75 + 0.5 * patch);
}

/* Share of the window (a square of side 2.2 up on the left) seen from p: 5 x 5 shadow rays. */
static double window_seen(const struct scene *s, struct vec p, struct vec n, double *facing)
{
    double seen = 0, face = 0;
    const uint64_t where = (uint64_t)(int64_t)floor(p.x * 4096) * 31 +
                           (uint64_t)(int64_t)floor(p.z * 4096) +
                           (uint64_t)(int64_t)floor(p.y * 4096) * 17;
    for (int i = 0; i < 25; i++) {
        const double u = (i % 5 + cell2(s->seed + 96, (int64_t)where, i, 0)) / 5 - 0.5,
                     v = (i / 5 + cell2(s->seed + 96, (int64_t)where, i, 1)) / 5 - 0.5;
        const struct vec to = v_sub(vec(-3.8, 3.4 + 2.2 * v, 2.3 + 2.2 * u), p);
        const double far = sqrt(v_dot(to, to));
        const struct vec d = v_scale(to, 1 / far);
        const double f = v_dot(n, d);
        if (f <= 0)
            continue;
        face += f;
        const struct hit h = trace(s, v_add(p, v_scale(n, 2e-3)), d);
        if (h.t > far || h.what >= THINGS)
            seen += f;
    }
    *facing = face / 25;
    return seen / 25;
}

static struct vec shade(const struct scene *s, struct hit h, struct vec d, int depth);

/* The window as it shows in a gloss: bright panes with a cross. */
static struct vec window_shine(struct vec p, struct vec d)
{
    const double t = (-3.8 - p.x) / (d.x < -1e-6 ? d.x : -1e-6);
    const double y = p.y + d.y * t - 3.4, z = p.z + d.z * t - 2.3;
    const double inside = smooth(1.15, 1.08, fabs(y)) * smooth(1.15, 1.08, fabs(z));
    const double bars = smooth(0.03, 0.07, fabs(y)) * smooth(0.03, 0.07, fabs(z));
    return v_scale(vec(6.0, 5.9, 5.6), d.x < -1e-6 ? inside * bars : 0);
}

static struct vec reflected(const struct scene *s, struct vec p, struct vec n, struct vec d,
                            int depth)
{
    const struct vec r = v_unit(v_sub(d, v_scale(n, 2 * v_dot(d, n))));
    const struct vec shine = window_shine(p, r);
    if (depth <= 0)
        return v_add(shine, vec(0.05, 0.05, 0.05));
    const struct hit h = trace(s, v_add(p, v_scale(n, 2e-3)), r);
    return v_add(h.what < 0 || h.what > THINGS ? shine : vec(0, 0, 0),
                 h.what < 0 ? vec(0.05, 0.05, 0.06) : shade(s, h, r, depth - 1));
}

static struct vec shade(const struct scene *s, struct hit h, struct vec d, int depth)
{
    double gloss = 0.10, facing;
    struct vec n = h.n, colour;
    if (h.what == THINGS)
        colour = wood(s, h.p);
    else if (h.what == THINGS + 1)
        colour = wall(s, h.p), gloss = 0;
    else {
        n = bumped(s, h.what, n);
        colour = skin(s, h.what, h.n, &gloss);
    }
    const double seen = window_seen(s, h.p, n, &facing);
    const double open = h.what == THINGS ? 1 : 0.6 + 0.4 * n.y,
                 near = smooth(0.0, 0.5, h.p.y + (h.what == THINGS ? 1 : 0));
    const struct vec ambient = v_scale(vec(0.20, 0.19, 0.20), open * (0.55 + 0.45 * near));
    struct vec light = v_mul(
        colour,
        v_add(ambient, v_scale(vec(1.75, 1.62, 1.42), seen * (h.what == THINGS + 1 ? 0.7 : 1))));
    const double grazing = gloss * (0.05 + 0.95 * kit_pow(1 - clamp01(-v_dot(d, h.n)), 5));
    const int metal = h.what < THINGS && thing(s, h.what).stuff == METAL;
    if (gloss > 0.05) {
        const struct vec mirror = reflected(s, h.p, n, d, depth);
        light = metal ? v_add(v_scale(light, 0.25), v_scale(v_mul(colour, mirror), 0.85))
                      : v_mix(light, mirror, clamp01(grazing + 0.03 * gloss));
    }
    return light;
}

void still_init(struct scene *s)
{
    s->eye = vec(0.05, 1.75, 0);
    s->forward = v_unit(vec(0.0, -0.27, 1));
    s->zoom = 2.35;
}

struct vec still_light(const struct scene *s, struct vec d)
{
    const struct hit h = trace(s, s->eye, d);
    return h.what < 0 ? vec(0.1, 0.1, 0.1) : shade(s, h, d, 1);
}
