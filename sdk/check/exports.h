/* exports.h - the names that a shared object exports, and those it wants, read from the file
 * without loading it. */
#ifndef IMP_EXPORTS_H
#define IMP_EXPORTS_H
#include <stdbool.h>
#include <stddef.h>

/* Calls found() for every symbol that the file defines for others to see, weak ones of C++ and
 * those that sanitizers add left out. NULL: the file was understood; else why not, in buf. */
const char *exports_read(const char *path, void (*found)(void *user, const char *name), void *user,
                         char *buf, size_t size);
/* The same for the symbols that it takes from others and cannot do without. */
const char *imports_read(const char *path, void (*found)(void *user, const char *name), void *user,
                         char *buf, size_t size);

#endif
