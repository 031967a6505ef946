/* depthwise_rows.c - a convolution of two axes with one channel a group, plane by plane: rows of
 * what is read are padded into scratch, so that sums over taps (v_depthwise.c) meet no border.
 *
 *     forward:   y[i][j] = sum over q, t of w[q][t] x[i * s + q * d - pad][j * s + t * d - pad]
 *     backward:  x[i * s + a][j * s + b] = sum over those taps q, t for which a + pad - q * d and b
 * + pad - t * d are multiples of s, of w[q][t] y[i + (a + pad - q * d) / s][...]
 *
 * Both are: a made plane, interleaved of steps[0] x steps[1] parts, each the sum over a list of
 * taps of a padded plane that is read in phases[0] x phases[1]. */
#include "depthwise_rows.h"
#include "lanes.h"
#include "v_depthwise.h"

/* Floats of padded rows that are worked on together, planes at most; the longest stride; vectors
 * that may be added up in float. */
enum { ROOM = 6144, PLANES = 16, STRIDE = 2, FLOATS = 128 };

static const struct rt_taps_table *const tables[RT_VARIANTS] = RT_TABLES(rt_taps);

/* Along one axis: of what is read and made, and taps from `least` to `most`, in what is read. */
struct line {
    int64_t read, made, phases, steps, least, most;
};

/* Taps of part (a, b): [first, first + count) of at and of order. */
struct part {
    int64_t first, count;
};

struct plane {
    const struct rt_conv *v;
    const struct rt_taps_table *t;
    struct line h, w;
    bool back, flat; /* flat: all rows of outputs in one sweep */
    struct rt_fill fill;
    int64_t step, size; /* of padded rows, in floats: from one row of outputs to the next; all */
    int64_t rows, bands, planes, blocks, aside; /* rows: made rows / steps of a band */
    uint64_t shared_bytes, taps_bytes, part_bytes, own_bytes;
    struct rt_lanes lanes;
    struct part *parts;
    int64_t *at, *order; /* by tap */
    const float *x, *w_from, *gate;
    const struct rt_after *after;
    float *out;
    bool add;
};

static int64_t mod(int64_t a, int64_t b)
{
    return (a % b + b) % b;
}

/* Where tap q falls: of part *part, read row i * phases + (the answer). */
static int64_t tap_at(const struct rt_axis_window *a, bool back, int64_t q, int64_t *part)
{
    *part = 0;
    if (!back)
        return q * a->dilation - a->pad;
    *part = mod(q * a->dilation - a->pad, a->stride);
    return (*part + a->pad - q * a->dilation) / a->stride; /* divides */
}

static struct line line_of(const struct rt_axis_window *a, bool back)
{
    struct line l = {.read = back ? a->out : a->in,
                     .made = back ? a->in : a->out,
                     .phases = back ? 1 : a->stride,
                     .steps = back ? a->stride : 1};
    int64_t part;
    l.least = INT64_MAX;
    l.most = INT64_MIN;
    for (int64_t q = 0; q < a->kernel; q++) {
        const int64_t at = tap_at(a, back, q, &part);
        l.least = at < l.least ? at : l.least;
        l.most = at > l.most ? at : l.most;
    }
    return l;
}

bool rt_depthwise_has_rows(const struct rt_conv *v)
{
    const struct rt_axis_window *a = v->window.axis;
    return v->window.axes == 2 && v->in_size > 0 && v->out_size > 0 && v->n > 0 && v->m > 0 &&
           a[0].stride <= STRIDE && a[1].stride <= STRIDE && a[0].kernel <= INT16_MAX &&
           a[1].kernel <= INT16_MAX && a[0].dilation <= INT16_MAX && a[1].dilation <= INT16_MAX &&
           a[0].pad <= INT32_MAX && a[1].pad <= INT32_MAX && a[0].in <= INT32_MAX &&
           a[1].in <= INT32_MAX;
}

static int64_t divide_down(int64_t a, int64_t b)
{
    return (a - mod(a, b)) / b;
}

/* Rows beside the first one's that a row of outputs reads. */
static int64_t reach(const struct plane *p)
{
    return p->h.most - p->h.least;
}

/* Padded rows with as many zeros before each as any output meets before or behind it. */
static void lay(struct plane *p, int64_t lanes)
{
    const struct line *w = &p->w;
    struct rt_fill *f = &p->fill;
    const int64_t n = rt_up(w->made, w->steps), have = rt_up(w->read, w->phases);
    const int64_t left = -divide_down(w->least, w->phases), right = divide_down(w->most, w->phases);
    *f = (struct rt_fill){.rows = p->h.read,
                          .width = w->read,
                          .pad_top = -p->h.least,
                          .phases = w->phases,
                          .turns = 1};
    f->lead = n - 1 + right - (w->read / w->phases - 1);
    f->lead = f->lead > left ? f->lead : left;
    f->lead = f->lead > 0 ? rt_up(f->lead, lanes) * lanes : 0;
    f->pitch = f->lead + rt_up(have, lanes) * lanes;
    f->tail = rt_up(n, p->t->lanes) * p->t->lanes + (right > 0 ? right : 0) + f->lead;
    f->tail = rt_up(f->tail, p->t->lanes) * p->t->lanes;
}

/* One plane as one row of outputs, rows a pitch apart: phases of rows and of columns lie apart. */
static void lay_flat(struct plane *p)
{
    const int64_t made = rt_up(p->h.made, p->h.steps), n = rt_up(p->w.made, p->w.steps);
    const int64_t lanes = p->t->lanes;
    struct rt_fill *f = &p->fill;
    lay(p, 1);
    f->pitch = f->pitch > n ? f->pitch : n;
    f->row = p->step = f->pitch;
    f->turns = p->h.phases;
    f->part = (made + reach(p) / f->turns) * f->pitch + f->tail + lanes;
    f->turn = f->phases * f->part;
    p->size = f->turns * f->turn;
    p->rows = made;
    p->bands = 1;
    p->flat = rt_up(made * f->pitch, lanes) * 4 < made * rt_up(n, lanes) * 3 && p->size <= ROOM;
}

/* Rows of outputs alone, padded rows side by side. */
static void lay_rows(struct plane *p)
{
    const int64_t made = rt_up(p->h.made, p->h.steps);
    struct rt_fill *f = &p->fill;
    lay(p, p->t->lanes);
    f->part = f->pitch;
    f->row = f->pitch * f->phases;
    p->step = f->row * p->h.phases;
    p->rows = rt_between((ROOM / f->row - reach(p)) / p->h.phases, 4, made);
    p->bands = rt_up(made, p->rows);
    p->rows = rt_up(made, p->bands);
    p->size = ((p->rows - 1) * p->h.phases + reach(p) + 1) * f->row + f->tail;
}

/* passes: planes that are worked on alone. */
static struct plane plan(const struct rt_conv *v, bool back)
{
    const struct rt_axis_window *a = v->window.axis;
    struct plane p = {.v = v,
                      .t = tables[rt_simd()],
                      .back = back,
                      .h = line_of(&a[0], back),
                      .w = line_of(&a[1], back)};
    lay_flat(&p);
    if (!p.flat)
        lay_rows(&p);
    p.aside = rt_up(p.fill.pitch, p.t->lanes) * p.t->lanes; /* a row where outputs do not belong */
    p.blocks = v->n * v->groups * (back ? 1 : v->m);
    p.planes = p.bands > 1 ? 1 : rt_between(ROOM / p.size, 1, PLANES);
    p.planes = rt_between(p.blocks / 16, 1, p.planes);
    p.blocks = rt_up(p.blocks, p.planes);
    p.lanes.items = p.blocks * p.bands;
    p.lanes.cost = rt_conv_macs(v) / (double)p.lanes.items;
    p.shared_bytes = rt_lines((uint64_t)(p.h.steps * p.w.steps) * sizeof(struct part)) +
                     2 * rt_lines((uint64_t)v->taps * sizeof(int64_t));
    p.taps_bytes = rt_lines((uint64_t)v->taps * sizeof(float));
    p.part_bytes = p.flat || p.w.steps > 1
                       ? rt_lines((uint64_t)(p.w.steps * p.rows * p.aside) * sizeof(float))
                       : 0;
    p.own_bytes =
        p.taps_bytes + p.part_bytes + rt_lines((uint64_t)(p.planes * p.size) * sizeof(float));
    p.lanes.bytes = p.own_bytes;
    rt_lanes_set(&p.lanes);
    return p;
}

/* Lists of taps in the order of what they read, so that a full kernel lies side by side. */
static void list_taps(struct plane *p, void *scratch)
{
    const struct rt_axis_window *a = p->v->window.axis;
    const struct rt_fill *f = &p->fill;
    const int64_t kh = a[0].kernel, kw = a[1].kernel;
    p->parts = scratch;
    p->at = (int64_t *)(void *)((char *)scratch +
                                rt_lines((uint64_t)(p->h.steps * p->w.steps) * sizeof *p->parts));
    p->order = (int64_t *)(void *)((char *)p->at + rt_lines((uint64_t)(kh * kw) * sizeof *p->at));
    int64_t next = 0;
    for (int64_t i = 0; i < p->h.steps * p->w.steps; i++) {
        p->parts[i].first = next;
        for (int64_t k = 0; k < kh * kw; k++) {
            const int64_t tap = p->back ? kh * kw - 1 - k : k;
            int64_t pa, pb;
            const int64_t r = tap_at(&a[0], p->back, tap / kw, &pa) - p->h.least;
            const int64_t c = tap_at(&a[1], p->back, tap % kw, &pb);
            if (pa * p->w.steps + pb != i)
                continue;
            p->order[next] = tap;
            p->at[next++] = r % f->turns * f->turn + r / f->turns * f->row +
                            mod(c, f->phases) * f->part + f->lead + divide_down(c, f->phases);
        }
        p->parts[i].count = next - p->parts[i].first;
    }
}

static struct rt_taps taps_of(const struct plane *p, int64_t part, const float *in, const float *w)
{
    const struct rt_axis_window *a = p->v->window.axis;
    const struct part *list = &p->parts[part];
    struct rt_taps k = {.in = in,
                        .w = w ? w + list->first : NULL, /* gradients by filters have none */
                        .at = p->at + list->first,
                        .count = list->count,
                        .step = p->step,
                        .row = p->fill.row};
    if (!p->flat && a[0].kernel == a[1].kernel && (a[0].kernel == 3 || a[0].kernel == 5) &&
        a[0].dilation == 1 && p->h.steps * p->w.steps == 1 && p->h.phases <= 2)
        k.side = a[0].kernel;
    return k;
}

/* Padded rows for made rows [i0, i1) / steps from a plane of what is read. */
static void fill_plane(const struct plane *p, const float *x, const float *gate, int64_t i0,
                       int64_t i1, float *to)
{
    p->t->fill(&p->fill, x, gate, i0 * p->h.phases, (i1 - 1) * p->h.phases + reach(p) + 1, to);
}

/* ---- forward, and backward by data ---- */

/* What becomes of rows [i0, i1) of part a, b of made plane `plane`. */
static struct rt_taps_out out_of(const struct plane *p, int64_t plane, int64_t a, int64_t i0,
                                 int64_t i1)
{
    const struct rt_after *f = p->after;
    const int64_t size = p->h.made * p->w.made, c = p->back ? 0 : plane % (p->v->groups * p->v->m);
    const int64_t at = plane * size + (i0 * p->h.steps + a) * p->w.made;
    const int64_t rows = rt_up(p->h.made - a, p->h.steps);
    struct rt_taps_out o = {.y = p->out + at,
                            .pitch = p->h.steps * p->w.made,
                            .n = p->w.made,
                            .rows = (i1 < rows ? i1 : rows) - i0,
                            .scale = 1,
                            .slope = 1,
                            .top = INFINITY};
    o.add = f ? f->add ? f->add + at : NULL : p->add ? o.y : NULL;
    if (f) {
        o.scale = f->scale ? f->scale[c] : 1;
        o.shift = f->shift ? f->shift[c] : 0;
        o.slope = f->slope;
        o.top = f->top;
    }
    return o;
}

/* Sums of one part where rows of outputs are not where they belong. */
static void part_aside(const struct plane *p, const struct rt_taps *k, int64_t b,
                       const struct rt_taps_out *to, float *aside)
{
    struct rt_taps_out o = {.y = aside + b * p->rows * p->aside,
                            .pitch = p->aside,
                            .rows = to->rows,
                            .n = rt_up(to->n - b, p->w.steps),
                            .scale = 1,
                            .slope = 1,
                            .top = INFINITY};
    if (p->flat) {
        o.n = to->rows * p->fill.pitch;
        o.rows = 1;
    }
    if (o.n > 0)
        p->t->rows(k, &o);
}

static void make_rows(const struct plane *p, int64_t plane, int64_t i0, int64_t i1, const float *in,
                      const float *w, float *aside)
{
    for (int64_t a = 0; a < p->h.steps; a++) {
        const struct rt_taps_out o = out_of(p, plane, a, i0, i1);
        if (o.rows < 1)
            continue;
        for (int64_t b = 0; b < p->w.steps; b++) {
            const struct rt_taps k = taps_of(p, a * p->w.steps + b, in, w);
            if (p->part_bytes)
                part_aside(p, &k, b, &o, aside);
            else
                p->t->rows(&k, &o);
        }
        const int64_t pitch = p->flat ? p->fill.pitch : p->aside;
        if (p->w.steps > 1)
            p->t->join(aside, p->rows * p->aside, pitch, &o);
        else if (p->part_bytes)
            p->t->finish(aside, pitch, &o);
    }
}

static void make_block(const void *user, int64_t item, void *scratch)
{
    struct plane p = *(const struct plane *)user;
    const struct rt_conv *v = p.v;
    const int64_t made = rt_up(p.h.made, p.h.steps), count = v->n * v->groups * (p.back ? 1 : v->m);
    const int64_t first = item / p.bands * p.planes, i0 = item % p.bands * p.rows;
    const int64_t i1 = i0 + p.rows < made ? i0 + p.rows : made;
    const int64_t end = first + p.planes < count ? first + p.planes : count;
    float *w = scratch, *aside = (float *)(void *)((char *)scratch + p.taps_bytes);
    float *in = (float *)(void *)((char *)aside + p.part_bytes);
    for (int64_t m = 0; m < (p.back ? v->m : 1) && i0 < i1; m++, p.add = true) {
        for (int64_t i = first; i < end; i++) {
            const int64_t from = (p.back ? i * v->m + m : i / v->m) * p.h.read * p.w.read;
            fill_plane(&p, p.x + from, p.gate ? p.gate + from : NULL, i0, i1,
                       in + (i - first) * p.size);
        }
        for (int64_t i = first; i < end; i++) {
            const int64_t filter = p.back ? i % v->groups * v->m + m : i % (v->groups * v->m);
            for (int64_t k = 0; k < v->taps; k++)
                w[k] = p.w_from[filter * v->taps + p.order[k]];
            make_rows(&p, i, i0, i1, in + (i - first) * p.size, w, aside);
        }
    }
}

imp_status rt_rows_forward(const struct rt_conv *v, const float *x, const float *w,
                           const struct rt_after *after, float *y, void *scratch, imp_job *job)
{
    struct plane p = plan(v, false);
    list_taps(&p, scratch);
    p.x = x;
    p.w_from = w;
    p.after = after;
    p.out = y;
    return rt_lanes_run(&p.lanes, job, (char *)scratch + p.shared_bytes, make_block, &p);
}

imp_status rt_rows_back_data(const struct rt_conv *v, const float *y, const float *gate,
                             const float *w, bool add, float *x, void *scratch, imp_job *job)
{
    struct plane p = plan(v, true);
    list_taps(&p, scratch);
    p.x = y;
    p.gate = gate;
    p.w_from = w;
    p.add = add;
    p.out = x;
    return rt_lanes_run(&p.lanes, job, (char *)scratch + p.shared_bytes, make_block, &p);
}

/* ---- backward by weights ---- */

/* Lanes' sums are taken over in double after so many vectors. */
struct dots {
    double *sum;
    float *lane;
    int64_t vectors;
};

static void take_over(const struct plane *p, struct dots *d)
{
    p->t->take(p->v->taps, d->lane, d->sum);
    d->vectors = 0;
}

static int64_t narrow_pitch(const struct plane *p)
{
    return p->flat ? p->fill.pitch : rt_up(p->w.made, p->t->lanes) * p->t->lanes;
}

/* y's rows [i0, i1) as they are read: where they are, or in `room`, behind the gate, a pitch apart.
 */
static const float *narrow_rows(const struct plane *p, const float *y, const float *gate,
                                int64_t i0, int64_t i1, float *room, int64_t *pitch)
{
    *pitch = p->w.made;
    if (!p->flat && !gate)
        return y + i0 * p->w.made;
    *pitch = narrow_pitch(p);
    const struct rt_fill f = {.rows = p->h.made,
                              .width = p->w.made,
                              .phases = 1,
                              .turns = 1,
                              .pitch = *pitch,
                              .part = *pitch,
                              .row = *pitch};
    p->t->fill(&f, y, gate, i0, i1, room);
    return room;
}

static void weight_band(const struct plane *p, const float *x, const float *y, const float *gate,
                        int64_t i0, int64_t i1, float *room, struct dots *d)
{
    float *in = room + p->rows * narrow_pitch(p) + p->t->lanes;
    const struct rt_taps k = taps_of(p, 0, in, NULL);
    int64_t pitch;
    fill_plane(p, x, NULL, i0, i1, in);
    const float *rows = narrow_rows(p, y, gate, i0, i1, room, &pitch);
    const int64_t n = p->flat ? (i1 - i0) * p->fill.pitch : p->w.made, each = rt_up(n, p->t->lanes);
    const int64_t most = p->flat ? 1 : rt_between(FLOATS / each, 1, i1 - i0);
    for (int64_t i = 0; i < (p->flat ? 1 : i1 - i0); i += most) {
        struct rt_taps part = k;
        const int64_t count = p->flat || i + most < i1 - i0 ? most : i1 - i0 - i;
        part.in += i * p->step;
        if (d->vectors + count * each > FLOATS)
            take_over(p, d);
        p->t->dots(&part, rows + i * pitch, pitch, count, n, d->lane);
        d->vectors += count * each;
    }
}

static void weights_of(const void *user, int64_t m, void *scratch)
{
    const struct plane *p = user;
    const struct rt_conv *v = p->v;
    struct dots d = {.sum = scratch};
    d.lane = (float *)(void *)((char *)scratch + rt_lines((uint64_t)v->taps * sizeof *d.sum));
    float *room =
        d.lane + rt_lines((uint64_t)(v->taps * p->t->lanes) * sizeof(float)) / sizeof(float);
    for (int64_t k = 0; k < v->taps; k++)
        d.sum[k] = 0;
    for (int64_t k = 0; k < v->taps * p->t->lanes; k++)
        d.lane[k] = 0;
    for (int64_t n = 0; n < v->n; n++) {
        const float *x = p->x + (n * v->groups + m / v->m) * v->in_size;
        const int64_t at = (n * v->groups * v->m + m) * v->out_size;
        for (int64_t i = 0; i < p->h.made; i += p->rows)
            weight_band(p, x, p->w_from + at, p->gate ? p->gate + at : NULL, i,
                        i + p->rows < p->h.made ? i + p->rows : p->h.made, room, &d);
    }
    take_over(p, &d);
    for (int64_t k = 0; k < v->taps; k++)
        p->out[m * v->taps + k] += (float)d.sum[k];
}

static struct plane plan_weights(const struct rt_conv *v)
{
    struct plane p = plan(v, false);
    p.lanes.items = v->groups * v->m;
    p.lanes.cost = rt_conv_macs(v) / (double)p.lanes.items;
    p.lanes.bytes = rt_lines((uint64_t)v->taps * sizeof(double)) +
                    rt_lines((uint64_t)(v->taps * p.t->lanes) * sizeof(float)) +
                    (uint64_t)(p.rows * narrow_pitch(&p) + p.size + p.t->lanes) * sizeof(float);
    rt_lanes_set(&p.lanes);
    return p;
}

imp_status rt_rows_back_weight(const struct rt_conv *v, const float *x, const float *y,
                               const float *gate, float *w, void *scratch, imp_job *job)
{
    struct plane p = plan_weights(v);
    list_taps(&p, scratch);
    p.x = x;
    p.w_from = y;
    p.gate = gate;
    p.out = w;
    return rt_lanes_run(&p.lanes, job, (char *)scratch + p.shared_bytes, weights_of, &p);
}

uint64_t rt_rows_bytes(const struct rt_conv *v)
{
    const struct plane all[] = {plan(v, false), plan(v, true), plan_weights(v)};
    uint64_t most = 0;
    for (size_t i = 0; i < RT_COUNT(all); i++) {
        const uint64_t bytes = all[i].shared_bytes + rt_lanes_bytes(&all[i].lanes);
        most = bytes > most ? bytes : most;
    }
    return most;
}
