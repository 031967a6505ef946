/* test_kit_plot.c - line plots: well formed, in place, whatever the numbers and names. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_train.h>

static int count_of(const char *text, const char *what)
{
    int n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
        n++;
    return n;
}

static char *plot(const kit_series *s, uint32_t count, uint32_t flags)
{
    size_t size = 0;
    char *svg = kit_plot_lines("Loss & <accuracy>", "epoch", "loss", s, count, flags, &size);
    assert_non_null(svg);
    assert_int_equal(size, strlen(svg));
    assert_int_equal(strncmp(svg, "<svg ", 5), 0);
    assert_string_equal(svg + size - 7, "</svg>\n");
    assert_int_equal(count_of(svg, "<text"), count_of(svg, "</text>"));
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
    return svg;
}

static void corners_lie_where_the_axes_end(void **state)
{
    static const double x[] = {0, 10}, y[] = {0, 4};
    const kit_series s = {"train", x, y, 2};
    char *svg = plot(&s, 1, 0);
    (void)state;
    assert_non_null(strstr(svg, "d=\"M70.0 370.0L590.0 40.0\""));
    assert_non_null(strstr(svg, ">Loss &amp; &lt;accuracy&gt;</text>"));
    assert_non_null(strstr(svg, ">train</text>"));
    assert_non_null(strstr(svg, ">10</text>"));
    free(svg);
}

static void what_is_not_finite_leaves_a_gap(void **state)
{
    static const double x[] = {0, 1, 2, 3, 4}, y[] = {1, 2, NAN, 3, INFINITY};
    const kit_series s = {"a", x, y, 5};
    char *svg = plot(&s, 1, 0);
    const char *line = strstr(svg, "class=\"l\"");
    (void)state;
    assert_non_null(line);
    char *end = strstr(line, "/>");
    *end = 0;
    assert_int_equal(count_of(line, "M"), 2);
    assert_int_equal(count_of(line, "L"), 1);
    free(svg);
}

static void decades_are_equally_far_apart(void **state)
{
    static const double x[] = {0, 1, 2, 3}, y[] = {0.001, 0.1, 10, -5};
    const kit_series s = {"a", x, y, 4};
    char *svg = plot(&s, 1, KIT_PLOT_LOG);
    (void)state;
    assert_non_null(strstr(svg, "M70.0 370.0L"));
    assert_non_null(strstr(svg, " 205.0L"));
    assert_non_null(strstr(svg, ">0.001</text>"));
    free(svg);
}

static void odd_numbers_and_names_still_make_a_picture(void **state)
{
    static const double none[] = {NAN}, one[] = {5}, tiny[] = {1e-300, 2e-300},
                        huge[] = {-1e300, 1e300};
    static const double same[] = {1e9, 1e9};
    const kit_series cases[] = {{"none", none, none, 1}, {"one", one, one, 1},
                                {"tiny", tiny, tiny, 2}, {"huge", huge, huge, 2},
                                {"same", same, same, 2}, {"empty", NULL, NULL, 0}};
    char name[1000];
    (void)state;
    for (uint32_t i = 0; i < 6; i++)
        for (uint32_t flags = 0; flags < 2; flags++)
            free(plot(&cases[i], 1, flags));
    memset(name, '<', sizeof name);
    name[sizeof name - 1] = 0;
    kit_series many[12];
    for (int i = 0; i < 12; i++)
        many[i] = (kit_series){name, one, one, 1};
    free(plot(many, 12, 0));
    free(plot(NULL, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(corners_lie_where_the_axes_end),
        cmocka_unit_test(what_is_not_finite_leaves_a_gap),
        cmocka_unit_test(decades_are_equally_far_apart),
        cmocka_unit_test(odd_numbers_and_names_still_make_a_picture),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
