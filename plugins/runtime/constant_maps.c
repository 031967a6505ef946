/* constant_maps.c - see rescale.h.
 *     y[o] = b[o] + sum over c, t of w[o][c][t] x[c]; x[c] = v everywhere: b[o] + v sum over t of
 * w[o][c][t] */
#include "rescale.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { X, WEIGHT, BIAS, MEAN = 3 /* of batch norm */ };
extern const struct rt_op rt_op_conv, rt_op_gemm, rt_op_batch_norm;

struct settling {
    const struct rt_graph *old;
    struct rt_graph *graph;
    uint32_t *uses;  /* by parameter: slots that read it */
    int32_t *reader; /* rt_sole_readers */
    uint32_t count;  /* channels */
    const float *value;
    double *gives;
};

/* ---- what is exact ---- */

static uint32_t attr_of(const struct rt_op *op, const char *key)
{
    uint32_t i = 0;
    while (strcmp(op->attrs[i].key, key) != 0)
        i++;
    return i;
}

static bool is_padded(const struct rt_node *n)
{
    uint32_t count = 0;
    bool padded = rt_int(n, attr_of(n->op, "auto_pad")) % 3 != 0; /* notset, valid: 0, 3 */
    const int64_t *pads = rt_ints(n, attr_of(n->op, "pad"), &count);
    for (uint32_t i = 0; i < count; i++)
        padded |= pads[i] != 0;
    return padded;
}

/* Does the node read the channels as rows of its weights, and may these be changed? */
static bool may_settle(const struct settling *s, const struct rt_node *n, uint32_t node)
{
    if ((n->op != &rt_op_conv && n->op != &rt_op_gemm) || n->inputs[X] != (int32_t)node ||
        !rt_is_param(n->inputs[WEIGHT]) || s->uses[rt_param_of(n->inputs[WEIGHT])] != 1)
        return false;
    if (n->op == &rt_op_conv)
        return !is_padded(n);
    return !rt_int(n, attr_of(n->op, "trans_a")) && rt_float(n, attr_of(n->op, "alpha")) == 1 &&
           rt_float(n, attr_of(n->op, "beta")) == 1;
}

/* The parameter that can take constants of the node over; *by: 1, or -1 where it is subtracted. */
static int64_t taker_of(const struct settling *s, uint32_t i, int64_t outputs, double *by)
{
    const struct rt_node *n = &s->old->nodes[i];
    const bool open = n->input_count <= BIAS || n->inputs[BIAS] == RT_ABSENT;
    const struct rt_node *next = s->reader[i] >= 0 ? &s->old->nodes[s->reader[i]] : NULL;
    int32_t ref = open ? RT_ABSENT : n->inputs[BIAS];
    *by = 1;
    if (open && next && next->op == &rt_op_batch_norm && next->inputs[X] == (int32_t)i) {
        ref = next->inputs[MEAN];
        *by = -1;
    }
    if (ref == RT_ABSENT || !rt_is_param(ref) || s->uses[rt_param_of(ref)] != 1)
        return -1;
    const struct rt_tensor *t = s->old->params[rt_param_of(ref)].tensor;
    return t->dtype == IMP_F32 && t->count == outputs ? (int64_t)rt_param_of(ref) : -1;
}

/* ---- numbers ---- */

static float *own_numbers(struct settling *s, uint32_t p)
{
    struct rt_param *param = &s->graph->params[p];
    if (param->tensor == s->old->params[p].tensor) {
        struct rt_tensor *copy = rt_tensor_new(IMP_F32, &param->tensor->shape);
        if (!copy)
            return NULL;
        memcpy(copy->data, param->tensor->data, (size_t)copy->count * sizeof(float));
        rt_tensor_release(param->tensor);
        param->tensor = copy;
    }
    return rt_floats(param->tensor);
}

/* Weights w[o * outer + c * inner + t], t < taps: what channel c gives to each of the outputs that
 * read it. */
struct rows {
    int64_t outputs, per_output, per_channel, taps, groups, channels; /* channels: of a group */
};

static struct rows rows_of(const struct rt_node *n, const struct rt_shape *w)
{
    if (n->op == &rt_op_conv) {
        const int64_t taps = rt_product(w, 2, w->ndim);
        return (struct rows){
            w->dim[0], w->dim[1] * taps, taps, taps, rt_int(n, attr_of(n->op, "groups")),
            w->dim[1]};
    }
    const bool across = rt_int(n, attr_of(n->op, "trans_b")) != 0;
    return across ? (struct rows){w->dim[0], w->dim[1], 1, 1, 1, w->dim[1]}
                  : (struct rows){w->dim[1], 1, w->dim[1], 1, 1, w->dim[0]};
}

static void take_over(const struct rows *r, float *w, int64_t c, double value, double *gives)
{
    const int64_t group = c / r->channels, each = r->outputs / r->groups;
    for (int64_t o = group * each; o < (group + 1) * each; o++) {
        float *at = w + o * r->per_output + c % r->channels * r->per_channel;
        for (int64_t t = 0; t < r->taps; t++) {
            gives[o] += value * (double)at[t];
            at[t] = 0;
        }
    }
}

static imp_status settle(struct settling *s, uint32_t i, uint32_t *settled, imp_error *err)
{
    const struct rt_node *n = &s->old->nodes[i];
    const uint32_t p = rt_param_of(n->inputs[WEIGHT]);
    const struct rows r = rows_of(n, &s->old->params[p].tensor->shape);
    double by;
    const int64_t taker = taker_of(s, i, r.outputs, &by);
    if (taker < 0 || r.channels * r.groups != (int64_t)s->count)
        return IMP_OK;
    float *w = own_numbers(s, p), *b = own_numbers(s, (uint32_t)taker);
    free(s->gives);
    s->gives = calloc((size_t)r.outputs, sizeof *s->gives);
    if (!w || !b || !s->gives)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the constants of '%s'", n->name);
    for (uint32_t c = 0; c < s->count; c++)
        if (isfinite(s->value[c]) && s->value[c] != 0) {
            take_over(&r, w, c, (double)s->value[c], s->gives);
            ++*settled;
        }
    for (int64_t o = 0; o < r.outputs; o++)
        b[o] = (float)(b[o] + by * s->gives[o]);
    return IMP_OK;
}

imp_status rt_settle_maps(const imp_nn_model *m, uint32_t node, uint32_t count, const float *value,
                          uint32_t *settled, imp_nn_model **out, imp_error *err)
{
    struct settling s = {.old = m->graph,
                         .graph = rt_graph_copy(m->graph),
                         .uses = calloc(m->graph->param_count + 1u, sizeof *s.uses),
                         .reader = calloc(m->graph->node_count, sizeof *s.reader),
                         .count = count,
                         .value = value};
    imp_status st = s.graph && s.uses && s.reader
                        ? IMP_OK
                        : imp_fail(err, IMP_E_MEMORY, "no memory for the constants of a network");
    *settled = 0;
    for (uint32_t i = 0; i < s.old->node_count && st == IMP_OK; i++)
        for (uint32_t k = 0; k < s.old->nodes[i].input_count; k++)
            if (rt_is_param(s.old->nodes[i].inputs[k]))
                s.uses[rt_param_of(s.old->nodes[i].inputs[k])]++;
    if (st == IMP_OK)
        rt_sole_readers(s.old, NULL, s.reader);
    for (uint32_t i = 0; i < s.old->node_count && st == IMP_OK; i++)
        if (may_settle(&s, &s.old->nodes[i], node))
            st = settle(&s, i, settled, err);
    if (st == IMP_OK)
        st = rt_graph_finish(s.graph, err);
    if (st == IMP_OK) {
        st = rt_model_new(s.graph, out, err);
        s.graph = NULL;
    }
    rt_graph_free(s.graph);
    free(s.uses), free(s.reader), free(s.gives);
    return st;
}
