/* isolate_again.c - when a nursery is gone (the system was short of memory, or somebody killed it),
 * the next one makes the objects that pictures share once more, from the same inputs. The host's
 * stand-ins name them by node, so they stay as they are. */
#include "isolate_private.h"

#include <stdlib.h>
#include <string.h>

struct made {
    struct variant *variant;
    struct call call;      /* its inputs and labels are ours */
    struct value **inputs; /* with a reference each; NULL = open */
    const char **labels;
    bool writes;
};

void isolate_remember(struct engine *e, struct variant *v, const struct call *call)
{
    struct isolate *s = e->isolate;
    struct made m = {.variant = v, .call = *call, .writes = call->node->writes};
    m.inputs = heap_alloc(call->input_count + (size_t)1, sizeof *m.inputs);
    for (uint32_t i = 0; i < call->input_count; i++)
        m.inputs[i] = value_retain(call->inputs[i]);
    if (call->labels) {
        m.labels = heap_alloc(call->input_count + (size_t)1, sizeof *m.labels);
        memcpy(m.labels, call->labels, call->input_count * sizeof *m.labels);
    }
    m.call.inputs = m.inputs;
    m.call.labels = m.labels;
    m.call.written = NULL;
    m.call.written_count = 0;
    s->made = heap_resize(s->made, s->made_count + 1, sizeof *s->made);
    s->made[s->made_count++] = m;
}

static bool make(struct engine *e, const struct made *m, char *why, size_t cap)
{
    struct outcome o = {.node = UINT32_MAX};
    const struct node *node = m->call.node;
    const uint32_t n = node->filter->desc.output_count;
    if (m->writes) {
        snprintf(why, cap,
                 "E0611 the process that shared things are made in is gone, and node '%s' would "
                 "write its "
                 "files once more",
                 node->name);
        return false;
    }
    struct values *outputs = heap_alloc(n + (size_t)1, sizeof *outputs);
    isolate_call(e, m->variant, &m->call, outputs, &o);
    for (uint32_t p = 0; p < n; p++)
        values_release(&outputs[p]);
    free(outputs);
    if (o.status)
        snprintf(why, cap, "E0611 what pictures share could not be made again: %s",
                 o.text[0] ? o.text : "it was stopped");
    return !o.status;
}

bool isolate_make_again(struct engine *e, char *why, size_t cap)
{
    const struct isolate *s = e->isolate;
    for (size_t i = 0; i < s->made_count; i++)
        if (!make(e, &s->made[i], why, cap))
            return false;
    return true;
}

void isolate_forget(struct isolate *s)
{
    for (size_t i = 0; i < s->made_count; i++) {
        for (uint32_t k = 0; k < s->made[i].call.input_count; k++)
            value_release(s->made[i].inputs[k]);
        free(s->made[i].inputs);
        free(s->made[i].labels);
    }
    free(s->made);
    s->made = NULL;
    s->made_count = 0;
}
