/* fake_nn.h - another provider of nn.h, in double: softmax regression on inputs from which a mean
 * is taken, the batch's when training, else the running one. Nodes: 0 input, 1 "fc", and, if asked
 * for, 2 "prob" (softmax). It keeps every rule of nn.h that the training loop can break, and
 * asserts it. */
#ifndef FAKE_NN_H
#define FAKE_NN_H
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <impasto/kit_train.h>

enum { FAKE_IN = 12, FAKE_OUT = 3, FAKE_SIZE = FAKE_IN * FAKE_OUT + FAKE_OUT, FAKE_BATCH = 64 };

struct imp_nn_model {
    int refs;
    uint32_t soft, rank;
    float weight[FAKE_SIZE], mean[FAKE_IN];
};
struct fake_state {
    float weight[FAKE_SIZE], moment[2][FAKE_SIZE], mean[FAKE_IN];
    uint64_t steps, forwards; /* forwards: in training */
};
struct imp_nn_trainer {
    struct fake_state as, copy;
    struct imp_nn_model like;
    float gradient[FAKE_SIZE];
    uint32_t training, runs;
};
struct imp_nn_run {
    imp_nn_trainer *trainer;
    imp_nn_model *model;
    uint32_t n, done, seeded;
    float x[FAKE_BATCH * FAKE_IN], fc[FAKE_BATCH * FAKE_OUT], prob[FAKE_BATCH * FAKE_OUT];
    float seed[FAKE_BATCH * FAKE_OUT], mean[FAKE_IN];
    int64_t shape[2];
};

static int fake_models;            /* alive */
static uint32_t fake_fail_forward; /* the k-th forward from now on fails; 0 = never */

static imp_nn_model *fake_model(uint32_t soft, uint32_t rank, uint64_t seed)
{
    imp_nn_model *m = calloc(1, sizeof *m);
    assert_non_null(m);
    m->refs = 1, m->soft = soft, m->rank = rank;
    for (uint32_t i = 0; i < FAKE_IN * FAKE_OUT; i++)
        m->weight[i] = (float)(0.3 * kit_normal(seed, 0, i));
    fake_models++;
    return m;
}

static imp_status fake_release(void *self, imp_nn_model *m, imp_error *err)
{
    (void)self, (void)err;
    if (--m->refs == 0) {
        free(m);
        fake_models--;
    }
    return IMP_OK;
}

static imp_status fake_node_count(void *self, const imp_nn_model *m, uint32_t *count,
                                  imp_error *err)
{
    (void)self, (void)err;
    *count = 2 + m->soft;
    return IMP_OK;
}

static imp_status fake_node(void *self, const imp_nn_model *m, uint32_t i, imp_nn_node *node,
                            imp_error *err)
{
    static const uint32_t before[] = {0, 0, 1};
    static const char *const names[] = {"x", "fc", "prob"}, *const ops[] = {"input", "gemm",
                                                                            "softmax"};
    static const int64_t wide[] = {-1, 3, 2, 2}, flat[] = {-1, FAKE_IN}, out[] = {-1, FAKE_OUT};
    (void)self, (void)err;
    assert_true(i < 2 + m->soft && node->struct_size == sizeof *node);
    *node =
        (imp_nn_node){sizeof *node, i == 0 ? IMP_NN_INPUT : i == 1 + m->soft ? IMP_NN_OUTPUT : 0,
                      names[i],     ops[i],
                      before + i,   i ? out : m->rank == 2 ? flat : wide,
                      i > 0,        i ? 2 : m->rank};
    return IMP_OK;
}

static imp_status fake_set_input(void *self, imp_nn_run *r, uint32_t node, const imp_tensor *t,
                                 imp_error *err)
{
    (void)self, (void)err;
    assert_true(node == 0 && t->ndim == (r->trainer ? &r->trainer->like : r->model)->rank);
    assert_true(t->shape[0] > 0 && t->shape[0] <= FAKE_BATCH && t->dtype == IMP_F32);
    r->n = (uint32_t)t->shape[0];
    memcpy(r->x, t->data, r->n * FAKE_IN * sizeof *r->x);
    r->done = r->seeded = 0;
    return IMP_OK;
}

static void fake_softmax(const float *z, float *p)
{
    double sum = 0;
    for (int j = 0; j < FAKE_OUT; j++)
        sum += exp((double)z[j]);
    for (int j = 0; j < FAKE_OUT; j++)
        p[j] = (float)(exp((double)z[j]) / sum);
}

static imp_status fake_forward(void *self, imp_nn_run *r, uint32_t node, imp_job *job,
                               imp_error *err)
{
    const float *w = r->trainer ? r->trainer->as.weight : r->model->weight;
    float *mean = r->trainer ? r->trainer->as.mean : r->model->mean;
    const bool training = r->trainer && r->trainer->training;
    (void)self, (void)node;
    if (fake_fail_forward && --fake_fail_forward == 0)
        return imp_fail(err, IMP_E_FAILED, "the provider says no");
    if (job && job->progress(job, -1, NULL) != IMP_OK)
        return IMP_CANCELLED;
    for (uint32_t k = 0; k < FAKE_IN; k++) {
        double sum = 0;
        for (uint32_t i = 0; i < r->n; i++)
            sum += (double)r->x[i * FAKE_IN + k];
        r->mean[k] = training ? (float)(sum / r->n) : mean[k];
        mean[k] = training ? 0.9f * mean[k] + 0.1f * r->mean[k] : mean[k];
    }
    if (training)
        r->trainer->as.forwards++;
    for (uint32_t i = 0; i < r->n; i++) {
        for (uint32_t j = 0; j < FAKE_OUT; j++) {
            double sum = (double)w[FAKE_IN * FAKE_OUT + j];
            for (uint32_t k = 0; k < FAKE_IN; k++)
                sum += (double)w[j * FAKE_IN + k] *
                       ((double)r->x[i * FAKE_IN + k] - (double)r->mean[k]);
            r->fc[i * FAKE_OUT + j] = (float)sum;
        }
        fake_softmax(r->fc + i * FAKE_OUT, r->prob + i * FAKE_OUT);
    }
    r->done = 1;
    return IMP_OK;
}

static imp_status fake_value(void *self, imp_nn_run *r, uint32_t node, imp_tensor *view,
                             imp_error *err)
{
    (void)self, (void)err;
    assert_true(r->done && node >= 1 && view->head.struct_size == sizeof *view);
    r->shape[0] = r->n, r->shape[1] = FAKE_OUT;
    view->dtype = IMP_F32, view->ndim = 2, view->shape = r->shape, view->strides = NULL;
    view->data = node == 1 ? r->fc : r->prob;
    return IMP_OK;
}

static imp_status fake_run_free(void *self, imp_nn_run *r, imp_error *err)
{
    (void)self, (void)err;
    if (r->trainer)
        r->trainer->runs--;
    free(r);
    return IMP_OK;
}

/* Gradients in terms of fc: a seed at prob would be a mistake of the loop. */
static imp_status fake_seed(void *self, imp_nn_run *r, uint32_t node, const imp_tensor *t,
                            imp_error *err)
{
    (void)self, (void)err;
    assert_true(r->done && node == 1 && t->ndim == 2 && t->shape[0] == r->n &&
                t->shape[1] == FAKE_OUT);
    memcpy(r->seed, t->data, r->n * FAKE_OUT * sizeof *r->seed);
    r->seeded = 1;
    return IMP_OK;
}

static imp_status fake_backward(void *self, imp_nn_run *r, uint32_t count, const uint32_t *wrt,
                                imp_job *job, imp_error *err)
{
    float *g = r->trainer->gradient;
    (void)self, (void)wrt, (void)job, (void)err;
    assert_true(r->seeded && !count);
    for (uint32_t i = 0; i < r->n; i++)
        for (uint32_t j = 0; j < FAKE_OUT; j++) {
            const float d = r->seed[i * FAKE_OUT + j];
            for (uint32_t k = 0; k < FAKE_IN; k++)
                g[j * FAKE_IN + k] += d * (r->x[i * FAKE_IN + k] - r->mean[k]);
            g[FAKE_IN * FAKE_OUT + j] += d;
        }
    r->seeded = 0;
    return IMP_OK;
}

static imp_status fake_trainer_new(void *self, const imp_nn_model *m, uint64_t seed,
                                   imp_nn_trainer **out, imp_error *err)
{
    (void)self, (void)seed, (void)err;
    imp_nn_trainer *t = *out = calloc(1, sizeof *t);
    assert_non_null(t);
    t->like = *m;
    memcpy(t->as.weight, m->weight, sizeof m->weight);
    memcpy(t->as.mean, m->mean, sizeof m->mean);
    return IMP_OK;
}

static imp_status fake_trainer_free(void *self, imp_nn_trainer *t, imp_error *err)
{
    (void)self, (void)err;
    assert_int_equal(t->runs, 0);
    free(t);
    return IMP_OK;
}

static imp_status fake_run_new(void *self, imp_nn_trainer *t, imp_nn_run **out, imp_error *err)
{
    (void)self, (void)err;
    *out = calloc(1, sizeof **out);
    assert_non_null(*out);
    (*out)->trainer = t;
    t->runs++;
    return IMP_OK;
}

static imp_status fake_set_training(void *self, imp_nn_trainer *t, uint32_t on, imp_error *err)
{
    (void)self, (void)err;
    t->training = on;
    return IMP_OK;
}

static imp_status fake_param_count(void *self, const imp_nn_trainer *t, uint32_t *count,
                                   imp_error *err)
{
    (void)self, (void)t, (void)err;
    *count = 1;
    return IMP_OK;
}

static imp_status fake_param(void *self, imp_nn_trainer *t, uint32_t i, const char **name,
                             imp_tensor *value, imp_tensor *gradient, imp_error *err)
{
    static const int64_t shape[] = {FAKE_SIZE};
    (void)self, (void)i, (void)err;
    *name = "fc.weight";
    value->dtype = gradient->dtype = IMP_F32, value->ndim = gradient->ndim = 1;
    value->shape = gradient->shape = shape;
    value->data = t->as.weight, gradient->data = t->gradient;
    return IMP_OK;
}

static imp_status fake_zero(void *self, imp_nn_trainer *t, imp_error *err)
{
    (void)self, (void)err;
    memset(t->gradient, 0, sizeof t->gradient);
    return IMP_OK;
}

/* Its rule is the kit's, with the moments in its own state. */
static imp_status fake_step(void *self, imp_nn_trainer *t, const imp_nn_optimiser *o,
                            imp_error *err)
{
    (void)self, (void)err;
    assert_true(o->struct_size == sizeof *o && o->rule == IMP_NN_SGD);
    kit_clip(t->gradient, FAKE_SIZE, o->clip_norm);
    for (uint32_t i = 0; i < FAKE_SIZE; i++) {
        float *v = &t->as.moment[0][i], *x = &t->as.weight[i];
        *v = (float)(o->momentum * (double)*v + (double)t->gradient[i] +
                     o->weight_decay * (double)*x);
        *x = (float)((double)*x - o->rate * (double)*v);
    }
    t->as.steps++;
    return IMP_OK;
}

static imp_status fake_get_state(void *self, imp_nn_trainer *t, const void **data, uint64_t *size,
                                 imp_error *err)
{
    (void)self, (void)err;
    t->copy = t->as;
    *data = &t->copy;
    *size = sizeof t->copy;
    return IMP_OK;
}

static imp_status fake_set_state(void *self, imp_nn_trainer *t, const void *data, uint64_t size,
                                 imp_error *err)
{
    (void)self;
    if (size != sizeof t->as)
        return imp_fail(err, IMP_E_INPUT, "a state of another network");
    memcpy(&t->as, data, sizeof t->as);
    return IMP_OK;
}

static imp_status fake_snapshot(void *self, const imp_nn_trainer *t, imp_nn_model **out,
                                imp_error *err)
{
    (void)self, (void)err;
    *out = fake_model(t->like.soft, t->like.rank, 0);
    memcpy((*out)->weight, t->as.weight, sizeof t->as.weight);
    memcpy((*out)->mean, t->as.mean, sizeof t->as.mean);
    return IMP_OK;
}

static imp_status fake_model_run_new(void *self, imp_nn_model *m, uint32_t flags, imp_nn_run **out,
                                     imp_error *err)
{
    (void)self, (void)flags, (void)err;
    *out = calloc(1, sizeof **out);
    assert_non_null(*out);
    (*out)->model = m;
    return IMP_OK;
}

static const imp_nn_model_1 fake_models_1 = {
    .struct_size = sizeof fake_models_1,
    .release = fake_release,
    .node_count = fake_node_count,
    .node = fake_node,
    .run_new = fake_model_run_new,
    .run_free = fake_run_free,
    .set_input = fake_set_input,
    .forward = fake_forward,
    .value = fake_value,
};
static const imp_nn_grad_1 fake_grads_1 = {
    .struct_size = sizeof fake_grads_1,
    .seed = fake_seed,
    .backward = fake_backward,
};
static const imp_nn_train_1 fake_trains_1 = {
    .struct_size = sizeof fake_trains_1,
    .trainer_new = fake_trainer_new,
    .trainer_free = fake_trainer_free,
    .run_new = fake_run_new,
    .set_training = fake_set_training,
    .param_count = fake_param_count,
    .param = fake_param,
    .zero_gradients = fake_zero,
    .step = fake_step,
    .state = fake_get_state,
    .set_state = fake_set_state,
    .snapshot = fake_snapshot,
};
static const kit_nn fake_nn = {
    .model = {&fake_models_1, NULL},
    .grad = {&fake_grads_1, NULL},
    .train = {&fake_trains_1, NULL},
};

#endif
