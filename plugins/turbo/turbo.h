/* turbo.h - the formats of the turbo plugin. Each function is one of imp_codec_1's (codec.h), without
 * self. What a library cannot do is answered IMP_E_UNSUPPORTED: the host then asks its own codecs. [any] */
#ifndef IMP_TURBO_H
#define IMP_TURBO_H
#include <impasto/codec.h>

typedef imp_status turbo_write(void *to, const void *data, uint64_t size) IMP_NX;

imp_status turbo_jpeg_probe(const void *data, uint64_t size, imp_picture *, imp_error *);
imp_status turbo_jpeg_decode(const void *data, uint64_t size, imp_image *, imp_error *);
imp_status turbo_jpeg_encode(const imp_image *, uint32_t quality, void *to, turbo_write *, imp_error *);
imp_status turbo_png_probe(const void *data, uint64_t size, imp_picture *, imp_error *);
imp_status turbo_png_decode(const void *data, uint64_t size, imp_image *, imp_error *);

#endif
