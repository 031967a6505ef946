/* op_gather.c - chosen places of one axis: y[a][i...][b] = x[a][indices[i...]][b]. */
#include "strided.h"

#include <impasto/kit.h>
#include <string.h>

extern const struct rt_op rt_op_gather;

enum { AXIS, INDICES };
enum { X, SLOT_INDICES };
static const struct rt_attr_def attrs[] = {
    [AXIS] = {.key = "axis", .onnx = "axis", .type = RT_INT},
    [INDICES] = {.key = "indices", .type = RT_INTS},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [SLOT_INDICES] = {.name = "indices", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

struct pick {
    const int64_t *index;
    int64_t outer, length, inner, count; /* x is [outer][length][inner], count places are taken */
    int axis;
    uint32_t index_ndim; /* axes that the indices put in place of the one */
};

static struct pick pick_of(const struct rt_node *node, const struct rt_info *const *in,
                           uint32_t input_count)
{
    const struct rt_shape *x = &in[X]->shape;
    uint32_t count;
    struct pick p = {.axis = rt_axis(rt_int(node, AXIS), x->ndim)};
    p.index = rt_static_ints(node, in, input_count, INDICES, SLOT_INDICES, &count);
    p.count = count;
    p.index_ndim = node->attrs[INDICES].given || !p.index ? 1 : in[SLOT_INDICES]->shape.ndim;
    if (p.axis < 0)
        return p;
    p.outer = rt_product(x, 0, (uint32_t)p.axis);
    p.length = x->dim[p.axis];
    p.inner = rt_product(x, (uint32_t)p.axis + 1, x->ndim);
    return p;
}

static int64_t row_of(const struct pick *p, int64_t i)
{
    return p->index[i] < 0 ? p->index[i] + p->length : p->index[i];
}

static imp_status check(const struct rt_infer *in, const struct pick *p, imp_error *err)
{
    const uint32_t ndim = in->in[X]->shape.ndim;
    if (p->axis < 0)
        return imp_fail(err, IMP_E_INPUT, "axis %lld of an input of %u axes",
                        (long long)rt_int(in->node, AXIS), ndim);
    if (!p->index)
        return imp_fail(err, IMP_E_INPUT, "it has no indices of integers");
    if (ndim - 1 + p->index_ndim > RT_RANK)
        return imp_fail(err, IMP_E_LIMIT, "%u axes of indices into %u: %d are the most",
                        p->index_ndim, ndim, RT_RANK);
    for (int64_t i = 0; i < p->count; i++)
        if (p->index[i] < -p->length || p->index[i] >= p->length)
            return imp_fail(err, IMP_E_INPUT, "index %lld of axis %d, which has %lld places",
                            (long long)p->index[i], p->axis, (long long)p->length);
    return IMP_OK;
}

static void set_shape(struct rt_infer *in, const struct pick *p)
{
    const struct rt_shape *x = &in->in[X]->shape;
    struct rt_shape *y = &in->out.shape;
    for (int i = 0; i < p->axis; i++)
        y->dim[y->ndim++] = x->dim[i];
    if (in->node->attrs[INDICES].given)
        y->dim[y->ndim++] = p->count;
    for (uint32_t i = 0; !in->node->attrs[INDICES].given && i < p->index_ndim; i++)
        y->dim[y->ndim++] = in->in[SLOT_INDICES]->shape.dim[i];
    for (uint32_t i = (uint32_t)p->axis + 1; i < x->ndim; i++)
        y->dim[y->ndim++] = x->dim[i];
}

static void pick_known(const struct pick *p, const struct rt_tensor *from, struct rt_tensor *to)
{
    const size_t each = from->dtype == IMP_I64 ? sizeof(int64_t) : sizeof(float);
    const size_t bytes = (size_t)p->inner * each;
    const char *x = from->data;
    char *y = to->data;
    for (int64_t a = 0; a < p->outer; a++)
        for (int64_t i = 0; i < p->count; i++, y += bytes)
            memcpy(y, x + (size_t)(a * p->length + row_of(p, i)) * bytes, bytes);
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct pick p = pick_of(in->node, in->in, in->input_count);
    imp_status st = rt_static_check(in, err);
    if (st == IMP_OK)
        st = check(in, &p, err);
    if (st != IMP_OK)
        return st;
    set_shape(in, &p);
    if (rt_count(&in->out.shape) < 0)
        return imp_fail(err, IMP_E_LIMIT, "its result has no size");
    if (!in->in[X]->known)
        return in->out.dtype != IMP_I64
                   ? IMP_OK
                   : imp_fail(err, IMP_E_INPUT, "the integers depend on what the network computes");
    st = rt_known_new(in->out.dtype, &in->out.shape, &in->known, err);
    if (in->known && in->known->count)
        pick_known(&p, in->in[X]->known, in->known);
    return st;
}

/* ---- running: cut along the outer axes, or within the rows when there is one of those ---- */

struct work {
    struct pick p;
    const float *from;
    float *to;
    uint32_t pieces;
    bool back;
};

KIT_CLONES static void add_row(const float *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void piece(void *user, uint32_t n)
{
    const struct work *k = user;
    const struct pick *p = &k->p;
    int64_t first, end, a = 0, a_end = p->outer, b = 0, b_end = p->inner;
    rt_piece(p->outer > 1 ? p->outer : p->inner, k->pieces, n, &first, &end);
    if (p->outer > 1)
        a = first, a_end = end;
    else
        b = first, b_end = end;
    for (; a < a_end; a++)
        for (int64_t i = 0; i < p->count; i++) {
            const int64_t x = (a * p->length + row_of(p, i)) * p->inner + b;
            const int64_t y = (a * p->count + i) * p->inner + b;
            if (k->back)
                add_row(k->from + y, k->to + x, b_end - b);
            else
                memcpy(k->to + y, k->from + x, (size_t)(b_end - b) * sizeof(float));
        }
}

static imp_status run(const struct rt_call *c, const float *from, float *to, bool back)
{
    struct work k = {pick_of(c->node, c->in_info, c->input_count), from, to, 1, back};
    const int64_t items = k.p.outer > 1 ? k.p.outer : k.p.inner;
    if (!rt_count(&c->out_info->shape))
        return IMP_OK;
    k.pieces = rt_pieces(items, (double)rt_count(&c->out_info->shape) / (double)items);
    return rt_parallel(c->job, k.pieces, piece, &k);
}

static imp_status forward(const struct rt_call *c)
{
    return run(c, c->in[X], c->out, false);
}

static imp_status backward(const struct rt_call *c)
{
    return c->in_grad[X] ? run(c, c->out_grad, c->in_grad[X], true) : IMP_OK;
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    const struct pick p = pick_of(c->node, c->in_info, c->input_count);
    if (rt_tie_of_param(t, c))
        return;
    if (p.axis > 1 || (p.axis == 0 && p.index_ndim == 1)) {
        rt_tie_all(t, X, RT_OUT);
        return;
    }
    rt_tie_lock(t, X, -1, "a gather picks channels by number");
    rt_tie_lock(t, RT_OUT, -1, "a gather picks channels by number");
}

const struct rt_op rt_op_gather = {
    .name = "gather",
    .onnx = "Gather",
    .limits = "the indices must be known while planning",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .infer = infer,
    .forward = forward,
    .backward = backward,
    .couple = couple,
};
