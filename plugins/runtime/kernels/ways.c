/* ways.c - see ways.h. */
#include "ways.h"

bool rt_way_set(struct rt_way *way, const struct rt_conv *v, bool back)
{
    way->which = RT_WAY_WINO;
    if (rt_wino_set(&way->as.wino, v, back))
        return true;
    way->which = RT_WAY_DILATED;
    if (rt_dilated_set(&way->as.dilated, v, back))
        return true;
    way->which = RT_WAY_WINDOWS;
    return rt_windows_sums_set(&way->as.windows, v, back);
}

uint64_t rt_way_bytes(const struct rt_way *way)
{
    switch (way->which) {
    case RT_WAY_WINO:
        return rt_wino_bytes(&way->as.wino);
    case RT_WAY_DILATED:
        return rt_dilated_bytes(&way->as.dilated);
    default:
        return rt_windows_sums_bytes(&way->as.windows);
    }
}

imp_status rt_way_run(const struct rt_way *way, const float *in, const float *gate, const float *w,
                      const float *kept, const struct rt_after *after, float *out, void *scratch,
                      imp_job *job)
{
    switch (way->which) {
    case RT_WAY_WINO:
        return rt_wino_run(&way->as.wino, in, gate, w, kept, after, out, scratch, job);
    case RT_WAY_DILATED:
        return rt_dilated_run(&way->as.dilated, in, gate, w, after, out, scratch, job);
    default:
        return rt_windows_sums_run(&way->as.windows, in, gate, w, after, out, scratch, job);
    }
}
