/* wino_weight.c - see wino_weight.h: when, and how the work is cut. A round transforms both sides,
 * then an item adds up one point of some filters; at the end an item is eight filters. */
#include "wino_weight.h"
#include "conv.h"
#include "lanes.h"

/* Bytes of both sides in a round; of all scratch, at most; cuts of the filters where items would be
 * few. */
enum { ROUND_BYTES = 12 << 20, MOST_BYTES = 256 << 20, CUTS = 4 };

static const struct rt_wino_weight_kernels *kernels(enum rt_simd v)
{
    static const struct rt_wino_weight_kernels *const all[RT_VARIANTS] =
        RT_TABLES(rt_wino_weight_kernels);
    return all[v];
}

bool rt_wino_weight_fits(struct rt_wino_weight *p, const struct rt_conv *v)
{
    *p = (struct rt_wino_weight){.columns = 0};
    if (!rt_wino_fits(&p->g, v, false) || !rt_wino_is_whole(&p->g))
        return false;
    const struct rt_wino *g = &p->g;
    const int64_t vectors = rt_up(g->c, g->lanes);
    const int64_t side = vectors % 3 == 0 ? 3 : vectors % 2 == 0 ? 2 : 1;
    p->width = side * g->lanes;
    p->columns = vectors / side;
    p->rows = rt_up(rt_up(g->m, g->lanes) * g->lanes, 8);
    const int64_t each = g->points * g->lanes * 4 * (p->columns * p->width + p->rows * 8);
    p->round = rt_between(ROUND_BYTES / each, 1, g->groups);
    p->rounds = rt_up(g->groups, p->round);
    p->round = rt_up(g->groups, p->rounds);
    return true;
}

struct plan {
    const struct rt_wino_weight *p;
    const struct rt_wino_weight_kernels *k;
    const float *x, *y, *gate;
    float *w, *xs, *ys, *sums;
    int64_t first, groups, cuts; /* of the round; cuts of the filters */
};

static uint64_t side_bytes(const struct rt_wino_weight *p, bool y)
{
    return (uint64_t)(p->g.points * (y ? rt_wino_y_step(p) : rt_wino_x_step(p))) * sizeof(float);
}

uint64_t rt_wino_weight_bytes(const struct rt_wino_weight *p)
{
    const uint64_t sums = (uint64_t)(p->rows * p->columns * p->g.points * rt_wino_sums_step(p));
    return side_bytes(p, false) + side_bytes(p, true) + sums * sizeof(float);
}

bool rt_wino_weight_set(struct rt_wino_weight *p, const struct rt_conv *v)
{
    if (!rt_wino_weight_fits(p, v))
        return false;
    const struct rt_wino *g = &p->g;
    const double c = (double)(p->columns * p->width), m = (double)(p->rows * 8);
    const double runs = g->tiles_x >= g->lanes ? 1 : (double)g->lanes / (double)g->tiles_x;
    const double each = 900 + 200 * (runs - 1), pixels = (double)(g->n * g->oh * g->ow);
    const double cost = (double)g->groups * (c * m * 36 + (c + m) * each) + c * m * 40;
    return cost < pixels / (double)g->lanes * 9 * (double)g->c * (double)g->m * 1.8 &&
           rt_wino_weight_bytes(p) <= MOST_BYTES;
}

/* An item: one group of tiles, as many channels or filters as a vector holds. */
static void transform(const void *user, int64_t item, void *scratch)
{
    const struct plan *u = user;
    const struct rt_wino *g = &u->p->g;
    const int64_t channels = rt_up(g->c, g->lanes), filters = rt_up(g->m, g->lanes);
    const int64_t at = item / (channels + filters), part = item % (channels + filters);
    struct rt_wino_group group;
    (void)scratch;
    rt_wino_group_set(g, u->first + at, &group);
    if (part < channels)
        u->k->inputs(u->p, &group, u->x, part * g->lanes, at, u->xs);
    else
        u->k->outputs(u->p, &group, u->y, u->gate, (part - channels) * g->lanes, at, u->ys);
}

static void add_up(const void *user, int64_t item, void *scratch)
{
    const struct plan *u = user;
    int64_t p0, p1;
    (void)scratch;
    rt_piece(u->p->rows, (uint32_t)u->cuts, (uint32_t)(item % u->cuts), &p0, &p1);
    u->k->products(u->p, u->xs, u->ys, u->groups, item / u->cuts, p0, p1, u->first > 0, u->sums);
}

static void collect(const void *user, int64_t item, void *scratch)
{
    const struct plan *u = user;
    (void)scratch;
    u->k->filters(u->p, u->sums, item, u->w);
}

static imp_status each(int64_t items, double cost, imp_job *job,
                       void (*fn)(const void *user, int64_t item, void *scratch),
                       const struct plan *u)
{
    struct rt_lanes l = {.items = items, .cost = cost};
    rt_lanes_set(&l);
    return rt_lanes_run(&l, job, NULL, fn, u);
}

imp_status rt_wino_weight_run(const struct rt_wino_weight *p, const float *x, const float *y,
                              const float *gate, float *w, void *scratch, imp_job *job)
{
    const struct rt_wino *g = &p->g;
    char *at = scratch;
    struct plan u = {.p = p, .k = kernels(g->simd), .x = x, .y = y, .gate = gate, .w = w};
    u.xs = (float *)(void *)at;
    u.ys = (float *)(void *)(at + side_bytes(p, false));
    u.sums = (float *)(void *)(at + side_bytes(p, false) + side_bytes(p, true));
    u.cuts = p->rows < CUTS ? p->rows : CUTS;
    imp_status st = IMP_OK;
    for (; u.first < g->groups && st == IMP_OK; u.first += u.groups) {
        u.groups = u.first + p->round < g->groups ? p->round : g->groups - u.first;
        const int64_t parts = rt_up(g->c, g->lanes) + rt_up(g->m, g->lanes);
        st = each(u.groups * parts, 900.0 * (double)(g->lanes * g->lanes), job, transform, &u);
        if (st == IMP_OK)
            st = each(g->points * u.cuts,
                      (double)(u.groups * g->lanes) * (double)(p->columns * p->width) *
                          (double)(p->rows * 8) / (double)u.cuts,
                      job, add_up, &u);
    }
    return st != IMP_OK ? st : each(p->rows, (double)g->c * 8 * 100, job, collect, &u);
}
