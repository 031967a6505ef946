/* windows_weight.c - see windows_weight.h. */
#include "windows_weight.h"
#include "conv.h"
#include "rows.h"

#include <impasto/kit.h>

/* Items that there should be at least; filters of one, at most, and fewer than which waste vectors;
 * places of a strip, and fewer of a picture than which are better worked on in columns; floats of
 * an item's sums; of all parts' sums; multiply-accumulates of a turn, so that a cancel is heard. */
enum {
    ITEMS = 8,
    FILTERS = 192,
    FEWEST_FILTERS = 12,
    PLACES = 256,
    FEWEST_PLACES = 36,
    SUMS = 5 << 14,
    PARTS = 1 << 22,
    LONG = 1 << 30
};

static void set_cuts(struct rt_windows_weight *s)
{
    const struct rt_conv *v = s->v;
    const struct rt_windows *g = &s->g;
    s->m_blocks = rt_up(v->m, FILTERS);
    s->filters = rt_up(rt_up(v->m, s->m_blocks), RT_ROWS_MULTIPLE) * RT_ROWS_MULTIPLE;
    s->m_blocks = rt_up(v->m, s->filters);
    const int64_t copies = RT_WINDOWS_BLOCK / (g->planes * g->plane),
                  sums = SUMS / (v->taps * s->filters);
    const int64_t fit = rt_between(copies < sums ? copies : sums, 1, v->c);
    s->blocks = rt_up(v->c, fit);
    s->block = rt_up(v->c, s->blocks);
    s->blocks = rt_up(v->c, s->block);
    const int64_t items = v->groups * s->blocks * s->m_blocks, strips = v->n * g->strips;
    const int64_t room = PARTS / (v->groups * v->m * v->c * v->taps);
    s->parts = rt_between(rt_between(rt_up(ITEMS, items), 1, strips), 1, room > 1 ? room : 1);
    s->lanes.items = items * s->parts;
}

bool rt_windows_weight_set(struct rt_windows_weight *s, const struct rt_conv *v)
{
    *s = (struct rt_windows_weight){.v = v};
    if (v->m < FEWEST_FILTERS || v->out_size < FEWEST_PLACES || !rt_windows_shape(&s->g, v, false))
        return false;
    const struct rt_windows *g = &s->g;
    rt_windows_tall(&s->g, rt_between(PLACES / g->x.out, 1, g->y.out));
    while (g->planes * g->plane > RT_WINDOWS_BLOCK / 4 && g->tall > 1)
        rt_windows_tall(&s->g, rt_up(g->tall, 2));
    if (g->planes * g->plane > RT_WINDOWS_BLOCK)
        return false;
    set_cuts(s);
    s->direct = v->plain;
    s->rows_bytes = rt_windows_rows_bytes(g);
    s->at_bytes = rt_lines((uint64_t)(s->block * v->taps) * sizeof(int64_t));
    s->copy_bytes = rt_lines((uint64_t)(s->block * g->planes * g->plane) * sizeof(float));
    const int64_t rows = rt_up(s->block * v->taps, RT_ROWS_MULTIPLE) * RT_ROWS_MULTIPLE;
    const int64_t places = g->tall * g->x.out;
    s->turned_bytes =
        rt_lines((uint64_t)((places > rows ? places : rows) * s->filters) * sizeof(float));
    s->lanes.cost = rt_conv_macs(v) / (double)s->lanes.items;
    const int64_t most = v->n * g->strips / s->parts; /* no turn without a strip */
    s->turns = rt_between((int64_t)(s->lanes.cost / LONG) + 1, 1, most);
    s->lanes.cost /= (double)s->turns;
    s->lanes.bytes = s->rows_bytes + s->at_bytes + s->copy_bytes + s->turned_bytes +
                     (uint64_t)(s->block * v->taps * s->filters) * sizeof(float);
    rt_lanes_set(&s->lanes);
    return true;
}

uint64_t rt_windows_weight_bytes(const struct rt_windows_weight *s)
{
    return rt_lanes_bytes(&s->lanes);
}

struct run {
    const struct rt_windows_weight *s;
    const float *x, *y, *gate;
    float *w;
};

/* Channels [c0, c1) and filters [m0, m1) of a group; strips [from, to) of all pictures; w: where
 * its sums go. */
struct part {
    int64_t group, c0, c1, m0, m1, from, to;
    float *w;
};

static struct part part_of(const struct run *u, int64_t item)
{
    const struct rt_windows_weight *s = u->s;
    const struct rt_conv *v = s->v;
    struct part p;
    p.m0 = item % s->m_blocks * s->filters;
    p.m1 = rt_between(p.m0 + s->filters, p.m0, v->m);
    item /= s->m_blocks;
    p.c0 = item % s->blocks * s->block;
    p.c1 = rt_between(p.c0 + s->block, p.c0, v->c);
    item /= s->blocks;
    p.group = item % v->groups;
    item /= v->groups;
    int64_t from, to;
    rt_piece(v->n * s->g.strips, (uint32_t)s->parts, (uint32_t)item, &from, &to);
    rt_piece(to - from, (uint32_t)s->turns, (uint32_t)s->turn, &p.from, &p.to);
    p.from += from;
    p.to += from;
    const int64_t k = v->c * v->taps, all = v->groups * v->m * k;
    p.w = u->w + item * all + (p.group * v->m + p.m0) * k + p.c0 * v->taps;
    return p;
}

/* What an item has room for. */
struct room {
    int64_t *rows, *at;
    float *copy, *turned, *sums;
};

static struct room room_of(const struct rt_windows_weight *s, char *scratch)
{
    struct room r;
    r.rows = (int64_t *)(void *)scratch;
    r.at = (int64_t *)(void *)(scratch += s->rows_bytes);
    r.copy = (float *)(void *)(scratch += s->at_bytes);
    r.turned = (float *)(void *)(scratch += s->copy_bytes);
    r.sums = (float *)(void *)(scratch + s->turned_bytes);
    return r;
}

static void one_strip(const struct run *u, const struct part *p, int64_t strip,
                      const struct room *r)
{
    const struct rt_windows *g = &u->s->g;
    const struct rt_conv *v = u->s->v;
    const int64_t plane = strip / g->strips * v->groups + p->group;
    int64_t row0, row1;
    rt_piece(g->y.out, (uint32_t)g->strips, (uint32_t)(strip % g->strips), &row0, &row1);
    const float *x = u->x + (plane * v->c + p->c0) * v->in_size;
    const int64_t y = (plane * v->m + p->m0) * v->out_size + row0 * g->x.out;
    if (u->s->direct)
        x += row0 * g->x.in;
    else
        rt_windows_copy(g, row0, p->c1 - p->c0, x, NULL, r->rows, r->copy);
    rt_places_turn(u->y + y, u->gate ? u->gate + y : NULL, v->out_size, (row1 - row0) * g->x.out,
                   p->m1 - p->m0, r->turned);
    rt_places_product(
        &(struct rt_places){.m = (p->c1 - p->c0) * v->taps,
                            .n = rt_up(p->m1 - p->m0, RT_ROWS_MULTIPLE) * RT_ROWS_MULTIPLE,
                            .tall = row1 - row0,
                            .width = g->x.out,
                            .pitch = g->pitch,
                            .a = u->s->direct ? x : r->copy,
                            .b = r->turned,
                            .at = r->at,
                            .c = r->sums,
                            .more = strip > p->from});
}

static void set_taps(const struct rt_windows_weight *s, int64_t channels, int64_t *at)
{
    const struct rt_windows *g = &s->g;
    const int64_t step = s->direct ? s->v->in_size : g->planes * g->plane;
    for (int64_t y = 0, t = 0; y < g->y.kernel; y++)
        for (int64_t x = 0; x < g->x.kernel; x++, t++) {
            const int64_t tap = s->direct ? 0 : rt_windows_tap(g, y, x);
            for (int64_t c = 0; c < channels; c++)
                at[c * s->v->taps + t] = c * step + tap;
        }
}

/* Sums of `rows` channels and taps, turned again, to filters. */
KIT_CLONES
static void put(const struct run *u, const struct part *p, int64_t rows, const struct room *r)
{
    const struct rt_windows_weight *s = u->s;
    const int64_t filters = p->m1 - p->m0, k = s->v->c * s->v->taps;
    const int64_t n = rt_up(filters, RT_ROWS_MULTIPLE) * RT_ROWS_MULTIPLE;
    const int64_t wide = rt_up(rows, RT_ROWS_MULTIPLE) * RT_ROWS_MULTIPLE;
    const bool add = s->parts == 1 || s->turn > 0;
    rt_places_turn(r->sums, NULL, n, filters, rows, r->turned);
    for (int64_t m = 0; m < filters; m++) {
        float *w = p->w + m * k;
        const float *sum = r->turned + m * wide;
        for (int64_t i = 0; i < rows; i++)
            w[i] = add ? w[i] + sum[i] : sum[i];
    }
}

static void one(const void *user, int64_t item, void *scratch)
{
    const struct run *u = user;
    const struct part p = part_of(u, item);
    const struct room r = room_of(u->s, scratch);
    const int64_t rows = (p.c1 - p.c0) * u->s->v->taps;
    set_taps(u->s, p.c1 - p.c0, r.at);
    for (int64_t i = p.from; i < p.to; i++)
        one_strip(u, &p, i, &r);
    put(u, &p, rows, &r);
}

imp_status rt_windows_weight_run(const struct rt_windows_weight *s, const float *x, const float *y,
                                 const float *gate, float *w, void *scratch, imp_job *job)
{
    const struct run u = {.s = s, .x = x, .y = y, .gate = gate, .w = w};
    return rt_lanes_run(&s->lanes, job, scratch, one, &u);
}
