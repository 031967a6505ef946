/* JPEG through libjpeg-turbo: accurate DCT, smooth chroma upsampling, chroma halved up to quality 90 as
 * the host's own writer does. */
#include "turbo.h"
#include <impasto/kit.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

imp_status turbo_jpeg_probe(const void *data, uint64_t size, imp_picture *out, imp_error *err)
{
    const tjhandle tj = tjInitDecompress();
    int w = 0, h = 0, sampling, space;
    imp_status st = IMP_OK;

    if (!tj)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a JPEG decoder");
    if (tjDecompressHeader3(tj, data, size, &w, &h, &sampling, &space) != 0)
        st = imp_fail(err, IMP_E_UNSUPPORTED, "JPEG header: %s", tjGetErrorStr2(tj));
    else if (space == TJCS_CMYK || space == TJCS_YCCK)
        st = imp_fail(err, IMP_E_UNSUPPORTED, "JPEG in CMYK (for print): turning it into RGB needs its ink "
                      "profile. Convert it first: magick x.jpg -colorspace sRGB y.jpg");
    tjDestroy(tj);
    if (st != IMP_OK)
        return st;
    out->width = (uint32_t)w;
    out->height = (uint32_t)h;
    out->channels = space == TJCS_GRAY ? 1 : 3;
    out->bits = 8;
    out->orientation = 1; /* the host reads EXIF itself */
    return IMP_OK;
}

/* libjpeg warns of everything and goes on. Stray bytes between segments are common in what cameras
 * write and harm nothing; all other warnings mean lost pixels. */
static int harmless(tjhandle tj)
{
    return tjGetErrorCode(tj) == TJERR_WARNING && strstr(tjGetErrorStr2(tj), "extraneous bytes") != NULL;
}

static imp_status fault(tjhandle tj, imp_error *err)
{
    const char *text = tjGetErrorStr2(tj);

    if (strstr(text, "Premature end") || strstr(text, "premature end"))
        return imp_fail(err, IMP_E_INPUT, "JPEG ends early (%s); fetch or copy the file again", text);
    return imp_fail(err, IMP_E_INPUT, "JPEG is damaged: %s", text);
}

imp_status turbo_jpeg_decode(const void *data, uint64_t size, imp_image *out, imp_error *err)
{
    const size_t row = (size_t)out->width * out->channels;
    const int format = out->channels == 1 ? TJPF_GRAY : TJPF_RGB;
    const tjhandle tj = tjInitDecompress();
    uint8_t *pixels = malloc(row * out->height);
    imp_status st = IMP_OK;

    if (!tj || !pixels)
        st = imp_fail(err, IMP_E_MEMORY, "no memory to decode %u x %u pixels", out->width, out->height);
    else if (tjDecompress2(tj, data, size, pixels, (int)out->width, (int)row, (int)out->height, format,
                           TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0 && !harmless(tj))
        st = fault(tj, err);
    for (uint32_t y = 0; st == IMP_OK && y < out->height; y++)
        kit_row_from_u8(pixels + row * y, out, y);
    free(pixels);
    if (tj)
        tjDestroy(tj);
    return st;
}

imp_status turbo_jpeg_encode(const imp_image *in, uint32_t quality, void *to, turbo_write *write,
                             imp_error *err)
{
    const size_t row = (size_t)in->width * in->channels;
    const int format = in->channels == 1 ? TJPF_GRAY : in->channels == 3 ? TJPF_RGB : TJPF_RGBX;
    const int sampling = in->channels == 1 ? TJSAMP_GRAY : quality > 90 ? TJSAMP_444 : TJSAMP_420;
    unsigned char *file = NULL;
    unsigned long size = 0;
    imp_status st;

    if (in->width > UINT16_MAX || in->height > UINT16_MAX)
        return imp_fail(err, IMP_E_LIMIT, "JPEG has sides up to 65535, not %u x %u; write .png", in->width,
                        in->height);
    const tjhandle tj = tjInitCompress();
    uint8_t *pixels = malloc(row * in->height);
    if (!tj || !pixels) {
        st = imp_fail(err, IMP_E_MEMORY, "no memory to encode %u x %u pixels", in->width, in->height);
    } else {
        for (uint32_t y = 0; y < in->height; y++)
            kit_row_to_u8(in, y, pixels + row * y);
        st = tjCompress2(tj, pixels, (int)in->width, (int)row, (int)in->height, format, &file, &size,
                         sampling, (int)quality, TJFLAG_ACCURATEDCT)
                 ? imp_fail(err, IMP_E_FAILED, "JPEG encoder: %s", tjGetErrorStr2(tj))
                 : write(to, file, size);
    }
    tjFree(file);
    free(pixels);
    if (tj)
        tjDestroy(tj);
    return st;
}
