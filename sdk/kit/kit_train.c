/* kit_train.c - the training loop: epochs of shuffled batches, a step for each, a row of history
 * and an evaluation now and then, the best network remembered, checkpoints in between. */
#include "kit_train_loop.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const imp_nn_train_1 *trains(const struct kit_loop *l)
{
    return l->task.nn->train.table;
}

static void *self(const struct kit_loop *l)
{
    return l->task.nn->train.self;
}

static bool finished(const struct kit_loop *l)
{
    return l->stop || l->now.step >= l->last_step;
}

static double rate_at(const struct kit_loop *l, uint64_t step)
{
    kit_schedule s = l->t->schedule;
    s.steps = l->last_step;
    return kit_schedule_rate(&s, step);
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
    const double rate = rate_at(l, l->now.step ? l->now.step - 1 : 0);
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

/* Forward, loss, backward. */
static imp_status learn(struct kit_loop *l, double *loss, uint32_t *right, imp_error *err)
{
    imp_status st = kit_task_forward(&l->task, l->run, l->batch, l->job, err);
    if (st == IMP_OK)
        st = kit_task_loss(&l->task, l->run, l->batch, loss, right, l->gradient, err);
    if (st == IMP_OK && !isfinite(*loss))
        return not_a_number(l, *loss, err);
    if (st == IMP_OK)
        st = trains(l)->zero_gradients(self(l), l->trainer, err);
    return st == IMP_OK ? kit_task_backward(&l->task, l->run, l->batch, l->gradient, l->job, err)
                        : st;
}

static void advance(struct kit_loop *l, uint32_t n, double loss, uint32_t right)
{
    struct kit_position *p = &l->now;
    p->loss_sum += loss * n;
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
    double loss = 0;
    uint32_t right = 0;
    o.struct_size = sizeof o;
    o.rate = rate_at(l, l->now.step);
    imp_status st = order_epoch(l);
    if (st == IMP_OK)
        st = kit_batch_read(l->batch, l->order, l->now.at, n, &l->t->augment, l->now.epoch, l->job,
                            err);
    if (st != IMP_OK)
        return st;
    l->between_steps = 0;
    st = learn(l, &loss, &right, err);
    if (st == IMP_OK)
        st = trains(l)->step(self(l), l->trainer, &o, err);
    if (st == IMP_OK)
        advance(l, n, loss, right);
    return st;
}

/* ---- rows of the history ---- */

imp_status kit_loop_room(struct kit_loop *l, imp_error *err)
{
    if (l->rows && l->now.row_count < l->row_room)
        return IMP_OK;
    const uint64_t more = 2 * l->now.row_count + 16;
    kit_row *rows = realloc(l->rows, (size_t)more * sizeof *rows);
    if (!rows)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the history of the training");
    l->rows = rows;
    l->row_room = more;
    return IMP_OK;
}

static bool row_due(const struct kit_loop *l)
{
    return l->now.step >= l->last_step ||
           (l->t->row_steps ? l->now.step % l->t->row_steps == 0 : l->now.at == 0);
}

/* A step can make a weight infinite without any later loss to show it. */
static imp_status check_weights(const struct kit_loop *l, imp_error *err)
{
    uint32_t count = 0;
    imp_status st = trains(l)->param_count(self(l), l->trainer, &count, err);
    for (uint32_t i = 0; st == IMP_OK && i < count; i++) {
        const char *name = NULL;
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}}, g = v;
        st = trains(l)->param(self(l), l->trainer, i, &name, &v, &g, err);
        int64_t n = v.dtype == IMP_F32;
        for (uint32_t k = 0; k < v.ndim; k++)
            n *= v.shape[k];
        for (int64_t k = 0; st == IMP_OK && k < n; k++)
            if (!isfinite(((const float *)v.data)[k]))
                st = imp_fail(err, IMP_E_FAILED,
                              "weights of '%s' are not finite after step %" PRIu64
                              ": lower the rate (now %g), or set clip = 1",
                              name, l->now.step, rate_at(l, l->now.step - 1));
    }
    return st;
}

static imp_status test_it(struct kit_loop *l, kit_score *score, imp_error *err)
{
    imp_status st = trains(l)->set_training(self(l), l->trainer, 0, err);
    if (st == IMP_OK)
        st = kit_evaluate(&l->task, l->run, l->test, l->t->batch, l->job, score, err);
    return st == IMP_OK ? trains(l)->set_training(self(l), l->trainer, 1, err) : st;
}

/* By accuracy, then by loss; on the test data where there are any. */
static bool better(const struct kit_loop *l, const kit_row *a, const kit_row *b)
{
    const kit_score *x = l->test ? &a->test : &a->train, *y = l->test ? &b->test : &b->train;
    if (x->accuracy > y->accuracy || x->accuracy < y->accuracy) /* NaN: neither */
        return x->accuracy > y->accuracy;
    return x->loss < y->loss;
}

static imp_status remember_best(struct kit_loop *l, imp_error *err)
{
    const void *state;
    uint64_t size;
    if (!l->t->keep_best)
        return IMP_OK;
    const imp_status st = trains(l)->state(self(l), l->trainer, &state, &size, err);
    if (st != IMP_OK)
        return st;
    void *copy = size == l->best_size ? l->best_state : realloc(l->best_state, (size_t)size);
    if (!copy)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the best state of the training");
    memcpy(copy, state, (size_t)size);
    l->best_state = copy;
    l->best_size = size;
    return IMP_OK;
}

static void note(const struct kit_loop *l, const kit_row *r)
{
    char line[256], train[48] = "", test[96] = "";
    if (!l->t->note)
        return;
    if (!isnan(r->train.accuracy))
        snprintf(train, sizeof train, ", accuracy %.2f %%", 100 * r->train.accuracy);
    if (l->test && isnan(r->test.accuracy))
        snprintf(test, sizeof test, "; test loss %.4g", r->test.loss);
    else if (l->test)
        snprintf(test, sizeof test, "; test loss %.4g, accuracy %.2f %%", r->test.loss,
                 100 * r->test.accuracy);
    snprintf(line, sizeof line, "step %" PRIu64 " of %" PRIu64 ", epoch %.4g: loss %.4g%s%s",
             r->step, l->last_step, r->epoch, r->train.loss, train, test);
    l->t->note(l->t->note_user, line);
}

static imp_status finish_row(struct kit_loop *l, imp_error *err)
{
    struct kit_position *p = &l->now;
    const double seen = (double)p->seen;
    const bool classes = l->task.target == KIT_TARGET_CLASS;
    l->between_steps = 0;
    imp_status st = check_weights(l, err);
    if (st == IMP_OK)
        st = kit_loop_room(l, err);
    if (st != IMP_OK)
        return st;
    kit_row r = {.epoch = (double)p->epoch + (double)p->at / (double)l->train->count,
                 .rate = rate_at(l, p->step - 1),
                 .step = p->step,
                 .train = {p->loss_sum / seen, classes ? (double)p->right / seen : NAN},
                 .test = {NAN, NAN}};
    if (l->test && (st = test_it(l, &r.test, err)) != IMP_OK)
        return st;
    const bool best = !p->row_count || better(l, &r, &l->rows[p->best]);
    if (best && (st = remember_best(l, err)) != IMP_OK)
        return st;
    l->rows[p->row_count++] = r;
    p->best = best ? p->row_count - 1 : p->best;
    p->seen = p->right = 0;
    p->loss_sum = 0;
    l->between_steps = 1;
    note(l, &r);
    return IMP_OK;
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
            st = finish_row(l, err);
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
    l->gradient = calloc(t->batch, l->task.out_width * sizeof *l->gradient);
    if (!l->batch || (t->shuffle && !l->order) || !l->gradient)
        return imp_fail(err, IMP_E_MEMORY, "no memory for batches of %u samples", t->batch);
    st = trains(l)->trainer_new(self(l), model, t->seed, &l->trainer, err);
    if (st == IMP_OK)
        st = trains(l)->run_new(self(l), l->trainer, &l->run, err);
    if (st == IMP_OK)
        st = kit_loop_resume(l, err);
    return st == IMP_OK ? trains(l)->set_training(self(l), l->trainer, 1, err) : st;
}

static void close_loop(struct kit_loop *l)
{
    const imp_nn_model_1 *models = l->task.nn->model.table;
    if (l->run)
        models->run_free(l->task.nn->model.self, l->run, NULL);
    if (l->trainer)
        trains(l)->trainer_free(self(l), l->trainer, NULL);
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
        st = trains(l)->set_state(self(l), l->trainer, l->best_state, l->best_size, err);
    if (st == IMP_OK)
        st = trains(l)->snapshot(self(l), l->trainer, &out->model, err);
    if (st != IMP_OK)
        return st;
    out->rows = l->rows;
    out->row_count = (uint32_t)p->row_count;
    out->best = (uint32_t)p->best;
    out->has_test = l->test != NULL;
    out->has_classes = l->task.target == KIT_TARGET_CLASS;
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

imp_table *kit_train_table(imp_job *job, const kit_trained *t)
{
    imp_column columns[7] = {{"step", NULL, IMP_INT, 0},
                             {"epoch", NULL, IMP_FLOAT, 0},
                             {"rate", NULL, IMP_FLOAT, 0},
                             {"loss", NULL, IMP_FLOAT, 0}};
    uint32_t n = 4;
    if (t->has_classes)
        columns[n++] = (imp_column){"accuracy", NULL, IMP_FLOAT, 0};
    if (t->has_test)
        columns[n++] = (imp_column){"test_loss", NULL, IMP_FLOAT, 0};
    if (t->has_test && t->has_classes)
        columns[n++] = (imp_column){"test_accuracy", NULL, IMP_FLOAT, 0};
    imp_table *table = job->new_table(job, n, columns);
    imp_status st = table ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t i = 0; st == IMP_OK && i < t->row_count; i++) {
        const kit_row *r = &t->rows[i];
        imp_cell cells[7] = {
            {.i = (int64_t)r->step}, {.f = r->epoch}, {.f = r->rate}, {.f = r->train.loss}};
        uint32_t k = 4;
        if (t->has_classes)
            cells[k++].f = r->train.accuracy;
        if (t->has_test)
            cells[k++].f = r->test.loss;
        if (t->has_test && t->has_classes)
            cells[k++].f = r->test.accuracy;
        st = job->add_row(job, table, cells);
    }
    return st == IMP_OK ? table : NULL;
}
