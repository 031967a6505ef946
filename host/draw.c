/* draw.c - graphs as text and for Graphviz.
 *
 * Text: one row a node. A value that somebody still waits for is a rail in a column of its own; a
 * node stands in the column of the last value it takes, when nobody else wants that one, else in a
 * free column to the right:
 *
 *     *      photo  load
 *     +-*    small  resize
 *     `-+-*  mix    blend */
#include "draw.h"
#include <stdlib.h>
#include <string.h>
#include "params.h"

const char *const draw_phases[3] = {"once", "for every picture", "at the end, from all pictures"};

const char *draw_time(double ms, char *buf)
{
    if (ms < 10)
        snprintf(buf, 32, "%.2f ms", ms);
    else if (ms < 1000)
        snprintf(buf, 32, "%.0f ms", ms);
    else
        snprintf(buf, 32, "%.1f s", ms / 1000);
    return buf;
}

const char **draw_settings(struct arena *arena, const struct node *n)
{
    const imp_filter *f = &n->filter->desc;
    const char **list = arena_alloc(arena, f->param_count + 1, sizeof *list);
    size_t count = 0;
    for (uint32_t i = 0; i < f->param_count; i++)
        if (n->param_text[i] && !(f->params[i].flags & IMP_PARAM_OTHERS))
            list[count++] = arena_printf(arena, "%s = %s", f->params[i].key, n->param_text[i]);
    return list;
}

/* ---- text ---- */

struct rails {
    const struct graph *graph;
    uint32_t *order;    /* nodes by phase, else as they run */
    uint32_t *last_use; /* by node: place in order of the last that takes it; its own place if none
                           does */
    int *column;        /* by node, -1 = gone or not there yet */
    uint32_t *owner;    /* by column: the node whose value it is, UINT32_MAX = free */
    int columns, widest;
    bool utf8;
};

static void find_last_uses(struct rails *r)
{
    const struct graph *g = r->graph;
    for (uint32_t place = 0; place < g->node_count; place++) {
        const struct node *n = &g->nodes[r->order[place]];
        r->last_use[r->order[place]] = place;
        for (uint32_t p = 0; p < n->filter->desc.input_count; p++)
            for (uint32_t w = 0; w < n->inputs[p].count; w++)
                r->last_use[n->inputs[p].wires[w].node] = place;
    }
}

/* Which columns does a node take values from? Fills taken[column]; the rightmost of them, or -1. */
static int mark_taken(const struct rails *r, const struct node *n, bool *taken)
{
    int right = -1;
    memset(taken, 0, (size_t)r->columns * sizeof *taken);
    for (uint32_t p = 0; p < n->filter->desc.input_count; p++)
        for (uint32_t w = 0; w < n->inputs[p].count; w++) {
            const int column = r->column[n->inputs[p].wires[w].node];
            if (column >= 0) {
                taken[column] = true;
                right = column > right ? column : right;
            }
        }
    return right;
}

static int free_column(const struct rails *r, int after)
{
    int column = after + 1;
    while (r->owner[column] != UINT32_MAX)
        column++;
    return column;
}

enum glyph { G_BLANK, G_RAIL, G_NODE, G_BRANCH, G_END, G_LINE, G_CROSS, G_BRANCH_ON, G_END_ON };

static const char *glyph_text(enum glyph g, bool utf8)
{
    static const char *const ascii[] = {"  ", "| ", "* ", "+-", "`-", "--", "|-", "+-", "+-"};
    static const char *const boxes[] = {"  ", "│ ", "● ", "├─", "└─", "──", "│─", "├─", "┴─"};
    return utf8 ? boxes[g] : ascii[g];
}

/* The row of a node at `column`; place is its place in order. */
static void draw_row(struct rails *r, const bool *taken, int column, uint32_t place,
                     struct text *out)
{
    bool line = false; /* a wire comes from the left */
    for (int i = 0; i < r->widest; i++) {
        const bool rail = r->owner[i] != UINT32_MAX;
        enum glyph g = rail ? G_RAIL : line && i < column ? G_LINE : G_BLANK;
        if (i == column)
            g = G_NODE;
        else if (i < column && taken[i]) {
            const bool ends = r->last_use[r->owner[i]] == place;
            g = ends ? (line ? G_END_ON : G_END) : line ? G_BRANCH_ON : G_BRANCH;
            line = true;
        } else if (line && i < column && rail)
            g = G_CROSS;
        text_add(out, glyph_text(g, r->utf8));
    }
}

static void release_ended(struct rails *r, uint32_t place)
{
    for (int i = 0; i < r->columns; i++)
        if (r->owner[i] != UINT32_MAX && r->last_use[r->owner[i]] <= place) {
            r->column[r->owner[i]] = -1;
            r->owner[i] = UINT32_MAX;
        }
}

/* Places the node and answers its column; out NULL: only measures how wide it gets. */
static void step(struct rails *r, uint32_t place, bool *taken, struct text *out)
{
    const uint32_t index = r->order[place];
    const int right = mark_taken(r, &r->graph->nodes[index], taken);
    int column = right;
    if (right < 0 || r->last_use[r->owner[right]] != place)
        column = free_column(r, right);
    if (out)
        draw_row(r, taken, column, place, out);
    if (column + 1 > r->widest)
        r->widest = column + 1;
    release_ended(r, place);
    if (r->last_use[index] > place) {
        r->owner[column] = index;
        r->column[index] = column;
    }
}

static void reset(struct rails *r)
{
    for (int i = 0; i < r->columns; i++)
        r->owner[i] = UINT32_MAX;
    for (uint32_t i = 0; i < r->graph->node_count; i++)
        r->column[i] = -1;
}

static void order_by_phase(struct rails *r)
{
    uint32_t n = 0;
    for (int phase = PHASE_CONSTANT; phase <= PHASE_GATHER; phase++)
        for (uint32_t i = 0; i < r->graph->node_count; i++)
            if ((int)r->graph->nodes[i].phase == phase)
                r->order[n++] = i;
}

static void add_wires(const struct graph *g, const struct node *n, struct text *out)
{
    uint32_t wires = 0;
    bool named = false;
    for (uint32_t p = 0; p < n->filter->desc.input_count; p++) {
        wires += n->inputs[p].count;
        named |= n->inputs[p].gathers;
    }
    if (wires < 2 && !named)
        return;
    text_add(out, "  <-");
    for (uint32_t p = 0; p < n->filter->desc.input_count; p++)
        for (uint32_t w = 0; w < n->inputs[p].count; w++)
            text_addf(out, " %s%s%s%s", w ? "" : n->filter->desc.inputs[p].name, w ? "" : "=",
                      n->inputs[p].gathers ? "all " : "",
                      g->nodes[n->inputs[p].wires[w].node].name);
}

static void add_node_text(const struct graph *g, const struct node *n, const struct draw_options *o,
                          struct arena *arena, int name_width, int filter_width, struct text *out)
{
    char time[32] = "";
    text_addf(out, " %-*s  %-*s", name_width, n->name, filter_width, n->filter->desc.id);
    if (o->ms)
        text_addf(out, "  %8s", o->ms[n->index] >= 0 ? draw_time(o->ms[n->index], time) : "");
    const char **settings = draw_settings(arena, n);
    for (size_t i = 0; settings[i]; i++)
        text_addf(out, "%s%s", i ? ", " : "  ", settings[i]);
    if (n->takes_item)
        text_add(out, "  (the picture)");
    add_wires(g, n, out);
    while (out->size && out->data[out->size - 1] == ' ')
        out->data[--out->size] = 0;
    text_add(out, "\n");
}

static void widths(const struct graph *g, int *name, int *filter)
{
    *name = *filter = 0;
    for (uint32_t i = 0; i < g->node_count; i++) {
        const int a = (int)strlen(g->nodes[i].name), b = (int)strlen(g->nodes[i].filter->desc.id);
        *name = a > *name ? a : *name;
        *filter = b > *filter ? b : *filter;
    }
}

static void add_rows(struct rails *r, const struct draw_options *o, struct arena *arena,
                     bool *taken, struct text *out)
{
    int name_width, filter_width;
    const struct graph *g = r->graph;
    widths(g, &name_width, &filter_width);
    for (uint32_t place = 0; place < g->node_count; place++) {
        const struct node *n = &g->nodes[r->order[place]];
        if (!place || g->nodes[r->order[place - 1]].phase != n->phase) {
            for (int i = 0; place && i < r->widest; i++)
                text_add(out, glyph_text(r->owner[i] == UINT32_MAX ? G_BLANK : G_RAIL, r->utf8));
            text_addf(out, "%s%s\n", place ? " " : "", draw_phases[n->phase]);
        }
        step(r, place, taken, out);
        add_node_text(g, n, o, arena, name_width, filter_width, out);
    }
}

void draw_text(const struct graph *g, const struct draw_options *o, struct text *out)
{
    struct arena arena;
    arena_init(&arena);
    const size_t n = g->node_count;
    struct rails r = {.graph = g,
                      .columns = (int)n + 1,
                      .utf8 = o->utf8,
                      .order = arena_alloc(&arena, n, sizeof *r.order),
                      .last_use = arena_alloc(&arena, n, sizeof *r.last_use),
                      .column = arena_alloc(&arena, n, sizeof *r.column),
                      .owner = arena_alloc(&arena, n + 1, sizeof *r.owner)};
    bool *taken = arena_alloc(&arena, n + 1, sizeof *taken);
    order_by_phase(&r);
    find_last_uses(&r);
    reset(&r);
    for (uint32_t place = 0; place < n; place++)
        step(&r, place, taken, NULL);
    reset(&r);
    if (g->preset->title)
        text_addf(out, "%s\n\n", g->preset->title);
    add_rows(&r, o, &arena, taken, out);
    arena_fini(&arena);
}

/* ---- Graphviz ---- */

static void add_quoted(struct text *out, const char *s)
{
    for (; *s; s++)
        text_addf(out, "%s%c", *s == '"' || *s == '\\' ? "\\" : "", *s == '\n' ? ' ' : *s);
}

static void dot_node(const struct node *n, const struct draw_options *o, struct arena *arena,
                     struct text *out)
{
    char time[32];
    text_addf(out, "  n%u [label=\"", n->index);
    add_quoted(out, n->name);
    text_add(out, "\\n");
    add_quoted(out, n->filter->desc.id);
    const char **settings = draw_settings(arena, n);
    for (size_t i = 0; settings[i]; i++) {
        text_add(out, "\\n");
        add_quoted(out, settings[i]);
    }
    if (o->ms && o->ms[n->index] >= 0)
        text_addf(out, "\\n%s", draw_time(o->ms[n->index], time));
    static const char *const fills[] = {"#e8eef7", "#fdf6e3", "#e9f5ea"};
    text_addf(out, "\", fillcolor=\"%s\"];\n", fills[n->phase]);
}

static void dot_edges(const struct node *n, struct text *out)
{
    const imp_filter *f = &n->filter->desc;
    for (uint32_t p = 0; p < f->input_count; p++)
        for (uint32_t w = 0; w < n->inputs[p].count; w++) {
            text_addf(out, "  n%u -> n%u [label=\"", n->inputs[p].wires[w].node, n->index);
            if (f->input_count > 1)
                add_quoted(out, f->inputs[p].name);
            text_addf(out, "\"%s];\n", n->inputs[p].gathers ? ", style=dashed" : "");
        }
}

void draw_dot(const struct graph *g, const struct draw_options *o, struct text *out)
{
    struct arena arena;
    arena_init(&arena);
    text_add(out, "digraph preset {\n  label=\"");
    add_quoted(out, g->preset->title ? g->preset->title : g->preset->path);
    text_add(
        out,
        "\"; labelloc=t;\n  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\"];\n"
        "  edge [fontname=\"sans-serif\", fontsize=10];\n");
    for (uint32_t i = 0; i < g->node_count; i++)
        dot_node(&g->nodes[i], o, &arena, out);
    for (uint32_t i = 0; i < g->node_count; i++)
        dot_edges(&g->nodes[i], out);
    text_add(out, "}\n");
    arena_fini(&arena);
}
