/* work.h - what the files of batch_work.c share: a run that is under way. */
#ifndef IMP_WORK_H
#define IMP_WORK_H
#include <pthread.h>
#include "batch_work.h"
#include "commit.h"

struct work {
    struct batch *b;
    struct committer *committer;
    char *temp;                /* OUT/.impasto/tmp... */
    struct unit **todo;        /* items */
    size_t todo_count;
    atomic_size_t next, serial;
    atomic_int end;            /* enum work_end: non-zero stops handing out */
    pthread_mutex_t lock;      /* units' results, times */
    double **ms;               /* by node of variant 0 */
    size_t *ms_count;
};

bool work_stopped(const struct work *);
/* The first reason to end counts. */
void work_end_with(struct work *, enum work_end);
uint64_t work_clock(void); /* monotonic, us */

/* work_results.c. The committer's answer: commit_done. */
void work_committed(void *work, struct commit_job *, const struct made *, int failed, const char *failed_path);
/* A temporary name with the right ending for every file of the unit; `written` has room for them. */
struct commit_job *work_prepare(struct work *, struct unit *, struct written *);
void work_free_written(struct written *, size_t n);
/* After the engine's answer: commits, or drops and tells the failure. Takes the job over. */
void work_settle(struct work *, struct unit *, struct commit_job *, const struct outcome *);
void work_drop(struct commit_job *);

/* work_once.c. false: it failed or was stopped, so nothing else can run. */
bool work_once(struct work *);
void work_gather(struct work *, struct unit *);

#endif
