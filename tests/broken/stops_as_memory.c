/* stops_as_memory.c - takes a stop in the middle of its work for memory that is short. */
#include <impasto/impasto.h>
static imp_image *halfway(imp_job *job, imp_image *out)
{
    return job->progress(job, 0.5, NULL) == IMP_OK ? out : NULL;
}
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    (void)instance, (void)err;
    if (out && job->progress(job, 0, NULL) != IMP_OK)
        return IMP_CANCELLED;
    if (!out || !halfway(job, out))
        return IMP_E_MEMORY;
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = imp_row(in, c, y)[x];
    const imp_status st = job->progress(job, 1, NULL);
    return st == IMP_OK ? job->set_output(job, 0, &out->head) : st;
}
#define PROCESS process
#include "broken.h"
