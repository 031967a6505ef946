/* vignette.c - a filter: a picture gets darker towards its corners. vignette.cpp is the same in
 * C++. */
#include <impasto/impasto.h>
#include <math.h>

enum { P_STRENGTH, P_RADIUS };
static const imp_param params[] = {
    {.key = "strength",
     .type = IMP_FLOAT,
     .def = 50,
     .min = 0,
     .max = 100,
     .unit = "%",
     .help = "How dark the corners become: 0 changes nothing, 100 makes them black."},
    {.key = "radius",
     .type = IMP_FLOAT,
     .def = 60,
     .min = 0,
     .max = 99,
     .unit = "%",
     .help = "Up to where nothing changes, of the way from the middle to a corner."},
};
static const imp_port inputs[] = {{.name = "in", .kind = IMP_IMAGE, .help = "Any image."}};
static const imp_port outputs[] = {
    {.name = "out", .kind = IMP_IMAGE, .help = "As large as the input."}};

struct work {
    const imp_image *in;
    imp_image *out;
    float strength, radius;
};

/* 1 up to the radius, then down to 1 - strength in the corner, as the square of the way. r: 0
 * middle, 1 corner. */
static float brightness(const struct work *w, float r)
{
    const float beyond = r > w->radius ? (r - w->radius) / (1 - w->radius) : 0;
    return 1 - w->strength * beyond * beyond;
}

/* Row y of every channel. Pieces run on several threads at once: each writes its own row and reads
 * what none changes. */
static void darken_row(void *user, uint32_t y) IMP_NX
{
    const struct work *w = user;
    const float half_x = (float)w->in->width / 2, half_y = (float)w->in->height / 2;
    const float v = ((float)y + 0.5f - half_y) / half_y;
    for (uint32_t c = 0; c < w->in->channels; c++) {
        const float *from = imp_row(w->in, c, y);
        float *to = imp_row_out(w->out, c, y);
        for (uint32_t x = 0; x < w->in->width; x++) {
            const float u = ((float)x + 0.5f - half_x) / half_x;
            to[x] = c < 3 ? from[x] * brightness(w, sqrtf((u * u + v * v) / 2))
                          : from[x]; /* alpha stays */
        }
    }
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    (void)instance, (void)err;
    struct work w = {.in = imp_image_in(job, 0),
                     .strength = (float)(job->params[P_STRENGTH].f / 100),
                     .radius = (float)(job->params[P_RADIUS].f / 100)};
    w.out = job->new_image(job, w.in->width, w.in->height, w.in->channels, w.in->colour);
    if (!w.out)
        return IMP_E_MEMORY; /* the host knows why */
    const imp_status st = job->parallel(job, w.in->height, darken_row, &w);
    return st == IMP_OK ? job->set_output(job, 0, &w.out->head) : st;
}

static const imp_filter vignette = {
    .struct_size = sizeof vignette,
    .flags = IMP_FILTER_DETERMINISTIC,
    .threads = IMP_PARALLEL,
    .id = "org.example.vignette",
    .summary = "Darken a picture towards its corners.",
    .params = IMP_LIST(params),
    .inputs = IMP_LIST(inputs),
    .outputs = IMP_LIST(outputs),
    .process = process,
};
static const imp_filter *const filters[] = {&vignette, NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,  .id = "org.example.vignette", .version = "1.0.0",
    .licence = "MIT", .filters = filters,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX
{
    return &plugin;
}
