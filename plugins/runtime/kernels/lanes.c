/* lanes.c - see lanes.h. */
#include "lanes.h"

enum { MOST = 16 };
static const double round_cost = 2e8; /* a few milliseconds of a thread */

void rt_lanes_set(struct rt_lanes *l)
{
    const uint32_t n = rt_pieces(l->items, l->cost);
    l->lanes = n < MOST ? n : MOST;
    l->bytes = (l->bytes + 63) / 64 * 64;
}

uint64_t rt_lanes_bytes(const struct rt_lanes *l)
{
    return l->bytes * l->lanes;
}

struct round {
    const struct rt_lanes *l;
    void (*fn)(const void *user, int64_t item, void *scratch);
    const void *user;
    char *scratch;
    int64_t first, count;
};

static void lane(void *user, uint32_t i) IMP_NX
{
    const struct round *r = user;
    int64_t from, to;
    rt_piece(r->count, r->l->lanes, i, &from, &to);
    for (int64_t k = from; k < to; k++)
        r->fn(r->user, r->first + k, r->l->bytes ? r->scratch + r->l->bytes * i : NULL);
}

imp_status rt_lanes_run(const struct rt_lanes *l, imp_job *job, void *scratch,
                        void (*fn)(const void *user, int64_t item, void *scratch), const void *user)
{
    const double each = l->cost > 1 ? round_cost / l->cost : round_cost;
    const int64_t most = (each < 1 ? 1 : (int64_t)each) * l->lanes;
    struct round r = {.l = l, .fn = fn, .user = user, .scratch = scratch};
    imp_status st = IMP_OK;
    for (; r.first < l->items && st == IMP_OK; r.first += r.count) {
        r.count = l->items - r.first < most ? l->items - r.first : most;
        st = rt_parallel(job, l->lanes, lane, &r);
    }
    return st;
}
