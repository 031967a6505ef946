/* drawing.h - line drawings made ready for a network that learnt from others: tones, widths, place.
 */
#ifndef IMP_ADVAE_DRAWING_H
#define IMP_ADVAE_DRAWING_H
#include "kinds.h"
#include <impasto/kit.h>

enum av_place { AV_AUTO = 0, AV_AS_IS, AV_CENTRE };
enum av_fault_of_drawing {
    AV_TURNED = 1,
    AV_PHOTO = 2,
    AV_MOVED = 4,
    AV_REDRAWN = 8,
    AV_BUSY = 16,
    AV_FILLED = 32 /* by who made a photo of it */
};
/* A drawing of any size and 1 or 3 channels as side x side numbers, 0 paper to 1 ink. Its sides are
 * filled up to a square with paper; paper and ink become 0 and 1, whichever is the darker; strokes
 * far from the width of the kind it is most like are drawn again in it; AUTO moves it to that
 * kind's box when it lies far from it (an outline: when chin or width do), CENTRE always. *what:
 * av_fault_of_drawing of what was done or is odd; *kind: the one of `kinds` it is most like.
 * IMP_E_INPUT: blank, or nothing but ink. IMP_E_MEMORY, IMP_CANCELLED. [worker] */
imp_status av_drawing(const imp_image *, uint32_t side, const av_kinds *kinds, enum av_place,
                      float *out, uint32_t *what, const av_kind **kind, imp_job *, imp_error *);

#endif
