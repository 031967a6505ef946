/* median_large.c - medians of large squares, by histograms whose upkeep does not depend on the
 * radius (Perreault and Hebert 2007): of 4096 steps between the plane's least and largest sample,
 * in three stages of 16 so that a look-up reads 48 numbers. A plane of 8-bit values needs two
 * stages and stays exact. */
#include "median_large.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { TOP = 4095, TOP_8_BIT = 255 * 16, TILE_WIDTH = 128, TILE_HEIGHT = 256 };

/* ---- histograms of columns, added up to that of the square ---- */

/* Sixteen counts, four in a word from the lowest bits up. None exceeds 101 * 102 while it is worked
 * on, so that words can be added and subtracted as a whole. */
typedef uint64_t bins[4];

/* Of a tile of `columns` columns, margins included. Stage 0 counts sixteenths of the range, stage 1
 * the sixteenths of each, stage 2 of each of those; [segment * columns + column]. Steps of 8-bit
 * values are multiples of 16, and stage 2 is NULL. */
struct counts {
    bins *stage[3];
    uint32_t columns;
};

struct square { /* the same of the square around a pixel; a segment is valid for column at[] */
    bins first, second[16], third[256];
    int32_t at_second[16], at_third[256];
};

struct span {
    float least, most, top;
}; /* value = least + (most - least) * step / top */

struct large {
    const imp_image *src;
    imp_image *dst;
    uint16_t *steps;   /* packed samples of src as steps */
    struct span *span; /* of each plane; while they are sought, of each strip of each plane */
    uint32_t strips;
    uint32_t radius, across, down; /* tiles of each plane */
    atomic_int no_memory;
};

static inline void count_in(bins b, uint32_t bin, uint64_t by)
{
    b[bin >> 2] += by << 16 * (bin & 3);
}

/* by: 1, or its negative. */
static void count(struct counts *k, uint32_t column, uint32_t step, uint64_t by)
{
    count_in(k->stage[0][column], step >> 8, by);
    count_in(k->stage[1][(size_t)(step >> 8) * k->columns + column], step >> 4 & 15, by);
    if (k->stage[2])
        count_in(k->stage[2][(size_t)(step >> 4) * k->columns + column], step & 15, by);
}

/* Brings a segment, valid for the square that begins at column *at, to the one at `to`. */
static inline void catch_up(bins sum, const bins *columns, int32_t *at, int32_t to, int32_t width)
{
    uint64_t a = 0, b = 0, c = 0, d = 0;
    int32_t from = to;
    if (*at >= 0 && to - *at < width) {
        a = sum[0], b = sum[1], c = sum[2], d = sum[3];
        for (int32_t k = *at; k < to; k++)
            a -= columns[k][0], b -= columns[k][1], c -= columns[k][2], d -= columns[k][3];
        from = *at + width;
    }
    for (int32_t k = from; k < to + width; k++)
        a += columns[k][0], b += columns[k][1], c += columns[k][2], d += columns[k][3];
    sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = d;
    *at = to;
}

/* The first bin with which more than *rank are counted; *rank becomes the rank within it. A word
 * times 0x0001000100010001 holds its counts added up. */
static inline uint32_t find(const bins sum, uint32_t *rank)
{
    uint32_t word = 0;
    uint64_t up = sum[0] * 0x0001000100010001u;
    while (*rank >= up >> 48) {
        *rank -= (uint32_t)(up >> 48);
        up = sum[++word] * 0x0001000100010001u;
    }
    const uint32_t a = up & 0xffff, b = up >> 16 & 0xffff, c = up >> 32 & 0xffff;
    const uint32_t bin = (*rank >= a) + (*rank >= b) + (*rank >= c);
    *rank -= bin ? up >> 16 * (bin - 1) & 0xffff : 0;
    return 4 * word + bin;
}

/* A row of medians, of the tile's columns 0 .. n - 1 (their squares begin at that column). */
static void large_row(const struct counts *k, struct square *q, uint32_t n, uint32_t radius,
                      uint32_t *restrict out)
{
    const int32_t width = 2 * (int32_t)radius + 1;
    int32_t at_first = -1;
    memset(q->at_second, -1, sizeof q->at_second);
    memset(q->at_third, -1, sizeof q->at_third);
    for (int32_t x = 0; x < (int32_t)n; x++) {
        uint32_t rank = (uint32_t)(width * width) / 2;
        catch_up(q->first, (const bins *)k->stage[0], &at_first, x, width);
        const uint32_t a = find(q->first, &rank);
        catch_up(q->second[a], (const bins *)(k->stage[1] + a * k->columns), &q->at_second[a], x,
                 width);
        const uint32_t b = 16 * a + find(q->second[a], &rank);
        out[x] = 16 * b;
        if (!k->stage[2])
            continue;
        catch_up(q->third[b], (const bins *)(k->stage[2] + b * k->columns), &q->at_third[b], x,
                 width);
        out[x] += find(q->third[b], &rank);
    }
}

/* Counts row y (mirrored) of the tile whose first margin column is x0. */
static void count_row(const struct large *g, struct counts *k, uint32_t c, int64_t x0, int64_t y,
                      uint64_t by)
{
    const uint32_t w = g->src->width, h = g->src->height;
    const uint16_t *row = g->steps + ((size_t)c * h + (size_t)kit_mirror(y, h)) * w;
    for (uint32_t i = 0; i < k->columns; i++)
        count(k, i, row[kit_mirror(x0 + i, w)], by);
}

static void tile_rows(const struct large *g, struct counts *k, uint32_t c, uint32_t x0, uint32_t n,
                      uint32_t from, uint32_t to)
{
    const int64_t r = g->radius;
    const struct span s = g->span[c];
    uint32_t found[TILE_WIDTH];
    struct square q;
    for (int64_t y = (int64_t)from - r; y <= (int64_t)from + r; y++)
        count_row(g, k, c, (int64_t)x0 - r, y, 1);
    for (uint32_t y = from; y < to; y++) {
        float *out = imp_row_out(g->dst, c, y) + x0;
        large_row(k, &q, n, g->radius, found);
        for (uint32_t x = 0; x < n; x++)
            out[x] = s.least + (s.most - s.least) * (float)(int32_t)found[x] / s.top;
        count_row(g, k, c, (int64_t)x0 - r, (int64_t)y - r, (uint64_t)-1);
        count_row(g, k, c, (int64_t)x0 - r, (int64_t)y + r + 1, 1);
    }
}

static void tile(void *user, uint32_t i)
{
    struct large *g = user;
    const uint32_t per_plane = g->across * g->down, c = i / per_plane, t = i % per_plane;
    const uint32_t x0 = t % g->across * TILE_WIDTH, y0 = t / g->across * TILE_HEIGHT;
    const uint32_t n = g->src->width - x0 < TILE_WIDTH ? g->src->width - x0 : TILE_WIDTH;
    const uint32_t to = g->src->height - y0 < TILE_HEIGHT ? g->src->height : y0 + TILE_HEIGHT;
    const uint32_t columns = n + 2 * g->radius;
    const int deep = g->span[c].top == TOP;
    bins *all = calloc((size_t)columns * (deep ? 1 + 16 + 256 : 1 + 16), sizeof *all);
    struct counts k = {{all, all + columns, deep ? all + (size_t)columns * 17 : NULL}, columns};
    if (!all) {
        atomic_store(&g->no_memory, 1);
        return;
    }
    tile_rows(g, &k, c, x0, n, y0, to);
    free(all);
}

/* ---- samples as steps ---- */

/* Least and largest of n samples; *apart: how far the worst is from a 255th of a whole number. */
KIT_CLONES
static void look_at(const float *v, uint32_t n, float *least, float *most, float *apart)
{
    float low = *least, high = *most, worst = *apart;
    for (uint32_t x = 0; x < n; x++) {
        const float t = v[x] * 255,
                    off = t - (t + 12582912.0f - 12582912.0f); /* 1.5 * 2^23: rounds */
        const float size = off < 0 ? -off : off;
        low = v[x] < low ? v[x] : low;
        high = v[x] > high ? v[x] : high;
        worst = size > worst ? size : worst;
    }
    *least = low, *most = high, *apart = worst;
}

static void find_span(void *user, uint32_t i)
{
    struct large *g = user;
    const uint32_t c = i / g->strips;
    float apart = 0;
    uint32_t y, to;
    struct span *s = &g->span[i];
    kit_strip(g->src->height, g->strips, i % g->strips, &y, &to);
    s->least = s->most = imp_row(g->src, c, y)[0];
    for (; y < to; y++)
        look_at(imp_row(g->src, c, y), g->src->width, &s->least, &s->most, &apart);
    s->top = apart < 1e-4f && s->least >= 0 && s->most <= 1 ? TOP_8_BIT : TOP;
}

/* One span for each plane, at the front of the list. */
static void join_spans(struct large *g)
{
    for (uint32_t c = 0; c < g->src->channels; c++) {
        struct span all = g->span[c * g->strips];
        for (uint32_t i = 1; i < g->strips; i++) {
            const struct span s = g->span[c * g->strips + i];
            all.least = s.least < all.least ? s.least : all.least;
            all.most = s.most > all.most ? s.most : all.most;
            all.top = s.top == TOP ? TOP : all.top;
        }
        if (all.top != TOP)
            all.least = 0, all.most = 1;
        g->span[c] = all;
    }
}

KIT_CLONES
static void row_to_steps(const float *restrict v, uint16_t *restrict out, uint32_t n, float least,
                         float scale, float unit)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] = (uint16_t)((int32_t)((v[x] - least) * scale + 0.5f) * (int32_t)unit);
}

static void to_steps(void *user, uint32_t i)
{
    struct large *g = user;
    const uint32_t c = i / g->strips;
    const struct span s = g->span[c];
    const float unit = s.top == TOP ? 1 : 16, range = s.most - s.least;
    const float scale = range > 1e-30f ? s.top / unit / range : 0;
    uint32_t y, to;
    kit_strip(g->src->height, g->strips, i % g->strips, &y, &to);
    for (; y < to; y++)
        row_to_steps(imp_row(g->src, c, y),
                     g->steps + ((size_t)c * g->src->height + y) * g->src->width, g->src->width,
                     s.least, scale, unit);
}

imp_status median_large(imp_job *job, const imp_image *src, imp_image *dst, uint32_t radius)
{
    struct large g = {.src = src,
                      .dst = dst,
                      .radius = radius,
                      .strips = kit_strips(src->width, src->height),
                      .across = (src->width + TILE_WIDTH - 1) / TILE_WIDTH,
                      .down = (src->height + TILE_HEIGHT - 1) / TILE_HEIGHT};
    const size_t samples = kit_bytes(kit_bytes(src->width, src->height), src->channels);
    const uint32_t pieces = g.strips * src->channels;
    g.steps = malloc(kit_bytes(samples, sizeof *g.steps));
    g.span = malloc(kit_bytes(pieces, sizeof *g.span));
    imp_status st = g.steps && g.span ? kit_parallel(job, pieces, find_span, &g) : IMP_E_MEMORY;
    if (st == IMP_OK) {
        join_spans(&g);
        st = kit_parallel(job, pieces, to_steps, &g);
    }
    if (st == IMP_OK)
        st = kit_parallel(job, g.across * g.down * src->channels, tile, &g);
    free(g.steps);
    free(g.span);
    return st == IMP_OK && atomic_load(&g.no_memory) ? IMP_E_MEMORY : st;
}
