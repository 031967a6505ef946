/* test_data_info.c - data.info: its figures against plain sums, its sheet; data sets of other makers. */
#include "data_test.h"
#include "minipriv.h"

enum { COUNT = 150, SIDE = 5, PLANE = SIDE * SIDE };

static int open_data(void **state)
{
    return open_plugin(state, "data");
}

/* A data set of the test's own: everything follows from the index. */
static double sample_at(uint64_t i, uint32_t c, uint32_t x)
{
    return (double)((i * 7 + c * 31 + x * 3) % 101) / 100;
}
static double age_of(uint64_t i)
{
    return i % 10 == 3 ? (double)NAN : (double)(i % 17) * 2.5;
}

static imp_status read_made_up(const imp_dataset *d, uint64_t i, imp_sample *s, imp_error *err) IMP_NX
{
    if (d->reserved0 && i == 140)
        return imp_fail(err, IMP_E_IO, "shard 3: record 140 is gone");
    for (uint32_t c = 0; c < d->channels; c++)
        for (uint32_t x = 0; s->pixels && x < PLANE; x++)
            s->pixels[c * PLANE + x] = (float)sample_at(i, c, x);
    for (uint32_t x = 0; s->lines && x < PLANE; x++)
        s->lines[x] = (float)sample_at(i, 9, x);
    if (s->attributes) {
        s->attributes[0] = age_of(i);
        s->attributes[1] = (double)(i % 3);
    }
    s->label = i % 50 == 49 ? UINT32_MAX : (uint32_t)(i % 2);
    return IMP_OK;
}

static const char *const names[] = {"even", "odd"};
static const imp_attribute attributes[] = {{"age", NULL, 0, 50}, {"hair", "black|red|grey", 0, 0}};
static imp_dataset made_up = {
    .struct_size = sizeof made_up, .flags = IMP_DATASET_LINES, .count = COUNT, .channels = 3,
    .height = SIDE, .width = SIDE, .class_count = 2, .attribute_count = 2, .class_names = names,
    .attributes = attributes, .read = read_made_up};

static struct made look(struct data_place *p, imp_dataset *d, struct mini_call call, const char *params)
{
    imp_object *o = mini_object(IMP_DATASET_TYPE, "test", d, NULL);
    const imp_value *in[] = {&o->head};
    call.inputs = in, call.input_count = 1;
    struct made m = run_filter(p, "data.info", call, "%s", params);
    mini_release(&o->head);
    return m;
}

static const imp_cell *row_of(const imp_table *t, const char *fact, const char *name)
{
    for (uint64_t r = 0; r < t->row_count; r++) {
        const imp_cell *row = t->cells + r * t->column_count;
        if (!strcmp(row[0].s.ptr, fact) && !strcmp(row[1].s.ptr, name))
            return row;
    }
    print_message("# no row %s, %s\n", fact, name);
    fail();
    return NULL;
}

static void figures_are_those_of_plain_sums(void **state)
{
    struct made m = look(*state, &made_up, (struct mini_call){0}, "");
    assert_int_equal(m.result.status, IMP_OK);
    const imp_table *t = (const imp_table *)(const void *)mini_output(&m.result, 0, 0);
    double sum = 0, square = 0, ages = 0, known = 0;
    for (uint64_t i = 0; i < COUNT; i++) {
        for (uint32_t x = 0; x < PLANE; x++) {
            const double v = (double)(float)sample_at(i, 1, x);
            sum += v, square += v * v;
        }
        if (!isnan(age_of(i)))
            ages += age_of(i), known += 1;
    }
    const double n = COUNT * PLANE;
    const imp_cell *green = row_of(t, "channel", "green"), *age = row_of(t, "attribute", "age");
    assert_int_equal(green[2].i, COUNT * PLANE);
    assert_number(green[5].f, sum / n);
    assert_number(green[6].f, sqrt(square / n - sum / n * (sum / n)));
    assert_int_equal(age[2].i, (int64_t)known);
    assert_number(age[3].f, 0), assert_number(age[4].f, 40);
    assert_number(age[5].f, ages / known);
    assert_int_equal(row_of(t, "samples", "5 x 5, colour")[2].i, COUNT);
    assert_int_equal(row_of(t, "class", "even")[2].i, 75);
    assert_int_equal(row_of(t, "class", "odd")[2].i, 72);
    assert_int_equal(row_of(t, "class", "(none)")[2].i, 3);
    assert_int_equal(row_of(t, "choice", "hair = red")[2].i, 50);
    assert_number(row_of(t, "choice", "hair = grey")[5].f, 1 / 3.0);
    assert_number(row_of(t, "lines", "1 = paper")[4].f, 1);
    drop_made(&m);
}

static void figures_are_the_same_for_any_threads(void **state)
{
    struct made a = look(*state, &made_up, (struct mini_call){0}, "");
    struct made b = look(*state, &made_up, (struct mini_call){.threads = 4}, "");
    assert_true(mini_same(mini_output(&a.result, 0, 0), mini_output(&b.result, 0, 0)));
    assert_true(mini_same(mini_output(&a.result, 1, 0), mini_output(&b.result, 1, 0)));
    drop_made(&a), drop_made(&b);
}

static void the_sheet_shows_samples_pixel_by_pixel(void **state)
{
    struct made m = look(*state, &made_up, (struct mini_call){0},
                         "samples=6 columns=3 cell=10 which=first");
    const imp_image *sheet = mini_output_image(&m.result, 1);
    assert_non_null(sheet);
    assert_int_equal(sheet->width, 3 * (20 + 8) + 8);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 10; y++)
            for (uint32_t x = 0; x < 10; x++) { /* sample 1, each pixel twice as wide */
                const double want = sample_at(1, c, y / 2 * SIDE + x / 2);
                assert_true(fabs((double)imp_row(sheet, c, 8 + y)[8 + 28 + x] - want) < 1e-6);
            }
    drop_made(&m);
}

static void a_sheet_too_large_is_refused(void **state)
{
    struct made m = look(*state, &made_up, (struct mini_call){0}, "samples=100 columns=100 cell=1024");
    assert_int_equal(m.result.status, IMP_E_LIMIT);
    assert_part(m.result.text, "set fewer samples or a smaller cell");
    drop_made(&m);
}

static void what_the_data_set_says_is_passed_on(void **state)
{
    imp_dataset broken = made_up;
    broken.reserved0 = 1;
    struct made m = look(*state, &broken, (struct mini_call){0}, "");
    assert_int_equal(m.result.status, IMP_E_IO);
    assert_part(m.result.text, "shard 3: record 140 is gone");
    drop_made(&m);
    broken.count = 0;
    m = look(*state, &broken, (struct mini_call){0}, "");
    assert_int_equal(m.result.status, IMP_E_INPUT);
    drop_made(&m);
}

static void it_stops_when_asked(void **state)
{
    struct made m = look(*state, &made_up, (struct mini_call){.cancel_after = 2}, "");
    assert_int_equal(m.result.status, IMP_CANCELLED);
    drop_made(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(figures_are_those_of_plain_sums),
        cmocka_unit_test(figures_are_the_same_for_any_threads),
        cmocka_unit_test(the_sheet_shows_samples_pixel_by_pixel),
        cmocka_unit_test(a_sheet_too_large_is_refused),
        cmocka_unit_test(what_the_data_set_says_is_passed_on),
        cmocka_unit_test(it_stops_when_asked),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_data, close_plugin) != 0;
}
