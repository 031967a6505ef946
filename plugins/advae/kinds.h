/* kinds.h - the kinds of drawings that a network learnt from: whole heads, faces, outlines.
 * Another's drawing is told to be of one of them by where its ink lies within its box, and then
 * brought to where that kind lies. */
#ifndef IMP_ADVAE_KINDS_H
#define IMP_ADVAE_KINDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can be measured of a drawing, 0 paper to 1 ink. */
typedef struct av_ink {
    double share;                    /* of the paper under ink, 0..1 */
    double width;                    /* of the strokes, share of the side */
    double left, top, right, bottom; /* box of the ink without its outermost hundredths, 0..1 */
} av_ink;
av_ink av_ink_of(const float *s, uint32_t side); /* [any] */

enum { AV_KINDS = 4, AV_CELLS = 8, AV_KINDS_TEXT = AV_KINDS * (AV_CELLS * AV_CELLS + 96) };
typedef struct av_kind {
    av_ink ink;     /* means */
    uint64_t shown; /* bit k: it shows trait k; of a kind: half of its drawings do */
    float map[AV_CELLS * AV_CELLS]; /* ink in the cells of its box, of length 1; all 0: not known */
} av_kind;
typedef struct av_kinds {
    uint32_t count, reserved0; /* at least 1 */
    av_kind all[AV_KINDS];
} av_kinds;

/* One drawing as a kind of its own. [any] */
av_kind av_kind_of(const float *s, uint32_t side);
/* Whether a drawing, or a kind, has next to no ink in the middle of its box. [any] */
bool av_is_outline(const av_kind *);
/* The kind that is no outline and whose box lies nearest to that of one, a face then; NULL: there
 * are not both. [any] */
const av_kind *av_kinds_face(const av_kinds *);
/* The kinds of n >= 1 drawings: outlines and others, their boxes in at most AV_KINDS groups
 * (k-means from the drawings farthest from each other), those of less than a twentieth left out.
 * The same for the same order. [any] */
void av_kinds_find(const av_kind *drawings, size_t n, av_kinds *out);
/* The kind whose map is most like this one's. [any] */
const av_kind *av_kinds_like(const av_kinds *, const av_kind *);
/* As a line of a model's metadata, and back. text: room for AV_KINDS_TEXT letters. The shares of
 * ink and widths of strokes are not in it: reading takes them from `usual`, and gives that alone as
 * the one kind where the text is NULL or none of these lines. [any] */
void av_kinds_write(const av_kinds *, char *text);
void av_kinds_read(const char *text, const av_ink *usual, av_kinds *out);

#endif
