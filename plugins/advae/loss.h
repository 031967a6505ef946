/* loss.h - losses of an AD-VAE and their gradients, on plain arrays. Means over the n samples of a
 * batch; sums in double, in the order of the samples. A gradient is written, not added to. [any] */
#ifndef IMP_ADVAE_LOSS_H
#define IMP_ADVAE_LOSS_H
#include "traits.h"
#include <stddef.h>

/* z = mu + exp(lv / 2) eps, n x latent numbers each. */
void av_sample(const float *mu, const float *lv, const float *eps, size_t count, float *z);
/* beta KL(N(mu, exp lv) || N(0, 1)) = -beta/2 sum (1 + lv - mu^2 - exp lv), and the gradients by mu
 * and lv of that and of a loss whose gradient by z is dz. */
double av_kl(const float *mu, const float *lv, const float *eps, const float *dz, uint32_t n,
             uint32_t latent, double beta, float *dmu, float *dlv);
/* 1/2 sum (x - t)^2 of a sample. */
double av_square(const float *x, const float *t, uint32_t n, size_t size, float *gradient);
/* Mean of |x - t| over all numbers, smooth within 0.02 of 0 (Huber), so that flat places rest. */
double av_absolute(const float *x, const float *t, size_t count, double weight, float *gradient);
/* The same with a weight of each pixel, the same for all planes: mean of mask |x - t|. */
double av_absolute_where(const float *x, const float *t, const float *mask, size_t planes,
                         size_t plane, double weight, float *gradient);
/* Sum over traits of cross-entropy (choices; y may be shares) or square error (numbers), as a judge
 * answers; unknown traits count nothing. answers, y, gradient: n x width. */
double av_judge_loss(const struct av_traits *, const float *answers, const float *y,
                     const float *known, uint32_t n, double weight, float *gradient);
/* An adversary's cross-entropy, against the truth (LEARN), or against what it is to believe:
 * anything but the truth (FLIP, methods of Fader networks), or all alike (ENTROPY). guess,
 * gradient: n x bins. */
enum av_removal { AV_LEARN, AV_ENTROPY, AV_FLIP };
double av_adversary_loss(const struct av_traits *, const float *guess, const float *y,
                         const float *known, uint32_t n, enum av_removal, double weight,
                         float *gradient);
/* Logits of a sample's attributes as numbers of y: choices as shares (softmax), numbers as they
 * are; and the gradient by the logits, added, of one by those numbers. v, y, dy, dv: width numbers.
 */
void av_shares(const struct av_traits *, const float *v, float *y);
void av_shares_back(const struct av_traits *, const float *y, const float *dy, float *dv);
/* How many traits of the batch it guesses, and how many are known, added by trait. */
void av_adversary_hits(const struct av_traits *, const float *guess, const float *y,
                       const float *known, uint32_t n, uint64_t *hits, uint64_t *seen);
/* ||f - t||^2 / (||t||^2 + n size/1e4) over a batch, weighted: a layer's part of the feature loss.
 */
double av_relative(const float *f, const float *t, size_t count, double weight, float *gradient);
/* 1 - the correlation of f and t over the places of a plane, each counting as `where` says; mean
 * over planes: how far forms differ, whatever light and colours do. */
double av_form(const float *f, const float *t, const float *where, size_t planes, size_t plane,
               double weight, float *gradient);

#endif
