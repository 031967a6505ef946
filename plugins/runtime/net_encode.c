/* net_encode.c - what the layers of a network say of a picture. */
#include <string.h>
#include "net.h"

enum { LAYERS, FIT };
enum { NET, PICTURE };

static const imp_param params[] = {
    {.key = "layers", .type = IMP_NAMES, .flags = IMP_PARAM_REQUIRED,
     .help = "Names of layers, in the order of the codes: `relu1_1 relu3_1`."},
    {.key = "fit", .type = IMP_CHOICE, .choices = KIT_FIT_CHOICES, .def_text = "pad",
     .help = "How a picture comes to sides that the network takes: pad mirrors its border, crop "
             "cuts it, stretch resamples it."},
};
static const imp_port inputs[] = {
    NET_PORT,
    {.name = "in", NET_PICTURE, .help = "The picture."},
};
static const imp_port outputs[] = {
    {.name = "codes", .kind = IMP_TENSOR, .flags = IMP_PORT_MANY,
     .help = "The value of each layer, C H W, named after it."},
};

/* Node numbers of the layers, and the last of them. */
static imp_status find_layers(const imp_nn_model *model, const imp_cell *names, uint32_t *nodes,
                              imp_error *err)
{
    for (uint64_t i = 0; i < names->w.count; i++) {
        const imp_status st = rt_model_table.find(NULL, model, names->w.ptr[i], &nodes[i], err);
        if (st == IMP_OK)
            continue;
        if (err)
            err->param = LAYERS;
        return st;
    }
    return IMP_OK;
}

/* A layer's value without the axis of the batch. */
static imp_status give(imp_job *job, imp_nn_run *run, uint32_t node, const char *name, imp_error *err)
{
    imp_tensor v = net_view();
    imp_status st = rt_model_table.forward(NULL, run, node, job, err);
    if (st == IMP_OK)
        st = rt_model_table.value(NULL, run, node, &v, err);
    if (st != IMP_OK)
        return st;
    const uint32_t first = v.ndim > 1 && v.shape[0] == 1;
    imp_tensor *out = job->new_tensor(job, IMP_F32, v.ndim - first, v.shape + first, name);
    if (!out)
        return IMP_E_MEMORY;
    net_unpack(&v, out->data);
    return job->set_output(job, 0, &out->head);
}

static imp_status encode(imp_job *job, imp_nn_run *run, const struct net_ends *ends,
                         const kit_prepare *p, const uint32_t *nodes, imp_error *err)
{
    const imp_cell *names = &job->params[LAYERS];
    const imp_image *in = imp_image_in(job, PICTURE);
    kit_frame f;
    imp_status st =
        kit_frame_of(p, in->width, in->height, (enum kit_fit)job->params[FIT].i, &f, err);
    float *data = NULL;
    if (st == IMP_OK && !(data = job->scratch(job, (uint64_t)p->input.channels * f.width * f.height *
                                                       sizeof *data)))
        st = IMP_E_MEMORY;
    if (st == IMP_OK)
        st = kit_prepare_picture(&p->input, &f, in, data, job);
    if (st != IMP_OK)
        return st;
    const int64_t shape[] = {1, p->input.channels, f.height, f.width};
    const imp_tensor fed = {.head = {sizeof fed, IMP_TENSOR},
                            .dtype = IMP_F32, .ndim = 4, .shape = shape, .data = data};
    st = rt_model_table.set_input(NULL, run, ends->input, &fed, err);
    for (uint64_t i = 0; i < names->w.count && st == IMP_OK; i++)
        st = give(job, run, nodes[i], names->w.ptr[i], err);
    return st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *names = &job->params[LAYERS];
    imp_nn_model *model = net_model(job->inputs[NET]);
    uint32_t *nodes = job->scratch(job, (names->w.count + 1) * sizeof *nodes);
    imp_nn_run *run = NULL;
    struct net_ends ends;
    kit_prepare p;
    if (!nodes)
        return IMP_E_MEMORY;
    imp_status st = find_layers(model, names, nodes, err);
    if (st == IMP_OK)
        st = net_ends_of(model, names->w.count ? names->w.ptr[0] : NULL, &ends, err);
    if (st == IMP_OK)
        st = net_prepare_of(model, &ends, &p, err);
    if (st == IMP_OK) /* one layer may be computed from another that a lean run has forgotten */
        st = net_run_begin(instance, model, names->w.count > 1 ? 0 : IMP_NN_LEAN, &run, err);
    if (st != IMP_OK)
        return st;
    st = encode(job, run, &ends, &p, nodes, err);
    net_run_end(instance, job, run, st);
    return st;
}

/* ---- before the run ---- */

/* Memory up to the last layer. */
static void plan_cost(imp_plan *plan, const imp_nn_model *model, const struct net_ends *ends,
                      const kit_prepare *p, const imp_cell *cells)
{
    const imp_cell *names = &cells[LAYERS];
    const imp_shape *in = plan->inputs[PICTURE];
    uint32_t last = ends->output, node;
    kit_frame f;
    if (kit_frame_of(p, in->width, in->height, (enum kit_fit)cells[FIT].i, &f, NULL) != IMP_OK)
        return;
    for (uint64_t i = 0; i < names->w.count; i++)
        if (rt_model_table.find(NULL, model, names->w.ptr[i], &node, NULL) == IMP_OK && node > last)
            last = node;
    const int64_t input[] = {1, p->input.channels, f.height, f.width};
    int64_t shape[NET_AXES];
    net_plan_cost(plan, model, last, 4, input, names->w.count > 1 ? 0 : IMP_NN_LEAN);
    const uint32_t ndim = net_shape(model, ends->output, 4, input, shape);
    if (ndim && names->w.count == 1) {
        plan->outputs[0]->bytes = sizeof(float);
        for (uint32_t i = 0; i < ndim; i++)
            plan->outputs[0]->bytes *= (uint64_t)shape[i];
    }
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *cells = ((const struct net_instance *)instance)->params;
    const imp_shape *in = plan->inputs[PICTURE];
    const imp_nn_model *model = net_planned(plan, NET);
    kit_error e;
    struct net_ends ends;
    kit_prepare p;
    (void)err;
    if (!cells[LAYERS].w.count)
        plan->mistake(plan, LAYERS, -1, NULL, "at least one layer is wanted", NULL);
    if (!model || !cells[LAYERS].w.count ||
        !net_check_layers(plan, model, LAYERS, &cells[LAYERS]))
        return IMP_OK;
    if (net_ends_of(model, cells[LAYERS].w.ptr[0], &ends, kit_error_init(&e)) != IMP_OK ||
        net_prepare_of(model, &ends, &p, &e.as) != IMP_OK)
        net_mistake(plan, -1, NET, &e);
    else if (in && in->width && in->height)
        plan_cost(plan, model, &ends, &p, cells);
    return IMP_OK;
}

const imp_filter rt_net_encode = {
    NET_FILTER,
    .id = "net.encode",
    .summary = "What layers of a network say of a picture: their codes, as tensors.",
    .help = "The picture goes through the network once, as far as the deepest layer. `impasto model "
            "info FILE` lists the layers.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = net_create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
