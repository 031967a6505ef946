/* tensor.h - shapes, and the tensors that belong to a model: weights and constants. Values of a run
 * live in its arena instead (run.h). */
#ifndef IMP_RT_TENSOR_H
#define IMP_RT_TENSOR_H
#include <impasto/impasto.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "mapping.h"

/* Most axes of a tensor. A file that has more is refused by name; to raise it is to change this. */
enum { RT_RANK = 16 };

struct rt_shape {
    uint32_t ndim, reserved0;
    int64_t dim[RT_RANK]; /* -1: not known yet (inputs of a model only) */
};

/* Contents that do not change: packed, row-major; 64-byte aligned unless they lie in a mapped file.
 * Shared between models by reference counting, so that editing one copies only what it changes. */
struct rt_tensor {
    atomic_uint refs;
    uint32_t dtype; /* IMP_F32 or IMP_I64 (every integer type of a file becomes I64) */
    bool finite;    /* its floats are known to be, since they were read; false: nobody looked */
    struct rt_shape shape;
    int64_t count; /* elements: the product of the shape, 1 for a scalar */
    void *data;
    struct rt_mapping *mapping; /* a reference, where data lie in it; NULL: data are the tensor's */
};

/* Product of the axes [from, to); -1 when one is negative or it is over 2^40, which is more than any
 * memory, and leaves room for what is multiplied with it. */
int64_t rt_product(const struct rt_shape *, uint32_t from, uint32_t to);
/* Elements of a shape with no unknown axis; -1 as above. */
int64_t rt_count(const struct rt_shape *);
bool rt_same_shape(const struct rt_shape *, const struct rt_shape *);
struct rt_shape rt_shape_of(uint32_t ndim, const int64_t *dim); /* ndim <= RT_RANK */
/* "1 x 3 x 224 x 224", "scalar", unknown axes as "?", into buf. Answers buf. */
const char *rt_shape_text(const struct rt_shape *, char *buf, size_t size);
/* Axis a of -ndim..ndim-1 counted from the front, or -1 when out of range. */
int rt_axis(int64_t a, uint32_t ndim);

/* One reference, contents zero. NULL: no memory, or a shape without a size. */
struct rt_tensor *rt_tensor_new(uint32_t dtype, const struct rt_shape *);
/* The same with contents that are still to be written. */
struct rt_tensor *rt_tensor_raw(uint32_t dtype, const struct rt_shape *);
/* The same with contents in a mapping, aligned to an element. NULL: no memory. */
struct rt_tensor *rt_tensor_mapped(uint32_t dtype, const struct rt_shape *, struct rt_mapping *,
                                   const void *data);
struct rt_tensor *rt_tensor_retain(struct rt_tensor *);
void rt_tensor_release(struct rt_tensor *); /* NULL allowed */
static inline float *rt_floats(const struct rt_tensor *t) { return t->data; }
static inline int64_t *rt_integers(const struct rt_tensor *t) { return t->data; }

#endif
