/* op_clip.c - y = min(max(x, low), high). The limits are attributes (as before opset 11) or slots:
 * one number each, known or computed; they have gradients too: of all x that they stopped. */
#include "ties.h"
#include "fold.h"
#include <impasto/kit.h>
#include <math.h>

enum { MIN, MAX };     /* attributes */
enum { X, LOW, HIGH }; /* slots */

extern const struct rt_op rt_op_clip;

struct work {
    const struct rt_call *call;
    float low, high;
    int64_t count;
    uint32_t pieces;
};

/* The limit of a slot, else of the attribute. */
static float limit_of(const struct rt_call *c, uint32_t slot, uint32_t attr)
{
    if (slot >= c->input_count || !c->in_info[slot])
        return (float)rt_float(c->node, attr);
    const struct rt_tensor *t = c->in_info[slot]->known;
    if (c->in_info[slot]->dtype == IMP_I64)
        return t ? (float)*rt_integers(t) : 0;
    return *c->in[slot];
}

static struct work work_of(const struct rt_call *c)
{
    const int64_t n = rt_count(&c->out_info->shape);
    return (struct work){.call = c,
                         .low = limit_of(c, LOW, MIN),
                         .high = limit_of(c, HIGH, MAX),
                         .count = n,
                         .pieces = rt_pieces(n, 1)};
}

/* In place or not: each element is read before it is written. */
KIT_CLONES
static void clip(const float *x, float *y, int64_t n, float low, float high)
{
    for (int64_t i = 0; i < n; i++) {
        const float v = x[i] < low ? low : x[i];
        y[i] = v > high ? high : v;
    }
}

KIT_CLONES
static void slope(const float *restrict x, const float *restrict g, float *restrict dx, int64_t n,
                  float low, float high)
{
    for (int64_t i = 0; i < n; i++)
        dx[i] += x[i] >= low && x[i] <= high ? g[i] : 0;
}

static void forward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t from, to;
    rt_piece(w->count, w->pieces, i, &from, &to);
    clip(w->call->in[X] + from, w->call->out + from, to - from, w->low, w->high);
}

static void backward_piece(void *user, uint32_t i)
{
    const struct work *w = user;
    int64_t from, to;
    rt_piece(w->count, w->pieces, i, &from, &to);
    slope(w->call->in[X] + from, w->call->out_grad + from, w->call->in_grad[X] + from, to - from,
          w->low, w->high);
}

static imp_status forward(const struct rt_call *c)
{
    struct work w = work_of(c);
    return rt_parallel(c->job, w.pieces, forward_piece, &w);
}

/* high wins where the limits cross. */
static void limit_slopes(const struct work *w)
{
    const struct rt_call *c = w->call;
    double low = 0, high = 0;
    for (int64_t i = 0; i < w->count; i++) {
        const bool under = c->in[X][i] < w->low;
        const bool over = (under ? w->low : c->in[X][i]) > w->high;
        high += over ? (double)c->out_grad[i] : 0;
        low += under && !over ? (double)c->out_grad[i] : 0;
    }
    if (c->input_count > LOW && c->in_grad[LOW])
        *c->in_grad[LOW] += (float)low;
    if (c->input_count > HIGH && c->in_grad[HIGH])
        *c->in_grad[HIGH] += (float)high;
}

static imp_status backward(const struct rt_call *c)
{
    struct work w = work_of(c);
    if ((c->input_count > LOW && c->in_grad[LOW]) || (c->input_count > HIGH && c->in_grad[HIGH]))
        limit_slopes(&w);
    return c->in_grad[X] ? rt_parallel(c->job, w.pieces, backward_piece, &w) : IMP_OK;
}

static imp_status check_limit(const struct rt_infer *in, uint32_t slot, bool *known, imp_error *err)
{
    const struct rt_info *limit = slot < in->input_count ? in->in[slot] : NULL;
    char text[128];
    if (!limit)
        return IMP_OK;
    if (rt_count(&limit->shape) != 1)
        return imp_fail(err, IMP_E_INPUT, "the limit '%s' is one number, not %s",
                        in->node->op->slots[slot].name,
                        rt_shape_text(&limit->shape, text, sizeof text));
    *known = *known && limit->known;
    return IMP_OK;
}

static void fold_integers(const struct rt_infer *in)
{
    const struct rt_info *low = in->input_count > LOW ? in->in[LOW] : NULL;
    const struct rt_info *high = in->input_count > HIGH ? in->in[HIGH] : NULL;
    const int64_t least = low && low->dtype == IMP_I64 ? *rt_integers(low->known) : INT64_MIN;
    const int64_t most = high && high->dtype == IMP_I64 ? *rt_integers(high->known) : INT64_MAX;
    const int64_t *x = rt_integers(in->in[X]->known);
    for (int64_t i = 0; i < in->known->count; i++) {
        const int64_t v = x[i] < least ? least : x[i];
        rt_integers(in->known)[i] = v > most ? most : v;
    }
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    bool known = in->in[X]->known != NULL;
    in->out.shape = in->in[X]->shape;
    imp_status st = check_limit(in, LOW, &known, err);
    if (st == IMP_OK)
        st = check_limit(in, HIGH, &known, err);
    if (st == IMP_OK && !known && in->out.dtype == IMP_I64)
        return imp_fail(err, IMP_E_INPUT, "limits of integers are not known before the run");
    if (st != IMP_OK || !rt_fold_wanted(&in->out, known))
        return st;
    if ((st = rt_fold_begin(in, err)) != IMP_OK)
        return st;
    if (in->out.dtype == IMP_I64) {
        fold_integers(in);
        return IMP_OK;
    }
    const float *values[3] = {0};
    for (uint32_t s = X; s < in->input_count && s <= HIGH; s++)
        values[s] = in->in[s] ? in->in[s]->known->data : NULL;
    const struct rt_call call = {.node = in->node,
                                 .in_info = in->in,
                                 .in = values,
                                 .input_count = in->input_count,
                                 .out = rt_floats(in->known),
                                 .out_info = &in->out};
    return forward(&call);
}

/* From 0, whatever the top is, if both are known before the run. */
static bool act(const struct rt_call *c, float *slope, float *top)
{
    for (uint32_t s = LOW; s <= HIGH && s < c->input_count; s++)
        if (c->in_info[s] && !c->in_info[s]->known)
            return false;
    const float *values[] = {[HIGH] = NULL};
    for (uint32_t s = LOW; s <= HIGH && s < c->input_count; s++)
        values[s] = c->in_info[s] ? c->in_info[s]->known->data : NULL;
    struct rt_call known = *c;
    known.in = values;
    *slope = 0;
    *top = limit_of(&known, HIGH, MAX);
    return limit_of(&known, LOW, MIN) == 0 && *top >= 0;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    (void)c;
    rt_tie_all(t, X, RT_OUT);
}

static const struct rt_attr_def attrs[] = {
    [MIN] = {.key = "min", .onnx = "min", .type = RT_FLOAT, .def = -(double)INFINITY},
    [MAX] = {.key = "max", .onnx = "max", .type = RT_FLOAT, .def = (double)INFINITY},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [LOW] = {.name = "min", .flags = RT_SLOT_OPTIONAL},
    [HIGH] = {.name = "max", .flags = RT_SLOT_OPTIONAL},
};
const struct rt_op rt_op_clip = {.name = "clip",
                                 .onnx = "Clip",
                                 .limits = "",
                                 .attrs = attrs,
                                 .attr_count = RT_COUNT(attrs),
                                 .slots = slots,
                                 .slot_count = RT_COUNT(slots),
                                 .flags = RT_INPLACE | RT_NEEDS_IN,
                                 .infer = infer,
                                 .forward = forward,
                                 .backward = backward,
                                 .couple = couple,
                                 .act = act};
