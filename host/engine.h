/* engine.h - runs graphs: instances and their life cycle, process() with everything a job offers, the three
 * phases. Knows nothing of folders, names or journals: batch.h hands it items and takes the files it wrote.
 *
 * A *variant* is one graph; a run without a sweep has one. Constants of all variants share one store, keyed
 * by their recipe, so what two variants have in common is computed once. */
#ifndef IMP_ENGINE_H
#define IMP_ENGINE_H
#include "codecs.h"
#include "graph.h"
#include "pool.h"
#include "value.h"

struct engine;

struct engine_watch { /* what the engine tells while it works; any may be NULL; [any] thread */
    void *user;
    /* A node of slot's item moves on; fraction < 0 = unknown. */
    void (*progress)(void *user, unsigned slot, const struct node *, double fraction, const char *phase);
    void (*preview)(void *user, unsigned slot, const struct node *, const imp_image *);
};
struct engine_options {
    unsigned threads, jobs;   /* >= 1, jobs <= threads */
    uint64_t mem;             /* bytes, 0 = none: limit kept while running */
    const char *state;        /* OUT/.impasto: kept state and spool; NULL = neither */
    const char *cache;        /* folder for constants that took over 5 s; NULL = none */
    double cache_seconds;     /* 0 = 5 */
    bool isolate;             /* all plugins' filters run in processes of their own, not only nodes that ask */
    bool untrusted;           /* and pictures decoded there, in a sandbox; implies isolate */
    double silence;           /* seconds without a sign of life before such a process is ended; 0 = 120, < 0 = never */
    bool metadata;            /* carry EXIF, XMP, ICC into saved files */
    const atomic_int *stop;   /* non-zero: everything ends with IMP_CANCELLED */
    struct engine_watch watch;
};
struct engine *engine_new(struct registry *, struct codecs *, const struct engine_options *, struct report *);
void engine_free(struct engine *);
/* Adds a graph (borrowed, as is its arena); answers its number. */
unsigned engine_add(struct engine *, struct graph *);
/* How many items will run at once, if fewer than jobs: processes of their own share the threads among them. */
void engine_slots(struct engine *, unsigned n);
/* All graphs are added. */
void engine_begin(struct engine *);
/* Before the run: nodes that write files write below that folder. */
void engine_writes_below(struct engine *, const char *folder);
/* codecs_probe_file, in a sandbox if the options say so. [any] while planning */
imp_status engine_probe(struct engine *, const char *path, imp_picture *, imp_error *);
struct pool *engine_pool(struct engine *);
struct memory *engine_memory(struct engine *);

/* ---- before the run: plan.c ---- */
struct estimate {
    uint64_t item_bytes;      /* peak of the largest item beside the constants */
    uint64_t constant_bytes;  /* of the values that all items share */
    uint64_t once_bytes;      /* peak while these are made */
    double macs;              /* of one item, 0 = unknown */
    unsigned jobs_that_fit;   /* within mem; 0 = not even one */
};
/* Creates instances, runs EARLY nodes, asks every filter's plan() with the shapes that follow from each size
 * in `sizes` (distinct sizes of the pictures; n may be 0), adds all mistakes at the right place (E03xx; kind
 * of image a port does not take: E0305). IMP_OK also with mistakes. */
imp_status engine_plan(struct engine *, unsigned variant, const imp_picture *sizes, size_t n,
                       struct estimate *, struct report *);

/* ---- running ---- */
struct written {              /* a file that a node is to write in this call: made by the caller */
    uint32_t node, param;
    const char *temp;         /* full path, its folder exists; ends in / for a folder (exists, empty) */
    uint32_t variant;         /* engine_constants: the graph whose node it is; else 0 */
};
struct node_time { double ms; uint64_t bytes; bool cached, ran; };
struct outcome {
    imp_status status;
    char code[8];             /* "E0604", "E0702" ... when it failed */
    char text[512];           /* where, what, why, how to mend */
    uint32_t node;            /* that failed; UINT32_MAX */
    struct hash picture;      /* content of the item's picture */
    struct node_time *times;  /* by node, caller's array of node_count, may be NULL */
    bool constant_picture;    /* a written picture had one colour only, though its source had not */
};
struct item_call {
    unsigned variant;
    const char *path;         /* of the picture; NULL = an item without one */
    const char *stem;         /* UTF-8 (or the system's bytes) name for labels */
    const char *label;        /* for MANY ports: "harbour seed=2" */
    struct hash identity;     /* of the item: names spool and kept files */
    const struct written *written;
    size_t written_count;
    const void *data;         /* the picture's bytes if the caller has them; NULL = read path */
    size_t size;
};
/* Constants of every variant (only nodes with `pass`), in order; files that constant nodes write are in
 * written, each with its variant; a writer without one does not run. */
imp_status engine_constants(struct engine *, const struct written *, size_t n, struct outcome *);
/* One item on a slot 0..jobs-1; different slots may run at once. Values that gather wires take are spooled
 * before it returns OK. */
imp_status engine_item(struct engine *, unsigned slot, const struct item_call *, struct outcome *);
/* Is everything that gather wires take of this item in the spool? (true without gather wires) */
bool engine_spooled(const struct engine *, struct hash identity);
/* Gather nodes, with the items' values in the order given; from the spool, or from memory without a state
 * folder. labels: by item. */
imp_status engine_gather(struct engine *, const struct hash *identities, const char *const *labels,
                         size_t n, const struct written *, size_t n_written, struct outcome *);
void engine_drop_spool(struct engine *);
/* Lines for --explain: what ran, what came from where. */
void engine_explain(const struct engine *, struct text *out);

#endif
