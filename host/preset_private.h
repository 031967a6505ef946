/* preset_private.h - what the files that read presets share. */
#ifndef IMP_PRESET_PRIVATE_H
#define IMP_PRESET_PRIVATE_H
#include <stdbool.h>
#include "preset.h"

enum {
    PRESET_FORMAT = 1,
    PRESET_DEPTH = 16,      /* includes within includes */
    PRESET_BYTES = 1 << 20, /* of one file */
    PRESET_NODES = 4096,
    PRESET_VALUE = 65536 /* of one value, variables replaced */
};

struct loader {
    struct arena *arena;
    struct report *report;
    struct preset *preset;
    const char *open[PRESET_DEPTH + 1]; /* files being read, the first is the preset itself */
    unsigned depth;
};

/* ---- preset_read.c: one text ---- */
/* Reads a text into the preset, its includes first; path and folder are the arena's. */
void preset_read_text(struct loader *, const char *path, const char *folder, const char *text,
                      size_t size, enum origin);
struct preset_section *preset_section_find(struct preset *, const char *name);
/* Sets or adds a key; places and origin as given. */
void preset_put(struct arena *, struct preset_section *, const struct preset_key *);
/* The code of a message for a kit_ini_code. */
const char *preset_fault_code(unsigned kit_code);

/* ---- preset_sets.c ---- */
void preset_apply_sets(struct loader *, const struct preset_set *, size_t n);
/* After preset_expand: a --set of a variable that nothing uses. */
void preset_check_sets(struct loader *);

/* ---- preset_vars.c ---- */
void preset_expand(struct loader *);

/* ---- preset_find.c ---- */
/* The whole of a regular file into the arena; false and a reason (static or strerror's). path "-":
 * stdin. */
bool preset_slurp(struct arena *, const char *path, char **data, size_t *size, const char **why);
/* The file of a preset by name or path; NULL: reported. */
const char *preset_find(struct arena *, const char *name, const char *const *search, size_t n,
                        struct report *);
/* What tells one file from another: its real path, or the path as it is. */
const char *preset_identity(struct arena *, const char *path);
/* The folder of a path, "." for none; folder and path joined; "~/" replaced. */
const char *preset_folder(struct arena *, const char *path);
const char *preset_join(struct arena *, const char *folder, const char *path);
/* Names with commas between, at most `most` of them, then "...". */
const char *preset_names(struct arena *, const char *const *names, size_t n, size_t most);

#endif
