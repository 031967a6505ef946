/* address_seen.c - an address goes into the picture: another one in each process. */
#include <impasto/impasto.h>
static const char where;
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
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
    imp_row_out(out, 0, 0)[0] += (float)((uintptr_t)&where >> 14 & 1023);
    return job->set_output(job, 0, &out->head);
}
#define PROCESS process
#include "broken.h"
