/* peak.h - the most memory that this process held since a moment, as the kernel counts it. */
#ifndef IMP_RT_PEAK_H
#define IMP_RT_PEAK_H
#include <stdint.h>

/* Begins to count anew, where the kernel lets us (Linux). */
void rt_peak_reset(void);
/* Bytes; 0: not known. Without a reset, of the whole life of the process. */
uint64_t rt_peak(void);

#endif
