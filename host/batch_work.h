/* batch_work.h - working a plan off: temporary files, slots, what is committed and journalled. Private to the
 * batch. */
#ifndef IMP_BATCH_WORK_H
#define IMP_BATCH_WORK_H
#include "batch_plan.h"

/* The engine with all variants, told what this run wants. false: reported. */
bool batch_engine(struct batch *);

enum work_end {
    WORK_DONE = 0,
    WORK_INTERRUPTED,  /* stop was set */
    WORK_FULL,         /* no space left: going on would fail for every item */
    WORK_HALTED,       /* --fail-fast, or what runs once failed */
    WORK_REFUSED       /* OUT is in use, of another plan, or cannot be written: nothing was done */
};
/* Makes OUT, takes its lock and runs all that is to do. Reasons are in the report. */
enum work_end batch_work(struct batch *);
/* When there is nothing to do: what an earlier run left behind goes. */
void batch_tidy(struct batch *);

#endif
