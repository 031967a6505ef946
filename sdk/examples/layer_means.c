/* layer_means.c - a consumer of networks: a table of what layers say of a picture. It asks for the
 * service impasto.nn.model/1 and does not know who provides it. */
#include <impasto/nn.h>
#include <stdlib.h>
#include <string.h>

enum { P_LAYERS };
static const imp_param params[] = {
    {.key = "layers",
     .type = IMP_NAMES,
     .def_text = "",
     .help = "Names of the layers; nothing: all of them."},
};
static const imp_port inputs[] = {
    {.name = "in",
     .kind = IMP_IMAGE,
     .channels = 1u << 3,
     .colours = 1u << IMP_SRGB,
     .help = "A picture; it goes into the network as it is, 0 to 1."},
    {.name = "net",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .help = "A network that takes pictures of RGB."},
};
static const imp_port outputs[] = {
    {.name = "table", .kind = IMP_TABLE, .help = "layer, values, mean, most."}};

/* ---- an instance holds the service ---- */

struct means {
    const imp_host *host;
    imp_service nn;
    imp_cell layers;
};

static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *cells,
                         void **instance, imp_error *err) IMP_NX
{
    (void)filter;
    struct means *m = calloc(1, sizeof *m);
    if (!m)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    m->host = host;
    m->layers = cells[P_LAYERS]; /* valid until destroy */
    const imp_status st = host->acquire(host, IMP_NN_MODEL_1, NULL, &m->nn, err);
    if (st == IMP_OK)
        *instance = m;
    else
        free(m); /* there is no destroy after a create that failed */
    return st;
}

static void destroy(void *instance) IMP_NX
{
    struct means *m = instance;
    m->host->release(m->host, &m->nn);
    free(m);
}

static imp_nn_model *model_of(const imp_value *v)
{
    return v ? ((const imp_object *)(const void *)v)->object : NULL;
}

/* ---- before the run: are there such layers? ---- */

/* The names of all nodes with blanks between; what does not fit is left out. */
static void all_names(const struct means *m, const imp_nn_model *model, char *buf, size_t size)
{
    const imp_nn_model_1 *nn = m->nn.table;
    imp_nn_node node = {.struct_size = sizeof node};
    size_t used = 0;
    for (uint32_t i = 0; nn->node(m->nn.self, model, i, &node, NULL) == IMP_OK; i++) {
        const size_t n = strlen(node.name);
        if (used + n + 2 > size)
            break;
        memcpy(buf + used, node.name, n);
        buf[used + n] = ' ';
        used += n + 1;
    }
    buf[used ? used - 1 : 0] = 0;
}

static imp_status plan(void *instance, imp_plan *p, imp_error *err) IMP_NX
{
    struct means *m = instance;
    const imp_nn_model_1 *nn = m->nn.table;
    const imp_nn_model *model =
        p->inputs[1] ? model_of(p->inputs[1]->value) : NULL; /* an EARLY node made it */
    char names[4096];
    uint32_t number;
    (void)err;
    for (uint64_t i = 0; model && i < m->layers.w.count; i++)
        if (nn->find(m->nn.self, model, m->layers.w.ptr[i], &number, NULL) != IMP_OK) {
            all_names(m, model, names, sizeof names);
            p->mistake(p, P_LAYERS, -1, m->layers.w.ptr[i], "the network has no such layer", names);
        }
    return IMP_OK;
}

/* ---- one picture ---- */

static imp_status add_layer(const struct means *m, imp_nn_run *run, uint32_t node, imp_job *job,
                            imp_table *table, imp_error *err)
{
    const imp_nn_model_1 *nn = m->nn.table;
    imp_tensor v = {.head = {sizeof v, IMP_TENSOR}};
    imp_status st = nn->forward(m->nn.self, run, node, job, err); /* asks whether to stop */
    if (st != IMP_OK || (st = nn->value(m->nn.self, run, node, &v, err)) != IMP_OK)
        return st;
    int64_t count = 1;
    for (uint32_t i = 0; i < v.ndim; i++)
        count *= v.shape[i];
    if (v.dtype != IMP_F32 || v.strides || count < 1)
        return imp_fail(err, IMP_E_UNSUPPORTED, "the value of '%s' is no packed tensor of floats",
                        v.name ? v.name : "?");
    const float *data = v.data;
    double sum = 0, most = (double)data[0];
    for (int64_t i = 0; i < count; i++) {
        sum += (double)data[i];
        most = (double)data[i] > most ? (double)data[i] : most;
    }
    const char *name = v.name ? v.name : "";
    const imp_cell cells[] = {
        {.s = {name, strlen(name)}}, {.i = count}, {.f = sum / (double)count}, {.f = most}};
    return job->add_row(job, table, cells);
}

/* The picture as a tensor 1 3 H W, packed. */
static imp_status feed(const struct means *m, imp_nn_run *run, imp_job *job, imp_error *err)
{
    const imp_nn_model_1 *nn = m->nn.table;
    const imp_image *in = imp_image_in(job, 0);
    const int64_t shape[4] = {1, 3, in->height, in->width};
    float *data = job->scratch(job, sizeof *data * 3 * in->height * in->width), *to = data;
    uint32_t input = 0;
    imp_nn_node node = {.struct_size = sizeof node};
    if (!data)
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < 3 * in->height; i++, to += in->width)
        memcpy(to, imp_row(in, i / in->height, i % in->height), in->width * sizeof *to);
    while (nn->node(m->nn.self, model_of(job->inputs[1]), input, &node, err) == IMP_OK &&
           !(node.flags & IMP_NN_INPUT))
        input++;
    const imp_tensor t = {
        .head = {sizeof t, IMP_TENSOR}, .dtype = IMP_F32, .ndim = 4, .shape = shape, .data = data};
    return nn->set_input(m->nn.self, run, input, &t, err);
}

static imp_status fill(const struct means *m, imp_nn_run *run, imp_job *job, imp_table *table,
                       imp_error *err)
{
    const imp_nn_model_1 *nn = m->nn.table;
    imp_nn_model *model = model_of(job->inputs[1]);
    uint32_t count, number;
    imp_status st = feed(m, run, job, err);
    for (uint64_t i = 0; i < m->layers.w.count && st == IMP_OK; i++) {
        st = nn->find(m->nn.self, model, m->layers.w.ptr[i], &number,
                      err); /* the error names what is near */
        if (st == IMP_OK)
            st = add_layer(m, run, number, job, table, err);
    }
    if (st == IMP_OK && m->layers.w.count == 0 &&
        (st = nn->node_count(m->nn.self, model, &count, err)) == IMP_OK)
        for (uint32_t i = 0; i < count && st == IMP_OK; i++)
            st = add_layer(m, run, i, job, table, err);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    static const imp_column columns[] = {{.name = "layer", .type = IMP_TEXT},
                                         {.name = "values", .type = IMP_INT},
                                         {.name = "mean", .type = IMP_FLOAT},
                                         {.name = "most", .type = IMP_FLOAT}};
    const struct means *m = instance;
    const imp_nn_model_1 *nn = m->nn.table;
    imp_nn_run *run;
    imp_table *table = job->new_table(job, 4, columns);
    if (!table)
        return IMP_E_MEMORY;
    imp_status st = nn->run_new(m->nn.self, model_of(job->inputs[1]), 0, &run, err);
    if (st != IMP_OK)
        return st;
    st = fill(m, run, job, table, err);
    nn->run_free(m->nn.self, run, NULL);
    return st == IMP_OK ? job->set_output(job, 0, &table->head) : st;
}

static const imp_filter filter = {
    .struct_size = sizeof filter,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "org.example.layer_means",
    .summary = "What the layers of a network say of a picture, as a table.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = create,
    .destroy = destroy,
    .process = process,
    .plan = plan,
};
static const imp_filter *const filters[] = {&filter, NULL};
static const char *const needs[] = {IMP_NN_MODEL_1, NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,    .id = "org.example.layer_means",
    .version = "1.0.0", .licence = "MIT",
    .filters = filters, .needs = needs,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
