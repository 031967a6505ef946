/* inv_goal.c - what an inversion makes small: distances of layers' codes to given ones.
 *
 *   relative   E = sum_l w_l ||F_l - T_l||^2 / ||T_l||^2      dE/dF = 2 w_l (F - T) / ||T_l||^2
 *   fmi        E = sum_l w_l/2 s^2 ||F_l - T_l||^2            dE/dF = w_l s^2 (F - T)
 *
 * The first does not depend on the network's scale nor on the picture's size; the second is the
 * rule of the authors' program. */
#include "inverter.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- smaller sizes ---- */

void inv_line(const float *f, const float *t, size_t n, double line[2])
{
    double sf = 0, st = 0, ff = 0, ft = 0;
    for (size_t i = 0; i < n; i++) {
        sf += f[i], st += t[i];
        ff += (double)f[i] * f[i], ft += (double)f[i] * t[i];
    }
    const double count = (double)n, spread = ff - sf * sf / count;
    line[0] = spread > 1e-12 * ff ? (ft - sf * st / count) / spread : 0;
    line[1] = (st - line[0] * sf) / count;
}

static imp_status look(const struct inv_goal *g, imp_nn_run *run, uint32_t w, uint32_t h,
                       imp_job *job, imp_error *err)
{
    uint32_t tw, th;
    kit_sight_size(g->sight, w, h, &tw, &th);
    return kit_sight_look(g->sight, run, g->photo, tw, th, job, err);
}

imp_status inv_goal_fit(struct inv_goal *g, struct inv_term *terms, imp_job *job, imp_error *err)
{
    const imp_nn_model_1 *models = g->sight->nn->model.table;
    void *self = g->sight->nn->model.self;
    imp_nn_run *run = NULL;
    imp_status st = models->run_new(self, g->sight->model, 0, &run, err);
    if (st == IMP_OK)
        st = look(g, run, g->width, g->height, job, err);
    for (uint32_t i = 0; i < g->count && st == IMP_OK; i++) {
        const kit_code *t = &terms[i].target;
        const size_t places = (size_t)t->h * t->w;
        kit_code f;
        if ((st = kit_sight_code(g->sight, run, terms[i].node, job, &f, err)) != IMP_OK)
            break;
        if (f.c != t->c || f.h != t->h || f.w != t->w)
            st = imp_fail(
                err, IMP_E_INPUT,
                "the photo has a code of %u x %u x %u at layer '%s', the given one is %u x "
                "%u x %u: for scales both must be of the same picture size",
                f.c, f.h, f.w, t->layer, t->c, t->h, t->w);
        else if (!(terms[i].line = malloc((size_t)t->c * 2 * sizeof(double))))
            st = imp_fail(err, IMP_E_MEMORY, "no memory for a code of layer '%s'", t->layer);
        for (uint32_t c = 0; c < t->c && st == IMP_OK; c++)
            inv_line(f.data + c * places, t->data + c * places, places, terms[i].line + 2 * c);
    }
    if (run)
        models->run_free(self, run, NULL);
    return st;
}

/* The photo's code at this size, each map brought to the target's by its line. */
static imp_status make_target(struct inv_goal *g, uint32_t i, imp_nn_run *run, imp_job *job,
                              imp_error *err)
{
    const struct inv_term *term = &g->terms[i];
    kit_code f;
    const imp_status st = kit_sight_code(g->sight, run, term->node, job, &f, err);
    if (st != IMP_OK)
        return st;
    const size_t places = (size_t)f.h * f.w;
    if (!(g->targets[i] = malloc(f.c * places * sizeof(float))))
        return imp_fail(err, IMP_E_MEMORY, "no memory for a code of layer '%s'",
                        term->target.layer);
    for (uint32_t c = 0; c < f.c; c++)
        for (size_t p = c * places; p < (c + 1) * places; p++)
            g->targets[i][p] = (float)(term->line[2 * c] * f.data[p] + term->line[2 * c + 1]);
    return IMP_OK;
}

static void forget(struct inv_goal *g)
{
    for (uint32_t i = 0; i < g->count && g->targets; i++) {
        free(g->targets[i]);
        g->targets[i] = NULL;
    }
}

static double norm_of(const float *t, uint32_t c, size_t places)
{
    double sum = 0;
    for (size_t i = 0; i < c * places; i++)
        sum += (double)t[i] * t[i];
    return sum;
}

static imp_status begin(void *user, imp_nn_run *run, uint32_t width, uint32_t height, imp_job *job,
                        imp_error *err) IMP_NX
{
    struct inv_goal *g = user;
    const bool own = width == g->width && height == g->height;
    if (!own && (!g->photo || !g->terms[0].line))
        return imp_fail(err, IMP_E_INPUT,
                        "the network takes pictures of %u x %u, the codes are of %u x %u", width,
                        height, g->width, g->height);
    imp_status st = own ? IMP_OK : look(g, run, width, height, job, err);
    forget(g);
    for (uint32_t i = 0; i < g->count && st == IMP_OK; i++) {
        const kit_code *t = &g->terms[i].target;
        if (own) {
            g->norms[i] = norm_of(t->data, t->c, (size_t)t->h * t->w);
            continue;
        }
        kit_code f;
        st = make_target(g, i, run, job, err);
        if (st == IMP_OK)
            st = kit_sight_code(g->sight, run, g->terms[i].node, job, &f, err);
        if (st == IMP_OK)
            g->norms[i] = norm_of(g->targets[i], f.c, (size_t)f.h * f.w);
    }
    return st;
}

/* ---- the distances ---- */

struct piece { /* of one code, for all threads */
    const float *f, *t;
    float *gradient; /* NULL: only sums are wanted */
    double *sums;    /* by map */
    size_t places;
    double factor;
};

static void add_map(void *user, uint32_t c) IMP_NX
{
    const struct piece *p = user;
    const float *f = p->f + c * p->places, *t = p->t + c * p->places;
    double sum = 0;
    if (p->gradient) {
        float *g = p->gradient + c * p->places;
        const float factor = (float)p->factor;
        for (size_t i = 0; i < p->places; i++)
            g[i] = factor * (f[i] - t[i]);
        return;
    }
    for (size_t i = 0; i < p->places; i++) {
        const double d = (double)f[i] - t[i];
        sum += d * d;
    }
    p->sums[c] = sum;
}

/* Of the layer's value now; its target. */
static imp_status both(const struct inv_goal *g, uint32_t i, imp_nn_run *run, imp_job *job,
                       kit_code *f, const float **target, imp_error *err)
{
    const struct inv_term *term = &g->terms[i];
    const imp_status st = kit_sight_code(g->sight, run, term->node, job, f, err);
    *target = g->targets[i] ? g->targets[i] : term->target.data;
    if (st != IMP_OK || g->targets[i])
        return st;
    const kit_code *t = &term->target;
    return f->c == t->c && f->h == t->h && f->w == t->w
               ? IMP_OK
               : imp_fail(
                     err, IMP_E_INPUT,
                     "a picture of %u x %u has a code of %u x %u x %u at layer '%s', the given one "
                     "is %u x %u x %u: set size to what it was made from",
                     g->width, g->height, f->c, f->h, f->w, t->layer, t->c, t->h, t->w);
}

static imp_status measure(void *user, imp_nn_run *run, const kit_part *part, imp_job *job,
                          imp_error *err) IMP_NX
{
    struct inv_goal *g = user;
    imp_status st = IMP_OK;
    if (part->count != 1)
        return imp_fail(err, IMP_E_INTERNAL, "an inversion by tiles");
    for (uint32_t i = g->count; i-- > 0 && st == IMP_OK;) { /* the deepest first: one way forward */
        const float *target;
        kit_code f;
        if ((st = both(g, i, run, job, &f, &target, err)) != IMP_OK)
            break;
        double *sums = malloc(f.c * sizeof *sums);
        if (!sums)
            return imp_fail(err, IMP_E_MEMORY, "no memory for sums of a layer");
        struct piece p = {f.data, target, NULL, sums, (size_t)f.h * f.w, 0};
        st = kit_parallel(job, f.c, add_map, &p);
        g->sums[i] = 0;
        for (uint32_t c = 0; c < f.c; c++)
            g->sums[i] += sums[c];
        free(sums);
    }
    return st;
}

/* What half of the squared distance is multiplied by. */
static double factor_of(const struct inv_goal *g, uint32_t i)
{
    return g->fmi ? g->terms[i].weight * g->scale * g->scale : 2 * g->terms[i].weight / g->norms[i];
}

static imp_status judge(void *user, double *terms, imp_error *err) IMP_NX
{
    const struct inv_goal *g = user;
    (void)err;
    for (uint32_t i = 0; i < g->count; i++)
        terms[i] = 0.5 * factor_of(g, i) * g->sums[i];
    return IMP_OK;
}

/* Axes of a layer's value: a vector has two. */
static uint32_t rank_of(const struct inv_goal *g, uint32_t node)
{
    const imp_nn_model_1 *models = g->sight->nn->model.table;
    imp_nn_node n = {.struct_size = sizeof n};
    return models->node(g->sight->nn->model.self, g->sight->model, node, &n, NULL) == IMP_OK &&
                   n.ndim == 2
               ? 2
               : 4;
}

static imp_status seed(void *user, imp_nn_run *run, const kit_part *part, imp_job *job,
                       imp_error *err) IMP_NX
{
    struct inv_goal *g = user;
    const imp_nn_grad_1 *grads = g->sight->nn->grad.table;
    imp_status st = IMP_OK;
    (void)part;
    for (uint32_t i = 0; i < g->count && st == IMP_OK; i++) {
        const float *target;
        kit_code f;
        if ((st = both(g, i, run, job, &f, &target, err)) != IMP_OK)
            break;
        const size_t places = (size_t)f.h * f.w;
        if (f.c * places > g->room) {
            free(g->gradient);
            g->room = f.c * places;
            if (!(g->gradient = malloc(g->room * sizeof(float)))) {
                g->room = 0;
                return imp_fail(err, IMP_E_MEMORY, "no memory for the gradient of layer '%s'",
                                g->terms[i].target.layer);
            }
        }
        struct piece p = {f.data, target, g->gradient, NULL, places, factor_of(g, i)};
        st = kit_parallel(job, f.c, add_map, &p);
        const int64_t shape[] = {1, f.c, f.h, f.w};
        const imp_tensor t = {.head = {sizeof t, IMP_TENSOR},
                              .dtype = IMP_F32,
                              .ndim = rank_of(g, g->terms[i].node),
                              .shape = shape,
                              .data = g->gradient};
        if (st == IMP_OK)
            st = grads->seed(g->sight->nn->grad.self, run, g->terms[i].node, &t, err);
    }
    return st;
}

/* ---- begin and end ---- */

imp_status inv_goal_init(struct inv_goal *g, imp_error *err)
{
    g->targets = calloc(g->count, sizeof *g->targets);
    g->norms = calloc(g->count, sizeof *g->norms);
    g->sums = calloc(g->count, sizeof *g->sums);
    g->names = calloc(g->count, sizeof *g->names);
    if (!g->targets || !g->norms || !g->sums || !g->names)
        return imp_fail(err, IMP_E_MEMORY, "no memory for %u codes", g->count);
    for (uint32_t i = 0; i < g->count; i++) {
        const kit_code *t = &g->terms[i].target;
        g->names[i] = t->layer;
        g->norms[i] = norm_of(t->data, t->c, (size_t)t->h * t->w);
        if (!(g->norms[i] > 0))
            return imp_fail(
                err, IMP_E_INPUT,
                "the code of layer '%s' is 0 everywhere: no picture can be told from it", t->layer);
    }
    return IMP_OK;
}

void inv_goal_fini(struct inv_goal *g)
{
    forget(g);
    free(g->targets);
    free(g->norms);
    free(g->sums);
    free(g->names);
    free(g->gradient);
}

kit_goal inv_goal_as(struct inv_goal *g)
{
    return (kit_goal){.user = g,
                      .names = g->names,
                      .term_count = g->count,
                      .begin = begin,
                      .measure = measure,
                      .judge = judge,
                      .seed = seed};
}
