/* arch_shape.c - what shape a parameter must have, from the graph so far: each node's value is
 * inferred at two sizes of the open axes, so that a parameter that depends on them is noticed. */
#include "arch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- values at both sizes ---- */

/* Open axes: a batch of 1, and sides that networks with many halvings take. */
static int64_t probe_size(uint32_t probe, uint32_t axis, uint32_t ndim)
{
    if (axis == 0)
        return 1;
    return probe == 0 ? 256 : axis + 1 == ndim ? 384 : 320;
}

static void infer_input(struct arch_reader *r, const struct arch_node *n)
{
    const struct rt_shape *declared = &r->graph->nodes[n->number].declared;
    struct arch_value *v = &r->values[n->number];
    for (uint32_t p = 0; p < ARCH_PROBES; p++) {
        struct rt_shape s = *declared;
        for (uint32_t a = 0; a < s.ndim; a++)
            if (s.dim[a] < 0) {
                s.dim[a] = probe_size(p, a, s.ndim);
                r->open_sizes = 1;
            }
        v->info[p] = (struct rt_info){.shape = s, .dtype = IMP_F32};
    }
    v->seen = 1;
}

/* What is known of parameters: contents where planning may read them. */
static struct rt_info param_info(const struct rt_graph *g, const struct rt_op *op, uint32_t slot,
                                 uint32_t param)
{
    const struct rt_param *p = &g->params[param];
    const bool read = p->tensor->dtype != IMP_F32 || (p->flags & RT_FIXED) ||
                      (arch_slot(op, slot)->flags & RT_SLOT_STATIC);
    return (struct rt_info){
        .shape = p->tensor->shape, .dtype = p->tensor->dtype, .known = read ? p->tensor : NULL};
}

/* The inputs of a node at one size; false: something is not known. */
static bool collect(const struct arch_reader *r, const struct rt_node *node, uint32_t probe,
                    struct rt_info *info, const struct rt_info **in)
{
    for (uint32_t s = 0; s < node->input_count; s++) {
        const int32_t ref = node->inputs[s];
        in[s] = NULL;
        if (ref == RT_ABSENT)
            continue;
        if (rt_is_param(ref))
            info[s] = param_info(r->graph, node->op, s, rt_param_of(ref));
        else if (!r->values[ref].seen)
            return false;
        else
            info[s] = r->values[ref].info[probe];
        in[s] = &info[s];
    }
    return true;
}

static imp_status infer_at(const struct arch_reader *r, const struct rt_node *node, uint32_t probe,
                           struct rt_info *info, const struct rt_info **in, struct arch_value *v,
                           imp_error *err)
{
    if (!collect(r, node, probe, info, in))
        return IMP_E_MISSING;
    struct rt_infer call = {.node = node, .in = in, .input_count = node->input_count};
    call.out.dtype = node->input_count && in[0] ? in[0]->dtype : (uint32_t)IMP_F32;
    imp_status st = node->op->infer(&call, err);
    v->owned[probe] = call.known;
    v->info[probe] = call.out;
    v->info[probe].known = call.known;
    if (st == IMP_OK && rt_count(&call.out.shape) < 0)
        st = imp_fail(err, IMP_E_INPUT, "its value would be larger than any memory");
    return st;
}

/* Are all required slots filled? A node whose tensors were not found is not asked. */
static bool is_whole(const struct rt_node *node)
{
    const uint32_t slots = node->op->slot_count;
    for (uint32_t s = 0; s < slots || s < node->input_count; s++)
        if ((s >= node->input_count || node->inputs[s] == RT_ABSENT) &&
            !(node->op->slots[s < slots ? s : slots - 1].flags & RT_SLOT_OPTIONAL))
            return false;
    return true;
}

void arch_infer(struct arch_reader *r, const struct arch_node *n)
{
    const struct rt_node *node = &r->graph->nodes[n->number];
    struct arch_value *v = &r->values[n->number];
    char why[300] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof why, .text = why};
    if (node->flags & IMP_NN_INPUT) {
        infer_input(r, n);
        return;
    }
    if (r->no_memory || r->mistake_count > n->prior || !is_whole(node))
        return;
    const size_t slots = node->input_count + (size_t)1;
    struct rt_info *info = calloc(slots, sizeof *info);
    const struct rt_info **in = calloc(slots, sizeof *in);
    imp_status st = info && in ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t p = 0; p < ARCH_PROBES && st == IMP_OK; p++)
        st = infer_at(r, node, p, info, in, v, &err);
    free(info);
    free(in);
    v->seen = st == IMP_OK;
    if (st == IMP_E_MEMORY)
        r->no_memory = true;
    else if (st != IMP_OK && st != IMP_E_MISSING && !r->open_sizes)
        arch_wrong(r, n->section->at, "[%s] %s: %s", n->section->name, n->op->name,
                   *why ? why : "its inputs do not fit");
    else if (st != IMP_OK && st != IMP_E_MISSING && !r->source)
        arch_wrong(r, n->section->at,
                   "[%s] %s: %s (tried with %d for open sizes: write the sizes "
                   "into the input's shape where the network takes no others)",
                   n->section->name, n->op->name, *why ? why : "its inputs do not fit", 256);
}

/* ---- the rules ---- */

struct rule {
    const char *op;
    uint32_t slot;
    enum arch_fill fill;
    bool (*shape)(struct arch_reader *, const struct arch_node *, const struct rt_shape *x,
                  struct rt_shape *out, struct arch_want *);
};

static bool untold(struct arch_want *w, const char *why)
{
    snprintf(w->why, sizeof w->why, "%s", why);
    return false;
}

static const struct rt_node *node_of(const struct arch_reader *r, const struct arch_node *n)
{
    return &r->graph->nodes[n->number];
}

/* Attribute by key, of any operator; NULL: not given. */
static const struct rt_attr *attr_of(const struct rt_node *node, const char *key)
{
    for (uint32_t i = 0; i < node->op->attr_count; i++)
        if (!strcmp(node->op->attrs[i].key, key))
            return node->attrs[i].given ? &node->attrs[i] : NULL;
    return NULL;
}

static int64_t int_of(const struct rt_node *node, const char *key, int64_t otherwise)
{
    const struct rt_attr *a = attr_of(node, key);
    return a && a->count ? a->ints[0] : otherwise;
}

/* The product of sizes that a file names; -1 where it is none. */
static int64_t times(int64_t a, int64_t b)
{
    return a > 0 && b > 0 && a <= INT64_MAX / b ? a * b : -1;
}

/* The tensor that is already wired to a slot; NULL: none. */
static const struct rt_tensor *tensor_of(const struct arch_reader *r, const struct rt_node *node,
                                         uint32_t slot)
{
    const int32_t ref = slot < node->input_count ? node->inputs[slot] : RT_ABSENT;
    return rt_is_param(ref) ? r->graph->params[rt_param_of(ref)].tensor : NULL;
}

/* Kernel sides behind the first two axes of a weight. */
static bool kernel_sides(const struct rt_node *node, uint32_t ndim, struct rt_shape *out,
                         struct arch_want *w)
{
    const struct rt_attr *kernel = attr_of(node, "kernel");
    if (!kernel || !kernel->count)
        return untold(w, "write kernel = 3, the sides of its windows");
    if (kernel->count != 1 && kernel->count != ndim - 2)
        return untold(w, "kernel has one number, or one for each side of the picture");
    out->ndim = ndim;
    for (uint32_t a = 2; a < ndim; a++)
        out->dim[a] = kernel->ints[kernel->count == 1 ? 0 : a - 2];
    return true;
}

static bool conv_weight(struct arch_reader *r, const struct arch_node *n, const struct rt_shape *x,
                        struct rt_shape *out, struct arch_want *w)
{
    const struct rt_node *node = node_of(r, n);
    const int64_t groups = int_of(node, "groups", 1);
    int64_t filters;
    if (!arch_size_key(r, n, "filters", &filters))
        return untold(w, "");
    if (filters < 0)
        return untold(w, "write filters = 64, how many channels it gives");
    if (x->ndim < 3 || groups < 1 || x->dim[1] % groups || filters % groups)
        return untold(w, "its input needs channels and sides, and groups must part channels and "
                         "filters evenly");
    if (!kernel_sides(node, x->ndim, out, w))
        return false;
    out->dim[0] = filters;
    out->dim[1] = x->dim[1] / groups;
    w->fan_in = (double)rt_product(out, 1, out->ndim);
    return true;
}

static bool conv_transpose_weight(struct arch_reader *r, const struct arch_node *n,
                                  const struct rt_shape *x, struct rt_shape *out,
                                  struct arch_want *w)
{
    struct arch_want turned = {0};
    const struct rt_node *node = node_of(r, n);
    const struct rt_attr *stride = attr_of(node, "stride");
    const int64_t groups = int_of(node, "groups", 1);
    if (!conv_weight(r, n, x, out, &turned))
        return untold(w, turned.why);
    const int64_t filters = out->dim[0];
    out->dim[0] = x->dim[1];
    out->dim[1] = filters / groups;
    w->fan_in = turned.fan_in; /* a pixel sees one window in stride * stride of them */
    for (uint32_t a = 2; stride && stride->count && a < out->ndim; a++) {
        const int64_t s = stride->ints[a - 2 < stride->count ? a - 2 : stride->count - 1];
        w->fan_in /= s > 1 ? (double)s : 1;
    }
    return true;
}

/* As many as filters or units say, or as the weight has. */
static bool bias_shape(struct arch_reader *r, const struct arch_node *n, const char *key,
                       uint32_t axis, int64_t groups, struct rt_shape *out, struct arch_want *w)
{
    const struct rt_tensor *weight = tensor_of(r, node_of(r, n), 1);
    int64_t count;
    if (!arch_size_key(r, n, key, &count))
        return untold(w, "");
    if (count < 0 && (!weight || weight->shape.ndim <= axis))
        return untold(w, "its weight is not there");
    out->ndim = 1;
    out->dim[0] = count > 0 ? count : times(weight->shape.dim[axis], groups);
    return out->dim[0] > 0 || untold(w, "groups is no number of them");
}

static bool conv_bias(struct arch_reader *r, const struct arch_node *n, const struct rt_shape *x,
                      struct rt_shape *out, struct arch_want *w)
{
    (void)x;
    return bias_shape(r, n, "filters", 0, 1, out, w);
}

static bool conv_transpose_bias(struct arch_reader *r, const struct arch_node *n,
                                const struct rt_shape *x, struct rt_shape *out, struct arch_want *w)
{
    (void)x;
    return bias_shape(r, n, "filters", 1, int_of(node_of(r, n), "groups", 1), out, w);
}

static bool gemm_weight(struct arch_reader *r, const struct arch_node *n, const struct rt_shape *x,
                        struct rt_shape *out, struct arch_want *w)
{
    const struct rt_node *node = node_of(r, n);
    const bool turned = int_of(node, "trans_b", 0) != 0;
    int64_t units;
    if (!arch_size_key(r, n, "units", &units))
        return untold(w, "");
    if (units < 0)
        return untold(w, "write units = 10, how many values it gives");
    if (x->ndim != 2)
        return untold(w, "its input has not two axes: put a flatten before it");
    const int64_t in = x->dim[int_of(node, "trans_a", 0) ? 0 : 1];
    out->ndim = 2;
    out->dim[turned ? 0 : 1] = units;
    out->dim[turned ? 1 : 0] = in;
    w->fan_in = (double)in;
    return true;
}

static bool gemm_bias(struct arch_reader *r, const struct arch_node *n, const struct rt_shape *x,
                      struct rt_shape *out, struct arch_want *w)
{
    (void)x;
    return bias_shape(r, n, "units", int_of(node_of(r, n), "trans_b", 0) ? 0 : 1, 1, out, w);
}

static bool channels(struct arch_reader *r, const struct arch_node *n, const struct rt_shape *x,
                     struct rt_shape *out, struct arch_want *w)
{
    (void)r, (void)n;
    if (x->ndim < 2)
        return untold(w, "its input has no channels");
    out->ndim = 1;
    out->dim[0] = x->dim[1];
    return true;
}

/* One slope a channel, so that it spreads over the sides. */
static bool slopes(struct arch_reader *r, const struct arch_node *n, const struct rt_shape *x,
                   struct rt_shape *out, struct arch_want *w)
{
    if (!channels(r, n, x, out, w))
        return false;
    out->ndim = x->ndim - 1;
    for (uint32_t a = 1; a < out->ndim; a++)
        out->dim[a] = 1;
    return true;
}

static bool from_axis(struct arch_reader *r, const struct arch_node *n, const struct rt_shape *x,
                      struct rt_shape *out, struct arch_want *w)
{
    const int axis = rt_axis(int_of(node_of(r, n), "axis", -1), x->ndim);
    if (axis < 0)
        return untold(w, "its input has no such axis");
    *out = rt_shape_of(x->ndim - (uint32_t)axis, x->dim + axis);
    return true;
}

static const struct rule rules[] = {
    {"conv", 1, ARCH_HE, conv_weight},
    {"conv", 2, ARCH_ZERO, conv_bias},
    {"conv_transpose", 1, ARCH_HE, conv_transpose_weight},
    {"conv_transpose", 2, ARCH_ZERO, conv_transpose_bias},
    {"gemm", 1, ARCH_HE, gemm_weight},
    {"gemm", 2, ARCH_ZERO, gemm_bias},
    {"batch_norm", 1, ARCH_ONE, channels},
    {"batch_norm", 2, ARCH_ZERO, channels},
    {"batch_norm", 3, ARCH_ZERO, channels},
    {"batch_norm", 4, ARCH_ONE, channels},
    {"instance_norm", 1, ARCH_ONE, channels},
    {"instance_norm", 2, ARCH_ZERO, channels},
    {"layer_norm", 1, ARCH_ONE, from_axis},
    {"layer_norm", 2, ARCH_ZERO, from_axis},
    {"prelu", 1, ARCH_QUARTER, slopes},
};

enum arch_told arch_shape(struct arch_reader *r, const struct arch_node *n, uint32_t slot,
                          struct arch_want *want)
{
    const struct rt_node *node = node_of(r, n);
    const struct rule *rule = NULL;
    *want = (struct arch_want){0};
    for (uint32_t i = 0; i < RT_COUNT(rules); i++)
        if (rules[i].slot == slot && !strcmp(rules[i].op, n->op->name))
            rule = &rules[i];
    if (!rule)
        return ARCH_NO_RULE;
    const int32_t x = node->input_count ? node->inputs[0] : RT_ABSENT;
    if (x < 0 || !r->values[x].seen)
        return ARCH_UNTOLD;
    want->fill = rule->fill;
    for (uint32_t p = 0; p < ARCH_PROBES; p++)
        if (!rule->shape(r, n, &r->values[x].info[p].shape, &want->shape[p], want))
            return ARCH_UNTOLD;
    return ARCH_TOLD;
}

int64_t arch_size_of(const struct rt_node *node, const struct rt_shape *weight)
{
    if (!strcmp(node->op->name, "conv"))
        return weight->ndim ? weight->dim[0] : -1;
    if (!strcmp(node->op->name, "conv_transpose"))
        return weight->ndim > 1 ? times(weight->dim[1], int_of(node, "groups", 1)) : -1;
    if (!strcmp(node->op->name, "gemm") && weight->ndim == 2)
        return weight->dim[int_of(node, "trans_b", 0) ? 0 : 1];
    return -1;
}
