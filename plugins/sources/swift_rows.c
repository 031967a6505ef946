/* swift_rows.c - noise in rows: the loops of swift.h's functions, for the compiler to turn into
 * vectors. */
#include "swift_rows.h"
#include <impasto/kit.h>
#include "swift.h"

static inline float fade_slope(float t)
{
    return 30 * t * t * (t - 1) * (t - 1);
}

KIT_CLONES
static void perlin(const float *x, const float *y, uint32_t seed, float *restrict out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        out[i] = sw_perlin(x[i], y[i], seed);
}

KIT_CLONES
static void slopes(const float *x, const float *y, uint32_t seed, float *restrict dx,
                   float *restrict dy, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        const int32_t ix = sw_floor(x[k]), iy = sw_floor(y[k]);
        const uint32_t i = (uint32_t)ix, j = (uint32_t)iy;
        const float fx = x[k] - (float)ix, fy = y[k] - (float)iy, u = sw_fade(fx), v = sw_fade(fy);
        const uint32_t ha = sw_hash(i, j, seed), hb = sw_hash(i + 1, j, seed),
                       hc = sw_hash(i, j + 1, seed), hd = sw_hash(i + 1, j + 1, seed);
        const float a = sw_slope(ha, fx, fy), b = sw_slope(hb, fx - 1, fy) - a,
                    c = sw_slope(hc, fx, fy - 1), d = sw_slope(hd, fx - 1, fy - 1) - c;
        const float left = sw_mix(sw_slope(ha, 1, 0), sw_slope(hc, 1, 0), v),
                    right = sw_mix(sw_slope(hb, 1, 0), sw_slope(hd, 1, 0), v);
        const float top = sw_mix(sw_slope(ha, 0, 1), sw_slope(hb, 0, 1), u),
                    low = sw_mix(sw_slope(hc, 0, 1), sw_slope(hd, 0, 1), u);
        dx[k] = 1.25f * (sw_mix(left, right, u) + fade_slope(fx) * sw_mix(b, d, v));
        dy[k] = 1.25f * (sw_mix(top, low, v) + fade_slope(fy) * (c + u * d - a - u * b));
    }
}

/* Twice as fine, turned by 36.9 degrees. */
static inline void finer(float *restrict x, float *restrict y, float right, float down, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const float t = 1.6f * x[i] - 1.2f * y[i] + right;
        y[i] = 1.2f * x[i] + 1.6f * y[i] + down;
        x[i] = t;
    }
}

KIT_CLONES
static void octaves(const float *x, const float *y, uint32_t seed, int count, float gain,
                    float *restrict out, uint32_t n)
{
    float u[ROWS_MOST], v[ROWS_MOST], high = 1;
    for (uint32_t i = 0; i < n; i++)
        u[i] = x[i], v[i] = y[i], out[i] = 0;
    for (int k = 0; k < count; k++, high *= gain) {
        for (uint32_t i = 0; i < n; i++)
            out[i] += high * sw_perlin(u[i], v[i], seed + (uint32_t)k * 101u);
        finer(u, v, 17.3f, -9.1f, n);
    }
}

/* How much of an octave is seen where waves have `least`; answers the most of all points. */
static inline float seen(float wave, const float *restrict least, float *restrict fade, uint32_t n)
{
    float most = 0;
    for (uint32_t i = 0; i < n; i++) {
        fade[i] = sw_unit(wave / (2 * least[i]) - 0.5f);
        most = sw_max(most, fade[i]);
    }
    return most;
}

KIT_CLONES
static void bumps(const float *x, const float *y, uint32_t seed, float wave, float gain,
                  const float *least, float *restrict out, uint32_t n)
{
    float u[ROWS_MOST], v[ROWS_MOST], fade[ROWS_MOST], high = 1;
    for (uint32_t i = 0; i < n; i++)
        u[i] = x[i] / wave, v[i] = y[i] / wave, out[i] = 0;
    for (uint32_t k = 0; k < 9; k++, wave *= 0.5f, high *= gain) {
        if (seen(wave, least, fade, n) <= 0)
            return;
        for (uint32_t i = 0; i < n; i++)
            out[i] += fade[i] * high * sw_perlin(u[i], v[i], seed + k * 3);
        finer(u, v, 1.3f, 7.1f, n);
    }
}

KIT_CLONES
static void clumps(const float *x, const float *y, const float *z, float size, float high,
                   uint32_t seed, const float *least, float *restrict out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const float shown = size > 1.5f * least[i] ? high : 0;
        out[i] += shown * sw_noise3(x[i] / size, y[i] / size, z[i] / size, seed);
    }
}

KIT_CLONES
static void lane_slopes(struct lanes *restrict l)
{
    for (uint32_t k = 0; k < LANES; k++) {
        const int32_t ix = sw_floor(l->x[k]), iy = sw_floor(l->y[k]);
        const uint32_t i = (uint32_t)ix, j = (uint32_t)iy, seed = l->seed[k];
        const float fx = l->x[k] - (float)ix, fy = l->y[k] - (float)iy, u = sw_fade(fx),
                    v = sw_fade(fy);
        const uint32_t ha = sw_hash(i, j, seed), hb = sw_hash(i + 1, j, seed),
                       hc = sw_hash(i, j + 1, seed), hd = sw_hash(i + 1, j + 1, seed);
        const float a = sw_slope(ha, fx, fy), p = sw_slope(hb, fx - 1, fy) - a,
                    c = sw_slope(hc, fx, fy - 1), q = sw_slope(hd, fx - 1, fy - 1) - c;
        const float left = sw_mix(sw_slope(ha, 1, 0), sw_slope(hc, 1, 0), v),
                    right = sw_mix(sw_slope(hb, 1, 0), sw_slope(hd, 1, 0), v),
                    top = sw_mix(sw_slope(ha, 0, 1), sw_slope(hb, 0, 1), u),
                    low = sw_mix(sw_slope(hc, 0, 1), sw_slope(hd, 0, 1), u);
        l->h[k] = sw_mix(a + u * p, c + u * q, v);
        l->dx[k] = sw_mix(left, right, u) + fade_slope(fx) * sw_mix(p, q, v);
        l->dy[k] = sw_mix(top, low, v) + fade_slope(fy) * (c + u * q - a - u * p);
    }
}

KIT_CLONES
static void lane_perlin(struct lanes *restrict l)
{
    for (uint32_t k = 0; k < LANES; k++)
        l->h[k] = sw_perlin(l->x[k], l->y[k], l->seed[k]);
}

/* Clones have to be static: see KIT_CLONES. */
void lanes_slopes(struct lanes *l)
{
    lane_slopes(l);
}

float lanes_octaves(float x, float y, uint32_t seed, uint32_t count, float gain)
{
    struct lanes l;
    float sum = 0, high = 1;
    for (uint32_t k = 0; k < LANES; k++) {
        l.x[k] = x, l.y[k] = y, l.seed[k] = seed + k * 101u;
        const float t = 1.6f * x - 1.2f * y + 17.3f;
        y = 1.2f * x + 1.6f * y - 9.1f;
        x = t;
    }
    lane_perlin(&l);
    for (uint32_t k = 0; k < count; k++, high *= gain)
        sum += high * l.h[k];
    return sum;
}

void rows_perlin(const float *x, const float *y, uint32_t seed, float *out, uint32_t n)
{
    perlin(x, y, seed, out, n);
}

void rows_slopes(const float *x, const float *y, uint32_t seed, float *dx, float *dy, uint32_t n)
{
    slopes(x, y, seed, dx, dy, n);
}

void rows_octaves(const float *x, const float *y, uint32_t seed, int count, float gain, float *out,
                  uint32_t n)
{
    octaves(x, y, seed, count, gain, out, n);
}

void rows_bumps(const float *x, const float *y, uint32_t seed, float wave, float gain,
                const float *least, float *out, uint32_t n)
{
    bumps(x, y, seed, wave, gain, least, out, n);
}

void rows_clumps(const float *x, const float *y, const float *z, float size, float high,
                 uint32_t seed, const float *least, float *out, uint32_t n)
{
    clumps(x, y, z, size, high, seed, least, out, n);
}
