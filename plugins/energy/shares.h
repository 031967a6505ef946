/* shares.h - shares of energy that somebody wants, and mixtures of tables, on plain vectors. [any]
 */
#ifndef IMP_EN_SHARES_H
#define IMP_EN_SHARES_H
#include <stdbool.h>
#include <stdint.h>

/* wanted: NaN = nothing said. On return it holds the gain of each map; share: what each has of the
 * whole (sum 1, or all 0: dead layer). A map without energy gets gain 0. Answers NULL, or what is
 * wrong.
 *
 * gains: times what there is; total: then scaled together so that the whole stays.
 * shares, total: maps that are named get that part of the whole, the others what is left in their
 *   proportions; all named (or `relative`): divided by their sum. Not total: named maps get that
 * part, the others gain 1. */
const char *en_wanted_gains(double *wanted, const double *share, uint32_t maps, bool total);
const char *en_wanted_shares(double *wanted, const double *share, uint32_t maps, bool relative,
                             bool total);

/* One number of n: sum w x, or in the logarithm prod x^w (0 if one is 0 whose weight is not). The
 * weights add up to 1. */
double en_mix(const double *x, const double *weights, uint32_t n, bool logarithm);

#endif
