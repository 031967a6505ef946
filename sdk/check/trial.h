/* trial.h - what the tests of the conformance driver share. A trial lives in its own process. */
#ifndef IMP_TRIAL_H
#define IMP_TRIAL_H
#include "minihost.h"

enum verdict { PASSED = '+', FAILED = '-', SKIPPED = '?' };

struct trial {
    const char *path;        /* of the plugin */
    const char *const *with; /* other plugins */
    int with_count;
    const char *filter_id; /* NULL for tests of the file */
    const char *folder;    /* for files that the filter writes; empty, removed afterwards */
    struct mini *mini;     /* ready, for tests of filters */
    const imp_filter *filter;
    char text[800]; /* why it failed or was skipped */
};

struct test {
    const char *name;
    enum verdict (*run)(struct trial *);
};
/* Both end with a NULL name. trial_file.c, trial_filter.c */
extern const struct test trial_file_tests[];
extern const struct test trial_filter_tests[];

/* Notes the reason and answers FAILED (SKIPPED). */
__attribute__((format(printf, 2, 3))) enum verdict trial_fail(struct trial *, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) enum verdict trial_skip(struct trial *, const char *fmt, ...);

/* Opens the plugin and those beside it, runs their init; PASSED, or not. */
enum verdict trial_open(struct trial *);

/* trial_world.c: what a call must leave as it was (the ABI's rule R14). */
struct world {
    unsigned fp_mode;
    char folder[1024], locale[256];
    unsigned mask;
    unsigned long long environment, handlers;
    int threads, files;
    long printed; /* bytes on stdout */
};
void world_look(struct world *);
/* From here on what goes to stdout is counted instead of printed. */
void world_catch_stdout(void);
/* The first difference as a sentence in buf, or NULL. */
const char *world_changed(const struct world *before, const struct world *after, char *buf,
                          size_t size);
size_t world_heap(void); /* bytes in use by malloc, 0 = cannot be told */

/* trial_input.c: inputs and parameters that a filter can be run with. */
struct shape_wish {
    uint32_t width, height, channels, colour; /* taken where the port allows */
    bool open;                                /* leave optional ports open */
};
struct feed {
    const imp_value *values[MINI_PORTS + 4];
    uint32_t count;
};
/* PASSED, or SKIPPED with the reason (an object is needed). */
enum verdict feed_init(struct trial *, struct feed *, const struct shape_wish *);
void feed_fini(struct feed *);
/* Defaults, and something sensible for what is required; files that are written go to
 * trial->folder. */
enum verdict feed_params(struct trial *, struct mini_params **);
bool feed_allows(const imp_filter *, uint32_t channels); /* an image input takes that many */

#endif
