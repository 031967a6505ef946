/* test_data_join.c - data.join: samples, classes, attributes and drawings of several data sets as one. */
#include "data_test.h"
#include "minipriv.h"

enum { SIDE = 3, PLANE = SIDE * SIDE };

static int open_data(void **state)
{
    return open_plugin(state, "data");
}

/* A data set of the test's own: pixels are bytes from the index and `reserved0`, its number. */
static imp_status read_own(const imp_dataset *d, uint64_t i, imp_sample *s, imp_error *err) IMP_NX
{
    if (d->reserved0 == 9 && i == 1)
        return imp_fail(err, IMP_E_IO, "record 1 is gone");
    for (uint32_t x = 0; s->pixels && x < d->channels * PLANE; x++)
        s->pixels[x] = (float)((i * 7 + x * 3 + d->reserved0 * 50) % 256) / 255.0f;
    for (uint32_t x = 0; s->lines && x < PLANE; x++)
        s->lines[x] = (float)(i + x) / 255.0f;
    for (uint32_t k = 0; s->attributes && k < d->attribute_count; k++)
        s->attributes[k] = (double)(10 * k + i);
    s->label = i == 2 ? UINT32_MAX : (uint32_t)(i % 2);
    return IMP_OK;
}

static const char *const names_a[] = {"brick", "water"}, *const names_b[] = {"pen", "brick"};
static const imp_attribute attributes_a[] = {{"age", NULL, 0, 50}, {"hair", "black|red", 0, 0}},
                           attributes_b[] = {{"size", NULL, 1, 2}, {"age", NULL, -5, 20}};
#define SET(n, letter)                                                                             \
    (imp_dataset)                                                                                  \
    {                                                                                              \
        .struct_size = sizeof(imp_dataset), .flags = IMP_DATASET_LINES, .count = (n), .channels = 3, \
        .height = SIDE, .width = SIDE, .class_count = 2, .attribute_count = 2,                     \
        .class_names = names_##letter, .attributes = attributes_##letter, .read = read_own         \
    }

static struct made join(struct data_place *p, imp_dataset *a, imp_dataset *b, struct mini_call call)
{
    static const char *const labels[] = {"first", "second"};
    imp_object *sets[] = {mini_object(IMP_DATASET_TYPE, "test", a, NULL),
                          mini_object(IMP_DATASET_TYPE, "test", b, NULL)};
    const imp_value *in[] = {&sets[0]->head, &sets[1]->head};
    call.inputs = in, call.input_count = 2, call.labels = labels;
    struct made m = run_filter(p, "data.join", call, "%s", "");
    mini_release(&sets[0]->head);
    mini_release(&sets[1]->head);
    return m;
}

static void samples_follow_each_other(void **state)
{
    imp_dataset a = SET(4, a), b = SET(3, b);
    b.reserved0 = 1;
    float got[3 * PLANE], want[3 * PLANE];
    double v[3];
    struct made m = join(*state, &a, &b, (struct mini_call){0});
    assert_int_equal(m.result.status, IMP_OK);
    assert_int_equal(m.train->count, 7);
    for (uint64_t i = 0; i < 7; i++) {
        const imp_dataset *from = i < 4 ? &a : &b;
        read_sample(m.train, i, got, v);
        read_sample(from, i < 4 ? i : i - 4, want, NULL);
        assert_memory_equal(got, want, sizeof got);
    }
    drop_made(&m);
}

static void classes_of_equal_name_are_one(void **state)
{
    imp_dataset a = SET(3, a), b = SET(3, b);
    static const uint32_t want[] = {0, 1, UINT32_MAX, 2, 0, UINT32_MAX};
    struct made m = join(*state, &a, &b, (struct mini_call){0});
    assert_int_equal(m.train->class_count, 3);
    assert_string_equal(m.train->class_names[0], "brick");
    assert_string_equal(m.train->class_names[1], "water");
    assert_string_equal(m.train->class_names[2], "pen");
    for (uint64_t i = 0; i < 6; i++)
        assert_int_equal(read_sample(m.train, i, NULL, NULL), want[i]);
    drop_made(&m);
}

static void attributes_are_joined_and_unknown_where_a_set_lacks_them(void **state)
{
    imp_dataset a = SET(1, a), b = SET(2, b);
    double v[3];
    struct made m = join(*state, &a, &b, (struct mini_call){0});
    assert_int_equal(m.train->attribute_count, 3);
    assert_string_equal(m.train->attributes[0].name, "age");
    assert_number(m.train->attributes[0].min, -5);
    assert_number(m.train->attributes[0].max, 50);
    assert_string_equal(m.train->attributes[1].choices, "black|red");
    assert_string_equal(m.train->attributes[2].name, "size");
    read_sample(m.train, 0, NULL, v);
    assert_true(v[0] == 0 && v[1] == 10 && isnan(v[2]));
    read_sample(m.train, 2, NULL, v);
    assert_true(v[0] == 11 && isnan(v[1]) && v[2] == 1);
    drop_made(&m);
}

static void drawings_stay_when_all_have_them(void **state)
{
    imp_dataset a = SET(2, a), b = SET(2, b);
    float lines[PLANE];
    imp_sample s = {.struct_size = sizeof s, .lines = lines};
    struct made m = join(*state, &a, &b, (struct mini_call){0});
    assert_true(m.train->flags & IMP_DATASET_LINES);
    assert_int_equal(m.train->read(m.train, 3, &s, NULL), IMP_OK);
    assert_true(lines[4] == 5 / 255.0f);
    drop_made(&m);
    b.flags = 0;
    m = join(*state, &a, &b, (struct mini_call){0});
    assert_false(m.train->flags & IMP_DATASET_LINES);
    drop_made(&m);
}

static void refused(struct data_place *p, imp_dataset *a, imp_dataset *b, const char *part)
{
    struct made m = join(p, a, b, (struct mini_call){0});
    assert_true(m.result.status < 0);
    assert_part(m.result.text, part);
    drop_made(&m);
}

static void what_does_not_fit_is_named(void **state)
{
    static const imp_attribute other[] = {{"hair", "blond|red", 0, 0}};
    imp_dataset a = SET(2, a), b = SET(2, b);
    b.width = 4;
    refused(*state, &a, &b, "samples of 'second' are 4 x 3 with 3 channels, those of 'first' 3 x 3");
    b.width = 3, b.channels = 1;
    refused(*state, &a, &b, "with 1 channels");
    b.channels = 3, b.attributes = other, b.attribute_count = 1;
    refused(*state, &a, &b, "the attribute 'hair' of 'second' (blond|red)");
    b = SET(2, b), b.reserved0 = 9;
    refused(*state, &a, &b, "record 1 is gone");
}

static void it_stops_when_asked_and_without_memory(void **state)
{
    imp_dataset a = SET(500, a), b = SET(3, b);
    struct made m = join(*state, &a, &b, (struct mini_call){.cancel_after = 3});
    assert_int_equal(m.result.status, IMP_CANCELLED);
    drop_made(&m);
    m = join(*state, &a, &b, (struct mini_call){.fail_at = 1});
    assert_int_equal(m.result.status, IMP_E_MEMORY);
    drop_made(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_follow_each_other),
        cmocka_unit_test(classes_of_equal_name_are_one),
        cmocka_unit_test(attributes_are_joined_and_unknown_where_a_set_lacks_them),
        cmocka_unit_test(drawings_stay_when_all_have_them),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(it_stops_when_asked_and_without_memory),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_data, close_plugin) != 0;
}
