/* swift.h - small float functions in line, for loops of pictures: no call, no table, the same bits
 * on every processor (no libm but the square root, which is exact). Errors are stated per function.
 */
#ifndef IMP_SOURCES_SWIFT_H
#define IMP_SOURCES_SWIFT_H
#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float sw_clamp(float x, float a, float b)
{
    return x < a ? a : x > b ? b : x;
}

/* The C library's fminf and fmaxf are calls. */
static inline float sw_max(float a, float b)
{
    return a > b ? a : b;
}

static inline float sw_min(float a, float b)
{
    return a < b ? a : b;
}

static inline float sw_unit(float x)
{
    return sw_clamp(x, 0, 1);
}

static inline float sw_mix(float a, float b, float t)
{
    return a + t * (b - a);
}

/* 0 at a, 1 at b, smooth between; b < a falls. */
static inline float sw_step(float a, float b, float x)
{
    const float t = sw_unit((x - a) / (b - a));
    return t * t * (3 - 2 * t);
}

/* The whole number below, |x| < 2^30. */
static inline int32_t sw_floor(float x)
{
    const int32_t i = (int32_t)x;
    return i - (x < (float)i);
}

/* sin(2 pi t), any |t| < 2^22; error below 2e-6. */
static inline float sw_sine(float t)
{
    t -= (float)sw_floor(t + 0.5f);                        /* -0.5 .. 0.5 */
    t = t > 0.25f ? 0.5f - t : t < -0.25f ? -0.5f - t : t; /* a quarter turn each way */
    const float q = t * t;
    return t * (6.28318531f +
                q * (-41.3417023f + q * (81.6052493f + q * (-76.7058597f + q * 42.0586939f))));
}

static inline float sw_cosine(float t)
{
    return sw_sine(t + 0.25f);
}

/* 2^x, -120 <= x <= 120 (clamped); relative error below 3e-7. */
static inline float sw_exp2(float x)
{
    x = sw_clamp(x, -120, 120);
    const int32_t whole = sw_floor(x + 0.5f);
    const float f = x - (float)whole;
    const float part =
        1 +
        f * (0.693147207f +
             f * (0.240226509f + f * (0.0555032723f + f * (0.00961805668f + f * 0.00134004282f))));
    const int32_t bits = (whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return part * scale;
}

static inline float sw_exp(float x)
{
    return sw_exp2(x * 1.44269504f);
}

/* log2 of x >= 1e-30; error below 2e-7 of one. */
static inline float sw_log2(float x)
{
    int32_t bits, k;
    x = x < 1e-30f ? 1e-30f : x;
    memcpy(&bits, &x, sizeof bits);
    k = (bits - 0x3f3504f3) >> 23;
    bits -= (int32_t)((uint32_t)k << 23);
    float m;
    memcpy(&m, &bits, sizeof m);
    const float s = (m - 1) / (m + 1), q = s * s;
    return (float)k +
           s * (2.88539008f + q * (0.961798839f + q * (0.576715186f + q * 0.431717696f)));
}

/* x^e for x >= 0. */
static inline float sw_power(float x, float e)
{
    return sw_exp2(e * sw_log2(x));
}

/* ---- noise on a lattice of hashed numbers ---- */

static inline uint32_t sw_hash(uint32_t x, uint32_t y, uint32_t seed)
{
    uint32_t h = seed ^ (x * 0x9e3779b1u) ^ (y * 0x85ebca77u);
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = (h ^ (h >> 15)) * 0x846ca68bu;
    return h ^ (h >> 16);
}

/* 0 .. 1. */
static inline float sw_random(uint32_t x, uint32_t y, uint32_t seed)
{
    return (float)(int32_t)(sw_hash(x, y, seed) >> 8) * 0x1p-24f;
}

static inline float sw_fade(float t)
{
    return t * t * t * (t * (t * 6 - 15) + 10);
}

/* Value noise, -1 .. 1. */
static inline float sw_noise(float x, float y, uint32_t seed)
{
    const int32_t ix = sw_floor(x), iy = sw_floor(y);
    const uint32_t i = (uint32_t)ix, j = (uint32_t)iy;
    const float u = sw_fade(x - (float)ix), v = sw_fade(y - (float)iy);
    const float a = sw_random(i, j, seed), b = sw_random(i + 1, j, seed);
    const float c = sw_random(i, j + 1, seed), d = sw_random(i + 1, j + 1, seed);
    const float top = a + u * (b - a), low = c + u * (d - c);
    return 2 * (top + v * (low - top)) - 1;
}

/* Value noise in three dimensions, -1 .. 1. */
static inline float sw_noise3(float x, float y, float z, uint32_t seed)
{
    const int32_t k = sw_floor(z);
    const float a = sw_noise(x, y, seed + (uint32_t)k * 0x2545f491u);
    const float b = sw_noise(x, y, seed + (uint32_t)(k + 1) * 0x2545f491u);
    return a + sw_fade(z - (float)k) * (b - a);
}

/* One of eight slopes at a lattice point, times the way from it. */
static inline float sw_slope(uint32_t h, float x, float y)
{
    const float a = h & 1 ? x : -x, b = h & 2 ? y : -y;
    return h & 4 ? a + 0.5f * b : 0.5f * a + b;
}

/* Gradient noise (Perlin 2002), about -1 .. 1; no blotches at lattice points. */
static inline float sw_perlin(float x, float y, uint32_t seed)
{
    const int32_t ix = sw_floor(x), iy = sw_floor(y);
    const uint32_t i = (uint32_t)ix, j = (uint32_t)iy;
    const float fx = x - (float)ix, fy = y - (float)iy, u = sw_fade(fx), v = sw_fade(fy);
    const float a = sw_slope(sw_hash(i, j, seed), fx, fy);
    const float b = sw_slope(sw_hash(i + 1, j, seed), fx - 1, fy);
    const float c = sw_slope(sw_hash(i, j + 1, seed), fx, fy - 1);
    const float d = sw_slope(sw_hash(i + 1, j + 1, seed), fx - 1, fy - 1);
    const float top = a + u * (b - a), low = c + u * (d - c);
    return 1.25f * (top + v * (low - top));
}

/* Octaves of gradient noise, each twice as fine and `gain` as high, turned by 36.9 degrees. */
static inline float sw_octaves(float x, float y, uint32_t seed, int count, float gain)
{
    float sum = 0, high = 1;
    for (int k = 0; k < count; k++, high *= gain) {
        sum += high * sw_perlin(x, y, seed + (uint32_t)k * 101u);
        const float t = 1.6f * x - 1.2f * y + 17.3f;
        y = 1.2f * x + 1.6f * y - 9.1f;
        x = t;
    }
    return sum;
}
#endif
