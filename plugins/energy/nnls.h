/* nnls.h - least squares without negative weights. */
#ifndef IMP_EN_NNLS_H
#define IMP_EN_NNLS_H
#include <impasto/impasto.h>

/* x >= 0, n numbers, that make |A x - b|^2 least: the active set method of Lawson and Hanson,
 * Solving Least Squares Problems (1974), chapter 23, on the normal equations. ata n x n = A^T A atb
 * n = A^T b    work: n * (n + 4) doubles and n ints, bytes by nnls_bytes IMP_E_FAILED: no end after
 * 3 n + 30 changes of the set (x is then the best so far, feasible). */
size_t en_nnls_bytes(uint32_t n);
imp_status en_nnls(const double *ata, const double *atb, uint32_t n, double *x, void *work,
                   imp_job *);

#endif
