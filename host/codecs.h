/* codecs.h - picture files: which codec reads an ending, caps before decoding, orientation, metadata.
 * [any] thread after codecs_open. */
#ifndef IMP_CODECS_H
#define IMP_CODECS_H
#include <impasto/codec.h>
#include "registry.h"
#include "value.h"

struct codecs;
struct codec_caps {
    uint64_t max_pixels; /* 0: 2^28 */
    uint32_t max_side;   /* 0: 65535 */
    uint64_t max_file;   /* bytes; 0: 4 GiB */
};
/* Built-in codecs (stb; our own PNM, PFM, HDR) behind those that plugins offer (`plain`: built-in only, for
 * --exact). Opens providers of impasto.codec/1; registry NULL: none. NULL: no memory. */
struct codecs *codecs_open(struct registry *, const struct codec_caps *, bool plain, struct report *);
void codecs_close(struct codecs *);
/* "jpg jpeg png ..." for messages; does the ending of path belong to a format that can be read/written? */
const char *codecs_readable(const struct codecs *);
const char *codecs_writable(const struct codecs *);
bool codecs_can_read(const struct codecs *, const char *path);
bool codecs_can_write(const struct codecs *, const char *path);
/* Known picture endings that we do not read ("heic", "cr2", "tif"...): the command that converts them, or
 * NULL. */
const char *codecs_conversion_hint(const char *path);

/* Reads the whole file (bytes and their hash), or says why not (E07xx text in err). size caps apply. */
imp_status codecs_slurp(const struct codecs *, const char *path, void **data, size_t *size,
                        struct hash *, imp_error *);
/* Size, channels, depth from the header; upright (orientation applied to width and height). */
imp_status codecs_probe(const struct codecs *, const char *path, const void *data, size_t size,
                        imp_picture *, imp_error *);
/* Probe of a file without reading all of it. */
imp_status codecs_probe_file(const struct codecs *, const char *path, imp_picture *, imp_error *);
/* The two halves of it: the ordinary file within the caps, opened; then its header. */
imp_status codecs_open_file(const struct codecs *, const char *path, int *fd, size_t *size, imp_error *);
void codecs_close_file(int fd);
imp_status codecs_probe_open(const struct codecs *, const char *path, int fd, imp_picture *, imp_error *);
/* Decodes: sRGB (HDR, PFM: linear), upright, meta with EXIF, XMP, ICC. channels 0: the file's. The format is
 * told from content; an ending that lies is a warning text in *note (or NULL). */
imp_status codecs_decode(const struct codecs *, struct memory *, const char *path, const void *data,
                         size_t size, uint32_t channels, struct value **out, const char **note,
                         imp_error *);
struct encode_options {
    unsigned quality;   /* JPEG, 1..100; 0 = 90 */
    bool metadata;      /* copy EXIF, XMP, ICC of the image's meta (JPEG, PNG) */
};
/* Encodes into a buffer of malloc. Channels or colour that the format lacks are converted: linear to sRGB,
 * alpha onto white for JPEG (noted by the caller). */
imp_status codecs_encode(const struct codecs *, const struct value *image, const char *path,
                         const struct encode_options *, void **data, size_t *size, imp_error *);
/* The same for any image; meta may be NULL. path: only its ending counts; an ending alone will do. */
imp_status codecs_encode_image(const struct codecs *, const imp_image *, const struct meta *, const char *path,
                               const struct encode_options *, void **data, size_t *size, imp_error *);

/* metadata.c: container surgery on bytes, no decoding. Faulty blocks are left out, never an error. */
/* Fills EXIF (TIFF body), XMP, ICC of a JPEG or PNG file, and its orientation (1..8). */
void metadata_read(const void *file, size_t size, struct meta *, uint32_t *orientation);
/* Orientation alone, 1..8: of a JPEG or PNG file; of a TIFF body, as EXIF blocks are. 1 = none. */
uint32_t metadata_orientation(const void *file, size_t size);
uint32_t exif_orientation(const uint8_t *tiff, size_t size);
/* A new file (malloc) with the blocks put in; EXIF orientation reset to 1, thumbnail dropped. Blocks that the
 * format cannot hold, and ICC profiles of another colour model than the file's, are left out. */
imp_status metadata_write(const void *file, size_t size, const struct meta *, void **out,
                          size_t *out_size);
#endif
