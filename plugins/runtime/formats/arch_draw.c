/* arch_draw.c - how a network begins: weights He normal (He, Zhang, Ren and Sun 2015), deviation
 * sqrt(gain / fan_in), gain 2 where a rectifier follows, 1 elsewhere; biases and means 0; scales
 * and variances of normalisation 1; slopes of prelu 0.25.
 *
 * Number i of a parameter depends on seed, name and i alone, not on what else the network holds. */
#include "arch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const struct rt_op *op, const char *const *names)
{
    while (*names && strcmp(*names, op->name) != 0)
        names++;
    return *names != NULL;
}

static bool is_rectifier(const struct rt_op *op)
{
    static const char *const names[] = {"relu", "leaky_relu", "prelu",      "elu",
                                        "clip", "gelu",       "hard_swish", NULL};
    return is_one_of(op, names);
}

/* What stands between a layer and its activation in the usual networks. */
static bool is_passed(const struct rt_op *op)
{
    static const char *const names[] = {"batch_norm", "instance_norm", "dropout",      "identity",
                                        "add",        "max_pool",      "average_pool", NULL};
    return is_one_of(op, names);
}

/* rectified[i]: a rectifier follows node i, what is_passed between. From the back to the front. */
static uint8_t *find_rectified(const struct rt_graph *g)
{
    uint8_t *rectified = calloc(g->node_count + (size_t)1, 1);
    for (uint32_t i = g->node_count; rectified && i-- > 0;) {
        const struct rt_node *n = &g->nodes[i];
        if (!is_rectifier(n->op) && !(rectified[i] && is_passed(n->op)))
            continue;
        for (uint32_t s = 0; s < n->input_count; s++)
            if (n->inputs[s] >= 0)
                rectified[n->inputs[s]] = 1;
    }
    return rectified;
}

static void fill(struct rt_tensor *t, float v)
{
    for (int64_t i = 0; i < t->count; i++)
        rt_floats(t)[i] = v;
}

static void draw(uint64_t seed, const struct rt_param *p, double deviation)
{
    float *v = rt_floats(p->tensor);
    kit_normals(seed, rt_name_hash(p->name), 0, (size_t)p->tensor->count, v);
    for (int64_t i = 0; i < p->tensor->count; i++)
        v[i] = (float)(deviation * (double)v[i]);
}

void arch_draw(struct arch_reader *r)
{
    uint8_t *rectified = find_rectified(r->graph);
    if (!rectified) {
        r->no_memory = true;
        return;
    }
    for (uint32_t i = 0; i < r->graph->param_count && i < r->param_room; i++) {
        const struct rt_param *p = &r->graph->params[i];
        const struct arch_param *how = &r->param_list[i];
        if (how->fill == ARCH_ONE || how->fill == ARCH_QUARTER)
            fill(p->tensor, how->fill == ARCH_ONE ? 1 : 0.25f);
        else if (how->fill == ARCH_HE)
            draw(r->seed, p, sqrt((rectified[how->node] ? 2 : 1) / fmax(how->fan_in, 1)));
    }
    free(rectified);
}
