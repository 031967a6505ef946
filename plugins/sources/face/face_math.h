/* face_math.h - small float vectors, curves and noise for source.face. No call in a hot loop that a
 * processor could answer differently. */
#ifndef IMP_FACE_MATH_H
#define IMP_FACE_MATH_H
#include <math.h>
#include <stdint.h>

struct f3 { /* a colour (linear red, green, blue) or a direction (right, up, to the viewer) */
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
static inline struct f3 f3_scale(struct f3 a, float k)
{
    return f3(a.x * k, a.y * k, a.z * k);
}
static inline struct f3 f3_mul(struct f3 a, struct f3 b)
{
    return f3(a.x * b.x, a.y * b.y, a.z * b.z);
}
static inline struct f3 f3_mix(struct f3 a, struct f3 b, float t)
{
    return f3(a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), a.z + t * (b.z - a.z));
}
static inline float f3_dot(struct f3 a, struct f3 b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
static inline struct f3 f3_unit(struct f3 a)
{
    const float n = f3_dot(a, a);
    return n > 1e-20f ? f3_scale(a, 1 / sqrtf(n)) : f3(0, 0, 1);
}

static inline float least(float a, float b)
{
    return a < b ? a : b;
}
static inline float most(float a, float b)
{
    return a > b ? a : b;
}
static inline float limit(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}
static inline float mixf(float a, float b, float t)
{
    return a + t * (b - a);
}
/* 0 at a, 1 at b, smooth between; a > b falls. */
static inline float ramp(float a, float b, float x)
{
    const float t = limit((x - a) / (b - a), 0, 1);
    return t * t * (3 - 2 * t);
}
/* About exp(-q) for q >= 0, and 0 from q = 4 on. */
static inline float bell(float q)
{
    const float t = 1 - 0.25f * q;
    return t > 0 ? t * t * t * t : 0;
}
/* A bump of height 1 at 0, deviation about 0.7 along both axes. */
static inline float bump(float x, float y)
{
    return bell(x * x + y * y);
}
/* x to the power 1/2, 2 and so on, cheaply. */
static inline float root(float x)
{
    return x > 0 ? sqrtf(x) : 0;
}
static inline float sq(float x)
{
    return x * x;
}
static inline int32_t floor_of(float x)
{
    x = limit(x, -1e9f, 1e9f);
    const int32_t i = (int32_t)x;
    return i - (x < (float)i);
}

static inline uint32_t hash2(uint32_t seed, int32_t x, int32_t y)
{
    uint32_t h = seed ^ ((uint32_t)x * 0x9e3779b1u) ^ ((uint32_t)y * 0x85ebca77u);
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    return h ^ (h >> 15);
}
/* Uniform in 0..1 for a cell. */
static inline float cell_of(uint32_t seed, int32_t x, int32_t y)
{
    return (float)(hash2(seed, x, y) >> 8) * 0x1p-24f;
}
/* Value noise, -1..1. */
static inline float noise_of(uint32_t seed, float x, float y)
{
    const int32_t i = floor_of(x), j = floor_of(y);
    float u = x - (float)i, v = y - (float)j;
    u = u * u * (3 - 2 * u), v = v * v * (3 - 2 * v);
    const float a = mixf(cell_of(seed, i, j), cell_of(seed, i + 1, j), u);
    const float b = mixf(cell_of(seed, i, j + 1), cell_of(seed, i + 1, j + 1), u);
    return 2 * mixf(a, b, v) - 1;
}
/* Octaves down to cells of `finest` (in units of x), each half as high and twice as fine. */
static inline float fbm_of(uint32_t seed, float x, float y, int octaves)
{
    float sum = 0, height = 0.5f;
    for (int o = 0; o < octaves; o++, height *= 0.5f) {
        sum += height * noise_of(seed + (uint32_t)o * 101u, x, y);
        const float nx = 1.6f * x - 1.2f * y + 17.3f;
        y = 1.2f * x + 1.6f * y - 9.1f, x = nx;
    }
    return sum;
}
/* How much of a detail of that period remains at a sampling distance of px: 1 .. 0. */
static inline float kept(float period, float px)
{
    return 1 - ramp(0.35f, 0.9f, px / period);
}
#endif
