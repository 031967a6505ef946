/* kit_rng.c - random numbers by position: number i of a stream is a hash, nothing is carried on.
 * The finaliser is SplitMix64's (Steele, Lea and Flood 2014), once for the stream, once for i. */
#include <impasto/kit.h>
#include "kit_math.h"
#include <math.h>

static const uint64_t golden = 0x9e3779b97f4a7c15u; /* 2^64 over the golden ratio, odd */

static inline uint64_t finalise(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline uint64_t stream(uint64_t seed, uint64_t what)
{
    return finalise(finalise(seed + golden) + golden * (what + 1));
}

uint64_t kit_random(uint64_t seed, uint64_t what, uint64_t i)
{
    return finalise(stream(seed, what) + golden * (i + 1));
}

double kit_uniform(uint64_t seed, uint64_t what, uint64_t i)
{
    return (double)(kit_random(seed, what, i) >> 11) * 0x1p-53;
}

double kit_normal(uint64_t seed, uint64_t what, uint64_t i)
{
    const double turn = 6.283185307179586477;
    const double u = kit_uniform(seed, what, 2 * i), v = kit_uniform(seed, what, 2 * i + 1);
    return sqrt(-2 * kit_log(1 - u)) * kit_cos(turn * v);
}

/* sin of a quarter turn times t, |t| <= 1: odd polynomial, error below 2e-7. */
static inline float quarter_sine(float t)
{
    const float q = t * t;
    return t *
           (1.57079632f +
            q * (-0.64596376f + q * (0.0796899183f + q * (-0.00467414384f + q * 0.000151671704f))));
}

/* Box-Muller on the halves of one number: u in (0, 1) of 32 bits, an angle of 31 bits. */
static inline float normal_of(uint64_t bits)
{
    const float u = ((float)(int32_t)(bits >> 33) + 0.5f) * 0x1p-31f;
    const float radius = sqrtf(-1.386294361f * kit_log2_of(u < 1 ? u : 1)); /* 2 ln 2 */
    const float t = (float)(int32_t)(uint32_t)bits * 0x1p-30f;              /* quarters, -2..2 */
    const float folded = t > 1 ? 2 - t : t < -1 ? -2 - t : t;
    return radius * quarter_sine(folded);
}

KIT_CLONES
static void normals(uint64_t base, uint64_t first, size_t n, float *out)
{
    uint64_t bits[64];
    for (size_t i = 0; i < n; i += 64) {
        const size_t count = n - i < 64 ? n - i : 64;
        for (size_t j = 0; j < 64; j++)
            bits[j] = finalise(base + golden * (first + i + j + 1));
        if (count == 64)
            for (size_t j = 0; j < 64; j++)
                out[i + j] = normal_of(bits[j]);
        else
            for (size_t j = 0; j < count; j++)
                out[i + j] = normal_of(bits[j]);
    }
}

void kit_normals(uint64_t seed, uint64_t what, uint64_t first, size_t n, float *out)
{
    normals(stream(seed, what), first, n, out);
}
