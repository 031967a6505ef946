/* parse_csv.h - a table of texts with a line of names on top, as spreadsheets write it: RFC 4180 with
 * commas, semicolons or tabs. */
#ifndef IMP_PARSE_CSV_H
#define IMP_PARSE_CSV_H
#include "sets.h"

struct csv {
    uint32_t columns;
    uint64_t rows;        /* without the names */
    const char **names;   /* columns */
    const char **cells;   /* rows x columns, blanks around bare cells taken off */
    uint32_t *lines;      /* rows; line of the file on which a row begins, from 1 */
};
/* Mistakes are faults that name `file` and line; rows with a mistake are left out. False: there is no
 * table to speak of. */
bool csv_parse(const char *file, const char *text, size_t size, struct room *, struct faults *,
               int32_t param, struct csv *out);
/* The column of that name; -1. */
int64_t csv_column(const struct csv *, const char *name);
static inline const char *csv_cell(const struct csv *t, uint64_t row, uint32_t column)
{
    return t->cells[row * t->columns + column];
}
#endif
