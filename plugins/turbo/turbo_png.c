/* PNG through libspng, reading: all colour types and depths, 16 bits at full depth. */
#include "turbo.h"
#include <impasto/kit.h>
#include <spng.h>
#include <stdbool.h>
#include <stdlib.h>

#define CHUNK_MOST ((size_t)64 << 20) /* bytes of one chunk beside the pixels, and of all */

/* What libspng is asked for, and what a pixel of it is. */
struct form {
    int format, flags;
    bool deep;
};

static bool fail_at(int r, imp_status *st, imp_error *err)
{
    if (r == SPNG_OK)
        return false;
    *st = r == SPNG_EMEM ? imp_fail(err, IMP_E_MEMORY, "no memory to decode the PNG")
        : r == SPNG_ECHUNK_LIMITS
            ? imp_fail(err, IMP_E_UNSUPPORTED, "PNG with more or larger chunks than libspng takes")
        : r == SPNG_EOF || r == SPNG_IO_EOF
            ? imp_fail(err, IMP_E_INPUT, "PNG ends early; fetch or copy the file again")
            : imp_fail(err, IMP_E_INPUT, "PNG is damaged: %s", spng_strerror(r));
    return true;
}

static spng_ctx *open_png(const void *data, uint64_t size, struct spng_ihdr *head, imp_status *st,
                          imp_error *err)
{
    spng_ctx *png = spng_ctx_new(SPNG_CTX_IGNORE_ADLER32); /* the chunks have checksums already */

    if (!png) {
        *st = imp_fail(err, IMP_E_MEMORY, "no memory for a PNG decoder");
        return NULL;
    }
    if (!fail_at(spng_set_chunk_limits(png, CHUNK_MOST, CHUNK_MOST), st, err) &&
        !fail_at(spng_set_png_buffer(png, data, size), st, err) &&
        !fail_at(spng_get_ihdr(png, head), st, err))
        return png;
    spng_ctx_free(png);
    return NULL;
}

static bool has_alpha(spng_ctx *png, const struct spng_ihdr *head)
{
    struct spng_trns trns;
    return head->color_type & 4 || spng_get_trns(png, &trns) == SPNG_OK;
}

static uint32_t channels_of(spng_ctx *png, const struct spng_ihdr *head)
{
    return has_alpha(png, head) ? 4 : head->color_type == SPNG_COLOR_TYPE_GRAYSCALE ? 1 : 3;
}

imp_status turbo_png_probe(const void *data, uint64_t size, imp_picture *out, imp_error *err)
{
    struct spng_ihdr head;
    imp_status st = IMP_OK;
    spng_ctx *png = open_png(data, size, &head, &st, err);

    if (!png) /* the host's own reader knows a better reason */
        return st == IMP_E_INPUT ? IMP_E_UNSUPPORTED : st;
    out->width = head.width;
    out->height = head.height;
    out->channels = channels_of(png, &head);
    out->bits = head.bit_depth == 16 ? 16 : 8;
    out->orientation = 1; /* the host reads EXIF itself */
    spng_ctx_free(png);
    return IMP_OK;
}

static struct form form_of(const struct spng_ihdr *head, uint32_t channels)
{
    const bool deep = head->bit_depth == 16;

    if (channels == 4)
        return (struct form){deep ? SPNG_FMT_RGBA16 : SPNG_FMT_RGBA8, SPNG_DECODE_TRNS, deep};
    if (deep) /* as it is, in this machine's byte order */
        return (struct form){SPNG_FMT_PNG, 0, true};
    return (struct form){channels == 1 ? SPNG_FMT_G8 : SPNG_FMT_RGB8, 0, false};
}

static void row_to_image(const struct form *f, const void *pixels, imp_image *out, uint32_t y)
{
    if (f->deep)
        kit_row_from_u16(pixels, out, y);
    else
        kit_row_from_u8(pixels, out, y);
}

/* Row by row: no room for the whole picture, and the row where a file ends is known. */
static imp_status by_rows(spng_ctx *png, const struct form *f, imp_image *out, imp_error *err)
{
    const size_t row = (size_t)out->width * out->channels * (f->deep ? 2 : 1);
    imp_status st = IMP_OK;
    void *pixels = malloc(row);
    uint32_t y = 0;
    int r = pixels ? spng_decode_image(png, NULL, 0, f->format, f->flags | SPNG_DECODE_PROGRESSIVE) : SPNG_EMEM;

    while (r == SPNG_OK && y < out->height) {
        r = spng_decode_row(png, pixels, row);
        if (r == SPNG_OK || r == SPNG_EOI)
            row_to_image(f, pixels, out, y++);
    }
    free(pixels);
    if (r == SPNG_EOI && y == out->height)
        return IMP_OK;
    if ((r == SPNG_EOF || r == SPNG_IO_EOF) && y > 0)
        return imp_fail(err, IMP_E_INPUT, "PNG ends early, row %u of %u; fetch or copy the file again", y + 1,
                        out->height);
    fail_at(r == SPNG_OK ? SPNG_EINTERNAL : r, &st, err);
    return st;
}

static imp_status whole(spng_ctx *png, const struct form *f, imp_image *out, imp_error *err)
{
    const size_t row = (size_t)out->width * out->channels * (f->deep ? 2 : 1);
    uint8_t *pixels = malloc(row * out->height);
    imp_status st = IMP_OK;

    if (!fail_at(pixels ? spng_decode_image(png, pixels, row * out->height, f->format, f->flags) : SPNG_EMEM,
                 &st, err))
        for (uint32_t y = 0; y < out->height; y++)
            row_to_image(f, pixels + row * y, out, y);
    free(pixels);
    return st;
}

imp_status turbo_png_decode(const void *data, uint64_t size, imp_image *out, imp_error *err)
{
    struct spng_ihdr head;
    imp_status st = IMP_OK;
    spng_ctx *png = open_png(data, size, &head, &st, err);

    if (!png)
        return st;
    const uint32_t channels = channels_of(png, &head);
    const struct form f = form_of(&head, channels);
    if (head.width != out->width || head.height != out->height || channels != out->channels)
        st = imp_fail(err, IMP_E_INTERNAL, "the PNG is %u x %u x %u, room was made for %u x %u x %u", head.width,
                      head.height, channels, out->width, out->height, out->channels);
    else
        st = head.interlace_method ? whole(png, &f, out, err) : by_rows(png, &f, out, err);
    if (st == IMP_OK) /* up to the end mark: a file that lacks it was cut */
        fail_at(spng_decode_chunks(png), &st, err);
    spng_ctx_free(png);
    return st;
}
