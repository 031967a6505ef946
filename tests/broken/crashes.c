/* crashes.c - does what its factor says: 1 writes to an address that is none, 2 divides by zero, 3 gives up, 4 calls
 * itself without end, 5 crashes in a piece of a loop; 6 waits for ever, 7 takes memory without end, 8 ends the
 * process, 9 crashes when it is planned, 10 tells the host for a while that it works, and keeps state.
 * With a picture of one channel it is sound, so that some pictures of a folder are. */
#define _GNU_SOURCE /* usleep */
#include <impasto/impasto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int deep(volatile char *above)
{
    volatile char here[4096];
    here[0] = above ? above[0] : 1;
    return here[0] == 2 ? 0 : deep(here) + here[0];
}
static void piece(void *user, uint32_t i)
{
    if (i == 7)
        *(volatile int *)user = 1;
}
static void take_memory(void)
{
    for (;;) {
        char *p = malloc(1 << 22);
        if (!p)
            abort();
        memset(p, 1, 1 << 22);
    }
}
static imp_status work(imp_job *job)
{
    const void *before = job->kept(job, "state", NULL);
    for (int i = 0; i < (before ? 1 : 1000); i++) {
        if (job->progress(job, i / 1000.0, "working"))
            return IMP_CANCELLED;
        job->keep(job, "state", &i, sizeof i);
        usleep(10000);
    }
    return IMP_OK;
}
static imp_status plan(void *instance, imp_plan *p, imp_error *err) IMP_NX
{
    const imp_cell *params = instance;
    (void)p, (void)err;
    if (params[0].i == 9)
        abort();
    return IMP_OK;
}
static imp_status create(const imp_host *h, const imp_filter *f, const imp_cell *params, void **instance, imp_error *e) IMP_NX
{
    (void)h, (void)f, (void)e;
    *instance = (void *)(uintptr_t)params;
    return IMP_OK;
}
static imp_status misbehave(int how, imp_job *job)
{
    volatile int zero = 0;
    int *volatile nowhere = (int *)(uintptr_t)16;
    switch (how) {
    case 1: *nowhere = 1; break;
    case 2: *(volatile int *)&zero = 1 / zero; raise(SIGFPE); break;
    case 3: abort();
    case 4: deep(NULL); break;
    case 5: job->parallel(job, 64, piece, nowhere); break;
    case 6: for (;;) pause();
    case 7: take_memory(); break;
    case 8: _exit(9);
    case 10: return work(job);
    default: break;
    }
    return IMP_OK;
}
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX;
#define FACTOR {.key = "how", .type = IMP_INT, .def = 1, .max = 16, .help = "How it crashes; 0: not at all."}
#define INPUTS {.name = "in", .kind = IMP_IMAGE, .help = "Any image."}
#define FILTER_ID "org.example.crashes"
#define PLUGIN_ID "org.example.crashes"
#define PROCESS process
#define CREATE create
#define PLAN plan
#include "broken.h"
static imp_status process(void *instance, imp_job *job, imp_error *err) IMP_NX
{
    const imp_image *in = imp_image_in(job, 0);
    (void)instance, (void)err;
    if (in->channels > 1 && misbehave((int)job->params[0].i, job))
        return IMP_CANCELLED;
    return job->set_output(job, 0, &in->head);
}
