/* terrain.c - land as a height field, marched with steps that grow with distance and height above
 * ground; a level of water that mirrors what stands behind it; haze. */
#include "sources.h"
#include <impasto/kit.h>
#include <math.h>

#define FAR 90.0

struct land {
    double scale, height, sea;
};

static struct land land_of(const struct scene *s)
{
    switch (s->kind) {
    case SCENE_DUNES:
        return (struct land){0.16, 1.5, -9};
    case SCENE_COAST:
        return (struct land){0.10, 2.6, 0};
    default:
        return (struct land){0.060, 7.4, 0};
    }
}

static double mountains(const struct scene *s, double x, double z, int detail)
{
    const double k = land_of(s).scale, away = z + 3 * noise2(s->seed + 9, x * 0.1, z * 0.1);
    const double bend = 0.45 * fbm2(s->seed + 4, x * k, z * k, 3);
    const double crest = ridge2(s->seed, x * k + bend, z * k - bend, detail);
    const double lake =
        smooth(7, 22, away + 0.02 * x * x); /* the shore lies in front of the range */
    const double near = smooth(6.5, 1.5, z) * smooth(1.2, 4.5, fabs(x + 0.6));
    return -0.5 + lake * (kit_pow(crest, 1.7) * 13.0 * (0.35 + 0.65 * smooth(16, 60, away)) + 0.5) +
           near * (0.9 + 0.5 * fbm2(s->seed + 12, x * 0.9, z * 0.9, detail));
}

static double dunes(const struct scene *s, double x, double z, int detail)
{
    const double k = land_of(s).scale;
    const double bend = 1.1 * fbm2(s->seed + 3, x * 0.08, z * 0.08, 3);
    const double a = x * k * 0.55 + z * k + bend;
    const double saw = a - floor(a),
                 crest = saw < 0.7 ? saw / 0.7 : (1 - saw) / 0.3; /* gentle, then steep */
    const double swell = fbm2(s->seed + 5, x * 0.05, z * 0.05, 4);
    double h = (smooth(0, 1, crest) * (0.75 + 0.9 * swell) + 1.6 * swell) * land_of(s).height;
    if (detail > 5)
        h += 0.012 * kit_sin(x * 9 + 14 * z + 9 * fbm2(s->seed + 8, x * 0.7, z * 0.7, 3));
    return h;
}

static double coast(const struct scene *s, double x, double z, int detail)
{
    const double k = land_of(s).scale;
    const double edge = x - 1.4 - 0.13 * z + 2.4 * fbm2(s->seed + 2, x * 0.15, z * 0.15, 4);
    const double cliff = smooth(0, 2.6, edge) * (1 + 0.8 * smooth(0, 20, edge));
    const double rough = fbm2(s->seed, x * k * 4, z * k * 4, detail);
    const double rock = ridge2(s->seed + 6, x * 0.6, z * 0.6, detail > 6 ? 6 : detail) - 0.72;
    return -0.35 + cliff * (2.2 + 1.6 * rough) + 1.1 * rock * smooth(-3.5, 0.5, edge);
}

static double ground(const struct scene *s, double x, double z, int detail)
{
    switch (s->kind) {
    case SCENE_DUNES:
        return dunes(s, x, z, detail);
    case SCENE_COAST:
        return coast(s, x, z, detail);
    default:
        return mountains(s, x, z, detail);
    }
}

/* Distance to the land along a ray, or < 0. */
static double march(const struct scene *s, struct vec from, struct vec d, double far, int detail)
{
    double t = 0.02, last_t = 0, last_gap = from.y;
    for (int i = 0; i < 260 && t < far; i++) {
        const struct vec p = v_add(from, v_scale(d, t));
        if (p.y > 14 && d.y > 0)
            return -1;
        const double gap = p.y - ground(s, p.x, p.z, detail - (t > 12) - (t > 40));
        if (gap < 0) {
            const double w = last_gap / (last_gap - gap + 1e-9);
            return last_t + w * (t - last_t);
        }
        last_t = t;
        last_gap = gap;
        t += fmax(0.012 * (1 + 0.35 * t), 0.36 * gap);
    }
    return -1;
}

static struct vec normal_at(const struct scene *s, struct vec p, double t)
{
    const double e = 0.004 + 0.0011 * t;
    const int detail = 9;
    return v_unit(vec(ground(s, p.x - e, p.z, detail) - ground(s, p.x + e, p.z, detail), 2 * e,
                      ground(s, p.x, p.z - e, detail) - ground(s, p.x, p.z + e, detail)));
}

static struct vec ground_colour(const struct scene *s, struct vec p, struct vec n)
{
    const double grain = fbm2(s->seed + 20, p.x * 3, p.z * 3, 5),
                 patch = fbm2(s->seed + 22, p.x * 0.5, p.z * 0.5, 4);
    if (s->kind == SCENE_DUNES)
        return v_scale(v_mix(vec(0.72, 0.46, 0.24), vec(0.80, 0.58, 0.34), clamp01(0.5 + patch)),
                       1 + 0.12 * grain);
    const struct vec rock =
        v_scale(v_mix(vec(0.20, 0.18, 0.165), vec(0.34, 0.30, 0.26), clamp01(0.5 + patch)),
                1 + 0.5 * grain);
    const struct vec grass =
        v_scale(v_mix(vec(0.07, 0.115, 0.03), vec(0.17, 0.19, 0.055), clamp01(0.5 + 1.3 * patch)),
                1 + 0.4 * grain);
    const double steep = smooth(0.62, 0.86, n.y + 0.10 * grain);
    struct vec colour = v_mix(rock, grass, steep * smooth(3.6, 1.6, p.y + 1.2 * grain));
    if (s->kind == SCENE_COAST)
        return v_mix(vec(0.50, 0.42, 0.30), colour, smooth(0.02, 0.25, p.y + 0.06 * grain));
    const double snow =
        smooth(2.3, 3.7, p.y + 1.6 * grain + 0.7 * patch) * smooth(0.38, 0.66, n.y + 0.2 * grain);
    return v_mix(colour, vec(0.86, 0.89, 0.95), snow);
}

static struct vec faded(const struct scene *s, struct vec light, struct vec d, double t)
{
    const double thick = (s->kind == SCENE_COAST ? 0.008 : 0.010) * (0.15 + 2.0 * s->haze);
    return v_mix(sky_air(s, d), light, kit_exp(-t * thick));
}

static struct vec land_light(const struct scene *s, struct vec p, struct vec d, double t)
{
    const struct vec n = normal_at(s, p, t), colour = ground_colour(s, p, n);
    const double facing = clamp01(v_dot(n, s->sun));
    double direct = 0;
    if (facing > 0 && s->sun.y > -0.05 &&
        march(s, v_add(p, v_scale(n, 0.03 + 0.002 * t)), s->sun, 26, 6) < 0)
        direct = facing;
    const double sky = 0.30 * (0.55 + 0.45 * n.y),
                 bounce = 0.10 * clamp01(0.5 - 0.5 * n.y + 0.2 * n.z);
    const struct vec ambient = v_scale(sky_air(s, vec(0, 1, 0)), sky + bounce);
    const struct vec light = v_add(v_scale(s->sun_colour, 1.35 * direct), ambient);
    return faded(s, v_mul(colour, light), d, t);
}

static struct vec water_normal(const struct scene *s, struct vec p, double t)
{
    const int sea = s->kind == SCENE_COAST;
    const double k = sea ? 1.2 : 3.2, e = 0.02 + 0.002 * t,
                 depth = (sea ? 0.15 : 0.005) / (1 + 0.03 * t);
    const double h = fbm2(s->seed + 40, p.x * k, p.z * k * 1.8, 6);
    const double hx = fbm2(s->seed + 40, (p.x + e) * k, p.z * k * 1.8, 6);
    const double hz = fbm2(s->seed + 40, p.x * k, (p.z + e) * k * 1.8, 6);
    return v_unit(vec((h - hx) * depth / e, 1, (h - hz) * depth / e));
}

static struct vec water_light(const struct scene *s, struct vec p, struct vec d, double t)
{
    const struct vec n = water_normal(s, p, t);
    struct vec mirror = v_sub(d, v_scale(n, 2 * v_dot(d, n)));
    mirror.y = fabs(mirror.y) + 0.001;
    mirror = v_unit(mirror);
    struct vec seen = sky_light(s, mirror);
    const double hit = march(s, v_add(p, vec(0, 0.01, 0)), mirror, FAR, 6);
    if (hit > 0)
        seen = land_light(s, v_add(p, v_scale(mirror, hit)), mirror, hit + t);
    const double grazing = 0.03 + 0.97 * kit_pow(1 - clamp01(-v_dot(d, n)), 5);
    const double depth = clamp01(-ground(s, p.x, p.z, 5) * 1.6);
    const struct vec shallow = vec(0.10, 0.22, 0.20), deep = vec(0.012, 0.05, 0.075);
    const struct vec body = v_mul(v_mix(shallow, deep, depth), v_add(v_scale(s->sun_colour, 0.55),
                                                                     v_scale(sky_air(s, d), 0.35)));
    struct vec light = v_mix(body, seen, clamp01(grazing + 0.05));
    if (s->kind == SCENE_COAST) {
        const double shore = smooth(
            0.30, 0.0, -ground(s, p.x, p.z, 7) + 0.22 * fbm2(s->seed + 44, p.x * 3, p.z * 3, 5));
        light = v_mix(light, v_scale(v_add(s->sun_colour, vec(0.2, 0.2, 0.25)), 0.62), shore * 0.9);
    }
    return faded(s, light, d, t);
}

void terrain_init(struct scene *s)
{
    const double lift = s->kind == SCENE_DUNES ? 2.2 : s->kind == SCENE_COAST ? 1.9 : 1.1;
    const double stand = ground(s, 0, 0, 6),
                 floor_y = stand > land_of(s).sea ? stand : land_of(s).sea;
    s->eye = vec(0, floor_y + lift, 0);
    s->forward = v_unit(vec(0.02,
                            s->kind == SCENE_DUNES   ? -0.05
                            : s->kind == SCENE_COAST ? -0.07
                                                     : 0.035,
                            1));
}

struct vec terrain_light(const struct scene *s, struct vec d)
{
    const double hit = march(s, s->eye, d, FAR, 8), sea = land_of(s).sea;
    const double water = d.y < -1e-4 && s->eye.y > sea ? (sea - s->eye.y) / d.y : -1;
    if (water > 0 && (hit < 0 || water < hit))
        return water < 4 * FAR ? water_light(s, v_add(s->eye, v_scale(d, water)), d, water)
                               : sky_air(s, d);
    if (hit > 0)
        return land_light(s, v_add(s->eye, v_scale(d, hit)), d, hit);
    return sky_light(s, d);
}
