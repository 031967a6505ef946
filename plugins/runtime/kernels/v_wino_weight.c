/* v_wino_weight.c - see wino_weight.h: the kernels, for one kind of processor. */
#include "wino_weight.h"
#include "v_block.h"
#include "v_wino_tiles.h"

enum { SIDE = 6, POINTS = 36, BUFFER_STEP = RT_LANES * RT_LANES + RT_WINO_APART };

/* ---- x ---- */

static void inputs(const struct rt_wino_weight *p, const struct rt_wino_group *t, const float *x,
                   int64_t c0, int64_t at, float *to)
{
    const struct rt_wino *g = &p->g;
    float buffer[POINTS * BUFFER_STEP];
    rt_vec v[RT_LANES];
    for (int64_t i = 0; i < RT_LANES; i++)
        if (c0 + i < g->c)
            rt_wino_input(4, g, t, x, NULL, c0 + i, BUFFER_STEP, buffer + i * RT_LANES);
        else
            for (int k = 0; k < POINTS; k++)
                rt_store(buffer + k * BUFFER_STEP + i * RT_LANES, rt_zero());
    to += (c0 / p->width * p->round + at) * RT_LANES * p->width + c0 % p->width;
    for (int k = 0; k < POINTS; k++) {
        for (int i = 0; i < RT_LANES; i++)
            v[i] = rt_load(buffer + k * BUFFER_STEP + i * RT_LANES);
        rt_turn(v);
        for (int i = 0; i < RT_LANES; i++)
            rt_store(to + k * rt_wino_x_step(p) + i * p->width, v[i]);
    }
}

/* ---- y ---- */

/* Row i of the tiles of a run of y: d[4]; what is outside is 0. */
static inline void row_of_outputs(const struct rt_wino *g, const struct rt_wino_run *r,
                                  const float *y, const float *gate, int64_t m, int i, rt_vec *d)
{
    const int64_t row = r->ty * 4 + i;
    const int64_t at = ((r->n * g->m + m) * g->oh + row) * g->ow + (r->tx - (int64_t)r->lane) * 4;
    rt_vec f[4];
    RT_UNROLL
    for (int k = 0; k < 4; k++) {
        f[k] = row < g->oh ? rt_load_bits(y + at + k * RT_LANES, r->out[k]) : rt_zero();
        if (gate && row < g->oh)
            f[k] = rt_gate(rt_load_bits(gate + at + k * RT_LANES, r->out[k]), f[k]);
    }
    rt_apart(4, f, d);
}

/* A dY A' of one filter. */
static inline void output(const struct rt_wino *g, const struct rt_wino_group *t, const float *y,
                          const float *gate, int64_t m, float *to)
{
    rt_vec d[4], rows[4][SIDE], column[4], out[SIDE];
    for (int i = 0; i < 4; i++) {
        row_of_outputs(g, &t->run[0], y, gate, m, i, d);
        for (uint32_t k = 1; k < t->count; k++) {
            rt_vec more[4];
            row_of_outputs(g, &t->run[k], y, gate, m, i, more);
            RT_UNROLL
            for (int j = 0; j < 4; j++)
                d[j] = rt_pick_bits(t->run[k].lanes_of, more[j], d[j]);
        }
        rt_wino_spread(d, rows[i]);
    }
    for (int j = 0; j < SIDE; j++) {
        RT_UNROLL
        for (int i = 0; i < 4; i++)
            column[i] = rows[i][j];
        rt_wino_spread(column, out);
        RT_UNROLL
        for (int i = 0; i < SIDE; i++)
            rt_store(to + (i * SIDE + j) * BUFFER_STEP, out[i]);
    }
}

static void outputs(const struct rt_wino_weight *p, const struct rt_wino_group *t, const float *y,
                    const float *gate, int64_t m0, int64_t at, float *to)
{
    const struct rt_wino *g = &p->g;
    const int64_t panel = p->round * RT_LANES * 8;
    float buffer[POINTS * BUFFER_STEP];
    rt_vec v[RT_LANES];
    for (int64_t i = 0; i < RT_LANES; i++)
        if (m0 + i < g->m)
            output(g, t, y, gate, m0 + i, buffer + i * RT_LANES);
        else
            for (int k = 0; k < POINTS; k++)
                rt_store(buffer + k * BUFFER_STEP + i * RT_LANES, rt_zero());
    to += m0 / 8 * panel + at * RT_LANES * 8 + m0 % 8;
    for (int k = 0; k < POINTS; k++) {
        for (int i = 0; i < RT_LANES; i++)
            v[i] = rt_load(buffer + k * BUFFER_STEP + i * RT_LANES);
        rt_turn(v);
        for (int i = 0; i < RT_LANES; i++)
            rt_store_eights(to + k * rt_wino_y_step(p) + i * 8, panel, v[i]);
    }
}

/* ---- sums ---- */

/* Sums of long rows are made in parts, so that errors do not grow with the number of tiles. */
enum { PART = 128 };

static void products(const struct rt_wino_weight *p, const float *x, const float *y, int64_t groups,
                     int64_t point, int64_t p0, int64_t p1, bool more, float *sums)
{
    const int64_t side = p->width / RT_LANES, step = rt_wino_sums_step(p);
    const int64_t each = p->round * RT_LANES, tiles = groups * RT_LANES;
    y += point * rt_wino_y_step(p);
    x += point * rt_wino_x_step(p);
    for (int64_t c = 0; c < p->columns; c++)
        for (int64_t k = 0; k < tiles; k += PART)
            for (int64_t m = p0; m < p1; m++)
                for (int64_t r = 0; r < 8; r += RT_BLOCK_ROWS)
                    rt_block(side, tiles - k < PART ? tiles - k : PART, more || k,
                             y + (m * each + k) * 8 + r, x + (c * each + k) * p->width,
                             sums + ((m * p->columns + c) * POINTS + point) * step + r * p->width);
}

/* G' m G of RT_LANES channels of one filter. */
static inline void filter(const float *sums, int64_t step, float *taps)
{
    rt_vec column[SIDE], part[SIDE][3], out[3];
    for (int j = 0; j < SIDE; j++) {
        RT_UNROLL
        for (int i = 0; i < SIDE; i++)
            column[i] = rt_load(sums + (i * SIDE + j) * step);
        rt_wino_collect(column, part[j]);
    }
    for (int a = 0; a < 3; a++) {
        RT_UNROLL
        for (int j = 0; j < SIDE; j++)
            column[j] = part[j][a];
        rt_wino_collect(column, out);
        for (int b = 0; b < 3; b++)
            rt_store(taps + (3 * a + b) * RT_LANES, out[b]);
    }
}

static void filters(const struct rt_wino_weight *p, const float *sums, int64_t panel, float *w)
{
    const struct rt_wino *g = &p->g;
    const int64_t step = rt_wino_sums_step(p);
    float taps[9 * RT_LANES];
    for (int64_t m = 8 * panel; m < 8 * panel + 8 && m < g->m; m++)
        for (int64_t c = 0; c < g->c; c += RT_LANES) {
            const int64_t column = c / p->width;
            filter(sums + (panel * p->columns + column) * POINTS * step + m % 8 * p->width +
                       c % p->width,
                   step, taps);
            for (int64_t i = 0; i < RT_LANES && c + i < g->c; i++)
                for (int64_t t = 0; t < 9; t++)
                    w[(m * g->c + c + i) * 9 + t] += taps[t * RT_LANES + i];
        }
}

const struct rt_wino_weight_kernels RT_V(rt_wino_weight_kernels) = {
    .inputs = inputs,
    .outputs = outputs,
    .products = products,
    .filters = filters,
};
