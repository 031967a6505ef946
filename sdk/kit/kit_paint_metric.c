/* kit_paint_metric.c - where L-BFGS begins from in the basis of a pyramid: H0 = gamma M, not gamma
 * I.
 *
 *     M = C_0 + U (2 C_1 + U (4 C_2 + ... 2^L C_L) D) D
 *
 * D halves each side by 1 3 3 1 / 8 along it, borders mirrored; U = 4 D', so that M is symmetric
 * and a grey remains a grey; C_k, over a pixel's channels, leaves their mean and takes CHROMA of
 * what differs from it (LAST_CHROMA at the last level). L: LEVELS, fewer for pictures of few
 * pixels.
 *
 * It is the same as moving the levels of a pyramid, of which coarse ones go farther, instead of
 * pixels (x = S z, M = S S'): a network's gradient is mostly of single pixels and of colours that
 * differ from one to the next, since its poolings alias, while pictures have little of both. In the
 * few steps that a painting takes this decides which of many pictures with the wanted statistics is
 * come to. After the bases of Olah, Mordvintsev and Schubert, Feature visualization (2017), who use
 * Fourier's; gains chosen by looking. */
#include <string.h>
#include "kit_paint_work.h"

enum { LEVELS = 5, LEAST_SIDE = 8 /* px that is halved once more */, ROW_MARGIN = 3 };
#define CHROMA      0.03
#define LAST_CHROMA 0.1

struct level {
    float *v; /* c planes */
    size_t w, h;
};

static uint32_t levels_of(size_t w, size_t h)
{
    uint32_t n = 0;
    while (n < LEVELS && w >= LEAST_SIDE && h >= LEAST_SIDE)
        w = (w + 1) / 2, h = (h + 1) / 2, n++;
    return n;
}

size_t kit_paint_metric_floats(uint32_t c, uint32_t w, uint32_t h)
{
    size_t n = 2 * ((size_t)w + ROW_MARGIN), lw = w, lh = h;
    for (uint32_t k = levels_of(w, h); k > 0; k--) {
        lw = (lw + 1) / 2, lh = (lh + 1) / 2;
        n += c * lw * lh;
    }
    return n;
}

/* ---- halving and its transpose ---- */

/* The four rows of a plane that row y of the half is made of. */
static void rows_of(size_t y, size_t h, size_t row[4])
{
    for (int64_t k = 0; k < 4; k++)
        row[k] = (size_t)kit_mirror(2 * (int64_t)y + k - 1, (int64_t)h);
}

KIT_CLONES
static void halve_row(const float *restrict padded, float *restrict to, size_t n)
{
    for (size_t x = 0; x < n; x++)
        to[x] = 0.125f * (padded[2 * x] + padded[2 * x + 3]) +
                0.375f * (padded[2 * x + 1] + padded[2 * x + 2]);
}

KIT_CLONES
static void mix_rows(const float *restrict a, const float *restrict b, const float *restrict c,
                     const float *restrict d, float *restrict to, size_t n)
{
    for (size_t x = 0; x < n; x++)
        to[x] = 0.125f * (a[x] + d[x]) + 0.375f * (b[x] + c[x]);
}

/* padded: w values from 1 on; the others are theirs, mirrored. */
static void pad(float *padded, size_t w)
{
    padded[0] = padded[1 + kit_mirror(-1, (int64_t)w)];
    padded[w + 1] = padded[1 + kit_mirror((int64_t)w, (int64_t)w)];
    padded[w + 2] = padded[1 + kit_mirror((int64_t)w + 1, (int64_t)w)];
}

static void halve(const float *from, size_t w, size_t h, float *to, float *padded)
{
    const size_t half_w = (w + 1) / 2, half_h = (h + 1) / 2;
    for (size_t y = 0; y < half_h; y++) {
        size_t row[4];
        rows_of(y, h, row);
        mix_rows(from + row[0] * w, from + row[1] * w, from + row[2] * w, from + row[3] * w,
                 padded + 1, w);
        pad(padded, w);
        halve_row(padded, to + y * half_w, half_w);
    }
}

/* Twice the transpose of halve_row: an even place takes the half's own and the one before, an odd
 * one its own and the next. */
KIT_CLONES
static void double_row(const float *restrict from, float *restrict padded, size_t n)
{
    padded[0] = 0.25f * from[0], padded[1] = 0.75f * from[0];
    for (size_t x = 0; x + 1 < n; x++) {
        padded[2 * x + 2] = 0.75f * from[x] + 0.25f * from[x + 1];
        padded[2 * x + 3] = 0.75f * from[x + 1] + 0.25f * from[x];
    }
    padded[2 * n] = 0.75f * from[n - 1], padded[2 * n + 1] = 0.25f * from[n - 1];
}

/* The transpose of pad. */
static void fold(float *padded, size_t w, size_t half_w)
{
    padded[1 + kit_mirror(-1, (int64_t)w)] += padded[0];
    for (size_t x = w; x <= 2 * half_w; x++)
        padded[1 + kit_mirror((int64_t)x, (int64_t)w)] += padded[1 + x];
}

KIT_CLONES
static void add_row(float *restrict to, const float *restrict from, float factor, size_t n)
{
    for (size_t x = 0; x < n; x++)
        to[x] += factor * from[x];
}

static void add_doubled(const float *from, size_t w, size_t h, float *to, float *padded)
{
    const size_t half_w = (w + 1) / 2, half_h = (h + 1) / 2;
    for (size_t y = 0; y < half_h; y++) {
        size_t row[4];
        rows_of(y, h, row);
        double_row(from + y * half_w, padded, half_w);
        fold(padded, w, half_w);
        for (int k = 0; k < 4; k++)
            add_row(to + row[k] * w, padded + 1, k % 3 ? 0.75f : 0.25f, w);
    }
}

/* ---- levels ---- */

/* v = gain C v */
KIT_CLONES
static void weigh(float *v, uint32_t c, size_t plane, double gain, double chroma)
{
    for (size_t i = 0; i < plane; i++) {
        double sum = 0;
        for (uint32_t k = 0; k < c; k++)
            sum += (double)v[k * plane + i];
        const double mean = sum / c;
        for (uint32_t k = 0; k < c; k++)
            v[k * plane + i] = (float)(gain * (mean + chroma * ((double)v[k * plane + i] - mean)));
    }
}

void kit_paint_metric(void *user, float *v)
{
    const struct paint *p = user;
    struct level l[LEVELS + 1] = {{v, p->w, p->h}};
    const uint32_t n = levels_of(p->w, p->h);
    float *free_from = p->pyramid, *padded = free_from;
    free_from += 2 * ((size_t)p->w + ROW_MARGIN);
    for (uint32_t k = 0; k < n; k++) {
        const size_t w = (l[k].w + 1) / 2, h = (l[k].h + 1) / 2;
        l[k + 1] = (struct level){free_from, w, h};
        for (uint32_t c = 0; c < p->c; c++)
            halve(l[k].v + c * l[k].w * l[k].h, l[k].w, l[k].h, free_from + c * w * h, padded);
        free_from += p->c * w * h;
    }
    for (uint32_t k = n + 1; k-- > 0;) {
        weigh(l[k].v, p->c, l[k].w * l[k].h, (double)(1u << k), k == n ? LAST_CHROMA : CHROMA);
        for (uint32_t c = 0; k < n && c < p->c; c++)
            add_doubled(l[k + 1].v + c * l[k + 1].w * l[k + 1].h, l[k].w, l[k].h,
                        l[k].v + c * l[k].w * l[k].h, padded);
    }
}
