/* pooling.h - what max_pool and average_pool share: windows over planes of up to three spatial
 * axes.
 */
#ifndef IMP_RT_POOLING_H
#define IMP_RT_POOLING_H
#include "conv_shape.h"
#include "ties.h"

enum rt_pool_attr {
    RT_POOL_KERNEL,
    RT_POOL_STRIDE,
    RT_POOL_PAD,
    RT_POOL_DILATION,
    RT_POOL_AUTO_PAD,
    RT_POOL_CEIL,
    RT_POOL_EXTRA /* the first of the operator's own */
};
/* The first rows of an operator's table of attributes. */
#define RT_POOL_ATTRS                                                                              \
    [RT_POOL_KERNEL] = {.key = "kernel", .onnx = "kernel_shape", .type = RT_INTS},                 \
    [RT_POOL_STRIDE] = {.key = "stride", .onnx = "strides", .type = RT_INTS},                      \
    [RT_POOL_PAD] = {.key = "pad", .onnx = "pads", .type = RT_INTS},                               \
    [RT_POOL_DILATION] = {.key = "dilation", .onnx = "dilations", .type = RT_INTS},                \
    [RT_POOL_AUTO_PAD] = {.key = "auto_pad",                                                       \
                          .onnx = "auto_pad",                                                      \
                          .type = RT_CHOICE,                                                       \
                          .choices = RT_AUTO_PAD},                                                 \
    [RT_POOL_CEIL] = {.key = "ceil", .onnx = "ceil_mode", .type = RT_BOOL}

enum { RT_POOL_AXES = 3 };

/* Three spatial axes, the first ones of size 1 where there are fewer. */
struct rt_pool {
    struct rt_axis_window axis[RT_POOL_AXES];
    int64_t planes, in_area, out_area;
};

/* A pass over all planes: forward x to y, backward x and dy to dx. */
struct rt_pool_work {
    struct rt_pool p;
    const float *x, *dy;
    float *y, *dx;
    uint32_t pieces;
    bool flag; /* the operator's own */
};

/* Shape rule; refuses a window that sees no element at all. */
imp_status rt_pool_infer(struct rt_infer *, imp_error *);
void rt_pool_need(const struct rt_call *, struct rt_need *);
/* Channel c of the input is channel c of the output. */
/* Of a call that infer has passed. */
struct rt_pool rt_pool_of(const struct rt_call *);
void rt_pool_couple(struct rt_ties *, const struct rt_call *);
/* Runs fn over pieces of the rows of all planes of y, or of whole planes, since windows of a plane
 * overlap; user is a struct rt_pool_work. */
imp_status rt_pool_forward(const struct rt_call *, bool flag,
                           void (*fn)(void *user, uint32_t i) IMP_NX);
imp_status rt_pool_backward(const struct rt_call *, bool flag,
                            void (*fn)(void *user, uint32_t i) IMP_NX);

/* Taps [*from, *to) of window o that lie inside. */
static inline void rt_pool_taps(const struct rt_axis_window *a, int64_t o, int64_t *from,
                                int64_t *to)
{
    const int64_t start = o * a->stride - a->pad;
    const int64_t inside = a->in - start; /* taps k with k * dilation < inside */
    const int64_t end = (inside + a->dilation - 1) / a->dilation;
    *from = start < 0 ? (-start + a->dilation - 1) / a->dilation : 0;
    *to = end < a->kernel ? end : a->kernel;
}

/* Windows [*from, *to) whose tap k lies inside. */
static inline void rt_pool_windows(const struct rt_axis_window *a, int64_t k, int64_t *from,
                                   int64_t *to)
{
    const int64_t at = k * a->dilation - a->pad; /* of window 0 */
    const int64_t end = at < a->in ? (a->in - at + a->stride - 1) / a->stride : 0;
    *from = at < 0 ? (-at + a->stride - 1) / a->stride : 0;
    *to = end < a->out ? end : a->out;
}

/* One row of windows: its place, and which taps of the outer axes lie inside. */
struct rt_pool_row {
    int64_t o0, o1, from0, to0, from1, to1;
};

/* Row i of the windows of a plane. */
static inline struct rt_pool_row rt_pool_row_at(const struct rt_pool *p, int64_t i)
{
    struct rt_pool_row r = {.o0 = i / p->axis[1].out, .o1 = i % p->axis[1].out};
    rt_pool_taps(&p->axis[0], r.o0, &r.from0, &r.to0);
    rt_pool_taps(&p->axis[1], r.o1, &r.from1, &r.to1);
    return r;
}

/* Where the row of the plane begins that taps k0 and k1 of a row of windows see. */
static inline int64_t rt_pool_offset(const struct rt_pool *p, const struct rt_pool_row *r,
                                     int64_t k0, int64_t k1)
{
    const struct rt_axis_window *a = &p->axis[0], *b = &p->axis[1];
    const int64_t z = r->o0 * a->stride + k0 * a->dilation - a->pad;
    const int64_t y = r->o1 * b->stride + k1 * b->dilation - b->pad;
    return (z * b->in + y) * p->axis[2].in;
}

#endif
