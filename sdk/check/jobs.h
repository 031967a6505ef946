/* jobs.h - tests in children of their own, some at a time, told in order. */
#ifndef IMP_JOBS_H
#define IMP_JOBS_H
#include <sys/types.h>
#include "check.h"
#include "trial.h"

struct job {
    const struct test *test;
    const char *filter; /* NULL: of the file */
    const char *hidden; /* see trial */
    uint32_t variant;   /* see trial; "runs" finds it out */
    enum { JOB_WAITS = 0, JOB_LATER, JOB_RUNS, JOB_DONE, JOB_DROPPED } state;
    enum verdict verdict; /* when it is done */
    char *text;           /* why; owned */
    double ms;
    /* while it runs */
    pid_t pid;
    int from;
    size_t used;
    char said[16384], folder[512];
    struct note *note; /* shared with the child */
};

/* Runs all that wait, `at_once` at a time, each for at most `seconds`; done(user) after each that
 * ended. */
void jobs_run(struct job *, size_t count, const struct trial *like, int at_once, int seconds,
              void (*done)(void *user), void *user);

/* check_tell.c: what is told of them. */
struct teller {
    FILE *out;
    const struct check_options *options;
    const char *path;
    struct check_totals *totals;
};
void tell_job(const struct teller *, const struct job *);
void tell_start(const struct teller *, const struct job *, size_t count); /* count, for JUnit */
void tell_end(const struct teller *);

#endif
