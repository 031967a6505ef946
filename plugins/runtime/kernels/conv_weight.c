/* conv_weight.c - w[m][block] += sum over strips of y[m][strip] . columns'
 *
 * Blocks of channels are independent. Where there are too few of them the strips are cut into
 * parts, each with a sum of its own, added up in order. */
#include "conv.h"
#include "gemm.h"
#include "lanes.h"
#include "windows_weight.h"
#include "wino_weight.h"

#include <impasto/kit.h>
#include <string.h>

/* Items that there should be at least, the fewest filters of one, and the multiply-accumulates of
 * its turn, so that a cancel is heard. */
enum { ITEMS = 16, FEWEST_FILTERS = 64, LONG = 1 << 30 };

struct sum {
    const struct rt_conv *v;
    struct rt_blocks blocks;
    struct rt_lanes lanes;
    int64_t parts, m_blocks, weights;
    int64_t turns, turn; /* an item goes through its strips in so many turns */
    uint64_t part_bytes;
    const float *x, *y, *gate;
    float *w; /* parts > 1: of all parts, one after the other */
};

static struct sum plan(const struct rt_conv *v)
{
    struct sum u = {.v = v, .parts = 1, .m_blocks = 1};
    rt_blocks_set(&u.blocks, v, 1);
    const struct rt_strips *s = &u.blocks.strips;
    const int64_t items = v->groups * u.blocks.count;
    if (items && items < ITEMS && s->count)
        u.parts = rt_between((ITEMS + items - 1) / items, 1, s->count);
    while (items * u.parts * u.m_blocks < ITEMS && v->m / (2 * u.m_blocks) >= FEWEST_FILTERS)
        u.m_blocks *= 2;
    u.weights = v->groups * v->m * v->c * v->taps;
    if (u.parts > 1)
        u.part_bytes = rt_lines((uint64_t)(u.parts * u.weights) * sizeof(float));
    u.lanes.items = items * u.parts * u.m_blocks;
    u.lanes.cost = u.lanes.items ? rt_conv_macs(v) / (double)u.lanes.items : 0;
    u.turns = (int64_t)(u.lanes.cost / LONG) + 1;
    u.lanes.cost /= (double)u.turns;
    u.lanes.bytes = u.blocks.table_bytes + u.blocks.cols_bytes +
                    (uint64_t)((v->m + u.m_blocks - 1) / u.m_blocks * s->cols) * sizeof(float);
    rt_lanes_set(&u.lanes);
    return u;
}

struct part {
    int64_t g, c0, channels, m0, m1, from, to; /* strips [from, to) */
    float *w;
};

static struct part part_of(const struct sum *u, int64_t item)
{
    struct part p;
    rt_piece(u->v->m, (uint32_t)u->m_blocks, (uint32_t)(item % u->m_blocks), &p.m0, &p.m1);
    item /= u->m_blocks;
    p.c0 = item % u->blocks.count * u->blocks.channels;
    p.channels = p.c0 + u->blocks.channels < u->v->c ? u->blocks.channels : u->v->c - p.c0;
    item /= u->blocks.count;
    p.g = item % u->v->groups;
    item /= u->v->groups;
    rt_piece(u->blocks.strips.count, (uint32_t)u->parts, (uint32_t)item, &p.from, &p.to);
    p.w = u->w + item * u->weights + ((p.g * u->v->m + p.m0) * u->v->c + p.c0) * u->v->taps;
    return p;
}

static void one_strip(const struct sum *u, const struct part *p, const struct rt_strip *s,
                      char *scratch)
{
    const struct rt_conv *v = u->v;
    const int64_t n = rt_strip_cols(s), k = v->c * v->taps, m = p->m1 - p->m0;
    const int64_t filter = p->g * v->m + p->m0, channel = p->g * v->c + p->c0;
    const bool direct = rt_strip_whole(s, v) && !u->gate;
    const float *y = direct ? u->y + rt_strip_at_y(s, v, filter) : NULL;
    const int64_t ld = direct ? v->out_size : n;
    if (!direct) {
        float *packed = (float *)(void *)(scratch + u->blocks.table_bytes + u->blocks.cols_bytes);
        rt_strip_gather(v, s, u->y, u->gate, filter, m, packed);
        y = packed;
    }
    if (v->plain) {
        const float *x = u->x + (s->row0 / v->rows * v->groups * v->c + channel) * v->in_size +
                         s->row0 % v->rows * v->out_w + s->x0;
        rt_gemm(false, true, m, p->channels, n, 1, y, ld, x, v->in_size, 1, p->w, k);
        return;
    }
    int64_t *table = (int64_t *)(void *)scratch;
    float *cols = (float *)(void *)(scratch + u->blocks.table_bytes);
    rt_conv_table(v, s, 0, INT64_MAX, table);
    rt_im2col(v, s, table, u->x, channel, p->channels, cols);
    rt_gemm(false, true, m, p->channels * v->taps, n, 1, y, ld, cols, n, 1, p->w, k);
}

static void one(const void *user, int64_t item, void *scratch)
{
    const struct sum *u = user;
    const struct part p = part_of(u, item);
    int64_t from, to;
    rt_piece(p.to - p.from, (uint32_t)u->turns, (uint32_t)u->turn, &from, &to);
    if (u->parts > 1 && u->turn == 0)
        for (int64_t m = 0; m < p.m1 - p.m0; m++)
            memset(p.w + m * u->v->c * u->v->taps, 0,
                   (size_t)(p.channels * u->v->taps) * sizeof(float));
    for (int64_t i = from; i < to; i++) {
        const struct rt_strip s = rt_strip_at(&u->blocks.strips, u->v, p.from + i);
        one_strip(u, &p, &s, scratch);
    }
}

/* ---- parts to one ---- */

struct fold {
    const float *parts;
    float *w;
    int64_t count, size;
    uint32_t pieces, reserved0;
};

static void fold_piece(void *user, uint32_t i) IMP_NX
{
    const struct fold *f = user;
    int64_t from, to;
    rt_piece(f->size, f->pieces, i, &from, &to);
    for (int64_t k = from; k < to; k++) {
        double sum = 0;
        for (int64_t p = 0; p < f->count; p++)
            sum += (double)f->parts[p * f->size + k];
        f->w[k] += (float)sum;
    }
}

static imp_status fold_parts(const float *parts, int64_t count, int64_t size, float *w,
                             imp_job *job)
{
    struct fold f = {.parts = parts, .w = w, .count = count, .size = size};
    f.pieces = rt_pieces(size, (double)count);
    return rt_parallel(job, f.pieces, fold_piece, &f);
}

static uint64_t part_bytes(const struct rt_windows_weight *s)
{
    const struct rt_conv *v = s->v;
    const int64_t weights = v->groups * v->m * v->c * v->taps;
    return s->parts > 1 ? rt_lines((uint64_t)(s->parts * weights) * sizeof(float)) : 0;
}

static imp_status by_windows(struct rt_windows_weight *s, const float *x, const float *y,
                             const float *gate, float *w, void *scratch, imp_job *job)
{
    float *to = s->parts > 1 ? scratch : w;
    imp_status st = IMP_OK;
    for (; s->turn < s->turns && st == IMP_OK; s->turn++)
        st = rt_windows_weight_run(s, x, y, gate, to, (char *)scratch + part_bytes(s), job);
    if (st != IMP_OK || s->parts == 1)
        return st;
    const struct rt_conv *v = s->v;
    return fold_parts(to, s->parts, v->groups * v->m * v->c * v->taps, w, job);
}

imp_status rt_conv_back_weight(const struct rt_conv *v, const float *x, const float *y,
                               const float *gate, float *w, void *scratch, imp_job *job)
{
    struct rt_wino_weight p;
    struct rt_windows_weight s;
    if (rt_conv_is_depthwise(v))
        return rt_depthwise_back_weight(v, x, y, gate, w, scratch, job);
    if (rt_wino_weight_set(&p, v))
        return rt_wino_weight_run(&p, x, y, gate, w, scratch, job);
    if (rt_windows_weight_set(&s, v))
        return by_windows(&s, x, y, gate, w, scratch, job);
    struct sum u = plan(v);
    u.x = x;
    u.y = y;
    u.gate = gate;
    u.w = u.parts > 1 ? scratch : w;
    imp_status st = IMP_OK;
    for (; u.turn < u.turns && st == IMP_OK; u.turn++)
        st = rt_lanes_run(&u.lanes, job, (char *)scratch + u.part_bytes, one, &u);
    return st != IMP_OK || u.parts == 1 ? st : fold_parts(u.w, u.parts, u.weights, w, job);
}

uint64_t rt_conv_back_weight_bytes(const struct rt_conv *v)
{
    struct rt_wino_weight p;
    struct rt_windows_weight s;
    if (rt_conv_is_depthwise(v))
        return rt_depthwise_bytes(v);
    if (rt_wino_weight_set(&p, v))
        return rt_wino_weight_bytes(&p);
    if (rt_windows_weight_set(&s, v))
        return rt_windows_weight_bytes(&s) + part_bytes(&s);
    const struct sum u = plan(v);
    return rt_lanes_bytes(&u.lanes) + u.part_bytes;
}

/* ---- the bias ---- */

struct sums {
    const float *y, *gate;
    float *sum;
    int64_t n, channels, size;
    uint32_t pieces, reserved0;
};

/* Sum of y where gate > 0, in an order that the size alone decides. */
KIT_CLONES
static double row_sum(const float *y, const float *gate, int64_t n)
{
    double lane[8] = {0}, total = 0;
    int64_t k = 0;
    if (gate)
        for (; k + 8 <= n; k += 8)
            for (int64_t l = 0; l < 8; l++)
                lane[l] += gate[k + l] > 0 ? (double)y[k + l] : 0;
    else
        for (; k + 8 <= n; k += 8)
            for (int64_t l = 0; l < 8; l++)
                lane[l] += (double)y[k + l];
    for (; k < n; k++)
        total += !gate || gate[k] > 0 ? (double)y[k] : 0;
    for (int64_t l = 0; l < 8; l++)
        total += lane[l];
    return total;
}

static void sum_piece(void *user, uint32_t i) IMP_NX
{
    const struct sums *s = user;
    int64_t from, to;
    rt_piece(s->channels, s->pieces, i, &from, &to);
    for (int64_t c = from; c < to; c++) {
        double total = 0;
        for (int64_t n = 0; n < s->n; n++) {
            const int64_t at = (n * s->channels + c) * s->size;
            total += row_sum(s->y + at, s->gate ? s->gate + at : NULL, s->size);
        }
        s->sum[c] += (float)total;
    }
}

imp_status rt_channel_sums(const float *y, const float *gate, int64_t n, int64_t channels,
                           int64_t size, float *sum, imp_job *job)
{
    struct sums s = {.y = y, .gate = gate, .sum = sum, .n = n, .channels = channels, .size = size};
    s.pieces = rt_pieces(channels, (double)n * (double)size);
    return rt_parallel(job, s.pieces, sum_piece, &s);
}
