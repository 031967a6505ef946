/* passes.c - batches through a network, and what it loses by them. */
#include "passes.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PROJECTION = 0x7072 };
#define TEMPERATURE 4.0

static const imp_nn_grad_1 *grads(const struct pr_pass *p)
{
    return p->s->nn->grad.table;
}

imp_status pr_task_of_codes(const struct pr_subject *s, kit_task *t, imp_nn_model *model,
                            imp_error *err)
{
    kit_sight sight;
    const imp_status st = kit_sight_open(&sight, s->nn, model, err);
    if (st == IMP_OK)
        t->in_node = sight.input, t->in_rank = 4;
    return st;
}

imp_status pr_pass_with(struct pr_pass *p, struct pr_subject *s, const struct pr_net *net,
                        const imp_dataset *data, imp_nn_run *run, imp_error *err)
{
    *p = (struct pr_pass){.s = s, .net = net, .data = data, .run = run, .most = s->o->batch};
    p->batch = kit_batch_new(data, &s->input, s->o->target, s->o->batch);
    return p->batch
               ? IMP_OK
               : imp_fail(err, IMP_E_MEMORY, "no memory for batches of %u samples", s->o->batch);
}

imp_status pr_pass_open(struct pr_pass *p, struct pr_subject *s, const struct pr_net *net,
                        const imp_dataset *data, uint32_t flags, imp_error *err)
{
    imp_nn_run *run = NULL;
    *p = (struct pr_pass){.s = s};
    const imp_status st = pr_models(s)->run_new(s->nn->model.self, net->model, flags, &run, err);
    return st == IMP_OK ? pr_pass_with(p, s, net, data, run, err) : st;
}

void pr_pass_close(struct pr_pass *p)
{
    if (p->run)
        pr_models(p->s)->run_free(p->s->nn->model.self, p->run, NULL);
    kit_batch_free(p->batch);
    free(p->gradient);
    p->run = NULL, p->batch = NULL, p->gradient = NULL;
}

uint32_t pr_pass_shape(const struct pr_pass *p, int64_t n, int64_t shape[4])
{
    const imp_dataset *d = p->s->train;
    const int64_t c = p->s->input.channels ? p->s->input.channels : d->channels;
    shape[0] = n, shape[1] = c, shape[2] = d->height, shape[3] = d->width;
    if (p->net && p->net->task.in_rank == 2) {
        shape[1] = c * d->height * d->width;
        return 2;
    }
    return 4;
}

imp_status pr_pass_read(struct pr_pass *p, const uint64_t *order, uint64_t first,
                        const kit_augment *augment, imp_error *err)
{
    const uint64_t left = p->data->count - first;
    p->n = left < p->most ? (uint32_t)left : p->most;
    p->first = first;
    return kit_batch_read(p->batch, order, first, p->n, augment, p->epoch, p->s->job, err);
}

static imp_status feed(const struct pr_pass *p, imp_nn_run *run, imp_error *err)
{
    imp_tensor in = kit_batch_input(p->batch);
    int64_t shape[4];
    in.ndim = pr_pass_shape(p, p->n, shape);
    in.shape = shape;
    return pr_models(p->s)->set_input(p->s->nn->model.self, run, p->net->task.in_node, &in, err);
}

imp_status pr_pass_forward(struct pr_pass *p, imp_error *err)
{
    const struct pr_subject *s = p->s;
    if (s->o->performance != PR_CODES)
        return kit_task_forward(&p->net->task, p->run, p->batch, s->job, err);
    imp_status st = feed(p, p->run, err);
    for (uint64_t i = 0; i < s->o->layers->w.count && st == IMP_OK; i++)
        st = pr_models(s)->forward(s->nn->model.self, p->run, p->net->codes[i], s->job, err);
    return st;
}

/* Room for so many floats of gradient. */
static imp_status room(struct pr_pass *p, size_t n, imp_error *err)
{
    if (n <= p->room)
        return IMP_OK;
    free(p->gradient);
    p->room = 0;
    if (!(p->gradient = malloc(n * sizeof *p->gradient)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for a gradient");
    p->room = n;
    return IMP_OK;
}

static imp_status seed(const struct pr_pass *p, uint32_t node, const imp_tensor *like,
                       imp_error *err)
{
    imp_tensor t = *like;
    t.head = (imp_value){sizeof t, IMP_TENSOR};
    t.data = p->gradient;
    return grads(p)->seed(p->s->nn->grad.self, p->run, node, &t, err);
}

static imp_status value_of(const struct pr_pass *p, imp_nn_run *run, uint32_t node, imp_tensor *v,
                           size_t *count, imp_error *err)
{
    *v = (imp_tensor){.head = {sizeof *v, IMP_TENSOR}};
    const imp_status st = pr_models(p->s)->value(p->s->nn->model.self, run, node, v, err);
    *count = 1;
    for (uint32_t i = 0; st == IMP_OK && i < v->ndim; i++)
        *count *= (size_t)v->shape[i];
    if (st == IMP_OK && (v->strides || v->dtype != IMP_F32))
        return imp_fail(err, IMP_E_UNSUPPORTED, "a value of the network is not packed floats");
    return st;
}

/* ---- labels ---- */

/* exp(z[k] / T) / sum, to p. */
static void soften(const float *z, size_t width, double *p)
{
    double top = (double)z[0], sum = 0;
    for (size_t k = 1; k < width; k++)
        top = fmax(top, (double)z[k]);
    for (size_t k = 0; k < width; k++)
        sum += p[k] = kit_exp(((double)z[k] - top) / TEMPERATURE);
    for (size_t k = 0; k < width; k++)
        p[k] /= sum;
}

/* The gradient of (1 - d) loss + d T^2 H(softmax(z0 / T), softmax(z / T)) by z, where p->gradient
 * is the loss's; z0: the original's answers. Hinton, Vinyals, Dean, arXiv 1503.02531, 2.1. */
static imp_status distil(struct pr_pass *p, const imp_tensor *z, size_t count, imp_error *err)
{
    const struct pr_subject *s = p->s;
    imp_tensor z0;
    size_t same = 0;
    imp_status st = kit_task_forward(&s->original.task, s->teacher, p->batch, s->job, err);
    if (st == IMP_OK)
        st = value_of(p, s->teacher, s->original.task.out_node, &z0, &same, err);
    if (st == IMP_OK && same != count)
        st = imp_fail(err, IMP_E_INTERNAL, "the number of answers changed");
    const size_t width = count / p->n;
    double *was = st == IMP_OK ? malloc(2 * width * sizeof *was) : NULL;
    if (!was)
        return st == IMP_OK ? imp_fail(err, IMP_E_MEMORY, "no memory for answers") : st;
    double *is = was + width;
    const double d = s->o->distil, by = d * TEMPERATURE / p->n;
    for (size_t i = 0; i < count; i += width) {
        soften((const float *)z0.data + i, width, was);
        soften((const float *)z->data + i, width, is);
        for (size_t k = 0; k < width; k++)
            p->gradient[i + k] =
                (float)((1 - d) * (double)p->gradient[i + k] + by * (is[k] - was[k]));
    }
    free(was);
    return IMP_OK;
}

static imp_status loss_of_task(struct pr_pass *p, enum pr_seed how, double *loss, uint32_t *right,
                               imp_error *err)
{
    imp_tensor v;
    size_t count;
    imp_status st = value_of(p, p->run, p->net->task.out_node, &v, &count, err);
    if (st == IMP_OK && how)
        st = room(p, count, err);
    if (st == IMP_OK)
        st = kit_task_loss(&p->net->task, p->run, p->batch, loss, NULL, right,
                           how ? p->gradient : NULL, err);
    if (st == IMP_OK && how == PR_SEED_LOSS && p->taught)
        st = distil(p, &v, count, err);
    if (st == IMP_OK && how)
        st = seed(p, p->net->task.out_node, &v, err);
    return st;
}

/* ---- codes ---- */

/* One layer's ||F - F0||^2 / ||F0||^2, divided by the number of layers; its gradient. */
static imp_status loss_of_code(struct pr_pass *p, uint64_t layer, enum pr_seed how, double *loss,
                               imp_error *err)
{
    const struct pr_subject *s = p->s;
    const double layers = (double)s->o->layers->w.count;
    imp_tensor is, was;
    size_t count, same;
    imp_status st =
        pr_models(s)->forward(s->nn->model.self, s->teacher, s->original.codes[layer], s->job, err);
    if (st == IMP_OK)
        st = value_of(p, p->run, p->net->codes[layer], &is, &count, err);
    if (st == IMP_OK)
        st = value_of(p, s->teacher, s->original.codes[layer], &was, &same, err);
    if (st == IMP_OK && same != count)
        st = imp_fail(err, IMP_E_INTERNAL, "the codes of '%s' changed their size",
                      s->o->layers->w.ptr[layer]);
    if (st == IMP_OK && how)
        st = room(p, count, err);
    if (st != IMP_OK)
        return st;
    const float *f = is.data, *f0 = was.data;
    double far = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = (double)f[i] - (double)f0[i];
        far += d * d, norm += (double)f0[i] * (double)f0[i];
    }
    norm = norm > 0 ? norm : 1;
    *loss += far / norm / layers;
    const double by = how == PR_SEED_TAYLOR ? 1 / sqrt(norm) : 2 / (norm * layers);
    for (size_t i = 0; i < count && how; i++)
        p->gradient[i] =
            (float)(by * (how == PR_SEED_TAYLOR ? kit_normal(s->o->seed, PROJECTION + layer,
                                                             p->first * (count / p->n) + i)
                                                : (double)f[i] - (double)f0[i]));
    return how ? seed(p, p->net->codes[layer], &is, err) : IMP_OK;
}

imp_status pr_pass_loss(struct pr_pass *p, enum pr_seed how, double *loss, uint32_t *right,
                        imp_error *err)
{
    const struct pr_subject *s = p->s;
    imp_status st = pr_pass_forward(p, err);
    if (st == IMP_OK && how)
        st = grads(p)->seed(s->nn->grad.self, p->run, 0, NULL, err);
    if (st != IMP_OK || s->o->performance != PR_CODES)
        return st == IMP_OK ? loss_of_task(p, how, loss, right, err) : st;
    st = feed(p, s->teacher, err);
    *loss = 0;
    for (uint64_t i = 0; i < s->o->layers->w.count && st == IMP_OK; i++)
        st = loss_of_code(p, i, how, loss, err);
    return st;
}

imp_status pr_pass_back(struct pr_pass *p, uint32_t count, const uint32_t *nodes, imp_error *err)
{
    return grads(p)->backward(p->s->nn->grad.self, p->run, count, nodes, p->s->job, err);
}
