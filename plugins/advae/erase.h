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
/* The map folded into the linear layer that makes codes: weight latent x features, bias latent.
 * [any] */
void av_erase_fold(av_erasure *, float *weight, float *bias, uint32_t features);

#endif
