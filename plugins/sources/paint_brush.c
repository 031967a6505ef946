/* paint_brush.c - what bristles leave: a strip of streaks, the same along a stroke, and the ragged
 * line where they begin and end. Kept at four widths, so that thin strokes take few samples. */
#include "painting.h"
#include <stdlib.h>
#include "swift.h"

enum { ACROSS = 64, LEVELS = 4, KINDS = 3 };

struct brush {
    /* level l: (ACROSS >> l) + 1 samples of each row, the last one twice */
    float height[KINDS][LEVELS][BRISTLE_ROWS * (ACROSS + 1)];
    float tip[KINDS][2][BRISTLE_TIP + 1]; /* and the other way round */
};

/* Bristles: fast noise across, slow along; two thirds of it changes with the way at all. */
static float bristle(uint32_t i, uint32_t j, uint32_t seed)
{
    const float v = (float)j, s = (float)i, back = (float)i - BRISTLE_ROWS;
    const float wrap =
        sw_step(BRISTLE_ROWS * 0.75f, BRISTLE_ROWS, s); /* the end meets the beginning */
    float h = 0.45f * sw_noise(v * 0.19f, 0.5f, seed);
    h += 0.35f * sw_mix(sw_noise(v * 0.33f, s * 0.022f, seed + 1),
                        sw_noise(v * 0.33f, back * 0.022f, seed + 1), wrap);
    h += 0.42f * sw_mix(sw_noise(v * 0.71f, s * 0.045f, seed + 2),
                        sw_noise(v * 0.71f, back * 0.045f, seed + 2), wrap);
    return sw_unit(0.5f + 0.62f * h);
}

static void fill(struct brush *b, uint32_t kind, uint32_t seed)
{
    for (uint32_t i = 0; i < BRISTLE_ROWS; i++)
        for (uint32_t j = 0; j <= ACROSS; j++)
            b->height[kind][0][i * (ACROSS + 1) + j] =
                bristle(i, j < ACROSS ? j : ACROSS - 1, seed);
    for (uint32_t j = 0; j < BRISTLE_TIP; j++)
        b->tip[kind][0][j] = b->tip[kind][1][BRISTLE_TIP - 1 - j] =
            sw_unit(0.5f + 0.35f * sw_noise((float)j * 0.11f, 0.3f, seed + 3) +
                    0.45f * sw_noise((float)j * 0.43f, 0.7f, seed + 4));
    for (uint32_t k = 0; k < 2; k++)
        b->tip[kind][k][BRISTLE_TIP] = b->tip[kind][k][BRISTLE_TIP - 1];
}

/* Half as many samples across. */
static void shrink(const float *from, uint32_t across, float *to)
{
    const uint32_t n = across / 2;
    for (uint32_t i = 0; i < BRISTLE_ROWS; i++, from += across + 1, to += n + 1) {
        for (uint32_t j = 0; j < n; j++)
            to[j] = 0.5f * (from[2 * j] + from[2 * j + 1]);
        to[n] = to[n - 1];
    }
}

struct brush *brush_new(uint32_t seed)
{
    struct brush *b = malloc(sizeof *b);
    for (uint32_t k = 0; b && k < KINDS; k++) {
        fill(b, k, seed + k * 31);
        for (uint32_t l = 1; l < LEVELS; l++)
            shrink(b->height[k][l - 1], ACROSS >> (l - 1), b->height[k][l]);
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
    return (struct bristles){.at = b->height[seed % KINDS][level],
                             .tip = {b->tip[(seed >> 6) % KINDS][seed >> 4 & 1],
                                     b->tip[(seed >> 8) % KINDS][seed >> 5 & 1]},
                             .across = ACROSS >> level,
                             .shift = (float)(seed >> 8 & 255)};
}
