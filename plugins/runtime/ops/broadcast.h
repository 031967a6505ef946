/* broadcast.h - walking over a whole of which parts are repeated: numpy's broadcasting, and the
 * sums over what is repeated, which are the gradients of broadcasting and the reductions alike. */
#ifndef IMP_RT_BROADCAST_H
#define IMP_RT_BROADCAST_H
#include "op.h"

/* The shape that a and b are broadcast to; false: they do not fit. */
bool rt_broadcast(const struct rt_shape *a, const struct rt_shape *b, struct rt_shape *out);
/* Is `part` broadcast to exactly `whole` (one-sided broadcasting)? */
bool rt_broadcasts_to(const struct rt_shape *part, const struct rt_shape *whole);

/* The whole as rows: its last axis is the row, the others count rows. Axes of size 1 are gone and
 * those that lie alike in both parts are one. step: elements to the next index in a packed part, 0
 * where the part is repeated; within a row it is 0 or 1. */
struct rt_walk {
    uint32_t ndim, reserved0; /* at least 1 */
    int64_t rows, length;     /* elements of the whole: rows * length */
    int64_t dim[RT_RANK], step[2][RT_RANK];
};
/* Both parts broadcast to the whole; part 1 may be the whole itself. */
void rt_walk_init(struct rt_walk *, const struct rt_shape *whole, const struct rt_shape *part0,
                  const struct rt_shape *part1);
/* Where row `row` begins in a part. */
int64_t rt_walk_at(const struct rt_walk *, uint32_t part, int64_t row);
static inline bool rt_walk_repeats(const struct rt_walk *w, uint32_t part)
{
    for (uint32_t k = 0; k < w->ndim; k++)
        if (!w->step[part][k])
            return true;
    return false;
}

/* Everything in the whole that belongs to the same elements of a part, stretch by stretch, in
 * row-major order: columns [column, column + n) of row `row`. */
enum { RT_STRETCH = 256 };
struct rt_stretch {
    int64_t first; /* element of the part */
    int64_t row, column, n;
    uint32_t spread, reserved0; /* 1: column + i is element first + i; 0: all n are element first */
    double *sum;                /* for these elements, from `begin` on: [n] when spread, else [1] */
};
typedef void rt_visit_fn(void *user, const struct rt_stretch *);
/* For every element of `part`: sum = begin, then visit for each stretch, then finish once (n:
 * number of elements from `first` on). Order and cuts depend on shapes only. cost: of visiting one
 * element. */
imp_status rt_walk_fold(imp_job *, const struct rt_walk *, uint32_t part, double begin, double cost,
                        rt_visit_fn *visit, rt_visit_fn *finish, void *user);
/* Adds n numbers to the sums of a stretch, in double. */
void rt_stretch_add(const struct rt_stretch *, const float *values);

#endif
