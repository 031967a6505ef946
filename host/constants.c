/* constants.c - what depends on no picture: computed once, shared between variants by recipe, kept
 * on disk when it was costly. */
#include "engine_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"

/* ---- the store ---- */

static struct constant *find(struct engine *e, struct hash recipe)
{
    for (size_t i = 0; hash_known(recipe) && i < e->constant_count; i++)
        if (hash_equal(e->constants[i].recipe, recipe))
            return &e->constants[i];
    return NULL;
}

static void release_ports(struct constant *c)
{
    for (uint32_t p = 0; p < c->port_count; p++)
        values_release(&c->ports[p]);
    free(c->ports);
    c->ports = NULL;
    c->port_count = 0;
}

void constants_free(struct engine *e)
{
    for (size_t i = 0; i < e->constant_count; i++)
        release_ports(&e->constants[i]);
    free(e->constants);
    e->constants = NULL;
    e->constant_count = 0;
}

static bool has_object(const struct values *ports, uint32_t n)
{
    for (uint32_t p = 0; p < n; p++)
        if (ports[p].count && ports[p].list[0]->as.head.kind == IMP_OBJECT)
            return true;
    return false;
}

void constants_forget_objects(struct engine *e)
{
    for (size_t i = e->constant_count; i-- > 0;)
        if (has_object(e->constants[i].ports, e->constants[i].port_count)) {
            release_ports(&e->constants[i]);
            e->constants[i] = e->constants[--e->constant_count];
        }
    for (uint32_t i = 0; i < e->variant_count; i++) {
        struct variant *v = e->variants[i];
        for (uint32_t k = 0; k < v->graph->node_count; k++) {
            if (!v->done[k] || !has_object(&v->constants[v->first[k]], v->first[k + 1] - v->first[k]))
                continue;
            v->done[k] = false;
            for (uint32_t p = v->first[k]; p < v->first[k + 1]; p++)
                values_release(&v->constants[p]);
        }
    }
}

static bool share(const struct values *from, struct values *to, uint32_t n)
{
    bool fine = true;
    for (uint32_t p = 0; p < n; p++)
        for (uint32_t k = 0; fine && k < from[p].count; k++)
            fine = values_add(&to[p], value_retain(from[p].list[k]));
    return fine;
}

static void remember(struct engine *e, const struct variant *v, const struct node *node,
                     struct node_time time)
{
    const uint32_t n = node->filter->desc.output_count;
    struct constant c = {.recipe = node->recipe, .port_count = n, .time = time};
    if (!hash_known(c.recipe) || find(e, c.recipe))
        return;
    c.ports = heap_alloc(n + (size_t)1, sizeof *c.ports);
    if (!share(&v->constants[v->first[node->index]], c.ports, n)) {
        release_ports(&c);
        return;
    }
    e->constants = heap_resize(e->constants, e->constant_count + 1, sizeof *e->constants);
    e->constants[e->constant_count++] = c;
}

/* ---- the folder of costly ones ---- */

static const char tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
                          "# This folder is a cache of impasto; it may be deleted at any time.\n";

static bool cacheable(const struct engine *e, const struct node *node)
{
    const imp_filter *desc = &node->filter->desc;
    bool fine = e->options.cache && hash_known(node->recipe) && !node->writes && desc->output_count;
    for (uint32_t p = 0; p < desc->output_count; p++)
        fine = fine && desc->outputs[p].kind != IMP_OBJECT;
    return fine;
}

static char *cache_path(const struct engine *e, const struct node *node)
{
    char text[33];
    return heap_printf("%s/constants/%s", e->options.cache, hash_print(node->recipe, text));
}

static bool read_cached(struct engine *e, struct variant *v, const struct node *node)
{
    const uint32_t n = node->filter->desc.output_count;
    if (!cacheable(e, node))
        return false;
    char *path = cache_path(e, node);
    const imp_status st =
        spool_read(e->env.memory, path, node->recipe, &v->constants[v->first[node->index]], n);
    if (!st)
        explain(e, "%s: taken from the cache (%s)", node->name, path);
    free(path);
    return !st;
}

static void write_cached(struct engine *e, struct variant *v, const struct node *node,
                         double seconds)
{
    const double least = e->options.cache_seconds > 0 ? e->options.cache_seconds : 5;
    if (!cacheable(e, node) || seconds < least)
        return;
    char *path = cache_path(e, node), *mark = heap_printf("%s/CACHEDIR.TAG", e->options.cache);
    if (files_make_folder(e->options.cache) && access(mark, F_OK))
        files_replace(mark, tag, sizeof tag - 1);
    if (spool_write(path, node->recipe, &v->constants[v->first[node->index]],
                    node->filter->desc.output_count))
        explain(e, "%s: not kept in the cache (%s: %s)", node->name, path, strerror(errno));
    else
        explain(e, "%s: kept in the cache (%s)", node->name, path);
    free(mark);
    free(path);
}

/* ---- running ---- */

imp_status constant_run(struct engine *e, struct variant *v, const struct node *node,
                        const struct written *written, size_t n, struct node_time *time,
                        struct outcome *o)
{
    struct node_time own = {0};
    char text[32];
    struct taken in = take_inputs(v, node, NULL, NULL, NULL, o);
    if (in.fine)
        run_node(e, v, node, 0, &in, key_of(node, (struct hash){0, 0}, (struct hash){0, 0}),
                 written, n, &v->constants[v->first[node->index]], &own, o);
    take_free(&in);
    if (o->status)
        return o->status;
    v->done[node->index] = true;
    remember(e, v, node, own);
    explain(e, "%s: computed once (%s)", node->name, print_seconds(own.ms / 1e3, text));
    write_cached(e, v, node, own.ms / 1e3);
    if (time)
        *time = own;
    return IMP_OK;
}

/* Its values from another variant or from disk. */
static bool have(struct engine *e, struct variant *v, const struct node *node,
                 struct node_time *time)
{
    const struct constant *c = find(e, node->recipe);
    bool found = v->done[node->index];
    if (!found && c)
        found = share(c->ports, &v->constants[v->first[node->index]], c->port_count);
    if (!found && (node->writes || !read_cached(e, v, node)))
        return false;
    v->done[node->index] = true;
    if (time && !time->ran)
        time->cached = true;
    return true;
}

/* Is the node's result wanted by itself: as a file, by pictures, or as the end of the graph? */
static bool wanted(const struct variant *v, const struct node *node, const struct written *written,
                   size_t n)
{
    const struct graph *g = v->graph;
    bool taken = false;
    for (size_t i = 0; i < n; i++)
        if (written[i].variant == v->number && written[i].node == node->index)
            return true;
    for (uint32_t k = 0; k < g->node_count; k++)
        for (uint32_t i = 0; g->nodes[k].pass && i < g->nodes[k].filter->desc.input_count; i++)
            for (uint32_t w = 0; w < g->nodes[k].inputs[i].count; w++)
                if (g->nodes[k].inputs[i].wires[w].node == node->index) {
                    taken = true;
                    if (g->nodes[k].phase != PHASE_CONSTANT)
                        return true;
                }
    return !taken && !node->writes;
}

static void need_inputs(const struct node *node, bool *need)
{
    for (uint32_t i = 0; i < node->filter->desc.input_count; i++)
        for (uint32_t w = 0; w < node->inputs[i].count; w++)
            need[node->inputs[i].wires[w].node] = true;
}

/* From the end to the start: what is already there makes what it was made of unnecessary. */
static void find_needed(struct engine *e, struct variant *v, bool *need,
                        const struct written *written, size_t n, struct outcome *o)
{
    for (uint32_t k = v->graph->node_count; k-- > 0;) {
        const struct node *node = &v->graph->nodes[k];
        if (node->phase != PHASE_CONSTANT || !node->pass) {
            need[k] = false;
            continue;
        }
        need[k] = need[k] || wanted(v, node, written, n);
        if (need[k] && have(e, v, node, o->times && v->number == 0 ? &o->times[k] : NULL))
            need[k] = false;
        if (need[k])
            need_inputs(node, need);
    }
}

/* Only what pictures or gathering nodes take is still of use. */
static void drop_unused(struct variant *v)
{
    const struct graph *g = v->graph;
    bool *used = heap_alloc(v->first[g->node_count] + (size_t)1, sizeof *used);
    for (uint32_t k = 0; k < g->node_count; k++)
        for (uint32_t i = 0; g->nodes[k].pass && g->nodes[k].phase != PHASE_CONSTANT &&
                             i < g->nodes[k].filter->desc.input_count;
             i++)
            for (uint32_t w = 0; w < g->nodes[k].inputs[i].count; w++)
                used[v->first[g->nodes[k].inputs[i].wires[w].node] +
                     g->nodes[k].inputs[i].wires[w].port] = true;
    for (uint32_t p = 0; p < v->first[g->node_count]; p++)
        if (!used[p])
            values_release(&v->constants[p]);
    free(used);
}

static void run_variant(struct engine *e, struct variant *v, const struct written *written,
                        size_t n, struct outcome *o)
{
    const struct graph *g = v->graph;
    bool *need = heap_alloc(g->node_count + (size_t)1, sizeof *need);
    const bool first = v->number == 0;
    size_t mine_count = 0;
    struct written *mine = heap_alloc(n + 1, sizeof *mine);
    for (size_t i = 0; i < n; i++)
        if (written[i].variant == v->number)
            mine[mine_count++] = written[i];
    find_needed(e, v, need, written, n, o);
    for (uint32_t k = 0; k < g->node_count && !o->status; k++) {
        if (!need[k])
            continue;
        if (engine_stopped(e))
            o->status = IMP_CANCELLED;
        else
            constant_run(e, v, &g->nodes[k], mine, mine_count,
                         first && o->times ? &o->times[k] : NULL, o);
    }
    free(mine);
    free(need);
}

imp_status engine_constants(struct engine *e, const struct written *written, size_t n,
                            struct outcome *o)
{
    clear_outcome(o);
    for (uint32_t i = 0; i < e->variant_count && !o->status; i++)
        run_variant(e, e->variants[i], written, n, o);
    if (o->status)
        return o->status;
    for (uint32_t i = 0; i < e->variant_count; i++)
        drop_unused(e->variants[i]);
    constants_free(e);
    return IMP_OK;
}
