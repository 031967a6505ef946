/* csv_columns.h - what the columns of a table say of its rows: data_csv.c's second half. */
#ifndef IMP_CSV_COLUMNS_H
#define IMP_CSV_COLUMNS_H
#include "parse_csv.h"

struct csv_set {
    const imp_cell *params;
    struct found *found;
    const char *file; /* of the table */
    struct csv table;
    bool *used;       /* columns that name files or the class */
    int32_t label_param, attributes_param;
};
/* Classes from the column that the preset names, if it does; marks it as used. */
void csv_labels(struct csv_set *);
/* Attributes from the columns that the preset names, or from all that are not in use. */
void csv_attributes(struct csv_set *);
#endif
