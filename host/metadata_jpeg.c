/* EXIF, XMP and ICC in JPEG: APP1 and APP2 segments. Sources: CIPA DC-008 4.5.4, XMP specification
 * part 3 (extended XMP is left alone), ICC.1 annex B.4 (profiles in numbered pieces). */
#include "metadata_private.h"
#include <stdlib.h>
#include <string.h>

static const char exif_name[] = "Exif\0";                          /* with its own NUL: six bytes */
static const char xmp_name[] = "http://ns.adobe.com/xap/1.0/";     /* and a NUL */
static const char icc_name[] = "ICC_PROFILE";                      /* a NUL, number, count */
enum { APP0 = 0xe0, APP1 = 0xe1, APP2 = 0xe2, SCAN = 0xda, SEGMENT_MOST = 65533 };

/* Does the segment begin with the name, and are there more than `head` bytes of it? */
static bool named(const struct jpeg_part *p, uint32_t marker, const char *name, size_t n, size_t head)
{
    return p->marker == marker && p->size > head && memcmp(p->data, name, n) == 0;
}

const uint8_t *jpeg_exif(const uint8_t *file, size_t size, size_t *exif_size)
{
    struct jpeg_part p;
    size_t at = 0;

    while (jpeg_next(file, size, &at, &p) && p.marker != SCAN)
        if (named(&p, APP1, exif_name, sizeof exif_name, sizeof exif_name)) {
            *exif_size = p.size - sizeof exif_name;
            return p.data + sizeof exif_name;
        }
    return NULL;
}

/* Pieces are numbered from 1 and may come in any order; one missing, and there is no use in the others. */
static void read_icc(const uint8_t *file, size_t size, struct meta *meta)
{
    struct block pieces[256] = {{0}};
    struct file_out all = {0};
    struct jpeg_part p;
    size_t at = 0, count = 0;

    while (jpeg_next(file, size, &at, &p) && p.marker != SCAN)
        if (named(&p, APP2, icc_name, sizeof icc_name, sizeof icc_name + 2)) {
            const size_t head = sizeof icc_name + 2;
            count = p.data[head - 1];
            pieces[p.data[head - 2]] = (struct block){(uint8_t *)(uintptr_t)p.data + head, p.size - head};
        }
    for (size_t i = 1; i <= count; i++) {
        all.failed = all.failed || !pieces[i].data;
        file_add(&all, pieces[i].data, pieces[i].size);
    }
    if (!all.failed)
        block_set(&meta->icc, all.data, all.size);
    free(all.data);
}

void jpeg_read_blocks(const uint8_t *file, size_t size, struct meta *meta)
{
    struct jpeg_part p;
    size_t at = 0, n;
    const uint8_t *exif = jpeg_exif(file, size, &n);

    if (exif)
        block_set(&meta->exif, exif, n);
    while (jpeg_next(file, size, &at, &p) && p.marker != SCAN)
        if (!meta->xmp.data && named(&p, APP1, xmp_name, sizeof xmp_name, sizeof xmp_name))
            block_set(&meta->xmp, p.data + sizeof xmp_name, p.size - sizeof xmp_name);
    read_icc(file, size, meta);
}

static void add_segment(struct file_out *out, uint32_t marker, const void *name, size_t n, const void *data,
                        size_t size)
{
    const size_t all = n + size + 2;
    const uint8_t head[] = {0xff, (uint8_t)marker, (uint8_t)(all >> 8), (uint8_t)all};

    file_add(out, head, sizeof head);
    file_add(out, name, n);
    file_add(out, data, size);
}

static void add_icc(struct file_out *out, const struct block *icc)
{
    const size_t most = SEGMENT_MOST - sizeof icc_name - 2;
    const size_t count = (icc->size + most - 1) / most;

    if (!icc->data || count > 255)
        return;
    for (size_t i = 0; i < count; i++) {
        const size_t rest = icc->size - i * most;
        uint8_t name[sizeof icc_name + 2];
        memcpy(name, icc_name, sizeof icc_name);
        name[sizeof icc_name] = (uint8_t)(i + 1);
        name[sizeof icc_name + 1] = (uint8_t)count;
        add_segment(out, APP2, name, sizeof name, (const uint8_t *)icc->data + i * most,
                    rest < most ? rest : most);
    }
}

void jpeg_write_blocks(const uint8_t *file, size_t size, const struct blocks *b, struct file_out *out)
{
    struct jpeg_part p;
    size_t at = 0, head = 2; /* SOI, and JFIF where there is one */

    if (jpeg_next(file, size, &at, &p) && p.marker == APP0)
        head = at;
    file_add(out, file, head);
    if (b->exif.data && b->exif.size <= SEGMENT_MOST - sizeof exif_name)
        add_segment(out, APP1, exif_name, sizeof exif_name, b->exif.data, b->exif.size);
    if (b->xmp.data && b->xmp.size <= SEGMENT_MOST - sizeof xmp_name)
        add_segment(out, APP1, xmp_name, sizeof xmp_name, b->xmp.data, b->xmp.size);
    add_icc(out, &b->icc);
    file_add(out, file + head, size - head);
}
