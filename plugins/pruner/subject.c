/* subject.c - what a network that is pruned can do: performance by its data, size, fine-tuning. */
#include "subject.h"
#include "passes.h"
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIMINGS = 7 };

/* ---- networks ---- */

imp_status pr_net_open(const struct pr_subject *s, struct pr_net *net, imp_nn_model *model,
                       imp_error *err)
{
    const uint64_t layers = s->o->performance == PR_CODES ? s->o->layers->w.count : 0;
    imp_status st = IMP_OK;
    *net = (struct pr_net){.model = model};
    net->task =
        (kit_task){.nn = s->nn, .input = s->input, .loss = s->o->loss, .target = s->o->target};
    if (s->o->performance != PR_CODES)
        st = kit_task_check(&net->task, model, s->train, err);
    else
        st = pr_task_of_codes(s, &net->task, model, err);
    if (st == IMP_OK && layers) {
        const kit_sight sight = {.nn = s->nn, .model = model};
        if (!(net->codes = calloc(layers, sizeof *net->codes)))
            st = imp_fail(err, IMP_E_MEMORY, "no memory for %u layers", (unsigned)layers);
        else
            st = kit_sight_find(&sight, s->o->layers->w.ptr, layers, net->codes, err);
    }
    if (st != IMP_OK)
        pr_net_close(s, net);
    return st;
}

void pr_net_close(const struct pr_subject *s, struct pr_net *net)
{
    if (net->model)
        pr_models(s)->release(s->nn->model.self, net->model, NULL);
    free(net->codes);
    *net = (struct pr_net){.model = NULL};
}

imp_status pr_subject_open(struct pr_subject *s, imp_nn_model *model, imp_error *err)
{
    imp_status st = kit_sight_input(s->nn, model, s->train, &s->samples, &s->input, err);
    if (st == IMP_OK)
        st = pr_models(s)->retain(s->nn->model.self, model, err);
    if (st == IMP_OK)
        st = pr_net_open(s, &s->original, model, err);
    if (st == IMP_OK && s->o->performance == PR_CODES)
        st = pr_models(s)->run_new(s->nn->model.self, model, 0, &s->teacher, err);
    return st;
}

void pr_subject_close(struct pr_subject *s)
{
    if (s->teacher)
        pr_models(s)->run_free(s->nn->model.self, s->teacher, NULL);
    s->teacher = NULL;
    pr_net_close(s, &s->original);
}

imp_status pr_tell(struct pr_subject *s, const char *fmt, ...)
{
    char text[200];
    va_list ap;
    va_start(ap, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (!s->job)
        return IMP_OK;
    if (n > 0 && (size_t)n < sizeof text && s->phase[0])
        snprintf(text + n, sizeof text - (size_t)n, ", %s", s->phase);
    return s->job->progress(s->job, s->fraction, text);
}

/* ---- performance ---- */

imp_status pr_measure(struct pr_subject *s, const struct pr_net *net, double *error, imp_error *err)
{
    struct pr_pass p;
    uint64_t right = 0, batches = 0;
    double sum = 0;
    imp_status st =
        pr_pass_open(&p, s, net, s->test, s->o->performance == PR_CODES ? 0 : IMP_NN_LEAN, err);
    for (uint64_t first = 0; st == IMP_OK && first < s->test->count; first += p.n, batches++) {
        double loss = 0;
        uint32_t r = 0;
        st = pr_pass_read(&p, NULL, first, NULL, err);
        if (st == IMP_OK)
            st = pr_pass_loss(&p, PR_SEED_NONE, &loss, &r, err);
        if (st == IMP_OK && !isfinite(loss))
            st = imp_fail(err, IMP_E_FAILED,
                          "what the network gives for samples %llu to %llu is not finite",
                          (unsigned long long)first, (unsigned long long)first + p.n - 1);
        sum += s->o->performance == PR_CODES ? loss : loss * p.n;
        right += r;
        if (st == IMP_OK)
            st = pr_tell(s, "measuring");
    }
    pr_pass_close(&p);
    const double count = (double)s->test->count;
    *error = s->o->performance == PR_ACCURACY ? 1 - (double)right / count
             : s->o->performance == PR_LOSS   ? sum / count
                                              : sum / (double)batches;
    return st;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

imp_status pr_size_of(struct pr_subject *s, const struct pr_net *net, struct pr_size *size,
                      imp_error *err)
{
    struct pr_pass p;
    double ms[TIMINGS];
    int64_t shape[4];
    const imp_nn_edit_1 *edit = s->nn->edit.table;
    imp_status st = pr_pass_open(&p, s, net, s->test, IMP_NN_LEAN, err);
    const uint32_t rank = pr_pass_shape(&p, 1, shape);
    if (st == IMP_OK)
        st = edit->cost(s->nn->edit.self, net->model, rank, shape, &size->params, &size->macs, err);
    for (int i = 0; i < TIMINGS && st == IMP_OK; i++) {
        p.most = 1;
        st = pr_pass_read(&p, NULL, 0, NULL, err);
        const double start = now_ms();
        if (st == IMP_OK)
            st = pr_pass_forward(&p, err);
        ms[i] = now_ms() - start;
    }
    pr_pass_close(&p);
    if (st == IMP_OK) {
        qsort(ms, TIMINGS, sizeof *ms, by_size);
        size->ms = ms[TIMINGS / 2];
    }
    return st;
}

/* ---- fine-tuning ---- */

struct tuning {
    struct pr_pass pass;
    imp_nn_trainer *trainer;
    uint64_t *order;
    uint64_t step, steps;
    double rate, last;
};

static imp_status learn(struct pr_subject *s, struct tuning *t, uint64_t first, imp_error *err)
{
    const imp_nn_train_1 *train = s->nn->train.table;
    const double wave =
        0.5 + 0.5 * kit_cos(3.14159265358979323846 * (double)t->step / (double)t->steps);
    const imp_nn_optimiser sgd = {.struct_size = sizeof sgd,
                                  .rule = IMP_NN_SGD,
                                  .momentum = s->o->momentum,
                                  .rate = t->rate * (t->last + (1 - t->last) * wave),
                                  .weight_decay = s->o->weight_decay,
                                  .clip_norm = s->o->clip};
    double loss = 0;
    uint32_t right = 0;
    kit_augment augment = s->o->augment;
    augment.seed = s->o->seed;
    imp_status st = pr_pass_read(&t->pass, t->order, first, &augment, err);
    if (st == IMP_OK)
        st = train->zero_gradients(s->nn->train.self, t->trainer, err);
    if (st == IMP_OK)
        st = pr_pass_loss(&t->pass, PR_SEED_LOSS, &loss, &right, err);
    if (st == IMP_OK && !isfinite(loss))
        return imp_fail(
            err, IMP_E_FAILED,
            "the loss became no number while fine-tuning; a smaller rate than %g may help",
            t->rate);
    if (st == IMP_OK)
        st = pr_pass_back(&t->pass, 0, NULL, err);
    if (st == IMP_OK)
        st = train->step(s->nn->train.self, t->trainer, &sgd, err);
    t->step++;
    return st;
}

static imp_status tune_epoch(struct pr_subject *s, struct tuning *t, imp_error *err)
{
    imp_status st = IMP_OK;
    kit_shuffle(s->o->seed, s->epoch, s->train->count, t->order);
    t->pass.epoch = s->epoch++;
    for (uint64_t first = 0; st == IMP_OK && first < s->train->count; first += t->pass.n) {
        st = learn(s, t, first, err);
        if (st == IMP_OK)
            st = pr_tell(s, "fine-tuning");
    }
    return st;
}

static imp_status open_tuning(struct pr_subject *s, struct tuning *t, const struct pr_net *net,
                              imp_error *err)
{
    const imp_nn_train_1 *train = s->nn->train.table;
    imp_nn_run *run = NULL;
    imp_status st = train->trainer_new(s->nn->train.self, net->model, s->o->seed, &t->trainer, err);
    if (st == IMP_OK)
        st = train->run_new(s->nn->train.self, t->trainer, &run, err);
    if (st == IMP_OK)
        st = train->set_training(s->nn->train.self, t->trainer, 1, err);
    if (st == IMP_OK)
        st = pr_pass_with(&t->pass, s, net, s->train, run, err);
    t->order = calloc((size_t)s->train->count, sizeof *t->order);
    return st == IMP_OK && !t->order
               ? imp_fail(err, IMP_E_MEMORY, "no memory for an order of samples")
               : st;
}

imp_status pr_tune(struct pr_subject *s, struct pr_net *net, uint32_t epochs, double rate,
                   double last, imp_error *err)
{
    const imp_nn_train_1 *train = s->nn->train.table;
    struct tuning t = {.rate = rate, .last = last};
    struct pr_net tuned = {.model = NULL};
    imp_nn_model *model = NULL;
    if (!epochs)
        return IMP_OK;
    t.steps = epochs * ((s->train->count + s->o->batch - 1) / s->o->batch);
    imp_status st = open_tuning(s, &t, net, err);
    for (uint32_t i = 0; i < epochs && st == IMP_OK; i++)
        st = tune_epoch(s, &t, err);
    if (st == IMP_OK)
        st = train->snapshot(s->nn->train.self, t.trainer, &model, err);
    if (st == IMP_OK)
        st = pr_net_open(s, &tuned, model, err);
    pr_pass_close(&t.pass);
    if (t.trainer)
        train->trainer_free(s->nn->train.self, t.trainer, NULL);
    free(t.order);
    if (st == IMP_OK) {
        pr_net_close(s, net);
        *net = tuned;
    }
    return st;
}
