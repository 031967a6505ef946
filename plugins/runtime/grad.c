/* grad.c - backward: from seeds to the nodes asked for, and in a trainer's run to its parameters.
 * Gradients are sums: a value with several readers gets a part from each. */
#include "run.h"
#include "trainer.h"

#include <string.h>

void rt_run_drop_grad(struct imp_nn_run *r, uint32_t i)
{
    rt_store_put(&r->store, r->values[i].grad);
    r->values[i].grad = -1;
}

/* A gradient of zeros for node i, unless it has one. */
static imp_status make_grad(struct imp_nn_run *r, uint32_t i, imp_error *err)
{
    struct rt_value *v = &r->values[i];
    if (v->grad >= 0)
        return IMP_OK;
    const uint64_t bytes = (uint64_t)rt_count(&r->plan->info[i].shape) * sizeof(float);
    v->grad = rt_store_get(&r->store, bytes);
    if (v->grad < 0)
        return rt_run_no_memory(r, bytes, err);
    if (!r->store.dry)
        memset(rt_store_data(&r->store, v->grad), 0, (size_t)bytes);
    return IMP_OK;
}

static imp_status can_go_back(const struct imp_nn_run *r, imp_error *err)
{
    if (r->flags & IMP_NN_LEAN)
        return imp_fail(err, IMP_E_INPUT, "a lean run keeps nothing to go back on");
    if (!r->plan)
        return imp_fail(err, IMP_E_INPUT, "nothing was computed: forward first");
    return IMP_OK;
}

static imp_status check_node(const struct imp_nn_run *r, uint32_t node, imp_error *err)
{
    if (node >= r->model->graph->node_count)
        return imp_fail(err, IMP_E_INPUT, "node %u of a network of %u", node,
                        r->model->graph->node_count);
    if (r->plan->info[node].dtype != IMP_F32)
        return imp_fail(err, IMP_E_INPUT, "'%s' is an integer value, it has no gradient",
                        r->model->graph->nodes[node].name);
    return IMP_OK;
}

imp_status rt_run_seed(struct imp_nn_run *r, uint32_t node, const imp_tensor *t, imp_error *err)
{
    imp_status st = can_go_back(r, err);
    if (st != IMP_OK)
        return st;
    if (!t) {
        for (uint32_t i = 0; i < r->model->graph->node_count; i++)
            rt_run_drop_grad(r, i);
        return IMP_OK;
    }
    if ((st = check_node(r, node, err)) != IMP_OK)
        return st;
    const struct rt_shape *want = &r->plan->info[node].shape;
    const struct rt_shape given =
        t->ndim <= RT_RANK ? rt_shape_of(t->ndim, t->shape) : (struct rt_shape){.ndim = t->ndim};
    char a[160], b[160];
    if (t->ndim > RT_RANK || !rt_same_shape(want, &given))
        return imp_fail(err, IMP_E_INPUT, "the seed of '%s' is %s, its value is %s",
                        r->model->graph->nodes[node].name,
                        t->ndim > RT_RANK ? "of too many axes" : rt_shape_text(&given, a, sizeof a),
                        rt_shape_text(want, b, sizeof b));
    if (!r->values[node].done)
        return imp_fail(err, IMP_E_INPUT, "the value of '%s' is not there: forward it first",
                        r->model->graph->nodes[node].name);
    if (r->is_wrt[node] == 2) { /* what an earlier backward left there is no seed */
        rt_run_drop_grad(r, node);
        r->is_wrt[node] = 0;
    }
    if ((st = make_grad(r, node, err)) != IMP_OK)
        return st;
    const int64_t n = rt_count(want);
    float *grad = rt_store_data(&r->store, r->values[node].grad);
    const int32_t block = rt_store_get(&r->store, (uint64_t)n * sizeof(float));
    if (block < 0)
        return rt_run_no_memory(r, (uint64_t)n * sizeof(float), err);
    float *copy = rt_store_data(&r->store, block);
    rt_copy_tensor(t, copy);
    for (int64_t i = 0; i < n; i++)
        grad[i] += copy[i];
    rt_store_put(&r->store, block);
    return IMP_OK;
}

/* Does any parameter of node i learn? */
static bool learns(const struct imp_nn_run *r, const struct rt_node *n)
{
    for (uint32_t s = 0; r->trainer && s < n->input_count; s++)
        if (rt_is_param(n->inputs[s]) && rt_trainer_grad(r->trainer, rt_param_of(n->inputs[s])))
            return true;
    return false;
}

/* Which nodes lie between the seeds and what is asked for. */
static void mark_path(struct imp_nn_run *r)
{
    const struct rt_graph *g = r->model->graph;
    for (uint32_t i = 0; i < g->node_count; i++) {
        bool wants = r->is_wrt[i] == 1 || learns(r, &g->nodes[i]);
        for (uint32_t s = 0; s < g->nodes[i].input_count && !wants; s++) {
            const int32_t ref = g->nodes[i].inputs[s];
            wants = ref != RT_ABSENT && ref >= 0 && r->wants_grad[ref];
        }
        r->wants_grad[i] = wants && r->plan->info[i].dtype == IMP_F32 && !r->plan->known[i];
    }
}

static imp_status node_backward(struct imp_nn_run *r, uint32_t i, imp_job *job, imp_error *err)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    struct rt_call call;
    bool any = false;
    if (!r->values[i].done)
        return imp_fail(err, IMP_E_INTERNAL, "'%s' has a gradient but no value", n->name);
    imp_status st = rt_run_call(r, i, job, true, &call, err);
    for (uint32_t s = 0; s < n->input_count && st == IMP_OK; s++) {
        const int32_t ref = n->inputs[s];
        if (ref == RT_ABSENT)
            continue;
        if (rt_is_param(ref))
            r->slot_grad[s] = r->trainer ? rt_trainer_grad(r->trainer, rt_param_of(ref)) : NULL;
        else if (r->wants_grad[ref] && (st = make_grad(r, (uint32_t)ref, err)) == IMP_OK)
            r->slot_grad[s] = rt_store_data(&r->store, r->values[ref].grad);
        any = any || r->slot_grad[s] || r->store.dry;
    }
    if (st != IMP_OK || !any || r->store.dry)
        return st;
    if (!n->op->backward)
        return imp_fail(err, IMP_E_UNSUPPORTED, "'%s': %s has no gradient", n->name, n->op->name);
    union { const float *from; float *to; } out = {.from = r->values[i].data}; /* a view of a parameter */
    call.out = out.to;
    call.out_grad = rt_store_data(&r->store, r->values[i].grad);
    return n->op->backward(&call);
}

static imp_status go_back(struct imp_nn_run *r, imp_job *job, imp_error *err)
{
    imp_status st = IMP_OK;
    for (uint32_t i = r->model->graph->node_count; i-- > 0 && st == IMP_OK;) {
        if (r->values[i].grad < 0 || r->is_wrt[i] == 2)
            continue;
        if (r->wants_grad[i] && !(r->model->graph->nodes[i].flags & IMP_NN_INPUT))
            st = node_backward(r, i, job, err);
        if (r->is_wrt[i] != 1)
            rt_run_drop_grad(r, i);
        if (st == IMP_OK && job)
            st = job->progress(job, -1, NULL);
    }
    return st;
}

/* Results of an earlier backward go; those asked for now are marked. */
static imp_status mark_wrt(struct imp_nn_run *r, uint32_t count, const uint32_t *wrt, imp_error *err)
{
    for (uint32_t i = 0; i < r->model->graph->node_count; i++) {
        if (r->is_wrt[i] == 2)
            rt_run_drop_grad(r, i);
        r->is_wrt[i] = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const imp_status st = check_node(r, wrt[i], err);
        if (st != IMP_OK)
            return st;
        r->is_wrt[wrt[i]] = 1;
    }
    return IMP_OK;
}

imp_status rt_run_backward(struct imp_nn_run *r, uint32_t count, const uint32_t *wrt, imp_job *job,
                           imp_error *err)
{
    imp_status st = can_go_back(r, err);
    if (st == IMP_OK)
        st = mark_wrt(r, count, wrt, err);
    if (st != IMP_OK)
        return st;
    mark_path(r);
    st = go_back(r, job, err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++)
        st = make_grad(r, wrt[i], err); /* nothing reached it: zero */
    for (uint32_t i = 0; i < r->model->graph->node_count; i++) {
        if (st != IMP_OK)
            rt_run_drop_grad(r, i);
        r->is_wrt[i] = r->is_wrt[i] && st == IMP_OK ? 2 : 0; /* a result now, not a seed */
    }
    return st;
}

imp_status rt_run_dry_backward(struct imp_nn_run *r, uint32_t node, imp_error *err)
{
    const struct rt_graph *g = r->model->graph;
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < g->node_count && st == IMP_OK; i++) {
        const bool seeded = node == IMP_NN_ALL ? (g->nodes[i].flags & IMP_NN_OUTPUT) != 0 : i == node;
        if (seeded && r->plan->info[i].dtype == IMP_F32 && r->values[i].done)
            st = make_grad(r, i, err);
    }
    return st == IMP_OK ? rt_run_backward(r, r->input_count, r->inputs, NULL, err) : st;
}

imp_status rt_run_gradient(struct imp_nn_run *r, uint32_t node, imp_tensor *view, imp_error *err)
{
    imp_status st = can_go_back(r, err);
    if (st == IMP_OK)
        st = check_node(r, node, err);
    if (st != IMP_OK)
        return st;
    if (r->is_wrt[node] != 2 || r->values[node].grad < 0)
        return imp_fail(err, IMP_E_INPUT, "no gradient of '%s': ask backward for it",
                        r->model->graph->nodes[node].name);
    rt_fill_view(view, IMP_F32, &r->plan->info[node].shape,
                 rt_store_data(&r->store, r->values[node].grad), r->model->graph->nodes[node].name);
    return IMP_OK;
}
