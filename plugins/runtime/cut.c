/* cut.c - see cut.h. */
#include "cut.h"

#include <stdlib.h>
#include <string.h>

struct cutting {
    const struct rt_groups *groups;
    uint8_t *gone;      /* by element, set on roots */
    uint8_t **keep;     /* by parameter and axis: p * RT_RANK + axis; NULL = all stay */
    uint8_t **kept_of;  /* by node: which channels stay; NULL = all */
    struct rt_graph *graph;
};

imp_status rt_model_groups(const imp_nn_model *m, const struct rt_groups **out, imp_error *err)
{
    union { const imp_nn_model *from; imp_nn_model *to; } plain = {.from = m}; /* guarded by its lock */
    imp_nn_model *own = plain.to;
    imp_status st = IMP_OK;
    pthread_mutex_lock(&own->lock);
    if (!own->groups)
        st = rt_groups_new(own->graph, &own->groups, err);
    if (st == IMP_OK)
        *out = own->groups;
    pthread_mutex_unlock(&own->lock);
    return st;
}

/* ---- what goes ---- */

static imp_status mark_slice(struct cutting *c, const imp_nn_slice *s, uint32_t unit, imp_error *err)
{
    const int64_t p = rt_graph_find_param(c->graph, s->param);
    const struct rt_shape *shape = &c->graph->params[p].tensor->shape;
    uint8_t **keep = &c->keep[(uint32_t)p * RT_RANK + s->axis];
    if (!*keep) {
        if (!(*keep = malloc((size_t)shape->dim[s->axis])))
            return imp_fail(err, IMP_E_MEMORY, "no memory to cut '%s'", s->param);
        memset(*keep, 1, (size_t)shape->dim[s->axis]);
    }
    memset(*keep + s->first + unit * s->width, 0, (size_t)s->width);
    return IMP_OK;
}

static imp_status mark_unit(struct cutting *c, const struct rt_group *g, uint32_t unit, imp_error *err)
{
    if (unit >= g->unit_count)
        return imp_fail(err, IMP_E_PARAM, "'%s' has %u units, there is no unit %u", g->name,
                        g->unit_count, unit);
    if (c->gone[g->roots[unit]])
        return imp_fail(err, IMP_E_PARAM, "unit %u of '%s' is named twice", unit, g->name);
    c->gone[g->roots[unit]] = 1;
    imp_status st = IMP_OK;
    for (uint32_t s = 0; s < g->slice_count && st == IMP_OK; s++)
        st = mark_slice(c, &g->slices[s], unit, err);
    return st;
}

static imp_status mark_cut(struct cutting *c, const imp_nn_cut *cut, imp_error *err)
{
    if (cut->group >= c->groups->count)
        return imp_fail(err, IMP_E_PARAM, "group %u of %u", cut->group, c->groups->count);
    const struct rt_group *g = &c->groups->list[cut->group];
    if (g->locked && cut->unit_count)
        return imp_fail(err, IMP_E_PARAM, "'%s' cannot be cut: %s", g->name, g->locked);
    imp_status st = IMP_OK;
    for (uint32_t u = 0; u < cut->unit_count && st == IMP_OK; u++)
        st = mark_unit(c, g, cut->units[u], err);
    return st;
}

/* No value may be left without channels. */
static imp_status check_left(struct cutting *c, imp_error *err)
{
    const struct rt_groups *g = c->groups;
    for (uint32_t i = 0; i < c->graph->node_count; i++) {
        uint32_t left = 0, n = g->channels[i];
        for (uint32_t u = 0; u < n; u++)
            left += !c->gone[g->root[g->base[i] + u]];
        if (n && !left)
            return imp_fail(err, IMP_E_PARAM, "'%s' would be left without channels: at least one stays",
                            c->graph->nodes[i].name);
        if (left == n)
            continue;
        if (!(c->kept_of[i] = malloc(n)))
            return imp_fail(err, IMP_E_MEMORY, "no memory to cut '%s'", c->graph->nodes[i].name);
        for (uint32_t u = 0; u < n; u++)
            c->kept_of[i][u] = !c->gone[g->root[g->base[i] + u]];
    }
    return IMP_OK;
}

/* ---- the thinner tensors ---- */

/* Copies what stays along one axis. */
static struct rt_tensor *thin(const struct rt_tensor *t, uint32_t axis, const uint8_t *keep)
{
    struct rt_shape shape = t->shape;
    const size_t width = t->dtype == IMP_I64 ? sizeof(int64_t) : sizeof(float);
    const int64_t n = shape.dim[axis], outer = rt_product(&shape, 0, axis);
    const size_t inner = (size_t)rt_product(&shape, axis + 1, shape.ndim) * width;
    shape.dim[axis] = 0;
    for (int64_t i = 0; i < n; i++)
        shape.dim[axis] += keep[i];
    struct rt_tensor *to = rt_tensor_new(t->dtype, &shape);
    char *out = to ? to->data : NULL;
    for (int64_t o = 0; to && o < outer; o++)
        for (int64_t i = 0; i < n; i++)
            if (keep[i]) {
                memcpy(out, (const char *)t->data + (size_t)(o * n + i) * inner, inner);
                out += inner;
            }
    return to;
}

static imp_status thin_params(struct cutting *c, imp_error *err)
{
    for (uint32_t k = 0; k < c->graph->param_count * RT_RANK; k++) {
        struct rt_param *p = &c->graph->params[k / RT_RANK];
        if (!c->keep[k])
            continue;
        struct rt_tensor *to = thin(p->tensor, k % RT_RANK, c->keep[k]);
        if (!to)
            return imp_fail(err, IMP_E_MEMORY, "no memory to cut '%s'", p->name);
        rt_tensor_release(p->tensor);
        p->tensor = to;
    }
    return IMP_OK;
}

static imp_status adjust_nodes(struct cutting *c, imp_error *err)
{
    for (uint32_t i = 0; i < c->graph->node_count; i++) {
        struct rt_node *n = &c->graph->nodes[i];
        const uint8_t **in = calloc(n->input_count + 1, sizeof *in);
        bool fine = in != NULL;
        for (uint32_t s = 0; fine && s < n->input_count; s++)
            if (n->inputs[s] != RT_ABSENT && n->inputs[s] >= 0)
                in[s] = c->kept_of[n->inputs[s]];
        const struct rt_call before = rt_plan_call(c->groups->plan, i);
        if (fine && n->op->adjust)
            fine = n->op->adjust(n, &before, in, c->kept_of[i]);
        free(in);
        if (!fine)
            return imp_fail(err, IMP_E_MEMORY, "no memory to cut '%s'", n->name);
    }
    return IMP_OK;
}

static void cutting_fini(struct cutting *c, uint32_t params, uint32_t nodes)
{
    for (uint32_t k = 0; c->keep && k < params * RT_RANK; k++)
        free(c->keep[k]);
    for (uint32_t i = 0; c->kept_of && i < nodes; i++)
        free(c->kept_of[i]);
    free(c->keep);
    free(c->kept_of);
    free(c->gone);
    rt_graph_free(c->graph);
}

imp_status rt_cut(const imp_nn_model *m, uint32_t cut_count, const imp_nn_cut *cuts,
                  imp_nn_model **out, imp_error *err)
{
    struct cutting c = {0};
    const uint32_t params = m->graph->param_count, nodes = m->graph->node_count;
    imp_status st = rt_model_groups(m, &c.groups, err);
    if (st != IMP_OK)
        return st;
    c.graph = rt_graph_copy(m->graph);
    c.gone = calloc(c.groups->element_count + 1u, 1);
    c.keep = calloc((size_t)params * RT_RANK + 1, sizeof *c.keep);
    c.kept_of = calloc(nodes, sizeof *c.kept_of);
    if (!c.graph || !c.gone || !c.keep || !c.kept_of)
        st = imp_fail(err, IMP_E_MEMORY, "no memory to cut");
    for (uint32_t i = 0; i < cut_count && st == IMP_OK; i++)
        st = mark_cut(&c, &cuts[i], err);
    if (st == IMP_OK)
        st = check_left(&c, err);
    if (st == IMP_OK)
        st = thin_params(&c, err);
    if (st == IMP_OK)
        st = adjust_nodes(&c, err);
    if (st == IMP_OK)
        st = rt_graph_finish(c.graph, err);
    if (st == IMP_OK) {
        st = rt_model_new(c.graph, out, err);
        c.graph = NULL;
    }
    if (st == IMP_OK && *(*out)->why && !*m->why) {
        st = imp_fail(err, IMP_E_INTERNAL, "the cut network does not fit: %s", (*out)->why);
        rt_model_release(*out);
    }
    cutting_fini(&c, params, nodes);
    return st;
}
