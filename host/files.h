/* files.h - what the batch does to the file system beyond one call: folders with their parents, whole
 * trees, files replaced in one step. All answer false (or NULL) with errno. [any] thread. */
#ifndef IMP_FILES_H
#define IMP_FILES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hash.h"

/* State of a file, or of all files below a folder (size: sum; mtime: the latest). */
struct files_state {
    bool folder;
    uint64_t size;
    int64_t mtime;          /* ns since 1970 */
    uint64_t device, inode; /* of the path itself */
};
bool files_stat(const char *path, struct files_state *);
/* Of the content; of a folder: names and contents in byte order. */
bool files_hash(const char *path, struct hash *);
/* Of a file and of all that lie beside it under its name with another ending: net.onnx, net.onnx.data, net.ini. */
bool files_hash_family(const char *path, struct hash *);

bool files_make_folder(const char *path);  /* with all its parents; fine if it is there */
bool files_make_parents(const char *path); /* all but the last component */
bool files_remove_tree(const char *path);  /* a file, or a folder and all in it; links are not followed */
bool files_sync(const char *path);         /* fsync of a file, or of all files and folders below */

/* The whole content and a terminating 0, to be freed; at most 1 GiB. */
char *files_read(const char *path, size_t *size);
/* Writes beside, fsyncs, renames: a reader sees the old or the new content, never a part. */
bool files_replace(const char *path, const void *data, size_t size);
/* Removes what files_replace was writing in a folder when its process was killed. Only while no other process
 * may be writing there. */
void files_sweep_beside(const char *folder);
bool files_write_all(int fd, const void *data, size_t size);
bool files_read_all(int fd, void *data, size_t size); /* false also when there is less */

/* Names in a folder in byte order without . and ..; freed by files_free_names. NULL: errno. */
char **files_names(const char *folder, size_t *count);
void files_free_names(char **names, size_t count);

#endif
