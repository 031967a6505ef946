/* turbo - JPEG through libjpeg-turbo, PNG through libspng: several times the built-in codecs' speed. PNG
 * is only read: libspng compresses with zlib, the host's writer with libdeflate, which is faster. */
#include "turbo.h"

static int is_jpeg(const void *data, uint64_t size)
{
    const uint8_t *p = data;
    return size >= 2 && p[0] == 0xff && p[1] == 0xd8;
}

static imp_status probe(void *self, const void *data, uint64_t size, imp_picture *out, imp_error *err)
{
    (void)self;
    return is_jpeg(data, size) ? turbo_jpeg_probe(data, size, out, err) : turbo_png_probe(data, size, out, err);
}

static imp_status decode(void *self, const void *data, uint64_t size, imp_image *out, imp_error *err)
{
    (void)self;
    return is_jpeg(data, size) ? turbo_jpeg_decode(data, size, out, err)
                               : turbo_png_decode(data, size, out, err);
}

static imp_status encode(void *self, const imp_image *in, const char *ending, uint32_t quality, void *to,
                         turbo_write *write, imp_error *err)
{
    (void)self, (void)ending; /* JPEG is all that is written */
    return turbo_jpeg_encode(in, quality, to, write, err);
}

static const imp_codec_1 codec = {
    .struct_size = sizeof codec,
    .reads = "jpg jpeg jpe jfif png",
    .writes = "jpg jpeg jpe jfif",
    .probe = probe,
    .decode = decode,
    .encode = encode,
};
static const imp_service_def service = {.struct_size = sizeof service, .id = IMP_CODEC_1, .table = &codec};
static const imp_service_def *const services[] = {&service, NULL};
static const imp_plugin plugin = {
    IMP_PLUGIN_HEAD,
    .id = "turbo",
    .version = "0.1.0",
    .licence = "MIT",
    .provides = services,
};

const imp_plugin *imp_entry_v1(void)
{
    return &plugin;
}
