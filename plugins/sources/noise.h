/* noise.h - noise for pictures in float, for loops that the compiler vectorises: lattice hashes,
 * gradient noise, sums of octaves, Voronoi cells, soft steps, a sine without libm. For all of
 * plugins/sources. Everything is a function of (seed, stream, place): the order of work does not
 * matter, and every processor gives the same bytes.
 *
 * Two ways in. A single point:
 *     float h = nz_at((struct nz_grid){.seed = nz_seed(seed, 7), .fx = 8, .fy = 8}, x, y);
 * A row of n points (much faster: all octaves in vector registers):
 *     nz_fbm(&(struct nz_fbm){.grid = g, .octaves = 5, .gain = 0.5F, .limit = 256}, x, y, out, n);
 * Coordinates may be anything up to 2^20 cells; a grid turns them into cells. A period (in cells,
 * whole, 0 = none) makes the noise wrap. [any] */
#ifndef IMP_SOURCES_NOISE_H
#define IMP_SOURCES_NOISE_H
#include <stddef.h>
#include <stdint.h>

/* A lattice: cells per unit of x and y, their period (0: none), what it is for. */
struct nz_grid {
    float fx, fy, px, py;
    uint32_t seed;
};
/* Sum of octaves: each `gain` as high as the last and twice as fine, scaled to about -1..1. Octaves
 * finer than `limit` cells per unit (half the pixels per unit) fade out,
 * the first to a rest; 0: no limit. */
struct nz_fbm {
    struct nz_grid grid;
    int octaves;
    float gain, limit;
};
/* Voronoi cells of n points, any of the arrays may be NULL. */
struct nz_cells {
    float *near;    /* distance to the nearest site, in cells */
    float *second;  /* to the second nearest */
    float *border;  /* to the border of the cell, exact */
    float *dx, *dy; /* from the nearest site to the point */
    uint32_t *id;   /* hash of the cell, see nz_part */
};
/* Most points of one nz_cells call. */
enum { NZ_MOST = 256 };

/* One number for a stream of a 64-bit seed. */
uint32_t nz_seed(uint64_t seed, uint32_t stream);
/* n values of gradient noise, about -1..1, mean 0. */
void nz_rows(struct nz_grid, const float *x, const float *y, float *out, size_t n);
void nz_fbm(const struct nz_fbm *, const float *x, const float *y, float *out, size_t n);
/* The same with each octave folded at zero: sharp crests at 1, valleys at 0. */
void nz_ridges(const struct nz_fbm *, const float *x, const float *y, float *out, size_t n);
/* One point of gradient noise, and of a sum of octaves. */
float nz_at(struct nz_grid, float x, float y);
/* jitter 0: squares, 1: sites anywhere in their cell. n <= NZ_MOST. */
void nz_voronoi(struct nz_grid, float jitter, const float *x, const float *y,
                const struct nz_cells *out, size_t n);

static inline uint32_t nz_mix(uint32_t h)
{
    h = (h ^ (h >> 16)) * 0x7feb352du;
    h = (h ^ (h >> 15)) * 0x846ca68bu;
    return h ^ (h >> 16);
}
static inline uint32_t nz_hash(uint32_t seed, int32_t x, int32_t y)
{
    return nz_mix(nz_mix((uint32_t)x * 0x9e3779b1u + seed) + (uint32_t)y * 0x85ebca77u);
}
/* Uniform in [0, 1): the upper 24 bits. */
static inline float nz_unit(uint32_t h)
{
    return (float)(int32_t)(h >> 8) * 0x1p-24F;
}
/* Another uniform number for the same hash. */
static inline float nz_part(uint32_t h, uint32_t which)
{
    return nz_unit(nz_mix(h + which * 0x9e3779b1u));
}
static inline float nz_floor(float x)
{
    const float t = (float)(int32_t)x;
    return t > x ? t - 1 : t;
}
/* i modulo a whole period; as it is where there is none. |i| < 2^20. */
static inline float nz_wrap(float i, float period)
{
    const float inverse = period > 0 ? 1 / period : 0;
    return i - period * nz_floor((i + 0.5F) * inverse);
}
static inline float nz_clamp(float x)
{
    x = x < 0 ? 0 : x;
    return x > 1 ? 1 : x;
}
static inline float nz_abs(float x)
{
    return x < 0 ? -x : x;
}
static inline float nz_min(float a, float b)
{
    return a < b ? a : b;
}
static inline float nz_max(float a, float b)
{
    return a > b ? a : b;
}
static inline float nz_lerp(float a, float b, float t)
{
    return a + t * (b - a);
}
/* 0 below a, 1 above b (or the other way round), smooth between. */
static inline float nz_step(float a, float b, float x)
{
    const float t = nz_clamp((x - a) / (b - a));
    return t * t * (3 - 2 * t);
}
/* sin(2 pi t), |t| < 2^20; error below 2e-6. */
static inline float nz_sine(float t)
{
    t -= nz_floor(t + 0.5F); /* -1/2..1/2 */
    const float f = t > 0.25F ? 0.5F - t : t < -0.25F ? -0.5F - t : t, a = 4 * f, q = a * a;
    return a *
           (1.57079632F +
            q * (-0.64596376F + q * (0.0796899183F + q * (-0.00467414384F + q * 0.000151671704F))));
}
static inline float nz_cosine(float t)
{
    return nz_sine(t + 0.25F);
}
/* Near exp(-x) for x >= 0, within 2 %: (1 - x / 8 ...)^8 by its reciprocal series. */
static inline float nz_decay(float x)
{
    const float t = 1 + x * (1 / 8.0F) * (1 + x * (1 / 16.0F)), a = t * t, b = a * a;
    return 1 / (b * b);
}
#endif
