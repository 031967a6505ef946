/* kit_paint_objective.c - the value and the gradient of a painting: the goal's terms at the
 * network's layers, taken back to the picture, and the priors.
 *
 * In tiles, every layer's statistics are those of the whole picture: all tiles are measured, then
 * each is looked at again and its part of the gradient taken back. A tile is held with a margin, on
 * the grid of 32 px that poolings share, and the grid's origin moves from step to step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "kit_paint_work.h"

enum { ALIGN = 32, MARGIN = 96 /* px, more than half of what relu5_1 of VGG-19 sees */ };
enum { JITTER = 0x6a69, TILES = 0x7469 }; /* streams of random numbers */

static const imp_nn_model_1 *model_of(const struct paint *p)
{
    return p->sight->nn->model.table;
}

static const imp_nn_grad_1 *grad_of(const struct paint *p)
{
    return p->sight->nn->grad.table;
}

static uint64_t draw(const struct paint *p, uint64_t what, uint64_t i)
{
    return kit_random(p->o->seed, what, ((uint64_t)p->scale << 40) + ((uint64_t)p->step << 2) + i);
}

/* ---- u to the network's numbers ---- */

/* number = scale u + shift, for channel c of the picture, which is channel *at of the network. */
static void numbers_of(const struct paint *p, uint32_t c, uint32_t *at, double *scale,
                       double *shift)
{
    const kit_side *s = &p->sight->prepare.input;
    *at = s->order == KIT_BGR ? 2 - c : c;
    const double span = (s->white - s->black) / s->std[*at];
    *scale = span / 255 * p->unit;
    *shift = (s->black - s->mean[*at]) / s->std[*at] + span / 255 * kit_paint_mean(p->c, c);
}

/* How far the picture is moved in this step. */
static void jitter(const struct paint *p, int64_t *dx, int64_t *dy)
{
    const uint64_t j = p->o->jitter, sides = 2 * j + 1;
    *dx = j ? (int64_t)(draw(p, JITTER, 0) % sides) - (int64_t)j : 0;
    *dy = j ? (int64_t)(draw(p, JITTER, 1) % sides) - (int64_t)j : 0;
}

static void feed(const struct paint *p, const float *u)
{
    const size_t plane = (size_t)p->w * p->h;
    int64_t dx, dy;
    jitter(p, &dx, &dy);
    for (uint32_t c = 0; c < p->c; c++) {
        uint32_t at;
        double scale, shift;
        numbers_of(p, c, &at, &scale, &shift);
        for (uint32_t y = 0; y < p->h; y++) {
            const float *from = u + c * plane + (size_t)kit_mirror(y + dy, p->h) * p->w;
            float *to = p->fed + at * plane + (size_t)y * p->w;
            for (uint32_t x = 0; x < p->w; x++) {
                const float v = from[dx ? kit_mirror(x + dx, p->w) : x];
                to[x] = (float)(scale * (double)v + shift);
            }
        }
    }
}

/* Adds what the network says of the numbers in a box to the gradient by u. */
static void take_back(const struct paint *p, const kit_box *box, const float *g, float *gradient)
{
    const size_t plane = (size_t)p->w * p->h, held = (size_t)(box->width * box->height);
    int64_t dx, dy;
    jitter(p, &dx, &dy);
    for (uint32_t c = 0; c < p->c; c++) {
        uint32_t at;
        double scale, shift;
        numbers_of(p, c, &at, &scale, &shift);
        for (int64_t y = 0; y < box->height; y++) {
            const float *from = g + at * held + (size_t)(y * box->width);
            float *to = gradient + c * plane + (size_t)kit_mirror(box->y + y + dy, p->h) * p->w;
            for (int64_t x = 0; x < box->width; x++) {
                float *v = &to[kit_mirror(box->x + x + dx, p->w)];
                *v = (float)((double)*v + scale * (double)from[x]);
            }
        }
    }
}

/* ---- parts ---- */

struct grid {
    uint32_t tile, x0, y0, nx, ny;
}; /* x0, y0: where the second tile begins; 0: no first one */

static uint32_t tiles_along(uint32_t side, uint32_t tile, uint32_t from)
{
    return (from > 0) + (side - from + tile - 1) / tile;
}

static struct grid grid_of(const struct paint *p)
{
    struct grid g = {(p->o->tile + ALIGN - 1) / ALIGN * ALIGN, 0, 0, 1, 1};
    if (!g.tile || (p->w <= g.tile && p->h <= g.tile))
        return g;
    g.x0 = (uint32_t)(draw(p, TILES, 0) % (g.tile / ALIGN)) * ALIGN;
    g.y0 = (uint32_t)(draw(p, TILES, 1) % (g.tile / ALIGN)) * ALIGN;
    g.x0 = g.x0 < p->w ? g.x0 : 0, g.y0 = g.y0 < p->h ? g.y0 : 0;
    g.nx = tiles_along(p->w, g.tile, g.x0), g.ny = tiles_along(p->h, g.tile, g.y0);
    return g;
}

/* Tile i along a side: [*from, *to), held with its margin as [*at, *end). */
static void along(uint32_t side, uint32_t tile, uint32_t first, uint32_t i, int64_t cut[4])
{
    const uint32_t from = first ? i ? first + (i - 1) * tile : 0 : i * tile;
    const uint32_t end = first && !i ? first : from + tile, to = end < side ? end : side;
    cut[0] = from, cut[1] = to;
    cut[2] = from > MARGIN ? from - MARGIN : 0;
    cut[3] = to + MARGIN < side ? to + MARGIN : side;
}

static kit_part part_of(const struct paint *p, const struct grid *g, uint32_t i)
{
    kit_part part = {i, g->nx * g->ny, p->w, p->h, {0, 0, p->w, p->h}, {0, 0, p->w, p->h}};
    int64_t x[4], y[4];
    if (part.count == 1)
        return part;
    along(p->w, g->tile, g->x0, i % g->nx, x);
    along(p->h, g->tile, g->y0, i / g->nx, y);
    part.inner = (kit_box){x[0], y[0], x[1] - x[0], y[1] - y[0]};
    part.held = (kit_box){x[2], y[2], x[3] - x[2], y[3] - y[2]};
    return part;
}

/* Steps of a map of `map` values over `held` px: a power of two, as poolings make it. */
static uint32_t stride_of(int64_t held, uint32_t map)
{
    uint32_t s = 1;
    while (map && (int64_t)2 * s * map <= held)
        s *= 2;
    return s;
}

static void inner_along(int64_t at, int64_t length, int64_t held, uint32_t map, int64_t *from,
                        int64_t *count)
{
    const uint32_t s = stride_of(held, map);
    const int64_t first = at / s, end = at + length == held ? map : (at + length) / s;
    *from = first < map ? first : map;
    *count = end > *from ? end - *from : 0;
}

kit_box kit_part_inner(const kit_part *p, uint32_t mw, uint32_t mh)
{
    kit_box b = {0, 0, mw, mh};
    if (p->count == 1)
        return b;
    inner_along(p->inner.x - p->held.x, p->inner.width, p->held.width, mw, &b.x, &b.width);
    inner_along(p->inner.y - p->held.y, p->inner.height, p->held.height, mh, &b.y, &b.height);
    return b;
}

/* Gives the network the numbers of a part. */
static imp_status show(struct paint *p, const kit_part *part)
{
    const kit_box *b = &part->held;
    const size_t plane = (size_t)p->w * p->h, row = (size_t)b->width;
    const int64_t shape[] = {1, p->c, b->height, b->width};
    imp_tensor in = {.head = {sizeof in, IMP_TENSOR},
                     .dtype = IMP_F32,
                     .ndim = 4,
                     .shape = shape,
                     .data = p->fed};
    if (part->count > 1) {
        float *to = p->part;
        for (uint32_t c = 0; c < p->c; c++)
            for (int64_t y = b->y; y < b->y + b->height; y++, to += row)
                memcpy(to, p->fed + c * plane + (size_t)(y * p->w + b->x), row * sizeof *to);
        in.data = p->part;
    }
    return model_of(p)->set_input(p->sight->nn->model.self, p->run, p->sight->input, &in, p->err);
}

/* ---- the objective ---- */

static imp_status measure_all(struct paint *p, const struct grid *g)
{
    imp_status st = IMP_OK;
    if (p->goal->clear)
        p->goal->clear(p->goal->user);
    for (uint32_t i = 0; i < g->nx * g->ny && st == IMP_OK; i++) {
        const kit_part part = part_of(p, g, i);
        if ((st = show(p, &part)) == IMP_OK)
            st = p->goal->measure(p->goal->user, p->run, &part, p->job, p->err);
    }
    return st == IMP_OK ? p->goal->judge(p->goal->user, p->terms, p->err) : st;
}

static imp_status back_all(struct paint *p, const struct grid *g, float *gradient)
{
    const imp_nn_grad_1 *grad = grad_of(p);
    void *self = p->sight->nn->grad.self;
    const uint32_t input = p->sight->input, count = g->nx * g->ny;
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        const kit_part part = part_of(p, g, i);
        imp_tensor view = {.head = {sizeof view, IMP_TENSOR}};
        st = count > 1 ? show(p, &part) : IMP_OK;
        if (st == IMP_OK)
            st = p->goal->seed(p->goal->user, p->run, &part, p->job, p->err);
        if (st == IMP_OK)
            st = grad->backward(self, p->run, 1, &input, p->job, p->err);
        if (st == IMP_OK)
            st = grad->gradient(self, p->run, input, &view, p->err);
        if (st == IMP_OK && view.strides)
            st = imp_fail(p->err, IMP_E_UNSUPPORTED, "the gradient of the picture is not packed");
        if (st == IMP_OK && view.data) /* NULL: no seed reaches the picture */
            take_back(p, &part.held, view.data, gradient);
    }
    return st;
}

/* Something was not finite: the optimiser is told by a value that is no number. */
static imp_status no_number(struct paint *p, const char *why, double *value, float *gradient)
{
    snprintf(p->wrong_text, sizeof p->wrong_text, "%s", why);
    p->wrong = p->wrong_text;
    *value = NAN;
    memset(gradient, 0, p->n * sizeof *gradient);
    return IMP_OK;
}

static void note_lowest(struct paint *p)
{
    if (p->evaluations > 1 && !(p->loss < p->low))
        return;
    p->low = p->loss;
    memcpy(p->low_terms, p->terms, p->goal->term_count * sizeof *p->terms);
}

/* What lies between the network's passes takes long for large pictures: the job is asked here too.
 */
imp_status kit_paint_ask(void *user)
{
    const struct paint *p = user;
    return p->job ? p->job->progress(p->job, -1, NULL) : IMP_OK;
}

imp_status kit_paint_evaluate(void *user, const float *u, double *value, float *gradient)
{
    struct paint *p = user;
    const struct grid g = grid_of(p);
    p->wrong = NULL;
    p->evaluations++;
    imp_status st = kit_paint_ask(p); /* after the optimiser's part */
    if (st != IMP_OK)
        return st;
    memset(gradient, 0, p->n * sizeof *gradient);
    feed(p, u);
    st = measure_all(p, &g);
    if (st == IMP_E_INPUT)
        return no_number(p, p->err && p->err->text ? p->err->text : "a layer is not finite", value,
                         gradient);
    p->loss = 0;
    for (uint32_t i = 0; i < p->goal->term_count; i++)
        p->loss += p->terms[i];
    if (st == IMP_OK && !isfinite(p->loss))
        return no_number(p, "the loss is not a number", value, gradient);
    if (st == IMP_OK)
        st = back_all(p, &g, gradient);
    if (st == IMP_OK)
        st = kit_paint_ask(p);
    if (st != IMP_OK)
        return st;
    p->loss += kit_paint_priors(p, u, gradient);
    note_lowest(p);
    const float factor = (float)p->factor;
    for (size_t i = 0; i < p->n; i++)
        gradient[i] *= factor;
    *value = p->loss * p->factor;
    if ((st = kit_paint_ask(p)) != IMP_OK)
        return st;
    return kit_all_finite(gradient, p->n) && isfinite(*value)
               ? IMP_OK
               : no_number(p, "the gradient is not finite", value, gradient);
}
