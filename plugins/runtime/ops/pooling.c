/* pooling.c - see pooling.h. */
#include "pooling.h"

#include <string.h>

static imp_status read_pool(const struct rt_node *node, const struct rt_shape *x, struct rt_pool *p,
                            struct rt_window *w, imp_error *err)
{
    const struct rt_window_attrs at = {RT_POOL_KERNEL,   RT_POOL_STRIDE,   RT_POOL_PAD,
                                       RT_POOL_DILATION, RT_POOL_AUTO_PAD, RT_POOL_CEIL};
    const imp_status st = rt_window_read(node, &at, x, NULL, w, err);
    if (st != IMP_OK)
        return st;
    if (w->axes > RT_POOL_AXES)
        return imp_fail(err, IMP_E_UNSUPPORTED, "%u spatial axes; %d are the most for pooling",
                        w->axes, RT_POOL_AXES);
    for (uint32_t i = 0; i < RT_POOL_AXES; i++)
        p->axis[i] =
            (struct rt_axis_window){.in = 1, .out = 1, .kernel = 1, .stride = 1, .dilation = 1};
    memcpy(p->axis + RT_POOL_AXES - w->axes, w->axis, w->axes * sizeof w->axis[0]);
    return IMP_OK;
}

struct rt_pool rt_pool_of(const struct rt_call *c)
{
    struct rt_pool p = {0};
    struct rt_window w;
    (void)read_pool(c->node, &c->in_info[0]->shape, &p, &w, NULL); /* infer has passed it */
    p.planes = rt_product(&c->in_info[0]->shape, 0, 2);
    p.in_area = p.axis[0].in * p.axis[1].in * p.axis[2].in;
    p.out_area = p.axis[0].out * p.axis[1].out * p.axis[2].out;
    return p;
}

/* A window that sees no pixel has neither a largest nor a mean. */
static imp_status check_seen(const struct rt_window *w, imp_error *err)
{
    for (uint32_t i = 0; i < w->axes; i++) {
        const struct rt_axis_window *a = &w->axis[i];
        const int64_t reach = (a->kernel - 1) * a->dilation + 1;
        if (a->pad >= reach || a->pad_end >= reach || (a->pad && a->dilation > a->in) || !a->in)
            return imp_fail(err, IMP_E_INPUT,
                            "spatial axis %u: with pads %lld and %lld some window of %lld lies "
                            "outside the %lld values",
                            i, (long long)a->pad, (long long)a->pad_end, (long long)reach,
                            (long long)a->in);
    }
    return IMP_OK;
}

imp_status rt_pool_infer(struct rt_infer *in, imp_error *err)
{
    const struct rt_shape *x = &in->in[0]->shape;
    struct rt_pool p = {0};
    struct rt_window w;
    imp_status st = read_pool(in->node, x, &p, &w, err);
    if (st == IMP_OK)
        st = check_seen(&w, err);
    if (st != IMP_OK)
        return st;
    if (rt_product(x, 2, x->ndim) > INT32_MAX)
        return imp_fail(err, IMP_E_LIMIT, "planes of %lld elements; %d are the most for pooling",
                        (long long)rt_product(x, 2, x->ndim), INT32_MAX);
    in->out.shape = rt_window_shape(&w, x, x->dim[1]);
    return rt_product(&in->out.shape, 2, x->ndim) >= 0 && rt_count(&in->out.shape) >= 0
               ? IMP_OK
               : imp_fail(err, IMP_E_LIMIT, "its result has no size");
}

void rt_pool_need(const struct rt_call *c, struct rt_need *n)
{
    const struct rt_pool p = rt_pool_of(c);
    n->macs = (double)p.planes * (double)p.out_area * (double)p.axis[0].kernel *
              (double)p.axis[1].kernel * (double)p.axis[2].kernel;
}

void rt_pool_couple(struct rt_ties *t, const struct rt_call *c)
{
    (void)c;
    rt_tie_all(t, 0, RT_OUT);
}

/* Taps of all windows of one row. */
static double row_cost(const struct rt_pool *p)
{
    return (double)p->axis[2].out * (double)p->axis[0].kernel * (double)p->axis[1].kernel *
           (double)p->axis[2].kernel;
}

imp_status rt_pool_forward(const struct rt_call *c, bool flag, void (*fn)(void *, uint32_t) IMP_NX)
{
    struct rt_pool_work k = {.p = rt_pool_of(c), .x = c->in[0], .y = c->out, .flag = flag};
    const int64_t rows = k.p.planes * k.p.axis[0].out * k.p.axis[1].out;
    if (!k.p.planes || !k.p.out_area)
        return IMP_OK;
    k.pieces = rt_pieces(rows, row_cost(&k.p));
    return rt_parallel(c->job, k.pieces, fn, &k);
}

imp_status rt_pool_backward(const struct rt_call *c, bool flag, void (*fn)(void *, uint32_t) IMP_NX)
{
    struct rt_pool_work k = {
        .p = rt_pool_of(c), .x = c->in[0], .dy = c->out_grad, .dx = c->in_grad[0], .flag = flag};
    if (!k.dx || !k.p.planes || !k.p.out_area)
        return IMP_OK;
    k.pieces =
        rt_pieces(k.p.planes, (double)k.p.axis[0].out * (double)k.p.axis[1].out * row_cost(&k.p));
    return rt_parallel(c->job, k.pieces, fn, &k);
}
