/* trial_table.h - the tables of a plugin, item by item, more strictly than the host: what the host
 * can live with, but an author should not leave (no help, no summary), fails too. */
#ifndef IMP_TRIAL_TABLE_H
#define IMP_TRIAL_TABLE_H
#include "trial.h"

enum verdict table_check_plugin(struct trial *, const imp_plugin *); /* its head is sound */

#endif
