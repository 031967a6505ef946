/* kit_math.h - logarithm and power for loops that the compiler vectorises: no branch, no call.
 * Private to the kit. Polynomials are interpolations at Chebyshev nodes, errors about 2e-9. */
#ifndef KIT_MATH_H
#define KIT_MATH_H
#include <stdint.h>
#include <string.h>

static inline int32_t kit_bits_of(float x)
{
    int32_t i;
    memcpy(&i, &x, sizeof i);
    return i;
}

static inline float kit_float_of(int32_t i)
{
    float x;
    memcpy(&x, &i, sizeof x);
    return x;
}

/* x = 2^*exponent * m, m in [sqrt(1/2), sqrt(2)); answers log2(m), for normal x > 0. With
 * s = (m - 1) / (m + 1) it is 2 / ln 2 * (s + s^3 / 3 + s^5 / 5 + ...), |s| < 0.172. */
static inline float kit_log2_split(float x, int32_t *exponent)
{
    const int32_t bits = kit_bits_of(x) - 0x3f3504f3; /* of sqrt(1/2) */
    const float m = kit_float_of((bits & 0x007fffff) + 0x3f3504f3);
    const float s = (m - 1) / (m + 1), q = s * s;
    *exponent = bits >> 23;
    return s * (2.88539008f + q * (0.961798839f + q * (0.576715186f + q * 0.431717696f)));
}

/* log2 of a normal x > 0. */
static inline float kit_log2_of(float x)
{
    int32_t e;
    const float f = kit_log2_split(x, &e);
    return (float)e + f;
}

/* The nearest whole number, |x| < 2^22. */
static inline float kit_nearest(float x)
{
    return x + 12582912.0f - 12582912.0f; /* 1.5 * 2^23 */
}

/* 2^f, |f| <= 0.5. */
static inline float kit_exp2_part(float f)
{
    return 1 + f * (0.693147207f +
                    f * (0.240226509f +
                         f * (0.0555032723f +
                              f * (0.00961805668f + f * (0.00134004282f + f * 0.000154614447f)))));
}

/* An exponent ready for kit_power_of, within -16000..16000: high has 12 bits, so that high times
 * the exponent of a float is exact. */
struct kit_exponent {
    float high, low, all;
    int32_t to_zero;
};

static inline struct kit_exponent kit_exponent_of(float e)
{
    e = e > 16000 ? 16000 : e < -16000 ? -16000 : e;
    const float high = kit_float_of((int32_t)((uint32_t)kit_bits_of(e) & 0xfffff000u));
    return (struct kit_exponent){high, e - high, e, -(e > 0)};
}

/* |x|^e with the sign of x. Results beyond floats stop near the largest; those below 2^-126 are 0;
 * |x| below it is taken as 0. */
static inline float kit_power_of(float x, struct kit_exponent e)
{
    const int32_t bits = kit_bits_of(x), sign = bits & INT32_MIN, size = bits & INT32_MAX;
    const int32_t least = 0x00800000, tiny = -(size < least) & e.to_zero;
    int32_t k;
    const float f = kit_log2_split(kit_float_of(size < least ? least : size), &k);
    const float whole = e.high * (float)k; /* exact */
    const float part = e.low * (float)k + e.all * f;
    float power = kit_nearest(whole + part);
    power = power > 127 ? 127 : power;
    power = power < -127 ? -127 : power;
    float rest = (whole - power) + part; /* exact, then rounded once */
    rest = rest > 0.5f ? 0.5f : rest;
    const float y = kit_exp2_part(rest) * kit_float_of(((int32_t)power + 127) << 23);
    return kit_float_of((kit_bits_of(y) & ~tiny) | sign);
}
#endif
