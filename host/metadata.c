/* EXIF, XMP and ICC blocks: out of a file, into a file. */
#include "metadata_private.h"
#include <stdlib.h>
#include <string.h>

bool block_set(struct block *b, const void *data, size_t size)
{
    void *copy;

    if (!size || size > BLOCK_MOST || !(copy = malloc(size)))
        return false;
    memcpy(copy, data, size);
    free(b->data);
    *b = (struct block){copy, size};
    return true;
}

void file_add(struct file_out *f, const void *data, size_t size)
{
    if (f->failed || !size)
        return;
    if (size > f->capacity - f->size) {
        const size_t capacity = f->size + size > 2 * f->capacity ? f->size + size : 2 * f->capacity;
        uint8_t *more = realloc(f->data, capacity);
        if (!more) {
            f->failed = true;
            return;
        }
        f->data = more;
        f->capacity = capacity;
    }
    memcpy(f->data + f->size, data, size);
    f->size += size;
}

static bool is(const void *file, size_t size, const char *name)
{
    return kind_of_content(file, size) == kind_by_name(name);
}

uint32_t metadata_orientation(const void *file, size_t size)
{
    const uint8_t *exif = NULL;
    size_t n = 0;

    if (is(file, size, "JPEG"))
        exif = jpeg_exif(file, size, &n);
    else if (is(file, size, "PNG"))
        exif = png_exif(file, size, &n);
    return exif ? exif_orientation(exif, n) : 1;
}

void metadata_read(const void *file, size_t size, struct meta *meta, uint32_t *orientation)
{
    if (is(file, size, "JPEG"))
        jpeg_read_blocks(file, size, meta);
    else if (is(file, size, "PNG"))
        png_read_blocks(file, size, meta);
    *orientation = metadata_orientation(file, size);
}

/* The pixels stand upright now, so XMP's copy of the orientation says so too: one digit, in place. */
static void reset_xmp(struct block *xmp)
{
    static const char *const before[] = {"tiff:Orientation=\"", "tiff:Orientation='", "<tiff:Orientation>"};
    char *p = xmp->data;

    for (size_t k = 0; k < 3; k++) {
        const size_t n = strlen(before[k]);
        for (size_t i = 0; xmp->size > n && i < xmp->size - n; i++)
            if (p[i] == before[k][0] && memcmp(p + i, before[k], n) == 0 && p[i + n] >= '1' && p[i + n] <= '8')
                p[i + n] = '1';
    }
}

/* Does the profile describe what the file's channels are? Source: ICC.1, 7.2. */
static bool icc_fits(const struct block *icc, uint32_t channels)
{
    const uint8_t *p = icc->data;

    return p && icc->size >= 128 && memcmp(p + 36, "acsp", 4) == 0 &&
           memcmp(p + 16, channels == 1 ? "GRAY" : "RGB ", 4) == 0;
}

/* Grey as the file keeps it: a PNG of 4 channels may be grey with alpha. */
static uint32_t stored_channels(const uint8_t *file, size_t size, bool png)
{
    imp_picture p = {.struct_size = sizeof p};
    const imp_status st = png ? png_head(file, size, &p, NULL) : jpeg_head(file, size, &p, NULL);

    if (st != IMP_OK)
        return 0;
    return png && file[25] == 4 ? 1 : p.channels;
}

imp_status metadata_write(const void *file, size_t size, const struct meta *meta, void **out, size_t *out_size)
{
    const bool png = is(file, size, "PNG");
    struct blocks b = {.exif = exif_cleaned(&meta->exif)};
    const uint32_t channels = stored_channels(file, size, png);
    struct file_out f = {0};

    if (meta->xmp.data && block_set(&b.xmp, meta->xmp.data, meta->xmp.size))
        reset_xmp(&b.xmp);
    if (channels && icc_fits(&meta->icc, channels))
        block_set(&b.icc, meta->icc.data, meta->icc.size);
    if (png)
        png_write_blocks(file, size, &b, &f);
    else if (is(file, size, "JPEG"))
        jpeg_write_blocks(file, size, &b, &f);
    else
        file_add(&f, file, size);
    free(b.exif.data);
    free(b.xmp.data);
    free(b.icc.data);
    if (f.failed) {
        free(f.data);
        return IMP_E_MEMORY;
    }
    *out = f.data;
    *out_size = f.size;
    return IMP_OK;
}
