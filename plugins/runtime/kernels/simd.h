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
#ifdef __GNUC__
#define RT_INLINE static inline __attribute__((always_inline)) /* constants go in */
#else
#define RT_INLINE static inline
#endif
/* Before a short loop with a constant count, whose arrays are then registers. */
#define RT_UNROLL _Pragma("GCC unroll 16")
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
/* v, in a register: else gcc reads memory again for each use, which costs where lines are crossed
 */
static inline rt_vec rt_hold(rt_vec v)
{
    __asm__("" : "+v"(v));
    return v;
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
/* a NaN of either stays */
static inline rt_vec rt_larger(rt_vec a, rt_vec b)
{
    return _mm512_mask_mov_ps(_mm512_max_ps(b, a), _mm512_cmp_ps_mask(b, b, _CMP_UNORD_Q), b);
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
static inline rt_vec rt_add(rt_vec a, rt_vec b)
{
    return _mm512_add_ps(a, b);
}
static inline rt_vec rt_mul(rt_vec a, rt_vec b)
{
    return _mm512_mul_ps(a, b);
}
/* Of all lanes, in an order that the variant fixes. */
static inline float rt_sum(rt_vec v)
{
    return _mm512_reduce_add_ps(v);
}
/* Of the 2 RT_LANES floats a, b: those with even and with odd places; and back. */
static inline void rt_split(rt_vec a, rt_vec b, rt_vec *even, rt_vec *odd)
{
    const __m512i e = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    *even = _mm512_permutex2var_ps(a, e, b);
    *odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(e, _mm512_set1_epi32(1)), b);
}
/* 0, then all lanes but the last */
static inline rt_vec rt_shift_in(rt_vec v)
{
    return _mm512_castsi512_ps(
        _mm512_alignr_epi32(_mm512_castps_si512(v), _mm512_setzero_si512(), 15));
}
static inline void rt_join(rt_vec even, rt_vec odd, rt_vec *a, rt_vec *b)
{
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    *a = _mm512_permutex2var_ps(even, low, odd);
    *b = _mm512_permutex2var_ps(even, _mm512_add_epi32(low, _mm512_set1_epi32(8)), odd);
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
static inline rt_vec rt_hold(rt_vec v)
{
    __asm__("" : "+x"(v));
    return v;
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
static inline rt_vec rt_larger(rt_vec a, rt_vec b)
{
    return _mm256_blendv_ps(_mm256_max_ps(b, a), b, _mm256_cmp_ps(b, b, _CMP_UNORD_Q));
}
static inline rt_vec rt_gate(rt_vec gate, rt_vec x)
{
    return _mm256_and_ps(_mm256_cmp_ps(gate, _mm256_setzero_ps(), _CMP_GT_OQ), x);
}
static inline rt_vec rt_add(rt_vec a, rt_vec b)
{
    return _mm256_add_ps(a, b);
}
static inline rt_vec rt_mul(rt_vec a, rt_vec b)
{
    return _mm256_mul_ps(a, b);
}
static inline float rt_sum(rt_vec v)
{
    __m128 h = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    h = _mm_add_ps(h, _mm_movehl_ps(h, h));
    return _mm_cvtss_f32(_mm_add_ss(h, _mm_shuffle_ps(h, h, 1)));
}
static inline __m256 rt_middle_swapped(__m256 v) /* quarters 0, 2, 1, 3 */
{
    return _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(v), 0xd8));
}
static inline void rt_split(rt_vec a, rt_vec b, rt_vec *even, rt_vec *odd)
{
    *even = rt_middle_swapped(_mm256_shuffle_ps(a, b, 0x88));
    *odd = rt_middle_swapped(_mm256_shuffle_ps(a, b, 0xdd));
}
static inline rt_vec rt_shift_in(rt_vec v)
{
    const __m256i behind = _mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6);
    return _mm256_blend_ps(_mm256_permutevar8x32_ps(v, behind), _mm256_setzero_ps(), 1);
}
static inline void rt_join(rt_vec even, rt_vec odd, rt_vec *a, rt_vec *b)
{
    const __m256 low = _mm256_unpacklo_ps(even, odd), high = _mm256_unpackhi_ps(even, odd);
    *a = _mm256_permute2f128_ps(low, high, 0x20);
    *b = _mm256_permute2f128_ps(low, high, 0x31);
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
static inline rt_vec rt_hold(rt_vec v)
{
    return v;
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
static inline rt_vec rt_larger(rt_vec a, rt_vec b)
{
    return rt_pick((b > a) | (b != b), b, a);
}
static inline rt_vec rt_gate(rt_vec gate, rt_vec x)
{
    return (rt_vec)((rt_vec_bits)(gate > rt_zero()) & (rt_vec_bits)x);
}
static inline rt_vec rt_add(rt_vec a, rt_vec b)
{
    return a + b;
}
static inline rt_vec rt_mul(rt_vec a, rt_vec b)
{
    return a * b;
}
static inline float rt_sum(rt_vec v)
{
    return (v[0] + v[2]) + (v[1] + v[3]);
}
static inline void rt_split(rt_vec a, rt_vec b, rt_vec *even, rt_vec *odd)
{
    *even = (rt_vec){a[0], a[2], b[0], b[2]};
    *odd = (rt_vec){a[1], a[3], b[1], b[3]};
}
static inline rt_vec rt_shift_in(rt_vec v)
{
    return (rt_vec){0, v[0], v[1], v[2]};
}
static inline void rt_join(rt_vec even, rt_vec odd, rt_vec *a, rt_vec *b)
{
    *a = (rt_vec){even[0], odd[0], even[1], odd[1]};
    *b = (rt_vec){even[2], odd[2], even[3], odd[3]};
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
