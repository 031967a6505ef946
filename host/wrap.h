/* wrap.h - texts for a terminal of 80 columns. */
#ifndef IMP_WRAP_H
#define IMP_WRAP_H
#include "arena.h"

enum { WRAP_WIDTH = 79 };
/* Adds the words of `words`, the first at column `at` (from 0), later lines after `prefix` and
 * blanks up to column `indent`; an empty line begins a paragraph. Ends the line. */
void wrap_add(struct text *, size_t at, size_t indent, const char *prefix, const char *words);

#endif
