/* indexes_by_value.c - believes that every sample is a number from 0 to 1. */
#include <impasto/impasto.h>
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    (void)instance, (void)err;
    if (!out)
        return IMP_E_MEMORY;
    float table[256];
    for (int i = 0; i < 256; i++)
        table[i] = (float)i / 255;
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = ((volatile float *)table)[(int)(imp_row(in, c, y)[x] * 255)];
    return job->set_output(job, 0, &out->head);
}
#define PROCESS process
#include "broken.h"
