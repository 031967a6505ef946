/* changes_locale.c - sets a locale for its own good. */
#include <impasto/impasto.h>
#include <locale.h>
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    (void)instance, (void)err;
    if (!out)
        return IMP_E_MEMORY;
    setlocale(LC_ALL, "C.UTF-8");
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = imp_row(in, c, y)[x];
    return job->set_output(job, 0, &out->head);
}
#define PROCESS process
#include "broken.h"
