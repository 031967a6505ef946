/* file_parts.h - what file.c is made of: whole files in and out, average pools (private to
 * formats). */
#ifndef IMP_RT_FILE_PARTS_H
#define IMP_RT_FILE_PARTS_H
#include <stdbool.h>
#include "input.h"
#include "network.h"

enum { RT_MESSAGE = 16384 }; /* room for all mistakes of an architecture */

struct rt_bytes {
    uint8_t *data; /* never NULL after a read */
    size_t size;
};
/* A whole regular file, as large as it was when it was opened. The error does not name it. */
imp_status rt_bytes_read(const char *path, struct rt_bytes *, imp_error *);
imp_status rt_bytes_of(const struct rt_input *, struct rt_bytes *, imp_error *);
void rt_bytes_free(struct rt_bytes *);
bool rt_bytes_exist(const char *path);
/* Written beside, synced, renamed: at any moment the old file or the new one. The error names it.
 */
imp_status rt_bytes_write(const char *path, const void *data, size_t size, imp_error *);

/* Every max pooling an average one, as style transfer likes it. Before anybody else has the graph.
 */
imp_status rt_average_pools(struct rt_graph *, imp_error *);

#endif
