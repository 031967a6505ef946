/* onnx_nodes.c - nodes of an ONNX file into the graph: each output that somebody reads is one node.
 */
#include "onnx_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ATTRIBUTES = 256 }; /* no operator has more than 15 */

/* A node on its way. */
struct draft {
    const Onnx__NodeProto *proto;
    const struct rt_op *op;
    const char *name, *other;       /* as it will be called; its other name, or NULL */
    uint32_t output, count;         /* which of the file's outputs; slots in refs */
    int32_t *refs;                  /* by slot */
    const struct rt_tensor **given; /* by attribute: constants that came as inputs */
    const struct rt_tensor *scales; /* of Resize */
};

/* A phrase about the node, with the node in front. */
__attribute__((format(printf, 4, 5))) static imp_status
refuse(const struct onnx_reader *r, const struct draft *d, imp_status st, const char *format, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return imp_fail(r->err, st, "node '%s' (%s): %s", d->name, d->proto->op_type, text);
}

/* ---- inputs ---- */

static imp_status refuse_unknown(const struct onnx_reader *r, const struct draft *d,
                                 const char *input)
{
    const Onnx__GraphProto *g = r->model->graph;
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_output; k++)
            if (!strcmp(g->node[i]->output[k], input))
                return refuse(r, d, IMP_E_INPUT,
                              "it reads '%s', which node %zu makes only later: a cycle, or nodes "
                              "out of order",
                              input, i);
    return refuse(r, d, IMP_E_INPUT, "it reads '%s', which nothing in the file makes", input);
}

/* Settings that are constants go into the table's attribute, which a text can show. */
static bool goes_to_attr(const struct draft *d, const struct onnx_goal *goal,
                         const struct rt_tensor *t)
{
    if (goal->attr < 0)
        return false;
    if (goal->slot < 0)
        return true;
    const uint32_t type = d->op->attrs[goal->attr].type;
    const bool list = type == RT_INTS || type == RT_FLOATS;
    const bool numbers = t->dtype == IMP_I64 ? type == RT_INTS || type == RT_INT || type == RT_BOOL
                                             : type == RT_FLOATS || type == RT_FLOAT;
    return !(d->op->slots[goal->slot].flags & RT_SLOT_PARAM) && numbers &&
           (list ? t->shape.ndim == 1 : t->count == 1);
}

/* Planning needs it before there is any input. */
static bool is_too_late(const struct onnx_reader *r, const struct draft *d, uint32_t value,
                        uint32_t slot)
{
    const int32_t ref = r->values[value].ref;
    return slot < d->op->slot_count && (d->op->slots[slot].flags & RT_SLOT_STATIC) && ref >= 0 &&
           (r->graph->nodes[ref].flags & IMP_NN_INPUT);
}

static imp_status wire(struct onnx_reader *r, struct draft *d, uint32_t value, uint32_t slot)
{
    if (is_too_late(r, d, value, slot))
        return refuse(r, d, IMP_E_UNSUPPORTED,
                      "its %s must be known before it runs, and '%s' is an input of the network",
                      d->op->slots[slot].name, r->values[value].name);
    const uint32_t last = d->op->slot_count - 1;
    const uint32_t flags = d->op->slots[slot < last ? slot : last].flags;
    const enum onnx_use use = flags & (RT_SLOT_STATIC | RT_SLOT_STATISTIC) ? ONNX_SETTING
                              : flags & RT_SLOT_PARAM                      ? ONNX_WEIGHT
                                                                           : ONNX_OPERAND;
    return onnx_value_wire(r, value, use, &d->refs[slot]);
}

static imp_status place_input(struct onnx_reader *r, struct draft *d, uint32_t i)
{
    const char *name = d->proto->input[i];
    const struct onnx_goal goal = onnx_goal_of(d->proto, d->op, r->opset, i);
    if (!*name)
        return IMP_OK;
    const int64_t value = onnx_value_find(r, name);
    if (value < 0)
        return refuse_unknown(r, d, name);
    const struct onnx_value *v = &r->values[value];
    const bool constant = v->proto || v->tensor;
    const struct rt_tensor *t = NULL;
    if (constant && goal.attr >= 0) {
        const imp_status st = onnx_value_tensor(r, (uint32_t)value, &t);
        if (st != IMP_OK)
            return st;
        if (!strcmp(d->op->attrs[goal.attr].key, "scales"))
            d->scales = t;
        if (t->count == 0 && !strcmp(d->proto->op_type, "Resize"))
            return IMP_OK; /* before 13 what is left out had to be there, empty */
        if (goes_to_attr(d, &goal, t)) {
            d->given[goal.attr] = t;
            return IMP_OK;
        }
    }
    if (goal.slot >= 0)
        return wire(r, d, (uint32_t)value, (uint32_t)goal.slot);
    if (onnx_input_is_idle(d->proto, r->opset, i))
        return IMP_OK;
    if (goal.attr >= 0)
        return refuse(r, d, IMP_E_UNSUPPORTED, "its %s ('%s') must be a constant",
                      d->op->attrs[goal.attr].key, name);
    return refuse(r, d, IMP_E_UNSUPPORTED, "its input %u ('%s') is one too many for %s", i, name,
                  d->op->name);
}

/* What was an attribute once and is a slot now. */
static imp_status place_attribute(struct onnx_reader *r, struct draft *d,
                                  const Onnx__AttributeProto *a)
{
    char name[512];
    const int slot = onnx_attr_of(d->op, a->name) < 0 ? onnx_slot_of(d->op, a->name) : -1;
    if (slot < 0 || a->t || a->has_s)
        return IMP_OK;
    snprintf(name, sizeof name, "%.400s.%.60s", d->name, a->name);
    return onnx_param_add(r, name, onnx_attr_tensor(a), RT_FIXED, &d->refs[slot]);
}

static imp_status place_all(struct onnx_reader *r, struct draft *d)
{
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < d->count; i++)
        d->refs[i] = RT_ABSENT;
    for (size_t i = 0; i < d->proto->n_attribute && st == IMP_OK; i++) {
        const Onnx__AttributeProto *a = d->proto->attribute[i];
        if (!a->name || onnx_attr_find(d->proto, a->name) != a)
            return refuse(r, d, IMP_E_INPUT, "its attribute %s is there twice",
                          a->name ? a->name : "(without a name)");
        st = place_attribute(r, d, a);
    }
    for (uint32_t i = 0; i < d->proto->n_input && st == IMP_OK; i++)
        st = place_input(r, d, i);
    while (d->count && d->refs[d->count - 1] == RT_ABSENT)
        d->count--;
    return st;
}

/* ---- attributes ---- */

static imp_status set_attribute(struct onnx_reader *r, struct rt_node *node, const struct draft *d,
                                const Onnx__AttributeProto *a, imp_error *err)
{
    bool done;
    const int i = onnx_attr_of(d->op, a->name);
    const imp_status st = onnx_attr_special(r, node, a, &done, err);
    if (done)
        return st;
    if (i >= 0)
        return onnx_attr_set(node, i, a, err);
    if ((onnx_slot_of(d->op, a->name) >= 0 && !a->t && !a->has_s) || onnx_attr_is_idle(d->proto, a))
        return IMP_OK;
    return imp_fail(err, IMP_E_UNSUPPORTED, "its attribute %s, with this value, is not supported",
                    a->name);
}

static imp_status set_all(struct onnx_reader *r, struct rt_node *node, const struct draft *d,
                          imp_error *err)
{
    imp_status st = IMP_OK;
    for (size_t i = 0; i < d->proto->n_attribute && st == IMP_OK; i++)
        st = set_attribute(r, node, d, d->proto->attribute[i], err);
    for (uint32_t i = 0; i < d->op->attr_count && st == IMP_OK; i++)
        if (d->given[i])
            st = onnx_attr_set_tensor(node, (int)i, d->given[i], err);
    if (st == IMP_OK)
        st = onnx_node_fit(d->proto, r->opset, d->output, d->scales, node, err);
    return st;
}

/* ---- the node ---- */

static bool is_output(const struct onnx_reader *r, const char *value)
{
    return rt_names_find(&r->reads, value) == 1;
}

/* Results of the whole network, and one result among several, go by the name of the value; nobody
 * else takes a result's name. */
static void choose_name(const struct onnx_reader *r, struct draft *d)
{
    const Onnx__NodeProto *n = d->proto;
    const char *value = n->output[d->output];
    d->name = onnx_pick_name(n->name, n->op_type, value, &d->other);
    const bool taken = is_output(r, d->name) && strcmp(d->name, value);
    if (!taken && !is_output(r, value) && (n->n_output == 1 || d->output == 0))
        return;
    d->name = value;
    d->other = n->name && *n->name && strcmp(n->name, value) ? n->name : NULL;
}

static imp_status enter(struct onnx_reader *r, const struct draft *d)
{
    char buf[512], text[512] = "";
    imp_error inner = {.struct_size = sizeof inner, .text_cap = sizeof text, .text = text};
    struct rt_graph *g = r->graph;
    const char *value = d->proto->output[d->output];
    const char *unique = onnx_unique(&r->node_names, d->name, buf);
    const int64_t n = rt_graph_add_node(g, unique, d->op, d->count, d->refs);
    if (n < 0 || !rt_names_add(&r->node_names, g->nodes[n].name, (uint32_t)n) ||
        (d->other && !(g->nodes[n].value = strdup(d->other))))
        return refuse(r, d, IMP_E_MEMORY, "no memory");
    const imp_status st = set_all(r, &g->nodes[n], d, &inner);
    if (st != IMP_OK)
        return *text ? refuse(r, d, st, "%s", text) : st;
    const struct onnx_value v = {.name = value, .ref = (int32_t)n};
    return onnx_value_add(r, &v);
}

static imp_status add_output(struct onnx_reader *r, const Onnx__NodeProto *n,
                             const struct rt_op *op, uint32_t output)
{
    struct draft d = {.proto = n, .op = op, .output = output};
    choose_name(r, &d);
    if (n->n_input > UINT32_MAX / 2 || n->n_attribute > MOST_ATTRIBUTES)
        return refuse(r, &d, IMP_E_INPUT, "it has %zu inputs and %zu attributes", n->n_input,
                      n->n_attribute);
    d.count = n->n_input > op->slot_count ? (uint32_t)n->n_input : op->slot_count;
    d.refs = calloc(d.count + 1, sizeof *d.refs);
    d.given = calloc(op->attr_count + 1, sizeof *d.given);
    imp_status st = d.refs && d.given ? place_all(r, &d) : refuse(r, &d, IMP_E_MEMORY, "no memory");
    if (st == IMP_OK)
        st = enter(r, &d);
    free(d.refs);
    free(d.given);
    return st;
}

/* A Constant node is a name for a tensor. */
static imp_status add_constant(struct onnx_reader *r, const Onnx__NodeProto *n)
{
    struct onnx_value v = {.ref = RT_ABSENT, .fixed = 1};
    if (n->n_output != 1 || n->n_attribute != 1 || !n->attribute[0]->name)
        return imp_fail(r->err, IMP_E_INPUT, "node '%s' (Constant): not one output of one value",
                        n->name ? n->name : "");
    const Onnx__AttributeProto *a = n->attribute[0];
    v.name = n->output[0];
    v.proto = a->t;
    if (!v.proto && strncmp(a->name, "value", 5))
        return imp_fail(r->err, IMP_E_UNSUPPORTED, "node '%s' (Constant): its value is %s", v.name,
                        a->name);
    if (!v.proto)
        v.tensor = onnx_attr_tensor(a);
    if (!v.proto && !v.tensor)
        return imp_fail(r->err, IMP_E_MEMORY, "node '%s' (Constant): no memory", v.name);
    const imp_status st = onnx_value_add(r, &v);
    if (st != IMP_OK)
        rt_tensor_release(v.tensor);
    return st;
}

static imp_status add_node(struct onnx_reader *r, const Onnx__NodeProto *n)
{
    const struct rt_op *op = onnx_op_of(n);
    imp_status st = IMP_OK;
    bool any = false;
    if (!op)
        return add_constant(r, n);
    for (uint32_t k = 0; k < n->n_output && st == IMP_OK; k++)
        if (*n->output[k] && rt_names_find(&r->reads, n->output[k]) >= 0) {
            any = true;
            st = add_output(r, n, op, k);
        }
    /* A node that nobody reads is still there to be asked for its value. */
    if (!any && n->n_output && *n->output[0])
        st = add_output(r, n, op, 0);
    return st;
}

imp_status onnx_nodes_add(struct onnx_reader *r)
{
    const Onnx__GraphProto *g = r->model->graph;
    imp_status st = IMP_OK;
    for (size_t i = 0; i < g->n_node && st == IMP_OK; i++)
        st = add_node(r, g->node[i]);
    return st;
}
