/* codec_help.h - what the tests of codecs share: pictures, errors with room for a text, sample files. */
#ifndef IMP_CODEC_HELP_H
#define IMP_CODEC_HELP_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "codecs.h"

#define PICTURES "tests/fuzz/corpus/picture/"

struct bench { /* what nearly every case needs */
    struct codecs *codecs;
    struct memory *memory;
    char text[512];
    imp_error err;
};

static inline int bench_open(void **state)
{
    struct bench *b = calloc(1, sizeof *b);
    b->codecs = codecs_open(NULL, NULL, false, NULL);
    b->memory = memory_new(0);
    b->err = (imp_error){.struct_size = sizeof b->err, .text_cap = sizeof b->text, .text = b->text, .param = -1, .port = -1};
    *state = b;
    return b->codecs && b->memory ? 0 : -1;
}

/* Fails when a case lost a picture. */
static inline int bench_close(void **state)
{
    struct bench *b = *state;
    const uint64_t used = memory_used(b->memory);
    memory_free(b->memory);
    codecs_close(b->codecs);
    free(b);
    return used == 0 ? 0 : -1;
}

/* A ramp with all three channels different, no two neighbours alike. */
static inline float pattern(uint32_t c, uint32_t y, uint32_t x)
{
    return (float)((x * 37 + y * 91 + c * 53) % 256) / 255.0f;
}

static inline struct value *pattern_image(struct memory *m, uint32_t w, uint32_t h, uint32_t n, uint32_t colour)
{
    struct value *v = value_image(m, w, h, n, colour);
    assert_non_null(v);
    for (uint32_t c = 0; c < n; c++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++)
                imp_row_out(&v->as.image, c, y)[x] = pattern(c, y, x);
    return v;
}

/* Largest difference of two pictures of one shape. */
static inline float difference(const imp_image *a, const imp_image *b)
{
    float most = 0;
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    assert_int_equal(a->channels, b->channels);
    for (uint32_t c = 0; c < a->channels; c++)
        for (uint32_t y = 0; y < a->height; y++)
            for (uint32_t x = 0; x < a->width; x++)
                most = fmaxf(most, fabsf(imp_row(a, c, y)[x] - imp_row(b, c, y)[x]));
    return most;
}

static inline void slurp(struct bench *b, const char *path, void **data, size_t *size)
{
    if (codecs_slurp(b->codecs, path, data, size, NULL, &b->err) != IMP_OK)
        fail_msg("%s: %s", path, b->text);
}

static inline struct value *decode_bytes(struct bench *b, const char *name, const void *data, size_t size,
                                         uint32_t channels)
{
    struct value *v = NULL;
    if (codecs_decode(b->codecs, b->memory, name, data, size, channels, &v, NULL, &b->err) != IMP_OK)
        fail_msg("%s: %s", name, b->text);
    return v;
}

static inline struct value *decode_file(struct bench *b, const char *name, uint32_t channels)
{
    char path[256];
    void *data;
    size_t size;
    snprintf(path, sizeof path, PICTURES "%s", name);
    slurp(b, path, &data, &size);
    struct value *v = decode_bytes(b, path, data, size, channels);
    free(data);
    return v;
}

static inline void encode(struct bench *b, const struct value *v, const char *name, unsigned quality, void **data,
                          size_t *size)
{
    const struct encode_options o = {.quality = quality, .metadata = true};
    if (codecs_encode(b->codecs, v, name, &o, data, size, &b->err) != IMP_OK)
        fail_msg("%s: %s", name, b->text);
}

/* Expects a refusal with a reason that holds the words. */
static inline void refused(struct bench *b, const char *name, const void *data, size_t size, const char *words)
{
    struct value *v = NULL;
    b->text[0] = '\0';
    const imp_status st = codecs_decode(b->codecs, b->memory, name, data, size, 0, &v, NULL, &b->err);
    if (st == IMP_OK)
        value_release(v);
    assert_int_not_equal(st, IMP_OK);
    assert_null(v);
    if (!strstr(b->text, words))
        fail_msg("%s: \"%s\" does not say \"%s\"", name, b->text, words);
}

#endif
