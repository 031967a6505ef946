/* fake_job.h - a job for training loops: it keeps a checkpoint in memory, stops when asked often
 * enough, and runs pieces forwards or backwards. */
#ifndef FAKE_JOB_H
#define FAKE_JOB_H
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <impasto/impasto.h>

struct job {
    imp_job as;
    const char *name; /* of what is kept */
    unsigned char *kept;
    uint64_t size;
    uint32_t polls, stop_at, keeps; /* stop_at 0: never */
    bool backwards;                 /* parallel() runs from the last piece to the first */
    double fraction;
    char phase[256];
};

static struct job *job_of(imp_job *job)
{
    return (struct job *)(void *)job;
}

static imp_status job_progress(imp_job *job, double fraction, const char *phase) IMP_NX
{
    struct job *j = job_of(job);
    if (fraction >= 0) {
        assert_true(fraction >= j->fraction && fraction <= 1);
        j->fraction = fraction;
    }
    if (phase)
        snprintf(j->phase, sizeof j->phase, "%s", phase);
    return ++j->polls >= j->stop_at && j->stop_at ? IMP_CANCELLED : IMP_OK;
}

static imp_status job_parallel(imp_job *job, uint32_t n, void (*fn)(void *, uint32_t) IMP_NX,
                               void *user) IMP_NX
{
    for (uint32_t i = 0; i < n; i++)
        fn(user, job_of(job)->backwards ? n - 1 - i : i);
    return IMP_OK;
}

static imp_status job_keep(imp_job *job, const char *name, const void *data, uint64_t size) IMP_NX
{
    struct job *j = job_of(job);
    assert_string_equal(name, j->name);
    free(j->kept);
    j->kept = malloc((size_t)size);
    assert_non_null(j->kept);
    memcpy(j->kept, data, (size_t)size);
    j->size = size;
    j->keeps++;
    return IMP_OK;
}

static const void *job_kept(imp_job *job, const char *name, uint64_t *size) IMP_NX
{
    struct job *j = job_of(job);
    assert_string_equal(name, j->name);
    *size = j->size;
    return j->kept;
}

static imp_status job_preview(imp_job *job, const imp_image *picture) IMP_NX
{
    (void)job;
    assert_non_null(picture->data);
    return IMP_OK;
}

static inline struct job new_job(void)
{
    return (struct job){.as = {.struct_size = sizeof(imp_job),
                               .progress = job_progress,
                               .parallel = job_parallel,
                               .keep = job_keep,
                               .kept = job_kept,
                               .preview = job_preview},
                        .name = "training"};
}

#endif
