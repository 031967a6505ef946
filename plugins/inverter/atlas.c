/* atlas.c - the filter atlas: the texture of every filter of a layer. */
#include "atlas.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NET, PICTURES };
enum { SHEET, TABLE, TEXTURES };

static const imp_param params[] = {
    [ATLAS_LAYER] = {.key = "layer",
                     .type = IMP_NAMES,
                     .flags = IMP_PARAM_REQUIRED,
                     .help = "The layer whose maps are shown: `relu3_1`."},
    [ATLAS_MAPS] =
        {.key = "maps",
         .type = IMP_TEXT,
         .def_text = "all",
         .help =
             "Which: `all`; `top 16`, those of the most energy in the pictures; or numbers from 0, "
             "`0-63 70`. Sweep it over ranges to cut a large layer into parts."},
    [ATLAS_SIZE] = {.key = "size",
                    .unit = "px",
                    .type = IMP_INT,
                    .def = 112,
                    .min = 32,
                    .max = 1024,
                    .help = "Side of a texture."},
    [ATLAS_MARGIN] =
        {.key = "margin",
         .unit = "px",
         .type = IMP_INT,
         .def = 8,
         .min = 0,
         .max = 512,
         .help = "Painted around a texture and cut off, since layers see the border of a picture."},
    [ATLAS_TARGET] =
        {.key = "target",
         .type = IMP_CHOICE,
         .choices = "flat|fmi",
         .def_text = "flat",
         .help = "What a map is asked to say. fmi: at each place what all maps say of the first "
                 "picture there, so its outlines stay in shallow layers; flat: the mean of that "
                 "everywhere, the texture alone."},
    [ATLAS_STEPS] = {.key = "steps",
                     .type = IMP_INT,
                     .def = 40,
                     .min = 1,
                     .max = 10000,
                     .help = "Steps of L-BFGS a map."},
    [ATLAS_WAKE] = {.key = "wake",
                    .unit = "steps",
                    .type = IMP_INT,
                    .def = 15,
                    .min = 0,
                    .max = 1000,
                    .help = "First so many steps on what lies before the layer's rectifier, where "
                            "the gradient does not "
                            "die; what they made is shown where a map falls silent afterwards. 0: "
                            "from noise, as the "
                            "authors' program."},
    [ATLAS_TRIES] =
        {.key = "tries",
         .type = IMP_INT,
         .def = 3,
         .min = 1,
         .max = 100,
         .help = "A map that says nothing at the end is tried again from other, stronger noise."},
    [ATLAS_NOISE] = {.key = "noise",
                     .type = IMP_FLOAT,
                     .def = 20,
                     .min = 0.001,
                     .max = 255,
                     .help = "Deviation of the noise that a texture begins with, of 255."},
    [ATLAS_BOUNDS] = {.key = "bounds",
                      .type = IMP_CHOICE,
                      .choices = KIT_PAINT_BOUNDS,
                      .def_text = "penalty",
                      .help = "What keeps samples within black and white while painting."},
    [ATLAS_TV] = {.key = "tv",
                  .type = IMP_FLOAT,
                  .def = 0.03,
                  .min = 0,
                  .max = 1e9,
                  .help = "Smoothness, whatever the size; 0: as sharp as the layer lets it be."},
    [ATLAS_SEED] = {.key = "seed",
                    .type = IMP_INT,
                    .def = 1,
                    .min = 0,
                    .max = 2147483647,
                    .help = "Of the noise."},
    [ATLAS_LOOK] =
        {.key = "look",
         .unit = "px",
         .type = IMP_INT,
         .def = 512,
         .min = 32,
         .max = 8192,
         .help = "Pictures are shrunk to this long side before their energies are measured."},
    [ATLAS_CELL] = {.key = "cell",
                    .unit = "px",
                    .type = IMP_INT,
                    .def = 0,
                    .min = 0,
                    .max = 1024,
                    .help = "Side of a texture on the sheet; 0: its own."},
    [ATLAS_TITLE] = {.key = "title",
                     .type = IMP_TEXT,
                     .def_text = "",
                     .help = "Heading of the page; empty: the layer's name."},
    [ATLAS_PAGE] = {.key = "page",
                    .type = IMP_PATH,
                    .flags = IMP_PARAM_WRITTEN,
                    .def_text = "atlas.html",
                    .help = "The page, below the output folder; empty: none."},
    [ATLAS_PICTURES] = {.key = "pictures",
                        .type = IMP_PATH,
                        .flags = IMP_PARAM_WRITTEN,
                        .def_text = "maps/",
                        .help = "A folder for a PNG of each map, `map-0017.png`; empty: none."},
};
static const imp_port inputs[] = {
    INV_NET,
    {.name = "pictures",
     INV_PICTURE,
     .flags = IMP_PORT_MANY,
     .help = "Pictures to measure natural energies with; of the first the maps' common level is "
             "taken."},
};
static const imp_port outputs[] = {
    {.name = "sheet",
     .kind = IMP_IMAGE,
     .channels = 1u << 3,
     .help = "All textures, with their numbers."},
    {.name = "table",
     .kind = IMP_TABLE,
     .flags = IMP_PORT_OPTIONAL,
     .help = "layer, map, mean, rms, share, zeros, max, dead in the pictures; then of its texture "
             "own_mean, own_share, gain, "
             "rank, code_error, colourfulness, orientations, stationarity, answers."},
    {.name = "textures",
     .kind = IMP_IMAGE,
     .flags = IMP_PORT_OPTIONAL | IMP_PORT_MANY,
     .help = "Every texture, in the order of the table."},
};

static imp_status table_of(struct atlas *a, imp_table **table)
{
    static const imp_column columns[] = {
        {"layer", NULL, IMP_TEXT, 0},         {"map", NULL, IMP_INT, 0},
        {"mean", NULL, IMP_FLOAT, 0},         {"rms", NULL, IMP_FLOAT, 0},
        {"share", NULL, IMP_FLOAT, 0},        {"zeros", NULL, IMP_FLOAT, 0},
        {"max", NULL, IMP_FLOAT, 0},          {"dead", NULL, IMP_BOOL, 0},
        {"own_mean", NULL, IMP_FLOAT, 0},     {"own_share", NULL, IMP_FLOAT, 0},
        {"gain", NULL, IMP_FLOAT, 0},         {"rank", NULL, IMP_INT, 0},
        {"code_error", NULL, IMP_FLOAT, 0},   {"colourfulness", NULL, IMP_FLOAT, 0},
        {"orientations", NULL, IMP_FLOAT, 0}, {"stationarity", NULL, IMP_FLOAT, 0},
        {"answers", NULL, IMP_BOOL, 0}};
    imp_job *job = a->job;
    imp_table *t = job->new_table(job, sizeof columns / sizeof *columns, columns);
    imp_status st = t ? IMP_OK : IMP_E_MEMORY;
    for (uint32_t i = 0; i < a->chosen && st == IMP_OK; i++) {
        const struct atlas_row *r = &a->all[i].row;
        const imp_cell cells[] = {{.s = {a->layer, strlen(a->layer)}},
                                  {.i = r->map},
                                  {.f = r->natural.mean},
                                  {.f = r->natural.rms},
                                  {.f = r->natural_share},
                                  {.f = r->natural.zeros},
                                  {.f = r->natural.max},
                                  {.i = r->dead},
                                  {.f = r->mean},
                                  {.f = r->share},
                                  {.f = r->gain},
                                  {.i = r->rank},
                                  {.f = r->error},
                                  {.f = r->colourfulness},
                                  {.f = r->orientations},
                                  {.f = r->stationarity},
                                  {.i = !r->silent}};
        st = job->add_row(job, t, cells);
    }
    *table = t;
    return st;
}

static imp_status hand_out(struct atlas *a, imp_error *err)
{
    imp_job *job = a->job;
    imp_table *table = NULL;
    imp_image *sheet = NULL;
    imp_status st = table_of(a, &table);
    if (st == IMP_OK)
        st = atlas_files(a, err);
    if (st == IMP_OK)
        st = atlas_page(a, table, err);
    if (st == IMP_OK)
        st = atlas_sheet(a, &sheet, err);
    if (st == IMP_OK)
        st = job->set_output(job, SHEET, &sheet->head);
    if (st == IMP_OK)
        st = job->set_output(job, TABLE, &table->head);
    for (uint32_t i = 0; i < a->chosen && st == IMP_OK && job->wanted >> TEXTURES & 1; i++) {
        const struct atlas_row *r = &a->all[i].row;
        imp_image *v = atlas_picture(&a->all[i]),
                  *out = job->new_image(job, r->width, r->height, r->channels, IMP_SRGB);
        if (v && out)
            kit_copy(v, out);
        kit_image_free(v);
        st = v && out ? job->set_output(job, TEXTURES, &out->head) : IMP_E_MEMORY;
    }
    return st;
}

/* Layer and size of the textures. */
static imp_status open_atlas(struct atlas *a, imp_nn_model *model, imp_error *err)
{
    const uint32_t side = (uint32_t)a->p[ATLAS_SIZE].i;
    char why[160];
    imp_status st = kit_sight_open(&a->sight, &a->self->nn, model, err);
    if (st != IMP_OK)
        return st;
    if (a->p[ATLAS_LAYER].w.count != 1)
        return kit_blame(err, ATLAS_LAYER, -1,
                         imp_fail(err, IMP_E_PARAM, "layer wants one name; sweep it for several"));
    if (atlas_maps_check(a->p[ATLAS_MAPS].s.ptr, why, sizeof why))
        return kit_blame(err, ATLAS_MAPS, -1, imp_fail(err, IMP_E_PARAM, "%s", why));
    st = kit_sight_find(&a->sight, a->p[ATLAS_LAYER].w.ptr, 1, &a->node, err);
    if (st != IMP_OK)
        return kit_blame(err, ATLAS_LAYER, -1, st);
    a->layer = kit_sight_name(&a->sight, a->node);
    const uint32_t margin = 2 * (uint32_t)a->p[ATLAS_MARGIN].i;
    kit_sight_size(&a->sight, side + margin, side + margin, &a->width, &a->height);
    a->shown_width = a->width < side || a->width > side + margin + 64 ? a->width : side;
    a->shown_height = a->height < side || a->height > side + margin + 64 ? a->height : side;
    return IMP_OK;
}

static imp_status make(struct atlas *a, imp_error *err)
{
    const uint32_t count = a->job->input_count > PICTURES ? a->job->input_count - PICTURES : 0;
    char why[160];
    if (!count)
        return imp_fail(err, IMP_E_INPUT, "no picture to measure the maps with: in.pictures =");
    if ((a->p[ATLAS_PAGE].s.len || a->p[ATLAS_PICTURES].s.len) && !a->self->image)
        return imp_fail(
            err, IMP_E_UNSUPPORTED,
            "this host offers no picture codecs to filters (%s): page and pictures must "
            "be empty",
            IMP_HOST_IMAGE_1);
    imp_status st = atlas_measure(a, a->job->inputs + PICTURES, count, err);
    if (st != IMP_OK)
        return st;
    if (atlas_maps(a->p[ATLAS_MAPS].s.ptr, a->means, a->count, a->maps, &a->chosen, why,
                   sizeof why))
        return kit_blame(err, ATLAS_MAPS, -1, imp_fail(err, IMP_E_PARAM, "%s", why));
    if (!(a->all = calloc(a->chosen, sizeof *a->all)))
        return imp_fail(err, IMP_E_MEMORY, "no memory for %u maps", a->chosen);
    for (uint32_t i = 0; i < a->chosen && st == IMP_OK; i++)
        st = atlas_paint(a, i, err);
    return st == IMP_OK ? hand_out(a, err) : st;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    struct atlas a = {.self = instance, .job = job, .p = job->params};
    imp_status st = open_atlas(&a, kit_sight_model(job->inputs[NET]), err);
    if (st == IMP_OK)
        st = make(&a, err);
    for (uint32_t i = 0; a.all && i < a.chosen; i++)
        free(a.all[i].pixels);
    free(a.all);
    free(a.natural);
    free(a.means);
    free(a.code_means);
    free(a.maps);
    free(a.gram);
    free(a.level);
    free(a.target);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const struct inv_self *self = instance;
    imp_nn_model *model = kit_sight_planned(plan, NET);
    struct atlas a = {.self = self, .p = self->params};
    kit_error e;
    char why[160];
    (void)err;
    if (atlas_maps_check(a.p[ATLAS_MAPS].s.ptr, why, sizeof why))
        plan->mistake(plan, ATLAS_MAPS, -1, NULL, why, NULL);
    plan->outputs[SHEET]->channels = 3, plan->outputs[SHEET]->colour = IMP_SRGB;
    if (!model || !kit_sight_check(plan, &self->nn, model, ATLAS_LAYER, &a.p[ATLAS_LAYER]))
        return IMP_OK;
    if (open_atlas(&a, model, kit_error_init(&e)) != IMP_OK) {
        if (e.as.param != ATLAS_MAPS)
            plan->mistake(plan, e.as.param, e.as.param < 0 ? NET : -1, NULL, e.text, NULL);
        return IMP_OK;
    }
    kit_paint_options o = kit_paint_defaults(KIT_PAINT_LBFGS);
    const double own = a.width > a.height ? a.width : a.height;
    o.steps = (uint32_t)a.p[ATLAS_STEPS].i;
    o.scales = &own, o.scale_count = 1;
    kit_paint_cost(plan, &a.sight, &o, a.node, a.width, a.height);
    imp_nn_node n = {.struct_size = sizeof n};
    const imp_nn_model_1 *models = self->nn.model.table;
    if (models->node(self->nn.model.self, model, a.node, &n, NULL) == IMP_OK && n.ndim > 1 &&
        n.shape[1] > 0) {
        uint32_t *maps = calloc((size_t)n.shape[1], sizeof *maps), chosen = 0;
        double *none = calloc((size_t)n.shape[1], sizeof *none);
        const char *wrong = maps && none
                                ? atlas_maps(a.p[ATLAS_MAPS].s.ptr, none, (uint32_t)n.shape[1],
                                             maps, &chosen, why, sizeof why)
                                : NULL;
        if (wrong && !atlas_maps_check(a.p[ATLAS_MAPS].s.ptr, why, sizeof why))
            plan->mistake(plan, ATLAS_MAPS, -1, NULL, wrong, NULL);
        plan->macs *= chosen ? chosen : 1;
        plan->bytes += (uint64_t)(chosen + 8) * a.width * a.height * a.sight.channels;
        plan->least_bytes = plan->bytes;
        free(maps);
        free(none);
    }
    return IMP_OK;
}

const imp_filter inv_atlas = {
    INV_FILTER,
    .id = "atlas",
    .summary = "The texture of every filter of a layer: sheet, table, page and a file each.",
    .help =
        "Each map in turn is asked to say what all maps together say of the pictures, the others "
        "nothing, and the "
        "picture that does so is painted from noise (feature map inversion). What is done is kept: "
        "an atlas that was "
        "stopped goes on with the next map. Large layers can be swept over `maps`, and sharded.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
    .plan = plan,
};
