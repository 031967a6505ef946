/* cgroup.h - what the control groups of this process leave it, those above its own too: containers and batch
 * systems set them. Versions 1 and 2. root: put before /proc and /sys, for tests; "" otherwise. [any] */
#ifndef IMP_CGROUP_H
#define IMP_CGROUP_H
#include <stdint.h>

/* Processors' worth of time, 0.5 for half of one; 0: as much as there is. */
double cgroup_processors(const char *root);
/* Bytes of memory; 0: as much as there is. */
uint64_t cgroup_memory(const char *root);

#endif
