/* probe.c - what is known of a network's shapes before its inputs are: plan it at sizes that make
 * sense for pictures, twice, and keep what both have in common. */
#include "sizing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The unknown axes of an input at one try: the first is the batch, the others a side each. */
static struct rt_shape at_size(const struct rt_shape *declared, int64_t batch, int64_t side,
                               int64_t wider)
{
    struct rt_shape s = *declared;
    for (uint32_t a = 0; a < s.ndim; a++)
        if (s.dim[a] < 0)
            s.dim[a] = a == 0 ? batch : a + 1 == s.ndim ? side + wider : side;
    return s;
}

static imp_status plan_at(const struct rt_graph *g, const uint32_t *nodes, uint32_t count,
                          struct rt_shape *inputs, int64_t batch, int64_t side, int64_t wider,
                          struct rt_plan **p, imp_error *err)
{
    for (uint32_t i = 0; i < count; i++)
        inputs[i] = at_size(&g->nodes[nodes[i]].declared, batch, side, wider);
    return rt_plan_new(g, count, inputs, p, err);
}

static void write_shapes(const struct rt_plan *a, const struct rt_plan *b, struct rt_shape *shapes)
{
    for (uint32_t i = 0; i < a->graph->node_count; i++) {
        shapes[i] = a->info[i].shape;
        const struct rt_shape *other = &b->info[i].shape;
        for (uint32_t d = 0; d < shapes[i].ndim; d++)
            if (other->ndim != shapes[i].ndim || other->dim[d] != shapes[i].dim[d])
                shapes[i].dim[d] = -1;
    }
    for (uint32_t i = 0; i < a->graph->node_count; i++)
        if (a->graph->nodes[i].flags & IMP_NN_INPUT)
            shapes[i] = a->graph->nodes[i].declared;
}

/* Tries sizes until two different ones fit (or one, where nothing else does). */
static imp_status try_sizes(const struct rt_graph *g, const uint32_t *nodes, uint32_t count,
                            struct rt_shape *inputs, struct rt_plan **first, struct rt_plan **second,
                            imp_error *err)
{
    static const struct { int64_t batch, side, wider; } tries[] = {
        {1, 256, 64}, {2, 192, 32}, {1, 224, 0}, {2, 224, 0}, {1, 32, 0}, {2, 32, 0}, {1, 28, 0},
        {2, 28, 0}, {1, 64, 0}, {2, 128, 0}, {1, 227, 0}, {1, 299, 0}, {1, 512, 0}, {1, 16, 0},
        {1, 8, 0}, {1, 4, 0}, {1, 2, 0}, {1, 1, 0}, {2, 1, 0}, {1, 3, 0}, {1, 5, 0},
    };
    imp_status st = IMP_E_INPUT;
    for (uint32_t i = 0; i < RT_COUNT(tries) && !*second; i++) {
        struct rt_plan **to = *first ? second : first;
        st = plan_at(g, nodes, count, inputs, tries[i].batch, tries[i].side, tries[i].wider, to, err);
        if (st == IMP_E_MEMORY)
            return st;
    }
    return *first ? IMP_OK : st;
}

imp_status rt_probe_plan(const struct rt_graph *g, struct rt_plan **out, imp_error *err)
{
    uint32_t *nodes = calloc(g->node_count, sizeof *nodes);
    struct rt_shape *inputs = calloc(g->node_count, sizeof *inputs);
    struct rt_plan *a = NULL, *b = NULL;
    imp_status st = nodes && inputs ? try_sizes(g, nodes, rt_inputs(g, nodes), inputs, &a, &b, err)
                                    : imp_fail(err, IMP_E_MEMORY, "no memory to plan");
    rt_plan_free(b);
    if (st == IMP_OK)
        *out = a;
    else
        rt_plan_free(a);
    free(inputs);
    free(nodes);
    return st;
}

imp_status rt_probe(const struct rt_graph *g, struct rt_shape *shapes, char why[256], imp_error *err)
{
    uint32_t *nodes = calloc(g->node_count, sizeof *nodes);
    struct rt_shape *inputs = calloc(g->node_count, sizeof *inputs);
    struct rt_plan *a = NULL, *b = NULL;
    imp_error inner = {.struct_size = sizeof inner, .text_cap = 256, .text = why};
    imp_status st = IMP_E_MEMORY;
    why[0] = 0;
    if (nodes && inputs)
        st = try_sizes(g, nodes, rt_inputs(g, nodes), inputs, &a, &b, &inner);
    if (st == IMP_OK) {
        write_shapes(a, b ? b : a, shapes);
        why[0] = 0;
    } else if (st != IMP_E_MEMORY) {
        for (uint32_t i = 0; i < g->node_count; i++)
            shapes[i] = (g->nodes[i].flags & IMP_NN_INPUT) ? g->nodes[i].declared
                                                           : (struct rt_shape){0};
        st = IMP_OK;
    } else
        st = imp_fail(err, IMP_E_MEMORY, "no memory to plan %u nodes", g->node_count);
    rt_plan_free(a);
    rt_plan_free(b);
    free(inputs);
    free(nodes);
    return st;
}
