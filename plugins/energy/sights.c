/* sights.c - looking through networks. */
#include "sights.h"
#include <stdlib.h>
#include <string.h>

void en_net_destroy(void *instance) IMP_NX
{
    struct en_net *self = instance;
    if (self)
        kit_nn_close(&self->nn, self->host);
    free(self);
}

imp_status en_net_create(const imp_host *host, const imp_filter *filter, const imp_cell *params,
                         void **instance, imp_error *err) IMP_NX
{
    struct en_net *self = calloc(1, sizeof *self);
    if (!self)
        return imp_fail(err, IMP_E_MEMORY, "no memory for an instance");
    *self = (struct en_net){.as = {host, params, filter}, .host = host};
    const imp_status st =
        kit_nn_open(&self->nn, host, KIT_NN_MODEL | KIT_NN_GRAD, KIT_NN_EDIT, err);
    if (st == IMP_OK)
        *instance = self;
    else
        free(self);
    return st;
}

const kit_sight *en_plan_sight(imp_plan *plan, const struct en_net *self, int32_t param,
                               const imp_cell *layers, kit_sight *sight)
{
    imp_nn_model *model = kit_sight_planned(plan, 0);
    kit_error e;
    if (!model)
        return NULL;
    const bool fine = kit_sight_check(plan, &self->nn, model, param, layers);
    if (kit_sight_open(sight, &self->nn, model, kit_error_init(&e)) != IMP_OK) {
        plan->mistake(plan, -1, 0, NULL, e.text, NULL);
        return NULL;
    }
    return fine ? sight : NULL;
}

uint32_t en_deepest(const kit_sight *s, const imp_cell *layers)
{
    uint32_t deepest = 0, node;
    for (uint64_t i = 0; i < layers->w.count; i++)
        if (kit_sight_find(s, &layers->w.ptr[i], 1, &node, NULL) == IMP_OK && node > deepest)
            deepest = node;
    return deepest;
}

imp_status en_layer_moments(const kit_code *code, struct en_moments *m, imp_job *job,
                            imp_error *err)
{
    uint32_t bad = 0;
    double all = 0;
    const imp_status st = en_measure(code->data, code->c, (size_t)code->h * code->w, m, &bad, job);
    if (st != IMP_OK)
        return st == IMP_E_INPUT
                   ? imp_fail(err, st, "map %u of '%s' has a value that is not finite", bad,
                              code->layer)
                   : st;
    for (uint32_t c = 0; c < code->c; c++)
        all += m[c].square;
    return all > 0
               ? IMP_OK
               : imp_fail(err, IMP_E_INPUT,
                          "layer '%s' answers to this picture with nothing but zeros: it has no "
                          "energies to measure",
                          code->layer);
}

/* Do the numbers that are not 0 reach both ends of a row, or of a column? */
static bool spans(const float *g, uint32_t channels, uint32_t w, uint32_t h)
{
    bool left = false, right = false, top = false, bottom = false;
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++) {
                if (g[((size_t)c * h + y) * w + x] == 0)
                    continue;
                left |= x == 0, right |= x == w - 1, top |= y == 0, bottom |= y == h - 1;
            }
    return (left && right) || (top && bottom);
}

imp_status en_sees_all(const kit_sight *s, imp_nn_run *run, uint32_t node, uint32_t w, uint32_t h,
                       float *seeds, imp_job *job, bool *all, imp_error *err)
{
    const imp_nn_grad_1 *grad = s->nn->grad.table;
    void *self = s->nn->grad.self;
    kit_code code;
    imp_status st = kit_sight_code(s, run, node, job, &code, err);
    if (st != IMP_OK)
        return st;
    const size_t places = (size_t)code.h * code.w;
    const int64_t shape[] = {1, code.c, code.h, code.w};
    const imp_tensor seed = {.head = {sizeof seed, IMP_TENSOR},
                             .dtype = IMP_F32,
                             .ndim = 4,
                             .shape = shape,
                             .data = seeds};
    imp_tensor view = {.head = {sizeof view, IMP_TENSOR}};
    memset(seeds, 0, places * code.c * sizeof *seeds);
    for (uint32_t c = 0; c < code.c; c++)
        seeds[c * places + (size_t)(code.h / 2) * code.w + code.w / 2] = 1 + 0.1f * (float)(c % 7);
    st = grad->seed(self, run, node, &seed, err);
    if (st == IMP_OK)
        st = grad->backward(self, run, 1, &s->input, job, err);
    if (st == IMP_OK)
        st = grad->gradient(self, run, s->input, &view, err);
    if (st == IMP_OK)
        *all = view.data && !view.strides && spans(view.data, s->channels, w, h);
    return st;
}
