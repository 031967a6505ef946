/* peers.h - the same operation by another library, on an 8-bit RGB picture of its own held in memory, which
 * is that library's natural format. prepare once; run answers false where the library lacks it. */
#ifndef IMP_BENCH_PEERS_H
#define IMP_BENCH_PEERS_H
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif
enum bench_op { OP_HALF, OP_LANCZOS, OP_BLUR2, OP_BLUR20, OP_SHARPEN, OP_MEDIAN1, OP_MEDIAN5, OP_EDGES, OP_GAMMA, OP_SATURATE,
                OP_GREY, OP_NEGATE, OP_FLIP, OP_ROTATE90, OP_ROTATE7, OP_CROP, OP_COUNT };
void vips_prepare(unsigned width, unsigned height, const unsigned char *rgb);
bool vips_run(enum bench_op);
void cv_prepare(unsigned width, unsigned height, const unsigned char *rgb);
bool cv_run(enum bench_op);
#ifdef __cplusplus
}
#endif
#endif
