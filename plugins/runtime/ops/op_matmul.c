/* op_matmul.c - the product of matrices as numpy has it: batches broadcast, one axis counts as a row on
 * the left and as a column on the right. */
#include "kernels/product.h"
#include "ties.h"

extern const struct rt_op rt_op_matmul;

enum { X, WEIGHT, SLOTS };
static const struct rt_slot slots[SLOTS] = {
    {.name = "x"},
    {.name = "weight", .flags = RT_SLOT_PARAM},
};

/* x [batch][m][k], weight [batch][k][n], y [batch][m][n]; of each batch axis its size in y, and the
 * matrices between neighbours along it in x, weight and y: 0 where broadcast. */
struct sizes {
    int64_t m, n, k;
    uint32_t axes, reserved0;
    int64_t dim[RT_RANK], x[RT_RANK], w[RT_RANK], y[RT_RANK];
};

/* ---- planning ---- */

/* Axis i of `axes` batch axes, the last two not among them; 1 where the shape has none. */
static int64_t batch_dim(const struct rt_shape *s, uint32_t axes, uint32_t i)
{
    const uint32_t own = s->ndim > 2 ? s->ndim - 2 : 0;
    return i + own < axes ? 1 : s->dim[i + own - axes];
}

static void set_steps(struct sizes *s, const struct rt_shape *x, const struct rt_shape *w)
{
    int64_t step_x = 1, step_w = 1, step_y = 1;
    for (uint32_t i = s->axes; i-- > 0;) {
        const int64_t a = batch_dim(x, s->axes, i), b = batch_dim(w, s->axes, i);
        s->dim[i] = a == 1 ? b : a;
        s->x[i] = a == 1 ? 0 : step_x;
        s->w[i] = b == 1 ? 0 : step_w;
        s->y[i] = step_y;
        step_x *= a;
        step_w *= b;
        step_y *= s->dim[i];
    }
}

static struct sizes sizes_of(const struct rt_shape *x, const struct rt_shape *w)
{
    const uint32_t most = x->ndim > w->ndim ? x->ndim : w->ndim;
    struct sizes s = {.m = 1, .n = 1, .k = x->dim[x->ndim - 1], .axes = most > 2 ? most - 2 : 0};
    if (x->ndim > 1)
        s.m = x->dim[x->ndim - 2];
    if (w->ndim > 1)
        s.n = w->dim[w->ndim - 1];
    set_steps(&s, x, w);
    return s;
}

static bool batches_fit(const struct rt_shape *x, const struct rt_shape *w)
{
    const uint32_t most = x->ndim > w->ndim ? x->ndim : w->ndim, axes = most > 2 ? most - 2 : 0;
    for (uint32_t i = 0; i < axes; i++) {
        const int64_t a = batch_dim(x, axes, i), b = batch_dim(w, axes, i);
        if (a != b && a != 1 && b != 1)
            return false;
    }
    return true;
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape, *w = &in->in[WEIGHT]->shape;
    struct rt_shape *y = &in->out.shape;
    char a[128], b[128];
    if (!x->ndim || !w->ndim)
        return imp_fail(err, IMP_E_INPUT, "%s times %s: a single number is no matrix",
                        rt_shape_text(x, a, sizeof a), rt_shape_text(w, b, sizeof b));
    const int64_t k = w->dim[w->ndim > 1 ? w->ndim - 2 : 0];
    if (x->dim[x->ndim - 1] != k || !batches_fit(x, w))
        return imp_fail(err, IMP_E_INPUT, "%s times %s: %s", rt_shape_text(x, a, sizeof a),
                        rt_shape_text(w, b, sizeof b),
                        batches_fit(x, w) ? "columns of the first and rows of the second differ"
                                          : "the axes before the last two differ");
    const struct sizes s = sizes_of(x, w);
    *y = rt_shape_of(s.axes, s.dim);
    if (x->ndim > 1)
        y->dim[y->ndim++] = s.m;
    if (w->ndim > 1)
        y->dim[y->ndim++] = s.n;
    return IMP_OK;
}

/* Batches of x times one weight are one matrix of more rows. */
static struct sizes sizes_in(const struct rt_call *call)
{
    const struct rt_shape *x = &call->in_info[X]->shape, *w = &call->in_info[WEIGHT]->shape;
    struct sizes s = sizes_of(x, w);
    bool one = true;
    for (uint32_t i = 0; i < s.axes; i++)
        one = one && batch_dim(w, s.axes, i) == 1;
    for (uint32_t i = 0; one && i < s.axes; i++)
        s.m *= s.dim[i];
    if (one)
        s.axes = 0;
    return s;
}

static void need(const struct rt_call *call, struct rt_need *n)
{
    const struct sizes s = sizes_in(call);
    n->macs = (double)s.m * (double)s.n * (double)s.k;
    for (uint32_t i = 0; i < s.axes; i++)
        n->macs *= (double)s.dim[i];
}

/* ---- running ---- */

/* The batch axes of a product whose A, B and C step by these numbers of matrices of these sizes. */
static void set_batch(struct rt_product *p, const struct sizes *s, const int64_t *a, int64_t size_a,
                      const int64_t *b, int64_t size_b, const int64_t *c, int64_t size_c)
{
    p->axes = s->axes;
    for (uint32_t i = 0; i < s->axes; i++) {
        p->dim[i] = s->dim[i];
        p->step_a[i] = a[i] * size_a;
        p->step_b[i] = b[i] * size_b;
        p->step_c[i] = c[i] * size_c;
    }
}

static imp_status forward(const struct rt_call *call)
{
    const struct sizes s = sizes_in(call);
    struct rt_product p = {.m = s.m, .n = s.n, .k = s.k, .lda = s.k, .ldb = s.n, .ldc = s.n,
                           .alpha = 1, .a = call->in[X], .b = call->in[WEIGHT], .c = call->out};
    set_batch(&p, &s, s.x, s.m * s.k, s.w, s.k * s.n, s.y, s.m * s.n);
    return rt_product_run(&p, call->job);
}

static imp_status backward(const struct rt_call *call)
{
    const struct sizes s = sizes_in(call);
    imp_status st = IMP_OK;
    if (call->in_grad[X]) { /* dx += dy w' */
        struct rt_product p = {.trans_b = 1, .add = 1, .m = s.m, .n = s.k, .k = s.n, .lda = s.n,
                               .ldb = s.n, .ldc = s.k, .alpha = 1, .a = call->out_grad,
                               .b = call->in[WEIGHT], .c = call->in_grad[X]};
        set_batch(&p, &s, s.y, s.m * s.n, s.w, s.k * s.n, s.x, s.m * s.k);
        st = rt_product_run(&p, call->job);
    }
    if (st == IMP_OK && call->in_grad[WEIGHT]) { /* dw += x' dy */
        struct rt_product p = {.trans_a = 1, .add = 1, .m = s.k, .n = s.n, .k = s.m, .lda = s.k,
                               .ldb = s.n, .ldc = s.n, .alpha = 1, .a = call->in[X],
                               .b = call->out_grad, .c = call->in_grad[WEIGHT]};
        set_batch(&p, &s, s.x, s.m * s.k, s.y, s.m * s.n, s.w, s.k * s.n);
        st = rt_product_run(&p, call->job);
    }
    return st;
}

/* ---- channels ---- */

static void couple(struct rt_ties *t, const struct rt_call *call)
{
    const struct rt_shape *x = &call->in_info[X]->shape, *w = &call->in_info[WEIGHT]->shape;
    rt_tie_lock(t, WEIGHT, -1, "a product takes it as its weights");
    if (x->ndim != 2 || w->ndim != 2) {
        rt_tie_lock(t, X, -1, "its axis 1 is not what a product sums over");
        rt_tie_lock(t, RT_OUT, -1, "its axis 1 is not what a product makes");
        return;
    }
    for (int64_t f = 0; f < w->dim[0]; f++)
        rt_tie_param(t, X, f, WEIGHT, 0, f, 1, 1);
    for (int64_t o = 0; o < w->dim[1]; o++)
        rt_tie_param(t, RT_OUT, o, WEIGHT, 1, o, 1, 0);
}

const struct rt_op rt_op_matmul = {
    .name = "matmul",
    .onnx = "MatMul",
    .limits = "",
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .flags = RT_NEEDS_IN,
    .infer = infer,
    .need = need,
    .forward = forward,
    .backward = backward,
    .couple = couple,
};
