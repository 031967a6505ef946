/* data.h - data sets. An imp_object of this type points to an imp_dataset, which brings its own
 * function: any plugin makes one, any reads it, no service between them. */
#ifndef IMP_DATA_H
#define IMP_DATA_H
#include <impasto/impasto.h>
#ifdef __cplusplus
extern "C" {
#endif
#define IMP_DATASET_TYPE "impasto.dataset/1"
enum imp_dataset_flags { IMP_DATASET_LINES = 1 /* has a line drawing of each sample */ };
typedef struct imp_attribute { /* FROZEN */
    const char *name;    /* "hair" */
    const char *choices; /* "black|blond|brown": the value is an index; NULL: a number, min..max */
    double min, max;
} imp_attribute;
typedef struct imp_sample { /* EXTENSIBLE; the caller's buffers, packed; NULL = not wanted */
    uint32_t struct_size, label;       /* label: out; UINT32_MAX = none */
    float *pixels, *lines;             /* C H W, sRGB 0..1; 1 H W, 1 = paper */
    double *attributes;                /* NaN = unknown */
} imp_sample;
typedef struct imp_dataset imp_dataset;
struct imp_dataset { /* EXTENSIBLE; read-only, lives as long as its object; one object per split */
    uint32_t struct_size, flags;
    uint64_t count;
    uint32_t channels, height, width; /* the same for all samples: the filter resizes */
    uint32_t class_count, attribute_count, reserved0;
    const char *const *class_names;
    const imp_attribute *attributes;
    /* [any] Of equal index, equal bytes. An error names file, record and line. */
    imp_status (*read)(const imp_dataset *, uint64_t index, imp_sample *, imp_error *) IMP_NX;
};
#ifdef __cplusplus
}
#endif
#endif
