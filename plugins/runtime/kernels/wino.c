/* wino.c - see wino.h: when, and how the work is cut, so that what is read again and again stays in
 * a cache.
 *
 * Small pictures: inputs of all panels are transformed first, then an item is eight rows of the
 * result: it transforms their filters and goes through all panels. Large ones: filters are
 * transformed first, then an item is a panel. */
#include "wino.h"
#include "conv.h"
#include "lanes.h"

static const struct rt_wino_kernels *kernels(enum rt_simd v)
{
    static const struct rt_wino_kernels *const all[RT_VARIANTS] = RT_TABLES(rt_wino_kernels);
    return all[v];
}

/* ---- when ---- */

/* Transformed filters, in floats, beyond which each panel reads them from memory. Channels of x
 * from which on outputs are not most of the work: 3 to 64 of 256x256 take 4.6 ms so, 3.2 as
 * columns. */
enum { STREAMED = 2 << 20, FEWEST = 5 };
/* Of a filter along an axis, at most: nine parts; and of all of it. */
enum { MOST_TAPS = 9, FEWEST_TAPS = 4 };

/* Cycles of both passes, measured on Zen 4 and rounded: products take one a vector, filter and
 * channel; the transforms more where rows of tiles are short; filters that no cache holds slow the
 * products down. */
static double wino_cost(const struct rt_wino *g)
{
    const bool four = g->s == 4;
    const double c = (double)g->c, m = (double)((g->m + 7) / 8 * 8), points = (double)g->points;
    const double tiles_x = (double)g->tiles_x, lanes = (double)g->lanes;
    const double runs = tiles_x >= lanes ? 1 : lanes / tiles_x;
    const double each = four ? 540 + 200 * (runs - 1) : 1500 + 450 * (runs - 1);
    const double streamed = points * c * m > STREAMED && g->panels > 8 ? 1.15 : 1;
    return (double)g->groups * (c * m * points * streamed + (c + m) * each) +
           c * m * (four ? 14 : 22);
}

/* The same of the other ways: columns, of which short rows are costly to make; where filters are
 * not 3x3, copies (windows.h), but for small pictures together; and back, sums of columns. */
static double plain_cost(const struct rt_wino *g)
{
    const double vectors = (double)g->n * (double)g->oh * (double)g->ow / (double)g->lanes;
    const double products = vectors * (double)g->planes * (double)(g->kernel_y * g->kernel_x);
    const double m = (double)((g->m + 7) / 8 * 8), columns = g->ow < 8 ? 320 : 40;
    const bool together = g->n > 1 && g->oh * g->ow < RT_TOGETHER && !g->flipped;
    return products * (rt_wino_is_whole(g) || together ? m * 1.3 + columns : (double)g->m);
}

void rt_wino_use(struct rt_wino *g, int64_t s)
{
    g->s = s;
    g->points = (s + 2) * (s + 2);
    g->tiles_y = (g->oh + s - 1) / s;
    g->tiles_x = (g->ow + s - 1) / s;
    g->tiles = g->n * g->tiles_y * g->tiles_x;
    g->groups = (g->tiles + g->lanes - 1) / g->lanes;
    g->panels = (g->groups + RT_WINO_GROUPS - 1) / RT_WINO_GROUPS;
}

static bool fits(const struct rt_conv *v, bool back)
{
    const struct rt_window *w = &v->window;
    if (w->axes != 2 || v->groups != 1 || v->taps < FEWEST_TAPS || !v->n || !v->in_size ||
        !v->out_size)
        return false;
    for (uint32_t i = 0; i < 2; i++) {
        const struct rt_axis_window *a = &w->axis[i];
        if (a->kernel > MOST_TAPS || a->stride != 1 || a->dilation != 1 || a->pad < 0 ||
            (back && a->pad > a->kernel - 1))
            return false;
    }
    return true;
}

static void set_pass(struct rt_wino *g, const struct rt_conv *v, bool back)
{
    const struct rt_axis_window *a = v->window.axis;
    *g = (struct rt_wino){.n = v->n,
                          .planes = back ? v->m : v->c,
                          .m = back ? v->c : v->m,
                          .h = back ? a[0].out : a[0].in,
                          .w = back ? a[1].out : a[1].in,
                          .oh = back ? a[0].in : a[0].out,
                          .ow = back ? a[1].in : a[1].out,
                          .kernel_y = a[0].kernel,
                          .kernel_x = a[1].kernel,
                          .flipped = back};
    g->pad_top = back ? a[0].kernel - 1 - a[0].pad : a[0].pad;
    g->pad_left = back ? a[1].kernel - 1 - a[1].pad : a[1].pad;
    g->parts_x = (a[1].kernel + 2) / 3;
    g->c = g->planes * g->parts_x * ((a[0].kernel + 2) / 3);
    g->row_step = back ? v->taps : v->c * v->taps;
    g->k_step = back ? v->c * v->taps : v->taps;
}

bool rt_wino_fits(struct rt_wino *g, const struct rt_conv *v, bool back)
{
    if (!fits(v, back))
        return false;
    set_pass(g, v, back);
    g->simd = rt_simd();
    g->lanes = kernels(g->simd)->lanes;
    rt_wino_use(g, 4);
    return true;
}

/* ---- parts ---- */

/* The pass of one part: where it reads x. */
static struct rt_wino part_of(const struct rt_wino *g, int64_t part)
{
    struct rt_wino one = *g;
    one.pad_top -= part / g->parts_x * 3;
    one.pad_left -= part % g->parts_x * 3;
    return one;
}

static uint64_t whole_bytes(const struct rt_wino *g)
{
    return rt_wino_is_whole(g) ? 0 : rt_lines((uint64_t)(g->m * g->c * 9) * sizeof(float));
}

struct whole {
    const struct rt_wino *g;
    const float *w;
    float *to;
};

/* A row of filters as 3x3 ones: [parts][planes][9]. */
static void whole_row(const void *user, int64_t row, void *scratch)
{
    const struct whole *u = user;
    const struct rt_wino *g = u->g;
    const int64_t taps = g->kernel_y * g->kernel_x;
    float *to = u->to + row * g->c * 9;
    (void)scratch;
    for (int64_t part = 0; part < g->c / g->planes; part++)
        for (int64_t c = 0; c < g->planes; c++)
            for (int64_t t = 0; t < 9; t++) {
                const int64_t y = part / g->parts_x * 3 + t / 3, x = part % g->parts_x * 3 + t % 3;
                const int64_t at = y * g->kernel_x + x;
                const float *w = u->w + row * g->row_step + c * g->k_step;
                *to++ =
                    y >= g->kernel_y || x >= g->kernel_x ? 0 : w[g->flipped ? taps - 1 - at : at];
            }
}

/* The pass and filters as if they were 3x3 and not turned round. */
static imp_status make_whole(struct rt_wino *g, const float **w, float *to, imp_job *job)
{
    const struct whole u = {g, *w, to};
    struct rt_lanes l = {.items = g->m, .cost = (double)g->c * 30};
    rt_lanes_set(&l);
    const imp_status st = rt_lanes_run(&l, job, NULL, whole_row, &u);
    *w = to;
    g->row_step = g->c * 9;
    g->k_step = 9;
    g->flipped = 0;
    return st;
}

/* ---- how ---- */

/* Bytes of transformed inputs that may be shared; of sums made together; items there should be. */
enum { SHARED_BYTES = 20 << 20, SUMS_BYTES = 1 << 18, ITEMS = 32 };

struct plan {
    const struct rt_wino *g;
    const struct rt_wino_kernels *k;
    int64_t width;        /* of a panel, at most */
    int64_t rows;         /* panels of 8 rows: all, */
    int64_t chunk;        /* and those whose sums are made together */
    int64_t shared, cuts; /* inputs of all panels are made first; then an item is 8 rows of some */
    uint64_t u_bytes, v_bytes, sums_bytes; /* u: of 8 rows; v: of one panel */
    struct rt_lanes lanes;
    /* of one run */
    const float *x, *gate, *w, *kept;
    const struct rt_after *after;
    float *y, *u, *v;
};

static int64_t width_of(const struct rt_wino *g)
{
    const int64_t each = (g->groups + g->panels - 1) / g->panels;
    return each * g->lanes;
}

static struct plan plan_of(const struct rt_wino *g)
{
    struct plan p = {.g = g, .k = kernels(g->simd), .width = width_of(g), .cuts = 1, .chunk = 1};
    p.rows = (g->m + 7) / 8;
    p.u_bytes = (uint64_t)(g->points * rt_wino_u_step(g)) * sizeof(float);
    p.v_bytes = (uint64_t)(g->points * rt_wino_v_step(g, p.width)) * sizeof(float);
    p.shared = p.v_bytes * (uint64_t)g->panels <= SHARED_BYTES;
    if (p.shared)
        p.cuts = rt_between((ITEMS + p.rows - 1) / p.rows, 1, g->panels);
    else
        p.chunk = rt_between(SUMS_BYTES / (g->points * 8 * p.width * 4), 1, p.rows);
    p.sums_bytes = (uint64_t)(g->points * rt_wino_sum_step(p.chunk, p.width)) * sizeof(float);
    p.lanes.bytes = p.sums_bytes + (p.shared ? p.u_bytes : p.v_bytes);
    p.lanes.items = p.shared ? p.rows * p.cuts : g->panels;
    p.lanes.cost = (double)(g->points * g->c * p.width) * (double)(g->panels * p.rows * 8) /
                   (double)p.lanes.items;
    rt_lanes_set(&p.lanes);
    return p;
}

/* Of what all items read. */
static uint64_t common_bytes(const struct plan *p)
{
    return p->shared ? (uint64_t)p->g->panels * p->v_bytes : (uint64_t)p->rows * p->u_bytes;
}

uint64_t rt_wino_bytes(const struct rt_wino *g)
{
    const struct plan p = plan_of(g);
    return whole_bytes(g) + common_bytes(&p) + rt_lanes_bytes(&p.lanes);
}

/* Bytes of transformed filters or inputs that all items read, at most: 1024 filters of 1024
 * channels take 151 MB with tiles of four. */
enum { MOST_BYTES = 256 << 20 };

static bool bounded(const struct rt_wino *g)
{
    const struct plan p = plan_of(g);
    return common_bytes(&p) <= MOST_BYTES;
}

bool rt_wino_set(struct rt_wino *g, const struct rt_conv *v, bool back)
{
    if (!rt_wino_fits(g, v, back) || (!back && g->c < FEWEST))
        return false;
    struct rt_wino six = *g;
    rt_wino_use(&six, 6);
    if (v->rough && !back && six.points * six.c * six.m <= STREAMED &&
        wino_cost(&six) < wino_cost(g))
        *g = six;
    return wino_cost(g) < plain_cost(g) && bounded(g);
}

/* ---- panels ---- */

static uint16_t bits_of(int64_t lanes, int64_t first, int64_t low, int64_t high)
{
    low = rt_between(low - first, 0, lanes);
    high = rt_between(high - first, low, lanes);
    return (uint16_t)((1u << high) - (1u << low));
}

static struct rt_wino_run run_at(const struct rt_wino *g, int64_t tile, int64_t lane, int64_t count)
{
    struct rt_wino_run r = {
        .tx = tile % g->tiles_x, .lane = (uint32_t)lane, .count = (uint32_t)count};
    r.ty = tile / g->tiles_x % g->tiles_y;
    r.n = tile / g->tiles_x / g->tiles_y;
    const int64_t begin = lane * g->s, end = begin + count * g->s;
    const int64_t in0 = begin - (r.tx * g->s - g->pad_left);
    const int64_t in_low = in0 > begin ? in0 : begin; /* column 0 of x, or the run's first */
    const int64_t in_high = in0 + g->w < end + 2 ? in0 + g->w : end + 2;
    for (int64_t k = 0; k <= g->s; k++)
        r.in[k] = bits_of(g->lanes, k * g->lanes, in_low, in_high);
    const int64_t ow = g->ow >> g->halved, s = g->s >> g->halved;
    const int64_t columns = ow - r.tx * s < count * s ? ow - r.tx * s : count * s;
    for (int64_t k = 0; k < s; k++)
        r.out[k] = bits_of(g->lanes, k * g->lanes, lane * s, lane * s + columns);
    r.whole_in = count == g->lanes;
    for (int64_t k = 0; k < g->s; k++)
        r.whole_in = r.whole_in && r.in[k] == (1u << g->lanes) - 1;
    r.whole_out = columns == g->lanes * s;
    r.lanes_of = bits_of(g->lanes, 0, lane, lane + count);
    return r;
}

void rt_wino_group_set(const struct rt_wino *g, int64_t index, struct rt_wino_group *t)
{
    const int64_t first = index * g->lanes;
    t->count = 0;
    for (int64_t lane = 0; lane < g->lanes && first + lane < g->tiles;) {
        const int64_t tile = first + lane, row = g->tiles_x - tile % g->tiles_x;
        const int64_t count = row < g->lanes - lane ? row : g->lanes - lane;
        t->run[t->count++] = run_at(g, tile, lane, count);
        lane += count;
    }
}

static void set_panel(const struct rt_wino *g, int64_t index, struct rt_wino_panel *p)
{
    int64_t from, to;
    rt_piece(g->groups, (uint32_t)g->panels, (uint32_t)index, &from, &to);
    p->groups = to - from;
    p->width = p->groups * g->lanes;
    for (int64_t i = 0; i < p->groups; i++)
        rt_wino_group_set(g, from + i, &p->group[i]);
}

/* Channels [c0, c1) of a panel, of all parts. */
static void all_inputs(const struct plan *p, const struct rt_wino_panel *panel, int64_t index,
                       int64_t c0, int64_t c1, float *v)
{
    const struct rt_wino *g = p->g;
    for (int64_t part = c0 / g->planes; part * g->planes < c1; part++) {
        const int64_t first = part * g->planes, low = c0 > first ? c0 - first : 0;
        const int64_t high = c1 - first < g->planes ? c1 - first : g->planes;
        const struct rt_wino one = part_of(g, part);
        struct rt_wino_panel shifted;
        if (part)
            set_panel(&one, index, &shifted);
        p->k->inputs(&one, part ? &shifted : panel, p->x, p->gate, low, high,
                     v + first * panel->width);
    }
}

/* ---- each panel by itself, filters made first ---- */

static void filters_piece(const void *user, int64_t item, void *scratch)
{
    const struct plan *p = user;
    (void)scratch;
    p->k->filters(p->g, p->w, item, item + 1, p->u + (uint64_t)item * p->u_bytes / sizeof(float));
}

static void whole_panel(const void *user, int64_t item, void *scratch)
{
    const struct plan *p = user;
    struct rt_wino_panel panel;
    float *sums = scratch, *v = (float *)(void *)((char *)scratch + p->sums_bytes);
    set_panel(p->g, item, &panel);
    all_inputs(p, &panel, item, 0, p->g->c, v);
    for (int64_t at = 0; at < p->rows; at += p->chunk) {
        const int64_t end = at + p->chunk < p->rows ? at + p->chunk : p->rows;
        p->k->products(p->g, &panel, p->u + (uint64_t)at * p->u_bytes / sizeof(float), v, at, end,
                       sums, p->y);
        p->k->outputs(p->g, &panel, sums, p->after, at, end, p->y);
    }
}

static imp_status all_filters(const struct plan *p, imp_job *job)
{
    struct rt_lanes l = {.items = p->rows, .cost = (double)p->g->c * 8 * 200};
    rt_lanes_set(&l);
    return rt_lanes_run(&l, job, NULL, filters_piece, p);
}

static imp_status run_panels(struct plan *p, void *scratch, imp_job *job)
{
    p->u = scratch;
    const imp_status st = all_filters(p, job);
    return st != IMP_OK
               ? st
               : rt_lanes_run(&p->lanes, job, (char *)scratch + common_bytes(p), whole_panel, p);
}

/* ---- inputs of all panels made first, filters where they are used ---- */

static void inputs_piece(const void *user, int64_t item, void *scratch)
{
    const struct plan *p = user;
    const int64_t cuts = p->lanes.items / p->g->panels;
    const int64_t index = item / cuts;
    struct rt_wino_panel panel;
    int64_t c0, c1;
    (void)scratch;
    rt_piece(p->g->c, (uint32_t)cuts, (uint32_t)(item % cuts), &c0, &c1);
    set_panel(p->g, index, &panel);
    all_inputs(p, &panel, index, c0, c1, p->v + (uint64_t)index * p->v_bytes / sizeof(float));
}

static void eight_rows(const void *user, int64_t item, void *scratch)
{
    const struct plan *p = user;
    const int64_t row = item / p->cuts;
    float *sums = scratch, *made = (float *)(void *)((char *)scratch + p->sums_bytes);
    const float *u = p->kept ? p->kept + (uint64_t)row * p->u_bytes / sizeof *u : made;
    int64_t from, to;
    rt_piece(p->g->panels, (uint32_t)p->cuts, (uint32_t)(item % p->cuts), &from, &to);
    if (!p->kept)
        p->k->filters(p->g, p->w, row, row + 1, made);
    for (int64_t i = from; i < to; i++) {
        struct rt_wino_panel panel;
        set_panel(p->g, i, &panel);
        p->k->products(p->g, &panel, u, p->v + (uint64_t)i * p->v_bytes / sizeof(float), row,
                       row + 1, sums, p->y);
        p->k->outputs(p->g, &panel, sums, p->after, row, row + 1, p->y);
    }
}

static imp_status run_rows(struct plan *p, void *scratch, imp_job *job)
{
    const struct rt_wino *g = p->g;
    const int64_t cuts = rt_between((ITEMS + g->panels - 1) / g->panels, 1, (g->c + 7) / 8);
    struct plan first = *p;
    first.v = p->v = scratch;
    first.lanes = (struct rt_lanes){.items = g->panels * cuts};
    first.lanes.cost = (double)(g->c * p->width) * 100 / (double)cuts;
    rt_lanes_set(&first.lanes);
    const imp_status st = rt_lanes_run(&first.lanes, job, NULL, inputs_piece, &first);
    return st != IMP_OK
               ? st
               : rt_lanes_run(&p->lanes, job, (char *)scratch + common_bytes(p), eight_rows, p);
}

/* Products of so few groups of tiles, and so many filters (channels times filters), that the
 * transform of filters is a part of the work worth four times their memory: forward of VGG-19 at
 * 256 takes 6 to 8 % less; filters that a cache holds win nothing. */
enum { FEW_GROUPS = 8, MANY = 1 << 17 };

uint64_t rt_wino_kept_bytes(const struct rt_wino *g)
{
    const struct plan p = plan_of(g);
    const bool pays =
        p.shared && g->groups <= FEW_GROUPS && g->c * g->m >= MANY && rt_wino_is_whole(g);
    return pays ? (uint64_t)p.rows * p.u_bytes : 0;
}

imp_status rt_wino_keep(const struct rt_wino *g, const float *w, float *kept, imp_job *job)
{
    struct plan p = plan_of(g);
    p.w = w;
    p.u = kept;
    return all_filters(&p, job);
}

imp_status rt_wino_run(const struct rt_wino *given, const float *x, const float *gate,
                       const float *w, const float *kept, const struct rt_after *after, float *y,
                       void *scratch, imp_job *job)
{
    struct rt_wino g = *given;
    imp_status st = IMP_OK;
    g.halved = after->halved;
    if (!rt_wino_is_whole(&g)) {
        st = make_whole(&g, &w, scratch, job);
        scratch = (char *)scratch + whole_bytes(given);
    }
    struct plan p = plan_of(&g);
    p.x = x;
    p.gate = gate;
    p.w = w;
    p.kept = kept;
    p.after = after;
    p.y = y;
    if (st != IMP_OK)
        return st;
    return p.shared ? run_rows(&p, scratch, job) : run_panels(&p, scratch, job);
}
