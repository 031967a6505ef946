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

imp_status pr_net_again(const struct pr_subject *s, struct pr_net *net, const struct pr_net *like,
                        imp_error *err)
{
    const imp_nn_model_1 *models = pr_models(s);
    imp_status st = models->retain(s->nn->model.self, like->model, err);
    if (st == IMP_OK)
        st = pr_net_open(s, net, like->model, err);
    if (st != IMP_OK || !like->moments)
        return st;
    st = models->retain(s->nn->model.self, like->moments, err);
    if (st == IMP_OK)
        net->moments = like->moments;
    else
        pr_net_close(s, net);
    return st;
}

void pr_net_close(const struct pr_subject *s, struct pr_net *net)
{
    if (net->model)
        pr_models(s)->release(s->nn->model.self, net->model, NULL);
    if (net->moments)
        pr_models(s)->release(s->nn->model.self, net->moments, NULL);
    free(net->codes);
    *net = (struct pr_net){.model = NULL};
}

/* Networks exported for so many samples at a time take no others. */
static imp_status check_batch(const struct pr_subject *s, imp_error *err)
{
    imp_nn_node n = {.struct_size = sizeof n};
    const imp_status st =
        pr_models(s)->node(s->nn->model.self, s->original.model, s->original.task.in_node, &n, err);
    if (st != IMP_OK || n.ndim < 2 || n.shape[0] < 1 || n.shape[0] == s->o->batch)
        return st;
    return imp_fail(err, IMP_E_INPUT,
                    "the network's input '%s' takes %lld sample%s at a time, no more and no fewer: "
                    "batch = %lld",
                    n.name, (long long)n.shape[0], n.shape[0] == 1 ? "" : "s",
                    (long long)n.shape[0]);
}

imp_status pr_subject_open(struct pr_subject *s, imp_nn_model *model, imp_error *err)
{
    imp_status st = kit_sight_input(s->nn, model, s->train, &s->samples, &s->input, err);
    if (st == IMP_OK)
        st = pr_models(s)->retain(s->nn->model.self, model, err);
    if (st == IMP_OK)
        st = pr_net_open(s, &s->original, model, err);
    if (st == IMP_OK)
        st = check_batch(s, err);
    const bool codes = s->o->performance == PR_CODES;
    if (st == IMP_OK && (codes || s->o->distil > 0))
        st = pr_models(s)->run_new(s->nn->model.self, model, codes ? 0 : IMP_NN_LEAN, &s->teacher,
                                   err);
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
