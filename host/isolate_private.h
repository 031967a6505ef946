/* isolate_private.h - what the host's side (isolate*.c), the worker's (worker*.c) and ferry.c
 * share. */
#ifndef IMP_ISOLATE_PRIVATE_H
#define IMP_ISOLATE_PRIVATE_H
#include <sys/types.h>
#include "channel.h"
#include "isolate.h"
#include "region.h"

/* Seen by both sides without a message: one page a worker. */
struct pulse {
    atomic_uint beat; /* changes while a filter gives signs of life */
    atomic_int stop;
};

enum message {
    /* to a worker */
    ASK_CREATE = 1,
    ASK_PLAN,
    ASK_CALL,
    ASK_SPAWN,
    ASK_REAP,
    ASK_PROBE,
    ASK_DECODE,
    /* from it, while it works: those that are answered wait for the answer */
    SAY_TAKE,
    SAY_PROGRESS,
    SAY_LOG,
    SAY_KEEP,
    SAY_KEPT,
    SAY_PREVIEW,
    SAY_MISTAKE,
    /* and when it is done */
    SAY_DONE,
    ANSWER
};

/* The host's end of a process. */
struct far {
    struct channel line; /* fd -1: there is none */
    pid_t pid, parent;   /* parent: the nursery that forked a worker */
    struct region *region;
    struct pulse *pulse;
    uint64_t epoch; /* of the objects that were there when it was forked */
    uint64_t base;  /* private memory then, bytes */
    uint64_t item;
    unsigned restarts;
};

struct isolate {
    struct far nursery, *slots; /* jobs */
    unsigned jobs, used;        /* used: how many of them at once */
    double silence;             /* seconds; 0 = for ever */
    uint64_t limit;             /* of private memory, bytes */
    pthread_mutex_t
        lock; /* of the nursery and its line while pictures are worked on, and of what follows */
    uint64_t epoch;     /* raised with every object that all pictures share */
    unsigned nurseries; /* how many there have been */
    bool lost;          /* what the last one made cannot be made again */
    struct made *made;  /* isolate_again.c */
    size_t made_count;
    bool untrusted;
    unsigned applied;        /* of SANDBOX_ALL */
    pthread_mutex_t probing; /* of the nursery's line while headers are looked at */
    char **read;             /* what the sandbox may read */
    size_t read_count;
    char *write; /* folder; NULL = none */
};

/* One question to a process, from asking to its last answer. */
struct ask {
    struct engine *engine;
    struct variant *variant;
    const struct node *node;
    struct far *far;
    unsigned slot;
    const struct call *call; /* NULL: not process */
    imp_plan *plan;          /* NULL: not plan */
    int pass;                /* a descriptor that goes along; 0 = none */
    struct kept *kept;
    uint64_t *taken; /* places handed out that nobody has yet */
    size_t taken_count;
    struct values lent; /* copies of inputs that lay elsewhere */
    double since;       /* last sign of life */
    unsigned beat;
    double looked;  /* at its memory */
    double stopped; /* when it was told to stop; 0 = not */
};
/* isolate_ask.c: asks and serves the process until its SAY_DONE, which is left in `done`. Not
 * IMP_OK: it is gone, and `why` says how; it is forked again when it is next needed. */
imp_status isolate_ask(struct ask *, enum message, const struct text *body, struct mail *done,
                       char *why, size_t cap);
/* Takes a place over from the list of those handed out; false: it is not in it. */
bool isolate_claim(struct ask *, uint64_t at);
void isolate_end_ask(struct ask *, bool fine); /* gives back what was taken and lent */
/* isolate_call.c: which node; a value that goes there, OPEN for NULL. false: no memory for a copy.
 */
void isolate_pack_node(struct text *, const struct variant *, const struct node *);
bool isolate_pack_value(struct ask *, struct text *, struct value *);
/* Asks for process and takes the answer over; what isolate_process does but for its memory of it.
 */
imp_status isolate_call(struct engine *, struct variant *, const struct call *,
                        struct values *outputs, struct outcome *);
/* isolate_again.c: the objects that a nursery made, and made again by the one after it. */
void isolate_remember(struct engine *, struct variant *, const struct call *);
bool isolate_make_again(struct engine *, char *why, size_t cap); /* false: `why` says why not */
void isolate_forget(struct isolate *);
/* isolate_paths.c */
void isolate_find_paths(struct engine *);
void isolate_free_paths(struct isolate *);
/* isolate.c: the process there, forked if need be. false: `why` says why not. */
bool isolate_ready(struct engine *, struct far *, unsigned slot, char *why, size_t cap);
/* Ends it at once and answers what waitpid says of it; -1: it ended because the nursery did. */
int isolate_end(struct engine *, struct far *);
/* Is it a process whose parent is that one now? Also of one that ended and waits to be buried. */
bool isolate_is_child(int64_t pid, pid_t parent);

/* ---- ferry.c: values in messages ---- */
enum ferry {
    FERRY_OPEN = 0,
    FERRY_IMAGE,
    FERRY_TENSOR,
    FERRY_TABLE,
    FERRY_OBJECT,
    FERRY_INPUT,
    FERRY_PLANES
};
struct stand_in { /* what the host has of an object */
    uint32_t variant, port, index;
};
void ferry_put_at(struct text *, const struct value *, uint64_t region, uint64_t at);
/* An image or tensor that lies at a place, given back to `memory` with it. NULL: it does not fit
 * there. */
struct value *ferry_get_at(struct mail *, uint64_t kind, struct region *const regions[2],
                           struct memory *, uint64_t *at);
/* The region of the two that it lies in (0, 1), and where; false: in neither. */
bool ferry_place(const struct value *, struct region *const regions[2], uint64_t *region,
                 uint64_t *at);
/* A copy of an image or tensor, made with `memory`; NULL: none left. */
struct value *ferry_copy(const struct value *, struct memory *);
void ferry_put_shape(struct text *, const imp_shape *);
imp_shape ferry_shape(struct mail *);

/* ---- worker.c ---- */
struct worker;
/* Life in the nursery, just forked, and in the workers that are forked from it. */
_Noreturn void worker_live(struct engine *, int fd);

#endif
