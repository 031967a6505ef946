/* op_plain.c - values that come from elsewhere, and a second name for one: input, constant,
 * identity. */
#include "ties.h"
#include "fold.h"
#include <string.h>

extern const struct rt_op rt_op_input, rt_op_constant, rt_op_identity;

/* ---- input: its value is set from outside ---- */

static imp_status infer_input(struct rt_infer *in, imp_error *err)
{
    char text[256];
    const struct rt_shape *declared = &in->node->declared;
    if (rt_count(declared) < 0)
        return imp_fail(err, IMP_E_INPUT,
                        "the input's shape %s is not known yet: set the input first",
                        rt_shape_text(declared, text, sizeof text));
    in->out.shape = *declared;
    in->out.dtype = IMP_F32;
    return IMP_OK;
}

static imp_status forward_input(const struct rt_call *c)
{
    (void)c;
    return IMP_OK;
}

static void couple_input(struct rt_ties *t, const struct rt_call *c)
{
    (void)c;
    rt_tie_lock(t, RT_OUT, -1, "network input");
}

/* ---- constant and identity: what slot 0 holds ---- */

static imp_status infer_same(struct rt_infer *in, imp_error *err)
{
    const struct rt_info *x = in->in[0];
    in->out.shape = x->shape;
    if (!rt_fold_wanted(&in->out, x->known != NULL))
        return IMP_OK;
    const imp_status st = rt_fold_begin(in, err);
    if (st == IMP_OK && x->dtype == IMP_I64)
        memcpy(in->known->data, x->known->data, (size_t)x->known->count * sizeof(int64_t));
    else if (st == IMP_OK)
        memcpy(in->known->data, x->known->data, (size_t)x->known->count * sizeof(float));
    return st;
}

static imp_status forward_same(const struct rt_call *c)
{
    if (c->out != c->in[0])
        memcpy(c->out, c->in[0], (size_t)rt_count(&c->out_info->shape) * sizeof *c->out);
    return IMP_OK;
}

static imp_status backward_same(const struct rt_call *c)
{
    const int64_t n = c->in_grad[0] ? rt_count(&c->out_info->shape) : 0;
    for (int64_t i = 0; i < n; i++)
        c->in_grad[0][i] += c->out_grad[i];
    return IMP_OK;
}

static void couple_constant(struct rt_ties *t, const struct rt_call *c)
{
    const struct rt_shape *s = &c->out_info->shape;
    for (int64_t i = 0; s->ndim > 1 && i < s->dim[1]; i++)
        rt_tie_param(t, RT_OUT, i, 0, 1, i, 1, 0);
}

static void couple_identity(struct rt_ties *t, const struct rt_call *c)
{
    (void)c;
    rt_tie_all(t, 0, RT_OUT);
}

/* ---- the descriptors ---- */

static const struct rt_slot constant_slots[] = {{.name = "value", .flags = RT_SLOT_PARAM}};
static const struct rt_slot identity_slots[] = {{.name = "x"}};

const struct rt_op rt_op_input = {.name = "input",
                                  .limits = "",
                                  .infer = infer_input,
                                  .forward = forward_input,
                                  .couple = couple_input};
const struct rt_op rt_op_constant = {.name = "constant",
                                     .limits = "",
                                     .slots = constant_slots,
                                     .slot_count = 1,
                                     .infer = infer_same,
                                     .forward = forward_same,
                                     .backward = backward_same,
                                     .couple = couple_constant};
const struct rt_op rt_op_identity = {.name = "identity",
                                     .onnx = "Identity",
                                     .limits = "",
                                     .slots = identity_slots,
                                     .slot_count = 1,
                                     .flags = RT_VIEW,
                                     .infer = infer_same,
                                     .forward = forward_same,
                                     .backward = backward_same,
                                     .couple = couple_identity};
