/* strided.h - moving elements between two layouts: what transpose, slice, split and concat are.
 * Also contents known while planning, which move by the same walks. */
#ifndef IMP_RT_STRIDED_H
#define IMP_RT_STRIDED_H
#include "ties.h"

/* Element (i0, i1, ...) of dim[] lies at from_at + sum i * from[] in one tensor, at to_at + sum i *
 * to[] in the other; in elements. Steps may be negative. No two indices share a place in `to`. */
struct rt_walk {
    uint32_t ndim, reserved0;
    int64_t dim[RT_RANK], from[RT_RANK], to[RT_RANK];
    int64_t from_at, to_at;
};

/* A walk over all of a packed tensor of that shape, from and to the same places. */
struct rt_walk rt_walk_over(const struct rt_shape *);
/* Packed row-major steps of a shape; all 0 when it has no elements. */
void rt_walk_steps(const struct rt_shape *, int64_t step[RT_RANK]);
/* The way back: from and to exchanged. */
struct rt_walk rt_walk_back(struct rt_walk);

/* Copies float32; cut by shape. */
imp_status rt_walk_copy(const struct rt_walk *, const float *from, float *to, imp_job *);
/* to += from. */
imp_status rt_walk_add(const struct rt_walk *, const float *from, float *to, imp_job *);

/* Refuses when a static slot is wired to something that is not known while planning. */
imp_status rt_static_check(const struct rt_infer *, imp_error *);
/* Room for contents known while planning, zero. IMP_OK and NULL: so many floats that they are
 * better computed when needed. Refuses integers beyond a million. */
imp_status rt_known_new(uint32_t dtype, const struct rt_shape *, struct rt_tensor **, imp_error *);
/* Moves what is known from one tensor to the other, floats or integers. */
void rt_known_move(const struct rt_walk *, const struct rt_tensor *from, struct rt_tensor *to);
/* For an operator of one input: the known contents of in[0], if any, walked into in->known. Call it
 * last, with in->out.shape set. Refuses integers that are not known. */
imp_status rt_known_walk(struct rt_infer *, const struct rt_walk *, imp_error *);

/* For couple(): is slot 0 wired to a parameter? Then the output's channels are locked: nothing
 * would cut the parameter where its elements have moved to. */
bool rt_tie_of_param(struct rt_ties *, const struct rt_call *);

/* forward and backward of views, where a caller has not made the two one memory */
imp_status rt_view_forward(const struct rt_call *);
imp_status rt_view_backward(const struct rt_call *);

#endif
