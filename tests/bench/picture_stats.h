/* picture_stats.h - what natural pictures have in common, measured on the middle 256 x 256 of a picture whose shorter
 * side was made 256: how the power falls with frequency, how peaked gradients are, how far colours spread. */
#ifndef IMP_BENCH_PICTURE_STATS_H
#define IMP_BENCH_PICTURE_STATS_H
#include <impasto/impasto.h>
#include <stdbool.h>

enum { STATS_SIDE = 256, STATS_BINS = 24, STATS_THUMB = 24 };

struct picture_stats {
    double slope;    /* of log power over log frequency, 4..100 cycles a picture; photographs: about -2 */
    double kurtosis; /* of the differences of neighbours in luma; a normal distribution has 3 */
    double spread;   /* of the opponent colours, in 8-bit steps (Hasler and Suesstrunk 2003) */
    double power[STATS_BINS];                      /* mean of the ring, bins of stats_frequency */
    float thumb[3 * STATS_THUMB * STATS_THUMB]; /* for distances between pictures */
};
/* Middle of bin i, in cycles a picture; bins are even in the logarithm, 2..128. */
double stats_frequency(int i);
/* Any size, grey or RGB, sRGB. false: no memory. */
bool stats_of(const imp_image *, struct picture_stats *);
/* Root mean square difference of two thumbs, 0..1. */
double stats_distance(const struct picture_stats *, const struct picture_stats *);
#endif
