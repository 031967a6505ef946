/* kit_paint_step.c - one step of a painting's optimiser.
 *
 * sgd-fmi is the program of arXiv 1608.04170's authors:
 *     g = clip(dE/dx, -10, 10)    v = 0.9 v - lr_t (g + decay x)    x += v
 *     lr_t = rate * 0.9^k, k = floor((t - 2) / 10), 0 for t = 1 */
#include <math.h>
#include <string.h>
#include "kit_paint_work.h"

enum { EVALUATIONS = 25 /* of a line search */, HALVINGS = 20 };
#define CLIP 10.0f

static kit_optimiser adam_of(const kit_paint_options *o)
{
    return (kit_optimiser){
        .rule = KIT_ADAM, .rate = o->rate, .momentum = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
}

/* SGD_FMI: v, and u before the last step. ADAM: the kit's block, and u before. LBFGS: the kit's
 * block. */
static size_t own_bytes(const kit_paint_options *o, size_t n)
{
    if (o->rule == KIT_PAINT_LBFGS)
        return kit_lbfgs_bytes(o->history, n);
    return o->rule == KIT_PAINT_ADAM ? kit_optim_bytes(KIT_ADAM, n) : kit_bytes(n, sizeof(float));
}

size_t kit_paint_state_bytes(const kit_paint_options *o, size_t n)
{
    const size_t own = own_bytes(o, n), before = kit_bytes(n, sizeof(float));
    if (!own || !before || own > SIZE_MAX - before)
        return 0;
    return own + (o->rule == KIT_PAINT_LBFGS ? 0 : before);
}

void kit_paint_state_start(const kit_paint_options *o, void *state, size_t n)
{
    memset(state, 0, kit_paint_state_bytes(o, n));
    if (o->rule == KIT_PAINT_LBFGS)
        kit_lbfgs_start(state, o->history, n);
    else if (o->rule == KIT_PAINT_ADAM)
        kit_optim_start(state, KIT_ADAM, n);
}

bool kit_paint_state_fits(const kit_paint_options *o, const void *state, size_t size, size_t n)
{
    if (size != kit_paint_state_bytes(o, n))
        return false;
    if (o->rule == KIT_PAINT_LBFGS)
        return kit_lbfgs_fits(state, size, o->history, n);
    return o->rule != KIT_PAINT_ADAM || kit_optim_fits(state, own_bytes(o, n), KIT_ADAM, n);
}

/* PROJECT: back into 0..1. true: something was outside. */
static bool project(const struct paint *p)
{
    const size_t plane = (size_t)p->w * p->h;
    bool moved = false;
    for (size_t i = 0; i < p->n && p->o->bounds == KIT_PAINT_PROJECT; i++) {
        const double m = kit_paint_mean(p->c, (uint32_t)(i / plane));
        const float low = (float)(-m / p->unit), high = (float)((255 - m) / p->unit);
        const float v = p->u[i] < low ? low : p->u[i] > high ? high : p->u[i];
        moved |= v != p->u[i];
        p->u[i] = v;
    }
    return moved;
}

/* ||u - before|| / ||u|| */
static double change(const struct paint *p, const float *before)
{
    double moved = 0, all = 0;
    for (size_t i = 0; i < p->n; i++) {
        const double d = (double)p->u[i] - (double)before[i];
        moved += d * d;
        all += (double)p->u[i] * (double)p->u[i];
    }
    return all > 0 ? sqrt(moved / all) : moved > 0 ? INFINITY : 0;
}

static imp_status give_up(const struct paint *p)
{
    char why[200];
    memcpy(why, p->wrong_text, sizeof why);
    return imp_fail(p->err, IMP_E_FAILED,
                    "size %u x %u, step %u: %s, and half steps do not help; %s", p->w, p->h,
                    p->step + 1, why,
                    p->o->rule == KIT_PAINT_LBFGS
                        ? "start from a photo, or see that the weights of the network are finite"
                        : "a smaller `rate` may");
}

/* ---- L-BFGS ---- */

/* The first gradient is brought to length 1, so that the first step is of 1 / 255 on the average,
 * whatever the units of the loss. */
static imp_status set_factor(struct paint *p, float *work)
{
    double value;
    p->factor = 1;
    const imp_status st = kit_paint_evaluate(p, p->u, &value, work);
    if (st != IMP_OK)
        return st;
    if (p->wrong)
        return give_up(p);
    const double norm = sqrt(kit_dot(work, work, p->n));
    p->factor = norm > 0 ? 1 / norm : 1;
    return IMP_OK;
}

static imp_status quasi_newton(struct paint *p, void *state, float *work, bool *done)
{
    kit_lbfgs_info info;
    const kit_lbfgs_calls calls = {kit_paint_evaluate, kit_paint_ask,
                                   p->pyramid ? kit_paint_metric : NULL, p};
    const double factor = p->factor;
    imp_status st = factor > 0 ? IMP_OK : set_factor(p, work);
    memcpy(work, p->u, p->n * sizeof *work);
    if (st == IMP_OK)
        st = kit_lbfgs_step_with(state, p->u, EVALUATIONS, &calls, &info);
    if (st != IMP_OK) {
        p->factor = factor;
        return st;
    }
    if (!isfinite(info.value))
        return give_up(p);
    if (project(p))
        kit_lbfgs_moved(state);
    *done = info.stalled || (p->o->stop > 0 && change(p, work) < p->o->stop);
    return IMP_OK;
}

/* ---- descent ---- */

static double rate_at(double rate, uint32_t t)
{
    return t < 2 ? rate : rate * kit_pow(0.9, (t - 2) / 10);
}

static void descend_fmi(const struct paint *p, float *v, const float *g)
{
    const double lr = rate_at(p->o->rate, p->step + 1);
    for (size_t i = 0; i < p->n; i++) {
        const float clipped = g[i] > CLIP ? CLIP : g[i] < -CLIP ? -CLIP : g[i];
        v[i] = (float)(0.9 * (double)v[i] - lr * ((double)clipped + p->o->decay * (double)p->u[i]));
        p->u[i] += v[i];
    }
}

/* From u, or from half way back to where it came from when that is not finite. */
static imp_status evaluate_or_halve(struct paint *p, const float *before)
{
    double value;
    for (int k = 0; k <= HALVINGS; k++) {
        const imp_status st = kit_paint_evaluate(p, p->u, &value, p->gradient);
        if (st != IMP_OK || !p->wrong)
            return st;
        for (size_t i = 0; i < p->n && p->step; i++)
            p->u[i] = isfinite(p->u[i]) ? 0.5f * (p->u[i] + before[i]) : before[i];
        if (!p->step)
            break;
    }
    return give_up(p);
}

static imp_status descend(struct paint *p, void *state, bool *done)
{
    float *before = (float *)(void *)((char *)state + own_bytes(p->o, p->n));
    imp_status st = evaluate_or_halve(p, before);
    if (st != IMP_OK)
        return st;
    memcpy(before, p->u, p->n * sizeof *before);
    if (p->o->rule == KIT_PAINT_ADAM) {
        const kit_optimiser adam = adam_of(p->o);
        kit_optim_step(state, &adam, p->u, p->gradient);
    } else {
        descend_fmi(p, state, p->gradient);
    }
    project(p);
    *done = p->o->stop > 0 && change(p, before) < p->o->stop;
    return IMP_OK;
}

imp_status kit_paint_step(struct paint *p, void *state, float *work, bool *done)
{
    p->evaluations = 0;
    *done = false;
    const imp_status st = p->o->rule == KIT_PAINT_LBFGS ? quasi_newton(p, state, work, done)
                                                        : descend(p, state, done);
    if (st == IMP_OK)
        p->step++;
    return st;
}
