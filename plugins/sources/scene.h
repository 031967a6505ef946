/* scene.h - private to source.scene: light, sky, land and rooms.
 *
 * Lengths are metres, x right, y up, z ahead; the camera stands at x = z = 0 and looks along z,
 * tilted by shifting the picture (as lenses for buildings do), so that upright lines stay upright.
 * Light is linear, 1 about what a white sheet sends back in the sun. */
#ifndef IMP_SOURCES_SCENE_H
#define IMP_SOURCES_SCENE_H
#include <impasto/kit.h>
#include "swift.h"

struct f3 {
    float x, y, z;
};

static inline struct f3 f3(float x, float y, float z)
{
    return (struct f3){x, y, z};
}
static inline struct f3 f3_add(struct f3 a, struct f3 b)
{
    return f3(a.x + b.x, a.y + b.y, a.z + b.z);
}
static inline struct f3 f3_sub(struct f3 a, struct f3 b)
{
    return f3(a.x - b.x, a.y - b.y, a.z - b.z);
}
static inline struct f3 f3_mul(struct f3 a, struct f3 b)
{
    return f3(a.x * b.x, a.y * b.y, a.z * b.z);
}
static inline struct f3 f3_scale(struct f3 a, float k)
{
    return f3(a.x * k, a.y * k, a.z * k);
}
static inline struct f3 f3_least(struct f3 a, struct f3 b)
{
    return f3(sw_min(a.x, b.x), sw_min(a.y, b.y), sw_min(a.z, b.z));
}
static inline struct f3 f3_most(struct f3 a, struct f3 b)
{
    return f3(sw_max(a.x, b.x), sw_max(a.y, b.y), sw_max(a.z, b.z));
}
static inline struct f3 f3_mix(struct f3 a, struct f3 b, float t)
{
    return f3(sw_mix(a.x, b.x, t), sw_mix(a.y, b.y, t), sw_mix(a.z, b.z, t));
}
static inline float f3_dot(struct f3 a, struct f3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
static inline struct f3 f3_cross(struct f3 a, struct f3 b)
{
    return f3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}
static inline struct f3 f3_unit(struct f3 a)
{
    return f3_scale(a, 1 / sqrtf(f3_dot(a, a) + 1e-20f));
}
static inline struct f3 f3_along(struct f3 from, struct f3 d, float t)
{
    return f3(from.x + d.x * t, from.y + d.y * t, from.z + d.z * t);
}
static inline struct f3 f3_mirror(struct f3 d, struct f3 n)
{
    return f3_sub(d, f3_scale(n, 2 * f3_dot(d, n)));
}
static inline struct f3 f3_exp(struct f3 a)
{
    return f3(sw_exp(a.x), sw_exp(a.y), sw_exp(a.z));
}

#define SCENE_KINDS "mountains|dunes|coast|still|night|forest|snow|street|interior"
enum scene_kind {
    SCENE_MOUNTAINS,
    SCENE_DUNES,
    SCENE_COAST,
    SCENE_STILL,
    SCENE_NIGHT,
    SCENE_FOREST,
    SCENE_SNOW,
    SCENE_STREET,
    SCENE_INTERIOR
};

struct things;  /* scene_things.h */
struct sky_map; /* sky.h */
struct scene {
    enum scene_kind kind;
    uint32_t seed, samples; /* samples: per side of a px */
    float hour, haze, clouds, lens, tilt;
    float chance[8]; /* 0..1, of the seed: what else differs between places */

    float zoom, shift;   /* focal length and rise of the picture, in half heights */
    float pitch;         /* width of a sample, of what is 1 m away */
    float eye;           /* height above the ground or the water */
    struct f3 sun;       /* towards the sun, or at night the moon */
    struct f3 sun_light; /* on a surface that faces it */
    struct f3 ambient;   /* of the whole sky on a level surface */
    struct f3 air;       /* of far air, ahead */
    float thick;         /* of the air, per metre, green */
    float low;           /* 0 sun high .. 1 at the horizon */
    int night;
    const struct things *things; /* of scenes by rays */
    const struct sky_map *sky;   /* NULL: each ray for itself */
};

/* ---- scene_sky.c ---- */
/* Sun, light and air from hour, haze and clouds. */
void sky_init(struct scene *);
/* The clear sky, without sun and clouds. d is a unit vector. */
struct f3 sky_clear(const struct scene *, struct f3 d);
/* All of it; jitter 0..1 spreads the steps through clouds. */
struct f3 sky_all(const struct scene *, struct f3 d, float jitter);
/* What reaches the eye of a light that is far away. */
struct f3 sky_faded(const struct scene *, struct f3 light, struct f3 d, float far);

/* ---- scene_land.c: open country, by columns ---- */
imp_status land_render(const struct scene *, imp_image *linear, imp_job *);

/* ---- scenes by rays ---- */
struct f3 still_light(const struct scene *, struct f3 from, struct f3 d, uint32_t ray);
struct f3 street_light(const struct scene *, struct f3 from, struct f3 d, uint32_t ray);
struct f3 room_light(const struct scene *, struct f3 from, struct f3 d, uint32_t ray);

/* ---- scene_draw.c ---- */
/* Renders into an sRGB image of any size: light, exposure, tone, vignette, grain. */
struct scene_wish {
    uint32_t kind, samples;
    uint64_t seed;
    float hour, haze, clouds, lens, tilt, exposure, grain, vignette;
};
imp_status scene_draw(const struct scene_wish *, imp_image *out, imp_job *);
#endif
