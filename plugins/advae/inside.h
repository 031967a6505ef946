/* inside.h - what lies inside an outline. A network that learnt from drawings of faces and from
 * bare outlines keeps some of the former. Where an outline is to become a photo, eyes, brows, nose
 * and mouth of the one that fits it and what is asked are drawn into it: a network alone would blur
 * what may lie anywhere. Plain arrays. */
#ifndef IMP_ADVAE_INSIDE_H
#define IMP_ADVAE_INSIDE_H
#include "kinds.h"
#include "traits.h"

enum { AV_INSIDES = 64 /* drawings that a model keeps, at most */ };
/* Of a drawing kept: AV_INSIDE to AV_INK, a sixth to all of the ink. */
enum av_part { AV_PAPER, AV_OUTLINE, AV_INSIDE, AV_INK = AV_INSIDE + 5 };

typedef struct av_inside {
    uint32_t count, side, width; /* width: numbers of the attributes */
    uint32_t reserved0;
    uint64_t shown; /* bit k: the lines inside show trait k */
    uint8_t *parts; /* count x side x side of enum av_part */
    float *y;       /* count x width: attributes of their samples */
} av_inside;

/* Room for AV_INSIDES drawings, none in it. IMP_E_MEMORY. */
imp_status av_inside_new(av_inside *, uint32_t side, uint32_t width, imp_error *);
void av_inside_free(av_inside *);

/* Adds a drawing, 0 paper to 1 ink, of samples with attributes y. False: it is full, or the drawing
 * has less inside than eyes, nose and mouth. [any] */
bool av_inside_add(av_inside *, const float *s, const float *y);
/* Draws into an outline s what lies inside the kept drawing whose outline is nearest to it, whose
 * attributes, those that drawings show, are nearest to y, and whom the seed prefers. Those of y
 * become that drawing's. False: nothing is kept. Needs memory for two pictures; *failed where there
 * is none. [worker] */
bool av_inside_draw(const av_inside *, const struct av_traits *, uint64_t seed, float *s, float *y,
                    bool *failed);

/* As a line of a model's metadata, and back. text: room for av_inside_room(). Reading NULL, or what
 * is no such line, gives none. IMP_E_MEMORY. [any] */
size_t av_inside_room(const av_inside *);
void av_inside_write(const av_inside *, char *text);
imp_status av_inside_read(const char *text, uint32_t side, uint32_t width, av_inside *,
                          imp_error *);

#endif
