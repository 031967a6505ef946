/* onnx_write_attr.c - attributes of nodes for ONNX: each as an attribute or an input of its
 * operator, whichever the operator set of the file has. */
#include "onnx_writer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { BASE = 13 }; /* the operator set of plain networks */

/* What came after the operator set that plain networks are written in. word: only with this choice.
 */
static const struct later {
    const char *op, *attr, *word;
    int64_t from;
} laters[] = {
    {"HardSwish", NULL, NULL, 14},
    {"LayerNormalization", NULL, NULL, 17},
    {"Gelu", NULL, NULL, 20},
    {"BatchNormalization", "training_mode", NULL, 14},
    {"BatchNormalization", "result", NULL, 14},
    {"Reshape", "allowzero", NULL, 14},
    {"Shape", "start", NULL, 15},
    {"Shape", "end", NULL, 15},
    {"Pad", "axes", NULL, 18},
    {"Pad", "mode", "wrap", 19},
    {"Resize", "antialias", NULL, 18},
    {"Resize", "axes", NULL, 18},
    {"Resize", "keep_aspect_ratio_policy", NULL, 18},
    {"Resize", "coordinate_transformation_mode", "half_pixel_symmetric", 19},
    {"ReduceMean", "noop_with_empty_axes", NULL, 18},
    {"ReduceMax", "noop_with_empty_axes", NULL, 18},
    {"AveragePool", "dilations", NULL, 19},
};

static const char *onnx_key(const struct rt_attr_def *d)
{
    return d->onnx ? d->onnx : d->key;
}

/* A choice's word, into buf. */
static const char *word_of(const struct rt_attr_def *d, int64_t index, char buf[40])
{
    const char *p = d->choices;
    for (; index > 0 && strchr(p, '|'); index--)
        p = strchr(p, '|') + 1;
    snprintf(buf, 40, "%.*s", (int)strcspn(p, "|"), p);
    return buf;
}

/* Not what it would be if it were left out, or of a kind where that cannot be told. */
static bool says_something(const struct rt_node *n, uint32_t i)
{
    const struct rt_attr_def *d = &n->op->attrs[i];
    const struct rt_attr *a = &n->attrs[i];
    if (!a->given)
        return false;
    if (d->type == RT_INTS || d->type == RT_FLOATS)
        return true;
    if (!strcmp(n->op->onnx, "Shape") && !strcmp(d->key, "end"))
        return true;
    return d->type == RT_FLOAT ? rt_float(n, i) != d->def : rt_int(n, i) != (int64_t)d->def;
}

static int64_t later_of(const struct rt_node *n, uint32_t i)
{
    char buf[40];
    const struct rt_attr_def *d = &n->op->attrs[i];
    int64_t opset = BASE;
    for (uint32_t k = 0; k < RT_COUNT(laters); k++) {
        const struct later *l = &laters[k];
        if (!l->attr || strcmp(l->op, n->op->onnx) || strcmp(l->attr, onnx_key(d)))
            continue;
        if (!l->word || !strcmp(l->word, word_of(d, rt_int(n, i), buf)))
            opset = l->from;
    }
    return opset;
}

/* Inputs that are wired and were attributes in older operator sets. */
static int64_t later_of_slots(const struct rt_node *n)
{
    int64_t opset = BASE;
    for (uint32_t s = 1; s < n->input_count && s < n->op->slot_count; s++)
        while (n->inputs[s] != RT_ABSENT && onnx_attr_of(n->op, n->op->slots[s].name) >= 0 &&
               !onnx_input_name(n->op->onnx, opset, s) && opset < ONNX_NEWEST)
            opset++;
    return opset;
}

/* Parts of different lengths without a list of them came with operator set 18. */
static int64_t later_of_split(const struct onnx_writer *w, const struct rt_node *n)
{
    const int sizes = onnx_attr_index(n->op, "split", true);
    const int parts = onnx_attr_index(n->op, "num_outputs", true);
    if (n->attrs[sizes].given || n->input_count > 1 || n->inputs[0] < 0)
        return BASE;
    const struct rt_shape *x = &w->shapes[n->inputs[0]];
    const int axis = rt_axis(rt_int(n, (uint32_t)onnx_attr_index(n->op, "axis", true)), x->ndim);
    const int64_t each = rt_int(n, (uint32_t)parts);
    return axis >= 0 && each > 0 && x->dim[axis] >= 0 && x->dim[axis] % each == 0 ? BASE : 18;
}

/* Sizes for the spatial axes alone need the attribute axes. */
static int64_t later_of_resize(const struct onnx_writer *w, const struct rt_node *n)
{
    const struct rt_attr *sizes = &n->attrs[onnx_attr_index(n->op, "sizes", true)];
    const struct rt_attr *axes = &n->attrs[onnx_attr_index(n->op, "axes", true)];
    const uint32_t ndim = n->inputs[0] >= 0 ? w->shapes[n->inputs[0]].ndim : 0;
    return sizes->given && !axes->given && sizes->count + 2 == ndim && ndim > 2 ? 18 : BASE;
}

imp_status onnx_opset_of(const struct onnx_writer *w, uint32_t node, int64_t *opset)
{
    const struct rt_node *n = &w->graph->nodes[node];
    if (!n->op->onnx)
        return imp_fail(w->err, IMP_E_UNSUPPORTED, "node '%s': ONNX has no operator %s", n->name,
                        n->op->name);
    int64_t from = later_of_slots(n);
    for (uint32_t k = 0; k < RT_COUNT(laters); k++)
        if (!laters[k].attr && !strcmp(laters[k].op, n->op->onnx) && laters[k].from > from)
            from = laters[k].from;
    for (uint32_t i = 0; i < n->op->attr_count; i++)
        if (says_something(n, i) && later_of(n, i) > from)
            from = later_of(n, i);
    const int64_t more = !strcmp(n->op->onnx, "Split")    ? later_of_split(w, n)
                         : !strcmp(n->op->onnx, "Resize") ? later_of_resize(w, n)
                                                          : BASE;
    *opset = more > from ? more : from;
    return IMP_OK;
}

int onnx_output_attr(const struct rt_op *op)
{
    const int index = onnx_attr_index(op, "index", true);
    return index >= 0 ? index : onnx_attr_index(op, "result", true);
}

/* ---- lists ---- */

/* A list by spatial axis, which a text may give as one number; kernels 2 -> 2 2, pads 1 -> 1 1 1 1.
 */
static uint32_t spread(const struct onnx_writer *w, const struct rt_node *n, uint32_t i,
                       int64_t to[2 * RT_RANK])
{
    const struct rt_attr *a = &n->attrs[i];
    const char *key = n->op->attrs[i].key;
    const uint32_t ndim = n->inputs[0] >= 0 ? w->shapes[n->inputs[0]].ndim : 0;
    const uint32_t axes = ndim > 2 ? ndim - 2 : 0;
    const bool windowed = onnx_attr_index(n->op, "auto_pad", true) >= 0;
    const bool pads = windowed && !strcmp(key, "pad");
    if (!windowed || !axes || a->count >= (pads ? 2 * axes : axes))
        return 0;
    for (uint32_t k = 0; k < axes; k++)
        to[k] = a->ints[k < a->count ? k : 0];
    for (uint32_t k = 0; pads && k < axes; k++)
        to[axes + k] = to[k];
    return pads ? 2 * axes : axes;
}

static bool add_attr(struct onnx_writer *w, const struct rt_node *n, uint32_t i,
                     Onnx__NodeProto *to)
{
    char word[40];
    int64_t wide[2 * RT_RANK];
    const struct rt_attr_def *d = &n->op->attrs[i];
    const struct rt_attr *a = &n->attrs[i];
    uint32_t count;
    switch (d->type) {
    case RT_FLOAT:
        return onnx_add_float(w, to, d->onnx, rt_float(n, i));
    case RT_CHOICE:
        word_of(d, rt_int(n, i), word);
        for (char *p = word; *p && !strcmp(d->key, "auto_pad"); p++)
            *p = (char)toupper(*p);
        return onnx_add_word(w, to, d->onnx, word);
    case RT_INTS:
        count = a->count ? spread(w, n, i, wide) : 0;
        return count ? onnx_add_ints(w, to, d->onnx, count, wide)
                     : onnx_add_ints(w, to, d->onnx, a->count, a->ints);
    default:
        return onnx_add_int(w, to, d->onnx, rt_int(n, i));
    }
}

/* Scales of the spatial axes alone: with a 1 for each axis before. */
static uint32_t scales_before(const struct onnx_writer *w, const struct rt_node *n, uint32_t i)
{
    const struct rt_attr *axes = &n->attrs[onnx_attr_index(n->op, "axes", true)];
    const uint32_t ndim = n->inputs[0] >= 0 ? w->shapes[n->inputs[0]].ndim : 0;
    return !axes->given && ndim > 2 && n->attrs[i].count + 2 == ndim ? 2 : 0;
}

/* The attribute as a constant that input `input` reads. */
static bool add_as_input(struct onnx_writer *w, const struct rt_node *n, uint32_t i,
                         Onnx__NodeProto *to, uint32_t input, const char *name)
{
    const struct rt_attr_def *d = &n->op->attrs[i];
    const struct rt_attr *a = &n->attrs[i];
    const bool whole = d->type == RT_INT || d->type == RT_INTS || d->type == RT_BOOL;
    const uint32_t before = !strcmp(d->key, "scales") ? scales_before(w, n, i) : 0;
    const int64_t count = before + a->count;
    const struct rt_shape shape =
        rt_shape_of(d->type == RT_INTS || d->type == RT_FLOATS ? 1 : 0, &count);
    const char *value = onnx_fresh(w, n->name, name);
    void *data = onnx_new(w, (size_t)(count + 1) * sizeof(int64_t));
    if (!value || !data)
        return false;
    for (uint32_t k = 0; k < count; k++)
        if (whole)
            ((int64_t *)data)[k] = a->ints[k];
        else
            ((float *)data)[k] = k < before ? 1 : (float)a->floats[k - before];
    return onnx_add_initialiser(
               w, onnx_new_tensor(w, value, whole ? IMP_I64 : IMP_F32, &shape, data)) &&
           onnx_set_input(w, to, input, value);
}

/* The input that an attribute is in this operator set; 0: it is an attribute. */
static uint32_t input_of(const struct onnx_writer *w, const struct rt_op *op, uint32_t attr,
                         const char **name)
{
    for (uint32_t i = 0; i < 5; i++) {
        *name = onnx_input_name(op->onnx, w->opset, i);
        if (*name && onnx_attr_index(op, *name, true) == (int)attr)
            return i + 1;
    }
    return 0;
}

/* The constant that ConstantOfShape repeats: a tensor of its type. */
static bool add_fill(struct onnx_writer *w, const struct rt_node *n, uint32_t i,
                     Onnx__NodeProto *to)
{
    const bool whole = rt_int(n, (uint32_t)onnx_attr_index(n->op, "type", true)) != 0;
    const int64_t one = 1;
    const struct rt_shape shape = rt_shape_of(1, &one);
    void *data = onnx_new(w, sizeof(int64_t));
    if (!data)
        return false;
    if (whole)
        *(int64_t *)data = (int64_t)rt_float(n, i);
    else
        *(float *)data = (float)rt_float(n, i);
    return onnx_add_tensor(w, to, "value",
                           onnx_new_tensor(w, "", whole ? IMP_I64 : IMP_F32, &shape, data));
}

/* ONNX wants it always, whatever our default. */
static bool is_required(const struct rt_op *op, const struct rt_attr_def *d)
{
    return !strcmp(op->onnx, "Concat") && !strcmp(d->key, "axis");
}

/* Floats of other widths are float32 here, and in what we write. */
static int64_t cast_to(int64_t type)
{
    const bool known = type > 0 && type <= INT32_MAX;
    return known && onnx_type_becomes((int32_t)type) == IMP_F32
               ? ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
               : type;
}

static bool write_attr(struct onnx_writer *w, const struct rt_node *n, uint32_t i,
                       Onnx__NodeProto *to)
{
    const char *name;
    const struct rt_op *op = n->op;
    const struct rt_attr_def *d = &op->attrs[i];
    const uint32_t input = input_of(w, op, i, &name);
    if (!strcmp(op->onnx, "ConstantOfShape") && !strcmp(d->key, "value"))
        return add_fill(w, n, i, to);
    if (!strcmp(op->onnx, "Cast") && !strcmp(d->key, "to"))
        return onnx_add_int(w, to, d->onnx, cast_to(rt_int(n, i)));
    if (is_required(op, d))
        return add_attr(w, n, i, to);
    if (!says_something(n, i) || (!input && !d->onnx))
        return true;
    if (input)
        return add_as_input(w, n, i, to, input - 1, name);
    /* ONNX 18 counts the outputs of Split only where no sizes do; before, the outputs themselves.
     */
    if (!strcmp(op->onnx, "Split") && !strcmp(d->onnx, "num_outputs") && w->opset < 18)
        return true;
    return add_attr(w, n, i, to);
}

/* Spatial sizes of a Resize name their axes. */
static bool write_axes(struct onnx_writer *w, const struct rt_node *n, Onnx__NodeProto *to)
{
    int64_t axes[RT_RANK];
    if (strcmp(n->op->onnx, "Resize") || later_of_resize(w, n) == BASE)
        return true;
    const uint32_t count = w->shapes[n->inputs[0]].ndim - 2;
    for (uint32_t i = 0; i < count; i++)
        axes[i] = i + 2;
    return onnx_add_ints(w, to, "axes", count, axes);
}

imp_status onnx_write_attrs(struct onnx_writer *w, uint32_t node, Onnx__NodeProto *to)
{
    const struct rt_node *n = &w->graph->nodes[node];
    bool fine = write_axes(w, n, to);
    for (uint32_t i = 0; i < n->op->attr_count && fine; i++)
        fine = write_attr(w, n, i, to);
    return fine ? IMP_OK : imp_fail(w->err, IMP_E_MEMORY, "node '%s': no memory", n->name);
}
