/* builtin.h - the host's own filters: load, load.table, save, save.table. They are described by the same
 * tables as any plugin's; the engine knows `load` (it fills in the item's picture). */
#ifndef IMP_BUILTIN_H
#define IMP_BUILTIN_H
#include <impasto/impasto.h>
#include <stdbool.h>
const imp_filter *const *builtin_filters(void); /* ends with NULL */
bool builtin_is_load(const imp_filter *);       /* load without path takes the item's picture */
#endif
