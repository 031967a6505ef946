/* onnx_make.h - ONNX files for tests, written byte by byte: another hand than protobuf-c's and than
 * that of the writer under test. Parts of a graph are gathered in the order of the calls. */
#ifndef ONNX_MAKE_H
#define ONNX_MAKE_H
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    uint8_t data[1 << 16];
    size_t size;
};

static inline void put(struct bytes *b, const void *data, size_t n)
{
    if (b->size + n > sizeof b->data)
        abort();
    memcpy(b->data + b->size, data, n);
    b->size += n;
}

static inline void put_varint(struct bytes *b, uint64_t v)
{
    do {
        const uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        put(b, &byte, 1);
        v >>= 7;
    } while (v);
}

static inline void put_int(struct bytes *b, unsigned field, int64_t v)
{
    put_varint(b, field << 3);
    put_varint(b, (uint64_t)v);
}

static inline void put_float(struct bytes *b, unsigned field, float v)
{
    put_varint(b, field << 3 | 5);
    put(b, &v, sizeof v);
}

static inline void put_block(struct bytes *b, unsigned field, const void *data, size_t n)
{
    put_varint(b, field << 3 | 2);
    put_varint(b, n);
    put(b, data, n);
}

static inline void put_text(struct bytes *b, unsigned field, const char *s)
{
    put_block(b, field, s, strlen(s));
}

static inline void put_message(struct bytes *b, unsigned field, const struct bytes *m)
{
    put_block(b, field, m->data, m->size);
}

/* One field for each word. */
static inline void put_words(struct bytes *b, unsigned field, const char *words)
{
    while (*words) {
        const size_t n = strcspn(words, " ");
        const bool open = n == 1 && *words == '-'; /* an input left open */
        put_block(b, field, words, open ? 0 : n);
        words += n + (words[n] == ' ');
    }
}

/* TensorProto: dims "2 3" or "" for a scalar; raw bytes. */
static inline void put_tensor(struct bytes *b, unsigned field, const char *name, int type,
                              const char *dims, const void *raw, size_t n)
{
    struct bytes *t = calloc(1, sizeof *t);
    char *end;
    for (const char *p = dims; *p; p = end) {
        const long long d = strtoll(p, &end, 10);
        if (end == p)
            break;
        put_int(t, 1, d);
    }
    put_int(t, 2, type);
    put_text(t, 8, name);
    put_block(t, 9, raw, n);
    put_message(b, field, t);
    free(t);
}

/* "axis:i=1;pads:I=0 1;mode:s=reflect;alpha:f=0.5;scales:F=1 2" */
static inline void put_attrs(struct bytes *node, const char *text)
{
    while (*text) {
        struct bytes *a = calloc(1, sizeof *a);
        const size_t name = strcspn(text, ":"), all = strcspn(text, ";");
        const char kind = text[name + 1], *p = text + name + 3, *end = text + all;
        char *next;
        put_block(a, 1, text, name);
        if (kind == 's')
            put_block(a, 4, p, (size_t)(end - p));
        while (kind != 's' && p < end) {
            const double v = strtod(p, &next);
            if (kind == 'i' || kind == 'I')
                put_int(a, kind == 'i' ? 3 : 8, (int64_t)v);
            else
                put_float(a, kind == 'f' ? 2 : 7, (float)v);
            p = next + (*next == ' ');
        }
        put_int(a, 20, kind == 'i' ? 2 : kind == 'I' ? 7 : kind == 'f' ? 1 : kind == 'F' ? 6 : 3);
        put_message(node, 5, a);
        free(a);
        text += all + (text[all] == ';');
    }
}

static inline void put_node(struct bytes *graph, const char *op, const char *name, const char *in,
                            const char *out, const char *attrs)
{
    struct bytes *n = calloc(1, sizeof *n);
    put_words(n, 1, in);
    put_words(n, 2, out);
    if (*name)
        put_text(n, 3, name);
    put_text(n, 4, op);
    put_attrs(n, attrs);
    put_message(graph, 1, n);
    free(n);
}

/* ValueInfoProto of floats: "1 3 H W", words are symbols. field: 11 = input, 12 = output. */
static inline void put_value(struct bytes *graph, unsigned field, const char *name, int type,
                             const char *dims)
{
    struct bytes *m = calloc(4, sizeof *m); /* info, type, tensor, shape */
    while (*dims) {
        struct bytes *d = calloc(1, sizeof *d);
        const size_t n = strcspn(dims, " ");
        if (*dims >= 'A')
            put_block(d, 2, dims, n);
        else
            put_int(d, 1, strtoll(dims, NULL, 10));
        put_message(&m[3], 1, d);
        free(d);
        dims += n + (dims[n] == ' ');
    }
    put_int(&m[2], 1, type);
    put_message(&m[2], 2, &m[3]);
    put_message(&m[1], 1, &m[2]);
    put_text(&m[0], 1, name);
    put_message(&m[0], 2, &m[1]);
    put_message(graph, field, &m[0]);
    free(m);
}

static inline void put_floats(struct bytes *graph, const char *name, const char *dims, size_t n,
                              const float *v)
{
    put_tensor(graph, 5, name, 1, dims, v, n * sizeof *v);
}

static inline void put_integers(struct bytes *graph, const char *name, const char *dims, size_t n,
                                const int64_t *v)
{
    put_tensor(graph, 5, name, 7, dims, v, n * sizeof *v);
}

/* ModelProto around a graph. */
static inline void put_model(struct bytes *model, const struct bytes *graph, int opset)
{
    struct bytes *set = calloc(1, sizeof *set);
    put_int(model, 1, 8);
    put_text(model, 2, "by hand");
    put_text(set, 1, "");
    put_int(set, 2, opset);
    put_message(model, 8, set);
    put_message(model, 7, graph);
    free(set);
}

#endif
