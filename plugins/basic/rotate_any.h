/* rotate_any.h - turns a picture by any angle, for rotate.c. */
#ifndef ROTATE_ANY_H
#define ROTATE_ANY_H
#include <impasto/kit.h>

enum rotate_method { ROTATE_CUBIC, ROTATE_LINEAR, ROTATE_NEAREST };
enum rotate_border { ROTATE_FLAT, ROTATE_EDGE, ROTATE_MIRROR };

struct rotate_any {
    double degrees; /* clockwise as seen */
    int64_t method, border;
    float colour[4]; /* of what lies outside, for ROTATE_FLAT; straight alpha */
};

/* dst in full: src turned around its centre, which comes to the centre of dst; no overlap. Same
 * channels, or dst has 4: then alpha is 1 where src has none, and colours are weighed by it. Both
 * sides of src at most 100000 px; positions are right to 1e-4 px. IMP_E_MEMORY, IMP_CANCELLED.
 * [worker] */
imp_status rotate_any(imp_job *job, const struct rotate_any *, const imp_image *src,
                      imp_image *dst);
#endif
