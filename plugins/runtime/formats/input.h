/* input.h - a file that is read in parts: its beginning at once, the rest where it is wanted
 * (private to formats). */
#ifndef IMP_RT_INPUT_H
#define IMP_RT_INPUT_H
#include <stdbool.h>
#include "mapping.h"
#include "network.h"

enum { RT_HEAD = 64 };
struct rt_input {
    int fd; /* -1: all of it is at `bytes` */
    uint32_t head_size;
    uint8_t head[RT_HEAD];      /* its first bytes, fewer of a shorter file */
    uint64_t size;              /* when it was opened */
    const uint8_t *bytes;       /* all of it, in memory or mapped; NULL: only in the file */
    struct rt_mapping *mapping; /* of bytes; NULL */
    imp_job *job;               /* whose threads read large parts; NULL: the calling one alone */
};

/* A regular file. The error does not name it. */
imp_status rt_input_open(const char *path, struct rt_input *, imp_error *);
/* Bytes that somebody else holds. */
void rt_input_of(struct rt_input *, const void *bytes, size_t size);
/* Maps it from now on. */
imp_status rt_input_map(struct rt_input *, imp_error *);
void rt_input_close(struct rt_input *); /* what was retained of the mapping stays */
/* n bytes from `at` on, at + n <= size. Fails: IMP_E_IO, also when the file has become shorter;
 * IMP_CANCELLED. */
imp_status rt_input_read(const struct rt_input *, uint64_t at, void *to, uint64_t n, imp_error *);
/* The same of floats as memory has them. *finite: all of them are; false also where nobody looked.
 */
imp_status rt_input_floats(const struct rt_input *, uint64_t at, float *to, uint64_t count,
                           bool *finite, imp_error *);

#endif
