/* strips.c - see strips.h. */
#include "strips.h"

#include <impasto/kit.h>
#include <string.h>

/* Below, 1x1 is worked on in several pictures together. Columns of a strip: at most, and at least
 * where filters are huge. Floats of a block's columns. */
enum { SMALL_PLANE = 64, COLS = 512, FEWEST_COLS = 16, BLOCK = 1 << 16 };

void rt_conv_set(struct rt_conv *v)
{
    const struct rt_window *w = &v->window;
    const uint32_t last = w->axes - 1;
    v->taps = v->in_size = v->out_size = 1;
    bool ones = true;
    for (uint32_t i = 0; i < w->axes; i++) {
        const struct rt_axis_window *a = &w->axis[i];
        v->taps *= a->kernel;
        v->in_size *= a->in;
        v->out_size *= a->out;
        ones = ones && a->kernel == 1 && a->stride == 1 && a->pad == 0 && a->in == a->out;
    }
    v->outer_taps = v->taps / w->axis[last].kernel;
    v->out_w = w->axis[last].out;
    v->rows = v->out_w ? v->out_size / v->out_w : 0;
    v->plain = ones && (v->n <= 1 || v->out_size >= SMALL_PLANE);
}

/* ---- strips ---- */

void rt_strips_set(struct rt_strips *s, const struct rt_conv *v, int64_t cols)
{
    *s = (struct rt_strips){.x_cuts = 1, .per_picture = 1};
    if (!v->out_size || !v->n)
        return;
    if (v->out_size < cols && !v->plain) { /* whole pictures together */
        const int64_t pictures = cols / v->out_size < v->n ? cols / v->out_size : v->n;
        s->per_picture = 0;
        s->rows = pictures * v->rows;
        s->count = (v->n + pictures - 1) / pictures;
        s->cols = pictures * v->out_size;
        return;
    }
    s->x_cuts = (v->out_w + cols - 1) / cols;
    s->rows = s->x_cuts > 1 ? 1 : cols / v->out_w;
    const int64_t bands = (v->rows + s->rows - 1) / s->rows;
    s->rows = (v->rows + bands - 1) / bands;
    s->per_picture = (v->rows + s->rows - 1) / s->rows;
    s->count = v->n * s->per_picture * s->x_cuts;
    s->cols = s->x_cuts > 1 ? (v->out_w + s->x_cuts - 1) / s->x_cuts : s->rows * v->out_w;
}

struct rt_strip rt_strip_at(const struct rt_strips *s, const struct rt_conv *v, int64_t i)
{
    struct rt_strip t = {.x1 = v->out_w};
    if (!s->per_picture) {
        t.row0 = i * s->rows;
        t.row1 = t.row0 + s->rows < v->n * v->rows ? t.row0 + s->rows : v->n * v->rows;
        return t;
    }
    rt_piece(v->out_w, (uint32_t)s->x_cuts, (uint32_t)(i % s->x_cuts), &t.x0, &t.x1);
    i /= s->x_cuts;
    const int64_t picture = i / s->per_picture, row = i % s->per_picture * s->rows;
    const int64_t end = row + s->rows < v->rows ? row + s->rows : v->rows;
    t.row0 = picture * v->rows + row;
    t.row1 = picture * v->rows + end;
    return t;
}

int64_t rt_strip_at_y(const struct rt_strip *s, const struct rt_conv *v, int64_t channel)
{
    const int64_t picture = s->row0 / v->rows, row = s->row0 % v->rows;
    return (picture * v->groups * v->m + channel) * v->out_size + row * v->out_w + s->x0;
}

/* Rows of the strip in the picture of row r: how many from r on. */
static int64_t run_of(const struct rt_strip *s, const struct rt_conv *v, int64_t r)
{
    const int64_t left = v->rows - r % v->rows;
    return r + left < s->row1 ? left : s->row1 - r;
}

KIT_CLONES
void rt_strip_gather(const struct rt_conv *v, const struct rt_strip *s, const float *y,
                     const float *gate, int64_t first, int64_t channels, float *to)
{
    const int64_t cols = rt_strip_cols(s), w = s->x1 - s->x0;
    for (int64_t r = s->row0; r < s->row1;) {
        const int64_t run = run_of(s, v, r), n = run * w;
        const struct rt_strip part = {.row0 = r, .row1 = r + run, .x0 = s->x0, .x1 = s->x1};
        int64_t at = rt_strip_at_y(&part, v, first);
        float *row = to + (r - s->row0) * w;
        for (int64_t m = 0; m < channels; m++, at += v->out_size, row += cols)
            if (gate)
                rt_gate_row(y + at, gate + at, row, n);
            else
                memcpy(row, y + at, (size_t)n * sizeof *to);
        r += run;
    }
}

void rt_strip_scatter(const struct rt_conv *v, const struct rt_strip *s, const float *from,
                      int64_t first, int64_t channels, const struct rt_after *after, float *y)
{
    const int64_t cols = rt_strip_cols(s), w = s->x1 - s->x0;
    for (int64_t r = s->row0; r < s->row1;) {
        const int64_t run = run_of(s, v, r);
        const struct rt_strip part = {.row0 = r, .row1 = r + run, .x0 = s->x0, .x1 = s->x1};
        for (int64_t m = 0; m < channels; m++) {
            const int64_t at = rt_strip_at_y(&part, v, first + m);
            rt_after_row(after, first + m, from + m * cols + (r - s->row0) * w,
                         after->add ? after->add + at : NULL, y + at, run * w);
        }
        r += run;
    }
}

/* ---- blocks ---- */

void rt_blocks_set(struct rt_blocks *b, const struct rt_conv *v, int64_t strips)
{
    *b = (struct rt_blocks){.count = 0};
    const int64_t most = v->n * v->out_size < COLS * strips ? COLS / 2 : COLS;
    rt_strips_set(&b->strips, v, rt_between(BLOCK / v->taps, FEWEST_COLS, most));
    const int64_t floats = v->taps * (b->strips.cols ? b->strips.cols : 1);
    const int64_t fit = rt_between(BLOCK / floats, 1, v->c);
    b->count = (v->c + fit - 1) / fit;
    b->channels = (v->c + b->count - 1) / b->count;
    b->count = (v->c + b->channels - 1) / b->channels;
    b->table_bytes = rt_lines((uint64_t)(v->outer_taps * b->strips.rows) * sizeof(int64_t));
    b->cols_bytes = rt_lines((uint64_t)(b->channels * floats) * sizeof(float));
}
