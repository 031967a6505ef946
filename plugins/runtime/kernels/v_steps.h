/* v_steps.h - rows of pixels to and from vectors over tiles: element f = step * lane + j of a row
 * is lane `lane` of vector j. For v_*.c. */
#ifndef IMP_RT_V_STEPS_H
#define IMP_RT_V_STEPS_H
#include "simd.h"
#include <stdbool.h>

static inline void rt_prefetch(const float *p)
{
    __builtin_prefetch(p);
}
static inline void rt_prefetch_write(const float *p)
{
    __builtin_prefetch(p, 1, 2);
}

#if RT_SIMD == 2
static inline __m512 rt_two(__m512 a, __m512 b, __m512i which)
{
    return _mm512_permutex2var_ps(a, which, b);
}
static inline __m512i rt_index(int step, int first) /* first, first + step, ... */
{
    return _mm512_add_epi32(
        _mm512_mullo_epi32(_mm512_set1_epi32(step),
                           _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)),
        _mm512_set1_epi32(first));
}
/* Of three vectors element 3 t + u, t = 0..15: what is in the first two, then the rest. */
static inline __m512 rt_third(const __m512 *a, int u)
{
    static const int32_t rest[3][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29},
                                        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30},
                                        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31}};
    return rt_two(rt_two(a[0], a[1], rt_index(3, u)), a[2], _mm512_loadu_si512(rest[u]));
}

/* f[0 .. 16 step) in `step` vectors to d[0 .. step) */
static inline void rt_apart(int step, const rt_vec *f, rt_vec *d)
{
    const __m512i even = rt_index(2, 0), odd = rt_index(2, 1);
    rt_vec half[2][3];
    RT_UNROLL
    for (int i = 0; i < step / 2; i++) {
        half[0][i] = rt_two(f[2 * i], f[2 * i + 1], even);
        half[1][i] = rt_two(f[2 * i], f[2 * i + 1], odd);
    }
    RT_UNROLL
    for (int p = 0; p < 2; p++)
        if (step == 2) {
            d[p] = half[p][0];
        } else if (step == 4) {
            d[p] = rt_two(half[p][0], half[p][1], even);
            d[p + 2] = rt_two(half[p][0], half[p][1], odd);
        } else {
            RT_UNROLL
            for (int u = 0; u < 3; u++)
                d[p + 2 * u] = rt_third(half[p], u);
        }
}

/* Vector k of what rt_third took apart. */
static inline __m512 rt_thirds(const __m512 *d, int k)
{
    static const int32_t two[3][16] = {{0, 16, 0, 1, 17, 0, 2, 18, 0, 3, 19, 0, 4, 20, 0, 5},
                                       {21, 0, 6, 22, 0, 7, 23, 0, 8, 24, 0, 9, 25, 0, 10, 26},
                                       {0, 11, 27, 0, 12, 28, 0, 13, 29, 0, 14, 30, 0, 15, 31, 0}};
    static const int32_t rest[3][16] = {{0, 1, 16, 3, 4, 17, 6, 7, 18, 9, 10, 19, 12, 13, 20, 15},
                                        {0, 21, 2, 3, 22, 5, 6, 23, 8, 9, 24, 11, 12, 25, 14, 15},
                                        {26, 1, 2, 27, 4, 5, 28, 7, 8, 29, 10, 11, 30, 13, 14, 31}};
    return rt_two(rt_two(d[0], d[1], _mm512_loadu_si512(two[k])), d[2],
                  _mm512_loadu_si512(rest[k]));
}

/* and back; step may be 3, too */
static inline void rt_together(int step, const rt_vec *d, rt_vec *f)
{
    const __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(8));
    rt_vec half[2][3];
    if (step == 3) {
        RT_UNROLL
        for (int k = 0; k < 3; k++)
            f[k] = rt_thirds(d, k);
        return;
    }
    RT_UNROLL
    for (int p = 0; p < 2; p++)
        if (step == 2) {
            half[p][0] = d[p];
        } else if (step == 4) {
            half[p][0] = rt_two(d[p], d[p + 2], low);
            half[p][1] = rt_two(d[p], d[p + 2], high);
        } else {
            const rt_vec three[3] = {d[p], d[p + 2], d[p + 4]};
            RT_UNROLL
            for (int k = 0; k < 3; k++)
                half[p][k] = rt_thirds(three, k);
        }
    RT_UNROLL
    for (int i = 0; i < step / 2; i++) {
        f[2 * i] = rt_two(half[0][i], half[1][i], low);
        f[2 * i + 1] = rt_two(half[0][i], half[1][i], high);
    }
}

static inline rt_vec rt_load_bits(const float *p, uint32_t bits)
{
    return _mm512_maskz_loadu_ps((__mmask16)bits, p);
}
static inline void rt_store_bits(float *p, uint32_t bits, rt_vec v)
{
    _mm512_mask_storeu_ps(p, (__mmask16)bits, v);
}
static inline rt_vec rt_pick_bits(uint32_t bits, rt_vec yes, rt_vec no)
{
    return _mm512_mask_mov_ps(no, (__mmask16)bits, yes);
}
/* a one lane down, the first of next coming in */
static inline rt_vec rt_down(rt_vec a, rt_vec next)
{
    return _mm512_castsi512_ps(
        _mm512_alignr_epi32(_mm512_castps_si512(next), _mm512_castps_si512(a), 1));
}
/* Taps 0..7 of each filter to v, those that are not there as zeros; the ninth of all. */
static inline rt_vec rt_take_some_taps(const float *w, int64_t row, int64_t next, int64_t n,
                                       int64_t nexts, rt_vec *v)
{
    float last[16] = {0};
    for (int r = 0; r < 8; r++) {
        const float *low = w + r * row, *high = low + next;
        const bool there = r < n, more = there && nexts > 1;
        v[r] = _mm512_castps256_ps512(there ? _mm256_loadu_ps(low) : _mm256_setzero_ps());
        v[r] = _mm512_insertf32x8(v[r], more ? _mm256_loadu_ps(high) : _mm256_setzero_ps(), 1);
        last[r] = there ? low[8] : 0;
        last[8 + r] = more ? high[8] : 0;
    }
    return _mm512_loadu_ps(last);
}
static inline __m128 rt_ninth(const float *w, int64_t row) /* of four filters */
{
    const __m128 a = _mm_unpacklo_ps(_mm_load_ss(w + 8), _mm_load_ss(w + row + 8));
    const __m128 b = _mm_unpacklo_ps(_mm_load_ss(w + 2 * row + 8), _mm_load_ss(w + 3 * row + 8));
    return _mm_movelh_ps(a, b);
}
static inline rt_vec rt_take_all_taps(const float *w, int64_t row, int64_t next, rt_vec *v)
{
    enum { AHEAD = 128, STEPS = 6 }; /* filters come from memory: floats of a row, or calls */
    const bool beside = row < next;  /* the eight lie together, the next ones far away */
    RT_UNROLL
    for (int r = 0; r < 8; r++) {
        const float *low = w + r * row;
        const uintptr_t ahead = (uintptr_t)(beside ? STEPS * next : AHEAD) * sizeof *low;
        __builtin_prefetch((const void *)((uintptr_t)low + ahead));
        if (beside)
            __builtin_prefetch((const void *)((uintptr_t)(low + next) + ahead));
        v[r] = _mm512_insertf32x8(_mm512_castps256_ps512(_mm256_loadu_ps(low)),
                                  _mm256_loadu_ps(low + next), 1);
    }
    const float *high = w + next;
    const __m256 a = _mm256_set_m128(rt_ninth(w + 4 * row, row), rt_ninth(w, row));
    const __m256 b = _mm256_set_m128(rt_ninth(high + 4 * row, row), rt_ninth(high, row));
    return _mm512_insertf32x8(_mm512_castps256_ps512(a), b, 1);
}
/* 3x3 taps of eight filters `row` apart and (upper lanes) of eight more, `next` further on; of each
 * eight n are there. All nine floats of a filter lie together. */
static inline void rt_taps(const float *w, int64_t row, int64_t next, int64_t n, int64_t nexts,
                           rt_vec *taps)
{
    rt_vec a[8], b[8], last;
    if (n >= 8 && nexts > 1)
        last = rt_take_all_taps(w, row, next, a);
    else
        last = rt_take_some_taps(w, row, next, n, nexts, a);
    for (int r = 0; r < 8; r += 2) {
        b[r] = _mm512_unpacklo_ps(a[r], a[r + 1]);
        b[r + 1] = _mm512_unpackhi_ps(a[r], a[r + 1]);
    }
    for (int r = 0; r < 8; r += 4)
        RT_UNROLL
    for (int k = 0; k < 2; k++) {
        a[r + 2 * k] = _mm512_shuffle_ps(b[r + k], b[r + k + 2], 0x44);
        a[r + 2 * k + 1] = _mm512_shuffle_ps(b[r + k], b[r + k + 2], 0xee);
    }
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    for (int k = 0; k < 4; k++) {
        const __m512d x = _mm512_castps_pd(a[k]), y = _mm512_castps_pd(a[k + 4]);
        taps[k] = _mm512_castpd_ps(_mm512_permutex2var_pd(x, low, y));
        taps[k + 4] = _mm512_castpd_ps(_mm512_permutex2var_pd(x, high, y));
    }
    taps[8] = last;
}
/* RT_LANES vectors as a matrix, turned over. */
static inline void rt_turn(rt_vec *v)
{
    rt_vec a[16];
    RT_UNROLL
    for (int i = 0; i < 16; i += 2) {
        a[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
        a[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
    }
    RT_UNROLL
    for (int i = 0; i < 16; i += 4) {
        v[i] = _mm512_shuffle_ps(a[i], a[i + 2], 0x44);
        v[i + 1] = _mm512_shuffle_ps(a[i], a[i + 2], 0xee);
        v[i + 2] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0x44);
        v[i + 3] = _mm512_shuffle_ps(a[i + 1], a[i + 3], 0xee);
    }
    RT_UNROLL
    for (int i = 0; i < 4; i++) { /* lane 4 q + i of rows 0..3, 4..7, ... */
        const rt_vec low = _mm512_shuffle_f32x4(v[i], v[i + 4], 0x88);
        const rt_vec high = _mm512_shuffle_f32x4(v[i], v[i + 4], 0xdd);
        const rt_vec low2 = _mm512_shuffle_f32x4(v[i + 8], v[i + 12], 0x88);
        const rt_vec high2 = _mm512_shuffle_f32x4(v[i + 8], v[i + 12], 0xdd);
        a[i] = _mm512_shuffle_f32x4(low, low2, 0x88);
        a[i + 8] = _mm512_shuffle_f32x4(low, low2, 0xdd);
        a[i + 4] = _mm512_shuffle_f32x4(high, high2, 0x88);
        a[i + 12] = _mm512_shuffle_f32x4(high, high2, 0xdd);
    }
    RT_UNROLL
    for (int i = 0; i < 16; i++)
        v[i] = a[i];
}
/* Eight lanes to p, eight to p + next. */
static inline void rt_store_eights(float *p, int64_t next, rt_vec v)
{
    _mm256_storeu_ps(p, _mm512_castps512_ps256(v));
    _mm256_storeu_ps(p + next, _mm512_extractf32x8_ps(v, 1));
}
#else
static inline void rt_apart(int step, const rt_vec *f, rt_vec *d)
{
    float from[6 * RT_LANES], to[6][RT_LANES];
    RT_UNROLL
    for (int i = 0; i < step; i++)
        rt_store(from + i * RT_LANES, f[i]);
    RT_UNROLL
    for (int j = 0; j < step; j++)
        for (int t = 0; t < RT_LANES; t++)
            to[j][t] = from[step * t + j];
    RT_UNROLL
    for (int j = 0; j < step; j++)
        d[j] = rt_load(to[j]);
}
static inline void rt_together(int step, const rt_vec *d, rt_vec *f)
{
    float from[6][RT_LANES], to[6 * RT_LANES];
    RT_UNROLL
    for (int j = 0; j < step; j++)
        rt_store(from[j], d[j]);
    RT_UNROLL
    for (int j = 0; j < step; j++)
        for (int t = 0; t < RT_LANES; t++)
            to[step * t + j] = from[j][t];
    RT_UNROLL
    for (int i = 0; i < step; i++)
        f[i] = rt_load(to + i * RT_LANES);
}
static inline rt_vec rt_load_bits(const float *p, uint32_t bits)
{
    float all[RT_LANES] = {0};
    if (bits == (1u << RT_LANES) - 1)
        return rt_load(p);
    for (int i = 0; i < RT_LANES; i++)
        if (bits >> i & 1)
            all[i] = p[i];
    return rt_load(all);
}
static inline void rt_store_bits(float *p, uint32_t bits, rt_vec v)
{
    float all[RT_LANES];
    if (bits == (1u << RT_LANES) - 1) {
        rt_store(p, v);
        return;
    }
    rt_store(all, v);
    for (int i = 0; i < RT_LANES; i++)
        if (bits >> i & 1)
            p[i] = all[i];
}
static inline rt_vec rt_pick_bits(uint32_t bits, rt_vec yes, rt_vec no)
{
    float a[RT_LANES], b[RT_LANES];
    rt_store(a, yes);
    rt_store(b, no);
    for (int i = 0; i < RT_LANES; i++)
        if (bits >> i & 1)
            b[i] = a[i];
    return rt_load(b);
}
static inline rt_vec rt_down(rt_vec a, rt_vec next)
{
    float all[RT_LANES + 1];
    rt_store(all, a);
    float first[RT_LANES];
    rt_store(first, next);
    all[RT_LANES] = first[0];
    return rt_load(all + 1);
}
static inline void rt_taps(const float *w, int64_t row, int64_t next, int64_t n, int64_t nexts,
                           rt_vec *taps)
{
    float all[9][RT_LANES] = {{0}};
    (void)next;
    for (int r = 0; r < RT_LANES && r < n && nexts > 0; r++)
        RT_UNROLL
    for (int t = 0; t < 9; t++)
        all[t][r] = w[r * row + t];
    RT_UNROLL
    for (int t = 0; t < 9; t++)
        taps[t] = rt_load(all[t]);
}
static inline void rt_turn(rt_vec *v)
{
    float from[RT_LANES][RT_LANES], to[RT_LANES][RT_LANES];
    for (int i = 0; i < RT_LANES; i++)
        rt_store(from[i], v[i]);
    for (int i = 0; i < RT_LANES; i++)
        for (int j = 0; j < RT_LANES; j++)
            to[j][i] = from[i][j];
    for (int i = 0; i < RT_LANES; i++)
        v[i] = rt_load(to[i]);
}
static inline void rt_store_eights(float *p, int64_t next, rt_vec v)
{
    (void)next;
    rt_store(p, v);
}
#endif
#endif
