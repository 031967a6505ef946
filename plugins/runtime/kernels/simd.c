/* simd.c - see simd.h. */
#include "simd.h"

#include <stdlib.h>

static enum rt_simd best_here(void)
{
#if RT_HAVE_X86
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return RT_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return RT_AVX2;
#endif
    return RT_PORTABLE;
}

const char *rt_simd_name(enum rt_simd v)
{
    static const char *const names[RT_VARIANTS] = {"portable", "avx2", "avx512"};
    return names[v];
}

enum rt_simd rt_simd(void)
{
    const enum rt_simd best = best_here();
    const char *asked = getenv("IMPASTO_SIMD");
    for (enum rt_simd v = RT_PORTABLE; asked && v < best; v++)
        if (!strcmp(asked, rt_simd_name(v)))
            return v;
    return best;
}
