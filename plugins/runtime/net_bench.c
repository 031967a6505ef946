/* net_bench.c - how fast a network runs here: forward, and back to its input. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "kernels/gemm.h"
#include "kernels/simd.h"
#include "net.h"
#include "peak.h"

enum { SIZE, RUNS, BY };
enum { BY_OPERATOR, BY_LAYER };

static const imp_param params[] = {
    {.key = "size", .unit = "px", .type = IMP_NUMBERS, .def_text = "",
     .help = "Width and height of the picture; otherwise the size that the network takes, or 224."},
    {.key = "runs", .type = IMP_INT, .def = 7, .min = 1, .max = 1000,
     .help = "Measured runs, after one to warm up."},
    {.key = "by", .type = IMP_CHOICE, .choices = "operator|layer", .def_text = "operator",
     .help = "What a row of `parts` is: all layers of one kind together, or each layer."},
};
static const imp_port inputs[] = {NET_PORT};
static const imp_port outputs[] = {
    {.name = "table", .kind = IMP_TABLE,
     .help = "A row for forward and one for backward: median and 90th percentile of the time, "
             "GFLOP/s (two per multiply-accumulate), memory of the run as it is planned, peak of the whole "
             "process as it was measured, kernels of OpenBLAS and our own."},
    {.name = "parts", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL,
     .help = "A row for each operator (or layer) and pass, those that take longest first: median of the "
             "time, its share of the pass, GFLOP/s. What is computed together with a convolution is in its row."},
};

struct bench {
    imp_nn_model *model;
    imp_job *job;
    imp_table *table, *parts;
    struct net_ends ends;
    imp_nn_run *run;
    imp_tensor input;
    int64_t shape[NET_AXES];
    double *ms;
    double *node_ms; /* [run][node] */
    uint32_t runs, node_count;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What the nodes took in this pass, into the run's line; `before`: had taken ahead of it. */
static imp_status keep_times(struct bench *b, double *line, bool back, imp_error *err)
{
    double *fore = b->job->scratch(b->job, 2 * (size_t)b->node_count * sizeof *fore), *aft = fore;
    if (!fore)
        return IMP_E_MEMORY;
    aft += b->node_count;
    const imp_status st = rt_model_table.times(NULL, b->run, b->node_count, fore, aft, err);
    for (uint32_t i = 0; i < b->node_count && st == IMP_OK; i++)
        line[i] = back ? aft[i] + fore[i] - line[i] : fore[i];
    return st;
}

static imp_status forward(struct bench *b, double *ms, double *line, imp_error *err)
{
    imp_status st = rt_model_table.set_input(NULL, b->run, b->ends.input, &b->input, err);
    const double start = now_ms();
    if (st == IMP_OK)
        st = rt_model_table.forward(NULL, b->run, b->ends.output, b->job, err);
    *ms = now_ms() - start;
    return st == IMP_OK ? keep_times(b, line, false, err) : st;
}

/* All seeds one: time does not depend on them. */
static imp_status backward(struct bench *b, double *ms, double *line, imp_error *err)
{
    imp_tensor out = net_view();
    imp_status st = forward(b, ms, line, err);
    if (st == IMP_OK)
        st = rt_model_table.value(NULL, b->run, b->ends.output, &out, err);
    if (st != IMP_OK)
        return st;
    const uint64_t n = net_count(&out);
    float *ones = malloc(n * sizeof *ones);
    if (!ones)
        return imp_fail(err, IMP_E_MEMORY, "no memory for seeds");
    for (uint64_t i = 0; i < n; i++)
        ones[i] = 1;
    const imp_tensor seed = {.head = {sizeof seed, IMP_TENSOR}, .dtype = IMP_F32, .ndim = out.ndim,
                             .shape = out.shape, .data = ones};
    st = rt_grad_table.seed(NULL, b->run, b->ends.output, &seed, err);
    const double start = now_ms();
    if (st == IMP_OK)
        st = rt_grad_table.backward(NULL, b->run, 1, &b->ends.input, b->job, err);
    *ms = now_ms() - start;
    free(ones);
    return st == IMP_OK ? keep_times(b, line, true, err) : st;
}

static imp_status add_row(struct bench *b, const char *what, uint64_t bytes, uint64_t peak)
{
    char core[64];
    uint64_t weights, macs = 0;
    char size[32];
    snprintf(core, sizeof core, "%s, %s", rt_gemm_core(), rt_simd_name(rt_simd()));
    qsort(b->ms, b->runs, sizeof *b->ms, by_value);
    const double median = b->ms[b->runs / 2], p90 = b->ms[(b->runs * 9 + 9) / 10 - 1];
    if (rt_edit_table.cost(NULL, b->model, b->input.ndim, b->shape, &weights, &macs, NULL) != IMP_OK)
        macs = 0;
    snprintf(size, sizeof size, "%lldx%lld",
             (long long)(b->input.ndim == 4 ? b->shape[3] : b->shape[b->input.ndim - 1]),
             (long long)(b->input.ndim == 4 ? b->shape[2] : 1));
    const imp_cell row[] = {{.s = {what, strlen(what)}}, {.s = {size, strlen(size)}},
                            {.f = median}, {.f = p90},
                            {.f = median > 0 ? 2 * (double)macs / median / 1e6 : 0},
                            {.i = (int64_t)bytes}, {.i = (int64_t)peak}, {.s = {core, strlen(core)}}};
    return b->job->add_row(b->job, b->table, row);
}

/* ---- the parts of a pass ---- */

struct part {
    const char *name, *op;
    double ms, macs;
    uint32_t layers, order;
};

static int longest_first(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    return x->ms != y->ms ? (x->ms < y->ms ? 1 : -1) : (int)x->order - (int)y->order;
}

static double median_of_node(struct bench *b, uint32_t node)
{
    for (uint32_t i = 0; i < b->runs; i++)
        b->ms[i] = b->node_ms[(size_t)i * b->node_count + node];
    qsort(b->ms, b->runs, sizeof *b->ms, by_value);
    return b->ms[b->runs / 2];
}

static double macs_of_node(const struct bench *b, uint32_t node)
{
    imp_nn_cost cost = {.struct_size = sizeof cost};
    return rt_edit_table.node_cost(NULL, b->model, node, b->input.ndim, b->shape, &cost, NULL) == IMP_OK
             ? (double)cost.macs
             : 0;
}

/* Adds the node to its part, a new one if need be; answers how many there are. */
static uint32_t add_node(struct bench *b, uint32_t node, struct part *parts, uint32_t count)
{
    const bool alone = b->job->params[BY].i == BY_LAYER;
    imp_nn_node n = {.struct_size = sizeof n};
    uint32_t at = alone ? count : 0;
    const double ms = median_of_node(b, node);
    if (rt_model_table.node(NULL, b->model, node, &n, NULL) != IMP_OK || n.flags & IMP_NN_INPUT)
        return count;
    while (at < count && strcmp(parts[at].op, n.op) != 0)
        at++;
    if (at == count)
        parts[count++] = (struct part){.name = alone ? n.name : n.op, .op = n.op, .order = at};
    parts[at].ms += ms;
    parts[at].macs += macs_of_node(b, node);
    parts[at].layers++;
    return count;
}

static imp_status add_parts(struct bench *b, const char *what)
{
    struct part *parts = b->job->scratch(b->job, b->node_count * sizeof *parts);
    uint32_t count = 0;
    double all = 0;
    imp_status st = IMP_OK;
    if (!parts)
        return IMP_E_MEMORY;
    for (uint32_t i = 0; i < b->node_count; i++)
        count = add_node(b, i, parts, count);
    for (uint32_t i = 0; i < count; i++)
        all += parts[i].ms;
    qsort(parts, count, sizeof *parts, longest_first);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        const struct part *p = &parts[i];
        const imp_cell row[] = {{.s = {what, strlen(what)}}, {.s = {p->name, strlen(p->name)}},
                                {.s = {p->op, strlen(p->op)}}, {.i = p->layers}, {.f = p->ms},
                                {.f = all > 0 ? 100 * p->ms / all : 0},
                                {.f = p->ms > 0 ? 2 * p->macs / p->ms / 1e6 : 0}};
        st = b->job->add_row(b->job, b->parts, row);
    }
    return st;
}

static imp_status measure(struct bench *b, const char *what, uint32_t flags,
                          imp_status (*pass)(struct bench *, double *, double *, imp_error *), imp_error *err)
{
    uint64_t bytes = 0, least = 0;
    double ms = 0;
    imp_status st = rt_model_table.memory(NULL, b->model, b->ends.output, b->input.ndim, b->shape,
                                          flags, &bytes, &least, err);
    if (st == IMP_OK)
        st = rt_model_table.run_new(NULL, b->model, flags | IMP_NN_TIMED, &b->run, err);
    rt_peak_reset();
    for (uint32_t i = 0; i <= b->runs && st == IMP_OK; i++) {
        st = pass(b, &ms, b->node_ms + (size_t)(i ? i - 1 : 0) * b->node_count, err);
        if (i)
            b->ms[i - 1] = ms;
        if (st == IMP_OK)
            st = b->job->progress(b->job, (double)i / b->runs, what);
    }
    const uint64_t peak = rt_peak();
    if (b->run)
        rt_model_table.run_free(NULL, b->run, NULL);
    b->run = NULL;
    if (st == IMP_OK)
        st = add_row(b, what, bytes, peak);
    return st == IMP_OK ? add_parts(b, what) : st;
}

/* Noise, and room for the times. */
static imp_status prepare(struct bench *b, imp_error *err)
{
    const imp_cell *size = &b->job->params[SIZE];
    const double w = size->n.count ? size->n.ptr[0] : 0;
    const double h = size->n.count ? size->n.ptr[size->n.count - 1] : 0;
    const char *wrong = size->n.count > 2 || w < 0 || w > 65536 || h < 0 || h > 65536
                          ? "width and height, 1 .. 65536"
                          : net_input_shape(b->model, &b->ends, (uint32_t)w, (uint32_t)h, b->shape);
    if (wrong && err)
        err->param = SIZE;
    if (wrong)
        return imp_fail(err, IMP_E_PARAM, "the network cannot have this size: %s", wrong);
    b->input = net_view();
    b->input.dtype = IMP_F32, b->input.ndim = b->ends.node.ndim, b->input.shape = b->shape;
    b->runs = (uint32_t)b->job->params[RUNS].i;
    b->ms = b->job->scratch(b->job, b->runs * sizeof *b->ms);
    rt_model_table.node_count(NULL, b->model, &b->node_count, NULL);
    b->node_ms = b->job->scratch(b->job, (uint64_t)b->runs * b->node_count * sizeof *b->node_ms);
    float *data = b->job->scratch(b->job, net_count(&b->input) * sizeof *data);
    if (!data || !b->ms || !b->node_ms)
        return IMP_E_MEMORY;
    kit_normals(1, 0, 0, net_count(&b->input), data);
    b->input.data = data;
    return IMP_OK;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    static const imp_column columns[] = {
        {"pass", NULL, IMP_TEXT, 0}, {"size", "px", IMP_TEXT, 0}, {"median", "ms", IMP_FLOAT, 0},
        {"p90", "ms", IMP_FLOAT, 0}, {"gflops", NULL, IMP_FLOAT, 0}, {"memory", "B", IMP_INT, 0},
        {"peak", "B", IMP_INT, 0}, {"kernels", NULL, IMP_TEXT, 0},
    };
    static const imp_column part_columns[] = {
        {"pass", NULL, IMP_TEXT, 0}, {"name", NULL, IMP_TEXT, 0}, {"operator", NULL, IMP_TEXT, 0},
        {"layers", NULL, IMP_INT, 0}, {"median", "ms", IMP_FLOAT, 0}, {"share", "%", IMP_FLOAT, 0},
        {"gflops", NULL, IMP_FLOAT, 0},
    };
    struct bench b = {.model = net_model(job->inputs[0]), .job = job};
    (void)instance;
    imp_status st = net_any_ends(b.model, &b.ends, err);
    if (st == IMP_OK)
        st = prepare(&b, err);
    if (st == IMP_OK &&
        (!(b.table = job->new_table(job, sizeof columns / sizeof *columns, columns)) ||
         !(b.parts = job->new_table(job, sizeof part_columns / sizeof *part_columns, part_columns))))
        st = IMP_E_MEMORY;
    if (st == IMP_OK)
        st = measure(&b, "forward", IMP_NN_LEAN, forward, err);
    if (st == IMP_OK)
        st = measure(&b, "backward", 0, backward, err);
    if (st == IMP_OK)
        st = job->set_output(job, 0, &b.table->head);
    return st == IMP_OK ? job->set_output(job, 1, &b.parts->head) : st;
}

const imp_filter rt_net_bench = {
    .struct_size = sizeof(imp_filter),
    .threads = IMP_PARALLEL, /* times differ from run to run: not DETERMINISTIC */
    .params_version = 1,
    .id = "net.bench",
    .summary = "How fast a network runs here: forward, and its gradient back to the input.",
    .help = "Noise goes through the network, once to warm up and then `runs` times. Backward is the "
            "gradient of everything at the input, without that of the parameters.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
};
