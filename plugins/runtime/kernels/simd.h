/* simd.h - vectors of floats for kernels that are compiled once for each kind of processor.
 *
 * A file v_name.c is compiled as many times as there are variants (Makefile), each time with
 * RT_SIMD set. It exports one const table of functions, named with RT_V(); what calls it takes the
 * table of rt_simd(). Sums in the portable variant are multiply, then add: the same bytes on every
 * machine. */
#ifndef IMP_RT_SIMD_H
#define IMP_RT_SIMD_H
#include <stdint.h>
#include <string.h>

enum rt_simd { RT_PORTABLE, RT_AVX2, RT_AVX512, RT_VARIANTS };
/* The variant to use: the best that this processor runs, or what IMPASTO_SIMD says (avx512, avx2,
 * portable) where it runs that. [any] */
enum rt_simd rt_simd(void);
/* "portable", "avx2", "avx512" */
const char *rt_simd_name(enum rt_simd);

#if defined(__x86_64__) && defined(__GNUC__)
#define RT_HAVE_X86 1
#else
#define RT_HAVE_X86 0
#endif
/* The tables of all variants, by enum rt_simd; a variant that this machine cannot have is the
 * portable one. */
#if RT_HAVE_X86
#define RT_TABLES(name)                                                                            \
    {                                                                                              \
        &name##_portable, &name##_avx2, &name##_avx512                                             \
    }
#define RT_DECLARE(type, name) extern const type name##_portable, name##_avx2, name##_avx512
#else
#define RT_TABLES(name)                                                                            \
    {                                                                                              \
        &name##_portable, &name##_portable, &name##_portable                                       \
    }
#define RT_DECLARE(type, name) extern const type name##_portable
#endif

/* ---- inside v_*.c only ---- */
#ifdef RT_SIMD
#if RT_SIMD == 2
#include <immintrin.h>
#define RT_V(name) name##_avx512
enum { RT_LANES = 16 };
typedef __m512 rt_vec;
static inline rt_vec rt_load(const float *p)
{
    return _mm512_loadu_ps(p);
}
static inline void rt_store(float *p, rt_vec v)
{
    _mm512_storeu_ps(p, v);
}
static inline rt_vec rt_all(float x)
{
    return _mm512_set1_ps(x);
}
static inline rt_vec rt_zero(void)
{
    return _mm512_setzero_ps();
}
static inline rt_vec rt_fma(rt_vec a, rt_vec b, rt_vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}
/* NaN where x is NaN */
static inline rt_vec rt_max(rt_vec least, rt_vec x)
{
    return _mm512_max_ps(least, x);
}
static inline rt_vec rt_min(rt_vec most, rt_vec x)
{
    return _mm512_min_ps(most, x);
}
/* x where gate > 0, else 0 */
static inline rt_vec rt_gate(rt_vec gate, rt_vec x)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(gate, _mm512_setzero_ps(), _CMP_GT_OQ), x);
}
/* n of RT_LANES floats; the others are zero, or stay. */
static inline rt_vec rt_load_part(const float *p, int64_t n)
{
    return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}
static inline void rt_store_part(float *p, int64_t n, rt_vec v)
{
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), v);
}
#else
#if RT_SIMD == 1
#include <immintrin.h>
#define RT_V(name) name##_avx2
enum { RT_LANES = 8 };
typedef __m256 rt_vec;
static inline rt_vec rt_load(const float *p)
{
    return _mm256_loadu_ps(p);
}
static inline void rt_store(float *p, rt_vec v)
{
    _mm256_storeu_ps(p, v);
}
static inline rt_vec rt_all(float x)
{
    return _mm256_set1_ps(x);
}
static inline rt_vec rt_zero(void)
{
    return _mm256_setzero_ps();
}
static inline rt_vec rt_fma(rt_vec a, rt_vec b, rt_vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}
static inline rt_vec rt_max(rt_vec least, rt_vec x)
{
    return _mm256_max_ps(least, x);
}
static inline rt_vec rt_min(rt_vec most, rt_vec x)
{
    return _mm256_min_ps(most, x);
}
static inline rt_vec rt_gate(rt_vec gate, rt_vec x)
{
    return _mm256_and_ps(_mm256_cmp_ps(gate, _mm256_setzero_ps(), _CMP_GT_OQ), x);
}
#else
#define RT_V(name) name##_portable
enum { RT_LANES = 4 };
typedef float rt_vec __attribute__((vector_size(16)));
typedef int32_t rt_vec_bits __attribute__((vector_size(16)));
static inline rt_vec rt_load(const float *p)
{
    rt_vec v;
    memcpy(&v, p, sizeof v);
    return v;
}
static inline void rt_store(float *p, rt_vec v)
{
    memcpy(p, &v, sizeof v);
}
static inline rt_vec rt_all(float x)
{
    return (rt_vec){x, x, x, x};
}
static inline rt_vec rt_zero(void)
{
    return (rt_vec){0, 0, 0, 0};
}
static inline rt_vec rt_fma(rt_vec a, rt_vec b, rt_vec c)
{
    return a * b + c;
}
static inline rt_vec rt_pick(rt_vec_bits yes, rt_vec a, rt_vec b)
{
    return (rt_vec)((yes & (rt_vec_bits)a) | (~yes & (rt_vec_bits)b));
}
static inline rt_vec rt_max(rt_vec least, rt_vec x)
{
    return rt_pick(least > x, least, x);
}
static inline rt_vec rt_min(rt_vec most, rt_vec x)
{
    return rt_pick(most < x, most, x);
}
static inline rt_vec rt_gate(rt_vec gate, rt_vec x)
{
    return (rt_vec)((rt_vec_bits)(gate > rt_zero()) & (rt_vec_bits)x);
}
#endif
static inline rt_vec rt_load_part(const float *p, int64_t n)
{
    float all[RT_LANES] = {0};
    memcpy(all, p, (size_t)n * sizeof *all);
    return rt_load(all);
}
static inline void rt_store_part(float *p, int64_t n, rt_vec v)
{
    float all[RT_LANES];
    rt_store(all, v);
    memcpy(p, all, (size_t)n * sizeof *all);
}
#endif
#endif
#endif
