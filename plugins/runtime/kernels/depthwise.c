/* depthwise.c - a convolution of one channel a group: no products of matrices, but rows times a
 * weight.
 *
 *     y[m][r][o] += w[m][q][t] x[c][row q of r][o * stride + t * dilation - pad] */
#include "conv.h"
#include "depthwise_rows.h"
#include "lanes.h"

#include <impasto/kit.h>

/* Outputs [lo, hi) of a row read inside x's row, output o at o * stride + shift: for one tap of the
 * last axis. */
struct span {
    int64_t lo, hi, shift;
};

struct depthwise {
    const struct rt_conv *v;
    struct rt_lanes lanes;
    int64_t kw, step;
    int64_t *table;     /* of one picture: rows of x by outer tap and row of y */
    struct span *spans; /* kw */
    uint64_t shared_bytes;
    const struct rt_after *after;
    const float *x, *w, *y, *gate;
    float *out;
    bool add;
};

/* items: planes that are worked on alone; own: bytes of each. */
static struct depthwise plan(const struct rt_conv *v, int64_t items, uint64_t own)
{
    const int64_t kw = v->taps / v->outer_taps;
    struct depthwise d = {.v = v, .kw = kw, .step = v->window.axis[v->window.axes - 1].stride};
    d.shared_bytes = rt_lines((uint64_t)(v->outer_taps * v->rows) * sizeof(int64_t)) +
                     rt_lines((uint64_t)kw * sizeof(struct span));
    d.lanes.items = items;
    d.lanes.cost = items ? rt_conv_macs(v) / (double)items : 0;
    d.lanes.bytes = own;
    rt_lanes_set(&d.lanes);
    return d;
}

static uint64_t weight_bytes(const struct rt_conv *v)
{
    return rt_lines((uint64_t)v->taps * sizeof(double)) +
           rt_lines((uint64_t)v->out_size * sizeof(float));
}

uint64_t rt_depthwise_bytes(const struct rt_conv *v)
{
    if (rt_depthwise_has_rows(v))
        return rt_rows_bytes(v);
    const struct depthwise d = plan(v, v->n * v->groups * v->m, weight_bytes(v));
    return d.shared_bytes + rt_lanes_bytes(&d.lanes);
}

static imp_status run(struct depthwise *d, void *scratch, imp_job *job,
                      void (*fn)(const void *user, int64_t item, void *scratch))
{
    const struct rt_conv *v = d->v;
    const struct rt_axis_window *a = &v->window.axis[v->window.axes - 1];
    const struct rt_strip picture = {.row1 = v->rows, .x1 = v->out_w};
    d->table = scratch;
    d->spans =
        (struct span *)(void *)((char *)scratch +
                                rt_lines((uint64_t)(v->outer_taps * v->rows) * sizeof(int64_t)));
    rt_conv_table(v, &picture, 0, INT64_MAX, d->table);
    for (int64_t t = 0; t < d->kw; t++) {
        const int64_t shift = t * a->dilation - a->pad;
        d->spans[t].shift = shift;
        d->spans[t].lo = rt_between(rt_up(-shift, a->stride), 0, v->out_w);
        d->spans[t].hi = rt_between(rt_up(a->in - shift, a->stride), d->spans[t].lo, v->out_w);
    }
    return rt_lanes_run(&d->lanes, job, (char *)scratch + d->shared_bytes, fn, d);
}

/* ---- rows: inlined into the loops over planes, which are compiled for each processor ---- */

static inline void add_row(const float *restrict x, float w, int64_t n, int64_t step,
                           float *restrict y)
{
    if (step == 1)
        for (int64_t i = 0; i < n; i++)
            y[i] += w * x[i];
    else if (step == 2)
        for (int64_t i = 0; i < n; i++)
            y[i] += w * x[2 * i];
    else
        for (int64_t i = 0; i < n; i++)
            y[i] += w * x[i * step];
}

/* Three taps at stride 1: where all are inside in one sweep, the few outputs beside it one by one.
 */
static inline void add_three(const float *restrict x, const float *w, const struct span *s,
                             float *restrict y)
{
    const float a = w[0], b = w[1], c = w[2];
    const int64_t lo = s[0].lo, hi = s[2].hi;
    const float *xa = x + s[0].shift, *xb = x + s[1].shift, *xc = x + s[2].shift;
    for (int64_t i = lo; i < hi; i++)
        y[i] += a * xa[i] + b * xb[i] + c * xc[i];
    for (int64_t t = 0; t < 3; t++) {
        for (int64_t i = s[t].lo; i < lo; i++)
            y[i] += w[t] * x[i + s[t].shift];
        for (int64_t i = hi; i < s[t].hi; i++)
            y[i] += w[t] * x[i + s[t].shift];
    }
}

static inline void spread_row(const float *restrict y, float w, int64_t n, int64_t step,
                              float *restrict x)
{
    if (step == 1)
        for (int64_t i = 0; i < n; i++)
            x[i] += w * y[i];
    else if (step == 2)
        for (int64_t i = 0; i < n; i++)
            x[2 * i] += w * y[i];
    else
        for (int64_t i = 0; i < n; i++)
            x[i * step] += w * y[i];
}

static inline double dot_row(const float *restrict y, const float *restrict x, int64_t n,
                             int64_t step)
{
    double lane[8] = {0}, sum = 0;
    int64_t i = 0;
    if (step == 1)
        for (; i + 8 <= n; i += 8)
            for (int64_t l = 0; l < 8; l++)
                lane[l] += (double)y[i + l] * (double)x[i + l];
    else if (step == 2)
        for (; i + 8 <= n; i += 8)
            for (int64_t l = 0; l < 8; l++)
                lane[l] += (double)y[i + l] * (double)x[2 * (i + l)];
    for (; i < n; i++)
        sum += (double)y[i] * (double)x[i * step];
    for (int64_t l = 0; l < 8; l++)
        sum += lane[l];
    return sum;
}

/* ---- planes ---- */

KIT_CLONES
static void forward_plane(const void *user, int64_t item, void *scratch)
{
    const struct depthwise *d = user;
    const struct rt_conv *v = d->v;
    const struct span *s = d->spans;
    const int64_t m = item % (v->groups * v->m);
    const struct rt_after *a = d->after;
    const float *x = d->x + item / v->m * v->in_size, *w = d->w + m * v->taps;
    const bool three = d->kw == 3 && d->step == 1 && s[2].hi > s[0].lo, apart = a->add == d->out;
    float *out = d->out + item * v->out_size, *y = apart ? scratch : out;
    for (int64_t i = 0; i < v->out_size; i++)
        y[i] = 0;
    for (int64_t r = 0; r < v->rows; r++)
        for (int64_t q = 0; q < v->outer_taps; q++) {
            const int64_t at = d->table[q * v->rows + r];
            if (at >= 0 && three)
                add_three(x + at, w + q * d->kw, s, y + r * v->out_w);
            for (int64_t t = 0; t < d->kw && at >= 0 && !three; t++)
                add_row(x + at + s[t].lo * d->step + s[t].shift, w[q * d->kw + t],
                        s[t].hi - s[t].lo, d->step, y + r * v->out_w + s[t].lo);
        }
    rt_after_row(a, m, y, a->add ? a->add + item * v->out_size : NULL, out, v->out_size);
}

/* Plane `item` of y behind the gate: where it is, or in room for one. */
static const float *gated(const struct depthwise *d, int64_t item, float *room)
{
    const int64_t size = d->v->out_size;
    if (!d->gate)
        return d->y + item * size;
    rt_gate_row(d->y + item * size, d->gate + item * size, room, size);
    return room;
}

KIT_CLONES
static void back_plane(const void *user, int64_t item, void *scratch)
{
    const struct depthwise *d = user;
    const struct rt_conv *v = d->v;
    const int64_t g = item % v->groups;
    float *x = d->out + item * v->in_size;
    for (int64_t i = 0; i < v->in_size && !d->add; i++)
        x[i] = 0;
    for (int64_t m = 0; m < v->m; m++) {
        const float *plane = gated(d, item * v->m + m, scratch);
        for (int64_t r = 0; r < v->rows; r++)
            for (int64_t q = 0; q < v->outer_taps; q++) {
                const int64_t at = d->table[q * v->rows + r];
                const float *y = plane + r * v->out_w;
                const float *w = d->w + (g * v->m + m) * v->taps + q * d->kw;
                for (int64_t t = 0; t < d->kw && at >= 0; t++) {
                    const struct span *s = &d->spans[t];
                    spread_row(y + s->lo, w[t], s->hi - s->lo, d->step,
                               x + at + s->lo * d->step + s->shift);
                }
            }
    }
}

KIT_CLONES
static void weights_of(const void *user, int64_t m, void *scratch)
{
    const struct depthwise *d = user;
    const struct rt_conv *v = d->v;
    double *sum = scratch;
    float *room = (float *)(void *)((char *)scratch + rt_lines((uint64_t)v->taps * sizeof *sum));
    for (int64_t k = 0; k < v->taps; k++)
        sum[k] = 0;
    for (int64_t n = 0; n < v->n; n++) {
        const float *plane = gated(d, n * v->groups * v->m + m, room);
        for (int64_t r = 0; r < v->rows; r++)
            for (int64_t q = 0; q < v->outer_taps; q++) {
                const int64_t at = d->table[q * v->rows + r];
                const float *x = d->x + (n * v->groups + m / v->m) * v->in_size + at;
                const float *y = plane + r * v->out_w;
                for (int64_t t = 0; t < d->kw && at >= 0; t++) {
                    const struct span *s = &d->spans[t];
                    sum[q * d->kw + t] +=
                        dot_row(y + s->lo, x + s->lo * d->step + s->shift, s->hi - s->lo, d->step);
                }
            }
    }
    for (int64_t k = 0; k < v->taps; k++)
        d->out[m * v->taps + k] += (float)sum[k];
}

imp_status rt_depthwise_forward(const struct rt_conv *v, const float *x, const float *w,
                                const struct rt_after *after, float *y, void *scratch, imp_job *job)
{
    if (rt_depthwise_has_threes(v))
        return rt_threes_forward(v, x, w, after, y, job);
    if (rt_depthwise_has_rows(v))
        return rt_rows_forward(v, x, w, after, y, scratch, job);
    struct depthwise d = plan(v, v->n * v->groups * v->m, weight_bytes(v));
    d.x = x;
    d.w = w;
    d.after = after;
    d.out = y;
    return run(&d, scratch, job, forward_plane);
}

imp_status rt_depthwise_back_data(const struct rt_conv *v, const float *y, const float *gate,
                                  const float *w, bool add, float *x, void *scratch, imp_job *job)
{
    if (rt_depthwise_has_rows(v))
        return rt_rows_back_data(v, y, gate, w, add, x, scratch, job);
    struct depthwise d = plan(v, v->n * v->groups, weight_bytes(v));
    d.y = y;
    d.gate = gate;
    d.w = w;
    d.add = add;
    d.out = x;
    return run(&d, scratch, job, back_plane);
}

imp_status rt_depthwise_back_weight(const struct rt_conv *v, const float *x, const float *y,
                                    const float *gate, float *w, void *scratch, imp_job *job)
{
    if (rt_depthwise_has_rows(v))
        return rt_rows_back_weight(v, x, y, gate, w, scratch, job);
    struct depthwise d = plan(v, v->groups * v->m, weight_bytes(v));
    d.x = x;
    d.y = y;
    d.gate = gate;
    d.out = w;
    return run(&d, scratch, job, weights_of);
}
