/* heap.h - malloc as the driver sees it: what is alive, how often it was asked, and answers of NULL
 * on purpose. The driver's own malloc stands before the C library's, for plugins and their
 * libraries too. In sanitized builds, and with other C libraries, nothing is seen. [any] thread. */
#ifndef IMP_HEAP_H
#define IMP_HEAP_H
#include <stdbool.h>
#include <stdint.h>

bool heap_seen(void);
int64_t heap_blocks(void); /* alive, of all threads */
uint64_t heap_calls(void); /* of malloc and its like so far */

/* Brackets around code of a plugin on this thread, and within it around the host's own. They nest.
 */
void heap_plugin(int step); /* +1, -1 */
void heap_host(int step);   /* +1, -1 */
/* Allocations of plugins so far; the k-th from now on is answered NULL (0: none is). */
uint64_t heap_asked(void);
void heap_fail_at(uint64_t k);
bool heap_failed(void); /* it has been since heap_fail_at */

#endif
