/* net_bench.c - how fast a network runs here: forward, and back to its input. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "kernels/gemm.h"
#include "net.h"

enum { SIZE, RUNS };

static const imp_param params[] = {
    {.key = "size", .unit = "px", .type = IMP_NUMBERS, .def_text = "",
     .help = "Width and height of the picture; otherwise the size that the network takes, or 224."},
    {.key = "runs", .type = IMP_INT, .def = 7, .min = 1, .max = 1000,
     .help = "Measured runs, after one to warm up."},
};
static const imp_port inputs[] = {NET_PORT};
static const imp_port outputs[] = {
    {.name = "table", .kind = IMP_TABLE,
     .help = "A row for forward and one for backward: median and 90th percentile of the time, "
             "GFLOP/s (two per multiply-accumulate), peak memory, kernels of OpenBLAS."},
};

struct bench {
    imp_nn_model *model;
    imp_job *job;
    imp_table *table;
    struct net_ends ends;
    imp_nn_run *run;
    imp_tensor input;
    int64_t shape[NET_AXES];
    double *ms;
    uint32_t runs;
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

static imp_status forward(struct bench *b, double *ms, imp_error *err)
{
    imp_status st = rt_model_table.set_input(NULL, b->run, b->ends.input, &b->input, err);
    const double start = now_ms();
    if (st == IMP_OK)
        st = rt_model_table.forward(NULL, b->run, b->ends.output, b->job, err);
    *ms = now_ms() - start;
    return st;
}

/* All seeds one: time does not depend on them. */
static imp_status backward(struct bench *b, double *ms, imp_error *err)
{
    imp_tensor out = net_view();
    imp_status st = forward(b, ms, err);
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
    return st;
}

static imp_status add_row(struct bench *b, const char *what, uint64_t bytes)
{
    const char *core = rt_gemm_core();
    uint64_t weights, macs = 0;
    char size[32];
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
                            {.i = (int64_t)bytes}, {.s = {core, strlen(core)}}};
    return b->job->add_row(b->job, b->table, row);
}

static imp_status measure(struct bench *b, const char *what, uint32_t flags,
                          imp_status (*pass)(struct bench *, double *, imp_error *), imp_error *err)
{
    uint64_t bytes = 0, least = 0;
    double ms = 0;
    imp_status st = rt_model_table.memory(NULL, b->model, b->ends.output, b->input.ndim, b->shape,
                                          flags, &bytes, &least, err);
    if (st == IMP_OK)
        st = rt_model_table.run_new(NULL, b->model, flags, &b->run, err);
    for (uint32_t i = 0; i <= b->runs && st == IMP_OK; i++) {
        st = pass(b, &ms, err);
        if (i)
            b->ms[i - 1] = ms;
        if (st == IMP_OK)
            st = b->job->progress(b->job, (double)i / b->runs, what);
    }
    if (b->run)
        rt_model_table.run_free(NULL, b->run, NULL);
    b->run = NULL;
    return st == IMP_OK ? add_row(b, what, bytes) : st;
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
    float *data = b->job->scratch(b->job, net_count(&b->input) * sizeof *data);
    if (!data || !b->ms)
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
        {"kernels", NULL, IMP_TEXT, 0},
    };
    struct bench b = {.model = net_model(job->inputs[0]), .job = job};
    (void)instance;
    imp_status st = net_any_ends(b.model, &b.ends, err);
    if (st == IMP_OK)
        st = prepare(&b, err);
    if (st == IMP_OK && !(b.table = job->new_table(job, sizeof columns / sizeof *columns, columns)))
        st = IMP_E_MEMORY;
    if (st == IMP_OK)
        st = measure(&b, "forward", IMP_NN_LEAN, forward, err);
    if (st == IMP_OK)
        st = measure(&b, "backward", 0, backward, err);
    return st == IMP_OK ? job->set_output(job, 0, &b.table->head) : st;
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
