/* graph_text.c - the preset that a graph comes to: one text that runs to the same bytes. */
#define _GNU_SOURCE /* realpath */
#include "graph.h"

#include <stdlib.h>
#include <string.h>
#include "params.h"

static const char *origin_name(enum origin origin)
{
    switch (origin) {
    case FROM_FILE:
        return "preset";
    case FROM_INCLUDE:
        return "included";
    case FROM_SET:
        return "--set";
    case FROM_SWEEP:
        return "--sweep";
    default:
        return "default";
    }
}

/* A line, and where it comes from as a comment. */
static void add_line(struct text *out, const char *key, const char *value, bool origins,
                     enum origin origin, const struct place *at)
{
    text_addf(out, "%s = %s", key, value);
    if (origins && origin >= FROM_SET)
        text_addf(out, " ; %s", origin_name(origin));
    else if (origins && at && at->file)
        text_addf(out, " ; %s, %s:%d", origin_name(origin), at->file, at->line);
    text_add(out, "\n");
}

static void add_absolute(struct text *out, const char *path)
{
    char *real = realpath(path, NULL);
    text_add(out, real ? real : path);
    free(real);
}

static void add_wires(const struct graph *g, const struct node *n, bool origins, struct text *out)
{
    for (uint32_t k = 0; k < n->filter->desc.input_count; k++) {
        const struct input *in = &n->inputs[k];
        struct text value = {0};
        for (uint32_t w = 0; w < in->count; w++) {
            const struct node *from = &g->nodes[in->wires[w].node];
            text_addf(&value, "%s%s.%s", w ? " " : "", from->name,
                      from->filter->desc.outputs[in->wires[w].port].name);
        }
        if (in->count) {
            text_addf(out, "%s.%s = %s", in->gathers ? "all" : "in", n->filter->desc.inputs[k].name,
                      value.data);
            if (origins && in->wires[0].at.file)
                text_addf(out, " ; %s:%d", in->wires[0].at.file, in->wires[0].at.line);
            text_add(out, "\n");
        }
        text_free(&value);
    }
}

/* OTHERS: its lines are the keys. */
static void add_others(const struct node *n, uint32_t i, struct text *out)
{
    for (const char *p = n->params[i].s.ptr; p && *p;) {
        const size_t line = strcspn(p, "\n"), key = strcspn(p, "=");
        text_addf(out, "%.*s = %.*s\n", (int)key, p, (int)(line > key ? line - key - 1 : 0),
                  p + key + 1);
        p += line + (p[line] == '\n');
    }
}

static void add_param(struct arena *a, const struct node *n, uint32_t i, bool origins,
                      struct text *out)
{
    const imp_param *row = &n->filter->desc.params[i];
    if (row->flags & IMP_PARAM_OTHERS) {
        add_others(n, i, out);
    } else if (!n->param_text[i]) {
        const char *value = params_print(a, row, &n->params[i]);
        if (origins)
            text_addf(out, "; %s = %s ; default\n", row->key, value);
    } else {
        struct text value = {0};
        if (row->type == IMP_PATH && !(row->flags & IMP_PARAM_WRITTEN) && n->params[i].s.len)
            add_absolute(&value, n->params[i].s.ptr);
        else
            text_add(&value, n->param_text[i]);
        add_line(out, row->key, value.data, origins, n->param_origin[i], &n->param_at[i]);
        text_free(&value);
    }
}

static void add_node(struct arena *a, const struct graph *g, const struct node *n, bool origins,
                     struct text *out)
{
    text_addf(out, "\n[%s]", n->name);
    if (origins && n->at.file)
        text_addf(out, " ; %s:%d", n->at.file, n->at.line);
    else if (origins)
        text_add(out, " ; made: the preset writes nothing itself");
    text_addf(out, "\nfilter = %s\n", n->filter->desc.id);
    if (n->provider)
        text_addf(out, "provider = %s\n", n->provider);
    if (n->isolate)
        text_add(out, "isolate = process\n");
    add_wires(g, n, origins, out);
    for (uint32_t i = 0; i < n->filter->desc.param_count; i++)
        add_param(a, n, i, origins, out);
}

void graph_resolved(const struct graph *g, bool origins, struct text *out)
{
    const struct preset *p = g->preset;
    struct arena a;
    arena_init(&a);
    text_add(out, "[preset]\nformat = 1\n");
    if (p->title)
        text_addf(out, "title = %s\n", p->title);
    if (p->author)
        text_addf(out, "author = %s\n", p->author);
    if (p->license)
        text_addf(out, "license = %s\n", p->license);
    for (uint32_t i = 0; i < g->node_count; i++)
        if (g->nodes[i].pass || !g->nodes[i].writes) /* not what --until left out */
            add_node(&a, g, &g->nodes[i], origins, out);
    arena_fini(&a);
}
