/* test_data_records.c - data.idx and data.cifar: what is read, what is refused. */
#include <libdeflate.h>
#include "data_test.h"

enum { PIXELS = 3072 };

/* An IDX file of bytes; shape ends with 0. */
static size_t idx(uint8_t *to, uint8_t type, const uint32_t *shape, const uint8_t *data, size_t size)
{
    uint8_t *at = to + 4;
    to[0] = to[1] = 0, to[2] = type, to[3] = 0;
    for (; *shape; shape++, to[3]++)
        for (int shift = 24; shift >= 0; shift -= 8)
            *at++ = (uint8_t)(*shape >> shift);
    memcpy(at, data, size);
    return (size_t)(at - to) + size;
}

/* Pictures of 3 x 2 whose samples count up from 10 * i, with labels. */
static void write_idx(struct data_place *p, const char *images, const char *labels, uint32_t n,
                      const uint8_t *classes)
{
    uint8_t data[600], file[700];
    for (uint32_t i = 0; i < n * 6; i++)
        data[i] = (uint8_t)(10 * (i / 6) + i % 6);
    write_file(p, images, file, idx(file, 8, (uint32_t[]){n, 2, 3, 0}, data, n * 6));
    write_file(p, labels, file, idx(file, 8, (uint32_t[]){n, 0}, classes, n));
}

static void write_gzip(struct data_place *p, const char *name, const void *data, size_t size,
                       size_t cut_off)
{
    uint8_t out[2000];
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(6);
    const size_t n = libdeflate_gzip_compress(c, data, size, out, sizeof out);
    libdeflate_free_compressor(c);
    assert_in_range(n, 1, sizeof out);
    write_file(p, name, out, n - cut_off);
}

static const uint8_t five[] = {3, 0, 1, 0, 3};

static void pictures_and_labels_are_read_as_they_stand(void **state)
{
    struct data_place *p = *state;
    float pixels[6];
    write_idx(p, "i", "l", 5, five);
    struct made m = MAKE(p, "data.idx", "images=%s/i labels=%s/l", p->folder, p->folder);
    assert_int_equal(m.train->count, 5);
    assert_int_equal(m.train->width, 3);
    assert_int_equal(m.train->height, 2);
    assert_int_equal(m.train->channels, 1);
    assert_int_equal(m.train->class_count, 4);
    assert_string_equal(m.train->class_names[3], "3");
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(read_sample(m.train, i, pixels, NULL), five[i]);
        for (uint32_t k = 0; k < 6; k++)
            assert_true(pixels[k] == (float)(10 * i + k) / 255.0f);
    }
    drop_made(&m);
}

static void a_set_outlives_the_node_that_made_it(void **state)
{
    struct data_place *p = *state;
    float pixels[6];
    write_idx(p, "i", "l", 5, five);
    struct made m = MAKE(p, "data.idx", "images=%s/i labels=%s/l", p->folder, p->folder);
    mini_node_free(m.node);
    assert_int_equal(read_sample(m.train, 4, pixels, NULL), 3);
    mini_result_free(&m.result);
}

static void a_sample_past_the_end_is_refused_in_words(void **state)
{
    struct data_place *p = *state;
    char text[200] = "";
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    imp_sample s = {.struct_size = sizeof s};
    write_idx(p, "i", "l", 5, five);
    struct made m = MAKE(p, "data.idx", "images=%s/i", p->folder);
    assert_int_equal(m.train->read(m.train, 5, &s, &err), IMP_E_INPUT);
    assert_part(text, "sample 5 was asked for; there are 5");
    assert_int_equal(read_sample(m.train, 0, NULL, NULL), UINT32_MAX);
    assert_int_equal(m.train->class_count, 0);
    drop_made(&m);
}

static void gzip_is_undone(void **state)
{
    struct data_place *p = *state;
    uint8_t data[60], file[100];
    float pixels[6];
    for (int i = 0; i < 60; i++)
        data[i] = (uint8_t)i;
    write_gzip(p, "i.gz", file, idx(file, 8, (uint32_t[]){10, 2, 3, 0}, data, 60), 0);
    struct made m = MAKE(p, "data.idx", "images=%s/i.gz", p->folder);
    assert_int_equal(m.train->count, 10);
    read_sample(m.train, 9, pixels, NULL);
    assert_true(pixels[5] == 59 / 255.0f);
    drop_made(&m);
}

static void broken_gzip_is_refused(void **state)
{
    struct data_place *p = *state;
    uint8_t data[600], file[700], huge[40] = {0x1f, 0x8b, 8};
    for (int i = 0; i < 600; i++)
        data[i] = (uint8_t)(i * 7);
    const size_t n = idx(file, 8, (uint32_t[]){100, 2, 3, 0}, data, 600);
    for (size_t cut_off = 1; cut_off < 20; cut_off += 3) {
        write_gzip(p, "i.gz", file, n, cut_off);
        REFUSED(p, "data.idx", 1, "cut short or damaged", "images=%s/i.gz", p->folder);
    }
    memset(huge + 36, 0xff, 4); /* claims 4 GiB */
    write_file(p, "i.gz", huge, sizeof huge);
    REFUSED(p, "data.idx", 1, "its end claims 4294967295 bytes", "images=%s/i.gz", p->folder);
}

static void wrong_idx_files_are_refused_by_name(void **state)
{
    struct data_place *p = *state;
    uint8_t file[100], data[24] = {0};
    struct { uint8_t type; uint32_t shape[5]; size_t size; const char *part; } bad[] = {
        {8, {4, 2, 3, 0}, 23, "cut short: its head says 4 records of 6 bytes, there are 3 and 5"},
        {8, {3, 2, 3, 0}, 24, "too long: its head says 3 records of 6 bytes, there are 4 and 0"},
        {8, {24, 0}, 24, "an IDX file of 1 axes; pictures have 3 (are these the labels?)"},
        {13, {1, 2, 3, 0}, 24, "an IDX file of floats (type 0d); bytes (08) are read"},
        {8, {4, 5000, 1, 0}, 24, "a side of 5000"},
        {8, {0xffffffff, 4096, 4096, 0}, 24, "cut short: its head says 4294967295 records"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(p, "i", file, idx(file, bad[i].type, bad[i].shape, data, bad[i].size));
        REFUSED(p, "data.idx", 1, bad[i].part, "images=%s/i", p->folder);
    }
    write_file(p, "i", "\211PNG\r\n", 6);
    REFUSED(p, "data.idx", 1, "no IDX file: it begins with 89 50", "images=%s/i", p->folder);
    write_file(p, "i", "\0\0\10\3\0\0", 6);
    REFUSED(p, "data.idx", 1, "its head alone has 16", "images=%s/i", p->folder);
    write_file(p, "i", "", 0);
    REFUSED(p, "data.idx", 1, "is empty", "images=%s/i", p->folder);
    REFUSED(p, "data.idx", 1, "cannot be opened: No such file", "images=%s/none", p->folder);
    REFUSED(p, "data.idx", 1, "is a folder", "images=%s", p->folder);
}

static void labels_that_do_not_belong_are_refused(void **state)
{
    struct data_place *p = *state;
    write_idx(p, "i", "l", 5, five);
    write_idx(p, "j", "k", 4, five);
    REFUSED(p, "data.idx", 1, "k has 4 labels", "images=%s/i labels=%s/k", p->folder, p->folder);
    REFUSED(p, "data.idx", 2, "record 0 (byte 8) has the label 3; names has 3",
            "images=%s/i labels=%s/l names='a b c'", p->folder, p->folder);
    REFUSED(p, "data.idx", 1, "test_labels without test_images", "images=%s/i test_labels=%s/l",
            p->folder, p->folder);
}

static void a_test_set_of_its_own_goes_to_test(void **state)
{
    struct data_place *p = *state;
    float pixels[6];
    write_idx(p, "i", "l", 5, five);
    write_idx(p, "j", "k", 2, (uint8_t[]){7, 1});
    struct made m = MAKE_BOTH(p, "data.idx",
                              "images=%s/i labels=%s/l test_images=%s/j test_labels=%s/k", p->folder,
                              p->folder, p->folder, p->folder);
    assert_int_equal(m.train->count, 5);
    assert_int_equal(m.test->count, 2);
    assert_int_equal(m.train->class_count, 8);
    assert_int_equal(m.test->class_count, 8);
    assert_int_equal(read_sample(m.test, 0, pixels, NULL), 7);
    assert_true(pixels[0] == 0);
    drop_made(&m);
}

static void sizes_and_channels_are_as_asked(void **state)
{
    struct data_place *p = *state;
    float pixels[3 * 16];
    write_idx(p, "i", "l", 5, five);
    struct made m = MAKE(p, "data.idx", "images=%s/i size=4 channels=3 fit=center fill=1", p->folder);
    assert_int_equal(m.train->channels, 3);
    assert_int_equal(m.train->width, 4);
    read_sample(m.train, 2, pixels, NULL);
    /* 3 x 2 in the middle of 4 x 4: from column 0, row 1 */
    assert_true(pixels[0] == 1 && pixels[3] == 1 && pixels[7] == 1 && pixels[15] == 1);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < 2; y++)
            for (int x = 0; x < 3; x++)
                assert_true(pixels[c * 16 + (y + 1) * 4 + x] == (float)(20 + 3 * y + x) / 255.0f);
    drop_made(&m);
    REFUSED(p, "data.idx", 1, "size wants a side", "images=%s/i size=0", p->folder);
    REFUSED(p, "data.idx", 1, "size wants a side", "images=%s/i size='8 8 8'", p->folder);
}

/* ---- CIFAR ---- */

static void write_cifar(struct data_place *p, const char *name, uint32_t n, uint32_t labels,
                        uint8_t first, size_t cut_off)
{
    const size_t one = labels + PIXELS;
    uint8_t *file = calloc(n, one);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t *r = file + i * one;
        for (uint32_t k = 0; k < labels; k++)
            r[k] = (uint8_t)(first + i * (k + 1));
        memset(r + labels, 10 + (int)i, 1024);
        memset(r + labels + 1024, 100, 1024);
        memset(r + labels + 2048, 200, 1024);
    }
    write_file(p, name, file, n * one - cut_off);
    free(file);
}

static void records_of_several_files_follow_each_other(void **state)
{
    struct data_place *p = *state;
    float pixels[PIXELS];
    write_cifar(p, "c/a.bin", 3, 1, 0, 0);
    write_cifar(p, "c/b.bin", 2, 1, 5, 0);
    write_cifar(p, "c/t.bin", 4, 1, 1, 0);
    write_text(p, "c/batches.meta.txt", "zero\none\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n\n");
    struct made m =
        MAKE_BOTH(p, "data.cifar", "path=%s/c files='a.bin b.bin' test_files=t.bin", p->folder);
    assert_int_equal(m.train->count, 5);
    assert_int_equal(m.test->count, 4);
    assert_int_equal(m.train->class_count, 10);
    assert_string_equal(m.train->class_names[6], "six");
    assert_int_equal(read_sample(m.train, 4, pixels, NULL), 6);
    assert_true(pixels[0] == 11 / 255.0f && pixels[1024] == 100 / 255.0f &&
                pixels[3071] == 200 / 255.0f);
    assert_int_equal(read_sample(m.test, 3, NULL, NULL), 4);
    drop_made(&m);
}

static void the_published_files_are_found_by_themselves(void **state)
{
    struct data_place *p = *state;
    char name[40];
    for (int i = 1; i <= 5; i++) {
        snprintf(name, sizeof name, "c/data_batch_%d.bin", i);
        write_cifar(p, name, 1, 1, (uint8_t)i, 0);
    }
    write_cifar(p, "c/test_batch.bin", 2, 1, 8, 0);
    struct made m = MAKE_BOTH(p, "data.cifar", "path=%s/c", p->folder);
    assert_int_equal(m.train->count, 5);
    assert_int_equal(m.test->count, 2);
    assert_string_equal(m.train->class_names[9], "9");
    assert_int_equal(read_sample(m.train, 4, NULL, NULL), 5);
    drop_made(&m);
    write_cifar(p, "h/train.bin", 3, 2, 4, 0);
    m = MAKE(p, "data.cifar", "path=%s/h kind=cifar100", p->folder);
    assert_int_equal(m.train->class_count, 100);
    assert_int_equal(read_sample(m.train, 2, NULL, NULL), 8);
    drop_made(&m);
    m = MAKE(p, "data.cifar", "path=%s/h kind=cifar100-coarse", p->folder);
    assert_int_equal(m.train->class_count, 20);
    assert_int_equal(read_sample(m.train, 2, NULL, NULL), 6);
    drop_made(&m);
}

static void wrong_records_are_refused_with_file_and_byte(void **state)
{
    struct data_place *p = *state;
    write_cifar(p, "cut.bin", 3, 1, 0, 10);
    REFUSED(p, "data.cifar", 1, "cut.bin: 9209 bytes are 2 records of 3073 bytes and 3063 bytes",
            "path=%s/cut.bin", p->folder);
    write_cifar(p, "hundred.bin", 3, 2, 0, 0);
    REFUSED(p, "data.cifar", 1, "the length of kind = cifar100", "path=%s/hundred.bin", p->folder);
    write_cifar(p, "label.bin", 3, 1, 8, 0);
    REFUSED(p, "data.cifar", 1, "record 2 (byte 6146) has the label 10; there are 0 to 9",
            "path=%s/label.bin", p->folder);
    REFUSED(p, "data.cifar", 1, "path is a file", "path=%s/label.bin files=x.bin", p->folder);
    write_cifar(p, "c/a.bin", 1, 1, 0, 0);
    REFUSED(p, "data.cifar", 5, "data_batch_1.bin: cannot be opened", "path=%s/c", p->folder);
    write_text(p, "c/batches.meta.txt", "one\ntwo\n");
    REFUSED(p, "data.cifar", 1, "has 2 names, there are 10 classes", "path=%s/c files=a.bin",
            p->folder);
}

/* ---- splits ---- */

static void a_split_is_even_whole_and_drawn_by_seed(void **state)
{
    struct data_place *p = *state;
    uint8_t labels[100];
    uint32_t of_class[2] = {0}, other = 0;
    for (int i = 0; i < 100; i++)
        labels[i] = i < 70 ? 0 : 1;
    write_idx(p, "i", "l", 100, labels);
    struct made m = MAKE_BOTH(p, "data.idx", "images=%s/i labels=%s/l test_share=0.2", p->folder,
                              p->folder);
    struct made n = MAKE_BOTH(p, "data.idx", "images=%s/i labels=%s/l test_share=0.2 seed=2",
                              p->folder, p->folder);
    assert_int_equal(m.train->count, 80);
    assert_int_equal(m.test->count, 20);
    for (uint64_t i = 0; i < 20; i++)
        of_class[read_sample(m.test, i, NULL, NULL)]++;
    assert_int_equal(of_class[0], 14);
    assert_int_equal(of_class[1], 6);
    for (uint64_t i = 0; i < 20; i++) {
        float one[6], two[6];
        read_sample(m.test, i, one, NULL);
        read_sample(n.test, i, two, NULL);
        other += memcmp(one, two, sizeof one) != 0;
    }
    assert_in_range(other, 5, 20);
    drop_made(&m), drop_made(&n);
}

static void a_test_set_nobody_filled_is_an_error_only_when_wanted(void **state)
{
    struct data_place *p = *state;
    write_idx(p, "i", "l", 5, five);
    struct made m = run_filter(p, "data.idx", (struct mini_call){.wanted = 3}, "images=%s/i",
                               p->folder);
    assert_int_equal(m.result.status, IMP_E_PARAM);
    assert_part(m.result.text, "'test' is wanted");
    assert_int_equal(m.result.param, 10);
    drop_made(&m);
}

static void a_limit_takes_evenly_and_keeps_the_order(void **state)
{
    struct data_place *p = *state;
    uint8_t labels[100];
    float pixels[6], last = -1;
    uint32_t of_class[4] = {0};
    for (int i = 0; i < 100; i++)
        labels[i] = (uint8_t)(i % 4);
    write_idx(p, "i", "l", 25, labels); /* 25 so that the samples name the pictures */
    struct made m = MAKE(p, "data.idx", "images=%s/i labels=%s/l limit=8", p->folder, p->folder);
    assert_int_equal(m.train->count, 8);
    for (uint64_t i = 0; i < 8; i++) {
        of_class[read_sample(m.train, i, pixels, NULL)]++;
        assert_true(pixels[0] > last);
        last = pixels[0];
    }
    for (int c = 0; c < 4; c++)
        assert_int_equal(of_class[c], 2);
    drop_made(&m);
}

static void samples_in_a_file_are_the_same_samples(void **state)
{
    struct data_place *p = *state;
    float a[6], b[6];
    uint8_t labels[25] = {0};
    write_idx(p, "i", "l", 25, labels);
    struct made m = MAKE(p, "data.idx", "images=%s/i", p->folder);
    struct made n = run_fine(p, run_filter(p, "data.idx",
                                           (struct mini_call){.wanted = 1, .max_bytes = 100},
                                           "images=%s/i", p->folder));
    for (uint64_t i = 0; i < 25; i++) {
        read_sample(m.train, i, a, NULL);
        read_sample(n.train, i, b, NULL);
        assert_memory_equal(a, b, sizeof a);
    }
    drop_made(&m), drop_made(&n);
}

static int open_data(void **state)
{
    return open_plugin(state, "data");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(pictures_and_labels_are_read_as_they_stand),
        CASE(a_set_outlives_the_node_that_made_it),
        CASE(a_sample_past_the_end_is_refused_in_words),
        CASE(gzip_is_undone),
        CASE(broken_gzip_is_refused),
        CASE(wrong_idx_files_are_refused_by_name),
        CASE(labels_that_do_not_belong_are_refused),
        CASE(a_test_set_of_its_own_goes_to_test),
        CASE(sizes_and_channels_are_as_asked),
        CASE(records_of_several_files_follow_each_other),
        CASE(the_published_files_are_found_by_themselves),
        CASE(wrong_records_are_refused_with_file_and_byte),
        CASE(a_split_is_even_whole_and_drawn_by_seed),
        CASE(a_test_set_nobody_filled_is_an_error_only_when_wanted),
        CASE(a_limit_takes_evenly_and_keeps_the_order),
        CASE(samples_in_a_file_are_the_same_samples),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_data, close_plugin) != 0;
}
