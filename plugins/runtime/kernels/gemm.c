/* gemm.c - see gemm.h. */
#include "gemm.h"

#include <cblas.h>
#include <stddef.h>
#include <string.h>

/* OpenBLAS counts in int. */
static bool fits(int64_t a, int64_t b, int64_t c)
{
    return a <= INT32_MAX && b <= INT32_MAX && c <= INT32_MAX;
}

/* What BLAS does not do: nothing to add, and sizes beyond its counters. c = beta c + alpha a.b */
static void plain(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha,
                  const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
                  int64_t ldc)
{
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++)
                sum += (double)a[trans_a ? l * lda + i : i * lda + l] *
                       (double)b[trans_b ? j * ldb + l : l * ldb + j];
            const double old = beta == 0 ? 0 : (double)beta * (double)c[i * ldc + j];
            c[i * ldc + j] = (float)(old + (double)alpha * sum);
        }
}

/* BLAS wants strides of a row at least, also where there is one row only. */
static int stride(int64_t ld, int64_t row)
{
    return (int)(ld > row ? ld : row > 1 ? row : 1);
}

void rt_gemm(bool trans_a, bool trans_b, int64_t m, int64_t n, int64_t k, float alpha,
             const float *a, int64_t lda, const float *b, int64_t ldb, float beta, float *c,
             int64_t ldc)
{
    if (m < 1 || n < 1)
        return;
    if (k < 1 || !fits(m, n, k) || !fits(lda, ldb, ldc)) {
        plain(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
        return;
    }
    const int sa = stride(lda, trans_a ? m : k), sb = stride(ldb, trans_b ? k : n);
    if (n == 1) /* C = op(A) x */
        cblas_sgemv(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans, (int)(trans_a ? k : m),
                    (int)(trans_a ? m : k), alpha, a, sa, b, trans_b ? 1 : sb, beta, c,
                    stride(ldc, 1));
    else if (m == 1) /* C' = op(B)' x */
        cblas_sgemv(CblasRowMajor, trans_b ? CblasNoTrans : CblasTrans, (int)(trans_b ? n : k),
                    (int)(trans_b ? k : n), alpha, b, sb, a, trans_a ? sa : 1, beta, c, 1);
    else
        cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
                    trans_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, alpha, a, sa, b,
                    sb, beta, c, stride(ldc, n));
}

void rt_syrk(int64_t m, int64_t k, float alpha, const float *a, int64_t lda, float *c)
{
    if (m < 1)
        return;
    if (k > 0 && fits(m, k, lda))
        cblas_ssyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)m, (int)k, alpha, a,
                    stride(lda, k), 0, c, (int)m);
    else
        plain(false, true, m, m, k, alpha, a, lda, a, lda, 0, c, m);
}

void rt_gemv(bool trans, int64_t m, int64_t n, float alpha, const float *a, int64_t lda,
             const float *x, float beta, float *y)
{
    rt_gemm(trans, false, trans ? n : m, 1, trans ? m : n, alpha, a, lda, x, 1, beta, y, 1);
}

const char *rt_gemm_core(void)
{
    return openblas_get_corename();
}

bool rt_gemm_is_slow(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    static const char *const fast[] = {"Haswell", "Zen",        "Excavator",
                                       "SkylakeX", "Cooperlake", "SapphireRapids"};
    const char *core = rt_gemm_core();
    for (size_t i = 0; i < sizeof fast / sizeof *fast; i++)
        if (!strcmp(core, fast[i]))
            return false;
    return __builtin_cpu_supports("avx2") != 0;
#else
    return false;
#endif
}
