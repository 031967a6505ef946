/* options.h - every verb and every option of the program, in one table each: parsing, `-h`,
 * `--help`, the manual pages and the shells' completion are all made from them. */
#ifndef IMP_OPTIONS_H
#define IMP_OPTIONS_H
#include <stdbool.h>
#include <stddef.h>
#include "arena.h"
#include "report.h"

enum option_id {
    OPT_OUT, OPT_SET, OPT_SWEEP, OPT_JOBS, OPT_THREADS, OPT_MEM, OPT_SHARD, OPT_PLAN, OPT_UNTIL,
    OPT_PREVIEW, OPT_FILES_FROM, OPT_OVERWRITE, OPT_FAIL_FAST, OPT_EXPLAIN, OPT_AGAIN, OPT_PRIVATE,
    OPT_EXACT, OPT_ISOLATE, OPT_UNTRUSTED, OPT_TIME_LIMIT, OPT_NO_CACHE, OPT_JSON, OPT_QUIET, OPT_VERBOSE,
    OPT_RESOLVED, OPT_FORMAT, OPT_TIMES,
    OPT_NAMES, OPT_INI, OPT_MARKDOWN, OPT_MAN, OPT_COMPLETION, OPT_RUNS, OPT_PLUGIN_PATH,
    OPT_SIZE, OPT_META, OPT_ARCH, OPT_PRESET_PATH, OPT_MODEL_PATH, OPT_INSECURE_PLUGINS,
    OPT_LANG, OPT_KIND, OPT_JUNIT, OPT_FUZZ, OPT_SEED, OPT_CASES, OPT_ONLY, OPT_WITH, OPT_HELP, OPT_COUNT
};

/* What a shell offers for an operand or an option's value. */
enum offer {
    OFFER_NOTHING = 0, OFFER_FILE, OFFER_FOLDER, OFFER_PRESET, OFFER_NODE, OFFER_PARAM, OFFER_NAME,
    OFFER_PLUGIN, OFFER_VERB, OFFER_CHOICE /* of the words in `value`, with | between */
};

struct option_row {
    const char *name;      /* "jobs" */
    const char *letter;    /* "j" or NULL */
    const char *value;     /* "N"; "changed|never|always" with OFFER_CHOICE; NULL: a switch */
    const char *help;      /* one line, at most 52 letters */
    const char *more;      /* what --help and the manual say beside it, or NULL */
    const char *config;    /* section of impasto.ini that may set a default, or NULL */
    enum offer offer;
    bool repeats;          /* more than once; others only with one and the same value */
};
/* Rows by option_id. */
extern const struct option_row option_rows[OPT_COUNT];

struct example { const char *line, *what; };
struct command;
struct verb {
    const char *name, *operands;  /* "run", "PRESET [IN...]" */
    const char *summary;          /* one sentence */
    const char *text;             /* paragraphs, empty lines between, for --help and man; or NULL */
    const struct example *examples;  /* ends with {NULL, NULL} */
    const enum option_id *options;   /* ends with OPT_COUNT; OPT_HELP is taken by all */
    int (*run)(struct command *);    /* the program's exit status */
    int operands_min, operands_max;  /* -1: any number */
    enum offer first, rest;          /* operands, for completion */
};
/* Ends with a row of name NULL. */
extern const struct verb verbs[];
const struct verb *verb_find(const char *name); /* NULL: none */

struct option_value { enum option_id id; const char *text; /* NULL for a switch */ };
enum help_level { HELP_NONE = 0, HELP_SHORT, HELP_FULL };
struct arguments {
    const struct verb *verb;
    const char **operands;
    struct option_value *values; /* in the order given */
    size_t operand_count, value_count;
    enum help_level help;
};
/* Parses what follows the verb: --name=value, --name value, -j2, -j 2, bundles of switches, `--`;
 * options and operands in any order; with HELP_SHORT or HELP_FULL nothing else counts. false: one
 * E08xx reported. */
bool arguments_parse(struct arena *, const struct verb *, int argc, const char *const *argv,
                     struct arguments *, struct report *);
/* Last value given, NULL = not given (a switch: ""). */
const char *arguments_text(const struct arguments *, enum option_id);
bool arguments_have(const struct arguments *, enum option_id);
/* All values given, in order; *n of them, in the arena. */
const char *const *arguments_all(struct arena *, const struct arguments *, enum option_id,
                                 size_t *n);
bool verb_takes(const struct verb *, enum option_id);
/* A usage error (E0801...) in three lines: the message, what could be meant, where to read on. */
__attribute__((format(printf, 5, 6))) void usage_fault(struct report *, const char *code,
                                                       const struct verb *, const char *hint,
                                                       const char *fmt, ...);

#endif
