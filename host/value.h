/* value.h - the reference-counted values on edges, and the memory they live in. [any] thread. */
#ifndef IMP_VALUE_H
#define IMP_VALUE_H
#include <impasto/impasto.h>
#include <stdatomic.h>
#include <stdbool.h>
#include "arena.h"
#include "hash.h"

/* Where pixels come from: a pool that keeps freed buffers for the next picture of that size and counts. */
struct memory;
struct memory *memory_new(uint64_t limit); /* bytes; 0 = none */
void memory_free(struct memory *);         /* after the last value */
void memory_renew(struct memory *);        /* in a process just forked: nothing is handed out */
uint64_t memory_used(const struct memory *);
uint64_t memory_peak(const struct memory *);
/* 64-byte aligned, not zeroed; NULL when over the limit (memory_refused tells) or out of memory. A NULL
 * memory is the plain heap: nothing counted, nothing kept. */
void *memory_take(struct memory *, size_t bytes);
/* Would that many bytes more go over the limit? */
bool memory_refused(const struct memory *, size_t bytes);
uint64_t memory_limit(const struct memory *);
void memory_give(struct memory *, void *, size_t bytes);
/* Counts bytes that come from elsewhere; false: over the limit. NULL: not counted. */
bool memory_count(struct memory *, size_t bytes);
void memory_uncount(struct memory *, size_t bytes);
/* Memory that somebody else hands out: take answers NULL when there is none, both are called from any thread.
 * counted (may be NULL) answers for limit and peak. The source must outlive it. */
struct memory_source {
    void *user;
    void *(*take)(void *user, size_t bytes);
    void (*give)(void *user, void *, size_t bytes);
    struct memory *counted;
};
struct memory *memory_from(const struct memory_source *); /* NULL: no memory */

/* What the host knows of a picture beside its samples; shared by all that comes from it. */
struct meta {
    atomic_uint refs;
    char *stem;           /* "harbour" */
    unsigned bits;        /* depth of the file: 8, 16, 32 */
    struct block { void *data; size_t size; } exif, xmp, icc; /* raw payloads; NULL = none */
};
struct meta *meta_new(void);
struct meta *meta_retain(struct meta *);
void meta_release(struct meta *);

/* A value; the imp_* struct it shows to plugins is `as`, and every imp_value pointer of the host's
 * making leads back to it by value_of. */
struct value {
    union { imp_value head; imp_image image; imp_tensor tensor; imp_table table; imp_object object; } as;
    atomic_uint refs;
    struct memory *memory;
    size_t bytes;              /* of as.*.data */
    struct meta *meta;         /* NULL or retained */
    bool sealed;               /* was set as an output */
    struct value *owner;       /* a view (alpha split off): keeps this one alive */
    void (*drop)(void *) IMP_NX; /* objects */
    void *extra;               /* tables' rows and texts, tensors' shape: value.c */
};

struct value *value_of(const imp_value *);
struct value *value_retain(struct value *);
void value_release(struct value *); /* NULL allowed */
/* New values with one reference; NULL: no memory or over the limit. Sizes are checked: sides 1..65536,
 * 1, 3 or 4 channels. Rows are padded to 16 floats. */
struct value *value_image(struct memory *, uint32_t width, uint32_t height, uint32_t channels,
                          uint32_t colour);
/* The same with samples that lie in a file: `map` of `bytes` is unmapped with it, `data` is a place in it.
 * Read-only; not counted as memory. NULL: nothing was taken over. */
struct value *value_mapped(uint32_t width, uint32_t height, uint32_t channels, uint32_t colour, void *map,
                           size_t bytes, float *data);
/* An image whose samples lie at image->data already, a place that is given back to `memory` with it. The strides are
 * the image's; bytes: from data on. */
struct value *value_image_at(struct memory *, const imp_image *, size_t bytes);
struct value *value_tensor_at(struct memory *, uint32_t dtype, uint32_t ndim, const int64_t *shape,
                              const char *name, void *data);
struct value *value_tensor(struct memory *, uint32_t dtype, uint32_t ndim, const int64_t *shape,
                           const char *name);
struct value *value_table(uint32_t column_count, const imp_column *);
imp_status value_add_row(struct value *table, const imp_cell *);
struct value *value_object(const char *type, const char *provider, void *object,
                           void (*drop)(void *) IMP_NX);
/* An image that shows the first `channels` planes of another without a copy. */
struct value *value_planes(struct value *image, uint32_t first, uint32_t channels);
/* First NaN or infinity of an image or float tensor: false if there is one. */
bool value_finite(const struct value *);
bool value_constant_picture(const struct value *); /* all samples of each channel equal */
/* Identity of the content (objects: {0,0}). */
struct hash value_hash(const struct value *);

/* Serialised (spool, disk cache): image, tensor, table with meta stem; IMP_E_UNSUPPORTED for objects. A file
 * read back is checked (magic, sizes, hash); images and tensors of a spool may be mapped, not read. */
imp_status value_write(const struct value *, int fd);
imp_status value_read(struct memory *, const char *path, struct value **out);
/* A table as bytes, and back (NULL: they are none). */
void value_pack_table(const struct value *, struct text *);
struct value *value_unpack_table(const void *, size_t size);
/* One value of a file that holds several, from the descriptor's position on. */
imp_status value_read_next(struct memory *, int fd, struct value **out);

#endif
