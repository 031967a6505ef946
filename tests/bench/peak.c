#include "peak.h"
#include <pthread.h>
#include <stddef.h>
#include <time.h>

enum {
    CHAINS = 12,
    STEPS = 1 << 16,
    MAX_THREADS = 64
}; /* chains in flight hide the latency of each */

#if defined(__x86_64__)
/* x = x * a + b, which nears b / (1 - a): no denormal, no infinity. Named variables, since
 * compilers leave an array in memory. */
#define EACH(what)                                                                                 \
    what(0) what(1) what(2) what(3) what(4) what(5) what(6) what(7) what(8) what(9) what(10)       \
        what(11)
#define ZERO(i)   vector x##i = {0};
#define STEP_X(i) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+x"(x##i) : "x"(a), "x"(b));
#define STEP_V(i) __asm__ volatile("vfmadd213ps %2, %1, %0" : "+v"(x##i) : "v"(a), "v"(b));
#define SUM(i)    sum += x##i[0];
#define BODY(step)                                                                                 \
    vector a, b;                                                                                   \
    float sum = 0;                                                                                 \
    EACH(ZERO)                                                                                     \
    for (size_t i = 0; i < sizeof a / sizeof(float); i++)                                          \
        a[i] = 0.5f, b[i] = 1;                                                                     \
    for (long s = 0; s < steps; s++) {                                                             \
        EACH(step)                                                                                 \
    }                                                                                              \
    EACH(SUM)                                                                                      \
    return sum;

__attribute__((target("avx2,fma"))) static float loop_avx2(long steps)
{
    typedef float vector __attribute__((vector_size(32)));
    BODY(STEP_X)
}

__attribute__((target("avx512f,fma"))) static float loop_avx512(long steps)
{
    typedef float vector __attribute__((vector_size(64)));
    BODY(STEP_V)
}

struct work {
    pthread_t thread;
    float (*loop)(long);
    long repeats;
    float sum;
};

static void *work(void *user)
{
    struct work *w = user;
    for (long i = 0; i < w->repeats; i++)
        w->sum += w->loop(STEPS);
    return NULL;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct work *w, int threads, long repeats)
{
    const double start = now_s();
    int started = 0;
    for (int i = 0; i < threads; i++)
        w[i].repeats = repeats;
    for (; started < threads - 1; started++)
        if (pthread_create(&w[started].thread, NULL, work, &w[started]))
            break;
    for (int i = started; i < threads; i++)
        work(&w[i]);
    for (int i = 0; i < started; i++)
        pthread_join(w[i].thread, NULL);
    return now_s() - start;
}

double peak_gflops(int threads)
{
    struct work w[MAX_THREADS] = {{.repeats = 0}};
    const int n = threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
    __builtin_cpu_init();
    const int wide = __builtin_cpu_supports("avx512f") != 0;
    if (!wide && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")))
        return 0;
    for (int i = 0; i < n; i++)
        w[i].loop = wide ? loop_avx512 : loop_avx2;
    const double once = seconds(w, n, 20);
    const long repeats = (long)(0.06 / once * 20) + 1;
    const double flops = 2.0 * (wide ? 16 : 8) * CHAINS * STEPS * (double)repeats * n;
    return flops / seconds(w, n, repeats) / 1e9;
}
#else
double peak_gflops(int threads)
{
    (void)threads;
    return 0;
}
#endif
