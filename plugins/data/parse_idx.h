/* parse_idx.h - the heads of IDX files (LeCun's MNIST pages): bytes of one to three axes. */
#ifndef IMP_PARSE_IDX_H
#define IMP_PARSE_IDX_H
#include <stddef.h>
#include <stdint.h>
#include <impasto/impasto.h>

typedef struct idx_file {
    const uint8_t *data; /* behind the head */
    uint32_t axes, shape[3];
} idx_file;
/* A file of that many axes and as many bytes as they say; else err says what it is. [any] */
imp_status idx_parse(const uint8_t *file, size_t size, uint32_t axes, idx_file *out, imp_error *);
#endif
