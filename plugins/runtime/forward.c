/* forward.c - values in order of execution, each in a block of the store. A lean run gives a block
 * back after its last reader, a full one keeps every value for backward. */
#include "keep.h"
#include "clock.h"
#include "trainer.h"

#include <impasto/kit.h>

/* The value of `i` lies where that of ref does. */
static void share_value(struct imp_nn_run *r, uint32_t i, int32_t ref)
{
    struct rt_value *v = &r->values[i];
    if (rt_is_param(ref)) {
        v->data = rt_run_param(r, rt_param_of(ref));
        return;
    }
    v->data = r->values[ref].data;
    v->block = r->values[ref].block;
    v->at = r->values[ref].at;
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

imp_status rt_run_call(struct imp_nn_run *r, uint32_t i, imp_job *job, bool backward,
                       struct rt_call *call, imp_error *err)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    const struct rt_need *need = &r->plan->need[i];
    const uint64_t scratch = backward ? need->scratch_backward : need->scratch;
    if (!rt_keep_scratch(r, scratch))
        return rt_run_no_memory(r, scratch, err);
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
    call->training = rt_run_is_training(r);
    call->lean = (r->flags & IMP_NN_LEAN) != 0;
    call->random = r->trainer ? kit_random(rt_trainer_seed(r->trainer), i, r->draw) : 0;
    call->job = job;
    call->out = rt_run_place(r, i);
    call->saved = rt_store_data(&r->store, r->values[i].saved);
    call->scratch = r->store.scratch;
    return IMP_OK;
}

bool rt_run_is_training(const struct imp_nn_run *r)
{
    return r->trainer && rt_trainer_is_training(r->trainer);
}

/* ---- what is computed together ---- */

/* May node i take in the value before it? Not where backward would have to read that, but for batch norm:
 * whoever trains with it at inference pays for it. */
static bool takes(const struct imp_nn_run *r, uint32_t i)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    if (r->plan->links[i].part == RT_NORM)
        return !rt_run_is_training(r);
    return (r->flags & IMP_NN_LEAN) || !(n->op->flags & RT_NEEDS_IN) ||
           (n->op->reads && !n->op->reads(n, rt_run_is_training(r), false));
}

/* The convolution that can write the value of i; -1: values between are there, or i is no such node. */
static int32_t find_head(const struct imp_nn_run *r, uint32_t i)
{
    const struct rt_link *links = r->plan->links;
    if (links[i].from < 0)
        return -1;
    while (links[i].part != RT_HEAD) {
        if (!takes(r, i) || r->values[links[i].from].done)
            return -1;
        i = (uint32_t)links[i].from;
    }
    return (int32_t)i;
}

void rt_run_each_input(struct imp_nn_run *r, uint32_t i,
                       void (*fn)(struct imp_nn_run *, uint32_t))
{
    const struct rt_link *links = r->plan->links;
    const int32_t head = r->values[i].head;
    while (head >= 0 && i != (uint32_t)head) {
        const int32_t other = rt_fuse_other(r->plan, i);
        if (other >= 0)
            fn(r, (uint32_t)other);
        i = (uint32_t)links[i].from;
    }
    const struct rt_node *n = &r->model->graph->nodes[i];
    for (uint32_t s = 0; s < n->input_count; s++)
        if (n->inputs[s] != RT_ABSENT && !rt_is_param(n->inputs[s]))
            fn(r, (uint32_t)n->inputs[s]);
}

static void want(struct imp_nn_run *r, uint32_t i)
{
    r->values[i].uses++;
    r->values[i].wanted = !r->values[i].done;
}

/* Marks what must be computed for `node`, and counts the readers of each value. What was written by a
 * convolution is written by it again, so that its bytes are the same. */
static void mark_wanted(struct imp_nn_run *r, uint32_t node)
{
    const struct rt_graph *g = r->model->graph;
    for (uint32_t i = 0; i < g->node_count; i++)
        r->values[i].wanted = r->values[i].uses = 0;
    for (uint32_t i = 0; i < g->node_count; i++)
        if (node == IMP_NN_ALL ? (g->nodes[i].flags & IMP_NN_OUTPUT) != 0 : i == node)
            want(r, i); /* the caller does */
    for (uint32_t i = g->node_count; i-- > 0;) {
        struct rt_value *v = &r->values[i];
        if (!v->wanted || r->plan->known[i])
            continue;
        if (!v->had)
            v->head = find_head(r, i);
        rt_run_each_input(r, i, want);
    }
}

/* Scale and shift of a folded node for the sums of its head. A plain run computes them once. */
static imp_status fold(struct imp_nn_run *r, uint32_t i, uint32_t head, struct rt_after *after,
                       imp_error *err)
{
    const struct rt_node *n = &r->model->graph->nodes[head];
    float *scale = r->folded + r->plan->links[i].fold;
    float *shift = scale + r->plan->info[i].shape.dim[1];
    const bool fixed = !r->trainer && (n->input_count < 3 || n->inputs[2] < 0);
    struct rt_call call;
    after->scale = scale;
    after->shift = shift;
    if (r->store.dry || (fixed && r->is_folded[i]))
        return IMP_OK;
    const float *bias = n->input_count > 2 ? slot_data(r, n->inputs[2]) : NULL;
    const imp_status st = rt_run_call(r, i, NULL, false, &call, err);
    if (st == IMP_OK)
        r->model->graph->nodes[i].op->fold(&call, bias, scale, shift);
    r->is_folded[i] = fixed && st == IMP_OK;
    return st;
}

/* All that happens to the sums of the head on their way to node i. */
static imp_status fuse(struct imp_nn_run *r, uint32_t i, struct rt_after *after, imp_error *err)
{
    const uint32_t head = (uint32_t)r->values[i].head;
    const struct rt_node *n = &r->model->graph->nodes[head];
    imp_status st = IMP_OK;
    *after = (struct rt_after)RT_AFTER_NONE;
    after->shift = n->input_count > 2 ? slot_data(r, n->inputs[2]) : NULL;
    for (; i != head && st == IMP_OK; i = (uint32_t)r->plan->links[i].from) {
        const struct rt_call call = rt_plan_call(r->plan, i);
        const int32_t other = rt_fuse_other(r->plan, i);
        if (other >= 0)
            after->add = r->values[other].data;
        else if (r->plan->links[i].part == RT_NORM)
            st = fold(r, i, head, after, err);
        else if (r->plan->links[i].part == RT_HALF)
            after->halved = 1;
        else
            call.node->op->act(&call, &after->slope, &after->top);
    }
    return st;
}

/* ---- where values lie ---- */

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

/* The value that a fused call adds, where it may be written over: -1, none. */
static int32_t added_in_place(const struct imp_nn_run *r, uint32_t i)
{
    const uint32_t head = (uint32_t)r->values[i].head;
    int32_t other = -1;
    for (; i != head && other < 0; i = (uint32_t)r->plan->links[i].from)
        other = rt_fuse_other(r->plan, i);
    if (other < 0 || !(r->flags & IMP_NN_LEAN))
        return -1;
    const struct rt_value *v = &r->values[other];
    const bool input = r->model->graph->nodes[other].flags & IMP_NN_INPUT;
    return v->block >= 0 && v->uses == 1 && r->shares[v->block] == 1 && !input ? other : -1;
}

/* The concat in whose value that of i is written, if nobody else reads it; -1. */
static int32_t concat_of(const struct imp_nn_run *r, uint32_t i)
{
    const int32_t c = r->plan->links[i].into;
    const struct rt_value *v = &r->values[i];
    if (c < 0 || !(r->flags & IMP_NN_LEAN) || v->uses != 1 || v->asked)
        return -1;
    return r->values[c].wanted && !r->values[c].done ? c : -1;
}

static imp_status place_within(struct imp_nn_run *r, uint32_t i, uint32_t concat, imp_error *err)
{
    struct rt_value *v = &r->values[i], *whole = &r->values[concat];
    const imp_status st = whole->block < 0 ? rt_run_make_value(r, concat, err) : IMP_OK;
    if (st != IMP_OK)
        return st;
    v->block = whole->block;
    v->at = whole->at + (uint64_t)r->plan->links[i].at * sizeof(float);
    v->data = rt_run_place(r, i);
    r->shares[v->block]++;
    return IMP_OK;
}

static imp_status place_value(struct imp_nn_run *r, uint32_t i, imp_error *err)
{
    const struct rt_node *n = &r->model->graph->nodes[i];
    const int32_t concat = concat_of(r, i);
    if (concat >= 0)
        return place_within(r, i, (uint32_t)concat, err);
    if (r->values[i].block >= 0) /* its inputs are in it */
        return IMP_OK;
    if (r->values[i].head >= 0) {
        const int32_t other = added_in_place(r, i);
        if (other < 0)
            return rt_run_make_value(r, i, err);
        share_value(r, i, other);
        return IMP_OK;
    }
    if ((n->op->flags & RT_VIEW) || in_place(r, i)) {
        share_value(r, i, n->inputs[0]);
        return IMP_OK;
    }
    return rt_run_make_value(r, i, err);
}

/* One reader of i less. */
static void release(struct imp_nn_run *r, uint32_t i)
{
    struct rt_value *v = &r->values[i];
    const bool input = r->model->graph->nodes[i].flags & IMP_NN_INPUT;
    if (v->uses && --v->uses == 0 && !input && (r->flags & IMP_NN_LEAN))
        rt_run_drop_value(r, i);
}

/* Node i is computed; so are those that it took in, if anyone asks. */
static void set_done(struct imp_nn_run *r, uint32_t i)
{
    const int32_t head = r->values[i].head;
    r->values[i].done = r->values[i].had = 1;
    rt_run_each_input(r, i, release);
    while (head >= 0 && i != (uint32_t)head) {
        i = (uint32_t)r->plan->links[i].from;
        r->values[i].had = 1;
    }
}

/* The call that writes node i: its own, or its head's. */
static imp_status call_for(struct imp_nn_run *r, uint32_t i, imp_job *job, struct rt_call *call,
                           struct rt_after *after, imp_error *err)
{
    const int32_t head = r->values[i].head;
    imp_status st = head < 0 ? IMP_OK : fuse(r, i, after, err);
    if (st == IMP_OK)
        st = rt_run_call(r, head < 0 ? i : (uint32_t)head, job, false, call, err);
    call->after = head < 0 ? NULL : after;
    call->out = rt_run_place(r, i);
    if (r->values[i].had)
        call->statistic = NULL; /* moved already */
    return st;
}

/* Of node i, in the room that the run leaves. */
static struct rt_keeper keeper_of(struct imp_nn_run *r, uint32_t i)
{
    const struct rt_store *s = &r->store;
    const uint64_t left = s->limit > s->bytes ? s->limit - s->bytes : 0;
    return (struct rt_keeper){.kept = &r->model->kept[i],
                              .total = &r->model->kept_bytes,
                              .room = s->limit ? left : UINT64_MAX};
}

static imp_status compute(struct imp_nn_run *r, uint32_t i, imp_job *job, imp_error *err)
{
    struct rt_value *v = &r->values[i];
    if (r->plan->known[i]) {
        v->data = r->plan->info[i].dtype == IMP_F32 ? rt_floats(r->plan->known[i]) : NULL;
        v->done = v->had = 1;
        return IMP_OK;
    }
    imp_status st = place_value(r, i, err);
    if (st == IMP_OK && r->plan->need[i].saved && v->head < 0 && v->saved < 0)
        st = rt_run_get_block(r, r->plan->need[i].saved, RT_STAYING, &v->saved, err);
    struct rt_call call;
    struct rt_after after;
    if (st == IMP_OK)
        st = call_for(r, i, job, &call, &after, err);
    if (st == IMP_OK && !r->store.dry && !(call.node->op->flags & RT_VIEW)) {
        const double start = rt_clock_start(r);
        const struct rt_keeper keeper = keeper_of(r, v->head < 0 ? i : (uint32_t)v->head);
        call.keeper = (r->flags & IMP_NN_LEAN) && !r->trainer ? &keeper : NULL;
        st = call.node->op->forward(&call);
        rt_clock_stop(r, call.node, RT_CLOCK_FORWARD, start);
    }
    if (r->flags & IMP_NN_LEAN) {
        rt_store_put(&r->store, v->saved);
        v->saved = -1;
    }
    if (st != IMP_OK) {
        rt_run_drop_value(r, i);
        return st;
    }
    r->work += v->had ? 0 : rt_keep_work(r, i);
    r->again += v->had ? rt_keep_work(r, i) : 0;
    set_done(r, i);
    return IMP_OK;
}

/* What all calls need, so that it need not grow between them. */
static uint64_t scratch_wanted(const struct imp_nn_run *r)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < r->model->graph->node_count; i++) {
        const struct rt_value *v = &r->values[i];
        if (!v->wanted || v->done)
            continue;
        const struct rt_need *n = &r->plan->need[v->head < 0 ? i : (uint32_t)v->head];
        const uint64_t back = r->flags & IMP_NN_LEAN ? 0 : n->scratch_backward;
        most = n->scratch > most ? n->scratch : most;
        most = back > most ? back : most;
    }
    return most;
}

/* Computes what `node` needs and is not there. */
static imp_status fill(struct imp_nn_run *r, uint32_t node, imp_job *job, imp_error *err)
{
    mark_wanted(r, node);
    const uint64_t scratch = scratch_wanted(r);
    imp_status st = rt_keep_scratch(r, scratch) ? IMP_OK : rt_run_no_memory(r, scratch, err);
    for (uint32_t i = 0; i < r->model->graph->node_count && st == IMP_OK; i++) {
        if (!r->values[i].wanted || r->values[i].done)
            continue;
        st = compute(r, i, job, err);
        if (st == IMP_OK && job)
            st = job->progress(job, -1, NULL);
    }
    for (uint32_t i = 0; i < r->model->graph->node_count; i++)
        r->values[i].uses = 0;
    return st;
}

imp_status rt_run_again(struct imp_nn_run *r, uint32_t node, imp_job *job, imp_error *err)
{
    return r->values[node].done ? IMP_OK : fill(r, node, job, err);
}

imp_status rt_run_forward(struct imp_nn_run *r, uint32_t node, imp_job *job, imp_error *err)
{
    const struct rt_graph *g = r->model->graph;
    imp_status st = rt_run_ready(r, node, err);
    if (st != IMP_OK)
        return st;
    r->store.limit = job && job->max_bytes ? job->max_bytes : r->store.limit;
    for (uint32_t i = 0; i < g->node_count; i++)
        r->values[i].asked = node == IMP_NN_ALL ? (g->nodes[i].flags & IMP_NN_OUTPUT) != 0 : i == node;
    st = fill(r, node, job, err);
    for (uint32_t i = 0; i < g->node_count; i++) {
        r->values[i].kept |= r->values[i].asked && st == IMP_OK;
        r->values[i].asked = 0;
    }
    return st;
}

/* ---- how much memory it will take ---- */

static imp_status dry_inputs(struct imp_nn_run *r, imp_error *err)
{
    imp_status st = rt_run_plan(r, err);
    for (uint32_t i = 0; i < r->input_count && st == IMP_OK; i++) {
        st = rt_run_make_value(r, r->inputs[i], err);
        r->values[r->inputs[i]].done = r->values[r->inputs[i]].had = 1;
    }
    return st;
}

/* One evaluation without data under a limit (0: none). Over: it does not fit, or not without
 * computing nearly everything three times. */
static imp_status dry(const struct imp_nn_model *m, uint32_t node, uint32_t input_count,
                      const struct rt_shape *inputs, uint32_t flags, uint64_t limit,
                      uint64_t *bytes, imp_error *err)
{
    struct imp_nn_run *r;
    imp_status st = rt_run_new(m, NULL, flags, &r, err);
    if (st != IMP_OK)
        return st;
    rt_store_init(&r->store, true, limit);
    for (uint32_t i = 0; i < r->input_count && i < input_count; i++)
        r->given[i] = inputs[i];
    st = dry_inputs(r, err);
    if (st == IMP_OK)
        st = rt_run_forward(r, node, NULL, err);
    if (st == IMP_OK && !(flags & IMP_NN_LEAN))
        st = rt_run_dry_backward(r, node, err);
    if (st == IMP_OK && r->again > 2 * r->work)
        st = IMP_E_LIMIT;
    if (st == IMP_OK)
        *bytes = r->store.bytes;
    rt_run_free(r);
    return st;
}

/* Limits are tried between none and all, to 1/64 of it. */
static imp_status find_least(const struct imp_nn_model *m, uint32_t node, uint32_t input_count,
                             const struct rt_shape *inputs, uint64_t most, uint64_t *least)
{
    uint64_t low = 0;
    *least = most;
    while (*least - low > most / 64 + 4096) {
        const uint64_t limit = low + (*least - low) / 2;
        uint64_t bytes;
        const imp_status st = dry(m, node, input_count, inputs, 0, limit, &bytes, NULL);
        if (st == IMP_OK)
            *least = limit;
        else if (st == IMP_E_LIMIT)
            low = limit;
        else
            return st;
    }
    return IMP_OK;
}

imp_status rt_run_peak(const struct imp_nn_model *m, uint32_t node, uint32_t input_count,
                       const struct rt_shape *inputs, uint32_t flags, uint64_t *bytes,
                       uint64_t *least, imp_error *err)
{
    uint64_t all;
    imp_status st = dry(m, node, input_count, inputs, flags, 0, &all, err);
    if (st == IMP_OK && least) {
        *least = all;
        if (!(flags & IMP_NN_LEAN))
            st = find_least(m, node, input_count, inputs, all, least);
    }
    if (st == IMP_OK)
        *bytes = all;
    return st;
}
