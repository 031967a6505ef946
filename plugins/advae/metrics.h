/* metrics.h - figures of likeness, disentanglement and contour, on plain arrays; sums in double.
 * [any] */
#ifndef IMP_ADVAE_METRICS_H
#define IMP_ADVAE_METRICS_H
#include <impasto/kit.h>
#include <stddef.h>
#include <stdint.h>

/* 10 log10(4 / mean square) of numbers -1..1, dB; equal: 100. */
double av_psnr(const float *x, const float *t, size_t count);
/* Structural similarity of one plane -1..1: windows 11 x 11 of a Gaussian of 1.5 px, constants 0.01
 * and 0.03 of a range of 2, the mean over places whose window lies within (Wang et al. 2004). */
double av_ssim(const float *x, const float *t, uint32_t side);
/* F1 of two line drawings (0 paper, 1 ink; ink above one half): a pixel counts as found when the
 * other has ink within `reach` px. Both without ink: 1. work: side x side bytes, twice. */
double av_f1(const float *a, const float *b, uint32_t side, uint32_t reach, uint8_t *work);

/* Frechet distance of n points x and m points y of w numbers, as of the normal distributions that
 * fit them: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2) (Heusel et al. 2017, on features of whoever
 * asks). Of few points it is too large, so only figures of equal n, m and w compare. The job is
 * asked whether to stop; NULL: none. IMP_E_MEMORY, IMP_CANCELLED. */
imp_status av_frechet(const float *x, const float *y, uint32_t n, uint32_t m, uint32_t w, imp_job *,
                      double *distance);

/* Codes (n x width) against factors (n x count; a class each, below classes[k]). Bins of the codes:
 * 20 of equal width over what each code takes. importance, room for width x count. */
typedef struct av_disentangled {
    double mig; /* mean over factors of (best - second) mutual information / entropy (Chen et al.
                   2018) */
    double sap; /* mean over factors of the gap between the two best codes' accuracies of a nearest
                 * mean (Kumar et al. 2018, with nearest means for its linear classifier) */
    double dci; /* mean over codes of 1 - entropy of its importance rows, weighted by importance,
                 * which is the mutual information (after Eastwood and Williams 2018) */
} av_disentangled;
/* IMP_OK is 0; false: no memory. */
int av_disentangle(const float *codes, uint32_t n, uint32_t width, const uint32_t *factors,
                   uint32_t count, const uint32_t *classes, av_disentangled *out);

#endif
