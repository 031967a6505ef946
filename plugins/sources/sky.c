/* sky.c - sky colours from the sun's height, a layer of clouds, at night stars, a band of far
 * stars, a moon. */
#include "sources.h"
#include <impasto/kit.h>
#include <math.h>

/* 1 by day, 0 by night. */
static double daylight(const struct scene *s)
{
    return smooth(-0.25, 0.02, s->sun.y);
}

struct vec sky_air(const struct scene *s, struct vec d)
{
    const double day = daylight(s), low = 1 - smooth(0.0, 0.35, s->sun.y);
    const double towards = kit_pow(clamp01(0.5 + 0.5 * v_dot(d, s->sun)), 6);
    const struct vec noon = vec(0.62, 0.76, 0.95), dusk = vec(0.98, 0.62, 0.40),
                     night = vec(0.02, 0.028, 0.05);
    const struct vec lit = v_mix(noon, v_mix(vec(0.62, 0.58, 0.66), dusk, towards), low);
    return v_mix(night, lit, day);
}

static struct vec clear_sky(const struct scene *s, struct vec d)
{
    const double day = daylight(s), low = 1 - smooth(0.0, 0.4, s->sun.y);
    const double height = clamp01(d.y), towards = clamp01(v_dot(d, s->sun));
    const struct vec zenith_day = v_mix(vec(0.13, 0.32, 0.72), vec(0.16, 0.24, 0.48), low);
    const struct vec zenith = v_mix(vec(0.004, 0.007, 0.02), zenith_day, day);
    struct vec light = v_mix(sky_air(s, d), zenith, kit_pow(height, 0.45));
    light = v_add(light,
                  v_scale(s->sun_colour, day * (0.25 * kit_pow(towards, 8) + 0.6 * kit_pow(towards, 120))));
    return v_add(light, v_scale(s->sun_colour, day * 40 * smooth(0.99965, 0.9998, towards)));
}

static struct vec stars(const struct scene *s, struct vec d)
{
    struct vec sum = vec(0, 0, 0);
    const double band = kit_exp(-kit_pow(v_dot(d, v_unit(vec(0.5, 0.6, -0.62))) * 4.5, 2));
    const double cloud = clamp01(0.5 + 1.3 * fbm3(s->seed + 50, v_scale(d, 5), 6));
    sum = v_add(sum, v_scale(vec(0.10, 0.105, 0.135), band * cloud * cloud));
    for (int layer = 0; layer < 3; layer++) {
        const double fine = 90.0 * (1 << layer);
        const double az = kit_atan2(d.x, d.z) * fine, el = kit_asin(d.y) * fine;
        const int64_t i = (int64_t)floor(az), j = (int64_t)floor(el);
        const uint64_t seed = s->seed + 60 + (uint64_t)layer;
        if (cell2(seed, i, j, 0) > 0.07 + 0.20 * band)
            continue;
        const double dx = az - (double)i - 0.2 - 0.6 * cell2(seed, i, j, 1);
        const double dy = el - (double)j - 0.2 - 0.6 * cell2(seed, i, j, 2);
        const double bright = kit_pow(cell2(seed, i, j, 3), 9) * 3 + 0.12;
        const double warm = cell2(seed, i, j, 4);
        const double spot = kit_exp(-(dx * dx + dy * dy) * 160.0 / (1 << layer));
        sum = v_add(sum, v_scale(vec(0.8 + 0.4 * warm, 0.9, 1.3 - 0.5 * warm), bright * spot));
    }
    return sum;
}

static struct vec moon(const struct scene *s, struct vec d)
{
    const struct vec at = v_unit(vec(-0.42, 0.42, 1));
    const double near = v_dot(d, at);
    const double disc = smooth(0.99935, 0.9995, near);
    const double grey = 0.8 + 0.5 * fbm3(s->seed + 70, v_scale(d, 90), 4);
    return v_add(v_scale(vec(1.0, 0.97, 0.88), 1.6 * disc * grey),
                 v_scale(vec(0.10, 0.12, 0.18), kit_pow(clamp01(near), 60) * 1.1));
}

/* A flat layer of cumulus at one height, lit from the sun's side: density there less density
 * further on. */
static struct vec with_clouds(const struct scene *s, struct vec d, struct vec behind)
{
    if (d.y < 0.015 || s->clouds <= 0)
        return behind;
    const double t = 1 / (d.y + 0.06);
    const double x = d.x * t * 1.1, y = d.z * t * 1.1;
    const double cover = 0.34 - 0.62 * s->clouds;
    const double here =
        fbm2(s->seed + 30, x, y, 7) + 0.25 * fbm2(s->seed + 33, x * 0.3, y * 0.3, 3);
    const double there = fbm2(s->seed + 30, x + s->sun.x * 0.22, y + s->sun.z * 0.22, 5);
    const double dense = smooth(cover, cover + 0.42, here);
    const double lit = clamp01(0.62 + 1.1 * (here - there) - 0.25 * dense);
    const double day = daylight(s), low = 1 - smooth(0.0, 0.35, s->sun.y);
    const struct vec shade = v_mix(vec(0.03, 0.035, 0.05),
                                   v_mix(vec(0.52, 0.57, 0.66), vec(0.42, 0.34, 0.42), low), day);
    const struct vec bright = v_mix(vec(0.07, 0.075, 0.095),
                                    v_mix(vec(1.15, 1.12, 1.06), vec(1.35, 0.78, 0.50), low), day);
    const double far = smooth(0.015, 0.16, d.y);
    return v_mix(behind, v_mix(shade, bright, lit), dense * far * 0.94);
}

struct vec sky_light(const struct scene *s, struct vec d)
{
    struct vec light = clear_sky(s, d);
    const double night = 1 - daylight(s);
    if (night > 0.5)
        light = v_add(light, v_scale(v_add(stars(s, d), moon(s, d)), 2 * night - 1));
    return with_clouds(s, d, light);
}
