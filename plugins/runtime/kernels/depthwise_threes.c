/* depthwise_threes.c - 3x3 filters of one channel each, one sample of padding, at stride 1 or 2:
 * forward, without scratch. */
#include "depthwise_rows.h"
#include "lanes.h"
#include "v_threes.h"

/* Samples of x that are worked on together, so that they are in the second cache when the next
 * column of vectors wants them; rows at least. */
enum { SAMPLES = 1 << 15, FEWEST_ROWS = 8 };

struct threes {
    const struct rt_conv *v;
    const struct rt_threes_table *table;
    int64_t h, w, oh, ow, stride, rows, bands;
    struct rt_lanes lanes;
    const struct rt_after *after;
    const float *x, *filters;
    float *y;
};

bool rt_depthwise_has_threes(const struct rt_conv *v)
{
    const struct rt_axis_window *a = v->window.axis;
    bool fine = v->window.axes == 2 && a[0].stride == a[1].stride && a[0].stride <= 2;
    for (int i = 0; i < 2 && fine; i++)
        fine = a[i].kernel == 3 && a[i].dilation == 1 && a[i].pad == 1 && a[i].in > 0 &&
               a[i].out == (a[i].in - 1) / a[i].stride + 1;
    return fine;
}

static void one(const void *user, int64_t item, void *scratch)
{
    const struct threes *t = user;
    const struct rt_after *a = t->after;
    const int64_t band = item % t->bands, plane = item / t->bands;
    const int64_t channel = plane % (t->v->groups * t->v->m), at = plane * t->oh * t->ow;
    (void)scratch;
    struct rt_threes p = {.h = t->h,
                          .width = t->w,
                          .out_w = t->ow,
                          .stride = t->stride,
                          .row0 = band * t->rows,
                          .x = t->x + plane / t->v->m * t->h * t->w,
                          .w = t->filters + channel * 9,
                          .add = a->add ? a->add + at : NULL,
                          .y = t->y + at,
                          .scale = a->scale ? a->scale[channel] : 1,
                          .shift = a->shift ? a->shift[channel] : 0,
                          .slope = a->slope,
                          .top = a->top};
    p.row1 = p.row0 + t->rows < t->oh ? p.row0 + t->rows : t->oh;
    t->table->rows(&p);
}

imp_status rt_threes_forward(const struct rt_conv *v, const float *x, const float *w,
                             const struct rt_after *after, float *y, imp_job *job)
{
    static const struct rt_threes_table *const tables[RT_VARIANTS] = RT_TABLES(rt_threes);
    const struct rt_axis_window *a = v->window.axis;
    struct threes t = {.v = v,
                       .table = tables[rt_simd()],
                       .h = a[0].in,
                       .w = a[1].in,
                       .oh = a[0].out,
                       .ow = a[1].out,
                       .stride = a[0].stride,
                       .after = after,
                       .x = x,
                       .filters = w,
                       .y = y};
    t.rows = rt_between(SAMPLES / (t.w * t.stride), FEWEST_ROWS, t.oh);
    t.bands = (t.oh + t.rows - 1) / t.rows;
    t.rows = (t.oh + t.bands - 1) / t.bands;
    t.bands = (t.oh + t.rows - 1) / t.rows;
    t.lanes.items = v->n * v->groups * v->m * t.bands;
    t.lanes.cost = t.lanes.items ? 4 * rt_conv_macs(v) / (double)t.lanes.items : 0;
    rt_lanes_set(&t.lanes);
    return rt_lanes_run(&t.lanes, job, NULL, one, &t);
}
