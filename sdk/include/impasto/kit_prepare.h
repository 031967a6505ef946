/* kit_prepare.h - how pictures go into a network and come out of it: what a model's metadata say of
 * that (`input range mean std multiple size`, `output output_range output_mean output_std`), and
 * samples to and from the planar tensors of a network. For plugins that feed networks; kit source,
 * not ABI. All calls are [any]; a job lends threads and may be NULL.
 *
 *     number in the network = (black + v * (white - black) - mean[c]) / std[c],  v = 0..1
 *
 * mean and std are in the units of the range and in the order of the network's channels. */
#ifndef IMP_KIT_PREPARE_H
#define IMP_KIT_PREPARE_H
#include <impasto/kit.h>
#ifdef __cplusplus
extern "C" {
#endif

enum kit_order { KIT_UNKNOWN = 0, KIT_RGB, KIT_BGR, KIT_GREY };
typedef struct kit_side { /* one side of a network */
    uint32_t order, channels; /* kit_order; 3 or 1, 0 with KIT_UNKNOWN */
    double black, white;      /* the network's value of black and white */
    double mean[3], std[3];
} kit_side;

typedef struct kit_prepare {
    kit_side input;
    kit_side output;         /* order KIT_UNKNOWN: nobody said that it gives pictures */
    uint32_t multiple;          /* both sides of the input are multiples of it; 1: any */
    uint32_t width, height;     /* the only size it takes, 0: any */
    uint32_t reserved0;
} kit_prepare;

/* The keys, in the order people write them; ends with NULL. What each says, in one line. */
extern const char *const kit_prepare_keys[], *const kit_prepare_help[];

/* The text of a key, or NULL: not given. */
typedef const char *kit_meta(void *user, const char *key);
/* Reads and checks all keys; every mistake is told at once. channels: what the network's input takes,
 * 0: not known; width, height: sides that its graph fixes, 0: free (`size` must agree).
 * IMP_E_MISSING: `input` or `range` is not said, and the text says which keys to set; IMP_E_PARAM: a
 * wrong value. */
imp_status kit_prepare_read(kit_meta *, void *user, uint32_t channels, uint32_t width,
                            uint32_t height, kit_prepare *, imp_error *);
/* One key's text alone: NULL when it is well formed, else what would do. */
const char *kit_prepare_check(const char *key, const char *text);

/* ---- sizes ---- */

enum kit_fit { KIT_PAD = 0, KIT_CROP = 1, KIT_STRETCH = 2 };
#define KIT_FIT_CHOICES "pad|crop|stretch"
typedef struct kit_box { int64_t x, y, width, height; } kit_box;
typedef struct kit_frame { /* how a picture comes to the size of the input */
    uint32_t width, height;               /* of the input */
    uint32_t scaled_width, scaled_height; /* of the picture, after resampling; equal: none */
    int64_t x, y; /* where the input begins on that picture; outside of it, it is mirrored */
} kit_frame;
/* For a picture of that size. Any size: pad grows it to the next multiple (mirrored at its right and
 * lower border), crop cuts evenly, stretch resamples to the nearest. One size only: pad scales the
 * picture to fit and mirrors it around, crop scales it to cover and cuts evenly, stretch scales both
 * sides alone. IMP_E_INPUT: smaller than one multiple, when cropping. */
imp_status kit_frame_of(const kit_prepare *, uint32_t width, uint32_t height, enum kit_fit,
                        kit_frame *, imp_error *);
/* The picture in that frame, as the input of a network: out holds channels x height x width.
 * IMP_E_MEMORY, IMP_CANCELLED. */
imp_status kit_prepare_picture(const kit_side *, const kit_frame *, const imp_image *, float *out,
                               imp_job *);

/* ---- samples ---- */

/* A part of a picture of 1 or 3 channels to packed planes of numbers; beyond its borders the picture
 * is mirrored. Grey feeds all channels; of colour a grey network gets the luma. */
imp_status kit_to_network(const kit_side *, const imp_image *, const kit_box *part, float *out,
                          imp_job *);
/* n pictures of packed planes R G B (or grey), `plane` samples each, of numbers from low (black) to high
 * (white), as inputs of a network; and the gradient by those inputs, added to one by such numbers.
 * kit_planes.c [any] */
void kit_planes_in(const kit_side *, double low, double high, uint32_t n, size_t plane,
                   const float *pixels, float *input);
void kit_planes_back(const kit_side *, double low, double high, uint32_t n, size_t plane,
                     const float *input_gradient, float *pixel_gradient);
/* And back: that part of packed planes of width x height, to x, y of a picture of the same channels;
 * clamped to 0..1. The part lies within both. */
imp_status kit_from_network(const kit_side *, const float *planes, uint32_t width,
                            uint32_t height, const kit_box *part, imp_image *out, uint32_t x,
                            uint32_t y, imp_job *);

#ifdef __cplusplus
}
#endif
#endif
