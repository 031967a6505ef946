#include "variants.h"
#include <stdlib.h>
#include <string.h>

/* What the host adds to every point of a sweep over pictures: a labelled sheet of them all. */
struct extras {
    const char *shown;   /* node whose pictures go onto the sheet; NULL: no sheet */
    bool save;           /* the preset wrote no file: its default save, which the sheet's would hide */
};

static bool gives_picture(const struct node *node)
{
    return node->filter->desc.output_count && node->filter->desc.outputs[0].kind == IMP_IMAGE;
}

/* ---- one graph ---- */

/* A row for each picture, in several of one length where it would be too long to look at. */
static size_t sheet_columns(size_t points)
{
    enum { MOST = 50 };
    const size_t rows = (points + MOST - 1) / MOST;
    return (points + rows - 1) / rows;
}

static void add_extras(struct batch *b, struct preset *preset, const struct extras *x)
{
    if (!x->shown)
        return;
    if (x->save) {
        struct preset_section *save = preset_add_section(b->arena, preset, "save");
        preset_add_key(b->arena, save, "filter", "save");
        preset_add_key(b->arena, save, "in", x->shown);
        preset_add_key(b->arena, save, "name", "{stem}.png");
    }
    struct preset_section *sheet = preset_add_section(b->arena, preset, "sweep-sheet");
    preset_add_key(b->arena, sheet, "filter", "sheet");
    preset_add_key(b->arena, sheet, "all", x->shown);
    preset_add_key(b->arena, sheet, "columns", arena_printf(b->arena, "%zu", sheet_columns(b->sweep.point_count)));
    struct preset_section *out = preset_add_section(b->arena, preset, "sweep-save");
    preset_add_key(b->arena, out, "filter", "save");
    preset_add_key(b->arena, out, "in", "sweep-sheet");
    preset_add_key(b->arena, out, "name", "sweep.png");
}

static struct graph *build(struct batch *b, size_t point, const struct extras *x, struct report *report)
{
    const struct batch_options *o = b->o;
    const struct preset_set *sets = sweep_sets(b->arena, &b->sweep, point, o->sets, o->set_count);
    struct preset *preset = preset_load(b->arena, o->preset, o->preset_search, o->preset_search_count, sets,
                                        o->set_count + b->sweep.axis_count, report);
    if (!preset)
        return NULL;
    add_extras(b, preset, x);
    const struct graph_options options = {
        .until = o->until, .model_path = o->model_path, .model_path_count = o->model_path_count,
        .have_pictures = o->input_count || o->files_from};
    struct graph *g = graph_build(b->arena, preset, b->registry, &options, report);
    return report_count(report, SEV_ERROR) ? NULL : g;
}

/* The last node that gives a picture to an item's file, found in a graph without the sheet. */
static struct extras find_extras(struct batch *b)
{
    struct extras x = {0}, none = {0};
    if (!b->sweep.axis_count || !registry_find(b->registry, "sheet") || b->o->until)
        return x;
    struct report *scratch = report_new();
    const struct graph *g = build(b, 0, &none, scratch);
    for (uint32_t i = 0; g && i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        if (node->phase != PHASE_GATHER && gives_picture(node))
            x.shown = node->name;
    }
    for (uint32_t i = 0; g && i < g->node_count; i++) {
        x.save = x.save || (g->nodes[i].writes && !g->nodes[i].at.file); /* made by graph_build */
        if (!strncmp(g->nodes[i].name, "sweep-s", 7))
            x.shown = NULL; /* the preset has a sheet of its own by that name */
    }
    report_free(scratch);
    return x;
}

/* ---- after it is built ---- */

/* Without pictures everything is constant; what a sweep changes then runs as items, one for each point: in
 * parallel, journalled, resumed. EARLY nodes stay, they run while planning. */
static void promote(struct batch *b, struct variant *v)
{
    for (uint32_t i = 0; i < v->graph->node_count; i++) {
        struct node *node = &v->graph->nodes[i];
        if (v->depends[i] && node->phase == PHASE_CONSTANT &&
            !(node->filter->desc.flags & IMP_FILTER_EARLY))
            node->phase = PHASE_ITEM;
    }
    (void)b;
}

static bool is_name(const struct node *node, uint32_t p)
{
    return (node->filter->desc.params[p].flags & IMP_PARAM_WRITTEN) && node->params[p].s.len;
}

/* File names of what depends on the sweep tell its points apart. */
static void suffix_names(struct batch *b, struct variant *v, size_t point)
{
    for (uint32_t i = 0; i < v->graph->node_count; i++) {
        struct node *node = &v->graph->nodes[i];
        if (!node->writes || node->phase == PHASE_GATHER || (node->phase == PHASE_CONSTANT && !v->depends[i]))
            continue;
        for (uint32_t p = 0; p < node->filter->desc.param_count; p++) {
            if (!is_name(node, p))
                continue;
            const char *name = sweep_template(b->arena, &b->sweep, point, node->params[p].s.ptr);
            node->params[p].s.ptr = name;
            node->params[p].s.len = strlen(name);
            node->param_text[p] = name;
        }
    }
}

static bool check_names(const struct graph *g, struct report *report)
{
    bool ok = true;
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *node = &g->nodes[i];
        for (uint32_t p = 0; node->writes && p < node->filter->desc.param_count; p++)
            if (is_name(node, p) && !names_check(node->params[p].s.ptr, g, &node->param_at[p], report))
                ok = false;
    }
    return ok;
}

static bool finish(struct batch *b, struct variant *v, size_t point, struct report *report)
{
    if (!check_names(v->graph, report))
        return false;
    for (uint32_t i = 0; i < v->graph->node_count; i++)
        b->pictures = b->pictures || v->graph->nodes[i].takes_item;
    v->label = sweep_label(b->arena, &b->sweep, point);
    v->depends = sweep_dependents(b->arena, &b->sweep, v->graph);
    if (!b->sweep.axis_count)
        return true;
    if (!sweep_check(&b->sweep, v->graph, report))
        return false;
    if (!b->pictures)
        promote(b, v);
    suffix_names(b, v, point);
    return true;
}

static bool build_variant(struct batch *b, size_t point, const struct extras *x, struct report *report)
{
    struct variant *v = &b->variants[point];
    v->graph = build(b, point, x, report);
    return v->graph && finish(b, v, point, report);
}

bool variants_build(struct batch *b)
{
    if (!sweep_parse(b->arena, b->o->sweeps, b->o->sweep_count, &b->sweep, b->report))
        b->sweep = (struct sweep){.point_count = 1}; /* go on: the preset's mistakes belong in the same run */
    const struct extras x = find_extras(b);
    b->variant_count = b->sweep.point_count;
    b->variants = arena_alloc(b->arena, b->variant_count, sizeof *b->variants);
    const bool first = build_variant(b, 0, &x, b->report);
    bool ok = first;
    for (size_t point = 1; first && point < b->variant_count; point++) {
        struct report *scratch = report_new(); /* warnings are told once, mistakes of this point's values too */
        const bool good = build_variant(b, point, &x, scratch);
        report_free(scratch);
        if (!good) {
            build_variant(b, point, &x, b->report);
            ok = false;
        }
    }
    return ok;
}

bool variants_hash(struct batch *b)
{
    bool ok = true;
    for (size_t v = 0; ok && v < b->variant_count; v++) {
        b->variants[v].graph->exact = b->o->exact;
        ok = graph_hash(b->variants[v].graph, b->report);
    }
    return ok;
}
