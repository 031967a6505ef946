/* keep.h - which values a run keeps. When memory ends, values that can be computed again go: of
 * those that backward has passed any, then those that cost least work for their bytes and are
 * needed last. Everything follows from sizes and the order of calls, nothing from time, so the same
 * values go each time; and what is computed again is computed by the same calls, to the same bytes.
 *
 * Source: Kirisame et al. 2021, Dynamic tensor rematerialization, with the distance in nodes to the
 * next reader in place of the age. */
#ifndef IMP_RT_KEEP_H
#define IMP_RT_KEEP_H
#include "run.h"

/* A block of the store, making room for it: blocks that pass may move. -1: there is no room. */
int32_t rt_keep_block(struct imp_nn_run *, uint64_t bytes, enum rt_row_kind);
/* The same of scratch. */
bool rt_keep_scratch(struct imp_nn_run *, uint64_t bytes);
/* Work of the call that computes node i, in multiply-accumulates. */
double rt_keep_work(const struct imp_nn_run *, uint32_t node);

#endif
