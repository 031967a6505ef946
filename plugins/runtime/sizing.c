/* sizing.c - shapes and known values of a whole network, node by node. */
#include "sizing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT = 512 };

uint32_t rt_inputs(const struct rt_graph *g, uint32_t *nodes)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        if (g->nodes[i].flags & IMP_NN_INPUT) {
            if (nodes)
                nodes[n] = i;
            n++;
        }
    return n;
}

void rt_plan_free(struct rt_plan *p)
{
    if (!p)
        return;
    for (uint32_t i = 0; p->known && i < p->graph->node_count; i++)
        rt_tensor_release(p->known[i]);
    free(p->known);
    free(p->links);
    free(p->first);
    free(p->in);
    free(p->need);
    free(p->param_info);
    free(p->info);
    free(p);
}

/* Parameters whose contents planning may read: integers, constants, and what feeds a static slot. */
static void describe_params(struct rt_plan *p)
{
    const struct rt_graph *g = p->graph;
    for (uint32_t i = 0; i < g->param_count; i++) {
        const struct rt_tensor *t = g->params[i].tensor;
        const bool fixed = t->dtype != IMP_F32 || (g->params[i].flags & RT_FIXED);
        p->param_info[i] =
            (struct rt_info){.shape = t->shape, .dtype = t->dtype, .known = fixed ? t : NULL};
    }
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t s = 0; s < g->nodes[i].input_count && s < g->nodes[i].op->slot_count; s++) {
            const int32_t ref = g->nodes[i].inputs[s];
            if (rt_is_param(ref) && (g->nodes[i].op->slots[s].flags & RT_SLOT_STATIC))
                p->param_info[rt_param_of(ref)].known = g->params[rt_param_of(ref)].tensor;
        }
}

static bool allocate(struct rt_plan *p)
{
    const struct rt_graph *g = p->graph;
    size_t slots = 1;
    for (uint32_t i = 0; i < g->node_count; i++)
        slots += g->nodes[i].input_count;
    p->info = calloc(g->node_count, sizeof *p->info);
    p->param_info = calloc(g->param_count ? g->param_count : 1, sizeof *p->param_info);
    p->need = calloc(g->node_count, sizeof *p->need);
    p->in = calloc(slots, sizeof *p->in);
    p->first = calloc(g->node_count, sizeof *p->first);
    p->known = calloc(g->node_count, sizeof *p->known);
    p->links = calloc(g->node_count, sizeof *p->links);
    return p->info && p->param_info && p->need && p->in && p->first && p->known && p->links;
}

struct rt_call rt_plan_call(const struct rt_plan *p, uint32_t node)
{
    return (struct rt_call){.node = &p->graph->nodes[node],
                            .in_info = p->in + p->first[node],
                            .out_info = &p->info[node],
                            .input_count = p->graph->nodes[node].input_count};
}

static imp_status fit_input(const struct rt_node *n, const struct rt_shape *given, imp_error *err)
{
    const struct rt_shape *want = &n->declared;
    char a[160], b[160];
    bool fits = given->ndim == want->ndim;
    for (uint32_t i = 0; fits && i < want->ndim; i++)
        fits = given->dim[i] >= 0 && (want->dim[i] < 0 || want->dim[i] == given->dim[i]);
    if (fits)
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT, "input '%s' is given %s, the network wants %s", n->name,
                    rt_shape_text(given, a, sizeof a), rt_shape_text(want, b, sizeof b));
}

/* The message of an operator with the node's name in front. */
static imp_status refuse(const struct rt_node *n, imp_status st, const char *text, imp_error *err)
{
    return imp_fail(err, st, "node '%s' (%s): %s", n->name, n->op->name,
                    *text ? text : st == IMP_E_MEMORY ? "no memory" : "its inputs do not fit");
}

static imp_status infer_node(struct rt_plan *p, uint32_t i, imp_error *err)
{
    const struct rt_node *n = &p->graph->nodes[i];
    char text[TEXT] = "";
    imp_error inner = {.struct_size = sizeof inner, .text_cap = sizeof text, .text = text};
    struct rt_infer in = {.node = n, .in = p->in + p->first[i], .input_count = n->input_count};
    in.out.dtype = n->input_count && in.in[0] ? in.in[0]->dtype : (uint32_t)IMP_F32;
    const imp_status st = n->op->infer(&in, &inner);
    p->known[i] = in.known;
    if (st != IMP_OK)
        return refuse(n, st, text, err);
    if (rt_count(&in.out.shape) < 0)
        return refuse(n, IMP_E_INPUT, "its value would be larger than any memory", err);
    if (in.out.dtype != IMP_F32 && !in.known)
        return refuse(n, IMP_E_UNSUPPORTED,
                      "an integer value that depends on what is in the picture, not on its size", err);
    p->info[i] = in.out;
    p->info[i].known = in.known;
    return IMP_OK;
}

static imp_status plan_node(struct rt_plan *p, uint32_t i, uint32_t *slot, uint32_t *input,
                            uint32_t input_count, const struct rt_shape *inputs, imp_error *err)
{
    const struct rt_node *n = &p->graph->nodes[i];
    imp_status st = IMP_OK;
    p->first[i] = *slot;
    for (uint32_t s = 0; s < n->input_count; s++, (*slot)++) {
        const int32_t ref = n->inputs[s];
        p->in[*slot] = ref == RT_ABSENT   ? NULL
                       : rt_is_param(ref) ? &p->param_info[rt_param_of(ref)]
                                          : &p->info[ref];
    }
    if (n->flags & IMP_NN_INPUT) {
        if (*input >= input_count)
            return imp_fail(err, IMP_E_INPUT, "input '%s' was not set", n->name);
        st = fit_input(n, &inputs[*input], err);
        if (st == IMP_OK && rt_count(&inputs[*input]) < 0)
            st = imp_fail(err, IMP_E_INPUT, "input '%s' is too large", n->name);
        p->info[i] = (struct rt_info){.shape = inputs[*input], .dtype = IMP_F32};
        ++*input;
    } else
        st = infer_node(p, i, err);
    if (st == IMP_OK && n->op->need) {
        const struct rt_call call = rt_plan_call(p, i);
        n->op->need(&call, &p->need[i]);
    }
    return st;
}

imp_status rt_plan_new(const struct rt_graph *g, uint32_t input_count, const struct rt_shape *inputs,
                       struct rt_plan **out, imp_error *err)
{
    struct rt_plan *p = calloc(1, sizeof *p);
    if (p)
        p->graph = g;
    if (!p || !allocate(p)) {
        rt_plan_free(p);
        return imp_fail(err, IMP_E_MEMORY, "no memory to plan %u nodes", g->node_count);
    }
    describe_params(p);
    imp_status st = IMP_OK;
    uint32_t slot = 0, input = 0;
    for (uint32_t i = 0; i < g->node_count && st == IMP_OK; i++)
        st = plan_node(p, i, &slot, &input, input_count, inputs, err);
    if (st == IMP_OK && !rt_fuse(p, p->links, &p->folded))
        st = imp_fail(err, IMP_E_MEMORY, "no memory to plan %u nodes", g->node_count);
    if (st != IMP_OK) {
        rt_plan_free(p);
        return st;
    }
    *out = p;
    return IMP_OK;
}
