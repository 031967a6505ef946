/* safetensors.h - the header of a safetensors file, checked (private to formats).
 *
 * 8 bytes: the length of the header, little endian; the header, a JSON object of
 * "name": {"dtype": "F32", "shape": [64, 3, 3, 3], "data_offsets": [begin, end]} and perhaps
 * "__metadata__": {"key": "text"}; then the data, row-major, little endian, without holes. */
#ifndef IMP_RT_SAFETENSORS_H
#define IMP_RT_SAFETENSORS_H
#include <cjson/cJSON.h>
#include "input.h"
#include "name_index.h"
#include "network.h"

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
    const struct rt_input *in;   /* borrowed */
    uint64_t data_size, data_at; /* data_at: in the file */
    struct st_entry *entries;
    uint32_t count, reserved0;
    struct rt_names names;
};

/* Reads and checks all of it; nothing of the data is looked at, nothing is allocated by what the
 * file claims and does not have. st_header_free in any case. */
imp_status st_header_read(const struct rt_input *, struct st_header *, imp_error *);
void st_header_free(struct st_header *);
const char *st_metadata(const struct st_header *, const char *key); /* NULL: none */
/* Does it hold its own architecture? No: other people's, or not sound. */
bool st_is_ours(const struct rt_input *);
/* As rt_safetensors_read; F32 of a mapped file stay in it. */
imp_status st_graph(const struct rt_input *, const char *arch, size_t arch_size, struct rt_graph **,
                    imp_error *);
/* The entry's numbers as F32 or I64, read straight into them; NULL: *st says why. */
struct rt_tensor *st_tensor(const struct st_header *, const struct st_entry *, imp_status *,
                            imp_error *);

#endif
