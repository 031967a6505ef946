/* onnx_scope.c - the list of operators and types, apart from the runtime's own tables, so that
 * nothing leaves the scope by leaving a table. */
#include "onnx_scope.h"
#include <formats/onnx_file.h>

#include <stdio.h>
#include <string.h>

static const char *const promised[] = {
    "Conv",
    "ConvTranspose",
    "Gemm",
    "MatMul",
    "Relu",
    "LeakyRelu",
    "PRelu",
    "Elu",
    "Sigmoid",
    "Tanh",
    "HardSwish",
    "Gelu",
    "Softmax",
    "LogSoftmax",
    "Clip",
    "MaxPool",
    "AveragePool",
    "GlobalAveragePool",
    "BatchNormalization",
    "InstanceNormalization",
    "LayerNormalization",
    "LRN",
    "Dropout",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Sqrt",
    "Exp",
    "Log",
    "Neg",
    "Abs",
    "Concat",
    "Split",
    "Slice",
    "Flatten",
    "Reshape",
    "Transpose",
    "Squeeze",
    "Unsqueeze",
    "Pad",
    "Resize",
    "Upsample",
    "ReduceMean",
    "ReduceSum",
    "ReduceMax",
    "Identity",
    "Constant",
    "Shape",
    "Gather",
    "Cast",
    "ConstantOfShape",
};

static bool is_promised(const Onnx__NodeProto *n)
{
    if (n->domain && *n->domain && strcmp(n->domain, "ai.onnx"))
        return false;
    for (size_t i = 0; i < RT_COUNT(promised); i++)
        if (!strcmp(promised[i], n->op_type))
            return true;
    return false;
}

static void note_op(struct onnx_case *c, const char *op)
{
    for (size_t i = 0; i < c->op_count; i++)
        if (!strcmp(c->ops[i], op))
            return;
    if (c->op_count < CASE_OPS)
        snprintf(c->ops[c->op_count++], sizeof c->ops[0], "%s", op);
}

static bool leave(struct onnx_case *c, const char *what, const char *name)
{
    snprintf(c->why, sizeof c->why, "%s %s", what, name);
    c->verdict = ONNX_OUT_OF_SCOPE;
    return false;
}

/* Is an integer a setting (sizes, axes, indices) wherever it is read, or is it computed with? */
static bool is_setting(const Onnx__GraphProto *g, const char *name)
{
    static const char *const settled[] = {
        "Reshape",  "Slice",  "Squeeze",   "Unsqueeze",       "Split",      "Pad",       "Resize",
        "Upsample", "Gather", "ReduceSum", "ConstantOfShape", "ReduceMean", "ReduceMax", "Pow"};
    for (size_t i = 0; i < g->n_node; i++)
        for (size_t k = 0; k < g->node[i]->n_input; k++) {
            bool found = strcmp(g->node[i]->input[k], name) != 0;
            for (size_t o = 0; o < RT_COUNT(settled) && !found; o++)
                found = !strcmp(settled[o], g->node[i]->op_type) &&
                        (k > 0 || !strcmp(settled[o], "ConstantOfShape"));
            if (!found)
                return false;
        }
    return true;
}

/* MaxPool's second output is where in the picture a maximum was. */
static bool is_index(const Onnx__GraphProto *g, const char *name)
{
    for (size_t i = 0; i < g->n_node; i++)
        if (!strcmp(g->node[i]->op_type, "MaxPool") && g->node[i]->n_output > 1 &&
            !strcmp(g->node[i]->output[1], name))
            return true;
    return false;
}

/* Floats are float32; integers are settings, or what is known of shapes. */
static bool check_type(struct onnx_case *c, const Onnx__GraphProto *g, bool input,
                       const Onnx__ValueInfoProto *info)
{
    char buf[24], what[48];
    const Onnx__TypeProto *t = info->type;
    if (!t || t->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
        return leave(c, "type", "of no tensor");
    const int32_t type = t->tensor_type->elem_type;
    const bool whole = type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64 ||
                       type == ONNX__TENSOR_PROTO__DATA_TYPE__INT32;
    if (type == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return true;
    if (whole && (input ? is_setting(g, info->name) : !is_index(g, info->name)))
        return true;
    snprintf(what, sizeof what, "%s%s", onnx_type_name(type, buf), whole ? " that is data" : "");
    return leave(c, "type", what);
}

static bool check_opset(struct onnx_case *c, const Onnx__ModelProto *m)
{
    char version[32];
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const Onnx__OperatorSetIdProto *o = m->opset_import[i];
        snprintf(version, sizeof version, "%lld", (long long)o->version);
        if ((!o->domain || !*o->domain) && (o->version < ONNX_OLDEST || o->version > ONNX_NEWEST))
            return leave(c, "operator set", version);
    }
    return true;
}

bool onnx_scope_check(const Onnx__ModelProto *m, struct onnx_case *c)
{
    const Onnx__GraphProto *g = m->graph;
    const Onnx__NodeProto *foreign = NULL;
    for (size_t i = 0; i < g->n_node; i++) {
        note_op(c, g->node[i]->op_type);
        if (!foreign && !is_promised(g->node[i]))
            foreign = g->node[i];
    }
    if (foreign)
        return leave(c, "operator", foreign->op_type);
    for (size_t i = 0; i < g->n_input; i++)
        if (!check_type(c, g, true, g->input[i]))
            return false;
    for (size_t i = 0; i < g->n_output; i++)
        if (!check_type(c, g, false, g->output[i]))
            return false;
    return check_opset(c, m);
}
