/* engine.c - the life of an engine, and one item through its graph. */
#include "engine_private.h"
#include "isolate.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- a new engine ---- */

struct engine *engine_new(struct registry *registry, struct codecs *codecs,
                          const struct engine_options *options, struct report *report)
{
    struct engine *e = heap_alloc(1, sizeof *e);
    e->options = *options;
    e->report = report;
    e->env = (struct run_env){
        .codecs = codecs,
        .registry = registry,
        .state = options->state,
        .stop = options->stop,
        .watch = options->watch,
        .threads = options->threads ? options->threads : 1,
        .jobs = options->jobs ? options->jobs : 1,
        .metadata = options->metadata,
        .pool = pool_new(options->threads),
        .memory = memory_new(options->mem),
    };
    if (e->env.jobs > e->env.threads)
        e->env.jobs = e->env.threads;
    if (!e->env.pool || !e->env.memory || pthread_mutex_init(&e->env.control, NULL) ||
        pthread_mutex_init(&e->lock, NULL) || pthread_cond_init(&e->room, NULL)) {
        pool_free(e->env.pool);
        memory_free(e->env.memory);
        free(e);
        return NULL;
    }
    return e;
}

void engine_begin(struct engine *e)
{
    isolate_begin(e);
}

void engine_writes_below(struct engine *e, const char *folder)
{
    isolate_allow_writing(e, folder);
}

imp_status engine_probe(struct engine *e, const char *path, imp_picture *out, imp_error *err)
{
    return e->options.untrusted ? isolate_probe(e, -1, path, out, err)
                                : codecs_probe_file(e->env.codecs, path, out, err);
}

void engine_slots(struct engine *e, unsigned n)
{
    isolate_slots(e, n);
}

struct pool *engine_pool(struct engine *e)
{
    return e->env.pool;
}

struct memory *engine_memory(struct engine *e)
{
    return e->env.memory;
}

bool engine_stopped(const struct engine *e)
{
    return e->env.stop && atomic_load_explicit(e->env.stop, memory_order_relaxed);
}

void explain(struct engine *e, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    pthread_mutex_lock(&e->lock);
    text_addf(&e->explain, "%s\n", line);
    pthread_mutex_unlock(&e->lock);
}

void engine_explain(const struct engine *e, struct text *out)
{
    isolate_explain(e, out);
    if (e->explain.data)
        text_add(out, e->explain.data);
}

static void free_variant(struct engine *e, struct variant *v)
{
    const struct graph *g = v->graph;
    for (uint32_t k = g->node_count; k-- > 0;)
        for (unsigned slot = 0; slot < e->env.jobs; slot++)
            instance_destroy(&e->env, &g->nodes[k], &v->instances[k * e->env.jobs + slot]);
    for (uint32_t p = 0; p < v->first[g->node_count]; p++)
        values_release(&v->constants[p]);
    free(v->first);
    free(v->last_use);
    free(v->gathered);
    free(v->instances);
    free(v->isolated);
    free(v->constants);
    free(v->done);
    free(v->costs);
    free(v);
}

/* Values first: an object's drop is the plugin's code, and may want its service still open. */
void engine_free(struct engine *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < e->waiting_count; i++)
        values_release(&e->waiting[i].values);
    constants_free(e);
    for (uint32_t i = e->variant_count; i-- > 0;)
        free_variant(e, e->variants[i]);
    isolate_free(e);
    for (size_t i = 0; i < e->locked_count; i++) {
        pthread_mutex_destroy(e->locked[i]->serial_lock);
        free(e->locked[i]->serial_lock);
        e->locked[i]->serial_lock = NULL;
    }
    free(e->locked);
    free(e->reported);
    free(e->waiting);
    free(e->variants);
    text_free(&e->explain);
    pool_free(e->env.pool);
    memory_free(e->env.memory);
    pthread_cond_destroy(&e->room);
    pthread_mutex_destroy(&e->lock);
    pthread_mutex_destroy(&e->env.control);
    free(e);
}

/* ---- graphs ---- */

static void lock_for(struct engine *e, struct plugin *plugin)
{
    if (!plugin || plugin->serial_lock)
        return;
    pthread_mutex_t *lock = heap_alloc(1, sizeof *lock);
    pthread_mutex_init(lock, NULL);
    plugin->serial_lock = lock;
    e->locked = heap_resize(e->locked, e->locked_count + 1, sizeof *e->locked);
    e->locked[e->locked_count++] = plugin;
}

/* When can each value go, and which have to be kept for the end? */
static void find_uses(struct variant *v)
{
    const struct graph *g = v->graph;
    for (uint32_t k = 0; k < g->node_count; k++) {
        const struct node *node = &g->nodes[k];
        if (!node->pass)
            continue;
        for (uint32_t i = 0; i < node->filter->desc.input_count; i++)
            for (uint32_t w = 0; w < node->inputs[i].count; w++) {
                const struct wire *wire = &node->inputs[i].wires[w];
                const uint32_t port = v->first[wire->node] + wire->port;
                if (node->phase == PHASE_GATHER && g->nodes[wire->node].phase == PHASE_ITEM)
                    v->gathered[port] = true;
                else
                    v->last_use[port] = k;
            }
    }
}

unsigned engine_add(struct engine *e, struct graph *g)
{
    struct variant *v = heap_alloc(1, sizeof *v);
    v->graph = g;
    v->number = e->variant_count;
    v->first = heap_alloc(g->node_count + (size_t)1, sizeof *v->first);
    for (uint32_t k = 0; k < g->node_count; k++) {
        v->first[k + 1] = v->first[k] + g->nodes[k].filter->desc.output_count;
        if (g->nodes[k].filter->desc.threads != IMP_PARALLEL)
            lock_for(e, g->nodes[k].filter->plugin);
    }
    const size_t ports = v->first[g->node_count] + (size_t)1;
    v->last_use = heap_alloc(ports, sizeof *v->last_use);
    v->gathered = heap_alloc(ports, sizeof *v->gathered);
    v->constants = heap_alloc(ports, sizeof *v->constants);
    v->done = heap_alloc(g->node_count + (size_t)1, sizeof *v->done);
    v->instances = heap_alloc((g->node_count + (size_t)1) * e->env.jobs, sizeof *v->instances);
    find_uses(v);
    if (!isolate_mark(e, v))
        report_add(e->report, SEV_ERROR, "E0501", NULL,
                   "no memory that processes can share (%s): run without --isolate", strerror(errno));
    e->variants = heap_resize(e->variants, e->variant_count + (size_t)1, sizeof *e->variants);
    e->variants[e->variant_count] = v;
    return e->variant_count++;
}

/* ---- inputs of a node ---- */

bool take_add(struct taken *t, struct value *v, const char *label)
{
    if (t->count == t->capacity) {
        t->capacity = t->capacity ? 2 * t->capacity : 8;
        t->list = heap_resize(t->list, t->capacity, sizeof(struct value *));
        t->labels = heap_resize(t->labels, t->capacity, sizeof *t->labels);
    }
    t->labels[t->count] = label;
    t->list[t->count++] = v;
    return true;
}

void take_free(struct taken *t)
{
    free(t->list);
    free(t->labels);
    *t = (struct taken){0};
}

static const struct values *values_at(const struct variant *v, const struct wire *w,
                                      const struct values *item)
{
    const uint32_t port = v->first[w->node] + w->port;
    return v->graph->nodes[w->node].phase == PHASE_CONSTANT || !item ? &v->constants[port]
                                                                     : &item[port];
}

/* A port that takes one value and is fed from one that gave several, or none, is a mistake that
 * only the run shows. */
static bool take_one(const struct variant *v, const struct node *node, uint32_t i,
                     const struct values *item, struct taken *t, struct outcome *o)
{
    const struct input *input = &node->inputs[i];
    const imp_port *port = &node->filter->desc.inputs[i];
    if (!input->count)
        return take_add(t, NULL, NULL);
    const struct wire *w = &input->wires[0];
    const struct node *from = &v->graph->nodes[w->node];
    const struct values *got = values_at(v, w, item);
    if (got->count == 1 || (!got->count && (port->flags & IMP_PORT_OPTIONAL)))
        return take_add(t, got->count ? got->list[0] : NULL, from->name);
    outcome_fail(o, IMP_E_INPUT, "E0603", node, -1, "input '%s' takes one value, '%s.%s' gave %u",
                 port->name, from->name, from->filter->desc.outputs[w->port].name, got->count);
    return false;
}

static bool take_many(const struct variant *v, const struct input *input, const struct values *item,
                      take_all *all, void *user, struct taken *t)
{
    for (uint32_t w = 0; w < input->count; w++) {
        const struct wire *wire = &input->wires[w];
        const struct node *from = &v->graph->nodes[wire->node];
        if (input->gathers && from->phase == PHASE_ITEM) {
            if (!all || !all(user, t, wire))
                return false;
            continue;
        }
        const struct values *got = values_at(v, wire, item);
        for (uint32_t k = 0; k < got->count; k++)
            take_add(t, got->list[k], from->name);
    }
    return true;
}

struct taken take_inputs(const struct variant *v, const struct node *node,
                         const struct values *item, take_all *all, void *user, struct outcome *o)
{
    const imp_filter *desc = &node->filter->desc;
    struct taken t = {.fine = true};
    bool many = false;
    for (uint32_t i = 0; i < desc->input_count && t.fine; i++) {
        if (desc->inputs[i].flags & IMP_PORT_MANY) {
            many = true;
            t.fine = take_many(v, &node->inputs[i], item, all, user, &t);
        } else {
            t.fine = take_one(v, node, i, item, &t, o);
        }
    }
    if (!many) {
        free(t.labels);
        t.labels = NULL;
    }
    return t;
}

/* ---- one node ---- */

struct hash key_of(const struct node *node, struct hash picture, struct hash identity)
{
    if (!hash_known(node->recipe))
        return (struct hash){0, 0};
    struct hasher *h = hash_new();
    hash_hash(h, node->recipe);
    hash_hash(h, picture);
    hash_hash(h, identity);
    return hash_end(h);
}

imp_status run_node(struct engine *e, struct variant *v, const struct node *node, unsigned slot,
                    const struct taken *in, struct hash key, const struct written *written,
                    size_t n_written, struct values *outputs, struct node_time *time,
                    struct outcome *o)
{
    const struct filter_info *info = node->filter;
    const bool shared = info->desc.threads != IMP_PARALLEL || node->phase != PHASE_ITEM;
    struct instance *it = &v->instances[node->index * e->env.jobs + (shared ? 0 : slot)];
    const bool elsewhere = v->isolated[node->index];
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    imp_status st = elsewhere ? IMP_OK : instance_create(&e->env, node, it, &err);
    if (st) {
        text[sizeof text - 1] = '\0';
        outcome_fail(o, st, "E0301", node, err.param, "%s",
                     text[0] ? text : "its instance cannot be made");
        return st;
    }
    if (e->env.watch.progress)
        e->env.watch.progress(e->env.watch.user, slot, node, -1, NULL);
    const struct call call = {.env = &e->env,
                              .node = node,
                              .instance = it,
                              .slot = slot,
                              .inputs = in->list,
                              .labels = in->labels,
                              .input_count = in->count,
                              .written = written,
                              .written_count = n_written,
                              .key = key};
    const double start = clock_seconds();
    st = elsewhere ? isolate_process(e, v, &call, outputs, o) : instance_process(&call, outputs, o);
    if (time) {
        *time = (struct node_time){.ms = (clock_seconds() - start) * 1e3, .ran = true};
        for (uint32_t p = 0; p < info->desc.output_count; p++)
            for (uint32_t k = 0; k < outputs[p].count; k++)
                time->bytes += outputs[p].list[k]->bytes;
    }
    return st;
}

/* ---- the picture of an item ---- */

static bool takes_picture(const struct graph *g)
{
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].takes_item && g->nodes[k].pass)
            return true;
    return false;
}

static const struct node *picture_node(const struct graph *g)
{
    for (uint32_t k = 0; k < g->node_count; k++)
        if (g->nodes[k].takes_item && g->nodes[k].pass)
            return &g->nodes[k];
    return NULL;
}

static bool name_picture(struct value *v, const char *stem)
{
    if (!v->meta && !(v->meta = meta_new()))
        return false;
    if (stem && !v->meta->stem)
        v->meta->stem = heap_strdup(stem);
    return true;
}

static struct value *decode(struct engine *e, unsigned slot, const struct item_call *call,
                            const void *data, size_t size, struct outcome *o)
{
    const struct node *node = picture_node(e->variants[call->variant]->graph);
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    struct value *v = NULL;
    const char *note = NULL;
    const imp_status st =
        e->options.untrusted
            ? isolate_decode(e, slot, false, call->path, data, size, &v, &err)
            : codecs_decode(e->env.codecs, isolate_memory(e, slot), call->path, data, size, 0, &v, &note, &err);
    text[sizeof text - 1] = '\0';
    if (st) {
        outcome_fail(o, st, st == IMP_E_MEMORY ? "E0502" : "E0702", NULL, -1, "%s",
                     text[0] ? text : "the picture cannot be decoded");
        o->node = node ? node->index : UINT32_MAX;
        return NULL;
    }
    const bool whole_numbers = v->meta && v->meta->bits && v->meta->bits <= 16; /* cannot be NaN */
    if ((!whole_numbers || e->options.untrusted) && !value_finite(v)) {
        outcome_fail(o, IMP_E_INPUT, "E0703", NULL, -1, "%s: the picture has NaN or infinity in it",
                     call->path);
    } else if (name_picture(v, call->stem)) {
        v->sealed = true;
        return v;
    } else {
        outcome_fail(o, IMP_E_MEMORY, "E0502", NULL, -1, "no memory left");
    }
    value_release(v);
    return NULL;
}

static struct value *read_picture(struct engine *e, unsigned slot, const struct item_call *call,
                                  struct outcome *o)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    void *own = NULL;
    size_t size = call->size;
    if (call->data) {
        o->picture = hash_bytes(call->data, call->size);
    } else {
        const imp_status st =
            codecs_slurp(e->env.codecs, call->path, &own, &size, &o->picture, &err);
        if (st) {
            text[sizeof text - 1] = '\0';
            outcome_fail(o, st, "E0701", NULL, -1, "%s",
                         text[0] ? text : "the picture cannot be read");
            return NULL;
        }
    }
    struct value *v = decode(e, slot, call, call->data ? call->data : own, size, o);
    free(own);
    return v;
}

/* ---- an item through the graph ---- */

struct item {
    struct engine *engine;
    struct variant *variant;
    const struct item_call *call;
    unsigned slot;
    struct value *picture;
    struct values *values; /* by port */
    struct outcome *o;
    double decode_ms;
};

static void drop_used(struct item *it, uint32_t k)
{
    const struct variant *v = it->variant;
    for (uint32_t p = 0; p < v->first[k + 1]; p++)
        if (it->values[p].count && v->last_use[p] <= k && !v->gathered[p])
            values_release(&it->values[p]);
}

/* One colour only where the picture had more: that is how many a broken model shows. */
static void look_for_constant(struct item *it, const struct node *node, const struct taken *in)
{
    if (!node->writes || !it->picture || it->o->constant_picture)
        return;
    for (uint32_t i = 0; i < in->count; i++)
        if (in->list[i] && in->list[i]->as.head.kind == IMP_IMAGE &&
            value_constant_picture(in->list[i]) && !value_constant_picture(it->picture))
            it->o->constant_picture = true;
}

static imp_status run_item_node(struct item *it, const struct node *node)
{
    struct variant *v = it->variant;
    struct node_time *time = it->o->times ? &it->o->times[node->index] : NULL;
    struct values *outputs = &it->values[v->first[node->index]];
    if (node->takes_item) {
        if (!it->picture) {
            outcome_fail(it->o, IMP_E_MISSING, "E0701", node, -1, "no picture was given");
            return it->o->status;
        }
        if (time)
            *time =
                (struct node_time){.ms = it->decode_ms, .bytes = it->picture->bytes, .ran = true};
        it->decode_ms = 0;
        if (values_add(&outputs[0], value_retain(it->picture)))
            return IMP_OK;
        outcome_fail(it->o, IMP_E_MEMORY, "E0502", node, -1, "no memory left");
        return it->o->status;
    }
    struct taken in = take_inputs(v, node, it->values, NULL, NULL, it->o);
    if (in.fine) {
        const struct item_call *call = it->call;
        run_node(it->engine, v, node, it->slot, &in, key_of(node, it->o->picture, call->identity),
                 call->written, call->written_count, outputs, time, it->o);
        if (!it->o->status)
            look_for_constant(it, node, &in);
    }
    take_free(&in);
    return it->o->status;
}

static void run_item(struct item *it)
{
    const struct graph *g = it->variant->graph;
    struct outcome *o = it->o;
    if (it->call->path && takes_picture(g)) {
        const double start = clock_seconds();
        it->picture = read_picture(it->engine, it->slot, it->call, o);
        it->decode_ms = (clock_seconds() - start) * 1e3;
    }
    for (uint32_t k = 0; k < g->node_count && !o->status; k++) {
        const struct node *node = &g->nodes[k];
        if (node->phase != PHASE_ITEM || !node->pass)
            continue;
        if (engine_stopped(it->engine))
            o->status = IMP_CANCELLED;
        else if (!run_item_node(it, node))
            drop_used(it, k);
    }
    if (!o->status)
        spool_item(it->engine, it->variant, it->call->identity, it->values, o);
}

void clear_outcome(struct outcome *o)
{
    o->status = IMP_OK;
    o->code[0] = o->text[0] = '\0';
    o->node = UINT32_MAX;
    o->picture = (struct hash){0, 0};
    o->constant_picture = false;
}

static imp_status try_item(struct engine *e, unsigned slot, const struct item_call *call,
                           struct outcome *o)
{
    struct variant *v = e->variants[call->variant];
    const uint32_t ports = v->first[v->graph->node_count];
    struct item it = {.engine = e, .variant = v, .call = call, .slot = slot, .o = o};
    it.values = heap_alloc(ports + (size_t)1, sizeof *it.values);
    clear_outcome(o);
    isolate_begin_item(e, slot);
    const struct doing d = {.picture = call->path ? call->path : call->label}, *before = crash_doing(&d);
    run_item(&it);
    crash_doing(before);
    for (uint32_t p = 0; p < ports; p++)
        values_release(&it.values[p]);
    value_release(it.picture);
    free(it.values);
    return o->status;
}

/* ---- admission: an item waits for memory while others run ---- */

static uint64_t promise(struct engine *e, unsigned slot, const struct item_call *call)
{
    const struct variant *v = e->variants[call->variant];
    uint64_t most = 0;
    imp_picture p = {.struct_size = sizeof p};
    const bool probed =
        e->options.mem && call->path && v->cost_count > 1 &&
        !(e->options.untrusted ? isolate_probe(e, (int)slot, call->path, &p, NULL)
          : call->data ? codecs_probe(e->env.codecs, call->path, call->data, call->size, &p, NULL)
                       : codecs_probe_file(e->env.codecs, call->path, &p, NULL));
    for (size_t i = 0; i < v->cost_count; i++) {
        const struct cost *c = &v->costs[i];
        if (probed && c->width == p.width && c->height == p.height && c->channels == p.channels)
            return c->bytes;
        most = c->bytes > most ? c->bytes : most;
    }
    return most;
}

/* Answers whether others are running. */
static bool enter(struct engine *e, uint64_t bytes, bool alone)
{
    if (!e->options.mem)
        return false;
    pthread_mutex_lock(&e->lock);
    while (e->alone || (e->running && (alone || e->promised + bytes > e->options.mem)))
        pthread_cond_wait(&e->room, &e->lock);
    const bool others = e->running++ > 0;
    e->promised += bytes;
    e->alone = alone;
    pthread_mutex_unlock(&e->lock);
    return others;
}

/* The same, of those still running. */
static bool leave(struct engine *e, uint64_t bytes)
{
    if (!e->options.mem)
        return false;
    pthread_mutex_lock(&e->lock);
    const bool others = --e->running > 0;
    e->promised -= bytes;
    e->alone = false;
    pthread_cond_broadcast(&e->room);
    pthread_mutex_unlock(&e->lock);
    return others;
}

static bool clear_written(const struct item_call *call)
{
    for (size_t i = 0; i < call->written_count; i++) {
        const char *temp = call->written[i].temp;
        if (temp[0] && temp[strlen(temp) - 1] == '/')
            return false; /* a folder: what is in it is not ours to judge */
        unlink(temp);
    }
    return true;
}

imp_status engine_item(struct engine *e, unsigned slot, const struct item_call *call,
                       struct outcome *o)
{
    const uint64_t bytes = e->options.mem ? promise(e, slot, call) : 0;
    bool others = enter(e, bytes, false);
    try_item(e, slot, call, o);
    others = leave(e, bytes) || others;
    if ((o->status != IMP_E_LIMIT && o->status != IMP_E_MEMORY) || !others || engine_stopped(e) ||
        !clear_written(call))
        return o->status;
    enter(e, bytes, true); /* its neighbours had the memory: once more with all of it */
    try_item(e, slot, call, o);
    leave(e, bytes);
    return o->status;
}
