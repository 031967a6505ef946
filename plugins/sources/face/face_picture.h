/* face_picture.h - the painting of a face into the images that are wanted. */
#ifndef IMP_FACE_PICTURE_H
#define IMP_FACE_PICTURE_H
#include "face.h"

enum face_output {
    FACE_OUT,
    FACE_TABLE,
    FACE_LINES,
    FACE_MASK,
    FACE_REGION,
    FACE_OUTPUTS = FACE_REGION + FACE_REGIONS
};

struct face_work {
    struct face *face; /* attributes and tables, by face_init; the grid is filled here */
    imp_image *images[FACE_OUTPUTS]; /* of one size; NULL: not wanted; FACE_OUT must be there */
    uint64_t seed;                   /* of the grain */
    float grain, exposure;
    uint32_t samples; /* per side of a pixel */
    uint32_t strokes; /* of enum face_strokes */
    uint32_t want_regions, from;
};
/* Fills all images. IMP_CANCELLED. [worker] */
imp_status face_picture(imp_job *, struct face_work *);
#endif
