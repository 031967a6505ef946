/* median_large.h - medians of squares of any radius, for median.c. */
#ifndef MEDIAN_LARGE_H
#define MEDIAN_LARGE_H
#include <impasto/kit.h>

/* dst, of the size and channels of src, in full: the median of the square of side 2 radius + 1
 * around each sample, borders mirrored; radius 1..50. Exact for planes of 8-bit values, else within
 * half of a 4095th of the plane's range. Needs 2 bytes for each sample and about 2 MiB for each
 * thread. IMP_E_MEMORY, IMP_CANCELLED. [worker] Cost independent of radius. */
imp_status median_large(imp_job *job, const imp_image *src, imp_image *dst, uint32_t radius);
#endif
