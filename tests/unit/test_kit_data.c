/* test_kit_data.c - drawing samples from classes, attributes in words, samples as bytes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_data.h>

enum { N = 1000 };

static uint64_t picked_of(const uint8_t *picked, const uint32_t *labels, uint32_t label)
{
    uint64_t n = 0;
    for (int i = 0; i < N; i++)
        n += picked[i] && labels[i] == label;
    return n;
}

static void every_class_gives_its_share_to_a_whole_number(void **state)
{
    uint32_t labels[N], count[7] = {0};
    uint8_t picked[N];
    (void)state;
    for (int i = 0; i < N; i++) {
        labels[i] = (uint32_t)(kit_random(3, 0, (uint64_t)i) % 28);
        labels[i] = labels[i] < 7 ? labels[i] : 6; /* six small classes, a large one */
        count[labels[i]]++;
    }
    for (uint64_t picks = 0; picks <= N; picks += 37) {
        uint64_t all = 0;
        assert_int_equal(kit_pick(9, labels, N, picks, picked), IMP_OK);
        for (uint32_t c = 0; c < 7; c++) {
            const uint64_t got = picked_of(picked, labels, c), part = picks * count[c];
            assert_in_range(got, part / N, (part + N - 1) / N);
            all += got;
        }
        assert_int_equal(all, picks);
    }
}

static void draws_depend_on_the_seed_alone(void **state)
{
    uint8_t a[N], b[N];
    uint32_t same = 0;
    (void)state;
    kit_pick(1, NULL, N, 500, a);
    kit_pick(1, NULL, N, 500, b);
    assert_memory_equal(a, b, N);
    kit_pick(2, NULL, N, 500, b);
    for (int i = 0; i < N; i++)
        same += a[i] == b[i];
    assert_in_range(same, 400, 600); /* 500 expected, deviation 16 */
}

static void all_and_none_can_be_drawn(void **state)
{
    uint8_t picked[3];
    (void)state;
    assert_int_equal(kit_pick(1, NULL, 3, 0, picked), IMP_OK);
    assert_memory_equal(picked, "\0\0\0", 3);
    assert_int_equal(kit_pick(1, NULL, 3, 9, picked), IMP_OK);
    assert_memory_equal(picked, "\1\1\1", 3);
    assert_int_equal(kit_pick(1, NULL, 0, 5, picked), IMP_OK);
}

static void attributes_are_read_from_words(void **state)
{
    kit_attribute a;
    char buf[100];
    size_t n;
    (void)state;
    assert_int_equal(kit_attribute_read("age", buf, &a, NULL), IMP_OK);
    assert_string_equal(a.name, "age");
    assert_true(!a.choices && a.min == 0 && a.max == 0);
    assert_int_equal(kit_attribute_read("age:-2.5..1e2", buf, &a, NULL), IMP_OK);
    assert_true(a.min == -2.5 && a.max == 100);
    assert_int_equal(kit_attribute_read("hair:black|blond|light brown", buf, &a, NULL), IMP_OK);
    assert_string_equal(a.name, "hair");
    assert_int_equal(kit_choice_count(a.choices), 3);
    assert_int_equal(kit_choice_find(a.choices, "blond"), 1);
    assert_int_equal(kit_choice_find(a.choices, "blon"), -1);
    assert_memory_equal(kit_choice_at(a.choices, 2, &n), "light brown", 11);
    assert_int_equal(n, 11);
    assert_null(kit_choice_at(a.choices, 3, &n));
}

static void wrong_attributes_are_refused(void **state)
{
    const char *bad[] = {"", ":0..1", "age:", "age:1", "age:1..", "age:..2", "age:2..1", "age:1..1",
                         "age:0..1x", "a:x|x", "a:x|", "a:|"};
    kit_attribute a;
    char buf[100], text[200];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        imp_error err = {sizeof err, sizeof text, text, -1, -1};
        text[0] = '\0';
        assert_int_equal(kit_attribute_read(bad[i], buf, &a, &err), IMP_E_PARAM);
        assert_true(text[0]);
    }
}

static void samples_are_rounded_and_kept_apart(void **state)
{
    const char *names[] = {"a", "b"};
    const imp_attribute age = {"age", NULL, 0, 9};
    const kit_form form = {.count = 3, .channels = 1, .height = 1, .width = 4, .has_lines = 1,
                           .class_count = 2, .class_names = names, .attribute_count = 1,
                           .attributes = &age};
    (void)state;
    for (uint64_t most = 0; most < 2; most++) { /* in memory; in a file */
        kit_samples *s = NULL;
        imp_image *m = kit_image_new(4, 1, 1, IMP_SRGB);
        const float in[] = {-1, NAN, 0.5f, 7};
        assert_int_equal(kit_samples_new(&form, most, &s, NULL), IMP_OK);
        memcpy(m->data, in, sizeof in);
        kit_samples_put(s, 1, m);
        kit_samples_put_lines(s, 2, m);
        assert_memory_equal(s->pixels + 4, "\0\0\x80\xff", 4);
        assert_memory_equal(s->lines + 8, "\0\0\x80\xff", 4);
        assert_int_equal(s->labels[2], UINT32_MAX);
        assert_true(isnan(s->attributes[1]));
        assert_string_equal(s->form.class_names[1], "b");
        assert_ptr_not_equal(s->form.attributes[0].name, age.name);
        kit_image_free(m);
        kit_samples_release(s);
    }
    kit_samples_release(NULL);
}

static void what_has_no_room_is_refused(void **state)
{
    kit_samples *s = NULL;
    char text[300] = "";
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    kit_form form = {.count = UINT64_MAX, .channels = 3, .height = 4096, .width = 4096};
    (void)state;
    assert_int_equal(kit_samples_new(&form, 0, &s, &err), IMP_E_LIMIT);
    assert_true(text[0]);
    form.count = 1 << 24; /* 750 TiB */
    assert_int_equal(kit_samples_new(&form, 0, &s, &err), IMP_E_IO);
    assert_non_null(strstr(text, "TMPDIR"));
    assert_null(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_class_gives_its_share_to_a_whole_number),
        cmocka_unit_test(draws_depend_on_the_seed_alone),
        cmocka_unit_test(all_and_none_can_be_drawn),
        cmocka_unit_test(attributes_are_read_from_words),
        cmocka_unit_test(wrong_attributes_are_refused),
        cmocka_unit_test(samples_are_rounded_and_kept_apart),
        cmocka_unit_test(what_has_no_room_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
