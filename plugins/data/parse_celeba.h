/* parse_celeba.h - CelebA's lists: list_attr_celeba.txt and list_eval_partition.txt. */
#ifndef IMP_PARSE_CELEBA_H
#define IMP_PARSE_CELEBA_H
#include "sets.h"

struct celeba_list {
    uint32_t columns;    /* attributes, or 1: the part */
    uint64_t rows;
    const char **names;  /* columns; NULL in a list of parts */
    const char **files;  /* rows */
    int8_t *values;      /* rows x columns: -1, 1; parts 0, 1, 2 */
};
/* A list of attributes: their count, their names, then a line for each picture. Mistakes are faults
 * that name `file` and line. False: there is no list. */
bool celeba_attributes(const char *file, char *text, struct room *, struct faults *, int32_t param,
                       struct celeba_list *out);
/* A list of parts: picture and 0, 1 or 2. */
bool celeba_parts(const char *file, char *text, struct room *, struct faults *, int32_t param,
                  struct celeba_list *out);
#endif
