/* ferry.c - values and shapes as pieces of messages. Samples stay where they are, in a region that
 * both sides have. */
#include "isolate_private.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RANK = 64 };

static const void *samples(const struct value *v)
{
    return v->as.head.kind == IMP_IMAGE ? (const void *)v->as.image.data : v->as.tensor.data;
}

bool ferry_place(const struct value *v, struct region *const regions[2], uint64_t *region,
                 uint64_t *at)
{
    for (uint64_t i = 2; i-- > 0;) {
        *region = i;
        *at = region_place(regions[i], samples(v));
        if (*at != UINT64_MAX)
            return true;
    }
    return false;
}

struct value *ferry_copy(const struct value *v, struct memory *memory)
{
    const imp_tensor *t = &v->as.tensor;
    const imp_image *m = &v->as.image;
    struct value *copy;
    if (v->as.head.kind == IMP_TENSOR) {
        copy = value_tensor(memory, t->dtype, t->ndim, t->shape, t->name);
        if (copy && v->bytes)
            memcpy(copy->as.tensor.data, t->data, v->bytes);
        return copy;
    }
    copy = value_image(memory, m->width, m->height, m->channels, m->colour);
    for (uint32_t c = 0; copy && c < m->channels; c++)
        for (uint32_t y = 0; y < m->height; y++)
            memcpy(imp_row_out(&copy->as.image, c, y), imp_row(m, c, y), m->width * sizeof(float));
    return copy;
}

void ferry_put_at(struct text *out, const struct value *v, uint64_t region, uint64_t at)
{
    const imp_image *m = &v->as.image;
    const imp_tensor *t = &v->as.tensor;
    const bool image = v->as.head.kind == IMP_IMAGE;
    pack_u64(out, image ? FERRY_IMAGE : FERRY_TENSOR);
    pack_u64(out, region);
    pack_u64(out, at);
    if (image) {
        pack_u64(out, m->width);
        pack_u64(out, m->height);
        pack_u64(out, m->channels);
        pack_u64(out, m->colour);
        pack_i64(out, m->row);
        pack_i64(out, m->plane);
        return;
    }
    pack_u64(out, t->dtype);
    pack_u64(out, t->ndim);
    for (uint32_t i = 0; i < t->ndim; i++)
        pack_i64(out, t->shape[i]);
    pack_text(out, t->name);
}

static struct value *get_image(struct mail *m, struct memory *memory, float *data, size_t room)
{
    imp_image image = {.head = {sizeof image, IMP_IMAGE}, .data = data};
    const uint64_t width = unpack_u64(m), height = unpack_u64(m), channels = unpack_u64(m),
                   colour = unpack_u64(m);
    image.row = unpack_i64(m);
    image.plane = unpack_i64(m);
    if (m->bad || width > 65536 || height > 65536 || channels > 4 || colour > IMP_DATA ||
        image.row < (int64_t)width || image.row > 1 << 20 ||
        image.plane < image.row * (int64_t)height || image.plane > INT64_C(1) << 37 ||
        (uint64_t)image.plane * channels > room / sizeof(float))
        return NULL;
    image.width = (uint32_t)width;
    image.height = (uint32_t)height;
    image.channels = (uint32_t)channels;
    image.colour = (uint32_t)colour;
    return value_image_at(memory, &image, (size_t)image.plane * image.channels * sizeof(float));
}

static struct value *get_tensor(struct mail *m, struct memory *memory, void *data, size_t room)
{
    const uint64_t dtype = unpack_u64(m), ndim = unpack_u64(m);
    int64_t shape[MOST_RANK];
    double items = 1;
    if (m->bad || ndim > MOST_RANK || dtype > IMP_U8)
        return NULL;
    for (uint64_t i = 0; i < ndim; i++) {
        shape[i] = unpack_i64(m);
        items *= shape[i] >= 0 ? (double)shape[i] : 1e300;
    }
    const char *name = unpack_text(m);
    if (m->bad || items > (double)room)
        return NULL;
    struct value *v = value_tensor_at(memory, (uint32_t)dtype, (uint32_t)ndim, shape, name, data);
    if (v && v->bytes > room) {
        v->as.tensor.data = NULL; /* not ours to give back */
        value_release(v);
        return NULL;
    }
    return v;
}

struct value *ferry_get_at(struct mail *m, uint64_t kind, struct region *const regions[2],
                           struct memory *memory, uint64_t *at)
{
    const uint64_t region = unpack_u64(m);
    *at = unpack_u64(m);
    void *data = m->bad || region > 1 || !regions[region] || *at % sizeof(double)
                     ? NULL
                     : region_address(regions[region], *at);
    if (!data)
        return NULL;
    const size_t room = region_room(regions[region], *at);
    return kind == FERRY_IMAGE ? get_image(m, memory, data, room)
                               : get_tensor(m, memory, data, room);
}

void ferry_put_shape(struct text *out, const imp_shape *s)
{
    pack_u64(out, s->kind);
    pack_u64(out, s->width);
    pack_u64(out, s->height);
    pack_u64(out, s->channels);
    pack_u64(out, s->colour);
    pack_u64(out, s->bytes);
}

imp_shape ferry_shape(struct mail *m)
{
    imp_shape s = {.struct_size = sizeof s};
    s.kind = (uint32_t)unpack_u64(m);
    s.width = (uint32_t)unpack_u64(m);
    s.height = (uint32_t)unpack_u64(m);
    s.channels = (uint32_t)unpack_u64(m);
    s.colour = (uint32_t)unpack_u64(m);
    s.bytes = unpack_u64(m);
    return s;
}
