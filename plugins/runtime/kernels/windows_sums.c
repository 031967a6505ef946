/* windows_sums.c - see windows_sums.h. */
#include "windows_sums.h"
#include "conv.h"
#include "rows.h"

#include <impasto/kit.h>

/* Items that there should be at least; columns of a strip, at most. */
enum { ITEMS = 8, COLS = 768 };
/* Filters times the share of sums between rows, beyond which columns cost less;
 * multiply-accumulates that copying a number takes as long as. */
static const double junk = 8, copied = 8;

/* Cuts filters where there are few strips and copies cost little beside products. */
static void set_filters(struct rt_windows_sums *s)
{
    const int64_t most = s->filters * s->v->taps / s->g.planes / 128;
    s->m_blocks = 1;
    while (s->v->n * s->v->groups * s->g.strips * s->m_blocks < ITEMS && 2 * s->m_blocks <= most &&
           s->filters / (2 * s->m_blocks) >= 32)
        s->m_blocks *= 2;
}

/* What strips as they are cost in all: their vectors, of which one or two alone load more than they
 * multiply; the copies; threads that wait. */
static double cost_of(const struct rt_windows_sums *s)
{
    const struct rt_windows *g = &s->g;
    const int64_t vectors = rt_up(g->tall * g->pitch - (g->pitch - g->x.out), 16);
    const double alone = vectors == 1 ? 0.7 : vectors == 2 || vectors == 4 ? 0.2 : 0.1;
    const double k = (double)(s->channels * s->v->taps);
    const double sums = ((double)vectors + alone) * 16 * (double)s->filters * k;
    const double copies = copied * (double)(g->planes * g->plane * s->channels * s->m_blocks);
    const int64_t items = s->v->n * s->v->groups * g->strips * s->m_blocks;
    const int64_t waits = rt_up(items, 2) * 2 + rt_up(items, 4) * 4;
    const double few = items < ITEMS ? (double)ITEMS / (double)items : 1;
    return (sums + copies) * (double)(g->strips * waits) / (double)items * few;
}

static void set_strips(struct rt_windows_sums *s)
{
    struct rt_windows *g = &s->g;
    double least = 0;
    int64_t best = 1;
    for (int64_t tall = 1; tall <= g->y.out && (tall == 1 || tall * g->pitch <= COLS); tall++) {
        rt_windows_tall(g, tall);
        set_filters(s);
        const double cost = cost_of(s);
        if (tall == 1 || (cost < least && g->planes * g->plane <= RT_WINDOWS_BLOCK)) {
            least = cost;
            best = tall;
        }
    }
    rt_windows_tall(g, best);
    set_filters(s);
}

static void set_scratch(struct rt_windows_sums *s)
{
    const struct rt_windows *g = &s->g;
    const int64_t fit = rt_between(RT_WINDOWS_BLOCK / (g->planes * g->plane), 1, s->channels);
    s->blocks = rt_up(s->channels, fit);
    s->block = rt_up(s->channels, s->blocks);
    s->blocks = rt_up(s->channels, s->block);
    s->table_bytes = rt_windows_rows_bytes(g) +
                     rt_lines((uint64_t)(s->block * s->v->taps) * sizeof(struct rt_row_at));
    s->copy_bytes = rt_lines((uint64_t)(s->block * g->planes * g->plane) * sizeof(float));
    s->lanes.items = s->v->n * s->v->groups * g->strips * s->m_blocks;
    s->lanes.cost = rt_conv_macs(s->v) / (double)s->lanes.items;
    const int64_t sums = rt_up(s->filters, s->m_blocks) * g->tall * g->pitch;
    s->lanes.bytes = s->table_bytes + s->copy_bytes + (uint64_t)sums * sizeof(float);
    rt_lanes_set(&s->lanes);
}

bool rt_windows_sums_set(struct rt_windows_sums *s, const struct rt_conv *v, bool back)
{
    *s = (struct rt_windows_sums){.v = v, .channels = v->c, .filters = v->m};
    s->a_row = v->c * v->taps;
    s->a_channel = v->taps;
    if (back) {
        s->channels = v->m;
        s->filters = v->c;
        s->a_row = v->taps;
        s->a_channel = v->c * v->taps;
        if (v->c < 8) /* products are better made the other way round */
            return false;
    }
    if (!rt_windows_shape(&s->g, v, back))
        return false;
    const int64_t wide = s->g.x.out, outputs = s->g.y.out * wide;
    const double between = (double)(s->g.pitch - wide) / (double)wide;
    if (outputs < (v->n > 1 ? RT_TOGETHER : 1) || between * (double)s->filters > junk)
        return false;
    set_strips(s);
    if (s->g.planes * s->g.plane > RT_WINDOWS_BLOCK)
        return false;
    set_scratch(s);
    return true;
}

uint64_t rt_windows_sums_bytes(const struct rt_windows_sums *s)
{
    return rt_lanes_bytes(&s->lanes);
}

static void tap_table(const struct rt_windows_sums *s, struct rt_row_at *at)
{
    const struct rt_windows *g = &s->g;
    for (int64_t y = 0, t = 0; y < g->y.kernel; y++)
        for (int64_t x = 0; x < g->x.kernel; x++, t++) {
            const int64_t tap = rt_windows_tap(g, y, x);
            for (int64_t c = 0; c < s->block; c++)
                at[c * s->v->taps + t] = (struct rt_row_at){.a = c * s->a_channel + t,
                                                            .b = c * g->planes * g->plane + tap};
        }
}

struct run {
    const struct rt_windows_sums *s;
    const struct rt_after *after;
    const float *in, *gate, *w;
    float *out;
};

/* Rows [row0, row1) and filters [m0, m1) of a group of a picture; plane: picture * groups + group.
 */
struct part {
    int64_t plane, group, row0, row1, m0, m1;
};

static struct part part_of(const struct rt_windows_sums *s, int64_t item)
{
    struct part p;
    rt_piece(s->filters, (uint32_t)s->m_blocks, (uint32_t)(item % s->m_blocks), &p.m0, &p.m1);
    item /= s->m_blocks;
    rt_piece(s->g.y.out, (uint32_t)s->g.strips, (uint32_t)(item % s->g.strips), &p.row0, &p.row1);
    p.plane = item / s->g.strips;
    p.group = p.plane % s->v->groups;
    return p;
}

KIT_CLONES
static void scatter(const struct run *u, const struct part *p, const float *sums, int64_t ld)
{
    const struct rt_windows *g = &u->s->g;
    const int64_t w = g->x.out, first = p->group * u->s->filters;
    for (int64_t m = p->m0; m < p->m1; m++, sums += ld)
        for (int64_t r = p->row0; r < p->row1; r++) {
            const int64_t at = ((p->plane * u->s->filters + m) * g->y.out + r) * w;
            rt_after_row(u->after, first + m, sums + (r - p->row0) * g->pitch,
                         u->after->add ? u->after->add + at : NULL, u->out + at, w);
        }
}

static void products(const struct run *u, const struct part *p, struct rt_rows *r, char *scratch)
{
    const struct rt_windows_sums *s = u->s;
    const struct rt_windows *g = &s->g;
    int64_t *rows = (int64_t *)(void *)scratch;
    struct rt_row_at *taps = (struct rt_row_at *)(void *)(scratch + rt_windows_rows_bytes(g));
    float *copy = (float *)(void *)(scratch + s->table_bytes);
    const struct rt_after *after = r->after;
    tap_table(s, taps);
    r->at = taps;
    r->b = copy;
    const float *w = u->w + p->group * s->v->m * s->v->c * s->v->taps + p->m0 * s->a_row;
    for (int64_t c = 0; c < s->channels; c += s->block) {
        const int64_t n = rt_between(s->channels - c, 0, s->block);
        const int64_t at = (p->plane * s->channels + c) * g->y.in * g->x.in;
        rt_windows_copy(g, p->row0, n, u->in + at, u->gate ? u->gate + at : NULL, rows, copy);
        r->a = w + c * s->a_channel;
        r->k = n * s->v->taps;
        r->more = c > 0;
        r->after = c + n == s->channels ? after : NULL;
        rt_rows_product(r);
    }
}

static void one(const void *user, int64_t item, void *scratch)
{
    const struct run *u = user;
    const struct rt_windows_sums *s = u->s;
    const struct rt_windows *g = &s->g;
    const struct part p = part_of(s, item);
    const int64_t at = ((p.plane * s->filters + p.m0) * g->y.out + p.row0) * g->x.out;
    struct rt_rows r = {.m = p.m1 - p.m0,
                        .n = (p.row1 - p.row0) * g->pitch - (g->pitch - g->x.out),
                        .row = s->a_row,
                        .channel = p.group * s->filters + p.m0};
    if (g->pitch == g->x.out && (u->after->add != u->out || s->blocks == 1)) {
        r.c = u->out + at;
        r.ldc = g->y.out * g->x.out;
        r.after = u->after;
        r.add = u->after->add ? u->after->add + at : NULL;
        products(u, &p, &r, scratch);
        return;
    }
    r.c = (float *)(void *)((char *)scratch + s->table_bytes + s->copy_bytes);
    r.ldc = g->tall * g->pitch;
    products(u, &p, &r, scratch);
    scatter(u, &p, r.c, r.ldc);
}

imp_status rt_windows_sums_run(const struct rt_windows_sums *s, const float *in, const float *gate,
                               const float *w, const struct rt_after *after, float *out,
                               void *scratch, imp_job *job)
{
    const struct run u = {.s = s, .after = after, .in = in, .gate = gate, .w = w, .out = out};
    return rt_lanes_run(&s->lanes, job, scratch, one, &u);
}
