/* conv_plain.c - 1x1 at stride 1: a plane of x is a row of the matrix of columns, so the product
 * reads x where it is.
 *
 *     y[m][pixels] = after(sum over c of w[m][c] x[c][pixels]) */
#include "conv.h"
#include "lanes.h"
#include "rows.h"

/* Items that there should be at least; pixels and filters that fill whole blocks of the product on
 * every processor; units of both, at most and at least, that an item has. */
enum { ITEMS = 16, PIXELS = 48, FILTERS = 8, MOST_PIXELS = 32, FEWEST_FILTERS = 2 };

struct plain {
    const struct rt_conv *v;
    int64_t x_units, m_units;
    uint32_t x_cuts, m_cuts;
    struct rt_lanes lanes;
    const struct rt_after *after;
    const float *x, *w;
    float *y;
};

static struct plain plan(const struct rt_conv *v)
{
    struct plain p = {.v = v, .x_units = v->out_size / PIXELS, .m_units = rt_up(v->m, FILTERS)};
    const int64_t planes = v->n * v->groups;
    p.x_units = p.x_units > 0 ? p.x_units : 1;
    const int64_t cuts = rt_up(p.x_units, MOST_PIXELS),
                  even = rt_up(ITEMS, planes > 0 ? planes : 1);
    p.x_cuts = (uint32_t)cuts;
    p.m_cuts = 1;
    if (v->m > v->c && p.m_units >= 4 * FEWEST_FILTERS) {
        p.m_cuts = (uint32_t)rt_between(p.m_units / FEWEST_FILTERS, 1, even);
    } else {
        p.x_cuts = (uint32_t)rt_between(cuts > even ? cuts : even, 1, p.x_units);
        while (planes * p.x_cuts * p.m_cuts < ITEMS && p.m_units >= 2 * p.m_cuts * FEWEST_FILTERS)
            p.m_cuts *= 2;
    }
    p.lanes.items = planes * p.x_cuts * p.m_cuts;
    p.lanes.cost = p.lanes.items ? rt_conv_macs(v) / (double)p.lanes.items : 0;
    rt_lanes_set(&p.lanes);
    return p;
}

static void one(const void *user, int64_t item, void *scratch)
{
    const struct plain *p = user;
    const struct rt_conv *v = p->v;
    int64_t x0, x1, m0, m1;
    (void)scratch;
    rt_piece(p->x_units, p->x_cuts, (uint32_t)(item % p->x_cuts), &x0, &x1);
    item /= p->x_cuts;
    rt_piece(p->m_units, p->m_cuts, (uint32_t)(item % p->m_cuts), &m0, &m1);
    item /= p->m_cuts; /* the plane: picture * groups + group */
    const int64_t channel = item % v->groups * v->m + m0 * FILTERS;
    const int64_t at = (item * v->m + m0 * FILTERS) * v->out_size + x0 * PIXELS;
    rt_rows_product(
        &(struct rt_rows){.m = (m1 < p->m_units ? m1 * FILTERS : v->m) - m0 * FILTERS,
                          .n = (x1 < p->x_units ? x1 * PIXELS : v->out_size) - x0 * PIXELS,
                          .k = v->c,
                          .row = v->c,
                          .step = 1,
                          .ldb = v->in_size,
                          .ldc = v->out_size,
                          .a = p->w + channel * v->c,
                          .b = p->x + item * v->c * v->in_size + x0 * PIXELS,
                          .c = p->y + at,
                          .after = p->after,
                          .channel = channel,
                          .add = p->after->add ? p->after->add + at : NULL});
}

imp_status rt_plain_forward(const struct rt_conv *v, const float *x, const float *w,
                            const struct rt_after *after, float *y, imp_job *job)
{
    struct plain p = plan(v);
    p.x = x;
    p.w = w;
    p.after = after;
    p.y = y;
    return rt_lanes_run(&p.lanes, job, NULL, one, &p);
}
