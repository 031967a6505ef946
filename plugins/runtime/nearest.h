/* nearest.h - the names nearest to one that is not there. */
#ifndef IMP_RT_NEAREST_H
#define IMP_RT_NEAREST_H
#include <stddef.h>
#include <stdint.h>

/* "relu1_1 relu1_2 ...": up to `most` of n names, nearest first (optimal string alignment distance),
 * into buf; name_at answers name i. Names farther away than half their letters are left out unless
 * nothing is nearer. */
void rt_nearest(const char *wanted, uint32_t n, const char *(*name_at)(const void *of, uint32_t i),
                const void *of, uint32_t most, char *buf, size_t size);

/* Insertions, deletions, exchanges and swaps of neighbours that lead from one to the other (their first 64
 * bytes). */
uint32_t rt_name_distance(const char *, const char *);

#endif
