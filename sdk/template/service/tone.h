/* tone.h - the service that @NAME@ provides, for whoever wants to use it: a tone curve. Others copy this file.
 *
 * The revision is part of the id. A published table never changes but by new members at its end, which
 * consumers ask for with IMP_HAS(tone_1, table->struct_size, member); for anything else there is a "/2". */
#ifndef TONE_H
#define TONE_H
#include <impasto/impasto.h>
#ifdef __cplusplus
extern "C" {
#endif

#define TONE_1 "@ID@/1"
typedef struct tone_1 {
    uint32_t struct_size, reserved0;
    /* [any] to[i] = the brightness that from[i] becomes, count of them; strength 0..1, 0 changes nothing.
     * Fails: IMP_E_PARAM, strength out of range. */
    IMP_FN(apply, double strength, uint32_t count, const float *from, float *to);
} tone_1;

#ifdef __cplusplus
}
#endif
#endif
