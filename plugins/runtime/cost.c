/* cost.c - parameters, multiply-accumulates and bytes of a network at an input size. */
#include "cost.h"

#include <stdlib.h>

imp_status rt_input_sizes(const struct rt_graph *g, uint32_t ndim, const int64_t *first,
                          uint32_t *count, struct rt_shape *sizes, imp_error *err)
{
    *count = 0;
    if (ndim > RT_RANK)
        return imp_fail(err, IMP_E_UNSUPPORTED, "input of %u axes, at most %d are supported", ndim,
                        RT_RANK);
    for (uint32_t i = 0; i < g->node_count; i++) {
        if (!(g->nodes[i].flags & IMP_NN_INPUT))
            continue;
        struct rt_shape s = *count ? g->nodes[i].declared : rt_shape_of(ndim, first);
        for (uint32_t d = 0; d < s.ndim; d++)
            if (s.dim[d] < 0)
                s.dim[d] = d < ndim ? first[d] : 1;
        sizes[(*count)++] = s;
    }
    return IMP_OK;
}

static imp_status plan_at(const imp_nn_model *m, uint32_t ndim, const int64_t *input,
                          struct rt_plan **p, imp_error *err)
{
    uint32_t count;
    struct rt_shape *sizes = calloc(m->graph->node_count, sizeof *sizes);
    if (!sizes)
        return imp_fail(err, IMP_E_MEMORY, "no memory to plan");
    imp_status st = rt_input_sizes(m->graph, ndim, input, &count, sizes, err);
    if (st == IMP_OK)
        st = rt_plan_new(m->graph, count, sizes, p, err);
    free(sizes);
    return st;
}

/* Numbers of the parameters that node i is the first to read. */
static uint64_t own_params(const struct rt_graph *g, uint32_t node)
{
    uint64_t n = 0;
    for (uint32_t s = 0; s < g->nodes[node].input_count; s++) {
        const int32_t ref = g->nodes[node].inputs[s];
        bool earlier = !rt_is_param(ref);
        for (uint32_t i = 0; i <= node && !earlier; i++)
            for (uint32_t k = 0; k < (i < node ? g->nodes[i].input_count : s) && !earlier; k++)
                earlier = g->nodes[i].inputs[k] == ref;
        if (!earlier && g->params[rt_param_of(ref)].tensor->dtype == IMP_F32)
            n += (uint64_t)g->params[rt_param_of(ref)].tensor->count;
    }
    return n;
}

imp_status rt_cost(const imp_nn_model *m, uint32_t ndim, const int64_t *input, uint64_t *params,
                   uint64_t *macs, imp_error *err)
{
    struct rt_plan *p;
    const imp_status st = plan_at(m, ndim, input, &p, err);
    if (st != IMP_OK)
        return st;
    double sum = 0;
    *params = 0;
    for (uint32_t i = 0; i < m->graph->node_count; i++)
        sum += p->need[i].macs;
    for (uint32_t i = 0; i < m->graph->param_count; i++)
        if (m->graph->params[i].tensor->dtype == IMP_F32)
            *params += (uint64_t)m->graph->params[i].tensor->count;
    *macs = (uint64_t)sum;
    rt_plan_free(p);
    return IMP_OK;
}

imp_status rt_node_cost(const imp_nn_model *m, uint32_t node, uint32_t ndim, const int64_t *input,
                        imp_nn_cost *out, imp_error *err)
{
    struct rt_plan *p;
    if (node >= m->graph->node_count)
        return imp_fail(err, IMP_E_MISSING, "node %u of a network of %u", node, m->graph->node_count);
    const imp_status st = plan_at(m, ndim, input, &p, err);
    if (st != IMP_OK)
        return st;
    const struct rt_shape *shape = &p->info[node].shape;
    for (uint32_t d = 0; out->shape && d < shape->ndim && d < out->ndim; d++)
        out->shape[d] = shape->dim[d];
    out->ndim = shape->ndim;
    out->params = own_params(m->graph, node);
    out->macs = (uint64_t)p->need[node].macs;
    out->bytes = (uint64_t)rt_count(shape) * sizeof(float);
    rt_plan_free(p);
    return IMP_OK;
}
