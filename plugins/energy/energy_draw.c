/* energy_draw.c - random energies. */
#include "energy_draw.h"
#include <math.h>

uint64_t en_stream(const char *layer)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (; *layer; layer++)
        h = (h ^ (unsigned char)*layer) * 0x100000001b3u;
    return h;
}

/* w / sum w */
static void normalise(double *w, uint32_t n)
{
    double sum = 0;
    for (uint32_t c = 0; c < n; c++)
        sum += w[c];
    for (uint32_t c = 0; c < n && sum > 0; c++)
        w[c] /= sum;
}

void en_draw_lognormal(uint64_t seed, uint64_t stream, const double *share, uint32_t maps,
                       double sigma, double *w)
{
    double most = -INFINITY;
    for (uint32_t c = 0; c < maps;
         c++) { /* exponents from their largest, which none can overflow */
        w[c] = sigma * kit_normal(seed, stream, c);
        most = share[c] > 0 && w[c] > most ? w[c] : most;
    }
    for (uint32_t c = 0; c < maps; c++)
        w[c] = share[c] > 0 ? share[c] * kit_exp(w[c] - most) : 0;
    normalise(w, maps);
}

/* The logarithm of a gamma number of shape a: Marsaglia and Tsang 2000; below 1 by a + 1 and a
 * power of a uniform one. Map c takes its numbers from a stream of its own. */
static double log_gamma_number(uint64_t seed, uint64_t stream, double a)
{
    const double b = a < 1 ? a + 1 : a, d = b - 1.0 / 3, s = 1 / sqrt(9 * d);
    const double boost = a < 1 ? kit_log(1 - kit_uniform(seed, stream, 0)) / a : 0;
    for (uint64_t i = 0;; i++) {
        const double x = kit_normal(seed, stream, 2 * i + 2), t = 1 + s * x, v = t * t * t;
        const double u = 1 - kit_uniform(seed, stream, 4 * i + 6);
        if (t > 0 && kit_log(u) < 0.5 * x * x + d - d * v + d * kit_log(v))
            return kit_log(d * v) + boost;
    }
}

void en_draw_dirichlet(uint64_t seed, uint64_t stream, const double *share, uint32_t maps,
                       double alpha, double *w)
{
    double most = -INFINITY;
    for (uint32_t c = 0; c < maps; c++) {
        w[c] =
            share[c] > 0 ? log_gamma_number(seed, kit_random(seed, stream, c), alpha) : -INFINITY;
        most = w[c] > most ? w[c] : most;
    }
    for (uint32_t c = 0; c < maps; c++)
        w[c] = share[c] > 0 ? kit_exp(w[c] - most) : 0;
    normalise(w, maps);
}

void en_draw_fmi(uint64_t seed, uint64_t stream, uint32_t maps, double *w)
{
    double sum = 0;
    for (uint64_t again = 0; sum == 0 && again < 64; again++) {
        for (uint32_t c = 0; c < maps; c++)
            sum += w[c] = 3 + 1000 * kit_normal(seed, stream + again, c);
    }
    for (uint32_t c = 0; c < maps; c++)
        w[c] /= sum;
}
