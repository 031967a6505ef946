/* cut.h - a thinner network: units gone from every slice that they own. */
#ifndef IMP_RT_CUT_H
#define IMP_RT_CUT_H
#include "groups.h"
#include "model.h"

/* Of a model, made when first asked for; they live as long as it. [any] */
imp_status rt_model_groups(const imp_nn_model *, const struct rt_groups **, imp_error *);
/* Refuses: a group that is locked (says why), a unit that is not there or named twice, cuts that would
 * leave a group empty. What no cut touches is shared with the old model. */
imp_status rt_cut(const imp_nn_model *, uint32_t cut_count, const imp_nn_cut *, imp_nn_model **,
                  imp_error *);

#endif
