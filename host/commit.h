/* commit.h - finished files go to their names: fsync, rename, in a few threads of their own, so that work never
 * waits for a disk. Files come whole under a temporary name on (mostly) the same file system. */
#ifndef IMP_COMMIT_H
#define IMP_COMMIT_H
#include <stdbool.h>
#include <stddef.h>
#include "journal.h"

struct commit_file {
    char *temp;      /* full path; a folder's without its last / */
    char *path;      /* below OUT, likewise */
    bool folder;
    bool keep;       /* --overwrite never: what is there stays, temp goes */
};
/* A unit of work: all its files become visible, or the failure is told. Heap-owned by the committer from
 * commit_push on. */
struct commit_job {
    struct commit_file *files;
    size_t count;
    void *user;
};
/* [any] thread, one call per job, after its last rename. made: count of them, valid for the call. failed: errno
 * and the file it was about; 0 = fine. */
typedef void commit_done(void *user, struct commit_job *, const struct made *made, int failed,
                         const char *failed_path);

struct committer;
/* out: the folder. queue: jobs that may wait before commit_push does. NULL: no threads. */
struct committer *commit_new(const char *out, unsigned threads, unsigned queue, commit_done *, void *user);
void commit_push(struct committer *, struct commit_job *);
/* Waits until all that was pushed is done. */
void commit_drain(struct committer *);
/* Drains, makes renames durable (fsync of the folders touched), ends the threads and frees. */
void commit_free(struct committer *);
void commit_job_free(struct commit_job *);

#endif
