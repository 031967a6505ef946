/* Radiance RGBE, reading: a text header, "-Y h +X w", then scanlines, each as four run-length coded
 * planes or as plain pixels. Source: G. Ward, "Real Pixels", Graphics Gems II, 1991, and the
 * description of the picture format that comes with Radiance. Samples are linear. */
#include "codec_own.h"
#include "container.h"
#include "report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const uint8_t *p;
    size_t size, at;
};

/* A line of the header without its end; false when there is none or it is longer than buf. */
static bool line(struct reader *r, char *buf, size_t cap)
{
    const uint8_t *from = r->p + r->at;
    const uint8_t *end = r->at < r->size ? memchr(from, '\n', r->size - r->at) : NULL;
    size_t n;

    if (!end)
        return false;
    n = (size_t)(end - from);
    r->at += n + 1;
    if (n + 1 > cap)
        n = cap - 1; /* a long comment */
    memcpy(buf, from, n);
    buf[n] = '\0';
    return true;
}

static bool side(const char *text, const char *axis, uint32_t *out)
{
    long long v;

    if (strncmp(text, axis, 3) != 0 || !parse_integer(text + 3, &v) || v < 1 || v > INT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

static imp_status read_head(struct reader *r, uint32_t *width, uint32_t *height, imp_error *err)
{
    char buf[160], *second;
    bool rgbe = false, more;

    while ((more = line(r, buf, sizeof buf)) && buf[0])
        rgbe = rgbe || strcmp(buf, "FORMAT=32-bit_rle_rgbe") == 0;
    if (!more || !line(r, buf, sizeof buf))
        return imp_fail(err, IMP_E_INPUT, "HDR ends early: its header is not whole");
    if (!rgbe)
        return imp_fail(err, IMP_E_UNSUPPORTED, "HDR without the line FORMAT=32-bit_rle_rgbe (XYZE "
                        "perhaps); convert it first: magick x.hdr x.pfm");
    second = strstr(buf, " +X ");
    if (!second)
        second = buf + strlen(buf);
    if (*second)
        *second++ = '\0';
    if (!side(buf, "-Y ", height) || !side(second, "+X ", width))
        return imp_fail(err, IMP_E_UNSUPPORTED, "HDR whose size line is not \"-Y height +X width\" (turned "
                        "pictures cannot be read); convert it first: magick x.hdr x.pfm");
    return IMP_OK;
}

static imp_status probe(void *self, const void *data, uint64_t size, imp_picture *out, imp_error *err)
{
    struct reader r = {data, size, 0};

    (void)self;
    out->channels = 3;
    out->bits = 32;
    out->orientation = 1;
    return read_head(&r, &out->width, &out->height, err);
}

/* One run-length coded plane of a scanline: byte x goes to rgbe[4 * x]. */
static bool runs(struct reader *r, uint8_t *rgbe, uint32_t width)
{
    uint32_t x = 0;

    while (x < width) {
        uint32_t n;
        bool run;
        if (r->size - r->at < 2)
            return false;
        n = r->p[r->at++];
        run = n > 128;
        n = run ? n - 128 : n;
        if (n == 0 || n > width - x || r->size - r->at < (run ? 1 : n))
            return false;
        for (const uint32_t end = x + n; x < end; x++)
            rgbe[4 * (size_t)x] = run ? r->p[r->at] : r->p[r->at++];
        r->at += run;
    }
    return true;
}

/* A scanline of plain pixels; 1 1 1 n repeats the last one n times (the oldest files). */
static bool plain(struct reader *r, uint8_t *rgbe, uint32_t width)
{
    uint32_t x = 0, shift = 0;

    while (x < width) {
        const uint8_t *p = r->p + r->at;
        uint32_t n;
        if (r->size - r->at < 4)
            return false;
        r->at += 4;
        if (p[0] != 1 || p[1] != 1 || p[2] != 1) {
            memcpy(rgbe + 4 * (size_t)x++, p, 4);
            shift = 0;
            continue;
        }
        if (x == 0 || shift > 16 || (n = (uint32_t)p[3] << shift) > width - x)
            return false;
        for (shift += 8; n > 0; n--, x++)
            memcpy(rgbe + 4 * (size_t)x, rgbe + 4 * (size_t)x - 4, 4);
    }
    return true;
}

static bool scanline(struct reader *r, uint8_t *rgbe, uint32_t width)
{
    const uint8_t *p = r->p + r->at;

    if (width < 8 || width > 32767 || r->size - r->at < 4 || p[0] != 2 || p[1] != 2 || p[2] & 128)
        return plain(r, rgbe, width);
    if (be16(p + 2) != width)
        return false;
    r->at += 4;
    for (int k = 0; k < 4; k++)
        if (!runs(r, rgbe + k, width))
            return false;
    return true;
}

static imp_status decode(void *self, const void *data, uint64_t size, imp_image *out, imp_error *err)
{
    struct reader r = {data, size, 0};
    uint32_t width, height;
    imp_status st = read_head(&r, &width, &height, err);
    uint8_t *rgbe;

    (void)self;
    if (st != IMP_OK)
        return st;
    rgbe = malloc(4 * (size_t)width);
    if (!rgbe)
        return imp_fail(err, IMP_E_MEMORY, "no memory for a row of %u pixels", width);
    out->colour = IMP_LINEAR;
    for (uint32_t y = 0; y < height; y++) {
        if (!scanline(&r, rgbe, width)) {
            st = imp_fail(err, IMP_E_INPUT, "HDR ends early or is damaged in row %u of %u, at byte %zu", y + 1,
                          height, r.at);
            break;
        }
        for (uint32_t c = 0; c < 3; c++) {
            float *to = imp_row_out(out, c, y);
            for (size_t x = 0; x < width; x++)
                to[x] = rgbe[4 * x + 3] ? ldexpf((float)rgbe[4 * x + c], rgbe[4 * x + 3] - 136) : 0.0f;
        }
    }
    free(rgbe);
    return st;
}

const imp_codec_1 codec_hdr = {
    .struct_size = sizeof(imp_codec_1),
    .reads = "hdr rgbe",
    .writes = "",
    .probe = probe,
    .decode = decode,
};
