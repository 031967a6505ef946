/* rows.c - see rows.h. */
#include "rows.h"

void rt_rows_product(const struct rt_rows *p)
{
    static const struct rt_rows_kernels *const all[RT_VARIANTS] = RT_TABLES(rt_rows_kernels);
    all[rt_simd()]->product(p);
}
