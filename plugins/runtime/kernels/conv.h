/* conv.h - convolution as matrix products over strips of columns, and its gradients. Geometry and
 * names are im2col.h's: x wide [n][groups * c][in...], y narrow [n][groups * m][out...],
 * w [groups * m][c][taps]. A transposed convolution is the same from y to x.
 *
 * Work is cut by shape; scratch is 64-byte aligned and of as many bytes as the function beside
 * says. Each answers IMP_OK or IMP_CANCELLED. One filter a channel (c = 1, groups > 1) has loops of
 * its own. */
#ifndef IMP_RT_CONV_H
#define IMP_RT_CONV_H
#include "after.h"
#include "im2col.h"

/* y = after(w * x) */
imp_status rt_conv_forward(const struct rt_conv *, const float *x, const float *w,
                           const struct rt_after *, float *y, void *scratch, imp_job *);
uint64_t rt_conv_forward_bytes(const struct rt_conv *);
/* Can forward take after->halved? */
bool rt_conv_halves(const struct rt_conv *);
/* What of the filters may be kept for other forwards of the same shape: bytes, 0 where it does not
 * pay; and makes it. */
uint64_t rt_conv_kept_bytes(const struct rt_conv *);
imp_status rt_conv_keep(const struct rt_conv *, const float *w, float *kept, imp_job *);
/* x = (add ? x : 0) + transposed w * y. gate (as y, NULL: none): y counts where gate > 0, which is
 * the gradient of the relu that made gate. */
imp_status rt_conv_back_data(const struct rt_conv *, const float *y, const float *gate,
                             const float *w, bool add, float *x, void *scratch, imp_job *);
uint64_t rt_conv_back_data_bytes(const struct rt_conv *);
/* w += sum over pictures and pixels of y x; gate as above */
imp_status rt_conv_back_weight(const struct rt_conv *, const float *x, const float *y,
                               const float *gate, float *w, void *scratch, imp_job *);
uint64_t rt_conv_back_weight_bytes(const struct rt_conv *);
/* sum[channel] += every y[n][channel][size], in double; gate as above */
imp_status rt_channel_sums(const float *y, const float *gate, int64_t n, int64_t channels,
                           int64_t size, float *sum, imp_job *);
/* Multiply-accumulates of any of the three. */
double rt_conv_macs(const struct rt_conv *);

/* conv_plain.c: forward where v->plain, without scratch. */
imp_status rt_plain_forward(const struct rt_conv *, const float *x, const float *w,
                            const struct rt_after *, float *y, imp_job *);

/* depthwise.c: the same three where every group has one channel of x. */
static inline bool rt_conv_is_depthwise(const struct rt_conv *v)
{
    return v->c == 1 && v->groups > 1;
}
imp_status rt_depthwise_forward(const struct rt_conv *, const float *x, const float *w,
                                const struct rt_after *, float *y, void *scratch, imp_job *);
imp_status rt_depthwise_back_data(const struct rt_conv *, const float *y, const float *gate,
                                  const float *w, bool add, float *x, void *scratch, imp_job *);
imp_status rt_depthwise_back_weight(const struct rt_conv *, const float *x, const float *y,
                                    const float *gate, float *w, void *scratch, imp_job *);
uint64_t rt_depthwise_bytes(const struct rt_conv *);

#endif
