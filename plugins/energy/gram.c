/* gram.c - products of a code with itself and of a matrix with a code: the two kernels behind Gram
 * matrices (terms.h). Blocks of 4 x 4 results stay in registers; how the work is cut depends on the
 * shape alone. */
#include "terms.h"
#include <string.h>

enum {
    SIDE = 64 /* maps of a block of results */,
    CHUNK = 16384 /* places of a piece, at least */,
    PIECES = 64 /* along places, at most */,
    RUN = 512,
    FOUR = 4,
    VECTOR = 8
};

static size_t chunk_of(size_t places)
{
    const size_t spread = (places + PIECES - 1) / PIECES;
    const size_t whole = (spread + RUN - 1) / RUN * RUN;
    return whole > CHUNK ? whole : CHUNK;
}

static uint32_t chunks_of(size_t places)
{
    const size_t chunk = chunk_of(places);
    return (uint32_t)((places + chunk - 1) / chunk);
}

/* Pairs of blocks (i, j), j <= i. */
static uint32_t pairs_of(uint32_t maps)
{
    const uint32_t n = (maps + SIDE - 1) / SIDE;
    return n * (n + 1) / 2;
}

size_t en_gram_bytes(uint32_t maps, size_t places)
{
    return kit_bytes((size_t)pairs_of(maps) * chunks_of(places), SIDE * SIDE * sizeof(double));
}

/* out[a][b] = sum over n places of x[a] y[b], four rows each. */
KIT_CLONES
static void dots(const float *x, const float *y, size_t stride, size_t n, float out[FOUR][FOUR])
{
    const float *x0 = x, *x1 = x + stride, *x2 = x + 2 * stride, *x3 = x + 3 * stride;
    for (int b = 0; b < FOUR; b++) {
        const float *v = y + (size_t)b * stride;
        float s0[VECTOR] = {0}, s1[VECTOR] = {0}, s2[VECTOR] = {0}, s3[VECTOR] = {0};
        size_t p = 0;
        for (; p + VECTOR <= n; p += VECTOR)
            for (size_t k = 0; k < VECTOR; k++) {
                s0[k] += x0[p + k] * v[p + k], s1[k] += x1[p + k] * v[p + k];
                s2[k] += x2[p + k] * v[p + k], s3[k] += x3[p + k] * v[p + k];
            }
        for (; p < n; p++)
            s0[0] += x0[p] * v[p], s1[0] += x1[p] * v[p], s2[0] += x2[p] * v[p],
                s3[0] += x3[p] * v[p];
        for (size_t k = 1; k < VECTOR; k++)
            s0[0] += s0[k], s1[0] += s1[k], s2[0] += s2[k], s3[0] += s3[k];
        out[0][b] = s0[0], out[1][b] = s1[0], out[2][b] = s2[0], out[3][b] = s3[0];
    }
}

static float dot(const float *x, const float *y, size_t n)
{
    float s[VECTOR] = {0};
    for (size_t p = 0; p < n; p++)
        s[p % VECTOR] += x[p] * y[p];
    for (size_t k = 1; k < VECTOR; k++)
        s[0] += s[k];
    return s[0];
}

struct gram {
    const float *f;
    double *work;
    size_t places, chunk;
    uint32_t maps, pairs;
};

static void block(const struct gram *t, uint32_t i0, uint32_t i1, uint32_t j0, uint32_t j1,
                  size_t p, size_t n, double *out)
{
    for (uint32_t i = i0; i < i1; i += FOUR)
        for (uint32_t j = j0; j < j1 && j <= i + FOUR - 1; j += FOUR) {
            const float *x = t->f + i * t->places + p, *y = t->f + j * t->places + p;
            const uint32_t a1 = i1 - i < FOUR ? i1 - i : FOUR, b1 = j1 - j < FOUR ? j1 - j : FOUR;
            float sums[FOUR][FOUR];
            if (a1 == FOUR && b1 == FOUR)
                dots(x, y, t->places, n, sums);
            for (uint32_t a = 0; a < a1; a++)
                for (uint32_t b = 0; b < b1; b++) {
                    if (a1 < FOUR || b1 < FOUR)
                        sums[a][b] = dot(x + a * t->places, y + b * t->places, n);
                    out[(i - i0 + a) * SIDE + j - j0 + b] += (double)sums[a][b];
                }
        }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void pair_of(uint32_t pair, uint32_t *i, uint32_t *j)
{
    for (*i = 0; pair > *i; ++*i)
        pair -= *i + 1;
    *j = pair;
}

static void gram_piece(void *user, uint32_t k) IMP_NX
{
    const struct gram *t = user;
    const size_t from = k / t->pairs * t->chunk;
    const size_t to = from + t->chunk < t->places ? from + t->chunk : t->places;
    double *out = t->work + (size_t)k * SIDE * SIDE;
    uint32_t i, j;
    pair_of(k % t->pairs, &i, &j);
    memset(out, 0, SIDE * SIDE * sizeof *out);
    for (size_t p = from; p < to; p += RUN)
        block(t, i * SIDE, least(i * SIDE + SIDE, t->maps), j * SIDE,
              least(j * SIDE + SIDE, t->maps), p, to - p < RUN ? to - p : RUN, out);
}

/* A block of sums into both halves of the matrix. */
static void add_block(const struct gram *t, uint32_t k, double *gram)
{
    const double *sums = t->work + (size_t)k * SIDE * SIDE;
    uint32_t i, j;
    pair_of(k % t->pairs, &i, &j);
    for (uint32_t a = i * SIDE; a < least(i * SIDE + SIDE, t->maps); a++)
        for (uint32_t b = j * SIDE; b < least(j * SIDE + SIDE, t->maps) && b <= a; b++) {
            const double v = sums[(a - i * SIDE) * SIDE + b - j * SIDE];
            gram[(size_t)a * t->maps + b] += v;
            if (a != b)
                gram[(size_t)b * t->maps + a] += v;
        }
}

imp_status en_gram_add(const float *f, uint32_t maps, size_t places, double *gram, void *work,
                       imp_job *job)
{
    struct gram t = {f, work, places, chunk_of(places), maps, pairs_of(maps)};
    const uint32_t pieces = t.pairs * chunks_of(places);
    const imp_status st = kit_parallel(job, pieces, gram_piece, &t);
    for (uint32_t k = 0; k < pieces && st == IMP_OK; k++)
        add_block(&t, k, gram);
    return st;
}

/* ---- a matrix times a code ---- */

enum { STRIP = 256, WIDE = 16 };

struct product {
    const float *f, *d;
    float *out;
    size_t places;
    uint32_t maps, reserved0;
};

/* Four rows of results, 16 places: out[a][k] = sum_j d[a][j] f[j][k]. */
KIT_CLONES
static void rows4(const float *d, const float *f, uint32_t maps, size_t stride, float *out)
{
    float s0[WIDE] = {0}, s1[WIDE] = {0}, s2[WIDE] = {0}, s3[WIDE] = {0};
    const float *d1 = d + maps, *d2 = d1 + maps, *d3 = d2 + maps;
    for (uint32_t j = 0; j < maps; j++, f += stride)
        for (int k = 0; k < WIDE; k++) {
            s0[k] += d[j] * f[k], s1[k] += d1[j] * f[k];
            s2[k] += d2[j] * f[k], s3[k] += d3[j] * f[k];
        }
    memcpy(out, s0, sizeof s0), memcpy(out + stride, s1, sizeof s1);
    memcpy(out + 2 * stride, s2, sizeof s2), memcpy(out + 3 * stride, s3, sizeof s3);
}

static void edge(const struct product *t, uint32_t i, size_t p)
{
    float sum = 0;
    for (uint32_t j = 0; j < t->maps; j++)
        sum += t->d[(size_t)i * t->maps + j] * t->f[j * t->places + p];
    t->out[i * t->places + p] = sum;
}

static void product_strip(void *user, uint32_t k) IMP_NX
{
    const struct product *t = user;
    const size_t from = (size_t)k * STRIP, to = from + STRIP < t->places ? from + STRIP : t->places;
    const size_t wide = from + (to - from) / WIDE * WIDE;
    const uint32_t fours = t->maps / FOUR * FOUR;
    for (uint32_t i = 0; i < fours; i += FOUR)
        for (size_t p = from; p < wide; p += WIDE)
            rows4(t->d + (size_t)i * t->maps, t->f + p, t->maps, t->places,
                  t->out + i * t->places + p);
    for (uint32_t i = 0; i < t->maps; i++)
        for (size_t p = i < fours ? wide : from; p < to; p++)
            edge(t, i, p);
}

imp_status en_gram_seed(const float *f, uint32_t maps, size_t places, const float *d, float *out,
                        imp_job *job)
{
    struct product t = {f, d, out, places, maps, 0};
    return kit_parallel(job, (uint32_t)((places + STRIP - 1) / STRIP), product_strip, &t);
}
