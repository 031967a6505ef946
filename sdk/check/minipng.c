/* minipng.c - IMP_HOST_IMAGE_1 of the mini host: writes PNG with stored blocks, so that a filter
 * which embeds pictures can be tested without a codec. Source: RFC 1950, 1951, 2083. */
#include "minipriv.h"
#include <stdlib.h>
#include <string.h>

struct bytes {
    unsigned char *data;
    size_t size;
};

static void put(struct bytes *b, const void *data, size_t size)
{
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void put32(struct bytes *b, uint32_t v)
{
    put(b,
        (unsigned char[]){(unsigned char)(v >> 24), (unsigned char)(v >> 16),
                          (unsigned char)(v >> 8), (unsigned char)v},
        4);
}

static uint32_t crc32(const unsigned char *p, size_t n)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void put_chunk(struct bytes *b, const char *type, const void *data, size_t size)
{
    const size_t start = b->size + 4;
    put32(b, (uint32_t)size);
    put(b, type, 4);
    put(b, data, size);
    put32(b, crc32(b->data + start, size + 4));
}

/* Filter byte 0 and the samples of each row, 8 bits. */
static struct bytes raw_rows(const imp_image *m)
{
    const size_t n = ((size_t)m->width * m->channels + 1) * m->height;
    struct bytes raw = {mini_alloc(n, 1), 0};
    for (uint32_t y = 0; y < m->height; y++) {
        raw.data[raw.size++] = 0;
        for (uint32_t x = 0; x < m->width; x++)
            for (uint32_t c = 0; c < m->channels; c++) {
                const float v = imp_row(m, c, y)[x] * 255 + 0.5f;
                raw.data[raw.size++] = (unsigned char)(v >= 255 ? 255 : v > 0 ? v : 0);
            }
    }
    return raw;
}

static struct bytes deflate_stored(struct bytes raw)
{
    struct bytes z = {mini_alloc(raw.size + raw.size / 65535 * 5 + 16, 1), 0};
    uint32_t a = 1, b = 0;
    for (size_t i = 0; i < raw.size; i++)
        a = (a + raw.data[i]) % 65521, b = (b + a) % 65521;
    put(&z, (unsigned char[]){0x78, 0x01}, 2);
    for (size_t at = 0; at < raw.size;) {
        const size_t n = raw.size - at < 65535 ? raw.size - at : 65535;
        put(&z,
            (unsigned char[]){at + n == raw.size, (unsigned char)n, (unsigned char)(n >> 8),
                              (unsigned char)~n, (unsigned char)(~n >> 8)},
            5);
        put(&z, raw.data + at, n);
        at += n;
    }
    put32(&z, b << 16 | a);
    return z;
}

static imp_status picture_encode(const imp_host *host, const imp_image *m, const char *ending,
                                 void **data, uint64_t *size, imp_error *err) IMP_NX
{
    (void)host, (void)ending, (void)err;
    struct bytes raw = raw_rows(m), z = deflate_stored(raw);
    struct bytes head = {(unsigned char[13]){0}, 0}, png = {mini_alloc(z.size + 128, 1), 0};
    put32(&head, m->width);
    put32(&head, m->height);
    put(&head, (unsigned char[]){8, m->channels == 1 ? 0 : m->channels == 3 ? 2 : 6, 0, 0, 0}, 5);
    put(&png, "\x89PNG\r\n\x1a\n", 8);
    put_chunk(&png, "IHDR", head.data, head.size);
    put_chunk(&png, "IDAT", z.data, z.size);
    put_chunk(&png, "IEND", "", 0);
    free(raw.data);
    free(z.data);
    *data = png.data;
    *size = png.size;
    return IMP_OK;
}

static imp_status picture_read(const imp_host *host, const char *path, uint32_t channels,
                               imp_image **out, imp_error *err) IMP_NX
{
    (void)host, (void)channels, (void)out;
    return imp_fail(err, IMP_E_UNSUPPORTED, "%s: the mini host reads no pictures", path);
}

static void picture_drop(const imp_host *host, void *data) IMP_NX
{
    (void)host;
    free(data);
}

const imp_host_image_1 mini_pictures = {sizeof mini_pictures, 0, picture_read, picture_encode,
                                        picture_drop};
