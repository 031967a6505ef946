/* rescale.h - the same function by other numbers: batch norm folded into convolutions, maps that
 * are some times as large while what reads them undoes it, maps that are constant. */
#ifndef IMP_RT_RESCALE_H
#define IMP_RT_RESCALE_H
#include "cut.h"

/* A model without the batch norms (and other shifts and scales by channel) that are the only
 * readers of a convolution: its weights and bias do their work; without dropout and identity.
 * last: a node that becomes the only output, what it does not need goes; IMP_NN_ALL: all of that
 * stays. Names of layers and meta stay. fold_norms.c */
imp_status rt_fold_norms(const imp_nn_model *, uint32_t last, imp_nn_model **, imp_error *);

struct rt_gain {
    uint32_t node;    /* a relu that alone reads a convolution or a gemm */
    uint32_t count;   /* its channels */
    const double *by; /* by channel, above 0: how many times as large */
};
/* A model whose named values are so many times as large: rows of the weights that make them times
 * `by`, columns of those that read them divided by it; between lie only operators f with f(a x) = a
 * f(x). IMP_E_UNSUPPORTED names a node that is not so. An output keeps its gain. scale_maps.c */
imp_status rt_scale_maps(const imp_nn_model *, uint32_t count, const struct rt_gain *,
                         imp_nn_model **, imp_error *);

/* A model in which what reads a node no longer reads those of its channels that are the same
 * everywhere: value[c], or NaN where channel c is not constant. Convolutions and gemms that have
 * the node as their input get what the channel gives as part of their bias (without one, of the
 * mean of the batch norm that alone reads them), and 0 where they read it, wherever that is exact:
 * no zero padding, weights and biases of their own. *settled: pairs of a reader and a channel.
 * constant_maps.c */
imp_status rt_settle_maps(const imp_nn_model *, uint32_t node, uint32_t count, const float *value,
                          uint32_t *settled, imp_nn_model **, imp_error *);

/* For all: the node that alone reads each value, of those in `needed` (NULL: all); RT_NOBODY,
 * or RT_SEVERAL, also for inputs and outputs. fold_norms.c */
enum { RT_NOBODY = -1, RT_SEVERAL = -2 };
void rt_sole_readers(const struct rt_graph *, const bool *needed, int32_t *reader);
#endif
