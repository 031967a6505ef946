/* atlas_measure.c - what a layer says of the pictures that an atlas is given: energies of its maps,
 * means over the pictures, and how much of all of it one map is to be given. */
#include "atlas.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static imp_status room(struct atlas *a, const kit_code *c, imp_error *err)
{
    a->count = c->c;
    a->natural = calloc(c->c, sizeof *a->natural);
    a->means = calloc(c->c, sizeof *a->means);
    a->code_means = calloc(c->c, sizeof *a->code_means);
    a->maps = calloc(c->c, sizeof *a->maps);
    a->gram = calloc((size_t)c->c * c->c * 2 + c->c, sizeof *a->gram);
    return a->natural && a->means && a->code_means && a->maps && a->gram
               ? IMP_OK
               : imp_fail(err, IMP_E_MEMORY, "no memory for %u maps", c->c);
}

static void add(struct atlas *a, const kit_code *c, double pictures)
{
    const size_t places = (size_t)c->h * c->w;
    for (uint32_t i = 0; i < c->c; i++) {
        struct inv_map m, *n = &a->natural[i];
        inv_map_of(c->data + i * places, places, &m);
        n->mean += m.mean / pictures;
        n->rms += m.rms * m.rms / pictures; /* the root at the end */
        n->zeros += m.zeros / pictures;
        n->max = m.max > n->max ? m.max : n->max;
    }
}

/* The first picture at the textures' size: the sum of all maps at each place; flat: its mean. */
static imp_status set_level(struct atlas *a, imp_nn_run *run, const imp_image *picture,
                            imp_error *err)
{
    kit_code c;
    imp_status st = kit_sight_look(&a->sight, run, picture, a->width, a->height, a->job, err);
    if (st == IMP_OK)
        st = kit_sight_code(&a->sight, run, a->node, a->job, &c, err);
    if (st != IMP_OK)
        return st;
    const size_t places = (size_t)c.h * c.w;
    a->h = c.h, a->w = c.w;
    a->level = calloc(places, sizeof *a->level);
    a->target = calloc(places * c.c, sizeof *a->target);
    if (!a->level || !a->target)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a code of %u maps", c.c);
    double sum = 0, all = 0;
    for (size_t p = 0; p < places; p++) {
        double here = 0;
        for (uint32_t i = 0; i < c.c; i++)
            here += c.data[i * places + p];
        a->level[p] = (float)here;
        sum += here;
    }
    for (uint32_t i = 0; i < c.c; i++)
        all += a->means[i];
    for (size_t p = 0; p < places && a->p[ATLAS_TARGET].i == 0; p++)
        a->level[p] = (float)all;
    return all > 0 && (a->p[ATLAS_TARGET].i == 0 || sum > 0)
               ? IMP_OK
               : imp_fail(err, IMP_E_INPUT, "layer '%s' says nothing but 0 of the pictures given",
                          a->layer);
}

imp_status atlas_measure(struct atlas *a, const imp_value *const *pictures, uint32_t count,
                         imp_error *err)
{
    const imp_nn_model_1 *models = a->self->nn.model.table;
    imp_nn_run *run = NULL;
    imp_status st = models->run_new(a->self->nn.model.self, a->sight.model, 0, &run, err);
    for (uint32_t i = 0; i < count && st == IMP_OK; i++) {
        const imp_image *m = (const imp_image *)(const void *)pictures[i];
        uint32_t w, h;
        kit_code c;
        kit_sight_shrink(m->width, m->height, (uint32_t)a->p[ATLAS_LOOK].i, &w, &h);
        kit_sight_size(&a->sight, w, h, &w, &h);
        st = kit_sight_look(&a->sight, run, m, w, h, a->job, err);
        if (st == IMP_OK)
            st = kit_sight_code(&a->sight, run, a->node, a->job, &c, err);
        if (st == IMP_OK && !i)
            st = room(a, &c, err);
        if (st == IMP_OK)
            add(a, &c, count);
    }
    for (uint32_t i = 0; i < a->count && st == IMP_OK; i++) {
        a->natural[i].rms = sqrt(a->natural[i].rms);
        a->means[i] = a->natural[i].mean;
    }
    if (st == IMP_OK)
        st = set_level(a, run, (const imp_image *)(const void *)pictures[0], err);
    if (run)
        models->run_free(a->self->nn.model.self, run, NULL);
    return st;
}
