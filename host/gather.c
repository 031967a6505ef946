/* gather.c - `all` wires: the values of every item wait in STATE/spool (or in memory) for the end.
 */
#include "engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"

static char *spool_path(const struct engine *e, const struct variant *v, struct hash identity,
                        uint32_t node, uint32_t port)
{
    char text[33];
    return heap_printf("%s/spool/%s.%s.%u", e->options.state, hash_print(identity, text),
                       v->graph->nodes[node].name, port);
}

static void wait_in_memory(struct engine *e, const struct variant *v, struct hash identity,
                           uint32_t port, struct values *values)
{
    pthread_mutex_lock(&e->lock);
    if ((e->waiting_count & (e->waiting_count - 1)) == 0) /* full at every power of two */
        e->waiting = heap_resize(e->waiting, e->waiting_count ? 2 * e->waiting_count : 1,
                                 sizeof *e->waiting);
    e->waiting[e->waiting_count++] = (struct waiting){identity, v->number, port, *values};
    *values = (struct values){0};
    pthread_mutex_unlock(&e->lock);
}

imp_status spool_item(struct engine *e, const struct variant *v, struct hash identity,
                      struct values *item, struct outcome *o)
{
    const struct graph *g = v->graph;
    for (uint32_t k = 0; k < g->node_count; k++)
        for (uint32_t p = v->first[k]; p < v->first[k + 1]; p++) {
            if (!v->gathered[p])
                continue;
            if (!e->options.state) {
                wait_in_memory(e, v, identity, p, &item[p]);
                continue;
            }
            char *path = spool_path(e, v, identity, k, p - v->first[k]);
            const imp_status st = spool_write(path, g->nodes[k].recipe, &item[p], 1);
            if (st == IMP_E_UNSUPPORTED)
                outcome_fail(o, st, "E0608", &g->nodes[k], -1,
                             "an object cannot wait for the end of the run: "
                             "gather pictures, tensors or tables");
            else if (st)
                outcome_fail(o, st, "E0506", &g->nodes[k], -1,
                             "its value cannot be kept for the end of the run: "
                             "%s: %s",
                             path, strerror(errno));
            free(path);
            if (st)
                return st;
        }
    return IMP_OK;
}

bool engine_spooled(const struct engine *e, struct hash identity)
{
    const struct variant *first = e->variant_count ? e->variants[0] : NULL;
    for (uint32_t k = 0; first && k < first->graph->node_count; k++)
        for (uint32_t p = first->first[k]; p < first->first[k + 1]; p++) {
            if (!first->gathered[p])
                continue;
            if (!e->options.state)
                return false;
            char *path = spool_path(e, first, identity, k, p - first->first[k]);
            bool whole = false;
            for (uint32_t i = 0; i < e->variant_count && !whole; i++)
                whole = spool_whole(path, e->variants[i]->graph->nodes[k].recipe);
            free(path);
            if (!whole)
                return false;
        }
    return true;
}

void engine_drop_spool(struct engine *e)
{
    for (size_t i = 0; i < e->waiting_count; i++)
        values_release(&e->waiting[i].values);
    e->waiting_count = 0;
    if (!e->options.state)
        return;
    char *path = heap_printf("%s/spool", e->options.state);
    files_remove_tree(path);
    free(path);
}

/* ---- at the end ---- */

struct gathering {
    struct engine *engine;
    struct variant *variant;
    const struct node *node;
    const struct hash *identities;
    const char *const *labels;
    size_t count;
    struct values held; /* those read back, for one node */
    struct outcome *o;
};

/* Any variant may have made it: the items of a sweep come from all. */
static imp_status read_back(struct gathering *g, struct hash identity, uint32_t node, uint32_t port,
                            struct values *out)
{
    struct engine *e = g->engine;
    imp_status st = IMP_E_MISSING;
    if (!e->options.state) {
        for (size_t i = 0; i < e->waiting_count; i++) {
            const struct waiting *w = &e->waiting[i];
            if (w->port != g->variant->first[node] + port || !hash_equal(w->identity, identity))
                continue;
            for (uint32_t k = 0; k < w->values.count; k++)
                if (!values_add(out, value_retain(w->values.list[k])))
                    return IMP_E_MEMORY;
            return IMP_OK;
        }
        return IMP_E_MISSING;
    }
    char *path = spool_path(e, g->variant, identity, node, port);
    for (uint32_t i = 0; i < e->variant_count && st == IMP_E_MISSING; i++)
        st = spool_read(e->env.memory, path, e->variants[i]->graph->nodes[node].recipe, out, 1);
    free(path);
    return st;
}

static bool gather_wire(void *user, struct taken *t, const struct wire *wire)
{
    struct gathering *g = user;
    for (size_t i = 0; i < g->count; i++) {
        struct values got = {0};
        const imp_status st = read_back(g, g->identities[i], wire->node, wire->port, &got);
        if (st) {
            values_release(&got);
            const char *from = g->variant->graph->nodes[wire->node].name;
            if (st == IMP_E_LIMIT || st == IMP_E_MEMORY)
                outcome_fail(g->o, st, "E0502", g->node, -1,
                             "no memory left for the values of all pictures "
                             "('%s'): gather smaller ones",
                             from);
            else
                outcome_fail(g->o, st, "E0607", g->node, -1,
                             "the value of '%s' for '%s' is not there any more: "
                             "run it again with --overwrite always",
                             from, g->labels[i]);
            return false;
        }
        bool held = true;
        for (uint32_t k = 0; k < got.count; k++) {
            if (held && (held = values_add(&g->held, value_retain(got.list[k]))))
                take_add(t, got.list[k], g->labels[i]);
        }
        values_release(&got);
        if (!held) {
            outcome_fail(g->o, IMP_E_MEMORY, "E0502", g->node, -1, "no memory left to gather");
            return false;
        }
    }
    return true;
}

static struct hash identity_of_all(const struct gathering *g)
{
    struct hasher *h = hash_new();
    for (size_t i = 0; i < g->count; i++) {
        hash_hash(h, g->identities[i]);
        hash_text(h, g->labels[i]);
    }
    return hash_end(h);
}

static void run_gather_node(struct gathering *g, struct values *values,
                            const struct written *written, size_t n)
{
    struct variant *v = g->variant;
    const uint32_t k = g->node->index;
    struct taken in = take_inputs(v, g->node, values, gather_wire, g, g->o);
    if (in.fine)
        run_node(g->engine, v, g->node, 0, &in,
                 key_of(g->node, identity_of_all(g), (struct hash){0, 0}), written, n,
                 &values[v->first[k]], g->o->times ? &g->o->times[k] : NULL, g->o);
    take_free(&in);
    values_release(&g->held);
    for (uint32_t p = 0; p < v->first[k + 1]; p++)
        if (values[p].count && v->last_use[p] <= k)
            values_release(&values[p]);
}

imp_status engine_gather(struct engine *e, const struct hash *identities, const char *const *labels,
                         size_t n, const struct written *written, size_t n_written,
                         struct outcome *o)
{
    clear_outcome(o);
    if (!e->variant_count)
        return IMP_OK;
    struct variant *v = e->variants[0];
    const struct graph *graph = v->graph;
    struct values *values = heap_alloc(v->first[graph->node_count] + (size_t)1, sizeof *values);
    struct gathering g = {
        .engine = e, .variant = v, .identities = identities, .labels = labels, .count = n, .o = o};
    for (uint32_t k = 0; k < graph->node_count && !o->status; k++) {
        g.node = &graph->nodes[k];
        if (g.node->phase != PHASE_GATHER || !g.node->pass)
            continue;
        if (engine_stopped(e))
            o->status = IMP_CANCELLED;
        else
            run_gather_node(&g, values, written, n_written);
    }
    for (uint32_t p = 0; p < v->first[graph->node_count]; p++)
        values_release(&values[p]);
    free(values);
    return o->status;
}
