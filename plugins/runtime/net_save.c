/* net_save.c - a network into a file. */
#include <string.h>
#include "net.h"

enum { NAME };

static const imp_param params[] = {
    {.key = "name", .type = IMP_PATH, .flags = IMP_PARAM_WRITTEN, .def_text = "model.safetensors",
     .help = "Where it is written, below the output folder: .safetensors (weights and "
             "architecture in one file) or .onnx."},
};
static const imp_port inputs[] = {NET_PORT};

static bool ends_in(const char *name, const char *ending)
{
    const size_t n = strlen(name), k = strlen(ending);
    return n > k && !strcmp(name + n - k, ending);
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const char *name = ((const struct net_instance *)instance)->params[NAME].s.ptr;
    (void)err;
    if (!ends_in(name, ".onnx") && !ends_in(name, ".safetensors"))
        plan->mistake(plan, NAME, -1, NULL, "the name ends in .safetensors or .onnx", NULL);
    return IMP_OK;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance;
    const imp_status st =
        rt_train_table.save(NULL, net_model(job->inputs[0]), job->params[NAME].s.ptr, err);
    if (st != IMP_OK && err)
        err->param = NAME;
    return st;
}

const imp_filter rt_net_save = {
    NET_FILTER,
    .id = "net.save",
    .summary = "Writes a network into a .safetensors or .onnx file.",
    .help = "The file holds weights, architecture and preparation, so that net.load needs no more "
            "than its path.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .create = net_create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
