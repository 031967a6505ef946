/* info.h - data.info: facts (data_facts.c) and a sheet of samples (data_sheet.c). */
#ifndef IMP_INFO_H
#define IMP_INFO_H
#include "sets.h"

/* The table of facts as output 0. */
imp_status info_facts(const imp_dataset *, imp_job *, imp_error *);

struct info_sheet {
    uint32_t samples, columns, cell; /* columns 0: about 4 to 3; cell: px of a sample's long side */
    bool first;                      /* the first ones, not spread over all */
};
/* The sheet as output 1. */
imp_status info_sheet(const imp_dataset *, const struct info_sheet *, imp_job *, imp_error *);
#endif
