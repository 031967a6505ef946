/* palette.c - the named palettes. */
#include "palette.h"
#include <math.h>
#include <impasto/kit.h>

static const struct {
    uint32_t stop[6], ground;
} named[] = {
    {{0x1d1e20, 0x4a4c50, 0x7d7f82, 0xa9abad, 0xd0d1d2, 0xf0f0ef}, 0x35363a}, /* grey */
    {{0x2a1d13, 0x553a22, 0x7d5a36, 0xa27f52, 0xc2a679, 0xdccaa6}, 0x30241a}, /* earth */
    {{0x8a7350, 0xab9166, 0xc6ac7d, 0xd9c297, 0xe7d6b3, 0xf3e9d0}, 0x7a6546}, /* sand */
    {{0x4f1f17, 0x7a3023, 0x9c4633, 0xb05c43, 0xbf7a5e, 0xcf9b80}, 0xb3a99a}, /* brick */
    {{0x241813, 0x4d2a1a, 0x7f3f1b, 0xa9561d, 0xc97a35, 0xb9ada1}, 0x2a2320}, /* rust */
    {{0x1c2414, 0x36451f, 0x55672d, 0x778743, 0x9aa565, 0xc2c795}, 0x2a2a1e}, /* moss */
    {{0x0d1a12, 0x1b3322, 0x2c5136, 0x4b734a, 0x7d9660, 0xb7bd8a}, 0x1a1c14}, /* forest */
    {{0x04172b, 0x0b3350, 0x14587a, 0x2f86a3, 0x6cb6c6, 0xc3e4e6}, 0x0a1c2a}, /* ocean */
    {{0x35546b, 0x6288a3, 0x8fb2c8, 0xb7d3e0, 0xd9e9f0, 0xf7fbfd}, 0x27465c}, /* ice */
    {{0x1b1530, 0x41265a, 0x7b3a6c, 0xb9566a, 0xe58f6c, 0xf9d29a}, 0x140f24}, /* dusk */
    {{0x1a0502, 0x5a1005, 0xa42a06, 0xdf600f, 0xf7a72f, 0xfdf0b0}, 0x120502}, /* fire */
    {{0x3f6fb5, 0x6fc3c8, 0xf2e58c, 0xf5a76c, 0xe8638a, 0xfbe3ea}, 0xf4f0ea}, /* candy */
    {{0x3a1c10, 0x6d2d14, 0xa04a1a, 0xcc7a22, 0xd9a63c, 0x8c7a3a}, 0x241a12}, /* autumn */
    {{0x1c1140, 0x13446b, 0x0d7668, 0x4c8f2f, 0xc89a1f, 0xb02a30}, 0x1b1a1c}, /* jewel */
    {{0x03050d, 0x0a1024, 0x16203f, 0x2a3a63, 0x53648c, 0xa6b2c8}, 0x020308}, /* night */
    {{0x2b2723, 0x6a5f52, 0xa89a84, 0xcfc3ac, 0xe6dec9, 0xf6f1e4}, 0xe9e1cf}, /* paper */
    {{0x24081a, 0x551237, 0x8c1f4c, 0xb94a72, 0xd98aa5, 0xf1cdd8}, 0x1c0a16}, /* berry */
};

static void linear_of(uint32_t srgb, float out[3])
{
    for (int c = 0; c < 3; c++)
        out[c] = palette_linear((float)(srgb >> (16 - 8 * c) & 255) / 255);
}

void palette_from(struct palette *p, const uint32_t *srgb, int count, uint32_t ground)
{
    p->count = count;
    for (int i = 0; i < count; i++) {
        linear_of(srgb[i], p->root[i]);
        for (int c = 0; c < 3; c++)
            p->root[i][c] = sqrtf(p->root[i][c]);
    }
    linear_of(ground, p->ground);
}

void palette_named(struct palette *p, int i)
{
    palette_from(p, named[i - 1].stop, 6, named[i - 1].ground);
}

KIT_CLONES
static void ramp(const float *restrict stop, int count, const float *restrict t,
                 float *restrict out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = stop[0];
    for (int k = 0; k + 1 < count; k++) {
        const float rise = stop[3 * k + 3] - stop[3 * k], times = (float)(count - 1);
        for (size_t i = 0; i < n; i++) {
            float w = t[i] * times - (float)k;
            w = w < 0 ? 0 : w;
            out[i] += rise * (w > 1 ? 1 : w);
        }
    }
    for (size_t i = 0; i < n; i++)
        out[i] *= out[i];
}

void palette_row(const struct palette *p, const float *t, float *r, float *g, float *b, size_t n)
{
    ramp(&p->root[0][0], p->count, t, r, n);
    ramp(&p->root[0][1], p->count, t, g, n);
    ramp(&p->root[0][2], p->count, t, b, n);
}
