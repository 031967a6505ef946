/* after.h - what happens to the sums of a convolution or product on their way to memory, so that no
 * other pass does it: y[channel] = act(scale[channel] * sum + shift[channel] + add). That is bias,
 * BatchNorm at inference, the sum of a residual block, and relu, leaky relu or relu6 in one; and
 * the largest of each 2x2 of them, where a convolution can (rt_conv_halves). */
#ifndef IMP_RT_AFTER_H
#define IMP_RT_AFTER_H
#include <math.h>
#include <stdint.h>

struct rt_after {
    const float *scale, *shift; /* by channel of y; NULL: 1, 0 */
    const float *add;           /* as y, may be y itself; NULL: none */
    float slope, top; /* act(v): v < 0 times slope, then v > top is top. 1, INFINITY: none */
    uint32_t halved;  /* y has the largest of each 2x2 only; no add, no slope below 0 */
    uint32_t reserved0;
};
#define RT_AFTER_NONE                                                                              \
    {                                                                                              \
        .slope = 1, .top = INFINITY                                                                \
    }

static inline float rt_act(float v, float slope, float top)
{
    const float below = slope == 0 ? 0 : v * slope; /* of -infinity too */
    v = v < 0 ? below : v;
    return v > top ? top : v;
}

/* n sums of one channel to y, which may be where they are; add: as y, or NULL. */
static inline void rt_after_row(const struct rt_after *a, int64_t channel, const float *sum,
                                const float *add, float *y, int64_t n)
{
    const float scale = a->scale ? a->scale[channel] : 1, shift = a->shift ? a->shift[channel] : 0;
    if (add)
        for (int64_t i = 0; i < n; i++)
            y[i] = rt_act(scale * sum[i] + shift + add[i], a->slope, a->top);
    else
        for (int64_t i = 0; i < n; i++)
            y[i] = rt_act(scale * sum[i] + shift, a->slope, a->top);
}

/* to = y where gate > 0, else 0 */
static inline void rt_gate_row(const float *y, const float *gate, float *to, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = gate[i] > 0 ? y[i] : 0;
}

#endif
