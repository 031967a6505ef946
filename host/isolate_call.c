/* isolate_call.c - process of a node that runs elsewhere: the question packed, the answer checked.
 */
#include <stdlib.h>
#include <string.h>

#include "isolate_private.h"

enum { MOST_VALUES = 1 << 20 };

static struct far *far_of(struct engine *e, const struct node *node, unsigned slot)
{
    return node->phase == PHASE_CONSTANT ? &e->isolate->nursery : &e->isolate->slots[slot];
}

static unsigned threads_of(const struct engine *e, const struct far *f, const struct node *node)
{
    const unsigned share = e->env.threads / e->isolate->used;
    return f == &e->isolate->nursery || node->phase == PHASE_GATHER ? e->env.threads
           : share                                                  ? share
                                                                    : 1;
}

void isolate_pack_node(struct text *out, const struct variant *v, const struct node *node)
{
    pack_u64(out, v->number);
    pack_u64(out, node->index);
}

/* ---- values that go there ---- */

static bool pack_samples(struct ask *a, struct text *out, struct value *v)
{
    struct region *const regions[2] = {a->engine->isolate->nursery.region, a->far->region};
    uint64_t region, at;
    if (!ferry_place(v, regions, &region, &at)) {
        v = ferry_copy(v, region_memory(a->far->region));
        if (!v || !values_add(&a->lent, v) || !ferry_place(v, regions, &region, &at))
            return false;
    }
    ferry_put_at(out, v, region, at);
    return true;
}

/* false: no memory for a copy. */
bool isolate_pack_value(struct ask *a, struct text *out, struct value *v)
{
    struct text table = {0};
    switch (v ? v->as.head.kind : 0) {
    case IMP_IMAGE:
    case IMP_TENSOR:
        return pack_samples(a, out, v);
    case IMP_TABLE:
        value_pack_table(v, &table);
        pack_u64(out, FERRY_TABLE);
        pack_bytes(out, table.data, table.size);
        text_free(&table);
        return true;
    case IMP_OBJECT: {
        const struct stand_in *s = v->as.object.object;
        pack_u64(out, FERRY_OBJECT);
        pack_u64(out, s->variant);
        pack_u64(out, s->port);
        pack_u64(out, s->index);
        return true;
    }
    default:
        pack_u64(out, FERRY_OPEN);
        return true;
    }
}

static bool pack_call(struct ask *a, struct text *out)
{
    const struct call *call = a->call;
    isolate_pack_node(out, a->variant, a->node);
    pack_u64(out, a->far->item);
    pack_u64(out, threads_of(a->engine, a->far, a->node));
    pack_u64(out, call->input_count);
    pack_u64(out, call->labels != NULL);
    for (uint32_t i = 0; i < call->input_count; i++) {
        if (!isolate_pack_value(a, out, call->inputs[i]))
            return false;
        if (call->labels)
            pack_text(out, call->labels[i]);
    }
    uint64_t mine = 0;
    for (size_t i = 0; i < call->written_count; i++)
        mine += call->written[i].node == a->node->index;
    pack_u64(out, mine);
    for (size_t i = 0; i < call->written_count; i++)
        if (call->written[i].node == a->node->index) {
            pack_u64(out, call->written[i].param);
            pack_text(out, call->written[i].temp);
        }
    return true;
}

/* ---- values that come back ---- */

static void drop_stand_in(void *object) IMP_NX
{
    free(object);
}

static struct value *stand_in(struct ask *a, struct mail *m, uint32_t port, uint32_t index)
{
    const char *type = unpack_text(m), *provider = unpack_text(m);
    struct stand_in *s = heap_alloc(1, sizeof *s);
    *s = (struct stand_in){a->variant->number, a->variant->first[a->node->index] + port, index};
    struct value *v = type && provider ? value_object(type, provider, s, drop_stand_in) : NULL;
    if (!v)
        free(s);
    else if (a->node->phase == PHASE_CONSTANT)
        a->engine->isolate->epoch++;
    return v;
}

static void **samples_of(struct value *v)
{
    return v->as.head.kind == IMP_IMAGE ? (void **)&v->as.image.data : &v->as.tensor.data;
}

/* A new image or tensor: what was taken is the value's from here on; the same one may be several
 * outputs. */
static struct value *new_samples(struct ask *a, struct mail *m, uint64_t kind, struct values *fresh)
{
    struct region *const regions[2] = {NULL, a->far->region};
    uint64_t at;
    struct value *v = ferry_get_at(m, kind, regions, region_memory(a->far->region), &at);
    if (!v)
        return NULL;
    if (v->bytes <= region_size_at(a->far->region, at) && isolate_claim(a, at)) {
        values_add(fresh, value_retain(v));
        return v;
    }
    const void *where = *samples_of(v);
    *samples_of(v) = NULL;
    value_release(v);
    for (uint32_t i = 0; i < fresh->count; i++)
        if (fresh->list[i]->as.head.kind != IMP_TABLE && *samples_of(fresh->list[i]) == where)
            return value_retain(fresh->list[i]);
    return NULL;
}

static struct value *unpack_value(struct ask *a, struct mail *m, uint32_t port, uint32_t index,
                                  struct values *fresh)
{
    const uint64_t kind = unpack_u64(m);
    uint64_t input, first, channels;
    struct value *v = NULL;
    const void *data;
    size_t size;
    switch (kind) {
    case FERRY_IMAGE:
    case FERRY_TENSOR:
        return new_samples(a, m, kind, fresh);
    case FERRY_TABLE:
        data = unpack_bytes(m, &size);
        v = data ? value_unpack_table(data, size) : NULL;
        if (v)
            values_add(fresh, value_retain(v));
        return v;
    case FERRY_OBJECT:
        return stand_in(a, m, port, index);
    case FERRY_INPUT:
    case FERRY_PLANES:
        input = unpack_u64(m);
        v = !m->bad && input < a->call->input_count ? a->call->inputs[input] : NULL;
        if (!v || kind == FERRY_INPUT)
            return value_retain(v);
        first = unpack_u64(m);
        channels = unpack_u64(m);
        return m->bad || first > 4 || channels > 4
                   ? NULL
                   : value_planes(v, (uint32_t)first, (uint32_t)channels);
    default:
        return NULL;
    }
}

static bool unpack_outputs(struct ask *a, struct mail *m, struct values *outputs,
                           struct values *fresh)
{
    const imp_filter *desc = &a->node->filter->desc;
    for (uint32_t p = 0; p < desc->output_count; p++) {
        const uint64_t count = unpack_u64(m);
        if (m->bad || count > ((desc->outputs[p].flags & IMP_PORT_MANY) ? MOST_VALUES : 1))
            return false;
        for (uint64_t i = 0; i < count; i++) {
            struct value *v = unpack_value(a, m, p, (uint32_t)i, fresh);
            if (!v || v->as.head.kind != desc->outputs[p].kind) {
                value_release(v);
                return false;
            }
            v->sealed = true;
            if (!values_add(&outputs[p], v))
                return false;
        }
    }
    return !m->bad;
}

static void lend_meta(const struct call *call, const struct values *fresh)
{
    struct meta *meta = NULL;
    for (uint32_t i = 0; i < call->input_count && !meta; i++)
        meta = call->inputs[i] ? call->inputs[i]->meta : NULL;
    for (uint32_t k = 0; k < fresh->count && meta; k++)
        if (!fresh->list[k]->meta)
            fresh->list[k]->meta = meta_retain(meta);
}

/* The worker looked; one that went mad may not have. */
static bool all_finite(struct ask *a, const struct values *fresh, struct outcome *o)
{
    for (uint32_t i = 0; a->engine->isolate->untrusted && i < fresh->count; i++)
        if (!value_finite(fresh->list[i])) {
            outcome_fail(o, IMP_E_FAILED, "E0604", a->node, -1,
                         "its process handed over NaN or infinity");
            return false;
        }
    return true;
}

static void take_answer(struct ask *a, struct mail *m, struct values *outputs, struct outcome *o)
{
    struct values fresh = {0};
    const int64_t status = unpack_i64(m);
    const char *code = unpack_text(m), *text = unpack_text(m);
    if (m->bad || status > IMP_CANCELLED || status < IMP_E_INTERNAL) {
        outcome_fail(o, IMP_E_INTERNAL, "E0611", a->node, -1,
                     "its process answered what makes no sense");
        return;
    }
    o->status = (imp_status)status;
    if (o->status < 0) {
        o->node = a->node->index;
        snprintf(o->code, sizeof o->code, "%s", code ? code : "E0601");
        snprintf(o->text, sizeof o->text, "%s", text ? text : "it failed without saying why");
    }
    if (o->status)
        return;
    if (!unpack_outputs(a, m, outputs, &fresh))
        outcome_fail(o, IMP_E_INTERNAL, "E0611", a->node, -1,
                     "its process answered what makes no sense");
    else if (all_finite(a, &fresh, o))
        lend_meta(a->call, &fresh);
    values_release(&fresh);
}

imp_status isolate_call(struct engine *e, struct variant *v, const struct call *call,
                        struct values *outputs, struct outcome *o)
{
    struct ask a = {.engine = e,
                    .variant = v,
                    .node = call->node,
                    .slot = call->slot,
                    .call = call,
                    .far = far_of(e, call->node, call->slot)};
    struct text body = {0};
    struct mail done = {.fd = -1};
    char why[400];
    o->status = IMP_OK;
    if (!pack_call(&a, &body))
        outcome_fail(o, IMP_E_LIMIT, "E0502", call->node, -1,
                     "no memory left to hand over an input");
    else {
        const imp_status st = isolate_ask(&a, ASK_CALL, &body, &done, why, sizeof why);
        if (st == IMP_CANCELLED)
            o->status = st;
        else if (st)
            outcome_fail(o, st, "E0611", call->node, -1, "%s", why);
        else
            take_answer(&a, &done, outputs, o);
    }
    for (uint32_t p = 0; o->status && p < call->node->filter->desc.output_count; p++)
        values_release(&outputs[p]);
    mail_free(&done);
    text_free(&body);
    isolate_end_ask(&a, o->status == IMP_OK);
    return o->status;
}

imp_status isolate_process(struct engine *e, struct variant *v, const struct call *call,
                           struct values *outputs, struct outcome *o)
{
    const imp_status st = isolate_call(e, v, call, outputs, o);
    for (uint32_t p = 0; !st && p < call->node->filter->desc.output_count; p++)
        if (call->node->phase == PHASE_CONSTANT && outputs[p].count &&
            outputs[p].list[0]->as.head.kind == IMP_OBJECT) {
            isolate_remember(e, v, call);
            break;
        }
    return st;
}
