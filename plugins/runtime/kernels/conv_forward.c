/* conv_forward.c - y[m][strip] = bias + sum over blocks of channels of w[m][block] . columns */
#include "conv.h"
#include "lanes.h"
#include "rows.h"
#include "ways.h"

/* Items that there should be at least, and the fewest filters of one. */
enum { ITEMS = 16, FEWEST_FILTERS = 128 };

struct forward {
    const struct rt_conv *v;
    struct rt_blocks blocks;
    struct rt_lanes lanes;
    int64_t m_blocks;
    const struct rt_after *after;
    const float *x, *w;
    float *y;
};

double rt_conv_macs(const struct rt_conv *v)
{
    return (double)v->n * (double)v->groups * (double)v->m * (double)v->c * (double)v->taps *
           (double)v->out_size;
}

static struct forward plan(const struct rt_conv *v)
{
    struct forward f = {.v = v, .m_blocks = 1};
    rt_blocks_set(&f.blocks, v, ITEMS / v->groups);
    const struct rt_strips *s = &f.blocks.strips;
    while (s->count * v->groups * f.m_blocks < ITEMS && v->m / (2 * f.m_blocks) >= FEWEST_FILTERS)
        f.m_blocks *= 2;
    f.lanes.items = s->count * v->groups * f.m_blocks;
    f.lanes.cost = f.lanes.items ? rt_conv_macs(v) / (double)f.lanes.items : 0;
    f.lanes.bytes = f.blocks.table_bytes + f.blocks.cols_bytes +
                    (uint64_t)((v->m + f.m_blocks - 1) / f.m_blocks * s->cols) * sizeof(float);
    rt_lanes_set(&f.lanes);
    return f;
}

/* Filters [m0, m1) of group g on one strip. */
struct part {
    struct rt_strip strip;
    int64_t g, m0, m1, cols;
};

static struct part part_of(const struct forward *f, int64_t item)
{
    struct part p;
    rt_piece(f->v->m, (uint32_t)f->m_blocks, (uint32_t)(item % f->m_blocks), &p.m0, &p.m1);
    item /= f->m_blocks;
    p.g = item % f->v->groups;
    p.strip = rt_strip_at(&f->blocks.strips, f->v, item / f->v->groups);
    p.cols = rt_strip_cols(&p.strip);
    return p;
}

/* Where sums are made in y's memory, what is added there already would be lost. */
static bool in_place(const struct forward *f, const struct part *p)
{
    return rt_strip_whole(&p->strip, f->v) && (f->after->add != f->y || f->blocks.count == 1);
}

/* after: here, too, or NULL. */
static void products(const struct forward *f, const struct part *p, char *scratch, float *y,
                     int64_t ld, const struct rt_after *after)
{
    const struct rt_conv *v = f->v;
    const int64_t k = v->c * v->taps;
    int64_t *table = (int64_t *)(void *)scratch;
    float *cols = (float *)(void *)(scratch + f->blocks.table_bytes);
    struct rt_rows r = {.m = p->m1 - p->m0,
                        .n = p->cols,
                        .row = k,
                        .step = 1,
                        .ldb = p->cols,
                        .ldc = ld,
                        .b = cols,
                        .c = y,
                        .channel = p->g * v->m + p->m0};
    r.add = after && after->add ? after->add + (y - f->y) : NULL;
    rt_conv_table(v, &p->strip, 0, INT64_MAX, table);
    for (int64_t c = 0; c < v->c; c += f->blocks.channels) {
        const int64_t n = rt_between(v->c - c, 0, f->blocks.channels);
        rt_im2col(v, &p->strip, table, f->x, p->g * v->c + c, n, cols);
        r.a = f->w + (p->g * v->m + p->m0) * k + c * v->taps;
        r.k = n * v->taps;
        r.more = c > 0;
        r.after = c + n == v->c ? after : NULL;
        rt_rows_product(&r);
    }
}

static void one(const void *user, int64_t item, void *scratch)
{
    const struct forward *f = user;
    const struct part p = part_of(f, item);
    const int64_t first = p.g * f->v->m + p.m0;
    if (in_place(f, &p)) {
        float *y = f->y + rt_strip_at_y(&p.strip, f->v, first);
        products(f, &p, scratch, y, f->v->out_size, f->after);
        return;
    }
    float *y = (float *)(void *)((char *)scratch + f->blocks.table_bytes + f->blocks.cols_bytes);
    products(f, &p, scratch, y, p.cols, NULL);
    rt_strip_scatter(f->v, &p.strip, y, first, p.m1 - p.m0, f->after, f->y);
}

imp_status rt_conv_forward(const struct rt_conv *v, const float *x, const float *w,
                           const struct rt_after *after, float *y, void *scratch, imp_job *job)
{
    struct rt_way way;
    if (rt_conv_is_depthwise(v))
        return rt_depthwise_forward(v, x, w, after, y, scratch, job);
    if (v->plain)
        return rt_plain_forward(v, x, w, after, y, job);
    if (rt_way_set(&way, v, false))
        return rt_way_run(&way, x, NULL, w, v->kept, after, y, scratch, job);
    struct forward f = plan(v);
    f.x = x;
    f.w = w;
    f.after = after;
    f.y = y;
    return rt_lanes_run(&f.lanes, job, scratch, one, &f);
}

uint64_t rt_conv_forward_bytes(const struct rt_conv *v)
{
    struct rt_way way;
    if (rt_conv_is_depthwise(v))
        return rt_depthwise_bytes(v);
    if (v->plain)
        return 0;
    if (rt_way_set(&way, v, false))
        return rt_way_bytes(&way);
    const struct forward f = plan(v);
    return rt_lanes_bytes(&f.lanes);
}

bool rt_conv_halves(const struct rt_conv *v)
{
    struct rt_wino g;
    return !rt_conv_is_depthwise(v) && !v->plain && rt_wino_set(&g, v, false);
}

uint64_t rt_conv_kept_bytes(const struct rt_conv *v)
{
    struct rt_wino g;
    return rt_wino_set(&g, v, false) ? rt_wino_kept_bytes(&g) : 0;
}

imp_status rt_conv_keep(const struct rt_conv *v, const float *w, float *kept, imp_job *job)
{
    struct rt_wino g;
    rt_wino_set(&g, v, false);
    return rt_wino_keep(&g, w, kept, job);
}
