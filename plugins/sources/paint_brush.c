/* paint_brush.c - what bristles leave: a strip of streaks, the same along a stroke, and the ragged
 * line where they begin and end. Kept at four widths, so that thin strokes take few samples. */
#include "painting.h"
#include <stdlib.h>
#include "swift.h"

enum { ACROSS = 64, ALONG = 256, LEVELS = 4, KINDS = 3 };

struct brush {
    float height[KINDS][LEVELS][ALONG * ACROSS]; /* level l: ACROSS >> l samples of each row */
    float tip[KINDS][ACROSS];
};

/* Bristles: fast noise across, slow along; two thirds of it changes with the way at all. */
static void fill(struct brush *b, uint32_t kind, uint32_t seed)
{
    for (uint32_t i = 0; i < ALONG; i++)
        for (uint32_t j = 0; j < ACROSS; j++) {
            const float v = (float)j, s = (float)i, back = (float)i - ALONG;
            const float wrap = sw_step(ALONG * 0.75f, ALONG, s); /* the end meets the beginning */
            float h = 0.45f * sw_noise(v * 0.19f, 0.5f, seed);
            h += 0.35f * sw_mix(sw_noise(v * 0.33f, s * 0.022f, seed + 1),
                                sw_noise(v * 0.33f, back * 0.022f, seed + 1), wrap);
            h += 0.42f * sw_mix(sw_noise(v * 0.71f, s * 0.045f, seed + 2),
                                sw_noise(v * 0.71f, back * 0.045f, seed + 2), wrap);
            b->height[kind][0][i * ACROSS + j] = sw_unit(0.5f + 0.62f * h);
        }
    for (uint32_t j = 0; j < ACROSS; j++)
        b->tip[kind][j] = sw_unit(0.5f + 0.35f * sw_noise((float)j * 0.11f, 0.3f, seed + 3) +
                                  0.45f * sw_noise((float)j * 0.43f, 0.7f, seed + 4));
}

struct brush *brush_new(uint32_t seed)
{
    struct brush *b = malloc(sizeof *b);
    for (uint32_t k = 0; b && k < KINDS; k++) {
        fill(b, k, seed + k * 31);
        for (uint32_t l = 1; l < LEVELS; l++) {
            const float *from = b->height[k][l - 1];
            for (uint32_t i = 0; i < (uint32_t)ALONG * (ACROSS >> l); i++)
                b->height[k][l][i] = 0.5f * (from[2 * i] + from[2 * i + 1]);
        }
    }
    return b;
}

void brush_free(struct brush *b)
{
    free(b);
}

struct bristles brush_bristles(const struct brush *b, float half, uint32_t seed)
{
    uint32_t level = 0;
    while (level + 1 < LEVELS && 2 * half < (float)(ACROSS >> (level + 1)))
        level++;
    return (struct bristles){b->height[seed % KINDS][level], ACROSS >> level,
                             (float)(seed >> 8 & 255)};
}

float brush_height(const struct bristles *b, float across, float along)
{
    const float u =
        sw_clamp((across + 1) * 0.5f * (float)b->across - 0.5f, 0, (float)b->across - 1);
    const float v = along * 7 + b->shift;
    const int32_t row = sw_floor(v);
    const uint32_t i = (uint32_t)u, r = i + 1 < b->across ? i + 1 : i;
    const float *p = b->at + (size_t)((uint32_t)row % ALONG) * b->across;
    const float *q = b->at + (size_t)((uint32_t)(row + 1) % ALONG) * b->across;
    const float t = u - (float)i, w = v - (float)row;
    return sw_mix(sw_mix(p[i], p[r], t), sw_mix(q[i], q[r], t), w);
}

float brush_tip(const struct brush *b, float across, uint32_t seed, int end)
{
    const float u = sw_clamp((across + 1) * 0.5f * ACROSS - 0.5f, 0, ACROSS - 1);
    const uint32_t i = (uint32_t)u, flip = (seed >> (4 + end)) & 1;
    const float *tip = b->tip[(seed >> (6 + 2 * end)) % KINDS];
    const uint32_t k = flip ? ACROSS - 1 - i : i, next = flip             ? (k ? k - 1 : 0)
                                                         : k + 1 < ACROSS ? k + 1
                                                                          : k;
    return sw_mix(tip[k], tip[next], u - (float)i);
}
