/* windows_sums.h - convolutions over windows.h's copies:
 *
 *     out[i][o] = after(sum over channels c and taps t of w[i, c, t] in[c][o * stride + where t
 * is])
 *
 * forward, and the gradient by the input at stride 1. Between rows of outputs there are sums that
 * nobody wants, as many as zeros between rows of the copy. */
#ifndef IMP_RT_WINDOWS_SUMS_H
#define IMP_RT_WINDOWS_SUMS_H
#include "after.h"
#include "lanes.h"
#include "windows.h"

struct rt_windows_sums {
    struct rt_windows g;
    const struct rt_conv *v;
    int64_t channels, filters; /* of one group, that are read and written */
    int64_t a_row, a_channel;  /* floats between filters, and channels, of w */
    int64_t block, blocks;     /* channels that are copied at a time */
    int64_t m_blocks;
    uint64_t table_bytes, copy_bytes;
    struct rt_lanes lanes;
};

/* back: from y to x. false: columns do it better. */
bool rt_windows_sums_set(struct rt_windows_sums *, const struct rt_conv *, bool back);
uint64_t rt_windows_sums_bytes(const struct rt_windows_sums *);
/* gate as in conv.h. IMP_OK or IMP_CANCELLED. */
imp_status rt_windows_sums_run(const struct rt_windows_sums *, const float *in, const float *gate,
                               const float *w, const struct rt_after *, float *out, void *scratch,
                               imp_job *);

#endif
