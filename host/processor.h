/* processor.h - what is set by the kind of processor before the first plugin is loaded. */
#ifndef IMP_PROCESSOR_H
#define IMP_PROCESSOR_H
#include <stdbool.h>

/* OpenBLAS's name of the kernels for this processor ("SkylakeX", "Haswell", "Nehalem", "Prescott"),
 * no better than `simd` allows ("avx512", "avx2", "sse"; NULL, "auto": all); exact: the same on
 * every x86-64 of the last fifteen years. NULL: leave it to the library (another architecture). */
const char *processor_core_type(const char *simd, bool exact);
/* Sets OPENBLAS_NUM_THREADS=1 and OPENBLAS_CORETYPE where the user did not. OpenBLAS reads both
 * while it is loaded, and on processors newer than itself chooses kernels that are several times
 * slower. Main thread, before any other thread and any plugin. */
void processor_prepare(const char *simd, bool exact);
/* "AMD EPYC 7763 64-Core Processor" into buf; false: not known. */
bool processor_name(char *buf, unsigned size);

#endif
