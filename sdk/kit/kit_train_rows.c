/* kit_train_rows.c - the history of a training: a row now and then, with an evaluation on the test
 * data; the best network so far is remembered. */
#include "kit_train_loop.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double kit_loop_rate(const struct kit_loop *l, uint64_t step)
{
    kit_schedule s = l->t->schedule;
    s.steps = l->last_step;
    return kit_schedule_rate(&s, step);
}

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

/* A step can make a weight infinite without any later loss to show it. */
static imp_status check_weights(const struct kit_loop *l, imp_error *err)
{
    uint32_t count = 0;
    imp_status st = kit_loop_trains(l)->param_count(kit_loop_self(l), l->trainer, &count, err);
    for (uint32_t i = 0; st == IMP_OK && i < count; i++) {
        const char *name = NULL;
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}}, g = v;
        st = kit_loop_trains(l)->param(kit_loop_self(l), l->trainer, i, &name, &v, &g, err);
        int64_t n = v.dtype == IMP_F32;
        for (uint32_t k = 0; k < v.ndim; k++)
            n *= v.shape[k];
        for (int64_t k = 0; st == IMP_OK && k < n; k++)
            if (!isfinite(((const float *)v.data)[k]))
                st = imp_fail(err, IMP_E_FAILED,
                              "weights of '%s' are not finite after step %" PRIu64
                              ": lower the rate (now %g), or set clip = 1",
                              name, l->now.step, kit_loop_rate(l, l->now.step - 1));
    }
    return st;
}

static imp_status test_it(struct kit_loop *l, kit_score *score, imp_error *err)
{
    imp_status st = kit_loop_trains(l)->set_training(kit_loop_self(l), l->trainer, 0, err);
    if (st == IMP_OK)
        st = kit_evaluate(&l->task, l->run, l->test, l->t->batch, l->job, score, err);
    return st == IMP_OK ? kit_loop_trains(l)->set_training(kit_loop_self(l), l->trainer, 1, err)
                        : st;
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
    const imp_status st =
        kit_loop_trains(l)->state(kit_loop_self(l), l->trainer, &state, &size, err);
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
    char line[300], train[48] = "", test[96] = "", restored[48] = "";
    if (!l->t->note)
        return;
    if (!isnan(r->train.accuracy))
        snprintf(train, sizeof train, ", accuracy %.2f %%", 100 * r->train.accuracy);
    if (l->test && isnan(r->test.accuracy))
        snprintf(test, sizeof test, "; test loss %.4g", r->test.loss);
    else if (l->test)
        snprintf(test, sizeof test, "; test loss %.4g, accuracy %.2f %%", r->test.loss,
                 100 * r->test.accuracy);
    if (!isnan(r->train.restored))
        snprintf(restored, sizeof restored, ", restored to %.4g", r->train.restored);
    snprintf(line, sizeof line, "step %" PRIu64 " of %" PRIu64 ", epoch %.4g: loss %.4g%s%s%s",
             r->step, l->last_step, r->epoch, r->train.loss, train, restored, test);
    l->t->note(l->t->note_user, line);
}

imp_status kit_loop_row(struct kit_loop *l, imp_error *err)
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
                 .rate = kit_loop_rate(l, p->step - 1),
                 .step = p->step,
                 .train = {.loss = p->loss_sum / seen,
                           .accuracy = classes ? (double)p->right / seen : NAN,
                           .restored = p->restored_sum / seen},
                 .test = {NAN, NAN, NAN}};
    if (l->test && (st = test_it(l, &r.test, err)) != IMP_OK)
        return st;
    const bool best = !p->row_count || better(l, &r, &l->rows[p->best]);
    if (best && (st = remember_best(l, err)) != IMP_OK)
        return st;
    l->rows[p->row_count++] = r;
    p->best = best ? p->row_count - 1 : p->best;
    p->seen = p->right = 0;
    p->loss_sum = p->restored_sum = 0;
    l->between_steps = 1;
    note(l, &r);
    return IMP_OK;
}

imp_table *kit_train_table(imp_job *job, const kit_trained *t)
{
    imp_column columns[9] = {{"step", NULL, IMP_INT, 0},
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
    if (t->has_restored)
        columns[n++] = (imp_column){"restored", NULL, IMP_FLOAT, 0};
    if (t->has_restored && t->has_test)
        columns[n++] = (imp_column){"test_restored", NULL, IMP_FLOAT, 0};
    imp_table *table = job->new_table(job, n, columns);
    imp_status st = table ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t i = 0; st == IMP_OK && i < t->row_count; i++) {
        const kit_row *r = &t->rows[i];
        imp_cell cells[9] = {
            {.i = (int64_t)r->step}, {.f = r->epoch}, {.f = r->rate}, {.f = r->train.loss}};
        uint32_t k = 4;
        if (t->has_classes)
            cells[k++].f = r->train.accuracy;
        if (t->has_test)
            cells[k++].f = r->test.loss;
        if (t->has_test && t->has_classes)
            cells[k++].f = r->test.accuracy;
        if (t->has_restored)
            cells[k++].f = r->train.restored;
        if (t->has_restored && t->has_test)
            cells[k++].f = r->test.restored;
        st = job->add_row(job, table, cells);
    }
    return st == IMP_OK ? table : NULL;
}
