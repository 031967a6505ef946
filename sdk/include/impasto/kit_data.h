/* kit_data.h - data sets of samples in memory, for plugins that make imp_datasets (data.h): samples
 * kept as bytes, splits by seed, attributes as presets write them. Compiled in like the rest of the
 * kit (kit.h), no globals. */
#ifndef IMP_KIT_DATA_H
#define IMP_KIT_DATA_H
#include <impasto/data.h>
#include <impasto/kit.h>
#ifdef __cplusplus
extern "C" {
#endif

/* ---- samples: kit_samples.c ---- */

typedef struct kit_form { /* what the samples of a data set look like */
    uint64_t count;
    uint32_t channels, height, width; /* channels 1 or 3 */
    uint32_t has_lines;               /* 1: a line drawing beside each */
    uint32_t class_count, attribute_count;
    const char *const *class_names;
    const imp_attribute *attributes;
} kit_form;

/* All samples of a source, 8 bits each; several data sets (train and test) share them. Whoever makes
 * it fills in all four arrays before the first kit_samples_object. */
typedef struct kit_samples {
    kit_form form;      /* own copies of all it points to */
    uint8_t *pixels;    /* count x C H W, v / 255 */
    uint8_t *lines;     /* count x H W; NULL without drawings */
    uint32_t *labels;   /* count; UINT32_MAX = none, as it is at first */
    double *attributes; /* count x attribute_count, NaN = unknown, as it is at first; or NULL */
    void *owner;        /* private */
} kit_samples;

/* Bytes of pixels and drawings; 0 when they do not fit a size_t. [any] */
uint64_t kit_samples_bytes(const kit_form *);
/* Room for them, one reference. What takes more than `most` bytes (0: 2 GiB) lies in a file without a
 * name in TMPDIR instead of memory; the samples are the same. */
imp_status kit_samples_new(const kit_form *, uint64_t most, kit_samples **out, imp_error *err);
void kit_samples_release(kit_samples *); /* NULL allowed [any] */
/* Sample i from an image of the form's size and channels; its drawing from one of one channel.
 * Clamped to 0..1, rounded to nearest; NaN is 0. [any], for different i at the same time */
void kit_samples_put(kit_samples *, uint64_t i, const imp_image *);
void kit_samples_put_lines(kit_samples *, uint64_t i, const imp_image *);
/* A data set of the samples index[0..count) (NULL: of all), as an object of the job's that holds a
 * reference. NULL: no memory, or refused by the host. */
imp_object *kit_samples_object(imp_job *, kit_samples *, const uint64_t *index, uint64_t count);
/* Sets outputs 0 (train) and 1 (test) of the job, both in the order of the samples. test: nonzero
 * marks samples of the test set; NULL: kit_pick takes the share of them. An empty set is an error if
 * somebody wants it, naming parameter `param`. */
imp_status kit_samples_split(imp_job *, kit_samples *, const uint8_t *test, double share,
                             uint64_t seed, int32_t param, imp_error *);

/* ---- splits: kit_split.c; [any] ---- */

/* How many of n > 1 a share is: rounded, one at least where the share is above 0, never all. */
uint64_t kit_share(uint64_t n, double share);
/* Marks `picks` of n samples (picked[i] = 1, others 0), drawn by seed, as evenly from the classes as
 * whole numbers allow. labels NULL: one class. n below 2^31. IMP_E_MEMORY. */
imp_status kit_pick(uint64_t seed, const uint32_t *labels, uint64_t n, uint64_t picks,
                    uint8_t *picked);

/* ---- attributes in presets: kit_attribute.c; [any] ---- */

typedef struct kit_attribute {
    const char *name;    /* in the caller's buffer, like choices */
    const char *choices; /* "black|blond"; NULL: a number */
    double min, max;     /* of a number with a range; else both 0 */
} kit_attribute;
/* "age", "age:0..100" or "hair:black|blond". buf: strlen(text) + 1 bytes. IMP_E_PARAM: err says what
 * is wrong with it. */
imp_status kit_attribute_read(const char *text, char *buf, kit_attribute *out, imp_error *err);
/* The index of `word` among "a|b|c", or -1; the number of choices. */
int64_t kit_choice_find(const char *choices, const char *word);
uint32_t kit_choice_count(const char *choices);
/* Choice number i: where it begins, its length; NULL when there are fewer. */
const char *kit_choice_at(const char *choices, uint32_t i, size_t *length);

#ifdef __cplusplus
}
#endif
#endif
