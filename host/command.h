/* command.h - what every verb of the command line gets, and the verbs. host/main.c alone owns
 * stdout, signals and exit: a verb prints its data to `out`, adds its complaints to `report` and
 * answers the exit status (0 done, 1 nothing succeeded, 2 usage or preset invalid, 3 some items
 * failed, 4 plugin not loadable, 5 budget exceeded). Main prints what is left in the report. */
#ifndef IMP_COMMAND_H
#define IMP_COMMAND_H
#include <stdatomic.h>
#include <stdio.h>
#include "arena.h"
#include "graph.h"
#include "options.h"
#include "registry.h"
#include "report.h"
#include "settings.h"

struct command {
    struct arena *arena;              /* lives as long as the program */
    const struct verb *verb;
    const struct arguments *args;
    const struct settings *settings;
    struct report *report;
    struct registry *registry;        /* command_registry; main closes it */
    FILE *out;                        /* stdout, or a test's stream */
    bool colour;                      /* of stderr */
    bool terminal;                    /* stderr is one */
    atomic_int *stop;                 /* the signal that asked to stop, or 0 */
    const atomic_int *poke;           /* counts SIGUSR1 */
};

/* Plugins found, the host's own filters added; opened at the first call. NULL: reported. */
struct registry *command_registry(struct command *);
/* command->args, shorter. */
const char *command_text(const struct command *, enum option_id);
bool command_has(const struct command *, enum option_id);
/* Reports a usage error (E0805) in three lines and answers 2. hint may be NULL. */
__attribute__((format(printf, 3, 4))) int command_usage(struct command *, const char *hint,
                                                        const char *fmt, ...);
/* Two options that cannot go together: true when both are given, and reported. */
bool command_clash(struct command *, enum option_id, enum option_id);
/* The --set options; n of them. */
const struct preset_set *command_sets(struct command *, size_t *n);
/* A preset with --set applied, and its graph. NULL: reported, *status says how to exit. */
struct graph *command_graph(struct command *, const char *name, struct preset **, int *status);

/* What the command line and the settings say of a run. command_run.c */
struct batch_options;
void command_batch_options(struct command *, struct batch_options *);

/* The verbs, one file each: command_<verb>.c */
int command_run(struct command *);
int command_check(struct command *);
int command_graph_verb(struct command *);
int command_list(struct command *);
int command_describe(struct command *);
int command_new(struct command *);
int command_validate(struct command *);
int command_why(struct command *);
int command_bench(struct command *);
int command_model(struct command *);
int command_help(struct command *);
int command_version(struct command *);
/* `impasto new plugin NAME`: copies settings->share/template to the folder `folder` (refused if it
 * exists). command_new_plugin.c */
int command_new_plugin(struct command *, const char *name, const char *folder);

/* help.c - texts made from the tables; into `out`. */
struct help_variable { const char *name, *what; };
extern const struct help_variable help_variables[]; /* of the environment; ends with a NULL name */
extern const char help_exits[];                     /* what each exit status means */
void help_overview(struct text *out, enum help_level);
void help_verb(const struct verb *, enum help_level, struct text *out);
/* manual.c - roff: "impasto", a verb, "preset" or "plugin"; false: no such page. */
bool manual_page(const char *page, const char *version, struct text *out);
/* completion.c - "bash", "zsh", "fish"; false: another. */
bool completion_script(const char *shell, struct text *out);

#endif
