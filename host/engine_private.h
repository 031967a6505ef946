/* engine_private.h - what engine.c, constants.c, gather.c and plan.c share. */
#ifndef IMP_ENGINE_PRIVATE_H
#define IMP_ENGINE_PRIVATE_H
#include "instance.h"

/* Output ports of all nodes of a graph stand in one row: node k's begin at first[k]. */
struct variant {
    struct graph *graph;
    uint32_t number;
    uint32_t *first;    /* node_count + 1 */
    uint32_t *last_use; /* by port: the last node that takes it in its phase; 0 also for none */
    bool *gathered;     /* by port: an item's value that gather wires take */
    struct instance *instances; /* node * jobs + slot */
    struct values *constants;   /* by port, of constant nodes: from the store */
    bool *done;                 /* by node: a constant whose values are there */
    bool planned;
    bool *isolated; /* by node: it runs in a worker */
    struct cost *costs; /* by size of picture, from engine_plan */
    size_t cost_count;
};
struct cost {
    uint32_t width, height, channels, reserved0;
    uint64_t bytes;
};

/* A constant of any variant. */
struct constant {
    struct hash recipe;
    struct values *ports;
    uint32_t port_count;
    struct node_time time;
};

/* Without a state folder, what gather wires wait for stays here. */
struct waiting {
    struct hash identity;
    uint32_t variant, port;
    struct values values;
};

struct engine {
    struct run_env env;
    struct engine_options options;
    struct report *report;
    struct variant **variants;
    uint32_t variant_count;
    struct constant *constants;
    size_t constant_count;
    struct plugin **locked; /* whose serial_lock is ours */
    size_t locked_count;
    pthread_mutex_t lock; /* the rest */
    pthread_cond_t room;
    struct waiting *waiting;
    size_t waiting_count;
    unsigned running; /* items, and what they are estimated to need */
    uint64_t promised;
    bool alone; /* one item has the memory for itself */
    struct text explain;
    struct isolate *isolate; /* NULL: no node is isolated */
    struct hash *reported; /* faults of the plan, each told once */
    size_t reported_count;
};

/* The input values of a node: one of every port but MANY, then those of that. `item`: by port of
 * the graph, for nodes that are not constant (NULL for constants). `all` gives the values of gather
 * wires. */
struct taken {
    struct value **list; /* borrowed; NULL = open */
    const char **labels; /* NULL without a MANY port */
    uint32_t count, capacity;
    bool fine; /* false: outcome says why */
};
typedef bool take_all(void *user, struct taken *, const struct wire *);
struct taken take_inputs(const struct variant *, const struct node *, const struct values *item,
                         take_all *all, void *user, struct outcome *);
bool take_add(struct taken *, struct value *, const char *label);
void take_free(struct taken *);

struct hash key_of(const struct node *, struct hash picture, struct hash identity);
/* Creates the instance of a slot if need be and runs the node; times it. */
imp_status run_node(struct engine *, struct variant *, const struct node *, unsigned slot,
                    const struct taken *, struct hash key, const struct written *, size_t n_written,
                    struct values *outputs, struct node_time *, struct outcome *);
bool engine_stopped(const struct engine *);
void clear_outcome(struct outcome *); /* all but times */
__attribute__((format(printf, 2, 3))) void explain(struct engine *, const char *fmt, ...);

/* constants.c: one constant node, its inputs being there; `written` may be empty. */
imp_status constant_run(struct engine *, struct variant *, const struct node *,
                        const struct written *, size_t n, struct node_time *, struct outcome *);
void constants_free(struct engine *);
/* Objects that were made are gone: they are made again when they are next needed. */
void constants_forget_objects(struct engine *);
/* gather.c */
imp_status spool_item(struct engine *, const struct variant *, struct hash identity,
                      struct values *item, struct outcome *);

#endif
