/* advae.h - what the filters of this plugin share. */
#ifndef IMP_ADVAE_H
#define IMP_ADVAE_H
#include "inside.h"
#include "school.h"
#include <impasto/kit_sight.h>

extern const imp_filter av_filter_train, av_filter_synth, av_filter_measure;

#define AV_FILTER                                                                                  \
    .struct_size = sizeof(imp_filter), .flags = IMP_FILTER_DETERMINISTIC, .threads = IMP_PARALLEL, \
    .params_version = 1, .create = av_create, .destroy = av_destroy

struct av_self { /* *instance of every filter here */
    const imp_host *host;
    const imp_cell *params;
    kit_nn nn;
};
imp_status av_create(const imp_host *, const imp_filter *, const imp_cell *params, void **instance,
                     imp_error *) IMP_NX;
void av_destroy(void *instance) IMP_NX;
void av_release(const struct av_self *, imp_nn_model *); /* NULL allowed */

/* What a model says of itself. IMP_E_INPUT: not one of advae.train's. */
struct av_card {
    struct av_traits traits;
    uint32_t side, latent;
};
imp_status av_card_read(const kit_nn *, const imp_nn_model *, struct av_card *, imp_error *);
/* The drawings that it keeps for outlines; none where it has none. av_inside_free. */
imp_status av_card_inside(const kit_nn *, const imp_nn_model *, const struct av_card *, av_inside *,
                          imp_error *);
/* Its inputs become 0, for one picture: a run wants all of them, also those that it does not
 * need. */
imp_status av_card_clear(av_link *, const struct av_card *, imp_error *);

#endif
