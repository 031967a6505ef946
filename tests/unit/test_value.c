/* test_value.c - values, their memory, their files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "value.h"

static int dropped;
static void drop(void *object)
{
    dropped += *(int *)object;
}

static struct value *ramp(struct memory *m, uint32_t w, uint32_t h, uint32_t channels)
{
    struct value *v = value_image(m, w, h, channels, IMP_SRGB);
    assert_non_null(v);
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++)
                imp_row_out(&v->as.image, c, y)[x] = (float)(c * 10000 + y * 100 + x) / 65536;
    return v;
}

static struct value *small_table(void)
{
    static const imp_column columns[] = {{"name", NULL, IMP_TEXT, 0},
                                         {"size", "px", IMP_INT, 0},
                                         {"rates", NULL, IMP_NUMBERS, 0},
                                         {"words", NULL, IMP_NAMES, 0}};
    struct value *v = value_table(4, columns);
    assert_non_null(v);
    for (int64_t i = 0; i < 50; i++) {
        char name[] = "row ?";
        name[4] = (char)('a' + i % 26);
        const double rates[] = {0.5, (double)i};
        const char *words[] = {"relu1_1", name};
        const imp_cell row[] = {{.s = {name, 5}}, {.i = i}, {.n = {rates, 2}}, {.w = {words, 2}}};
        assert_int_equal(value_add_row(v, row), IMP_OK);
    }
    return v;
}

static void rows_are_padded_and_aligned(void **state)
{
    (void)state;
    struct value *v = ramp(NULL, 17, 3, 3);
    assert_int_equal(v->as.image.row, 32);
    assert_int_equal(v->as.image.plane, 96);
    assert_int_equal((uintptr_t)v->as.image.data % 64, 0);
    value_release(v);
}

static void sizes_out_of_range_are_refused(void **state)
{
    (void)state;
    assert_null(value_image(NULL, 0, 1, 1, IMP_SRGB));
    assert_null(value_image(NULL, 65537, 1, 1, IMP_SRGB));
    assert_null(value_image(NULL, 1, 1, 2, IMP_SRGB));
    assert_null(value_image(NULL, 1, 1, 1, 7));
    assert_null(value_tensor(NULL, IMP_F32, 3, (int64_t[]){1 << 30, 1 << 30, 1 << 30}, NULL));
    assert_null(value_tensor(NULL, IMP_F32, 1, (int64_t[]){-1}, NULL));
    assert_null(value_tensor(NULL, 9, 1, (int64_t[]){1}, NULL));
    assert_null(value_table(0, NULL));
}

static void a_limit_refuses_and_a_freed_buffer_is_taken_again(void **state)
{
    (void)state;
    struct memory *m = memory_new(1 << 20);
    void *a = memory_take(m, 600000);
    assert_non_null(a);
    assert_true(memory_refused(m, 600000));
    assert_null(memory_take(m, 600000));
    assert_true(memory_used(m) >= 600000 && memory_used(m) <= 700000);
    memory_give(m, a, 600000);
    assert_int_equal(memory_used(m), 0);
    void *b = memory_take(m, 600000);
    assert_ptr_equal(a, b);
    memory_give(m, b, 600000);
    void *c = memory_take(m, 1000000); /* the waiting buffer makes way */
    assert_non_null(c);
    memory_give(m, c, 1000000);
    assert_true(memory_peak(m) >= 1000000);
    assert_null(memory_take(m, SIZE_MAX));
    memory_free(m);
}

static void every_size_class_holds_what_was_asked_for(void **state)
{
    (void)state;
    struct memory *m = memory_new(0);
    for (size_t n = 1; n < 5000000; n = n * 5 / 4 + 1) {
        unsigned char *p = memory_take(m, n);
        assert_non_null(p);
        assert_true(memory_used(m) >= n && memory_used(m) <= n + n / 8 + 512);
        memset(p, 0xff, n);
        memory_give(m, p, n);
    }
    memory_free(m);
}

static void a_view_keeps_its_image_alive(void **state)
{
    (void)state;
    struct memory *m = memory_new(0);
    struct value *v = ramp(m, 5, 4, 4), *view = value_planes(v, 0, 3);
    assert_non_null(view);
    assert_int_equal(view->as.image.channels, 3);
    assert_ptr_equal(view->as.image.data, v->as.image.data);
    assert_null(value_planes(v, 2, 3));
    value_release(v);
    assert_true(memory_used(m) > 0);
    value_release(view);
    assert_int_equal(memory_used(m), 0);
    memory_free(m);
}

static void a_table_owns_all_that_its_rows_point_to(void **state)
{
    (void)state;
    struct value *v = small_table();
    const imp_table *t = &v->as.table;
    assert_int_equal(t->row_count, 50);
    assert_string_equal(t->cells[3 * 4].s.ptr, "row d");
    assert_true(t->cells[3 * 4 + 2].n.ptr[1] > 2.5 && t->cells[3 * 4 + 2].n.ptr[1] < 3.5);
    assert_string_equal(t->cells[3 * 4 + 3].w.ptr[1], "row d");
    v->sealed = true;
    assert_int_equal(value_add_row(v, t->cells), IMP_E_INTERNAL);
    value_release(v);
}

static void an_object_is_dropped_once_after_its_last_use(void **state)
{
    (void)state;
    int object = 1;
    struct value *v = value_object("impasto.model/1", "org.example", &object, drop);
    dropped = 0;
    value_retain(v);
    value_release(v);
    assert_int_equal(dropped, 0);
    value_release(v);
    assert_int_equal(dropped, 1);
}

static void nan_and_infinity_are_found_wherever_they_are(void **state)
{
    (void)state;
    const float bad[] = {NAN, INFINITY, -INFINITY, -NAN};
    for (int k = 0; k < 4; k++)
        for (uint32_t x = 0; x < 19; x++) {
            struct value *v = ramp(NULL, 19, 2, 3);
            assert_true(value_finite(v));
            imp_row_out(&v->as.image, 2, 1)[x] = bad[k];
            assert_false(value_finite(v));
            value_release(v);
        }
    struct value *t = value_tensor(NULL, IMP_F64, 1, (int64_t[]){3}, "t");
    memcpy(t->as.tensor.data, (double[]){1, -1e308, 0}, 24);
    assert_true(value_finite(t));
    memcpy(t->as.tensor.data, (double[]){1, NAN, 0}, 24);
    assert_false(value_finite(t));
    value_release(t);
}

static void padding_is_not_looked_at(void **state)
{
    (void)state;
    struct value *a = ramp(NULL, 5, 2, 1), *b = ramp(NULL, 5, 2, 1);
    for (int64_t x = 5; x < a->as.image.row; x++) {
        a->as.image.data[x] = NAN;
        b->as.image.data[x] = 7;
    }
    assert_true(value_finite(a));
    assert_true(hash_equal(value_hash(a), value_hash(b)));
    imp_row_out(&b->as.image, 0, 1)[4] += 1;
    assert_false(hash_equal(value_hash(a), value_hash(b)));
    value_release(a);
    value_release(b);
}

static void a_picture_of_one_colour_is_recognised(void **state)
{
    (void)state;
    struct value *v = value_image(NULL, 9, 9, 3, IMP_SRGB);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 9; y++)
            for (uint32_t x = 0; x < 9; x++)
                imp_row_out(&v->as.image, c, y)[x] = (float)c;
    assert_true(value_constant_picture(v));
    imp_row_out(&v->as.image, 2, 8)[8] = 0;
    assert_false(value_constant_picture(v));
    value_release(v);
}

/* ---- files ---- */

static char path[64];

static int make_file(void **state)
{
    (void)state;
    strcpy(path, "/tmp/impasto-value-XXXXXX");
    const int fd = mkstemp(path);
    return fd < 0 || close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_to(const struct value *v)
{
    const int fd = open(path, O_WRONLY | O_TRUNC);
    assert_int_equal(value_write(v, fd), IMP_OK);
    close(fd);
}

enum { KINDS = 4 };
static struct value *one_of(int kind)
{
    if (kind == 2)
        return small_table();
    struct value *v = kind == 1 ? value_tensor(NULL, IMP_I32, 2, (int64_t[]){3, 4}, "code")
                                : ramp(NULL, 33, kind ? 400 : 7, 4); /* the large one is mapped */
    if (kind == 1)
        memset(v->as.tensor.data, 5, v->bytes);
    v->meta = meta_new();
    v->meta->stem = strdup("harbour");
    v->meta->bits = 16;
    return v;
}

static void a_value_read_back_is_the_same(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct value *v = one_of(kind), *back = NULL;
        write_to(v);
        assert_int_equal(value_read(NULL, path, &back), IMP_OK);
        assert_true(hash_equal(value_hash(v), value_hash(back)));
        if (kind != 2) {
            assert_string_equal(back->meta->stem, "harbour");
            assert_int_equal(back->meta->bits, 16);
        }
        value_release(v);
        value_release(back);
    }
}

static void a_cut_file_is_refused_at_every_length(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct value *v = one_of(kind), *back = NULL;
        write_to(v);
        struct stat file;
        assert_int_equal(stat(path, &file), 0);
        for (off_t n = file.st_size - 1; n >= 0; n -= 1 + n / 50) {
            assert_int_equal(truncate(path, n), 0);
            assert_int_equal(value_read(NULL, path, &back), IMP_E_IO);
            assert_null(back);
        }
        value_release(v);
    }
}

static void a_flipped_bit_is_refused_wherever_it_is(void **state)
{
    (void)state;
    for (int kind = 0; kind < KINDS; kind++) {
        struct value *v = one_of(kind), *back = NULL;
        write_to(v);
        struct stat file;
        assert_int_equal(stat(path, &file), 0);
        const int fd = open(path, O_RDWR);
        for (off_t at = 0; at < file.st_size; at += 1 + at / 200) {
            unsigned char byte, spoilt;
            assert_int_equal(pread(fd, &byte, 1, at), 1);
            spoilt = (unsigned char)(byte ^ 1u << at % 8);
            assert_int_equal(pwrite(fd, &spoilt, 1, at), 1);
            assert_int_not_equal(value_read(NULL, path, &back), IMP_OK);
            assert_null(back);
            assert_int_equal(pwrite(fd, &byte, 1, at), 1);
        }
        close(fd);
        assert_int_equal(value_read(NULL, path, &back), IMP_OK);
        value_release(back);
        value_release(v);
    }
}

static void something_behind_the_end_is_refused(void **state)
{
    (void)state;
    struct value *v = one_of(0), *back = NULL;
    write_to(v);
    const int fd = open(path, O_WRONLY | O_APPEND);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    assert_int_equal(value_read(NULL, path, &back), IMP_E_IO);
    value_release(v);
}

static void a_large_picture_is_mapped_and_not_counted(void **state)
{
    (void)state;
    struct memory *m = memory_new(100000);
    struct value *v = one_of(3), *back = NULL;
    write_to(v);
    assert_int_equal(value_read(m, path, &back), IMP_OK);
    assert_int_equal(memory_used(m), 0);
    assert_int_equal((uintptr_t)back->as.image.data % 64, 0);
    value_release(back);
    value_release(v);
    memory_free(m);
}

static void an_object_cannot_be_written(void **state)
{
    (void)state;
    int object = 0;
    struct value *v = value_object("a", "b", &object, NULL);
    assert_int_equal(value_write(v, 1), IMP_E_UNSUPPORTED);
    value_release(v);
}

static void a_hash_prints_and_parses(void **state)
{
    (void)state;
    char text[33];
    struct hash h = hash_bytes("impasto", 7), back;
    assert_true(hash_parse(hash_print(h, text), &back));
    assert_true(hash_equal(h, back));
    assert_false(hash_parse("abc", &back));
    assert_false(hash_parse("0123456789abcdef0123456789abcdeg", &back));
}

static void text_boundaries_count_in_a_hash(void **state)
{
    (void)state;
    struct hasher *a = hash_new(), *b = hash_new(), *c = hash_new(), *d = hash_new();
    hash_text(a, "ab");
    hash_text(a, "c");
    hash_text(b, "a");
    hash_text(b, "bc");
    hash_text(c, NULL);
    hash_text(d, "");
    assert_false(hash_equal(hash_end(a), hash_end(b)));
    assert_false(hash_equal(hash_end(c), hash_end(d)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_padded_and_aligned),
        cmocka_unit_test(sizes_out_of_range_are_refused),
        cmocka_unit_test(a_limit_refuses_and_a_freed_buffer_is_taken_again),
        cmocka_unit_test(every_size_class_holds_what_was_asked_for),
        cmocka_unit_test(a_view_keeps_its_image_alive),
        cmocka_unit_test(a_table_owns_all_that_its_rows_point_to),
        cmocka_unit_test(an_object_is_dropped_once_after_its_last_use),
        cmocka_unit_test(nan_and_infinity_are_found_wherever_they_are),
        cmocka_unit_test(padding_is_not_looked_at),
        cmocka_unit_test(a_picture_of_one_colour_is_recognised),
        cmocka_unit_test_setup_teardown(a_value_read_back_is_the_same, make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_cut_file_is_refused_at_every_length, make_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(a_flipped_bit_is_refused_wherever_it_is, make_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(something_behind_the_end_is_refused, make_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(a_large_picture_is_mapped_and_not_counted, make_file,
                                        remove_file),
        cmocka_unit_test(an_object_cannot_be_written),
        cmocka_unit_test(a_hash_prints_and_parses),
        cmocka_unit_test(text_boundaries_count_in_a_hash),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
