/* kit_train.c - the training loop: epochs of shuffled batches, a step for each, a row of history
 * and an evaluation now and then, the best network remembered, checkpoints in between. */
#include "kit_train_loop.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool finished(const struct kit_loop *l)
{
    return l->stop || l->now.step >= l->last_step;
}

/* ---- one step ---- */

static imp_status order_epoch(struct kit_loop *l)
{
    if (!l->t->shuffle || l->order_of == l->now.epoch)
        return IMP_OK;
    kit_shuffle(l->t->seed, l->now.epoch, l->train->count, l->order);
    l->order_of = l->now.epoch;
    return IMP_OK;
}

/* What to say of a loss that is no number. */
static imp_status not_a_number(const struct kit_loop *l, double loss, imp_error *err)
{
    const double rate = kit_loop_rate(l, l->now.step ? l->now.step - 1 : 0);
    if (!l->now.step)
        return imp_fail(
            err, IMP_E_FAILED,
            "the loss is %s before the first step: the network's weights or the prepared "
            "pictures are too large (preparation: range, mean, std)",
            isnan(loss) ? "not a number" : "infinite");
    return imp_fail(err, IMP_E_FAILED,
                    "the loss is %s after step %" PRIu64 " (epoch %" PRIu64 ", rate %g): "
                    "lower the rate (%g, say), set clip = 1, or warm up for longer",
                    isnan(loss) ? "not a number" : "infinite", l->now.step, l->now.epoch + 1, rate,
                    rate / 10);
}

/* Adds the decay to the gradients of what has more axes than one. */
static imp_status decay_weights(struct kit_loop *l, imp_error *err)
{
    const float decay = (float)l->t->weight_decay;
    uint32_t count = 0;
    imp_status st = decay > 0
                        ? kit_loop_trains(l)->param_count(kit_loop_self(l), l->trainer, &count, err)
                        : IMP_OK;
    for (uint32_t i = 0; st == IMP_OK && i < count; i++) {
        const char *name = NULL;
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}}, g = v;
        st = kit_loop_trains(l)->param(kit_loop_self(l), l->trainer, i, &name, &v, &g, err);
        if (st != IMP_OK || !g.data || v.ndim < 2)
            continue;
        size_t n = 1;
        for (uint32_t k = 0; k < v.ndim; k++)
            n *= (size_t)v.shape[k];
        const float *value = v.data;
        float *gradient = g.data;
        for (size_t k = 0; k < n; k++)
            gradient[k] += decay * value[k];
    }
    return st;
}

/* Forward, loss, backward. */
static imp_status learn(struct kit_loop *l, double *loss, double *restored, uint32_t *right,
                        imp_error *err)
{
    imp_status st = kit_task_forward(&l->task, l->run, l->batch, l->job, err);
    if (st == IMP_OK)
        st = kit_task_loss(&l->task, l->run, l->batch, loss, restored, right, l->gradient, err);
    if (st == IMP_OK && !isfinite(*loss))
        return not_a_number(l, *loss, err);
    if (st == IMP_OK)
        st = kit_loop_trains(l)->zero_gradients(kit_loop_self(l), l->trainer, err);
    if (st == IMP_OK)
        st = kit_task_backward(&l->task, l->run, l->batch, l->gradient, l->job, err);
    return st == IMP_OK ? decay_weights(l, err) : st;
}

static void advance(struct kit_loop *l, uint32_t n, double loss, double restored, uint32_t right)
{
    struct kit_position *p = &l->now;
    p->loss_sum += loss * n;
    p->restored_sum += restored * n;
    p->seen += n;
    p->right += right;
    p->step++;
    p->at += n;
    if (p->at == l->train->count) {
        p->at = 0;
        p->epoch++;
    }
    l->between_steps = 1;
}

static imp_status one_step(struct kit_loop *l, imp_error *err)
{
    const uint64_t left = l->train->count - l->now.at;
    const uint32_t n = left < l->t->batch ? (uint32_t)left : l->t->batch;
    imp_nn_optimiser o = l->t->optimiser;
    double loss = 0, restored = 0;
    uint32_t right = 0;
    o.struct_size = sizeof o;
    o.rate = kit_loop_rate(l, l->now.step);
    imp_status st = order_epoch(l);
    if (st == IMP_OK)
        st = kit_batch_read(l->batch, l->order, l->now.at, n, &l->t->augment, l->now.epoch, l->job,
                            err);
    if (st != IMP_OK)
        return st;
    l->between_steps = 0;
    st = learn(l, &loss, &restored, &right, err);
    if (st == IMP_OK)
        st = kit_loop_trains(l)->step(kit_loop_self(l), l->trainer, &o, err);
    if (st == IMP_OK)
        advance(l, n, loss, restored, right);
    return st;
}

/* ---- rows of the history: kit_train_rows.c ---- */

static bool row_due(const struct kit_loop *l)
{
    return l->now.step >= l->last_step ||
           (l->t->row_steps ? l->now.step % l->t->row_steps == 0 : l->now.at == 0);
}

static bool impatient(const struct kit_loop *l)
{
    return l->t->patience && l->now.row_count &&
           l->now.row_count - 1 - l->now.best >= l->t->patience;
}

/* ---- telling ---- */

static void time_text(double seconds, char *text, size_t size)
{
    const uint64_t s = seconds < 1e7 ? (uint64_t)(seconds + 0.5) : 9999999;
    if (s < 60)
        snprintf(text, size, "%" PRIu64 " s", s);
    else if (s < 3600)
        snprintf(text, size, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
    else
        snprintf(text, size, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
}

/* "epoch 3/20, 2 min 10 s left: loss 0.0412, accuracy 98.7 %, 1840 pictures/s" */
static imp_status tell(struct kit_loop *l)
{
    const struct kit_position *p = &l->now;
    char phase[200], left[32], accuracy[48] = "";
    const double seconds = kit_seconds_since(&l->started),
                 steps = (double)(p->step - l->first_step);
    const kit_row *fresh = !p->seen && p->row_count ? &l->rows[p->row_count - 1] : NULL;
    const double seen = p->seen ? (double)p->seen : 1;
    const double right = fresh ? fresh->train.accuracy : (double)p->right / seen;
    if (!l->job)
        return IMP_OK;
    time_text(seconds / steps * (double)(l->last_step - p->step), left, sizeof left);
    if (l->task.target == KIT_TARGET_CLASS)
        snprintf(accuracy, sizeof accuracy, ", accuracy %.1f %%", 100 * right);
    snprintf(phase, sizeof phase, "epoch %" PRIu64 "/%u, %s left: loss %.4g%s, %.0f pictures/s",
             p->at ? p->epoch + 1 : p->epoch, l->t->epochs, left,
             fresh ? fresh->train.loss : p->loss_sum / seen, accuracy,
             steps * l->t->batch / (seconds > 0 ? seconds : 1));
    return l->job->progress(l->job, (double)p->step / (double)l->last_step, phase);
}

static bool keep_due(const struct kit_loop *l)
{
    const kit_training *t = l->t;
    if (!l->job || finished(l))
        return false;
    if (t->keep_steps)
        return l->now.step % t->keep_steps == 0;
    return t->keep_seconds > 0 && kit_seconds_since(&l->kept) >= t->keep_seconds;
}

/* ---- the whole ---- */

static imp_status steps(struct kit_loop *l, imp_error *err)
{
    imp_status st = IMP_OK;
    l->stop = impatient(l);
    while (st == IMP_OK && !finished(l)) {
        st = one_step(l, err);
        if (st == IMP_OK && row_due(l)) {
            st = kit_loop_row(l, err);
            l->stop = st == IMP_OK && impatient(l);
        }
        if (st == IMP_OK && keep_due(l))
            st = kit_loop_keep(l, err);
        if (st == IMP_OK)
            st = tell(l);
    }
    return st;
}

/* Asked to stop between two steps, the work so far is kept. */
static void keep_cancelled(struct kit_loop *l)
{
    const bool any = l->t->keep_steps || l->t->keep_seconds > 0;
    if (l->job && any && l->between_steps && l->now.step > l->kept_step)
        kit_loop_keep(l, NULL);
}

static imp_status open_loop(struct kit_loop *l, const imp_nn_model *model, imp_error *err)
{
    const kit_training *t = l->t;
    const uint64_t count = l->train->count;
    imp_status st = kit_task_check(&l->task, model, l->train, err);
    if (st == IMP_OK && l->test) {
        kit_task same = l->task;
        st = kit_task_check(&same, model, l->test, err);
    }
    if (st != IMP_OK)
        return st;
    l->epoch_steps = (count + t->batch - 1) / t->batch;
    l->last_step = l->epoch_steps * t->epochs;
    l->last_step = t->steps && t->steps < l->last_step ? t->steps : l->last_step;
    l->order_of = UINT64_MAX;
    l->batch = kit_batch_new(l->train, &l->task.input, l->task.target, t->batch);
    l->order = t->shuffle ? calloc((size_t)count, sizeof *l->order) : NULL;
    l->gradient = calloc(t->batch, kit_task_width(&l->task) * sizeof *l->gradient);
    if (!l->batch || (t->shuffle && !l->order) || !l->gradient)
        return imp_fail(err, IMP_E_MEMORY, "no memory for batches of %u samples", t->batch);
    st = kit_loop_trains(l)->trainer_new(kit_loop_self(l), model, t->seed, &l->trainer, err);
    if (st == IMP_OK)
        st = kit_loop_trains(l)->run_new(kit_loop_self(l), l->trainer, &l->run, err);
    if (st == IMP_OK)
        st = kit_loop_resume(l, err);
    return st == IMP_OK ? kit_loop_trains(l)->set_training(kit_loop_self(l), l->trainer, 1, err)
                        : st;
}

static void close_loop(struct kit_loop *l)
{
    const imp_nn_model_1 *models = l->task.nn->model.table;
    if (l->run)
        models->run_free(l->task.nn->model.self, l->run, NULL);
    if (l->trainer)
        kit_loop_trains(l)->trainer_free(kit_loop_self(l), l->trainer, NULL);
    kit_batch_free(l->batch);
    free(l->order);
    free(l->gradient);
    free(l->best_state);
    free(l->rows);
}

/* The trained network: of the best row where that is wanted. */
static imp_status hand_out(struct kit_loop *l, kit_trained *out, imp_error *err)
{
    const struct kit_position *p = &l->now;
    imp_status st = IMP_OK;
    if (l->best_state && p->best + 1 != p->row_count)
        st = kit_loop_trains(l)->set_state(kit_loop_self(l), l->trainer, l->best_state,
                                           l->best_size, err);
    if (st == IMP_OK)
        st = kit_loop_trains(l)->snapshot(kit_loop_self(l), l->trainer, &out->model, err);
    if (st != IMP_OK)
        return st;
    out->rows = l->rows;
    out->row_count = (uint32_t)p->row_count;
    out->best = (uint32_t)p->best;
    out->has_test = l->test != NULL;
    out->has_classes = l->task.target == KIT_TARGET_CLASS;
    out->has_restored = l->task.restored_count != 0;
    out->stopped_early = p->step < l->last_step;
    l->rows = NULL;
    return IMP_OK;
}

imp_status kit_train(const kit_training *t, const imp_nn_model *model, const imp_dataset *train,
                     const imp_dataset *test, imp_job *job, kit_trained *out, imp_error *err)
{
    struct kit_loop l = {.t = t, .task = t->task, .train = train, .test = test, .job = job};
    *out = (kit_trained){.model = NULL};
    if (!t->epochs || !t->batch)
        return imp_fail(err, IMP_E_PARAM,
                        "a training needs at least one epoch and one sample a batch");
    clock_gettime(CLOCK_MONOTONIC, &l.started);
    l.kept = l.started;
    imp_status st = open_loop(&l, model, err);
    if (st == IMP_OK)
        st = steps(&l, err);
    if (st == IMP_CANCELLED)
        keep_cancelled(&l);
    if (st == IMP_OK)
        st = hand_out(&l, out, err);
    close_loop(&l);
    return st;
}
