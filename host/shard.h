/* shard.h - part i of n of a run: which items are ours, locks that keep two runs apart, and the frozen plan that
 * keeps parts of different runs apart. */
#ifndef IMP_SHARD_H
#define IMP_SHARD_H
#include <stdbool.h>
#include <stddef.h>
#include "hash.h"
#include "report.h"

struct shard {
    unsigned index, count; /* part `index` of `count`, from 1; count 0: not a part, everything */
};
/* "i/n" from 1; "auto" of a Slurm array (SLURM_ARRAY_TASK_ID, _MIN, _COUNT); "auto/n" of a Kubernetes indexed
 * job (JOB_COMPLETION_INDEX from 0) or PBS (PBS_ARRAY_INDEX from 1). NULL: everything. Mistakes: E0815, E0816. */
bool shard_parse(const char *text, struct shard *, struct report *);
/* Is unit k (from 0) ours? */
bool shard_has(const struct shard *, size_t k);
/* "" or "-2-of-4", for the names of journal, lock, temporary folder and failed list; buf >= 32. */
const char *shard_suffix(const struct shard *, char *buf);

struct shard_lock { int all, own; }; /* descriptors, -1 = none */
/* Takes the locks in folder (OUT/.impasto, there): shards share it, a run of everything is alone.
 * false: E0734 reported. */
bool shard_lock(const char *folder, const struct shard *, struct shard_lock *, struct report *);
void shard_unlock(struct shard_lock *);

/* The first part of a sharded run freezes its plan in folder/plan; another plan, or another number of parts, is
 * refused (E0735) until a run of everything with the same plan is done and drops it. */
bool shard_plan(const char *folder, const struct shard *, struct hash plan, size_t items, struct report *);
void shard_drop_plan(const char *folder);

#endif
