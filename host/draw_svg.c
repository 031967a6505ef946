/* draw_svg.c - a graph as a drawing: rounded boxes in layers, one colour for each phase, smooth
 * arrows. Needs no font metrics: widths are those of a common sans-serif, rounded up. */
#include <string.h>
#include "draw.h"
#include "layout.h"

enum { LINES = 5, LETTERS = 32, PAD = 14, LINE_HEIGHT = 17, HEAD = 42, MARGIN = 28 };

struct look {
    const char *fill, *edge;
};
static const struct look looks[3] = {
    {"#eaf0fb", "#5b7fc7"}, {"#fff6e2", "#c9962e"}, {"#e8f6ec", "#4c9a63"}};

struct box_text {
    const char *name, *filter, *time;
    const char *lines[LINES + 1];
    size_t count;
};
struct drawing {
    struct arena arena;
    const struct graph *graph;
    const struct draw_options *options;
    struct layout layout;
    struct box_text *texts;
    struct place_of {
        const struct input *input;
        uint32_t node, port;
    } * ends; /* by arrow */
    double top;
};

static void add_escaped(struct text *out, const char *s)
{
    for (; *s; s++) {
        const unsigned char c = (unsigned char)*s;
        if (c == '<')
            text_add(out, "&lt;");
        else if (c == '&')
            text_add(out, "&amp;");
        else if (c == '"')
            text_add(out, "&quot;");
        else
            text_addn(out, c < 0x20 || c == 0x7f ? " " : s, 1);
    }
}

static size_t letters(const char *s)
{
    size_t n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

/* At most LETTERS letters, an ellipsis in place of the rest. */
static const char *shortened(struct arena *arena, const char *s)
{
    size_t n = 0;
    if (letters(s) <= LETTERS)
        return s;
    for (size_t i = 0; s[i]; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80 && n++ == LETTERS - 1)
            return arena_printf(arena, "%.*s\xe2\x80\xa6", (int)i, s);
    return s;
}

static void write_box_text(struct drawing *d, uint32_t i)
{
    const struct node *n = &d->graph->nodes[i];
    struct box_text *t = &d->texts[i];
    char time[32];
    const char **settings = draw_settings(&d->arena, n);
    t->name = shortened(&d->arena, n->name);
    t->filter = n->filter->desc.id;
    t->time = d->options->ms && d->options->ms[i] >= 0
                  ? arena_strdup(&d->arena, draw_time(d->options->ms[i], time))
                  : "";
    if (n->takes_item)
        t->lines[t->count++] = "the picture";
    for (size_t k = 0; settings[k] && t->count <= LINES; k++, t->count++)
        t->lines[t->count] = t->count == LINES ? "\xe2\x80\xa6" : shortened(&d->arena, settings[k]);
}

static double width_of(const struct box_text *t)
{
    double width =
        8.4 * (double)letters(t->name) + (*t->time ? 16 + 7.0 * (double)letters(t->time) : 0);
    const double filter = 7.2 * (double)letters(t->filter);
    width = filter > width ? filter : width;
    for (size_t i = 0; i < t->count; i++)
        width =
            6.9 * (double)letters(t->lines[i]) > width ? 6.9 * (double)letters(t->lines[i]) : width;
    return width + 2 * PAD < 96 ? 96 : width + 2 * PAD;
}

/* Place k of n along a side of that width, from its middle. */
static double spread(double width, size_t k, size_t n)
{
    const double step = n > 1 ? (width - 2 * PAD) / (double)n : 0;
    return (step > 64 ? 64 : step) * ((double)k - ((double)n - 1) / 2);
}

static size_t used_outputs(const struct drawing *d, uint32_t node, uint32_t port, size_t *place)
{
    size_t n = 0;
    const uint64_t wanted = d->graph->nodes[node].wanted;
    for (uint32_t i = 0; i < 64; i++) {
        if (i == port)
            *place = n;
        n += wanted >> i & 1;
    }
    return n ? n : 1;
}

static void make_arrows(struct drawing *d)
{
    const struct graph *g = d->graph;
    size_t count = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        for (uint32_t p = 0; p < g->nodes[i].filter->desc.input_count; p++)
            count += g->nodes[i].inputs[p].count;
    d->layout.arrows = arena_alloc(&d->arena, count + 1, sizeof *d->layout.arrows);
    d->ends = arena_alloc(&d->arena, count + 1, sizeof *d->ends);
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct node *n = &g->nodes[i];
        for (uint32_t p = 0; p < n->filter->desc.input_count; p++)
            for (uint32_t w = 0; w < n->inputs[p].count; w++) {
                const struct wire *wire = &n->inputs[p].wires[w];
                size_t place = 0;
                const size_t outputs = used_outputs(d, wire->node, wire->port, &place);
                d->ends[d->layout.arrow_count] = (struct place_of){&n->inputs[p], i, p};
                d->layout.arrows[d->layout.arrow_count++] = (struct layout_arrow){
                    .from = wire->node,
                    .to = i,
                    .from_dx = spread(d->layout.boxes[wire->node].width, place, outputs)};
            }
    }
}

/* Room on the top side for the names of a node's inputs, and how far apart they stand. */
static double input_step(const struct node *n, size_t *wires)
{
    double widest = 0;
    *wires = 0;
    for (uint32_t p = 0; p < n->filter->desc.input_count; p++) {
        const double width = 6.2 * (double)(letters(n->filter->desc.inputs[p].name) +
                                            (n->inputs[p].gathers ? 4 : 0));
        *wires += n->inputs[p].count;
        if (n->inputs[p].count && width > widest)
            widest = width;
    }
    return n->filter->desc.input_count > 1 ? widest + 14 : 20;
}

/* Where an arrow comes from when it enters the layer of its target. */
static double last_x(const struct drawing *d, const struct layout_arrow *a)
{
    return a->corners ? a->xs[a->corners - 1] : d->layout.boxes[a->from].x + a->from_dx;
}

/* Gives the arrows into each box their places along its top, in the order in which they come. */
static void order_inputs(struct drawing *d)
{
    for (size_t i = 0; i < d->layout.arrow_count; i++) {
        struct layout_arrow *a = &d->layout.arrows[i];
        size_t before = 0, wires;
        const double step = input_step(&d->graph->nodes[a->to], &wires);
        for (size_t k = 0; k < d->layout.arrow_count; k++) {
            const struct layout_arrow *o = &d->layout.arrows[k];
            const double gap = last_x(d, o) - last_x(d, a);
            before += o->to == a->to && (gap < 0 || (gap == 0 && k < i));
        }
        a->to_dx = step * ((double)before - ((double)wires - 1) / 2);
    }
}

static void make_layout(struct drawing *d)
{
    const uint32_t n = d->graph->node_count;
    d->layout = (struct layout){.box_count = n, .gap_x = 34, .gap_y = 52};
    d->layout.boxes = arena_alloc(&d->arena, n + 1, sizeof *d->layout.boxes);
    d->texts = arena_alloc(&d->arena, n + 1, sizeof *d->texts);
    for (uint32_t i = 0; i < n; i++) {
        write_box_text(d, i);
        size_t wires;
        const double step = input_step(&d->graph->nodes[i], &wires), text = width_of(&d->texts[i]);
        d->layout.boxes[i].width = step * (double)wires > text ? step * (double)wires : text;
        d->layout.boxes[i].height =
            HEAD + (d->texts[i].count ? 8 + LINE_HEIGHT * (double)d->texts[i].count : 4);
    }
    make_arrows(d);
    layout_place(&d->arena, &d->layout);
    order_inputs(d);
    layout_place(&d->arena, &d->layout);
}

/* ---- writing ---- */

static void add_box(const struct drawing *d, uint32_t i, struct text *out)
{
    const struct layout_box *b = &d->layout.boxes[i];
    const struct box_text *t = &d->texts[i];
    const struct look *look = &looks[d->graph->nodes[i].phase];
    const double x = MARGIN + b->x - b->width / 2, y = d->top + b->y;
    text_addf(out, "<g><title>%s: ", t->name);
    add_escaped(out, d->graph->nodes[i].filter->desc.summary
                         ? d->graph->nodes[i].filter->desc.summary
                         : t->filter);
    text_addf(out,
              "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"9\" "
              "fill=\"%s\" stroke=\"%s\"/>\n",
              x, y, b->width, b->height, look->fill, look->edge);
    text_addf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"n\">", x + PAD, y + 19);
    add_escaped(out, t->name);
    text_addf(out, "</text><text x=\"%.1f\" y=\"%.1f\" class=\"f\" fill=\"%s\">", x + PAD, y + 35,
              look->edge);
    add_escaped(out, t->filter);
    text_add(out, "</text>\n");
    if (*t->time)
        text_addf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"t\" text-anchor=\"end\">%s</text>\n",
                  x + b->width - PAD, y + 19, t->time);
    for (size_t k = 0; k < t->count; k++) {
        text_addf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"p\">", x + PAD,
                  y + HEAD + 14 + LINE_HEIGHT * (double)k);
        add_escaped(out, t->lines[k]);
        text_add(out, "</text>\n");
    }
    text_add(out, "</g>\n");
}

static void add_curve(struct text *out, double x0, double y0, double x1, double y1)
{
    const double bend = (y1 - y0) * 0.5;
    text_addf(out, " C %.1f %.1f %.1f %.1f %.1f %.1f", x0, y0 + bend, x1, y1 - bend, x1, y1);
}

static void add_arrow(const struct drawing *d, size_t i, struct text *out)
{
    const struct layout_arrow *a = &d->layout.arrows[i];
    const struct layout_box *from = &d->layout.boxes[a->from], *to = &d->layout.boxes[a->to];
    const struct node *n = &d->graph->nodes[d->ends[i].node];
    double x = MARGIN + from->x + a->from_dx, y = d->top + from->y + from->height;
    const double end_x = MARGIN + to->x + a->to_dx, end_y = d->top + to->y - 1;
    text_addf(out, "<path class=\"w%s\" marker-end=\"url(#a)\" d=\"M %.1f %.1f",
              d->ends[i].input->gathers ? " all" : "", x, y);
    for (size_t k = 0; k + 1 < a->corners; k += 2) {
        const double bend_x = MARGIN + a->xs[k];
        add_curve(out, x, y, bend_x, d->top + a->ys[k]);
        text_addf(out, " L %.1f %.1f", bend_x, d->top + a->ys[k + 1]);
        x = bend_x;
        y = d->top + a->ys[k + 1];
    }
    add_curve(out, x, y, end_x, end_y);
    text_add(out, "\"/>\n");
    if (n->filter->desc.input_count < 2 && !d->ends[i].input->gathers)
        return;
    text_addf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"l\">%s", end_x + 6, end_y - 4,
              d->ends[i].input->gathers ? "all " : "");
    add_escaped(out, n->filter->desc.inputs[d->ends[i].port].name);
    text_add(out, "</text>\n");
}

/* The phases that occur, as a line under the title; answers its width. */
static double add_legend(const struct drawing *d, double y, struct text *out)
{
    double x = MARGIN;
    for (int phase = 0; phase < 3; phase++) {
        bool occurs = false;
        for (uint32_t i = 0; i < d->graph->node_count; i++)
            occurs |= (int)d->graph->nodes[i].phase == phase;
        if (!occurs)
            continue;
        text_addf(out,
                  "<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" rx=\"3\" fill=\"%s\" "
                  "stroke=\"%s\"/>"
                  "<text x=\"%.1f\" y=\"%.1f\" class=\"p\">%s</text>\n",
                  x, y - 10, looks[phase].fill, looks[phase].edge, x + 18, y, draw_phases[phase]);
        x += 18 + 6.7 * (double)strlen(draw_phases[phase]) + 20;
    }
    return x - MARGIN;
}

static const char style[] =
    "<defs><marker id=\"a\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" "
    "markerHeight=\"7\" orient=\"auto\">"
    "<path d=\"M 0 1 L 10 5 L 0 9 z\" fill=\"#6b7280\"/></marker></defs>\n"
    "<style>text{font-family:system-ui,\"Segoe UI\",\"DejaVu Sans\",sans-serif;fill:#1f2937}"
    ".h{font-size:17px;font-weight:600}.n{font-size:14px;font-weight:600}.f{font-size:12px;font-"
    "weight:500;fill:#4b5563}"
    ".p{font-size:11.5px;fill:#4b5563}.t{font-size:12px;fill:#b45309}.l{font-size:10.5px;fill:#"
    "6b7280}"
    ".w{fill:none;stroke:#6b7280;stroke-width:1.5}.all{stroke-dasharray:5 "
    "4}rect{stroke-width:1.4}</style>\n";

void draw_svg(const struct graph *g, const struct draw_options *o, struct text *out)
{
    struct drawing d = {.graph = g, .options = o};
    struct text body = {0};
    const char *title = g->preset->title ? g->preset->title : g->preset->path;
    arena_init(&d.arena);
    make_layout(&d);
    d.top = MARGIN + 62;
    text_addf(&body, "<text x=\"%d\" y=\"%d\" class=\"h\">", MARGIN, MARGIN + 14);
    add_escaped(&body, title);
    text_add(&body, "</text>\n");
    const double legend = add_legend(&d, MARGIN + 38, &body),
                 heading = 9.6 * (double)letters(title);
    double width = d.layout.width > legend ? d.layout.width : legend;
    width = (heading > width ? heading : width) + 2 * MARGIN;
    const double height = d.top + d.layout.height + MARGIN;
    for (size_t i = 0; i < d.layout.arrow_count; i++)
        add_arrow(&d, i, &body);
    for (uint32_t i = 0; i < g->node_count; i++)
        add_box(&d, i, &body);
    text_addf(out,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
              "viewBox=\"0 0 %.0f %.0f\">\n",
              width, height, width, height);
    text_add(out, style);
    text_addf(out, "<rect width=\"%.0f\" height=\"%.0f\" rx=\"12\" fill=\"#ffffff\"/>\n", width,
              height);
    text_add(out, body.data);
    text_add(out, "</svg>\n");
    text_free(&body);
    arena_fini(&d.arena);
}
