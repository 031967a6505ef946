/* net_steps.c - forward, and from losses back to the picture. The loss at a node with value v and
 * target t, which is its value for the second picture, is mean((v - t)^2) / mean(t^2); peers
 * compute the same. */
#include "net_worker.h"
#include <stdlib.h>
#include <string.h>

enum { PIECE = 32768 }; /* values of a piece of work */

imp_tensor steps_tensor(uint32_t ndim, const int64_t *shape, float *data)
{
    return (imp_tensor){.head = {.struct_size = sizeof(imp_tensor), .kind = IMP_TENSOR},
                        .dtype = IMP_F32,
                        .ndim = ndim,
                        .shape = shape,
                        .data = data};
}

bool dump_block(FILE *f, const float *data, uint64_t count)
{
    const uint32_t n = (uint32_t)count;
    return fwrite(&n, sizeof n, 1, f) == 1 && fwrite(data, sizeof *data, n, f) == n;
}

static uint64_t count_of(const imp_tensor *t)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < t->ndim; i++)
        n *= (uint64_t)t->shape[i];
    return n;
}

/* The first input, and the last output. */
static imp_status find_ends(struct worker *w)
{
    uint32_t count = 0;
    bool found = false;
    imp_status st = w->nn->node_count(NULL, w->model, &count, &w->err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_nn_node n = {.struct_size = sizeof n};
        st = w->nn->node(NULL, w->model, i, &n, &w->err);
        if (st == IMP_OK && (n.flags & IMP_NN_INPUT) && !found)
            w->input = i, found = true;
        if (st == IMP_OK && (n.flags & IMP_NN_OUTPUT))
            w->output = i;
    }
    return st;
}

static imp_status set_picture(struct worker *w, uint32_t which)
{
    const imp_tensor t = steps_tensor(AXES, w->shape, w->pictures + which * w->pixels);
    return w->nn->set_input(NULL, w->run, w->input, &t, &w->err);
}

/* ---- losses ---- */

struct errors { /* seed = d(loss)/d(value), 2 (v - t) / (n mean(t^2)) */
    const float *value;
    struct loss *loss;
    float factor;
};

static void errors_piece(void *user, uint32_t i) IMP_NX
{
    const struct errors *e = user;
    const uint64_t from = (uint64_t)i * PIECE;
    const uint64_t to = from + PIECE < e->loss->count ? from + PIECE : e->loss->count;
    const float *restrict v = e->value, *restrict t = e->loss->target;
    float *restrict seed = e->loss->seed;
    for (uint64_t k = from; k < to; k++)
        seed[k] = e->factor * (v[k] - t[k]);
}

static imp_status seed_loss(struct worker *w, struct loss *l)
{
    imp_tensor value = {.head = {.struct_size = sizeof value}};
    imp_status st = w->nn->value(NULL, w->run, l->node, &value, &w->err);
    if (st != IMP_OK)
        return st;
    struct errors e = {.value = value.data,
                       .loss = l,
                       .factor = (float)(2 / ((double)l->count * l->target_power))};
    st = w->job->parallel(w->job, (uint32_t)((l->count + PIECE - 1) / PIECE), errors_piece, &e);
    const imp_tensor seed = steps_tensor(value.ndim, value.shape, l->seed);
    return st == IMP_OK ? w->grad->seed(NULL, w->run, l->node, &seed, &w->err) : st;
}

static imp_status forward_all(struct worker *w)
{
    imp_status st = IMP_OK;
    for (uint32_t i = w->loss_count; i-- > 0 && st == IMP_OK;) /* the deepest first */
        st = w->nn->forward(NULL, w->run, w->losses[i].node, w->job, &w->err);
    return st;
}

static imp_status keep_target(struct worker *w, struct loss *l)
{
    imp_tensor value = {.head = {.struct_size = sizeof value}};
    const imp_status st = w->nn->value(NULL, w->run, l->node, &value, &w->err);
    if (st != IMP_OK)
        return st;
    l->count = count_of(&value);
    l->target = malloc(l->count * sizeof *l->target);
    l->seed = malloc(l->count * sizeof *l->seed);
    if (!l->target || !l->seed)
        return imp_fail(&w->err, IMP_E_MEMORY, "no memory for targets");
    memcpy(l->target, value.data, l->count * sizeof *l->target);
    for (uint64_t i = 0; i < l->count; i++)
        l->target_power += (double)l->target[i] * l->target[i] / (double)l->count;
    return IMP_OK;
}

static imp_status prepare_losses(struct worker *w, char *const *nodes, uint32_t count)
{
    imp_status st = set_picture(w, 1);
    if (count > LOSSES)
        return imp_fail(&w->err, IMP_E_LIMIT, "%d losses at most", (int)LOSSES);
    for (w->loss_count = 0; w->loss_count < count && st == IMP_OK; w->loss_count++)
        st = w->nn->find(NULL, w->model, nodes[w->loss_count], &w->losses[w->loss_count].node,
                         &w->err);
    if (st == IMP_OK)
        st = forward_all(w);
    for (uint32_t i = 0; i < w->loss_count && st == IMP_OK; i++)
        st = keep_target(w, &w->losses[i]);
    return st;
}

static imp_status to_picture(struct worker *w)
{
    imp_status st = forward_all(w);
    for (uint32_t i = 0; i < w->loss_count && st == IMP_OK; i++)
        st = seed_loss(w, &w->losses[i]);
    return st == IMP_OK ? w->grad->backward(NULL, w->run, 1, &w->input, w->job, &w->err) : st;
}

/* ---- steps ---- */

imp_status steps_prepare(struct worker *w, char *const *nodes, uint32_t node_count)
{
    const bool opens = w->mode == MODE_LOAD || w->mode == MODE_FIRST;
    const bool keeps = w->mode == MODE_BACKWARD || w->mode == MODE_LAYERS;
    imp_status st = opens ? IMP_OK : worker_load(w);
    if (opens || st != IMP_OK)
        return st;
    st = find_ends(w);
    if (st == IMP_OK && w->mode == MODE_TRAIN)
        return train_prepare(w);
    if (st == IMP_OK)
        st = w->nn->run_new(NULL, w->model, keeps ? 0 : IMP_NN_LEAN, &w->run, &w->err);
    return st == IMP_OK && w->mode == MODE_BACKWARD ? prepare_losses(w, nodes, node_count) : st;
}

static imp_status forward(struct worker *w)
{
    const imp_status st = set_picture(w, 0);
    return st == IMP_OK ? w->nn->forward(NULL, w->run, w->output, w->job, &w->err) : st;
}

static imp_status load(struct worker *w)
{
    if (w->model)
        steps_close(w);
    imp_status st = worker_load(w);
    if (w->mode != MODE_FIRST || st != IMP_OK)
        return st;
    st = find_ends(w);
    if (st == IMP_OK)
        st = w->nn->run_new(NULL, w->model, IMP_NN_LEAN, &w->run, &w->err);
    return st == IMP_OK ? forward(w) : st;
}

imp_status steps_run(struct worker *w)
{
    imp_status st;
    switch (w->mode) {
    case MODE_FORWARD:
        return forward(w);
    case MODE_BACKWARD:
        st = set_picture(w, 0);
        return st == IMP_OK ? to_picture(w) : st;
    case MODE_TRAIN:
        return train_step(w);
    case MODE_LOAD:
    case MODE_FIRST:
        return load(w);
    default:
        return imp_fail(&w->err, IMP_E_PARAM, "this mode has no steps");
    }
}

imp_status steps_dump(struct worker *w, FILE *f)
{
    imp_tensor t = {.head = {.struct_size = sizeof t}};
    imp_status st = IMP_OK;
    if (w->mode == MODE_TRAIN)
        return train_dump(w, f);
    if (w->mode == MODE_LOAD)
        return IMP_OK;
    if (w->mode == MODE_BACKWARD)
        st = w->grad->gradient(NULL, w->run, w->input, &t, &w->err);
    else
        st = w->nn->value(NULL, w->run, w->output, &t, &w->err);
    if (st == IMP_OK && !dump_block(f, t.data, count_of(&t)))
        return imp_fail(&w->err, IMP_E_IO, "cannot write");
    return st;
}

/* Is node i the last before the next convolution, or of all? */
static bool ends_layer(struct worker *w, uint32_t i, uint32_t count)
{
    imp_nn_node next = {.struct_size = sizeof next};
    return i + 1 == count || (w->nn->node(NULL, w->model, i + 1, &next, &w->err) == IMP_OK &&
                              !strcmp(next.op, "conv"));
}

imp_status steps_layers(struct worker *w, FILE *f)
{
    uint32_t count = 0;
    const char *name = NULL;
    imp_nn_cost cost = {.struct_size = sizeof cost};
    imp_status st = w->nn->node_count(NULL, w->model, &count, &w->err);
    if (st == IMP_OK)
        st = set_picture(w, 0);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_nn_node n = {.struct_size = sizeof n};
        st = w->nn->node(NULL, w->model, i, &n, &w->err);
        if (st == IMP_OK && !strcmp(n.op, "conv")) {
            name = n.name;
            st = w->edit->node_cost(NULL, w->model, i, AXES, w->shape, &cost, &w->err);
        }
        if (st != IMP_OK || !name || !ends_layer(w, i, count))
            continue;
        const double start = bench_now_ms();
        st = w->nn->forward(NULL, w->run, i, w->job, &w->err);
        fprintf(f, "%s %.4f %.0f\n", name, bench_now_ms() - start, (double)cost.macs);
        name = NULL;
    }
    return st;
}

void steps_close(struct worker *w)
{
    for (uint32_t i = 0; i < w->loss_count; i++)
        free(w->losses[i].target), free(w->losses[i].seed);
    w->loss_count = 0;
    if (w->run)
        w->nn->run_free(NULL, w->run, NULL);
    if (w->trainer)
        w->train->trainer_free(NULL, w->trainer, NULL);
    if (w->model)
        w->nn->release(NULL, w->model, NULL);
    w->run = NULL, w->trainer = NULL, w->model = NULL;
}
