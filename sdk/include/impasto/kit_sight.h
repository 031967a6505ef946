/* kit_sight.h - a network that looks at pictures, through the services of nn.h: which input takes
 * them, how they are prepared (kit_prepare.h), at which sizes, and the values of its layers. For
 * plugins that measure, invert or paint with networks of others; kit source, not ABI. */
#ifndef IMP_KIT_SIGHT_H
#define IMP_KIT_SIGHT_H
#include <impasto/kit_prepare.h>
#include <impasto/kit_train.h>
#include <stdbool.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct kit_sight {
    const kit_nn *nn;       /* model is needed, grad by kit_paint.h; borrowed */
    imp_nn_model *model;    /* borrowed */
    kit_prepare prepare;    /* of its pictures */
    uint32_t input;         /* number of its only input */
    uint32_t channels;      /* of its pictures: 3, or 1 */
    uint32_t width, height; /* the only size it takes; 0: any */
    uint32_t margin; /* px of mirrored border around what is looked at, so that the zeros with which
                      * networks pad lie outside of the picture; 0 after kit_sight_open. Sizes that
                      * the network is given count it, twice a side. None with an only size. */
    uint32_t reserved0;
} kit_sight;

/* The model of an input value; NULL without one. Planning: when an EARLY node made it. [any] */
imp_nn_model *kit_sight_model(const imp_value *);
imp_nn_model *kit_sight_planned(const imp_plan *, uint32_t port);

/* Fills in the sight. IMP_E_INPUT: the network takes no single picture; IMP_E_MISSING: its
 * preparation is unknown, and the text says which keys of net.load would say it. [any] */
imp_status kit_sight_open(kit_sight *, const kit_nn *, imp_nn_model *, imp_error *);
/* Numbers of nodes by name, room for `count`; an unknown name is an error with the nearest. [any]
 */
imp_status kit_sight_find(const kit_sight *, const char *const *names, uint64_t count,
                          uint32_t *nodes, imp_error *);
/* While planning: every name that is no node becomes a mistake of that parameter, with all valid
 * names. true: all are there. [control] */
bool kit_sight_check(imp_plan *, const kit_nn *, const imp_nn_model *, int32_t param,
                     const imp_cell *names);
/* The name of a node; "?" when there is none. Lives as long as the model. [any] */
const char *kit_sight_name(const kit_sight *, uint32_t node);

/* ---- sizes ---- */

enum { KIT_SIGHT_LEAST = 32 /* px; a shorter side is enlarged to it before a network looks */ };
/* A picture of width x height so shrunk that its long side is at most `longest` (0: as it is), the
 * short one in proportion, 1 at least. Never enlarged. [any] */
void kit_sight_shrink(uint32_t width, uint32_t height, uint32_t longest, uint32_t *w, uint32_t *h);
/* The nearest size that the network takes: its multiple, KIT_SIGHT_LEAST at least, or its only one.
 * [any] */
void kit_sight_size(const kit_sight *, uint32_t width, uint32_t height, uint32_t *w, uint32_t *h);
/* Bytes of a run up to a node for a picture of that size (flags as run_new); 0: not known. [any] */
uint64_t kit_sight_bytes(const kit_sight *, uint32_t node, uint32_t w, uint32_t h, uint32_t flags);
/* Multiply-accumulates of the whole network for a picture of that size; 0: not known. [any] */
double kit_sight_macs(const kit_sight *, uint32_t w, uint32_t h);

/* ---- looking ---- */

/* The picture (1 or 3 channels, any size, seen as it is) resampled to w x h (area when smaller,
 * linear when larger) becomes the run's input; values of earlier pictures are forgotten. w and h:
 * as kit_sight_size says. IMP_E_MEMORY, IMP_CANCELLED. [worker] */
imp_status kit_sight_look(const kit_sight *, imp_nn_run *, const imp_image *, uint32_t w,
                          uint32_t h, imp_job *, imp_error *);
/* Px of margin on each side within a size that the network is given. [any] */
uint32_t kit_sight_margin(const kit_sight *, uint32_t w, uint32_t h);
/* The same picture in w x h as it is seen: resampled, its margin mirrored; free it with
 * kit_image_free. For masks, whose places are those of the picture. NULL: no memory, or cancelled.
 * [worker] */
imp_image *kit_sight_frame(const kit_sight *, const imp_image *, uint32_t w, uint32_t h, imp_job *);
/* A layer's value of the picture looked at, computed when it is not there yet.
 *   c maps of h x w numbers, packed, borrowed until the next look; a vector has h = w = 1.
 * IMP_E_INPUT: not of one picture, empty, or not finite (the text names the layer). [worker] */
typedef struct kit_code {
    const char *layer; /* lives as long as the model */
    const float *data;
    uint32_t c, h, w, reserved0;
} kit_code;
imp_status kit_sight_code(const kit_sight *, imp_nn_run *, uint32_t node, imp_job *, kit_code *,
                          imp_error *);
/* The same of a tensor on an edge: C H W, or C alone. strides: packed into *copy (free() it), else
 * *copy is NULL. IMP_E_INPUT, IMP_E_MEMORY. [any] */
imp_status kit_code_of(const imp_tensor *, kit_code *, float **copy, imp_error *);

/* ---- samples of a data set ---- */

typedef struct kit_sight_samples { /* user of the kit_input below */
    kit_prepare prepare;
    uint32_t channels, width, height, reserved0; /* of the data set */
} kit_sight_samples;
/* How a data set's samples go into the network: *input, for batches and tasks, borrows *samples. A
 * network that takes flat samples gets them as they are. IMP_E_INPUT: neither grey nor colour; or
 * as kit_sight_open. [any] */
imp_status kit_sight_input(const kit_nn *, imp_nn_model *, const imp_dataset *, kit_sight_samples *,
                           kit_input *input, imp_error *);

#ifdef __cplusplus
}
#endif
#endif
