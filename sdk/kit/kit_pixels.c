/* Rows between the files' interleaved integers and the planes of an image. Plain loops that compilers
 * turn into vectors; -O3 and KIT_CLONES make the shuffles cheap. */
#include <impasto/kit.h>

/* v / 255 and v / 65535 are divisions: correctly rounded, so every path gives the same float. */
KIT_CLONES static void split1_u8(const uint8_t *restrict p, float *restrict a, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        a[x] = (float)p[x] / 255.0f;
}

KIT_CLONES static void split3_u8(const uint8_t *restrict p, float *restrict a, float *restrict b,
                                 float *restrict c, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        a[x] = (float)p[3 * (size_t)x] / 255.0f;
        b[x] = (float)p[3 * (size_t)x + 1] / 255.0f;
        c[x] = (float)p[3 * (size_t)x + 2] / 255.0f;
    }
}

KIT_CLONES static void split4_u8(const uint8_t *restrict p, float *restrict a, float *restrict b,
                                 float *restrict c, float *restrict d, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        a[x] = (float)p[4 * (size_t)x] / 255.0f;
        b[x] = (float)p[4 * (size_t)x + 1] / 255.0f;
        c[x] = (float)p[4 * (size_t)x + 2] / 255.0f;
        d[x] = (float)p[4 * (size_t)x + 3] / 255.0f;
    }
}

KIT_CLONES static void split_u16(const uint16_t *restrict p, uint32_t step, float *restrict a,
                                 uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        a[x] = (float)p[step * (size_t)x] / 65535.0f;
}

void kit_row_from_u8(const uint8_t *pixels, imp_image *out, uint32_t y)
{
    const uint32_t n = out->width;

    if (out->channels == 1)
        split1_u8(pixels, imp_row_out(out, 0, y), n);
    else if (out->channels == 3)
        split3_u8(pixels, imp_row_out(out, 0, y), imp_row_out(out, 1, y), imp_row_out(out, 2, y), n);
    else
        split4_u8(pixels, imp_row_out(out, 0, y), imp_row_out(out, 1, y), imp_row_out(out, 2, y),
                  imp_row_out(out, 3, y), n);
}

void kit_row_from_u16(const uint16_t *pixels, imp_image *out, uint32_t y)
{
    for (uint32_t c = 0; c < out->channels; c++)
        split_u16(pixels + c, out->channels, imp_row_out(out, c, y), out->width);
}

/* Clamped and rounded to nearest; NaN becomes 0. */
static inline uint8_t to_u8(float v)
{
    v = v > 0.0f ? v : 0.0f;
    v = v < 1.0f ? v : 1.0f;
    return (uint8_t)(int32_t)(v * 255.0f + 0.5f);
}

KIT_CLONES static void join1_u8(const float *restrict a, uint8_t *restrict p, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        p[x] = to_u8(a[x]);
}

KIT_CLONES static void join3_u8(const float *restrict a, const float *restrict b,
                                const float *restrict c, uint8_t *restrict p, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        p[3 * (size_t)x] = to_u8(a[x]);
        p[3 * (size_t)x + 1] = to_u8(b[x]);
        p[3 * (size_t)x + 2] = to_u8(c[x]);
    }
}

KIT_CLONES static void join4_u8(const float *restrict a, const float *restrict b,
                                const float *restrict c, const float *restrict d,
                                uint8_t *restrict p, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++) {
        p[4 * (size_t)x] = to_u8(a[x]);
        p[4 * (size_t)x + 1] = to_u8(b[x]);
        p[4 * (size_t)x + 2] = to_u8(c[x]);
        p[4 * (size_t)x + 3] = to_u8(d[x]);
    }
}

void kit_row_to_u8(const imp_image *in, uint32_t y, uint8_t *pixels)
{
    const uint32_t n = in->width;

    if (in->channels == 1)
        join1_u8(imp_row(in, 0, y), pixels, n);
    else if (in->channels == 3)
        join3_u8(imp_row(in, 0, y), imp_row(in, 1, y), imp_row(in, 2, y), pixels, n);
    else
        join4_u8(imp_row(in, 0, y), imp_row(in, 1, y), imp_row(in, 2, y), imp_row(in, 3, y), pixels, n);
}
