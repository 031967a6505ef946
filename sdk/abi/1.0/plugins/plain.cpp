/* plain.cpp - a filter in C++11, from the C header alone: what was built before impasto.hpp was
 * there, or without it. */
#include <impasto/impasto.h>

static imp_status process(void *, imp_job *job, imp_error *) noexcept
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    if (!out)
        return IMP_E_MEMORY;
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = imp_row(in, c, y)[in->width - 1 - x];
    return job->set_output(job, 0, &out->head);
}

static const imp_port inputs[] = {{"in", "Any image.", nullptr, IMP_IMAGE, 0, 0, 0}};
static const imp_port outputs[] = {{"out", "Mirrored.", nullptr, IMP_IMAGE, 0, 0, 0}};
static const imp_filter mirror = {
    sizeof(imp_filter),
    IMP_FILTER_DETERMINISTIC,
    IMP_PARALLEL,
    0,
    "org.example.plain",
    "Mirror a picture.",
    nullptr,
    nullptr,
    0,
    0,
    IMP_LIST(inputs),
    IMP_LIST(outputs),
    nullptr,
    nullptr,
    process,
    nullptr,
};
static const imp_filter *const filters[] = {&mirror, nullptr};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD, 0,       "org.example.plain",
    "1.0.0",         "MIT",   filters,
    nullptr,         nullptr, nullptr,
    nullptr,         nullptr, nullptr,
};

IMP_EXPORT const imp_plugin *imp_entry_v1(void) noexcept
{
    return &plugin;
}
