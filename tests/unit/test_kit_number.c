/* test_kit_number.c - decimal numbers against strtod in the C locale. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <impasto/kit.h>

static void usual_numbers_are_those_of_strtod(void **state)
{
    static const char *const texts[] = {
        "0", "-0", "1", "+7", "255", "-1", "0.485", "0.456", "0.406", "0.229", "104.00698793", ".5",
        "5.", "1e3", "2.5E-3", "1e-22", "1e22", "123456789012345", "0.000001", "00012.50",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *end;
        char *expected_end;
        const double got = kit_number(texts[i], &end), want = strtod(texts[i], &expected_end);
        assert_true(got == want);
        assert_ptr_equal(end, expected_end);
    }
}

static void long_and_extreme_numbers_are_within_two_ulp(void **state)
{
    static const char *const texts[] = {
        "3.14159265358979323846264338327950288", "123456789123456789123456789", "1.7e308",
        "2.3e-308", "0.1234567890123456789e-290", "99999999999999999999e100",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *end;
        const double got = kit_number(texts[i], &end), want = strtod(texts[i], NULL);
        assert_int_equal(*end, 0);
        if (!(fabs(got - want) <= 8 * 2.3e-16 * fabs(want)))
            print_message("# %s: %.17g, want %.17g\n", texts[i], got, want);
        assert_true(fabs(got - want) <= 8 * 2.3e-16 * fabs(want));
    }
}

static void what_is_no_number_ends_where_it_began(void **state)
{
    static const char *const texts[] = {"", "-", ".", "e5", "x", "nan", "inf", "--1", "1e999", "- 1"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const char *end;
        assert_true(kit_number(texts[i], &end) == 0);
        assert_ptr_equal(end, texts[i]);
    }
}

static void a_number_ends_where_something_else_begins(void **state)
{
    static const struct { const char *text; double value; int length; } rows[] = {
        {"1 2", 1, 1}, {"0,5", 0, 1}, {"2px", 2, 1}, {"1e", 1, 1}, {"1e+", 1, 1}, {"1.5.2", 1.5, 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *end;
        assert_true(kit_number(rows[i].text, &end) == rows[i].value);
        assert_int_equal(end - rows[i].text, rows[i].length);
    }
}

static void too_small_is_zero(void **state)
{
    const char *end;
    (void)state;
    assert_true(kit_number("1e-9999", &end) == 0);
    assert_int_equal(*end, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_numbers_are_those_of_strtod),
        cmocka_unit_test(long_and_extreme_numbers_are_within_two_ulp),
        cmocka_unit_test(what_is_no_number_ends_where_it_began),
        cmocka_unit_test(a_number_ends_where_something_else_begins),
        cmocka_unit_test(too_small_is_zero),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
