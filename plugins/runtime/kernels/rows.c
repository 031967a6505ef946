/* rows.c - see rows.h. */
#include "rows.h"

static const struct rt_rows_kernels *const all[RT_VARIANTS] = RT_TABLES(rt_rows_kernels);

void rt_rows_product(const struct rt_rows *p)
{
    all[rt_simd()]->product(p);
}

void rt_places_product(const struct rt_places *p)
{
    all[rt_simd()]->places(p);
}

void rt_places_turn(const float *y, const float *gate, int64_t size, int64_t places,
                    int64_t filters, float *to)
{
    all[rt_simd()]->turn(y, gate, size, places, filters, to);
}
