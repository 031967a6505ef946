/* svc_train.c - impasto.nn.train/1. */
#include "formats/formats.h"
#include "join.h"
#include "run.h"
#include "services.h"
#include "trainer.h"

#include <string.h>

static imp_status build(void *self, const char *ini, uint64_t seed, imp_nn_model **out,
                        imp_error *err)
{
    (void)self;
    struct rt_graph *g;
    const imp_status st = rt_arch_read(ini, strlen(ini), NULL, NULL, seed, &g, err);
    return st == IMP_OK ? rt_model_new(g, out, err) : st;
}

static imp_status trainer_new(void *self, const imp_nn_model *m, uint64_t seed,
                              imp_nn_trainer **out, imp_error *err)
{
    (void)self;
    return rt_trainer_new(m, seed, out, err);
}

static imp_status trainer_free(void *self, imp_nn_trainer *t, imp_error *err)
{
    (void)self, (void)err;
    rt_trainer_free(t);
    return IMP_OK;
}

static imp_status run_new(void *self, imp_nn_trainer *t, imp_nn_run **out, imp_error *err)
{
    (void)self;
    return rt_run_new(t->model, t, 0, out, err);
}

static imp_status set_training(void *self, imp_nn_trainer *t, uint32_t on, imp_error *err)
{
    (void)self, (void)err;
    t->training = on != 0;
    return IMP_OK;
}

static imp_status param_count(void *self, const imp_nn_trainer *t, uint32_t *count, imp_error *err)
{
    (void)self, (void)err;
    *count = t->count;
    return IMP_OK;
}

static imp_status param(void *self, imp_nn_trainer *t, uint32_t i, const char **name,
                        imp_tensor *value, imp_tensor *gradient, imp_error *err)
{
    (void)self;
    if (i >= t->count)
        return imp_fail(err, IMP_E_MISSING, "parameter %u of %u", i, t->count);
    const struct rt_param *p = &t->model->graph->params[t->numbers[i]];
    if (name)
        *name = p->name;
    if (value)
        rt_fill_view(value, IMP_F32, &p->tensor->shape, t->values[t->numbers[i]], p->name);
    if (gradient)
        rt_fill_view(gradient, IMP_F32, &p->tensor->shape, t->grads[t->numbers[i]], p->name);
    return IMP_OK;
}

static imp_status zero_gradients(void *self, imp_nn_trainer *t, imp_error *err)
{
    (void)self, (void)err;
    rt_trainer_zero(t);
    return IMP_OK;
}

static imp_status step(void *self, imp_nn_trainer *t, const imp_nn_optimiser *o, imp_error *err)
{
    (void)self;
    return rt_trainer_step(t, o, err);
}

static imp_status state(void *self, imp_nn_trainer *t, const void **data, uint64_t *size,
                        imp_error *err)
{
    (void)self;
    return rt_trainer_state(t, data, size, err);
}

static imp_status set_state(void *self, imp_nn_trainer *t, const void *data, uint64_t size,
                            imp_error *err)
{
    (void)self;
    return rt_trainer_set_state(t, data, size, err);
}

static imp_status snapshot(void *self, const imp_nn_trainer *t, imp_nn_model **out, imp_error *err)
{
    (void)self;
    return rt_trainer_snapshot(t, out, err);
}

static imp_status join(void *self, uint32_t count, const imp_nn_model *const *parts,
                       const char *const *names, imp_nn_model **out, imp_error *err)
{
    (void)self;
    return rt_join(count, parts, names, out, err);
}

static imp_status with_meta(void *self, const imp_nn_model *m, const char *key, const char *text,
                            imp_nn_model **out, imp_error *err)
{
    (void)self;
    return rt_with_meta(m, key, text, out, err);
}

static imp_status save(void *self, const imp_nn_model *m, const char *path, imp_error *err)
{
    (void)self;
    return rt_file_write(m->graph, path, err);
}

const imp_nn_train_1 rt_train_table = {
    .struct_size = sizeof rt_train_table,
    .build = build, .trainer_new = trainer_new, .trainer_free = trainer_free, .run_new = run_new,
    .set_training = set_training, .param_count = param_count, .param = param,
    .zero_gradients = zero_gradients, .step = step, .state = state, .set_state = set_state,
    .snapshot = snapshot, .join = join, .with_meta = with_meta, .save = save,
};
