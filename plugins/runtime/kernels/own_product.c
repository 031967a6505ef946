/* own_product.c - see own_product.h. c is symmetric: what is below its diagonal is computed. */
#include "own_product.h"
#include "gemm.h"
#include "lanes.h"
#include "product.h"
#include "strips.h"

/* Parts of the sums at most; of k at least; floats of all of them at most; rows, and length of one
 * that there must be. */
enum { PARTS = 16, SHORT = 64, FLOATS = 1 << 20, ROWS = 512, LONG = 256 };

struct sums {
    const struct rt_gram *g;
    int64_t parts;
    float *part; /* [parts][m][m] */
    float *c;
};

bool rt_gram_fits(int64_t m, int64_t k)
{
    return m > 1 && m <= ROWS && k >= LONG;
}

static int64_t parts_of(int64_t m, int64_t k)
{
    const int64_t most = rt_between(FLOATS / (m * m), 1, PARTS);
    return rt_between(k / SHORT, 1, most);
}

uint64_t rt_gram_bytes(int64_t m, int64_t k)
{
    return (uint64_t)(parts_of(m, k) * m * m) * sizeof(float);
}

static void one_part(const void *user, int64_t item, void *scratch)
{
    const struct sums *s = user;
    const struct rt_gram *g = s->g;
    int64_t from, to;
    (void)scratch;
    rt_piece(g->k, (uint32_t)s->parts, (uint32_t)item, &from, &to);
    rt_syrk(g->m, to - from, g->alpha, g->x + from, g->k, s->part + item * g->m * g->m);
}

static void one_row(const void *user, int64_t i, void *scratch)
{
    const struct sums *s = user;
    const int64_t m = s->g->m;
    (void)scratch;
    for (int64_t j = 0; j <= i; j++) {
        float sum = 0;
        for (int64_t p = 0; p < s->parts; p++)
            sum += s->part[(p * m + i) * m + j];
        s->c[i * m + j] = s->c[j * m + i] = sum;
    }
}

imp_status rt_gram_run(const struct rt_gram *g, float *c, void *scratch, imp_job *job)
{
    const struct sums s = {.g = g, .parts = parts_of(g->m, g->k), .part = scratch, .c = c};
    struct rt_lanes parts = {.items = s.parts,
                             .cost = (double)g->m * (double)g->m * (double)g->k / (double)s.parts};
    struct rt_lanes rows = {.items = g->m, .cost = (double)(g->m * s.parts)};
    rt_lanes_set(&parts);
    rt_lanes_set(&rows);
    const imp_status st = rt_lanes_run(&parts, job, NULL, one_part, &s);
    return st == IMP_OK ? rt_lanes_run(&rows, job, NULL, one_row, &s) : st;
}

imp_status rt_gram_back(const struct rt_gram *g, const float *dc, float *dx, void *scratch,
                        imp_job *job)
{
    const int64_t m = g->m;
    float *both = scratch;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < m; j++)
            both[i * m + j] = dc[i * m + j] + dc[j * m + i];
    const struct rt_product p = {.add = 1,
                                 .m = m,
                                 .n = g->k,
                                 .k = m,
                                 .lda = m,
                                 .ldb = g->k,
                                 .ldc = g->k,
                                 .alpha = g->alpha,
                                 .a = both,
                                 .b = g->x,
                                 .c = dx};
    return rt_product_run(&p, job);
}
