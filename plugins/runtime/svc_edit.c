/* svc_edit.c - impasto.nn.edit/1: groups, what a network costs, networks with units gone. */
#include "cost.h"
#include "cut.h"
#include "rescale.h"
#include "services.h"

#include <string.h>

static imp_status group_count(void *self, const imp_nn_model *m, uint32_t *count, imp_error *err)
{
    (void)self;
    const struct rt_groups *g;
    const imp_status st = rt_model_groups(m, &g, err);
    if (st == IMP_OK)
        *count = g->count;
    return st;
}

static imp_status group(void *self, const imp_nn_model *m, uint32_t i, imp_nn_group *out,
                        imp_error *err)
{
    (void)self;
    const struct rt_groups *g;
    const imp_status st = rt_model_groups(m, &g, err);
    if (st != IMP_OK)
        return st;
    if (i >= g->count)
        return imp_fail(err, IMP_E_MISSING, "group %u of %u", i, g->count);
    const struct rt_group *from = &g->list[i];
    const imp_nn_group full = {.struct_size = out->struct_size, .unit_count = from->unit_count,
                               .name = from->name, .locked = from->locked, .nodes = from->nodes,
                               .slices = from->slices, .node_count = from->node_count,
                               .slice_count = from->slice_count};
    memcpy(out, &full, out->struct_size < sizeof full ? out->struct_size : sizeof full);
    return IMP_OK;
}

static imp_status cost(void *self, const imp_nn_model *m, uint32_t ndim, const int64_t *input,
                       uint64_t *params, uint64_t *macs, imp_error *err)
{
    (void)self;
    return rt_cost(m, ndim, input, params, macs, err);
}

static imp_status without(void *self, const imp_nn_model *m, uint32_t cut_count,
                          const imp_nn_cut *cuts, imp_nn_model **out, imp_error *err)
{
    (void)self;
    return rt_cut(m, cut_count, cuts, out, err);
}

static imp_status node_cost(void *self, const imp_nn_model *m, uint32_t node, uint32_t ndim,
                            const int64_t *input, imp_nn_cost *out, imp_error *err)
{
    (void)self;
    return rt_node_cost(m, node, ndim, input, out, err);
}

static imp_status settle(void *self, const imp_nn_model *m, uint32_t node, uint32_t count,
                         const float *value, uint32_t *settled, imp_nn_model **out, imp_error *err)
{
    (void)self;
    if (node >= m->graph->node_count)
        return imp_fail(err, IMP_E_MISSING, "node %u of %u", node, m->graph->node_count);
    return rt_settle_maps(m, node, count, value, settled, out, err);
}

const imp_nn_edit_1 rt_edit_table = {
    .struct_size = sizeof rt_edit_table,
    .group_count = group_count, .group = group, .cost = cost, .without = without,
    .node_cost = node_cost, .settle = settle,
};
