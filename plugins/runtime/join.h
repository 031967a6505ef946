/* join.h - models from models: side by side, or with another line of meta. */
#ifndef IMP_RT_JOIN_H
#define IMP_RT_JOIN_H
#include "model.h"

/* Parts side by side; nodes, parameters and lines of meta of part `a` are called "a.name". */
imp_status rt_join(uint32_t count, const imp_nn_model *const *parts, const char *const *names,
                   imp_nn_model **, imp_error *);
/* The same network with the line of meta set, or (text NULL) without it. */
imp_status rt_with_meta(const imp_nn_model *, const char *key, const char *text, imp_nn_model **,
                        imp_error *);

#endif
