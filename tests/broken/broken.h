/* broken.h - a sound plugin whose every part can be replaced: a file of this folder defines the one part that
 * is wrong, then includes this. What is not defined is right. */
#ifndef IMP_BROKEN_H
#define IMP_BROKEN_H
#include <impasto/impasto.h>

#ifndef PROCESS
#define PROCESS copy_process
static imp_status copy_process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    (void)instance, (void)err;
    if (!out)
        return IMP_E_MEMORY;
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = imp_row(in, c, y)[x];
    return job->set_output(job, 0, &out->head);
}
#endif

#ifndef FACTOR
#define FACTOR {.key = "factor", .type = IMP_FLOAT, .def = 1, .max = 16, .help = "A factor."}
#endif
#ifndef INPUTS
#define INPUTS {.name = "in", .kind = IMP_IMAGE, .help = "Any image."}
#endif
#ifndef FILTER_ID
#define FILTER_ID "org.example.broken"
#endif
#ifndef SUMMARY
#define SUMMARY "A filter that is broken in one way."
#endif
#ifndef PARAM_STRIDE
#define PARAM_STRIDE sizeof(imp_param)
#endif
#ifndef CREATE
#define CREATE NULL
#endif
#ifndef DESTROY
#define DESTROY NULL
#endif
#ifndef PLAN
#define PLAN NULL
#endif

static const imp_param params[] = {FACTOR};
static const imp_port inputs[] = {INPUTS};
static const imp_port outputs[] = {{.name = "out", .kind = IMP_IMAGE, .help = "As large as in."}};
static const imp_filter filter = {
    .struct_size = sizeof filter, .flags = IMP_FILTER_DETERMINISTIC, .threads = IMP_PARALLEL, .id = FILTER_ID,
    .summary = SUMMARY, .params = params, .param_count = sizeof params / sizeof *params,
    .param_stride = PARAM_STRIDE, .inputs = IMP_LIST(inputs), .outputs = IMP_LIST(outputs), .create = CREATE,
    .destroy = DESTROY, .process = PROCESS, .plan = PLAN,
};
static const imp_filter *const filters[] = {&filter, NULL};

#ifndef PLUGIN_ID
#define PLUGIN_ID "org.example.broken"
#endif
#ifndef MAGIC
#define MAGIC IMP_MAGIC
#endif
#ifndef SIZE
#define SIZE sizeof(imp_plugin)
#endif
#ifndef MAJOR
#define MAJOR IMP_ABI_MAJOR
#endif
#ifndef MINOR_REQUIRED
#define MINOR_REQUIRED 0
#endif
#ifndef NEEDS
#define NEEDS NULL
#endif
#ifndef WANTS
#define WANTS NULL
#endif
#ifndef PROVIDES
#define PROVIDES NULL
#endif
#ifndef DEINIT
#define DEINIT NULL
#endif
#ifndef INIT
#define INIT NULL
#endif
static const imp_plugin plugin = {
    .magic = MAGIC, .struct_size = SIZE, .abi_major = MAJOR, .abi_minor = IMP_ABI_MINOR,
    .abi_minor_required = MINOR_REQUIRED, .id = PLUGIN_ID, .version = "1.0.0", .licence = "MIT", .filters = filters,
    .provides = PROVIDES, .needs = NEEDS, .wants = WANTS, .init = INIT, .deinit = DEINIT,
};

#ifndef ENTRY
#define ENTRY IMP_EXPORT const imp_plugin *imp_entry_v1(void) IMP_NX { return &plugin; }
#endif
ENTRY

#endif
