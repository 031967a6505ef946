/* grad.c - backward: from seeds to the nodes asked for, and in a trainer's run to its parameters.
 * Gradients are sums: a value with several readers gets a part from each. */
#include "keep.h"
#include "clock.h"
#include "trainer.h"

#include <string.h>

void rt_run_drop_grad(struct imp_nn_run *r, uint32_t i)
{
    rt_store_put(&r->store, r->values[i].grad);
    r->values[i].grad = -1;
}

/* A gradient for node i, unless it has one: of zeros, or with anything in it. */
static imp_status make_grad(struct imp_nn_run *r, uint32_t i, bool zeros, imp_error *err)
{
    struct rt_value *v = &r->values[i];
    const uint64_t bytes = rt_run_bytes_of(&r->plan->info[i]);
    if (v->grad >= 0)
        return IMP_OK;
    v->grad = rt_keep_block(r, bytes, r->is_wrt[i] ? RT_STAYING : RT_PASSING);
    if (v->grad < 0)
        return rt_run_no_memory(r, bytes, err);
    if (zeros && !r->store.dry)
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

static imp_status check_seed(const struct imp_nn_run *r, uint32_t node, const imp_tensor *t,
                             imp_error *err)
{
    const imp_status st = check_node(r, node, err);
    if (st != IMP_OK)
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
    if (!r->values[node].had)
        return imp_fail(err, IMP_E_INPUT, "the value of '%s' is not there: forward it first",
                        r->model->graph->nodes[node].name);
    return IMP_OK;
}

static imp_status add_seed(struct imp_nn_run *r, uint32_t node, const imp_tensor *t, imp_error *err)
{
    const int64_t n = rt_count(&r->plan->info[node].shape);
    const float *more = t->data;
    int32_t copy = -1;
    if (t->strides || t->dtype != IMP_F32) {
        copy = rt_keep_block(r, (uint64_t)n * sizeof *more, RT_PASSING);
        if (copy < 0)
            return rt_run_no_memory(r, (uint64_t)n * sizeof *more, err);
        rt_copy_tensor(t, rt_store_data(&r->store, copy));
        more = rt_store_data(&r->store, copy);
    }
    float *grad = rt_store_data(&r->store, r->values[node].grad);
    for (int64_t i = 0; i < n; i++)
        grad[i] += more[i];
    rt_store_put(&r->store, copy);
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
    if ((st = check_seed(r, node, t, err)) != IMP_OK)
        return st;
    if (r->is_wrt[node] == 2) { /* what an earlier backward left there is no seed */
        rt_run_drop_grad(r, node);
        r->is_wrt[node] = 0;
    }
    if (r->values[node].grad >= 0)
        return add_seed(r, node, t, err);
    if ((st = make_grad(r, node, false, err)) == IMP_OK)
        rt_copy_tensor(t, rt_store_data(&r->store, r->values[node].grad));
    return st;
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

/* ---- one node ---- */

extern const struct rt_op rt_op_relu;

/* The convolution that relu i's gradient goes through on its way in, without a pass of its own: -1,
 * none. */
static int32_t gated(const struct imp_nn_run *r, uint32_t i)
{
    const struct rt_node *n = r->model->graph->nodes;
    const int32_t from = r->plan->links[i].from;
    if (from < 0 || n[i].op != &rt_op_relu || !(n[from].op->flags & RT_GATES))
        return -1;
    return r->values[from].grad < 0 && !r->is_wrt[from] && r->wants_grad[from] ? from : -1;
}

/* Is the gradient of slot s wanted? */
static bool wants_slot(const struct imp_nn_run *r, const struct rt_node *n, uint32_t s)
{
    const int32_t ref = n->inputs[s];
    if (ref == RT_ABSENT)
        return false;
    if (!rt_is_param(ref))
        return r->wants_grad[ref];
    return r->trainer && rt_trainer_grad(r->trainer, rt_param_of(ref));
}

static bool reads_first(const struct imp_nn_run *r, const struct rt_node *n)
{
    bool others = false;
    for (uint32_t s = 1; s < n->input_count; s++)
        others = others || wants_slot(r, n, s);
    if (n->op->reads)
        return n->op->reads(n, rt_run_is_training(r), others);
    return n->op->flags & RT_NEEDS_IN;
}

/* The value is there until it is unlocked. */
static imp_status lock(struct imp_nn_run *r, int32_t ref, imp_job *job, imp_error *err)
{
    if (ref < 0)
        return IMP_OK;
    if (!r->values[ref].had)
        return imp_fail(err, IMP_E_INTERNAL, "'%s' has a gradient but no value",
                        r->model->graph->nodes[ref].name);
    r->values[ref].locked++;
    return rt_run_again(r, (uint32_t)ref, job, err);
}

/* Values that backward of node `by`, which the gradient of i goes through, reads. */
static imp_status lock_all(struct imp_nn_run *r, uint32_t i, uint32_t by, imp_job *job,
                           imp_error *err)
{
    const struct rt_node *n = &r->model->graph->nodes[by];
    const bool out = by != i || (n->op->flags & RT_NEEDS_OUT);
    imp_status st = out ? lock(r, (int32_t)i, job, err) : IMP_OK;
    for (uint32_t s = 0; s < n->input_count && st == IMP_OK; s++)
        if ((n->op->flags & RT_NEEDS_IN) && (s > 0 || reads_first(r, n)))
            st = lock(r, rt_is_param(n->inputs[s]) ? -1 : n->inputs[s], job, err);
    return st;
}

static void unlock_all(struct imp_nn_run *r, uint32_t i, uint32_t by)
{
    const struct rt_node *n = &r->model->graph->nodes[by];
    r->values[i].locked = 0;
    for (uint32_t s = 0; s < n->input_count; s++)
        if (n->inputs[s] >= 0)
            r->values[n->inputs[s]].locked = 0;
}

static bool several_times(const struct rt_node *n, int32_t ref)
{
    uint32_t times = 0;
    for (uint32_t s = 0; s < n->input_count; s++)
        times += n->inputs[s] == ref;
    return times > 1;
}

/* The gradient of i becomes that of its first input where it lies: true. */
static bool hand_over(struct imp_nn_run *r, uint32_t i)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    const int32_t ref = n->inputs[0];
    if (!(n->op->flags & (RT_VIEW | RT_BACK_INPLACE)) || ref < 0 || !r->wants_grad[ref] ||
        r->values[ref].grad >= 0 || r->is_wrt[i] == 1 || several_times(n, ref) ||
        ((n->op->flags & RT_NEEDS_IN) && reads_first(r, n)) ||
        rt_run_bytes_of(&r->plan->info[ref]) != rt_run_bytes_of(&r->plan->info[i]))
        return false;
    r->values[ref].grad = r->values[i].grad;
    r->values[i].grad = -1;
    return true;
}

/* Room for the gradient of slot s. */
static imp_status make_slot(struct imp_nn_run *r, const struct rt_node *n, uint32_t s, imp_error *err)
{
    const int32_t ref = n->inputs[s];
    r->slot_fresh[s] = 0;
    if (!wants_slot(r, n, s) || rt_is_param(ref))
        return IMP_OK;
    const bool stores = (n->op->flags & RT_STORES) && !several_times(n, ref);
    r->slot_fresh[s] = r->values[ref].grad < 0 && stores;
    return make_grad(r, (uint32_t)ref, !stores, err);
}

/* Where the gradients go; false: none is wanted. */
static bool set_slots(struct imp_nn_run *r, const struct rt_node *n)
{
    bool any = false;
    for (uint32_t s = 0; s < n->input_count; s++) {
        const int32_t ref = n->inputs[s];
        if (!wants_slot(r, n, s))
            continue;
        r->slot_grad[s] = rt_is_param(ref) ? rt_trainer_grad(r->trainer, rt_param_of(ref))
                                           : rt_store_data(&r->store, r->values[ref].grad);
        any = any || r->slot_grad[s];
    }
    return any;
}

/* Pointers are taken when all blocks are there: to make one may move others. */
static imp_status call_back(struct imp_nn_run *r, uint32_t i, uint32_t by, imp_job *job,
                            imp_error *err)
{
    const struct rt_node *n = &r->model->graph->nodes[by];
    const bool handed = by == i && hand_over(r, i);
    struct rt_call call;
    imp_status st = IMP_OK;
    for (uint32_t s = 0; s < n->input_count && st == IMP_OK; s++)
        st = make_slot(r, n, s, err);
    if (st == IMP_OK)
        st = rt_run_call(r, by, job, true, &call, err);
    if (st != IMP_OK || !set_slots(r, n) || r->store.dry || (handed && (n->op->flags & RT_VIEW)))
        return st;
    if (!n->op->backward)
        return imp_fail(err, IMP_E_UNSUPPORTED, "'%s': %s has no gradient", n->name, n->op->name);
    union { const float *from; float *to; } out = {.from = r->values[i].data}; /* perhaps a parameter */
    if (handed)
        r->slot_fresh[0] = 1;
    call.out = out.to;
    call.out_grad = handed ? r->slot_grad[0] : rt_store_data(&r->store, r->values[i].grad);
    call.fresh = r->slot_fresh;
    call.gate = by == i ? NULL : out.from;
    const double start = rt_clock_start(r);
    st = n->op->backward(&call);
    rt_clock_stop(r, n, RT_CLOCK_BACKWARD, start);
    return st;
}

static imp_status node_backward(struct imp_nn_run *r, uint32_t i, imp_job *job, imp_error *err)
{
    const int32_t through = gated(r, i);
    const uint32_t by = through < 0 ? i : (uint32_t)through;
    imp_status st = lock_all(r, i, by, job, err);
    if (st == IMP_OK)
        st = call_back(r, i, by, job, err);
    unlock_all(r, i, by);
    return st;
}

static imp_status go_back(struct imp_nn_run *r, imp_job *job, imp_error *err)
{
    imp_status st = IMP_OK;
    for (uint32_t i = r->model->graph->node_count; i-- > 0 && st == IMP_OK;) {
        if (r->values[i].grad < 0 || r->is_wrt[i] == 2)
            continue;
        r->at = i;
        if (r->wants_grad[i] && !(r->model->graph->nodes[i].flags & IMP_NN_INPUT))
            st = node_backward(r, i, job, err);
        if (r->is_wrt[i] != 1)
            rt_run_drop_grad(r, i);
        if (st == IMP_OK && job)
            st = job->progress(job, -1, NULL);
    }
    r->at = UINT32_MAX;
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
        st = make_grad(r, wrt[i], true, err); /* nothing reached it: zero */
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
            st = make_grad(r, i, false, err);
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
