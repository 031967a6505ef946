/* erase.h - what a linear probe reads of attributes in codes, taken out of them exactly:
 * least-squares concept erasure (Belrose et al., 2306.03819). Of all affine maps after which no
 * linear function of the code tells anything of the attributes, the one that moves the codes least,
 * distances in units of their own spread:
 *
 *   z' = m + P (z - m),  P = I - L Q Q' L^-1,  S = L L' the codes' covariance,
 *   Q an orthonormal basis of L^-1 cov(z, attributes)
 *
 * Plain arrays, double precision. */
#ifndef IMP_ADVAE_ERASE_H
#define IMP_ADVAE_ERASE_H
#include "traits.h"

typedef struct av_erasure {
    uint32_t latent, rank;   /* dimensions taken out */
    double *p, *mean, *work; /* latent x latent, latent each; free() p frees all three */
} av_erasure;

/* mu: n x latent codes; y: n x traits->width, known: n x traits->count, of the same samples. Of a
 * number its square counts too, so that neither its ends nor its middle can be told; what is
 * unknown counts nothing. An attribute of which the codes tell no more than chance would (a share
 * of 2 latent / n of its variance) is left alone. n > latent, else IMP_E_INPUT. [any] */
imp_status av_erase(const float *mu, const float *y, const float *known, uint32_t n,
                    uint32_t latent, const struct av_traits *, av_erasure *out, imp_error *);
/* ---- the parts, for whoever asks what something tells of something else ---- */

/* Attributes as columns: a choice has one for each of its numbers, a number two, itself and its
 * square. */
uint32_t av_columns(const struct av_traits *);
/* Column k of them, n numbers around 0; 0 where the attribute is unknown. */
void av_column(const float *y, const float *known, uint32_t n, const struct av_traits *, uint32_t k,
               double *out);
/* Means of n x m numbers and their covariance's factor, S = L L', lower triangle, into l (zeroed by
 * the caller). What never varies gets a spread of its own, so that L has an inverse. */
void av_spread(const float *x, uint32_t n, uint32_t m, double *mean, double *l);
/* v = L^-1 cov(x, c); returns ||v||^2, the variance of c that a linear function of x explains. */
double av_told(const float *x, uint32_t n, uint32_t m, const double *mean, const double *l,
               const double *c, double *v);

/* The map folded into the linear layer that makes codes: weight latent x features, bias latent.
 * [any] */
void av_erase_fold(av_erasure *, float *weight, float *bias, uint32_t features);

#endif
