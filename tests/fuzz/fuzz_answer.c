/* fuzz_answer.c - any bytes as what a worker that was taken over may answer: values at places, tables, shapes, texts. What is
 * taken lies where it says. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "isolate_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One for all inputs: made once, and never again changed. */
static struct region *region(void)
{
    static struct region *only;
    if (!only && (only = region_new(NULL)))
        region_take(only, 1 << 20);
    return only;
}

static void look_at(struct value *v, struct region *r)
{
    void **at = v->as.head.kind == IMP_IMAGE ? (void **)&v->as.image.data : &v->as.tensor.data;
    const uint64_t place = region_place(r, *at);
    if (place == UINT64_MAX || v->bytes > region_room(r, place))
        abort();
    if (v->bytes <= 1 << 16) {
        value_finite(v);
        value_release(ferry_copy(v, NULL));
    }
    *at = NULL; /* not of the heap */
    value_release(v);
}

static void as_value(struct mail *m)
{
    struct region *const regions[2] = {NULL, region()};
    const uint64_t kind = unpack_u64(m);
    uint64_t at;
    if (!regions[1] || (kind != FERRY_IMAGE && kind != FERRY_TENSOR))
        return;
    struct value *v = ferry_get_at(m, kind, regions, NULL, &at);
    if (v)
        look_at(v, regions[1]);
}

static void as_table(struct mail *m)
{
    struct text again = {0};
    size_t size;
    const void *bytes = unpack_rest(m, &size);
    struct value *v = bytes ? value_unpack_table(bytes, size) : NULL;
    if (!v)
        return;
    value_pack_table(v, &again);
    struct value *same = value_unpack_table(again.data, again.size);
    if (!same || !hash_equal(value_hash(v), value_hash(same)))
        abort();
    value_release(same);
    value_release(v);
    text_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    char *copy = malloc(size);
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    copy[size - 1] = '\0';
    struct mail m = {.data = copy, .size = size - 1, .fd = -1};
    size_t n;
    switch (data[0] % 3) {
    case 0:
        as_value(&m);
        break;
    case 1:
        as_table(&m);
        break;
    default:
        unpack_i64(&m);
        unpack_text(&m);
        unpack_bytes(&m, &n);
        ferry_shape(&m);
        unpack_text(&m);
    }
    mail_free(&m);
    return 0;
}
