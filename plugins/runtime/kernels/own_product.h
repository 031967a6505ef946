/* own_product.h - a matrix times itself turned over, and the gradient: half the work of two products. */
#ifndef IMP_RT_OWN_PRODUCT_H
#define IMP_RT_OWN_PRODUCT_H
#include "op.h"

struct rt_gram {
    int64_t m, k; /* x [m][k], packed */
    float alpha;
    uint32_t reserved0;
    const float *x;
};
/* Is it done here? Of few rows that are long, so that sums over parts of them are the items. */
bool rt_gram_fits(int64_t m, int64_t k);
uint64_t rt_gram_bytes(int64_t m, int64_t k); /* scratch of either */
/* c[m][m] = alpha x x' */
imp_status rt_gram_run(const struct rt_gram *, float *c, void *scratch, imp_job *);
/* dx += alpha (dc + dc') x */
imp_status rt_gram_back(const struct rt_gram *, const float *dc, float *dx, void *scratch,
                        imp_job *);

#endif
