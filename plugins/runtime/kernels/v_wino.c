/* v_wino.c - see wino.h: filters, inputs and outputs transformed, and the products between, for one
 * kind of processor. */
#include "v_after.h"
#include "v_block.h"
#include "v_steps.h"
#include "v_wino_points.h"
#include "v_wino_tiles.h"
#include "wino.h"

/* ---- filters ---- */

/* Both dimensions of G w G' for RT_LANES filters; to `step` between the points. */
static inline void filter(int s, const rt_vec *taps, int64_t step, float *to)
{
    const int side = s + 2;
    rt_vec column[3][RT_WINO_SIDE], out[RT_WINO_SIDE];
    RT_UNROLL
    for (int b = 0; b < 3; b++) {
        const rt_vec three[3] = {taps[b], taps[3 + b], taps[6 + b]};
        rt_wino_g(s, three, column[b]);
    }
    RT_UNROLL
    for (int a = 0; a < side; a++) {
        const rt_vec three[3] = {column[0][a], column[1][a], column[2][a]};
        rt_wino_g(s, three, out);
        RT_UNROLL
        for (int b = 0; b < side; b++)
            rt_store(to + (a * side + b) * step, out[b]);
    }
}

/* Channels a vector holds beside each other, and rows of one. */
enum { SIDE_BY_SIDE = RT_LANES > 8 ? 2 : 1, ROWS = RT_LANES < 8 ? RT_LANES : 8 };

static inline void filters(int s, const struct rt_wino *g, const float *w, int64_t p0, int64_t p1,
                           float *u)
{
    const int64_t step = rt_wino_u_step(g);
    rt_vec taps[9], turned[9];
    for (int64_t row = 8 * p0; row < 8 * p1; row += ROWS) {
        float *to = u + (row / 8 - p0) * g->points * step + row % 8;
        for (int64_t c = 0; c < g->c; c += SIDE_BY_SIDE) {
            rt_taps(w + row * g->row_step + c * g->k_step, g->row_step, g->k_step, g->m - row,
                    g->c - c, taps);
            RT_UNROLL
            for (int t = 0; t < 9; t++)
                turned[t] = g->flipped ? taps[8 - t] : taps[t];
            filter(s, turned, step, to + c * 8);
        }
    }
}

static void all_filters(const struct rt_wino *g, const float *w, int64_t p0, int64_t p1, float *u)
{
    if (g->s == 4)
        filters(4, g, w, p0, p1, u);
    else
        filters(6, g, w, p0, p1, u);
}

/* ---- inputs ---- */

static void inputs(const struct rt_wino *g, const struct rt_wino_panel *p, const float *x,
                   const float *gate, int64_t c0, int64_t c1, float *v)
{
    const int64_t step = rt_wino_v_step(g, p->width);
    for (int64_t c = c0; c < c1; c++)
        for (int64_t i = 0; i < p->groups; i++) {
            float *to = v + c * p->width + i * RT_LANES;
            if (g->s == 4)
                rt_wino_input(4, g, &p->group[i], x, gate, c, step, to);
            else
                rt_wino_input(6, g, &p->group[i], x, gate, c, step, to);
        }
}

/* ---- outputs ---- */

/* One row of a run as it is stored: s vectors in the order of columns. */
RT_INLINE void finish_run(int s, const struct rt_wino_run *r, const struct rt_finish *e,
                          const rt_vec *f, const float *add, float *y)
{
    if (r->whole_out && !add) {
        RT_UNROLL
        for (int k = 0; k < s; k++)
            rt_store(y + k * RT_LANES, rt_finish_act(e, f[k]));
        return;
    }
    RT_UNROLL
    for (int k = 0; k < s; k++)
        if (r->out[k]) {
            const rt_vec more = add ? rt_load_bits(add + k * RT_LANES, r->out[k]) : rt_zero();
            rt_store_bits(y + k * RT_LANES, r->out[k], rt_finish_act(e, f[k] + more));
        }
}

RT_INLINE void rows_to(int s, const struct rt_wino *g, const struct rt_wino_group *t,
                       const struct rt_after *a, const struct rt_finish *e, int64_t channel, int i,
                       const rt_vec *f, float *y)
{
    for (uint32_t k = 0; k < t->count; k++) {
        const struct rt_wino_run *r = &t->run[k];
        const int64_t row = r->ty * s + i, oh = g->oh >> g->halved, ow = g->ow >> g->halved;
        const int64_t at =
            ((r->n * g->m + channel) * oh + row) * ow + r->tx * s - (int64_t)r->lane * s;
        if (row < oh)
            finish_run(s, r, e, f, a->add ? a->add + at : NULL, y + at);
    }
}

/* A' m A of a group, one channel; halved: the largest of each 2x2, a constant as s is. */
RT_INLINE void output(int s, int halved, const struct rt_wino *g, const struct rt_wino_group *t,
                      const float *sums, int64_t step, const struct rt_after *a, int64_t channel,
                      float *y)
{
    const int side = s + 2;
    const struct rt_finish e = rt_finish_of(a, channel);
    rt_vec m[RT_WINO_SIDE], columns[RT_WINO_SIDE][RT_WINO_SIDE - 2], f[RT_WINO_SIDE - 2];
    rt_vec above[RT_WINO_SIDE / 2];
    RT_UNROLL
    for (int j = 0; j < side; j++) {
        RT_UNROLL
        for (int i = 0; i < side; i++)
            m[i] = rt_load(sums + (i * side + j) * step);
        rt_wino_a(s, m, columns[j]);
    }
    RT_UNROLL
    for (int i = 0; i < s; i++) {
        RT_UNROLL
        for (int j = 0; j < side; j++)
            m[j] = columns[j][i];
        rt_wino_a(s, m, f);
        RT_UNROLL
        for (int j = 0; j < s; j++)
            f[j] = rt_fma(e.scale, f[j], e.shift);
        if (halved) {
            RT_UNROLL
            for (int j = 0; j < s / 2; j++) {
                const rt_vec two = rt_larger(f[2 * j], f[2 * j + 1]);
                f[j] = i % 2 ? rt_larger(above[j], two) : two;
                above[j] = f[j];
            }
        }
        rt_vec row[RT_WINO_SIDE - 2];
        if (halved && i % 2 == 0)
            continue;
        rt_together(s >> halved, f, row);
        rows_to(s >> halved, g, t, a, &e, channel, i >> halved, row, y);
    }
}

static void outputs(const struct rt_wino *g, const struct rt_wino_panel *p, const float *sums,
                    const struct rt_after *a, int64_t p0, int64_t p1, float *y)
{
    const int64_t step = rt_wino_sum_step(p1 - p0, p->width);
    for (int64_t m = 8 * p0; m < 8 * p1 && m < g->m; m++)
        for (int64_t i = 0; i < p->groups; i++) {
            const float *from = sums + (m - 8 * p0) * p->width + i * RT_LANES;
            if (g->s == 4 && g->halved)
                output(4, 1, g, &p->group[i], from, step, a, m, y);
            else if (g->s == 4)
                output(4, 0, g, &p->group[i], from, step, a, m, y);
            else if (g->halved)
                output(6, 1, g, &p->group[i], from, step, a, m, y);
            else
                output(6, 0, g, &p->group[i], from, step, a, m, y);
        }
}

/* ---- products ---- */

/* Calls for the memory of a channel's outputs, so that it is there when they are written. */
static void expect(const struct rt_wino *g, const struct rt_wino_panel *p, int64_t channel,
                   float *y)
{
    for (int64_t i = 0; i < p->groups && channel < g->m; i++)
        for (uint32_t k = 0; k < p->group[i].count; k++) {
            const struct rt_wino_run *r = &p->group[i].run[k];
            const int64_t s = g->s >> g->halved, oh = g->oh >> g->halved, ow = g->ow >> g->halved;
            const float *at = y + ((r->n * g->m + channel) * oh + r->ty * s) * ow + r->tx * s;
            for (int64_t row = 0; row < s && r->ty * s + row < oh; row++)
                for (int64_t x = 0; x < r->count * s; x += 16)
                    rt_prefetch_write(at + row * ow + x);
        }
}

static void products(const struct rt_wino *g, const struct rt_wino_panel *panel, const float *u,
                     const float *v, int64_t p0, int64_t p1, float *sums, float *y)
{
    const int64_t rows = (p1 - p0) * 8, u_step = rt_wino_u_step(g);
    const int64_t v_step = rt_wino_v_step(g, panel->width);
    const int64_t step = rt_wino_sum_step(p1 - p0, panel->width);
    for (int64_t x = 0; x < g->points; x++) {
        for (int64_t m = x * rows / g->points; m < (x + 1) * rows / g->points; m++)
            expect(g, panel, 8 * p0 + m, y);
        for (int64_t p = 0; p < p1 - p0; p++)
            for (int64_t r = 0; r < 8; r += RT_BLOCK_ROWS)
                rt_block(panel->groups, g->c, false, u + (p * g->points + x) * u_step + r,
                         v + x * v_step, sums + x * step + (p * 8 + r) * panel->width);
    }
}

const struct rt_wino_kernels RT_V(rt_wino_kernels) = {
    .lanes = RT_LANES,
    .filters = all_filters,
    .inputs = inputs,
    .products = products,
    .outputs = outputs,
};
