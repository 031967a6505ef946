/* v_wino_tiles.h - tiles of a picture to vectors, and B' d B. For v_wino*.c. */
#ifndef IMP_RT_V_WINO_TILES_H
#define IMP_RT_V_WINO_TILES_H
#include "v_steps.h"
#include "v_wino_points.h"
#include "wino.h"

/* The columns that the tiles of a run read from one row of x: d[s + 2]. */
static inline void rt_wino_row(int s, const struct rt_wino_run *r, const float *x,
                               const float *gate, int64_t next, rt_vec *d)
{
    rt_vec f[RT_WINO_SIDE - 1];
    RT_UNROLL
    for (int k = 0; k <= s; k++)
        rt_prefetch(x + k * RT_LANES + next);
    if (r->whole_in)
        RT_UNROLL
    for (int k = 0; k < s; k++)
        f[k] = rt_load(x + k * RT_LANES);
    else RT_UNROLL for (int k = 0; k < s; k++) f[k] = rt_load_bits(x + k * RT_LANES, r->in[k]);
    f[s] = rt_load_bits(x + s * RT_LANES, r->in[s]);
    if (gate) {
        RT_UNROLL
        for (int k = 0; k <= s; k++)
            rt_prefetch(gate + k * RT_LANES + next);
        RT_UNROLL
        for (int k = 0; k <= s; k++)
            f[k] = rt_gate(rt_load_bits(gate + k * RT_LANES, r->in[k]), f[k]);
    }
    rt_apart(s, f, d);
    d[s] = rt_down(d[0], f[s]);
    d[s + 1] = rt_down(d[1], rt_down(f[s], f[s]));
}

/* The same for row i of its tiles in channel c. */
static inline void row_of_tiles(int s, const struct rt_wino *g, const struct rt_wino_run *r,
                                const float *x, const float *gate, int64_t c, int i, rt_vec *d)
{
    const int64_t y = r->ty * s + i - g->pad_top;
    const int64_t at =
        ((r->n * g->planes + c) * g->h + y) * g->w + r->tx * s - g->pad_left - (int64_t)r->lane * s;
    if (y >= 0 && y < g->h)
        rt_wino_row(s, r, x + at, gate ? gate + at : NULL, g->h * g->w, d);
    else
        RT_UNROLL
    for (int j = 0; j < s + 2; j++)
        d[j] = rt_zero();
}

static inline void row_of_group(int s, const struct rt_wino *g, const struct rt_wino_group *t,
                                const float *x, const float *gate, int64_t c, int i, rt_vec *d)
{
    row_of_tiles(s, g, &t->run[0], x, gate, c, i, d);
    for (uint32_t k = 1; k < t->count; k++) {
        rt_vec more[RT_WINO_SIDE];
        row_of_tiles(s, g, &t->run[k], x, gate, c, i, more);
        RT_UNROLL
        for (int j = 0; j < s + 2; j++)
            d[j] = rt_pick_bits(t->run[k].lanes_of, more[j], d[j]);
    }
}

/* B' d B of a group, one channel: points `step` floats apart. */
static inline void rt_wino_input(int s, const struct rt_wino *g, const struct rt_wino_group *t,
                                 const float *x, const float *gate, int64_t c, int64_t step,
                                 float *v)
{
    const int side = s + 2;
    rt_vec d[RT_WINO_SIDE], rows[RT_WINO_SIDE][RT_WINO_SIDE], column[RT_WINO_SIDE];
    for (int i = 0; i < side; i++) {
        row_of_group(s, g, t, x, gate, c, i, d);
        rt_wino_b(s, d, rows[i]);
    }
    RT_UNROLL
    for (int j = 0; j < side; j++) {
        RT_UNROLL
        for (int i = 0; i < side; i++)
            column[i] = rows[i][j];
        rt_wino_b(s, column, d);
        RT_UNROLL
        for (int i = 0; i < side; i++) {
            rt_store(v + (i * side + j) * step, d[i]);
            __builtin_prefetch(v + (i * side + j) * step + 48, 1, 3);
        }
    }
}

#endif
