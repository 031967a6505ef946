/* prune.c - the filter prune: a network becomes thinner, step by step, as far as its performance
 * allows. */
#include "pruning.h"
#include "filters_pruner.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PERFORMANCE,
    LAYERS,
    TOLERANCE,
    LEAST,
    CRITERION,
    UNBIAS,
    PER,
    ORDER,
    STEP,
    SCHEDULE,
    FLOOR,
    LAYER_SHARE,
    SAMPLES,
    STEPS,
    KEEP_PARAMS,
    KEEP_MACS,
    KEEP_MS,
    EPOCHS,
    RATE,
    RESCUE,
    FINISH,
    FINISH_RATE,
    BATCH,
    MOMENTUM,
    DECAY,
    CLIP,
    DISTIL,
    FLIP,
    CROP,
    SHIFT,
    LOSS,
    TARGET,
    SEED,
    SAVE
};
enum { NET, TRAIN, TEST, HELD };
enum { THIN, HISTORY, WIDTHS, UNITS, ANSWERS };

static const imp_param params[] = {
    {.key = "performance",
     .type = IMP_CHOICE,
     .choices = PR_PERFORMANCE,
     .def_text = "accuracy",
     .help = "What must hold. accuracy: of classes. loss: of `loss` and `target`. codes: what "
             "named layers say of the "
             "pictures stays as it was (relative squared error); no labels are needed."},
    {.key = "layers",
     .type = IMP_NAMES,
     .def_text = "",
     .help = "codes: the layers whose codes hold, `relu3_1 relu4_1`."},
    {.key = "tolerance",
     .type = IMP_FLOAT,
     .def = 0.005,
     .min = 0,
     .max = 1000,
     .help = "By how much the error may rise: 0.005 is half a point of accuracy. loss, codes: in "
             "their own units; 0.05 "
             "of codes is a good start."},
    {.key = "least",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1,
     .help = "Accuracy that the network must have before anything is pruned; 0: any."},
    {.key = "criterion",
     .type = IMP_CHOICE,
     .choices = PR_CRITERIA,
     .def_text = "taylor",
     .help =
         "What a unit matters. taylor: how the loss changes without it, by first order. act: "
         "mean of its values. "
         "apoz: how often it is not 0. l1, l1_fanin: its weights. contrib: values times the "
         "weights that read them. "
         "random: for comparisons. oracle: each unit is left out once, and the loss measured: the "
         "truth of one unit, slow."},
    {.key = "unbias",
     .type = IMP_CHOICE,
     .choices = "auto|" PR_UNBIAS,
     .def_text = "auto",
     .help =
         "How scores of different layers are made comparable: divided by the layer's mean, "
         "norm or largest; z: "
         "distance from the mean in deviations; none; places: multiplied by the places of the "
         "layer's maps, which sees a layer that is of no use as a whole. auto: places for taylor "
         "and taylor_mean, mean for others."},
    {.key = "per",
     .type = IMP_CHOICE,
     .choices = PR_PERS,
     .def_text = "unit",
     .help = "Scores are divided by what a unit costs: nothing, parameters, multiply-accumulates, "
             "or measured time (whose "
             "choice is not repeatable)."},
    {.key = "order",
     .type = IMP_CHOICE,
     .choices = PR_ORDERS,
     .def_text = "global",
     .help = "global: the weakest of all layers go. For comparisons: uniform, the same share of "
             "each layer; forward, "
             "layer after layer from the first; redundant, the most redundant layer first."},
    {.key = "step",
     .type = IMP_FLOAT,
     .def = 0.02,
     .min = 0.0001,
     .max = 0.99,
     .help = "Share of the units left that goes in a step; cubic: share of all units that is gone "
             "at the end."},
    {.key = "schedule",
     .type = IMP_CHOICE,
     .choices = "constant|cubic",
     .def_text = "constant",
     .help = "cubic: many at first, few at last, over `steps` steps."},
    {.key = "floor",
     .type = IMP_FLOAT,
     .def = 0.02,
     .min = 0,
     .max = 1,
     .help = "Share of its units that a layer keeps; one always stays."},
    {.key = "layer_share",
     .type = IMP_FLOAT,
     .def = 0.5,
     .min = 0,
     .max = 1,
     .help = "forward, redundant: the share of its units that a layer loses before the next one's "
             "turn."},
    {.key = "samples",
     .type = IMP_INT,
     .def = 1000,
     .min = 1,
     .max = 1e8,
     .help = "Samples that scores are computed from, anew in each step."},
    {.key = "steps",
     .type = IMP_INT,
     .def = 0,
     .min = 0,
     .max = 100000,
     .help = "Stop after so many steps; 0: by the other limits."},
    {.key = "keep_parameters",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1,
     .help = "Stop when at most this share of the parameters is left; 0: never."},
    {.key = "keep_macs",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1,
     .help = "Stop when at most this share of the multiply-accumulates is left; 0: never."},
    {.key = "keep_ms",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1,
     .help = "Stop when a forward pass takes at most this share of its time; 0: never. Times "
             "differ from run to run, so does the result."},
    {.key = "epochs",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 1000,
     .help = "Fine-tuning after each step."},
    {.key = "rate",
     .type = IMP_FLOAT,
     .def = 0.001,
     .min = 0,
     .max = 1000,
     .help = "Its learning rate: the last of the network's training, for instance."},
    {.key = "rescue",
     .type = IMP_INT,
     .def = 3,
     .min = 0,
     .max = 1000,
     .help = "Epochs more for a step that lost too much; then it is given up."},
    {.key = "finish",
     .type = IMP_INT,
     .def = 20,
     .min = 0,
     .max = 10000,
     .help = "Epochs of fine-tuning of the result, the rate falling to 0."},
    {.key = "finish_rate",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1000,
     .help = "Rate at its beginning; 0: as rate."},
    {.key = "batch",
     .type = IMP_INT,
     .def = 64,
     .min = 1,
     .max = 65536,
     .help = "Samples in a step of fine-tuning."},
    {.key = "momentum",
     .type = IMP_FLOAT,
     .def = 0.9,
     .min = 0,
     .max = 0.99999,
     .help = "Of gradient descent; what stays after a cut goes on with its own."},
    {.key = "weight_decay",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1,
     .help = "As net.train."},
    {.key = "clip",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1e9,
     .help = "A gradient longer than this is shortened to it; 0: never."},
    {.key = "distil",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1,
     .help = "Share of fine-tuning's loss that asks for what the network answered before it was "
             "pruned, all classes of it (softmax at temperature 4), instead of for labels: a help "
             "where samples are few. 0: labels alone. With cross-entropy."},
    {.key = "flip", .type = IMP_BOOL, .def = 0, .help = "Augmentation, as net.train."},
    {.key = "crop",
     .unit = "px",
     .type = IMP_INT,
     .def = 0,
     .min = 0,
     .max = 1024,
     .help = "Augmentation, as net.train."},
    {.key = "shift",
     .unit = "px",
     .type = IMP_FLOAT,
     .def = 0,
     .min = 0,
     .max = 1024,
     .help = "Augmentation, as net.train."},
    {.key = "loss",
     .type = IMP_CHOICE,
     .choices = "cross-entropy|mse",
     .def_text = "cross-entropy",
     .help = "accuracy, loss: what fine-tuning makes small, as net.train."},
    {.key = "target",
     .type = IMP_CHOICE,
     .choices = "class|attributes|picture",
     .def_text = "class",
     .help = "loss: what the network learnt, as net.train."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 2147483647,
     .help = "Order of samples, augmentation, random scores."},
    {.key = "save",
     .type = IMP_PATH,
     .flags = IMP_PARAM_WRITTEN,
     .def_text = "",
     .help = "A folder for the network of each step, `steps/`: any of them can be loaded again."},
};
static const imp_port inputs[] = {
    {.name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE, .help = "The trained network."},
    {.name = "train",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .help = "Samples for scores and fine-tuning; for codes, any pictures."},
    {.name = "test",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "Samples that the performance is measured on; those of train, when left out."},
    {.name = "held",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "accuracy: samples that decide nothing, read once, at the end, for `answers`."},
};
static const imp_port outputs[] = {
    {.name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE, .help = "The thinner network."},
    {.name = "history",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "step, units, parameters, macs, ms, error before and after fine-tuning, widths: a row "
             "a step."},
    {.name = "widths",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "layer, before, after, and why it was left alone."},
    {.name = "units",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "layer, unit, score and unbiased score at first, the step at which it went."},
    {.name = "answers",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "sample, class, and the network's answers before and after: a row for each of held."},
};

struct instance {
    const imp_host *host;
    const imp_cell *params;
    kit_nn nn;
};

static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *cells,
                         void **instance, imp_error *err) IMP_NX
{
    struct instance *self = calloc(1, sizeof *self);
    (void)filter;
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    self->host = host, self->params = cells;
    const imp_status st = kit_nn_open(
        &self->nn, host, KIT_NN_MODEL | KIT_NN_GRAD | KIT_NN_TRAIN | KIT_NN_EDIT, 0, err);
    if (st == IMP_OK)
        *instance = self;
    else
        free(self);
    return st;
}

static void destroy(void *instance) IMP_NX
{
    struct instance *self = instance;
    if (self)
        kit_nn_close(&self->nn, self->host);
    free(self);
}

/* ---- the preset's keys ---- */

static uint32_t unbias_of(const imp_cell *p)
{
    if (p[UNBIAS].i)
        return (uint32_t)p[UNBIAS].i - 1;
    return pr_needs_gradient((uint32_t)p[CRITERION].i) ? PR_PLACES : PR_MEAN;
}

static struct pr_options options_of(const imp_cell *p)
{
    const bool codes = p[PERFORMANCE].i == PR_CODES;
    return (struct pr_options){
        .performance = (uint32_t)p[PERFORMANCE].i,
        .criterion = (uint32_t)p[CRITERION].i,
        .unbias = unbias_of(p),
        .per = (uint32_t)p[PER].i,
        .order = (uint32_t)p[ORDER].i,
        .step = p[STEP].f,
        .floor = p[FLOOR].f,
        .tolerance = p[TOLERANCE].f,
        .least = p[LEAST].f,
        .steps = (uint32_t)p[STEPS].i,
        .samples = (uint32_t)p[SAMPLES].i,
        .batch = (uint32_t)p[BATCH].i,
        .epochs = (uint32_t)p[EPOCHS].i,
        .rescue = (uint32_t)p[RESCUE].i,
        .finish = (uint32_t)p[FINISH].i,
        .cubic = p[SCHEDULE].i != 0,
        .keep_params = p[KEEP_PARAMS].f,
        .keep_macs = p[KEEP_MACS].f,
        .keep_ms = p[KEEP_MS].f,
        .layer_share = p[LAYER_SHARE].f,
        .rate = p[RATE].f,
        .momentum = p[MOMENTUM].f,
        .weight_decay = p[DECAY].f,
        .clip = p[CLIP].f,
        .distil = p[DISTIL].f,
        .finish_rate = p[FINISH_RATE].f > 0 ? p[FINISH_RATE].f : p[RATE].f,
        .seed = (uint64_t)p[SEED].i,
        .augment = {.flip = (uint32_t)p[FLIP].i, .crop = (uint32_t)p[CROP].i, .shift = p[SHIFT].f},
        .layers = &p[LAYERS],
        .loss = codes ? KIT_MSE : (uint32_t)p[LOSS].i,
        .target = codes ? KIT_TARGET_PICTURE : (uint32_t)p[TARGET].i};
}

/* PR_ACCURACY: classes without a sample cannot be judged, and the network would forget them. */
static imp_status check_classes(const imp_dataset *data, const char *which, const char *harm,
                                imp_error *err)
{
    if (!data->class_count)
        return imp_fail(err, IMP_E_INPUT,
                        "the data set (%s) has no labels, accuracy needs them: performance = codes "
                        "does without",
                        which);
    uint64_t *counts = calloc(data->class_count, sizeof *counts);
    imp_status st =
        counts ? IMP_OK
               : imp_fail(err, IMP_E_MEMORY, "no memory for %u classes", data->class_count);
    for (uint64_t i = 0; i < data->count && st == IMP_OK; i++) {
        imp_sample s = {.struct_size = sizeof s};
        st = data->read(data, i, &s, err);
        if (st == IMP_OK && s.label < data->class_count)
            counts[s.label]++;
    }
    for (uint32_t c = 0; c < data->class_count && st == IMP_OK && harm; c++)
        if (!counts[c])
            st = imp_fail(err, IMP_E_INPUT, "no sample of class %u%s%s%s in the data set (%s): %s",
                          c, data->class_names ? " '" : "",
                          data->class_names ? data->class_names[c] : "",
                          data->class_names ? "'" : "", which, harm);
    free(counts);
    return st;
}

static imp_status check_data(const struct pruning *p, const imp_dataset *test, imp_error *err)
{
    if (p->o->performance != PR_ACCURACY)
        return IMP_OK;
    imp_status st =
        check_classes(p->s.train, "train", "pruned by it, the network would forget the class", err);
    if (st == IMP_OK && test)
        st = check_classes(test, "test", "whether the network knows it could not be told", err);
    if (st == IMP_OK && p->held)
        st = check_classes(p->held, "held", NULL, err);
    return st;
}

/* ---- the whole ---- */

static imp_status give_net(const struct pruning *p, imp_job *job, imp_error *err)
{
    const imp_nn_model_1 *models = pr_models(&p->s);
    void *self = p->s.nn->model.self;
    imp_object *net = NULL;
    if (!IMP_HAS(imp_nn_model_1, models->struct_size, object) || !models->object)
        return imp_fail(err, IMP_E_MISSING,
                        "this runtime hands out no networks: a newer one is wanted");
    imp_status st = models->retain(self, p->best.model, err);
    if (st == IMP_OK)
        st = models->object(self, p->best.model, job, &net, err);
    return st == IMP_OK ? job->set_output(job, THIN, &net->head) : st;
}

static imp_status hand_out(const struct pruning *p, imp_job *job, imp_error *err)
{
    imp_table *tables[] = {pr_history_table(job, p), pr_layers_table(job, p),
                           pr_units_table(job, p), pr_answers_table(job, p)};
    imp_status st = give_net(p, job, err);
    for (uint32_t i = 0; i < 4 && st == IMP_OK; i++)
        st = tables[i] ? job->set_output(job, HISTORY + i, &tables[i]->head) : IMP_E_MEMORY;
    return st;
}

/* Why it ended; a warning where that is nobody's wish. */
static void tell_end(const imp_host *host, const struct pruning *p)
{
    char text[400];
    const bool failed = isnan(p->rows[p->row_count - 1].after), nothing = !p->best_row;
    snprintf(text, sizeof text, "%s%s", p->why,
             nothing ? ": no step kept the performance, the network is as it came" : "");
    host->log(host, failed || nothing ? IMP_LOG_WARNING : IMP_LOG_INFO, text);
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct instance *self = instance;
    const struct pr_options o = options_of(job->params);
    const char *folder = job->params[SAVE].s.ptr;
    imp_nn_model *model = kit_sight_model(job->inputs[NET]);
    const imp_dataset *train = kit_dataset_of(job->inputs[TRAIN]),
                      *test = kit_dataset_of(job->inputs[TEST]);
    struct pruning p = {.o = &o,
                        .held = kit_dataset_of(job->inputs[HELD]),
                        .folder = folder && *folder ? folder : NULL,
                        .s = {.nn = &self->nn,
                              .o = &o,
                              .train = train,
                              .test = test ? test : train,
                              .host = self->host,
                              .job = job}};
    imp_status st = check_data(&p, test, err);
    if (st == IMP_OK)
        st = pr_prune(&p, model, err);
    if (st == IMP_OK)
        st = hand_out(&p, job, err);
    if (st == IMP_OK && p.why[0])
        tell_end(self->host, &p);
    pr_pruning_close(&p);
    return st;
}

/* ---- planning ---- */

static void plan_codes(struct instance *self, imp_plan *plan, const imp_cell *p,
                       imp_nn_model *model)
{
    if (!p[LAYERS].w.count)
        plan->mistake(plan, LAYERS, -1, NULL,
                      "performance = codes wants the layers whose codes hold", NULL);
    else if (model)
        kit_sight_check(plan, &self->nn, model, LAYERS, &p[LAYERS]);
}

static void plan_task(struct instance *self, imp_plan *plan, const imp_cell *p, imp_nn_model *model,
                      const imp_dataset *data, uint32_t port)
{
    const struct pr_options o = options_of(p);
    kit_sight_samples samples;
    kit_task task = {.nn = &self->nn, .loss = o.loss, .target = o.target};
    char text[600];
    imp_error e = {sizeof e, sizeof text, text, -1, -1};
    if (o.performance == PR_ACCURACY && !data->class_count)
        plan->mistake(
            plan, -1, (int32_t)port, NULL,
            "the data set has no labels, accuracy needs them: performance = codes does without",
            NULL);
    else if (kit_sight_input(&self->nn, model, data, &samples, &task.input, &e) != IMP_OK)
        plan->mistake(plan, -1, NET, NULL, text, NULL);
    else if (o.performance != PR_CODES && kit_task_check(&task, model, data, &e) != IMP_OK)
        plan->mistake(plan, -1, (int32_t)port, NULL, text, NULL);
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    struct instance *self = instance;
    const imp_cell *p = self->params;
    imp_nn_model *model = kit_sight_planned(plan, NET);
    const imp_shape *train = plan->inputs[TRAIN],
                    *test = plan->input_count > TEST ? plan->inputs[TEST] : NULL,
                    *held = plan->input_count > HELD ? plan->inputs[HELD] : NULL;
    (void)err;
    if (p[PERFORMANCE].i == PR_CODES)
        plan_codes(self, plan, p, model);
    else if (p[LAYERS].w.count)
        plan->mistake(plan, LAYERS, -1, NULL, "layers are for performance = codes", NULL);
    if (p[PERFORMANCE].i == PR_ACCURACY && p[TARGET].i != KIT_TARGET_CLASS)
        plan->mistake(plan, TARGET, -1, NULL,
                      "accuracy is of classes: performance = loss for other targets", NULL);
    if (p[DISTIL].f > 0 && (p[PERFORMANCE].i == PR_CODES || p[LOSS].i != KIT_CROSS_ENTROPY))
        plan->mistake(plan, DISTIL, -1, NULL,
                      "distil is for classes and cross-entropy; performance = codes learns from "
                      "the network as it was anyway",
                      NULL);
    if (p[SCHEDULE].i && !p[STEPS].i)
        plan->mistake(plan, SCHEDULE, -1, NULL, "a cubic schedule wants `steps`", NULL);
    if (model && train && kit_dataset_of(train->value))
        plan_task(self, plan, p, model, kit_dataset_of(train->value), TRAIN);
    if (model && test && kit_dataset_of(test->value))
        plan_task(self, plan, p, model, kit_dataset_of(test->value), TEST);
    if (held && p[PERFORMANCE].i != PR_ACCURACY)
        plan->mistake(plan, -1, HELD, NULL, "held samples are for performance = accuracy", NULL);
    else if (model && held && kit_dataset_of(held->value))
        plan_task(self, plan, p, model, kit_dataset_of(held->value), HELD);
    return IMP_OK;
}

const imp_filter pr_filter_prune = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .params_version = 2,
    .id = "prune",
    .summary = "Make a network thinner, as far as its performance allows.",
    .help = "Each step drops a small share of units (neurons, filters) over all layers, those that "
            "matter least, "
            "physically; fine-tunes; measures. The last network whose performance held is "
            "fine-tuned once more and handed "
            "out. A run that was stopped goes on from its last step, to the same bytes.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = create,
    .destroy = destroy,
    .process = process,
    .plan = plan,
};
