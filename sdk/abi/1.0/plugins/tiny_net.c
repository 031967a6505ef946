/* tiny_net.c - a provider of networks: impasto.nn.model/1 (impasto/nn.h) for networks of one
 * convolution and a rectifier, and the filter org.example.tiny_net, which makes one. A consumer
 * does not see whose networks they are.
 *
 *     picture 1 3 H W  ->  edges 1 1 H W: k * mean of the channels, borders repeated  ->  relu 1 1
 * H W: max(0, edges)
 */
#include <impasto/nn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { PICTURE, EDGES, RELU, NODES };
static const char *const names[NODES] = {"picture", "edges", "relu"}, *const ops[NODES] = {
                                                                          "input", "conv", "relu"};
static const int64_t unknown[2][4] = {{-1, 3, -1, -1}, {-1, 1, -1, -1}};

struct imp_nn_model { /* never changes once it is made; counted, so that it may be shared */
    atomic_uint references;
    float kernel[9];
};
struct imp_nn_run { /* one evaluation; one thread at a time */
    imp_nn_model *model;
    float *values[NODES]; /* packed; NULL: not computed yet */
    int64_t shape[2][4];  /* of the picture, of the others */
};

/* ---- models ---- */

static imp_status model_new(const double *kernel, imp_nn_model **out, imp_error *err)
{
    imp_nn_model *m = malloc(sizeof *m);
    if (!m)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a network");
    atomic_init(&m->references, 1);
    for (int i = 0; i < 9; i++)
        m->kernel[i] = (float)kernel[i];
    *out = m;
    return IMP_OK;
}

static imp_status open_model(void *self, const char *path, const char *options, imp_nn_model **out,
                             imp_error *err) IMP_NX
{
    (void)self, (void)options, (void)out;
    return imp_fail(err, IMP_E_UNSUPPORTED,
                    "%s: networks of org.example.tiny_net are made by its filter, not read", path);
}

static imp_status retain(void *self, imp_nn_model *m, imp_error *err) IMP_NX
{
    (void)self, (void)err;
    atomic_fetch_add(&m->references, 1);
    return IMP_OK;
}

static imp_status release(void *self, imp_nn_model *m, imp_error *err) IMP_NX
{
    (void)self, (void)err;
    if (atomic_fetch_sub(&m->references, 1) == 1)
        free(m);
    return IMP_OK;
}

/* ---- what a model is made of ---- */

static imp_status node_count(void *self, const imp_nn_model *m, uint32_t *count,
                             imp_error *err) IMP_NX
{
    (void)self, (void)m, (void)err;
    *count = NODES;
    return IMP_OK;
}

static imp_status no_node(uint32_t i, imp_error *err)
{
    return imp_fail(err, IMP_E_MISSING, "there is no node %u, only %d", i, NODES);
}

/* The caller's struct may be older and shorter than this header's: no member beyond its struct_size
 * is written. */
static imp_status node(void *self, const imp_nn_model *m, uint32_t i, imp_nn_node *out,
                       imp_error *err) IMP_NX
{
    static const uint32_t before[NODES] = {0, PICTURE, EDGES};
    (void)self, (void)m;
    if (i >= NODES)
        return no_node(i, err);
    const imp_nn_node all = {.struct_size = out->struct_size,
                             .flags = i == PICTURE ? IMP_NN_INPUT
                                      : i == RELU  ? IMP_NN_OUTPUT
                                                   : 0,
                             .name = names[i],
                             .op = ops[i],
                             .inputs = &before[i],
                             .shape = unknown[i != PICTURE],
                             .input_count = i != PICTURE,
                             .ndim = 4};
    memcpy(out, &all, out->struct_size < sizeof all ? out->struct_size : sizeof all);
    return IMP_OK;
}

static imp_status find(void *self, const imp_nn_model *m, const char *name, uint32_t *out,
                       imp_error *err) IMP_NX
{
    (void)self, (void)m;
    for (uint32_t i = 0; i < NODES; i++)
        if (strcmp(names[i], name) == 0) {
            *out = i;
            return IMP_OK;
        }
    return imp_fail(err, IMP_E_MISSING, "no layer '%s'; there are: picture edges relu", name);
}

static imp_status meta(void *self, const imp_nn_model *m, const char *key, const char **text,
                       imp_error *err) IMP_NX
{
    (void)self, (void)m;
    *text = strcmp(key, "input") == 0 ? "rgb" : strcmp(key, "range") == 0 ? "0 1" : NULL;
    return *text ? IMP_OK : imp_fail(err, IMP_E_MISSING, "nothing is said of '%s'", key);
}

static imp_status op(void *self, uint32_t i, const char **name, const char **limits,
                     imp_error *err) IMP_NX
{
    (void)self;
    if (i >= NODES)
        return no_node(i, err);
    *name = ops[i];
    *limits = i == EDGES ? "one filter of 3x3" : "";
    return IMP_OK;
}

static imp_status memory(void *self, const imp_nn_model *m, uint32_t last, uint32_t ndim,
                         const int64_t *input, uint32_t flags, uint64_t *bytes, uint64_t *least,
                         imp_error *err) IMP_NX
{
    (void)self, (void)m, (void)flags;
    if (last >= NODES)
        return no_node(last, err);
    if (ndim != 4 || input[0] != 1 || input[1] != 3 || input[2] < 1 || input[3] < 1)
        return imp_fail(err, IMP_E_INPUT, "a picture of 1 3 H W is wanted");
    *bytes = *least = (uint64_t)(input[2] * input[3]) * (3 + last) * sizeof(float);
    return IMP_OK;
}

/* ---- evaluations ---- */

static void forget(imp_nn_run *run)
{
    for (int i = 0; i < NODES; i++) {
        free(run->values[i]);
        run->values[i] = NULL;
    }
}

static imp_status run_new(void *self, imp_nn_model *m, uint32_t flags, imp_nn_run **out,
                          imp_error *err) IMP_NX
{
    (void)flags; /* lean or not: all three values are kept */
    imp_nn_run *run = calloc(1, sizeof *run);
    if (!run)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an evaluation");
    retain(self, m, NULL);
    run->model = m;
    *out = run;
    return IMP_OK;
}

static imp_status run_free(void *self, imp_nn_run *run, imp_error *err) IMP_NX
{
    (void)err;
    forget(run);
    release(self, run->model, NULL);
    free(run);
    return IMP_OK;
}

static imp_status set_input(void *self, imp_nn_run *run, uint32_t i, const imp_tensor *t,
                            imp_error *err) IMP_NX
{
    (void)self;
    if (i != PICTURE || t->dtype != IMP_F32 || t->strides || t->ndim != 4 || t->shape[0] != 1 ||
        t->shape[1] != 3 || t->shape[2] < 1 || t->shape[3] < 1 || t->shape[2] > INT32_MAX / 64 ||
        t->shape[3] > INT32_MAX / 64)
        return imp_fail(err, IMP_E_INPUT, "the input 'picture' takes packed floats of 1 3 H W");
    const size_t bytes = (size_t)(3 * t->shape[2] * t->shape[3]) * sizeof(float);
    float *copy = malloc(bytes);
    if (!copy)
        return imp_fail(err, IMP_E_MEMORY, "no memory for %zu bytes of input", bytes);
    forget(run);
    run->values[PICTURE] = memcpy(copy, t->data, bytes);
    for (int k = 0; k < 2; k++) {
        memcpy(run->shape[k], t->shape, sizeof run->shape[k]);
        run->shape[k][1] = k ? 1 : 3;
    }
    return IMP_OK;
}

struct rows {
    const float *from;
    float *to;
    const float *kernel;
    int64_t height, width;
};

/* to[y][x] = sum over u, v = -1..1 of kernel[u][v] * mean over channels of from[y + u][x + v],
 * borders repeated */
static void edges_row(void *user, uint32_t y) IMP_NX
{
    const struct rows *r = user;
    for (int64_t x = 0; x < r->width; x++) {
        float sum = 0;
        for (int64_t k = 0; k < 9; k++) {
            int64_t i = y + k / 3 - 1, j = x + k % 3 - 1;
            i = i < 0 ? 0 : i >= r->height ? r->height - 1 : i;
            j = j < 0 ? 0 : j >= r->width ? r->width - 1 : j;
            const float *at = r->from + i * r->width + j;
            sum += r->kernel[k] *
                   ((at[0] + at[r->height * r->width] + at[2 * r->height * r->width]) / 3);
        }
        r->to[y * r->width + x] = sum;
    }
}

static void relu_row(void *user, uint32_t y) IMP_NX
{
    const struct rows *r = user;
    for (int64_t i = y * r->width; i < (y + 1) * r->width; i++)
        r->to[i] = r->from[i] > 0 ? r->from[i] : 0;
}

/* On the threads of the job, which asks for a stop too; on this one when there is none. */
static imp_status each_row(imp_job *job, void (*row)(void *, uint32_t) IMP_NX, struct rows *r)
{
    if (job)
        return job->parallel(job, (uint32_t)r->height, row, r);
    for (uint32_t y = 0; y < r->height; y++)
        row(r, y);
    return IMP_OK;
}

static imp_status forward(void *self, imp_nn_run *run, uint32_t last, imp_job *job,
                          imp_error *err) IMP_NX
{
    (void)self;
    if (last != IMP_NN_ALL && last >= NODES)
        return no_node(last, err);
    if (!run->values[PICTURE])
        return imp_fail(err, IMP_E_INPUT, "forward before set_input");
    for (uint32_t i = EDGES; i < NODES && (last == IMP_NN_ALL || i <= last); i++) {
        struct rows r = {run->values[i - 1], NULL, run->model->kernel, run->shape[1][2],
                         run->shape[1][3]};
        if (run->values[i])
            continue;
        r.to = malloc((size_t)(r.height * r.width) * sizeof(float));
        if (!r.to)
            return imp_fail(err, IMP_E_MEMORY, "no memory for the value of '%s'", names[i]);
        const imp_status st = each_row(job, i == EDGES ? edges_row : relu_row, &r);
        if (st != IMP_OK) {
            free(r.to);
            return st;
        }
        run->values[i] = r.to;
    }
    return IMP_OK;
}

/* A view: the memory stays the run's, until set_input or run_free. */
static imp_status value(void *self, imp_nn_run *run, uint32_t i, imp_tensor *view,
                        imp_error *err) IMP_NX
{
    (void)self;
    if (i >= NODES)
        return no_node(i, err);
    if (!run->values[i])
        return imp_fail(err, IMP_E_MISSING, "'%s' has not been computed: forward to it first",
                        names[i]);
    view->dtype = IMP_F32;
    view->ndim = 4;
    view->shape = run->shape[i != PICTURE];
    view->strides = NULL;
    view->data = run->values[i];
    view->name = names[i];
    return IMP_OK;
}

static void drop_model(void *object) IMP_NX
{
    release(NULL, object, NULL);
}

static imp_status object(void *self, imp_nn_model *m, imp_job *job, imp_object **out,
                         imp_error *err) IMP_NX
{
    (void)self;
    *out = job->new_object(job, IMP_NN_MODEL_TYPE, m, drop_model);
    return *out ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for a value");
}

/* ---- the service, and the filter ---- */

static const imp_nn_model_1 table = {
    .struct_size = sizeof table,
    .open = open_model,
    .retain = retain,
    .release = release,
    .node_count = node_count,
    .node = node,
    .find = find,
    .meta = meta,
    .op = op,
    .memory = memory,
    .run_new = run_new,
    .run_free = run_free,
    .set_input = set_input,
    .forward = forward,
    .value = value,
    .object = object,
};
static const imp_service_def service = {
    .struct_size = sizeof service, .id = IMP_NN_MODEL_1, .table = &table};
static const imp_service_def *const provides[] = {&service, NULL};

static const imp_param params[] = {
    {.key = "kernel",
     .type = IMP_NUMBERS,
     .def_text = "0 -1 0 -1 4 -1 0 -1 0",
     .help = "The nine weights of the filter, row by row."},
};
static const imp_port outputs[] = {
    {.name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE, .help = "The network."},
};

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance;
    imp_nn_model *m = NULL;
    imp_object *made = NULL;
    if (job->params[0].n.count != 9) {
        if (err)
            err->param = 0;
        return imp_fail(err, IMP_E_PARAM, "kernel has %d numbers, not nine",
                        (int)job->params[0].n.count);
    }
    imp_status st = model_new(job->params[0].n.ptr, &m, err);
    if (st == IMP_OK)
        st = object(NULL, m, job, &made, err); /* the value owns the model now, or it is gone */
    return st == IMP_OK ? job->set_output(job, 0, &made->head) : st;
}

/* EARLY: it runs while the run is planned, so that filters can check their layers' names against
 * the network. */
static const imp_filter filter = {
    .struct_size = sizeof filter,
    .flags = IMP_FILTER_DETERMINISTIC | IMP_FILTER_EARLY,
    .threads = IMP_PARALLEL,
    .id = "org.example.tiny_net",
    .summary = "A network of one convolution and a rectifier.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(outputs),
    .process = process,
};
static const imp_filter *const filters[] = {&filter, NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "org.example.tiny_net", .version = "1.0.0",
    .licence = "MIT", .filters = filters,           .provides = provides,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
