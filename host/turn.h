/* turn.h - whole pictures between what files hold and what the engine works on: upright, and of the
 * channels and colour wanted. [any] */
#ifndef IMP_TURN_H
#define IMP_TURN_H
#include <impasto/impasto.h>

/* EXIF orientation 5..8 swaps the sides. */
static inline int turn_swaps(uint32_t orientation) { return orientation >= 5 && orientation <= 8; }
/* Turns and mirrors so that it stands upright; out has the same channels, sides swapped for 5..8. */
void turn_upright(const imp_image *in, uint32_t orientation, imp_image *out);
/* Same size, other channels: grey repeated, colour to its luma, alpha 1 added, or the picture laid
 * onto white where out has no alpha. Channels of both are 1, 3 or 4. */
void turn_channels(const imp_image *in, imp_image *out);
/* Same size and channels: samples (not alpha) to the colour of out. DATA is taken as it is. */
void turn_colour(const imp_image *in, imp_image *out);

#endif
