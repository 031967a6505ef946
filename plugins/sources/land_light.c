/* land_light.c - the light of open country and of its water, for the samples of a column that wait
 * for it together. */
#include "land.h"

static float sunny_at(const struct land_block *b, uint32_t i, float k)
{
    const float u = (float)i / LAND_COARSE,
                v = sw_clamp(k / LAND_DEEPER, 0, (float)b->sunny_deep - 1.001f);
    const uint32_t x = (uint32_t)u, y = (uint32_t)v;
    const float *p = b->sunny + (size_t)x * b->sunny_deep + y, *q = p + b->sunny_deep;
    return sw_mix(sw_mix(p[0], p[1], v - (float)y), sw_mix(q[0], q[1], v - (float)y), u - (float)x);
}

static struct f3 normal_at(const struct land_block *b, uint32_t i, float at, float *z)
{
    const struct land *l = b->l;
    const uint32_t k = (uint32_t)at < l->deep - 1 ? (uint32_t)at : l->deep - 2;
    const float *h = b->high + (size_t)i * l->deep + k;
    *z = l->way[k];
    const float dz = (h[1] - h[0]) / (l->way[k + 1] - *z);
    const float dx = (h[l->deep] - h[-(ptrdiff_t)l->deep]) / (2 * l->pitch * *z);
    return f3_unit(f3(-dx, 1, -dz));
}

/* Of ground g with normal n, of which the sun sees the part `lit`. */
static struct f3 ground_light(const struct scene *s, const struct ground *g, struct f3 n, float lit,
                              const struct land_sample *m)
{
    if (g->tip_x != 0 || g->tip_z != 0)
        n = f3_unit(f3(n.x - g->tip_x, n.y, n.z - g->tip_z));
    const float facing = f3_dot(n, s->sun);
    const float direct =
        g->trees > 0 ? sw_mix(sw_unit(facing), sw_unit(0.5f * facing + 0.5f), 0.45f * g->trees)
                     : sw_unit(facing);
    const float open = 0.55f + 0.45f * n.y;
    struct f3 light = f3_add(f3_scale(s->sun_light, direct * lit), f3_scale(s->ambient, open));
    light = f3_add(light, f3_scale(s->sun_light, 0.06f * (1 - n.y) * lit)); /* from the ground */
    if (s->kind == SCENE_DUNES) /* sand in the sun lights what is not */
        light = f3_add(light, f3_mul(f3_scale(s->sun_light, 0.16f + 0.24f * (1 - n.y)),
                                     f3(0.50f, 0.33f, 0.19f)));
    struct f3 c = f3_mul(g->colour, light);
    if (g->shine > 0) {
        const struct f3 r = f3_mirror(m->d, n);
        const float edge = 1 + f3_dot(m->d, n),
                    f = 0.03f + 0.97f * edge * edge * edge * edge * edge;
        c = f3_mix(c, sky_clear(s, f3_unit(f3(r.x, fabsf(r.y), r.z))), sw_unit(g->shine * f));
    }
    return sky_faded(s, c, m->d, m->far);
}

void land_light(const struct land_block *b, const struct land_batch *m, struct f3 *light)
{
    const struct scene *s = b->l->s;
    struct land_spots spots;
    struct ground g[ROWS_MOST];
    spots.at.n = m->n;
    for (uint32_t i = 0; i < m->n; i++) {
        float z;
        spots.normal[i] = normal_at(b, m->of[i].column, m->of[i].at, &z);
        spots.at.x[i] = m->of[i].p.x, spots.y[i] = m->of[i].p.y, spots.at.z[i] = m->of[i].p.z;
        spots.at.least[i] = z * b->l->pitch;
    }
    land_ground(s, &spots, g);
    for (uint32_t i = 0; i < m->n; i++)
        light[i] = ground_light(s, &g[i], g[i].trees >= 1 ? g[i].normal : spots.normal[i],
                                sunny_at(b, m->of[i].column, m->of[i].at), &m->of[i]);
}

/* ---- water ---- */

/* Columns that a ray from the water is aside of its own, far away: as a wave's slope throws it, but
 * for the last ones less and less. */
static float thrown(const struct land_block *b, const struct land_sample *m, struct f3 r)
{
    const float most = (float)b->beside,
                aside = (r.x / sw_max(r.z, 0.05f) - land_slope(b, m->column)) / b->l->pitch;
    return most > 0 ? aside * most / (most + fabsf(aside)) : 0;
}

/* The first land along r that is higher than it, as a step along the way and its column; < 0: sky.
 */
static float meet_mirrored(const struct land_block *b, const struct land_sample *m, struct f3 r,
                           uint32_t *column)
{
    const struct land *l = b->l;
    const struct f3 p = m->p;
    const float rise = r.y / sw_max(r.z, 0.05f), aside = thrown(b, m, r);
    const float k = sw_log2(p.z / l->near_z) / sw_log2(l->ratio),
                *highest = b->highest + (size_t)m->column * b->ranges;
    for (uint32_t j = (uint32_t)sw_max(k, 0) + 1; j < l->deep;) {
        const float y = p.y + rise * (l->way[j] - p.z);
        if (highest[j / LAND_RANGE] <= y) { /* the ray only rises */
            j += (LAND_RANGE - j % LAND_RANGE + 1) / 2 * 2;
            continue;
        }
        const float off = aside * (1 - p.z / l->way[j]);
        *column = (uint32_t)((int32_t)m->column + sw_floor(off + 0.5f));
        if (b->high[(size_t)*column * l->deep + j] > y)
            return (float)j;
        if (y > 3500)
            break;
        j += 2;
    }
    return -1;
}

/* What the water mirrors: land waits in a batch of its own. */
static void mirror(const struct land_block *b, const struct land_batch *m, const struct f3 *r,
                   struct f3 *seen)
{
    const struct land *l = b->l;
    struct land_batch hits;
    struct f3 light[ROWS_MOST];
    uint32_t of[ROWS_MOST];
    hits.n = 0;
    for (uint32_t i = 0; i < m->n; i++) {
        const struct land_sample *one = &m->of[i];
        uint32_t column = one->column;
        const float at = meet_mirrored(b, one, r[i], &column);
        if (at < 0) {
            seen[i] = sky_all(l->s, r[i], one->jitter);
            continue;
        }
        const float z = l->way[(uint32_t)at],
                    rise = r[i].y / sw_max(r[i].z, 0.05f) * (z - one->p.z);
        of[hits.n] = i;
        hits.of[hits.n++] =
            (struct land_sample){.column = column,
                                 .at = at,
                                 .far = z - one->p.z,
                                 .p = f3(land_slope(b, column) * z, one->p.y + rise, z),
                                 .d = r[i]};
    }
    if (!hits.n)
        return;
    land_light(b, &hits, light);
    for (uint32_t i = 0; i < hits.n; i++)
        seen[of[i]] = light[i];
}

/* Foam of a coast, 0..1, where the water is that deep. */
static void foam(const struct scene *s, const struct land_row *r, const float *deep, float *much)
{
    float u[ROWS_MOST], v[ROWS_MOST], run[ROWS_MOST], lace[ROWS_MOST], most = 0;
    for (uint32_t i = 0; i < r->n; i++)
        u[i] = r->x[i] * 0.11f, v[i] = r->z[i] * 0.11f;
    rows_octaves(u, v, s->seed + 330, 5, 0.55f, run, r->n);
    for (uint32_t i = 0; i < r->n; i++) {
        much[i] = sw_step(1.3f, 0.05f, deep[i] + 0.9f * run[i]), most = sw_max(most, much[i]);
        u[i] = r->x[i] * 0.9f, v[i] = r->z[i] * 0.45f;
    }
    if (most <= 0)
        return;
    rows_octaves(u, v, s->seed + 331, 4, 0.6f, lace, r->n);
    for (uint32_t i = 0; i < r->n; i++)
        much[i] *= sw_step(0.0f, 0.55f, lace[i] + 0.9f * much[i] - 0.3f);
}

/* Of water that deep: its own colour, what it mirrors, foam. */
static struct f3 water_light(const struct scene *s, const struct land_sample *m, struct f3 n,
                             struct f3 seen, float deep, float white)
{
    const float edge = 1 - sw_unit(-f3_dot(m->d, n)),
                f = 0.025f + 0.975f * edge * edge * edge * edge * edge;
    const struct f3 tint =
        f3_mix(f3(0.10f, 0.19f, 0.15f), f3(0.008f, 0.030f, 0.040f), sw_unit(deep / 5));
    struct f3 c =
        f3_mul(tint, f3_add(f3_scale(s->sun_light, 0.4f * sw_unit(s->sun.y)), s->ambient));
    c = f3_mix(c, f3_least(seen, f3(3, 3, 3)), f);
    const struct f3 foam = f3_scale(f3_add(f3_scale(s->sun_light, 0.35f), s->ambient), 0.8f);
    return sky_faded(s, f3_mix(c, foam, white), m->d, m->far);
}

void land_water(const struct land_block *b, const struct land_batch *m, struct f3 *light)
{
    const struct scene *s = b->l->s;
    struct land_row r;
    struct f3 n[ROWS_MOST], way[ROWS_MOST], seen[ROWS_MOST];
    float deep[ROWS_MOST], white[ROWS_MOST] = {0};
    r.n = m->n;
    for (uint32_t i = 0; i < m->n; i++) {
        const struct f3 p = m->of[i].p;
        r.x[i] = p.x, r.z[i] = p.z;
        r.least[i] = p.z * b->l->pitch * 2 * sw_max(0.03f * p.z * fabsf(1 / (s->eye + 1)), 1);
    }
    land_waves(s, &r, n);
    for (uint32_t i = 0; i < m->n; i++) {
        const struct f3 to = f3_mirror(m->of[i].d, n[i]);
        way[i] = f3_unit(f3(to.x, sw_max(to.y, 0.004f), to.z));
    }
    mirror(b, m, way, seen);
    land_broad(s, &r, deep);
    for (uint32_t i = 0; i < m->n; i++)
        deep[i] = m->of[i].p.y - deep[i];
    if (s->kind == SCENE_COAST)
        foam(s, &r, deep, white);
    for (uint32_t i = 0; i < m->n; i++)
        light[i] = water_light(s, &m->of[i], n[i], seen[i], deep[i], white[i]);
}
