/* onnx_read.c - an ONNX model to a graph: operator set, inputs, constants, outputs, metadata. */
#include "onnx_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_META = 4096 };

static const char *text_of(const char *s)
{
    return s ? s : "";
}

static imp_status find_opset(struct onnx_reader *r)
{
    const Onnx__ModelProto *m = r->model;
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const char *domain = text_of(m->opset_import[i]->domain);
        if (!*domain || !strcmp(domain, "ai.onnx"))
            r->opset = m->opset_import[i]->version;
    }
    if (!m->graph)
        return imp_fail(r->err, IMP_E_INPUT, "no ONNX model: there is no graph in it");
    if (r->opset >= ONNX_OLDEST && r->opset <= ONNX_NEWEST)
        return IMP_OK;
    if (!r->opset && onnx_check_supported(r) != IMP_OK)
        return IMP_E_UNSUPPORTED; /* other domains only: their operators say more */
    return imp_fail(r->err, IMP_E_UNSUPPORTED,
                    "ONNX operator set %lld; %d to %d are read: export it again with one of them",
                    (long long)r->opset, ONNX_OLDEST, ONNX_NEWEST);
}

/* Everything that nodes read, and what the graph gives. */
static imp_status gather_reads(struct onnx_reader *r)
{
    const Onnx__GraphProto *g = r->model->graph;
    bool fine = true;
    for (size_t i = 0; i < g->n_output && fine; i++)
        fine = rt_names_find(&r->reads, text_of(g->output[i]->name)) >= 0 ||
               rt_names_add(&r->reads, text_of(g->output[i]->name), 1);
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_input && fine; k++)
            fine = rt_names_find(&r->reads, g->node[i]->input[k]) >= 0 ||
                   rt_names_add(&r->reads, g->node[i]->input[k], 0);
    return fine ? IMP_OK : imp_fail(r->err, IMP_E_MEMORY, "no memory for the names of the file");
}

static imp_status add_initialisers(struct onnx_reader *r)
{
    const Onnx__GraphProto *g = r->model->graph;
    imp_status st = IMP_OK;
    for (size_t i = 0; i < g->n_initializer && st == IMP_OK; i++) {
        const struct onnx_value v = {
            .name = text_of(g->initializer[i]->name), .ref = RT_ABSENT, .proto = g->initializer[i]};
        st = *v.name ? onnx_value_add(r, &v)
                     : imp_fail(r->err, IMP_E_INPUT, "tensor %zu of the file has no name", i);
    }
    return st;
}

/* ---- inputs of the graph ---- */

/* Must an operator know this input while planning? */
static bool is_static(const struct onnx_reader *r, const char *name)
{
    const Onnx__GraphProto *g = r->model->graph;
    for (size_t i = 0; i < g->n_node; i++) {
        const struct rt_op *op = onnx_op_of(g->node[i]);
        for (uint32_t k = 0; op && k < g->node[i]->n_input; k++) {
            if (strcmp(g->node[i]->input[k], name))
                continue;
            const struct onnx_goal goal = onnx_goal_of(g->node[i], op, r->opset, k);
            if (goal.slot < 0)
                return true;
            const uint32_t s = (uint32_t)goal.slot;
            if (s < op->slot_count && (op->slots[s].flags & RT_SLOT_STATIC))
                return true;
        }
    }
    return false;
}

/* *bound: it has become a constant. */
static imp_status bind_input(struct onnx_reader *r, const char *name, bool *bound)
{
    *bound = false;
    for (uint32_t i = 0; i < r->bound_count; i++) {
        struct rt_onnx_bound *b = &r->bound[i];
        if (strcmp(b->name, name) || (b->tensor->dtype == IMP_F32 && !is_static(r, name)))
            continue;
        const struct onnx_value v = {
            .name = name, .ref = RT_ABSENT, .fixed = 1, .tensor = rt_tensor_retain(b->tensor)};
        const imp_status st = onnx_value_add(r, &v);
        if (st != IMP_OK)
            rt_tensor_release(v.tensor);
        b->used = 1;
        *bound = true;
        return st;
    }
    return IMP_OK;
}

static imp_status read_declared(const struct onnx_reader *r, const char *name,
                                const Onnx__TypeProto *type, struct rt_shape *s)
{
    char buf[24];
    const bool tensor = type && type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    if (!tensor || !type->tensor_type->shape)
        return imp_fail(r->err, IMP_E_UNSUPPORTED, "input '%s' is %s", name,
                        tensor ? "a tensor of any number of axes: export it with a shape"
                               : "no tensor");
    const Onnx__TensorShapeProto *shape = type->tensor_type->shape;
    if (onnx_type_becomes(type->tensor_type->elem_type) != IMP_F32)
        return imp_fail(r->err, IMP_E_UNSUPPORTED,
                        "input '%s' is of type %s; inputs are floats, integers must be constants",
                        name, onnx_type_name(type->tensor_type->elem_type, buf));
    if (shape->n_dim > RT_RANK)
        return imp_fail(r->err, IMP_E_UNSUPPORTED, "input '%s' has %zu axes, at most %d are read",
                        name, shape->n_dim, RT_RANK);
    s->ndim = (uint32_t)shape->n_dim;
    for (uint32_t i = 0; i < s->ndim; i++) {
        const Onnx__TensorShapeProto__Dimension *d = shape->dim[i];
        const bool number = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (number && d->dim_value < -1)
            return imp_fail(r->err, IMP_E_INPUT, "input '%s': axis %u has %lld elements", name, i,
                            (long long)d->dim_value);
        s->dim[i] = number && d->dim_value > 0 ? d->dim_value : -1;
    }
    return IMP_OK;
}

static imp_status add_input(struct onnx_reader *r, const Onnx__ValueInfoProto *info)
{
    struct rt_shape shape = {.ndim = 0};
    const char *name = text_of(info->name);
    bool bound;
    if (!*name)
        return imp_fail(r->err, IMP_E_INPUT, "an input of the network has no name");
    if (onnx_value_find(r, name) >= 0)
        return IMP_OK; /* a constant: files before IR version 4 list them as inputs, too */
    imp_status st = bind_input(r, name, &bound);
    if (st != IMP_OK || bound)
        return st;
    st = read_declared(r, name, info->type, &shape);
    if (st != IMP_OK)
        return st;
    const int64_t n = rt_graph_add_node(r->graph, name, rt_op_find("input"), 0, NULL);
    if (n < 0 || !rt_names_add(&r->node_names, name, (uint32_t)n))
        return imp_fail(r->err, IMP_E_MEMORY, "no memory for input '%s'", name);
    r->graph->nodes[n].flags = IMP_NN_INPUT;
    r->graph->nodes[n].declared = shape;
    const struct onnx_value v = {.name = name, .ref = (int32_t)n};
    return onnx_value_add(r, &v);
}

/* ---- outputs and metadata ---- */

/* A constant that the graph gives is a node of its own. */
static imp_status give_constant(struct onnx_reader *r, uint32_t value)
{
    int32_t ref;
    const imp_status st = onnx_value_wire(r, value, ONNX_OPERAND, &ref);
    if (st != IMP_OK)
        return st;
    const int64_t n =
        rt_graph_add_node(r->graph, r->values[value].name, rt_op_find("constant"), 1, &ref);
    if (n < 0)
        return imp_fail(r->err, IMP_E_MEMORY, "no memory for output '%s'", r->values[value].name);
    r->values[value].ref = (int32_t)n;
    return IMP_OK;
}

static imp_status mark_outputs(struct onnx_reader *r)
{
    const Onnx__GraphProto *g = r->model->graph;
    for (size_t i = 0; i < g->n_output; i++) {
        const char *name = text_of(g->output[i]->name);
        const int64_t value = onnx_value_find(r, name);
        imp_status st = IMP_OK;
        if (value < 0)
            return imp_fail(r->err, IMP_E_INPUT, "output '%s' is made by no node", name);
        if (r->values[value].ref < 0)
            st = give_constant(r, (uint32_t)value);
        if (st != IMP_OK)
            return st;
        r->graph->nodes[r->values[value].ref].flags |= IMP_NN_OUTPUT;
    }
    return IMP_OK;
}

static imp_status add_meta(struct onnx_reader *r)
{
    const Onnx__ModelProto *m = r->model;
    char producer[200], opset[16];
    bool fine = true;
    if (m->n_metadata_props > MOST_META)
        return imp_fail(r->err, IMP_E_INPUT, "%zu lines of metadata, at most %d are read",
                        m->n_metadata_props, MOST_META);
    for (size_t i = 0; i < m->n_metadata_props && fine; i++)
        fine = rt_graph_set_meta(r->graph, text_of(m->metadata_props[i]->key),
                                 text_of(m->metadata_props[i]->value));
    snprintf(producer, sizeof producer, "%.90s%s%.90s", text_of(m->producer_name),
             text_of(m->producer_version)[0] ? " " : "", text_of(m->producer_version));
    snprintf(opset, sizeof opset, "%lld", (long long)r->opset);
    fine = fine && (!*producer || rt_graph_set_meta(r->graph, "onnx.producer", producer)) &&
           rt_graph_set_meta(r->graph, "onnx.opset", opset);
    return fine ? IMP_OK : imp_fail(r->err, IMP_E_MEMORY, "no memory for the file's metadata");
}

/* ---- all of it ---- */

static imp_status build(struct onnx_reader *r)
{
    const Onnx__GraphProto *g = r->model->graph;
    imp_status st = onnx_check_supported(r);
    if (st == IMP_OK)
        st = gather_reads(r);
    if (st == IMP_OK)
        st = add_initialisers(r);
    for (size_t i = 0; i < g->n_input && st == IMP_OK; i++)
        st = add_input(r, g->input[i]);
    if (st == IMP_OK)
        st = onnx_nodes_add(r);
    if (st == IMP_OK)
        st = mark_outputs(r);
    if (st == IMP_OK)
        st = add_meta(r);
    return st == IMP_OK ? rt_graph_finish(r->graph, r->err) : st;
}

static imp_status read_model(struct onnx_reader *r, const void *data, size_t size)
{
    ProtobufCMessage *message;
    imp_status st =
        onnx_unpack(&onnx__model_proto__descriptor, data, size, &r->room, &message, r->err);
    if (st != IMP_OK)
        return st;
    r->model = (Onnx__ModelProto *)(void *)message;
    st = find_opset(r);
    r->graph = rt_graph_new();
    if (st == IMP_OK)
        st = r->graph ? build(r) : imp_fail(r->err, IMP_E_MEMORY, "no memory for a network");
    onnx_values_free(r);
    onnx_release(&r->room, message);
    return st;
}

imp_status rt_onnx_read_bound(const void *data, size_t size, const char *path, uint32_t count,
                              struct rt_onnx_bound *bound, struct rt_graph **out, imp_error *err)
{
    char text[3072] = "";
    imp_error inner = {.struct_size = sizeof inner, .text_cap = sizeof text, .text = text};
    struct onnx_reader r = {.path = path, .bound = bound, .bound_count = count, .err = &inner};
    const imp_status st = read_model(&r, data, size);
    if (st == IMP_OK) {
        *out = r.graph;
        return IMP_OK;
    }
    rt_graph_free(r.graph);
    return imp_fail(err, st, "%s", text);
}

imp_status rt_onnx_read(const void *data, size_t size, const char *path, struct rt_graph **out,
                        imp_error *err)
{
    return rt_onnx_read_bound(data, size, path, 0, NULL, out, err);
}

imp_status rt_onnx_read_tensor(const void *data, size_t size, struct rt_tensor **out,
                               imp_error *err)
{
    struct onnx_room room;
    ProtobufCMessage *message;
    imp_status st = onnx_unpack(&onnx__tensor_proto__descriptor, data, size, &room, &message, err);
    if (st != IMP_OK)
        return st;
    Onnx__TensorProto *t = (Onnx__TensorProto *)(void *)message;
    st = onnx_tensor_read(&room, t, text_of(t->name), NULL, out, err);
    onnx_release(&room, message);
    return st;
}
