/* lasting.h - what nodes make of their parameters and would make again in each call, kept by the model
 * for all its runs: filters in the domain where they are multiplied. Made when it is asked for the
 * second time, since who evaluates a network once gains nothing, and the memory is known then. */
#ifndef IMP_RT_LASTING_H
#define IMP_RT_LASTING_H
#include <impasto/impasto.h>
#include <stdatomic.h>
#include <stdint.h>

struct rt_kept_block;
struct rt_kept { /* of one node */
    _Atomic(struct rt_kept_block *) block;
    atomic_uint asked, reserved0;
};
/* For one call. */
struct rt_keeper {
    struct rt_kept *kept;
    _Atomic uint64_t *total; /* bytes that the model keeps */
    uint64_t room;           /* that they may become */
};

/* `bytes` bytes, 64-byte aligned, that fill() wrote, now or once, in any run; they live as long as
 * the model. NULL: make them yourself: it is the first time, there is no room or memory, another
 * size is kept, or fill() failed. keeper may be NULL. [any] */
const float *rt_kept_get(const struct rt_keeper *, uint64_t bytes,
                         imp_status (*fill)(const void *user, float *to), const void *user);
void rt_kept_free(struct rt_kept *);

#endif
