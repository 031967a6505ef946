/* safetensors.h - the header of a safetensors file, checked (private to formats).
 *
 * 8 bytes: the length of the header, little endian; the header, a JSON object of
 * "name": {"dtype": "F32", "shape": [64, 3, 3, 3], "data_offsets": [begin, end]} and perhaps
 * "__metadata__": {"key": "text"}; then the data, row-major, little endian, without holes. */
#ifndef IMP_RT_SAFETENSORS_H
#define IMP_RT_SAFETENSORS_H
#include <cjson/cJSON.h>
#include "network.h"
#include "name_index.h"

struct st_entry {
    const char *name; /* the header's */
    const struct st_dtype *dtype;
    const char *dtype_name;
    struct rt_shape shape;
    uint64_t begin, end; /* in the data */
    uint32_t asked, reserved0;
};
struct st_header {
    cJSON *json;
    const uint8_t *data;
    uint64_t data_size, data_at; /* data_at: in the file */
    struct st_entry *entries;
    uint32_t count, reserved0;
    struct rt_names names;
};

/* Reads and checks all of it; nothing of the data is looked at, nothing is allocated by what the
 * file claims. st_header_free in any case. */
imp_status st_header_read(const void *bytes, size_t size, struct st_header *, imp_error *);
void st_header_free(struct st_header *);
const char *st_metadata(const struct st_header *, const char *key); /* NULL: none */
/* Does it hold its own architecture? No: other people's, or not sound. */
bool st_is_ours(const void *bytes, size_t size);
/* The entry's numbers as F32 or I64; NULL: *st says why. */
struct rt_tensor *st_tensor(const struct st_header *, const struct st_entry *, imp_status *,
                            imp_error *);

#endif
