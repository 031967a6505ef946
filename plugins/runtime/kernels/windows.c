/* windows.c - see windows.h. */
#include "windows.h"
#include "im2col.h"

#include <impasto/kit.h>

static const struct rt_columns_table *const tables[RT_VARIANTS] = RT_TABLES(rt_columns);

/* ---- geometry ---- */

static int64_t floor_of(int64_t a, int64_t b)
{
    return a < 0 ? -((-a + b - 1) / b) : a / b;
}

/* Of tap t: its phase, and returned, its shift. */
static int64_t shift_of(const struct rt_windows_axis *a, int64_t t, int64_t *phase)
{
    const int64_t at = a->first + t * a->step, shift = floor_of(at, a->stride);
    *phase = at - shift * a->stride;
    return shift;
}

static void axis_set(struct rt_windows_axis *a, const struct rt_axis_window *w, bool back)
{
    *a = (struct rt_windows_axis){.in = back ? w->out : w->in,
                                  .out = back ? w->in : w->out,
                                  .kernel = w->kernel,
                                  .stride = w->stride,
                                  .first = back ? w->pad : -w->pad,
                                  .step = back ? -w->dilation : w->dilation};
    bool used[RT_WINDOWS_STRIDE] = {false};
    for (int64_t t = 0; t < a->kernel; t++) {
        int64_t phase;
        const int64_t shift = shift_of(a, t, &phase);
        used[phase] = true;
        a->low = shift < a->low ? shift : a->low;
        a->high = shift > a->high ? shift : a->high;
    }
    for (int64_t p = 0; p < a->stride; p++)
        if (used[p]) {
            a->number[p] = a->phases;
            a->phase[a->phases++] = p;
        }
}

/* Elements of a phase that are copied. */
static int64_t needed(const struct rt_windows_axis *a, int64_t phase)
{
    return rt_between(a->in > phase ? rt_up(a->in - phase, a->stride) : 0, 0, a->out + a->high);
}

bool rt_windows_shape(struct rt_windows *g, const struct rt_conv *v, bool back)
{
    static const struct rt_axis_window one = {
        .in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1};
    const struct rt_window *w = &v->window;
    if (w->axes > 2 || !v->n || !v->out_size || !v->in_size || !v->c || !v->m)
        return false;
    for (uint32_t i = 0; i < w->axes; i++)
        if (w->axis[i].stride > (back ? 1 : RT_WINDOWS_STRIDE))
            return false;
    *g = (struct rt_windows){.twos = tables[rt_simd()]};
    axis_set(&g->y, w->axes > 1 ? &w->axis[0] : &one, back);
    axis_set(&g->x, &w->axis[w->axes - 1], back);
    const int64_t end = needed(&g->x, 0) - g->x.low, most = g->x.out + g->x.high;
    g->pitch = end > most ? end : most;
    g->planes = g->y.phases * g->x.phases;
    return true;
}

void rt_windows_tall(struct rt_windows *g, int64_t rows)
{
    enum { LINE = 16 };
    g->strips = rt_up(g->y.out, rows);
    g->tall = rt_up(g->y.out, g->strips);
    g->rows = g->tall + g->y.high - g->y.low;
    /* a line more than it need be, or planes may fall on the same sets of a cache */
    g->plane = (rt_up(g->rows * g->pitch - g->x.low, LINE) + 1) * LINE;
}

int64_t rt_windows_tap(const struct rt_windows *g, int64_t y, int64_t x)
{
    int64_t py, px;
    const int64_t dy = shift_of(&g->y, y, &py), dx = shift_of(&g->x, x, &px);
    const int64_t plane = g->y.number[py] * g->x.phases + g->x.number[px];
    return plane * g->plane + (dy - g->y.low) * g->pitch + dx - g->x.low;
}

/* ---- the copy ---- */

/* Where the copy's rows are, of a strip that begins at row `row`, for a phase of rows: floats from
 * the plane's begin, or -1: outside. */
static void row_table(const struct rt_windows *g, int64_t row, int64_t phase, int64_t *table)
{
    for (int64_t r = 0; r < g->rows; r++) {
        const int64_t y = (row + r + g->y.low) * g->y.stride + phase;
        table[r] = y < 0 || y >= g->y.in ? -1 : y * g->x.in;
    }
}

KIT_CLONES
static void gated(const struct rt_columns *given, const float *in, const float *gate, float *to)
{
    const struct rt_columns c = *given;
    for (int64_t r = 0; r < c.rows; r++, to += c.width) {
        const int64_t at = c.table[r] + c.at, n = c.table[r] < 0 ? 0 : c.n;
        for (int64_t i = 0; i < c.before; i++)
            to[i] = 0;
        rt_gate_row(in + (n ? at : 0), gate + (n ? at : 0), to + c.before, n);
        for (int64_t i = c.before + n; i < c.width; i++)
            to[i] = 0;
    }
}

/* A row of both phases of windows that step by two. at: where in x it is, or -1. */
static void copy_two(const struct rt_windows *g, int64_t at, const float *in, float *to)
{
    const int64_t before = -g->x.low, even = needed(&g->x, 0), odd = needed(&g->x, 1);
    float *row[2] = {to, to + g->plane};
    const int64_t end[2] = {at < 0 ? 0 : before + even, at < 0 ? 0 : before + odd};
    for (int k = 0; k < 2; k++) {
        for (int64_t i = 0; i < before; i++)
            row[k][i] = 0;
        for (int64_t i = end[k]; i < g->pitch; i++)
            row[k][i] = 0;
    }
    if (at >= 0)
        g->twos->split(in + at, even > odd ? 2 * even - 1 : 2 * even, to + before,
                       to + g->plane + before);
}

/* As rows lie in memory, so that it is read once. */
static void copy_twos(const struct rt_windows *g, const int64_t *table, const float *in, float *to)
{
    for (int64_t r = 0; r < g->rows; r++)
        for (int64_t y = 0; y < g->y.phases; y++)
            copy_two(g, table[y * g->rows + r], in, to + 2 * y * g->plane + r * g->pitch);
}

static void copy_phase(const struct rt_windows *g, const int64_t *table, int64_t phase,
                       const float *in, const float *gate, float *to)
{
    const struct rt_columns c = {.table = table,
                                 .rows = g->rows,
                                 .width = g->pitch,
                                 .before = -g->x.low,
                                 .n = needed(&g->x, phase),
                                 .at = phase};
    if (gate)
        gated(&c, in, gate, to);
    else if (g->x.stride == 2)
        g->twos->pack(&c, in, to);
    else
        rt_columns_pack(&c, g->x.stride, in, to);
}

/* One channel: all phases. */
static void copy_channel(const struct rt_windows *g, const int64_t *table, const float *in,
                         const float *gate, float *to)
{
    const bool both = g->x.stride == 2 && g->x.phases == 2;
    if (both)
        copy_twos(g, table, in, to);
    for (int64_t y = 0; y < g->y.phases; y++)
        for (int64_t x = 0; x < g->x.phases; x++, to += g->plane) {
            if (!both)
                copy_phase(g, table + y * g->rows, g->x.phase[x], in, gate, to);
            for (int64_t i = g->rows * g->pitch; i < g->plane; i++)
                to[i] = 0;
        }
}

void rt_windows_copy(const struct rt_windows *g, int64_t row0, int64_t channels, const float *in,
                     const float *gate, int64_t *rows, float *to)
{
    const int64_t size = g->y.in * g->x.in;
    for (int64_t y = 0; y < g->y.phases; y++)
        row_table(g, row0, g->y.phase[y], rows + y * g->rows);
    for (int64_t c = 0; c < channels; c++)
        copy_channel(g, rows, in + c * size, gate ? gate + c * size : NULL,
                     to + c * g->planes * g->plane);
}
