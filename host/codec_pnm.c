/* PNM (P1 .. P6, text and binary, any depth up to 16 bits) and PFM, straight into planes.
 * Source: the format descriptions of Netpbm; PFM after Debevec: rows bottom up, byte order by the sign
 * of the scale, samples linear. */
#include "codec_own.h"
#include "container.h"
#include "report.h"
#include <impasto/kit.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct head {
    char type;           /* '1' .. '6', 'F', 'f' */
    uint32_t width, height, channels;
    uint32_t top;        /* the sample that means 1 */
    bool big_endian;     /* PFM */
    size_t start;        /* of the samples */
};

/* The next word, comments skipped; false at the end or when it is longer than buf. */
static bool word(const char *p, size_t size, size_t *at, char *buf, size_t cap)
{
    size_t n = 0;

    while (*at < size && (isspace((unsigned char)p[*at]) || p[*at] == '#')) {
        if (p[*at] == '#')
            while (*at < size && p[*at] != '\n')
                ++*at;
        else
            ++*at;
    }
    while (*at < size && !isspace((unsigned char)p[*at]) && p[*at] != '#') {
        if (n + 1 == cap)
            return false;
        buf[n++] = p[(*at)++];
    }
    buf[n] = '\0';
    return n > 0 && *at < size;
}

static bool number(const char *p, size_t size, size_t *at, uint32_t most, uint32_t *out)
{
    char buf[24];
    long long v;

    if (!word(p, size, at, buf, sizeof buf) || !parse_integer(buf, &v) || v < 1 || v > most)
        return false;
    *out = (uint32_t)v;
    return true;
}

/* What follows the sides: the largest sample, or PFM's scale. */
static bool read_top(const char *p, size_t size, struct head *h)
{
    char buf[32];
    double scale;

    h->top = 1;
    if (h->type == '1' || h->type == '4')
        return true;
    if (h->type >= '2' && h->type <= '6')
        return number(p, size, &h->start, 65535, &h->top);
    if (!word(p, size, &h->start, buf, sizeof buf) || !parse_real(buf, &scale) || !isfinite(scale) ||
        scale == 0)
        return false;
    h->big_endian = scale > 0;
    return true;
}

static imp_status read_head(const char *p, size_t size, struct head *h, imp_error *err)
{
    *h = (struct head){.type = size > 2 && p[0] == 'P' ? p[1] : 0, .start = 2};
    if (!h->type || !strchr("123456Ff", h->type) || !number(p, size, &h->start, INT32_MAX, &h->width) ||
        !number(p, size, &h->start, INT32_MAX, &h->height) || !read_top(p, size, h))
        return imp_fail(err, IMP_E_INPUT, "PNM or PFM ends early or is damaged: its header is not whole");
    h->channels = strchr("36F", h->type) ? 3 : 1;
    h->start++; /* one blank */
    return IMP_OK;
}

static imp_status probe(void *self, const void *data, uint64_t size, imp_picture *out, imp_error *err)
{
    struct head h;
    const imp_status st = read_head(data, size, &h, err);

    (void)self;
    if (st != IMP_OK)
        return st;
    out->width = h.width;
    out->height = h.height;
    out->channels = h.channels;
    out->bits = strchr("Ff", h.type) ? 32 : h.top > 255 ? 16 : 8;
    out->orientation = 1;
    return IMP_OK;
}

static uint64_t row_bytes(const struct head *h)
{
    const uint64_t n = (uint64_t)h->width * h->channels;

    if (h->type == '4')
        return ((uint64_t)h->width + 7) / 8;
    if (h->type >= '5' && h->type <= '6')
        return h->top > 255 ? 2 * n : n;
    return h->type <= '3' ? n : 4 * n; /* text: a digit a sample at least */
}

static void bit_row(const uint8_t *p, float *out, uint32_t n)
{
    for (uint32_t x = 0; x < n; x++)
        out[x] = p[x / 8] >> (7 - x % 8) & 1 ? 0.0f : 1.0f;
}

static void binary_row(const struct head *h, const uint8_t *p, imp_image *out, uint32_t y)
{
    const float top = (float)h->top;

    for (uint32_t c = 0; c < h->channels; c++) {
        float *to = imp_row_out(out, c, y);
        const uint8_t *from = p + (h->top > 255 ? 2 * c : c);
        if (h->top > 255)
            for (size_t x = 0; x < h->width; x++)
                to[x] = (float)be16(from + 2 * h->channels * x) / top;
        else
            for (size_t x = 0; x < h->width; x++)
                to[x] = (float)from[h->channels * x] / top;
        for (size_t x = 0; x < h->width; x++) /* samples over the top mean the top */
            to[x] = to[x] < 1.0f ? to[x] : 1.0f;
    }
}

static imp_status float_row(const struct head *h, const uint8_t *p, imp_image *out, uint32_t y, imp_error *err)
{
    for (uint32_t c = 0; c < h->channels; c++) {
        float *to = imp_row_out(out, c, y);
        for (size_t x = 0; x < h->width; x++) {
            const uint8_t *from = p + 4 * (h->channels * x + c);
            const uint32_t bits = h->big_endian ? be32(from) : le32(from);
            memcpy(to + x, &bits, sizeof bits);
            if (!isfinite(to[x]))
                return imp_fail(err, IMP_E_INPUT, "PFM holds a sample that is no number at column %zu, row "
                                "%u", x, y);
        }
    }
    return IMP_OK;
}

static imp_status binary(const struct head *h, const uint8_t *data, imp_image *out, imp_error *err)
{
    const uint64_t row = row_bytes(h);
    imp_status st = IMP_OK;

    for (uint32_t y = 0; y < h->height && st == IMP_OK; y++) {
        const uint8_t *p = data + h->start + row * y;
        if (h->type == '4')
            bit_row(p, imp_row_out(out, 0, y), h->width);
        else if (h->type == 'F' || h->type == 'f')
            st = float_row(h, p, out, h->height - 1 - y, err);
        else
            binary_row(h, p, out, y);
    }
    return st;
}

/* The next decimal sample of a text PNM; of P1 a single digit, blanks between them or not. */
static bool text_sample(const struct head *h, const char *p, size_t size, size_t *at, uint32_t *out)
{
    uint32_t v = 0, digits = 0;

    while (*at < size && (isspace((unsigned char)p[*at]) || p[*at] == '#')) {
        if (p[*at] == '#')
            while (*at < size && p[*at] != '\n')
                ++*at;
        else
            ++*at;
    }
    for (; *at < size && isdigit((unsigned char)p[*at]) && digits < (h->type == '1' ? 1u : 6u); digits++)
        v = 10 * v + (uint32_t)(p[(*at)++] - '0');
    *out = v;
    return digits > 0 && v <= h->top;
}

static imp_status text(const struct head *h, const char *p, size_t size, imp_image *out, imp_error *err)
{
    size_t at = h->start - 1;

    for (uint32_t y = 0; y < h->height; y++)
        for (uint32_t x = 0; x < h->width; x++)
            for (uint32_t c = 0; c < h->channels; c++) {
                uint32_t v;
                if (!text_sample(h, p, size, &at, &v))
                    return imp_fail(err, IMP_E_INPUT, "PNM ends early or is damaged at byte %zu: a number "
                                    "up to %u should be there (column %u, row %u)", at, h->top, x, y);
                imp_row_out(out, c, y)[x] = h->type == '1' ? 1.0f - (float)v : (float)v / (float)h->top;
            }
    return IMP_OK;
}

static imp_status decode(void *self, const void *data, uint64_t size, imp_image *out, imp_error *err)
{
    struct head h;
    imp_status st = read_head(data, size, &h, err);

    (void)self;
    if (st != IMP_OK)
        return st;
    if (h.start > size || row_bytes(&h) * h.height > size - h.start)
        return imp_fail(err, IMP_E_INPUT, "%s ends early: %llu of %u rows are there",
                        strchr("Ff", h.type) ? "PFM" : "PNM", h.start > size ? 0ull :
                        (unsigned long long)((size - h.start) / row_bytes(&h)), h.height);
    if (strchr("Ff", h.type))
        out->colour = IMP_LINEAR;
    return h.type <= '3' ? text(&h, data, size, out, err) : binary(&h, data, out, err);
}

static imp_status encode(void *self, const imp_image *m, const char *ending, uint32_t quality, void *to,
                         imp_status (*write)(void *to, const void *data, uint64_t size) IMP_NX,
                         imp_error *err)
{
    const uint32_t n = m->channels >= 3 ? 3 : 1;
    const size_t row = (size_t)m->width * n * 4;
    uint8_t *bytes = malloc(row);
    char head[64];
    imp_status st;

    (void)self, (void)ending, (void)quality;
    if (!bytes)
        return imp_fail(err, IMP_E_MEMORY, "no memory to encode a row of %u pixels", m->width);
    snprintf(head, sizeof head, "P%c\n%u %u\n-1.0\n", n == 3 ? 'F' : 'f', m->width, m->height);
    st = write(to, head, strlen(head));
    for (uint32_t y = m->height; y-- > 0 && st == IMP_OK;) {
        for (uint32_t c = 0; c < n; c++)
            for (size_t x = 0; x < m->width; x++) {
                uint8_t *p = bytes + 4 * (n * x + c);
                uint32_t bits;
                memcpy(&bits, imp_row(m, c, y) + x, sizeof bits);
                for (int i = 0; i < 4; i++)
                    p[i] = (uint8_t)(bits >> 8 * i);
            }
        st = write(to, bytes, row);
    }
    free(bytes);
    return st;
}

const imp_codec_1 codec_pnm = {
    .struct_size = sizeof(imp_codec_1),
    .reads = "ppm pgm pbm pnm pfm",
    .writes = "pfm",
    .probe = probe,
    .decode = decode,
    .encode = encode,
};
