/* record.h - OUT/.impasto/runs/ID.ini: the resolved preset of a run with everything that made its files, enough to
 * make them again. Private to the batch. */
#ifndef IMP_RECORD_H
#define IMP_RECORD_H
#include "batch_plan.h"

/* Writes the record of a graph unless it is there; *id names it. false: errno. */
bool record_write(const struct batch *, const struct graph *, struct hash *id);
/* What is different between an earlier run's record and this graph, for "why does it run again": "paint.steps
 * was 60, is 120"; a general sentence where the settings are the same. In the arena. */
const char *record_difference(struct arena *, const char *state, struct hash earlier, const struct graph *);

#endif
