/* keeps_state.c - an instance counts its calls and puts the number into the picture. */
#include <impasto/impasto.h>
#include <stdlib.h>

static imp_status create(const imp_host *host, const imp_filter *filter, const imp_cell *params, void **instance,
                         imp_error *err) IMP_NX
{
    (void)host, (void)filter, (void)params, (void)err;
    *instance = calloc(1, sizeof(int));
    return *instance ? IMP_OK : IMP_E_MEMORY;
}

static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    int *calls = instance;
    (void)err;
    if (!out)
        return IMP_E_MEMORY;
    ++*calls;
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = imp_row(in, c, y)[x] + (float)*calls;
    return job->set_output(job, 0, &out->head);
}
#define CREATE create
#define DESTROY free
#define PROCESS process
#include "broken.h"
