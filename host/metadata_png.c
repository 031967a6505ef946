/* EXIF, XMP and ICC in PNG: eXIf, iTXt "XML:com.adobe.xmp", iCCP. Source: the PNG specification, third
 * edition, 11.3; XMP specification part 3. */
#include "metadata_private.h"
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#define eXIf PNG_TYPE('e', 'X', 'I', 'f')
#define iCCP PNG_TYPE('i', 'C', 'C', 'P')
#define iTXt PNG_TYPE('i', 'T', 'X', 't')
static const char xmp_name[] = "XML:com.adobe.xmp"; /* and a NUL */
static const char icc_name[] = "ICC profile";       /* a NUL, method 0 */

const uint8_t *png_exif(const uint8_t *file, size_t size, size_t *exif_size)
{
    struct png_part p;
    size_t at = 0;

    while (png_next(file, size, &at, &p))
        if (p.type == eXIf) {
            const size_t head = p.size > 6 && memcmp(p.data, "Exif\0", 6) == 0 ? 6 : 0; /* wrong, but seen */
            *exif_size = p.size - head;
            return p.data + head;
        }
    return NULL;
}

/* Inflates into a block; the size is not known before, so room doubles up to BLOCK_MOST. */
static void inflate_block(struct block *b, const uint8_t *data, size_t size)
{
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    enum libdeflate_result r = LIBDEFLATE_INSUFFICIENT_SPACE;

    for (size_t room = 16384; d && r == LIBDEFLATE_INSUFFICIENT_SPACE && room <= BLOCK_MOST; room *= 4) {
        uint8_t *out = malloc(room);
        size_t n = 0;
        if (!out)
            break;
        r = libdeflate_zlib_decompress(d, data, size, out, room, &n);
        if (r == LIBDEFLATE_SUCCESS)
            block_set(b, out, n);
        free(out);
    }
    if (d)
        libdeflate_free_decompressor(d);
}

static void read_icc(const struct png_part *p, struct meta *meta)
{
    const uint8_t *end = memchr(p->data, 0, p->size < 80 ? p->size : 80);
    const size_t head = end ? (size_t)(end - p->data) + 2 : 0;

    if (head && head < p->size && p->data[head - 1] == 0)
        inflate_block(&meta->icc, p->data + head, p->size - head);
}

/* keyword NUL, compressed?, method, language NUL, translated keyword NUL, text */
static void read_xmp(const struct png_part *p, struct meta *meta)
{
    size_t at = sizeof xmp_name + 2;

    if (p->size < at || memcmp(p->data, xmp_name, sizeof xmp_name) != 0)
        return;
    for (int i = 0; i < 2; i++) {
        const uint8_t *end = memchr(p->data + at, 0, p->size - at);
        if (!end)
            return;
        at = (size_t)(end - p->data) + 1;
    }
    if (p->data[sizeof xmp_name] == 0)
        block_set(&meta->xmp, p->data + at, p->size - at);
    else if (p->data[sizeof xmp_name] == 1)
        inflate_block(&meta->xmp, p->data + at, p->size - at);
}

void png_read_blocks(const uint8_t *file, size_t size, struct meta *meta)
{
    struct png_part p;
    size_t at = 0, n = 0;
    const uint8_t *exif = png_exif(file, size, &n);

    if (exif)
        block_set(&meta->exif, exif, n);
    while (png_next(file, size, &at, &p)) {
        if (p.type == iCCP && !meta->icc.data)
            read_icc(&p, meta);
        else if (p.type == iTXt && !meta->xmp.data)
            read_xmp(&p, meta);
    }
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static void add_chunk(struct file_out *out, uint32_t type, const void *head, size_t n, const void *data,
                      size_t size)
{
    uint8_t start[8], sum[4];
    uint32_t crc;

    put32(start, (uint32_t)(n + size));
    put32(start + 4, type);
    crc = libdeflate_crc32(0, start + 4, 4);
    if (n) /* of nothing at NULL it would begin anew */
        crc = libdeflate_crc32(crc, head, n);
    put32(sum, libdeflate_crc32(crc, data, size));
    file_add(out, start, sizeof start);
    file_add(out, head, n);
    file_add(out, data, size);
    file_add(out, sum, sizeof sum);
}

static void add_icc(struct file_out *out, const struct block *icc)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    const size_t bound = c ? libdeflate_zlib_compress_bound(c, icc->size) : 0;
    uint8_t head[sizeof icc_name + 1] = {0}, *data = c ? malloc(bound) : NULL;
    size_t n = 0;

    memcpy(head, icc_name, sizeof icc_name);
    if (data)
        n = libdeflate_zlib_compress(c, icc->data, icc->size, data, bound);
    if (n)
        add_chunk(out, iCCP, head, sizeof head, data, n);
    else
        out->failed = true;
    free(data);
    if (c)
        libdeflate_free_compressor(c);
}

void png_write_blocks(const uint8_t *file, size_t size, const struct blocks *b, struct file_out *out)
{
    struct png_part p;
    size_t at = 0;

    if (!png_next(file, size, &at, &p)) /* behind IHDR: iCCP goes before all others */
        at = 0;
    file_add(out, file, at);
    if (at && b->icc.data)
        add_icc(out, &b->icc);
    if (at && b->exif.data)
        add_chunk(out, eXIf, NULL, 0, b->exif.data, b->exif.size);
    if (at && b->xmp.data) {
        uint8_t head[sizeof xmp_name + 4] = {0}; /* not compressed, no language, no translation */
        memcpy(head, xmp_name, sizeof xmp_name);
        add_chunk(out, iTXt, head, sizeof head, b->xmp.data, b->xmp.size);
    }
    file_add(out, file + at, size - at);
}
