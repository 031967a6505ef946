/* sights.h - what the filters of this plugin that look through a network share (kit_sight.h). */
#ifndef IMP_EN_SIGHTS_H
#define IMP_EN_SIGHTS_H
#include <impasto/kit_sight.h>
#include "codes.h"

#define EN_NET                                                                                     \
    {                                                                                              \
        .name = "net", .kind = IMP_OBJECT, .type = IMP_NN_MODEL_TYPE,                              \
        .help = "The network, of net.load for instance."                                           \
    }
#define EN_PICTURE                                                                                 \
    .kind = IMP_IMAGE, .channels = 1u << 1 | 1u << 3, .colours = 1u << IMP_SRGB | 1u << IMP_DATA

enum { EN_MARGIN = 16 /* px of mirrored border: the zeros of paddings leave a rim */ };

/* create and destroy; *instance is this. nn: services, acquired until destroy. */
struct en_net {
    struct en_instance as;
    const imp_host *host;
    kit_nn nn;
};
imp_status en_net_create(const imp_host *, const imp_filter *, const imp_cell *params,
                         void **instance, imp_error *) IMP_NX;
void en_net_destroy(void *instance) IMP_NX;

/* While planning: opens the network of port 0 and finds the layers. NULL: unknown yet, or a mistake
 * was told. */
const kit_sight *en_plan_sight(imp_plan *, const struct en_net *, int32_t param,
                               const imp_cell *layers, kit_sight *);
/* The last of these layers in order of execution. */
uint32_t en_deepest(const kit_sight *, const imp_cell *layers);

/* Moments of the maps of a layer. IMP_E_INPUT: nothing but zeros. [worker] */
imp_status en_layer_moments(const kit_code *, struct en_moments *, imp_job *, imp_error *);
/* Does a place of a layer see more than the picture looked at, in one direction at least? Measured:
 * the gradient of the place in the middle reaches both borders. seeds: room for the layer's values.
 */
imp_status en_sees_all(const kit_sight *, imp_nn_run *, uint32_t node, uint32_t w, uint32_t h,
                       float *seeds, imp_job *, bool *all, imp_error *);

#endif
