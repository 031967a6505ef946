/* fuse.c - see fuse.h. Chains are sought from the last convolution to the first: of two that meet
 * in a sum the later one takes it in, for then the other's value is there. */
#include "fuse.h"
#include "sizing.h"

#include <stdlib.h>

extern const struct rt_op rt_op_add, rt_op_concat;

enum { NOBODY = -1, MANY = -2 };

/* The only slot of the only node that reads each value; NOBODY also where the caller may read it.
 */
static void find_readers(const struct rt_graph *g, int32_t *reader)
{
    for (uint32_t i = 0; i < g->node_count; i++)
        reader[i] = g->nodes[i].flags & (IMP_NN_INPUT | IMP_NN_OUTPUT) ? MANY : NOBODY;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t s = 0; s < g->nodes[i].input_count; s++) {
            const int32_t ref = g->nodes[i].inputs[s];
            if (ref != RT_ABSENT && !rt_is_param(ref))
                reader[ref] = reader[ref] == NOBODY ? (int32_t)i : MANY;
        }
}

/* All but the first of its inputs are parameters. */
static bool has_parameters(const struct rt_node *n)
{
    for (uint32_t s = 1; s < n->input_count; s++)
        if (n->inputs[s] != RT_ABSENT && !rt_is_param(n->inputs[s]))
            return false;
    return true;
}

static bool is_sum(const struct rt_plan *p, uint32_t i)
{
    const struct rt_node *n = &p->graph->nodes[i];
    if (n->op != &rt_op_add || n->inputs[0] < 0 || n->inputs[1] < 0)
        return false;
    const struct rt_info *a = p->in[p->first[i]], *b = p->in[p->first[i] + 1];
    return !a->known && !b->known && a->dtype == IMP_F32 && b->dtype == IMP_F32 &&
           rt_same_shape(&a->shape, &b->shape);
}

static enum rt_part part_of(const struct rt_plan *p, uint32_t i)
{
    const struct rt_node *n = &p->graph->nodes[i];
    const struct rt_call call = rt_plan_call(p, i);
    float slope, top;
    if (p->known[i] || p->info[i].dtype != IMP_F32)
        return RT_APART;
    if (n->op->flags & RT_AFTER)
        return RT_HEAD;
    if (n->op->fold && has_parameters(n) && n->op->fold(&call, NULL, NULL, NULL))
        return RT_NORM;
    if (n->op->act && n->op->act(&call, &slope, &top))
        return RT_ACT;
    if (n->op->halves && n->op->halves(&call))
        return RT_HALF;
    return is_sum(p, i) ? RT_SUM : RT_APART;
}

/* Can the head's call store the largest of each 2x2 of node i alone? */
static bool may_halve(const struct rt_plan *p, uint32_t head, uint32_t i,
                      const struct rt_link *links)
{
    const struct rt_op *op = p->graph->nodes[head].op;
    const struct rt_call call = rt_plan_call(p, head);
    for (float slope = 1, top; i != head; i = (uint32_t)links[i].from) {
        const struct rt_call at = rt_plan_call(p, i);
        if (links[i].part == RT_ACT)
            at.node->op->act(&at, &slope, &top);
        if (links[i].part == RT_SUM || slope < 0)
            return false;
    }
    return op->halves && op->halves(&call);
}

static void take(const struct rt_plan *p, uint32_t head, const int32_t *reader,
                 struct rt_link *links, int64_t *folded)
{
    links[head].part = RT_HEAD;
    for (uint32_t at = head; reader[at] >= 0; at = (uint32_t)reader[at]) {
        const uint32_t next = (uint32_t)reader[at];
        const enum rt_part part = part_of(p, next);
        if (part <= links[at].part || links[next].from >= 0)
            return;
        if (part != RT_SUM && p->graph->nodes[next].inputs[0] != (int32_t)at)
            return;
        if (part == RT_HALF && !may_halve(p, head, at, links))
            return;
        links[next] = (struct rt_link){.from = (int32_t)at, .part = part, .fold = *folded};
        if (part == RT_NORM)
            *folded += 2 * p->info[next].shape.dim[1];
    }
}

/* Those inputs of concat c that may be written into its value. */
static void gather(const struct rt_plan *p, uint32_t c, const int32_t *reader,
                   struct rt_link *links)
{
    const struct rt_node *n = &p->graph->nodes[c];
    const struct rt_shape *out = &p->info[c].shape;
    const int axis = rt_concat_axis(n, out->ndim);
    int64_t at = 0;
    for (int i = 0; i < axis; i++)
        if (out->dim[i] != 1)
            return;
    for (uint32_t s = 0; s < n->input_count; s++) {
        const int32_t ref = n->inputs[s];
        const struct rt_info *in = p->in[p->first[c] + s];
        if (ref >= 0 && reader[ref] == (int32_t)c && !in->known && in->dtype == IMP_F32 &&
            !(p->graph->nodes[ref].op->flags & RT_VIEW)) {
            links[ref].into = (int32_t)c;
            links[ref].at = at;
        }
        at += rt_count(&in->shape);
    }
}

bool rt_fuse(const struct rt_plan *p, struct rt_link *links, int64_t *folded)
{
    const struct rt_graph *g = p->graph;
    int32_t *reader = malloc(g->node_count * sizeof *reader);
    if (!reader)
        return false;
    find_readers(g, reader);
    *folded = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        links[i].from = -1;
    for (uint32_t i = g->node_count; i-- > 0;)
        if (part_of(p, i) == RT_HEAD)
            take(p, i, reader, links, folded);
    for (uint32_t i = 0; i < g->node_count; i++)
        links[i].into = -1;
    for (uint32_t i = g->node_count; i-- > 0;) /* one within another copies */
        if (g->nodes[i].op == &rt_op_concat && links[i].into < 0 && !p->known[i])
            gather(p, i, reader, links);
    free(reader);
    return true;
}

int32_t rt_fuse_other(const struct rt_plan *p, uint32_t node)
{
    const struct rt_link *l = &p->links[node];
    if (l->part != RT_SUM)
        return -1;
    const int32_t *in = p->graph->nodes[node].inputs;
    return in[0] == l->from ? in[1] : in[0];
}
