/* optimiser.c - one step of the rules, on every parameter that has a gradient.
 *
 * SGD with momentum m (0: none), as PyTorch has it: v = m v + g, p -= rate v.
 * Adam (Kingma and Ba 2015): bias-corrected moments; weight decay is added to the gradient in both.
 * Gradients are scaled down together to a norm of clip_norm first. */
#include "trainer.h"

#include <impasto/kit.h>
#include <math.h>

static bool valid(const imp_nn_optimiser *o)
{
    return o->rate >= 0 && isfinite(o->rate) && o->momentum >= 0 && o->momentum < 1 &&
           o->weight_decay >= 0 && isfinite(o->weight_decay) && o->clip_norm >= 0 &&
           (o->rule == IMP_NN_SGD || (o->beta2 > 0 && o->beta2 < 1 && o->epsilon > 0));
}

/* Norm of all gradients together, in double, in the order of the parameters. */
static double norm(const struct imp_nn_trainer *t)
{
    double sum = 0;
    for (uint32_t i = 0; i < t->count; i++) {
        const float *g = t->grads[t->numbers[i]];
        const int64_t n = g ? t->model->graph->params[t->numbers[i]].tensor->count : 0;
        for (int64_t k = 0; k < n; k++)
            sum += (double)g[k] * g[k];
    }
    return sqrt(sum);
}

struct rule {
    float scale, decay, rate, momentum, beta2, epsilon, fix1, fix2;
};

static void sgd(const struct rule *r, int64_t n, float *p, const float *g, float *v)
{
    for (int64_t k = 0; k < n; k++) {
        v[k] = r->momentum * v[k] + (g[k] * r->scale + r->decay * p[k]);
        p[k] -= r->rate * v[k];
    }
}

static void adam(const struct rule *r, int64_t n, float *p, const float *grad, float *m, float *v)
{
    for (int64_t k = 0; k < n; k++) {
        const float g = grad[k] * r->scale + r->decay * p[k];
        m[k] = r->momentum * m[k] + (1 - r->momentum) * g;
        v[k] = r->beta2 * v[k] + (1 - r->beta2) * g * g;
        p[k] -= r->rate * (m[k] * r->fix1) / (sqrtf(v[k] * r->fix2) + r->epsilon);
    }
}

imp_status rt_trainer_step(struct imp_nn_trainer *t, const imp_nn_optimiser *given, imp_error *err)
{
    imp_nn_optimiser o = {.struct_size = sizeof o};
    if (!IMP_HAS(imp_nn_optimiser, given->struct_size, clip_norm))
        return imp_fail(err, IMP_E_INPUT, "an optimiser of %u bytes", given->struct_size);
    o = *given;
    if ((o.rule != IMP_NN_SGD && o.rule != IMP_NN_ADAM) || !valid(&o))
        return imp_fail(err, IMP_E_PARAM,
                        "optimiser: rule %u, rate %g, momentum %g, beta2 %g, epsilon %g, decay %g, "
                        "clip %g: rates are 0 or more, moments below 1, epsilon above 0",
                        o.rule, o.rate, o.momentum, o.beta2, o.epsilon, o.weight_decay, o.clip_norm);
    const double length = o.clip_norm > 0 ? norm(t) : 0;
    t->steps++;
    const struct rule r = {
        .scale = o.clip_norm > 0 && length > o.clip_norm ? (float)(o.clip_norm / (length + 1e-6)) : 1,
        .decay = (float)o.weight_decay, .rate = (float)o.rate, .momentum = (float)o.momentum,
        .beta2 = (float)o.beta2, .epsilon = (float)o.epsilon,
        .fix1 = (float)(1 / (1 - kit_pow(o.momentum, (double)t->steps))),
        .fix2 = o.rule == IMP_NN_ADAM ? (float)(1 / (1 - kit_pow(o.beta2, (double)t->steps))) : 1};
    for (uint32_t i = 0; i < t->count; i++) {
        const uint32_t p = t->numbers[i];
        const int64_t n = t->model->graph->params[p].tensor->count;
        if (t->grads[p] && o.rule == IMP_NN_SGD)
            sgd(&r, n, t->values[p], t->grads[p], t->first[p]);
        else if (t->grads[p])
            adam(&r, n, t->values[p], t->grads[p], t->first[p], t->second[p]);
    }
    return IMP_OK;
}
