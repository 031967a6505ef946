/* worker_call.c - process in a worker, as the host asked for it. A message that does not fit
 * together cannot come from the host, so it ends the process. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "job.h"
#include "worker_private.h"

void worker_nonsense(void)
{
    _exit(70);
}

struct variant *worker_node(struct worker *w, struct mail *m, const struct node **node)
{
    const uint64_t variant = unpack_u64(m), index = unpack_u64(m);
    if (m->bad || variant >= w->engine->variant_count ||
        index >= w->engine->variants[variant]->graph->node_count)
        worker_nonsense();
    struct variant *v = w->engine->variants[variant];
    *node = &v->graph->nodes[index];
    return v;
}

struct instance *worker_instance(struct worker *w, struct variant *v, const struct node *node)
{
    return &v->instances[node->index * w->engine->env.jobs];
}

void worker_done(struct worker *w, struct text *body)
{
    if (!channel_send(&w->line, SAY_DONE, body, NULL, 0, -1))
        worker_leave();
    text_free(body);
}

/* ---- values ---- */

static struct value *unpack_object(struct worker *w, struct mail *m)
{
    const uint64_t variant = unpack_u64(m), port = unpack_u64(m), index = unpack_u64(m);
    if (m->bad || variant >= w->engine->variant_count)
        worker_nonsense();
    const struct variant *v = w->engine->variants[variant];
    const struct values *there =
        port < v->first[v->graph->node_count] ? &w->objects[variant][port] : NULL;
    if (!there || index >= there->count)
        worker_nonsense();
    return value_retain(there->list[index]);
}

struct value *worker_value(struct worker *w, struct mail *m)
{
    const uint64_t kind = unpack_u64(m);
    struct value *v = NULL;
    const void *data;
    uint64_t at;
    size_t size;
    switch (kind) {
    case FERRY_OPEN:
        return NULL;
    case FERRY_IMAGE:
    case FERRY_TENSOR:
        v = ferry_get_at(m, kind, w->regions, w->engine->env.memory, &at);
        break;
    case FERRY_TABLE:
        data = unpack_bytes(m, &size);
        v = data ? value_unpack_table(data, size) : NULL;
        break;
    case FERRY_OBJECT:
        v = unpack_object(w, m);
        break;
    }
    if (!v)
        worker_nonsense();
    v->sealed = true;
    return v;
}

/* ---- process ---- */

struct calling {
    struct value **inputs;
    const char **labels;
    struct written *written;
    struct values *outputs;
    struct call call;
};

static void unpack_call(struct worker *w, struct mail *m, struct calling *c)
{
    const uint64_t threads = unpack_u64(m), count = unpack_u64(m), labelled = unpack_u64(m);
    if (m->bad || count > m->size)
        worker_nonsense();
    pool_set_threads(w->engine->env.pool, (unsigned)threads);
    c->inputs = heap_alloc((size_t)count + 1, sizeof *c->inputs);
    c->labels = heap_alloc((size_t)count + 1, sizeof *c->labels);
    for (uint64_t i = 0; i < count; i++) {
        c->inputs[i] = worker_value(w, m);
        c->labels[i] = labelled ? unpack_text(m) : NULL;
    }
    c->call.inputs = c->inputs;
    c->call.input_count = (uint32_t)count;
    c->call.labels = labelled ? c->labels : NULL;
    const uint64_t written = unpack_u64(m);
    if (m->bad || written > m->size)
        worker_nonsense();
    c->written = heap_alloc((size_t)written + 1, sizeof *c->written);
    for (uint64_t i = 0; i < written; i++) {
        const uint32_t param = (uint32_t)unpack_u64(m);
        c->written[i] =
            (struct written){.node = c->call.node->index, .param = param, .temp = unpack_text(m)};
        if (!c->written[i].temp)
            worker_nonsense();
    }
    c->call.written = c->written;
    c->call.written_count = (size_t)written;
}

/* Objects of the item before go, those that all items share stay. */
static void forget_objects(struct worker *w)
{
    for (uint32_t i = 0; i < w->engine->variant_count; i++) {
        const struct variant *v = w->engine->variants[i];
        for (uint32_t k = 0; k < v->graph->node_count; k++)
            for (uint32_t p = v->first[k];
                 v->graph->nodes[k].phase == PHASE_ITEM && p < v->first[k + 1]; p++)
                values_release(&w->objects[i][p]);
    }
}

static void pack_output(struct worker *w, const struct calling *c, struct value *v,
                        struct text *out)
{
    struct text table = {0};
    uint64_t region, at;
    for (uint32_t i = 0; i < c->call.input_count; i++) {
        if (v != c->inputs[i] && (!v->owner || v->owner != c->inputs[i]))
            continue;
        if (v->as.head.kind == IMP_OBJECT)
            break;
        pack_u64(out, v == c->inputs[i] ? FERRY_INPUT : FERRY_PLANES);
        pack_u64(out, i);
        if (v == c->inputs[i])
            return;
        pack_u64(out, (uint64_t)((v->as.image.data - v->owner->as.image.data) / v->as.image.plane));
        pack_u64(out, v->as.image.channels);
        return;
    }
    switch (v->as.head.kind) {
    case IMP_OBJECT:
        pack_u64(out, FERRY_OBJECT);
        pack_text(out, v->as.object.type);
        pack_text(out, v->as.object.provider);
        break;
    case IMP_TABLE:
        value_pack_table(v, &table);
        pack_u64(out, FERRY_TABLE);
        pack_bytes(out, table.data, table.size);
        text_free(&table);
        break;
    default:
        if (!ferry_place(v, w->regions, &region, &at))
            worker_nonsense();
        ferry_put_at(out, v, region, at);
    }
}

static void pack_outputs(struct worker *w, const struct variant *v, const struct calling *c,
                         struct text *out)
{
    const struct node *node = c->call.node;
    for (uint32_t p = 0; p < node->filter->desc.output_count; p++) {
        struct values *kept = &w->objects[v->number][v->first[node->index] + p];
        values_release(kept);
        pack_u64(out, c->outputs[p].count);
        for (uint32_t i = 0; i < c->outputs[p].count; i++) {
            struct value *value = c->outputs[p].list[i];
            pack_output(w, c, value, out);
            if (value->as.head.kind == IMP_OBJECT)
                values_add(kept, value_retain(value));
        }
    }
}

static void free_call(struct calling *c)
{
    for (uint32_t i = 0; i < c->call.input_count; i++)
        value_release(c->inputs[i]);
    for (uint32_t p = 0; p < c->call.node->filter->desc.output_count; p++)
        values_release(&c->outputs[p]);
    free(c->inputs);
    free(c->labels);
    free(c->written);
    free(c->outputs);
}

static void run(struct worker *w, struct variant *v, struct calling *c, struct outcome *o)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    const struct node *node = c->call.node;
    const imp_status st = instance_create(&w->engine->env, node, worker_instance(w, v, node), &err);
    text[sizeof text - 1] = '\0';
    if (st)
        outcome_fail(o, st, "E0301", node, err.param, "%s",
                     text[0] ? text : "its instance cannot be made");
    else
        instance_process(&c->call, c->outputs, o);
}

void worker_call(struct worker *w, struct mail *m)
{
    struct text body = {0};
    struct calling c = {0};
    struct outcome o = {.node = UINT32_MAX};
    struct variant *v = worker_node(w, m, &c.call.node);
    const uint64_t item = unpack_u64(m);
    if (!w->nursery && item != w->item)
        forget_objects(w);
    w->item = item;
    c.call.env = &w->engine->env;
    c.call.instance = worker_instance(w, v, c.call.node);
    c.outputs = heap_alloc(c.call.node->filter->desc.output_count + (size_t)1, sizeof *c.outputs);
    unpack_call(w, m, &c);
    run(w, v, &c, &o);
    pack_i64(&body, o.status);
    pack_text(&body, o.code);
    pack_text(&body, o.text);
    if (!o.status)
        pack_outputs(w, v, &c, &body);
    free_call(&c);
    worker_end_call(w);
    worker_done(w, &body);
}
