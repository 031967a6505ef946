/* pool.h - one set of worker threads for the whole program: whole items and the pieces that filters cut
 * out share it, never more running than the pool has threads. */
#ifndef IMP_POOL_H
#define IMP_POOL_H
#include <impasto/impasto.h>
#include <stdatomic.h>

struct pool;
/* threads >= 1, the caller of pool_run counted. NULL: no memory or no threads. */
struct pool *pool_new(unsigned threads);
void pool_free(struct pool *);
/* From here on no more than n of them, 1 at least, at a time; between loops only. */
void pool_set_threads(struct pool *, unsigned n);
unsigned pool_threads(const struct pool *);
/* Runs fn(user, 0..n-1): the calling thread works too, idle threads help; returns when all handed out
 * are done. stop (may be NULL): once non-zero no further i is handed out, IMP_CANCELLED. Nests. */
imp_status pool_parallel(struct pool *, uint32_t n, void (*fn)(void *, uint32_t) IMP_NX, void *user,
                         const atomic_int *stop);
/* Runs task(user, slot) on `jobs` threads at once (slot 0..jobs-1, the caller is slot 0), until each has
 * returned; the pool's other threads, and those whose task has returned, help with pieces. */
imp_status pool_tasks(struct pool *, unsigned jobs, void (*task)(void *, unsigned slot), void *user);
/* Processors this process may use: affinity and cgroup quota seen; >= 1. */
unsigned pool_processors(void);

#endif
