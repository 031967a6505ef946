/* table_text.h - tables as CSV (RFC 4180) and JSON (an array of objects): for load.table and
 * save.table. Numbers never depend on the locale. [any] */
#ifndef IMP_TABLE_TEXT_H
#define IMP_TABLE_TEXT_H
#include "value.h"
#include "arena.h"

/* A first line of names, then rows as long as it. A column's type is the narrowest that all its
 * cells are: true/false, whole numbers, numbers (an empty cell is NaN), text. err says the line of
 * a mistake. */
imp_status table_from_csv(const char *text, size_t size, struct value **out, imp_error *err);
/* An array of objects; the columns are the keys in order of first appearance, what is missing is
 * empty. */
imp_status table_from_json(const char *text, size_t size, struct value **out, imp_error *err);
void table_to_csv(const imp_table *, struct text *out);
void table_to_json(const imp_table *, struct text *out);

/* One table of n >= 1 tables with equal columns: a first column `picture` with the label, then
 * theirs. IMP_E_INPUT names the first that differs. */
imp_status table_join(const imp_table *const *tables, const char *const *labels, uint32_t n,
                      struct value **out, imp_error *err);

#endif
