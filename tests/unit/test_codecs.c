/* Decoding and encoding of whole files, refusals, caps. The sample files are made by
 * tests/fuzz/make_pictures.sh: the same 9 x 7 picture in every kind. */
#include "codec_help.h"
#include <sys/stat.h>
#include <unistd.h>

static const char *const samples[] = {
    "baseline.jpg", "bits.pbm", "bits.png", "full.jpg", "grey.jpg", "grey.pfm", "grey.pgm", "grey.png", "grey.tga",
    "grey16.png", "grey_alpha.png", "interlaced.png", "palette.bmp", "palette.png", "palette.tga",
    "palette_alpha.png", "progressive.jpg", "rgb.bmp", "rgb.hdr", "rgb.pfm", "rgb.png", "rgb.ppm", "rgb.tga",
    "rgb16.png", "rgb16.ppm", "rgba.bmp", "rgba.png", "rgba16.png", "runs.tga", "text.pbm", "text.ppm",
};
#define N_SAMPLES (sizeof samples / sizeof samples[0])

/* ---- reading ---- */

static void every_sample_decodes_to_what_probe_says(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        char path[128];
        imp_picture p;
        snprintf(path, sizeof path, PICTURES "%s", samples[i]);
        assert_int_equal(codecs_probe_file(b->codecs, path, &p, &b->err), IMP_OK);
        struct value *v = decode_file(b, samples[i], 0);
        assert_int_equal(v->as.image.width, 9);
        assert_int_equal(v->as.image.height, 7);
        assert_int_equal(p.width, 9);
        assert_int_equal(p.height, 7);
        assert_int_equal(p.channels, v->as.image.channels);
        assert_int_equal(v->meta->bits, p.bits);
        assert_true(value_finite(v));
        value_release(v);
    }
}

static void same_as(struct bench *b, const char *name, const char *other, float most)
{
    struct value *x = decode_file(b, name, 3), *y = decode_file(b, other, 3);
    const float d = difference(&x->as.image, &y->as.image);
    if (!(d <= most))
        fail_msg("%s differs from %s by %g", name, other, (double)d);
    value_release(x);
    value_release(y);
}

static void lossless_kinds_hold_the_same_picture(void **state)
{
    static const char *const names[] = {"interlaced.png", "rgb.bmp", "rgb.ppm", "rgb.tga", "runs.tga", "text.ppm"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        same_as(*state, names[i], "rgb.png", 0);
    same_as(*state, "palette.bmp", "palette.png", 0);
    same_as(*state, "palette.tga", "palette.png", 0);
    same_as(*state, "grey.pgm", "grey.tga", 0);
    same_as(*state, "bits.pbm", "text.pbm", 0);
    same_as(*state, "bits.pbm", "bits.png", 0);
    same_as(*state, "rgb16.ppm", "rgb16.png", 0);
    same_as(*state, "rgb16.png", "rgb.png", 1.0f / 255); /* ImageMagick cut the lower byte off */
    same_as(*state, "rgb.png", "palette.png", 0.6f);
    same_as(*state, "full.jpg", "rgb.png", 0.06f);
    same_as(*state, "progressive.jpg", "baseline.jpg", 0.02f);
}

static void sixteen_bits_are_read_at_full_depth(void **state)
{
    struct bench *b = *state;
    static const char *const names[] = {"rgb16.png", "rgba16.png", "grey16.png", "rgb16.ppm"};
    for (size_t i = 0; i < 4; i++) {
        struct value *v = decode_file(b, names[i], 0);
        bool deep = false;
        for (uint32_t y = 0; y < 7; y++)
            for (uint32_t x = 0; x < 9; x++) {
                const float s = imp_row(&v->as.image, 0, y)[x] * 255;
                deep = deep || fabsf(s - roundf(s)) > 0.01f;
            }
        assert_true(deep);
        value_release(v);
    }
}

static void palettes_and_grey_with_alpha_become_rgb_with_alpha(void **state)
{
    static const struct { const char *name; uint32_t channels; } want[] = {
        {"palette.png", 3}, {"palette_alpha.png", 4}, {"grey_alpha.png", 4}, {"grey.png", 1}, {"bits.png", 1},
        {"rgba.png", 4}, {"rgba.bmp", 4}, {"grey.jpg", 1}, {"grey.tga", 1}, {"palette.tga", 3},
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct value *v = decode_file(*state, want[i].name, 0);
        assert_int_equal(v->as.image.channels, want[i].channels);
        value_release(v);
    }
    struct value *v = decode_file(*state, "rgba.png", 0);
    assert_float_equal(imp_row(&v->as.image, 3, 0)[0], 0, 1e-6);
    assert_float_equal(imp_row(&v->as.image, 3, 0)[8], 8.0 / 9, 0.5 / 255);
    value_release(v);
}

static void hdr_and_pfm_are_linear_light(void **state)
{
    static const char *const names[] = {"rgb.hdr", "rgb.pfm", "grey.pfm"};
    for (size_t i = 0; i < 3; i++) {
        struct value *v = decode_file(*state, names[i], 0);
        assert_int_equal(v->as.image.colour, IMP_LINEAR);
        value_release(v);
    }
    struct value *v = decode_file(*state, "rgb.png", 0);
    assert_int_equal(v->as.image.colour, IMP_SRGB);
    value_release(v);
}

static void channels_asked_for_are_made(void **state)
{
    struct bench *b = *state;
    struct value *grey = decode_file(b, "rgb.png", 1), *rgb = decode_file(b, "rgb.png", 3);
    const float *r = imp_row(&rgb->as.image, 0, 2), *g = imp_row(&rgb->as.image, 1, 2), *bl = imp_row(&rgb->as.image, 2, 2);
    for (int x = 0; x < 9; x++)
        assert_float_equal(imp_row(&grey->as.image, 0, 2)[x], 0.2126 * r[x] + 0.7152 * g[x] + 0.0722 * bl[x], 1e-5);
    value_release(grey);
    value_release(rgb);
    struct value *four = decode_file(b, "grey.png", 4);
    for (int x = 0; x < 9; x++) {
        assert_true(imp_row(&four->as.image, 0, 3)[x] == imp_row(&four->as.image, 2, 3)[x]);
        assert_true(imp_row(&four->as.image, 3, 3)[x] == 1.0f);
    }
    value_release(four);
    struct value *flat = decode_file(b, "rgba.png", 3); /* fully transparent column: white */
    assert_true(imp_row(&flat->as.image, 1, 0)[0] == 1.0f);
    value_release(flat);
}

/* ---- round trips ---- */

static void round_trip(struct bench *b, const char *name, uint32_t channels, uint32_t want, float most)
{
    struct value *in = pattern_image(b->memory, 31, 17, channels, IMP_SRGB), *linear = NULL;
    void *data;
    size_t size;
    encode(b, in, name, 100, &data, &size);
    struct value *out = decode_bytes(b, name, data, size, want == channels ? 0 : channels);
    if (out->as.image.colour == IMP_LINEAR) { /* back through PNG's eight bits */
        void *png;
        size_t png_size;
        encode(b, out, "x.png", 0, &png, &png_size);
        linear = out;
        out = decode_bytes(b, "x.png", png, png_size, channels);
        free(png);
    }
    const float d = difference(&in->as.image, &out->as.image);
    if (!(d <= most))
        fail_msg("%s with %u channels comes back %g off", name, channels, (double)d);
    value_release(in);
    value_release(out);
    value_release(linear);
    free(data);
}

static void what_is_written_comes_back(void **state)
{
    struct bench *b = *state;
    for (uint32_t n = 1; n <= 4; n += n == 1 ? 2 : 1) {
        round_trip(b, "x.png", n, n, 1e-6f);
        round_trip(b, "x.TGA", n, n, 1e-6f);
    }
    round_trip(b, "x.jpeg", 1, 3, 0.2f); /* a hard pattern; smooth ones are below */
    round_trip(b, "x.bmp", 3, 3, 1e-6f);
    round_trip(b, "x.bmp", 4, 4, 1e-6f);
    round_trip(b, "x.bmp", 1, 3, 1e-6f);
    round_trip(b, "x.pfm", 1, 1, 1e-6f);
    round_trip(b, "x.pfm", 3, 3, 1e-6f);
    round_trip(b, "x.hdr", 1, 3, 0.006f); /* eight bits of mantissa, cut off: 1/128 of linear light */
}

static void a_smooth_picture_survives_jpeg(void **state)
{
    struct bench *b = *state;
    struct value *in = value_image(b->memory, 64, 48, 3, IMP_SRGB);
    void *data;
    size_t size, fine;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 48; y++)
            for (uint32_t x = 0; x < 64; x++)
                imp_row_out(&in->as.image, c, y)[x] = (float)(x + y + 8 * c) / 140.0f;
    encode(b, in, "x.jpg", 0, &data, &size);
    struct value *out = decode_bytes(b, "x.jpg", data, size, 0);
    assert_true(difference(&in->as.image, &out->as.image) < 0.03f);
    free(data);
    encode(b, in, "x.jpeg", 100, &data, &fine);
    assert_true(fine > size);
    free(data);
    value_release(in);
    value_release(out);
}

static void samples_are_clamped_and_rounded_to_nearest(void **state)
{
    static const float in[] = {-3.0f, 0.0f, 0.49f / 255, 0.51f / 255, 254.49f / 255, 254.51f / 255, 1.0f, 7.5f};
    static const int want[] = {0, 0, 0, 1, 254, 255, 255, 255};
    struct bench *b = *state;
    struct value *v = value_image(b->memory, 8, 1, 1, IMP_DATA);
    void *data;
    size_t size;
    memcpy(imp_row_out(&v->as.image, 0, 0), in, sizeof in);
    encode(b, v, "x.png", 0, &data, &size);
    struct value *out = decode_bytes(b, "x.png", data, size, 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(lroundf(imp_row(&out->as.image, 0, 0)[i] * 255), want[i]);
    free(data);
    value_release(v);
    value_release(out);
}

static void linear_light_is_written_as_srgb(void **state)
{
    struct bench *b = *state;
    struct value *v = value_image(b->memory, 1, 1, 3, IMP_LINEAR);
    void *data;
    size_t size;
    for (uint32_t c = 0; c < 3; c++)
        imp_row_out(&v->as.image, c, 0)[0] = 0.2158605f; /* sRGB 0.5019608 = 128/255 */
    encode(b, v, "x.png", 0, &data, &size);
    struct value *out = decode_bytes(b, "x.png", data, size, 0);
    assert_int_equal(lroundf(imp_row(&out->as.image, 1, 0)[0] * 255), 128);
    free(data);
    value_release(v);
    value_release(out);
}

static void alpha_is_laid_onto_white_where_a_format_has_none(void **state)
{
    struct bench *b = *state;
    static const char *const names[] = {"x.jpg", "x.pfm", "x.hdr"};
    for (size_t i = 0; i < 3; i++) {
        struct value *v = value_image(b->memory, 16, 16, 4, IMP_SRGB);
        void *data;
        size_t size;
        for (uint32_t c = 0; c < 4; c++)
            for (uint32_t y = 0; y < 16; y++)
                for (uint32_t x = 0; x < 16; x++)
                    imp_row_out(&v->as.image, c, y)[x] = 0.0f; /* black, and wholly transparent */
        encode(b, v, names[i], 0, &data, &size);
        struct value *out = decode_bytes(b, names[i], data, size, 0);
        assert_int_equal(out->as.image.channels, 3);
        assert_true(imp_row(&out->as.image, 0, 5)[5] > 0.99f);
        free(data);
        value_release(v);
        value_release(out);
    }
}

static void pfm_keeps_floats_exactly_in_both_byte_orders(void **state)
{
    static const unsigned char big[] = "Pf\n2 1\n1.0\n\x3e\x80\x00\x00\xc0\x00\x00\x00";
    static const unsigned char little[] = "Pf 2 1 -1\n\x00\x00\x80\x3e\x00\x00\x00\xc0";
    struct value *x = decode_bytes(*state, "x.pfm", big, sizeof big - 1, 0);
    struct value *y = decode_bytes(*state, "x.pfm", little, sizeof little - 1, 0);
    assert_true(imp_row(&x->as.image, 0, 0)[0] == 0.25f && imp_row(&x->as.image, 0, 0)[1] == -2.0f);
    assert_true(difference(&x->as.image, &y->as.image) == 0);
    value_release(x);
    value_release(y);
}

static void pnm_of_any_top_is_scaled(void **state)
{
    static const char text[] = "P2 # a comment\n3 1\n# another\n100\n0 50\n100\n";
    static const unsigned char deep[] = "P5 2 1 1000\n\x01\xf4\x03\xe8";
    struct value *x = decode_bytes(*state, "x.pgm", text, sizeof text - 1, 0);
    struct value *y = decode_bytes(*state, "x.pgm", deep, sizeof deep - 1, 0);
    assert_float_equal(imp_row(&x->as.image, 0, 0)[1], 0.5, 1e-7);
    assert_float_equal(imp_row(&x->as.image, 0, 0)[2], 1.0, 0);
    assert_float_equal(imp_row(&y->as.image, 0, 0)[0], 0.5, 1e-7);
    assert_int_equal(y->meta->bits, 16);
    value_release(x);
    value_release(y);
}

/* ---- refusals ---- */

/* Only what follows the pixels may be missing: padding of the last row, text behind, a footer. */
static void a_file_cut_anywhere_is_refused_or_whole(void **state)
{
    struct bench *b = *state;
    for (size_t i = 0; i < N_SAMPLES; i++) {
        char path[128];
        void *data;
        size_t size;
        snprintf(path, sizeof path, PICTURES "%s", samples[i]);
        slurp(b, path, &data, &size);
        struct value *whole = decode_bytes(b, path, data, size, 0);
        for (size_t n = 0; n < size; n++) {
            struct value *v = NULL;
            void *cut = malloc(n ? n : 1); /* of exactly that size: reading on is seen by a sanitizer */
            memcpy(cut, data, n);
            b->text[0] = '\0';
            if (codecs_decode(b->codecs, b->memory, path, cut, n, 0, &v, NULL, &b->err) != IMP_OK) {
                assert_null(v);
                assert_true(strlen(b->text) > 10);
            } else if (strstr(path, "text.") && n + 4 >= size) {
                /* the last number may have lost digits: nothing shows it */
            } else if (strstr(path, ".png") || strstr(path, ".jpg") || difference(&v->as.image, &whole->as.image) != 0) {
                fail_msg("%s cut to %zu of %zu bytes was taken", path, n, size);
            }
            value_release(v);
            free(cut);
        }
        value_release(whole);
        free(data);
    }
}

static void every_changed_byte_of_a_png_that_matters_is_noticed(void **state)
{
    struct bench *b = *state;
    void *data;
    size_t size;
    slurp(b, PICTURES "rgb.png", &data, &size);
    for (size_t i = 0; i < size; i++) {
        unsigned char *p = data;
        p[i] ^= 0x40;
        struct value *v = NULL;
        if (codecs_decode(b->codecs, b->memory, "x.png", data, size, 0, &v, NULL, &b->err) == IMP_OK) {
            value_release(v);
            fail_msg("byte %zu changed, and nobody minds", i);
        }
        p[i] ^= 0x40;
    }
    free(data);
}

static void faults_are_told_with_their_reason(void **state)
{
    static const char zeros[64] = {0};
    struct bench *b = *state;
    refused(b, "x.png", "", 0, "empty");
    refused(b, "x.png", zeros, sizeof zeros, "00 00 00 00");
    refused(b, "x.tga", zeros, sizeof zeros, "TGA");
    refused(b, "x.tga", "\xff\xff\xd8\xff\xe0..............", 19, "not a TGA");
    refused(b, "x.jpg", "\xff\xd8\xff\xe0", 4, "JPEG ends early");
    refused(b, "x.png", "GIF89a..........", 16, "GIF pictures cannot be read; convert it first");
    refused(b, "x.jpg", "RIFF....WEBPVP8 ", 16, "WebP");
    refused(b, "x.pfm", "PF\n1 1\n-1\n\0\0\xc0\x7f\0\0\0\0\0\0\0\0", 22, "no number");
    refused(b, "x.pfm", "PF\n1 9\n-1\n", 10, "0 of 9 rows");
    refused(b, "x.ppm", "P6 0 1 255\n...", 14, "header");
    refused(b, "x.hdr", "#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 9\n\2\2\0\x9\0", 49, "row 1 of 1");
}

static void cmyk_is_refused_with_the_way_out(void **state)
{
    struct bench *b = *state;
    void *data;
    size_t size;
    slurp(b, PICTURES "cmyk.jpg", &data, &size);
    refused(b, "cmyk.jpg", data, size, "-colorspace sRGB");
    free(data);
}

static void content_decides_and_a_wrong_ending_is_noted(void **state)
{
    struct bench *b = *state;
    void *data;
    size_t size;
    const char *note = NULL;
    struct value *v = NULL;
    slurp(b, PICTURES "rgb.png", &data, &size);
    assert_int_equal(codecs_decode(b->codecs, b->memory, "photo.jpg", data, size, 0, &v, &note, &b->err), IMP_OK);
    assert_non_null(strstr(note, "PNG"));
    value_release(v);
    assert_int_equal(codecs_decode(b->codecs, b->memory, "photo.PNG", data, size, 0, &v, &note, &b->err), IMP_OK);
    assert_null(note);
    assert_string_equal(v->meta->stem, "photo");
    value_release(v);
    free(data);
}

static void put32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static void huge_sizes_are_refused_from_the_header(void **state)
{
    struct bench *b = *state;
    unsigned char *p;
    void *data;
    size_t size;
    slurp(b, PICTURES "rgb.png", &data, &size);
    p = data;
    put32(p + 16, 60000);
    put32(p + 20, 60000);
    refused(b, "x.png", data, size, "3600000000 pixels: up to 268435456");
    put32(p + 16, 70000);
    put32(p + 20, 1);
    refused(b, "x.png", data, size, "sides may be up to 65535");
    put32(p + 16, 0);
    refused(b, "x.png", data, size, "0 x 1");
    free(data);
    slurp(b, PICTURES "baseline.jpg", &data, &size);
    for (p = data; p[0] != 0xff || p[1] != 0xc0; p++)
        continue;
    memset(p + 5, 0xff, 4);
    refused(b, "x.jpg", data, size, "4294836225 pixels");
    free(data);
    refused(b, "x.ppm", "P6 65535 65535 255\n", 19, "pixels");
    assert_true(memory_peak(b->memory) == 0);
}

static void caps_can_be_set(void **state)
{
    struct bench *b = *state;
    const struct codec_caps pixels = {.max_pixels = 62}, side = {.max_side = 8}, file = {.max_file = 100};
    const struct codec_caps *const caps[] = {&pixels, &side};
    void *data;
    size_t size;
    slurp(b, PICTURES "rgb.png", &data, &size);
    for (int i = 0; i < 2; i++) {
        struct codecs *c = codecs_open(NULL, caps[i], false, NULL);
        struct value *v = NULL;
        assert_int_equal(codecs_decode(c, b->memory, "x.png", data, size, 0, &v, NULL, &b->err), IMP_E_LIMIT);
        codecs_close(c);
    }
    free(data);
    struct codecs *c = codecs_open(NULL, &file, false, NULL);
    assert_int_equal(codecs_slurp(c, PICTURES "rgb.png", &data, &size, NULL, &b->err), IMP_E_LIMIT);
    codecs_close(c);
}

static void memory_over_its_limit_is_an_error(void **state)
{
    struct bench *b = *state;
    struct memory *little = memory_new(256);
    struct value *v = NULL;
    void *data;
    size_t size;
    slurp(b, PICTURES "rgb.png", &data, &size);
    assert_int_equal(codecs_decode(b->codecs, little, "x.png", data, size, 0, &v, NULL, &b->err), IMP_E_MEMORY);
    assert_null(v);
    memory_free(little);
    free(data);
}

/* ---- files ---- */

static void what_is_no_ordinary_file_is_told_apart(void **state)
{
    struct bench *b = *state;
    char folder[] = "/tmp/impasto-codecs-XXXXXX", path[64];
    void *data;
    size_t size;
    imp_picture p;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(codecs_slurp(b->codecs, folder, &data, &size, NULL, &b->err), IMP_E_INPUT);
    assert_non_null(strstr(b->text, "folder"));
    snprintf(path, sizeof path, "%s/pipe.png", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(codecs_slurp(b->codecs, path, &data, &size, NULL, &b->err), IMP_E_INPUT);
    assert_non_null(strstr(b->text, "ordinary"));
    assert_int_equal(codecs_probe_file(b->codecs, path, &p, &b->err), IMP_E_INPUT);
    unlink(path);
    assert_int_equal(codecs_slurp(b->codecs, path, &data, &size, NULL, &b->err), IMP_E_MISSING);
    FILE *f = fopen(path, "w");
    fclose(f);
    assert_int_equal(codecs_slurp(b->codecs, path, &data, &size, NULL, &b->err), IMP_E_INPUT);
    assert_non_null(strstr(b->text, "empty"));
    unlink(path);
    rmdir(folder);
}

static void a_file_is_hashed_as_its_bytes(void **state)
{
    struct bench *b = *state;
    struct hash h;
    void *data;
    size_t size;
    assert_int_equal(codecs_slurp(b->codecs, PICTURES "rgb.png", &data, &size, &h, &b->err), IMP_OK);
    assert_true(hash_equal(h, hash_bytes(data, size)));
    free(data);
}

static void endings_say_what_can_be_read_and_written(void **state)
{
    struct bench *b = *state;
    assert_true(codecs_can_read(b->codecs, "a/b.c/x.JPG"));
    assert_true(codecs_can_read(b->codecs, "x.pgm"));
    assert_false(codecs_can_read(b->codecs, "png"));
    assert_false(codecs_can_read(b->codecs, "a.png/x"));
    assert_false(codecs_can_read(b->codecs, "x."));
    assert_true(codecs_can_write(b->codecs, "x.pfm"));
    assert_false(codecs_can_write(b->codecs, "x.ppm"));
    assert_non_null(strstr(codecs_readable(b->codecs), "hdr"));
    assert_null(strstr(codecs_writable(b->codecs), "pgm"));
    assert_string_equal(codecs_conversion_hint("x.HEIC"), "heif-convert x.heic x.png");
    assert_non_null(strstr(codecs_conversion_hint("x.cr2"), "magick"));
    assert_null(codecs_conversion_hint("x.png"));
    assert_null(codecs_conversion_hint("x.txt"));
}

static void writing_an_unknown_kind_is_refused(void **state)
{
    struct bench *b = *state;
    const struct encode_options o = {0};
    struct value *v = pattern_image(b->memory, 2, 2, 3, IMP_SRGB);
    void *data;
    size_t size;
    assert_int_equal(codecs_encode(b->codecs, v, "x.webp", &o, &data, &size, &b->err), IMP_E_UNSUPPORTED);
    assert_non_null(strstr(b->text, "written are: png"));
    value_release(v);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)
    const struct CMUnitTest cases[] = {
        CASE(every_sample_decodes_to_what_probe_says),
        CASE(lossless_kinds_hold_the_same_picture),
        CASE(sixteen_bits_are_read_at_full_depth),
        CASE(palettes_and_grey_with_alpha_become_rgb_with_alpha),
        CASE(hdr_and_pfm_are_linear_light),
        CASE(channels_asked_for_are_made),
        CASE(what_is_written_comes_back),
        CASE(a_smooth_picture_survives_jpeg),
        CASE(samples_are_clamped_and_rounded_to_nearest),
        CASE(linear_light_is_written_as_srgb),
        CASE(alpha_is_laid_onto_white_where_a_format_has_none),
        CASE(pfm_keeps_floats_exactly_in_both_byte_orders),
        CASE(pnm_of_any_top_is_scaled),
        CASE(a_file_cut_anywhere_is_refused_or_whole),
        CASE(every_changed_byte_of_a_png_that_matters_is_noticed),
        CASE(faults_are_told_with_their_reason),
        CASE(cmyk_is_refused_with_the_way_out),
        CASE(content_decides_and_a_wrong_ending_is_noted),
        CASE(huge_sizes_are_refused_from_the_header),
        CASE(caps_can_be_set),
        CASE(memory_over_its_limit_is_an_error),
        CASE(what_is_no_ordinary_file_is_told_apart),
        CASE(a_file_is_hashed_as_its_bytes),
        CASE(endings_say_what_can_be_read_and_written),
        CASE(writing_an_unknown_kind_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
