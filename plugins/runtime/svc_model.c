/* svc_model.c - impasto.nn.model/1: opening, asking, running forward. */
#include "clock.h"
#include "cost.h"
#include "nearest.h"
#include "op.h"
#include "run.h"
#include "services.h"

#include <stdlib.h>
#include <string.h>

static imp_status open_file(void *self, const char *path, const char *options, imp_nn_model **out,
                            imp_error *err)
{
    (void)self;
    return rt_model_open(path, options, NULL, out, err);
}

static imp_status retain(void *self, imp_nn_model *m, imp_error *err)
{
    (void)self, (void)err;
    rt_model_retain(m);
    return IMP_OK;
}

static imp_status release(void *self, imp_nn_model *m, imp_error *err)
{
    (void)self, (void)err;
    rt_model_release(m);
    return IMP_OK;
}

static imp_status node_count(void *self, const imp_nn_model *m, uint32_t *count, imp_error *err)
{
    (void)self, (void)err;
    *count = m->graph->node_count;
    return IMP_OK;
}

static imp_status node(void *self, const imp_nn_model *m, uint32_t i, imp_nn_node *out,
                       imp_error *err)
{
    (void)self;
    if (i >= m->graph->node_count)
        return imp_fail(err, IMP_E_MISSING, "node %u of a network of %u", i, m->graph->node_count);
    const struct rt_node *n = &m->graph->nodes[i];
    const imp_nn_node full = {.struct_size = out->struct_size, .flags = n->flags, .name = n->name,
                              .op = n->op->name, .inputs = m->node_inputs[i],
                              .shape = m->shapes[i].dim, .input_count = m->node_input_count[i],
                              .ndim = m->shapes[i].ndim};
    memcpy(out, &full, out->struct_size < sizeof full ? out->struct_size : sizeof full);
    return IMP_OK;
}

static const char *name_of_node(const void *graph, uint32_t i)
{
    return ((const struct rt_graph *)graph)->nodes[i].name;
}

static imp_status find(void *self, const imp_nn_model *m, const char *name, uint32_t *out,
                       imp_error *err)
{
    (void)self;
    const int64_t i = rt_graph_find_node(m->graph, name);
    char near[256];
    if (i >= 0) {
        *out = (uint32_t)i;
        return IMP_OK;
    }
    rt_nearest(name, m->graph->node_count, name_of_node, m->graph, 5, near, sizeof near);
    return imp_fail(err, IMP_E_MISSING, "no layer '%s'; nearest: %s", name, near);
}

static imp_status meta(void *self, const imp_nn_model *m, const char *key, const char **text,
                       imp_error *err)
{
    (void)self;
    const char *found = rt_graph_meta(m->graph, key);
    if (!found)
        return imp_fail(err, IMP_E_MISSING, "the model says nothing of '%s'", key);
    *text = found;
    return IMP_OK;
}

static imp_status op(void *self, uint32_t i, const char **name, const char **limits, imp_error *err)
{
    (void)self;
    const struct rt_op *o = rt_op_at(i);
    if (!o)
        return imp_fail(err, IMP_E_MISSING, "there are fewer than %u operators", i + 1);
    *name = o->name;
    *limits = o->limits ? o->limits : "";
    return IMP_OK;
}

static imp_status memory(void *self, const imp_nn_model *m, uint32_t node, uint32_t ndim,
                         const int64_t *input, uint32_t flags, uint64_t *bytes, uint64_t *least,
                         imp_error *err)
{
    (void)self;
    uint32_t count;
    struct rt_shape *sizes = calloc(m->graph->node_count, sizeof *sizes);
    if (!sizes)
        return imp_fail(err, IMP_E_MEMORY, "no memory to plan");
    imp_status st = node == IMP_NN_ALL || node < m->graph->node_count
                        ? rt_input_sizes(m->graph, ndim, input, &count, sizes, err)
                        : imp_fail(err, IMP_E_MISSING, "node %u of a network of %u", node,
                                   m->graph->node_count);
    if (st == IMP_OK)
        st = rt_run_peak(m, node, count, sizes, flags, bytes, least, err);
    free(sizes);
    return st;
}

static imp_status run_new(void *self, imp_nn_model *m, uint32_t flags, imp_nn_run **out,
                          imp_error *err)
{
    (void)self;
    return rt_run_new(m, NULL, flags, out, err);
}

static imp_status run_free(void *self, imp_nn_run *r, imp_error *err)
{
    (void)self, (void)err;
    rt_run_free(r);
    return IMP_OK;
}

static imp_status set_input(void *self, imp_nn_run *r, uint32_t node, const imp_tensor *t,
                            imp_error *err)
{
    (void)self;
    return rt_run_set_input(r, node, t, err);
}

static imp_status forward(void *self, imp_nn_run *r, uint32_t node, imp_job *job, imp_error *err)
{
    (void)self;
    return rt_run_forward(r, node, job, err);
}

static imp_status value(void *self, imp_nn_run *r, uint32_t node, imp_tensor *view, imp_error *err)
{
    (void)self;
    return rt_run_value(r, node, view, err);
}

static imp_status times(void *self, imp_nn_run *r, uint32_t count, double *forward_ms,
                        double *backward_ms, imp_error *err)
{
    const uint32_t n = r->model->graph->node_count;
    (void)self;
    if (!r->clocks)
        return imp_fail(err, IMP_E_INPUT, "this run was not made with IMP_NN_TIMED");
    if (count < n)
        return imp_fail(err, IMP_E_INPUT, "room for %u nodes, the network has %u", count, n);
    if (forward_ms)
        memcpy(forward_ms, r->clocks + (size_t)RT_CLOCK_FORWARD * n, n * sizeof *forward_ms);
    if (backward_ms)
        memcpy(backward_ms, r->clocks + (size_t)RT_CLOCK_BACKWARD * n, n * sizeof *backward_ms);
    return IMP_OK;
}

static void drop(void *model) IMP_NX
{
    rt_model_table.release(NULL, model, NULL);
}

static imp_status object(void *self, imp_nn_model *m, imp_job *job, imp_object **out, imp_error *err)
{
    (void)self;
    imp_object *made = job->new_object(job, IMP_NN_MODEL_TYPE, m, drop); /* a refusal drops it */
    if (!made)
        return imp_fail(err, IMP_E_MEMORY, "the network was refused by the host");
    *out = made;
    return IMP_OK;
}

const imp_nn_model_1 rt_model_table = {
    .struct_size = sizeof rt_model_table,
    .open = open_file, .retain = retain, .release = release,
    .node_count = node_count, .node = node, .find = find, .meta = meta, .op = op,
    .memory = memory,
    .run_new = run_new, .run_free = run_free, .set_input = set_input, .forward = forward,
    .value = value, .times = times, .object = object,
};
