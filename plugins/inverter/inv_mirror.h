/* inv_mirror.h - a decoder's architecture: an encoder's convolutions and poolings up to a layer, in
 * reverse, and what it is to learn. */
#ifndef IMP_INV_MIRROR_H
#define IMP_INV_MIRROR_H
#include "inverter.h"

enum { INV_DEEPEST = 64 /* convolutions on the way to a layer */ };

/* One convolution of the encoder, the picture's side first. */
struct inv_step {
    uint32_t in, out; /* maps */
    uint32_t halves;  /* how often sides are halved from its input's to its output's */
    uint32_t shrunk;  /* how often before it: by poolings since the convolution before */
};
struct inv_path {
    struct inv_step steps[INV_DEEPEST];
    uint32_t count;
    uint32_t halves;   /* in all, those of poolings after the last convolution too */
    uint32_t after;    /* those */
    uint32_t channels; /* of the layer */
};
/* The way from the input to a node along first inputs. IMP_E_INPUT: sides are not halved again and
 * again (the text names the node), no convolution, too many; IMP_E_UNSUPPORTED: no nn.edit. */
imp_status inv_path_of(const kit_sight *, uint32_t node, struct inv_path *, imp_error *);
/* The mirrored network as an architecture text (free()): nearest neighbours twice as large, a
 * reflected border, convolutions 3x3 and rectifiers; the last one gives `channels` maps of 0..1.
 * width: factor of the maps inside; gain: what codes are multiplied by first. NULL: no memory. */
char *inv_mirror_text(const struct inv_path *, const char *layer, uint32_t channels, double width,
                      double gain);

/* ---- what it learns: inv_lesson.c; pure functions, [any] ---- */

/* mean (x - t)^2 and, written, its gradient by x. */
double inv_pixel_loss(const float *x, const float *t, size_t count, float *gradient);
/* lambda times the mean over n samples of ||f - t||^2 / ||t||^2, `size` numbers each; gradient: of
 * f, written. A target of zeros counts nothing. */
double inv_feature_loss(const float *f, const float *t, uint32_t n, size_t size, double lambda,
                        float *gradient);

#endif
