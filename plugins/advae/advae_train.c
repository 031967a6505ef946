/* advae_train.c - the filter advae.train: networks that make faces from drawings, attributes and
 * styles. */
#include "advae.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    ATTRIBUTES,
    SHOWN,
    LATENT,
    MAPS,
    JUDGE_STEPS,
    VAE_STEPS,
    SYNTH_STEPS,
    BATCH,
    RATE,
    BETA,
    LAMBDA,
    DISENTANGLE,
    REMOVAL,
    ERASE,
    STAGE2,
    PIXELS,
    FEATURES,
    LAYERS_KEY,
    CONTROL,
    CONTOUR,
    PATCHES,
    STAY,
    FORM,
    GAPS,
    SEED,
    EVERY,
    KEEP
};
enum { TRAIN, TEST, LOOK, JUDGE, START };
enum { MODEL, JUDGE_OUT, HISTORY, SHEET };

#define STEPS(name, text, n)                                                                       \
    {                                                                                              \
        .key = name, .type = IMP_INT, .def = n, .min = 0, .max = 100000000, .help = text           \
    }
#define WEIGHT(name, text, w)                                                                      \
    {                                                                                              \
        .key = name, .type = IMP_FLOAT, .def = w, .min = 0, .max = 1e6, .help = text               \
    }

static const imp_param params[] = {
    [ATTRIBUTES] = {.key = "attributes",
                    .type = IMP_NAMES,
                    .help = "The data set's attributes that are to be under control, each "
                            "`glasses`, or hair=hair_color to give it another name, or "
                            "hair=black:Black_Hair|blond:Blond_Hair to make a choice of several "
                            "that say yes or no. Left out: all."},
    [SHOWN] = {.key = "shown",
               .type = IMP_NAMES,
               .help = "Those of them that drawings show, `glasses`, or glasses=drawing:all|face "
                       "where only those "
                       "samples' drawings do whose attribute `drawing` is so: where nothing is "
                       "asked, the drawing says. "
                       "Left out: none."},
    [LATENT] = {.key = "latent",
                .type = IMP_INT,
                .def = 64,
                .min = 2,
                .max = 1024,
                .help = "Numbers of the code that holds what attributes and drawing do not say."},
    [MAPS] = {.key = "maps",
              .type = IMP_FLOAT,
              .def = 1,
              .min = 0.05,
              .max = 8,
              .help = "Maps of all networks, as a factor of 24 to 128 a layer."},
    [JUDGE_STEPS] = STEPS(
        "judge_steps",
        "Batches of the first stage: a judge learns attributes and lines, for the figures of the "
        "history and for `control` and `contour`. 0 with a judge on `in.judge`.",
        1000),
    [VAE_STEPS] =
        STEPS("vae_steps", "Batches of the second: the code without the attributes.", 5000),
    [SYNTH_STEPS] = STEPS("synth_steps", "Batches of the third: photos from drawings.", 10000),
    [BATCH] = {.key = "batch",
               .type = IMP_INT,
               .def = 8,
               .min = 2,
               .max = 4096,
               .help = "Samples in a step."},
    [RATE] = {.key = "rate",
              .type = IMP_FLOAT,
              .def = 0.0005,
              .min = 1e-9,
              .max = 1,
              .help = "The highest learning rate (Adam); in each stage it rises, then falls along "
                      "half a wave to a "
                      "twentieth. The judge learns twice as fast."},
    [BETA] = WEIGHT("beta", "Weight of the code's distance from the normal distribution.", 1),
    [LAMBDA] = WEIGHT(
        "lambda",
        "Weight of removing attributes from the code; it rises from 0 over a third of the stage.",
        20),
    [DISENTANGLE] = {.key = "disentangle",
                     .type = IMP_CHOICE,
                     .choices = "adversary|cvae|none|split|cycle",
                     .def_text = "adversary",
                     .help = "adversary: an adversary removes attributes from the code; cvae: they "
                             "are given beside "
                             "it, and nothing removes them; none: a plain autoencoder; split: "
                             "numbers of the code of their own learn to tell them, "
                             "the adversary guesses from the rest; cycle: as adversary, and the "
                             "code of the picture with other attributes is to be the same."},
    [REMOVAL] = {.key = "removal",
                 .type = IMP_CHOICE,
                 .choices = "entropy|flip",
                 .def_text = "entropy",
                 .help = "What the adversary is to believe: entropy, all answers alike; flip, "
                         "anything but the truth, "
                         "which leaks once it is fooled."},
    [ERASE] = {.key = "erase",
               .type = IMP_BOOL,
               .def = 1,
               .help = "Between the second and the third stage, what a linear function of the code "
                       "still tells of "
                       "attributes is taken out of it (least-squares concept erasure); where an "
                       "adversary removes, only."},
    [STAGE2] = {.key = "stage2",
                .type = IMP_CHOICE,
                .choices = "from_G|fresh|through_G",
                .def_text = "from_G",
                .help = "Where photos from drawings start: from the generator of the second stage; "
                        "from nothing; or "
                        "through it, as it is, and only what reads the drawing learns."},
    [PIXELS] = WEIGHT("pixels", "Weight of the mean distance of pixels, in the third stage.", 10),
    [FEATURES] = WEIGHT("features",
                        "Weight of the relative distance of features, when `in.look` is wired.", 2),
    [LAYERS_KEY] = {.key = "layers",
                    .type = IMP_NAMES,
                    .def_text = "relu1_1 relu2_1",
                    .help = "Layers of `in.look` whose features count."},
    [CONTROL] = WEIGHT("control",
                       "Weight of the judge's answers on photos with other attributes; above 0 a "
                       "third of the third "
                       "stage's batches are such, which nobody took. Codes without attributes make "
                       "it needless, and what pleases a judge is "
                       "seldom a photo.",
                       0),
    [CONTOUR] = WEIGHT("contour", "Weight of their lines against those of the drawing.", 0),
    [PATCHES] = WEIGHT(
        "patches", "Weight of an adversary that tells made patches from real ones; 0: none.", 0.5),
    [STAY] =
        WEIGHT("stay",
               "Weight of what attributes do not reach: above 0 every third batch of the third "
               "stage has drawn attributes, half of it in the style of another photo, and is "
               "to be like the style's photo wherever photos tell nothing of attributes, the "
               "background mostly.",
               0),
    [FORM] = WEIGHT(
        "form",
        "Weight of a face's form under another style: above 0 every sixth batch of the third "
        "stage is in the style of another photo, and the features of `look` are to "
        "correlate with its own photo's where attributes reach; 0: none.",
        0),
    [GAPS] = {.key = "gaps",
              .type = IMP_FLOAT,
              .def = 0.06,
              .min = 0,
              .max = 0.5,
              .help = "Share of a drawing's strokes that is wiped out while learning, about, so "
                      "that drawings by hand work."},
    [SEED] = {.key = "seed",
              .type = IMP_INT,
              .def = 1,
              .min = 0,
              .max = 1000000000,
              .help = "Of first weights, orders and all that is drawn."},
    [EVERY] =
        {.key = "every",
         .unit = "steps",
         .type = IMP_INT,
         .def = 250,
         .min = 1,
         .max = 100000000,
         .help =
             "Steps between rows of the history, each with a test and a sheet for the preview."},
    [KEEP] = {.key = "keep",
              .unit = "s",
              .type = IMP_FLOAT,
              .def = 60,
              .min = 0,
              .max = 86400,
              .help = "A checkpoint this often, from which a run that was stopped goes on to the "
                      "same bytes; 0: none."},
};
static const imp_port inputs[] = {
    {.name = "train",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .help =
         "Faces: square colour photos of 32, 64, 128 or 256 px with line drawings and attributes."},
    {.name = "test",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "Faces to test on while training; the first 64 are taken."},
    {.name = "look",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A network whose features say what looks alike, texel for instance. Left out: pixels "
             "alone."},
    {.name = "judge",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A judge of an earlier advae.train, for the same attributes and size."},
    {.name = "start",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A model of an earlier advae.train to go on from, visage for instance, also one for "
             "other attributes: what fits is "
             "taken over."},
};
static const imp_port outputs[] = {
    {.name = "model",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .help = "Encoder and generator in one, for advae.synth, advae.measure and net.save."},
    {.name = "judge",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "What tells attributes and lines of photos. Trained with another seed on other faces "
             "it is an "
             "independent judge for advae.measure."},
    {.name = "history",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A row each `every` steps: stage, step, losses, psnr, leak of the code above "
             "guessing, accuracy of "
             "attributes by the judge."},
    {.name = "sheet",
     .kind = IMP_IMAGE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "Of eight test samples the drawing, the photo, the photo made again, and one with "
             "other attributes and "
             "style."},
};

static void note(void *user, const char *line)
{
    const imp_host *host = user;
    host->log(host, IMP_LOG_INFO, line);
}

/* ---- what does not fit ---- */

static imp_status fits(const imp_dataset *d, const imp_dataset *like, imp_error *err)
{
    if (d->channels != 3 || d->width != d->height || d->width < 32 || d->width > 256 ||
        (d->width & (d->width - 1)))
        return imp_fail(err, IMP_E_INPUT,
                        "faces are square, in colour, of 32, 64, 128 or 256 px; these are %u x %u "
                        "with %u channels",
                        d->width, d->height, d->channels);
    if (!(d->flags & IMP_DATASET_LINES))
        return imp_fail(err, IMP_E_INPUT,
                        "the data set has no line drawings (data.csv: lines = drawn makes them "
                        "from the photos)");
    if (like && (d->width != like->width || d->attribute_count != like->attribute_count))
        return imp_fail(err, IMP_E_INPUT,
                        "test faces must have the size and attributes of those to learn from");
    return IMP_OK;
}

static imp_status fits_batch(const imp_dataset *d, uint32_t batch, imp_error *err)
{
    return d->count >= batch
               ? IMP_OK
               : imp_fail(err, IMP_E_PARAM, "the data set has %llu faces, fewer than a batch of %u",
                          (unsigned long long)d->count, batch);
}

/* The judge given must speak of the same. */
static imp_status fits_judge(const kit_nn *nn, const imp_nn_model *judge, const struct av_traits *t,
                             imp_error *err)
{
    const imp_nn_model_1 *models = nn->model.table;
    const char *text = NULL;
    char *mine = malloc(AV_LINE);
    if (!mine)
        return imp_fail(err, IMP_E_MEMORY, "no memory for attributes");
    av_traits_write(t, mine);
    const bool same = models->meta(nn->model.self, judge, "attributes", &text, NULL) == IMP_OK &&
                      text && !strcmp(text, mine);
    free(mine);
    return same ? IMP_OK
                : imp_fail(err, IMP_E_INPUT, "this judge was trained for other attributes: %.200s",
                           text ? text : "none");
}

static imp_status plan_of(const struct av_self *self, const imp_cell *p, const imp_dataset *train,
                          const imp_dataset *test, imp_nn_model *judge, struct av_traits *traits,
                          struct av_plan *plan, imp_error *err)
{
    union {
        const imp_host *in;
        void *out;
    } host = {.in = self->host};
    *plan = (struct av_plan){
        .nn = &self->nn,
        .traits = traits,
        .train = train,
        .test = test,
        .judge = judge,
        .steps = {(uint64_t)p[JUDGE_STEPS].i, (uint64_t)p[VAE_STEPS].i, (uint64_t)p[SYNTH_STEPS].i},
        .every = (uint64_t)p[EVERY].i,
        .seed = (uint64_t)p[SEED].i,
        .batch = (uint32_t)p[BATCH].i,
        .latent = (uint32_t)p[LATENT].i,
        .way = (uint32_t)p[DISENTANGLE].i,
        .removal = p[REMOVAL].i ? AV_FLIP : AV_ENTROPY,
        .start = (uint32_t)p[STAGE2].i,
        .erase = (uint32_t)p[ERASE].i,
        .maps = p[MAPS].f,
        .rate = p[RATE].f,
        .beta = p[BETA].f,
        .lambda = p[LAMBDA].f,
        .pixels = p[PIXELS].f,
        .features = p[FEATURES].f,
        .control = p[CONTROL].f,
        .contour = p[CONTOUR].f,
        .patches = p[PATCHES].f,
        .stay = p[STAY].f,
        .form = p[FORM].f,
        .gaps = p[GAPS].f,
        .keep_seconds = p[KEEP].f,
        .note = note,
        .note_user = host.out};
    imp_status st = kit_blame(err, -1, TRAIN, fits(train, NULL, err));
    if (st == IMP_OK && test)
        st = kit_blame(err, -1, TEST, fits(test, train, err));
    if (st == IMP_OK)
        st = kit_blame(err, BATCH, -1, fits_batch(train, plan->batch, err));
    if (st == IMP_OK)
        st = kit_blame(
            err, ATTRIBUTES, -1,
            av_traits_of(train, p[ATTRIBUTES].w.ptr, p[ATTRIBUTES].w.count, traits, NULL, err));
    if (st == IMP_OK)
        st = kit_blame(err, SHOWN, -1,
                       av_traits_show(traits, train, p[SHOWN].w.ptr, p[SHOWN].w.count, err));
    if (st == IMP_OK && plan->way == AV_SPLIT && traits->width >= plan->latent)
        st = kit_blame(err, LATENT, -1,
                       imp_fail(err, IMP_E_PARAM,
                                "split wants a code of more than the %u numbers of the attributes",
                                traits->width));
    if (st == IMP_OK && judge)
        plan->steps[AV_JUDGING] = 0,
        st = kit_blame(err, -1, JUDGE, fits_judge(&self->nn, judge, traits, err));
    if (st == IMP_OK && !judge && !plan->steps[AV_JUDGING] && plan->control + plan->contour > 0 &&
        plan->steps[AV_DRAWING])
        st = kit_blame(err, JUDGE_STEPS, -1,
                       imp_fail(err, IMP_E_PARAM,
                                "a judge that never learnt cannot guide: give it steps or wire "
                                "in.judge, or set control "
                                "and contour to 0"));
    return st;
}

/* The network that looks, and its layers. */
static imp_status sight_of(const struct av_self *self, const imp_cell *p, imp_nn_model *look,
                           kit_sight *sight, struct av_plan *plan, imp_error *err)
{
    if (!look || !(p[FEATURES].f > 0))
        return IMP_OK;
    if (p[LAYERS_KEY].w.count > AV_LAYERS || !p[LAYERS_KEY].w.count)
        return kit_blame(err, LAYERS_KEY, -1,
                         imp_fail(err, IMP_E_PARAM, "1 to %d layers", AV_LAYERS));
    imp_status st = kit_blame(err, -1, LOOK, kit_sight_open(sight, &self->nn, look, err));
    if (st == IMP_OK && sight->channels != 3)
        st = kit_blame(err, -1, LOOK,
                       imp_fail(err, IMP_E_INPUT, "this network looks at grey pictures"));
    if (st == IMP_OK)
        st = kit_blame(
            err, LAYERS_KEY, -1,
            kit_sight_find(sight, p[LAYERS_KEY].w.ptr, p[LAYERS_KEY].w.count, plan->layers, err));
    if (st == IMP_OK)
        plan->sight = sight, plan->layer_count = (uint32_t)p[LAYERS_KEY].w.count;
    return st;
}

/* An attribute that is the same for all faces teaches nothing. */
static imp_status varied(const struct av_plan *p, imp_error *err)
{
    const imp_dataset *d = p->train;
    const struct av_traits *t = p->traits;
    double *now = calloc(d->attribute_count, sizeof *now);
    float *first = calloc(t->width, sizeof *first), *y = calloc(t->width, sizeof *y),
          known[AV_TRAITS];
    bool seen[AV_TRAITS] = {false}, varies[AV_TRAITS] = {false};
    imp_status st =
        first && y && now ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for attributes");
    for (uint64_t i = 0; i < d->count && st == IMP_OK; i++) {
        imp_sample s = {sizeof s, UINT32_MAX, NULL, NULL, now};
        st = d->read(d, i, &s, err);
        if (st == IMP_OK)
            av_traits_encode(t, now, y, known);
        for (uint32_t k = 0; k < t->count && st == IMP_OK; k++) {
            const struct av_trait *a = &t->all[k];
            if (known[k] > 0 && !seen[k])
                seen[k] = true, memcpy(first + a->at, y + a->at, a->width * sizeof *y);
            else if (known[k] > 0 && memcmp(first + a->at, y + a->at, a->width * sizeof *y) != 0)
                varies[k] = true;
        }
    }
    for (uint32_t k = 0; k < t->count && st == IMP_OK; k++)
        if (!varies[k])
            st = kit_blame(err, ATTRIBUTES, -1,
                           imp_fail(err, IMP_E_INPUT,
                                    "attribute '%s' never varies: name the others in `attributes`",
                                    t->all[k].name));
    free(first), free(y), free(now);
    return st;
}

/* ---- what comes out ---- */

static imp_status table_of(imp_job *job, const struct av_trained *t)
{
    static const char *const stages[] = {"judge", "vae", "synth"};
    static const imp_column columns[] = {
        {"stage", NULL, IMP_TEXT, 0},     {"step", NULL, IMP_INT, 0},
        {"rate", NULL, IMP_FLOAT, 0},     {"pixels", NULL, IMP_FLOAT, 0},
        {"features", NULL, IMP_FLOAT, 0}, {"kl", NULL, IMP_FLOAT, 0},
        {"guess", NULL, IMP_FLOAT, 0},    {"removal", NULL, IMP_FLOAT, 0},
        {"control", NULL, IMP_FLOAT, 0},  {"contour", NULL, IMP_FLOAT, 0},
        {"patches", NULL, IMP_FLOAT, 0},  {"stay", NULL, IMP_FLOAT, 0},
        {"form", NULL, IMP_FLOAT, 0},     {"psnr", "dB", IMP_FLOAT, 0},
        {"leak", NULL, IMP_FLOAT, 0},     {"accuracy", NULL, IMP_FLOAT, 0}};
    imp_table *table = job->new_table(job, sizeof columns / sizeof *columns, columns);
    imp_status st = table ? IMP_OK : IMP_E_MEMORY;
    for (uint64_t i = 0; i < t->count && st == IMP_OK; i++) {
        const struct av_row *r = &t->rows[i];
        const char *stage = stages[r->stage];
        imp_cell cells[16] = {
            {.s = {stage, strlen(stage)}}, {.i = (int64_t)r->step}, {.f = r->rate}};
        for (uint32_t k = 0; k < AV_FIGURES; k++)
            cells[3 + k].f = r->figures[k];
        cells[3 + AV_FIGURES].f = r->psnr, cells[4 + AV_FIGURES].f = r->leak;
        cells[5 + AV_FIGURES].f = r->accuracy;
        st = job->add_row(job, table, cells);
    }
    return st == IMP_OK ? job->set_output(job, HISTORY, &table->head) : st;
}

static imp_status hand_out(const struct av_self *self, imp_job *job, struct av_trained *t,
                           imp_error *err)
{
    const imp_nn_model_1 *models = self->nn.model.table;
    imp_nn_model *const made[] = {t->model, t->judge};
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < 2; i++) {
        imp_object *object = NULL;
        const imp_status one = models->object(self->nn.model.self, made[i], job, &object, err);
        if (st == IMP_OK)
            st = one;
        if (st == IMP_OK)
            st = job->set_output(job, MODEL + i, &object->head);
    }
    if (st == IMP_OK)
        st = table_of(job, t);
    if (st == IMP_OK && t->sheet) {
        imp_image *m = job->new_image(job, t->sheet->width, t->sheet->height, 3, IMP_SRGB);
        st = m ? IMP_OK : IMP_E_MEMORY;
        if (m)
            kit_copy(t->sheet, m), st = job->set_output(job, SHEET, &m->head);
    }
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const struct av_self *self = instance;
    struct av_traits *traits = calloc(1, sizeof *traits);
    struct av_plan plan;
    struct av_trained trained;
    kit_sight sight;
    if (!traits)
        return imp_fail(err, IMP_E_MEMORY, "no memory for attributes");
    imp_status st = plan_of(self, job->params, kit_dataset_of(job->inputs[TRAIN]),
                            kit_dataset_of(job->inputs[TEST]), kit_sight_model(job->inputs[JUDGE]),
                            traits, &plan, err);
    if (st == IMP_OK)
        st = sight_of(self, job->params, kit_sight_model(job->inputs[LOOK]), &sight, &plan, err);
    plan.begin = job->input_count > START ? kit_sight_model(job->inputs[START]) : NULL;
    if (st == IMP_OK)
        st = varied(&plan, err);
    if (st == IMP_OK && (st = av_train_faces(&plan, job, &trained, err)) == IMP_OK) {
        st = hand_out(self, job, &trained, err);
        free(trained.rows);
        kit_image_free(trained.sheet);
    }
    free(traits);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct av_self *self = instance;
    const imp_dataset *train = kit_dataset_planned(plan, TRAIN);
    struct av_traits *traits = calloc(1, sizeof *traits);
    struct av_plan p;
    kit_sight sight;
    kit_error e;
    (void)kit_error_init(&e);
    (void)err;
    if (!traits)
        return IMP_E_MEMORY;
    imp_nn_model *look = kit_sight_planned(plan, LOOK);
    imp_status st = train ? plan_of(self, self->params, train, kit_dataset_planned(plan, TEST),
                                    kit_sight_planned(plan, JUDGE), traits, &p, &e.as)
                          : IMP_OK;
    if (st == IMP_OK && look)
        st = sight_of(self, self->params, look, &sight, &p, &e.as);
    if (st != IMP_OK)
        plan->mistake(plan, e.as.param, e.as.port, NULL, e.text, NULL);
    else if (train)
        plan->bytes = plan->least_bytes = av_train_bytes(&p), plan->macs = av_train_macs(&p);
    free(traits);
    return IMP_OK;
}

const imp_filter av_filter_train = {
    AV_FILTER,
    .id = "advae.train",
    .summary =
        "Train networks that turn line drawings into face photos with attributes under control.",
    .help = "An attribute-disentangled variational autoencoder learns a code of each photo that "
            "says nothing of the "
            "attributes under control; then a generator learns photos from line drawing, code and "
            "attributes, so that "
            "at use a style photo gives background and light, the drawing the face, and attributes "
            "what was asked. "
            "net.save writes it; advae.synth uses it.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
    .plan = plan,
};
