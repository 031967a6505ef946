/* forward.c - values in order of execution, each in a block of the store. A lean run gives a block
 * back after its last reader, a full one keeps every value for backward. */
#include "run.h"
#include "trainer.h"

#include <impasto/kit.h>

/* The value of `i` lies where the value of its first input does. */
static void share_value(struct imp_nn_run *r, uint32_t i)
{
    struct rt_value *v = &r->values[i];
    const int32_t ref = r->model->graph->nodes[i].inputs[0];
    if (rt_is_param(ref)) {
        v->data = rt_run_param(r, rt_param_of(ref));
        return;
    }
    *v = (struct rt_value){.data = r->values[ref].data, .block = r->values[ref].block,
                           .uses = v->uses, .saved = -1, .grad = -1, .wanted = v->wanted};
    if (v->block >= 0)
        r->shares[v->block]++;
}

const float *rt_run_param(const struct imp_nn_run *r, uint32_t param)
{
    if (r->trainer)
        return rt_trainer_value(r->trainer, param);
    return rt_floats(r->model->graph->params[param].tensor);
}

static const float *slot_data(const struct imp_nn_run *r, int32_t ref)
{
    if (ref == RT_ABSENT)
        return NULL;
    if (!rt_is_param(ref))
        return r->plan->info[ref].dtype == IMP_F32 ? r->values[ref].data : NULL;
    const uint32_t p = rt_param_of(ref);
    return r->plan->param_info[p].dtype == IMP_F32 ? rt_run_param(r, p) : NULL;
}

static imp_status grow_scratch(struct imp_nn_run *r, uint64_t bytes, imp_error *err)
{
    if (bytes <= r->scratch_bytes)
        return IMP_OK;
    rt_store_put(&r->store, r->scratch);
    r->scratch_bytes = 0;
    const imp_status st = rt_run_get_block(r, bytes, &r->scratch, err);
    if (st == IMP_OK)
        r->scratch_bytes = bytes;
    return st;
}

imp_status rt_run_call(struct imp_nn_run *r, uint32_t i, imp_job *job, bool backward,
                       struct rt_call *call, imp_error *err)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    const struct rt_need *need = &r->plan->need[i];
    const imp_status st = grow_scratch(r, backward ? need->scratch_backward : need->scratch, err);
    if (st != IMP_OK)
        return st;
    *call = rt_plan_call(r->plan, i);
    for (uint32_t s = 0; s < n->input_count; s++) {
        r->slot_in[s] = slot_data(r, n->inputs[s]);
        r->slot_grad[s] = r->slot_statistic[s] = NULL;
        const uint32_t flags = n->op->slots[s < n->op->slot_count ? s : n->op->slot_count - 1].flags;
        if (r->trainer && rt_is_param(n->inputs[s]) && (flags & RT_SLOT_STATISTIC))
            r->slot_statistic[s] = rt_trainer_statistic(r->trainer, rt_param_of(n->inputs[s]));
    }
    call->in = r->slot_in;
    call->in_grad = r->slot_grad;
    call->statistic = r->slot_statistic;
    call->training = r->trainer && rt_trainer_is_training(r->trainer);
    call->random = r->trainer ? kit_random(rt_trainer_seed(r->trainer), i, r->draw) : 0;
    call->job = job;
    call->out = rt_store_data(&r->store, r->values[i].block);
    call->saved = rt_store_data(&r->store, r->values[i].saved);
    call->scratch = rt_store_data(&r->store, r->scratch);
    return IMP_OK;
}

/* Marks what must be computed for `node`, and counts the readers of each value. */
static void mark_wanted(struct imp_nn_run *r, uint32_t node)
{
    const struct rt_graph *g = r->model->graph;
    for (uint32_t i = 0; i < g->node_count; i++)
        r->values[i].wanted = r->values[i].uses = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        if (node == IMP_NN_ALL ? (g->nodes[i].flags & IMP_NN_OUTPUT) != 0 : i == node) {
            r->values[i].wanted = !r->values[i].done;
            r->values[i].uses = 1; /* the caller's */
        }
    for (uint32_t i = g->node_count; i-- > 0;) {
        if (!r->values[i].wanted || r->plan->known[i])
            continue;
        for (uint32_t s = 0; s < g->nodes[i].input_count; s++) {
            const int32_t ref = g->nodes[i].inputs[s];
            if (ref == RT_ABSENT || rt_is_param(ref))
                continue;
            r->values[ref].uses++;
            r->values[ref].wanted = !r->values[ref].done;
        }
    }
}

/* May the value of i be written over its first input? */
static bool in_place(const struct imp_nn_run *r, uint32_t i)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    if (!(r->flags & IMP_NN_LEAN) || !(n->op->flags & RT_INPLACE) || rt_is_param(n->inputs[0]))
        return false;
    const struct rt_value *v = &r->values[n->inputs[0]];
    const struct rt_node *from = &r->model->graph->nodes[n->inputs[0]];
    return v->block >= 0 && v->uses == 1 && r->shares[v->block] == 1 &&
           !(from->flags & IMP_NN_INPUT) &&
           rt_run_bytes_of(&r->plan->info[i]) == rt_run_bytes_of(&r->plan->info[n->inputs[0]]);
}

static imp_status place_value(struct imp_nn_run *r, uint32_t i, imp_error *err)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    if ((n->op->flags & RT_VIEW) || in_place(r, i)) {
        share_value(r, i);
        return IMP_OK;
    }
    return rt_run_make_value(r, i, err);
}

/* After node i: its inputs have one reader less. */
static void release_inputs(struct imp_nn_run *r, uint32_t i)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    for (uint32_t s = 0; s < n->input_count; s++) {
        const int32_t ref = n->inputs[s];
        if (ref == RT_ABSENT || rt_is_param(ref))
            continue;
        struct rt_value *v = &r->values[ref];
        const bool input = r->model->graph->nodes[ref].flags & IMP_NN_INPUT;
        if (v->uses && --v->uses == 0 && !input && (r->flags & IMP_NN_LEAN))
            rt_run_drop_value(r, (uint32_t)ref);
    }
}

static imp_status compute(struct imp_nn_run *r, uint32_t i, imp_job *job, imp_error *err)
{
    struct rt_value *v = &r->values[i];
    const struct rt_node *n = &r->model->graph->nodes[i];
    const bool lean = r->flags & IMP_NN_LEAN;
    if (r->plan->known[i]) {
        v->data = r->plan->info[i].dtype == IMP_F32 ? rt_floats(r->plan->known[i]) : NULL;
        v->done = 1;
        return IMP_OK;
    }
    imp_status st = place_value(r, i, err);
    if (st == IMP_OK && r->plan->need[i].saved && v->saved < 0)
        st = rt_run_get_block(r, r->plan->need[i].saved, &v->saved, err);
    struct rt_call call;
    if (st == IMP_OK)
        st = rt_run_call(r, i, job, false, &call, err);
    if (st == IMP_OK && !r->store.dry && !(n->op->flags & RT_VIEW))
        st = n->op->forward(&call);
    if (lean) {
        rt_store_put(&r->store, v->saved);
        v->saved = -1;
    }
    if (st != IMP_OK) {
        rt_run_drop_value(r, i);
        return st;
    }
    v->done = 1;
    release_inputs(r, i);
    return IMP_OK;
}

imp_status rt_run_forward(struct imp_nn_run *r, uint32_t node, imp_job *job, imp_error *err)
{
    imp_status st = rt_run_ready(r, node, err);
    if (st != IMP_OK)
        return st;
    r->store.limit = job && job->max_bytes ? job->max_bytes : r->store.limit;
    mark_wanted(r, node);
    for (uint32_t i = 0; i < r->model->graph->node_count && st == IMP_OK; i++) {
        if (!r->values[i].wanted || r->values[i].done)
            continue;
        st = compute(r, i, job, err);
        if (st == IMP_OK && job)
            st = job->progress(job, -1, NULL);
    }
    return st;
}

/* ---- how much memory it will take ---- */

static imp_status dry_inputs(struct imp_nn_run *r, imp_error *err)
{
    imp_status st = rt_run_plan(r, err);
    for (uint32_t i = 0; i < r->input_count && st == IMP_OK; i++) {
        st = rt_run_make_value(r, r->inputs[i], err);
        r->values[r->inputs[i]].done = 1;
    }
    return st;
}

imp_status rt_run_peak(const struct imp_nn_model *m, uint32_t node, uint32_t input_count,
                       const struct rt_shape *inputs, uint32_t flags, uint64_t *bytes,
                       imp_error *err)
{
    struct imp_nn_run *r;
    imp_status st = rt_run_new(m, NULL, flags, &r, err);
    if (st != IMP_OK)
        return st;
    r->store.dry = true;
    for (uint32_t i = 0; i < r->input_count && i < input_count; i++)
        r->given[i] = inputs[i];
    st = dry_inputs(r, err);
    if (st == IMP_OK)
        st = rt_run_forward(r, node, NULL, err);
    if (st == IMP_OK && !(flags & IMP_NN_LEAN))
        st = rt_run_dry_backward(r, node, err);
    if (st == IMP_OK)
        *bytes = r->store.bytes;
    rt_run_free(r);
    return st;
}
