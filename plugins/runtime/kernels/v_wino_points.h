/* v_wino_points.h - the one-dimensional transforms of F(4, 3) and F(6, 3). A pair of points +-p
 * shares its even and odd part: even +- p odd. For v_wino_*.c. */
#ifndef IMP_RT_V_WINO_POINTS_H
#define IMP_RT_V_WINO_POINTS_H
#include "simd.h"

/* B' d: d[s + 2] to v[s + 2], in the order 0, +p, -p ..., infinity. */
static inline void rt_wino_b4(const rt_vec *d, rt_vec *v)
{
    const rt_vec half = rt_all(-0.5f), two = rt_all(-2), sum = rt_all(-2.5f);
    const rt_vec a = rt_all(0.70710678f), b = rt_all(1.41421356f);
    const rt_vec even_a = rt_fma(two, d[2], d[4]), odd_a = a * rt_fma(two, d[1], d[3]);
    const rt_vec even_b = rt_fma(half, d[2], d[4]), odd_b = b * rt_fma(half, d[1], d[3]);
    v[0] = rt_fma(sum, d[2], d[0]) + d[4];
    v[1] = even_a + odd_a;
    v[2] = even_a - odd_a;
    v[3] = even_b + odd_b;
    v[4] = even_b - odd_b;
    v[5] = rt_fma(sum, d[3], d[1]) + d[5];
}

static inline void rt_wino_b6(const rt_vec *d, rt_vec *v)
{
    const rt_vec five = rt_all(5.25f), four = rt_all(-4.25f), one = rt_all(-1.25f);
    const rt_vec even_1 = rt_fma(four, d[4], d[2]) + d[6], odd_1 = rt_fma(four, d[3], d[1]) + d[5];
    const rt_vec even_2 = rt_fma(one, d[4], rt_fma(rt_all(0.25f), d[2], d[6]));
    const rt_vec odd_2 = rt_all(2) * rt_fma(one, d[3], rt_fma(rt_all(0.25f), d[1], d[5]));
    const rt_vec even_3 = rt_fma(rt_all(-5), d[4], rt_fma(rt_all(4), d[2], d[6]));
    const rt_vec odd_3 = rt_all(0.5f) * rt_fma(rt_all(-5), d[3], rt_fma(rt_all(4), d[1], d[5]));
    v[0] = rt_fma(five, d[2] - d[4], d[6] - d[0]);
    v[1] = even_1 + odd_1;
    v[2] = even_1 - odd_1;
    v[3] = even_2 + odd_2;
    v[4] = even_2 - odd_2;
    v[5] = even_3 + odd_3;
    v[6] = even_3 - odd_3;
    v[7] = rt_fma(five, d[3] - d[5], d[7] - d[1]);
}

/* G g: three taps to s + 2 points; the scales of the points are in here. */
static inline void rt_wino_g4(const rt_vec *g, rt_vec *u)
{
    const rt_vec a = rt_all(-1 / 1.5f), b = rt_all(1 / 6.0f);
    const rt_vec even_a = a * rt_fma(rt_all(0.5f), g[2], g[0]);
    const rt_vec odd_a = rt_all(-0.70710678f / 1.5f) * g[1];
    const rt_vec even_b = b * rt_fma(rt_all(2), g[2], g[0]);
    const rt_vec odd_b = rt_all(1.41421356f / 6.0f) * g[1];
    u[0] = g[0];
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[2];
}

static inline void rt_wino_g6(const rt_vec *g, rt_vec *u)
{
    const rt_vec even_1 = rt_all(-1 / 4.5f) * (g[0] + g[2]), odd_1 = rt_all(-1 / 4.5f) * g[1];
    const rt_vec even_2 = rt_all(1 / 90.0f) * rt_fma(rt_all(4), g[2], g[0]);
    const rt_vec odd_2 = rt_all(2 / 90.0f) * g[1];
    const rt_vec even_3 = rt_all(1 / 1.40625f) * rt_fma(rt_all(0.25f), g[2], g[0]);
    const rt_vec odd_3 = rt_all(0.5f / 1.40625f) * g[1];
    u[0] = rt_zero() - g[0];
    u[1] = even_1 + odd_1;
    u[2] = even_1 - odd_1;
    u[3] = even_2 + odd_2;
    u[4] = even_2 - odd_2;
    u[5] = even_3 + odd_3;
    u[6] = even_3 - odd_3;
    u[7] = g[2];
}

/* A' m: s + 2 points to s outputs. */
static inline void rt_wino_a4(const rt_vec *m, rt_vec *y)
{
    const rt_vec sum_a = m[1] + m[2], sum_b = m[3] + m[4];
    const rt_vec dif_a = rt_all(0.70710678f) * (m[1] - m[2]);
    const rt_vec dif_b = rt_all(1.41421356f) * (m[3] - m[4]);
    y[0] = m[0] + sum_a + sum_b;
    y[1] = dif_a + dif_b;
    y[2] = rt_fma(rt_all(0.5f), sum_a, rt_all(2) * sum_b);
    y[3] = rt_fma(rt_all(0.5f), dif_a, rt_fma(rt_all(2), dif_b, m[5]));
}

static inline void rt_wino_a6(const rt_vec *m, rt_vec *y)
{
    const rt_vec sum_1 = m[1] + m[2], sum_2 = m[3] + m[4], sum_3 = m[5] + m[6];
    const rt_vec dif_1 = m[1] - m[2], dif_2 = m[3] - m[4], dif_3 = m[5] - m[6];
    y[0] = m[0] + sum_1 + (sum_2 + sum_3);
    y[1] = rt_fma(rt_all(2), dif_2, rt_fma(rt_all(0.5f), dif_3, dif_1));
    y[2] = rt_fma(rt_all(4), sum_2, rt_fma(rt_all(0.25f), sum_3, sum_1));
    y[3] = rt_fma(rt_all(8), dif_2, rt_fma(rt_all(0.125f), dif_3, dif_1));
    y[4] = rt_fma(rt_all(16), sum_2, rt_fma(rt_all(0.0625f), sum_3, sum_1));
    y[5] = rt_fma(rt_all(32), dif_2, rt_fma(rt_all(0.03125f), dif_3, dif_1)) + m[7];
}

/* For the gradient by filters, s = 4: A y: four outputs to six points, and G' m: six points to
 * three taps. */
static inline void rt_wino_spread(const rt_vec *y, rt_vec *m)
{
    const rt_vec even_a = rt_fma(rt_all(0.5f), y[2], y[0]);
    const rt_vec odd_a = rt_all(0.70710678f) * rt_fma(rt_all(0.5f), y[3], y[1]);
    const rt_vec even_b = rt_fma(rt_all(2), y[2], y[0]);
    const rt_vec odd_b = rt_all(1.41421356f) * rt_fma(rt_all(2), y[3], y[1]);
    m[0] = y[0];
    m[1] = even_a + odd_a;
    m[2] = even_a - odd_a;
    m[3] = even_b + odd_b;
    m[4] = even_b - odd_b;
    m[5] = y[3];
}

static inline void rt_wino_collect(const rt_vec *m, rt_vec *g)
{
    const rt_vec sum_a = rt_all(-1 / 1.5f) * (m[1] + m[2]);
    const rt_vec sum_b = rt_all(1 / 6.0f) * (m[3] + m[4]);
    g[0] = m[0] + sum_a + sum_b;
    g[1] = rt_fma(rt_all(-0.70710678f / 1.5f), m[1] - m[2],
                  rt_all(1.41421356f / 6.0f) * (m[3] - m[4]));
    g[2] = rt_fma(rt_all(0.5f), sum_a, rt_fma(rt_all(2), sum_b, m[5]));
}

/* By the size of a tile, a constant where they are called. */
static inline void rt_wino_b(int s, const rt_vec *d, rt_vec *v)
{
    if (s == 4)
        rt_wino_b4(d, v);
    else
        rt_wino_b6(d, v);
}
static inline void rt_wino_g(int s, const rt_vec *g, rt_vec *u)
{
    if (s == 4)
        rt_wino_g4(g, u);
    else
        rt_wino_g6(g, u);
}
static inline void rt_wino_a(int s, const rt_vec *m, rt_vec *y)
{
    if (s == 4)
        rt_wino_a4(m, y);
    else
        rt_wino_a6(m, y);
}

#endif
