/* scene_land.c - open country by columns. For a column of the picture heights are known along the
 * way from near to far, so that one walk finds what every sample of the column sees, shadows, and
 * what the water mirrors. A piece of work is a block of columns with all that it needs. */
#include "land.h"
#include <stdlib.h>
#include <string.h>
#include "sky.h"

enum { BLOCK_MOST = 32, BLOCK_LEAST = 4, BLOCK_WATER = 16 }; /* px across */

static void fill(struct land_block *b, uint32_t i)
{
    const struct land *l = b->l;
    const float slope = land_slope(b, i);
    struct land_row r;
    for (uint32_t k = 0; k < l->deep; k += r.n) {
        r.n = l->deep - k < ROWS_MOST ? l->deep - k : ROWS_MOST;
        for (uint32_t j = 0; j < r.n; j++) {
            const float z = l->way[k + j];
            r.x[j] = slope * z, r.z[j] = z, r.least[j] = z * l->pitch;
        }
        land_heights(l->s, &r, b->high + (size_t)i * l->deep + k);
    }
}

/* The columns between two that are known. */
static void fill_between(struct land_block *b, uint32_t first, uint32_t last)
{
    const size_t deep = b->l->deep;
    const float *p = b->high + first * deep, *q = b->high + last * deep;
    for (uint32_t i = first + 1; i < last; i++) {
        const float t = (float)(i - first) / (float)(last - first);
        for (size_t k = 0; k < deep; k++)
            b->high[i * deep + k] = (1 - t) * p[k] + t * q[k];
    }
}

/* Where a px has several columns, every second one lies between its neighbours; beside the block,
 * where only water looks, most do. */
static void heights(struct land_block *b)
{
    enum { ASIDE = 4 }; /* parts of what is beside */
    const uint32_t step = b->l->s->samples > 1 ? 2 : 1, first = b->beside,
                   last = b->columns - 1 - b->beside, part = b->beside / ASIDE;
    fill(b, first);
    for (uint32_t i = first, next; i < last; i = next) {
        next = i + step < last ? i + step : last;
        fill(b, next), fill_between(b, i, next);
    }
    for (uint32_t k = 1; b->beside && k <= ASIDE; k++) {
        fill(b, first - k * part), fill_between(b, first - k * part, first - (k - 1) * part);
        fill(b, last + k * part), fill_between(b, last + (k - 1) * part, last + k * part);
    }
}

/* ---- shadows ---- */

struct walk { /* from places towards the sun */
    uint32_t n, of[ROWS_MOST];
    struct f3 p[ROWS_MOST];
    float t[ROWS_MOST], seen[ROWS_MOST]; /* m from the place; by the sun, 0..1 */
};

/* Does the sun see the places? Walks over the broad land, soft by how closely they pass. */
static void sun_reach(const struct scene *s, struct walk *w, float *sunny)
{
    float h[ROWS_MOST];
    for (int step = 0; step < 22 && w->n; step++) {
        struct land_row r;
        uint32_t left = 0;
        r.n = w->n;
        for (uint32_t i = 0; i < w->n; i++)
            r.x[i] = w->p[i].x + s->sun.x * w->t[i], r.z[i] = w->p[i].z + s->sun.z * w->t[i];
        land_broad(s, &r, h);
        for (uint32_t i = 0; i < w->n; i++) {
            const float y = w->p[i].y + s->sun.y * w->t[i];
            const float seen = sw_min(w->seen[i], sw_unit(0.5f + 14 * (y - h[i]) / w->t[i]));
            sunny[w->of[i]] = seen;
            if (seen <= 0 || y > 2600)
                continue;
            w->of[left] = w->of[i], w->p[left] = w->p[i];
            w->t[left] = w->t[i] * 1.45f, w->seen[left++] = seen;
        }
        w->n = left;
    }
}

static void shadows(struct land_block *b)
{
    const struct land *l = b->l;
    const uint32_t across = (b->columns + LAND_COARSE - 1) / LAND_COARSE + 1;
    float h[ROWS_MOST];
    for (uint32_t i = 0; i < across; i++)
        for (uint32_t k = 0; k < b->sunny_deep; k += ROWS_MOST) {
            struct land_row r;
            struct walk w;
            w.n = r.n = b->sunny_deep - k < ROWS_MOST ? b->sunny_deep - k : ROWS_MOST;
            for (uint32_t j = 0; j < r.n; j++) {
                const uint32_t step = (k + j) * LAND_DEEPER;
                r.z[j] = l->way[step < l->deep ? step : l->deep - 1];
                r.x[j] = land_slope(b, i * LAND_COARSE) * r.z[j];
            }
            land_broad(l->s, &r, h);
            for (uint32_t j = 0; j < r.n; j++) {
                w.of[j] = j, w.seen[j] = 1, w.t[j] = 2 + 0.012f * r.z[j];
                w.p[j] = f3(r.x[j], h[j] + 0.5f + 0.002f * r.z[j], r.z[j]);
            }
            sun_reach(l->s, &w, b->sunny + (size_t)i * b->sunny_deep + k);
        }
}

/* ---- columns ---- */

/* Fills at[] with the steps along the way where each sample of the column meets land; < 0: none. */
static void meet(const struct land_block *b, uint32_t i, float *at)
{
    const struct land *l = b->l;
    const struct scene *s = l->s;
    const float *h = b->high + (size_t)i * l->deep;
    const float bottom = -1 + s->shift + 0.5f * l->pitch * s->zoom, rise = l->pitch * s->zoom;
    uint32_t row = 0; /* from below */
    for (uint32_t k = 1; k < l->deep && row < l->rows; k++) {
        const float top = s->zoom * (h[k] - s->eye) / l->way[k];
        for (; row < l->rows && bottom + (float)row * rise <= top; row++) {
            const float v = (bottom + (float)row * rise) / s->zoom;
            const float before = s->eye + v * l->way[k - 1] - h[k - 1],
                        after = s->eye + v * l->way[k] - h[k];
            at[row] =
                (float)(k - 1) + (before > 0 ? sw_unit(before / (before - after + 1e-9f)) : 0);
        }
    }
    for (; row < l->rows; row++)
        at[row] = -1;
}

/* Over the steps of a range, then over the columns within reach. */
static void find_highest(struct land_block *b)
{
    const uint32_t deep = b->l->deep, n = b->ranges;
    float *own = b->highest + (size_t)b->columns * n;
    for (uint32_t i = 0; i < b->columns; i++) {
        const float *h = b->high + (size_t)i * deep;
        for (uint32_t k = 0; k < deep; k++) {
            float *most = &own[i * n + k / LAND_RANGE];
            *most = k % LAND_RANGE ? sw_max(*most, h[k]) : h[k];
        }
    }
    for (uint32_t i = b->beside; i + b->beside < b->columns; i++) {
        float *most = b->highest + (size_t)i * n;
        memcpy(most, own + (size_t)(i - b->beside) * n, n * sizeof *most);
        for (uint32_t j = i - b->beside + 1; j <= i + b->beside; j++)
            for (uint32_t k = 0; k < n; k++)
                most[k] = sw_max(most[k], own[j * n + k]);
    }
}

/* Where a sample goes: 0 sky, 1 land, 2 water; m: its place and direction. */
static int find(const struct land_block *b, uint32_t i, struct land_sample *m)
{
    const struct land *l = b->l;
    const struct scene *s = l->s;
    const float v = (-1 + s->shift) / s->zoom + ((float)m->row + 0.5f) * l->pitch,
                u = land_slope(b, i);
    const float sea = land_sea(s), size = sqrtf(1 + u * u + v * v);
    float z = -1;
    m->d = f3(u / size, v / size, 1 / size);
    if (m->at >= 0) {
        const uint32_t k = (uint32_t)m->at;
        z = sw_mix(l->way[k], l->way[k + 1 < l->deep ? k + 1 : k], m->at - (float)k);
    }
    const float water = v < -1e-5f && s->eye > sea ? (s->eye - sea) / -v : -1;
    if (water > 0 && (z < 0 || water < z)) {
        const float w = sw_min(water, 40000);
        m->p = f3(u * w, sea, w), m->far = w * size;
        return 2;
    }
    m->p = f3(u * z, s->eye + v * z, z), m->far = z * size;
    return z >= 0;
}

static void add(const struct land *l, uint32_t x, const struct land_sample *m, struct f3 light)
{
    const uint32_t y = l->out->height - 1 - m->row / l->s->samples;
    imp_row_out(l->out, 0, y)[x] += light.x * m->part;
    imp_row_out(l->out, 1, y)[x] += light.y * m->part;
    imp_row_out(l->out, 2, y)[x] += light.z * m->part;
}

typedef void light_fn(const struct land_block *, const struct land_batch *, struct f3 *);
static void flush(const struct land_block *b, uint32_t x, struct land_batch *m, light_fn *light)
{
    struct f3 c[ROWS_MOST];
    if (m->n)
        light(b, m, c);
    for (uint32_t k = 0; k < m->n; k++)
        add(b->l, x, &m->of[k], c[k]);
    m->n = 0;
}

static void column(struct land_block *b, uint32_t i, uint32_t x, float *at)
{
    const struct land *l = b->l;
    const uint32_t n = l->s->samples;
    const float share = 1 / (float)(n * n);
    struct land_batch land, water;
    land.n = water.n = 0;
    meet(b, i, at);
    for (uint32_t row = 0; row < l->rows; row++) {
        const int clear = n == 2 && at[row - row % n] < 0; /* sky: two of four samples do */
        if (clear && (i + row) % 2)
            continue;
        struct land_sample m = {
            .row = row, .column = i, .at = at[row], .part = clear ? 2 * share : share};
        m.jitter = ((float)((i % n) * n + row % n) + sw_random(x, row, l->s->seed + 400)) * share;
        const int what = find(b, i, &m);
        if (what == 0)
            add(l, x, &m, sky_all(l->s, m.d, m.jitter));
        else if (what == 1)
            land.of[land.n++] = m;
        else
            water.of[water.n++] = m;
        if (land.n == ROWS_MOST)
            flush(b, x, &land, land_light);
        if (water.n == ROWS_MOST)
            flush(b, x, &water, land_water);
    }
    flush(b, x, &land, land_light);
    flush(b, x, &water, land_water);
}

static void block_of(void *user, uint32_t k) IMP_NX
{
    struct land *l = user;
    const uint32_t n = l->s->samples, x0 = k * l->block;
    const uint32_t wide = x0 + l->block < l->out->width ? l->block : l->out->width - x0;
    struct land_block b = {.l = l,
                           .beside = l->beside,
                           .columns = wide * n + 2 + 2 * l->beside,
                           .sunny_deep = l->deep / LAND_DEEPER + 2,
                           .ranges = l->deep / LAND_RANGE + 1};
    const size_t coarse = (size_t)((b.columns + LAND_COARSE - 1) / LAND_COARSE + 1) * b.sunny_deep,
                 ranges = 2 * (size_t)b.columns * b.ranges;
    b.left = ((float)x0 - 0.5f * (float)l->out->width + (0.5f - 1 - (float)l->beside) / (float)n) *
             (float)n * l->pitch;
    b.high = malloc(((size_t)b.columns * l->deep + coarse + ranges + l->rows) * sizeof *b.high);
    if (!b.high) {
        atomic_store(&l->no_memory, 1);
        return;
    }
    b.sunny = b.high + (size_t)b.columns * l->deep;
    b.highest = b.sunny + coarse;
    heights(&b);
    shadows(&b);
    if (land_sea(l->s) > -1e5f)
        find_highest(&b);
    for (uint32_t i = 0; i < wide * n; i++)
        column(&b, i + 1 + b.beside, x0 + i / n, b.highest + ranges);
    free(b.high);
}

imp_status land_render(const struct scene *s, imp_image *linear, imp_job *job)
{
    const float half = (float)linear->height * 0.5f * (float)s->samples;
    struct land l = {.s = s,
                     .out = linear,
                     .rows = linear->height * s->samples,
                     .pitch = 1 / (half * s->zoom),
                     .near_z = 1.5f};
    const int near = s->kind == SCENE_FOREST; /* trees hide what is beyond */
    const float far = near ? 1500 : 30000, steps = (near ? 0.75f : 1.05f) * (float)l.rows;
    l.deep = (uint32_t)sw_clamp(steps, 320, 3200);
    l.ratio = sw_exp2(sw_log2(far / l.near_z) / (float)(l.deep - 1));
    if (!(l.way = malloc(l.deep * sizeof *l.way)))
        return IMP_E_MEMORY;
    float z = l.near_z;
    for (uint32_t k = 0; k < l.deep; k++, z *= l.ratio)
        l.way[k] = z;
    const int water = land_sea(s) > -1e5f;
    l.beside = water && l.rows <= 16000 ? 4 * (l.rows / 384 + 1) : 0;
    const uint32_t fit = 48000 / (l.rows * s->samples), least = l.rows > 16000 ? 1
                                                                : water        ? BLOCK_WATER
                                                                               : BLOCK_LEAST;
    l.block = fit > BLOCK_MOST ? BLOCK_MOST : fit < least ? least : fit;
    const imp_status st = kit_parallel(job, (linear->width + l.block - 1) / l.block, block_of, &l);
    free(l.way);
    return st == IMP_OK && atomic_load(&l.no_memory) ? IMP_E_MEMORY : st;
}
