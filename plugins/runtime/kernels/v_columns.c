/* v_columns.c - see v_columns.h. */
#include "v_columns.h"

enum { L = RT_LANES };

static inline rt_vec part(const float *x, int64_t n)
{
    return n <= 0 ? rt_zero() : n < L ? rt_load_part(x, n) : rt_load(x);
}

static inline void put(float *to, int64_t n, rt_vec v)
{
    if (n < L)
        rt_store_part(to, n, v);
    else
        rt_store(to, v);
}

/* Zeros; whole vectors, where what follows is written later. */
static inline void clear(float *to, int64_t n, int64_t room)
{
    for (int64_t i = 0; i < n; i += L)
        put(to + i, room - i, rt_hold(rt_zero()));
}

static void pack(const struct rt_columns *given, const float *x, float *cols)
{
    const struct rt_columns c = *given;
    int64_t room = c.rows * c.width; /* floats from cols to the end */
    for (int64_t r = 0; r < c.rows; r++, cols += c.width, room -= c.width) {
        const float *from = x + c.table[r] + c.at;
        if (c.table[r] < 0 || c.n < 1) {
            clear(cols, c.width, room);
            continue;
        }
        clear(cols, c.before, room);
        int64_t i = 0;
        for (; i < c.n; i += L) {
            const int64_t n = 2 * (c.n - i) - 1; /* samples up to the last that counts */
            rt_vec even, odd;
            rt_split(part(from + 2 * i, n), part(from + 2 * i + L, n - L), &even, &odd);
            put(cols + c.before + i, room - c.before - i, even);
        }
        if (c.before + i < c.width)
            clear(cols + c.before + i, c.width - c.before - i, room - c.before - i);
    }
}

static void split(const float *x, int64_t n, float *even, float *odd)
{
    rt_vec a, b;
    int64_t i = 0;
    for (; i + 2 * L <= n; i += 2 * L) {
        rt_split(rt_load(x + i), rt_load(x + i + L), &a, &b);
        rt_store(even + i / 2, a);
        rt_store(odd + i / 2, b);
    }
    if (i == n)
        return;
    rt_split(part(x + i, n - i), part(x + i + L, n - i - L), &a, &b);
    put(even + i / 2, (n - i + 1) / 2, a);
    if (n - i > 1)
        put(odd + i / 2, (n - i) / 2, b);
}

/* x += v, n of it at steps of 2 */
static inline void add_spread(float *x, int64_t n, rt_vec v)
{
    const int64_t samples = 2 * n - 1;
    rt_vec a, b;
    rt_join(v, rt_zero(), &a, &b);
    put(x, samples, rt_add(part(x, samples), a));
    if (samples > L)
        put(x + L, samples - L, rt_add(part(x + L, samples - L), b));
}

static void unpack(const struct rt_columns *given, const float *cols, float *x)
{
    const struct rt_columns c = *given;
    for (int64_t r = 0; r < c.rows; r++, cols += c.width)
        for (int64_t i = 0; c.table[r] >= 0 && i < c.n; i += L)
            add_spread(x + c.table[r] + c.at + 2 * i, c.n - i < L ? c.n - i : L,
                       part(cols + c.before + i, c.n - i));
}

const struct rt_columns_table RT_V(rt_columns) = {.pack = pack, .unpack = unpack, .split = split};
