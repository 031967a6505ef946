/* energy_draw.h - random energies. Numbers depend on (seed, name of the layer, map) alone, so
 * neither threads nor the list of layers change them. [any] */
#ifndef IMP_ENERGY_DRAW_H
#define IMP_ENERGY_DRAW_H
#include <stdbool.h>
#include <impasto/kit.h>

/* The stream of random numbers that belongs to a layer (FNV-1a of its name). */
uint64_t en_stream(const char *layer);
/* w[c] = share[c] e^(sigma z[c]) / their sum, z normal. sigma 0: w = share. */
void en_draw_lognormal(uint64_t seed, uint64_t stream, const double *share, uint32_t maps,
                       double sigma, double *w);
/* Dirichlet(alpha, ..., alpha) over the maps with share > 0, 0 for the others. */
void en_draw_dirichlet(uint64_t seed, uint64_t stream, const double *share, uint32_t maps,
                       double alpha, double *w);
/* The authors' draw: r ~ normal(3, 1000^2), w = r / sum r, drawn again while the sum is 0. */
void en_draw_fmi(uint64_t seed, uint64_t stream, uint32_t maps, double *w);

#endif
