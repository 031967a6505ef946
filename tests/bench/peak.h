/* peak.h - how many fused multiply-adds this machine's processors do, measured. */
#ifndef IMP_BENCH_PEAK_H
#define IMP_BENCH_PEAK_H
/* fp32 GFLOP/s (two for each multiply-add) of `threads` threads (1 .. 64) that work in registers alone, with the widest
 * vectors of this processor, over about 60 ms. 0: it has no fused multiply-add. */
double peak_gflops(int threads);
#endif
