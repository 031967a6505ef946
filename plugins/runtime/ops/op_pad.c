/* op_pad.c - a border around a tensor: constant, reflected, of its edge, or wrapped. Negative pads
 * crop, and do so before anything is added. */
#include "strided.h"

#include <impasto/kit.h>
#include <string.h>

extern const struct rt_op rt_op_pad;

enum { MODE, PADS, VALUE, AXES };
enum { X, SLOT_PADS, SLOT_VALUE, SLOT_AXES };
enum { CONSTANT, REFLECT, EDGE, WRAP };
static const struct rt_attr_def attrs[] = {
    [MODE] = {.key = "mode",
              .onnx = "mode",
              .type = RT_CHOICE,
              .choices = "constant|reflect|edge|wrap"},
    [PADS] = {.key = "pads", .onnx = "pads", .type = RT_INTS},
    [VALUE] = {.key = "value", .onnx = "value", .type = RT_FLOAT},
    [AXES] = {.key = "axes", .type = RT_INTS},
};
static const struct rt_slot slots[] = {
    [X] = {.name = "x"},
    [SLOT_PADS] = {.name = "pads", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [SLOT_VALUE] = {.name = "value", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
    [SLOT_AXES] = {.name = "axes", .flags = RT_SLOT_STATIC | RT_SLOT_OPTIONAL},
};

enum { LARGEST = INT32_MAX };

struct border {
    int64_t before[RT_RANK], after[RT_RANK]; /* by axis; negative: that many go */
};

static imp_status read_border(const struct rt_node *node, const struct rt_info *const *in,
                              uint32_t input_count, struct border *b, imp_error *err)
{
    const uint32_t ndim = in[X]->shape.ndim;
    uint32_t count, axes_count, seen = 0;
    const int64_t *pads = rt_static_ints(node, in, input_count, PADS, SLOT_PADS, &count);
    const int64_t *axes = rt_static_ints(node, in, input_count, AXES, SLOT_AXES, &axes_count);
    const uint32_t n = axes ? axes_count : ndim;
    memset(b, 0, sizeof *b);
    if (!pads || n > ndim || count != 2 * n)
        return imp_fail(err, IMP_E_INPUT,
                        "%u pads for %u axes: give what comes before each, then what comes after",
                        count, n);
    for (uint32_t i = 0; i < n; i++) {
        const int axis = rt_axis(axes ? axes[i] : i, ndim);
        if (axis < 0 || (seen >> axis & 1))
            return imp_fail(err, IMP_E_INPUT, "axis %lld of an input of %u axes%s",
                            axes ? (long long)axes[i] : (long long)i, ndim,
                            axis < 0 ? "" : " is named twice");
        seen |= 1u << axis;
        b->before[axis] = pads[i];
        b->after[axis] = pads[i + n];
    }
    return IMP_OK;
}

static imp_status pad_axis(const struct rt_infer *in, const struct border *b, uint32_t i,
                           int64_t *size, imp_error *err)
{
    const int64_t n = in->in[X]->shape.dim[i], before = b->before[i], after = b->after[i];
    if (before < -LARGEST || before > LARGEST || after < -LARGEST || after > LARGEST)
        return imp_fail(err, IMP_E_LIMIT, "axis %u: pads of %lld and %lld", i, (long long)before,
                        (long long)after);
    const int64_t left = n + (before < 0 ? before : 0) + (after < 0 ? after : 0);
    *size = n + before + after;
    if (left < 0 || (left == 0 && *size > 0 && rt_int(in->node, MODE) != CONSTANT))
        return imp_fail(err, IMP_E_INPUT, "axis %u: pads of %lld and %lld leave nothing of %lld", i,
                        (long long)before, (long long)after, (long long)n);
    return IMP_OK;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape;
    struct border b;
    imp_status st = rt_static_check(in, err);
    if (st == IMP_OK)
        st = read_border(in->node, in->in, in->input_count, &b, err);
    in->out.shape.ndim = x->ndim;
    for (uint32_t i = 0; st == IMP_OK && i < x->ndim; i++)
        st = pad_axis(in, &b, i, &in->out.shape.dim[i], err);
    if (st != IMP_OK)
        return st;
    if (in->out.dtype != IMP_F32)
        return imp_fail(err, IMP_E_UNSUPPORTED, "integers are not padded: cast them to floats");
    if (rt_count(&in->out.shape) < 0)
        return imp_fail(err, IMP_E_LIMIT, "its result has no size");
    return IMP_OK;
}

/* ---- running: for each axis a table of where its places come from, -1 = the constant ---- */

static void need(const struct rt_call *c, struct rt_need *n)
{
    const bool empty = !rt_count(&c->out_info->shape);
    for (uint32_t i = 0; !empty && i < c->out_info->shape.ndim; i++)
        n->scratch += (uint64_t)c->out_info->shape.dim[i] * sizeof(int64_t);
    n->scratch_backward = n->scratch;
}

static int64_t wrapped(int64_t i, int64_t n)
{
    const int64_t r = i % n;
    return r < 0 ? r + n : r;
}

/* Place i of a border around n places, which may be as far out as it likes. */
static int64_t source(int64_t i, int64_t n, int64_t mode)
{
    if (i >= 0 && i < n)
        return i;
    if (mode == CONSTANT)
        return -1;
    if (mode == EDGE)
        return i < 0 ? 0 : n - 1;
    if (mode == WRAP)
        return wrapped(i, n);
    if (n == 1)
        return 0;
    const int64_t r = wrapped(i, 2 * (n - 1)); /* 0 1 2 3 2 1 0 1 ... */
    return r < n ? r : 2 * (n - 1) - r;
}

struct work {
    const struct rt_shape *in, *out;
    const int64_t *table[RT_RANK];
    int64_t step[RT_RANK]; /* of the input */
    int64_t rows, row, first,
        middle;             /* places [first, first + middle) of a row lie as in the input */
    uint32_t whole, pieces; /* axes before `whole` have no border */
    float value;
    const float *from;
    float *to;
};

static void make_tables(const struct rt_call *c, struct work *k)
{
    const uint32_t last = k->in->ndim - 1;
    int64_t *t = c->scratch;
    struct border b;
    (void)read_border(c->node, c->in_info, c->input_count, &b, NULL); /* infer has passed it */
    for (uint32_t i = 0; i < k->in->ndim; i++) {
        const int64_t cut = b.before[i] < 0 ? -b.before[i] : 0;
        const int64_t left = k->in->dim[i] - cut + (b.after[i] < 0 ? b.after[i] : 0);
        const int64_t lead = b.before[i] > 0 ? b.before[i] : 0;
        k->table[i] = t;
        for (int64_t j = 0; j < k->out->dim[i]; j++, t++) {
            const int64_t s = source(j - lead, left, rt_int(c->node, MODE));
            *t = s < 0 ? -1 : s + cut;
        }
        if (i == last) {
            k->first = lead;
            k->middle = left;
        }
        if (k->whole == i && !b.before[i] && !b.after[i])
            k->whole++;
    }
}

/* The input's row that row r of the output comes from; -1: it is all border. */
static int64_t row_source(const struct work *k, int64_t r)
{
    int64_t at = 0;
    for (uint32_t i = k->in->ndim - 1; i-- > 0; r /= k->out->dim[i]) {
        const int64_t s = k->table[i][r % k->out->dim[i]];
        if (s < 0)
            return -1;
        at += s * k->step[i];
    }
    return at;
}

static void pad_row(const struct work *k, const float *x, float *y)
{
    const int64_t *table = k->table[k->in->ndim - 1];
    for (int64_t i = 0; i < k->first; i++)
        y[i] = table[i] < 0 ? k->value : x[table[i]];
    if (k->middle)
        memcpy(y + k->first, x + table[k->first], (size_t)k->middle * sizeof *y);
    for (int64_t i = k->first + k->middle; i < k->row; i++)
        y[i] = table[i] < 0 ? k->value : x[table[i]];
}

static void forward_piece(void *user, uint32_t n)
{
    const struct work *k = user;
    int64_t r, end;
    rt_piece(k->rows, k->pieces, n, &r, &end);
    for (; r < end; r++) {
        const int64_t at = row_source(k, r);
        float *y = k->to + r * k->row;
        if (at >= 0) {
            pad_row(k, k->from + at, y);
            continue;
        }
        for (int64_t i = 0; i < k->row; i++)
            y[i] = k->value;
    }
}

static struct work work_of(const struct rt_call *c)
{
    struct work k = {.in = &c->in_info[X]->shape, .out = &c->out_info->shape, .pieces = 1};
    double value = 0;
    rt_static_floats(c->node, c->in_info, c->input_count, VALUE, SLOT_VALUE, &value, 1);
    k.value = (float)value;
    rt_walk_steps(k.in, k.step);
    make_tables(c, &k);
    k.row = k.out->dim[k.out->ndim - 1];
    k.rows = rt_count(k.out) / k.row;
    return k;
}

static imp_status forward(const struct rt_call *c)
{
    if (!rt_count(&c->out_info->shape))
        return IMP_OK;
    if (!c->out_info->shape.ndim) {
        c->out[0] = c->in[X][0];
        return IMP_OK;
    }
    struct work k = work_of(c);
    k.from = c->in[X];
    k.to = c->out;
    k.pieces = rt_pieces(k.rows, (double)k.row);
    return rt_parallel(c->job, k.pieces, forward_piece, &k);
}

KIT_CLONES static void add_row(const float *from, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] += from[i];
}

static void unpad_row(const struct work *k, const float *dy, float *dx)
{
    const int64_t *table = k->table[k->in->ndim - 1];
    for (int64_t i = 0; i < k->first; i++)
        if (table[i] >= 0)
            dx[table[i]] += dy[i];
    if (k->middle)
        add_row(dy + k->first, dx + table[k->first], k->middle);
    for (int64_t i = k->first + k->middle; i < k->row; i++)
        if (table[i] >= 0)
            dx[table[i]] += dy[i];
}

/* By the axes in front that have no border: within them several places add to one. */
static void backward_piece(void *user, uint32_t n)
{
    const struct work *k = user;
    const int64_t groups = rt_product(k->out, 0, k->whole), rows = k->rows / groups;
    int64_t r, end;
    rt_piece(groups, k->pieces, n, &r, &end);
    for (r *= rows, end *= rows; r < end; r++) {
        const int64_t at = row_source(k, r);
        if (at >= 0)
            unpad_row(k, k->from + r * k->row, k->to + at);
    }
}

static imp_status backward(const struct rt_call *c)
{
    if (!c->in_grad[X] || !rt_count(&c->out_info->shape))
        return IMP_OK;
    if (!c->out_info->shape.ndim) {
        c->in_grad[X][0] += c->out_grad[0];
        return IMP_OK;
    }
    struct work k = work_of(c);
    k.from = c->out_grad;
    k.to = c->in_grad[X];
    if (k.whole == k.in->ndim)
        k.whole--; /* no border at all: rows are the least piece */
    const int64_t groups = rt_product(k.out, 0, k.whole);
    k.pieces = rt_pieces(groups, (double)(k.rows / groups) * (double)k.row);
    return rt_parallel(c->job, k.pieces, backward_piece, &k);
}

static void couple(struct rt_ties *t, const struct rt_call *c)
{
    struct border b;
    (void)read_border(c->node, c->in_info, c->input_count, &b, NULL);
    if (rt_tie_of_param(t, c))
        return;
    if (c->in_info[X]->shape.ndim < 2 || (!b.before[1] && !b.after[1])) {
        rt_tie_all(t, X, RT_OUT);
        return;
    }
    rt_tie_lock(t, X, -1, "a pad adds channels");
    rt_tie_lock(t, RT_OUT, -1, "a pad adds channels");
}

const struct rt_op rt_op_pad = {
    .name = "pad",
    .onnx = "Pad",
    .limits = "floats only",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .infer = infer,
    .need = need,
    .forward = forward,
    .backward = backward,
    .couple = couple,
};
