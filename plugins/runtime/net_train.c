/* net_train.c - trains a network on a data set: the kit's loop, with the preset's keys. */
#include <impasto/kit_train.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "net.h"

enum {
    EPOCHS, BATCH, LOSS, TARGET, SMOOTHING, RESTORE, RESTORE_WEIGHT,
    OPTIMISER, RATE, MOMENTUM, BETA2, EPSILON, DECAY, DECAYS, CLIP,
    SCHEDULE, WARM_UP, LAST, DROPS, FACTOR, FLIP, CROP, SHIFT, FILL, SHUFFLE, SEED, STEPS, EVERY,
    PATIENCE, BEST, KEEP
};
enum { NET, TRAIN, TEST };
enum { TRAINED, HISTORY };
enum { MOST_NAMES = 1 << 16 /* bytes of names of classes that go into the model */ };

static const imp_param params[] = {
    {.key = "epochs", .type = IMP_INT, .def = 10, .min = 1, .max = 100000,
     .help = "How often every sample is seen."},
    {.key = "batch", .type = IMP_INT, .def = 64, .min = 1, .max = 65536,
     .help = "Samples in a step. Half of it needs half of the memory."},
    {.key = "loss", .type = IMP_CHOICE, .choices = "cross-entropy|mse", .def_text = "cross-entropy",
     .help = "What is made small. cross-entropy: for classes; a softmax at the end of the network is "
             "left to it. mse: the mean of squared differences."},
    {.key = "target", .type = IMP_CHOICE, .choices = "class|attributes|picture", .def_text = "class",
     .help = "What is learnt: the class; the attributes, each brought to 0..1; or the picture itself, "
             "as it was prepared."},
    {.key = "smoothing", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 0.9,
     .help = "cross-entropy: the share of the target that is spread over all classes; 0.1 keeps large "
             "networks from being too sure."},
    {.key = "restore", .type = IMP_NAMES, .def_text = "",
     .help = "Further outputs of the network, each as large as the picture, that have to give it back as "
             "it was prepared: codes from which that can be done keep what is in the picture. A head behind "
             "relu3_1, for instance, listed in `outputs` of the architecture; net.normalise's last cuts it off."},
    {.key = "restore_weight", .type = IMP_FLOAT, .def = 1, .min = 0, .max = 1e6,
     .help = "restore: what the mean squared distance of each from the picture counts in the loss."},
    {.key = "optimiser", .type = IMP_CHOICE, .choices = "sgd|adam", .def_text = "sgd",
     .help = "sgd: gradient descent with momentum. adam: a step for each weight by its own past; wants "
             "a rate of about 0.001."},
    {.key = "rate", .type = IMP_FLOAT, .def = 0.02, .min = 0, .max = 1000,
     .help = "The highest learning rate."},
    {.key = "momentum", .type = IMP_FLOAT, .def = 0.9, .min = 0, .max = 0.99999,
     .help = "How much of the last step is taken again; adam: its beta1."},
    {.key = "beta2", .type = IMP_FLOAT, .def = 0.999, .min = 0, .max = 0.9999999,
     .help = "adam: how slowly the mean of squared gradients changes."},
    {.key = "epsilon", .type = IMP_FLOAT, .def = 1e-8, .min = 1e-30, .max = 1,
     .help = "adam: added to the root of that mean."},
    {.key = "weight_decay", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 1,
     .help = "This part of each weight is added to its gradient; 0.0001 to 0.0005 is usual."},
    {.key = "decays", .type = IMP_CHOICE, .choices = "all|weights", .def_text = "all",
     .help = "What weight_decay is for: all that learns, or weights alone and neither biases nor scales of norms, "
             "which much of it for long makes so small that maps die."},
    {.key = "clip", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 1e9,
     .help = "A gradient longer than this is shortened to it; 0: never."},
    {.key = "schedule", .type = IMP_CHOICE, .choices = "constant|step|cosine", .def_text = "cosine",
     .help = "The rate over the training. step: multiplied by factor at each of drops. cosine: falls "
             "to its last share along half a wave."},
    {.key = "warm_up", .unit = "epochs", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 100000,
     .help = "The rate rises linearly for so long."},
    {.key = "last", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 1,
     .help = "cosine: the share of the rate at the end."},
    {.key = "drops", .unit = "epochs", .type = IMP_NUMBERS, .def_text = "",
     .help = "step: when the rate drops, `100 150`."},
    {.key = "factor", .type = IMP_FLOAT, .def = 0.1, .min = 0, .max = 1,
     .help = "step: what the rate is multiplied by."},
    {.key = "flip", .type = IMP_BOOL, .def = 0,
     .help = "Mirror half of the samples left to right, others in each epoch."},
    {.key = "crop", .unit = "px", .type = IMP_INT, .def = 0, .min = 0, .max = 1024,
     .help = "Pad each side by so much and cut at a random place to the old size."},
    {.key = "shift", .unit = "px", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 1024,
     .help = "Move by up to so much, between pixels too; the border repeats."},
    {.key = "fill", .type = IMP_FLOAT, .def = 0, .min = 0, .max = 1,
     .help = "crop: what is padded with; 0 is black, 1 white."},
    {.key = "shuffle", .type = IMP_BOOL, .def = 1,
     .help = "A new order of the samples in each epoch; no: always that of the data set."},
    {.key = "seed", .type = IMP_INT, .def = 1, .min = 0, .max = 2147483647,
     .help = "Order, augmentation and dropout come from it."},
    {.key = "steps", .type = IMP_INT, .def = 0, .min = 0, .max = 2147483647,
     .help = "Stop after so many steps, in the middle of an epoch too; 0: by epochs alone."},
    {.key = "every", .unit = "steps", .type = IMP_INT, .def = 0, .min = 0, .max = 2147483647,
     .help = "Steps between rows of the history, each with a test; 0: a row an epoch."},
    {.key = "patience", .type = IMP_INT, .def = 0, .min = 0, .max = 100000,
     .help = "Stop when so many rows in succession brought nothing better; 0: never."},
    {.key = "best", .type = IMP_BOOL, .def = 1,
     .help = "Hand out the network of the best row: by accuracy, then loss, on the test data where there "
             "are any. no: that of the last step."},
    {.key = "keep", .unit = "s", .type = IMP_FLOAT, .def = 60, .min = 0, .max = 86400,
     .help = "A checkpoint this often, from which a run that was stopped goes on to the same bytes; 0: none."},
};
static const imp_port inputs[] = {
    NET_PORT,
    {.name = "train", .kind = IMP_OBJECT, .type = IMP_DATASET_TYPE, .help = "What it learns from."},
    {.name = "test", .kind = IMP_OBJECT, .type = IMP_DATASET_TYPE, .flags = IMP_PORT_OPTIONAL,
     .help = "What it is tested on and never learns from; another split of the same data, for instance."},
};
static const imp_port outputs[] = {
    {.name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE, .help = "The trained network."},
    {.name = "history", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL,
     .help = "step, epoch, rate, loss, accuracy, test_loss, test_accuracy: a row an epoch, or as every says; with "
             "restore, restored and test_restored: the mean squared distance."},
};

static const kit_nn services = {
    .model = {&rt_model_table, NULL}, .grad = {&rt_grad_table, NULL},
    .train = {&rt_train_table, NULL}, .edit = {&rt_edit_table, NULL},
};

struct instance {
    struct net_instance as; /* first: net_destroy's */
    const imp_host *host;
};

/* ---- the preset's keys ---- */

static kit_task task_of(const imp_cell *p)
{
    return (kit_task){.nn = &services,
                      .loss = (uint32_t)p[LOSS].i,
                      .target = (uint32_t)p[TARGET].i,
                      .smoothing = p[SMOOTHING].f,
                      .restored = p[RESTORE].w.ptr,
                      .restored_count = (uint32_t)p[RESTORE].w.count,
                      .restore_weight = p[RESTORE_WEIGHT].f};
}

static kit_training training_of(const imp_cell *p)
{
    const uint64_t seed = (uint64_t)p[SEED].i;
    return (kit_training){
        .task = task_of(p),
        .optimiser = {.struct_size = sizeof(imp_nn_optimiser),
                      .rule = p[OPTIMISER].i ? IMP_NN_ADAM : IMP_NN_SGD,
                      .momentum = p[MOMENTUM].f,
                      .beta2 = p[BETA2].f,
                      .epsilon = p[EPSILON].f,
                      .weight_decay = p[DECAYS].i ? 0 : p[DECAY].f,
                      .clip_norm = p[CLIP].f},
        .schedule = {.rule = (uint32_t)p[SCHEDULE].i,
                     .rate = p[RATE].f,
                     .last = p[LAST].f,
                     .factor = p[FACTOR].f},
        .augment = {.seed = seed,
                    .flip = (uint32_t)p[FLIP].i,
                    .crop = (uint32_t)p[CROP].i,
                    .shift = p[SHIFT].f,
                    .fill = (float)p[FILL].f},
        .weight_decay = p[DECAYS].i ? p[DECAY].f : 0,
        .seed = seed,
        .steps = (uint64_t)p[STEPS].i,
        .row_steps = (uint64_t)p[EVERY].i,
        .epochs = (uint32_t)p[EPOCHS].i,
        .batch = (uint32_t)p[BATCH].i,
        .shuffle = (uint32_t)p[SHUFFLE].i,
        .patience = (uint32_t)p[PATIENCE].i,
        .keep_best = (uint32_t)p[BEST].i,
        .keep_seconds = p[KEEP].f,
    };
}

/* Epochs to steps: the warm-up and the drops, whose steps go to `drops`. */
static void schedule_of(const imp_cell *p, uint64_t samples, kit_schedule *s, double *drops)
{
    const double steps = ceil((double)samples / (double)p[BATCH].i);
    s->warm_up = (uint64_t)(p[WARM_UP].f * steps + 0.5);
    for (uint64_t i = 0; i < p[DROPS].n.count; i++)
        drops[i] = p[DROPS].n.ptr[i] * steps;
    s->drop_count = (uint32_t)p[DROPS].n.count;
    s->drops = drops;
}

/* ---- training ---- */

static void note(void *user, const char *line)
{
    const imp_host *host = user;
    host->log(host, IMP_LOG_INFO, line);
}

/* The data set's names of classes into the model's metadata, where net.classify looks for them. */
static imp_status name_classes(const imp_dataset *data, imp_nn_model **model, imp_error *err)
{
    size_t size = 1;
    imp_nn_model *named;
    for (uint32_t i = 0; data->class_names && i < data->class_count && size < MOST_NAMES; i++)
        size += strlen(data->class_names[i]) + 1;
    if (size == 1 || size >= MOST_NAMES)
        return IMP_OK;
    char *text = malloc(size);
    if (!text)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the names of the classes");
    size_t used = 0;
    for (uint32_t i = 0; i < data->class_count; i++)
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s", i ? "|" : "", data->class_names[i]);
    const imp_status st = rt_train_table.with_meta(NULL, *model, "classes", text, &named, err);
    free(text);
    if (st != IMP_OK)
        return st;
    net_drop(*model);
    *model = named;
    return IMP_OK;
}

/* Takes over the model and the rows, also when it fails. */
static imp_status hand_out(imp_job *job, const imp_dataset *data, kit_trained *t, uint32_t target,
                           imp_error *err)
{
    imp_status st = target == KIT_TARGET_CLASS ? name_classes(data, &t->model, err) : IMP_OK;
    imp_object *net = NULL;
    if (st == IMP_OK)
        net = job->new_object(job, IMP_NN_MODEL_TYPE, t->model, net_drop);
    else
        net_drop(t->model);
    if (st == IMP_OK)
        st = net ? job->set_output(job, TRAINED, &net->head) : IMP_E_MEMORY;
    imp_table *history = st == IMP_OK ? kit_train_table(job, t) : NULL;
    if (st == IMP_OK)
        st = history ? job->set_output(job, HISTORY, &history->head) : IMP_E_MEMORY;
    free(t->rows);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const struct instance *self = instance;
    imp_nn_model *model = net_model(job->inputs[NET]);
    const imp_dataset *train = kit_dataset_of(job->inputs[TRAIN]), *test = kit_dataset_of(job->inputs[TEST]);
    const imp_cell *p = job->params;
    kit_training t = training_of(p);
    kit_trained trained;
    kit_sight_samples samples;
    double *drops = job->scratch(job, (p[DROPS].n.count + 1) * sizeof *drops);
    if (!drops)
        return IMP_E_MEMORY;
    schedule_of(p, train->count, &t.schedule, drops);
    union {
        const imp_host *in;
        void *out;
    } host = {.in = self->host};
    t.note = note;
    t.note_user = host.out;
    imp_status st = kit_sight_input(&services, model, train, &samples, &t.task.input, err);
    if (st == IMP_OK && test && test->channels != train->channels)
        return imp_fail(err, IMP_E_INPUT,
                        "the data set to learn from has %u channels, the one to test on %u",
                        train->channels, test->channels);
    if (st == IMP_OK)
        st = kit_train(&t, model, train, test, job, &trained, err);
    return st == IMP_OK ? hand_out(job, train, &trained, t.task.target, err) : st;
}

/* ---- planning ---- */

/* Memory: a run that keeps all values for the way back, weights with gradient, moments and best
 * state. */
static void plan_cost(imp_plan *plan, const imp_nn_model *model, const imp_cell *p,
                      const imp_dataset *data, const kit_task *task)
{
    const int64_t batch = p[BATCH].i,
                  c = task->input.channels ? task->input.channels : data->channels;
    const int64_t input[] = {batch, c, data->height, data->width},
                  flat[] = {batch, c * input[2] * input[3]};
    const uint32_t ndim = task->in_rank;
    const int64_t *shape = ndim == 2 ? flat : input;
    uint64_t run = 0, least = 0, weights = 0, macs = 0;
    const uint32_t node = task->restored_count ? IMP_NN_ALL : task->out_node;
    if (rt_model_table.memory(NULL, model, node, ndim, shape, 0, &run, &least, NULL) != IMP_OK ||
        rt_edit_table.cost(NULL, model, ndim, shape, &weights, &macs, NULL) != IMP_OK)
        return;
    const uint64_t samples = 4 * (uint64_t)(batch * (2 * data->channels + c) * input[2] * input[3]);
    const uint64_t copies = 3u + (p[OPTIMISER].i ? 2 : 1) + (p[BEST].i ? 3 : 0);
    plan->bytes = 2 * run + samples + 4 * weights * copies;
    plan->least_bytes = plan->bytes;
    plan->macs = 3.0 * (double)macs / (double)batch * (double)data->count * (double)p[EPOCHS].i;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *p = ((const struct net_instance *)instance)->params;
    imp_nn_model *model = net_planned(plan, NET);
    const imp_dataset *train = kit_dataset_planned(plan, TRAIN), *test = kit_dataset_planned(plan, TEST);
    kit_task task = task_of(p);
    kit_sight_samples samples;
    kit_error e;
    (void)err;
    if (task.loss == KIT_CROSS_ENTROPY && task.target != KIT_TARGET_CLASS) {
        plan->mistake(plan, LOSS, -1, NULL,
                      "cross-entropy is for classes: loss = mse for attributes and pictures", NULL);
        return IMP_OK;
    }
    if (!model || !train)
        return IMP_OK;
    if (kit_sight_input(&services, model, train, &samples, &task.input, kit_error_init(&e)) != IMP_OK)
        net_mistake(plan, -1, NET, &e);
    else if (kit_task_check(&task, model, train, &e.as) != IMP_OK)
        net_mistake(plan, -1, TRAIN, &e);
    else if (test && kit_task_check(&task, model, test, &e.as) != IMP_OK)
        net_mistake(plan, -1, TEST, &e);
    else
        plan_cost(plan, model, p, train, &task);
    return IMP_OK;
}

static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *cells,
                         void **instance, imp_error *err) IMP_NX
{
    struct instance *self = calloc(1, sizeof *self);
    (void)filter;
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    self->as.params = cells;
    self->host = host;
    *instance = self;
    return IMP_OK;
}

const imp_filter rt_net_train = {
    NET_FILTER,
    .id = "net.train",
    .summary = "Train a network on a data set.",
    .help = "The network is copied; what comes out is the trained copy, for net.save. A run that "
            "was stopped "
            "goes on from its last checkpoint, to the same bytes as if nothing had happened. A "
            "first try: "
            "the defaults; when the loss grows or is not a number, a tenth of the rate.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
