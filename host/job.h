/* job.h - the job that process() gets, seen from the host's side. Private to instance.c and job.c.
 */
#ifndef IMP_JOB_H
#define IMP_JOB_H
#include <fenv.h>
#include "instance.h"

struct job {
    imp_job api; /* first: a plugin's imp_job pointer leads back here */
    const struct call *call;
    struct value **inputs;  /* as the ports take them, with a reference */
    struct values *outputs; /* by declared port, with a reference */
    struct values made;     /* new values, with a reference */
    struct values scratch;  /* scratch buffers: U8 tensors */
    struct value
        *alpha; /* 4 channels: its last plane goes back onto outputs of its size; borrowed */
    struct kept *kept;
    struct doing doing; /* for the threads that help */
    double told; /* when progress was last passed on */
    fenv_t fp;   /* floating-point mode before the call */
    atomic_int fp_changed;
    imp_status refusal; /* why the host last said no */
    char reason[320];
};

/* Fills in the functions and the plain members; inputs, outputs are the caller's. */
void job_init(struct job *, const struct call *);
void job_fini(struct job *, bool done);

/* Has the thread's floating-point mode (rounding, traps, flush to zero) changed since? Puts it
 * back. */
bool fp_restore(const fenv_t *before);

#endif
