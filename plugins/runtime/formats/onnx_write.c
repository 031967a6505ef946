/* onnx_write.c - a graph as an ONNX file: operator set 13, or the oldest later one that has all it
 * needs; opened by what reads ONNX, and read back here as the same network. */
#include "onnx_writer.h"

#include <stdlib.h>
#include <string.h>

enum { OLDEST_WRITTEN = 13 };

static imp_status no_memory(const struct onnx_writer *w)
{
    return imp_fail(w->err, IMP_E_MEMORY, "no memory to write %u nodes", w->graph->node_count);
}

/* What checkers expect of a file with that operator set. */
static int64_t ir_version_of(int64_t opset)
{
    return opset < 15 ? 7 : opset < 19 ? 8 : opset < 21 ? 9 : 10;
}

static imp_status find_opset(struct onnx_writer *w)
{
    w->opset = OLDEST_WRITTEN;
    for (uint32_t i = 0; i < w->graph->node_count; i++) {
        const struct rt_node *n = &w->graph->nodes[i];
        int64_t needs = 0;
        if (n->flags & IMP_NN_INPUT || !strcmp(n->op->name, "constant"))
            continue;
        const imp_status st = onnx_opset_of(w, i, &needs);
        if (st != IMP_OK)
            return st;
        w->opset = needs > w->opset ? needs : w->opset;
    }
    return IMP_OK;
}

/* ---- names ---- */

/* Values go by the names of nodes, so that inputs and outputs keep theirs; parameters give way. */
static bool name_all(struct onnx_writer *w)
{
    const struct rt_graph *g = w->graph;
    for (uint32_t i = 0; i < g->node_count; i++)
        if (!(w->values[i] = onnx_fresh(w, g->nodes[i].name, "")))
            return false;
    for (uint32_t i = 0; i < g->param_count; i++)
        if (!(w->params[i] = onnx_fresh(w, g->params[i].name, "")))
            return false;
    return true;
}

/* ---- parameters ---- */

enum use { UNUSED = 0, READ = 1, WEIGHT = 2, SETTING = 4 };

static void find_uses(const struct rt_graph *g, uint8_t *uses)
{
    for (uint32_t i = 0; i < g->node_count; i++) {
        const struct rt_node *n = &g->nodes[i];
        for (uint32_t s = 0; s < n->input_count; s++) {
            const uint32_t last = n->op->slot_count - 1;
            const uint32_t flags = n->op->slots[s < last ? s : last].flags;
            if (!rt_is_param(n->inputs[s]))
                continue;
            uint8_t *use = &uses[rt_param_of(n->inputs[s])];
            if (strcmp(n->op->name, "constant") || !(g->params[use - uses].flags & RT_FIXED))
                *use |= READ;
            *use |= flags & RT_SLOT_PARAM ? WEIGHT : 0;
            *use |= flags & (RT_SLOT_STATIC | RT_SLOT_STATISTIC) ? SETTING : 0;
        }
    }
}

/* Weights are initialisers. What training leaves alone is a Constant node, and is so again when the
 * file is read. */
static bool write_params(struct onnx_writer *w, const uint8_t *uses)
{
    for (uint32_t i = 0; i < w->graph->param_count; i++) {
        const struct rt_param *p = &w->graph->params[i];
        const bool constant =
            (p->flags & RT_FIXED) && !(uses[i] & (WEIGHT | SETTING)) && p->tensor->dtype == IMP_F32;
        if (!(uses[i] & READ))
            continue;
        Onnx__TensorProto *t =
            onnx_new_tensor(w, w->params[i], p->tensor->dtype, &p->tensor->shape, p->tensor->data);
        Onnx__NodeProto *n = t && constant ? onnx_add_node(w, "Constant", w->params[i]) : NULL;
        if (constant ? !n || !onnx_set_output(w, n, 0, w->params[i]) ||
                           !onnx_add_tensor(w, n, "value", t)
                     : !onnx_add_initialiser(w, t))
            return false;
    }
    return true;
}

/* ---- the model around the nodes ---- */

static int32_t type_of(const struct onnx_writer *w, uint32_t node)
{
    const struct rt_node *n = &w->graph->nodes[node];
    const int which = onnx_output_attr(n->op);
    if (!strcmp(n->op->name, "dropout") && which >= 0 && rt_int(n, (uint32_t)which))
        return ONNX__TENSOR_PROTO__DATA_TYPE__BOOL; /* the mask */
    if (!w->plan || w->plan->info[node].dtype != IMP_I64)
        return ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    return !strcmp(n->op->name, "cast")
               ? (int32_t)rt_int(n, (uint32_t)onnx_attr_index(n->op, "to", true))
               : ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
}

static bool write_infos(struct onnx_writer *w)
{
    const struct rt_graph *g = w->graph;
    bool fine = true;
    for (uint32_t i = 0; i < g->node_count && fine; i++) {
        const struct rt_node *n = &g->nodes[i];
        if (n->flags & IMP_NN_INPUT)
            fine = onnx_add_info(w, false, w->values[i], ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
                                 &n->declared);
        if (n->flags & IMP_NN_OUTPUT && fine)
            fine =
                onnx_add_info(w, true, w->values[i], type_of(w, i), w->plan ? &w->shapes[i] : NULL);
    }
    return fine;
}

/* What the reader adds about a file is not a part of it. */
static bool write_meta(struct onnx_writer *w)
{
    for (uint32_t i = 0; i < w->graph->meta_count; i++) {
        const struct rt_meta *m = &w->graph->meta[i];
        if (!strncmp(m->key, "onnx.", 5))
            continue;
        Onnx__StringStringEntryProto *e = onnx_new(w, sizeof *e);
        if (!e)
            return false;
        *e = (Onnx__StringStringEntryProto)ONNX__STRING_STRING_ENTRY_PROTO__INIT;
        e->key = onnx_text(w, m->key);
        e->value = onnx_text(w, m->text);
        if (!e->key || !e->value ||
            !onnx_append(w, (void ***)(void *)&w->model->metadata_props,
                         &w->model->n_metadata_props, e))
            return false;
    }
    return true;
}

static bool make_model(struct onnx_writer *w)
{
    Onnx__ModelProto *m = onnx_new(w, sizeof *m);
    Onnx__GraphProto *g = onnx_new(w, sizeof *g);
    Onnx__OperatorSetIdProto *set = onnx_new(w, sizeof *set);
    if (!m || !g || !set)
        return false;
    *m = (Onnx__ModelProto)ONNX__MODEL_PROTO__INIT;
    *g = (Onnx__GraphProto)ONNX__GRAPH_PROTO__INIT;
    *set = (Onnx__OperatorSetIdProto)ONNX__OPERATOR_SET_ID_PROTO__INIT;
    set->domain = onnx_text(w, "");
    set->has_version = 1;
    set->version = w->opset;
    m->has_ir_version = 1;
    m->ir_version = ir_version_of(w->opset);
    m->producer_name = onnx_text(w, "impasto");
    m->graph = g;
    g->name = onnx_text(w, "network");
    w->model = m;
    return set->domain && m->producer_name && g->name &&
           onnx_append(w, (void ***)(void *)&m->opset_import, &m->n_opset_import, set);
}

static imp_status pack(struct onnx_writer *w, void **data, size_t *size)
{
    const size_t n = onnx__model_proto__get_packed_size(w->model);
    if (n > INT32_MAX)
        return imp_fail(w->err, IMP_E_LIMIT,
                        "%zu MiB: an ONNX file holds less than 2 GiB; save it as .safetensors",
                        n >> 20);
    uint8_t *bytes = malloc(n ? n : 1);
    if (!bytes)
        return imp_fail(w->err, IMP_E_MEMORY, "no memory for a file of %zu bytes", n);
    *size = onnx__model_proto__pack(w->model, bytes);
    *data = bytes;
    return IMP_OK;
}

static imp_status write_all(struct onnx_writer *w, uint8_t *uses, void **data, size_t *size)
{
    imp_status st = find_opset(w);
    if (st != IMP_OK)
        return st;
    find_uses(w->graph, uses);
    if (!make_model(w) || !name_all(w) || !write_infos(w) || !write_meta(w) ||
        !write_params(w, uses))
        return no_memory(w);
    st = onnx_write_nodes(w);
    return st == IMP_OK ? pack(w, data, size) : st;
}

/* Shapes and types as far as planning tells; a network that fits no size is written without. */
static imp_status look(struct onnx_writer *w)
{
    char why[256];
    const imp_status st = rt_probe(w->graph, w->shapes, why, w->err);
    if (st == IMP_OK && !*why && rt_probe_plan(w->graph, &w->plan, NULL) != IMP_OK)
        w->plan = NULL;
    return st;
}

imp_status rt_onnx_write(const struct rt_graph *g, void **data, size_t *size, imp_error *err)
{
    struct onnx_writer w = {.graph = g, .err = err};
    w.shapes = calloc(g->node_count + 1, sizeof *w.shapes);
    w.values = calloc(g->node_count + 1, sizeof *w.values);
    w.params = calloc(g->param_count + 1, sizeof *w.params);
    w.done = calloc(g->node_count + 1, 1);
    uint8_t *uses = calloc(g->param_count + 1, 1);
    imp_status st = w.shapes && w.values && w.params && w.done && uses ? look(&w) : no_memory(&w);
    if (st == IMP_OK)
        st = write_all(&w, uses, data, size);
    rt_plan_free(w.plan);
    rt_names_free(&w.names);
    onnx_arena_free(&w);
    free(uses);
    free(w.done);
    free(w.params);
    free(w.values);
    free(w.shapes);
    return st;
}
