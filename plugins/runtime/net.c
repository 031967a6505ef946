/* net.c - what the net.* filters share. */
#include "net.h"
#include <stdlib.h>
#include <string.h>


imp_status net_create(const imp_host *host, const imp_filter *filter, const imp_cell *params,
                      void **instance, imp_error *err) IMP_NX
{
    struct net_instance *self = calloc(1, sizeof *self);
    (void)host, (void)filter;
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    self->params = params;
    *instance = self;
    return IMP_OK;
}

void net_destroy(void *instance) IMP_NX
{
    struct net_instance *self = instance;
    if (self && self->measured)
        net_drop(self->measured);
    if (self && self->run)
        rt_model_table.run_free(NULL, self->run, NULL);
    free(self);
}

/* ---- models ---- */

imp_nn_model *net_model(const imp_value *value)
{
    return value && value->kind == IMP_OBJECT ? ((const imp_object *)(const void *)value)->object
                                              : NULL;
}

imp_nn_model *net_planned(const imp_plan *plan, uint32_t port)
{
    const imp_shape *in = port < plan->input_count ? plan->inputs[port] : NULL;
    return in ? net_model(in->value) : NULL;
}

void net_drop(void *model) IMP_NX
{
    rt_model_table.release(NULL, model, NULL);
}

static imp_status node_of(const imp_nn_model *model, uint32_t i, imp_nn_node *node, imp_error *err)
{
    *node = (imp_nn_node){.struct_size = sizeof *node};
    return rt_model_table.node(NULL, model, i, node, err);
}

/* The only node with a flag; several or none are told with their names. */
static imp_status only_one(const imp_nn_model *model, uint32_t flag, uint32_t *found,
                           imp_nn_node *node, imp_error *err)
{
    const char *what = flag == IMP_NN_INPUT ? "input" : "output";
    char names[400] = "";
    uint32_t count = 0, n = 0;
    imp_status st = rt_model_table.node_count(NULL, model, &count, err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        imp_nn_node one;
        if ((st = node_of(model, i, &one, err)) != IMP_OK || !(one.flags & flag))
            continue;
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s", n ? " " : "", one.name);
        *found = i, *node = one, n++;
    }
    if (st == IMP_OK && n != 1)
        st = imp_fail(err, IMP_E_INPUT, "the network has %u %ss (%s), one is wanted%s", n, what,
                      names, n && flag == IMP_NN_OUTPUT ? ": choose with output =" : "");
    return st;
}

static uint32_t side_of(int64_t n)
{
    return n > 0 && n <= INT32_MAX ? (uint32_t)n : 0;
}

imp_status net_ends_of(const imp_nn_model *model, const char *output, struct net_ends *e,
                       imp_error *err)
{
    imp_nn_node node;
    *e = (struct net_ends){.input = 0};
    imp_status st = only_one(model, IMP_NN_INPUT, &e->input, &e->node, err);
    if (st == IMP_OK)
        st = output && *output ? rt_model_table.find(NULL, model, output, &e->output, err)
                               : only_one(model, IMP_NN_OUTPUT, &e->output, &node, err);
    if (st != IMP_OK)
        return st;
    if (e->node.ndim == 4) {
        e->channels = side_of(e->node.shape[1]);
        e->height = side_of(e->node.shape[2]), e->width = side_of(e->node.shape[3]);
    }
    return IMP_OK;
}

imp_status net_any_ends(const imp_nn_model *model, struct net_ends *e, imp_error *err)
{
    uint32_t count = 0;
    imp_nn_node node = {.name = NULL}, one;
    imp_status st = rt_model_table.node_count(NULL, model, &count, err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++)
        if ((st = node_of(model, i, &one, err)) == IMP_OK && one.flags & IMP_NN_OUTPUT)
            node = one;
    return st == IMP_OK ? net_ends_of(model, node.name, e, err) : st;
}

static const char *meta_of(void *user, const char *key)
{
    const char *text = NULL;
    return rt_model_table.meta(NULL, user, key, &text, NULL) == IMP_OK ? text : NULL;
}

imp_status net_prepare_of(const imp_nn_model *model, const struct net_ends *e, kit_prepare *p,
                          imp_error *err)
{
    if (e->node.ndim && e->node.ndim != 4)
        return imp_fail(err, IMP_E_INPUT,
                        "the network's input '%s' has %u axes, a picture has 4 (N C H W)",
                        e->node.name, e->node.ndim);
    if (e->node.ndim && e->node.shape[0] > 1)
        return imp_fail(err, IMP_E_INPUT,
                        "the network takes batches of %lld pictures only, one at a time is wanted",
                        (long long)e->node.shape[0]);
    union {
        const imp_nn_model *in;
        void *out;
    } user = {.in = model};
    return kit_prepare_read(meta_of, user.out, e->channels, e->width, e->height, p, err);
}

bool net_check_layers(imp_plan *plan, const imp_nn_model *model, int32_t param,
                      const imp_cell *names)
{
    static const kit_nn services = {.model = {&rt_model_table, NULL}};
    return kit_sight_check(plan, &services, model, param, names);
}

void net_mistake(imp_plan *plan, int32_t param, int32_t port, const kit_error *e)
{
    plan->mistake(plan, param, port, NULL, e->text, NULL);
}

/* ---- sizes ---- */

uint32_t net_shape(const imp_nn_model *model, uint32_t node, uint32_t ndim, const int64_t *input,
                   int64_t shape[NET_AXES])
{
    imp_nn_cost cost = {.struct_size = sizeof cost, .ndim = NET_AXES, .shape = shape};
    imp_nn_node n;
    if (rt_edit_table.node_cost &&
        rt_edit_table.node_cost(NULL, model, node, ndim, input, &cost, NULL) == IMP_OK)
        return cost.ndim <= NET_AXES ? cost.ndim : 0;
    if (node_of(model, node, &n, NULL) != IMP_OK || n.ndim > NET_AXES)
        return 0;
    for (uint32_t i = 0; i < n.ndim; i++)
        if ((shape[i] = n.shape[i]) < 0)
            return 0;
    return n.ndim;
}

void net_plan_cost(imp_plan *plan, const imp_nn_model *model, uint32_t node, uint32_t ndim,
                   const int64_t *input, uint32_t flags)
{
    uint64_t bytes = 0, least = 0, params = 0, macs = 0;
    if (rt_model_table.memory(NULL, model, node, ndim, input, flags, &bytes, &least, NULL) ==
        IMP_OK) {
        uint64_t fed = sizeof(float);
        for (uint32_t i = 0; i < ndim; i++)
            fed *= (uint64_t)input[i];
        bytes += fed;
        plan->bytes = bytes > plan->bytes ? bytes : plan->bytes;
        plan->least_bytes = plan->bytes;
    }
    if (rt_edit_table.cost(NULL, model, ndim, input, &params, &macs, NULL) == IMP_OK)
        plan->macs += (double)macs;
}

const char *net_input_shape(const imp_nn_model *model, const struct net_ends *e, uint32_t width,
                            uint32_t height, int64_t shape[NET_AXES])
{
    kit_prepare p;
    const bool known = net_prepare_of(model, e, &p, NULL) == IMP_OK;
    const uint32_t m = known ? p.multiple : 1, usual = (224 + m - 1) / m * m;
    if (e->node.ndim > NET_AXES)
        return "its input has more axes than can be told";
    for (uint32_t i = 0; i < e->node.ndim; i++)
        shape[i] = e->node.shape[i] > 0 ? e->node.shape[i] : 1;
    if (e->node.ndim != 4)
        return width || height ? "its input is no picture, it has no size" : NULL;
    if ((width && e->width && width != e->width) || (height && e->height && height != e->height))
        return "its graph fixes another size";
    shape[1] = e->channels ? e->channels : known ? p.input.channels : 3;
    shape[2] = e->height ? e->height : height ? height : known && p.height ? p.height : usual;
    shape[3] = e->width ? e->width : width ? width : known && p.width ? p.width : usual;
    return NULL;
}

/* ---- runs ---- */

imp_status net_run_begin(struct net_instance *self, imp_nn_model *model, uint32_t flags,
                         imp_nn_run **run, imp_error *err)
{
    *run = self->run;
    self->run = NULL;
    if (*run && self->run_model == model && self->run_flags == flags)
        return IMP_OK;
    if (*run)
        rt_model_table.run_free(NULL, *run, NULL);
    *run = NULL;
    self->run_model = model, self->run_flags = flags;
    return rt_model_table.run_new(NULL, model, flags, run, err);
}

void net_run_end(struct net_instance *self, const imp_job *job, imp_nn_run *run, imp_status st)
{
    if (run && st == IMP_OK && !job->max_bytes)
        self->run = run;
    else if (run)
        rt_model_table.run_free(NULL, run, NULL);
}

imp_tensor net_view(void)
{
    return (imp_tensor){.head = {sizeof(imp_tensor), IMP_TENSOR}};
}

uint64_t net_count(const imp_tensor *t)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < t->ndim; i++)
        n *= (uint64_t)t->shape[i];
    return n;
}

void net_unpack(const imp_tensor *t, float *to)
{
    const uint64_t n = net_count(t);
    const float *from = t->data;
    if (!t->strides) {
        memcpy(to, from, n * sizeof *to);
        return;
    }
    for (uint64_t i = 0; i < n; i++) {
        uint64_t rest = i;
        int64_t at = 0;
        for (uint32_t axis = t->ndim; axis-- > 0; rest /= (uint64_t)t->shape[axis])
            at += (int64_t)(rest % (uint64_t)t->shape[axis]) * t->strides[axis];
        to[i] = from[at];
    }
}

const float *net_packed(imp_job *job, const imp_tensor *t)
{
    float *copy = t->strides ? job->scratch(job, net_count(t) * sizeof *copy) : NULL;
    if (copy)
        net_unpack(t, copy);
    return t->strides ? copy : t->data;
}

imp_status net_evaluate(imp_nn_run *run, const struct net_ends *e, uint32_t node, uint32_t channels,
                        uint32_t width, uint32_t height, float *data, imp_job *job,
                        imp_tensor *view, imp_error *err)
{
    const int64_t shape[] = {1, channels, height, width};
    const imp_tensor in = {.head = {sizeof in, IMP_TENSOR},
                           .dtype = IMP_F32, .ndim = 4, .shape = shape, .data = data};
    imp_status st = rt_model_table.set_input(NULL, run, e->input, &in, err);
    if (st == IMP_OK)
        st = rt_model_table.forward(NULL, run, node, job, err);
    *view = net_view();
    return st == IMP_OK ? rt_model_table.value(NULL, run, node, view, err) : st;
}
