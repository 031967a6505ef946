/* test_params.c - parameter text to cell and back, and what is said about bad values (params.c,
 * colour.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "params.h"

static const imp_param flag = {.key = "flag", .type = IMP_BOOL, .def = 1};
static const imp_param count = {
    .key = "count", .type = IMP_INT, .def = 3, .min = 1, .max = 64, .unit = "px"};
static const imp_param sigma = {.key = "sigma",
                                .type = IMP_FLOAT,
                                .def = 2,
                                .min = 0.1,
                                .max = 1000,
                                .unit = "px",
                                .help = "spread"};
static const imp_param share = {
    .key = "share", .type = IMP_FLOAT, .def = 50, .min = 0, .max = 100, .unit = "%"};
static const imp_param size = {.key = "size", .type = IMP_INT, .unit = "bytes"};
static const imp_param least = {
    .key = "least", .type = IMP_INT, .def = 1, .min = 1, .max = INFINITY};
static const imp_param mode = {
    .key = "mode", .type = IMP_CHOICE, .choices = "normal|multiply|screen", .def_text = "screen"};
static const imp_param words = {.key = "words", .type = IMP_TEXT, .def_text = "hello"};
static const imp_param path = {.key = "path", .type = IMP_PATH};
static const imp_param weights = {.key = "weights", .type = IMP_NUMBERS, .def_text = "1 2.5"};
static const imp_param layers = {.key = "layers", .type = IMP_NAMES, .def_text = "relu1_1 relu2_1"};
static const imp_param tint = {.key = "tint", .type = IMP_COLOUR, .def_text = "#c03028"};

struct fixture {
    struct arena arena;
    struct report *report;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena);
    f->report = report_new();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    report_free(f->report);
    arena_fini(&f->arena);
    free(f);
    return 0;
}

static imp_cell good(struct fixture *f, const imp_param *row, const char *text)
{
    imp_cell cell = {0};
    if (!params_parse(&f->arena, row, text, NULL, "node", f->report, &cell))
        fail_msg("refused: %s = %s", row->key, text);
    assert_int_equal(report_count(f->report, SEV_NOTE), 0);
    return cell;
}

/* The one message about a bad value, in the arena. */
static const char *message(struct fixture *f, const imp_param *row, const char *text)
{
    imp_cell cell = {.i = 77};
    const char *line = arena_printf(&f->arena, "%s = %s", row->key, text);
    const struct place at = {"t.ini", line, 5, (int)strlen(row->key) + 4, (int)strlen(text)};
    if (params_parse(&f->arena, row, text, &at, "node", f->report, &cell))
        fail_msg("accepted: %s = %s", row->key, text);
    assert_int_equal(cell.i, 77);
    assert_int_equal(report_count(f->report, SEV_ERROR), 1);
    char *out = NULL;
    size_t n = 0;
    FILE *file = open_memstream(&out, &n);
    report_flush(f->report, file, false, false);
    fclose(file);
    const char *copy = arena_strdup(&f->arena, out);
    free(out);
    return copy;
}

static void assert_says(struct fixture *f, const imp_param *row, const char *text, const char *code,
                        const char *part)
{
    const char *said = message(f, row, text);
    if (!strstr(said, code) || !strstr(said, part))
        fail_msg("'%s' or '%s' is missing in:\n%s", code, part, said);
}

static void booleans_have_eight_words(void **state)
{
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false",
                                                                                "off", "0"};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(good(*state, &flag, yes[i]).i, 1);
        assert_int_equal(good(*state, &flag, no[i]).i, 0);
    }
    assert_says(*state, &flag, "yse", "E0108", "did you mean 'yes'?");
    assert_says(*state, &flag, "2", "E0108", "yes or no");
    assert_says(*state, &flag, "", "E0108", "yes or no");
}

static void whole_numbers_are_read_whole(void **state)
{
    assert_int_equal(good(*state, &count, "12").i, 12);
    assert_int_equal(good(*state, &count, "1").i, 1);
    assert_int_equal(good(*state, &count, "64").i, 64);
    assert_int_equal(good(*state, &count, "12px").i, 12);
    assert_int_equal(good(*state, &count, "12 px").i, 12);
    assert_says(*state, &count, "12x", "E0108", "a whole number, not '12x'");
    assert_says(*state, &count, "1.5", "E0108", "whole number");
    assert_says(*state, &count, "12 em", "E0108", "whole number");
    assert_says(*state, &count, "", "E0108", "there is none");
    assert_says(*state, &count, "99999999999999999999", "E0108", "whole number");
}

static void ranges_are_closed_and_shown_with_their_unit(void **state)
{
    assert_true(good(*state, &sigma, "0.1").f == 0.1);
    assert_true(good(*state, &sigma, "1000").f == 1000);
    assert_says(*state, &sigma, "1000.01", "E0109", "0.1 .. 1000 px");
    assert_says(*state, &sigma, "0", "E0109", "too little");
    assert_says(*state, &count, "65", "E0109", "too much");
    assert_says(*state, &least, "0", "E0109", "at least 1");
    assert_int_equal(good(*state, &least, "1000000").i, 1000000);
    assert_says(*state, &sigma, "0", "E0109", "default 2 - spread");
}

static void units_are_the_rows_own(void **state)
{
    assert_true(good(*state, &share, "50%").f == 50);
    assert_true(good(*state, &share, "50 %").f == 50);
    assert_says(*state, &share, "50px", "E0108", "a number");
    assert_int_equal(good(*state, &size, "2G").i, INT64_C(2) << 30);
    assert_int_equal(good(*state, &size, "512").i, 512);
}

static void numbers_have_a_point_and_no_nan(void **state)
{
    assert_says(*state, &sigma, "1,5", "E0108", "numbers have a point: 1.5");
    assert_says(*state, &sigma, "nan", "E0108", "a number");
    assert_says(*state, &sigma, "inf", "E0108", "a number");
    assert_says(*state, &sigma, "0x10", "E0108", "a number");
    assert_says(*state, &sigma, "1e3x", "E0108", "a number");
}

static void choices_are_suggested_and_listed(void **state)
{
    assert_int_equal(good(*state, &mode, "multiply").i, 1);
    assert_says(*state, &mode, "multipy", "E0110", "did you mean 'multiply'?");
    assert_says(*state, &mode, "wrong", "E0110", "choices: normal, multiply, screen");
    assert_says(*state, &mode, "", "E0110", "choices:");
}

static void lists_are_separated_by_blanks(void **state)
{
    imp_cell cell = good(*state, &weights, "1  2.5\t-3");
    assert_int_equal(cell.n.count, 3);
    assert_true(cell.n.ptr[1] == 2.5 && cell.n.ptr[2] == -3);
    cell = good(*state, &layers, "relu1_1 0-63  x");
    assert_int_equal(cell.w.count, 3);
    assert_string_equal(cell.w.ptr[1], "0-63");
    assert_int_equal(good(*state, &layers, "").w.count, 0);
    assert_int_equal(good(*state, &weights, "").n.count, 0);
}

static void carets_point_at_the_wrong_piece_of_a_list(void **state)
{
    assert_says(*state, &weights, "1 two 3", "t.ini:5:13", "|             ^^^\n");
    assert_says(*state, &weights, "2 2x 2y", "t.ini:5:13",
                "wants numbers with blanks between, not '2x'");
}

static void texts_and_paths_are_as_written(void **state)
{
    imp_cell cell = good(*state, &words, "a = b; \"c\"");
    assert_string_equal(cell.s.ptr, "a = b; \"c\"");
    assert_int_equal(cell.s.len, 10);
    assert_string_equal(good(*state, &path, "../x y.png").s.ptr, "../x y.png");
}

static void assert_colour(struct fixture *f, const char *text, uint64_t n, double r, double g,
                          double b, double a)
{
    const imp_cell cell = good(f, &tint, text);
    const double expected[] = {r, g, b, a};
    assert_int_equal(cell.n.count, n);
    for (uint64_t i = 0; i < n; i++)
        assert_true(fabs(cell.n.ptr[i] - expected[i]) < 1e-12);
}

static void colours_have_three_forms(void **state)
{
    assert_colour(*state, "#f00", 3, 1, 0, 0, 0);
    assert_colour(*state, "#C03028", 3, 192 / 255.0, 48 / 255.0, 40 / 255.0, 0);
    assert_colour(*state, "#c0302880", 4, 192 / 255.0, 48 / 255.0, 40 / 255.0, 128 / 255.0);
    assert_colour(*state, "#f008", 4, 1, 0, 0, 136 / 255.0);
    assert_colour(*state, "navy", 3, 0, 0, 128 / 255.0, 0);
    assert_colour(*state, "Red", 3, 1, 0, 0, 0);
    assert_colour(*state, "0.8 0.2 0.2", 3, 0.8, 0.2, 0.2, 0);
    assert_colour(*state, "0 1 0 0.5", 4, 0, 1, 0, 0.5);
}

static void what_is_no_colour_is_refused(void **state)
{
    static const char *const bad[] = {"#ff",       "#fffff", "#ggg",   "#", "1 2",
                                      "0 0 0 0 0", "0 0 2",  "-1 0 0", "",  "#ffffffff0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_says(*state, &tint, bad[i], "E0108", "#rrggbb");
    assert_says(*state, &tint, "ornage", "E0108", "did you mean 'orange'?");
}

static void defaults_come_from_the_row(void **state)
{
    struct fixture *f = *state;
    imp_cell cell;
    assert_true(params_default(&f->arena, &flag, &cell) && cell.i == 1);
    assert_true(params_default(&f->arena, &count, &cell) && cell.i == 3);
    assert_true(params_default(&f->arena, &sigma, &cell) && cell.f == 2);
    assert_true(params_default(&f->arena, &mode, &cell) && cell.i == 2);
    assert_true(params_default(&f->arena, &words, &cell) && strcmp(cell.s.ptr, "hello") == 0);
    assert_true(params_default(&f->arena, &path, &cell) && cell.s.len == 0 && cell.s.ptr);
    assert_true(params_default(&f->arena, &weights, &cell) && cell.n.count == 2);
    assert_true(params_default(&f->arena, &layers, &cell) && cell.w.count == 2);
    assert_true(params_default(&f->arena, &tint, &cell) && cell.n.count == 3);
}

static void a_faulty_default_is_refused_without_a_message(void **state)
{
    struct fixture *f = *state;
    imp_cell cell;
    const imp_param wrong = {.key = "w", .type = IMP_CHOICE, .choices = "a|b", .def_text = "c"};
    const imp_param none = {.key = "n", .type = IMP_CHOICE, .choices = ""};
    const imp_param list = {.key = "l", .type = IMP_NUMBERS, .def_text = "1 x"};
    assert_false(params_default(&f->arena, &wrong, &cell));
    assert_false(params_default(&f->arena, &none, &cell));
    assert_false(params_default(&f->arena, &list, &cell));
    assert_int_equal(report_count(f->report, SEV_NOTE), 0);
}

static void what_is_printed_parses_to_the_same(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const imp_param *row;
        const char *text;
    } rows[] = {
        {&flag, "off"},         {&count, "17 px"},  {&sigma, "0.30000000000000004"},
        {&mode, "multiply"},    {&words, "x  y"},   {&weights, "0.1 1e-300 3"},
        {&layers, "a b c"},     {&tint, "#c03028"}, {&tint, "#c0302880"},
        {&tint, "0.3 0.2 0.1"}, {&size, "1.5K"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const imp_cell cell = good(f, rows[i].row, rows[i].text);
        const char *once = params_print(&f->arena, rows[i].row, &cell);
        const imp_cell back = good(f, rows[i].row, once);
        assert_string_equal(params_print(&f->arena, rows[i].row, &back), once);
        if (rows[i].row->type == IMP_FLOAT)
            assert_true(cell.f == back.f);
        if (rows[i].row->type == IMP_COLOUR || rows[i].row->type == IMP_NUMBERS)
            assert_memory_equal(cell.n.ptr, back.n.ptr, cell.n.count * sizeof *cell.n.ptr);
    }
}

static void types_and_ranges_have_names(void **state)
{
    struct fixture *f = *state;
    assert_string_equal(params_type_name(&count), "whole number");
    assert_string_equal(params_range_text(&f->arena, &sigma), "0.1 .. 1000 px");
    assert_string_equal(params_range_text(&f->arena, &least), "at least 1");
    assert_string_equal(params_range_text(&f->arena, &size), "");
    assert_string_equal(params_range_text(&f->arena, &mode), "");
    size_t n;
    const char *const *list = params_choices(&f->arena, &mode, &n);
    assert_int_equal(n, 3);
    assert_string_equal(list[2], "screen");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(booleans_have_eight_words),
        CASE(whole_numbers_are_read_whole),
        CASE(ranges_are_closed_and_shown_with_their_unit),
        CASE(units_are_the_rows_own),
        CASE(numbers_have_a_point_and_no_nan),
        CASE(choices_are_suggested_and_listed),
        CASE(lists_are_separated_by_blanks),
        CASE(carets_point_at_the_wrong_piece_of_a_list),
        CASE(texts_and_paths_are_as_written),
        CASE(colours_have_three_forms),
        CASE(what_is_no_colour_is_refused),
        CASE(defaults_come_from_the_row),
        CASE(a_faulty_default_is_refused_without_a_message),
        CASE(what_is_printed_parses_to_the_same),
        CASE(types_and_ranges_have_names),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
