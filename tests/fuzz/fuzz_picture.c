/* fuzz_picture.c - any bytes as a picture file: probing, decoding, metadata, writing it again. A PNG's
 * checksums are put right in a second try, or nothing would get past them. */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include "codecs.h"
#include "container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* What was decoded can be written, and what was written can be read. */
static void again(const struct codecs *c, struct memory *memory, const struct value *v, const char *name)
{
    const struct encode_options options = {.quality = 80, .metadata = true};
    struct value *back = NULL;
    imp_picture p;
    void *file;
    size_t size;

    must(codecs_encode(c, v, name, &options, &file, &size, NULL) == IMP_OK);
    must(codecs_decode(c, memory, name, file, size, 0, &back, NULL, NULL) == IMP_OK);
    must(codecs_probe(c, name, file, size, &p, NULL) == IMP_OK && p.orientation == 1);
    must(back->as.image.width == v->as.image.width && back->as.image.height == v->as.image.height);
    value_release(back);
    free(file);
}

static void one(const struct codecs *c, struct memory *memory, const uint8_t *data, size_t size)
{
    char text[256];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text, .param = -1, .port = -1};
    struct value *v = NULL;
    imp_picture p;

    text[0] = '\0';
    const imp_status probed = codecs_probe(c, "x.tga", data, size, &p, &err);
    must(probed == IMP_OK || text[0]);
    text[0] = '\0';
    if (codecs_decode(c, memory, "x.tga", data, size, 0, &v, NULL, &err) != IMP_OK) {
        must(text[0]);
        return;
    }
    must(probed == IMP_OK && p.width == v->as.image.width && p.height == v->as.image.height);
    must(value_finite(v));
    again(c, memory, v, "x.png");
    again(c, memory, v, "x.jpg");
    value_release(v);
}

static void mend_checksums(uint8_t *file, size_t size)
{
    struct png_part p;
    size_t at = 0;

    while (png_next(file, size, &at, &p)) {
        const uint32_t crc = libdeflate_crc32(0, p.data - 4, p.size + 4);
        uint8_t *to = file + p.at + 8 + p.size;
        for (int i = 0; i < 4; i++)
            to[i] = (uint8_t)(crc >> (24 - 8 * i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct codec_caps caps = {.max_pixels = 1 << 14};
    struct codecs *c = codecs_open(NULL, &caps, true, NULL);
    struct memory *memory = memory_new(0);

    must(c && memory);
    one(c, memory, data, size);
    if (kind_of_content(data, size) == kind_by_name("PNG")) {
        uint8_t *copy = malloc(size);
        must(copy != NULL);
        memcpy(copy, data, size);
        mend_checksums(copy, size);
        one(c, memory, copy, size);
        free(copy);
    }
    must(memory_used(memory) == 0);
    memory_free(memory);
    codecs_close(c);
    return 0;
}
