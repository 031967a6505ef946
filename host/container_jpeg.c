/* JPEG: its segments, its frame header, its end. Source: ITU-T T.81, Annex B. */
#include "container.h"
#include <string.h>

bool jpeg_is_frame(uint32_t marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

bool jpeg_next(const uint8_t *file, size_t size, size_t *at, struct jpeg_part *out)
{
    size_t i = *at ? *at : 2; /* behind SOI */
    uint32_t n;

    if (i >= size || file[i] != 0xff)
        return false;
    while (i + 1 < size && file[i + 1] == 0xff) /* fill bytes */
        i++;
    if (size - i < 4 || file[i + 1] < 0xc0 || (file[i + 1] >= 0xd0 && file[i + 1] <= 0xd9))
        return false;
    n = be16(file + i + 2);
    if (n < 2 || n > size - i - 2)
        return false;
    *out = (struct jpeg_part){file[i + 1], file + i + 4, n - 2, i};
    *at = i + 2 + n;
    return true;
}

static imp_status frame(const struct jpeg_part *p, imp_picture *out, imp_error *err)
{
    if (p->size < 6)
        return imp_fail(err, IMP_E_INPUT, "JPEG is damaged: its frame header has %zu bytes", p->size);
    if (p->marker > 0xc2)
        return imp_fail(err, IMP_E_UNSUPPORTED, "JPEG of a rare kind (process %u: %s); convert it "
                        "first: magick x.jpg x.png", p->marker - 0xc0,
                        p->marker == 0xc3 ? "lossless" : p->marker >= 0xc9 ? "arithmetic coding" : "hierarchical");
    if (p->data[0] != 8)
        return imp_fail(err, IMP_E_UNSUPPORTED, "JPEG with %u bits a sample; 8 can be read. Convert it "
                        "first: magick x.jpg x.png", p->data[0]);
    out->height = be16(p->data + 1);
    out->width = be16(p->data + 3);
    out->channels = p->data[5];
    out->bits = 8;
    if (!out->width || !out->height)
        return imp_fail(err, IMP_E_INPUT, "JPEG is damaged: its header says %u x %u pixels", out->width,
                        out->height);
    if (out->channels == 4)
        return imp_fail(err, IMP_E_UNSUPPORTED, "JPEG in CMYK (for print): turning it into RGB needs its "
                        "ink profile. Convert it first: magick x.jpg -colorspace sRGB y.jpg");
    if (out->channels != 1 && out->channels != 3)
        return imp_fail(err, IMP_E_UNSUPPORTED, "JPEG with %u channels; 1 and 3 can be read", out->channels);
    return IMP_OK;
}

imp_status jpeg_head(const uint8_t *file, size_t size, imp_picture *out, imp_error *err)
{
    struct jpeg_part p;
    size_t at = 0;

    while (jpeg_next(file, size, &at, &p) && p.marker != 0xda)
        if (jpeg_is_frame(p.marker))
            return frame(&p, out, err);
    return imp_fail(err, IMP_E_INPUT, "JPEG ends early or is damaged: no frame header in its %zu bytes", size);
}

/* A segment of Huffman tables: classes, numbers and counts as decoders have room for. stb_image 2.27
 * writes past its tables when the counts of one add up to more than 256. */
static bool tables_fit(const uint8_t *p, size_t size)
{
    while (size >= 17) {
        size_t n = 0;
        for (int i = 1; i <= 16; i++)
            n += p[i];
        if (p[0] >> 4 > 1 || (p[0] & 15) > 3 || n > 256 || n > size - 17)
            return false;
        p += 17 + n;
        size -= 17 + n;
    }
    return size == 0;
}

static imp_status bad_tables(size_t at, imp_error *err)
{
    return imp_fail(err, IMP_E_INPUT, "JPEG is damaged: the Huffman tables at byte %zu are wrong; fetch or copy "
                    "the file again", at);
}

imp_status jpeg_whole(const uint8_t *file, size_t size, imp_error *err)
{
    struct jpeg_part p = {0};
    const uint8_t *end = file + size, *q;
    size_t at = 0;

    while (jpeg_next(file, size, &at, &p) && p.marker != 0xda)
        if (p.marker == 0xc4 && !tables_fit(p.data, p.size))
            return bad_tables(p.at, err);
    if (p.marker != 0xda)
        return imp_fail(err, IMP_E_INPUT, "JPEG ends early or is damaged: no picture data behind byte %zu", at);
    /* In a scan 0xff is followed by 0, by a restart marker or by the next segment. */
    for (q = file + at; (q = memchr(q, 0xff, (size_t)(end - q))) && end - q >= 2; q++) {
        if (q[1] == 0xd9)
            return IMP_OK;
        if (q[1] == 0 || q[1] == 0xff || (q[1] >= 0xd0 && q[1] <= 0xd7))
            continue;
        if (end - q < 4 || be16(q + 2) < 2 || be16(q + 2) > (size_t)(end - q) - 2)
            break;
        if (q[1] == 0xc4 && !tables_fit(q + 4, be16(q + 2) - 2))
            return bad_tables((size_t)(q - file), err);
        q += 1 + be16(q + 2);
    }
    return imp_fail(err, IMP_E_INPUT, "JPEG ends early: no end-of-image marker in its %zu bytes; fetch or "
                    "copy the file again", size);
}
