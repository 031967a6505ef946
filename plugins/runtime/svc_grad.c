/* svc_grad.c - impasto.nn.grad/1. */
#include "run.h"
#include "services.h"

static imp_status seed(void *self, imp_nn_run *r, uint32_t node, const imp_tensor *t, imp_error *err)
{
    (void)self;
    return rt_run_seed(r, node, t, err);
}

static imp_status backward(void *self, imp_nn_run *r, uint32_t wrt_count, const uint32_t *wrt,
                           imp_job *job, imp_error *err)
{
    (void)self;
    return rt_run_backward(r, wrt_count, wrt, job, err);
}

static imp_status gradient(void *self, imp_nn_run *r, uint32_t node, imp_tensor *view, imp_error *err)
{
    (void)self;
    return rt_run_gradient(r, node, view, err);
}

const imp_nn_grad_1 rt_grad_table = {
    .struct_size = sizeof rt_grad_table,
    .seed = seed, .backward = backward, .gradient = gradient,
};
