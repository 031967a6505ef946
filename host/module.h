/* module.h - one .so file: may it be opened, what does it answer, does it leave the FP mode alone.
 * [control] Source: the ABI's loading order, steps 2 to 4 (ARCHITECTURE.md). */
#ifndef IMP_MODULE_H
#define IMP_MODULE_H
#include <impasto/impasto.h>
#include <stdbool.h>
#include <sys/stat.h>
#include "arena.h"

/* All three answer NULL when all is well, else one sentence in the arena: file, cause, remedy. */

/* Could somebody else have changed this file or folder? */
const char *module_distrust(struct arena *, const char *path, const struct stat *);
/* Maps the file for good and asks its entry for the descriptor; *entry is only pointed at, its head is
 * sound (magic, size, ABI). *loads: it is a shared object that has all it needs. *changed_fp: it changed the
 * FP mode while it was loaded (put right here). */
const char *module_open(struct arena *, const char *path, const imp_plugin **entry, bool *loads, bool *changed_fp);
/* Calls init with the FP mode guarded in the same way. */
const char *module_init(struct arena *, const char *path, const imp_plugin *, const imp_host *,
                        bool *changed_fp);

/* Rounding, flushing and trapping of this thread's FP unit; equal numbers, equal mode. [any] */
unsigned module_fp_mode(void);
/* The file's name without its folders. */
const char *module_base(const char *path);

#endif
