/* peer_vips.c - libvips' side of the filter bench. */
#include "peers.h"
#include <vips/vips.h>

static VipsImage *picture; /* one benchmark, one picture */

void vips_prepare(unsigned width, unsigned height, const unsigned char *rgb)
{
    if (VIPS_INIT("bench"))
        return;
    vips_concurrency_set(2);
    vips_cache_set_max(0);
    picture = vips_image_new_from_memory_copy(rgb, (size_t)width * height * 3, (int)width, (int)height, 3, VIPS_FORMAT_UCHAR);
    picture->Type = VIPS_INTERPRETATION_sRGB;
}

static int operate(enum bench_op op, VipsImage **out)
{
    const int w = picture->Xsize, h = picture->Ysize;
    switch (op) {
    case OP_HALF:
        return vips_shrink(picture, out, 2, 2, NULL);
    case OP_LANCZOS:
        return vips_resize(picture, out, 0.4, "kernel", VIPS_KERNEL_LANCZOS3, NULL);
    case OP_BLUR2:
        return vips_gaussblur(picture, out, 2.0, NULL);
    case OP_BLUR20:
        return vips_gaussblur(picture, out, 20.0, NULL);
    case OP_SHARPEN:
        return vips_sharpen(picture, out, "sigma", 1.0, NULL);
    case OP_MEDIAN1:
        return vips_median(picture, out, 3, NULL);
    case OP_MEDIAN5:
        return vips_median(picture, out, 11, NULL);
    case OP_EDGES:
        return vips_sobel(picture, out, NULL);
    case OP_GAMMA:
        return vips_gamma(picture, out, "exponent", 1.25, NULL);
    case OP_GREY:
        return vips_colourspace(picture, out, VIPS_INTERPRETATION_B_W, NULL);
    case OP_NEGATE:
        return vips_invert(picture, out, NULL);
    case OP_FLIP:
        return vips_flip(picture, out, VIPS_DIRECTION_HORIZONTAL, NULL);
    case OP_ROTATE90:
        return vips_rot(picture, out, VIPS_ANGLE_D90, NULL);
    case OP_ROTATE7:
        return vips_rotate(picture, out, 7.0, NULL);
    case OP_CROP:
        return vips_extract_area(picture, out, w / 4, h / 4, w / 2, h / 2, NULL);
    default:
        return -1;
    }
}

bool vips_run(enum bench_op op)
{
    VipsImage *lazy = NULL, *done = NULL;
    if (picture && operate(op, &lazy) == 0)
        done = vips_image_copy_memory(lazy); /* computes it */
    const bool ok = done != NULL;
    if (done)
        g_object_unref(done);
    if (lazy)
        g_object_unref(lazy);
    return ok;
}
