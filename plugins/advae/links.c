/* links.c - networks in a chain, by the services of nn.h. */
#include "links.h"
#include <stdlib.h>
#include <string.h>

#define MODEL(l) ((const imp_nn_model_1 *)(l)->nn->model.table)
#define GRAD(l)  ((const imp_nn_grad_1 *)(l)->nn->grad.table)
#define TRAIN(l) ((const imp_nn_train_1 *)(l)->nn->train.table)
#define MS(l)    ((l)->nn->model.self)
#define GS(l)    ((l)->nn->grad.self)
#define TS(l)    ((l)->nn->train.self)

void av_link_close(av_link *l)
{
    if (l->run)
        MODEL(l)->run_free(MS(l), l->run, NULL);
    if (l->trainer)
        TRAIN(l)->trainer_free(TS(l), l->trainer, NULL);
    if (l->model)
        MODEL(l)->release(MS(l), l->model, NULL);
    *l = (av_link){.nn = l->nn};
}

imp_status av_link_build(av_link *l, const kit_nn *nn, char *text, uint64_t seed, imp_error *err)
{
    *l = (av_link){.nn = nn};
    if (!text)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an architecture");
    imp_status st = TRAIN(l)->build(TS(l), text, seed, &l->model, err);
    free(text);
    if (st == IMP_OK)
        st = TRAIN(l)->trainer_new(TS(l), l->model, seed, &l->trainer, err);
    if (st == IMP_OK)
        st = TRAIN(l)->run_new(TS(l), l->trainer, &l->run, err);
    if (st != IMP_OK)
        av_link_close(l);
    return st;
}

imp_status av_link_still(av_link *l, const kit_nn *nn, imp_nn_model *model, uint32_t flags,
                         imp_error *err)
{
    *l = (av_link){.nn = nn, .model = model};
    const imp_status st = MODEL(l)->run_new(MS(l), model, flags, &l->run, err);
    if (st != IMP_OK)
        av_link_close(l);
    return st;
}

imp_status av_link_freeze(av_link *l, imp_error *err)
{
    const kit_nn *nn = l->nn;
    imp_nn_model *model = NULL;
    if (!l->trainer)
        return IMP_OK;
    const imp_status st = TRAIN(l)->snapshot(TS(l), l->trainer, &model, err);
    if (st != IMP_OK)
        return st;
    av_link_close(l);
    return av_link_still(l, nn, model, 0, err);
}

imp_status av_training(av_link *l, bool on, imp_error *err)
{
    return l->trainer ? TRAIN(l)->set_training(TS(l), l->trainer, on, err) : IMP_OK;
}

static imp_tensor tensor_of(const av_size *s, int64_t shape[4], const float *data)
{
    union {
        const float *in;
        void *out;
    } numbers = {.in = data};
    shape[0] = s->n, shape[1] = s->c, shape[2] = s->h, shape[3] = s->w;
    return (imp_tensor){.head = {sizeof(imp_tensor), IMP_TENSOR},
                        .dtype = IMP_F32,
                        .ndim = s->h ? 4 : 2,
                        .shape = shape,
                        .data = numbers.out};
}

static imp_status find(av_link *l, const char *name, uint32_t *node, imp_error *err)
{
    return MODEL(l)->find(MS(l), l->model, name, node, err);
}

imp_status av_put(av_link *l, const char *input, av_size size, const float *data, imp_error *err)
{
    int64_t shape[4];
    uint32_t node;
    const imp_tensor t = tensor_of(&size, shape, data);
    const imp_status st = find(l, input, &node, err);
    return st == IMP_OK ? MODEL(l)->set_input(MS(l), l->run, node, &t, err) : st;
}

/* The data of a view that is packed and has so many numbers. */
static imp_status whole(const imp_tensor *v, const char *name, size_t count, const float **data,
                        imp_error *err)
{
    size_t n = 1;
    for (uint32_t i = 0; i < v->ndim; i++)
        n *= (size_t)v->shape[i];
    if (n != count || v->strides)
        return imp_fail(err, IMP_E_INPUT, "node '%s' gives %zu numbers where %zu were expected",
                        name, n, count);
    *data = v->data;
    return IMP_OK;
}

static imp_status valued(av_link *l, const char *name, imp_job *job, imp_tensor *v, imp_error *err)
{
    uint32_t node;
    *v = (imp_tensor){.head = {sizeof *v, IMP_TENSOR}};
    imp_status st = find(l, name, &node, err);
    if (st == IMP_OK)
        st = MODEL(l)->forward(MS(l), l->run, node, job, err);
    return st == IMP_OK ? MODEL(l)->value(MS(l), l->run, node, v, err) : st;
}

imp_status av_get(av_link *l, const char *name, size_t count, imp_job *job, const float **data,
                  imp_error *err)
{
    imp_tensor v;
    const imp_status st = valued(l, name, job, &v, err);
    return st == IMP_OK ? whole(&v, name, count, data, err) : st;
}

imp_status av_read(av_link *l, const char *name, size_t *count, imp_job *job, const float **data,
                   imp_error *err)
{
    imp_tensor v;
    const imp_status st = valued(l, name, job, &v, err);
    *count = 1;
    for (uint32_t i = 0; i < v.ndim && st == IMP_OK; i++)
        *count *= (size_t)v.shape[i];
    return st == IMP_OK ? whole(&v, name, *count, data, err) : st;
}

imp_status av_seed(av_link *l, const char *name, av_size size, const float *gradient,
                   imp_error *err)
{
    int64_t shape[4];
    uint32_t node;
    const imp_tensor t = tensor_of(&size, shape, gradient);
    const imp_status st = find(l, name, &node, err);
    return st == IMP_OK ? GRAD(l)->seed(GS(l), l->run, node, &t, err) : st;
}

imp_status av_back(av_link *l, const char *input, size_t count, imp_job *job,
                   const float **gradient, imp_error *err)
{
    uint32_t node = 0;
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    imp_status st = input ? find(l, input, &node, err) : IMP_OK;
    if (st == IMP_OK)
        st = GRAD(l)->backward(GS(l), l->run, input ? 1 : 0, input ? &node : NULL, job, err);
    if (st == IMP_OK && input)
        st = GRAD(l)->gradient(GS(l), l->run, node, &v, err);
    return st == IMP_OK && input ? whole(&v, input, count, gradient, err) : st;
}

imp_status av_back_two(av_link *l, const char *one, const char *two, imp_job *job, imp_error *err)
{
    uint32_t nodes[2] = {0, 0};
    imp_status st = find(l, one, &nodes[0], err);
    if (st == IMP_OK)
        st = find(l, two, &nodes[1], err);
    return st == IMP_OK ? GRAD(l)->backward(GS(l), l->run, 2, nodes, job, err) : st;
}

imp_status av_gradient(av_link *l, const char *input, size_t count, const float **gradient,
                       imp_error *err)
{
    uint32_t node = 0;
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    imp_status st = find(l, input, &node, err);
    if (st == IMP_OK)
        st = GRAD(l)->gradient(GS(l), l->run, node, &v, err);
    return st == IMP_OK ? whole(&v, input, count, gradient, err) : st;
}

imp_status av_forget(av_link *l, imp_error *err)
{
    return TRAIN(l)->zero_gradients(TS(l), l->trainer, err);
}

imp_status av_step(av_link *l, double rate, double clip, imp_error *err)
{
    const imp_nn_optimiser o = {.struct_size = sizeof o,
                                .rule = IMP_NN_ADAM,
                                .rate = rate,
                                .momentum = 0.5,
                                .beta2 = 0.999,
                                .epsilon = 1e-8,
                                .clip_norm = clip};
    return TRAIN(l)->step(TS(l), l->trainer, &o, err);
}

/* ---- parameters ---- */

struct param {
    const char *name;
    imp_tensor value, gradient;
    size_t count;
};

static imp_status param_at(const av_link *l, uint32_t i, struct param *p, imp_error *err)
{
    *p = (struct param){.value = {.head = {sizeof p->value, IMP_TENSOR}},
                        .gradient = {.head = {sizeof p->gradient, IMP_TENSOR}},
                        .count = 1};
    const imp_status st =
        TRAIN(l)->param(TS(l), l->trainer, i, &p->name, &p->value, &p->gradient, err);
    for (uint32_t k = 0; st == IMP_OK && k < p->value.ndim; k++)
        p->count *= (size_t)p->value.shape[k];
    return st;
}

static bool same(const struct param *a, const struct param *b, const char *prefix)
{
    const size_t n = strlen(prefix);
    return !strncmp(b->name, prefix, n) && !strcmp(a->name, b->name + n) &&
           a->value.ndim == b->value.ndim &&
           !memcmp(a->value.shape, b->value.shape, a->value.ndim * sizeof *a->value.shape);
}

imp_status av_inherit(av_link *to, const av_link *from, const char *prefix, uint32_t *count,
                      imp_error *err)
{
    uint32_t n = 0, m = 0;
    imp_status st = TRAIN(to)->param_count(TS(to), to->trainer, &n, err);
    if (st == IMP_OK)
        st = TRAIN(from)->param_count(TS(from), from->trainer, &m, err);
    *count = 0;
    for (uint32_t i = 0; i < n && st == IMP_OK; i++) {
        struct param p, q;
        st = param_at(to, i, &p, err);
        for (uint32_t k = 0; k < m && st == IMP_OK; k++)
            if ((st = param_at(from, k, &q, err)) == IMP_OK && same(&p, &q, prefix)) {
                memcpy(p.value.data, q.value.data, p.count * sizeof(float));
                ++*count;
                break;
            }
    }
    return st;
}

imp_status av_soften(av_link *l, const char *begin, float factor, imp_error *err)
{
    uint32_t n = 0;
    imp_status st = TRAIN(l)->param_count(TS(l), l->trainer, &n, err);
    for (uint32_t i = 0; i < n && st == IMP_OK; i++) {
        struct param p;
        st = param_at(l, i, &p, err);
        float *v = p.value.data;
        for (size_t k = 0; st == IMP_OK && !strncmp(p.name, begin, strlen(begin)) && k < p.count;
             k++)
            v[k] *= factor;
    }
    return st;
}

imp_status av_only(av_link *l, const char *begin, imp_error *err)
{
    uint32_t n = 0;
    imp_status st = TRAIN(l)->param_count(TS(l), l->trainer, &n, err);
    for (uint32_t i = 0; i < n && st == IMP_OK; i++) {
        struct param p;
        st = param_at(l, i, &p, err);
        if (st == IMP_OK && p.gradient.data && strncmp(p.name, begin, strlen(begin)) != 0)
            memset(p.gradient.data, 0, p.count * sizeof(float));
    }
    return st;
}

imp_status av_param(av_link *l, const char *name, float **values, size_t *count, imp_error *err)
{
    uint32_t n = 0;
    imp_status st = TRAIN(l)->param_count(TS(l), l->trainer, &n, err);
    for (uint32_t i = 0; i < n && st == IMP_OK; i++) {
        struct param p;
        st = param_at(l, i, &p, err);
        if (st == IMP_OK && !strcmp(p.name, name)) {
            *values = p.value.data, *count = p.count;
            return IMP_OK;
        }
    }
    return st == IMP_OK ? imp_fail(err, IMP_E_MISSING, "a network has no parameter '%s'", name)
                        : st;
}

imp_status av_write(av_link *l, const char *name, const float *values, size_t count, imp_error *err)
{
    float *to;
    size_t room = 0;
    const imp_status st = av_param(l, name, &to, &room, err);
    if (st == IMP_OK && room != count)
        return imp_fail(err, IMP_E_MISSING, "parameter '%s' has %zu numbers, not %zu", name, room,
                        count);
    if (st == IMP_OK)
        memcpy(to, values, count * sizeof *values);
    return st;
}
