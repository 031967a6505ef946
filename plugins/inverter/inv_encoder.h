/* inv_encoder.h - which network a decoder was learnt for. Codes of another one have the same shape
 * and the same name, and give a picture of garbage; so a decoder knows what its layer answers to a
 * picture that is always the same. An answer, not a sum of bytes: it holds through formats, folding
 * and processors, and says how far another network is. */
#ifndef IMP_INV_ENCODER_H
#define IMP_INV_ENCODER_H
#include "inverter.h"

#define INV_ENCODER_KEY "encoder" /* of a decoder's meta */
/* Relative distances of answers: beyond the first it is warned, beyond the second the codes are
 * others. Measured of texel: other kernels, or through ONNX, 1e-5; pruned until its codes of
 * paintings err by 0.12, 0.62 (noise is unlike what it was tuned on); another training, 1.1 at
 * relu2_1, 3.3 at relu3_1. */
#define INV_ENCODER_NEAR 0.02
#define INV_ENCODER_FAR  0.85

/* A value of each of the node's maps, 64 at most, for a picture of noise, as text; free() it.
 * [worker] */
imp_status inv_encoder_sign(const kit_sight *, uint32_t node, imp_job *, char **text, imp_error *);
/* ||now - then|| / ||then||, then: such a text; INFINITY of another number of maps, or where it is
 * none. [worker, or job NULL: any] */
imp_status inv_encoder_distance(const kit_sight *, uint32_t node, const char *then, imp_job *,
                                double *distance, imp_error *);

#endif
