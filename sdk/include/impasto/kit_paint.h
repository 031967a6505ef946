/* kit_paint.h - a picture optimised through a network: what inversion and style transfer share. The
 * caller brings the goal (losses of layers' values, and their gradients); here are sizes from
 * coarse to fine, optimisers, priors, bounds, checkpoints that resume to the same bytes, progress
 * and the table of losses. Kit source, not ABI. [worker]; random numbers by seed and step: same
 * bytes for any threads.
 *
 * The picture in the optimiser: x = 255 v - m[c], v = 0..1 sRGB, m = 123.68 116.779 103.939 (R G B;
 * of a grey network 117.4), the units of the papers' constants. Sources: methods named at each
 * member. */
#ifndef IMP_KIT_PAINT_H
#define IMP_KIT_PAINT_H
#include <impasto/kit_sight.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- the goal ---- */

/* A part of the picture that the run holds. Whole pictures are one part: x = y = 0, inner all of
 * it. */
typedef struct kit_part {
    uint32_t index, count;  /* this part of so many; count may change from step to step */
    uint32_t width, height; /* of the whole picture */
    kit_box held;           /* what the run holds of it */
    kit_box inner; /* what counts for this part, within held; parts' inners tile the picture */
} kit_part;

/* Everything is called in this order; a failure ends the painting with it.
 *   begin    before each size; the run is for looking too (targets). Its values are forgotten
 * after. then for each evaluation clear   statistics to zero measure for each part: asks for
 * layers' values (kit_sight_code), adds to its statistics judge   the values of the terms (their
 * sum is minimised), from the statistics seed    for each part: nn->grad's seed() at the layers,
 * d(sum of terms)/d(value), for inner only */
typedef struct kit_goal {
    void *user;
    const char *const *names; /* of the terms: columns of the table of losses */
    uint32_t term_count, reserved0;
    imp_status (*begin)(void *user, imp_nn_run *, uint32_t width, uint32_t height, imp_job *,
                        imp_error *) IMP_NX; /* may be NULL */
    void (*clear)(void *user) IMP_NX;        /* may be NULL */
    imp_status (*measure)(void *user, imp_nn_run *, const kit_part *, imp_job *,
                          imp_error *) IMP_NX;
    imp_status (*judge)(void *user, double *terms, imp_error *) IMP_NX;
    imp_status (*seed)(void *user, imp_nn_run *, const kit_part *, imp_job *, imp_error *) IMP_NX;
} kit_goal;
/* The box of a layer's map (mw x mh of the values held) that belongs to the part's inner: where
 * divisions are not whole, rounded so that neighbouring parts neither overlap nor leave a gap. */
kit_box kit_part_inner(const kit_part *, uint32_t mw, uint32_t mh);

/* ---- options ---- */

enum kit_paint_rule { KIT_PAINT_LBFGS = 0, KIT_PAINT_ADAM = 1, KIT_PAINT_SGD_FMI = 2 };
#define KIT_PAINT_RULES "lbfgs|adam|sgd-fmi"
enum kit_paint_bounds { KIT_PAINT_FREE = 0, KIT_PAINT_PENALTY = 1, KIT_PAINT_PROJECT = 2 };
#define KIT_PAINT_BOUNDS "none|penalty|project"
enum kit_paint_basis { KIT_PAINT_PIXELS = 0, KIT_PAINT_PYRAMID = 1 };
#define KIT_PAINT_BASES "pixels|pyramid"
typedef struct kit_paint_options {
    uint32_t rule, bounds; /* PENALTY: mean of (v outside 0..1)^2 x penalty is added */
    uint32_t steps;        /* for each size, >= 1 */
    uint32_t step_count;   /* of step_list: numbers of steps for the first, second ... size that is painted */
    const double *step_list; /* the last one's for those beyond; none: steps */
    uint32_t history;      /* LBFGS: pairs; 10 */
    uint32_t basis;        /* LBFGS: PYRAMID moves coarse parts and greys first, pixels and colours least, so
                            * that few steps make strokes, not grain (kit_paint_metric.c). The others:
                            * nothing */
    double rate;    /* ADAM: px of 255, 10. SGD_FMI: 0.1, falling as the paper's program does */
    double decay;   /* SGD_FMI: weight decay on x, 0.0005 */
    double stop;    /* relative change of x in a step that ends a size; SGD_FMI 0.005; 0: never */
    double penalty; /* of PENALTY; 1 */
    double tv, tv_power; /* + tv/2 mean (dx^2 + dy^2)^(b/2) / s^2, b = tv_power: 2 */
    double alpha;   /* + alpha/2 mean x^6 / s^2; means over samples, so that a weight means the same
                     * for any size; s = 68.9, the RMS of a picture (aravindhm/deep-goggle) */
    double noise;   /* deviation (SGD_FMI: half width) of a start from noise, of 255 */
    double roughen; /* deviation, of 255, of noise laid over the picture that each size starts from:
                     * flat places, where relus are silent, get a gradient; 0: none */
    const imp_image
        *rough_where;    /* how much of it, 1 channel, 0..1, of any size; NULL: everywhere */
    const imp_image *detail; /* a photo whose detail each size but the first gets back: what the size before
                              * had no pixels for; NULL: none. Channels as the start's */
    double denoise;      /* weight of the TV denoiser on the result; 0: none */
    double keep_seconds; /* a checkpoint this often; 0: none */
    uint64_t seed;
    const double *scales; /* long sides, rising; none: one size, the picture's */
    uint32_t scale_count;
    uint32_t jitter; /* px the picture is moved at random in each step, mirrored; not with LBFGS */
    uint32_t tile;   /* px: gradients by tiles of so many, from layers' statistics of the whole; 0:
                        whole */
    uint32_t truncate; /* 1: result to 8 bit by truncation, as the paper's program */
    /* A painting that is a part of longer work: progress is told from..to (0, 0: all of it), behind
     * `what` ("map 7 of 64: "; NULL: nothing). */
    double from, to;
    const char *what;
} kit_paint_options;
/* Usable defaults for a rule: L-BFGS 60 steps; Adam 200; the paper's program's constants and 1000.
 */
kit_paint_options kit_paint_defaults(uint32_t rule);

/* ---- painting ---- */

typedef struct kit_painting {
    imp_image *picture; /* 0..1, sRGB, 1 or 3 channels; kit_image_free it */
    double *rows; /* row_count x (6 + term_count): size number, width, height, step, evaluations,
                   * loss, terms; free() */
    uint32_t row_count, term_count;
} kit_painting;
/* Paints a picture of width x height (its long side at most the last scale): from `start` (any
 * size; NULL: noise). The run is made and freed here; deepest: the last node that the goal asks
 * for, for the memory that is told. Progress is told to the job with losses; previews now and then;
 * checkpoints under the name "painting". A loss that is no number: the step is taken back and
 * halved, at last it is an error that says at which step and which key to change. On failure *out
 * is empty. */
imp_status kit_paint(const kit_sight *, const kit_paint_options *, const kit_goal *,
                     const imp_image *start, uint32_t width, uint32_t height, imp_job *,
                     kit_painting *out, imp_error *);
void kit_painting_free(kit_painting *);
/* The rows as a table of the job's: scale, width, height, step, evaluations, loss and the terms.
 * NULL: no memory. */
imp_table *kit_paint_table(imp_job *, const kit_goal *, const kit_painting *);
/* Memory and work of a painting, into the plan (nothing where sizes are unknown). deepest: node.
 * [control] */
void kit_paint_cost(imp_plan *, const kit_sight *, const kit_paint_options *, uint32_t deepest,
                    uint32_t width, uint32_t height);
/* Size of what comes out. [any] */
void kit_paint_size(const kit_paint_options *, uint32_t width, uint32_t height, uint32_t *w,
                    uint32_t *h);

/* Total-variation denoising of each plane, in place: Chambolle's dual iteration as scikit-image >=
 * 0.12 runs it (step 1/4, at most 200 rounds, relative change of the energy 2e-4). weight > 0, of
 * values 0..1; 0 leaves the picture. IMP_E_MEMORY, IMP_CANCELLED. kit_denoise.c */
imp_status kit_denoise_tv(imp_image *, double weight, imp_job *);

#ifdef __cplusplus
}
#endif
#endif
