/* codec.h - picture files as a service that the host consumes; chosen by ending, stb if none. */
#ifndef IMP_CODEC_H
#define IMP_CODEC_H
#include <impasto/impasto.h>
#ifdef __cplusplus
extern "C" {
#endif

#define IMP_CODEC_1 "impasto.codec/1"
typedef struct imp_picture { /* EXTENSIBLE; from the header alone */
    uint32_t struct_size, width, height, channels, bits, orientation; /* EXIF, 1..8 */
} imp_picture;
typedef struct imp_codec_1 { /* [any] */
    uint32_t struct_size, reserved0;
    const char *reads, *writes; /* "jpg jpeg" */
    IMP_FN(probe, const void *data, uint64_t size, imp_picture *);
    IMP_FN(decode, const void *data, uint64_t size, imp_image *out); /* made as probe said */
    IMP_FN(encode, const imp_image *, const char *ending, uint32_t quality, void *to,
           imp_status (*write)(void *to, const void *data, uint64_t size) IMP_NX);
} imp_codec_1;

#ifdef __cplusplus
}
#endif
#endif
