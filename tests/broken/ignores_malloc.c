/* ignores_malloc.c - does not look whether malloc gave anything. */
#include <impasto/impasto.h>
#include <stdlib.h>
#include <string.h>
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    (void)instance, (void)err;
    if (!out)
        return IMP_E_MEMORY;
    float *row = malloc(in->width * sizeof *row);
    memcpy(row, imp_row(in, 0, 0), in->width * sizeof *row);
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = imp_row(in, c, y)[x];
    memcpy(imp_row_out(out, 0, 0), row, in->width * sizeof *row);
    free(row);
    return job->set_output(job, 0, &out->head);
}
#define PROCESS process
#include "broken.h"
