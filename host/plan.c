/* plan.c - before the run: instances, EARLY nodes, what every value will look like, what it will
 * cost. */
#include "plan.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "isolate.h"
#include "job.h"

/* What is known of a value, and what is assumed for estimates where nothing is known. */
struct outlook {
    imp_shape shape;
    uint64_t bytes;
    uint32_t width, height, channels; /* assumed */
};

struct planner {
    struct engine *engine;
    struct variant *variant;
    struct report *report;
    struct outlook *outlooks; /* by port */
    bool *broken;             /* by node: it, or what it needs, has a fault */
    uint64_t live, peak;      /* of an item's values, and of what filters need beside them */
    uint64_t beside;          /* the most that a filter needs which runs once */
    double macs;
    const imp_picture *size; /* NULL = not known */
    char note[64];
};

/* ---- instances and EARLY nodes ---- */

__attribute__((format(printf, 6, 7))) static void fault_at(struct planner *p,
                                                           const struct node *node, int32_t param,
                                                           int32_t port, const char *code,
                                                           const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    const struct place at = place_of(node, param, port, NULL);
    if (plan_is_new(p->engine, p->report, node, &at, text))
        report_add(p->report, SEV_ERROR, code, &at, "%s", text);
}

static bool needs_broken(const struct planner *p, const struct node *node)
{
    for (uint32_t i = 0; i < node->filter->desc.input_count; i++)
        for (uint32_t w = 0; w < node->inputs[i].count; w++)
            if (p->broken[node->inputs[i].wires[w].node])
                return true;
    return false;
}

static bool inputs_done(const struct planner *p, const struct node *node)
{
    for (uint32_t i = 0; i < node->filter->desc.input_count; i++)
        for (uint32_t w = 0; w < node->inputs[i].count; w++)
            if (!p->variant->done[node->inputs[i].wires[w].node])
                return false;
    return true;
}

/* The reason alone: the report shows the place by itself. */
static const char *reason(const struct outcome *o)
{
    const char *start = strncmp(o->text, "node '", 6) ? NULL : strchr(o->text + 6, '\'');
    const char *end = start ? strstr(start, start[1] == ' ' ? "): " : ": ") : NULL;
    return end ? end + (start[1] == ' ' ? 3 : 2) : o->text;
}

static imp_status run_early(struct planner *p, const struct node *node)
{
    struct outcome o;
    memset(&o, 0, sizeof o);
    clear_outcome(&o);
    constant_run(p->engine, p->variant, node, NULL, 0, NULL, &o);
    if (o.status == IMP_CANCELLED)
        return IMP_CANCELLED;
    if (o.status) {
        p->broken[node->index] = true;
        fault_at(p, node, -1, -1, o.code, "node '%s': %s", node->name, reason(&o));
    }
    return IMP_OK;
}

static imp_status prepare(struct planner *p, const struct node *node)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    struct engine *e = p->engine;
    p->broken[node->index] = needs_broken(p, node);
    const imp_status st =
        p->variant->isolated[node->index]
            ? isolate_create(e, p->variant, node, &err)
            : instance_create(&e->env, node, &p->variant->instances[node->index * e->env.jobs], &err);
    text[sizeof text - 1] = '\0';
    if (st == IMP_CANCELLED)
        return st;
    if (st) {
        char code[8] = "E0301";
        const char *why = outcome_code(text, code);
        p->broken[node->index] = true;
        fault_at(p, node, err.param, err.port, code, "node '%s': %s", node->name,
                 why[0] ? why : "its instance cannot be made, and the plugin does not say why");
        return IMP_OK;
    }
    const bool early = (node->filter->desc.flags & IMP_FILTER_EARLY) &&
                       node->phase == PHASE_CONSTANT && !node->writes;
    if (!early || p->broken[node->index] || p->variant->done[node->index] || !inputs_done(p, node))
        return IMP_OK;
    return run_early(p, node);
}

/* ---- outlooks ---- */

static uint64_t image_bytes(uint32_t width, uint32_t height, uint32_t channels)
{
    return ((uint64_t)width + 15) / 16 * 64 * height * channels;
}

static void look_at_value(struct outlook *o, const struct value *v)
{
    o->shape.value = &v->as.head;
    o->bytes = o->shape.bytes = v->bytes;
    if (v->as.head.kind != IMP_IMAGE)
        return;
    const imp_image *m = &v->as.image;
    o->shape.width = o->width = m->width;
    o->shape.height = o->height = m->height;
    o->shape.channels = o->channels = m->channels;
    o->shape.colour = m->colour;
}

static uint32_t only_bit(uint32_t mask)
{
    uint32_t bit = 0;
    while (mask > 1 && !(mask & 1)) {
        mask >>= 1;
        bit++;
    }
    return mask == 1 ? bit : 0;
}

/* What the port says by itself, and the first picture as a guess of the size. */
static void settle(struct outlook *o, const imp_port *port, const struct outlook *model)
{
    if (port->kind != IMP_IMAGE) {
        o->bytes = o->shape.bytes;
        return;
    }
    if (!o->shape.channels)
        o->shape.channels = only_bit(port->channels);
    if (!o->shape.colour)
        o->shape.colour = only_bit(port->colours);
    o->width = o->shape.width ? o->shape.width : model ? model->width : 0;
    o->height = o->shape.height ? o->shape.height : model ? model->height : 0;
    o->channels = o->shape.channels          ? o->shape.channels
                  : model && model->channels ? model->channels
                                             : 3;
    o->bytes = image_bytes(o->width, o->height, o->channels);
}

/* The picture of the folder run; decoding also holds the file and its bytes as they come. */
static void look_at_picture(struct planner *p, struct outlook *o)
{
    const imp_picture *s = p->size;
    if (!s)
        return;
    o->shape.width = o->width = s->width;
    o->shape.height = o->height = s->height;
    o->shape.channels = o->channels = s->channels == 2 ? 4 : s->channels;
    o->shape.colour = s->bits == 32 ? IMP_LINEAR : IMP_SRGB;
    o->bytes = image_bytes(o->width, o->height, o->channels);
    const uint64_t decoding = (uint64_t)s->width * s->height * s->channels * (s->bits > 8 ? 4 : 2);
    if (p->peak < p->live + o->bytes + decoding)
        p->peak = p->live + o->bytes + decoding;
}

/* ---- one node ---- */

struct fitted { /* the inputs of a node, as its ports take them */
    imp_shape *shapes;
    const imp_shape **list;
    const struct outlook *model; /* the first picture */
    const struct outlook *alpha; /* the picture whose alpha comes back */
    uint64_t bytes;              /* of the converted ones */
    uint32_t count;
};

static void fit_image(struct planner *p, const struct node *node, uint32_t i,
                      const struct outlook *from, struct fitted *in)
{
    const imp_filter *desc = &node->filter->desc;
    const imp_port *port = &desc->inputs[i < desc->input_count ? i : desc->input_count - 1];
    imp_shape *s = &in->shapes[i];
    uint32_t channels = s->channels, colour = s->colour ? s->colour : IMP_SRGB;
    bool alpha;
    if (!in->model)
        in->model = from;
    if (!channels)
        return;
    const enum fit fit = convert_fit(port, &channels, &colour, &alpha);
    if (fit == FIT_LOSES_COLOUR || (fit == FIT_NOT_DATA && s->colour)) {
        fault_at(p, node, -1, (int32_t)i, "E0305", "node '%s', input '%s': %s", node->name,
                 port->name, convert_refusal(fit));
        p->broken[node->index] = true;
        return;
    }
    if (fit == FIT_CONVERTED && !(alpha && colour == s->colour))
        in->bytes += image_bytes(from->width, from->height, channels);
    if (alpha && !in->alpha && !(port->flags & IMP_PORT_MANY))
        in->alpha = from;
    s->channels = channels;
    s->colour = s->colour ? colour : 0;
}

static void add_input(struct planner *p, const struct node *node, const struct wire *w,
                      struct fitted *in)
{
    const uint32_t i = in->count++;
    if (!w)
        return;
    const struct outlook *from = &p->outlooks[p->variant->first[w->node] + w->port];
    in->shapes[i] = from->shape;
    in->list[i] = &in->shapes[i];
    if (from->shape.kind == IMP_IMAGE)
        fit_image(p, node, i, from, in);
}

static struct fitted fit_inputs(struct planner *p, const struct node *node)
{
    const imp_filter *desc = &node->filter->desc;
    struct fitted in = {0};
    size_t most = desc->input_count;
    for (uint32_t i = 0; i < desc->input_count; i++)
        most += node->inputs[i].count;
    in.shapes = heap_alloc(most + 1, sizeof *in.shapes);
    in.list = heap_alloc(most + 1, sizeof *in.list);
    for (uint32_t i = 0; i < desc->input_count; i++) {
        const bool many = desc->inputs[i].flags & IMP_PORT_MANY;
        if (!many)
            add_input(p, node, node->inputs[i].count ? &node->inputs[i].wires[0] : NULL, &in);
        for (uint32_t w = 0; many && w < node->inputs[i].count; w++)
            add_input(p, node, &node->inputs[i].wires[w], &in);
    }
    return in;
}

static imp_status plan_here(struct planner *p, const struct node *node, imp_plan *api,
                            imp_error *err, bool *changed_fp)
{
    struct engine *e = p->engine;
    const struct doing d = doing_node(node), *was = crash_doing(&d);
    fenv_t before;
    fegetenv(&before);
    pthread_mutex_lock(&e->env.control);
    const imp_status st = node->filter->desc.plan(
        p->variant->instances[node->index * e->env.jobs].handle, api, err);
    pthread_mutex_unlock(&e->env.control);
    crash_doing(was);
    *changed_fp = fp_restore(&before);
    return st;
}

/* Asks the filter itself. Answers the bytes it needs beside inputs and outputs. */
static uint64_t ask(struct planner *p, const struct node *node, const struct fitted *in,
                    imp_shape *const *outputs)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    struct planning call = {
        .api = {.struct_size = sizeof call.api,
                .input_count = in->count,
                .inputs = in->list,
                .outputs = outputs,
                .mistake = plan_mistake},
        .engine = p->engine,
        .variant = p->variant,
        .node = node,
        .report = p->report,
        .note = p->note[0] ? p->note : NULL,
    };
    bool changed_fp;
    const imp_status st = p->variant->isolated[node->index]
                              ? isolate_plan(p->engine, p->variant, node, &call.api, &err, &changed_fp)
                              : plan_here(p, node, &call.api, &err, &changed_fp);
    text[sizeof text - 1] = '\0';
    if (changed_fp)
        fault_at(p, node, -1, -1, "E0602",
                 "node '%s': a fault of the plugin: plan changed the floating-point mode",
                 node->name);
    char code[8] = "E0302";
    const char *why = outcome_code(text, code);
    if (st && !call.mistakes)
        fault_at(p, node, err.param, err.port, code, "node '%s': %s", node->name,
                 why[0] ? why : "it cannot work like this, and the plugin does not say why");
    p->broken[node->index] = p->broken[node->index] || st || call.mistakes;
    p->macs += call.api.macs > 0 ? call.api.macs : 0;
    return call.api.bytes;
}

static void set_outlooks(struct planner *p, const struct node *node, const struct fitted *in,
                         imp_shape *shapes)
{
    const imp_filter *desc = &node->filter->desc;
    for (uint32_t i = 0; i < desc->output_count; i++) {
        const imp_port *port = &desc->outputs[i];
        struct outlook *o = &p->outlooks[p->variant->first[node->index] + i];
        *o = (struct outlook){.shape = shapes[i]};
        o->shape.struct_size = sizeof o->shape;
        o->shape.kind = port->kind;
        settle(o, port, in->model);
        if (in->alpha && o->shape.channels == 3 && o->shape.colour != IMP_DATA &&
            o->width == in->alpha->width && o->height == in->alpha->height) {
            o->shape.channels = o->channels = 4;
            o->bytes = image_bytes(o->width, o->height, 4);
        }
    }
}

static void count_memory(struct planner *p, const struct node *node, uint64_t beside)
{
    const struct variant *v = p->variant;
    uint64_t made = 0;
    for (uint32_t port = v->first[node->index]; port < v->first[node->index + 1]; port++)
        made += p->outlooks[port].bytes;
    if (node->phase == PHASE_CONSTANT && !v->done[node->index] && beside > p->beside)
        p->beside = beside;
    if (node->phase != PHASE_ITEM)
        return;
    p->live += made;
    if (p->peak < p->live + beside)
        p->peak = p->live + beside;
    for (uint32_t k = 0; k <= node->index; k++) /* what nobody needs after this node */
        for (uint32_t port = v->first[k];
             v->graph->nodes[k].phase == PHASE_ITEM && port < v->first[k + 1]; port++)
            if (!v->gathered[port] &&
                (v->last_use[port] > k ? v->last_use[port] : k) == node->index)
                p->live -= p->outlooks[port].bytes;
}

static void plan_node(struct planner *p, const struct node *node)
{
    const struct variant *v = p->variant;
    const imp_filter *desc = &node->filter->desc;
    struct fitted in = fit_inputs(p, node);
    imp_shape *shapes = heap_alloc(desc->output_count + (size_t)1, sizeof *shapes);
    imp_shape **list = heap_alloc(desc->output_count + (size_t)1, sizeof *list);
    for (uint32_t i = 0; i < desc->output_count; i++) {
        shapes[i] = (imp_shape){.struct_size = sizeof *shapes, .kind = desc->outputs[i].kind};
        list[i] = &shapes[i];
    }
    uint64_t beside = 0;
    const bool usable = !p->broken[node->index] && !needs_broken(p, node);
    if (usable && desc->plan && !node->takes_item)
        beside = ask(p, node, &in, list);
    set_outlooks(p, node, &in, shapes);
    struct outlook *first = &p->outlooks[v->first[node->index]];
    if (node->takes_item)
        look_at_picture(p, first);
    for (uint32_t i = 0; v->done[node->index] && i < desc->output_count; i++)
        if (v->constants[v->first[node->index] + i].count == 1)
            look_at_value(&first[i], v->constants[v->first[node->index] + i].list[0]);
    count_memory(p, node, beside + in.bytes);
    free(list);
    free(shapes);
    free(in.list);
    free(in.shapes);
}

/* ---- all of it ---- */

static uint64_t constant_bytes(const struct planner *p)
{
    const struct variant *v = p->variant;
    uint64_t sum = 0;
    for (uint32_t k = 0; k < v->graph->node_count; k++)
        for (uint32_t port = v->first[k];
             v->graph->nodes[k].phase == PHASE_CONSTANT && port < v->first[k + 1]; port++)
            sum += v->graph->nodes[k].pass ? p->outlooks[port].bytes : 0;
    return sum;
}

static void plan_size(struct planner *p, const imp_picture *size, bool first, struct estimate *est)
{
    struct variant *v = p->variant;
    p->size = size;
    p->live = p->peak = 0;
    p->macs = 0;
    p->note[0] = '\0';
    if (size)
        snprintf(p->note, sizeof p->note, "with a picture of %u x %u", size->width, size->height);
    for (uint32_t k = 0; k < v->graph->node_count; k++) {
        const struct node *node = &v->graph->nodes[k];
        if (node->pass && (first || node->phase == PHASE_ITEM))
            plan_node(p, node);
    }
    if (p->peak > est->item_bytes)
        est->item_bytes = p->peak;
    if (p->macs > est->macs)
        est->macs = p->macs;
    if (size) {
        v->costs = heap_resize(v->costs, v->cost_count + 1, sizeof *v->costs);
        v->costs[v->cost_count++] =
            (struct cost){size->width, size->height, size->channels, 0, p->peak};
    }
}

static unsigned jobs_that_fit(const struct engine *e, const struct estimate *est)
{
    const uint64_t mem = e->options.mem;
    if (mem && est->once_bytes > mem)
        return 0;
    if (!mem || !est->item_bytes)
        return e->env.jobs;
    if (est->constant_bytes >= mem)
        return 0;
    const uint64_t fit = (mem - est->constant_bytes) / est->item_bytes;
    return fit < e->env.jobs ? (unsigned)fit : e->env.jobs;
}

imp_status engine_plan(struct engine *e, unsigned variant, const imp_picture *sizes, size_t n,
                       struct estimate *est, struct report *report)
{
    struct variant *v = e->variants[variant];
    const struct graph *g = v->graph;
    struct planner p = {.engine = e, .variant = v, .report = report};
    imp_status st = IMP_OK;
    *est = (struct estimate){0};
    v->cost_count = 0;
    p.outlooks = heap_alloc(v->first[g->node_count] + (size_t)1, sizeof *p.outlooks);
    p.broken = heap_alloc(g->node_count + (size_t)1, sizeof *p.broken);
    for (uint32_t k = 0; k < g->node_count && !st; k++)
        if (g->nodes[k].pass)
            st = engine_stopped(e) ? IMP_CANCELLED : prepare(&p, &g->nodes[k]);
    for (size_t i = 0; i < (n ? n : 1) && !st; i++) {
        plan_size(&p, n ? &sizes[i] : NULL, i == 0, est);
        st = engine_stopped(e) ? IMP_CANCELLED : IMP_OK;
    }
    est->constant_bytes = constant_bytes(&p);
    est->once_bytes = est->constant_bytes + p.beside;
    est->jobs_that_fit = jobs_that_fit(e, est);
    free(p.broken);
    free(p.outlooks);
    return st;
}
