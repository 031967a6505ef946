/* run.c - a run and what lies in it: inputs, blocks, views for callers. */
#include "keep.h"
#include "clock.h"
#include "trainer.h"

#include <impasto/kit.h>
#include <stdlib.h>
#include <string.h>

/* ---- tensors of callers ---- */

void rt_fill_view(imp_tensor *view, uint32_t dtype, const struct rt_shape *shape, const void *data,
                  const char *name)
{
    union { const void *from; void *to; } plain = {.from = data}; /* a view is read-only by contract */
    imp_tensor t = {.head = {.struct_size = view->head.struct_size, .kind = IMP_TENSOR},
                    .dtype = dtype, .ndim = shape->ndim, .shape = shape->dim, .data = plain.to,
                    .name = name};
    const size_t size = view->head.struct_size < sizeof t ? view->head.struct_size : sizeof t;
    memcpy(view, &t, size);
}

static double element(const imp_tensor *t, int64_t at)
{
    switch (t->dtype) {
    case IMP_F64: return ((const double *)t->data)[at];
    case IMP_I32: return ((const int32_t *)t->data)[at];
    case IMP_I64: return (double)((const int64_t *)t->data)[at];
    case IMP_U8: return ((const uint8_t *)t->data)[at];
    default: return (double)((const float *)t->data)[at];
    }
}

void rt_copy_tensor(const imp_tensor *from, float *to)
{
    const struct rt_shape s = rt_shape_of(from->ndim, from->shape);
    const int64_t n = rt_count(&s);
    int64_t index[RT_RANK] = {0}, at = 0;
    if (!from->strides && from->dtype == IMP_F32) {
        memcpy(to, from->data, (size_t)n * sizeof *to);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        to[i] = (float)element(from, from->strides ? at : i);
        for (uint32_t d = s.ndim; from->strides && d-- > 0;) {
            at += from->strides[d];
            if (++index[d] < s.dim[d])
                break;
            at -= from->strides[d] * s.dim[d];
            index[d] = 0;
        }
    }
}

/* ---- making and freeing ---- */

#define NOTHING {.block = -1, .saved = -1, .grad = -1, .head = -1}

static void forget_values(struct imp_nn_run *r, bool inputs)
{
    for (uint32_t i = 0; i < r->model->graph->node_count; i++) {
        struct rt_value *v = &r->values[i];
        const bool input = r->model->graph->nodes[i].flags & IMP_NN_INPUT;
        rt_run_drop_grad(r, i);
        rt_store_put(&r->store, v->saved);
        v->saved = -1;
        if (input && !inputs)
            continue;
        if (v->block >= 0 && --r->shares[v->block] == 0)
            rt_store_put(&r->store, v->block);
        *v = (struct rt_value)NOTHING;
    }
    rt_store_restart(&r->store);
}

void rt_run_free(struct imp_nn_run *r)
{
    if (!r)
        return;
    rt_store_fini(&r->store);
    rt_plan_free(r->plan);
    rt_model_release(r->model);
    free(r->inputs);
    free(r->given);
    free(r->values);
    free(r->shares);
    free(r->wants_grad);
    free(r->is_wrt);
    free(r->slot_in);
    free(r->slot_grad);
    free(r->slot_statistic);
    free(r->slot_fresh);
    free(r->clocks);
    free(r->way);
    free(r->folded);
    free(r->is_folded);
    free(r);
}

static bool allocate(struct imp_nn_run *r)
{
    const struct rt_graph *g = r->model->graph;
    size_t slots = 1;
    for (uint32_t i = 0; i < g->node_count; i++)
        slots = g->nodes[i].input_count > slots ? g->nodes[i].input_count : slots;
    r->inputs = calloc(g->node_count, sizeof *r->inputs);
    r->given = calloc(g->node_count, sizeof *r->given);
    r->values = calloc(g->node_count, sizeof *r->values);
    r->wants_grad = calloc(g->node_count, 1);
    r->is_wrt = calloc(g->node_count, 1);
    r->slot_in = calloc(slots, sizeof *r->slot_in);
    r->slot_grad = calloc(slots, sizeof *r->slot_grad);
    r->slot_statistic = calloc(slots, sizeof *r->slot_statistic);
    r->slot_fresh = calloc(slots, 1);
    r->is_folded = calloc(g->node_count, 1);
    if (r->flags & IMP_NN_TIMED)
        r->clocks = calloc((size_t)RT_CLOCKS * g->node_count, sizeof *r->clocks);
    r->way = calloc(g->node_count, sizeof *r->way);
    return r->inputs && r->given && r->values && r->wants_grad && r->is_wrt && r->slot_in &&
           r->slot_grad && r->slot_statistic && r->slot_fresh && r->is_folded && r->way;
}

imp_status rt_run_new(const struct imp_nn_model *m, struct imp_nn_trainer *trainer, uint32_t flags,
                      struct imp_nn_run **out, imp_error *err)
{
    struct imp_nn_run *r = calloc(1, sizeof *r);
    if (r) {
        r->model = rt_model_retain(m);
        r->trainer = trainer;
        r->flags = flags;
        r->at = UINT32_MAX;
        rt_store_init(&r->store, false, 0);
    }
    if (!r || !allocate(r)) {
        rt_run_free(r);
        return imp_fail(err, IMP_E_MEMORY, "no memory for a run");
    }
    r->input_count = rt_inputs(m->graph, r->inputs);
    for (uint32_t i = 0; i < m->graph->node_count; i++)
        r->values[i] = (struct rt_value)NOTHING;
    for (uint32_t i = 0; i < r->input_count; i++)
        r->given[i].ndim = UINT32_MAX;
    *out = r;
    return IMP_OK;
}

/* ---- blocks ---- */

imp_status rt_run_no_memory(const struct imp_nn_run *r, uint64_t more, imp_error *err)
{
    if (r->store.limit)
        return imp_fail(err, IMP_E_LIMIT,
                        "the network needs %llu MiB more beside the %llu MiB it has, the budget is "
                        "%llu MiB (--mem): smaller pictures or fewer at a time would fit",
                        (unsigned long long)(more >> 20), (unsigned long long)(r->store.bytes >> 20),
                        (unsigned long long)(r->store.limit >> 20));
    return imp_fail(err, IMP_E_MEMORY, "no memory for %llu MiB more beside %llu MiB",
                    (unsigned long long)(more >> 20), (unsigned long long)(r->store.bytes >> 20));
}

/* A block for one value, with room in `shares` for its number. */
imp_status rt_run_get_block(struct imp_nn_run *r, uint64_t bytes, enum rt_row_kind row,
                            int32_t *block, imp_error *err)
{
    const int32_t b = rt_keep_block(r, bytes, row);
    if (b < 0)
        return rt_run_no_memory(r, bytes, err);
    if ((uint32_t)b >= r->shares_room) {
        const uint32_t room = r->store.room;
        uint32_t *more = realloc(r->shares, room * sizeof *more);
        if (!more) {
            rt_store_put(&r->store, b);
            return rt_run_no_memory(r, bytes, err);
        }
        memset(more + r->shares_room, 0, (room - r->shares_room) * sizeof *more);
        r->shares = more;
        r->shares_room = room;
    }
    *block = b;
    return IMP_OK;
}

uint64_t rt_run_bytes_of(const struct rt_info *i)
{
    return (uint64_t)rt_count(&i->shape) * sizeof(float);
}

float *rt_run_place(const struct imp_nn_run *r, uint32_t i)
{
    char *block = rt_store_data(&r->store, r->values[i].block);
    return block ? (float *)(void *)(block + r->values[i].at) : NULL;
}

imp_status rt_run_make_value(struct imp_nn_run *r, uint32_t i, imp_error *err)
{
    struct rt_value *v = &r->values[i];
    const bool input = r->model->graph->nodes[i].flags & IMP_NN_INPUT;
    const imp_status st =
        rt_run_get_block(r, rt_run_bytes_of(&r->plan->info[i]),
                         input || v->asked ? RT_STAYING : RT_PASSING, &v->block, err);
    if (st == IMP_OK) {
        r->shares[v->block] = 1;
        v->at = 0;
        v->data = rt_run_place(r, i);
    }
    return st;
}

void rt_run_drop_value(struct imp_nn_run *r, uint32_t i)
{
    struct rt_value *v = &r->values[i];
    if (v->block >= 0 && --r->shares[v->block] == 0)
        rt_store_put(&r->store, v->block);
    v->block = -1;
    v->data = NULL;
    v->done = 0;
}

/* ---- inputs ---- */

imp_status rt_run_plan(struct imp_nn_run *r, imp_error *err)
{
    for (uint32_t i = 0; i < r->input_count; i++)
        if (r->given[i].ndim == UINT32_MAX)
            return IMP_OK;
    const imp_status st =
        rt_plan_new(r->model->graph, r->input_count, r->given, &r->plan, err);
    if (st != IMP_OK)
        return st;
    free(r->folded);
    r->folded = malloc(((size_t)r->plan->folded + 1) * sizeof *r->folded);
    memset(r->is_folded, 0, r->model->graph->node_count);
    if (r->folded)
        return IMP_OK;
    rt_plan_free(r->plan);
    r->plan = NULL;
    return imp_fail(err, IMP_E_MEMORY, "no memory for a run");
}

/* A new size: the old plan and all its blocks go. */
static void change_size(struct imp_nn_run *r, uint32_t input, const struct rt_shape *shape)
{
    forget_values(r, false);
    for (uint32_t i = 0; i < r->input_count; i++)
        if (i == input && r->values[r->inputs[i]].block >= 0)
            rt_run_drop_value(r, r->inputs[i]);
    rt_store_trim(&r->store);
    rt_plan_free(r->plan);
    r->plan = NULL;
    r->given[input] = *shape;
}

static imp_status check_input(const struct imp_nn_run *r, uint32_t node, const imp_tensor *t,
                              uint32_t *input, imp_error *err)
{
    for (*input = 0; *input < r->input_count && r->inputs[*input] != node;)
        ++*input;
    if (*input == r->input_count)
        return imp_fail(err, IMP_E_INPUT, "node %u is no input of this network", node);
    if (t->ndim > RT_RANK)
        return imp_fail(err, IMP_E_UNSUPPORTED, "input of %u axes, at most %d are supported", t->ndim,
                        RT_RANK);
    const struct rt_node *n = &r->model->graph->nodes[node];
    struct rt_shape s = rt_shape_of(t->ndim, t->shape);
    char a[160], b[160];
    bool fits = s.ndim == n->declared.ndim && rt_count(&s) >= 0;
    for (uint32_t i = 0; fits && i < s.ndim; i++)
        fits = n->declared.dim[i] < 0 || n->declared.dim[i] == s.dim[i];
    if (!fits)
        return imp_fail(err, IMP_E_INPUT, "input '%s' is given %s, the network wants %s", n->name,
                        rt_shape_text(&s, a, sizeof a), rt_shape_text(&n->declared, b, sizeof b));
    return IMP_OK;
}

imp_status rt_run_set_input(struct imp_nn_run *r, uint32_t node, const imp_tensor *t, imp_error *err)
{
    uint32_t input;
    imp_status st = check_input(r, node, t, &input, err);
    if (st != IMP_OK)
        return st;
    const struct rt_shape shape = rt_shape_of(t->ndim, t->shape);
    rt_clock_reset(r);
    if (rt_same_shape(&shape, &r->given[input]))
        forget_values(r, false);
    else
        change_size(r, input, &shape);
    struct rt_value *v = &r->values[node];
    if (v->block < 0)
        st = rt_run_get_block(r, (uint64_t)rt_count(&shape) * sizeof(float), RT_STAYING,
                              &v->block, err);
    if (st != IMP_OK)
        return st;
    r->shares[v->block] = 1;
    float *data = rt_store_data(&r->store, v->block);
    rt_copy_tensor(t, data);
    v->data = data;
    v->done = v->had = 1;
    if (r->trainer)
        r->draw = rt_trainer_take_draw(r->trainer);
    return r->plan ? IMP_OK : rt_run_plan(r, err);
}

/* ---- values for callers ---- */

imp_status rt_run_ready(struct imp_nn_run *r, uint32_t node, imp_error *err)
{
    if (node != IMP_NN_ALL && node >= r->model->graph->node_count)
        return imp_fail(err, IMP_E_INPUT, "node %u of a network of %u", node,
                        r->model->graph->node_count);
    if (r->plan)
        return IMP_OK;
    for (uint32_t i = 0; i < r->input_count; i++)
        if (r->given[i].ndim == UINT32_MAX)
            return imp_fail(err, IMP_E_INPUT, "input '%s' was not set",
                            r->model->graph->nodes[r->inputs[i]].name);
    if (!r->input_count) /* constants alone: nothing was ever set */
        return rt_run_plan(r, err);
    return imp_fail(err, IMP_E_INPUT, "the inputs that were set do not fit this network");
}

imp_status rt_run_value(struct imp_nn_run *r, uint32_t node, imp_tensor *view, imp_error *err)
{
    imp_status st = node == IMP_NN_ALL ? imp_fail(err, IMP_E_INPUT, "a view is of one node")
                                       : rt_run_ready(r, node, err);
    if (st != IMP_OK)
        return st;
    const struct rt_info *info = &r->plan->info[node];
    if (!r->values[node].done && r->values[node].had && !(r->flags & IMP_NN_LEAN))
        st = rt_run_again(r, node, NULL, err);
    if (st != IMP_OK)
        return st;
    const void *data = info->dtype == IMP_F32 ? (const void *)r->values[node].data
                                              : r->plan->known[node]->data;
    if (!r->values[node].done)
        return imp_fail(err, IMP_E_INPUT, "the value of '%s' is not there: forward it first%s",
                        r->model->graph->nodes[node].name,
                        r->flags & IMP_NN_LEAN ? " (a lean run drops inner values)" : "");
    r->values[node].kept = 1;
    rt_fill_view(view, info->dtype, &info->shape, data, r->model->graph->nodes[node].name);
    return IMP_OK;
}
