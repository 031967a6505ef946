/* op_prelu.c - y = x where x >= 0, else slope * x; the slope is broadcast to x, not x to the slope.
 */
#include "ties.h"
#include "broadcast.h"
#include "fold.h"
#include <impasto/kit.h>

enum { X, SLOPE };

extern const struct rt_op rt_op_prelu;

struct work {
    const struct rt_call *call;
    struct rt_walk walk; /* part 0: the slope, part 1: x */
    int64_t step;        /* of the slope within a row */
    uint32_t pieces;
};

static struct work work_of(const struct rt_call *c)
{
    struct work w = {.call = c};
    const struct rt_shape *x = &c->in_info[X]->shape;
    rt_walk_init(&w.walk, x, &c->in_info[SLOPE]->shape, x);
    w.step = w.walk.step[0][w.walk.ndim - 1];
    w.pieces = rt_pieces(w.walk.rows, 2 * (double)w.walk.length);
    return w;
}

/* step 0: one slope for the row. */
KIT_CLONES
static void values(const float *restrict x, const float *restrict s, int64_t step,
                   float *restrict y, int64_t n)
{
    const float one = n ? *s : 0;
    if (step)
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] * (x[i] < 0 ? s[i] : 1);
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = x[i] * (x[i] < 0 ? one : 1);
}

KIT_CLONES
static void slopes(const float *restrict x, const float *restrict s, int64_t step,
                   const float *restrict g, float *restrict dx, int64_t n)
{
    const float one = n ? *s : 0;
    if (step)
        for (int64_t i = 0; i < n; i++)
            dx[i] += g[i] * (x[i] < 0 ? s[i] : 1);
    else
        for (int64_t i = 0; i < n; i++)
            dx[i] += g[i] * (x[i] < 0 ? one : 1);
}

static const float *slope_at(const struct work *w, int64_t row)
{
    return w->call->in[SLOPE] + rt_walk_at(&w->walk, 0, row);
}

static void forward_piece(void *user, uint32_t piece)
{
    const struct work *w = user;
    int64_t row, to;
    rt_piece(w->walk.rows, w->pieces, piece, &row, &to);
    for (; row < to; row++) {
        const int64_t at = row * w->walk.length;
        values(w->call->in[X] + at, slope_at(w, row), w->step, w->call->out + at, w->walk.length);
    }
}

static void backward_piece(void *user, uint32_t piece)
{
    const struct work *w = user;
    int64_t row, to;
    rt_piece(w->walk.rows, w->pieces, piece, &row, &to);
    for (; row < to; row++) {
        const int64_t at = row * w->walk.length;
        slopes(w->call->in[X] + at, slope_at(w, row), w->step, w->call->out_grad + at,
               w->call->in_grad[X] + at, w->walk.length);
    }
}

/* d slope += sum g x where x < 0 */
static void visit(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    const int64_t at = s->row * w->walk.length + s->column;
    const float *x = w->call->in[X] + at, *g = w->call->out_grad + at;
    float term[RT_STRETCH];
    for (int64_t i = 0; i < s->n; i++)
        term[i] = x[i] < 0 ? g[i] * x[i] : 0;
    rt_stretch_add(s, term);
}

static void finish(void *user, const struct rt_stretch *s)
{
    const struct work *w = user;
    for (int64_t i = 0; i < s->n; i++)
        w->call->in_grad[SLOPE][s->first + i] += (float)s->sum[i];
}

static imp_status forward(const struct rt_call *c)
{
    struct work w = work_of(c);
    return rt_parallel(c->job, w.pieces, forward_piece, &w);
}

static imp_status backward(const struct rt_call *c)
{
    struct work w = work_of(c);
    imp_status st = IMP_OK;
    if (c->in_grad[X])
        st = rt_parallel(c->job, w.pieces, backward_piece, &w);
    if (st == IMP_OK && c->in_grad[SLOPE])
        st = rt_walk_fold(c->job, &w.walk, 0, 0, 2, visit, finish, &w);
    return st;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    char slope[128], x[128];
    imp_status st = rt_floats_only(in, X, err);
    if (st == IMP_OK)
        st = rt_floats_only(in, SLOPE, err);
    in->out.shape = in->in[X]->shape;
    if (st == IMP_OK && !rt_broadcasts_to(&in->in[SLOPE]->shape, &in->out.shape))
        return imp_fail(err, IMP_E_INPUT,
                        "a slope of %s does not fit %s: for one of each channel it is C x 1 x 1",
                        rt_shape_text(&in->in[SLOPE]->shape, slope, sizeof slope),
                        rt_shape_text(&in->out.shape, x, sizeof x));
    return st;
}

static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [SLOPE] = {.name = "weight", .flags = RT_SLOT_PARAM},
};
const struct rt_op rt_op_prelu = {.name = "prelu",
                                  .onnx = "PRelu",
                                  .limits = "",
                                  .slots = slots,
                                  .slot_count = RT_COUNT(slots),
                                  .flags = RT_NEEDS_IN,
                                  .infer = infer,
                                  .forward = forward,
                                  .backward = backward,
                                  .couple = rt_tie_elementwise};
