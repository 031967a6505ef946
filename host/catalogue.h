/* catalogue.h - a file that remembers what plugin files say of themselves, by path, device, inode, size and
 * times, so that a start opens no plugin it does not use. Anything odd about it (cut, changed, of another
 * program) and it counts as empty. [control] */
#ifndef IMP_CATALOGUE_H
#define IMP_CATALOGUE_H
#include <sys/stat.h>
#include "registry.h"

struct catalogue;
/* Never NULL. Memory: the arena. */
struct catalogue *catalogue_read(struct arena *, const char *file);
/* Fills *out (all but path, shadowed_by, entry) if that very file is known; functions and `real` are NULL. */
bool catalogue_find(struct catalogue *, const char *path, const struct stat *, struct plugin *out);
void catalogue_add(struct catalogue *, const char *path, const struct stat *, const struct plugin *);
/* Writes it when something was added; in one step, silently left if the folder takes no files. */
void catalogue_write(const struct catalogue *, const char *file);

/* The bytes by which two descriptions of a plugin are compared, and by which one comes from another process. */
void catalogue_encode(const struct plugin *, struct text *out);
/* Fills *out as catalogue_find does, all but content; false: the bytes make no sense. Copies into the arena. */
bool catalogue_decode(struct arena *, const char *data, size_t size, struct plugin *out);

#endif
