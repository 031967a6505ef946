/* keep.c - see keep.h. */
#include "keep.h"

/* Smaller values are not worth a call. */
enum { LEAST = 4096 };
/* A number that is read or written costs as much as so many multiply-accumulates. */
enum { NUMBER = 8 };

double rt_keep_work(const struct imp_nn_run *r, uint32_t i)
{
    const int32_t head = r->values[i].head;
    return r->plan->need[head < 0 ? i : (uint32_t)head].macs +
           NUMBER * (double)rt_count(&r->plan->info[i].shape);
}

/* Can the value go and come again? */
static bool can_go(const struct imp_nn_run *r, uint32_t i)
{
    const struct rt_value *v = &r->values[i];
    return v->done && v->had && v->block >= 0 && !v->kept && !v->locked && !v->uses &&
           !(r->model->graph->nodes[i].flags & IMP_NN_INPUT) &&
           r->store.blocks[v->block].bytes >= LEAST;
}

/* Work of computing i again, with all on the way to it that is not there. */
static void visit(struct imp_nn_run *r, uint32_t i)
{
    if (r->values[i].seen == r->now || (r->values[i].done && r->way_count))
        return;
    r->values[i].seen = r->now;
    r->way[r->way_count++] = i;
}

static double work_of(struct imp_nn_run *r, uint32_t i)
{
    double work = 0;
    r->now++;
    r->way_count = 0;
    visit(r, i);
    for (uint32_t at = 0; at < r->way_count; at++) {
        work += rt_keep_work(r, r->way[at]);
        rt_run_each_input(r, r->way[at], visit);
    }
    return work;
}

/* Of the values that backward has passed, the smallest that has room for it all, else the largest.
 */
static int64_t passed(const struct imp_nn_run *r, uint64_t bytes)
{
    int64_t best = -1;
    uint64_t best_bytes = 0;
    for (uint32_t i = r->model->graph->node_count; i-- > 0 && i > r->at;) {
        if (!can_go(r, i))
            continue;
        const uint64_t b = r->store.blocks[r->values[i].block].bytes;
        const bool fits = b >= bytes, best_fits = best_bytes >= bytes;
        if (best < 0 || (fits && !best_fits) ||
            (fits == best_fits && (fits ? b < best_bytes : b > best_bytes))) {
            best = i;
            best_bytes = b;
        }
    }
    return best;
}

static int64_t cheapest(struct imp_nn_run *r)
{
    const uint32_t end = r->at < r->model->graph->node_count ? r->at : r->model->graph->node_count;
    int64_t best = -1;
    double best_price = 0;
    for (uint32_t i = 0; i < r->model->graph->node_count; i++) {
        if (!can_go(r, i))
            continue;
        const double bytes = (double)r->store.blocks[r->values[i].block].bytes;
        const double distance = i < end ? end - i : 1;
        const double price = work_of(r, i) / (bytes * distance);
        if (best < 0 || price < best_price) {
            best = i;
            best_price = price;
        }
    }
    return best;
}

static bool drop(struct imp_nn_run *r, int64_t i)
{
    if (i < 0)
        return false;
    rt_run_drop_value(r, (uint32_t)i);
    return true;
}

static bool is_fixed(const void *user, int32_t block)
{
    const struct imp_nn_run *r = user;
    for (uint32_t i = 0; i < r->model->graph->node_count; i++)
        if ((r->values[i].block == block && r->values[i].kept) ||
            (r->values[i].grad == block && r->is_wrt[i] == 2))
            return true;
    return false;
}

/* Moves what may be moved together, where that could make room. */
static bool pack(struct imp_nn_run *r, uint64_t bytes)
{
    const struct rt_store *s = &r->store;
    if (!s->limit || s->used + s->scratch_bytes + bytes > s->limit)
        return false;
    rt_store_pack(&r->store, is_fixed, r);
    for (uint32_t i = 0; i < r->model->graph->node_count; i++)
        if (r->values[i].block >= 0)
            r->values[i].data = rt_run_place(r, i);
    return true;
}

int32_t rt_keep_block(struct imp_nn_run *r, uint64_t bytes, enum rt_row_kind row)
{
    const bool lean = r->flags & IMP_NN_LEAN;
    bool packed = false;
    int32_t block;
    do
        block = rt_store_get(&r->store, bytes, row, lean);
    while (block < 0 && !lean && drop(r, passed(r, bytes)));
    while (block < 0) {
        block = rt_store_get(&r->store, bytes, row, true);
        if (block >= 0)
            break;
        if (!packed && pack(r, bytes)) {
            packed = true;
            continue;
        }
        packed = false;
        if (lean || !drop(r, cheapest(r)))
            break;
    }
    return block;
}

bool rt_keep_scratch(struct imp_nn_run *r, uint64_t bytes)
{
    bool packed = false;
    while (!rt_store_scratch(&r->store, bytes)) {
        if (!packed && pack(r, bytes)) {
            packed = true;
            continue;
        }
        packed = false;
        if ((r->flags & IMP_NN_LEAN) || !drop(r, cheapest(r)))
            return false;
    }
    return true;
}
