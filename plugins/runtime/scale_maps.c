/* scale_maps.c - see rescale.h. Which slices of which parameters make and read a map, the groups of
 * pruning say (groups.h). */
#include "rescale.h"
#include <stdlib.h>
#include <string.h>

struct scaling {
    const struct rt_graph *old;
    const struct rt_groups *groups;
    struct rt_graph *graph; /* the new one */
    bool *own;              /* by parameter: its tensor is a copy of ours */
    bool *carried;          /* by node: work of obstacle() */
    int32_t *reader;
};

static bool is_op(const struct rt_node *n, const char *const *names)
{
    while (*names && strcmp(*names, n->op->name))
        names++;
    return *names != NULL;
}

static const char *const makers[] = {"conv", "gemm", NULL};
/* f(a x) = a f(x) for a > 0, channel by channel (attributes looked at below). */
static const char *const carriers[] = {
    "relu",        "leaky_relu", "max_pool", "average_pool", "global_average_pool",
    "reduce_mean", "identity",   "dropout",  "flatten",      "reshape",
    "concat",      NULL};

/* The node behind `from` on the way to weights that does not carry a factor along; -1: none. */
static int64_t obstacle(const struct rt_graph *g, uint32_t from, bool *carried)
{
    memset(carried, 0, g->node_count * sizeof *carried);
    for (uint32_t i = from; i < g->node_count; i++) {
        const struct rt_node *n = &g->nodes[i];
        bool reads = i == from;
        for (uint32_t s = 0; s < n->input_count && i != from; s++)
            reads |= n->inputs[s] >= 0 && carried[n->inputs[s]];
        if (!reads || (i != from && is_op(n, makers)))
            continue;
        carried[i] = true;
        if (!is_op(n, carriers))
            return i;
    }
    return -1;
}

/* A tensor of our own for a parameter; NULL: no memory. */
static float *own_numbers(struct scaling *s, uint32_t p)
{
    struct rt_param *param = &s->graph->params[p];
    if (!s->own[p]) {
        struct rt_tensor *copy = rt_tensor_new(IMP_F32, &param->tensor->shape);
        if (!copy)
            return NULL;
        memcpy(copy->data, param->tensor->data, (size_t)copy->count * sizeof(float));
        rt_tensor_release(param->tensor);
        param->tensor = copy;
        s->own[p] = true;
    }
    return rt_floats(param->tensor);
}

/* Unit u owns [first + u width, + width) of an axis: times by[u], or divided by it. */
static bool scale_slice(struct scaling *s, const imp_nn_slice *slice, const struct rt_gain *gain)
{
    const uint32_t p = (uint32_t)rt_graph_find_param(s->graph, slice->param);
    float *v = own_numbers(s, p);
    if (!v)
        return false;
    const struct rt_shape *shape = &s->graph->params[p].tensor->shape;
    const int64_t n = shape->dim[slice->axis], outer = rt_product(shape, 0, slice->axis);
    const int64_t inner = rt_product(shape, slice->axis + 1, shape->ndim);
    for (int64_t o = 0; o < outer; o++)
        for (int64_t u = 0; u < gain->count; u++) {
            float *at = v + (o * n + slice->first + u * slice->width) * inner;
            const double by = slice->reads ? 1 / gain->by[u] : gain->by[u];
            for (int64_t i = 0; i < slice->width * inner; i++)
                at[i] = (float)(at[i] * by);
        }
    return true;
}

static bool has_node(const struct rt_group *g, uint32_t node)
{
    for (uint32_t i = 0; i < g->node_count; i++)
        if (g->nodes[i] == node)
            return true;
    return false;
}

/* Is it a parameter of that node? */
static bool is_of(const struct rt_graph *g, const struct rt_node *n, const char *param)
{
    for (uint32_t s = 0; s < n->input_count; s++)
        if (rt_is_param(n->inputs[s]) && !strcmp(g->params[rt_param_of(n->inputs[s])].name, param))
            return true;
    return false;
}

/* The group of a relu and what makes it, or NULL: others make the same channels. */
static const struct rt_group *group_of(const struct scaling *s, uint32_t node)
{
    const struct rt_node *maker = &s->old->nodes[s->old->nodes[node].inputs[0]];
    for (uint32_t i = 0; i < s->groups->count; i++) {
        const struct rt_group *g = &s->groups->list[i];
        if (!has_node(g, node))
            continue;
        for (uint32_t k = 0; k < g->slice_count; k++)
            if (!g->slices[k].reads && !is_of(s->old, maker, g->slices[k].param))
                return NULL;
        return g;
    }
    return NULL;
}

static imp_status scale(struct scaling *s, const struct rt_gain *gain, imp_error *err)
{
    const struct rt_node *n = &s->old->nodes[gain->node];
    const int32_t from = n->inputs[0];
    if (from < 0 || !is_op(&s->old->nodes[from], makers) || s->reader[from] != (int32_t)gain->node)
        return imp_fail(
            err, IMP_E_UNSUPPORTED,
            "'%s' does not follow a convolution or gemm that it alone reads: its maps have "
            "no scale of their own",
            n->name);
    const int64_t stop = obstacle(s->old, gain->node, s->carried);
    if (stop >= 0)
        return imp_fail(
            err, IMP_E_UNSUPPORTED,
            "between '%s' and the weights that read it stands '%s' (%s), which does not carry "
            "a factor along",
            n->name, s->old->nodes[stop].name, s->old->nodes[stop].op->name);
    const struct rt_group *g = group_of(s, gain->node);
    if (!g || g->unit_count != gain->count)
        return imp_fail(
            err, IMP_E_UNSUPPORTED,
            "other layers are tied to the channels of '%s' (by a sum or shared weights): they "
            "have no scale of their own",
            n->name);
    for (uint32_t k = 0; k < g->slice_count; k++)
        if (!scale_slice(s, &g->slices[k], gain))
            return imp_fail(err, IMP_E_MEMORY, "no memory to scale '%s'", n->name);
    return IMP_OK;
}

imp_status rt_scale_maps(const imp_nn_model *m, uint32_t count, const struct rt_gain *gains,
                         imp_nn_model **out, imp_error *err)
{
    struct scaling s = {.old = m->graph,
                        .graph = rt_graph_copy(m->graph),
                        .own = calloc(m->graph->param_count + 1u, sizeof *s.own),
                        .carried = calloc(m->graph->node_count, sizeof *s.carried),
                        .reader = calloc(m->graph->node_count, sizeof *s.reader)};
    imp_status st = s.graph && s.own && s.carried && s.reader
                        ? rt_model_groups(m, &s.groups, err)
                        : imp_fail(err, IMP_E_MEMORY, "no memory to scale a network");
    if (st == IMP_OK)
        rt_sole_readers(s.old, NULL, s.reader);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++)
        st = scale(&s, &gains[i], err);
    if (st == IMP_OK)
        st = rt_graph_finish(s.graph, err);
    if (st == IMP_OK) {
        st = rt_model_new(s.graph, out, err);
        s.graph = NULL;
    }
    rt_graph_free(s.graph);
    free(s.own);
    free(s.carried);
    free(s.reader);
    return st;
}
