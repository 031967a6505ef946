/* onnx_write_node.c - nodes for ONNX: several nodes of ours are one with several outputs there, and
 * what ONNX says differently is said in its words. */
#include "onnx_writer.h"

#include <string.h>

static imp_status no_memory(const struct onnx_writer *w, const struct rt_node *n)
{
    return imp_fail(w->err, IMP_E_MEMORY, "node '%s': no memory", n->name);
}

static const char *value_of(const struct onnx_writer *w, int32_t ref)
{
    return rt_is_param(ref) ? w->params[rt_param_of(ref)] : w->values[ref];
}

static bool write_inputs(struct onnx_writer *w, const struct rt_node *n, Onnx__NodeProto *to)
{
    for (uint32_t s = 0; s < n->input_count; s++)
        if (n->inputs[s] != RT_ABSENT && !onnx_set_input(w, to, s, value_of(w, n->inputs[s])))
            return false;
    return true;
}

/* ---- outputs ---- */

static bool same_attr(const struct rt_attr *a, const struct rt_attr *b)
{
    if (a->given != b->given || a->count != b->count || !a->ints != !b->ints)
        return false;
    return (!a->ints || !memcmp(a->ints, b->ints, a->count * sizeof *a->ints)) &&
           (!a->floats ||
            (b->floats && !memcmp(a->floats, b->floats, a->count * sizeof *a->floats)));
}

/* Both are outputs of one operator: all is equal but which output. */
static bool is_sibling(const struct rt_node *a, const struct rt_node *b, uint32_t which)
{
    if (a->op != b->op || a->input_count != b->input_count ||
        memcmp(a->inputs, b->inputs, a->input_count * sizeof *a->inputs))
        return false;
    for (uint32_t i = 0; i < a->op->attr_count; i++)
        if (i != which && !same_attr(&a->attrs[i], &b->attrs[i]))
            return false;
    return true;
}

/* How many parts a Split has; 0: not known here. */
static uint32_t split_parts(const struct onnx_writer *w, const struct rt_node *n)
{
    const struct rt_attr *sizes = &n->attrs[onnx_attr_index(n->op, "split", true)];
    const int32_t slot = n->input_count > 1 ? n->inputs[1] : RT_ABSENT;
    if (sizes->given)
        return sizes->count;
    if (rt_is_param(slot))
        return (uint32_t)w->graph->params[rt_param_of(slot)].tensor->count;
    if (slot >= 0)
        return w->shapes[slot].ndim == 1 && w->shapes[slot].dim[0] > 0
                   ? (uint32_t)w->shapes[slot].dim[0]
                   : 0;
    return (uint32_t)rt_int(n, (uint32_t)onnx_attr_index(n->op, "num_outputs", true));
}

/* Parts of a Split that nobody reads still have places, and names. */
static imp_status fill_outputs(struct onnx_writer *w, const struct rt_node *n, Onnx__NodeProto *to)
{
    const uint32_t parts = split_parts(w, n);
    if (!parts || parts < to->n_output)
        return imp_fail(w->err, IMP_E_UNSUPPORTED,
                        "node '%s': how many parts it makes depends on the input's size, which "
                        "ONNX cannot say",
                        n->name);
    for (uint32_t i = 0; i < parts; i++)
        if (i >= to->n_output || !*to->output[i]) {
            const char *rest = onnx_fresh(w, n->name, "rest");
            if (!rest || !onnx_set_output(w, to, i, rest))
                return no_memory(w, n);
        }
    return IMP_OK;
}

static imp_status write_outputs(struct onnx_writer *w, uint32_t node, Onnx__NodeProto *to)
{
    const struct rt_node *n = &w->graph->nodes[node];
    const int which = onnx_output_attr(n->op);
    const uint32_t own = which < 0 ? 0 : (uint32_t)rt_int(n, (uint32_t)which);
    if (own > UINT16_MAX || !onnx_set_output(w, to, own, w->values[node]))
        return no_memory(w, n);
    for (uint32_t i = node + 1; which >= 0 && i < w->graph->node_count; i++) {
        const struct rt_node *other = &w->graph->nodes[i];
        if (w->done[i] || !is_sibling(n, other, (uint32_t)which))
            continue;
        const int64_t place = rt_int(other, (uint32_t)which);
        if (place > UINT16_MAX || (place < (int64_t)to->n_output && *to->output[place]))
            continue; /* the same output again: a node of its own */
        if (!onnx_set_output(w, to, (uint32_t)place, w->values[i]))
            return no_memory(w, n);
        w->done[i] = 1;
    }
    return !strcmp(n->op->onnx, "Split") ? fill_outputs(w, n, to) : IMP_OK;
}

/* ---- nodes ---- */

/* Our constant is a parameter with a name as a value: a Constant, or what training changes. */
static imp_status write_constant(struct onnx_writer *w, uint32_t node)
{
    const struct rt_node *n = &w->graph->nodes[node];
    const struct rt_param *p = &w->graph->params[rt_param_of(n->inputs[0])];
    const bool fixed = (p->flags & RT_FIXED) != 0;
    Onnx__NodeProto *to = onnx_add_node(w, fixed ? "Constant" : "Identity", n->name);
    bool fine = to && onnx_set_output(w, to, 0, w->values[node]);
    if (fixed)
        fine = fine && onnx_add_tensor(w, to, "value",
                                       onnx_new_tensor(w, p->name, p->tensor->dtype,
                                                       &p->tensor->shape, p->tensor->data));
    else
        fine = fine && onnx_set_input(w, to, 0, value_of(w, n->inputs[0]));
    return fine ? IMP_OK : no_memory(w, n);
}

/* Softmax over all axes from one on, as operator sets until 12 had it: flattened, and back. */
static imp_status write_flat_softmax(struct onnx_writer *w, uint32_t node)
{
    const struct rt_node *n = &w->graph->nodes[node];
    const char *shape = onnx_fresh(w, n->name, "shape"), *flat = onnx_fresh(w, n->name, "flat");
    const char *rows = onnx_fresh(w, n->name, "rows"), *x = value_of(w, n->inputs[0]);
    const int64_t axis = rt_int(n, (uint32_t)onnx_attr_index(n->op, "axis", true));
    if (!shape || !flat || !rows)
        return no_memory(w, n);
    Onnx__NodeProto *s = onnx_add_node(w, "Shape", shape), *f = onnx_add_node(w, "Flatten", flat);
    Onnx__NodeProto *m = onnx_add_node(w, n->op->onnx, rows);
    Onnx__NodeProto *b = onnx_add_node(w, "Reshape", n->name);
    const bool fine = s && f && m && b && onnx_set_input(w, s, 0, x) &&
                      onnx_set_output(w, s, 0, shape) && onnx_set_input(w, f, 0, x) &&
                      onnx_add_int(w, f, "axis", axis) && onnx_set_output(w, f, 0, flat) &&
                      onnx_set_input(w, m, 0, flat) && onnx_add_int(w, m, "axis", 1) &&
                      onnx_set_output(w, m, 0, rows) && onnx_set_input(w, b, 0, rows) &&
                      onnx_set_input(w, b, 1, shape) && onnx_set_output(w, b, 0, w->values[node]);
    return fine ? IMP_OK : no_memory(w, n);
}

/* Is it a softmax whose axis is not simply the last? */
static bool is_flat_softmax(const struct onnx_writer *w, const struct rt_node *n)
{
    const int flat = onnx_attr_index(n->op, "flat", true);
    if (flat < 0 || !rt_int(n, (uint32_t)flat))
        return false;
    const uint32_t ndim = n->inputs[0] >= 0 ? w->shapes[n->inputs[0]].ndim : 0;
    const int64_t axis = rt_int(n, (uint32_t)onnx_attr_index(n->op, "axis", true));
    return axis != -1 && (!ndim || axis != (int64_t)ndim - 1);
}

static imp_status write_node(struct onnx_writer *w, uint32_t node)
{
    const struct rt_node *n = &w->graph->nodes[node];
    if (n->flags & IMP_NN_INPUT || w->done[node])
        return IMP_OK;
    if (!strcmp(n->op->name, "constant"))
        return write_constant(w, node);
    if (is_flat_softmax(w, n))
        return write_flat_softmax(w, node);
    Onnx__NodeProto *to = onnx_add_node(w, n->op->onnx, n->name);
    if (!to || !write_inputs(w, n, to))
        return no_memory(w, n);
    const imp_status st = write_outputs(w, node, to);
    return st == IMP_OK ? onnx_write_attrs(w, node, to) : st;
}

imp_status onnx_write_nodes(struct onnx_writer *w)
{
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < w->graph->node_count && st == IMP_OK; i++)
        st = write_node(w, i);
    return st;
}
