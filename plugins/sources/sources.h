/* sources.h - pictures from nothing. A scene answers the light along one ray of the camera;
 * source_scene.c turns that into a picture: antialiasing, exposure, tone curve, grain, vignette. */
#ifndef IMP_SOURCES_H
#define IMP_SOURCES_H
#include <stdint.h>

struct vec {
    double x, y, z;
};

static inline struct vec vec(double x, double y, double z)
{
    return (struct vec){x, y, z};
}
static inline struct vec v_add(struct vec a, struct vec b)
{
    return vec(a.x + b.x, a.y + b.y, a.z + b.z);
}
static inline struct vec v_sub(struct vec a, struct vec b)
{
    return vec(a.x - b.x, a.y - b.y, a.z - b.z);
}
static inline struct vec v_mul(struct vec a, struct vec b)
{
    return vec(a.x * b.x, a.y * b.y, a.z * b.z);
}
static inline struct vec v_scale(struct vec a, double k)
{
    return vec(a.x * k, a.y * k, a.z * k);
}
static inline struct vec v_mix(struct vec a, struct vec b, double t)
{
    return v_add(v_scale(a, 1 - t), v_scale(b, t));
}
static inline double v_dot(struct vec a, struct vec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
struct vec v_unit(struct vec);
struct vec v_cross(struct vec, struct vec);
double clamp01(double);
/* 0 below a, 1 above b, smooth between. */
double smooth(double a, double b, double x);

/* ---- value_noise.c: value noise on a lattice of hashed numbers, range about -1..1 ---- */
double noise2(uint64_t seed, double x, double y);
double noise3(uint64_t seed, struct vec p);
/* Sum of octaves, each half as high and twice as fine, turned against the one before. */
double fbm2(uint64_t seed, double x, double y, int octaves);
double fbm3(uint64_t seed, struct vec p, int octaves);
/* The same folded at zero: sharp crests, range about 0..1. */
double ridge2(uint64_t seed, double x, double y, int octaves);
/* One uniform number in 0..1 for a lattice cell. */
double cell2(uint64_t seed, int64_t x, int64_t y, uint32_t which);

/* ---- the scenes ---- */
struct scene {
    uint32_t kind; /* index of scene_kinds */
    uint64_t seed;
    double hour;   /* 0..24 */
    double haze;   /* 0..1 */
    double clouds; /* 0..1 */
    struct vec eye, sun, sun_colour;
    struct vec right, up, forward;
    double zoom; /* focal length in half picture heights */
};
enum { SCENE_MOUNTAINS, SCENE_DUNES, SCENE_COAST, SCENE_STILL, SCENE_NIGHT };

/* Puts camera and sun in place. */
void scene_init(struct scene *);
/* Linear light from direction d (unit). (u, v) is the picture position, for what depends on it. */
struct vec scene_light(const struct scene *, struct vec d);
/* sky.c: the sky alone, with sun, clouds, at night stars and moon. */
struct vec sky_light(const struct scene *, struct vec d);
/* Colour of far air towards d: what distance fades into. */
struct vec sky_air(const struct scene *, struct vec d);
/* terrain.c: land, water and sky. still.c: things on a table. */
void terrain_init(struct scene *);
struct vec terrain_light(const struct scene *, struct vec d);
void still_init(struct scene *);
struct vec still_light(const struct scene *, struct vec d);

#endif
