/* leaves_thread.c - starts a thread, once, that outlives the call. */
#include <impasto/impasto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>
static atomic_flag started = ATOMIC_FLAG_INIT;
static void *linger(void *user)
{
    sleep(30);
    return user;
}
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    imp_image *out = job->new_image(job, in->width, in->height, in->channels, in->colour);
    (void)instance, (void)err;
    if (!out)
        return IMP_E_MEMORY;
    pthread_t thread;
    if (!atomic_flag_test_and_set(&started) && pthread_create(&thread, NULL, linger, NULL) == 0)
        pthread_detach(thread);
    for (uint32_t c = 0; c < in->channels; c++)
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++)
                imp_row_out(out, c, y)[x] = imp_row(in, c, y)[x];
    return job->set_output(job, 0, &out->head);
}
#define PROCESS process
#include "broken.h"
