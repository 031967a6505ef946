/* inv_learn.h - a decoder's training: what its loop and its checkpoints share. Private to
 * inv_learn*.c and the filter invert.learn. */
#ifndef IMP_INV_LEARN_H
#define IMP_INV_LEARN_H
#include "inv_mirror.h"

struct inv_lesson { /* what to learn, and how */
    const kit_sight *sight;
    uint32_t node;                   /* the layer whose codes are decoded */
    const imp_dataset *train, *test; /* test: NULL = none */
    uint64_t steps, every, seed;     /* every: steps between rows */
    uint32_t batch, flip;
    double rate, lambda, keep_seconds;
    void (*note)(void *user, const char *line); /* a line for each row; or NULL */
    void *note_user;
};
struct inv_row { /* written into checkpoints */
    uint64_t step;
    double rate, loss, pixels, features; /* means since the last row */
    double psnr, test_psnr;              /* dB; of the mean square; test: NaN without */
};
struct inv_learnt {
    imp_nn_model *model;  /* one reference */
    struct inv_row *rows; /* free() */
    uint64_t count;
};
/* Trains a copy of the decoder. Checkpoints under the name "learning"; a later call with the same
 * arguments goes on to the same bytes. On failure *out is empty. [worker] */
imp_status inv_learn_decoder(const struct inv_lesson *, const imp_nn_model *decoder, imp_job *,
                             struct inv_learnt *out, imp_error *);
/* 1 / root of the mean square of the layer's codes of the first samples, so that a decoder begins
 * with numbers of about 1 whatever the network's scale. */
imp_status inv_learn_gain(const struct inv_lesson *, imp_job *, double *gain, imp_error *);

/* ---- private ---- */

struct inv_school {
    const struct inv_lesson *l;
    imp_job *job;
    imp_nn_trainer *trainer;
    imp_nn_run *encoder, *decoder;
    uint32_t code_node, out_node; /* of the decoder */
    kit_batch *batch;
    uint64_t *order, order_of;
    uint32_t c, h, w;     /* of a code */
    size_t pixels, codes; /* numbers of a sample */
    float *input, *gradient, *target, *code_gradient;
    struct inv_place { /* where it stands */
        uint64_t step, epoch, at, seen, row_count;
        double pixels, features; /* sums since the last row */
    } now;
    struct inv_row *rows;
    uint64_t row_room;
};
imp_status inv_school_keep(struct inv_school *, imp_error *); /* inv_learn_state.c */
imp_status inv_school_resume(struct inv_school *,
                             imp_error *); /* from a checkpoint, if there is one */
imp_status inv_school_room(struct inv_school *, imp_error *); /* for one row more */

#endif
