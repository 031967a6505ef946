/* EXIF, XMP, ICC: read, written, cleaned; orientation applied; malformed blocks do no harm. */
#include "codec_help.h"
#include "container.h"
#include <libdeflate.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- building blocks ---- */

struct tiff_options {
    bool big;
    uint32_t orientation;
    bool thumbnail;
};

static size_t put(unsigned char *p, size_t at, uint32_t v, int bytes, bool big)
{
    for (int i = 0; i < bytes; i++)
        p[at + (size_t)i] = (unsigned char)(v >> 8 * (big ? bytes - 1 - i : i));
    return at + (size_t)bytes;
}

static size_t put_entry(unsigned char *p, size_t at, uint32_t tag, uint32_t type, uint32_t count, uint32_t value, bool big)
{
    at = put(p, at, tag, 2, big);
    at = put(p, at, type, 2, big);
    at = put(p, at, count, 4, big);
    if (type == 3) { /* a short stands in the first two bytes */
        at = put(p, at, value, 2, big);
        return put(p, at, 0, 2, big);
    }
    return put(p, at, value, 4, big);
}

enum { MAKER = 62, IFD1 = 80, THUMB = 110, THUMB_SIZE = 20, TIFF_SIZE = 130 };

/* IFD 0 at 8: orientation, maker (12 bytes at MAKER), an EXIF pointer; IFD 1 with a thumbnail at the end. */
static size_t make_tiff(unsigned char p[TIFF_SIZE], struct tiff_options o)
{
    size_t at = 8;
    memset(p, 0, TIFF_SIZE);
    memcpy(p, o.big ? "MM\0*" : "II*\0", 4);
    put(p, 4, 8, 4, o.big);
    at = put(p, at, 3, 2, o.big);
    at = put_entry(p, at, 0x010f, 2, 12, MAKER, o.big);
    at = put_entry(p, at, 0x0112, 3, 1, o.orientation, o.big);
    at = put_entry(p, at, 0x8769, 4, 1, 74, o.big);
    put(p, at, o.thumbnail ? IFD1 : 0, 4, o.big);
    memcpy(p + MAKER, "Impasto cam", 12);
    if (!o.thumbnail)
        return IFD1; /* the EXIF IFD at 74 has 0 entries */
    at = put(p, IFD1, 2, 2, o.big);
    at = put_entry(p, at, 0x0201, 4, 1, THUMB, o.big);
    put_entry(p, at, 0x0202, 4, 1, THUMB_SIZE, o.big);
    memset(p + THUMB, 0xaa, THUMB_SIZE);
    return TIFF_SIZE;
}

static struct block copy_of(const void *data, size_t size)
{
    struct block b = {malloc(size), size};
    memcpy(b.data, data, size);
    return b;
}

static struct block make_icc(const char *space, size_t size)
{
    struct block b = {calloc(1, size), size};
    unsigned char *p = b.data;
    for (size_t i = 128; i < size; i++)
        p[i] = (unsigned char)(i * 7 + i / 251);
    memcpy(p + 16, space, 4);
    memcpy(p + 36, "acsp", 4);
    return b;
}

/* A file of the given kind, of grey or RGB, with these blocks in. */
static void make_file(struct bench *b, const char *name, uint32_t channels, const struct meta *meta, void **data,
                      size_t *size)
{
    struct value *v = pattern_image(b->memory, 6, 4, channels, IMP_SRGB);
    void *plain;
    size_t n;
    encode(b, v, name, 100, &plain, &n);
    assert_int_equal(metadata_write(plain, n, meta, data, size), IMP_OK);
    free(plain);
    value_release(v);
}

static bool same(const struct block *a, const struct block *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* ---- cases ---- */

static const char *const names[] = {"x.jpg", "x.png"};
static const char xmp[] = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><a tiff:Orientation=\"6\"/></x:xmpmeta>";

static void blocks_written_are_read_back_byte_for_byte(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 2; i++) {
        unsigned char tiff[TIFF_SIZE];
        const size_t n = make_tiff(tiff, (struct tiff_options){.big = i == 1, .orientation = 1});
        struct meta *in = meta_new(), *out = meta_new();
        uint32_t orientation = 0;
        void *data;
        size_t size;
        in->exif = copy_of(tiff, n);
        in->xmp = copy_of("<x:xmpmeta/>", 12);
        in->icc = make_icc("RGB ", 150000); /* three segments of a JPEG */
        make_file(b, names[i], 3, in, &data, &size);
        metadata_read(data, size, out, &orientation);
        assert_int_equal(orientation, 1);
        assert_true(same(&in->exif, &out->exif));
        assert_true(same(&in->xmp, &out->xmp));
        assert_true(same(&in->icc, &out->icc));
        struct value *v = decode_bytes(b, names[i], data, size, 0);
        assert_int_equal(v->meta->icc.size, 150000);
        value_release(v);
        free(data);
        meta_release(in);
        meta_release(out);
    }
}

static void every_chunk_written_has_its_checksum(void **state)
{
    struct bench *b = *state;
    unsigned char tiff[TIFF_SIZE];
    struct meta *in = meta_new();
    struct png_part p;
    size_t size, at = 0;
    void *data;
    int seen = 0;
    in->exif = copy_of(tiff, make_tiff(tiff, (struct tiff_options){.orientation = 1}));
    in->xmp = copy_of(xmp, strlen(xmp));
    in->icc = make_icc("RGB ", 300);
    make_file(b, "x.png", 3, in, &data, &size);
    while (png_next(data, size, &at, &p)) {
        assert_int_equal(libdeflate_crc32(0, p.data - 4, p.size + 4), be32(p.data + p.size));
        seen++;
    }
    assert_int_equal(seen, 6); /* IHDR iCCP eXIf iTXt IDAT IEND */
    assert_int_equal(at, size);
    free(data);
    meta_release(in);
}

/* Turns a stored pattern by each orientation and looks where its pixels went, by the words of TIFF 6.0:
 * "row 0 is the ... of the picture, column 0 the ...". */
static void all_eight_orientations_come_upright(void **state)
{
    struct bench *b = *state;
    const int w = 6, h = 4;
    for (uint32_t o = 1; o <= 8; o++) {
        unsigned char tiff[TIFF_SIZE], file[4096], *png;
        struct meta *m = meta_new();
        size_t size, at = 0;
        void *data;
        m->exif = copy_of(tiff, make_tiff(tiff, (struct tiff_options){.orientation = 1}));
        make_file(b, "x.png", 3, m, &data, &size);
        png = data;
        while (memcmp(png + at, "eXIf", 4) != 0)
            at++;
        png[at + 4 + 8 + 2 + 12 + 8] = (unsigned char)o; /* written as 1: put what a camera would */
        memcpy(file, data, size);
        assert_int_equal(metadata_orientation(file, size), o);
        struct value *v = decode_bytes(b, "x.png", file, size, 0);
        imp_picture p;
        assert_int_equal(codecs_probe(b->codecs, "x.png", file, size, &p, &b->err), IMP_OK);
        assert_int_equal(p.width, o < 5 ? w : h);
        assert_int_equal(p.height, o < 5 ? h : w);
        assert_int_equal(v->as.image.width, p.width);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                const int from_top = o == 3 || o == 4 ? h - 1 - y : o == 1 || o == 2 ? y : o == 5 || o == 6 ? x : w - 1 - x;
                const int from_left = o == 2 || o == 3 ? w - 1 - x : o == 1 || o == 4 ? x : o == 5 || o == 8 ? y : h - 1 - y;
                const float got = imp_row(&v->as.image, 1, (uint32_t)from_top)[from_left];
                assert_float_equal(got, pattern(1, (uint32_t)y, (uint32_t)x), 1e-6);
            }
        value_release(v);
        free(data);
        meta_release(m);
    }
}

static void exif_behind_the_pixels_turns_too_in_files_only_looked_at(void **state)
{
    struct bench *b = *state;
    unsigned char tiff[TIFF_SIZE], chunk[TIFF_SIZE + 12];
    char path[] = "/tmp/impasto-late-XXXXXX";
    struct value *v = value_image(b->memory, 300, 200, 3, IMP_SRGB);
    uint32_t seed = 1;
    void *data;
    size_t size;
    for (uint32_t c = 0; c < 3; c++) /* noise: over the 64 KiB that are read first */
        for (uint32_t y = 0; y < 200; y++)
            for (uint32_t x = 0; x < 300; x++)
                imp_row_out(&v->as.image, c, y)[x] = (float)((seed = seed * 1664525 + 1013904223) >> 8) / 16777216.0f;
    encode(b, v, "x.png", 0, &data, &size);
    value_release(v);
    const size_t n = make_tiff(tiff, (struct tiff_options){.orientation = 6});
    put(chunk, 0, (uint32_t)n, 4, true);
    memcpy(chunk + 4, "eXIf", 4);
    memcpy(chunk + 8, tiff, n);
    put(chunk, 8 + n, libdeflate_crc32(0, chunk + 4, n + 4), 4, true);
    const int fd = mkstemp(path);
    assert_true(size > 70000 && write(fd, data, size - 12) == (ssize_t)size - 12);
    assert_true(write(fd, chunk, n + 12) == (ssize_t)n + 12);
    assert_true(write(fd, (char *)data + size - 12, 12) == 12);
    close(fd);
    free(data);
    imp_picture p, q;
    assert_int_equal(codecs_probe_file(b->codecs, path, &p, &b->err), IMP_OK);
    slurp(b, path, &data, &size);
    assert_int_equal(codecs_probe(b->codecs, "x.png", data, size, &q, &b->err), IMP_OK);
    free(data);
    unlink(path);
    assert_int_equal(p.width, 200);
    assert_int_equal(p.orientation, 6);
    assert_memory_equal(&p, &q, sizeof p);
}

static void orientation_is_reset_and_the_thumbnail_wiped(void **state)
{
    struct bench *b = *state;
    for (int big = 0; big < 2; big++)
        for (int i = 0; i < 2; i++) {
            unsigned char tiff[TIFF_SIZE], want[TIFF_SIZE];
            const struct tiff_options camera = {big != 0, 6, true}, clean = {big != 0, 1, false};
            struct meta *in = meta_new(), *out = meta_new();
            uint32_t orientation;
            void *data;
            size_t size;
            in->exif = copy_of(tiff, make_tiff(tiff, camera));
            in->xmp = copy_of(xmp, strlen(xmp));
            make_tiff(want, clean);
            make_file(b, names[i], 3, in, &data, &size);
            metadata_read(data, size, out, &orientation);
            assert_int_equal(orientation, 1);
            assert_int_equal(out->exif.size, IFD1); /* cut off before the thumbnail and its table */
            assert_memory_equal(out->exif.data, want, IFD1);
            assert_non_null(strstr((char *)out->xmp.data, "Orientation=\"1\""));
            free(data);
            meta_release(in);
            meta_release(out);
        }
}

static void a_thumbnail_over_what_is_needed_drops_the_block(void **state)
{
    struct bench *b = *state;
    static const uint32_t places[] = {8, 40, MAKER, MAKER + 11};
    for (int i = 0; i < 4; i++) {
        unsigned char tiff[TIFF_SIZE];
        struct meta *in = meta_new(), *out = meta_new();
        uint32_t orientation;
        void *data;
        size_t size;
        make_tiff(tiff, (struct tiff_options){.orientation = 3, .thumbnail = true});
        put(tiff, IFD1 + 2 + 8, places[i], 4, false);
        in->exif = copy_of(tiff, TIFF_SIZE);
        make_file(b, "x.jpg", 3, in, &data, &size);
        metadata_read(data, size, out, &orientation);
        assert_null(out->exif.data);
        free(data);
        meta_release(in);
        meta_release(out);
    }
}

/* Every byte of a sound block set to four values in turn, and the block cut at each length. */
static void malformed_exif_does_no_harm(void **state)
{
    static const unsigned char values[] = {0, 1, 0x7f, 0xff};
    unsigned char sound[TIFF_SIZE];
    void *plain;
    size_t n;
    struct bench *b = *state;
    struct value *v = pattern_image(b->memory, 6, 4, 3, IMP_SRGB);
    encode(b, v, "x.jpg", 90, &plain, &n);
    value_release(v);
    make_tiff(sound, (struct tiff_options){.orientation = 5, .thumbnail = true});
    for (size_t i = 0; i < TIFF_SIZE * 5; i++) {
        struct meta *m = meta_new();
        void *data;
        size_t size;
        m->exif = i < TIFF_SIZE * 4 ? copy_of(sound, TIFF_SIZE) : copy_of(sound, i - TIFF_SIZE * 4 + 1);
        if (i < TIFF_SIZE * 4)
            ((unsigned char *)m->exif.data)[i / 4] = values[i % 4];
        assert_in_range(exif_orientation(m->exif.data, m->exif.size), 1, 8);
        assert_int_equal(metadata_write(plain, n, m, &data, &size), IMP_OK);
        assert_int_equal(metadata_orientation(data, size), 1);
        value_release(decode_bytes(b, "x.jpg", data, size, 0));
        free(data);
        meta_release(m);
    }
    free(plain);
}

static void an_ifd_that_points_to_itself_ends(void **state)
{
    unsigned char tiff[TIFF_SIZE];
    struct bench *b = *state;
    struct meta *m = meta_new();
    void *data;
    size_t size;
    make_tiff(tiff, (struct tiff_options){.orientation = 8});
    put(tiff, 8 + 2 + 24 + 8, 8, 4, false);  /* EXIF IFD = IFD 0 */
    put(tiff, 8 + 2 + 36, 8, 4, false);      /* IFD 1 = IFD 0 */
    m->exif = copy_of(tiff, IFD1);
    make_file(b, "x.png", 3, m, &data, &size);
    assert_int_equal(metadata_orientation(data, size), 1);
    free(data);
    meta_release(m);
}

static void a_profile_of_another_colour_model_is_left_out(void **state)
{
    static const struct { const char *name, *space; uint32_t channels; bool kept; } want[] = {
        {"x.png", "RGB ", 3, true}, {"x.png", "GRAY", 3, false}, {"x.png", "CMYK", 3, false},
        {"x.png", "GRAY", 1, true}, {"x.png", "RGB ", 1, false}, {"x.png", "RGB ", 4, true},
        {"x.jpg", "RGB ", 3, true}, {"x.jpg", "GRAY", 3, false},
    };
    struct bench *b = *state;
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        struct meta *in = meta_new(), *out = meta_new();
        uint32_t orientation;
        void *data;
        size_t size;
        in->icc = make_icc(want[i].space, 200);
        make_file(b, want[i].name, want[i].channels, in, &data, &size);
        metadata_read(data, size, out, &orientation);
        assert_int_equal(out->icc.data != NULL, want[i].kept);
        free(data);
        meta_release(in);
        meta_release(out);
    }
}

static void blocks_too_large_for_a_jpeg_segment_are_left_out(void **state)
{
    struct bench *b = *state;
    struct meta *in = meta_new(), *out = meta_new();
    uint32_t orientation;
    void *data;
    size_t size;
    in->xmp = (struct block){calloc(1, 70000), 70000};
    make_file(b, "x.jpg", 3, in, &data, &size);
    metadata_read(data, size, out, &orientation);
    assert_null(out->xmp.data);
    value_release(decode_bytes(b, "x.jpg", data, size, 0));
    free(data);
    make_file(b, "x.png", 3, in, &data, &size);
    metadata_read(data, size, out, &orientation);
    assert_int_equal(out->xmp.size, 70000);
    free(data);
    meta_release(in);
    meta_release(out);
}

static void a_profile_with_a_piece_missing_is_not_read(void **state)
{
    struct bench *b = *state;
    struct meta *in = meta_new(), *out = meta_new();
    uint32_t orientation;
    unsigned char *p;
    void *data;
    size_t size;
    in->icc = make_icc("RGB ", 100000);
    make_file(b, "x.jpg", 3, in, &data, &size);
    for (p = data; memcmp(p, "ICC_PROFILE\0\2", 13) != 0; p++)
        continue;
    p[12] = 9;
    metadata_read(data, size, out, &orientation);
    assert_null(out->icc.data);
    free(data);
    meta_release(in);
    meta_release(out);
}

static void metadata_goes_only_where_it_is_wanted(void **state)
{
    struct bench *b = *state;
    struct value *v = pattern_image(b->memory, 6, 4, 3, IMP_SRGB);
    const struct encode_options none = {.metadata = false};
    void *with, *without;
    size_t n, m;
    v->meta = meta_new();
    v->meta->xmp = copy_of(xmp, strlen(xmp));
    encode(b, v, "x.png", 0, &with, &n);
    assert_int_equal(codecs_encode(b->codecs, v, "x.png", &none, &without, &m, &b->err), IMP_OK);
    assert_int_equal(n, m + 12 + 22 + strlen(xmp)); /* one chunk more, and nothing else */
    free(with);
    free(without);
    encode(b, v, "x.bmp", 0, &with, &n); /* no place for it: no harm */
    free(with);
    value_release(v);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, bench_open, bench_close)
    const struct CMUnitTest cases[] = {
        CASE(blocks_written_are_read_back_byte_for_byte),
        CASE(every_chunk_written_has_its_checksum),
        CASE(all_eight_orientations_come_upright),
        CASE(exif_behind_the_pixels_turns_too_in_files_only_looked_at),
        CASE(orientation_is_reset_and_the_thumbnail_wiped),
        CASE(a_thumbnail_over_what_is_needed_drops_the_block),
        CASE(malformed_exif_does_no_harm),
        CASE(an_ifd_that_points_to_itself_ends),
        CASE(a_profile_of_another_colour_model_is_left_out),
        CASE(blocks_too_large_for_a_jpeg_segment_are_left_out),
        CASE(a_profile_with_a_piece_missing_is_not_read),
        CASE(metadata_goes_only_where_it_is_wanted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
