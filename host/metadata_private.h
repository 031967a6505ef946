/* metadata_private.h - blocks of EXIF, XMP and ICC in JPEG and PNG files. */
#ifndef IMP_METADATA_PRIVATE_H
#define IMP_METADATA_PRIVATE_H
#include "codecs.h"
#include "container.h"

#define BLOCK_MOST ((size_t)64 << 20) /* bytes; a larger block is left out */

/* Blocks as they are to be written: cleaned copies, or NULL. */
struct blocks {
    struct block exif, xmp, icc;
};
/* Replaces a block by a copy; false: no memory, or too large (then it is as it was). */
bool block_set(struct block *, const void *data, size_t size);

/* A growing file. `failed` sticks. */
struct file_out {
    uint8_t *data;
    size_t size, capacity;
    bool failed;
};
void file_add(struct file_out *, const void *data, size_t size);

/* A copy of a TIFF body with orientation 1 and without thumbnail; empty when it is not sound. */
struct block exif_cleaned(const struct block *);

/* The EXIF body of a file, borrowed; NULL = none. */
const uint8_t *jpeg_exif(const uint8_t *file, size_t size, size_t *exif_size);
const uint8_t *png_exif(const uint8_t *file, size_t size, size_t *exif_size);
void jpeg_read_blocks(const uint8_t *file, size_t size, struct meta *);
void png_read_blocks(const uint8_t *file, size_t size, struct meta *);
void jpeg_write_blocks(const uint8_t *file, size_t size, const struct blocks *, struct file_out *);
void png_write_blocks(const uint8_t *file, size_t size, const struct blocks *, struct file_out *);

#endif
