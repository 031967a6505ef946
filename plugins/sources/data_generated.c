/* data_generated.c - data.generated: pictures of one of this plugin's sources as a data set. The
 * source's own process() draws each, given a job of ours. */
#include <impasto/kit_data.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "filters.h"
#include "generated.h"

enum { SOURCE, KINDS, CLASSES, COUNT, SIZE, DRAWN, CUTS, CHANNELS, VARY, TEST_SHARE, SEED, OTHERS };
enum { BATCH = 64, NAME_ROOM = 80 };
/* px; larger pictures are cut up among threads themselves, so that a stop never waits for one. */
enum { SMALL = 32 * 32 };

static const imp_param params[] = {
    {.key = "source",
     .type = IMP_CHOICE,
     .choices = GENERATED_SOURCES,
     .help = "Which source draws: scene is source.scene."},
    {.key = "kinds",
     .type = IMP_NAMES,
     .def_text = "",
     .help = "Kinds of it, which are the classes, equally often. Left out: all."},
    {.key = "classes",
     .type = IMP_CHOICE,
     .choices = "kinds|drawings",
     .help =
         "drawings: each drawing is a class of its own, to be told by its cuts whatever it is of; "
         "then the test is of other cuts of the same drawings."},
    {.key = "count",
     .type = IMP_INT,
     .flags = IMP_PARAM_REQUIRED,
     .def = 4,
     .min = 2,
     .max = 1e6,
     .help = "Pictures in all. One of source.scene takes a processor about 0.02 s at 32 px."},
    {.key = "size",
     .unit = "px",
     .type = IMP_NUMBERS,
     .def_text = "32",
     .help = "Sides of the pictures: one, or width and height."},
    {.key = "drawn",
     .unit = "px",
     .type = IMP_NUMBERS,
     .def_text = "",
     .help =
         "Sides of what the source draws, from which pictures of `size` are cut at places by the "
         "seed, so that strokes and stones have the size they have in large pictures. Left out: "
         "size."},
    {.key = "cuts",
     .type = IMP_INT,
     .def = 1,
     .min = 1,
     .max = 10000,
     .help = "Pictures cut from each drawing, one after the other in the set; all of them are for "
             "training, or all for the test."},
    {.key = "channels",
     .type = IMP_CHOICE,
     .choices = "3|1",
     .help = "3: colour, 1: grey (Rec. 709 luma)."},
    {.key = "vary",
     .type = IMP_NAMES,
     .def_text = "",
     .help = "Parameters of the source that are drawn anew for each picture and become its "
             "attributes, each `haze` (over its whole range) or haze:0..0.5."},
    {.key = "test_share",
     .type = IMP_FLOAT,
     .def = 0.1,
     .min = 0,
     .max = 0.95,
     .help =
         "Share of the pictures that goes to the output `test`, as evenly from the kinds as can "
         "be."},
    {.key = "seed",
     .type = IMP_INT,
     .def = 1,
     .min = 0,
     .max = 1e9,
     .help = "Another number, other pictures."},
    {.key = "others",
     .type = IMP_TEXT,
     .def_text = "",
     .flags = IMP_PARAM_OTHERS,
     .help = "Any other key is a parameter of the source, the same for all pictures: samples = 1."},
};
static const imp_port outputs[] = {
    {.name = "train",
     .kind = IMP_OBJECT,
     .type = IMP_DATASET_TYPE,
     .help = "The pictures for training."},
    {.name = "test", .kind = IMP_OBJECT, .type = IMP_DATASET_TYPE, .help = "Those set aside."},
};

static imp_status create(const imp_host *host, const imp_filter *self, const imp_cell *cells,
                         void **instance, imp_error *err) IMP_NX
{
    union {
        const imp_cell *in;
        void *out;
    } same = {.in = cells}; /* valid until destroy */
    (void)host, (void)self, (void)err;
    *instance = same.out;
    return IMP_OK;
}

/* ---- the pictures ---- */

struct work {
    const struct generated *g;
    kit_samples *samples;
    uint64_t drawings, first; /* in all; of the batch */
    imp_status *status;
};

/* Samples of drawing i from its picture, and its lines (NULL: none). */
static void cut(const struct work *w, uint64_t i, imp_image *m, const imp_image *lines,
                const double *attributes)
{
    const struct generated *g = w->g;
    kit_samples *s = w->samples;
    if (s->form.channels == 1 && m->channels >= 3) {
        const size_t n = (size_t)m->plane;
        kit_luma(m->data, m->data + n, m->data + 2 * n, m->data, n);
        m->channels = 1;
    }
    for (uint64_t k = i * g->cuts; k < (i + 1) * g->cuts && k < s->form.count; k++) {
        const imp_image part = generated_cut(g, k, m);
        kit_samples_put(s, k, &part);
        if (lines) {
            const imp_image drawing = generated_cut(g, k, lines);
            kit_samples_put_lines(s, k, &drawing);
        }
        s->labels[k] = generated_label(g, i);
        if (g->vary_count)
            memcpy(s->attributes + k * g->vary_count, attributes,
                   g->vary_count * sizeof *attributes);
    }
}

static imp_status make(const struct work *w, uint64_t i, imp_job *outer)
{
    imp_cell cells[GENERATED_PARAMS];
    double attributes[GENERATED_PARAMS];
    imp_image *m = NULL, *lines = NULL;
    generated_cells(w->g, i, cells, attributes);
    const imp_status st =
        generated_draw(w->g->source, cells, outer, &m, w->samples->form.has_lines ? &lines : NULL);
    if (st == IMP_OK)
        cut(w, i, m, lines, attributes);
    kit_image_free(m);
    kit_image_free(lines);
    return st;
}

static void make_piece(void *user, uint32_t k) IMP_NX
{
    const struct work *w = user;
    w->status[k] = make(w, w->first + k, NULL);
}

static imp_status make_batch(struct work *w, uint32_t n, imp_job *job)
{
    imp_status st = IMP_OK;
    if (w->g->drawn_width * w->g->drawn_height > SMALL) {
        for (uint32_t k = 0; k < n && st == IMP_OK; k++)
            st = make(w, w->first + k, job);
        return st;
    }
    st = kit_parallel(job, n, make_piece, w);
    for (uint32_t k = 0; k < n && st == IMP_OK; k++)
        st = w->status[k];
    return st;
}

static imp_status make_all(struct work *w, imp_job *job, imp_error *err)
{
    const uint64_t count = w->drawings;
    if (!(w->status = job->scratch(job, BATCH * sizeof *w->status)))
        return IMP_E_MEMORY;
    imp_status st = IMP_OK;
    for (w->first = 0; w->first < count && st == IMP_OK; w->first += BATCH) {
        const uint64_t left = count - w->first;
        st = job->progress(job, (double)w->first / (double)count, "drawing");
        if (st == IMP_OK)
            st = make_batch(w, left < BATCH ? (uint32_t)left : BATCH, job);
    }
    if (st < 0)
        imp_fail(err, st, "a drawing between %llu and %llu could not be drawn: %s",
                 (unsigned long long)(w->first - BATCH), (unsigned long long)w->first - 1,
                 st == IMP_E_MEMORY ? "no memory" : "the source refuses its parameters");
    return st;
}

/* "texture-1-brick-14": source, seed, kind, number. NULL: no memory. */
static const char *const *name_drawings(const struct generated *g, uint64_t count, imp_job *job)
{
    const char **names = job->scratch(job, count * sizeof *names);
    char *texts = job->scratch(job, count * NAME_ROOM);
    for (uint64_t i = 0; names && texts && i < count; i++) {
        char *text = texts + i * NAME_ROOM;
        snprintf(text, NAME_ROOM, "%s-%llu-%s%s%llu", g->source->id + sizeof "source",
                 (unsigned long long)g->seed, g->kind_count ? g->kind_names[i % g->kind_count] : "",
                 g->kind_count ? "-" : "", (unsigned long long)i);
        names[i] = text;
    }
    return texts ? names : NULL;
}

static kit_form form_of(const struct generated *g, const imp_cell *p)
{
    return (kit_form){.count = (uint64_t)p[COUNT].i,
                      .channels = p[CHANNELS].i ? 1 : 3,
                      .width = g->width,
                      .height = g->height,
                      .has_lines = generated_lines(g->source) != 0,
                      .class_count = g->kind_count,
                      .class_names = g->kind_names,
                      .attribute_count = g->vary_count,
                      .attributes = g->attributes};
}

static struct generated_wish wish_of(const imp_cell *p)
{
    return (struct generated_wish){.source = (uint32_t)p[SOURCE].i,
                                   .kinds = &p[KINDS],
                                   .size = &p[SIZE],
                                   .drawn = &p[DRAWN],
                                   .vary = &p[VARY],
                                   .others = p[OTHERS].s.ptr,
                                   .seed = (uint64_t)p[SEED].i,
                                   .cuts = (uint64_t)p[CUTS].i,
                                   .by_drawing = p[CLASSES].i != 0,
                                   .kinds_param = KINDS,
                                   .size_param = SIZE,
                                   .drawn_param = DRAWN,
                                   .vary_param = VARY,
                                   .others_param = (int32_t)(sizeof params / sizeof *params)};
}

/* Whole drawings go to one side, or the test would be of stones seen before. */
static imp_status split(const struct work *w, imp_job *job, imp_error *err)
{
    const imp_cell *p = job->params;
    const uint64_t seed = (uint64_t)p[SEED].i, n = w->drawings, count = w->samples->form.count;
    uint8_t *test = NULL;
    if (w->g->cuts > 1 && !w->g->by_drawing) {
        uint32_t *labels = job->scratch(job, n * sizeof *labels);
        uint8_t *picked = job->scratch(job, n);
        test = job->scratch(job, count);
        if (!labels || !picked || !test)
            return IMP_E_MEMORY;
        for (uint64_t i = 0; i < n; i++)
            labels[i] = generated_label(w->g, i);
        const imp_status st = kit_pick(seed, labels, n, kit_share(n, p[TEST_SHARE].f), picked);
        if (st != IMP_OK)
            return st;
        for (uint64_t k = 0; k < count; k++)
            test[k] = picked[k / w->g->cuts];
    }
    return kit_samples_split(job, w->samples, test, p[TEST_SHARE].f, seed, TEST_SHARE, err);
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_cell *p = job->params;
    const struct generated_wish wish = wish_of(p);
    struct generated g;
    kit_samples *samples = NULL;
    (void)instance;
    imp_status st = generated_open(&g, &wish, NULL, err);
    if (st == IMP_OK) {
        kit_form form = form_of(&g, p);
        if (g.by_drawing) {
            form.class_count = (uint32_t)generated_drawings(&g, p[COUNT].i);
            form.class_names = name_drawings(&g, form.class_count, job);
        }
        st = g.by_drawing && !form.class_names
                 ? IMP_E_MEMORY
                 : kit_samples_new(&form, job->max_bytes / 2, &samples, err);
    }
    struct work w = {.g = &g, .samples = samples, .drawings = generated_drawings(&g, p[COUNT].i)};
    if (st == IMP_OK)
        st = make_all(&w, job, err);
    if (st == IMP_OK)
        st = split(&w, job, err);
    kit_samples_release(samples);
    generated_close(&g);
    return st;
}

static imp_status plan(void *instance, imp_plan *plan, imp_error *err) IMP_NX
{
    const imp_cell *p = instance;
    const struct generated_wish wish = wish_of(p);
    struct generated g;
    const imp_status st = generated_open(&g, &wish, plan, err);
    if (st == IMP_OK) /* no bytes: what is too much for --mem lies in a file */
        plan->macs =
            (double)generated_drawings(&g, p[COUNT].i) * g.drawn_width * g.drawn_height * 1e5;
    generated_close(&g);
    return st == IMP_E_PARAM ? IMP_OK : st; /* each mistake was told */
}

const imp_filter filter_data_generated = {
    .struct_size = sizeof(imp_filter),
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .params_version = 1,
    .id = "data.generated",
    .summary = "A data set of pictures that a source draws by seed.",
    .help =
        "Draws pictures of source.scene or another source of this plugin once, when it is made, "
        "and keeps them with 8 bits. The class is the picture's kind; parameters that vary are "
        "its attributes, so everything about each picture is known. The same parameters give "
        "the same pictures for any number of threads.",
    .params = IMP_LIST(params),
    .outputs = IMP_LIST(outputs),
    .create = create,
    .process = process,
    .plan = plan,
};
