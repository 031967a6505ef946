/* join.c - see join.h. Tensors are shared, not copied. */
#include "join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *dotted(const char *part, const char *name)
{
    const size_t n = strlen(part) + strlen(name) + 2;
    char *s = malloc(n);
    if (s)
        snprintf(s, n, "%s.%s", part, name);
    return s;
}

static bool rename_to(char **name, const char *part)
{
    char *new = *name ? dotted(part, *name) : NULL;
    if (*name && !new)
        return false;
    free(*name);
    *name = new;
    return true;
}

static bool add_params(struct rt_graph *to, const struct rt_graph *from, const char *part)
{
    for (uint32_t i = 0; i < from->param_count; i++) {
        char *name = dotted(part, from->params[i].name);
        const bool fine = name && rt_graph_add_param(to, name, from->params[i].tensor,
                                                     from->params[i].flags) >= 0;
        free(name);
        if (!fine)
            return false;
    }
    return true;
}

static bool add_meta(struct rt_graph *to, const struct rt_graph *from, const char *part)
{
    for (uint32_t i = 0; i < from->meta_count; i++) {
        char *key = dotted(part, from->meta[i].key);
        const bool fine = key && rt_graph_set_meta(to, key, from->meta[i].text);
        free(key);
        if (!fine)
            return false;
    }
    return true;
}

/* Moves the nodes of a copy over: numbers shift by what is there already. */
static bool take_nodes(struct rt_graph *to, struct rt_graph *copy, const char *part,
                       uint32_t first_param)
{
    const uint32_t first = to->node_count;
    for (uint32_t i = 0; i < copy->node_count; i++) {
        struct rt_node *n = &copy->nodes[i];
        if (!rename_to(&n->name, part) || !rename_to(&n->value, part))
            return false;
        for (uint32_t s = 0; s < n->input_count; s++) {
            if (n->inputs[s] == RT_ABSENT)
                continue;
            n->inputs[s] = rt_is_param(n->inputs[s])
                               ? rt_ref_param(rt_param_of(n->inputs[s]) + first_param)
                               : n->inputs[s] + (int32_t)first;
        }
        if (rt_graph_add_node(to, n->name, n->op, n->input_count, n->inputs) < 0)
            return false;
        struct rt_node *new = &to->nodes[to->node_count - 1];
        free(new->attrs);
        new->attrs = n->attrs;
        new->value = n->value;
        new->flags = n->flags;
        new->declared = n->declared;
        n->attrs = NULL;
        n->value = NULL;
    }
    return true;
}

static bool add_part(struct rt_graph *to, const imp_nn_model *m, const char *part)
{
    const uint32_t first_param = to->param_count;
    struct rt_graph *copy = rt_graph_copy(m->graph);
    const bool fine = copy && add_params(to, copy, part) && add_meta(to, copy, part) &&
                      take_nodes(to, copy, part, first_param);
    rt_graph_free(copy);
    return fine;
}

static imp_status finish(struct rt_graph *g, bool fine, imp_nn_model **out, imp_error *err)
{
    const imp_status st = fine ? rt_graph_finish(g, err)
                               : imp_fail(err, IMP_E_MEMORY, "no memory for another model");
    if (st != IMP_OK) {
        rt_graph_free(g);
        return st;
    }
    return rt_model_new(g, out, err);
}

imp_status rt_join(uint32_t count, const imp_nn_model *const *parts, const char *const *names,
                   imp_nn_model **out, imp_error *err)
{
    struct rt_graph *g = rt_graph_new();
    bool fine = g != NULL;
    for (uint32_t i = 0; i < count && fine; i++)
        fine = add_part(g, parts[i], names[i]);
    return finish(g, fine, out, err);
}

imp_status rt_with_meta(const imp_nn_model *m, const char *key, const char *text, imp_nn_model **out,
                        imp_error *err)
{
    struct rt_graph *g = rt_graph_copy(m->graph);
    return finish(g, g && rt_graph_set_meta(g, key, text), out, err);
}
