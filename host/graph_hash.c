/* graph_hash.c - recipes: the identity of all that a node's values follow from. The item's picture
 * enters as a placeholder; the engine and the batch add its content. */
#include "graph.h"

#include <errno.h>
#include <string.h>
#include "files.h"
#include "params.h"

enum { RECIPE = 2 }; /* raised when what goes into a recipe changes */

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* A file that is read: its name (labels show it) and its content, not where it lies. */
static bool add_file(struct hasher *h, const struct node *n, uint32_t i, struct report *report)
{
    const char *path = n->params[i].s.ptr;
    struct hash content;
    if (!path || !*path) {
        hash_text(h, NULL);
        return true;
    }
    /* a model may have its architecture or its weights in a file of its own, beside it */
    const bool model = (n->filter->desc.params[i].flags & IMP_PARAM_MODEL) != 0;
    if (!(model ? files_hash_family(path, &content) : files_hash(path, &content))) {
        struct fault *f =
            report_add(report, SEV_ERROR, "E0120", &n->param_at[i], "'%s' of node '%s': %s: %s",
                       n->filter->desc.params[i].key, n->name, path, strerror(errno));
        fault_hint(f, "it cannot be read");
        return false;
    }
    hash_text(h, file_name(path));
    hash_hash(h, content);
    return true;
}

static bool add_params(struct hasher *h, const struct node *n, struct report *report)
{
    const imp_filter *desc = &n->filter->desc;
    bool fine = true;
    struct arena a;
    arena_init(&a);
    hash_u64(h, desc->param_count);
    for (uint32_t i = 0; i < desc->param_count; i++) {
        const imp_param *row = &desc->params[i];
        hash_text(h, row->key);
        if (row->type == IMP_PATH && !(row->flags & IMP_PARAM_WRITTEN))
            fine &= add_file(h, n, i, report);
        else
            hash_text(h, params_print(&a, row, &n->params[i]));
    }
    arena_fini(&a);
    return fine;
}

static bool hash_node(struct graph *g, struct node *n, struct report *report)
{
    const imp_filter *desc = &n->filter->desc;
    struct hasher *h = hash_new();
    hash_u64(h, RECIPE);
    hash_u64(h, g->exact);
    hash_text(h, desc->id);
    hash_u64(h, desc->params_version);
    hash_hash(h, n->filter->plugin ? n->filter->plugin->content : (struct hash){0, 0});
    hash_text(h, n->provider);
    hash_u64(h, n->takes_item);
    const bool fine = add_params(h, n, report);
    hash_u64(h, desc->input_count);
    for (uint32_t k = 0; k < desc->input_count; k++) {
        hash_u64(h, n->inputs[k].gathers);
        hash_u64(h, n->inputs[k].count);
        for (uint32_t w = 0; w < n->inputs[k].count; w++) {
            const struct wire *wire = &n->inputs[k].wires[w];
            hash_u64(h, wire->port);
            hash_hash(h, g->nodes[wire->node].recipe);
            if (desc->inputs[k].flags & IMP_PORT_MANY) /* its label */
                hash_text(h, g->nodes[wire->node].name);
        }
    }
    n->recipe = hash_end(h);
    return fine;
}

bool graph_hash(struct graph *g, struct report *report)
{
    bool fine = true;
    struct hasher *all = hash_new();
    hash_u64(all, RECIPE);
    for (uint32_t i = 0; i < g->node_count; i++) {
        struct node *n = &g->nodes[i];
        fine &= hash_node(g, n, report);
        if (n->pass && n->writes && n->phase != PHASE_GATHER) {
            hash_text(all, n->name);
            hash_hash(all, n->recipe);
        }
        /* What gathers later must be spooled with the item. */
        for (uint32_t k = 0; n->pass && k < n->filter->desc.input_count; k++)
            for (uint32_t w = 0; n->inputs[k].gathers && w < n->inputs[k].count; w++)
                hash_hash(all, g->nodes[n->inputs[k].wires[w].node].recipe);
    }
    g->recipe = hash_end(all);
    return fine;
}
