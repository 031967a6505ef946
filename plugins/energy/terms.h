/* terms.h - what a picture is judged by when energies are matched: losses of layers' statistics and
 * their gradients, on plain vectors. Constants: arXiv 1608.04170 and its authors' program (compat),
 * else ours: relative errors, so that neither a network's scale nor a picture's size counts. Gram
 * matrices: Gatys, Ecker and Bethge, arXiv 1508.06576.
 *
 *   f   maps x places floats      w   places weights, NULL: all 1      W = sum w
 *   m[c] = sum_p w F[c][p] / W    q[c] = sum_p w F[c][p]^2 / W         g[c][d] = sum_p w F[c][p]
 * F[d][p] / W
 *
 * Sums are of doubles, in an order that the shapes fix. [worker]; job lends threads, NULL: none. */
#ifndef IMP_EN_TERMS_H
#define IMP_EN_TERMS_H
#include <impasto/kit.h>

/* sum[c] += sum_p w F; square[c] += sum_p w F^2 (NULL: not wanted). */
imp_status en_sums_add(const float *f, uint32_t maps, size_t places, const float *w, double *sum,
                       double *square, imp_job *);

/* Where a box of places lies in a map of the whole picture that is cut into side x side cells, by
 * rows and columns. */
struct en_cells {
    size_t w, h;         /* of the whole map */
    size_t x, y, iw, ih; /* of the box */
    uint32_t side, reserved0;
};
/* The same sums by cell: sum and square are side^2 times maps numbers, whole side^2 (its sums of
 * weights); f maps x ih x iw, w of the box. */
imp_status en_cells_add(const float *f, uint32_t maps, const struct en_cells *, const float *w,
                        double *sum, double *square, double *whole, imp_job *);

/* First (and second) order:
 *   ours    |m - mu|^2 / |mu|^2 x weight  (+ |q - nu|^2 / |nu|^2 x weight)
 *   compat  b / (2 C M) sum_c (M m[c] - M mu[c])^2, M = W, b = weight; x scale^2 for codes times
 * scale */
struct en_match {
    const double *mean, *square; /* mu, nu; nu NULL: first order alone */
    double weight, scale;
    uint32_t maps, compat;
};
/* The loss; d(loss)/d(F[c][p]) = w (a[c] + b[c] F[c][p]) with a and b, maps each, written. sum and
 * square as en_sums_add left them. */
double en_match_judge(const struct en_match *, const double *sum, const double *square,
                      double whole, double *a, double *b);
/* out = w (a[c] + b[c] F[c][p]); b NULL: 0. */
imp_status en_match_seed(const float *f, uint32_t maps, size_t places, const float *w,
                         const double *a, const double *b, float *out, imp_job *);

/* The same, a and b by cell. */
imp_status en_cells_seed(const float *f, uint32_t maps, const struct en_cells *, const float *w,
                         const double *a, const double *b, float *out, imp_job *);

/* gram[c * maps + d] += sum_p F[c][p] F[d][p], all of it; weights: F times sqrt(w). work: bytes by
 * en_gram_bytes. */
size_t en_gram_bytes(uint32_t maps, size_t places);
imp_status en_gram_add(const float *f, uint32_t maps, size_t places, double *gram, void *work,
                       imp_job *);

enum en_gram_parts { EN_FULL = 0, EN_DIAGONAL = 1, EN_OFF = 2 };
/*   ours    |g - a|^2 / |a|^2 x weight, over the parts asked for
 *   compat  b / (4 C^2 M) |M g - M a|^2, b = weight; x scale^4 */
struct en_gram {
    const double *target; /* a: maps x maps */
    double weight, scale;
    uint32_t maps, compat, parts, reserved0;
};
/* The loss; d(loss)/d(F) = D F (times w) with D, maps x maps, written. */
double en_gram_judge(const struct en_gram *, const double *gram, double whole, float *d);
/* out[c][p] = sum_d D[c][d] F[d][p] */
imp_status en_gram_seed(const float *f, uint32_t maps, size_t places, const float *d, float *out,
                        imp_job *);

/* sum_i (f - p)^2, the order fixed by n; out = factor (f - p). */
double en_distance(const float *f, const float *p, size_t n);
void en_distance_seed(const float *f, const float *p, size_t n, double factor, float *out);

#endif
