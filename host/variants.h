/* variants.h - the graphs of a run: one, or one for each point of the sweep. Private to the batch. */
#ifndef IMP_VARIANTS_H
#define IMP_VARIANTS_H
#include "batch_plan.h"

/* Reads the preset once for every point, builds the graphs and checks the names of files. false: none can be
 * used; mistakes are in the report either way. */
bool variants_build(struct batch *);
/* Recipes of all graphs. */
bool variants_hash(struct batch *);
#endif
