/* product.h - products of matrices, alone or in batches, cut into blocks of C by shape. */
#ifndef IMP_RT_PRODUCT_H
#define IMP_RT_PRODUCT_H
#include "op.h"

/* C = (add ? C : 0) + alpha op(A)[m][k] . op(B)[k][n], for every index of the batch axes. Where the
 * stride of C is 0 along a batch axis, the products along it are summed, in order (needs add). */
struct rt_product {
    uint32_t trans_a, trans_b, add, axes; /* batch axes; 0: one product */
    int64_t m, n, k, lda, ldb, ldc;
    float alpha;
    uint32_t reserved0;
    const float *a, *b;
    float *c;
    int64_t dim[RT_RANK], step_a[RT_RANK], step_b[RT_RANK], step_c[RT_RANK];
};
/* IMP_OK or IMP_CANCELLED. */
imp_status rt_product_run(const struct rt_product *, imp_job *);

#endif
