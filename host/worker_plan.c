/* worker_plan.c - create and plan in the nursery, as the host asked for them. */
#include <stdlib.h>

#include "job.h"
#include "worker_private.h"

static void pack_error(struct text *out, imp_status st, const imp_error *err)
{
    err->text[err->text_cap - 1] = '\0';
    pack_i64(out, st);
    pack_i64(out, err->param);
    pack_i64(out, err->port);
    pack_text(out, err->text);
}

void worker_create(struct worker *w, struct mail *m)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    struct text body = {0};
    const struct node *node;
    struct variant *v = worker_node(w, m, &node);
    const imp_status st = instance_create(&w->engine->env, node, worker_instance(w, v, node), &err);
    pack_error(&body, st, &err);
    worker_done(w, &body);
}

struct planned {
    imp_plan api; /* first */
    struct worker *worker;
};

static void mistake(imp_plan *api, int32_t param, int32_t port, const char *piece, const char *text,
                    const char *names) IMP_NX
{
    struct worker *w = ((struct planned *)api)->worker;
    struct text body = {0};
    pack_i64(&body, param);
    pack_i64(&body, port);
    pack_text(&body, piece);
    pack_text(&body, text);
    pack_text(&body, names);
    if (!channel_send(&w->line, SAY_MISTAKE, &body, NULL, 0, -1))
        worker_leave();
    text_free(&body);
}

struct shapes {
    imp_shape *inputs, *outputs;
    const imp_shape **in;
    imp_shape **out;
    struct value **values;
    uint64_t count;
};

static void unpack_shapes(struct worker *w, struct mail *m, const struct node *node,
                          struct shapes *s)
{
    const uint32_t outputs = node->filter->desc.output_count;
    s->count = unpack_u64(m);
    if (m->bad || s->count > m->size)
        worker_nonsense();
    s->inputs = heap_alloc((size_t)s->count + 1, sizeof *s->inputs);
    s->in = heap_alloc((size_t)s->count + 1, sizeof *s->in);
    s->values = heap_alloc((size_t)s->count + 1, sizeof *s->values);
    s->outputs = heap_alloc(outputs + (size_t)1, sizeof *s->outputs);
    s->out = heap_alloc(outputs + (size_t)1, sizeof *s->out);
    for (uint64_t i = 0; i < s->count; i++) {
        if (!unpack_u64(m))
            continue;
        s->inputs[i] = ferry_shape(m);
        s->values[i] = worker_value(w, m);
        s->inputs[i].value = s->values[i] ? &s->values[i]->as.head : NULL;
        s->in[i] = &s->inputs[i];
    }
    if (unpack_u64(m) != outputs)
        worker_nonsense();
    for (uint32_t i = 0; i < outputs; i++) {
        s->outputs[i] = ferry_shape(m);
        s->out[i] = &s->outputs[i];
    }
}

static void free_shapes(struct shapes *s)
{
    for (uint64_t i = 0; i < s->count; i++)
        value_release(s->values[i]);
    free(s->inputs);
    free(s->in);
    free(s->values);
    free(s->outputs);
    free(s->out);
}

void worker_plan(struct worker *w, struct mail *m)
{
    char text[400] = "";
    imp_error err = error_in(text, sizeof text);
    struct text body = {0};
    struct shapes s = {0};
    const struct node *node;
    struct variant *v = worker_node(w, m, &node);
    fenv_t before;
    unpack_shapes(w, m, node, &s);
    struct planned call = {.api = {.struct_size = sizeof call.api,
                                   .input_count = (uint32_t)s.count,
                                   .inputs = s.in,
                                   .outputs = s.out,
                                   .mistake = mistake},
                           .worker = w};
    /* another nursery may have made the instance */
    imp_status st = instance_create(&w->engine->env, node, worker_instance(w, v, node), &err);
    fegetenv(&before);
    if (!st)
        st = node->filter->desc.plan(worker_instance(w, v, node)->handle, &call.api, &err);
    const bool changed = fp_restore(&before);
    pack_error(&body, st, &err);
    pack_u64(&body, changed);
    pack_u64(&body, call.api.bytes);
    pack_u64(&body, call.api.least_bytes);
    pack_f64(&body, call.api.macs);
    for (uint32_t i = 0; i < node->filter->desc.output_count; i++)
        ferry_put_shape(&body, &s.outputs[i]);
    free_shapes(&s);
    worker_done(w, &body);
}
