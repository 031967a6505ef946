/* sky_map.c - the sky on a grid of directions, and the clear sky on a coarser one. Clouds have
 * nothing as fine as two px of a usual picture, and air much less. */
#include "sky.h"
#include <stdlib.h>

enum { NODES_MOST = 2000000 };
static const float widest = 3, air_step = 0.02f; /* in x / z */

struct making {
    struct sky_map *m;
    const struct scene *s;
};

static struct f3 direction(const struct sky_grid *g, uint32_t i, uint32_t j)
{
    return f3_unit(f3(g->left + (float)i * g->step_x, g->low + (float)j * g->step_y, 1));
}

static void sky_row(void *user, uint32_t j) IMP_NX
{
    const struct making *w = user;
    const struct sky_grid *g = &w->m->fine;
    struct f3 d[ROWS_MOST];
    float jitter[ROWS_MOST];
    for (uint32_t i = 0; i < g->across; i += ROWS_MOST) {
        const uint32_t n = g->across - i < ROWS_MOST ? g->across - i : ROWS_MOST;
        for (uint32_t k = 0; k < n; k++)
            d[k] = direction(g, i + k, j),
            jitter[k] = 0.25f + 0.5f * sw_random(i + k, j, w->s->seed + 400);
        sky_parts(w->s, d, jitter, w->m->at + (size_t)j * g->across + i, n);
    }
}

static void air_row(void *user, uint32_t j) IMP_NX
{
    const struct making *w = user;
    const struct sky_grid *g = &w->m->coarse;
    for (uint32_t i = 0; i < g->across; i++)
        w->m->air[(size_t)j * g->across + i] = sky_clear(w->s, direction(g, i, j));
}

/* From -wide to wide and up to `high`. */
static struct sky_grid grid_of(float wide, float high, float step)
{
    while (2 * wide / step * (high / step) > NODES_MOST)
        step *= 1.25f;
    return (struct sky_grid){.across = (uint32_t)(2 * wide / step) + 2,
                             .down = (uint32_t)(high / step) + 2,
                             .left = -wide,
                             .step_x = step,
                             .step_y = step};
}

imp_status sky_map_make(struct sky_map *m, const struct scene *s, const imp_image *image,
                        float beside, float above, imp_job *job)
{
    struct making w = {m, s};
    const float px = 2 / ((float)image->height * s->zoom);
    const float wide = sw_min(0.5f * (float)image->width * px + beside, widest),
                high = sw_clamp(above, 0.1f, widest);
    m->fine = grid_of(wide, high, px > 0.0016f ? sw_min(px, 0.1f) : 2 * px);
    m->coarse = grid_of(wide, high, air_step);
    m->at = malloc((size_t)m->fine.across * m->fine.down * sizeof *m->at);
    m->air = malloc((size_t)m->coarse.across * m->coarse.down * sizeof *m->air);
    if (!m->at || !m->air)
        return IMP_E_MEMORY;
    const imp_status st = kit_parallel(job, m->coarse.down, air_row, &w);
    return st == IMP_OK ? kit_parallel(job, m->fine.down, sky_row, &w) : st;
}

void sky_map_free(struct sky_map *m)
{
    free(m->at);
    free(m->air);
}

struct nodes { /* four nodes about a direction, and where it is between them */
    size_t first;
    float u, v;
};

static inline int nodes_at(const struct sky_grid *g, struct f3 d, struct nodes *at)
{
    const float z = 1 / sw_max(d.z, 0.01f), x = (d.x * z - g->left) / g->step_x,
                y = (d.y * z - g->low) / g->step_y;
    if (!(d.z > 0.01f && x >= 0 && y >= 0 && x < (float)(g->across - 1) &&
          y < (float)(g->down - 1)))
        return 0;
    const uint32_t i = (uint32_t)x, j = (uint32_t)y;
    *at = (struct nodes){(size_t)j * g->across + i, x - (float)i, y - (float)j};
    return 1;
}

static inline struct sky_part part_mix(const struct sky_part *a, const struct sky_part *b, float t)
{
    return (struct sky_part){f3_mix(a->near, b->near, t), sw_mix(a->left, b->left, t),
                             sw_mix(a->milk, b->milk, t)};
}

int sky_map_at(const struct sky_map *m, struct f3 d, struct sky_part *p)
{
    struct nodes at;
    if (!nodes_at(&m->fine, d, &at))
        return 0;
    const struct sky_part *a = m->at + at.first, *b = a + m->fine.across;
    const struct sky_part low = part_mix(a, a + 1, at.u), high = part_mix(b, b + 1, at.u);
    *p = part_mix(&low, &high, at.v);
    return 1;
}

int sky_map_air(const struct sky_map *m, struct f3 d, struct f3 *air)
{
    struct nodes at;
    if (!nodes_at(&m->coarse, d, &at))
        return 0;
    const struct f3 *a = m->air + at.first, *b = a + m->coarse.across;
    *air = f3_mix(f3_mix(a[0], a[1], at.u), f3_mix(b[0], b[1], at.u), at.v);
    return 1;
}
