/* up_to_date.h - does what the journal says still hold, and whose files stand in the way? Private to the batch. */
#ifndef IMP_UP_TO_DATE_H
#define IMP_UP_TO_DATE_H
#include "batch_plan.h"

/* Keys of all units but the gather one's: what their files depend on beside the picture. */
void keys_set(struct batch *);
/* Files in the way: never one of the inputs (E0731), nor one that no run made (E0732). */
void plan_refuse(struct batch *);
/* NULL: the files recorded are there as they were made; else which is not, and how. */
const char *made_differs(struct arena *, const char *out, const struct entry *);
/* NULL: the recorded picture is the one at path; else what changed. */
const char *picture_differs(const char *path, const struct entry *, struct files_state *);

#endif
