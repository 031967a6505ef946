/* trial.h - what the tests of the conformance driver share. A trial lives in its own process. */
#ifndef IMP_TRIAL_H
#define IMP_TRIAL_H
#include "minihost.h"

enum verdict { PASSED = '+', FAILED = '-', SKIPPED = '?' };

/* What a child leaves for its parent, should it end before its time. */
struct note {
    uint64_t variant;
    char what[240]; /* what it was about to do */
};

struct trial {
    const char *path;        /* of the plugin */
    const char *const *with; /* other plugins */
    int with_count;
    const char *filter_id;    /* NULL for tests of the file */
    const char *folder;       /* for files that the filter writes; empty, removed afterwards */
    const char *program;      /* the driver as a program, to be run again; NULL = not known */
    const char *hidden;       /* a service that nobody provides in this trial; NULL = none */
    uint64_t seed, only_case; /* of fuzzing; only_case 0: `cases` of them, from 1 */
    uint32_t cases;
    uint32_t variant;  /* which of the networks and tensors a filter is given; `runs` finds it */
    bool slow;         /* it takes its time even over the usual picture */
    struct note *note; /* memory shared with the parent; NULL = none */
    int report_to;     /* the pipe to the parent: a letter, then text */
    struct mini *mini; /* ready, for tests of filters */
    struct mini *beside[MINI_PORTS]; /* the other plugins, open; beside_count */
    int beside_count;
    const imp_filter *filter;
    char text[800]; /* why it failed or was skipped */
};

struct test {
    const char *name;
    enum verdict (*run)(struct trial *);
};
/* All end with a NULL name. trial_file.c; trial_filter.c: the first, "runs", comes before all
 * others; trial_hard.c: what is hard on a filter, and test_wanted, with t->hidden; trial_fuzz.c. */
extern const struct test trial_file_tests[];
extern const struct test trial_filter_tests[];
extern const struct test trial_hard_tests[];
extern const struct test trial_wanted_test;
extern const struct test trial_fuzz_test;
/* Prints a fingerprint of what the filter makes of the usual input; for another process to compare.
 */
enum verdict trial_print(struct trial *, FILE *out);

/* Notes the reason and answers FAILED (SKIPPED). */
__attribute__((format(printf, 2, 3))) enum verdict trial_fail(struct trial *, const char *fmt, ...);
__attribute__((format(printf, 2, 3))) enum verdict trial_skip(struct trial *, const char *fmt, ...);

/* What comes next, for the message if it crashes or hangs. */
__attribute__((format(printf, 2, 3))) void trial_note(struct trial *, const char *fmt, ...);

/* Opens the plugin, and those beside it if it could use them, runs their init; PASSED, or not. */
enum verdict trial_open(struct trial *);
/* Does it need or want services, or objects? */
bool trial_leans(const imp_plugin *);

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

/* trial_input.c: inputs and parameters that a filter can be run with. */
struct shape_wish {
    uint32_t width, height, channels, colour; /* taken where the port allows */
    bool open;                                /* leave optional ports open */
};
struct feed {
    const imp_value *values[MINI_PORTS + 4];
    uint32_t count;
};
/* A value for an OBJECT port: the driver's data set, a tiny network, or what a filter at hand makes
 * of nothing. NULL: none. trial_object.c */
const imp_value *object_make(struct trial *, const char *type);
extern const uint32_t object_variants;
/* PASSED, or SKIPPED with the reason (an object is needed). */
enum verdict feed_init(struct trial *, struct feed *, const struct shape_wish *);
void feed_fini(struct feed *);
/* Defaults, and something sensible for what is required; files that are written go to
 * trial->folder. */
enum verdict feed_params(struct trial *, struct mini_params **);
bool feed_allows(const imp_filter *, uint32_t channels); /* an image input takes that many */

/* trial_bench.c: an instance with something to work on. */
struct bench {
    struct mini_node *node;
    struct feed feed;
};
enum { BENCH_LIMIT = 256 << 20 }; /* bytes of one value: what a test machine surely has */
extern const struct shape_wish bench_usual;
/* Takes params over; NULL: the defaults. */
enum verdict bench_init(struct trial *, struct bench *, const struct shape_wish *,
                        struct mini_params *params);
void bench_fini(struct bench *);
void bench_run(struct bench *, struct mini_call, struct mini_result *); /* inputs are filled in */
/* Is this an answer that the ABI allows? what: the circumstances, for the message. */
enum verdict bench_judge(struct trial *, const struct mini_result *, const char *what);
bool bench_same(const struct mini_result *, const struct mini_result *);
double bench_ms(void); /* a clock */
double
bench_busy_ms(void); /* processor time of this process: what other programs do does not count */

#endif
