/* palette.h - colour ramps by name, and what a row of numbers 0..1 becomes on them. For all of
 * plugins/sources. Colours are linear light. [any] */
#ifndef IMP_SOURCES_PALETTE_H
#define IMP_SOURCES_PALETTE_H
#include <stddef.h>
#include <stdint.h>

enum { PALETTE_MOST = 8 };
/* Stops evenly spaced from 0 to 1, as square roots of linear light (mixing them looks even), and
 * the colour of what lies between the things shown (mortar, soil), linear. */
struct palette {
    float root[PALETTE_MOST][3], ground[3];
    int count;
};
/* Names for a parameter's choices; the first means: as the kind of picture has it. */
#define PALETTE_NAMES                                                                              \
    "own|grey|earth|sand|brick|rust|moss|forest|ocean|ice|dusk|fire|candy|autumn|jewel|night|"     \
    "paper|berry"

/* From sRGB numbers 0xrrggbb; count <= PALETTE_MOST. */
void palette_from(struct palette *, const uint32_t *srgb, int count, uint32_t ground);
/* The palette number i >= 1 of PALETTE_NAMES. */
void palette_named(struct palette *, int i);
/* The colour of n numbers (held within 0..1). */
void palette_row(const struct palette *, const float *t, float *r, float *g, float *b, size_t n);

/* One number. */
static inline void palette_at(const struct palette *p, float t, float rgb[3])
{
    float w = (t < 0 ? 0 : t > 1 ? 1 : t) * (float)(p->count - 1);
    int k = (int)w;
    k = k > p->count - 2 ? p->count - 2 : k;
    k = k < 0 ? 0 : k;
    w -= (float)k;
    const int next = k + 1 < p->count ? k + 1 : k;
    for (int c = 0; c < 3; c++) {
        const float root = p->root[k][c] + w * (p->root[next][c] - p->root[k][c]);
        rgb[c] = root * root;
    }
}

static inline float palette_linear(float c) /* sRGB 0..1 to linear, within 0.003 */
{
    return c * (c * (c * 0.305306011F + 0.682171111F) + 0.012522878F);
}
#endif
