/* ties.c - union-find over the channels of all values. */
#include "ties_private.h"

#include <stdlib.h>

uint32_t rt_ties_root(struct rt_ties *t, uint32_t e)
{
    while (t->parent[e] != e) {
        t->parent[e] = t->parent[t->parent[e]];
        e = t->parent[e];
    }
    return e;
}

/* What an end is wired to; RT_ABSENT: nothing. */
static int32_t wire(const struct rt_ties *t, int end)
{
    const struct rt_node *n = &t->plan->graph->nodes[t->node];
    if (end == RT_OUT)
        return (int32_t)t->node;
    return (uint32_t)end < n->input_count ? n->inputs[end] : RT_ABSENT;
}

/* The element of channel i of an end; -1: that end has no such channel. */
static int64_t element(const struct rt_ties *t, int end, int64_t i)
{
    const int32_t ref = wire(t, end);
    if (ref == RT_ABSENT || rt_is_param(ref) || i < 0 || i >= t->channels[ref])
        return -1;
    return (int64_t)t->base[ref] + i;
}

void rt_tie(struct rt_ties *t, int a, int64_t i, int b, int64_t j)
{
    const int64_t x = element(t, a, i), y = element(t, b, j);
    if (x < 0 || y < 0)
        return;
    const uint32_t p = rt_ties_root(t, (uint32_t)x), q = rt_ties_root(t, (uint32_t)y);
    /* the earliest element is the root, so that the order of units does not depend on unions */
    t->parent[p > q ? p : q] = p > q ? q : p;
}

void rt_tie_all(struct rt_ties *t, int a, int b)
{
    const int32_t ref = wire(t, a);
    if (ref == RT_ABSENT || rt_is_param(ref))
        return;
    for (uint32_t c = 0; c < t->channels[ref]; c++)
        rt_tie(t, a, c, b, c);
}

static bool grow(struct rt_ties *t)
{
    if (t->claim_count < t->claim_room)
        return true;
    const uint32_t room = t->claim_room ? t->claim_room * 2 : 256;
    struct rt_claim *more = room > t->claim_room ? realloc(t->claims, room * sizeof *more) : NULL;
    if (!more) {
        t->no_memory = true;
        return false;
    }
    t->claims = more;
    t->claim_room = room;
    return true;
}

void rt_tie_param(struct rt_ties *t, int a, int64_t i, int slot, uint32_t axis, int64_t first,
                  int64_t width, uint32_t reads)
{
    const int64_t e = element(t, a, i);
    const int32_t ref = wire(t, slot);
    if (e < 0 || ref == RT_ABSENT)
        return;
    if (!rt_is_param(ref)) {
        rt_tie_lock(t, a, i, "its weights are computed by another node");
        return;
    }
    if (grow(t))
        t->claims[t->claim_count++] = (struct rt_claim){.element = (uint32_t)e,
                                                        .param = rt_param_of(ref), .axis = axis,
                                                        .reads = reads, .first = first,
                                                        .width = width};
}

void rt_tie_lock(struct rt_ties *t, int a, int64_t i, const char *why)
{
    const int32_t ref = wire(t, a);
    if (ref == RT_ABSENT || rt_is_param(ref))
        return;
    for (int64_t c = i < 0 ? 0 : i; c < (i < 0 ? (int64_t)t->channels[ref] : i + 1); c++) {
        const int64_t e = element(t, a, c);
        if (e >= 0 && !t->lock[e])
            t->lock[e] = why;
    }
}

/* One slot of an operator that broadcasts: its axis that meets the output's axis 1. */
static void tie_broadcast(struct rt_ties *t, const struct rt_call *call, int slot)
{
    const struct rt_shape *in = &call->in_info[slot]->shape, *out = &call->out_info->shape;
    const int axis = 1 - (int)(out->ndim - in->ndim);
    const bool meets = axis >= 0 && (uint32_t)axis < in->ndim && in->dim[axis] == out->dim[1];
    const bool is_param = rt_is_param(wire(t, slot));
    if (!meets || (!is_param && axis != 1)) {
        rt_tie_lock(t, slot, -1, "it is spread over other channels");
        return;
    }
    if (!is_param)
        rt_tie_all(t, slot, RT_OUT);
    for (int64_t c = 0; is_param && c < out->dim[1]; c++)
        rt_tie_param(t, RT_OUT, c, slot, (uint32_t)axis, c, 1, 0);
}

void rt_tie_elementwise(struct rt_ties *t, const struct rt_call *call)
{
    for (uint32_t s = 0; s < call->input_count; s++)
        if (call->in_info[s] && call->out_info->shape.ndim >= 2)
            tie_broadcast(t, call, (int)s);
}

static void speak(struct rt_ties *t, uint32_t node)
{
    const struct rt_node *n = &t->plan->graph->nodes[node];
    t->node = node;
    if (n->flags & IMP_NN_OUTPUT)
        rt_tie_lock(t, RT_OUT, -1, "network output");
    if (n->flags & IMP_NN_INPUT) {
        rt_tie_lock(t, RT_OUT, -1, "network input");
        return;
    }
    if (t->plan->known[node])
        return;
    if (n->op->couple) {
        const struct rt_call call = rt_plan_call(t->plan, node);
        n->op->couple(t, &call);
        return;
    }
    for (int s = RT_OUT; s < (int)n->input_count; s++)
        rt_tie_lock(t, s, -1, "an operator mixes its channels");
}

void rt_ties_fini(struct rt_ties *t)
{
    free(t->base);
    free(t->channels);
    free(t->parent);
    free(t->lock);
    free(t->claims);
}

bool rt_ties_init(struct rt_ties *t, const struct rt_plan *p)
{
    const uint32_t n = p->graph->node_count;
    *t = (struct rt_ties){.plan = p};
    t->base = calloc(n, sizeof *t->base);
    t->channels = calloc(n, sizeof *t->channels);
    for (uint32_t i = 0; t->base && t->channels && i < n; i++) {
        const struct rt_shape *s = &p->info[i].shape;
        t->base[i] = t->element_count;
        t->channels[i] = s->ndim >= 2 && s->dim[1] < (1 << 24) ? (uint32_t)s->dim[1] : 0;
        t->element_count += t->channels[i];
    }
    const uint32_t count = t->element_count ? t->element_count : 1;
    t->parent = calloc(count, sizeof *t->parent);
    t->lock = calloc(count, sizeof *t->lock);
    if (!t->base || !t->channels || !t->parent || !t->lock)
        return false;
    for (uint32_t e = 0; e < t->element_count; e++)
        t->parent[e] = e;
    for (uint32_t i = 0; i < n; i++)
        speak(t, i);
    return !t->no_memory;
}
