/* onnx_versions.c - what ONNX's operator sets 7 to 22 say differently: brought to the form of the
 * operators' tables, which is that of the newest. */
#include "onnx_file.h"

#include <string.h>

/* Inputs that are known by name: attributes once, or in another place in another version. */
static const struct named_input {
    const char *op;
    uint32_t input;
    int64_t from, to; /* operator sets */
    const char *name;
} named_inputs[] = {
    {"Clip", 1, 11, ONNX_NEWEST, "min"},
    {"Clip", 2, 11, ONNX_NEWEST, "max"},
    {"Dropout", 1, 12, ONNX_NEWEST, "ratio"},
    {"Dropout", 2, 12, ONNX_NEWEST, "training_mode"},
    {"Pad", 1, 11, ONNX_NEWEST, "pads"},
    {"Pad", 2, 11, ONNX_NEWEST, "value"},
    {"Pad", 3, 18, ONNX_NEWEST, "axes"},
    {"Upsample", 1, 9, 9, "scales"},
    {"Resize", 1, 10, 10, "scales"},
    {"Resize", 1, 11, ONNX_NEWEST, "roi"},
    {"Resize", 2, 11, ONNX_NEWEST, "scales"},
    {"Resize", 3, 11, ONNX_NEWEST, "sizes"},
    {"Reshape", 1, 7, ONNX_NEWEST, "shape"},
    {"ConstantOfShape", 0, 9, ONNX_NEWEST, "shape"},
    {"Split", 1, 13, ONNX_NEWEST, "split"},
    {"Slice", 1, 10, ONNX_NEWEST, "starts"},
    {"Slice", 2, 10, ONNX_NEWEST, "ends"},
    {"Slice", 3, 10, ONNX_NEWEST, "axes"},
    {"Slice", 4, 10, ONNX_NEWEST, "steps"},
    {"Squeeze", 1, 13, ONNX_NEWEST, "axes"},
    {"Unsqueeze", 1, 13, ONNX_NEWEST, "axes"},
    {"ReduceSum", 1, 13, ONNX_NEWEST, "axes"},
    {"ReduceMean", 1, 18, ONNX_NEWEST, "axes"},
    {"ReduceMax", 1, 18, ONNX_NEWEST, "axes"},
    {"Gather", 1, 7, ONNX_NEWEST, "indices"},
};

/* Attributes that change nothing here with this value (a word, or a number). */
static const struct idle {
    const char *op, *attr, *word;
    int64_t number;
} idles[] = {
    {"BatchNormalization", "spatial", NULL, 1},
    {"BatchNormalization", "training_mode", NULL, 0},
    {"LayerNormalization", "stash_type", NULL, 1},
    {"Cast", "saturate", NULL, 1},
};

const struct rt_op *onnx_op_of(const Onnx__NodeProto *n)
{
    const char *domain = n->domain ? n->domain : "";
    if (!n->op_type || (*domain && strcmp(domain, "ai.onnx")))
        return NULL;
    return rt_op_find_onnx(!strcmp(n->op_type, "Upsample") ? "Resize" : n->op_type);
}

const char *onnx_input_name(const char *op, int64_t opset, uint32_t i)
{
    for (uint32_t k = 0; k < RT_COUNT(named_inputs); k++) {
        const struct named_input *a = &named_inputs[k];
        if (a->input == i && opset >= a->from && opset <= a->to && !strcmp(a->op, op))
            return a->name;
    }
    return NULL;
}

/* Under ONNX's name of the attribute, or under that of the input which it is by now. */
int onnx_attr_of(const struct rt_op *op, const char *name)
{
    const int i = onnx_attr_index(op, name, false);
    for (uint32_t k = 0; i < 0 && k < RT_COUNT(named_inputs); k++)
        if (!strcmp(named_inputs[k].op, op->onnx) && !strcmp(named_inputs[k].name, name))
            return onnx_attr_index(op, name, true);
    return i;
}

int onnx_slot_of(const struct rt_op *op, const char *name)
{
    for (uint32_t i = 0; i < op->slot_count; i++)
        if (!strcmp(op->slots[i].name, name))
            return (int)i;
    return -1;
}

struct onnx_goal onnx_goal_of(const Onnx__NodeProto *n, const struct rt_op *op, int64_t opset,
                              uint32_t i)
{
    const bool many = op->slot_count && (op->slots[op->slot_count - 1].flags & RT_SLOT_MANY);
    const char *name = onnx_input_name(n->op_type, opset, i);
    if (!name)
        return (struct onnx_goal){.slot = i < op->slot_count || many ? (int)i : -1, .attr = -1};
    return (struct onnx_goal){.slot = onnx_slot_of(op, name),
                              .attr = onnx_attr_index(op, name, true)};
}

bool onnx_input_is_idle(const Onnx__NodeProto *n, int64_t opset, uint32_t i)
{
    const char *name = onnx_input_name(n->op_type, opset, i);
    return name && (!strcmp(name, "training_mode") || !strcmp(name, "roi"));
}

bool onnx_attr_is_idle(const Onnx__NodeProto *n, const Onnx__AttributeProto *a)
{
    for (uint32_t k = 0; k < RT_COUNT(idles); k++) {
        const struct idle *d = &idles[k];
        if (strcmp(d->op, n->op_type) || strcmp(d->attr, a->name))
            continue;
        if (d->word)
            return a->has_s && a->s.len == strlen(d->word) && !memcmp(a->s.data, d->word, a->s.len);
        return a->has_i && a->i == d->number;
    }
    return false;
}

/* ConstantOfShape's value is a tensor of one number, whose type is the type of the result. */
imp_status onnx_attr_special(struct onnx_reader *r, struct rt_node *node,
                             const Onnx__AttributeProto *a, bool *done, imp_error *err)
{
    struct rt_tensor *t = NULL;
    *done = a->t && !strcmp(node->op->onnx, "ConstantOfShape") && !strcmp(a->name, "value");
    if (!*done)
        return IMP_OK;
    imp_status st = onnx_tensor_read(&r->room, a->t, "value", r->path, &t, err);
    if (st == IMP_OK)
        st = onnx_attr_set_tensor(node, onnx_attr_index(node->op, "value", true), t, err);
    if (st == IMP_OK && !rt_set_choice(node, "type", t->dtype == IMP_I64 ? "i64" : "f32"))
        st = imp_fail(err, IMP_E_MEMORY, "no memory for its attributes");
    rt_tensor_release(t);
    return st;
}

/* ---- what was left out ---- */

/* Until operator set 12 everything before the axis is one axis, everything from it on another. */
static bool fit_softmax(struct rt_node *node)
{
    const int axis = onnx_attr_index(node->op, "axis", true);
    return (node->attrs[axis].given || rt_set_int(node, "axis", 1)) && rt_set_int(node, "flat", 1);
}

/* Upsample, and Resize of operator set 10, sample at output / scale; the nearest is the one before
 * when enlarging, the one after when shrinking. */
static imp_status fit_old_resize(struct rt_node *node, const struct rt_tensor *scales,
                                 imp_error *err)
{
    const struct rt_op *op = node->op;
    const int mode = onnx_attr_index(op, "coordinate_transformation_mode", false);
    const int nearest = onnx_attr_index(op, "nearest_mode", false);
    bool smaller = false, larger = false;
    for (int64_t i = 0; scales && scales->dtype == IMP_F32 && i < scales->count; i++) {
        smaller = smaller || rt_floats(scales)[i] < 1;
        larger = larger || rt_floats(scales)[i] > 1;
    }
    if (smaller && larger)
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "it enlarges along one axis and shrinks along another, in the form of "
                        "operator set 10: export with 11 or newer");
    if (!rt_set_choice(node, op->attrs[mode].key, "asymmetric") ||
        !rt_set_choice(node, op->attrs[nearest].key, smaller ? "ceil" : "floor"))
        return imp_fail(err, IMP_E_MEMORY, "no memory for its attributes");
    return IMP_OK;
}

/* Equal parts, unless sizes are given. */
static bool fit_split(const Onnx__NodeProto *n, uint32_t output, struct rt_node *node)
{
    const int sizes = onnx_attr_index(node->op, "split", true);
    const int parts = onnx_attr_index(node->op, "num_outputs", false);
    const int slot = onnx_slot_of(node->op, "split");
    const bool given =
        node->attrs[sizes].given || node->attrs[parts].given ||
        (slot >= 0 && (uint32_t)slot < node->input_count && node->inputs[slot] != RT_ABSENT);
    return (given || rt_set_int(node, node->op->attrs[parts].key, (int64_t)n->n_output)) &&
           rt_set_int(node, "index", output);
}

imp_status onnx_node_fit(const Onnx__NodeProto *n, int64_t opset, uint32_t output,
                         const struct rt_tensor *scales, struct rt_node *node, imp_error *err)
{
    bool fine = true;
    if (!strcmp(n->op_type, "Split"))
        fine = fit_split(n, output, node);
    else if (output && onnx_attr_index(node->op, "result", true) >= 0)
        fine = rt_set_int(node, "result", output);
    else if (output)
        return imp_fail(err, IMP_E_UNSUPPORTED,
                        "its output %u ('%s') is read, and not computed here", output,
                        n->output[output]);
    else if (strstr(n->op_type, "oftmax") && opset < 13)
        fine = fit_softmax(node);
    else if (!strcmp(n->op_type, "Upsample") || (!strcmp(n->op_type, "Resize") && opset < 11))
        return fit_old_resize(node, scales, err);
    return fine ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for its attributes");
}
