/* settings.h - what the surroundings say: IMPASTO_* variables, XDG folders, impasto.ini. The
 * command line wins over the environment, that over impasto.ini, that over the defaults. */
#ifndef IMP_SETTINGS_H
#define IMP_SETTINGS_H
#include <stdint.h>
#include "arena.h"
#include "options.h"
#include "report.h"

enum log_level { LOG_ERROR = 1, LOG_WARNING, LOG_INFO, LOG_DEBUG };
struct settings {
    const char *plugin_path;         /* --plugin-path and impasto.ini, joined with ':', or NULL */
    const char **preset_search, **model_search; /* folders in order of search, NULL at the end */
    size_t preset_search_count, model_search_count;
    const char *share;               /* the program's own share/impasto, found from its place */
    const char *program_folder;      /* folder the program is in */
    const char *cache;               /* $XDG_CACHE_HOME/impasto, maybe not there; NULL = no home */
    const char *config;              /* impasto.ini that was read, or would be; NULL = no home */
    unsigned jobs, threads;          /* 0 = choose */
    uint64_t mem;                    /* bytes, 0 = none; without a word of it, nine tenths of a control group's limit */
    bool mem_of_group;               /* that it is */
    const char *overwrite;           /* NULL = not said */
    const char *simd;                /* IMPASTO_SIMD, or NULL */
    enum log_level log;
    double silence;                  /* --time-limit, seconds; 0 = not said, < 0 = never */
    bool private_, exact, no_cache, insecure, isolate, untrusted;
};
/* Reads all of it. Mistakes: in variables and options errors (E08xx), unknown IMPASTO_* and keys of
 * impasto.ini warnings (W08xx). false: there were errors. */
bool settings_read(struct arena *, const struct arguments *, struct settings *, struct report *);
/* The cache folder, made with its CACHEDIR.TAG if need be; NULL: there cannot be one. */
const char *settings_make_cache(const struct settings *, struct arena *);
/* XDG: the folder of that variable or the home's default; relative values are ignored; or NULL. */
const char *settings_xdg(struct arena *, const char *variable, const char *below_home);

#endif
