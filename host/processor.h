/* processor.h - what is set by the kind of processor before the first plugin is loaded. */
#ifndef IMP_PROCESSOR_H
#define IMP_PROCESSOR_H
#include <stdbool.h>

/* What IMPASTO_SIMD may be; NULL at the end. */
extern const char *const processor_simd_names[];
/* The best vector instructions of this processor that `simd` (a name of the list above, NULL: auto)
 * allows: "portable", "avx2", "avx512". exact: portable. */
const char *processor_simd(const char *simd, bool exact);
/* OpenBLAS's name of the kernels for them ("SkylakeX", "Haswell", "Nehalem", "Prescott"). exact, or
 * portable asked for: Prescott, which every x86-64 runs, to the same bytes. NULL: leave it to the library
 * (another architecture). */
const char *processor_core_type(const char *simd, bool exact);
/* Sets OPENBLAS_NUM_THREADS=1 and, where the user did not or exact asks for more, OPENBLAS_CORETYPE;
 * for exact IMPASTO_SIMD=portable, which plugins with kernels of their own read. OpenBLAS reads its two
 * while it is loaded, and on processors newer than itself chooses kernels that are several times
 * slower. Main thread, before any other thread and any plugin. */
void processor_prepare(const char *simd, bool exact);
/* "AMD EPYC 7763 64-Core Processor" into buf; false: not known. */
bool processor_name(char *buf, unsigned size);

#endif
