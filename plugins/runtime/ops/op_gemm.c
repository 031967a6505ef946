/* op_gemm.c - a fully connected layer, y = alpha op(x) op(weight) + beta bias, bias broadcast. */
#include "kernels/own_product.h"
#include "kernels/product.h"
#include "ties.h"

extern const struct rt_op rt_op_gemm;

enum { X, WEIGHT, BIAS, SLOTS };
static const struct rt_slot slots[SLOTS] = {
    {.name = "x"},
    {.name = "weight", .flags = RT_SLOT_PARAM},
    {.name = "bias", .flags = RT_SLOT_PARAM | RT_SLOT_OPTIONAL},
};

/* UNITS and HAS_BIAS are for architecture texts, which have no weights yet. */
enum { ALPHA, BETA, TRANS_A, TRANS_B, UNITS, HAS_BIAS, ATTRS };
static const struct rt_attr_def attrs[ATTRS] = {
    [ALPHA] = {.key = "alpha", .onnx = "alpha", .type = RT_FLOAT, .def = 1},
    [BETA] = {.key = "beta", .onnx = "beta", .type = RT_FLOAT, .def = 1},
    [TRANS_A] = {.key = "trans_a", .onnx = "transA", .type = RT_BOOL},
    [TRANS_B] = {.key = "trans_b", .onnx = "transB", .type = RT_BOOL},
    [UNITS] = {.key = "units", .type = RT_INT},
    [HAS_BIAS] = {.key = "bias", .type = RT_BOOL, .def = 1},
};

/* ---- planning ---- */

/* [m][k] . [k][n], with what is stored of each. */
struct sizes {
    int64_t m, n, k, lda, ldb;
    bool trans_a, trans_b;
};

static struct sizes sizes_of(const struct rt_node *n, const struct rt_shape *x,
                             const struct rt_shape *w)
{
    struct sizes s = {.lda = x->dim[1], .ldb = w->dim[1]};
    s.trans_a = rt_int(n, TRANS_A) != 0;
    s.trans_b = rt_int(n, TRANS_B) != 0;
    s.m = x->dim[s.trans_a];
    s.k = x->dim[!s.trans_a];
    s.n = w->dim[!s.trans_b];
    return s;
}

/* bias, broadcast to [m][n]: [], [n], [1], [m][n] with 1 for either. */
static bool bias_fits(const struct rt_shape *b, const struct sizes *s)
{
    const int64_t cols = b->ndim ? b->dim[b->ndim - 1] : 1;
    const int64_t rows = b->ndim > 1 ? b->dim[0] : 1;
    return b->ndim <= 2 && (cols == 1 || cols == s->n) && (rows == 1 || rows == s->m);
}

static imp_status infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[X]->shape, *w = &in->in[WEIGHT]->shape;
    const struct rt_info *bias = in->input_count > BIAS ? in->in[BIAS] : NULL;
    const int64_t units = rt_int(in->node, UNITS);
    char a[128], b[128];
    if (x->ndim != 2 || w->ndim != 2)
        return imp_fail(err, IMP_E_INPUT,
                        "the input is %s and the weight %s; both need two axes: flatten goes before",
                        rt_shape_text(x, a, sizeof a), rt_shape_text(w, b, sizeof b));
    const struct sizes s = sizes_of(in->node, x, w);
    if (s.k != w->dim[s.trans_b])
        return imp_fail(err, IMP_E_INPUT,
                        "an input of %s has %lld features; a weight of %s%s takes %lld",
                        rt_shape_text(x, a, sizeof a), (long long)s.k,
                        rt_shape_text(w, b, sizeof b), s.trans_b ? ", transposed," : "",
                        (long long)w->dim[s.trans_b]);
    if (units && units != s.n)
        return imp_fail(err, IMP_E_INPUT, "units is %lld, but the weight is %s", (long long)units,
                        rt_shape_text(w, b, sizeof b));
    if (bias && !bias_fits(&bias->shape, &s))
        return imp_fail(err, IMP_E_INPUT, "a bias of %s cannot be spread over %lld x %lld",
                        rt_shape_text(&bias->shape, a, sizeof a), (long long)s.m, (long long)s.n);
    in->out.shape = (struct rt_shape){.ndim = 2, .dim = {s.m, s.n}};
    return IMP_OK;
}

static struct sizes sizes_in(const struct rt_call *call)
{
    return sizes_of(call->node, &call->in_info[X]->shape, &call->in_info[WEIGHT]->shape);
}

/* One matrix times itself turned over, nothing added? */
static bool is_gram(const struct rt_call *call, const struct sizes *s)
{
    const struct rt_node *n = call->node;
    return n->inputs[X] == n->inputs[WEIGHT] && !s->trans_a && s->trans_b &&
           (n->input_count <= BIAS || n->inputs[BIAS] == RT_ABSENT) && rt_gram_fits(s->m, s->k);
}

static struct rt_gram gram_of(const struct rt_call *call, const struct sizes *s)
{
    return (struct rt_gram){.m = s->m,
                            .k = s->k,
                            .alpha = (float)rt_float(call->node, ALPHA),
                            .x = call->in[X]};
}

static void need(const struct rt_call *call, struct rt_need *n)
{
    const struct sizes s = sizes_in(call);
    if (is_gram(call, &s))
        n->scratch = n->scratch_backward = rt_gram_bytes(s.m, s.k);
    n->macs = (double)s.m * (double)s.n * (double)s.k;
}

/* ---- running ---- */

/* Elements between rows and columns of the bias; 0 where it is spread. */
static void bias_steps(const struct rt_shape *b, const struct sizes *s, int64_t *row, int64_t *col)
{
    const int64_t cols = b->ndim ? b->dim[b->ndim - 1] : 1;
    *col = cols > 1 || s->n == 1;
    *row = b->ndim > 1 && b->dim[0] > 1 ? cols : 0;
}

static imp_status forward(const struct rt_call *call)
{
    const struct sizes s = sizes_in(call);
    const float *bias = call->input_count > BIAS ? call->in[BIAS] : NULL;
    const float beta = (float)rt_float(call->node, BETA);
    if (is_gram(call, &s)) {
        const struct rt_gram g = gram_of(call, &s);
        return rt_gram_run(&g, call->out, call->scratch, call->job);
    }
    struct rt_product p = {.trans_a = s.trans_a, .trans_b = s.trans_b, .add = bias != NULL, .m = s.m,
                           .n = s.n, .k = s.k, .lda = s.lda, .ldb = s.ldb, .ldc = s.n,
                           .alpha = (float)rt_float(call->node, ALPHA), .a = call->in[X],
                           .b = call->in[WEIGHT], .c = call->out};
    if (bias) {
        int64_t row, col;
        bias_steps(&call->in_info[BIAS]->shape, &s, &row, &col);
        for (int64_t i = 0; i < s.m; i++)
            for (int64_t j = 0; j < s.n; j++)
                call->out[i * s.n + j] = beta * bias[i * row + j * col];
    }
    return rt_product_run(&p, call->job);
}

/* x: alpha dy op(w)', or transposed */
static imp_status back_x(const struct rt_call *call, const struct sizes *s)
{
    struct rt_product p = {.add = 1, .k = s->n, .ldc = s->lda, .c = call->in_grad[X],
                           .alpha = (float)rt_float(call->node, ALPHA)};
    const float *w = call->in[WEIGHT], *dy = call->out_grad;
    p.m = s->trans_a ? s->k : s->m;
    p.n = s->trans_a ? s->m : s->k;
    p.trans_a = s->trans_a && s->trans_b;
    p.trans_b = s->trans_a || !s->trans_b;
    p.a = s->trans_a ? w : dy;
    p.lda = s->trans_a ? s->ldb : s->n;
    p.b = s->trans_a ? dy : w;
    p.ldb = s->trans_a ? s->n : s->ldb;
    return rt_product_run(&p, call->job);
}

/* weight: alpha op(x)' dy, or transposed */
static imp_status back_weight(const struct rt_call *call, const struct sizes *s)
{
    struct rt_product p = {.add = 1, .k = s->m, .ldc = s->ldb, .c = call->in_grad[WEIGHT],
                           .alpha = (float)rt_float(call->node, ALPHA)};
    const float *x = call->in[X], *dy = call->out_grad;
    p.m = s->trans_b ? s->n : s->k;
    p.n = s->trans_b ? s->k : s->n;
    p.trans_a = s->trans_b || !s->trans_a;
    p.trans_b = s->trans_b && s->trans_a;
    p.a = s->trans_b ? dy : x;
    p.lda = s->trans_b ? s->n : s->lda;
    p.b = s->trans_b ? x : dy;
    p.ldb = s->trans_b ? s->lda : s->n;
    return rt_product_run(&p, call->job);
}

/* bias[i][j] += beta * the sum of dy over what it was spread over */
static void back_bias(const struct rt_call *call, const struct sizes *s)
{
    const double beta = rt_float(call->node, BETA);
    float *grad = call->in_grad[BIAS];
    int64_t row, col;
    bias_steps(&call->in_info[BIAS]->shape, s, &row, &col);
    const int64_t rows = row ? s->m : 1, cols = col ? s->n : 1;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            double sum = 0;
            for (int64_t k = i; k < (row ? i + 1 : s->m); k++)
                for (int64_t l = j; l < (col ? j + 1 : s->n); l++)
                    sum += (double)call->out_grad[k * s->n + l];
            grad[i * row + j * col] += (float)(beta * sum);
        }
}

static imp_status backward(const struct rt_call *call)
{
    const struct sizes s = sizes_in(call);
    if (is_gram(call, &s) && call->in_grad[X] && call->in_grad[X] == call->in_grad[WEIGHT]) {
        const struct rt_gram g = gram_of(call, &s);
        return rt_gram_back(&g, call->out_grad, call->in_grad[X], call->scratch, call->job);
    }
    imp_status st = call->in_grad[X] ? back_x(call, &s) : IMP_OK;
    if (st == IMP_OK && call->in_grad[WEIGHT])
        st = back_weight(call, &s);
    if (st == IMP_OK && call->input_count > BIAS && call->in_grad[BIAS])
        back_bias(call, &s);
    return st;
}

/* ---- channels ---- */

static void couple(struct rt_ties *t, const struct rt_call *call)
{
    const struct sizes s = sizes_in(call);
    const struct rt_info *bias = call->input_count > BIAS ? call->in_info[BIAS] : NULL;
    const uint32_t last = bias && bias->shape.ndim ? bias->shape.ndim - 1 : 0;
    rt_tie_lock(t, WEIGHT, -1, "a product takes it as its weights");
    rt_tie_lock(t, BIAS, -1, "a product takes it as its bias");
    if (s.trans_a) {
        rt_tie_lock(t, X, -1, "a product takes it transposed");
        return;
    }
    for (int64_t f = 0; f < s.k; f++)
        rt_tie_param(t, X, f, WEIGHT, s.trans_b, f, 1, 1);
    for (int64_t o = 0; o < s.n; o++) {
        rt_tie_param(t, RT_OUT, o, WEIGHT, !s.trans_b, o, 1, 0);
        if (bias && bias->shape.ndim && bias->shape.dim[last] == s.n)
            rt_tie_param(t, RT_OUT, o, BIAS, last, o, 1, 0);
    }
}

static bool adjust(struct rt_node *copy, const struct rt_call *before, const uint8_t *const *keep_in,
                   const uint8_t *keep_out)
{
    const struct sizes s = sizes_in(before);
    int64_t units = 0;
    (void)keep_in;
    for (int64_t o = 0; o < s.n; o++)
        units += !keep_out || keep_out[o];
    return !copy->attrs[UNITS].given || rt_set_int(copy, "units", units);
}

const struct rt_op rt_op_gemm = {
    .name = "gemm",
    .onnx = "Gemm",
    .limits = "",
    .attrs = attrs,
    .attr_count = RT_COUNT(attrs),
    .slots = slots,
    .slot_count = RT_COUNT(slots),
    .flags = RT_NEEDS_IN,
    .infer = infer,
    .need = need,
    .forward = forward,
    .backward = backward,
    .couple = couple,
    .adjust = adjust,
};
