/* gemm.h - the only door to OpenBLAS. One thread inside; callers cut work into blocks by shape and
 * hand them to rt_parallel. */
#ifndef IMP_RT_GEMM_H
#define IMP_RT_GEMM_H
#include <stdbool.h>
#include <stdint.h>

/* C[m][n] = alpha * op(A)[m][k] . op(B)[k][n] + beta * C; row-major; lda, ldb, ldc: elements between
 * rows as stored; beta 0 ignores what C holds. Any of m, n, k may be 0. [any] */
void rt_gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha,
             const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
             int64_t ldc);
/* c[m][m] = alpha * A A', A [m][k], lda between its rows; what is above the diagonal of c stays. */
void rt_syrk(int64_t m, int64_t k, float alpha, const float *a, int64_t lda, float *c);
/* y[m] = alpha * op(A) x + beta * y, A stored [m][n] (not transposed). */
void rt_gemv(bool trans, int64_t m, int64_t n, float alpha, const float *a, int64_t lda,
             const float *x, float beta, float *y);
/* Name of the kernels that OpenBLAS runs, "Haswell". */
const char *rt_gemm_core(void);
/* Is it one that a processor with AVX2 should not be left with? */
bool rt_gemm_is_slow(void);

#endif
