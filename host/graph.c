/* graph.c - builds the graph of a preset: filters, parameters, wires, order; all mistakes in one
 * go. */
#include "graph_private.h"

#include <string.h>
#include "batch.h"
#include "preset_private.h"

uint32_t graph_find(const struct graph *g, const char *name)
{
    for (uint32_t i = 0; i < g->node_count; i++)
        if (strcmp(g->nodes[i].name, name) == 0)
            return i;
    return UINT32_MAX;
}

static void add_draft(struct builder *b, size_t section)
{
    struct draft *d = &b->drafts[b->count];
    *d = (struct draft){.section = section};
    b->names[b->count++] = b->preset->sections[section].name;
    draft_filter(b, d);
    draft_params(b, d);
}

/* The first output of that kind of a draft; -1: none. */
static int output_of_kind(const struct draft *d, uint32_t kind)
{
    const imp_filter *desc = &d->node.filter->desc;
    for (uint32_t i = 0; i < desc->output_count; i++)
        if (desc->outputs[i].kind == kind)
            return (int)i;
    return -1;
}

static const struct draft *draft_named(const struct builder *b, const char *name)
{
    for (size_t i = 0; i < b->count; i++)
        if (strcmp(b->names[i], name) == 0)
            return &b->drafts[i];
    return NULL;
}

static const char *free_name(struct builder *b, const char *name)
{
    const char *unused = name;
    for (int i = 2; draft_named(b, unused); i++)
        unused = arena_printf(b->arena, "%s-%d", name, i);
    return unused;
}

/* A node that saves what `from` gives. */
static void add_save(struct builder *b, const struct draft *from)
{
    int output = output_of_kind(from, IMP_IMAGE);
    const bool table = output < 0;
    if (table)
        output = output_of_kind(from, IMP_TABLE);
    if (output < 0) {
        struct fault *f =
            report_add(b->report, SEV_ERROR, "E0221", &from->node.at,
                       "nothing is written: '%s' gives no image or table to save", from->node.name);
        fault_hint(f, "end with a node  filter = save");
        return;
    }
    const size_t before = b->preset->section_count;
    struct preset_section *s = preset_add_section(b->arena, b->preset, free_name(b, "save"));
    preset_add_key(b->arena, s, "filter", table ? "save.table" : "save");
    preset_add_key(b->arena, s, "in",
                   arena_printf(b->arena, "%s.%s", from->node.name,
                                from->node.filter->desc.outputs[output].name));
    preset_add_key(b->arena, s, "name", table ? "{stem}.csv" : "{stem}.png");
    add_draft(b, before);
}

/* What is saved when the preset writes nothing, or less than --until asks for. */
static void save_what_is_last(struct builder *b)
{
    const struct draft *last = &b->drafts[b->count - 1];
    const char *until = b->options->until;
    bool writes = false;
    for (size_t i = 0; i < b->count; i++) {
        if (!b->drafts[i].node.filter)
            return;
        writes |= b->drafts[i].node.writes;
    }
    if (until) {
        last = draft_named(b, until);
        if (!last) {
            struct fault *f =
                report_add(b->report, SEV_ERROR, "E0220", NULL, "--until: no node '%s'", until);
            const char *near = nearest_name(until, b->names, b->count);
            if (near)
                fault_hint(f, "did you mean '%s'?", near);
            fault_note(f, "nodes: %s", preset_names(b->arena, b->names, b->count, 20));
            return;
        }
        writes = last->node.writes;
    }
    if (!writes)
        add_save(b, last);
}

static void check_templates(struct builder *b, const struct graph *g)
{
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (uint32_t k = 0; k < n->filter->desc.param_count; k++)
            if (n->filter->desc.params[k].flags & IMP_PARAM_WRITTEN && n->params[k].s.len)
                names_check(n->params[k].s.ptr, g, &n->param_at[k], b->report);
    }
}

static void check_pictures(struct builder *b, const struct graph *g)
{
    const struct place whole = {.file = b->preset->path};
    if (b->options->have_pictures && g->item_node == UINT32_MAX) {
        struct fault *f = report_add(b->report, SEV_ERROR, "E0210", &whole,
                                     "pictures were given, but this preset takes none");
        fault_note(f, "leave them out, or begin with a node  [photo]  filter = load  and use it");
    }
}

static struct graph *finish(struct builder *b)
{
    for (size_t i = 0; i < b->count; i++)
        if (!b->drafts[i].node.filter)
            return NULL;
    struct graph *g = graph_from(b);
    if (!g)
        return NULL;
    graph_phases(b, g);
    check_templates(b, g);
    if (report_count(b->report, SEV_ERROR) > 0)
        return NULL;
    graph_pass(b, g);
    check_pictures(b, g);
    return report_count(b->report, SEV_ERROR) ? NULL : g;
}

struct graph *graph_build(struct arena *a, struct preset *p, struct registry *registry,
                          const struct graph_options *options, struct report *report)
{
    const size_t sections = p->section_count;
    struct builder b = {.arena = a,
                        .preset = p,
                        .registry = registry,
                        .options = options,
                        .report = report,
                        .drafts = arena_alloc(a, sections + 1, sizeof *b.drafts),
                        .names = arena_alloc(a, sections + 1, sizeof *b.names)};
    if (sections == 0) {
        const struct place whole = {.file = p->path};
        if (report_count(report, SEV_ERROR) == 0) {
            struct fault *f =
                report_add(report, SEV_ERROR, "E0221", &whole, "this preset has no nodes");
            fault_note(f, "a node is a section:  [soft]  filter = blur  sigma = 2");
        }
        return NULL;
    }
    for (size_t i = 0; i < sections; i++)
        add_draft(&b, i);
    save_what_is_last(&b);
    draft_wires(&b);
    return finish(&b);
}
