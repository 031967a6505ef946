/* cost.h - what a network costs at an input size; the sizes of all inputs from that of the first. */
#ifndef IMP_RT_COST_H
#define IMP_RT_COST_H
#include "model.h"

/* Sizes of all inputs: the first as given, unknown axes of the others like its batch and sides. sizes has
 * room for node_count; *count is how many there are. */
imp_status rt_input_sizes(const struct rt_graph *, uint32_t ndim, const int64_t *first,
                          uint32_t *count, struct rt_shape *sizes, imp_error *);
imp_status rt_cost(const imp_nn_model *, uint32_t ndim, const int64_t *input, uint64_t *params,
                   uint64_t *macs, imp_error *);
imp_status rt_node_cost(const imp_nn_model *, uint32_t node, uint32_t ndim, const int64_t *input,
                        imp_nn_cost *, imp_error *);

#endif
