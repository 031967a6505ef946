/* PNG: its chunks, header, checksums. Source: the PNG specification, third edition, sections 5 and 11. */
#include "container.h"
#include <libdeflate.h>

#define IHDR PNG_TYPE('I', 'H', 'D', 'R')
#define IDAT PNG_TYPE('I', 'D', 'A', 'T')
#define IEND PNG_TYPE('I', 'E', 'N', 'D')
#define tRNS PNG_TYPE('t', 'R', 'N', 'S')
#define SIGNATURE 8

bool png_next(const uint8_t *file, size_t size, size_t *at, struct png_part *out)
{
    const size_t i = *at ? *at : SIGNATURE;
    uint32_t n;

    if (size < 12 || i > size - 12)
        return false;
    n = be32(file + i);
    if (n > size - i - 12)
        return false;
    *out = (struct png_part){be32(file + i + 4), file + i + 8, n, i};
    *at = i + 12 + n;
    return true;
}

/* Channels as we read them: palettes as RGB, grey with alpha as RGB with alpha. 0: not a colour type. */
static uint32_t channels_of(uint32_t type, uint32_t depth)
{
    const bool small = depth == 1 || depth == 2 || depth == 4;
    const bool whole = depth == 8 || depth == 16;

    switch (type) {
    case 0: return small || whole ? 1 : 0;
    case 2: return whole ? 3 : 0;
    case 3: return small || depth == 8 ? 3 : 0;
    case 4: case 6: return whole ? 4 : 0;
    default: return 0;
    }
}

imp_status png_head(const uint8_t *file, size_t size, imp_picture *out, imp_error *err)
{
    struct png_part p;
    size_t at = 0;

    if (!png_next(file, size, &at, &p) || p.type != IHDR || p.size != 13)
        return imp_fail(err, IMP_E_INPUT, "PNG ends early or is damaged: no header in its %zu bytes", size);
    out->width = be32(p.data);
    out->height = be32(p.data + 4);
    out->channels = channels_of(p.data[9], p.data[8]);
    out->bits = p.data[8] == 16 ? 16 : 8;
    if (!out->channels || p.data[10] || p.data[11] || p.data[12] > 1)
        return imp_fail(err, IMP_E_INPUT, "PNG is damaged: its header says colour type %u, depth %u, "
                        "compression %u, filter %u, interlace %u", p.data[9], p.data[8], p.data[10],
                        p.data[11], p.data[12]);
    if (!out->width || !out->height || out->width > INT32_MAX || out->height > INT32_MAX)
        return imp_fail(err, IMP_E_INPUT, "PNG is damaged: its header says %u x %u pixels", out->width,
                        out->height);
    do { /* transparency stands somewhere before the pixels */
        const size_t i = at;
        if (size - i >= 8 && be32(file + i + 4) == IDAT)
            return IMP_OK;
        if (!png_next(file, size, &at, &p))
            break;
        if (p.type == tRNS)
            out->channels = 4;
    } while (p.type != IEND);
    return imp_fail(err, IMP_E_INPUT, "PNG ends early or is damaged: no picture data in its %zu bytes", size);
}

imp_status png_whole(const uint8_t *file, size_t size, imp_error *err)
{
    struct png_part p = {0};
    size_t at = 0, pixels = 0;

    while (p.type != IEND && png_next(file, size, &at, &p)) {
        const bool ancillary = p.type & 0x20000000; /* small first letter */
        if ((!ancillary || p.type == tRNS) &&
            libdeflate_crc32(0, p.data - 4, p.size + 4) != be32(p.data + p.size))
            return imp_fail(err, IMP_E_INPUT, "PNG is damaged: the checksum of its chunk at byte %zu is "
                            "wrong; fetch or copy the file again", p.at);
        pixels += p.type == IDAT ? p.size : 0;
    }
    if (p.type != IEND)
        return imp_fail(err, IMP_E_INPUT, "PNG ends early: %zu bytes of picture data, then cut off at byte "
                        "%zu of the file; fetch or copy it again", pixels, size);
    return IMP_OK;
}
