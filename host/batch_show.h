/* batch_show.h - what a run says about itself: --plan, the lists it leaves in OUT, the last lines. Private to the
 * batch. */
#ifndef IMP_BATCH_SHOW_H
#define IMP_BATCH_SHOW_H
#include "batch_plan.h"

void show_plan(const struct batch *);                 /* stdout, also as JSON */
void show_item(const struct batch *, const struct unit *, const struct made *, size_t n); /* --json; [any] */
/* failed.tsv, sweep.csv. false: reported. */
bool show_lists(const struct batch *);
bool show_failed(const struct batch *); /* failed.tsv alone; gone when nothing failed */
/* Last lines and the summary object. status: the exit status. */
void show_summary(const struct batch *, int status, double seconds);
/* times.json, from lists of milliseconds by node of variant 0. */
bool show_times(const struct batch *, const struct graph *, double *const *ms, const size_t *count);

#endif
