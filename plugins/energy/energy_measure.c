/* energy_measure.c - how the energy of layers is shared out over their maps for pictures. */
#include "sights.h"
#include <math.h>
#include <string.h>

enum { LAYERS, LONG_EDGE, STYLE_SCALE, EACH, MARGIN };
enum { NET, PICTURES };
enum { SMALL = 256 /* px; pictures with a shorter side are looked at for what a place sees */ };

static const imp_param params[] = {
    {.key = "layers",
     .type = IMP_NAMES,
     .def_text = "relu1_1 relu2_1 relu3_1",
     .help = "Names of layers. `impasto model info FILE` lists them."},
    {.key = "long_edge",
     .unit = "px",
     .type = IMP_INT,
     .def = 512,
     .min = 0,
     .max = 65535,
     .help = "Larger pictures are looked at so large; 0: as they are. Strokes and grain count in "
             "pixels: take the size at which the style is to be painted."},
    {.key = "style_scale",
     .type = IMP_FLOAT,
     .def = 1,
     .min = 0.05,
     .max = 8,
     .help =
         "Times that size: 0.5 makes what is seen of the style half as large against the photo."},
    {.key = "each",
     .type = IMP_BOOL,
     .help =
         "no: one table, the mean over all pictures. yes: rows for each, with a column picture."},
    {.key = "margin",
     .unit = "px",
     .type = IMP_INT,
     .def = EN_MARGIN,
     .min = 0,
     .max = 64,
     .help =
         "Mirrored border around what is looked at, as energy.match paints with, since the zeros "
         "with which networks pad leave a rim. 0: none, as in the program behind compat = fmi."},
};
static const imp_port inputs[] = {
    EN_NET,
    {.name = "in", EN_PICTURE, .flags = IMP_PORT_MANY, .help = "Pictures, of any size."},
};
static const imp_port outputs[] = {
    {.name = "table",
     .kind = IMP_TABLE,
     .help =
         "A row for each map: layer, map, mean, rms, share of the layer's means, share of zeros, "
         "max, dead."},
};

struct work {
    const struct en_net *self;
    imp_job *job;
    kit_sight sight;
    const imp_cell *names;
    uint32_t *nodes;
    struct en_moments **moments; /* by layer, of one picture */
    struct en_energy **energies; /* by layer; sums over pictures */
    uint32_t *maps;
};

/* ---- one picture ---- */

static void size_of(const kit_sight *s, const imp_cell *p, uint32_t width, uint32_t height,
                    uint32_t *w, uint32_t *h)
{
    kit_sight_shrink(width, height, (uint32_t)p[LONG_EDGE].i, w, h);
    *w = (uint32_t)fmax(1, floor(*w * p[STYLE_SCALE].f + 0.5));
    *h = (uint32_t)fmax(1, floor(*h * p[STYLE_SCALE].f + 0.5));
    kit_sight_size(s, *w, *h, w, h);
}

static imp_status room_for(struct work *t, uint32_t i, uint32_t maps)
{
    if (t->moments[i])
        return IMP_OK;
    t->maps[i] = maps;
    t->moments[i] = t->job->scratch(t->job, maps * sizeof **t->moments);
    t->energies[i] = t->job->scratch(t->job, maps * sizeof **t->energies);
    if (!t->moments[i] || !t->energies[i])
        return IMP_E_MEMORY;
    memset(t->energies[i], 0, maps * sizeof **t->energies);
    return IMP_OK;
}

static imp_status add_layer(struct work *t, imp_nn_run *run, uint32_t i, uint64_t *most,
                            imp_error *err)
{
    kit_code code;
    imp_status st = kit_sight_code(&t->sight, run, t->nodes[i], t->job, &code, err);
    if (st == IMP_OK)
        st = room_for(t, i, code.c);
    if (st == IMP_OK)
        st = en_layer_moments(&code, t->moments[i], t->job, err);
    for (uint32_t c = 0; c < t->maps[i] && st == IMP_OK; c++) {
        struct en_energy *e = &t->energies[i][c];
        const struct en_moments *m = &t->moments[i][c];
        e->mean += m->mean, e->rms += m->square, e->zeros += m->zeros;
        e->max = m->high > e->max ? m->high : e->max;
    }
    const uint64_t n = st == IMP_OK ? (uint64_t)code.c * code.h * code.w : 0;
    *most = n > *most ? n : *most;
    return st;
}

/* Warns of layers whose places see more than a small picture. */
static imp_status warn_small(const struct work *t, imp_nn_run *run, uint32_t w, uint32_t h,
                             uint64_t most, const char *label, imp_error *err)
{
    const uint32_t margin = 2 * kit_sight_margin(&t->sight, w, h);
    float *seeds = t->job->scratch(t->job, most * sizeof *seeds);
    char list[200] = "";
    size_t used = 0;
    if (!seeds)
        return IMP_E_MEMORY;
    for (uint64_t i = 0; i < t->names->w.count; i++) {
        bool all = false;
        const imp_status st =
            en_sees_all(&t->sight, run, t->nodes[i], w, h, seeds, t->job, &all, err);
        if (st != IMP_OK)
            return st;
        if (all && used + 1 < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, " %s", t->names->w.ptr[i]);
    }
    if (used)
        en_log(
            &t->self->as, IMP_LOG_WARNING,
            "picture '%s' is looked at as %u x %u px, smaller than what a place of%s sees: their "
            "energies are those of its borders too; a larger picture or shallower layers are "
            "better",
            label, w - margin, h - margin, list);
    return IMP_OK;
}

static imp_status add_picture(struct work *t, imp_nn_run *run, uint32_t k, imp_error *err)
{
    const imp_image *in = imp_image_in(t->job, k);
    uint32_t w, h;
    uint64_t most = 0;
    char label[300];
    size_of(&t->sight, t->job->params, in->width, in->height, &w, &h);
    imp_status st = kit_sight_look(&t->sight, run, in, w, h, t->job, err);
    for (uint32_t i = 0; i < t->names->w.count && st == IMP_OK; i++)
        st = add_layer(t, run, i, &most, err);
    if (st == IMP_OK && (w < SMALL || h < SMALL))
        st =
            warn_small(t, run, w, h, most, en_label(t->job, PICTURES, k, label, sizeof label), err);
    if (st == IMP_E_INPUT && err)
        err->port = PICTURES;
    return st;
}

/* ---- the table ---- */

/* Rows of what was added up over n pictures; the sums are empty again. */
static imp_status write_rows(struct work *t, imp_table *table, const char *picture, uint32_t n)
{
    imp_status st = IMP_OK;
    for (uint32_t i = 0; i < t->names->w.count && st == IMP_OK; i++) {
        for (uint32_t c = 0; c < t->maps[i]; c++) {
            struct en_energy *e = &t->energies[i][c];
            e->mean /= n, e->rms = sqrt(e->rms / n), e->zeros /= n;
        }
        st = en_table_add(t->job, table, picture, t->names->w.ptr[i], t->maps[i], t->energies[i]);
        memset(t->energies[i], 0, t->maps[i] * sizeof **t->energies);
    }
    return st;
}

static imp_status measure_all(struct work *t, imp_nn_run *run, imp_error *err)
{
    const bool each = t->job->params[EACH].i;
    const uint32_t n = t->job->input_count - PICTURES;
    char label[300];
    imp_table *table = en_table_new(t->job, each);
    imp_status st = table ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t k = 0; k < n && st == IMP_OK; k++) {
        st = t->job->progress(t->job, (double)k / n, NULL);
        if (st == IMP_OK)
            st = add_picture(t, run, k + PICTURES, err);
        if (st == IMP_OK && each)
            st = write_rows(t, table, en_label(t->job, PICTURES, k + PICTURES, label, sizeof label),
                            1);
    }
    if (st == IMP_OK && !each)
        st = write_rows(t, table, NULL, n);
    return st == IMP_OK ? t->job->set_output(t->job, 0, &table->head) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const struct en_net *self = instance;
    const imp_nn_model_1 *model = self->nn.model.table;
    const uint64_t n = job->params[LAYERS].w.count;
    struct work t = {.self = self, .job = job, .names = &job->params[LAYERS]};
    imp_nn_run *run = NULL;
    if (!n)
        return imp_fail(err, IMP_E_PARAM, "no layers to measure");
    t.nodes = job->scratch(job, n * sizeof *t.nodes);
    t.maps = job->scratch(job, n * sizeof *t.maps);
    t.moments = job->scratch(job, n * sizeof *t.moments);
    t.energies = job->scratch(job, n * sizeof *t.energies);
    if (!t.nodes || !t.maps || !t.moments || !t.energies)
        return IMP_E_MEMORY;
    memset(t.moments, 0, n * sizeof *t.moments);
    imp_status st = kit_sight_open(&t.sight, &self->nn, kit_sight_model(job->inputs[NET]), err);
    t.sight.margin = (uint32_t)job->params[MARGIN].i;
    if (st == IMP_OK)
        st = kit_sight_find(&t.sight, t.names->w.ptr, n, t.nodes, err);
    if (st == IMP_OK)
        st = model->run_new(self->nn.model.self, t.sight.model, 0, &run, err);
    if (st != IMP_OK)
        return st;
    st = measure_all(&t, run, err);
    model->run_free(self->nn.model.self, run, NULL);
    return st;
}

/* ---- before the run ---- */

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct en_net *self = instance;
    const imp_cell *p = self->as.params;
    kit_sight sight;
    (void)err;
    if (!p[LAYERS].w.count)
        plan->mistake(plan, LAYERS, -1, NULL, "at least one layer is wanted", NULL);
    if (!en_plan_sight(plan, self, LAYERS, &p[LAYERS], &sight) || !p[LAYERS].w.count)
        return IMP_OK;
    sight.margin = (uint32_t)p[MARGIN].i;
    for (uint32_t i = PICTURES; i < plan->input_count; i++) {
        const imp_shape *in = plan->inputs[i];
        uint32_t w, h;
        if (!in || !in->width || !in->height)
            continue;
        size_of(&sight, p, in->width, in->height, &w, &h);
        const uint64_t bytes = kit_sight_bytes(&sight, en_deepest(&sight, &p[LAYERS]), w, h, 0);
        plan->bytes = bytes > plan->bytes ? bytes : plan->bytes;
        plan->macs += kit_sight_macs(&sight, w, h);
    }
    plan->least_bytes = plan->bytes;
    return IMP_OK;
}

const imp_filter en_filter_measure = {
    EN_FILTER,
    .id = "energy.measure",
    .summary = "Measure how a network's energy is shared out over its maps for pictures.",
    .help =
        "A painting's table is its style: what energy.match, energy.moments, energy.direct and "
        "energy.table give to photos. Save it (save.table), edit it, mix it (energy.blend), take "
        "it apart (energy.explain).",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .create = en_net_create,
    .destroy = en_net_destroy,
    .process = process,
    .plan = plan,
};
