/* atlas_wake.c - a first picture for a map: what lies before its rectifier is brought to the level,
 * so that the gradient does not die where the map says 0. With P the map before the rectifier and L
 * the level, E = ||P_k - L||^2 / ||L||^2,   all other maps free. */
#include <stdlib.h>
#include <string.h>
#include "atlas.h"

struct wake {
    struct atlas *a;
    uint32_t node, map;
    double sum, norm;
    float *gradient;
};

bool atlas_before(const struct atlas *a, uint32_t *node)
{
    const imp_nn_model_1 *models = a->self->nn.model.table;
    imp_nn_node n = {.struct_size = sizeof n};
    if (models->node(a->self->nn.model.self, a->sight.model, a->node, &n, NULL) != IMP_OK ||
        strcmp(n.op, "relu") != 0 || n.input_count != 1)
        return false;
    *node = n.inputs[0];
    return true;
}

static imp_status code_of(const struct wake *w, imp_nn_run *run, imp_job *job, kit_code *c,
                          imp_error *err)
{
    const struct atlas *a = w->a;
    const imp_status st = kit_sight_code(&a->sight, run, w->node, job, c, err);
    return st != IMP_OK || (c->c == a->count && c->h == a->h && c->w == a->w)
               ? st
               : imp_fail(err, IMP_E_INTERNAL, "a rectifier changed the size of '%s'", a->layer);
}

static imp_status measure(void *user, imp_nn_run *run, const kit_part *part, imp_job *job,
                          imp_error *err) IMP_NX
{
    struct wake *w = user;
    const size_t places = (size_t)w->a->h * w->a->w;
    kit_code c;
    const imp_status st = code_of(w, run, job, &c, err);
    (void)part;
    w->sum = 0;
    for (size_t i = 0; i < places && st == IMP_OK; i++) {
        const double d = (double)c.data[w->map * places + i] - w->a->level[i];
        w->sum += d * d;
    }
    return st;
}

static imp_status judge(void *user, double *terms, imp_error *err) IMP_NX
{
    const struct wake *w = user;
    (void)err;
    terms[0] = w->sum / w->norm;
    return IMP_OK;
}

static imp_status seed(void *user, imp_nn_run *run, const kit_part *part, imp_job *job,
                       imp_error *err) IMP_NX
{
    struct wake *w = user;
    const struct atlas *a = w->a;
    const imp_nn_grad_1 *grads = a->self->nn.grad.table;
    const size_t places = (size_t)a->h * a->w;
    float *g = w->gradient + w->map * places;
    kit_code c;
    const imp_status st = code_of(w, run, job, &c, err);
    (void)part;
    if (st != IMP_OK)
        return st;
    for (size_t i = 0; i < places; i++)
        g[i] = (float)(2 / w->norm) * (c.data[w->map * places + i] - a->level[i]);
    const int64_t shape[] = {1, c.c, c.h, c.w};
    const imp_tensor t = {.head = {sizeof t, IMP_TENSOR},
                          .dtype = IMP_F32,
                          .ndim = 4,
                          .shape = shape,
                          .data = w->gradient};
    return grads->seed(a->self->nn.grad.self, run, w->node, &t, err);
}

imp_status atlas_wake(struct atlas *a, uint32_t node, uint32_t map, const kit_paint_options *o,
                      imp_image **out, imp_error *err)
{
    static const char *const names[] = {"before"};
    const size_t places = (size_t)a->h * a->w;
    struct wake w = {
        .a = a, .node = node, .map = map, .gradient = calloc(places * a->count, sizeof(float))};
    const kit_goal goal = {.user = &w,
                           .names = names,
                           .term_count = 1,
                           .measure = measure,
                           .judge = judge,
                           .seed = seed};
    kit_painting painting;
    if (!w.gradient)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a code of '%s'", a->layer);
    for (size_t i = 0; i < places; i++)
        w.norm += (double)a->level[i] * a->level[i];
    const imp_status st =
        kit_paint(&a->sight, o, &goal, NULL, a->width, a->height, a->job, &painting, err);
    free(w.gradient);
    if (st != IMP_OK)
        return st;
    *out = painting.picture;
    painting.picture = NULL;
    kit_painting_free(&painting);
    return IMP_OK;
}
