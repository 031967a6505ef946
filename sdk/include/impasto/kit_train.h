/* kit_train.h - training, for all plugins that train: losses, optimisers on flat vectors, schedules,
 * augmentation, batches, and the loop over nn.h's services and data.h's data sets. Compiled in like
 * the rest of the kit (kit.h), no globals; what is not tagged is [worker]: one thread at a time for
 * the same arguments. Random numbers depend on seed, epoch and sample only, sums run in an order
 * fixed by the shapes: the same bytes for any number of threads, resumed or not. */
#ifndef IMP_KIT_TRAIN_H
#define IMP_KIT_TRAIN_H
#include <stdbool.h>
#include <impasto/data.h>
#include <impasto/kit.h>
#include <impasto/nn.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- losses: kit_loss.c; [any] ---- */

/* Mean over n samples of the cross-entropy between softmax(logits) and the class:
 *   logits n x classes   labels n, each < classes   smoothing 0..1: that share of the target is
 *   spread over all classes   gradient NULL, or written: d(mean)/d(logits)   right NULL, or raised
 *   by the samples whose largest logit (the first of equals) is their class. */
double kit_cross_entropy(const float *logits, const uint32_t *labels, uint32_t n, uint32_t classes,
                         double smoothing, float *gradient, uint32_t *right);
/* Mean of (x - target)^2 over the targets that are not NaN (unknown; gradient 0); none known: 0. */
double kit_mse(const float *x, const float *target, size_t n, float *gradient);

/* ---- optimisers on a flat vector of n floats ----
 * The state is one block of bytes without pointers, 8-byte aligned: written out and read back it
 * goes on to the same bytes. Sums are of doubles. */

enum kit_rule { KIT_SGD = 1, KIT_ADAM };
typedef struct kit_optimiser {
    uint32_t rule, reserved0;
    double rate;
    double momentum;     /* SGD: v = momentum v + g, x -= rate v. Adam: beta1 */
    double beta2;        /* Adam (Kingma and Ba 2015): 0.999 */
    double epsilon;      /* Adam: 1e-8 */
    double weight_decay; /* added to the gradient: g + weight_decay x */
} kit_optimiser;
/* Bytes of the state for n floats; 0: too many. kit_optim.c */
size_t kit_optim_bytes(uint32_t rule, size_t n);
void kit_optim_start(void *state, uint32_t rule, size_t n); /* writes all its bytes */
/* Is this block, read back from somewhere, the state for such a vector? */
bool kit_optim_fits(const void *state, size_t size, uint32_t rule, size_t n);
/* One step: moves x against the gradient. The rate may change from step to step. */
void kit_optim_step(void *state, const kit_optimiser *, float *x, const float *gradient);
/* Sum of a[i] * b[i], in double; of v with itself, the square of its norm. */
double kit_dot(const float *a, const float *b, size_t n);
/* Scales the vector to the norm `most` if it is longer (0: never). Answers the norm that it had. */
double kit_clip(float *v, size_t n, double most);

/* L-BFGS: two-loop recursion (Nocedal 1980) with a line search for the strong Wolfe conditions
 * (Nocedal and Wright 2006, algorithms 3.5 and 3.6), for objectives without noise. kit_lbfgs.c */
/* The value at x and, written in full, its gradient. Not IMP_OK: the step ends with that status. */
typedef imp_status kit_objective(void *user, const float *x, double *value, float *gradient);
typedef struct kit_lbfgs_info {
    double value;         /* at the new x */
    double norm;          /* of its gradient */
    double step;          /* taken along the direction; 0 = none */
    uint32_t evaluations; /* of the objective in this step */
    uint32_t stalled;     /* 1: no lower value was found along any direction; it stays so */
} kit_lbfgs_info;
size_t kit_lbfgs_bytes(uint32_t history, size_t n); /* history: pairs remembered, 1..100 */
void kit_lbfgs_start(void *state, uint32_t history, size_t n);
bool kit_lbfgs_fits(const void *state, size_t size, uint32_t history, size_t n);
/* One step of at most `most` evaluations (>= 2; 25 is plenty). The value never rises. When the objective
 * fails, x and the state are as before the step. */
imp_status kit_lbfgs_step(void *state, float *x, uint32_t most, kit_objective *, void *user,
                          kit_lbfgs_info *);
/* The same, with more that may be called, each with user:
 *   ask     NULL, or called between passes over the vectors, which take long where they are. Not IMP_OK: the
 *           step ends with that status, as when the objective fails
 *   metric  NULL, or v = M v, M symmetric and positive definite: the step is that of L-BFGS on z, x = S z,
 *           M = S S', so that what M enlarges is moved first. It stays the same from step to step */
typedef imp_status kit_asking(void *user);
typedef void kit_metric(void *user, float *v);
typedef struct kit_lbfgs_calls {
    kit_objective *objective;
    kit_asking *ask;
    kit_metric *metric;
    void *user;
} kit_lbfgs_calls;
imp_status kit_lbfgs_step_with(void *state, float *x, uint32_t most, const kit_lbfgs_calls *,
                               kit_lbfgs_info *);
/* Says that x was changed between steps (projected): value and gradient are asked for anew, the pairs
 * stay. */
void kit_lbfgs_moved(void *state);

/* ---- schedules: kit_schedule.c; [any] ---- */

enum kit_schedule_rule { KIT_CONSTANT = 0, KIT_STEPS = 1, KIT_COSINE = 2 };
typedef struct kit_schedule {
    uint32_t rule, drop_count;
    double rate;         /* the highest */
    uint64_t warm_up;    /* steps: the rate rises linearly to its height; 0 = none */
    uint64_t steps;      /* of the whole training: the cosine's length */
    double last;         /* COSINE: where it ends, as a share of rate */
    double factor;       /* STEPS: the rate is multiplied by it */
    const double *drops; /* STEPS: from these steps on, rising */
} kit_schedule;
/* The rate of step 0, 1, ... */
double kit_schedule_rate(const kit_schedule *, uint64_t step);

/* ---- augmentation: kit_augment.c; [any] ---- */

typedef struct kit_augment {
    uint64_t seed;
    double shift;           /* px: moved by a uniform part of it, each way; between samples linear,
                             * the border repeats */
    uint32_t flip, crop;    /* flip: half of the samples mirrored left to right. crop: padded with
                             * `fill` by so many px and cut at a random place to its size */
    float fill;
    uint32_t reserved0;
} kit_augment;
/* Changes a sample (c planes of h x w) as epoch and number of the sample say. work: as many floats. */
void kit_augment_sample(const kit_augment *, uint32_t c, uint32_t h, uint32_t w, uint64_t epoch,
                        uint64_t sample, float *pixels, float *work);

/* ---- batches: kit_batch.c ---- */

/* The order in which an epoch sees 0..n-1: a shuffle that depends on seed and epoch. */
void kit_shuffle(uint64_t seed, uint64_t epoch, uint64_t n, uint64_t *order);

enum kit_target { KIT_TARGET_CLASS = 0,      /* the class; for MSE as 0 and 1 */
                  KIT_TARGET_ATTRIBUTES = 1, /* numbers brought to 0..1 by their range, choices as
                                              * their index */
                  KIT_TARGET_PICTURE = 2 /* the input itself, as it was prepared */ };
/* A sample, C H W sRGB 0..1 of the data set's size, as the network wants it (kit_prepare.h). [any] */
typedef struct kit_input {
    imp_status (*prepare)(const void *user, const float *pixels, float *input) IMP_NX; /* NULL: as it is */
    const void *user;
    uint32_t channels, reserved0; /* of what it makes; 0: as many as the data set has */
} kit_input;

typedef struct kit_batch kit_batch; /* buffers of one batch */
/* At most `most` samples at a time. data and input's user are borrowed. NULL: no memory. */
kit_batch *kit_batch_new(const imp_dataset *data, const kit_input *, uint32_t target, uint32_t most);
void kit_batch_free(kit_batch *); /* NULL allowed */
/* Reads samples order[0..n) (NULL: first, first + 1, ...), on the job's threads: augmented
 * when `augment` is not NULL, prepared. An error names the sample. */
imp_status kit_batch_read(kit_batch *, const uint64_t *order, uint64_t first, uint32_t n,
                          const kit_augment *augment, uint64_t epoch, imp_job *, imp_error *);
/* Of the last batch: the input (n x C x H x W), a view; classes; numbers (n x targets). */
imp_tensor kit_batch_input(kit_batch *);
const uint32_t *kit_batch_labels(const kit_batch *);
const float *kit_batch_targets(const kit_batch *, uint32_t *width);

/* ---- a network and what it is to learn: kit_task.c ---- */

typedef struct kit_nn { imp_service model, grad, train, edit; } kit_nn; /* tables of nn.h */
enum kit_nn_part { KIT_NN_MODEL = 1, KIT_NN_GRAD = 2, KIT_NN_TRAIN = 4, KIT_NN_EDIT = 8 };
/* Acquires services that the plugin lists in its needs (without one of them it fails, and nothing is held)
 * and in its wants (a table that is not there is NULL). kit_services.c [control] */
imp_status kit_nn_open(kit_nn *, const imp_host *, uint32_t needs, uint32_t wants, imp_error *);
void kit_nn_close(kit_nn *, const imp_host *); /* of what is held; all NULL allowed */
/* The data set in a value, NULL without one; while planning, when an EARLY node made it. [any] */
const imp_dataset *kit_dataset_of(const imp_value *);
const imp_dataset *kit_dataset_planned(const imp_plan *, uint32_t port);
enum kit_loss { KIT_CROSS_ENTROPY = 0, KIT_MSE = 1 };
enum { KIT_RESTORED_MOST = 8 };
typedef struct kit_task {
    const kit_nn *nn;
    kit_input input;
    uint32_t loss, target;
    double smoothing;            /* of cross-entropy */
    uint32_t in_node, out_node;  /* found by kit_task_check; cross-entropy looks before a softmax */
    uint32_t in_rank, out_width; /* values of the output for a sample */
    /* Further outputs, borrowed names, each to give the input back as it was prepared: restore_weight times
     * their mean squared distances from it is added to the loss. */
    const char *const *restored;
    double restore_weight;
    uint32_t restored_count, in_width;        /* in_width: values of the input for a sample, found */
    uint32_t restored_node[KIT_RESTORED_MOST]; /* found */
} kit_task;
/* Finds the network's one input and its outputs, and says what does not fit the data set. */
imp_status kit_task_check(kit_task *, const imp_nn_model *, const imp_dataset *, imp_error *);

typedef struct kit_score {
    double loss;     /* mean over the samples */
    double accuracy; /* 0..1; NaN where there are no classes */
    double restored; /* mean squared distance of what is restored, without its weight; NaN: nothing is */
} kit_score;
/* The network on all samples of a data set, `most` at a time. run: of the model, or of its trainer
 * (training is not switched here). A loss that is not finite is an error that names the samples. */
imp_status kit_evaluate(const kit_task *, imp_nn_run *, const imp_dataset *, uint32_t most,
                        imp_job *, kit_score *, imp_error *);
/* The batch that was read through the network, up to the outputs; then its loss, right answers added,
 * restored as in a score or NULL, gradient NULL or n x kit_task_width floats, written; then that gradient
 * back through the network. */
size_t kit_task_width(const kit_task *);
imp_status kit_task_forward(const kit_task *, imp_nn_run *, kit_batch *, imp_job *, imp_error *);
imp_status kit_task_loss(const kit_task *, imp_nn_run *, kit_batch *, double *loss, double *restored,
                         uint32_t *right, float *gradient, imp_error *);
imp_status kit_task_backward(const kit_task *, imp_nn_run *, kit_batch *, float *gradient, imp_job *,
                             imp_error *);

/* ---- the loop: kit_train.c ---- */

typedef struct kit_training {
    kit_task task;
    imp_nn_optimiser optimiser; /* rate: by the schedule */
    kit_schedule schedule;      /* steps: set by the loop */
    kit_augment augment;        /* seed: the training's */
    double weight_decay;        /* as the optimiser's, of weights alone: biases and scales of norms have one axis */
    uint64_t seed;
    uint64_t steps;             /* stop after so many; 0 = by epochs alone */
    uint64_t row_steps;         /* steps between rows of the history; 0 = an epoch */
    uint32_t epochs, batch;
    uint32_t shuffle;           /* 0: every epoch in the data set's order */
    uint32_t patience;          /* rows without a better test result before it stops; 0 = never */
    uint32_t keep_best;         /* 1: the result is the network of the best row, else of the last */
    uint32_t keep_steps;        /* checkpoint after so many steps; 0: every keep_seconds */
    double keep_seconds;        /* 0: none by time */
    void (*note)(void *user, const char *line); /* a line for each row; or NULL */
    void *note_user;
} kit_training;

typedef struct kit_row { /* FROZEN: written into checkpoints */
    double epoch, rate;  /* epochs done, 0.25 = a quarter of the first; rate of the last step */
    uint64_t step;
    kit_score train, test; /* train: over the samples since the last row, while training */
} kit_row;
typedef struct kit_trained {
    imp_nn_model *model; /* one reference, the caller's */
    kit_row *rows;       /* free() */
    uint32_t row_count, best; /* best: a row, by test accuracy or loss (train's without test data) */
    uint32_t has_test, has_classes;
    uint32_t stopped_early, has_restored;
} kit_trained;
/* Trains a copy of the model. test: NULL = none. The job is asked whether to stop at each step, told
 * how it goes, and given checkpoints under the name "training", from which a later call with the
 * same arguments goes on; job NULL: none of it. On failure *out is empty. */
imp_status kit_train(const kit_training *, const imp_nn_model *, const imp_dataset *train,
                     const imp_dataset *test, imp_job *, kit_trained *out, imp_error *);
/* The history as a table of the job's: step, epoch, rate, loss and what else there is. NULL: no memory. */
imp_table *kit_train_table(imp_job *, const kit_trained *);

/* ---- a line plot: kit_plot.c ---- */

typedef struct kit_series { const char *name; const double *x, *y; uint64_t count; } kit_series;
enum kit_plot_flags { KIT_PLOT_LOG = 1 /* y in decades */ };
/* An SVG picture of 720 x 420 that stands alone, to be freed with free(); values that are not finite
 * leave a gap. At most 8 series have colours of their own. NULL: no memory. */
char *kit_plot_lines(const char *title, const char *x_name, const char *y_name,
                     const kit_series *, uint32_t count, uint32_t flags, size_t *size);

#ifdef __cplusplus
}
#endif
#endif
