/* plugin.c - @NAME@: a service of Impasto, and a filter that uses it, to start from.
 *
 * A plugin is a shared object that exports one function, imp_entry_v1, which answers tables. A service is a table of
 * functions with an id; other plugins name the id in their `needs` or `wants` and get the table from the host by
 * acquire(). Neither opens the other's file. tone.h is what consumers see; impasto/impasto.h says all there is to
 * know. */
#include "tone.h"

/* ---- the service ---- */

/* v moves towards 3 v^2 - 2 v^3, which is steepest in the middle. Beyond 0..1 nothing changes. */
static float curve(float strength, float v)
{
    return v < 0 || v > 1 ? v : v + strength * (v * v * (3 - 2 * v) - v);
}

/* self is what open() made for this consumer: nothing here, since the curve has no state. */
static imp_status apply(void *self, double strength, uint32_t count, const float *from, float *to,
                        imp_error *err) IMP_NX
{
    (void)self;
    if (!(strength >= 0 && strength <= 1))
        return imp_fail(err, IMP_E_PARAM, "a strength of %g, but it is 0 to 1", strength);
    for (uint32_t i = 0; i < count; i++)
        to[i] = curve((float)strength, from[i]);
    return IMP_OK;
}

static const tone_1 tone = {.struct_size = sizeof tone, .apply = apply};
static const imp_service_def service = {.struct_size = sizeof service, .id = TONE_1, .table = &tone};
static const imp_service_def *const provides[] = {&service, NULL};

/* ---- a filter that shows what it does ---- */

enum { P_STRENGTH };
static const imp_param params[] = {
    {.key = "strength", .type = IMP_FLOAT, .def = 0.5, .min = 0, .max = 1,
     .help = "How much of the curve: 0 changes nothing."},
};
static const imp_port inputs[] = {{.name = "in", .kind = IMP_IMAGE, .help = "Any image."}};
static const imp_port outputs[] = {{.name = "out", .kind = IMP_IMAGE, .help = "As large as the input."}};

struct work {
    const imp_image *in;
    imp_image *out;
    double strength;
};

/* Row y of every channel; rows are done on several threads at once. */
static void tone_row(void *user, uint32_t y) IMP_NX
{
    const struct work *w = user;
    for (uint32_t c = 0; c < w->in->channels; c++) /* the fourth channel is alpha: keep it */
        apply(NULL, c < 3 ? w->strength : 0, w->in->width, imp_row(w->in, c, y), imp_row_out(w->out, c, y), NULL);
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    struct work w = {.in = imp_image_in(job, 0), .strength = job->params[P_STRENGTH].f};
    w.out = job->new_image(job, w.in->width, w.in->height, w.in->channels, w.in->colour);
    if (!w.out)
        return IMP_E_MEMORY; /* Impasto knows why */
    const imp_status st = job->parallel(job, w.in->height, tone_row, &w);
    return st == IMP_OK ? job->set_output(job, 0, &w.out->head) : st;
}

static const imp_filter filter = {
    .struct_size = sizeof filter,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "@ID@",
    .summary = "More contrast in the middle tones, by a curve.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
};
static const imp_filter *const filters[] = {&filter, NULL};

static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,
    .id = "@ID@",
    .version = "0.1.0",
    .licence = "MIT",
    .filters = filters,
    .provides = provides,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
