/* blend_modes.h - one row of each blend mode: blend_modes.c, for blend.c. */
#ifndef BLEND_MODES_H
#define BLEND_MODES_H
#include <stdint.h>

enum { BLEND_SPAN = 512 }; /* most pixels of a row at a time */

/* out = B(base, top) of n samples within 0..1; all three may be the same channel's rows. */
typedef void blend_channel(const float *base, const float *top, float *out, uint32_t n);
/* The same of n pixels of three channels, whose rows are BLEND_SPAN apart. */
typedef void blend_colour(const float *base, const float *top, float *out, uint32_t n);
struct blend_mode {
    blend_channel *channel; /* both NULL: normal */
    blend_colour *colour;
};
/* In the order of BLEND_NAMES. */
extern const struct blend_mode blend_modes[];
#define BLEND_NAMES "normal|multiply|screen|overlay|soft-light|hard-light|darken|lighten|difference|" \
    "add|subtract|colour-dodge|colour-burn|hue|saturation|color|luminosity"
#endif
