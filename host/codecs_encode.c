/* Encoding: what the format cannot hold is converted here, so that codecs see samples they can store. */
#include "codecs_private.h"
#include "turn.h"
#include <impasto/kit.h>
#include <stdlib.h>
#include <string.h>

struct buffer {
    uint8_t *data;
    size_t size, capacity;
};

static imp_status append(void *to, const void *data, uint64_t size)
{
    struct buffer *b = to;

    if (size > SIZE_MAX / 4 - b->size)
        return IMP_E_MEMORY;
    if (b->size + size > b->capacity) {
        const size_t capacity = 2 * b->capacity > b->size + size ? 2 * b->capacity : b->size + size;
        uint8_t *more = realloc(b->data, capacity);
        if (!more)
            return IMP_E_MEMORY;
        b->data = more;
        b->capacity = capacity;
    }
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return IMP_OK;
}

/* An image in the colour and channels that the kind can hold: `in` itself, or a new one (*made). */
static const imp_image *fitted(const imp_image *in, const struct kind *kind, imp_image **made)
{
    const char *name = kind ? kind->name : "";
    const uint32_t colour = has_word("HDR PFM", name) ? IMP_LINEAR : IMP_SRGB;
    const bool alpha = in->channels == 4 && has_word("JPEG HDR PFM", name);
    const imp_image *m = in;

    *made = NULL;
    if (in->colour != colour && in->colour != IMP_DATA) {
        if (!(*made = kit_image_new(in->width, in->height, in->channels, colour)))
            return NULL;
        turn_colour(in, *made);
        m = *made;
    }
    if (alpha) {
        imp_image *flat = kit_image_new(in->width, in->height, 3, m->colour);
        if (flat)
            turn_channels(m, flat);
        kit_image_free(*made);
        m = *made = flat;
    }
    return m;
}

static imp_status with_metadata(const struct meta *meta, struct buffer *b, imp_error *err)
{
    void *out;
    size_t size;

    if (metadata_write(b->data, b->size, meta, &out, &size) != IMP_OK)
        return imp_fail(err, IMP_E_MEMORY, "no memory for the metadata");
    free(b->data);
    *b = (struct buffer){out, size, size};
    return IMP_OK;
}

static imp_status run_codecs(const struct codecs *c, const imp_image *m, const char *ending, unsigned quality,
                             struct buffer *b, imp_error *err)
{
    imp_status st = IMP_E_UNSUPPORTED;
    const struct codec *codec;

    imp_fail(err, st, "cannot write .%s files; written are: %s", ending, codecs_writable(c));
    for (size_t i = 0; st == IMP_E_UNSUPPORTED && (codec = codecs_next(c, &i, ending, true));) {
        b->size = 0;
        codecs_no_text(err);
        st = codec->table->encode(codec->self, m, ending, quality, b, append, err);
        st = codecs_some_text(st, codec, err);
        if (st == IMP_OK && b->size == 0)
            st = imp_fail(err, IMP_E_INTERNAL, "the codec %s wrote nothing", codec->plugin ? codec->plugin :
                          "built in");
    }
    return st;
}

imp_status codecs_encode_image(const struct codecs *c, const imp_image *image, const struct meta *meta,
                               const char *path, const struct encode_options *options, void **data,
                               size_t *size, imp_error *err)
{
    const char *ending = strchr(path, '.') ? path_ending(path) : path;
    const struct kind *kind = kind_of_path(ending);
    const unsigned quality = !options->quality ? 90 : options->quality < 100 ? options->quality : 100;
    struct buffer b = {0};
    imp_image *made;
    const imp_image *m = fitted(image, kind, &made);
    imp_status st;

    if (!m)
        return imp_fail(err, IMP_E_MEMORY, "no memory to encode %u x %u pixels", image->width, image->height);
    st = run_codecs(c, m, ending, quality, &b, err);
    kit_image_free(made);
    if (st == IMP_OK && options->metadata && meta && kind && has_word("PNG JPEG", kind->name))
        st = with_metadata(meta, &b, err);
    if (st != IMP_OK) {
        free(b.data);
        return st;
    }
    *data = b.data;
    *size = b.size;
    return IMP_OK;
}

imp_status codecs_encode(const struct codecs *c, const struct value *image, const char *path,
                         const struct encode_options *options, void **data, size_t *size, imp_error *err)
{
    return codecs_encode_image(c, &image->as.image, image->meta, path, options, data, size, err);
}
