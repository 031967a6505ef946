/* net_decode.c - a picture from a code: a network whose input is what another one's layer says. */
#include <string.h>
#include "net.h"

enum { NET, CODE };

static const imp_port inputs[] = {
    NET_PORT,
    {.name = "code", .kind = IMP_TENSOR, .help = "The code, C H W, as net.encode gives it."},
};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "The picture that the network makes of it."},
};

static const char *meta_of(void *user, const char *key)
{
    const char *text = NULL;
    return rt_model_table.meta(NULL, user, key, &text, NULL) == IMP_OK ? text : NULL;
}

/* Only what comes out is a picture: `output` and its range must be said, the input is a code. */
static const char *output_meta(void *user, const char *key)
{
    static const char *const instead[][2] = {
        {"input", "output"}, {"range", "output_range"}, {"mean", "output_mean"}, {"std", "output_std"},
    };
    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
        if (!strcmp(key, instead[i][0]))
            return meta_of(user, instead[i][1]);
    return NULL;
}

static imp_status look(imp_nn_model *model, struct net_ends *ends, kit_side *s, imp_error *err)
{
    kit_prepare p;
    imp_status st = net_ends_of(model, NULL, ends, err);
    if (st != IMP_OK)
        return st;
    st = kit_prepare_read(output_meta, model, 0, 0, 0, &p, err);
    *s = p.input;
    return st == IMP_E_MISSING
             ? imp_fail(err, st, "the model does not say what pictures it gives: set output = rgb "
                                 "(bgr, grey) and output_range = 0 1 (0 255, -1 1) on its net.load")
             : st;
}

static imp_status picture_of(imp_job *job, const kit_side *s, const imp_tensor *v, imp_error *err)
{
    if (v->ndim != 4 || v->shape[0] != 1 || v->shape[1] != s->channels)
        return imp_fail(err, IMP_E_INPUT,
                        "the network gives %llu channels and %u axes, 'output' says %u channels",
                        (unsigned long long)(v->ndim > 1 ? v->shape[1] : 0), v->ndim, s->channels);
    const uint32_t width = (uint32_t)v->shape[3], height = (uint32_t)v->shape[2];
    const kit_box all = {0, 0, width, height};
    const float *planes = net_packed(job, v);
    imp_image *out = planes ? job->new_image(job, width, height, s->channels, IMP_SRGB) : NULL;
    if (!out)
        return IMP_E_MEMORY;
    const imp_status st = kit_from_network(s, planes, width, height, &all, out, 0, 0, job);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}

/* The code with the axis of the batch, when it has none. */
static imp_status feed(imp_nn_run *run, const struct net_ends *ends, const imp_tensor *code,
                       imp_error *err)
{
    int64_t shape[NET_AXES] = {1}, strides[NET_AXES] = {0};
    imp_tensor t = *code;
    if (code->ndim + 1 > NET_AXES || (ends->node.ndim && code->ndim + 1 < ends->node.ndim))
        return imp_fail(err, IMP_E_INPUT, "a code of %u axes does not fit '%s', which has %u",
                        code->ndim, ends->node.name, ends->node.ndim);
    if (!ends->node.ndim || code->ndim < ends->node.ndim) {
        for (uint32_t i = 0; i < code->ndim; i++) {
            shape[i + 1] = code->shape[i];
            strides[i + 1] = code->strides ? code->strides[i] : 0;
        }
        t.ndim++, t.shape = shape, t.strides = code->strides ? strides : NULL;
    }
    return rt_model_table.set_input(NULL, run, ends->input, &t, err);
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    imp_nn_model *model = net_model(job->inputs[NET]);
    const imp_tensor *code = (const imp_tensor *)(const void *)job->inputs[CODE];
    imp_tensor v = net_view();
    imp_nn_run *run = NULL;
    struct net_ends ends;
    kit_side s;
    imp_status st = look(model, &ends, &s, err);
    if (st == IMP_OK)
        st = net_run_begin(instance, model, IMP_NN_LEAN, &run, err);
    if (st != IMP_OK)
        return st;
    st = feed(run, &ends, code, err);
    if (st == IMP_OK)
        st = rt_model_table.forward(NULL, run, ends.output, job, err);
    if (st == IMP_OK)
        st = rt_model_table.value(NULL, run, ends.output, &v, err);
    if (st == IMP_OK)
        st = picture_of(job, &s, &v, err);
    net_run_end(instance, job, run, st);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    imp_nn_model *model = net_planned(plan, NET);
    kit_error e;
    struct net_ends ends;
    kit_side s;
    (void)instance, (void)err;
    if (!model)
        return IMP_OK;
    if (look(model, &ends, &s, kit_error_init(&e)) != IMP_OK)
        net_mistake(plan, -1, NET, &e);
    else
        plan->outputs[0]->channels = s.channels, plan->outputs[0]->colour = IMP_SRGB;
    return IMP_OK;
}

const imp_filter rt_net_decode = {
    NET_FILTER,
    .id = "net.decode",
    .summary = "A picture from a code, by a network that was trained to give them back.",
    .help = "The other half of net.encode: `in.code` is the value of a layer, the network a decoder "
            "for that layer. The range of its pictures is the model's `output` and `output_range`.",
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = net_create,
    .destroy = net_destroy,
    .process = process,
    .plan = plan,
};
