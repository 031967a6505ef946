/* onnx_wire.c - an ONNX file as bytes. protobuf-c trusts lengths, recurses as deep as a file says
 * and tells nothing when it fails; so the whole file is walked first, by the schema's own tables.
 */
#include "onnx_file.h"

#include <stdlib.h>
#include <string.h>

enum { DEEPEST = 48 }; /* messages within messages; a plain network has 6 */
enum wire { VARINT = 0, BITS64 = 1, BYTES = 2, BITS32 = 5 };

struct walk {
    const uint8_t *data;
    imp_error *err;
};

static bool read_varint(const struct walk *w, size_t *at, size_t end, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
        const uint8_t byte = w->data[(*at)++];
        *v |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* Length of the UTF-8 character at p; 0: not one. */
static unsigned utf8_length(const uint8_t *p, size_t left)
{
    const unsigned n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (n == 0 || n > left || p[0] > 0xf4)
        return 0;
    for (unsigned i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    const bool bad = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
                     (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f);
    return bad ? 0 : n;
}

/* Names are compared and printed: no NUL inside, and UTF-8. */
static imp_status check_text(const struct walk *w, const ProtobufCMessageDescriptor *d,
                             const ProtobufCFieldDescriptor *f, size_t at, size_t end)
{
    if (!strcmp(f->name, "doc_string"))
        return IMP_OK;
    while (at < end) {
        const unsigned n = w->data[at] ? utf8_length(w->data + at, end - at) : 0;
        if (!n)
            return imp_fail(w->err, IMP_E_INPUT, "byte %zu: the text %s of a %s is not UTF-8", at,
                            f->name, d->short_name);
        at += n;
    }
    return IMP_OK;
}

static enum wire wire_of(const ProtobufCFieldDescriptor *f)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
        return BITS32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return BITS64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return BYTES;
    default:
        return VARINT;
    }
}

/* The numbers of a packed list fill it exactly. */
static bool check_packed(const struct walk *w, const ProtobufCFieldDescriptor *f, size_t at,
                         size_t end)
{
    const enum wire one = wire_of(f);
    uint64_t v;
    if (one != VARINT)
        return (end - at) % (one == BITS32 ? 4 : 8) == 0;
    while (at < end)
        if (!read_varint(w, &at, end, &v))
            return false;
    return true;
}

static imp_status check_message(const struct walk *, const ProtobufCMessageDescriptor *, size_t at,
                                size_t end, unsigned depth);

/* A field's contents of a known length. */
static imp_status check_bytes(const struct walk *w, const ProtobufCMessageDescriptor *d,
                              const ProtobufCFieldDescriptor *f, size_t at, size_t end,
                              unsigned depth)
{
    if (f->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_message(w, f->descriptor, at, end, depth + 1);
    if (f->type == PROTOBUF_C_TYPE_STRING)
        return check_text(w, d, f, at, end);
    if (wire_of(f) != BYTES && !check_packed(w, f, at, end))
        return imp_fail(w->err, IMP_E_INPUT, "byte %zu: the numbers %s of a %s are cut off", at,
                        f->name, d->short_name);
    return IMP_OK;
}

/* Steps over what follows a tag; [*from, *at) are its contents. */
static imp_status step_over(const struct walk *w, const ProtobufCMessageDescriptor *d,
                            const char *field, unsigned type, size_t *from, size_t *at, size_t end)
{
    uint64_t n = 0;
    const size_t start = *at;
    if (type != VARINT && type != BITS64 && type != BYTES && type != BITS32)
        return imp_fail(w->err, IMP_E_INPUT, "byte %zu: %s of a %s has no type of protobuf's",
                        start, field, d->short_name);
    const bool fine = type == BITS32   ? (n = 4, true)
                      : type == BITS64 ? (n = 8, true)
                                       : read_varint(w, at, end, &n);
    if (!fine)
        return imp_fail(w->err, IMP_E_INPUT, "byte %zu: %s of a %s is cut off", start, field,
                        d->short_name);
    *from = *at;
    if (type == VARINT)
        return IMP_OK;
    if (n > end - *at)
        return imp_fail(w->err, IMP_E_INPUT,
                        "byte %zu: %s of a %s claims %llu bytes, %zu are left: the file is cut off "
                        "or damaged",
                        start, field, d->short_name, (unsigned long long)n, end - *at);
    *at += (size_t)n;
    return IMP_OK;
}

/* One field, its tag at *at. seen: bits of single messages that were there; protobuf-c would join
 * two of them, in time that grows with the square of the file. */
static imp_status check_field(const struct walk *w, const ProtobufCMessageDescriptor *d, size_t *at,
                              size_t end, unsigned depth, uint64_t *seen)
{
    const size_t start = *at;
    uint64_t tag;
    if (!read_varint(w, at, end, &tag) || tag >> 3 == 0 || tag > UINT32_MAX)
        return imp_fail(w->err, IMP_E_INPUT, "byte %zu: no field of a %s begins here", start,
                        d->short_name);
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field(d, (unsigned)(tag >> 3));
    const unsigned type = tag & 7;
    size_t from;
    imp_status st = step_over(w, d, f ? f->name : "an unknown field", type, &from, at, end);
    if (st != IMP_OK || !f)
        return st;
    const bool list = f->label == PROTOBUF_C_LABEL_REPEATED;
    if (type != wire_of(f) && !(list && type == BYTES))
        return imp_fail(w->err, IMP_E_INPUT, "byte %zu: %s of a %s has another type in the schema",
                        start, f->name, d->short_name);
    if (f->type == PROTOBUF_C_TYPE_MESSAGE && !list) {
        const uint64_t bit = UINT64_C(1) << ((f - d->fields) & 63);
        if (*seen & bit)
            return imp_fail(w->err, IMP_E_INPUT, "byte %zu: a second %s in one %s", start, f->name,
                            d->short_name);
        *seen |= bit;
    }
    return type == BYTES ? check_bytes(w, d, f, from, *at, depth) : IMP_OK;
}

static imp_status check_message(const struct walk *w, const ProtobufCMessageDescriptor *d,
                                size_t at, size_t end, unsigned depth)
{
    if (depth > DEEPEST)
        return imp_fail(w->err, IMP_E_INPUT, "byte %zu: graphs nested deeper than %d messages", at,
                        DEEPEST);
    uint64_t seen = 0;
    imp_status st = IMP_OK;
    while (at < end && st == IMP_OK)
        st = check_field(w, d, &at, end, depth, &seen);
    return st;
}

/* Blocks carry their size in front, so that what is freed counts again. */
enum { HEAD = 16 };

static void *room_alloc(void *user, size_t size)
{
    struct onnx_room *room = user;
    if (size > room->left || room->left - size < HEAD)
        return NULL;
    uint8_t *p = malloc(size + HEAD);
    if (!p)
        return NULL;
    memcpy(p, &size, sizeof size);
    room->left -= size + HEAD;
    return p + HEAD;
}

static void room_free(void *user, void *pointer)
{
    struct onnx_room *room = user;
    if (!pointer)
        return;
    uint8_t *p = (uint8_t *)pointer - HEAD;
    size_t size;
    memcpy(&size, p, sizeof size);
    room->left += size + HEAD;
    free(p);
}

imp_status onnx_unpack(const ProtobufCMessageDescriptor *what, const void *data, size_t size,
                       struct onnx_room *room, ProtobufCMessage **out, imp_error *err)
{
    const struct walk w = {.data = data, .err = err};
    if (size == 0)
        return imp_fail(err, IMP_E_INPUT, "the file is empty");
    const imp_status st = check_message(&w, what, 0, size, 0);
    if (st != IMP_OK)
        return st;
    /* Weights are copied once; lists of small messages and short numbers grow about tenfold. */
    const uint64_t lists = size < (64u << 20) ? size : 64u << 20;
    const uint64_t budget = (UINT64_C(64) << 20) + 2 * (uint64_t)size + 12 * lists;
    *room =
        (struct onnx_room){.allocator = {.alloc = room_alloc, .free = room_free}, .left = budget};
    room->allocator.allocator_data = room;
    *out = protobuf_c_message_unpack(what, &room->allocator, size, data);
    if (*out)
        return IMP_OK;
    return imp_fail(err, IMP_E_INPUT, "%zu bytes that would unpack to more than %llu MiB", size,
                    (unsigned long long)(budget >> 20));
}

void onnx_release(struct onnx_room *room, ProtobufCMessage *message)
{
    if (message)
        protobuf_c_message_free_unpacked(message, &room->allocator);
}
