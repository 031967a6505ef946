/* swift_rows.h - the noise of swift.h for rows of up to ROWS_MOST points, in vector registers where
 * the processor has them; the same bits as point by point. Results must not overlap what they are
 * made of. [any] */
#ifndef IMP_SOURCES_SWIFT_ROWS_H
#define IMP_SOURCES_SWIFT_ROWS_H
#include <stdint.h>

enum { ROWS_MOST = 64, LANES = 8 };

/* Gradient noise: sw_perlin of each point. */
void rows_perlin(const float *x, const float *y, uint32_t seed, float *out, uint32_t n);
/* And its slopes. */
void rows_slopes(const float *x, const float *y, uint32_t seed, float *dx, float *dy, uint32_t n);
/* sw_octaves of each point. */
void rows_octaves(const float *x, const float *y, uint32_t seed, int count, float gain, float *out,
                  uint32_t n);
/* Up to nine octaves, the first of that wave and 1 high, down to the `least` wave of each point. */
void rows_bumps(const float *x, const float *y, uint32_t seed, float wave, float gain,
                const float *least, float *out, uint32_t n);
/* Adds high * sw_noise3 of (x, y, z) / size where size is more than 1.5 times `least`. */
void rows_clumps(const float *x, const float *y, const float *z, float size, float high,
                 uint32_t seed, const float *least, float *out, uint32_t n);

/* ---- many noises at one point, a lane each; the same bits as one after another ---- */

/* Noise from -0.8 to 0.8 and its slopes, each lane of its own place and seed. */
struct lanes {
    float x[LANES], y[LANES];
    uint32_t seed[LANES];
    float h[LANES], dx[LANES], dy[LANES];
};
void lanes_slopes(struct lanes *);
/* sw_octaves, count <= LANES. */
float lanes_octaves(float x, float y, uint32_t seed, uint32_t count, float gain);
#endif
