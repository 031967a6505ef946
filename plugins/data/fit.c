/* fit.c - a picture of any shape into the shape of the data set. */
#include "sets.h"
#include <math.h>
#include <string.h>

/* A part of an image, as an image. */
static imp_image part(const imp_image *m, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    imp_image p = *m;
    p.data += y * m->row + x;
    p.width = width, p.height = height;
    return p;
}

bool crop_image(const imp_image *m, const uint32_t crop[4], imp_image *out)
{
    const bool inside = (uint64_t)crop[0] + crop[2] <= m->width &&
                        (uint64_t)crop[1] + crop[3] <= m->height;
    *out = inside && crop[2] ? part(m, crop[0], crop[1], crop[2], crop[3]) : *m;
    return inside;
}

static uint32_t rounded(double v, uint32_t most)
{
    return v < 1 ? 1 : v >= most ? most : (uint32_t)(v + 0.5);
}

/* The largest part of `of`, in the middle, that has the shape of `shape`. */
static imp_image middle(const imp_image *of, const imp_image *shape)
{
    const double k =
        fmin((double)of->width / shape->width, (double)of->height / shape->height);
    const uint32_t w = rounded(shape->width * k, of->width),
                   h = rounded(shape->height * k, of->height);
    return part(of, (of->width - w) / 2, (of->height - h) / 2, w, h);
}

static void paint(imp_image *m, float value)
{
    for (uint32_t c = 0; c < m->channels; c++)
        for (uint32_t y = 0; y < m->height; y++)
            for (uint32_t x = 0; x < m->width; x++)
                imp_row_out(m, c, y)[x] = value;
}

/* The middles of both on each other, sample by sample. */
static imp_status center(const imp_image *src, imp_image *dst)
{
    const uint32_t w = src->width < dst->width ? src->width : dst->width,
                   h = src->height < dst->height ? src->height : dst->height;
    const imp_image from = part(src, (src->width - w) / 2, (src->height - h) / 2, w, h);
    imp_image to = part(dst, (dst->width - w) / 2, (dst->height - h) / 2, w, h);
    kit_copy(&from, &to);
    return IMP_OK;
}

imp_status fit_image(const imp_image *src, imp_image *dst, int64_t fit, float fill)
{
    imp_image inner;
    switch (fit) {
    case FIT_CROP:
        inner = middle(src, dst);
        return kit_resize(&inner, dst, KIT_AREA, NULL);
    case FIT_PAD:
        paint(dst, fill);
        inner = middle(dst, src);
        return kit_resize(src, &inner, KIT_AREA, NULL);
    case FIT_CENTER:
        paint(dst, fill);
        return center(src, dst);
    default:
        return kit_resize(src, dst, KIT_AREA, NULL);
    }
}
