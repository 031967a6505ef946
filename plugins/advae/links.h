/* links.h - a network in a chain of networks: fed, read, and differentiated by the names of its
 * nodes. The gradient of one by its input is the seed of the one before. [worker] */
#ifndef IMP_ADVAE_LINKS_H
#define IMP_ADVAE_LINKS_H
#include <impasto/kit_train.h>

typedef struct av_link {
    const kit_nn *nn;
    imp_nn_model *model;     /* one reference */
    imp_nn_trainer *trainer; /* NULL: it stands still */
    imp_nn_run *run;
} av_link;

/* A network from its architecture text, to be trained; text is freed (NULL: IMP_E_MEMORY). On
 * failure *l is empty. */
imp_status av_link_build(av_link *l, const kit_nn *, char *text, uint64_t seed, imp_error *);
/* One that stands still; takes the model's reference over, also when it fails. */
imp_status av_link_still(av_link *l, const kit_nn *, imp_nn_model *, uint32_t run_flags,
                         imp_error *);
/* A trained one stands still from now on. */
imp_status av_link_freeze(av_link *l, imp_error *);
void av_link_close(av_link *l);

/* Dropout on or off. */
imp_status av_training(av_link *, bool on, imp_error *);
/* n samples into an input: h 0 means n x c, else n x c x h x w. */
typedef struct av_size {
    uint32_t n, c, h, w;
} av_size;
imp_status av_put(av_link *, const char *input, av_size, const float *data, imp_error *);
/* The numbers of a node, evaluated where need be; a view until the next av_put. IMP_E_INPUT: others
 * than count, or the network has no such node. */
imp_status av_get(av_link *, const char *node, size_t count, imp_job *, const float **data,
                  imp_error *);
/* The same, however many they are. */
imp_status av_read(av_link *, const char *node, size_t *count, imp_job *, const float **data,
                   imp_error *);
/* After av_get: adds the gradient of a loss by a node. */
imp_status av_seed(av_link *, const char *node, av_size, const float *gradient, imp_error *);
/* From the seeds to an input (NULL: to the parameters alone); *gradient of `count` numbers, a view.
 */
imp_status av_back(av_link *, const char *input, size_t count, imp_job *, const float **gradient,
                   imp_error *);
/* The same to two inputs at once; av_gradient then gives each. */
imp_status av_back_two(av_link *, const char *one, const char *two, imp_job *, imp_error *);
imp_status av_gradient(av_link *, const char *input, size_t count, const float **gradient,
                       imp_error *);
imp_status av_forget(av_link *, imp_error *); /* gradients of parameters become 0 */
/* Adam (0.5, 0.999), gradients clipped to a norm of `clip`. */
imp_status av_step(av_link *, double rate, double clip, imp_error *);
/* Parameters copied whose name, behind `prefix` in the other network, and shape are the same; how
 * many. */
imp_status av_inherit(av_link *to, const av_link *from, const char *prefix, uint32_t *count,
                      imp_error *);
/* Writes a parameter's numbers. IMP_E_MISSING: there is none of that name and so many numbers. */
imp_status av_write(av_link *, const char *name, const float *values, size_t count, imp_error *);
/* A parameter's numbers, to be changed in place. IMP_E_MISSING: there is none of that name. */
imp_status av_param(av_link *, const char *name, float **values, size_t *count, imp_error *);
/* Scales the parameters of layers whose names begin so. */
imp_status av_soften(av_link *, const char *begin, float factor, imp_error *);
/* Gradients of parameters whose names do not begin so become 0: they stand still in the next step.
 */
imp_status av_only(av_link *, const char *begin, imp_error *);

#endif
