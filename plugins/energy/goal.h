/* goal.h - what energy.match and energy.gram ask of a picture, for kit_paint.h: a loss for each
 * layer of the style, and one for the layer that keeps the content. */
#ifndef IMP_EN_GOAL_H
#define IMP_EN_GOAL_H
#include <impasto/kit_paint.h>
#include "sights.h"
#include "terms.h"

/* A layer of the style; vectors of its maps, those wanted and measured one for each cell; matrices
 * maps x maps; of the goal's memory. */
struct en_layer {
    const char *name;
    uint32_t node, maps;
    double weight;
    double *mean, *square, *gram; /* the style's; square and gram where asked for */
    double *first, *second,
        *matrix; /* wanted at this size: on the way from the content's own to those */
    double *sum, *sum2, *products; /* of the picture: sums over what was measured */
    double *a, *b;                 /* heads of match */
    float *d;                      /* head of gram */
    float *mask;                   /* weights at this size, NULL: all 1 */
    double *whole;                 /* their sums over what was measured, by cell */
    uint32_t w, h;                 /* its map of the whole picture at this size */
};

struct en_goal {
    /* set by the caller, borrowed until close */
    const struct en_net *self;
    const kit_sight *sight;
    const imp_image *content, *mask; /* mask NULL: everywhere alike */
    const imp_image *const *styles;  /* gram: whose matrices are wanted */
    const double *style_weights;     /* adding up to 1 */
    struct en_layer *layers;         /* name, node, maps, weight, mean and square (match) are set */
    const char **names;              /* room for layer_count + 1 */
    const char *content_layer;
    double style_scale, content_weight, strength, code_scale;
    uint32_t layer_count, style_count, content_node;
    uint32_t gram, order, parts, compat; /* gram: products, not sums */
    uint32_t cells, reserved0; /* a side of the grid whose cells are each to have the energies; 0 is
                                  1; 1 with gram */
    /* its own */
    void *vectors;
    float *target;                   /* code of the content at this size */
    float *seeds, *packed, *weights; /* room for the largest layer; without margins; its mask */
    double *sums;                    /* by map of the content's layer */
    void *work;                      /* of en_gram_add */
    uint32_t target_c, target_w, target_h;
    double content_norm, distance, content_places;
};

/* Vectors and matrices of the layers, on the heap. IMP_E_MEMORY. */
imp_status en_goal_open(struct en_goal *, imp_error *);
void en_goal_close(struct en_goal *);
/* What kit_paint is given. */
kit_goal en_goal_of(struct en_goal *);

/* ---- private to goal.c and goal_begin.c ---- */

void en_goal_free_size(struct en_goal *); /* what begin allocated */
void en_goal_clear(void *goal) IMP_NX;
imp_status en_goal_measure(void *goal, imp_nn_run *, const kit_part *, imp_job *,
                           imp_error *) IMP_NX;
imp_status en_goal_begin(void *goal, imp_nn_run *, uint32_t width, uint32_t height, imp_job *,
                         imp_error *) IMP_NX;

#endif
