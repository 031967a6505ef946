/* processor.c - chooses the kernels of the matrix library by CPUID; the library itself need not be
 * loaded. */
#include "processor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum level { PORTABLE, AVX2, AVX512 };
const char *const processor_simd_names[] = {"portable", "avx2", "avx512", "auto", NULL};

static enum level level_of_processor(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return AVX2;
#endif
    return PORTABLE;
}

static enum level level_allowed(const char *simd, bool exact)
{
    const enum level level = level_of_processor();
    enum level most = AVX512;
    if (exact || (simd && !strcmp(simd, "portable")))
        most = PORTABLE;
    else if (simd && !strcmp(simd, "avx2"))
        most = AVX2;
    return level < most ? level : most;
}

const char *processor_simd(const char *simd, bool exact)
{
    return processor_simd_names[level_allowed(simd, exact)];
}

#if defined(__x86_64__)
/* Portable is one type for all: it wants no more than SSE3, which every x86-64 since 2005 has. */
const char *processor_core_type(const char *simd, bool exact)
{
    static const char *const names[] = {"Prescott", "Haswell", "SkylakeX"};
    const enum level level = level_allowed(simd, exact);
    const bool forced = exact || (simd && !strcmp(simd, "portable"));
    return level == PORTABLE && !forced && __builtin_cpu_supports("sse4.2") ? "Nehalem"
                                                                            : names[level];
}
#else
const char *processor_core_type(const char *simd, bool exact)
{
    (void)simd, (void)exact;
    return NULL;
}
#endif

void processor_prepare(const char *simd, bool exact)
{
    const char *type = processor_core_type(simd, exact), *users = getenv("OPENBLAS_CORETYPE");
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
    if (type && (exact || !users || !*users))
        setenv("OPENBLAS_CORETYPE", type, 1);
    if (exact)
        setenv("IMPASTO_SIMD", "portable", 1);
}

bool processor_name(char *buf, unsigned size)
{
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10))
            continue;
        snprintf(buf, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        found = true;
    }
    if (file)
        fclose(file);
    return found;
}
