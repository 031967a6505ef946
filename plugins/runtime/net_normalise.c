/* net_normalise.c - a network whose every map has the mean activation 1 over a data set: Gatys,
 * Ecker and Bethge (2015, arXiv 1505.07376, section 2.2) normalised VGG-19 so. Positive factors
 * pass relu and pooling, so the function stays the same but for the scales. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <impasto/data.h>
#include "net.h"
#include "rescale.h"

enum { LAST, ACTIVE };
enum { NET, DATA };
enum { NORMALISED, MEANS };

static const imp_param params[] = {
    {.key = "last",
     .type = IMP_TEXT,
     .def_text = "",
     .help = "The last layer that stays, `relu5_1`: what it does not need (a classifier) goes. "
             "Left out: all stay."},
    {.key = "active",
     .type = IMP_FLOAT,
     .def = 0.01,
     .min = 0,
     .max = 1,
     .help =
         "Maps above 0 at less than this share of all places are divided by the middle of their "
         "layer's means, not by their own, which would make a giant of what hardly ever happens. "
         "0: "
         "all but dead ones by their own."},
};
static const imp_port inputs[] = {
    NET_PORT,
    {.name = "data",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .help = "Pictures of the kind and size that the network will see; some dozens will do."},
};
static const imp_port outputs[] = {
    {.name = "net",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .help = "The normalised network."},
    {.name = "means",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help =
         "layer, map, mean, active, factor: a row for each map; mean before, share of places above "
         "0, what it was multiplied by."},
};
static const imp_column columns[] = {{.name = "layer", .type = IMP_TEXT},
                                     {.name = "map", .type = IMP_INT},
                                     {.name = "mean", .type = IMP_FLOAT},
                                     {.name = "active", .type = IMP_FLOAT},
                                     {.name = "factor", .type = IMP_FLOAT}};

struct instance {
    struct net_instance as; /* first: net_destroy's */
    const imp_host *host;
};

struct layer { /* a relu */
    uint32_t node, channels;
    const char *name;
    double *mean, *active, *by; /* by channel; active: share of places above 0 */
};
struct work {
    imp_nn_model *model; /* folded */
    const imp_dataset *data;
    imp_job *job;
    struct layer *layers;
    struct rt_gain *gains;
    uint32_t layer_count, reserved0;
    struct net_ends ends;
    kit_prepare prepare;
};

/* ---- what is measured ---- */

static imp_status find_layers(struct work *w, imp_error *err)
{
    uint32_t count = 0;
    imp_status st = rt_model_table.node_count(NULL, w->model, &count, err);
    if (st == IMP_OK && (!(w->layers = w->job->scratch(w->job, count * sizeof *w->layers)) ||
                         !(w->gains = w->job->scratch(w->job, count * sizeof *w->gains))))
        st = IMP_E_MEMORY;
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_nn_node n = {.struct_size = sizeof n};
        st = rt_model_table.node(NULL, w->model, i, &n, err);
        if (st != IMP_OK || strcmp(n.op, "relu") != 0)
            continue;
        if (n.ndim < 2 || n.shape[1] < 1)
            return imp_fail(err, IMP_E_UNSUPPORTED, "'%s' has no channels", n.name);
        struct layer *l = &w->layers[w->layer_count++];
        *l = (struct layer){.node = i, .channels = (uint32_t)n.shape[1], .name = n.name};
        l->mean = w->job->scratch(w->job, l->channels * sizeof *l->mean);
        l->active = w->job->scratch(w->job, l->channels * sizeof *l->active);
        l->by = w->job->scratch(w->job, l->channels * sizeof *l->by);
        if (!l->mean || !l->active || !l->by)
            return IMP_E_MEMORY;
        memset(l->mean, 0, l->channels * sizeof *l->mean);
        memset(l->active, 0, l->channels * sizeof *l->active);
    }
    if (st == IMP_OK && !w->layer_count)
        st = imp_fail(err, IMP_E_UNSUPPORTED,
                      "the network has no relu: there is nothing to normalise");
    return st;
}

/* Adds a layer's means over one picture. */
static imp_status add_means(struct work *w, imp_nn_run *run, struct layer *l, imp_error *err)
{
    imp_tensor v = net_view();
    imp_status st = rt_model_table.forward(NULL, run, l->node, w->job, err);
    if (st == IMP_OK)
        st = rt_model_table.value(NULL, run, l->node, &v, err);
    const float *at = st == IMP_OK ? net_packed(w->job, &v) : NULL;
    if (st == IMP_OK && !at)
        st = IMP_E_MEMORY;
    const uint64_t plane = st == IMP_OK ? net_count(&v) / l->channels : 0;
    for (uint32_t c = 0; c < l->channels && st == IMP_OK; c++) {
        double sum = 0;
        uint64_t above = 0;
        for (uint64_t i = 0; i < plane; i++) {
            sum += (double)at[c * plane + i];
            above += at[c * plane + i] > 0;
        }
        l->mean[c] += sum / (double)plane / (double)w->data->count;
        l->active[c] += (double)above / (double)plane / (double)w->data->count;
        if (!isfinite(sum))
            st = imp_fail(err, IMP_E_INPUT, "map %u of '%s' is not finite on these pictures", c,
                          l->name);
    }
    return st;
}

static imp_status measure_one(struct work *w, imp_nn_run *run, uint64_t i, float *pixels,
                              float *input, imp_error *err)
{
    const imp_dataset *d = w->data;
    imp_sample sample = {.struct_size = sizeof sample, .pixels = pixels};
    const imp_image picture = {.head = {sizeof picture, IMP_IMAGE},
                               .width = d->width,
                               .height = d->height,
                               .channels = d->channels,
                               .colour = IMP_SRGB,
                               .row = d->width,
                               .plane = (int64_t)d->width * d->height,
                               .data = pixels};
    const kit_box all = {0, 0, d->width, d->height};
    const int64_t shape[] = {1, w->prepare.input.channels, d->height, d->width};
    const imp_tensor fed = {.head = {sizeof fed, IMP_TENSOR},
                            .dtype = IMP_F32,
                            .ndim = 4,
                            .shape = shape,
                            .data = input};
    imp_status st = d->read(d, i, &sample, err);
    if (st == IMP_OK)
        st = kit_to_network(&w->prepare.input, &picture, &all, input, w->job);
    if (st == IMP_OK)
        st = rt_model_table.set_input(NULL, run, w->ends.input, &fed, err);
    for (uint32_t k = 0; k < w->layer_count && st == IMP_OK; k++)
        st = add_means(w, run, &w->layers[k], err);
    return st;
}

static imp_status measure(struct work *w, imp_error *err)
{
    const uint64_t plane = (uint64_t)w->data->width * w->data->height;
    float *pixels = w->job->scratch(w->job, plane * w->data->channels * sizeof *pixels);
    float *input = w->job->scratch(w->job, plane * w->prepare.input.channels * sizeof *input);
    imp_nn_run *run = NULL;
    if (!pixels || !input)
        return IMP_E_MEMORY;
    imp_status st = rt_model_table.run_new(NULL, w->model, 0, &run, err);
    for (uint64_t i = 0; i < w->data->count && st == IMP_OK; i++) {
        st = w->job->progress(w->job, (double)i / (double)w->data->count, "measuring maps");
        if (st == IMP_OK)
            st = measure_one(w, run, i, pixels, input, err);
    }
    if (run)
        rt_model_table.run_free(NULL, run, NULL);
    return st;
}

/* ---- what comes of it ---- */

/* Dead, or above 0 so seldom that its mean says nothing of its size. */
static bool is_rare(const struct layer *l, uint32_t c, double least)
{
    return !(l->mean[c] > 1e-12) || l->active[c] < least;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Factors of a layer's maps. Answers how many are rare. */
static uint32_t find_factors(struct layer *l, double least)
{
    uint32_t n = 0;
    for (uint32_t c = 0; c < l->channels; c++)
        if (!is_rare(l, c, least))
            l->by[n++] = l->mean[c];
    qsort(l->by, n, sizeof *l->by, by_size);
    const double middle = n ? l->by[n / 2] : 1;
    for (uint32_t c = 0; c < l->channels; c++)
        l->by[c] = 1 / (is_rare(l, c, least) ? middle : l->mean[c]);
    return l->channels - n;
}

static void tell_rare(const imp_host *host, const struct layer *l, double least, uint32_t rare)
{
    char names[400] = "", line[700];
    size_t n = 0;
    for (uint32_t c = 0; c < l->channels && n < sizeof names - 20; c++)
        if (is_rare(l, c, least))
            n += (size_t)snprintf(names + n, sizeof names - n, " %u", c);
    snprintf(line, sizeof line,
             "%s: %u of %u maps are (nearly) always 0 on these pictures and get the factor of the "
             "middle one:%s%s",
             l->name, rare, l->channels, names, n < sizeof names - 20 ? "" : " ...");
    if (host)
        host->log(host, IMP_LOG_WARNING, line);
}

static imp_status give_table(const struct work *w)
{
    imp_job *job = w->job;
    imp_table *t = job->new_table(job, sizeof columns / sizeof *columns, columns);
    imp_status st = t ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t k = 0; k < w->layer_count; k++)
        for (uint32_t c = 0; c < w->layers[k].channels && st == IMP_OK; c++) {
            const struct layer *l = &w->layers[k];
            const imp_cell row[] = {{.s = {l->name, strlen(l->name)}},
                                    {.i = c},
                                    {.f = l->mean[c]},
                                    {.f = l->active[c]},
                                    {.f = l->by[c]}};
            st = job->add_row(job, t, row);
        }
    return st == IMP_OK ? job->set_output(job, MEANS, &t->head) : st;
}

static imp_status give_net(const struct work *w, imp_error *err)
{
    imp_nn_model *scaled = NULL;
    imp_status st = rt_scale_maps(w->model, w->layer_count, w->gains, &scaled, err);
    if (st != IMP_OK)
        return st;
    imp_object *out = w->job->new_object(w->job, IMP_NN_MODEL_TYPE, scaled, net_drop);
    return out ? w->job->set_output(w->job, NORMALISED, &out->head) : IMP_E_MEMORY;
}

static imp_status normalise(struct work *w, const imp_host *host, imp_error *err)
{
    imp_status st = find_layers(w, err);
    if (st == IMP_OK)
        st = net_any_ends(w->model, &w->ends, err);
    if (st == IMP_OK)
        st = net_prepare_of(w->model, &w->ends, &w->prepare, err);
    if (st == IMP_OK)
        st = measure(w, err);
    for (uint32_t k = 0; k < w->layer_count && st == IMP_OK; k++) {
        struct layer *l = &w->layers[k];
        const uint32_t rare = find_factors(l, w->job->params[ACTIVE].f);
        if (rare)
            tell_rare(host, l, w->job->params[ACTIVE].f, rare);
        w->gains[k] = (struct rt_gain){.node = l->node, .count = l->channels, .by = l->by};
    }
    if (st == IMP_OK)
        st = give_net(w, err);
    return st == IMP_OK && w->job->wanted >> MEANS & 1 ? give_table(w) : st;
}

/* Folded, and cut behind `last`; names of classes go with the classifier. */
static imp_status fold(const imp_nn_model *model, const char *last, imp_nn_model **out,
                       imp_error *err)
{
    uint32_t node = IMP_NN_ALL;
    imp_nn_node n = {.struct_size = sizeof n};
    imp_nn_model *own = NULL;
    imp_status st = *last ? rt_model_table.find(NULL, model, last, &node, err) : IMP_OK;
    if (st != IMP_OK && err)
        err->param = LAST;
    if (st == IMP_OK && *last)
        st = rt_model_table.node(NULL, model, node, &n, err);
    if (st == IMP_OK)
        st = rt_fold_norms(model, node, &own, err);
    if (st == IMP_OK && *last && !(n.flags & IMP_NN_OUTPUT)) {
        st = rt_train_table.with_meta(NULL, own, "classes", NULL, out, err);
        net_drop(own);
    } else {
        *out = own;
    }
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const struct instance *self = instance;
    const imp_nn_model *model = net_model(job->inputs[NET]);
    const char *last = job->params[LAST].s.ptr;
    struct work w = {.job = job,
                     .data = ((const imp_object *)(const void *)job->inputs[DATA])->object};
    imp_status st = fold(model, last, &w.model, err);
    if (st == IMP_OK)
        st = normalise(&w, self->host, err);
    net_drop(w.model);
    return st;
}

static imp_status create(const imp_host *host, const imp_filter *self, const imp_cell *cells,
                         void **instance, imp_error *err) IMP_NX
{
    struct instance *own = calloc(1, sizeof *own);
    (void)self;
    if (!own)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    *own = (struct instance){.as = {.params = cells}, .host = host};
    *instance = own;
    return IMP_OK;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *last = &((const struct net_instance *)instance)->params[LAST];
    const imp_nn_model *model = net_planned(plan, NET);
    kit_error e;
    uint32_t node;
    (void)err;
    if (model && *last->s.ptr &&
        rt_model_table.find(NULL, model, last->s.ptr, &node, kit_error_init(&e)) != IMP_OK)
        net_mistake(plan, LAST, -1, &e);
    return IMP_OK;
}

const imp_filter rt_net_normalise = {
    NET_FILTER,
    .id = "net.normalise",
    .summary = "Folds batch norms into convolutions and scales every map to the mean activation 1.",
    .help =
        "Each relu's maps are divided by their mean over the pictures, and what reads them "
        "multiplied "
        "by it: the network computes the same, with maps that can be compared. So energies "
        "of layers and of networks are of one size. For chains of convolutions, relu and pooling "
        "such "
        "as VGG; a network whose maps cannot be scaled one by one is refused by the layer's name. "
        "Maps that are 0 (nearly) everywhere are named.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
