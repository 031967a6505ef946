/* shares_buffer.c - all instances use one buffer, which the descriptor denies. */
#include <impasto/impasto.h>
#include <string.h>
#include <time.h>
static float shared[64];
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    (void)instance, (void)err;
    if (!out)
        return IMP_E_MEMORY;
    const struct timespec pause = {0, 20000000};
    memset(shared, 0, sizeof shared);
    for (uint32_t i = 0; i < 64; i++)
        shared[i] = imp_row(in, 0, i % in->height)[i % in->width];
    nanosleep(&pause, NULL);
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = imp_row(in, c, y)[x];
    for (uint32_t i = 0; i < 64; i++)
        imp_row_out(out, 0, i % in->height)[i % in->width] = shared[i];
    return job->set_output(job, 0, &out->head);
}
#define PROCESS process
#include "broken.h"
