/* batch.h - a preset over pictures: which items there are, what their files are called, what is up to date,
 * running them all, and what is left when it stops. `impasto run` is a call of batch_run.
 *
 * Promises: nothing is written before the plan is valid; no half-written file is ever seen under its name;
 * killed at any moment and run again, the final tree is the same, byte for byte. */
#ifndef IMP_BATCH_H
#define IMP_BATCH_H
#include "engine.h"
#include "preset.h"

enum overwrite { OVERWRITE_CHANGED = 0, OVERWRITE_NEVER, OVERWRITE_ALWAYS };
struct batch_options {
    const char *preset;             /* file or name */
    const char *const *inputs;      /* pictures, folders */
    size_t input_count;
    const char *out;                /* folder; NULL = "." is refused when something is written */
    const char *files_from;         /* list of pictures, one a line; "-" = stdin; failed.tsv too */
    const struct preset_set *sets;
    size_t set_count;
    const char *const *sweeps;      /* "node.key=a,b,c" or "node.key=1..4" */
    size_t sweep_count;
    const char *const *preset_search, *const *model_path; /* folders */
    size_t preset_search_count, model_path_count;
    const char *shard;              /* "i/n", "auto", "auto/n"; NULL */
    const char *until;
    const char *cache;              /* folder for costly constants; NULL = --no-cache */
    unsigned jobs, threads;         /* 0 = choose */
    uint64_t mem;
    bool mem_of_group; /* as settings.h */
    enum overwrite overwrite;
    bool plan_only;                 /* --plan */
    bool fail_fast, explain, preview, private_, exact, isolate, untrusted, json, quiet, verbose;
    double silence;                 /* of isolated filters: engine_options */
    bool colour, terminal;          /* of stderr */
    const char *again_item;         /* --again: only this item (its identity) */
    atomic_int *stop;               /* set by the signal handler */
    const atomic_int *poke;         /* counts SIGUSR1: print progress */
};
/* Runs; prints progress and messages on stderr, results (--plan, --json) on stdout. Answers the exit
 * status: 0, 1, 2, 3, 4, 5, 130. */
int batch_run(const struct batch_options *, struct registry *, struct report *);
/* `impasto check`: plans without pictures (or with: their sizes are probed); no file is made. */
int batch_check(const struct batch_options *, struct registry *, struct report *);
/* `impasto why PATH` for a file below an OUT folder, or OUT itself: how it was made, why it failed, was
 * skipped or would run again. false: no record of it. */
bool batch_why(const char *path, bool json, struct text *out);
/* For --again PATH: the recorded preset, settings and picture of that file, as options (arena). The preset is
 * a text in the record, written to a file below .impasto. false: reported. */
bool batch_again(struct arena *, const char *path, struct batch_options *, struct report *);

/* items.c - which pictures */
struct item {
    const char *path;      /* to open */
    const char *relative;  /* below the folder given, "a/b/x.jpg"; a file given by name: "x.jpg"; of
                              "photos/./a/x.jpg": "a/x.jpg" */
    const char *dir, *stem, *ending; /* "a/b" or "", "x", "jpg" */
    const char *source;    /* path that gives the same relative again: "photos/./a/x.jpg" */
    size_t number;         /* {n}: from 1 in the order given, or what failed.tsv says */
};
struct items {
    struct item *list;
    size_t count;
    bool failed_list;      /* --files-from named our own failed.tsv: a part of an earlier run */
};
/* First line of failed.tsv. Its columns are path, code, reason, number; backslash, tab and line end are
 * written \\ \t \n in it. */
#define FAILED_HEADER "# impasto failed 1: path, code, reason, number"
/* Files as given, folders recursively in byte order of names (hidden ones, OUT itself skipped). What cannot
 * be a picture is left out of folders silently, and reported (E07xx) when named. */
bool items_collect(struct arena *, const struct batch_options *, const struct codecs *, struct items *,
                   struct report *);

/* names.c - templates: {stem} {name} {ending} {dir} {n} {n:4} {node.param} {preset}; {{ is a brace */
/* Is the template well-formed, do its node.params exist? Reports E0211.. at `at`. */
bool names_check(const char *tmpl, const struct graph *, const struct place *at, struct report *);
/* Relative path below OUT, in the arena; never leaves OUT (".." and "/" in values become "_"). */
const char *names_expand(struct arena *, const char *tmpl, const struct graph *, const struct item *,
                         size_t number);
/* Does the template have {what} or {what:...} in it? */
bool names_mention(const char *tmpl, const char *what);
/* text as a piece of a template: braces doubled. */
const char *names_quote(struct arena *, const char *text);
#endif
