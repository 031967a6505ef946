/* kit_colour.c - transfer curve, powers and luma over rows of samples. The loops are static and
 * wrapped, as gcc exports the dispatcher of a cloned function that is not. */
#include <impasto/kit.h>
#include "kit_math.h"
#include <string.h>

/* IEC 61966-2-1: v / 12.92 up to 0.04045, ((v + 0.055) / 1.055)^2.4 above; odd below zero. */
KIT_CLONES
static void srgb_to_linear(const float *in, float *out, size_t n)
{
    const struct kit_exponent e = kit_exponent_of(2.4f);
    for (size_t i = 0; i < n; i++) {
        const float v = in[i], size = kit_float_of(kit_bits_of(v) & INT32_MAX);
        const int32_t low = -(size <= 0.04045f);
        const int32_t curve = kit_bits_of(kit_power_of((size + 0.055f) * (1 / 1.055f), e));
        const int32_t line = kit_bits_of(size * (1 / 12.92f));
        out[i] = kit_float_of((line & low) | (curve & ~low) | (kit_bits_of(v) & INT32_MIN));
    }
}

/* 12.92 v up to 0.0031308, 1.055 v^(1/2.4) - 0.055 above; odd below zero. */
KIT_CLONES
static void linear_to_srgb(const float *in, float *out, size_t n)
{
    const struct kit_exponent e = kit_exponent_of(1 / 2.4f);
    for (size_t i = 0; i < n; i++) {
        const float v = in[i], size = kit_float_of(kit_bits_of(v) & INT32_MAX);
        const int32_t low = -(size <= 0.0031308f);
        const int32_t curve = kit_bits_of(1.055f * kit_power_of(size, e) - 0.055f);
        const int32_t line = kit_bits_of(size * 12.92f);
        out[i] = kit_float_of((line & low) | (curve & ~low) | (kit_bits_of(v) & INT32_MIN));
    }
}

KIT_CLONES
static void power(const float *in, float *out, size_t n, struct kit_exponent e)
{
    for (size_t i = 0; i < n; i++)
        out[i] = kit_power_of(in[i], e);
}

KIT_CLONES
static void luma(const float *r, const float *g, const float *b, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = 0.2126f * r[i] + 0.7152f * g[i] + 0.0722f * b[i];
}

void kit_srgb_to_linear(const float *in, float *out, size_t n)
{
    srgb_to_linear(in, out, n);
}

void kit_linear_to_srgb(const float *in, float *out, size_t n)
{
    linear_to_srgb(in, out, n);
}

void kit_power(const float *in, float *out, size_t n, float exponent)
{
    power(in, out, n, kit_exponent_of(exponent));
}

void kit_luma(const float *r, const float *g, const float *b, float *out, size_t n)
{
    if (g && b)
        luma(r, g, b, out, n);
    else
        memmove(out, r, n * sizeof *out);
}
