/* processor.c - chooses the kernels of the matrix library by CPUID; the library itself need not be
 * loaded. */
#include "processor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
enum level { LEVEL_BASE, LEVEL_SSE, LEVEL_AVX2, LEVEL_AVX512 };

static enum level level_of_processor(void)
{
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return LEVEL_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return LEVEL_AVX2;
    return __builtin_cpu_supports("sse4.2") ? LEVEL_SSE : LEVEL_BASE;
}

const char *processor_core_type(const char *simd, bool exact)
{
    static const char *const names[] = {"Prescott", "Nehalem", "Haswell", "SkylakeX"};
    enum level level = level_of_processor(), most = LEVEL_AVX512;
    if (exact || (simd && !strcmp(simd, "sse")))
        most = LEVEL_SSE;
    else if (simd && !strcmp(simd, "avx2"))
        most = LEVEL_AVX2;
    return names[level < most ? level : most];
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
    const char *type = processor_core_type(simd, exact);
    setenv("OPENBLAS_NUM_THREADS", "1", 0);
    if (type)
        setenv("OPENBLAS_CORETYPE", type, 0);
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
