/* noise_rows.c - what noise.h declares: gradient noise (Perlin 2002: quintic fade) and Voronoi cells
 * (Worley 1996; distance to borders as the nearest bisector), in rows. */
#include "noise.h"
#include <math.h>
#include <impasto/kit.h>

uint32_t nz_seed(uint64_t seed, uint32_t stream)
{
    return (uint32_t)kit_random(seed, 0x6e6f6973u, stream);
}

static inline float fade(float t)
{
    return t * t * t * (t * (t * 6 - 15) + 10);
}

/* The corner's random slope times the way from it. */
static inline float corner(uint32_t column, uint32_t row, float dx, float dy)
{
    const uint32_t h = nz_mix(column + row);
    const float gx = (float)(int32_t)(h & 0xffff) * 0x1p-15F - 1,
                gy = (float)(int32_t)(h >> 16) * 0x1p-15F - 1;
    return gx * dx + gy * dy;
}

/* wraps: a constant where this is inlined, so that lattices without a period cost no division. */
static inline float gradient(struct nz_grid g, int wraps, float x, float y)
{
    const float i = nz_floor(x), j = nz_floor(y), u = x - i, v = y - j;
    const float i0 = wraps ? nz_wrap(i, g.px) : i, i1 = wraps ? nz_wrap(i + 1, g.px) : i + 1,
                j0 = wraps ? nz_wrap(j, g.py) : j, j1 = wraps ? nz_wrap(j + 1, g.py) : j + 1;
    const uint32_t c0 = nz_mix((uint32_t)(int32_t)i0 * 0x9e3779b1u + g.seed),
                   c1 = nz_mix((uint32_t)(int32_t)i1 * 0x9e3779b1u + g.seed),
                   r0 = (uint32_t)(int32_t)j0 * 0x85ebca77u,
                   r1 = (uint32_t)(int32_t)j1 * 0x85ebca77u;
    const float s = fade(u), top = nz_lerp(corner(c0, r0, u, v), corner(c1, r0, u - 1, v), s),
                low = nz_lerp(corner(c0, r1, u, v - 1), corner(c1, r1, u - 1, v - 1), s);
    return 1.6F * nz_lerp(top, low, fade(v));
}

static inline int has_period(struct nz_grid g)
{
    return g.px > 0 || g.py > 0;
}

float nz_at(struct nz_grid g, float x, float y)
{
    return has_period(g) ? gradient(g, 1, x * g.fx, y * g.fy) : gradient(g, 0, x * g.fx, y * g.fy);
}

/* out += weight * noise; folded: of 1 - |noise|, squared. */
static inline void add(struct nz_grid g, int wraps, int folded, float weight, float shift,
                       const float *restrict x, const float *restrict y, float *restrict out,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const float v = gradient(g, wraps, x[i] * g.fx + shift, y[i] * g.fy + shift);
        const float fold = 1 - nz_abs(v);
        out[i] += weight * (folded ? fold * fold : v);
    }
}

KIT_CLONES
static void add_octave(struct nz_grid g, float weight, float shift, const float *x, const float *y,
                       float *out, size_t n)
{
    if (has_period(g))
        add(g, 1, 0, weight, shift, x, y, out, n);
    else
        add(g, 0, 0, weight, shift, x, y, out, n);
}

KIT_CLONES
static void add_folded(struct nz_grid g, float weight, float shift, const float *x, const float *y,
                       float *out, size_t n)
{
    if (has_period(g))
        add(g, 1, 1, weight, shift, x, y, out, n);
    else
        add(g, 0, 1, weight, shift, x, y, out, n);
}

static void octaves(const struct nz_fbm *f, const float *x, const float *y, float *out, size_t n,
                    void (*octave)(struct nz_grid, float, float, const float *, const float *,
                                   float *, size_t))
{
    struct nz_grid g = f->grid;
    float height = 1, whole = 0;
    for (int o = 0; o < f->octaves; o++, height *= f->gain)
        whole += height;
    for (size_t i = 0; i < n; i++)
        out[i] = 0;
    height = 1 / whole;
    for (int o = 0; o < f->octaves; o++, height *= f->gain) {
        const float finest = nz_max(g.fx, g.fy),
                    most = f->limit > 0 ? nz_clamp(2 - 2 * finest / f->limit) : 1,
                    seen = o ? most : nz_max(most, 0.08F);
        if (seen > 0)
            octave(g, height * seen, 0.37F * (float)o, x, y, out, n);
        g.fx *= 2, g.fy *= 2, g.px *= 2, g.py *= 2;
        g.seed = nz_mix(g.seed + 0x68e31da4u);
    }
}

void nz_rows(struct nz_grid g, const float *x, const float *y, float *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = 0;
    add_octave(g, 1, 0, x, y, out, n);
}

void nz_fbm(const struct nz_fbm *f, const float *x, const float *y, float *out, size_t n)
{
    octaves(f, x, y, out, n, add_octave);
    for (size_t i = 0; i < n; i++)
        out[i] *= 1.4F;
}

void nz_ridges(const struct nz_fbm *f, const float *x, const float *y, float *out, size_t n)
{
    octaves(f, x, y, out, n, add_folded);
}

/* ---- Voronoi ---- */

struct state { /* of the points of one call */
    float near[NZ_MOST], second[NZ_MOST], dx[NZ_MOST], dy[NZ_MOST], border[NZ_MOST];
    uint32_t id[NZ_MOST];
};

/* The site of a cell as seen from the point: hash and way from site to point. */
static inline uint32_t site(struct nz_grid g, int wraps, float jitter, float x, float y, float di,
                            float dj, float *dx, float *dy)
{
    const float i = nz_floor(x) + di, j = nz_floor(y) + dj;
    const float wi = wraps ? nz_wrap(i, g.px) : i, wj = wraps ? nz_wrap(j, g.py) : j;
    const uint32_t h = nz_hash(g.seed, (int32_t)wi, (int32_t)wj);
    const float sx = (float)(int32_t)(h & 0xffff) * 0x1p-16F - 0.5F,
                sy = (float)(int32_t)(h >> 16) * 0x1p-16F - 0.5F;
    *dx = x - i - 0.5F - jitter * sx;
    *dy = y - j - 0.5F - jitter * sy;
    return h;
}

static inline void nearer(struct nz_grid g, int wraps, float jitter, float di, float dj,
                          const float *restrict x, const float *restrict y,
                          struct state *restrict s, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        float dx, dy;
        const uint32_t h = site(g, wraps, jitter, x[k] * g.fx, y[k] * g.fy, di, dj, &dx, &dy);
        const float d = dx * dx + dy * dy, was = s->near[k];
        const int closer = d < was;
        s->second[k] = closer ? was : nz_min(s->second[k], d);
        s->near[k] = closer ? d : was;
        s->dx[k] = closer ? dx : s->dx[k];
        s->dy[k] = closer ? dy : s->dy[k];
        s->id[k] = closer ? h : s->id[k];
    }
}

/* With a, b the ways from two sites to the point: its distance to their bisector is
 * (|b|^2 - |a|^2) / (2 |b - a|). */
static inline void nearer_border(struct nz_grid g, int wraps, float jitter, float di, float dj,
                                 const float *restrict x, const float *restrict y,
                                 struct state *restrict s, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        float dx, dy;
        (void)site(g, wraps, jitter, x[k] * g.fx, y[k] * g.fy, di, dj, &dx, &dy);
        const float ex = dx - s->dx[k], ey = dy - s->dy[k], apart = ex * ex + ey * ey;
        const float d = 0.5F * (dx * dx + dy * dy - s->near[k]) / sqrtf(apart + 1e-12F);
        s->border[k] = apart > 1e-6F && d < s->border[k] ? d : s->border[k];
    }
}

KIT_CLONES
static void nearest(struct nz_grid g, float jitter, float di, float dj, const float *x,
                    const float *y, struct state *s, size_t n)
{
    if (has_period(g))
        nearer(g, 1, jitter, di, dj, x, y, s, n);
    else
        nearer(g, 0, jitter, di, dj, x, y, s, n);
}

KIT_CLONES
static void bisect(struct nz_grid g, float jitter, float di, float dj, const float *x,
                   const float *y, struct state *s, size_t n)
{
    if (has_period(g))
        nearer_border(g, 1, jitter, di, dj, x, y, s, n);
    else
        nearer_border(g, 0, jitter, di, dj, x, y, s, n);
}

static void hand_out(const struct state *s, const struct nz_cells *out, size_t n)
{
    for (size_t k = 0; out->near && k < n; k++)
        out->near[k] = sqrtf(s->near[k]);
    for (size_t k = 0; out->second && k < n; k++)
        out->second[k] = sqrtf(s->second[k]);
    for (size_t k = 0; out->border && k < n; k++)
        out->border[k] = s->border[k];
    for (size_t k = 0; out->dx && k < n; k++)
        out->dx[k] = s->dx[k];
    for (size_t k = 0; out->dy && k < n; k++)
        out->dy[k] = s->dy[k];
    for (size_t k = 0; out->id && k < n; k++)
        out->id[k] = s->id[k];
}

void nz_voronoi(struct nz_grid g, float jitter, const float *x, const float *y,
                const struct nz_cells *out, size_t n)
{
    struct state s;
    for (size_t k = 0; k < n; k++) {
        s.near[k] = s.second[k] = s.border[k] = 9;
        s.dx[k] = s.dy[k] = 0;
        s.id[k] = 0;
    }
    for (int j = -1; j <= 1; j++)
        for (int i = -1; i <= 1; i++)
            nearest(g, jitter, (float)i, (float)j, x, y, &s, n);
    for (int j = -2; out->border && j <= 2; j++)
        for (int i = -2; i <= 2; i++)
            bisect(g, jitter, (float)i, (float)j, x, y, &s, n);
    hand_out(&s, out, n);
}
