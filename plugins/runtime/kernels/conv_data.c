/* conv_data.c - x (+)= col2im(w' . y): the gradient by the input, and a transposed convolution.
 *
 * An item owns channels and rows of x that no other writes: a block of channels of one group, of
 * either several whole pictures or a band of rows of one, for which it takes every output that
 * reads from the band (neighbouring bands take some of them, too). */
#include "conv.h"
#include "gemm.h"
#include "lanes.h"
#include "rows.h"
#include "ways.h"

#include <string.h>

/* Items that there should be at least, the fewest rows of x in a band, and the multiply-accumulates
 * of an item, so that a cancel is heard. */
enum { ITEMS = 16, FEWEST_ROWS = 16, LONG = 1 << 30 };

struct back {
    const struct rt_conv *v;
    struct rt_blocks blocks; /* its strips: whole pictures together, or how one picture is cut */
    struct rt_lanes lanes;
    int64_t bands;
    const float *y, *gate, *w;
    float *x;
    bool add;
};

/* Pictures alone, or (cut by strips) some together. */
static int64_t units(const struct back *b)
{
    return b->blocks.strips.per_picture ? b->v->n : b->blocks.strips.count;
}

static int64_t bands(const struct rt_conv *v, int64_t items)
{
    const int64_t few = (ITEMS + items - 1) / items;
    const int64_t slow = (int64_t)(rt_conv_macs(v) / (double)items / LONG) + 1;
    const int64_t most = v->window.axis[0].in / FEWEST_ROWS;
    return rt_between(few > slow ? few : slow, 1, most > 1 ? most : 1);
}

static struct back plan(const struct rt_conv *v)
{
    struct back b = {.v = v, .bands = 1};
    rt_blocks_set(&b.blocks, v, 1);
    const struct rt_strips *s = &b.blocks.strips;
    const int64_t items = units(&b) * v->groups * b.blocks.count;
    if (items && v->window.axes > 1 && s->per_picture)
        b.bands = bands(v, items);
    b.lanes.items = items * b.bands;
    b.lanes.cost = b.lanes.items ? rt_conv_macs(v) / (double)b.lanes.items : 0;
    b.lanes.bytes =
        b.blocks.table_bytes + b.blocks.cols_bytes + (uint64_t)(v->m * s->cols) * sizeof(float);
    rt_lanes_set(&b.lanes);
    return b;
}

/* Channels [c0, c0 + channels) of group g; rows of y [row0, row1); rows of x on the first axis
 * [from, to). */
struct part {
    int64_t g, c0, channels, row0, row1, from, to, n0, n1; /* pictures [n0, n1) */
};

/* The rows of y in one picture that read from band [from, to) of x. */
static void rows_of_band(const struct rt_conv *v, struct part *p)
{
    const struct rt_axis_window *a = &v->window.axis[0];
    const int64_t each = a->out ? v->rows / a->out : 0;
    const int64_t first = rt_up(p->from + a->pad - (a->kernel - 1) * a->dilation, a->stride);
    const int64_t end = (p->to - 1 + a->pad) / a->stride + 1;
    p->row0 = rt_between(first, 0, a->out) * each;
    p->row1 = rt_between(end, 0, a->out) * each;
}

static struct part part_of(const struct back *b, int64_t item)
{
    const struct rt_conv *v = b->v;
    struct part p = {.from = 0, .to = v->window.axis[0].in, .row1 = v->rows};
    if (b->bands > 1) {
        rt_piece(v->window.axis[0].in, (uint32_t)b->bands, (uint32_t)(item % b->bands), &p.from,
                 &p.to);
        rows_of_band(v, &p);
    }
    item /= b->bands;
    p.c0 = item % b->blocks.count * b->blocks.channels;
    p.channels = p.c0 + b->blocks.channels < v->c ? b->blocks.channels : v->c - p.c0;
    item /= b->blocks.count;
    p.g = item % v->groups;
    item /= v->groups;
    if (b->blocks.strips.per_picture) {
        p.row0 += item * v->rows;
        p.row1 += item * v->rows;
        p.n0 = item;
        p.n1 = item + 1;
    } else {
        const struct rt_strip s = rt_strip_at(&b->blocks.strips, v, item);
        p.row0 = s.row0;
        p.row1 = s.row1;
        p.n0 = p.row0 / v->rows;
        p.n1 = p.row1 / v->rows;
    }
    return p;
}

static void one_strip(const struct back *b, const struct part *p, const struct rt_strip *s,
                      char *scratch)
{
    const struct rt_conv *v = b->v;
    const int64_t n = rt_strip_cols(s), k = v->c * v->taps;
    const float *w = b->w + p->g * v->m * k + p->c0 * v->taps;
    const bool direct = rt_strip_whole(s, v) && !b->gate;
    const float *y = direct ? b->y + rt_strip_at_y(s, v, p->g * v->m) : NULL;
    if (!direct) {
        float *packed = (float *)(void *)(scratch + b->blocks.table_bytes + b->blocks.cols_bytes);
        rt_strip_gather(v, s, b->y, b->gate, p->g * v->m, v->m, packed);
        y = packed;
    }
    const int64_t ld = direct ? v->out_size : n;
    if (v->plain) {
        float *x = b->x + ((s->row0 / v->rows * v->groups + p->g) * v->c + p->c0) * v->in_size +
                   s->row0 % v->rows * v->out_w + s->x0;
        rt_gemm(true, false, p->channels, n, v->m, 1, w, k, y, ld, b->add, x, v->in_size);
        return;
    }
    int64_t *table = (int64_t *)(void *)scratch;
    float *cols = (float *)(void *)(scratch + b->blocks.table_bytes);
    /* columns = w' . y */
    rt_rows_product(&(struct rt_rows){.m = p->channels * v->taps,
                                      .n = n,
                                      .k = v->m,
                                      .row = 1,
                                      .step = k,
                                      .ldb = ld,
                                      .ldc = n,
                                      .a = w,
                                      .b = y,
                                      .c = cols});
    rt_conv_table(v, s, p->from, p->to, table);
    rt_col2im(v, s, table, cols, p->g * v->c + p->c0, p->channels, b->x);
}

/* Rows [from, to) of the item's channels, in all its pictures. */
static void clear(const struct back *b, const struct part *p)
{
    const struct rt_conv *v = b->v;
    const int64_t each = v->window.axis[0].in ? v->in_size / v->window.axis[0].in : 0;
    for (int64_t n = p->n0; n < p->n1; n++)
        for (int64_t c = 0; c < p->channels; c++)
            memset(b->x + ((n * v->groups + p->g) * v->c + p->c0 + c) * v->in_size + p->from * each,
                   0, (size_t)((p->to - p->from) * each) * sizeof(float));
}

static void one(const void *user, int64_t item, void *scratch)
{
    const struct back *b = user;
    const struct part p = part_of(b, item);
    if (!b->add && !b->v->plain)
        clear(b, &p);
    for (int64_t r = p.row0; r < p.row1; r += b->blocks.strips.rows)
        for (int64_t i = 0; i < b->blocks.strips.x_cuts; i++) {
            struct rt_strip s = {.row0 = r, .row1 = r + b->blocks.strips.rows};
            s.row1 = s.row1 < p.row1 ? s.row1 : p.row1;
            rt_piece(b->v->out_w, (uint32_t)b->blocks.strips.x_cuts, (uint32_t)i, &s.x0, &s.x1);
            one_strip(b, &p, &s, scratch);
        }
}

imp_status rt_conv_back_data(const struct rt_conv *v, const float *y, const float *gate,
                             const float *w, bool add, float *x, void *scratch, imp_job *job)
{
    struct rt_way way;
    struct rt_after after = RT_AFTER_NONE;
    after.add = add ? x : NULL;
    if (rt_conv_is_depthwise(v))
        return rt_depthwise_back_data(v, y, gate, w, add, x, scratch, job);
    if (rt_way_set(&way, v, true))
        return rt_way_run(&way, y, gate, w, NULL, &after, x, scratch, job);
    struct back b = plan(v);
    b.y = y;
    b.gate = gate;
    b.add = add;
    b.w = w;
    b.x = x;
    return rt_lanes_run(&b.lanes, job, scratch, one, &b);
}

uint64_t rt_conv_back_data_bytes(const struct rt_conv *v)
{
    struct rt_way way;
    if (rt_conv_is_depthwise(v))
        return rt_depthwise_bytes(v);
    if (rt_way_set(&way, v, true))
        return rt_way_bytes(&way);
    const struct back b = plan(v);
    return rt_lanes_bytes(&b.lanes);
}
