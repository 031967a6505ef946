/* math.h - exp, log, tanh and the normal distribution for loops that the compiler vectorises: no
 * branch, no call, the same bytes on every machine, which libm does not promise. NaN stays NaN.
 * Polynomials are weighted minimax fits; tests/unit/test_rt_math.c measures the errors told here.
 */
#ifndef IMP_RT_MATH_H
#define IMP_RT_MATH_H
#include <stdint.h>
#include <string.h>

static inline uint32_t rt_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float rt_from_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* x = n ln 2 + r, |r| <= ln 2 / 2: hands out 2^(n/2) and 2^(n - n/2), whose product may overflow to
 * infinity or run out below the smallest float, as exp(x) does; answers exp(r) - 1. */
static inline float rt_exp_parts(float x, float *half, float *other)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: the whole number stands in the low bits */
    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    const float shifted = x * 1.44269504f + magic, n = shifted - magic;
    const float r = (x - n * 0.693145752f) - n * 1.42860677e-6f; /* the first product is exact */
    const int32_t whole = (int32_t)(rt_bits(shifted) - 0x4b400000u);
    const int32_t low = whole >> 1;
    *half = rt_from_bits((uint32_t)(low + 127) << 23);
    *other = rt_from_bits((uint32_t)(whole - low + 127) << 23);
    return r +
           r * r *
               (0.49999994f +
                r * (0.166665211f + r * (0.0416683853f + r * (0.008368738f + r * 0.00138147676f))));
}

/* e^x; relative error below 1.5e-7. */
static inline float rt_expf(float x)
{
    float half, other;
    const float part = rt_exp_parts(x, &half, &other);
    return (1 + part) * half * other;
}

/* e^x - 1; relative error below 2.5e-7 for x <= 88, also near 0. */
static inline float rt_expm1f(float x)
{
    float half, other;
    const float part = rt_exp_parts(x, &half, &other), scale = half * other;
    return x == 0 ? x : part * half * other + (scale - 1);
}

/* ln x; relative error below 1.5e-7. 0: -infinity, below: NaN. */
static inline float rt_logf(float x)
{
    const float tiny = x < 1.17549435e-38f ? 16777216.0f : 1.0f; /* lifts what is not normal */
    const uint32_t bits = rt_bits(x * tiny) - 0x3f3504f3u;       /* of sqrt(1/2) */
    const float s = rt_from_bits((bits & 0x007fffffu) + 0x3f3504f3u) - 1;
    const float n = (float)((int32_t)bits >> 23) - (tiny > 1 ? 24.0f : 0.0f);
    const float tail =
        0.333333164f +
        s * (-0.250008106f +
             s * (0.200022951f +
                  s * (-0.166245401f +
                       s * (0.141809836f +
                            s * (-0.131287634f + s * (0.128832266f + s * -0.078614682f))))));
    float y = n * 0.693145752f + (s + (n * 1.42860677e-6f + (s * s * (s * tail - 0.5f))));
    y = x > 3.40282347e38f ? x : y;
    y = x == 0 ? -1 / (x * x) : y;
    return x >= 0 ? y : x != x ? x : (x - x) / (x - x);
}

/* tanh x; relative error below 2.5e-7. */
static inline float rt_tanhf(float x)
{
    const float size = x < 0 ? -x : x, q = x * x;
    const float near =
        x * (1 + q * (-0.333332777f +
                      q * (0.133313313f +
                           q * (-0.0537294f + q * (0.0206024684f - q * 0.00566123473f)))));
    const float far = 1 - 2 / (rt_expf(2 * size) + 1);
    return size <= 0.625f ? near : x < 0 ? -far : size > 0 ? far : x;
}

/* 1 / (1 + e^-x); relative error below 3e-7 where the result is a normal float. */
static inline float rt_sigmoidf(float x)
{
    return 1 / (1 + rt_expf(-x));
}

/* Share of the standard normal distribution below x: erfc(-x / sqrt 2) / 2. Relative error below
 * 3e-7 above -1, below 3e-7 + 1.2e-7 x^2 under it. */
static inline float rt_normal_below(float x)
{
    const float a = (x < 0 ? -x : x) * 0.707106781f, t = 1 / (1 + 0.5f * a), q = x * x;
    const float near =
        0.5f + x * (0.398942292f +
                    q * (-0.0664903596f +
                         q * (0.00997332297f +
                              q * (-0.00118632999f + q * (0.000113486371f - q * 7.65420737e-6f)))));
    const float p =
        t * (0.282113969f +
             t * (0.281708568f +
                  t * (0.249860004f +
                       t * (0.165271372f +
                            t * (0.0973381922f +
                                 t * (0.0259812512f + t * (-0.179162636f + t * 0.0771906003f)))))));
    const float tail = 0.5f * p * rt_expf(-0.5f * q);
    return a <= 0.707f ? near : x < 0 ? tail : 1 - tail;
}
#endif
