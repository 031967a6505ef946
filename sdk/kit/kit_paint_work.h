/* kit_paint_work.h - what the files of kit_paint share: a painting at one size, and its objective.
 */
#ifndef IMP_KIT_PAINT_WORK_H
#define IMP_KIT_PAINT_WORK_H
#include <impasto/kit_paint.h>

/* One size of a painting. The vector u that the optimiser moves: c planes of h x w, x = unit u. */
struct paint {
    const kit_sight *sight;
    const kit_paint_options *o;
    const kit_goal *goal;
    imp_job *job;
    imp_error *err;
    imp_nn_run *run;
    uint32_t c, w, h, scale; /* scale: number of the size */
    uint32_t step, steps;    /* done at this size, of so many */
    uint32_t evaluations;    /* of the objective, in the step that is being done */
    size_t n;                /* c h w */
    float *u, *gradient, *fed,
        *part;           /* n floats each: gradient by u; numbers for the network; a tile of them */
    float *pyramid;      /* room of kit_paint_metric; NULL: the basis is pixels */
    double unit, factor; /* factor: what the value for the optimiser is multiplied by */
    double loss, *terms; /* of the last evaluation */
    double low, *low_terms; /* of the lowest evaluation in this step */
    const char *wrong;      /* NULL, or what was not finite in the last evaluation */
    char wrong_text[200];
};

/* kit_objective of a struct paint: x is u. A value that is no number is NAN with a zero gradient,
 * not a failure: the optimiser steps back. */
imp_status kit_paint_evaluate(void *paint, const float *u, double *value, float *gradient);
/* kit_asking of a struct paint: whether the job is to stop. */
imp_status kit_paint_ask(void *user);

/* Adds priors and the penalty of x = unit u to the loss and, times unit, to the gradient.
 * kit_paint_prior.c */
double kit_paint_priors(const struct paint *, const float *u, float *gradient);

/* kit_metric of a struct paint with a pyramid; floats that it takes. kit_paint_metric.c */
void kit_paint_metric(void *paint, float *v);
size_t kit_paint_metric_floats(uint32_t channels, uint32_t w, uint32_t h);

/* What is taken off 255 v in channel c of a picture with that many. */
double kit_paint_mean(uint32_t channels, uint32_t c);

/* ---- sizes: kit_paint_plan.c ---- */

enum { KIT_PAINT_FIXED = 6 /* columns of the table of losses before the terms */ };
uint32_t kit_paint_sizes(const kit_paint_options *);
/* Size i as the network takes it; false: the next one is the same, so this one is left out. */
bool kit_paint_size_at(const kit_sight *, const kit_paint_options *, uint32_t i, uint32_t width,
                       uint32_t height, uint32_t *w, uint32_t *h);

/* Steps of size i, which is painted. */
uint32_t kit_paint_steps_at(const kit_sight *, const kit_paint_options *, uint32_t i,
                            uint32_t width, uint32_t height);

/* ---- pictures: kit_paint_canvas.c ---- */

/* v has the painting's size and channels. */
void kit_paint_from_picture(const struct paint *, const imp_image *v);
imp_image *kit_paint_to_picture(const struct paint *); /* not clamped; NULL: no memory */
void kit_paint_from_noise(const struct paint *);
imp_status kit_paint_roughen(struct paint *); /* lays noise over u; IMP_E_MEMORY, IMP_CANCELLED */
/* A copy in so many channels: grey becomes colour, colour luma. NULL: no memory. */
imp_image *kit_paint_channels(const imp_image *, uint32_t channels);

/* ---- optimisers: kit_paint_step.c ---- */

/* Bytes of an optimiser's state for n floats; 0: too many. Starting writes all of it. */
size_t kit_paint_state_bytes(const kit_paint_options *, size_t n);
void kit_paint_state_start(const kit_paint_options *, void *state, size_t n);
bool kit_paint_state_fits(const kit_paint_options *, const void *state, size_t size, size_t n);
/* One step; *done: this size has nothing to gain any more. work: n floats. */
imp_status kit_paint_step(struct paint *, void *state, float *work, bool *done);

#endif
