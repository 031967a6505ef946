/* generated_job.c - a job within a job: a source's process() run for a picture of a data set. */
#include "generated.h"
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 }; /* images and scratches of one call */

struct inner {
    imp_job as;
    imp_job *outer; /* NULL: none may be used */
    imp_image *images[MOST];
    void *scratches[MOST];
    uint32_t image_count, scratch_count;
    uint32_t lines_port; /* 0: not wanted */
    imp_image *result, *lines;
};

static struct inner *inner_of(imp_job *job)
{
    return (struct inner *)(void *)job;
}

static imp_image *new_image(imp_job *job, uint32_t width, uint32_t height, uint32_t channels,
                            uint32_t colour) IMP_NX
{
    struct inner *in = inner_of(job);
    imp_image *m = in->image_count < MOST ? kit_image_new(width, height, channels, colour) : NULL;
    if (m)
        in->images[in->image_count++] = m;
    return m;
}

static imp_status set_output(imp_job *job, uint32_t port, const imp_value *value) IMP_NX
{
    struct inner *in = inner_of(job);
    for (uint32_t i = 0; i < in->image_count; i++)
        if (&in->images[i]->head == value && !port)
            in->result = in->images[i];
        else if (&in->images[i]->head == value && port == in->lines_port)
            in->lines = in->images[i];
    return IMP_OK;
}

static imp_status progress(imp_job *job, double fraction, const char *phase) IMP_NX
{
    struct inner *in = inner_of(job);
    (void)fraction, (void)phase; /* of one picture: the outer one counts pictures */
    return in->outer ? in->outer->progress(in->outer, -1, NULL) : IMP_OK;
}

static void *scratch(imp_job *job, uint64_t bytes) IMP_NX
{
    struct inner *in = inner_of(job);
    void *p = NULL;
    if (in->scratch_count == MOST || bytes > SIZE_MAX / 4 ||
        posix_memalign(&p, 64, bytes ? (size_t)bytes : 64))
        return NULL;
    return in->scratches[in->scratch_count++] = p;
}

static imp_status parallel(imp_job *job, uint32_t n, void (*fn)(void *user, uint32_t i) IMP_NX,
                           void *user) IMP_NX
{
    return kit_parallel(inner_of(job)->outer, n, fn, user);
}

uint32_t generated_lines(const imp_filter *source)
{
    for (uint32_t i = 1; i < source->output_count; i++)
        if (!strcmp(source->outputs[i].name, "lines"))
            return i;
    return 0;
}

imp_status generated_draw(const imp_filter *source, const imp_cell *cells, imp_job *job,
                          imp_image **out, imp_image **lines)
{
    const uint32_t port = lines ? generated_lines(source) : 0;
    struct inner in = {
        .as = {.struct_size = sizeof in.as,
               .output_count = source->output_count,
               .max_threads = 1,
               .wanted = 1u | 1u << port,
               .params = cells,
               .new_image = new_image,
               .set_output = set_output,
               .progress = progress,
               .scratch = scratch,
               .parallel = parallel},
        .outer = job,
        .lines_port = port,
    };
    imp_status st = source->process(NULL, &in.as, NULL);
    if (st == IMP_OK && (!in.result || (port && !in.lines)))
        st = IMP_E_INTERNAL;
    for (uint32_t i = 0; i < in.image_count; i++)
        if ((in.images[i] != in.result && in.images[i] != in.lines) || st != IMP_OK)
            kit_image_free(in.images[i]);
    for (uint32_t i = 0; i < in.scratch_count; i++)
        free(in.scratches[i]);
    if (st == IMP_OK)
        *out = in.result;
    if (st == IMP_OK && lines)
        *lines = in.lines;
    return st;
}
