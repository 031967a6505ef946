/* PNG, JPEG, BMP, TGA through stb_image; JPEG, BMP, TGA, HDR through stb_image_write. stb believes what it
 * reads: files that end early decode to grey or black without a word. So heads and lengths are checked
 * before stb sees them (container.h; BMP and TGA below). Its HDR and PNM readers are left out: at version
 * 2.27 an HDR that ends within a run loops for ever, and 16-bit or scaled PNM come out wrong (codec_hdr.c,
 * codec_pnm.c). Its PNG writer is slower than codec_png.c. */
#include "codec_own.h"
#include "container.h"
#include <impasto/kit.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STBIDEF extern /* static would warn of what is declared and left out */
#define STB_IMAGE_IMPLEMENTATION
#define STBI_NO_STDIO
#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_ONLY_BMP
#define STBI_ONLY_TGA
#define STBI_MAX_DIMENSIONS 65536
#include <stb_image.h>
#ifndef STBI_THREAD_LOCAL
#error "this stb_image keeps its failure text in a global: not safe with threads"
#endif

#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb_image_write.h>

/* ---- BMP and TGA: is all of it there? ---- */

static imp_status cut(const char *kind, uint64_t want, uint64_t size, imp_error *err)
{
    return imp_fail(err, IMP_E_INPUT, "%s ends early: its pixels need %llu bytes, the file has %llu", kind,
                    (unsigned long long)want, (unsigned long long)size);
}

static imp_status bmp_whole(const uint8_t *p, size_t size, uint32_t width, uint32_t height, imp_error *err)
{
    const uint64_t start = le32(p + 10), head = le32(p + 14);
    const uint64_t bits = (uint64_t)width * le16(p + (head == 12 ? 24 : 28));
    /* Rows are padded to 4 bytes; some writers leave that out behind the last. */
    const uint64_t want = start + (bits + 31) / 32 * 4 * (height - 1) + (bits + 7) / 8;

    if (start < 14 + head)
        return imp_fail(err, IMP_E_INPUT, "BMP is damaged: its pixels start at byte %u, in its header",
                        (unsigned)start);
    return want > size ? cut("BMP", want, size, err) : IMP_OK;
}

static imp_status tga_packets(const uint8_t *p, size_t size, size_t at, uint64_t pixels, uint32_t bytes,
                              imp_error *err)
{
    const uint64_t all = pixels;

    while (pixels) {
        uint64_t n, need;
        if (at >= size)
            break;
        n = 1 + (p[at] & 127u);
        n = n < pixels ? n : pixels;
        need = 1 + (p[at] & 128 ? bytes : n * bytes);
        if (need > size - at)
            break;
        at += need;
        pixels -= n;
    }
    if (pixels)
        return imp_fail(err, IMP_E_INPUT, "TGA ends early: %llu of %llu pixels are there",
                        (unsigned long long)(all - pixels), (unsigned long long)all);
    return IMP_OK;
}

/* stb tells the kind by itself. Whatever it might take for another kind than we do has a second byte
 * that no TGA has: "BM", or the ff and d8 of a JPEG that begins with fill bytes. */
static bool may_be_tga(const uint8_t *p, size_t size)
{
    return size >= 18 && p[1] <= 1;
}

static imp_status tga_whole(const uint8_t *p, size_t size, uint32_t width, uint32_t height, imp_error *err)
{
    const uint32_t bytes = (p[16] + 7u) / 8, entry = p[1] ? (p[7] + 7u) / 8 : 0;
    const uint64_t start = 18 + p[0] + (uint64_t)le16(p + 5) * entry;
    const uint64_t pixels = (uint64_t)width * height;

    if (p[1] && le16(p + 3))
        return imp_fail(err, IMP_E_UNSUPPORTED, "TGA with a palette that starts at entry %u; convert it "
                        "first: magick x.tga x.png", le16(p + 3));
    if (p[17] & 0x10)
        return imp_fail(err, IMP_E_UNSUPPORTED, "TGA with rows from right to left; convert it first: "
                        "magick x.tga x.png");
    if (start > size)
        return cut("TGA", start, size, err);
    if (p[2] >= 8)
        return tga_packets(p, size, (size_t)start, pixels, bytes, err);
    return start + pixels * bytes > size ? cut("TGA", start + pixels * bytes, size, err) : IMP_OK;
}

/* ---- probe ---- */

static const char *name_of(const void *data, size_t size)
{
    const struct kind *k = kind_of_content(data, size);
    return k ? k->name : "TGA";
}

static imp_status probe_raw(const char *name, const void *data, size_t size, imp_picture *out, imp_error *err)
{
    int w, h, n;

    if (size > INT_MAX)
        return imp_fail(err, IMP_E_LIMIT, "%s of more than 2 GiB cannot be read", name);
    if (strcmp(name, "TGA") == 0 && !may_be_tga(data, size))
        return imp_fail(err, IMP_E_INPUT, "not a TGA: its %zu bytes do not begin with a TGA header", size);
    if (!stbi_info_from_memory(data, (int)size, &w, &h, &n) || w <= 0 || h == 0 || h == INT_MIN)
        return imp_fail(err, IMP_E_INPUT, "%s is damaged or of a rare kind (%s); convert it first: "
                        "magick x x.png", name, stbi_failure_reason());
    out->width = (uint32_t)w;
    out->height = (uint32_t)abs(h);
    out->channels = n == 2 ? 4 : (uint32_t)n;
    out->bits = 8;
    return IMP_OK;
}

static imp_status stb_probe(void *self, const void *data, uint64_t size, imp_picture *out, imp_error *err)
{
    const char *name = name_of(data, size);

    (void)self;
    out->orientation = 1;
    if (strcmp(name, "PNG") == 0)
        return png_head(data, size, out, err);
    if (strcmp(name, "JPEG") == 0)
        return jpeg_head(data, size, out, err);
    return probe_raw(name, data, size, out, err);
}

/* ---- decode ---- */

static imp_status whole(const char *name, const uint8_t *data, size_t size, const imp_image *out,
                        imp_error *err)
{
    if (size > INT_MAX)
        return imp_fail(err, IMP_E_LIMIT, "%s of more than 2 GiB cannot be read", name);
    if (strcmp(name, "PNG") == 0)
        return png_whole(data, size, err);
    if (strcmp(name, "JPEG") == 0)
        return jpeg_whole(data, size, err);
    if (strcmp(name, "BMP") == 0)
        return size < 30 ? cut(name, 30, size, err) : bmp_whole(data, size, out->width, out->height, err);
    return may_be_tga(data, size) ? tga_whole(data, size, out->width, out->height, err) : cut(name, 18, size, err);
}

static bool is_deep(const char *name, const uint8_t *data)
{
    return strcmp(name, "PNG") == 0 && data[24] == 16;
}

static imp_status stb_decode(void *self, const void *data, uint64_t size, imp_image *out, imp_error *err)
{
    const char *name = name_of(data, size);
    const imp_status st = whole(name, data, size, out, err);
    const int want = (int)out->channels;
    int w = 0, h = 0, n;
    void *pixels;

    (void)self;
    if (st != IMP_OK)
        return st;
    if (is_deep(name, data))
        pixels = stbi_load_16_from_memory(data, (int)size, &w, &h, &n, want);
    else
        pixels = stbi_load_from_memory(data, (int)size, &w, &h, &n, want);
    if (!pixels)
        return imp_fail(err, IMP_E_INPUT, "%s is damaged: %s", name, stbi_failure_reason());
    if ((uint32_t)w != out->width || (uint32_t)h != out->height) {
        free(pixels);
        return imp_fail(err, IMP_E_INPUT, "%s is damaged: two sizes, %u x %u and %d x %d", name, out->width,
                        out->height, w, h);
    }
    for (uint32_t y = 0; y < out->height; y++) {
        const size_t at = (size_t)y * out->width * out->channels;
        if (is_deep(name, data))
            kit_row_from_u16((const uint16_t *)pixels + at, out, y);
        else
            kit_row_from_u8((const uint8_t *)pixels + at, out, y);
    }
    free(pixels);
    return IMP_OK;
}

/* ---- encode ---- */

struct sink {
    void *to;
    imp_status (*write)(void *to, const void *data, uint64_t size) IMP_NX;
    imp_status status;
};

static void pour(void *context, void *data, int size)
{
    struct sink *s = context;

    if (s->status == IMP_OK && size > 0)
        s->status = s->write(s->to, data, (uint64_t)size);
}

static int write_hdr(struct sink *s, const imp_image *m)
{
    const size_t n = m->width;
    float *pixels = malloc(n * m->height * 3 * sizeof *pixels);
    int ok;

    if (!pixels)
        return 0;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t c = 0; c < 3; c++) {
            const float *row = imp_row(m, m->channels >= 3 ? c : 0, y);
            float *to = pixels + 3 * n * y + c;
            for (size_t x = 0; x < n; x++)
                to[3 * x] = row[x] > 0.0f ? row[x] : 0.0f;
        }
    ok = stbi_write_hdr_to_func(pour, s, (int)m->width, (int)m->height, 3, pixels);
    free(pixels);
    return ok;
}

static int write_bytes(struct sink *s, const imp_image *m, const char *ending, uint32_t quality)
{
    const int w = (int)m->width, h = (int)m->height, n = (int)m->channels;
    const size_t row = (size_t)m->width * m->channels;
    uint8_t *pixels = malloc(row * m->height);
    int ok;

    if (!pixels)
        return 0;
    for (uint32_t y = 0; y < m->height; y++)
        kit_row_to_u8(m, y, pixels + row * y);
    if (has_word("bmp dib", ending))
        ok = stbi_write_bmp_to_func(pour, s, w, h, n, pixels);
    else if (strcasecmp(ending, "tga") == 0)
        ok = stbi_write_tga_to_func(pour, s, w, h, n, pixels);
    else
        ok = stbi_write_jpg_to_func(pour, s, w, h, n, pixels, (int)quality);
    free(pixels);
    return ok;
}

static imp_status stb_encode(void *self, const imp_image *m, const char *ending, uint32_t quality, void *to,
                             imp_status (*write)(void *to, const void *data, uint64_t size) IMP_NX,
                             imp_error *err)
{
    struct sink s = {to, write, IMP_OK};
    int ok;

    (void)self;
    /* stb counts bytes in int; TGA and JPEG keep sides in 16 bits. */
    if (((uint64_t)m->width + 1) * (m->channels + 1) * 4 * m->height > INT_MAX)
        return imp_fail(err, IMP_E_LIMIT, "%u x %u pixels are too many for this %s writer; make the picture "
                        "smaller or write .pfm", m->width, m->height, ending);
    if ((m->width > UINT16_MAX || m->height > UINT16_MAX) && !has_word("bmp dib hdr", ending))
        return imp_fail(err, IMP_E_LIMIT, "%s has sides up to 65535, not %u x %u; write .png", ending,
                        m->width, m->height);
    ok = has_word("hdr", ending) ? write_hdr(&s, m) : write_bytes(&s, m, ending, quality);
    if (s.status != IMP_OK)
        return s.status;
    return ok ? IMP_OK : imp_fail(err, IMP_E_MEMORY, "no memory to encode %u x %u pixels", m->width, m->height);
}

const imp_codec_1 codec_stb = {
    .struct_size = sizeof(imp_codec_1),
    .reads = "png jpg jpeg jpe jfif bmp dib tga",
    .writes = "jpg jpeg jpe jfif bmp dib tga hdr",
    .probe = stb_probe,
    .decode = stb_decode,
    .encode = stb_encode,
};
