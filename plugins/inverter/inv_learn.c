/* inv_learn.c - the filter invert.learn: a decoder for a layer, trained on pictures. */
#include "inv_encoder.h"
#include "inv_learn.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LAYER, WIDTH, STEPS, BATCH, LR, LAMBDA, FLIP, SEED, EVERY, KEEP };
enum { NET, TRAIN, TEST, START };
enum { DECODER, HISTORY };

static const imp_param params[] = {
    {.key = "layer",
     .type = IMP_NAMES,
     .flags = IMP_PARAM_REQUIRED,
     .help = "The layer whose codes are to become pictures again."},
    {.key = "width",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0.05,
     .max = 16,
     .help = "Maps inside the decoder, as a factor of the network's own."},
    {.key = "steps",
     .type = IMP_INT,
     .def = 3000,
     .min = 1,
     .max = 100000000,
     .help = "Batches that it learns from."},
    {.key = "batch",
     .type = IMP_INT,
     .def = 8,
     .min = 1,
     .max = 4096,
     .help = "Samples in a step."},
    {.key = "lr",
     .type = IMP_FLOAT,
     .def = 0.002,
     .min = 1e-9,
     .max = 10,
     .help = "The highest learning rate (Adam); it falls along half a wave to a hundredth."},
    {.key = "lambda",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0,
     .max = 1e6,
     .help = "How much the codes of the picture given back count beside its pixels; 0: pixels "
             "alone, in a third "
             "of the time."},
    {.key = "flip",
     .type = IMP_BOOL,
     .def = 1,
     .help = "Mirror half of the samples left to right."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 2147483647,
     .help = "Of the first weights, the order and the mirroring."},
    {.key = "every",
     .unit = "steps",
     .type = IMP_INT,
     .def = 250,
     .min = 1,
     .max = 100000000,
     .help = "Steps between rows of the history, each with a test."},
    {.key = "keep",
     .unit = "s",
     .type = IMP_FLOAT,
     .def = 60,
     .min = 0,
     .max = 86400,
     .help = "A checkpoint this often, from which a run that was stopped goes on to the same "
             "bytes; 0: none."},
};
static const imp_port inputs[] = {
    INV_NET,
    {.name = "train",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .help = "Pictures to learn from."},
    {.name = "test",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "Pictures of the same size to test on; the first 64 are taken."},
    {.name = "start",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A decoder to go on from, of an earlier invert.learn for this layer or for the same "
             "layer of a "
             "network that has learnt a little more since; `width` is that one's then."},
};
static const imp_port outputs[] = {
    {.name = "decoder",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .help = "The network from codes to pictures, for invert.fast, net.decode and net.save."},
    {.name = "history",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "step, rate, loss, pixels, features, psnr, test_psnr: a row each `every` steps."},
};

static void note(void *user, const char *line)
{
    const imp_host *host = user;
    host->log(host, IMP_LOG_INFO, line);
}

/* What does not fit: the data set for this network and this layer. */
static imp_status fits(const kit_sight *s, const struct inv_path *path, const imp_dataset *d,
                       imp_error *err)
{
    uint32_t w, h;
    kit_sight_size(s, d->width, d->height, &w, &h);
    if (d->channels != s->channels)
        return imp_fail(err, IMP_E_INPUT, "the data set has %u channels, the network takes %u",
                        d->channels, s->channels);
    const uint32_t step = 1u << path->halves;
    if (w != d->width || h != d->height || w % step || h % step || w < 2 * step || h < 2 * step)
        return imp_fail(
            err, IMP_E_INPUT,
            "the data set's pictures are %u x %u: both sides must be multiples of %u, 32 and "
            "%u at least",
            d->width, d->height, step, 2 * step);
    return IMP_OK;
}

static imp_status lesson_of(const struct inv_self *self, const imp_cell *p, const kit_sight *s,
                            const imp_dataset *train, const imp_dataset *test, struct inv_lesson *l,
                            struct inv_path *path, imp_error *err)
{
    union {
        const imp_host *in;
        void *out;
    } host = {.in = self->host};
    *l = (struct inv_lesson){
        .sight = s,
        .train = train,
        .test = test,
        .steps = (uint64_t)p[STEPS].i,
        .every = (uint64_t)p[EVERY].i,
        .seed = (uint64_t)p[SEED].i,
        .batch = (uint32_t)p[BATCH].i,
        .flip = (uint32_t)p[FLIP].i,
        .rate = p[LR].f,
        .lambda = p[LAMBDA].f,
        .keep_seconds = p[KEEP].f,
        .note = note,
        .note_user = host.out,
    };
    if (p[LAYER].w.count != 1)
        return kit_blame(err, LAYER, -1,
                         imp_fail(err, IMP_E_PARAM, "layer wants one name, not %llu",
                                  (unsigned long long)p[LAYER].w.count));
    imp_status st = kit_sight_find(s, p[LAYER].w.ptr, 1, &l->node, err);
    if (st == IMP_OK)
        st = inv_path_of(s, l->node, path, err);
    if (st != IMP_OK)
        return kit_blame(err, LAYER, -1, st);
    if ((st = fits(s, path, train, err)) != IMP_OK)
        return kit_blame(err, -1, TRAIN, st);
    if (test && (test->width != train->width || test->height != train->height ||
                 test->channels != train->channels || !test->count))
        return kit_blame(err, -1, TEST,
                         imp_fail(err, IMP_E_INPUT,
                                  "test pictures must be %u x %u like those to learn from",
                                  train->width, train->height));
    return IMP_OK;
}

/* The decoder before it has learnt. */
static imp_status build(const struct inv_self *self, const imp_cell *p, const struct inv_lesson *l,
                        const struct inv_path *path, imp_job *job, imp_nn_model **model,
                        imp_error *err)
{
    const imp_nn_train_1 *trains = self->nn.train.table;
    const imp_nn_model_1 *models = self->nn.model.table;
    double gain = 1;
    if (job->inputs[START]) {
        *model = kit_sight_model(job->inputs[START]);
        return models->retain(self->nn.model.self, *model, err);
    }
    imp_status st = inv_learn_gain(l, job, &gain, err);
    if (st != IMP_OK)
        return st;
    char *text = inv_mirror_text(path, kit_sight_name(l->sight, l->node), l->sight->channels,
                                 p[WIDTH].f, gain);
    st = text ? trains->build(self->nn.train.self, text, l->seed, model, err)
              : imp_fail(err, IMP_E_MEMORY, "no memory for the decoder's architecture");
    free(text);
    return st;
}

/* The model with the network's answer in its meta instead of it (inv_encoder.h). */
static imp_status sign(const struct inv_self *self, const struct inv_lesson *l, imp_job *job,
                       imp_nn_model **model, imp_error *err)
{
    const imp_nn_train_1 *trains = self->nn.train.table;
    imp_nn_model *with = NULL;
    char *text = NULL;
    imp_status st = inv_encoder_sign(l->sight, l->node, job, &text, err);
    if (st == IMP_OK)
        st = trains->with_meta(self->nn.train.self, *model, INV_ENCODER_KEY, text, &with, err);
    free(text);
    if (st != IMP_OK)
        return st;
    inv_release(self, *model);
    *model = with;
    return IMP_OK;
}

static imp_status table_of(imp_job *job, const struct inv_learnt *t)
{
    static const imp_column columns[] = {
        {"step", NULL, IMP_INT, 0},       {"rate", NULL, IMP_FLOAT, 0},
        {"loss", NULL, IMP_FLOAT, 0},     {"pixels", NULL, IMP_FLOAT, 0},
        {"features", NULL, IMP_FLOAT, 0}, {"psnr", "dB", IMP_FLOAT, 0},
        {"test_psnr", "dB", IMP_FLOAT, 0}};
    imp_table *table = job->new_table(job, sizeof columns / sizeof *columns, columns);
    imp_status st = table ? IMP_OK : IMP_E_MEMORY;
    for (uint64_t i = 0; i < t->count && st == IMP_OK; i++) {
        const struct inv_row *r = &t->rows[i];
        const imp_cell cells[] = {{.i = (int64_t)r->step}, {.f = r->rate},     {.f = r->loss},
                                  {.f = r->pixels},        {.f = r->features}, {.f = r->psnr},
                                  {.f = r->test_psnr}};
        st = job->add_row(job, table, cells);
    }
    return st == IMP_OK ? job->set_output(job, HISTORY, &table->head) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const struct inv_self *self = instance;
    struct inv_lesson l;
    struct inv_learnt learnt;
    struct inv_path path;
    kit_sight sight;
    imp_nn_model *decoder = NULL;
    imp_status st = kit_sight_open(&sight, &self->nn, kit_sight_model(job->inputs[NET]), err);
    if (st == IMP_OK)
        st = lesson_of(self, job->params, &sight, kit_dataset_of(job->inputs[TRAIN]),
                       kit_dataset_of(job->inputs[TEST]), &l, &path, err);
    if (st == IMP_OK)
        st = build(self, job->params, &l, &path, job, &decoder, err);
    if (st == IMP_OK)
        st = inv_learn_decoder(&l, decoder, job, &learnt, err);
    inv_release(self, decoder);
    if (st != IMP_OK)
        return st;
    const imp_nn_model_1 *models = self->nn.model.table;
    imp_object *out = NULL;
    st = sign(self, &l, job, &learnt.model, err);
    if (st == IMP_OK)
        st = models->object(self->nn.model.self, learnt.model, job, &out, err);
    else
        inv_release(self, learnt.model);
    if (st == IMP_OK)
        st = job->set_output(job, DECODER, &out->head);
    if (st == IMP_OK)
        st = table_of(job, &learnt);
    free(learnt.rows);
    return st;
}

/* ---- planning ---- */

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct inv_self *self = instance;
    const imp_cell *p = self->params;
    imp_nn_model *model = kit_sight_planned(plan, NET);
    const imp_dataset *train = kit_dataset_planned(plan, TRAIN);
    kit_error e;
    struct inv_lesson l;
    struct inv_path path;
    kit_sight sight;
    (void)err;
    if (!model)
        return IMP_OK;
    if (kit_sight_open(&sight, &self->nn, model, kit_error_init(&e)) != IMP_OK) {
        plan->mistake(plan, -1, NET, NULL, e.text, NULL);
        return IMP_OK;
    }
    if (!kit_sight_check(plan, &self->nn, model, LAYER, &p[LAYER]) || !train)
        return IMP_OK;
    if (lesson_of(self, p, &sight, train, kit_dataset_planned(plan, TEST), &l, &path, &e.as) !=
        IMP_OK) {
        plan->mistake(plan, e.as.param, e.as.port, NULL, e.text, NULL);
        return IMP_OK;
    }
    const double macs = kit_sight_macs(&sight, train->width, train->height);
    plan->bytes = 4 * l.batch * kit_sight_bytes(&sight, l.node, train->width, train->height, 0);
    plan->least_bytes = plan->bytes;
    plan->macs = 7 * macs * (double)l.batch * (double)l.steps;
    return IMP_OK;
}

const imp_filter inv_learn = {
    INV_FILTER,
    .id = "invert.learn",
    .summary = "Train a network that turns a layer's codes back into pictures at once.",
    .help = "The decoder mirrors the network: its convolutions and poolings up to the layer in "
            "reverse, "
            "poolings as enlargements. It learns to give the pictures back, and pictures whose "
            "codes are those "
            "it was given. net.save writes it; invert.fast uses it, a thousand times faster than "
            "invert. "
            "Energies rearranged much lie outside of what it has seen: let invert refine those.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
    .plan = plan,
};
