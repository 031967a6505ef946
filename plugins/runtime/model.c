/* model.c - a graph with a reference count and what callers ask of it. */
#include "model.h"
#include "groups.h"

#include <stdlib.h>

static bool list_node_inputs(struct imp_nn_model *m)
{
    const struct rt_graph *g = m->graph;
    m->node_inputs = calloc(g->node_count, sizeof *m->node_inputs);
    m->node_input_count = calloc(g->node_count, sizeof *m->node_input_count);
    for (uint32_t i = 0; m->node_inputs && m->node_input_count && i < g->node_count; i++) {
        const struct rt_node *n = &g->nodes[i];
        m->node_inputs[i] = calloc(n->input_count ? n->input_count : 1, sizeof(uint32_t));
        if (!m->node_inputs[i])
            return false;
        for (uint32_t s = 0; s < n->input_count; s++)
            if (n->inputs[s] != RT_ABSENT && n->inputs[s] >= 0)
                m->node_inputs[i][m->node_input_count[i]++] = (uint32_t)n->inputs[s];
    }
    return m->node_inputs && m->node_input_count;
}

static void model_free(struct imp_nn_model *m)
{
    for (uint32_t i = 0; m->node_inputs && i < m->graph->node_count; i++)
        free(m->node_inputs[i]);
    for (uint32_t i = 0; m->kept && i < m->graph->node_count; i++)
        rt_kept_free(&m->kept[i]);
    free(m->kept);
    rt_groups_free(m->groups);
    pthread_mutex_destroy(&m->lock);
    rt_graph_free(m->graph);
    free(m->node_inputs);
    free(m->node_input_count);
    free(m->shapes);
    free(m->options);
    free(m);
}

imp_status rt_model_new(struct rt_graph *g, struct imp_nn_model **out, imp_error *err)
{
    struct imp_nn_model *m = calloc(1, sizeof *m);
    if (!m) {
        rt_graph_free(g);
        return imp_fail(err, IMP_E_MEMORY, "no memory for a model");
    }
    atomic_init(&m->refs, 1);
    pthread_mutex_init(&m->lock, NULL);
    m->graph = g;
    m->shapes = calloc(g->node_count, sizeof *m->shapes);
    m->kept = calloc(g->node_count, sizeof *m->kept);
    imp_status st = m->shapes && m->kept && list_node_inputs(m)
                        ? rt_probe(g, m->shapes, m->why, err)
                        : imp_fail(err, IMP_E_MEMORY, "no memory for a model");
    if (st != IMP_OK) {
        model_free(m);
        return st;
    }
    *out = m;
    return IMP_OK;
}

struct imp_nn_model *rt_model_retain(const struct imp_nn_model *m)
{
    union { const struct imp_nn_model *from; struct imp_nn_model *to; } plain = {.from = m};
    atomic_fetch_add_explicit(&plain.to->refs, 1, memory_order_relaxed);
    return plain.to;
}

void rt_model_release(struct imp_nn_model *m)
{
    if (!m || atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (m->options)
        rt_model_forget(m);
    model_free(m);
}
