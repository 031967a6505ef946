/* energy_filters.h - the filters of plugins/energy, one file each. */
#ifndef IMP_ENERGY_FILTERS_H
#define IMP_ENERGY_FILTERS_H
#include <impasto/impasto.h>

extern const imp_filter en_filter_fmi, en_filter_random, en_filter_direct, en_filter_moments,
    en_filter_table, en_filter_blend, en_filter_measure, en_filter_match, en_filter_gram,
    en_filter_explain;

#endif
