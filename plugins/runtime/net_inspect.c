/* net_inspect.c - a network as a table: its layers, what they give and what they cost. */
#include <string.h>
#include "net.h"

enum { SIZE };
enum { LAYERS, TOTALS };
enum { SHAPE_TEXT = 24 * NET_AXES };

static const imp_param params[] = {
    {.key = "size", .unit = "px", .type = IMP_NUMBERS, .def_text = "",
     .help = "Width and height of the picture that shapes and costs are for; otherwise the size that "
             "the network takes, or 224."},
};
static const imp_port inputs[] = {NET_PORT};
static const imp_port outputs[] = {
    {.name = "layers", .kind = IMP_TABLE, .help = "A row for each layer, in order of execution."},
    {.name = "totals", .kind = IMP_TABLE, .flags = IMP_PORT_OPTIONAL,
     .help = "One row: parameters, multiply-accumulates, memory."},
};

/* "1 64 112 112" */
static void shape_text(const int64_t *shape, uint32_t ndim, char out[SHAPE_TEXT])
{
    size_t used = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < ndim; i++)
        used += (size_t)snprintf(out + used, SHAPE_TEXT - used, "%s%lld", i ? " " : "",
                                 (long long)shape[i]);
}

/* Names of the nodes that a node reads, cut when there are very many. */
static void input_names(const imp_nn_model *model, const imp_nn_node *n, char *out, size_t room)
{
    size_t used = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < n->input_count && used + 1 < room; i++) {
        imp_nn_node from = {.struct_size = sizeof from};
        if (rt_model_table.node(NULL, model, n->inputs[i], &from, NULL) == IMP_OK)
            used += (size_t)snprintf(out + used, room - used, "%s%s", used ? " " : "", from.name);
    }
}

static imp_cell text_cell(const char *text)
{
    return (imp_cell){.s = {text, strlen(text)}};
}

static imp_status add_layer(imp_job *job, imp_table *t, const imp_nn_model *model, uint32_t i,
                            uint32_t ndim, const int64_t *input, imp_error *err)
{
    int64_t shape[NET_AXES];
    char text[SHAPE_TEXT], from[1024];
    imp_nn_node n = {.struct_size = sizeof n};
    imp_nn_cost cost = {.struct_size = sizeof cost, .ndim = NET_AXES, .shape = shape};
    imp_status st = rt_model_table.node(NULL, model, i, &n, err);
    if (st == IMP_OK)
        st = rt_edit_table.node_cost(NULL, model, i, ndim, input, &cost, err);
    if (st != IMP_OK)
        return st;
    shape_text(shape, cost.ndim < NET_AXES ? cost.ndim : NET_AXES, text);
    input_names(model, &n, from, sizeof from);
    const imp_cell row[] = {text_cell(n.name), text_cell(n.op), text_cell(from), text_cell(text),
                            {.i = (int64_t)cost.params}, {.i = (int64_t)cost.macs},
                            {.i = (int64_t)cost.bytes}};
    return job->add_row(job, t, row);
}

static imp_status list_layers(imp_job *job, const imp_nn_model *model, uint32_t count, uint32_t ndim,
                              const int64_t *input, imp_error *err)
{
    static const imp_column columns[] = {
        {"layer", NULL, IMP_TEXT, 0}, {"op", NULL, IMP_TEXT, 0}, {"inputs", NULL, IMP_TEXT, 0},
        {"shape", NULL, IMP_TEXT, 0}, {"params", NULL, IMP_INT, 0}, {"macs", NULL, IMP_INT, 0},
        {"bytes", "B", IMP_INT, 0},
    };
    imp_table *t = job->new_table(job, sizeof columns / sizeof *columns, columns);
    imp_status st = t ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        st = add_layer(job, t, model, i, ndim, input, err);
        if (st == IMP_OK)
            st = job->progress(job, (i + 1.0) / count, NULL);
    }
    return st == IMP_OK ? job->set_output(job, LAYERS, &t->head) : st;
}

static imp_status tell_totals(imp_job *job, const imp_nn_model *model, uint32_t count, uint32_t ndim,
                              const int64_t *input, imp_error *err)
{
    static const imp_column columns[] = {
        {"input", NULL, IMP_TEXT, 0}, {"layers", NULL, IMP_INT, 0}, {"params", NULL, IMP_INT, 0},
        {"macs", NULL, IMP_INT, 0}, {"weights", "B", IMP_INT, 0}, {"forward", "B", IMP_INT, 0},
        {"backward", "B", IMP_INT, 0},
    };
    uint64_t params_n, macs, lean, all, least;
    char text[SHAPE_TEXT];
    imp_status st = rt_edit_table.cost(NULL, model, ndim, input, &params_n, &macs, err);
    if (st == IMP_OK)
        st = rt_model_table.memory(NULL, model, IMP_NN_ALL, ndim, input, IMP_NN_LEAN, &lean, &least, err);
    if (st == IMP_OK)
        st = rt_model_table.memory(NULL, model, IMP_NN_ALL, ndim, input, 0, &all, &least, err);
    imp_table *t = st == IMP_OK ? job->new_table(job, sizeof columns / sizeof *columns, columns) : NULL;
    if (!t)
        return st == IMP_OK ? IMP_E_MEMORY : st;
    shape_text(input, ndim, text);
    const imp_cell row[] = {text_cell(text), {.i = count}, {.i = (int64_t)params_n},
                            {.i = (int64_t)macs}, {.i = (int64_t)(params_n * sizeof(float))},
                            {.i = (int64_t)lean}, {.i = (int64_t)all}};
    st = job->add_row(job, t, row);
    return st == IMP_OK ? job->set_output(job, TOTALS, &t->head) : st;
}

static const char *check_size(const imp_cell *size, uint32_t *width, uint32_t *height)
{
    *width = *height = 0;
    if (!size->n.count)
        return NULL;
    for (uint64_t i = 0; i < size->n.count; i++)
        if (!(size->n.ptr[i] >= 1 && size->n.ptr[i] <= 65536))
            return "sides are 1 .. 65536 px";
    if (size->n.count > 2)
        return "width and height, or one number for both";
    *width = (uint32_t)size->n.ptr[0], *height = (uint32_t)size->n.ptr[size->n.count - 1];
    return NULL;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_nn_model *model = net_model(job->inputs[0]);
    uint32_t width, height, count = 0;
    int64_t input[NET_AXES];
    struct net_ends ends;
    (void)instance;
    imp_status st = net_any_ends(model, &ends, err);
    if (st == IMP_OK)
        st = rt_model_table.node_count(NULL, model, &count, err);
    if (st != IMP_OK)
        return st;
    const char *wrong = check_size(&job->params[SIZE], &width, &height);
    if (!wrong)
        wrong = net_input_shape(model, &ends, width, height, input);
    if (wrong) {
        if (err)
            err->param = SIZE;
        return imp_fail(err, IMP_E_PARAM, "the network cannot have this size: %s", wrong);
    }
    st = list_layers(job, model, count, ends.node.ndim, input, err);
    return st == IMP_OK && (job->wanted & 1u << TOTALS)
             ? tell_totals(job, model, count, ends.node.ndim, input, err)
             : st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *cells = ((const struct net_instance *)instance)->params;
    uint32_t width, height;
    const char *wrong = check_size(&cells[SIZE], &width, &height);
    (void)err;
    if (wrong)
        plan->mistake(plan, SIZE, -1, NULL, wrong, NULL);
    return IMP_OK;
}

const imp_filter rt_net_inspect = {
    NET_FILTER,
    .id = "net.inspect",
    .summary = "A network as a table: layers, shapes, parameters, multiply-accumulates, bytes.",
    .help = "MACs are multiply-accumulates of one forward pass; a FLOP count is twice that. "
            "`impasto model info FILE` prints the same.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = net_create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
