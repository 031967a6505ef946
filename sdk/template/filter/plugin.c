/* plugin.c - @NAME@: one filter of Impasto, to start from.
 *
 * A plugin is a shared object that exports one function, imp_entry_v1, which answers tables: which filters
 * there are, their parameters and ports. Impasto reads the tables, checks what presets say against them, and
 * calls process() for every picture. The header says all there is to know: impasto/impasto.h. */
#include <impasto/impasto.h>

/* A parameter is a row of this table, and the same row of job->params. Impasto parses, checks ranges, fills
 * in defaults, and shows the help in `impasto describe @ID@`. */
enum { P_AMOUNT, P_PIVOT };
static const imp_param params[] = {
    {.key = "amount", .type = IMP_FLOAT, .def = 1.5, .min = 0, .max = 8,
     .help = "How much more contrast: 1 changes nothing, below 1 there is less."},
    {.key = "pivot", .type = IMP_FLOAT, .def = 0.5, .min = 0, .max = 1,
     .help = "The brightness that stays as it is."},
};

/* Ports: what goes in and what comes out. Without masks any image is taken: grey, RGB, RGB with alpha. */
static const imp_port inputs[] = {{.name = "in", .kind = IMP_IMAGE, .help = "Any image."}};
static const imp_port outputs[] = {{.name = "out", .kind = IMP_IMAGE, .help = "As large as the input."}};

/* What the pieces of one call share. */
struct work {
    const imp_image *in;
    imp_image *out;
    float amount, pivot;
};

/* One piece: row y of every channel. Pieces run on several threads at once, so each writes its own row
 * only. Samples are floats, nominally 0 to 1; rows may be padded, hence imp_row. */
static void contrast_row(void *user, uint32_t y) IMP_NX
{
    const struct work *w = user;
    for (uint32_t c = 0; c < w->in->channels; c++) {
        const float *from = imp_row(w->in, c, y);
        float *to = imp_row_out(w->out, c, y);
        const float amount = c < 3 ? w->amount : 1; /* the fourth channel is alpha: keep it */
        for (uint32_t x = 0; x < w->in->width; x++)
            to[x] = w->pivot + amount * (from[x] - w->pivot);
    }
}

/* Called for each picture. Never writes into an input, writes every sample of its output. */
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance, (void)err; /* imp_fail(err, IMP_E_PARAM, "...") is how a refusal is explained */
    struct work w = {.in = imp_image_in(job, 0),
                     .amount = (float)job->params[P_AMOUNT].f,
                     .pivot = (float)job->params[P_PIVOT].f};
    w.out = job->new_image(job, w.in->width, w.in->height, w.in->channels, w.in->colour);
    if (!w.out)
        return IMP_E_MEMORY; /* Impasto knows why */
    /* Spreads the rows over Impasto's threads and stops when the user does: then it answers
     * IMP_CANCELLED, which is handed on. A loop of your own asks job->progress every 100 ms. */
    const imp_status st = job->parallel(job, w.in->height, contrast_row, &w);
    return st == IMP_OK ? job->set_output(job, 0, &w.out->head) : st;
}

/* The filter. DETERMINISTIC: the same input gives the same bytes. PARALLEL: several pictures at once, since
 * it keeps nothing between calls. The id is what presets say, for ever. */
static const imp_filter filter = {
    .struct_size = sizeof filter,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "@ID@",
    .summary = "More or less contrast around a brightness that stays.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
};

/* More filters: one more line here each. */
static const imp_filter *const filters[] = {&filter, NULL};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,
    .id = "@ID@",
    .version = "0.1.0",
    .licence = "MIT",
    .filters = filters,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
