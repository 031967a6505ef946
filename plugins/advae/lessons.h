/* lessons.h - batches of faces: photos, drawings and attributes, a little different each time. */
#ifndef IMP_ADVAE_LESSONS_H
#define IMP_ADVAE_LESSONS_H
#include "traits.h"
#include <impasto/kit.h>

typedef struct av_lessons { /* buffers of one batch; packed */
    const imp_dataset *data;
    const struct av_traits *traits;
    uint32_t most, n, side;
    float *x;     /* n x 3 x side x side, -1..1 */
    float *lines; /* n x 1 x side x side, 0 paper to 1 ink */
    float *s;     /* the same, its strokes disturbed */
    float *seen; /* n x 3 x side x side: x mirrored or moved, what an encoder is shown in stage 2 */
    float *y, *known; /* n x width, n x count */
    float *shown;     /* n x count: 1 where the sample's drawing shows the trait */
    /* private */
    float *work;
    double *attributes;
    struct av_fault *faults;
} av_lessons;

/* What is done to a sample; all by seed, epoch and number of the sample. */
typedef struct av_disturb {
    uint64_t seed;
    uint32_t on; /* 0: samples as they are, the drawing too */
    uint32_t reserved0;
    double tilt;  /* degrees, each way; photo and drawing together */
    double scale; /* 0.08: 8 % smaller or larger */
    double shift; /* px */
    double gaps;  /* share of the strokes that is wiped out, about */
} av_disturb;

/* data: square samples of 3 channels with drawings; all borrowed. IMP_E_MEMORY, and *l is as if
 * freed. */
imp_status av_lessons_new(av_lessons *l, const imp_dataset *, const struct av_traits *,
                          uint32_t most, imp_error *);
void av_lessons_free(av_lessons *);
/* Reads samples order[first..first + n) (NULL: first, first + 1, ...), on the job's threads. An
 * error names the sample. */
imp_status av_lessons_read(av_lessons *, const uint64_t *order, uint64_t first, uint32_t n,
                           const av_disturb *, uint64_t epoch, imp_job *, imp_error *);

/* Planes of side x side made half as large, by means of four. */
void av_half(const float *x, uint32_t planes, uint32_t side, float *out);
/* Planes of small x small to side x side, the same or twice as large, by repeating; and the
 * gradient back. */
void av_double(const float *x, uint32_t planes, uint32_t small, uint32_t side, float *out);
void av_double_back(const float *gradient, uint32_t planes, uint32_t small, uint32_t side,
                    float *out);

#endif
