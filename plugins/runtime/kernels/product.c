/* product.c - see product.h. */
#include "product.h"
#include "gemm.h"
#include "lanes.h"

/* Blocks that there should be at least where they are worth it; the smallest side of one; its
 * multiply-accumulates at least and (so that a cancel is heard) at most. */
enum { ITEMS = 16, SIDE = 64, WORTH = 1 << 18, LONG = 1 << 30 };

struct cut {
    const struct rt_product *p;
    int64_t own, sums; /* matrices of C; products added up in each */
    int64_t m_blocks, n_blocks;
    struct rt_lanes lanes;
};

/* Matrices of C (own) or products for each of them. */
static int64_t batch(const struct rt_product *p, bool own)
{
    int64_t n = 1;
    for (uint32_t i = 0; i < p->axes; i++)
        if ((p->step_c[i] != 0) == own)
            n *= p->dim[i];
    return n;
}

static struct cut cut_up(const struct rt_product *p)
{
    struct cut t = {.p = p, .own = batch(p, true), .sums = batch(p, false)};
    const double cost = (double)p->m * (double)p->n * (double)p->k * (double)t.sums;
    t.m_blocks = t.n_blocks = 1;
    for (double each = cost; each > LONG || (each > WORTH && t.own * t.m_blocks * t.n_blocks < ITEMS);
         each /= 2) {
        const int64_t m = p->m / t.m_blocks, n = p->n / t.n_blocks;
        if (m < 2 * SIDE && n < 2 * SIDE)
            break;
        if (m > n)
            t.m_blocks *= 2;
        else
            t.n_blocks *= 2;
    }
    t.lanes.items = t.own * t.m_blocks * t.n_blocks;
    t.lanes.cost = cost / (double)(t.m_blocks * t.n_blocks);
    rt_lanes_set(&t.lanes);
    return t;
}

/* Moves a, b, c to index `flat` of the batch axes that C has, or that it sums over. */
static void move(const struct rt_product *p, int64_t flat, bool own, int64_t at[3])
{
    for (uint32_t i = p->axes; i-- > 0;) {
        if ((p->step_c[i] != 0) != own)
            continue;
        const int64_t k = flat % p->dim[i];
        flat /= p->dim[i];
        at[0] += k * p->step_a[i];
        at[1] += k * p->step_b[i];
        at[2] += k * p->step_c[i];
    }
}

static void one(const void *user, int64_t item, void *scratch)
{
    const struct cut *t = user;
    const struct rt_product *p = t->p;
    (void)scratch;
    int64_t base[3] = {0}, m0, m1, n0, n1;
    rt_piece(p->n, (uint32_t)t->n_blocks, (uint32_t)(item % t->n_blocks), &n0, &n1);
    item /= t->n_blocks;
    rt_piece(p->m, (uint32_t)t->m_blocks, (uint32_t)(item % t->m_blocks), &m0, &m1);
    move(p, item / t->m_blocks, true, base);
    for (int64_t s = 0; s < t->sums; s++) {
        int64_t at[3] = {base[0], base[1], base[2]};
        move(p, s, false, at);
        rt_gemm(p->trans_a, p->trans_b, m1 - m0, n1 - n0, p->k, p->alpha,
                p->a + at[0] + (p->trans_a ? m0 : m0 * p->lda), p->lda,
                p->b + at[1] + (p->trans_b ? n0 * p->ldb : n0), p->ldb, p->add ? 1 : 0,
                p->c + at[2] + m0 * p->ldc + n0, p->ldc);
    }
}

imp_status rt_product_run(const struct rt_product *p, imp_job *job)
{
    const struct cut t = cut_up(p);
    return rt_lanes_run(&t.lanes, job, NULL, one, &t);
}
