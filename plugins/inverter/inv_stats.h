/* inv_stats.h - what a row of an atlas says of a picture and of a layer's code: pure functions on
 * plain numbers. Sums in double, in an order that the shapes alone decide. [any] */
#ifndef IMP_INV_STATS_H
#define IMP_INV_STATS_H
#include <impasto/impasto.h>
#include <stdbool.h>

/* How colourful a picture looks (Hasler and Suesstrunk 2003, M^(3)): with rg = R - G and
 * yb = (R + G) / 2 - B, both of 0..255,
 *     sqrt(var rg + var yb) + 0.3 sqrt((mean rg)^2 + (mean yb)^2)
 * about 0 grey, 33 moderately, 109 extremely. Grey pictures: 0. */
double inv_colourfulness(const imp_image *);

enum { INV_ORIENTATIONS = 36 }; /* bins of 5 degrees */
/* How many directions a picture's edges have: the entropy of the histogram of its gradients'
 * orientations (0..180 degrees, central differences of the luma, weighted by their length, shared
 * by the two nearest bins), divided by that of a flat one. 0 one direction, 1 all alike; a picture
 * without edges, or of fewer than 3 x 3 px: 0. */
double inv_orientation_entropy(const imp_image *);

/* G = F F^T / places of a code's maps, its lower half (b <= a): gram[a * c + b]. gram: room for c^2
 * + c doubles. */
void inv_gram(const float *code, uint32_t c, uint32_t h, uint32_t w, double *gram);
/* ||G||^2 of a symmetric matrix by its lower half. */
double inv_gram_square(const double *gram, uint32_t c);

enum { INV_TILES = 4 }; /* a side */
/* How little a texture changes over the picture: the Gram matrices G_t = F_t F_t^T / places of the
 * 4 x 4 tiles of a code, mean ||G_t - mean G||^2 / ||mean G||^2. 0: the same everywhere. NaN: fewer
 * than 4 x 4 places, or a code of zeros. gram: room for 2 c^2 + c doubles. */
double inv_stationarity(const float *code, uint32_t c, uint32_t h, uint32_t w, double *gram);

/* One map of a layer, over all its places. */
struct inv_map {
    double mean, rms, zeros, max; /* zeros: share of places that are exactly 0 */
};
void inv_map_of(const float *map, size_t places, struct inv_map *);
/* Its part of the energies (means): mean / sum of means; 0 where the sum is 0. */
double inv_share(const double *means, uint32_t count, uint32_t map);
/* 1: no other map has a larger mean. */
uint32_t inv_rank(const double *means, uint32_t count, uint32_t map);
/* ||f - t||^2 / ||t||^2; infinite where t is 0 and f is not, 0 where both are. */
double inv_code_error(const float *f, const float *t, size_t count);

#endif
