/* filters_pruner.h - the filters of plugins/pruner, one file each, and what they share. */
#ifndef IMP_PR_FILTERS_H
#define IMP_PR_FILTERS_H
#include <impasto/impasto.h>

extern const imp_filter pr_filter_prune, pr_filter_report;

#endif
