/* graph_order.c - the order of work, phases, and what need not be done. */
#include "graph_private.h"

#include <string.h>

/* Node numbers here are those of the drafts, which are in order of the sections. */
static size_t wire_count(const struct builder *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->count; i++)
        for (uint32_t k = 0;
             b->drafts[i].node.filter && k < b->drafts[i].node.filter->desc.input_count; k++)
            n += b->drafts[i].node.inputs[k].count;
    return n;
}

/* Who reads node i: readers[first[i] .. first[i + 1]), once for each wire. */
struct readers {
    uint32_t *first, *list;
};

static struct readers find_readers(const struct builder *b)
{
    struct readers r = {arena_alloc(b->arena, b->count + 2, sizeof(uint32_t)),
                        arena_alloc(b->arena, wire_count(b), sizeof(uint32_t))};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < b->count; i++) {
            const struct node *n = &b->drafts[i].node;
            for (uint32_t k = 0; n->filter && k < n->filter->desc.input_count; k++)
                for (uint32_t w = 0; w < n->inputs[k].count; w++) {
                    const uint32_t from = n->inputs[k].wires[w].node;
                    if (pass == 0)
                        r.first[from + 2]++;
                    else
                        r.list[r.first[from + 1]++] = (uint32_t)i;
                }
        }
        for (size_t i = 0; pass == 0 && i < b->count; i++)
            r.first[i + 2] += r.first[i + 1];
    }
    return r;
}

/* A wire of node i that comes from a node not done yet. */
static const struct wire *waits_for(const struct node *n, const bool *done)
{
    for (uint32_t k = 0; k < n->filter->desc.input_count; k++)
        for (uint32_t w = 0; w < n->inputs[k].count; w++)
            if (!done[n->inputs[k].wires[w].node])
                return &n->inputs[k].wires[w];
    return NULL;
}

static void name_circle(struct builder *b, const bool *done)
{
    uint32_t at = 0;
    while (done[at])
        at++;
    bool *seen = arena_alloc(b->arena, b->count, sizeof *seen);
    while (!seen[at]) { /* upwards, until a node comes twice: that one is in the circle */
        seen[at] = true;
        at = waits_for(&b->drafts[at].node, done)->node;
    }
    const uint32_t start = at;
    const struct wire *first = waits_for(&b->drafts[start].node, done);
    const char *names = arena_strdup(b->arena, b->names[start]);
    do {
        at = waits_for(&b->drafts[at].node, done)->node;
        names = arena_printf(b->arena, "%s -> %s", b->names[at], names);
    } while (at != start && strlen(names) < 400);
    struct fault *f = report_add(b->report, SEV_ERROR, "E0206", &first->at,
                                 "nodes feed each other in a circle: %s", names);
    fault_note(f, "take one of these wires from another node");
}

/* order[0..n): the drafts in order of execution, of those possible always the first; false: a
 * circle. */
static bool find_order(struct builder *b, uint32_t *order)
{
    const struct readers readers = find_readers(b);
    uint32_t *open = arena_alloc(b->arena, b->count, sizeof *open);
    bool *done = arena_alloc(b->arena, b->count, sizeof *done);
    for (size_t i = 0; i < b->count; i++)
        for (uint32_t k = readers.first[i]; k < readers.first[i + 1]; k++)
            open[readers.list[k]]++;
    for (size_t n = 0; n < b->count; n++) {
        uint32_t next = 0;
        while (next < b->count && (done[next] || open[next]))
            next++;
        if (next == b->count) {
            name_circle(b, done);
            return false;
        }
        done[next] = true;
        order[n] = next;
        for (uint32_t k = readers.first[next]; k < readers.first[next + 1]; k++)
            open[readers.list[k]]--;
    }
    return true;
}

struct graph *graph_from(struct builder *b)
{
    uint32_t *order = arena_alloc(b->arena, b->count, sizeof *order);
    uint32_t *place = arena_alloc(b->arena, b->count, sizeof *place);
    if (!find_order(b, order))
        return NULL;
    struct graph *g = arena_alloc(b->arena, 1, sizeof *g);
    g->nodes = arena_alloc(b->arena, b->count, sizeof *g->nodes);
    g->node_count = (uint32_t)b->count;
    g->preset = b->preset;
    g->item_node = UINT32_MAX;
    for (uint32_t i = 0; i < g->node_count; i++)
        place[order[i]] = i;
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        *n = b->drafts[order[i]].node;
        n->index = i;
        n->section = &b->preset->sections[b->drafts[order[i]].section];
        for (uint32_t k = 0; k < n->filter->desc.input_count; k++) {
            g->has_gather |= n->inputs[k].gathers;
            for (uint32_t w = 0; w < n->inputs[k].count; w++)
                n->inputs[k].wires[w].node = place[n->inputs[k].wires[w].node];
        }
    }
    return g;
}

/* ---- phases ---- */

static void mixes_phases(struct builder *b, const struct graph *g, const struct node *n,
                         const struct wire *item)
{
    struct fault *f = report_add(b->report, SEV_ERROR, "E0208", &item->at,
                                 "'%s' is made once, when all pictures are done: it cannot take "
                                 "'%s', which is made for each",
                                 n->name, g->nodes[item->node].name);
    fault_related(f, &g->nodes[item->node].at, "defined at");
    fault_note(f,
               "no picture may depend on what gathers; gather that one, too (all = %s), or make "
               "two presets of this one",
               g->nodes[item->node].name);
}

void graph_phases(struct builder *b, struct graph *g)
{
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        const struct wire *item = NULL;
        n->phase = n->takes_item ? PHASE_ITEM : PHASE_CONSTANT;
        for (uint32_t k = 0; k < n->filter->desc.input_count; k++) {
            const struct input *in = &n->inputs[k];
            if (in->gathers)
                n->phase = PHASE_GATHER;
            for (uint32_t w = 0; w < in->count; w++) {
                const enum phase from = g->nodes[in->wires[w].node].phase;
                if (from == PHASE_ITEM && !in->gathers)
                    item = &in->wires[w];
                if (!in->gathers && from > n->phase)
                    n->phase = from;
                if (in->gathers && from == PHASE_GATHER) {
                    struct fault *f = report_add(
                        b->report, SEV_ERROR, "E0208", &in->wires[w].at,
                        "'%s' is made once, when all pictures are done: there is nothing to gather",
                        g->nodes[in->wires[w].node].name);
                    fault_hint(f, "write in instead of all");
                }
            }
        }
        if (n->phase == PHASE_GATHER && item)
            mixes_phases(b, g, n, item);
    }
}

/* ---- what runs ---- */

/* Whoever feeds a node that runs, runs; nodes are in order, so one walk from the end does. */
static void spread(struct graph *g)
{
    for (uint32_t i = g->node_count; i-- > 0;) {
        const struct node *n = &g->nodes[i];
        for (uint32_t k = 0; n->pass && k < n->filter->desc.input_count; k++)
            for (uint32_t w = 0; w < n->inputs[k].count; w++) {
                const struct wire *wire = &n->inputs[k].wires[w];
                g->nodes[wire->node].pass = true;
                if (wire->port < 64)
                    g->nodes[wire->node].wanted |= UINT64_C(1) << wire->port;
            }
    }
}

/* With --until its node alone, or the save made for it, is wanted. */
static void mark_wanted(struct builder *b, struct graph *g)
{
    uint32_t until = UINT32_MAX;
    if (b->options->until)
        until = graph_find(g, b->options->until);
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        const bool made = n->section->at.file == NULL && n->writes;
        n->pass = until == UINT32_MAX ? n->writes : i == until || (made && !g->nodes[until].writes);
    }
}

void graph_pass(struct builder *b, struct graph *g)
{
    mark_wanted(b, g);
    spread(g);
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        if (n->takes_item && n->pass && g->item_node == UINT32_MAX)
            g->item_node = i;
        if (n->pass || b->options->until)
            continue;
        struct fault *f =
            report_add(b->report, SEV_WARNING, "W0224", &n->at,
                       "node '%s' is not run: nothing that is written uses it", n->name);
        fault_hint(f, "to see what it makes: --until %s", n->name);
    }
}
