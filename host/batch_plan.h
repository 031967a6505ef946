/* batch_plan.h - a run as data: variants (points of the sweep), units of work, the files of each and whether they
 * are up to date. Made before anything is written; batch.c then works it off. */
#ifndef IMP_BATCH_PLAN_H
#define IMP_BATCH_PLAN_H
#include "batch.h"
#include "files.h"
#include "journal.h"
#include "shard.h"
#include "sweep.h"

struct target {                /* a file that a unit is to write */
    const char *path;          /* below OUT, a folder's without its last / */
    uint32_t node, param;
    bool folder;
};
enum unit_kind { UNIT_ITEM = 0, UNIT_ONCE /* files of constant nodes */, UNIT_GATHER };
enum unit_state {
    UNIT_TODO = 0,
    UNIT_UP_TO_DATE,           /* as recorded, or --overwrite never and there */
    UNIT_ELSEWHERE,            /* another shard's, or left to the run of everything */
    UNIT_DONE, UNIT_FAILED
};
struct unit {
    enum unit_kind kind;
    enum unit_state state;
    uint32_t variant;
    const struct item *item;   /* NULL: no picture */
    const char *name;          /* "a/x.jpg", "once", "gather", for messages */
    const char *label;         /* "x seed=2" */
    const char *why;           /* it runs, or not */
    struct hash identity, key;
    struct target *targets;
    size_t target_count;
    const struct entry *before; /* what the journal has of it, or NULL */
    struct hash picture;       /* content, once known */
    struct files_state file;   /* of the picture; inode 0 = could not be seen */
    uint64_t pixels, us;
    char code[8];              /* of the failure */
    char *text;                /* heap */
    const char *node;
};
struct variant {
    struct graph *graph;
    const char *label;         /* "seed=2"; "" */
    bool *depends;             /* on what is swept, by node */
    struct hash run;           /* of its record */
};
struct batch {
    const struct batch_options *o;
    struct registry *registry;
    struct report *report;
    struct arena *arena;
    struct codecs *codecs;
    struct engine *engine;
    struct journal *journal;
    struct items items;
    struct sweep sweep;
    struct shard shard;
    struct variant *variants;
    size_t variant_count;
    struct unit *units;        /* once, items, gather */
    size_t unit_count, item_count; /* item_count: units that are items */
    const char *out, *state;   /* OUT and OUT/.impasto; NULL without -o */
    bool pictures;             /* the preset works on pictures */
    bool check_only;           /* `impasto check` */
    unsigned jobs, threads;
    struct estimate estimate;
    struct progress *progress; /* NULL: nothing is shown */
    struct hash plan;
};

/* Everything up to and with the engine's plan; mistakes are in the report. false: it cannot run. */
bool batch_plan(struct batch *);
/* States and reasons of all units again, from b->journal (after the lock). */
void plan_states(struct batch *);
/* Key of the gather unit: its recipe and what became of every item. */
struct hash plan_gather_key(const struct batch *, const struct unit *gather);
size_t plan_count(const struct batch *, enum unit_state); /* items of that state */
bool plan_todo(const struct batch *);                     /* is there anything to do at all? */
struct graph *unit_graph(const struct batch *, const struct unit *);

#endif
