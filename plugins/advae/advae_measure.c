/* advae_measure.c - the filter advae.measure: what a network of advae.train is worth, as a table.
 */
#include "measure.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT, ATTRIBUTES, LAYERS_KEY, SEED, INSIDE };
enum { NET, FACES, JUDGE, LOOK };

static const imp_param params[] = {
    [COUNT] = {.key = "count",
               .type = IMP_INT,
               .def = 500,
               .min = 4,
               .max = 1000000,
               .help = "Faces looked at, the first of the data set, or all it has."},
    [ATTRIBUTES] = {.key = "attributes",
                    .type = IMP_NAMES,
                    .help =
                        "The data set's columns of the network's attributes, as advae.train was "
                        "told: hair=hair_color. Left out: columns of the same names, or names "
                        "that hold them."},
    [LAYERS_KEY] = {.key = "layers",
                    .type = IMP_NAMES,
                    .def_text = "relu1_1 relu2_1 relu3_1",
                    .help = "Layers of `in.look` for the distance of features."},
    [SEED] = {.key = "seed",
              .type = IMP_INT,
              .def = 1,
              .min = 0,
              .max = 1000000000,
              .help = "Of attributes asked for, codes drawn and probes."},
    [INSIDE] = {.key = "inside",
                .type = IMP_CHOICE,
                .choices = "auto|none",
                .def_text = "auto",
                .help = "Outlines: as the same key of advae.synth has it."},
};
static const imp_port inputs[] = {
    {.name = "net",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .help = "What advae.train made."},
    {.name = "faces",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .help = "Faces it did not learn from, with drawings and the same attributes."},
    {.name = "judge",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A judge of attributes that took no part in training: the output `judge` of an "
             "advae.train with another seed "
             "on other faces. Left out: no control is measured."},
    {.name = "look",
     .kind = IMP_OBJECT,
     .type = IMP_NN_MODEL_TYPE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "A network that took no part in training, for the distance of features: VGG-19 for "
             "instance."},
};
static const imp_port outputs[] = {
    {.name = "table",
     .kind = IMP_TABLE,
     .help =
         "metric, of (an attribute), value, against (guessing, or a shuffled one). psnr and "
         "ssim of photos made again; "
         "features, relative distance; judge, its share of right answers on photos, and "
         "correlation of numbers; control, "
         "right answers of it "
         "for attributes drawn; correlation, of numbers asked and answered; collateral, share "
         "of other attributes that "
         "changed with one; style, distance of colours around the face from the style photo's, "
         "against a shuffled "
         "one's; contour, F1 of the lines about the face within 2 px (at 128) against a shuffled "
         "drawing's; "
         "hue of the face in another style, how many degrees it moves; fid, the Frechet distance "
         "of the judge's features of photos made with other photos' styles from those of "
         "photos, against that of two halves of "
         "the photos; diversity; leak, what probes "
         "read from the code against the majority, R2 for numbers; mig, sap, dci."},
};

imp_status av_say(struct av_exam *e, const char *metric, const char *of, double value,
                  double against)
{
    const imp_cell cells[] = {
        {.s = {metric, strlen(metric)}}, {.s = {of, strlen(of)}}, {.f = value}, {.f = against}};
    return e->job->add_row(e->job, e->table, cells);
}

/* The column of a trait: what the words say, else one of that name, or a name that holds it, with
 * the same choices. */
static bool column_of(struct av_trait *a, const imp_dataset *d, const struct av_traits *said)
{
    const struct av_trait *word =
        said->count ? av_trait_find(said, a->name, strlen(a->name)) : NULL;
    if (word && !strcmp(word->choices, a->choices)) {
        a->column = word->column, a->group = word->group;
        memcpy(a->columns, word->columns, sizeof a->columns);
        return true;
    }
    uint32_t found = UINT32_MAX;
    for (uint32_t c = 0; c < d->attribute_count && !word; c++) {
        const imp_attribute *b = &d->attributes[c];
        const bool same = !strcmp(b->choices ? b->choices : "", a->choices);
        if (same && !strcmp(b->name, a->name))
            found = c;
        else if (same && found == UINT32_MAX &&
                 (strstr(b->name, a->name) || strstr(a->name, b->name)))
            found = c;
    }
    a->column = found;
    return found != UINT32_MAX;
}

static imp_status match(struct av_traits *t, const imp_dataset *d, const imp_cell *words,
                        imp_error *err)
{
    struct av_traits *said = calloc(1, sizeof *said);
    imp_status st = said ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for attributes");
    if (st == IMP_OK && words->w.count)
        st = kit_blame(err, ATTRIBUTES, -1,
                       av_traits_of(d, words->w.ptr, words->w.count, said, NULL, err));
    for (uint32_t k = 0; k < t->count && st == IMP_OK; k++)
        if (!column_of(&t->all[k], d, said))
            st = kit_blame(
                err, -1, FACES,
                imp_fail(err, IMP_E_INPUT,
                         "the data set has no attribute '%s' with the same values: attributes = "
                         "%s=COLUMN names it",
                         t->all[k].name, t->all[k].name));
    free(said);
    return st;
}

static imp_status still(struct av_exam *e, av_link *l, imp_nn_model *model, imp_error *err)
{
    const imp_nn_model_1 *models = e->self->nn.model.table;
    const imp_status st = models->retain(e->self->nn.model.self, model, err);
    return st == IMP_OK ? av_link_still(l, &e->self->nn, model, IMP_NN_LEAN, err) : st;
}

static imp_status begin(struct av_exam *e, const imp_dataset *d, kit_sight *sight, imp_error *err)
{
    const imp_cell *p = e->job->params;
    imp_job *job = e->job;
    imp_nn_model *judge = kit_sight_model(job->inputs[JUDGE]),
                 *look = kit_sight_model(job->inputs[LOOK]);
    const struct av_traits *t = &e->card.traits;
    imp_status st = kit_blame(
        err, -1, NET, av_card_read(&e->self->nn, kit_sight_model(job->inputs[NET]), &e->card, err));
    if (st == IMP_OK && (d->width != e->card.side || d->height != e->card.side ||
                         d->channels != 3 || !(d->flags & IMP_DATASET_LINES)))
        st = kit_blame(
            err, -1, FACES,
            imp_fail(err, IMP_E_INPUT,
                     "the network is for %u x %u colour photos with drawings; these are %u x %u%s",
                     e->card.side, e->card.side, d->width, d->height,
                     d->flags & IMP_DATASET_LINES ? "" : " without"));
    if (st == IMP_OK)
        st = match(&e->card.traits, d, &p[ATTRIBUTES], err);
    if (st == IMP_OK)
        st = still(e, &e->net, kit_sight_model(job->inputs[NET]), err);
    if (st == IMP_OK)
        st = av_card_clear(&e->net, &e->card, err);
    if (st == IMP_OK && !p[INSIDE].i)
        st = av_card_inside(&e->self->nn, kit_sight_model(job->inputs[NET]), &e->card, &e->inside,
                            err);
    if (st == IMP_OK && judge)
        st = kit_blame(err, -1, JUDGE, still(e, &e->judge, judge, err));
    if (st == IMP_OK && look) {
        st = kit_blame(err, -1, LOOK, kit_sight_open(sight, &e->self->nn, look, err));
        if (st == IMP_OK)
            st = kit_blame(err, LAYERS_KEY, -1,
                           p[LAYERS_KEY].w.count > AV_LAYERS
                               ? imp_fail(err, IMP_E_PARAM, "%d layers at most", AV_LAYERS)
                               : kit_sight_find(sight, p[LAYERS_KEY].w.ptr, p[LAYERS_KEY].w.count,
                                                e->layers, err));
        if (st == IMP_OK)
            st = still(e, &e->look, look, err);
        e->sight = sight, e->layer_count = (uint32_t)p[LAYERS_KEY].w.count;
    }
    e->side = e->card.side, e->seed = (uint64_t)p[SEED].i;
    e->n = d->count < (uint64_t)p[COUNT].i ? (uint32_t)d->count : (uint32_t)p[COUNT].i;
    if (st == IMP_OK && e->n < 4)
        st = kit_blame(err, -1, FACES,
                       imp_fail(err, IMP_E_INPUT, "4 faces are the least that can be measured"));
    return st == IMP_OK ? av_lessons_new(&e->lessons, d, t, 1, err) : st;
}

static imp_status rooms(struct av_exam *e, imp_error *err)
{
    imp_job *job = e->job;
    const size_t n = e->n, plane = (size_t)e->side * e->side;
    const struct {
        float **to;
        size_t count;
    } all[] = {{&e->mu, n * e->card.latent},
               {&e->y, n * e->card.traits.width},
               {&e->known, n * e->card.traits.count},
               {&e->style, n * AV_STYLE_SIZE},
               {&e->picture, 3 * plane},
               {&e->other, 3 * plane},
               {&e->strokes, plane},
               {&e->lines, plane},
               {&e->filled, plane},
               {&e->z, e->card.latent}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!(*all[i].to = job->scratch(job, all[i].count * sizeof(float))))
            return imp_fail(err, IMP_E_MEMORY, "no memory for %u faces", e->n);
    e->work = job->scratch(job, 2 * plane);
    return e->work ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory for a drawing");
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    static const imp_column columns[] = {{"metric", NULL, IMP_TEXT, 0},
                                         {"of", NULL, IMP_TEXT, 0},
                                         {"value", NULL, IMP_FLOAT, 0},
                                         {"against", NULL, IMP_FLOAT, 0}};
    const struct av_self *self = instance;
    struct av_exam *e = calloc(1, sizeof *e);
    kit_sight sight;
    if (!e)
        return imp_fail(err, IMP_E_MEMORY, "no memory to measure");
    e->self = self, e->job = job;
    imp_status st = begin(e, kit_dataset_of(job->inputs[FACES]), &sight, err);
    if (st == IMP_OK)
        st = rooms(e, err);
    if (st == IMP_OK)
        st = (e->table = job->new_table(job, sizeof columns / sizeof *columns, columns))
                 ? IMP_OK
                 : IMP_E_MEMORY;
    if (st == IMP_OK)
        st = job->progress(job, 0.05, "likeness");
    if (st == IMP_OK)
        st = av_look_at_all(e, err);
    if (st == IMP_OK)
        st = job->progress(job, 0.35, "control");
    if (st == IMP_OK)
        st = av_measure_control(e, err);
    if (st == IMP_OK)
        st = job->progress(job, 0.9, "probes");
    if (st == IMP_OK)
        st = av_measure_leak(e, err);
    av_link *const links[] = {&e->net, &e->judge, &e->look};
    for (int i = 0; i < 3; i++)
        if (links[i]->nn)
            av_link_close(links[i]);
    if (e->lessons.data)
        av_lessons_free(&e->lessons);
    if (st == IMP_OK)
        st = job->set_output(job, 0, &e->table->head);
    av_inside_free(&e->inside);
    free(e->maps), free(e->real), free(e->made), free(e);
    return st;
}

const imp_filter av_filter_measure = {
    AV_FILTER,
    .id = "advae.measure",
    .summary = "What a network for faces is worth: likeness, control, leaks, contour, style.",
    .help = "Every figure is of faces that the network did not learn from, judged by networks that "
            "took no part in its "
            "training, when those are wired.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
};
