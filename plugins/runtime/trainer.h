/* trainer.h - parameters that learn: values, gradients, an optimiser's moments, and all of it as bytes. */
#ifndef IMP_RT_TRAINER_H
#define IMP_RT_TRAINER_H
#include "model.h"

struct imp_nn_trainer {
    struct imp_nn_model *model;  /* the network it started from: graph and names */
    uint32_t *numbers;           /* of the parameters that param() counts: all of type f32 */
    uint32_t count;              /* how many */
    uint32_t training;
    float **values;              /* by parameter of the graph; NULL: not f32 */
    float **grads;               /* NULL: no gradient (statistics, constants) */
    float **first, **second;     /* moments: momentum, Adam's two; NULL like grads */
    uint64_t seed, draws, steps; /* draws: evaluations so far, steps: of the optimiser */
    void *state;                 /* what state() handed out last */
};

imp_status rt_trainer_new(const struct imp_nn_model *, uint64_t seed, struct imp_nn_trainer **,
                          imp_error *);
void rt_trainer_free(struct imp_nn_trainer *); /* NULL allowed */
imp_status rt_trainer_state(struct imp_nn_trainer *, const void **data, uint64_t *size, imp_error *);
imp_status rt_trainer_set_state(struct imp_nn_trainer *, const void *data, uint64_t size,
                                imp_error *);
/* A model with the parameters as they are. */
imp_status rt_trainer_snapshot(const struct imp_nn_trainer *, struct imp_nn_model **, imp_error *);
/* One step of the rule on every parameter that has a gradient. optimiser.c */
imp_status rt_trainer_step(struct imp_nn_trainer *, const imp_nn_optimiser *, imp_error *);
void rt_trainer_zero(struct imp_nn_trainer *);

static inline float *rt_trainer_value(const struct imp_nn_trainer *t, uint32_t p)
{
    return t->values[p];
}
static inline float *rt_trainer_grad(const struct imp_nn_trainer *t, uint32_t p)
{
    return t->grads[p];
}
/* Where training updates a running statistic: nowhere while training is off. */
static inline float *rt_trainer_statistic(const struct imp_nn_trainer *t, uint32_t p)
{
    return t->training ? t->values[p] : NULL;
}
static inline bool rt_trainer_is_training(const struct imp_nn_trainer *t) { return t->training != 0; }
static inline uint64_t rt_trainer_seed(const struct imp_nn_trainer *t) { return t->seed; }
static inline uint64_t rt_trainer_take_draw(struct imp_nn_trainer *t) { return t->draws++; }

#endif
