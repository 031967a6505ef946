/* op_dropout.c - while training, an element stays with probability 1 - ratio and grows by
 * 1 / (1 - ratio); else y = x. The choice for element i is half of number i / 2 of the stream
 * call->random (the low half for even i), so backward draws it again and nothing is saved. */
#include "ties.h"
#include "fold.h"
#include <impasto/kit.h>
#include <string.h>

enum { RATIO, SEED, RESULT };     /* attributes */
enum { X, RATIO_SLOT, TRAINING }; /* slots */

extern const struct rt_op rt_op_dropout;

struct work {
    const struct rt_call *call;
    uint64_t least; /* a half below it drops */
    int64_t count;
    float scale;
    uint32_t pieces;
};

static double ratio_of(const struct rt_node *node, const struct rt_info *const *in, uint32_t n)
{
    double ratio = rt_float(node, RATIO);
    rt_static_floats(node, in, n, RATIO, RATIO_SLOT, &ratio, 1);
    return ratio;
}

static struct work work_of(const struct rt_call *c)
{
    const double ratio = ratio_of(c->node, c->in_info, c->input_count);
    struct work w = {
        .call = c, .least = (uint64_t)(ratio * 0x1p32), .count = rt_count(&c->out_info->shape)};
    w.scale = ratio < 1 ? (float)(1 / (1 - ratio)) : 0;
    w.pieces = rt_pieces(w.count, 16);
    return w;
}

enum { BLOCK = 64 };

/* Factors of elements [first, first + n), n up to BLOCK. */
static void draw(const struct work *w, int64_t first, int64_t n, float *factor)
{
    uint64_t bits = 0;
    for (int64_t i = first; i < first + n; i++) {
        if (i == first || !(i & 1))
            bits = kit_random(w->call->random, 0, (uint64_t)i >> 1);
        const uint64_t half = i & 1 ? bits >> 32 : bits & UINT32_MAX;
        factor[i - first] =
            (float)(half >= w->least) * w->scale; /* a branch would be guessed wrong */
    }
}

/* to[i] = from[i] * factor, added or not */
static void drop_piece(const struct work *w, uint32_t piece, const float *from, float *to, bool add)
{
    float factor[BLOCK];
    int64_t at, end;
    rt_piece(w->count, w->pieces, piece, &at, &end);
    for (; at < end; at += BLOCK) {
        const int64_t n = end - at < BLOCK ? end - at : BLOCK;
        draw(w, at, n, factor);
        for (int64_t i = 0; i < n; i++)
            to[at + i] = from[at + i] * factor[i] + (add ? to[at + i] : 0);
    }
}

static void forward_piece(void *user, uint32_t piece)
{
    const struct work *w = user;
    drop_piece(w, piece, w->call->in[X], w->call->out, false);
}

static void backward_piece(void *user, uint32_t piece)
{
    const struct work *w = user;
    drop_piece(w, piece, w->call->out_grad, w->call->in_grad[X], true);
}

static imp_status forward(const struct rt_call *c)
{
    struct work w = work_of(c);
    if (rt_int(c->node, RESULT)) {
        for (int64_t i = 0; i < w.count; i++)
            c->out[i] = 1;
        return IMP_OK;
    }
    if (c->training)
        return rt_parallel(c->job, w.pieces, forward_piece, &w);
    if (c->out != c->in[X])
        memcpy(c->out, c->in[X], (size_t)w.count * sizeof *c->out);
    return IMP_OK;
}

static imp_status backward(const struct rt_call *c)
{
    if (!c->in_grad[X] || rt_int(c->node, RESULT))
        return IMP_OK;
    struct work w = work_of(c);
    if (c->training)
        return rt_parallel(c->job, w.pieces, backward_piece, &w);
    for (int64_t i = 0; i < w.count; i++)
        c->in_grad[X][i] += c->out_grad[i];
    return IMP_OK;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const imp_status st = rt_floats_only(in, X, err);
    const double ratio = ratio_of(in->node, in->in, in->input_count);
    in->out.shape = in->in[X]->shape;
    if (st == IMP_OK && !(ratio >= 0 && ratio <= 1))
        return imp_fail(err, IMP_E_INPUT, "the ratio %g is not a share of 0 to 1", ratio);
    return st;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    (void)c;
    rt_tie_all(t, X, RT_OUT);
}

static const struct rt_attr_def attrs[] = {
    [RATIO] = {.key = "ratio", .onnx = "ratio", .type = RT_FLOAT, .def = 0.5},
    [SEED] = {.key = "seed",
              .onnx = "seed",
              .type = RT_INT},                    /* read, not used: the trainer has one */
    [RESULT] = {.key = "result", .type = RT_INT}, /* 1: ONNX's mask */
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [RATIO_SLOT] = {.name = "ratio", .flags = RT_SLOT_OPTIONAL | RT_SLOT_STATIC},
    [TRAINING] = {.name = "training_mode", .flags = RT_SLOT_OPTIONAL | RT_SLOT_STATIC},
};
const struct rt_op rt_op_dropout = {
    .name = "dropout",
    .onnx = "Dropout",
    .limits = "drops while a trainer trains, whatever training_mode and seed say; the mask is that "
              "of inference",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .flags = RT_INPLACE | RT_RANDOM,
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .couple = couple};
