/* atlas_compare.c - how unlike pictures are to a layer: distances of their Gram matrices. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "inv_stats.h"
#include "inverter.h"

enum { LAYER, LOOK };
enum { NET, PICTURES };

static const imp_param params[] = {
    {.key = "layer",
     .type = IMP_NAMES,
     .flags = IMP_PARAM_REQUIRED,
     .help = "The layer that looks: `relu3_1`."},
    {.key = "look",
     .unit = "px",
     .type = IMP_INT,
     .def = 512,
     .min = 32,
     .max = 8192,
     .help = "Pictures are shrunk to this long side first."},
};
static const imp_port inputs[] = {
    INV_NET,
    {.name = "pictures", INV_PICTURE, .flags = IMP_PORT_MANY, .help = "Two pictures or more."},
};
static const imp_port outputs[] = {
    {.name = "table",
     .kind = IMP_TABLE,
     .help = "a, b, name_a, name_b, distance: every ordered pair, ||G_a - G_b|| / ||G_b||; 0: the "
             "same texture."},
};

struct compare {
    const struct inv_self *self;
    imp_job *job;
    kit_sight sight;
    uint32_t node, count, c;
    float *grams;  /* by picture, c x c: the lower half */
    double *norms; /* squares */
};

static imp_status keep(struct compare *k, uint32_t i, const kit_code *code, double *work,
                       imp_error *err)
{
    const size_t size = (size_t)code->c * code->c;
    if (!i)
        k->c = code->c;
    if (!i && !(k->grams = calloc(kit_bytes(size, k->count), sizeof *k->grams)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for %u Gram matrices of %u maps", k->count,
                        k->c);
    inv_gram(code->data, code->c, code->h, code->w, work);
    for (size_t n = 0; n < size; n++)
        k->grams[i * size + n] = (float)work[n];
    k->norms[i] = inv_gram_square(work, code->c);
    return IMP_OK;
}

static imp_status look_at(struct compare *k, imp_error *err)
{
    const imp_nn_model_1 *models = k->self->nn.model.table;
    imp_nn_run *run = NULL;
    double *work = NULL;
    imp_status st = models->run_new(k->self->nn.model.self, k->sight.model, 0, &run, err);
    for (uint32_t i = 0; i < k->count && st == IMP_OK; i++) {
        const imp_image *m = imp_image_in(k->job, PICTURES + i);
        uint32_t w, h;
        kit_code code;
        kit_sight_shrink(m->width, m->height, (uint32_t)k->job->params[LOOK].i, &w, &h);
        kit_sight_size(&k->sight, w, h, &w, &h);
        st = kit_sight_look(&k->sight, run, m, w, h, k->job, err);
        if (st == IMP_OK)
            st = kit_sight_code(&k->sight, run, k->node, k->job, &code, err);
        if (st == IMP_OK && !work && !(work = calloc((size_t)code.c * (code.c + 1u), sizeof *work)))
            st = imp_fail(err, IMP_E_MEMORY, "no memory for a Gram matrix of %u maps", code.c);
        if (st == IMP_OK)
            st = keep(k, i, &code, work, err);
        if (st == IMP_OK)
            st = k->job->progress(k->job, (i + 1.0) / k->count, "looking");
    }
    if (run)
        models->run_free(k->self->nn.model.self, run, NULL);
    free(work);
    return st;
}

/* ||G_a - G_b||, of lower halves. */
static double distance(const struct compare *k, uint32_t a, uint32_t b)
{
    const float *p = k->grams + (size_t)a * k->c * k->c, *q = k->grams + (size_t)b * k->c * k->c;
    double sum = 0;
    for (uint32_t i = 0; i < k->c; i++)
        for (uint32_t j = 0; j <= i; j++) {
            const double d = (double)p[(size_t)i * k->c + j] - (double)q[(size_t)i * k->c + j];
            sum += (i == j ? 1 : 2) * d * d;
        }
    return sqrt(sum);
}

static imp_cell text_of(const char *s)
{
    return (imp_cell){.s = {s ? s : "", s ? strlen(s) : 0}};
}

static imp_status tell(const struct compare *k)
{
    static const imp_column columns[] = {{"a", NULL, IMP_INT, 0},
                                         {"b", NULL, IMP_INT, 0},
                                         {"name_a", NULL, IMP_TEXT, 0},
                                         {"name_b", NULL, IMP_TEXT, 0},
                                         {"distance", NULL, IMP_FLOAT, 0}};
    imp_table *t = k->job->new_table(k->job, sizeof columns / sizeof *columns, columns);
    imp_status st = t ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t a = 0; a < k->count && st == IMP_OK; a++)
        for (uint32_t b = 0; b < k->count && st == IMP_OK; b++) {
            const char *const *labels = k->job->labels;
            const imp_cell cells[] = {{.i = a},
                                      {.i = b},
                                      text_of(labels ? labels[PICTURES + a] : NULL),
                                      text_of(labels ? labels[PICTURES + b] : NULL),
                                      {.f = distance(k, a, b) / sqrt(k->norms[b])}};
            if (a != b)
                st = k->job->add_row(k->job, t, cells);
        }
    return st == IMP_OK ? k->job->set_output(k->job, 0, &t->head) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct compare k = {.self = instance,
                        .job = job,
                        .count = job->input_count > PICTURES ? job->input_count - PICTURES : 0};
    const imp_cell *layer = &job->params[LAYER];
    if (k.count < 2)
        return imp_fail(err, IMP_E_INPUT, "two pictures or more are compared, here is %u", k.count);
    if (layer->w.count != 1)
        return kit_blame(err, LAYER, -1, imp_fail(err, IMP_E_PARAM, "layer wants one name"));
    imp_status st = kit_sight_open(&k.sight, &k.self->nn, kit_sight_model(job->inputs[NET]), err);
    if (st == IMP_OK)
        st = kit_blame(err, LAYER, -1, kit_sight_find(&k.sight, layer->w.ptr, 1, &k.node, err));
    if (st == IMP_OK && !(k.norms = calloc(k.count, sizeof *k.norms)))
        st = IMP_E_MEMORY;
    if (st == IMP_OK)
        st = look_at(&k, err);
    for (uint32_t i = 0; i < k.count && st == IMP_OK; i++)
        if (!(k.norms[i] > 0))
            st =
                imp_fail(err, IMP_E_INPUT, "layer '%s' says 0 of picture %u: it cannot be compared",
                         layer->w.ptr[0], i + 1);
    if (st == IMP_OK)
        st = tell(&k);
    free(k.grams);
    free(k.norms);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct inv_self *self = instance;
    imp_nn_model *model = kit_sight_planned(plan, NET);
    kit_error e;
    kit_sight sight;
    (void)err;
    if (model && kit_sight_check(plan, &self->nn, model, LAYER, &self->params[LAYER]) &&
        kit_sight_open(&sight, &self->nn, model, kit_error_init(&e)) != IMP_OK)
        plan->mistake(plan, -1, NET, NULL, e.text, NULL);
    return IMP_OK;
}

const imp_filter inv_compare = {
    INV_FILTER,
    .id = "atlas.compare",
    .summary = "How unlike textures are to a layer: distances of their Gram matrices.",
    .help = "Every picture against every other, in the Gram matrices of one layer. The same "
            "texture from another place "
            "or another seed is near, whatever its size; so maps of two atlases can be matched.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
    .plan = plan,
};
