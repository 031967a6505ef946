/* plugin.c - @NAME@: a filter that looks through a neural network, to start from.
 *
 * Networks are a service, "impasto.nn.model/1" (impasto/nn.h): this plugin names it in `needs`, gets its table from
 * the host, and runs the model that comes in on a port. It knows nothing of files or formats, and whoever provides
 * the service will do. impasto/impasto.h says all there is to know about filters. */
#include <impasto/nn.h>
#include <stdlib.h>

enum { P_LAYER };
static const imp_param params[] = {
    {.key = "layer", .type = IMP_TEXT, .def_text = "",
     .help = "Name of the layer to look at; nothing: the last one that has maps."},
};
static const imp_port inputs[] = {
    {.name = "in", .kind = IMP_IMAGE, .channels = 1u << 3, .colours = 1u << IMP_SRGB, .help = "A picture."},
    {.name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE, .help = "The network, of net.load for instance."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "Where the layer is active, black to white, as large as the picture."},
};

/* ---- an instance: the service, acquired in create, given back in destroy ---- */

struct look {
    const imp_host *host;
    imp_service nn;
};

static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *cells, void **instance,
                         imp_error *err) IMP_NX
{
    (void)filter, (void)cells;
    struct look *look = calloc(1, sizeof *look);
    if (!look)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    look->host = host;
    const imp_status st = host->acquire(host, IMP_NN_MODEL_1, NULL, &look->nn, err);
    if (st == IMP_OK)
        *instance = look;
    else
        free(look); /* no destroy after a create that failed */
    return st;
}

static void destroy(void *instance) IMP_NX
{
    struct look *look = instance;
    look->host->release(look->host, &look->nn);
    free(look);
}

/* ---- one picture ---- */

struct ends {
    uint32_t input, layer; /* numbers of nodes */
    int64_t shape[4];      /* of what goes in: 1 C H W */
};

/* The network's input, as large as it wants it, else as the picture. */
static imp_status find_input(const imp_nn_model_1 *nn, void *self, const imp_nn_model *model, const imp_image *in,
                             struct ends *ends, imp_error *err)
{
    imp_nn_node node;
    imp_status st;
    for (uint32_t i = 0;; i++) {
        node = (imp_nn_node){.struct_size = sizeof node};
        if ((st = nn->node(self, model, i, &node, err)) != IMP_OK)
            return st;
        if (node.flags & IMP_NN_INPUT) {
            ends->input = i;
            break;
        }
    }
    if (node.ndim != 4 || (node.shape[1] != 1 && node.shape[1] != 3))
        return imp_fail(err, IMP_E_INPUT, "the network '%s' takes no picture of 1 or 3 channels", node.name);
    ends->shape[0] = 1;
    ends->shape[1] = node.shape[1];
    ends->shape[2] = node.shape[2] > 0 ? node.shape[2] : in->height;
    ends->shape[3] = node.shape[3] > 0 ? node.shape[3] : in->width;
    return IMP_OK;
}

/* The layer that is asked for, or the last one whose value has four axes. */
static imp_status find_layer(const imp_nn_model_1 *nn, void *self, const imp_nn_model *model, const char *name,
                             struct ends *ends, imp_error *err)
{
    uint32_t count;
    imp_status st;
    if (name && *name)
        return nn->find(self, model, name, &ends->layer, err); /* the error lists the nearest names */
    if ((st = nn->node_count(self, model, &count, err)) != IMP_OK)
        return st;
    ends->layer = ends->input;
    for (uint32_t i = 0; i < count; i++) {
        imp_nn_node node = {.struct_size = sizeof node};
        if ((st = nn->node(self, model, i, &node, err)) != IMP_OK)
            return st;
        if (node.ndim == 4)
            ends->layer = i;
    }
    return IMP_OK;
}

/* The picture, nearest sample, grey as the mean where one channel is wanted. As it is, 0..1: networks that want a
 * mean taken off or a range of 0..255 say so in nn->meta; impasto/kit_prepare.h of the kit does all of that. */
static void fill_input(const imp_image *in, const int64_t *shape, float *to)
{
    for (int64_t c = 0; c < shape[1]; c++)
        for (int64_t y = 0; y < shape[2]; y++)
            for (int64_t x = 0; x < shape[3]; x++) {
                const uint32_t from_y = (uint32_t)(y * in->height / shape[2]);
                const uint32_t from_x = (uint32_t)(x * in->width / shape[3]);
                float v = 0;
                for (uint32_t k = 0; k < 3; k++)
                    v += shape[1] == 3 && k != c ? 0 : imp_row(in, k, from_y)[from_x];
                *to++ = shape[1] == 3 ? v : v / 3;
            }
}

/* out = |mean over channels|, nearest sample, the strongest place white. */
static imp_status draw(const imp_tensor *value, imp_image *out, float *means, imp_error *err)
{
    const int64_t maps = value->shape[1], height = value->shape[2], width = value->shape[3];
    const float *from = value->data;
    float most = 0;
    if (value->dtype != IMP_F32 || value->strides)
        return imp_fail(err, IMP_E_UNSUPPORTED, "the layer's value is no packed tensor of floats");
    for (int64_t i = 0; i < height * width; i++) {
        double sum = 0;
        for (int64_t m = 0; m < maps; m++)
            sum += from[m * height * width + i];
        means[i] = (float)(sum < 0 ? -sum / (double)maps : sum / (double)maps);
        most = means[i] > most ? means[i] : most;
    }
    for (uint32_t y = 0; y < out->height; y++)
        for (uint32_t x = 0; x < out->width; x++) {
            const int64_t i = y * height / out->height * width + x * width / out->width;
            imp_row_out(out, 0, y)[x] = most > 0 ? means[i] / most : 0;
        }
    return IMP_OK;
}

/* Forward to the layer, then the drawing. The run is given back by the caller. */
static imp_status run_to(const struct look *look, const struct ends *ends, imp_nn_run *run, imp_job *job,
                         imp_error *err)
{
    const imp_nn_model_1 *nn = look->nn.table;
    const imp_image *in = imp_image_in(job, 0);
    imp_tensor input = {.head = {sizeof input, IMP_TENSOR}, .dtype = IMP_F32, .ndim = 4, .shape = ends->shape};
    imp_tensor value = {.head = {sizeof value, IMP_TENSOR}};
    imp_status st;
    float *data = job->scratch(job, sizeof *data * (uint64_t)(ends->shape[1] * ends->shape[2] * ends->shape[3]));
    if (!data)
        return IMP_E_MEMORY; /* Impasto knows why */
    fill_input(in, ends->shape, data);
    input.data = data;
    if ((st = nn->set_input(look->nn.self, run, ends->input, &input, err)) != IMP_OK ||
        (st = nn->forward(look->nn.self, run, ends->layer, job, err)) != IMP_OK || /* asks whether to stop */
        (st = nn->value(look->nn.self, run, ends->layer, &value, err)) != IMP_OK)
        return st;
    if (value.ndim != 4 || value.shape[0] != 1)
        return imp_fail(err, IMP_E_PARAM, "the layer '%s' has no maps", value.name ? value.name : "?");
    float *means = job->scratch(job, sizeof *means * (uint64_t)(value.shape[2] * value.shape[3]));
    imp_image *out = means ? job->new_image(job, in->width, in->height, 1, IMP_SRGB) : NULL;
    if (!out)
        return IMP_E_MEMORY;
    st = draw(&value, out, means, err);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const struct look *look = instance;
    const imp_nn_model_1 *nn = look->nn.table;
    void *self = look->nn.self;
    imp_nn_model *model = ((const imp_object *)(const void *)job->inputs[1])->object; /* borrowed */
    imp_nn_run *run;
    struct ends ends;
    imp_status st = find_input(nn, self, model, imp_image_in(job, 0), &ends, err);
    if (st == IMP_OK)
        st = find_layer(nn, self, model, job->params[P_LAYER].s.ptr, &ends, err);
    if (st == IMP_OK)
        st = nn->run_new(self, model, IMP_NN_LEAN, &run, err);
    if (st != IMP_OK)
        return st;
    st = run_to(look, &ends, run, job, err);
    nn->run_free(self, run, NULL);
    return st;
}

static const imp_filter filter = {
    .struct_size = sizeof filter,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "@ID@",
    .summary = "Where a layer of a network is active on a picture.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = create,
    .destroy = destroy,
    .process = process,
};
static const imp_filter *const filters[] = {&filter, NULL};
static const char *const needs[] = {IMP_NN_MODEL_1, NULL};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,
    .id = "@ID@",
    .version = "0.1.0",
    .licence = "MIT",
    .filters = filters,
    .needs = needs,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
