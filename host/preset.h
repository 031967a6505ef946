/* preset.h - a preset's text: files, include, [vars], --set; sections and keys with their places. Knows no
 * filters. All mistakes go to the report; a preset with faults is still returned as far as it was read,
 * so that the graph's mistakes show in the same run. */
#ifndef IMP_PRESET_H
#define IMP_PRESET_H
#include <stddef.h>
#include "arena.h"
#include "report.h"

enum origin { FROM_DEFAULT = 0, FROM_FILE, FROM_INCLUDE, FROM_SET, FROM_SWEEP };

struct preset_key {
    const char *key;
    const char *value;     /* ${vars} replaced */
    const char *folder;    /* what relative paths in it are relative to: its file's folder, or "." */
    struct place key_at, value_at;
    enum origin origin;
    bool used;             /* graph.c marks it; what is left is unknown */
    bool broken;           /* its variables could not be replaced: reported, no more is said of its value */
};
struct preset_section {    /* a node */
    const char *name;
    struct place at;
    struct preset_key *keys;
    size_t key_count, key_capacity;
};
struct preset {
    const char *path;      /* as given; "<text>" from memory */
    const char *title, *author, *license;
    struct preset_section *sections; /* nodes in order, included ones first; no [preset], [vars] */
    size_t section_count, section_capacity;
    struct preset_key *vars;
    size_t var_count, var_capacity;
};

/* A change from the command line: "node.param=value" or "vars.name=value". Shown in messages as file
 * "--set", line 1. */
struct preset_set {
    const char *text;
    enum origin origin; /* FROM_SET or FROM_SWEEP */
};

/* name: a path (has a / or ends in .ini), "-" (stdin), or a name in one of the folders `search`
 * (settings.h: --preset-path, IMPASTO_PRESET_PATH, XDG data, the program's own share). Not found: E0101 with all places
 * tried and the nearest name; not readable: E0122; returns NULL only then. Memory: arena. */
struct preset *preset_load(struct arena *, const char *name, const char *const *search, size_t n_search,
                           const struct preset_set *, size_t n_set, struct report *);
/* The same from text (tests, fuzz, --again). path is for messages and relative paths. */
struct preset *preset_parse(struct arena *, const char *path, const char *text, size_t size,
                            const struct preset_set *, size_t n_set, struct report *);
/* Adds a section made by the host (sweep sheet, default save). */
struct preset_section *preset_add_section(struct arena *, struct preset *, const char *name);
void preset_add_key(struct arena *, struct preset_section *, const char *key, const char *value);
/* "~/" and relative paths made absolute or relative to the current folder; the text of a path key. */
const char *preset_path(struct arena *, const struct preset_key *);
/* The place of `length` bytes at `offset` of a value that stands at `at`, in its continuation lines too; the
 * value's own place where variables make that unknown. */
struct place preset_piece(const struct place *at, const char *value, size_t offset, size_t length);
/* All presets on the path by name, the first of equal names: names and files, for listings, completion. */
size_t preset_list(struct arena *, const char *const *search, size_t n_search, const char *const **names,
                   const char *const **files);

#endif
