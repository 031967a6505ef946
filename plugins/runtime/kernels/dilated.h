/* dilated.h - a dilated convolution at stride 1 as ordinary ones: outputs whose places leave the
 * same remainders by the dilations read only inputs that do, so every such phase is a picture by
 * itself. Pads are multiples of the dilation. The pictures go through Winograd (wino.h). */
#ifndef IMP_RT_DILATED_H
#define IMP_RT_DILATED_H
#include "wino.h"

struct rt_dilated {
    const struct rt_conv *v;
    bool back;
    struct rt_conv phases; /* of n * dilations pictures */
    struct rt_wino g;
    uint64_t x_bytes, y_bytes; /* of all phases */
};
/* false: not of this shape, or another way is faster or takes much less memory. */
bool rt_dilated_set(struct rt_dilated *, const struct rt_conv *, bool back);
uint64_t rt_dilated_bytes(const struct rt_dilated *);
/* from: x, or y going back, where gate > 0. IMP_OK or IMP_CANCELLED. */
imp_status rt_dilated_run(const struct rt_dilated *, const float *from, const float *gate,
                          const float *w, const struct rt_after *, float *to, void *scratch,
                          imp_job *);

#endif
