/* targets.h - may the files of a plan be where they are to be? Private to the batch. */
#ifndef IMP_TARGETS_H
#define IMP_TARGETS_H
#include "batch_plan.h"

/* No two outputs of one name, none both file and folder (E0730); OUT given and writable (E0733). */
bool targets_check(struct batch *);

#endif
