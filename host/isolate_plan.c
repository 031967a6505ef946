/* isolate_plan.c - create and plan of a node that runs elsewhere: asked of the nursery, which keeps
 * the instance. */
#include "isolate_private.h"

static imp_status take_error(struct mail *m, imp_error *err)
{
    const int64_t status = unpack_i64(m), param = unpack_i64(m), port = unpack_i64(m);
    const char *text = unpack_text(m);
    if (m->bad || status > IMP_CANCELLED || status < IMP_E_INTERNAL)
        return imp_fail(err, IMP_E_INTERNAL, "E0611 its process answered what makes no sense");
    if (err) {
        err->param = (int32_t)param;
        err->port = (int32_t)port;
    }
    if (status && text)
        imp_fail(err, (imp_status)status, "%s", text);
    return (imp_status)status;
}

imp_status isolate_create(struct engine *e, struct variant *v, const struct node *node,
                          imp_error *err)
{
    struct ask a = {.engine = e, .variant = v, .node = node, .far = &e->isolate->nursery};
    struct text body = {0};
    struct mail done = {.fd = -1};
    char why[400];
    isolate_pack_node(&body, v, node);
    imp_status st = isolate_ask(&a, ASK_CREATE, &body, &done, why, sizeof why);
    if (st < 0)
        imp_fail(err, st, "%s", why);
    else if (!st)
        st = take_error(&done, err);
    mail_free(&done);
    text_free(&body);
    isolate_end_ask(&a, false);
    return st;
}

static bool pack_shapes(struct ask *a, struct text *out, const imp_plan *plan)
{
    pack_u64(out, plan->input_count);
    for (uint32_t i = 0; i < plan->input_count; i++) {
        const imp_shape *s = plan->inputs[i];
        pack_u64(out, s != NULL);
        if (!s)
            continue;
        ferry_put_shape(out, s);
        if (!isolate_pack_value(a, out, s->value ? value_of(s->value) : NULL))
            return false;
    }
    pack_u64(out, a->node->filter->desc.output_count);
    for (uint32_t i = 0; i < a->node->filter->desc.output_count; i++)
        ferry_put_shape(out, plan->outputs[i]);
    return true;
}

static void take_plan(const struct ask *a, struct mail *m, imp_plan *plan, bool *changed_fp)
{
    *changed_fp = unpack_u64(m) != 0;
    plan->bytes = unpack_u64(m);
    plan->least_bytes = unpack_u64(m);
    plan->macs = unpack_f64(m);
    for (uint32_t i = 0; i < a->node->filter->desc.output_count; i++) {
        imp_shape s = ferry_shape(m);
        s.kind = plan->outputs[i]->kind;
        if (!m->bad)
            *plan->outputs[i] = s;
    }
}

imp_status isolate_plan(struct engine *e, struct variant *v, const struct node *node,
                        imp_plan *plan, imp_error *err, bool *changed_fp)
{
    struct ask a = {
        .engine = e, .variant = v, .node = node, .plan = plan, .far = &e->isolate->nursery};
    struct text body = {0};
    struct mail done = {.fd = -1};
    char why[400];
    *changed_fp = false;
    isolate_pack_node(&body, v, node);
    imp_status st = pack_shapes(&a, &body, plan)
                        ? IMP_OK
                        : imp_fail(err, IMP_E_LIMIT, "no memory left to plan");
    if (!st) {
        st = isolate_ask(&a, ASK_PLAN, &body, &done, why, sizeof why);
        if (st < 0)
            imp_fail(err, st, "%s", why);
        else if (!st && !(st = take_error(&done, err)))
            take_plan(&a, &done, plan, changed_fp);
    }
    mail_free(&done);
    text_free(&body);
    isolate_end_ask(&a, false);
    return st;
}
