/* inv_stats.c - what a row of an atlas says. Sources: inv_stats.h. */
#include "inv_stats.h"
#include <impasto/kit.h>
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846

/* ---- pictures ---- */

double inv_colourfulness(const imp_image *m)
{
    double sum[2] = {0, 0}, square[2] = {0, 0};
    const double n = (double)m->width * m->height;
    if (m->channels < 3)
        return 0;
    for (uint32_t y = 0; y < m->height; y++) {
        const float *r = imp_row(m, 0, y), *g = imp_row(m, 1, y), *b = imp_row(m, 2, y);
        for (uint32_t x = 0; x < m->width; x++) {
            const double rg = 255.0 * ((double)r[x] - g[x]);
            const double yb = 255.0 * (0.5 * ((double)r[x] + g[x]) - b[x]);
            sum[0] += rg, square[0] += rg * rg;
            sum[1] += yb, square[1] += yb * yb;
        }
    }
    double spread = 0, mean = 0;
    for (int i = 0; i < 2; i++) {
        const double mu = sum[i] / n, v = square[i] / n - mu * mu;
        spread += v > 0 ? v : 0;
        mean += mu * mu;
    }
    return sqrt(spread) + 0.3 * sqrt(mean);
}

static double luma(const imp_image *m, uint32_t x, uint32_t y)
{
    const double v = imp_row(m, 0, y)[x];
    return m->channels < 3
               ? v
               : 0.2126 * v + 0.7152 * imp_row(m, 1, y)[x] + 0.0722 * imp_row(m, 2, y)[x];
}

/* A gradient into the histogram. */
static void add_edge(double *bins, double gx, double gy)
{
    const double length = sqrt(gx * gx + gy * gy);
    if (!(length > 0))
        return;
    double at = kit_atan2(gy, gx) / PI * INV_ORIENTATIONS; /* mod half a turn */
    if (at < 0)
        at += INV_ORIENTATIONS;
    const double whole = floor(at), part = at - whole;
    const int i = (int)whole % INV_ORIENTATIONS;
    bins[i] += length * (1 - part);
    bins[(i + 1) % INV_ORIENTATIONS] += length * part;
}

double inv_orientation_entropy(const imp_image *m)
{
    double bins[INV_ORIENTATIONS] = {0}, total = 0, entropy = 0;
    for (uint32_t y = 1; y + 1 < m->height; y++)
        for (uint32_t x = 1; x + 1 < m->width; x++)
            add_edge(bins, luma(m, x + 1, y) - luma(m, x - 1, y),
                     luma(m, x, y + 1) - luma(m, x, y - 1));
    for (int i = 0; i < INV_ORIENTATIONS; i++)
        total += bins[i];
    for (int i = 0; i < INV_ORIENTATIONS && total > 0; i++)
        if (bins[i] > 0)
            entropy -= bins[i] / total * kit_log(bins[i] / total);
    return entropy / kit_log(INV_ORIENTATIONS);
}

/* ---- codes ---- */

/* gram[a][b] (b <= a) of the places [x0, x1) x [y0, y1); column: room for c. */
static void gram_of(const float *code, uint32_t c, uint32_t h, uint32_t w, const uint32_t box[4],
                    double *gram, double *column)
{
    const double n = (double)(box[1] - box[0]) * (box[3] - box[2]);
    memset(gram, 0, (size_t)c * c * sizeof *gram);
    for (uint32_t y = box[2]; y < box[3]; y++)
        for (uint32_t x = box[0]; x < box[1]; x++) {
            for (uint32_t a = 0; a < c; a++)
                column[a] = code[((size_t)a * h + y) * w + x];
            for (uint32_t a = 0; a < c; a++) { /* most of a code is 0 */
                const double v = column[a] / n;
                double *row = gram + (size_t)a * c;
                for (uint32_t b = 0; b <= a && v != 0; b++)
                    row[b] += v * column[b];
            }
        }
}

/* ||G||^2 of a symmetric matrix given by its lower half. */
double inv_gram_square(const double *gram, uint32_t c)
{
    double sum = 0;
    for (uint32_t a = 0; a < c; a++)
        for (uint32_t b = 0; b <= a; b++)
            sum += (a == b ? 1 : 2) * gram[(size_t)a * c + b] * gram[(size_t)a * c + b];
    return sum;
}

void inv_gram(const float *code, uint32_t c, uint32_t h, uint32_t w, double *gram)
{
    const uint32_t all[4] = {0, w, 0, h};
    gram_of(code, c, h, w, all, gram, gram + (size_t)c * c);
}

double inv_stationarity(const float *code, uint32_t c, uint32_t h, uint32_t w, double *gram)
{
    double *one = gram, *mean = gram + (size_t)c * c, *column = mean + (size_t)c * c, squares = 0;
    const double tiles = INV_TILES * INV_TILES;
    if (h < INV_TILES || w < INV_TILES)
        return NAN;
    memset(mean, 0, (size_t)c * c * sizeof *mean);
    for (uint32_t t = 0; t < INV_TILES * INV_TILES; t++) {
        const uint32_t i = t % INV_TILES, j = t / INV_TILES;
        const uint32_t box[4] = {i * w / INV_TILES, (i + 1) * w / INV_TILES, j * h / INV_TILES,
                                 (j + 1) * h / INV_TILES};
        gram_of(code, c, h, w, box, one, column);
        squares += inv_gram_square(one, c) / tiles;
        for (uint32_t a = 0; a < c; a++)
            for (uint32_t b = 0; b <= a; b++)
                mean[(size_t)a * c + b] += one[(size_t)a * c + b] / tiles;
    }
    const double of_mean = inv_gram_square(mean, c), left = squares - of_mean;
    return of_mean > 0 ? (left > 0 ? left : 0) / of_mean : NAN;
}

void inv_map_of(const float *map, size_t places, struct inv_map *m)
{
    double sum = 0, square = 0, zeros = 0;
    *m = (struct inv_map){.max = -INFINITY};
    for (size_t i = 0; i < places; i++) {
        sum += map[i];
        square += (double)map[i] * map[i];
        zeros += map[i] == 0;
        m->max = map[i] > m->max ? map[i] : m->max;
    }
    m->mean = sum / (double)places;
    m->rms = sqrt(square / (double)places);
    m->zeros = zeros / (double)places;
}

double inv_share(const double *means, uint32_t count, uint32_t map)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += means[i];
    return sum != 0 ? means[map] / sum : 0;
}

uint32_t inv_rank(const double *means, uint32_t count, uint32_t map)
{
    uint32_t rank = 1;
    for (uint32_t i = 0; i < count; i++)
        rank += means[i] > means[map];
    return rank;
}

double inv_code_error(const float *f, const float *t, size_t count)
{
    double off = 0, norm = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = (double)f[i] - t[i];
        off += d * d;
        norm += (double)t[i] * t[i];
    }
    return norm > 0 ? off / norm : off > 0 ? INFINITY : 0;
}
