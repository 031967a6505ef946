/* layout.h - places boxes joined by arrows in layers, top to bottom: few crossings, straight long
 * arrows. Source: K. Sugiyama, S. Tagawa, M. Toda 1981, "Methods for visual understanding of
 * hierarchical system structures"; positions by isotonic regression in each layer. */
#ifndef IMP_LAYOUT_H
#define IMP_LAYOUT_H
#include "arena.h"

struct layout_box { double width, height, x, y; /* out: its centre, its top */ };
struct layout_arrow {
    size_t from, to;         /* boxes; from is before to in some order without cycles */
    double from_dx, to_dx;   /* where it leaves and enters, from the boxes' centres */
    const double *xs, *ys;   /* out: corners in the layers between, two a layer (top, bottom) */
    size_t corners;
};
struct layout {
    struct layout_box *boxes;
    struct layout_arrow *arrows;
    size_t box_count, arrow_count;
    double gap_x, gap_y;     /* between boxes, between layers */
    double width, height;    /* out: of it all; from 0, 0 */
};
/* Fills in all that is out. Memory: the arena. */
void layout_place(struct arena *, struct layout *);

#endif
