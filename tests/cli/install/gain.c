/* gain.c - the smallest whole plugin, built against an installed SDK by test_install.sh. */
#include <impasto/impasto.h>

static imp_status process(void *instance, imp_job *job, imp_error *err)
{
    const float factor = (float)job->params[0].f;
    const imp_image *src = imp_image_in(job, 0);
    imp_image *dst = job->new_image(job, src->width, src->height, src->channels, src->colour);
    (void)instance, (void)err;
    if (!dst)
        return IMP_E_MEMORY; /* the host knows why */
    for (uint32_t c = 0; c < src->channels; c++)
        for (uint32_t y = 0; y < src->height; y++) {
            const float k = c < 3 ? factor : 1; /* the fourth channel is alpha */
            const float *s = imp_row(src, c, y);
            float *d = imp_row_out(dst, c, y);
            for (uint32_t x = 0; x < src->width; x++)
                d[x] = k * s[x];
        }
    return job->set_output(job, 0, &dst->head);
}

static const imp_param params[] = {
    {.key = "factor", .type = IMP_FLOAT, .def = 1, .max = 16, .help = "Multiplies every sample."},
};
static const imp_port in[] = {{.name = "in", .kind = IMP_IMAGE, .help = "Any image."}};
static const imp_port out[] = {{.name = "out", .kind = IMP_IMAGE, .help = "As large as in."}};

static const imp_filter gain = {
    .struct_size = sizeof gain, .flags = IMP_FILTER_DETERMINISTIC, .threads = IMP_PARALLEL,
    .id = "org.example.gain", .summary = "Multiply an image by a factor.",
    .params = IMP_LIST(params), .inputs = IMP_LIST(in), .outputs = IMP_LIST(out),
    .process = process,
};
static const imp_filter *const filters[] = {&gain, NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD, .id = "org.example.gain", .version = "1.0.0", .licence = "MIT",
    .filters = filters,
};
IMP_EXPORT const imp_plugin *imp_entry_v1(void) { return &plugin; }
