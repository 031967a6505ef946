/* resize_table.h - where the places of a resized axis come from: coordinates, neighbours, weights.
 * Source: ONNX's Resize (opset 10 to 19). Pure arithmetic, no memory. */
#ifndef IMP_RT_RESIZE_TABLE_H
#define IMP_RT_RESIZE_TABLE_H
#include <stdbool.h>
#include <stdint.h>

enum rt_resize_mode { RT_NEAREST, RT_LINEAR, RT_CUBIC };
#define RT_COORDINATES                                                                             \
    "half_pixel|pytorch_half_pixel|align_corners|asymmetric|tf_crop_and_resize|"                   \
    "half_pixel_symmetric|tf_half_pixel_for_nn"
enum rt_coordinates {
    RT_HALF_PIXEL,
    RT_PYTORCH_HALF_PIXEL,
    RT_ALIGN_CORNERS,
    RT_ASYMMETRIC,
    RT_CROP_AND_RESIZE,
    RT_HALF_PIXEL_SYMMETRIC,
    RT_HALF_PIXEL_FOR_NEAREST
};
#define RT_ROUNDINGS "round_prefer_floor|round_prefer_ceil|floor|ceil"
enum rt_rounding { RT_PREFER_FLOOR, RT_PREFER_CEIL, RT_FLOOR, RT_CEIL };

/* How one axis is resized. */
struct rt_resize {
    int64_t in, out;
    double scale;    /* as given, or out / in */
    double length;   /* in * scale, which may have a fraction */
    double from, to; /* tf_crop_and_resize: the part of 0..1 */
    double cubic_a;
    enum rt_resize_mode mode;
    enum rt_coordinates coordinates;
    enum rt_rounding rounding;
    bool exclude_outside, antialias;
};

/* How many neighbours a place has at most. */
int64_t rt_resize_taps(const struct rt_resize *);
/* Neighbours of place o and their weights, which add up to 1; fewer than the taps are filled up
 * with weight 0. false: it lies outside (tf_crop_and_resize only); index[0] is -1 and all weights
 * are 0. */
bool rt_resize_place(const struct rt_resize *, int64_t o, int64_t taps, int32_t *index,
                     float *weight);

#endif
