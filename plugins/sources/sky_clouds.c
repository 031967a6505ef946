/* sky_clouds.c - clouds between two heights, base flat, tops as high as there is cloud: a march
 * through the layer, for a row of directions at once. */
#include "sky.h"

enum { STEPS = 36 };
static const float base = 1300, thick = 900,
                   toward = 200; /* m; toward: to where the sun is looked for */

struct march {
    uint32_t n, of[ROWS_MOST];                      /* directions that are in a cloud or may be */
    float x[ROWS_MOST], y[ROWS_MOST], z[ROWS_MOST]; /* y: above the base */
    float over[ROWS_MOST];                          /* m of cloud above the base there */
};

/* How much cloud stands over places, < 0: none; 1 is 1500 m. */
static void cloud_over(const struct scene *s, const float *x, const float *z, int octaves,
                       float *over, uint32_t n)
{
    const float k = 1 / 1500.0f;
    float u[ROWS_MOST] = {0}, v[ROWS_MOST] = {0}, broad[ROWS_MOST];
    for (uint32_t i = 0; i < n; i++)
        u[i] = x[i] * k * 0.33f, v[i] = z[i] * k * 0.33f;
    rows_perlin(u, v, s->seed + 900, broad, n);
    for (uint32_t i = 0; i < n; i++)
        u[i] = x[i] * k, v[i] = z[i] * k;
    rows_octaves(u, v, s->seed + 901, octaves, 0.52f, over, n);
    for (uint32_t i = 0; i < n; i++)
        over[i] = 1500 * (over[i] * 0.62f + 0.55f * broad[i] + 1.45f * s->clouds - 0.83f);
}

/* Keeps places over which more than `least` m are left. */
static void keep(struct march *m, float least)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->n; i++)
        if (m->over[i] - m->y[i] > least) {
            m->of[n] = m->of[i], m->over[n] = m->over[i];
            m->x[n] = m->x[i], m->y[n] = m->y[i], m->z[n] = m->z[i];
            n++;
        }
    m->n = n;
}

/* Lumps in all directions, smaller ones on larger ones. */
static void billow(const struct scene *s, struct march *m, uint32_t octaves)
{
    static const float size[] = {420, 190, 85, 40}, high[] = {150, 90, 55, 32};
    static const float least[ROWS_MOST];
    for (uint32_t k = 0; k < octaves; k++)
        rows_clumps(m->x, m->y, m->z, size[k], high[k], s->seed + 910 + k, least, m->over, m->n);
}

struct shining { /* of one direction */
    struct f3 white, sum;
    float stretch, left; /* length of a step; share of light from beyond */
};

/* Light of the clouds: how much cloud is left above, towards the sun. */
static void shine(const struct scene *s, const struct march *m, struct shining *l)
{
    struct march up = *m;
    const struct f3 shade = f3_scale(s->ambient, 0.80f), to = f3_scale(s->sun, toward);
    for (uint32_t i = 0; i < m->n; i++)
        up.x[i] += to.x, up.y[i] += to.y, up.z[i] += to.z;
    cloud_over(s, up.x, up.z, 3, up.over, m->n);
    billow(s, &up, 3);
    for (uint32_t i = 0; i < m->n; i++) {
        struct shining *d = &l[m->of[i]];
        const float over = m->over[i] - m->y[i], above = up.over[i] - up.y[i];
        const float dense = sw_unit(over / 260) * d->stretch * 0.0052f;
        const float light = sw_exp(-0.0036f * sw_max(above, 0)) * (1 - 0.35f * sw_unit(over / 900));
        const float part = 1 - sw_exp(-dense);
        const struct f3 c = f3_add(f3_scale(d->white, light),
                                   f3_scale(shade, 0.62f + 0.5f * sw_unit(m->y[i] / thick)));
        d->sum = f3_add(d->sum, f3_scale(c, part * d->left));
        d->left *= 1 - part;
    }
}

static void march(const struct scene *s, const struct f3 *d, const float *jitter, struct shining *l,
                  uint32_t n)
{
    struct march m;
    for (uint32_t k = 0; k < STEPS; k++) {
        m.n = 0;
        for (uint32_t i = 0; i < n; i++) {
            if (d[i].y < 0.018f || l[i].left <= 0.02f)
                continue;
            const float t = base / d[i].y + ((float)k + jitter[i]) * l[i].stretch;
            m.x[m.n] = t * d[i].x, m.y[m.n] = t * d[i].y - base;
            m.z[m.n] = t * d[i].z + 3000 * s->chance[3], m.of[m.n++] = i;
        }
        cloud_over(s, m.x, m.z, 2, m.over, m.n);
        keep(&m, -660); /* what finer octaves could add */
        cloud_over(s, m.x, m.z, 5, m.over, m.n);
        keep(&m, -330);
        billow(s, &m, 4);
        keep(&m, 0);
        if (m.n)
            shine(s, &m, l);
    }
}

void sky_parts(const struct scene *s, const struct f3 *d, const float *jitter, struct sky_part *p,
               uint32_t n)
{
    struct shining l[ROWS_MOST];
    for (uint32_t i = 0; i < n; i++) {
        const float glow = 0.85f + 0.9f * sw_power(sw_unit(f3_dot(d[i], s->sun)), 6);
        const float step = thick / sw_max(d[i].y, 0.018f) / STEPS;
        l[i] = (struct shining){.white = f3_scale(s->sun_light, (s->night ? 0.30f : 0.62f) * glow),
                                .stretch = sw_min(step, 2700.0f / STEPS),
                                .left = 1};
        p[i] = (struct sky_part){
            .near = sky_clear(s, d[i]), .left = 1, .milk = s->night ? sky_milk(s, d[i]) : 0};
    }
    if (s->clouds <= 0.02f)
        return;
    march(s, d, jitter, l, n);
    for (uint32_t i = 0; i < n; i++) {
        const float from = base / sw_max(d[i].y, 0.018f),
                    fade = d[i].y < 0.018f ? 0 : sw_exp(-from * (0.000028f + 0.5f * s->thick));
        p[i].left = 1 - fade * (1 - l[i].left);
        p[i].near = f3_add(f3_scale(p[i].near, p[i].left), f3_scale(l[i].sum, fade));
    }
}
