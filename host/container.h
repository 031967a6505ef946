/* container.h - what a picture file is and how it is put together, without decoding it: kinds told from
 * content, segments of a JPEG, chunks of a PNG. For the codecs and metadata_*.c. Every reader checks
 * each length against the bytes there are; nothing here allocates. [any] */
#ifndef IMP_CONTAINER_H
#define IMP_CONTAINER_H
#include <impasto/codec.h>
#include <stdbool.h>

/* A kind of file. endings: all that mean it, the usual one first. convert: the command that makes
 * one of ours of it, NULL where we read it ourselves. note: said when a file's ending means another. */
struct kind {
    const char *name, *endings, *convert, *note;
};
/* Told from the first bytes (TGA: from its last, it has no first); NULL = none that we know. */
const struct kind *kind_of_content(const void *data, size_t size);
/* By the ending of a path or an ending alone, any case; NULL = unknown. */
const struct kind *kind_of_path(const char *path);
const struct kind *kind_by_name(const char *name); /* "PNG" */
/* Is the word (any case) one of the words of the list, which has single blanks between? */
bool has_word(const char *list, const char *word);
/* What follows the last dot of the last part of path; "" = nothing. */
const char *path_ending(const char *path);

static inline uint32_t be16(const uint8_t *p) { return (uint32_t)p[0] << 8 | p[1]; }
static inline uint32_t be32(const uint8_t *p) { return be16(p) << 16 | be16(p + 2); }
static inline uint32_t le16(const uint8_t *p) { return (uint32_t)p[1] << 8 | p[0]; }
static inline uint32_t le32(const uint8_t *p) { return le16(p + 2) << 16 | le16(p); }

/* ---- JPEG ---- */
struct jpeg_part {
    uint32_t marker;     /* 0xe1 = APP1 ... */
    const uint8_t *data; /* behind the length */
    size_t size, at;     /* at: of the marker in the file */
};
/* The segments up to and with the first scan (0xda): *at is 0 first. false: end, or damage. */
bool jpeg_next(const uint8_t *file, size_t size, size_t *at, struct jpeg_part *);
bool jpeg_is_frame(uint32_t marker); /* SOF of any process */
/* Size, channels, depth; and why not, for what we cannot decode (CMYK, 12 bit, arithmetic...). */
imp_status jpeg_head(const uint8_t *file, size_t size, imp_picture *, imp_error *);
/* Are all scans there, up to the end-of-image marker? */
imp_status jpeg_whole(const uint8_t *file, size_t size, imp_error *);

/* ---- PNG ---- */
struct png_part {
    uint32_t type;       /* PNG_TYPE('I','D','A','T') */
    const uint8_t *data;
    size_t size, at;     /* at: of the length in the file */
};
#define PNG_TYPE(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
/* All chunks that are there whole, *at is 0 first. Checksums are not looked at. */
bool png_next(const uint8_t *file, size_t size, size_t *at, struct png_part *);
imp_status png_head(const uint8_t *file, size_t size, imp_picture *, imp_error *);
/* Are all chunks there, up to IEND, and the checksums of those that matter right? */
imp_status png_whole(const uint8_t *file, size_t size, imp_error *);

#endif
