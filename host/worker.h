/* worker.h - what a filter's job does when it runs in a worker: asks the host by messages. */
#ifndef IMP_WORKER_H
#define IMP_WORKER_H
#include "instance.h"

struct worker;
imp_status worker_keep(struct worker *, const char *name, const void *data, uint64_t size);
const void *worker_kept(struct worker *, const char *name,
                        uint64_t *size); /* until process returns */
/* A sign of life. [any] */
void worker_beat(struct worker *);

#endif
