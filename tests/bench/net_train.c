/* net_train.c - a step of training: forward, the loss, backward to all parameters, the optimiser.
 * Peers compute the same: picture n of a batch has the label n mod 10, mean cross entropy, SGD with
 * momentum; a network with an input `noise` is a VAE, sum of squared errors and Kullback-Leibler
 * divergence of each picture, mean of the batch, Adam. */
#include "net_worker.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const imp_nn_optimiser sgd = {
    .struct_size = sizeof sgd, .rule = IMP_NN_SGD, .rate = 0.01, .momentum = 0.9};
static const imp_nn_optimiser adam = {.struct_size = sizeof adam,
                                      .rule = IMP_NN_ADAM,
                                      .rate = 1e-3,
                                      .momentum = 0.9,
                                      .beta2 = 0.999,
                                      .epsilon = 1e-8};

static bool is_vae(const struct worker *w)
{
    return w->loss_count == 2;
}

/* The draw of the reparametrisation: from the second picture, variance 1. */
static imp_status set_noise(struct worker *w, uint32_t node)
{
    const int64_t shape[] = {w->shape[0], 128};
    const uint64_t count = (uint64_t)(shape[0] * shape[1]);
    float *noise = malloc(count * sizeof *noise);
    if (!noise)
        return imp_fail(&w->err, IMP_E_MEMORY, "no memory for noise");
    for (uint64_t i = 0; i < count; i++)
        noise[i] = sqrtf(12) * (w->pictures[w->pixels + i] - 0.5f);
    const imp_tensor t = steps_tensor(2, shape, noise);
    const imp_status st = w->nn->set_input(NULL, w->run, node, &t, &w->err);
    free(noise);
    return st;
}

static bool allocate(struct loss *l, uint64_t count)
{
    l->count = count;
    l->seed = malloc(count * sizeof *l->seed);
    return l->seed != NULL;
}

/* Losses of a VAE: [0] mu, [1] log_var, beside the output's; a classifier has none beside it. */
static imp_status find_losses(struct worker *w)
{
    uint32_t noise;
    if (w->nn->find(NULL, w->model, "noise", &noise, NULL) != IMP_OK)
        return IMP_OK;
    imp_status st = w->nn->find(NULL, w->model, "mu", &w->losses[0].node, &w->err);
    if (st == IMP_OK)
        st = w->nn->find(NULL, w->model, "log_var", &w->losses[1].node, &w->err);
    w->loss_count = 2;
    for (uint32_t i = 0; i < 2 && st == IMP_OK; i++)
        if (!allocate(&w->losses[i], (uint64_t)w->shape[0] * 128))
            st = IMP_E_MEMORY;
    w->losses[2].node = noise;
    return st;
}

imp_status train_prepare(struct worker *w)
{
    imp_status st = w->train->trainer_new(NULL, w->model, 1, &w->trainer, &w->err);
    if (st == IMP_OK)
        st = w->train->run_new(NULL, w->trainer, &w->run, &w->err);
    if (st == IMP_OK)
        st = w->train->set_training(NULL, w->trainer, 1, &w->err);
    return st == IMP_OK ? find_losses(w) : st;
}

static imp_status seed(struct worker *w, uint32_t node, const imp_tensor *like, float *data)
{
    const imp_tensor t = steps_tensor(like->ndim, like->shape, data);
    return w->grad->seed(NULL, w->run, node, &t, &w->err);
}

/* (softmax(y) - one at the label) / n */
static imp_status seed_classes(struct worker *w)
{
    imp_tensor y = {.head = {.struct_size = sizeof y}};
    const imp_status st = w->nn->value(NULL, w->run, w->output, &y, &w->err);
    if (st != IMP_OK)
        return st;
    const int64_t n = y.shape[0], classes = y.shape[1];
    const float *value = y.data;
    float *grad = malloc((size_t)(n * classes) * sizeof *grad);
    if (!grad)
        return imp_fail(&w->err, IMP_E_MEMORY, "no memory for seeds");
    for (int64_t i = 0; i < n; i++) {
        const float *row = value + i * classes;
        double sum = 0, most = row[0];
        for (int64_t c = 1; c < classes; c++)
            most = row[c] > most ? row[c] : most;
        for (int64_t c = 0; c < classes; c++)
            sum += exp(row[c] - most);
        for (int64_t c = 0; c < classes; c++)
            grad[i * classes + c] = (float)((exp(row[c] - most) / sum - (c == i % 10)) / (double)n);
    }
    const imp_status seeded = seed(w, w->output, &y, grad);
    free(grad);
    return seeded;
}

/* d/dmu = mu / n, d/dlog_var = (exp(log_var) - 1) / 2n */
static imp_status seed_latent(struct worker *w)
{
    imp_tensor mu = {.head = {.struct_size = sizeof mu}}, lv = mu;
    imp_status st = w->nn->value(NULL, w->run, w->losses[0].node, &mu, &w->err);
    if (st == IMP_OK)
        st = w->nn->value(NULL, w->run, w->losses[1].node, &lv, &w->err);
    if (st != IMP_OK)
        return st;
    const float *m = mu.data, *v = lv.data;
    const float part = 1 / (float)w->shape[0];
    for (uint64_t i = 0; i < w->losses[0].count; i++) {
        w->losses[0].seed[i] = m[i] * part;
        w->losses[1].seed[i] = (expf(v[i]) - 1) * 0.5f * part;
    }
    st = seed(w, w->losses[0].node, &mu, w->losses[0].seed);
    return st == IMP_OK ? seed(w, w->losses[1].node, &lv, w->losses[1].seed) : st;
}

/* 2 (y - x) / n */
static imp_status seed_picture(struct worker *w)
{
    imp_tensor y = {.head = {.struct_size = sizeof y}};
    imp_status st = w->nn->value(NULL, w->run, w->output, &y, &w->err);
    if (st != IMP_OK)
        return st;
    const float *restrict value = y.data, factor = 2 / (float)w->shape[0];
    float *grad = malloc(w->pixels * sizeof *grad);
    if (!grad)
        return imp_fail(&w->err, IMP_E_MEMORY, "no memory for seeds");
    for (uint64_t i = 0; i < w->pixels; i++)
        grad[i] = factor * (value[i] - w->pictures[i]);
    st = seed(w, w->output, &y, grad);
    free(grad);
    return st;
}

static imp_status gradients(struct worker *w)
{
    const imp_tensor picture = steps_tensor(AXES, w->shape, w->pictures);
    imp_status st = w->train->zero_gradients(NULL, w->trainer, &w->err);
    if (st == IMP_OK)
        st = w->nn->set_input(NULL, w->run, w->input, &picture, &w->err);
    if (st == IMP_OK && is_vae(w))
        st = set_noise(w, w->losses[2].node);
    if (st == IMP_OK)
        st = w->nn->forward(NULL, w->run, w->output, w->job, &w->err);
    if (st == IMP_OK)
        st = is_vae(w) ? seed_picture(w) : seed_classes(w);
    if (st == IMP_OK && is_vae(w))
        st = seed_latent(w);
    return st == IMP_OK ? w->grad->backward(NULL, w->run, 0, NULL, w->job, &w->err) : st;
}

imp_status train_step(struct worker *w)
{
    const imp_status st = gradients(w);
    return st == IMP_OK ? w->train->step(NULL, w->trainer, is_vae(w) ? &adam : &sgd, &w->err) : st;
}

struct named {
    const char *name;
    imp_tensor gradient;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

/* The gradients of all trained parameters in the order of their names, at the weights as they are.
 */
imp_status train_dump(struct worker *w, FILE *f)
{
    uint32_t count = 0;
    imp_status st = gradients(w);
    if (st == IMP_OK)
        st = w->train->param_count(NULL, w->trainer, &count, &w->err);
    struct named *list = calloc(count + (size_t)1, sizeof *list);
    bool written = list != NULL;
    for (uint32_t i = 0; i < count && st == IMP_OK && written; i++) {
        list[i].gradient.head.struct_size = sizeof list[i].gradient;
        st = w->train->param(NULL, w->trainer, i, &list[i].name, NULL, &list[i].gradient, &w->err);
    }
    if (written && st == IMP_OK)
        qsort(list, count, sizeof *list, by_name);
    for (uint32_t i = 0; i < count && st == IMP_OK && written; i++) {
        uint64_t n = 1;
        for (uint32_t k = 0; k < list[i].gradient.ndim; k++)
            n *= (uint64_t)list[i].gradient.shape[k];
        if (list[i].gradient.data)
            written = dump_block(f, list[i].gradient.data, n);
    }
    free(list);
    return st == IMP_OK && !written ? imp_fail(&w->err, IMP_E_IO, "cannot write") : st;
}
