/* codec_own.h - the built-in codecs: tables of the same interface that plugins offer (codec.h), and
 * what they share. All [any]; self is NULL. */
#ifndef IMP_CODEC_OWN_H
#define IMP_CODEC_OWN_H
#include <impasto/codec.h>

/* PNG, JPEG, BMP, TGA by stb; writes the last three and HDR. A TGA has no magic: what is not known is tried
 * as one. */
extern const imp_codec_1 codec_stb;
extern const imp_codec_1 codec_png; /* our own: PNG, writing */
extern const imp_codec_1 codec_pnm; /* our own: PBM, PGM, PPM in text and binary, any depth; PFM */
extern const imp_codec_1 codec_hdr; /* our own: Radiance RGBE, reading */

#endif
