/* ties.c - union-find over the channels of all values. */
#include "ties_private.h"

#include <stdlib.h>
#include <string.h>

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

/* The earliest element is the root, so that the order of units does not depend on unions. */
static void join(struct rt_ties *t, uint32_t x, uint32_t y)
{
    const uint32_t p = rt_ties_root(t, x), q = rt_ties_root(t, y);
    t->parent[p > q ? p : q] = p > q ? q : p;
}

void rt_tie(struct rt_ties *t, int a, int64_t i, int b, int64_t j)
{
    const int64_t x = element(t, a, i), y = element(t, b, j);
    if (x >= 0 && y >= 0)
        join(t, (uint32_t)x, (uint32_t)y);
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
                                                        .param = rt_param_of(ref),
                                                        .axis = axis,
                                                        .reads = reads,
                                                        .node = t->node,
                                                        .first = first,
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
        if (meets) /* its axis that meets channels is not its axis 1, so no cut can follow */
            rt_tie_lock(t, RT_OUT, -1, "it meets a value without channels");
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
    const bool constant = !strcmp(n->op->name, "constant") && t->plan->info[node].dtype == IMP_F32;
    if (t->plan->known[node] && !constant) {
        rt_tie_lock(t, RT_OUT, -1, "it meets what is known before the run");
        return;
    }
    if (n->op->couple) {
        const struct rt_call call = rt_plan_call(t->plan, node);
        n->op->couple(t, &call);
        return;
    }
    for (int s = RT_OUT; s < (int)n->input_count; s++)
        rt_tie_lock(t, s, -1, "an operator mixes its channels");
}

/* ---- parameters that several nodes use ---- */

/* uses[p]: how many nodes are wired to parameter p; claims[p * RT_RANK + axis]: how many of them
 * said what happens to it along that axis. Claims stand in order of nodes. */
static void count_uses(const struct rt_ties *t, uint32_t *uses, uint32_t *claims)
{
    const struct rt_graph *g = t->plan->graph;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t s = 0; s < g->nodes[i].input_count; s++) {
            const int32_t ref = g->nodes[i].inputs[s];
            bool again = false;
            for (uint32_t k = 0; k < s; k++)
                again = again || g->nodes[i].inputs[k] == ref;
            if (rt_is_param(ref) && !again)
                uses[rt_param_of(ref)]++;
        }
    uint32_t *last = claims + (size_t)g->param_count * RT_RANK; /* the claimant counted last, + 1 */
    for (uint32_t i = 0; i < t->claim_count; i++) {
        const size_t at = (size_t)t->claims[i].param * RT_RANK + t->claims[i].axis;
        claims[at] += last[at] != t->claims[i].node + 1;
        last[at] = t->claims[i].node + 1;
    }
}

static int by_slice(const void *a, const void *b)
{
    const struct rt_claim *x = a, *y = b;
    if (x->param != y->param)
        return x->param < y->param ? -1 : 1;
    if (x->axis != y->axis)
        return x->axis < y->axis ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

/* Channels that the same slice makes or feeds are one. */
static void tie_overlaps(struct rt_ties *t)
{
    if (t->claim_count)
        qsort(t->claims, t->claim_count, sizeof *t->claims, by_slice);
    int64_t end = 0;
    for (uint32_t i = 0; i < t->claim_count; i++) {
        const struct rt_claim *c = &t->claims[i], *before = i ? c - 1 : c;
        const bool same = i && before->param == c->param && before->axis == c->axis;
        if (same && c->first < end)
            join(t, before->element, c->element);
        if (!same || c->first + c->width > end)
            end = c->first + c->width;
    }
}

/* Exporters store equal tensors once: what one node's cut takes, every other node must do without.
 */
static void tie_shared(struct rt_ties *t)
{
    const uint32_t n = t->plan->graph->param_count;
    uint32_t *uses = calloc((size_t)n + 1, sizeof *uses);
    uint32_t *claims = calloc((size_t)n * RT_RANK * 2 + 1, sizeof *claims);
    if (uses && claims) {
        count_uses(t, uses, claims);
        for (uint32_t i = 0; i < t->claim_count; i++) {
            const struct rt_claim *c = &t->claims[i];
            if (claims[(size_t)c->param * RT_RANK + c->axis] != uses[c->param] &&
                !t->lock[c->element])
                t->lock[c->element] = "its weights are shared with a node that needs them whole";
        }
        tie_overlaps(t);
    } else
        t->no_memory = true;
    free(uses);
    free(claims);
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
    tie_shared(t);
    return !t->no_memory;
}
