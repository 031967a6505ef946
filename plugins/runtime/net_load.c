/* net_load.c - a network from a file, with what is known of its pictures. */
#include "model.h"
#include "net.h"

#include <string.h>

enum { PATH, ARCH, POOL, MAP, PREPARE /* the first of kit_prepare_keys */ };
enum { AS_IT_IS, AVERAGE };
enum { PATH_ROOM = 4200 };

#define KEY(k, text) {.key = k, .type = IMP_TEXT, .def_text = "", .help = text}
static const imp_param params[] = {
    {.key = "path", .type = IMP_PATH, .flags = IMP_PARAM_REQUIRED | IMP_PARAM_MODEL,
     .help = "The file: .onnx, .safetensors, or the .ini of an architecture beside its weights."},
    {.key = "arch", .type = IMP_PATH, .flags = IMP_PARAM_MODEL, .def_text = "",
     .help = "The architecture of safetensors that hold none, where it is not the .ini beside them: a file, or "
             "one that Impasto brings, such as resnet18.ini or vgg19-features.ini."},
    {.key = "pool", .type = IMP_CHOICE, .choices = "as_it_is|average", .def_text = "as_it_is",
     .help = "average: every max pooling becomes an average, as style transfer likes it."},
    {.key = "map", .type = IMP_BOOL,
     .help = "Leaves the weights of a safetensors file in it and maps them, instead of reading them: less "
             "memory, shared with other programs. The file must not be cut while the run goes on."},
    KEY("input", "Channels that the network takes: rgb, bgr or grey. These keys go before what the "
                 "file says."),
    KEY("range", "Its values of black and white: `0 1`, `0 255`, `-1 1`."),
    KEY("mean", "Taken off each channel, in units of range: one number, or one a channel in the "
                "network's order."),
    KEY("std", "Each channel is divided by it, in units of range: one number, or one a channel."),
    KEY("multiple", "Sides of pictures must be multiples of it."),
    KEY("size", "The only size it takes: width and height, or one number for both."),
    KEY("output", "Channels of the pictures that it gives: rgb, bgr or grey."),
    KEY("output_range", "Values of black and white in what it gives; otherwise as range."),
    KEY("output_mean", "Added to each channel of what it gives, in units of output_range."),
    KEY("output_std", "Each channel of what it gives is multiplied by it."),
};
static const imp_port outputs[] = {
    {.name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE, .help = "The network."},
};

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct net_instance *self = instance;
    (void)err;
    for (int32_t i = 0; kit_prepare_keys[i]; i++) {
        const char *text = self->params[PREPARE + i].s.ptr;
        const char *wants = *text ? kit_prepare_check(kit_prepare_keys[i], text) : NULL;
        char said[300];
        if (!wants)
            continue;
        snprintf(said, sizeof said, "%s wants %s", kit_prepare_keys[i], wants);
        plan->mistake(plan, PREPARE + i, -1, NULL, said, NULL);
    }
    return IMP_OK;
}

/* The model with one more line of meta instead of it. */
static imp_status say(imp_nn_model **model, const char *key, const char *text, imp_error *err)
{
    imp_nn_model *with = NULL;
    const imp_status st = rt_train_table.with_meta(NULL, *model, key, text, &with, err);
    if (st != IMP_OK)
        return st;
    net_drop(*model);
    *model = with;
    return IMP_OK;
}

static imp_status add_keys(imp_nn_model **model, const imp_cell *cells, imp_error *err)
{
    imp_status st = IMP_OK;
    for (int32_t i = 0; kit_prepare_keys[i] && st == IMP_OK; i++) {
        const char *text = cells[PREPARE + i].s.ptr;
        const char *wants = *text ? kit_prepare_check(kit_prepare_keys[i], text) : NULL;
        if (wants) {
            if (err)
                err->param = PREPARE + i;
            return imp_fail(err, IMP_E_PARAM, "%s wants %s", kit_prepare_keys[i], wants);
        }
        if (*text)
            st = say(model, kit_prepare_keys[i], text, err);
    }
    return st;
}

/* As rt_file_read takes them. */
static imp_status write_options(const imp_cell *cells, char options[PATH_ROOM], imp_error *err)
{
    const char *arch = cells[ARCH].s.ptr, *mark = *arch ? "\"" : "";
    if (strpbrk(arch, "\"\\"))
        return imp_fail(err, IMP_E_PARAM, "arch: quotes and backslashes cannot stand in the path %s", arch);
    const int n = snprintf(options, PATH_ROOM, "%s%s%s%s%s%s", cells[POOL].i == AVERAGE ? "pool=average " : "",
                           cells[MAP].i ? "map=yes " : "", *arch ? "arch=" : "", mark, arch, mark);
    if (n >= PATH_ROOM)
        return imp_fail(err, IMP_E_PARAM, "arch: the path is too long");
    if (n && options[n - 1] == ' ') /* as others write it, so that the model is shared */
        options[n - 1] = '\0';
    return IMP_OK;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *cells = job->params;
    imp_nn_model *model = NULL;
    char options[PATH_ROOM] = "";
    (void)instance;
    imp_status st = write_options(cells, options, err);
    if (st == IMP_OK)
        st = rt_model_open(cells[PATH].s.ptr, *options ? options : NULL, job, &model, err);
    if (st != IMP_OK) {
        if (err)
            err->param = PATH;
        return st;
    }
    if ((st = add_keys(&model, cells, err)) != IMP_OK) {
        net_drop(model);
        return st;
    }
    imp_object *out = job->new_object(job, IMP_NN_MODEL_TYPE, model, net_drop);
    return out ? job->set_output(job, 0, &out->head) : IMP_E_MEMORY;
}

const imp_filter rt_net_load = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC | IMP_FILTER_EARLY,
    .threads = IMP_PARALLEL,
    .params_version = 1,
    .id = "net.load",
    .summary = "Loads a network from an ONNX or safetensors file.",
    .help = "How pictures go into a network (channels, range, mean) belongs to the model: files "
            "written by net.save hold it, for others it is given here. A network whose preparation "
            "nobody told is refused by the filters that feed it pictures, since a wrong one would "
            "show nowhere but in the result. `impasto model info FILE` shows layers and sizes.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(outputs),
    .create = net_create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
