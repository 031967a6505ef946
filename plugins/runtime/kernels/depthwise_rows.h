/* depthwise_rows.h - depthwise.c's three functions where there are two axes and no large stride. */
#ifndef IMP_RT_DEPTHWISE_ROWS_H
#define IMP_RT_DEPTHWISE_ROWS_H
#include "conv.h"

bool rt_depthwise_has_rows(const struct rt_conv *);
imp_status rt_rows_forward(const struct rt_conv *, const float *x, const float *w,
                           const struct rt_after *, float *y, void *scratch, imp_job *);
imp_status rt_rows_back_data(const struct rt_conv *, const float *y, const float *gate,
                             const float *w, bool add, float *x, void *scratch, imp_job *);
imp_status rt_rows_back_weight(const struct rt_conv *, const float *x, const float *y,
                               const float *gate, float *w, void *scratch, imp_job *);
uint64_t rt_rows_bytes(const struct rt_conv *);

/* depthwise_threes.c: 3x3, one sample of padding, stride 1 or 2. */
bool rt_depthwise_has_threes(const struct rt_conv *);
imp_status rt_threes_forward(const struct rt_conv *, const float *x, const float *w,
                             const struct rt_after *, float *y, imp_job *);

#endif
