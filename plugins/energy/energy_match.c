/* energy_match.c - a photo repainted until a network's maps have the energies of a table:
 * purposeful reallocation, arXiv 1608.04170. */
#include "strokes.h"
#include <string.h>

enum { ORDER = EN_KEYS, CELLS };
enum { NET, CONTENT, TABLE, START, MASK };

static const imp_param params[] = {
    {.key = "layers",
     .type = IMP_NAMES,
     .def_text = "",
     .help = "Layers of the table to match. Empty: all that it has."},
    EN_STROKES,
    {.key = "order",
     .type = IMP_INT,
     .def = 1,
     .min = 1,
     .max = 2,
     .help = "1: means of maps alone. 2: mean squares too, closer to the style's contrasts."},
    {.key = "cells",
     .type = IMP_INT,
     .def = 1,
     .min = 1,
     .max = 16,
     .help = "The picture in cells x cells parts, each of which is to have the energies by itself, "
             "so that flat places "
             "take the style too; and its colours, whatever the photo has there. 1: the picture as "
             "a whole, as "
             "arXiv 1608.04170 has it."},
};
static const imp_port inputs[] = {
    EN_NET,
    EN_CONTENT_IN,
    {.name = "energy",
     .kind = IMP_TABLE,
     .help = "The wanted energies, of energy.measure or energy.blend."},
    EN_START_IN,
    EN_MASK_IN,
};
static const imp_port outputs[] = {EN_PAINTED};

static const imp_table *table_in(imp_job *job)
{
    return (const imp_table *)(const void *)job->inputs[TABLE];
}

/* Names of the layers: the key's, or the table's in the order of its rows. most: room. */
static uint64_t layers_of(const imp_table *t, const char **names, uint64_t most)
{
    uint64_t n = 0;
    for (uint64_t r = 0; r < t->row_count; r++) {
        const char *name = en_table_layer(t, r);
        bool known = !name;
        for (uint64_t i = 0; i < n && !known; i++)
            known = strcmp(names[i], name) == 0;
        if (!known && n < most)
            names[n++] = name;
    }
    return n;
}

static imp_status no_energy(const char *layer, imp_error *err)
{
    if (err)
        err->port = TABLE;
    return imp_fail(err, IMP_E_INPUT, "all energies of '%s' in the table are 0", layer);
}

static imp_status read_layer(struct en_strokes *s, struct en_layer *l, imp_job *job, imp_error *err)
{
    const imp_table *t = table_in(job);
    double all = 0;
    l->mean = job->scratch(job, l->maps * sizeof *l->mean);
    l->square = job->scratch(job, l->maps * sizeof *l->square);
    if (!l->mean || !l->square)
        return IMP_E_MEMORY;
    imp_status st = en_table_all(t, TABLE, "mean", l->name, l->maps, l->mean, err);
    if (st == IMP_OK && s->goal.order == 2)
        st = en_table_all(t, TABLE, "rms", l->name, l->maps, l->square, err);
    for (uint32_t c = 0; c < l->maps && st == IMP_OK; c++)
        all += l->mean[c] * l->mean[c], l->square[c] *= s->goal.order == 2 ? l->square[c] : 0;
    return st == IMP_OK && !(all > 0) ? no_energy(l->name, err) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *names = &job->params[EN_LAYERS];
    const imp_table *t = table_in(job);
    const char *own[64];
    char why[200];
    struct en_strokes s;
    if (en_table_check(t, "mean", why, sizeof why)) {
        if (err)
            err->port = TABLE;
        return imp_fail(err, IMP_E_INPUT, "%s", why);
    }
    const uint64_t count = names->w.count ? names->w.count : layers_of(t, own, 64);
    imp_status st = en_strokes_open(&s, instance, job, START, MASK,
                                    names->w.count ? names->w.ptr : own, count, err);
    s.goal.order = (uint32_t)job->params[ORDER].i, s.goal.cells = (uint32_t)job->params[CELLS].i;
    for (uint32_t i = 0; i < s.goal.layer_count && st == IMP_OK; i++)
        st = read_layer(&s, &s.goal.layers[i], job, err);
    if (st == IMP_OK)
        st = en_goal_open(&s.goal, err);
    if (st == IMP_OK)
        st = en_strokes_paint(&s, job, err);
    en_goal_close(&s.goal);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct en_net *self = instance;
    const imp_shape *in = plan->inputs[TABLE];
    const char *own[64];
    imp_cell names = self->as.params[EN_LAYERS];
    (void)err;
    en_plan_table(plan, TABLE, "mean");
    if (self->as.params[ORDER].i == 2)
        en_plan_table(plan, TABLE, "rms");
    if (!names.w.count && in && in->value && in->value->kind == IMP_TABLE) {
        names.w.ptr = own;
        names.w.count = layers_of((const imp_table *)(const void *)in->value, own, 64);
    }
    en_strokes_plan(self, plan, &names);
    return IMP_OK;
}

const imp_filter en_filter_match = {
    EN_FILTER,
    .id = "energy.match",
    .summary = "Repaint a photo until a network's maps have the energies of a style.",
    .help =
        "The style is a table: measured of a painting once for a folder of photos, edited by hand, "
        "or mixed of several. Energies of maps, not of pairs of maps, so what comes out is freer than "
        "what energy.gram makes. `losses` tells each step.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_net_create,
    .destroy = en_net_destroy,
    .process = process,
    .plan = plan,
};
