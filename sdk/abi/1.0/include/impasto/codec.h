/* codec.h - picture files as a service that the host consumes; chosen by what a file's content is, by ending
 * where that does not tell, the host's own codecs if none. IMP_E_UNSUPPORTED: the host asks the next codec. */
#ifndef IMP_CODEC_H
#define IMP_CODEC_H
#include <impasto/impasto.h>
#ifdef __cplusplus
extern "C" {
#endif

#define IMP_CODEC_1 "impasto.codec/1"
typedef struct imp_picture { /* EXTENSIBLE; from the header alone */
    /* Sides and pixels as stored; the host turns them by the orientation: EXIF, 1..8; of JPEG and PNG it
     * reads that itself. A file that is cut may be given: answer from its header, or IMP_E_INPUT. */
    uint32_t struct_size, width, height, channels, bits, orientation;
} imp_picture;
typedef struct imp_codec_1 { /* [any] */
    uint32_t struct_size, reserved0;
    const char *reads, *writes; /* "jpg jpeg"; "" = nothing, its functions may be NULL then */
    IMP_FN(probe, const void *data, uint64_t size, imp_picture *);
    /* out: made as probe said, IMP_SRGB; set out->colour if the samples are linear. Fails on damage. */
    IMP_FN(decode, const void *data, uint64_t size, imp_image *out);
    /* sRGB, of 1, 3 or 4 channels; without alpha for jpg; for hdr and pfm linear and without alpha. */
    IMP_FN(encode, const imp_image *, const char *ending, uint32_t quality, void *to,
           imp_status (*write)(void *to, const void *data, uint64_t size) IMP_NX);
} imp_codec_1;

#ifdef __cplusplus
}
#endif
#endif
