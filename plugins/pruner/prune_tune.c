/* prune_tune.c - fine-tuning by gradient descent with momentum, whose moments outlive a cut:
 * nn.train keeps those of its own rule in an opaque state that no cut reaches, so they are the
 * parameters of a second network here, and are cut as any network is. */
#include "passes.h"
#include <math.h>
#include <stdlib.h>

struct slot { /* a parameter that learns */
    float *value, *moment;
    const float *gradient;
    size_t count;
};
struct tuning {
    struct pr_pass pass;
    imp_nn_trainer *trainer, *moments;
    struct slot *slots;
    uint32_t slot_count;
    uint64_t *order;
    uint64_t step, steps;
    double rate, last;
};

static size_t count_of(const imp_tensor *t)
{
    size_t n = 1;
    for (uint32_t i = 0; i < t->ndim; i++)
        n *= (size_t)t->shape[i];
    return n;
}

/* ---- one step ---- */

/* What all gradients are multiplied by, so that their norm is `clip` at most. */
static double clipped(const struct tuning *t, double clip)
{
    double sum = 0;
    for (uint32_t i = 0; i < t->slot_count && clip > 0; i++)
        sum += kit_dot(t->slots[i].gradient, t->slots[i].gradient, t->slots[i].count);
    const double norm = sqrt(sum);
    return clip > 0 && norm > clip ? clip / (norm + 1e-6) : 1;
}

/* v = momentum v + g + decay x, x -= rate v */
static void descend(const struct tuning *t, const struct pr_options *o, double rate)
{
    const float scale = (float)clipped(t, o->clip), keep = (float)o->momentum,
                decay = (float)o->weight_decay, by = (float)rate;
    for (uint32_t i = 0; i < t->slot_count; i++) {
        const struct slot *s = &t->slots[i];
        for (size_t k = 0; k < s->count; k++) {
            s->moment[k] = keep * s->moment[k] + (s->gradient[k] * scale + decay * s->value[k]);
            s->value[k] -= by * s->moment[k];
        }
    }
}

static imp_status learn(struct pr_subject *s, struct tuning *t, uint64_t first, imp_error *err)
{
    const imp_nn_train_1 *train = s->nn->train.table;
    const double wave =
        0.5 + 0.5 * kit_cos(3.14159265358979323846 * (double)t->step / (double)t->steps);
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
        descend(t, s->o, t->rate * (t->last + (1 - t->last) * wave));
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

/* ---- before and after ---- */

/* Values, gradients and moments side by side. */
static imp_status pair(struct pr_subject *s, struct tuning *t, bool rest, imp_error *err)
{
    const imp_nn_train_1 *train = s->nn->train.table;
    uint32_t count = 0;
    imp_status st = train->param_count(s->nn->train.self, t->trainer, &count, err);
    if (st == IMP_OK && !(t->slots = calloc(count + 1u, sizeof *t->slots)))
        st = imp_fail(err, IMP_E_MEMORY, "no memory for %u parameters", count);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}}, g = v, m = v, none = v;
        const char *name;
        st = train->param(s->nn->train.self, t->trainer, i, &name, &v, &g, err);
        if (st == IMP_OK)
            st = train->param(s->nn->train.self, t->moments, i, &name, &m, &none, err);
        if (st != IMP_OK || !g.data)
            continue;
        t->slots[t->slot_count++] = (struct slot){v.data, m.data, g.data, count_of(&v)};
        for (size_t k = 0; rest && k < count_of(&m); k++)
            ((float *)m.data)[k] = 0;
    }
    return st;
}

static imp_status open_tuning(struct pr_subject *s, struct tuning *t, const struct pr_net *net,
                              imp_error *err)
{
    const imp_nn_train_1 *train = s->nn->train.table;
    void *self = s->nn->train.self;
    imp_nn_run *run = NULL;
    imp_status st = train->trainer_new(self, net->model, s->o->seed, &t->trainer, err);
    if (st == IMP_OK)
        st = train->trainer_new(self, net->moments ? net->moments : net->model, s->o->seed,
                                &t->moments, err);
    if (st == IMP_OK)
        st = pair(s, t, !net->moments, err);
    if (st == IMP_OK)
        st = train->run_new(self, t->trainer, &run, err);
    t->pass = (struct pr_pass){.s = s, .run = run};
    if (st == IMP_OK)
        st = train->set_training(self, t->trainer, 1, err);
    if (st == IMP_OK)
        st = pr_pass_with(&t->pass, s, net, s->train, run, err);
    t->pass.taught = s->o->distil > 0;
    t->order = calloc((size_t)s->train->count, sizeof *t->order);
    return st == IMP_OK && !t->order
               ? imp_fail(err, IMP_E_MEMORY, "no memory for an order of samples")
               : st;
}

/* The network and the moments as they are now. IMP_E_FAILED: a parameter is no number. */
static imp_status take(struct pr_subject *s, const struct tuning *t, struct pr_net *tuned,
                       imp_error *err)
{
    const imp_nn_train_1 *train = s->nn->train.table;
    imp_nn_model *model = NULL;
    imp_status st = train->snapshot(s->nn->train.self, t->trainer, &model, err);
    if (st == IMP_OK)
        st = pr_net_open(s, tuned, model, err);
    if (st == IMP_OK)
        st = train->snapshot(s->nn->train.self, t->moments, &tuned->moments, err);
    if (st != IMP_OK)
        pr_net_close(s, tuned);
    return st == IMP_E_INPUT ? IMP_E_FAILED : st;
}

static void close_tuning(struct pr_subject *s, struct tuning *t)
{
    const imp_nn_train_1 *train = s->nn->train.table;
    pr_pass_close(&t->pass);
    if (t->trainer)
        train->trainer_free(s->nn->train.self, t->trainer, NULL);
    if (t->moments)
        train->trainer_free(s->nn->train.self, t->moments, NULL);
    free(t->order), free(t->slots);
}

imp_status pr_tune(struct pr_subject *s, struct pr_net *net, uint32_t epochs, double rate,
                   double last, imp_error *err)
{
    struct tuning t = {.rate = rate, .last = last};
    struct pr_net tuned = {.model = NULL};
    if (!epochs)
        return IMP_OK;
    t.steps = epochs * ((s->train->count + s->o->batch - 1) / s->o->batch);
    imp_status st = open_tuning(s, &t, net, err);
    for (uint32_t i = 0; i < epochs && st == IMP_OK; i++)
        st = tune_epoch(s, &t, err);
    if (st == IMP_OK)
        st = take(s, &t, &tuned, err);
    close_tuning(s, &t);
    if (st == IMP_OK) {
        pr_net_close(s, net);
        *net = tuned;
    }
    return st;
}
