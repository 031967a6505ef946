/* groups.c - from ties to groups.
 *
 * A unit is a set of tied channels with the slices that make and read them. Units that own slices of the
 * same axes of the same parameters, one beside the other, are a group: the channels of one layer, or of
 * all layers that a sum ties together. Where the slices of the next unit do not follow those of the
 * last, a new group begins, so that every slice of a group is first + u * width. */
#include "groups.h"
#include "ties_private.h"

#include <stdlib.h>
#include <string.h>

struct unit {
    uint32_t root, first_claim, claim_count, reserved0;
    const char *lock;
};

static int by_claim(const void *a, const void *b)
{
    const struct rt_claim *x = a, *y = b;
    if (x->element != y->element)
        return x->element < y->element ? -1 : 1;
    if (x->param != y->param)
        return x->param < y->param ? -1 : 1;
    if (x->axis != y->axis)
        return x->axis < y->axis ? -1 : 1;
    if (x->reads != y->reads)
        return x->reads < y->reads ? -1 : 1;
    return (x->first > y->first) - (x->first < y->first);
}

static bool follows(const struct rt_claim *a, const struct rt_claim *b)
{
    return a->element == b->element && a->param == b->param && a->axis == b->axis &&
           a->reads == b->reads && b->first <= a->first + a->width;
}

/* Sorts claims by unit and joins those that touch: a flattened map's columns become one slice. */
static void tidy_claims(struct rt_ties *t)
{
    for (uint32_t i = 0; i < t->claim_count; i++)
        t->claims[i].element = rt_ties_root(t, t->claims[i].element);
    if (t->claim_count)
        qsort(t->claims, t->claim_count, sizeof *t->claims, by_claim);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < t->claim_count; i++) {
        struct rt_claim *last = kept ? &t->claims[kept - 1] : NULL;
        const struct rt_claim *c = &t->claims[i];
        if (last && follows(last, c)) {
            const int64_t end = c->first + c->width;
            if (end > last->first + last->width)
                last->width = end - last->first;
        } else
            t->claims[kept++] = *c;
    }
    t->claim_count = kept;
}

/* The unit of each root that some parameter makes or reads, in order of the roots. */
static uint32_t list_units(struct rt_ties *t, struct unit *units)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->claim_count; n++) {
        struct unit *u = &units[n];
        *u = (struct unit){.root = t->claims[i].element, .first_claim = i};
        while (i < t->claim_count && t->claims[i].element == u->root)
            i++;
        u->claim_count = i - u->first_claim;
        u->lock = t->lock[u->root];
    }
    return n;
}

/* A lock on any element is a lock on its unit. */
static void spread_locks(struct rt_ties *t)
{
    for (uint32_t e = 0; e < t->element_count; e++)
        if (t->lock[e] && !t->lock[rt_ties_root(t, e)])
            t->lock[rt_ties_root(t, e)] = t->lock[e];
}

/* Is b unit number `u` of the group that began with a? */
static bool continues(const struct rt_ties *t, const struct unit *a, const struct unit *b, uint32_t u)
{
    if (a->claim_count != b->claim_count || a->lock != b->lock)
        return false;
    for (uint32_t i = 0; i < a->claim_count; i++) {
        const struct rt_claim *x = &t->claims[a->first_claim + i];
        const struct rt_claim *y = &t->claims[b->first_claim + i];
        if (x->param != y->param || x->axis != y->axis || x->reads != y->reads ||
            x->width != y->width || y->first != x->first + u * x->width)
            return false;
    }
    return true;
}

/* Is channel u of the node unit u, for all units? */
static bool has_units(const struct rt_groups *g, const struct rt_group *to, uint32_t node)
{
    bool same = g->channels[node] == to->unit_count;
    for (uint32_t u = 0; u < to->unit_count && same; u++)
        same = g->root[g->base[node] + u] == to->roots[u];
    return same;
}

/* Is each channel of the node one of several of some unit (grouped convolutions tie them)? */
static bool shares_units(const struct rt_groups *g, const struct rt_group *to, uint32_t node)
{
    bool all = g->channels[node] > to->unit_count;
    for (uint32_t c = 0; c < g->channels[node] && all; c++) {
        uint32_t u = 0;
        while (u < to->unit_count && g->root[g->base[node] + c] != to->roots[u])
            u++;
        all = u < to->unit_count;
    }
    return all;
}

/* Nodes whose channel u is unit u; where there are none, those that have several for each. */
static bool list_nodes(struct rt_groups *g, struct rt_group *to)
{
    const struct rt_graph *graph = g->plan->graph;
    to->nodes = calloc(graph->node_count, sizeof *to->nodes);
    for (int several = 0; to->nodes && several < 2 && !to->node_count; several++)
        for (uint32_t i = 0; i < graph->node_count; i++)
            if (!(graph->nodes[i].flags & IMP_NN_INPUT) &&
                (several ? shares_units(g, to, i) : has_units(g, to, i)))
                to->nodes[to->node_count++] = i;
    return to->nodes != NULL;
}

/* The node that has the group's first channel first. */
static const char *name_of(const struct rt_groups *g, uint32_t root)
{
    uint32_t node = 0;
    while (node + 1 < g->plan->graph->node_count && g->base[node + 1] <= root)
        node++;
    return g->plan->graph->nodes[node].name;
}

static bool make_group(struct rt_groups *g, const struct rt_ties *t, const struct unit *first,
                       uint32_t count)
{
    struct rt_group *to = &g->list[g->count++];
    *to = (struct rt_group){.name = name_of(g, first->root), .locked = first->lock,
                            .unit_count = count, .slice_count = first->claim_count};
    to->slices = calloc(first->claim_count, sizeof *to->slices);
    to->roots = calloc(count, sizeof *to->roots);
    if (!to->slices || !to->roots)
        return false;
    for (uint32_t i = 0; i < first->claim_count; i++) {
        const struct rt_claim *c = &t->claims[first->first_claim + i];
        to->slices[i] = (imp_nn_slice){.param = g->plan->graph->params[c->param].name,
                                       .first = c->first, .width = c->width, .axis = c->axis,
                                       .reads = c->reads};
    }
    for (uint32_t u = 0; u < count; u++)
        to->roots[u] = first[u].root;
    return list_nodes(g, to);
}

static bool make_groups(struct rt_groups *g, struct rt_ties *t)
{
    struct unit *units = calloc(t->claim_count + 1, sizeof *units);
    tidy_claims(t);
    spread_locks(t);
    const uint32_t n = units ? list_units(t, units) : 0;
    g->list = calloc(n + 1, sizeof *g->list);
    bool fine = units && g->list;
    for (uint32_t i = 0, next; i < n && fine; i = next) {
        for (next = i + 1; next < n && continues(t, &units[i], &units[next], next - i);)
            next++;
        fine = make_group(g, t, &units[i], next - i);
    }
    free(units);
    return fine;
}

void rt_groups_free(struct rt_groups *g)
{
    if (!g)
        return;
    for (uint32_t i = 0; i < g->count; i++) {
        free(g->list[i].nodes);
        free(g->list[i].slices);
        free(g->list[i].roots);
    }
    rt_plan_free(g->plan);
    free(g->list);
    free(g->base);
    free(g->channels);
    free(g->root);
    free(g);
}

/* Takes over what the ties counted. */
static bool keep_elements(struct rt_groups *g, struct rt_ties *t)
{
    g->element_count = t->element_count;
    g->root = calloc(t->element_count ? t->element_count : 1, sizeof *g->root);
    for (uint32_t e = 0; g->root && e < t->element_count; e++)
        g->root[e] = rt_ties_root(t, e);
    g->base = t->base;
    g->channels = t->channels;
    t->base = t->channels = NULL;
    return g->root != NULL;
}

imp_status rt_groups_new(const struct rt_graph *graph, struct rt_groups **out, imp_error *err)
{
    struct rt_groups *g = calloc(1, sizeof *g);
    if (!g)
        return imp_fail(err, IMP_E_MEMORY, "no memory for groups");
    imp_status st = rt_probe_plan(graph, &g->plan, err);
    if (st == IMP_OK) {
        struct rt_ties t;
        const bool fine = rt_ties_init(&t, g->plan) && keep_elements(g, &t) && make_groups(g, &t);
        rt_ties_fini(&t);
        if (!fine)
            st = imp_fail(err, IMP_E_MEMORY, "no memory for groups");
    }
    if (st != IMP_OK) {
        rt_groups_free(g);
        return st;
    }
    *out = g;
    return IMP_OK;
}
