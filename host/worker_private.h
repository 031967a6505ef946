/* worker_private.h - a worker from the inside. */
#ifndef IMP_WORKER_PRIVATE_H
#define IMP_WORKER_PRIVATE_H
#include "isolate_private.h"
#include "worker.h"

struct lent { /* kept state read back: until process returns */
    struct lent *next;
    struct mail mail;
};
struct worker {
    struct engine *engine; /* as it was when the nursery was forked */
    struct channel line;
    struct pulse *pulse;
    struct region *regions[2]; /* that of the nursery, to be read; its own */
    struct values **objects;   /* by variant and port */
    uint64_t item;
    struct lent *lent;
    struct pool *whole; /* threads */
    unsigned slot;
    bool nursery;
};

/* worker_job.c: the memory of its values, and where lines, progress and previews go. */
bool worker_connect(struct worker *);
void worker_end_call(struct worker *);
/* The answer to what was just sent. The host gone: ends the process. */
struct mail worker_answer(struct worker *);
_Noreturn void worker_leave(void);
/* worker_call.c, worker_plan.c */
void worker_create(struct worker *, struct mail *);
void worker_plan(struct worker *, struct mail *);
void worker_call(struct worker *, struct mail *);
void worker_probe(struct worker *, struct mail *); /* worker_picture.c */
void worker_decode(struct worker *, struct mail *);
_Noreturn void worker_nonsense(void);
struct variant *worker_node(struct worker *, struct mail *, const struct node **);
struct instance *worker_instance(struct worker *, struct variant *, const struct node *);
struct value *worker_value(struct worker *, struct mail *); /* NULL: left open */
void worker_done(struct worker *, struct text *body);       /* sends and frees it */

#endif
