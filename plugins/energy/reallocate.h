/* reallocate.h - where the energy of feature maps goes: targets T from the code F of a layer, on
 * plain vectors. arXiv 1608.04170 and its authors' program (fmi, random, direct); Huang and
 * Belongie, arXiv 1703.06868 (moments).
 *
 *   code  maps x places floats, map by map      energy of a map: s[c] = sum_p F[c][p];  S = sum_c
 * s[c]
 *
 * Sums are of doubles, each map's in one order; work is cut by map or place. job lends threads,
 * NULL: none. All [any] but where a job is given: [worker]. */
#ifndef IMP_EN_REALLOCATE_H
#define IMP_EN_REALLOCATE_H
#include <impasto/kit.h>

/* What a map becomes: T[c] = gain * F[from] + offset. */
struct en_part {
    double gain, offset;
    uint32_t from, reserved0;
};
/* Mean, mean square, largest value and share of zeros of each map over its places. IMP_E_INPUT: a
 * value is not finite, and *bad is its map. */
struct en_moments {
    double mean, square, high, zeros;
};
imp_status en_measure(const float *code, uint32_t maps, size_t places, struct en_moments *,
                      uint32_t *bad, imp_job *);
/* out = F + amount (T - F), T by the parts; out does not overlap code. */
imp_status en_remap(const float *code, uint32_t maps, size_t places, const struct en_part *,
                    double amount, float *out, imp_job *);
/* The same with T[k][p] = sum_c F[c][p], all other maps 0; k < maps. */
imp_status en_gather(const float *code, uint32_t maps, size_t places, uint32_t k, double amount,
                     float *out, imp_job *);

/* Parts that give each map the share w[c] of the whole: gain w[c] S / s[c]. Maps without energy
 * stay 0, and the others' w are divided by their sum, so that the whole stays. IMP_E_INPUT: that
 * sum is 0 (and the layer is not: a dead one stays as it is). */
imp_status en_parts_of_shares(const struct en_moments *, uint32_t maps, const double *w,
                              struct en_part *);
/* Parts by rank: the i-th weakest map of F takes the place of the style's i-th weakest (equal ones
 * by their numbers), moved to the style's mean there. order: room for 2 * maps. */
void en_parts_direct(const struct en_moments *, uint32_t maps, const double *style_mean,
                     uint32_t *order, struct en_part *);
/* Parts that give each map the style's mean and deviation; deviation sqrt(square - mean^2 + 1e-10
 * of the layer's mean square), so that a map that is constant keeps only the mean. */
void en_parts_moments(const struct en_moments *, uint32_t maps, const double *style_mean,
                      const double *style_square, struct en_part *);
/* Is a map dead: not one value other than 0 (or so little that it is rounding)? */
static inline int en_dead(const struct en_moments *m)
{
    return !(m->square > 0);
}

#endif
