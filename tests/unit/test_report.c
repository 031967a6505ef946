/* test_report.c - messages as text and JSON, numbers and names (report.c, report_print.c,
 * numbers.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <cJSON.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "arena.h"
#include "report.h"

/* What a flush prints, to be freed. */
static char *flushed(struct report *r, bool colour, bool json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    report_flush(r, out, colour, json);
    fclose(out);
    char *copy = heap_strdup(text);
    free(text);
    return copy;
}

static void assert_flushed(struct report *r, const char *expected)
{
    char *text = flushed(r, false, false);
    assert_string_equal(text, expected);
    free(text);
    report_free(r);
}

static const struct place key_at = {"presets/oil.ini", "stpes = 60", 31, 1, 5};

static void a_fault_shows_place_line_carets_hint_and_notes(void **state)
{
    (void)state;
    struct report *r = report_new();
    struct fault *f = report_add(r, SEV_ERROR, "E0107", &key_at, "unknown key '%s' in node '%s'",
                                 "stpes", "paint");
    fault_hint(f, "did you mean '%s'?", "steps");
    fault_note(f, "energy.match has: %s", "layers, scales, seed, steps, tv");
    assert_flushed(r, "error[E0107]: unknown key 'stpes' in node 'paint'\n"
                      "  --> presets/oil.ini:31:1\n"
                      "   |\n"
                      "31 | stpes = 60\n"
                      "   | ^^^^^ did you mean 'steps'?\n"
                      "   = energy.match has: layers, scales, seed, steps, tv\n");
}

static void the_other_end_of_a_conflict_stands_beside_the_carets(void **state)
{
    (void)state;
    struct report *r = report_new();
    const struct place at = {"oil.ini", "in.energy = style", 29, 13, 5},
                       other = {"oil.ini", "[style]", 14, 2, 5};
    fault_related(report_add(r, SEV_ERROR, "E0203", &at, "wants a table"), &other,
                  "filter load, defined at");
    assert_flushed(
        r, "error[E0203]: wants a table\n  --> oil.ini:29:13\n   |\n29 | in.energy = style\n"
           "   |             ^^^^^ filter load, defined at oil.ini:14\n");
}

static void faults_are_sorted_by_file_and_line_and_placeless_ones_come_last(void **state)
{
    (void)state;
    struct report *r = report_new();
    const struct place b9 = {.file = "b.ini", .line = 9, .col = 1},
                       a3 = {.file = "a.ini", .line = 3, .col = 4},
                       b2 = {.file = "b.ini", .line = 2, .col = 1};
    report_add(r, SEV_ERROR, "E0510", NULL, "none");
    report_add(r, SEV_ERROR, "E0107", &b9, "nine");
    report_add(r, SEV_ERROR, "E0107", &a3, "three");
    report_add(r, SEV_WARNING, "W0224", &b2, "two");
    char *text = flushed(r, false, false);
    const char *two = strstr(text, "two"), *nine = strstr(text, "nine"),
               *three = strstr(text, "three");
    assert_true(two < nine && nine < three && three < strstr(text, "none"));
    free(text);
    text = flushed(r, false, false);
    assert_true(!text || !*text); /* all was forgotten */
    free(text);
    report_free(r);
}

static void a_long_line_is_shown_around_the_carets(void **state)
{
    (void)state;
    struct report *r = report_new();
    char *line = heap_alloc(40001, 1);
    memset(line, 'a', 40000);
    memcpy(line + 20000, "WRONG", 5);
    const struct place at = {"x.ini", line, 1, 20001, 5};
    report_add(r, SEV_ERROR, "E0108", &at, "long");
    char *text = flushed(r, false, false);
    assert_true(strlen(text) < 400);
    const char *wrong = strstr(text, "WRONG"), *carets = strstr(text, "^^^^^");
    assert_non_null(wrong);
    assert_non_null(carets);
    assert_null(strstr(text, "^^^^^^"));
    const char *line_start = wrong, *caret_start = carets;
    while (line_start[-1] != '\n')
        line_start--;
    while (caret_start[-1] != '\n')
        caret_start--;
    assert_int_equal(wrong - line_start, carets - caret_start);
    free(text);
    free(line);
    report_free(r);
}

static void letters_of_others_cannot_move_the_terminal(void **state)
{
    (void)state;
    struct report *r = report_new();
    const struct place at = {"evil\033[2J.ini", "a\033[31m\x01\tb\xff", 1, 9, 1};
    report_add(r, SEV_ERROR, "E0103", &at, "bad \033]0;title\007");
    char *text = flushed(r, false, false);
    for (const char *p = text; *p; p++)
        assert_true((unsigned char)*p >= 0x20 || *p == '\n');
    free(text);
    report_free(r);
}

static void carets_stand_under_letters_not_bytes(void **state)
{
    (void)state;
    struct report *r = report_new();
    const struct place at = {"x.ini", "t = \xc3\xa4\xc3\xb6 bad", 1, 10, 3};
    report_add(r, SEV_ERROR, "E0108", &at, "m");
    assert_flushed(r, "error[E0108]: m\n  --> x.ini:1:10\n   |\n 1 | t = \xc3\xa4\xc3\xb6 bad\n   "
                      "|        ^^^\n");
}

static void json_has_the_same_fields_and_is_one_line(void **state)
{
    (void)state;
    struct report *r = report_new();
    const struct place other = {.file = "b.ini", .line = 2, .col = 1};
    struct fault *f = report_add(r, SEV_ERROR, "E0104", &key_at, "a \"quoted\"\nline \xff");
    fault_hint(f, "hint");
    fault_note(f, "note");
    fault_related(f, &other, "first at");
    char *text = flushed(r, false, true);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    cJSON *o = cJSON_Parse(text);
    assert_non_null(o);
    assert_string_equal(cJSON_GetObjectItem(o, "type")->valuestring, "fault");
    assert_string_equal(cJSON_GetObjectItem(o, "code")->valuestring, "E0104");
    assert_string_equal(cJSON_GetObjectItem(o, "severity")->valuestring, "error");
    assert_string_equal(cJSON_GetObjectItem(o, "message")->valuestring,
                        "a \"quoted\"\nline \xef\xbf\xbd");
    assert_string_equal(cJSON_GetObjectItem(o, "file")->valuestring, "presets/oil.ini");
    assert_int_equal(cJSON_GetObjectItem(o, "line")->valueint, 31);
    assert_int_equal(cJSON_GetObjectItem(o, "col")->valueint, 1);
    assert_string_equal(cJSON_GetObjectItem(o, "hint")->valuestring, "hint");
    const cJSON *related = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "related"), 0);
    assert_int_equal(cJSON_GetObjectItem(related, "line")->valueint, 2);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, "schema")), "impasto.fault/1");
    cJSON_Delete(o);
    free(text);
    report_free(r);
}

static void colour_is_written_only_when_wanted(void **state)
{
    (void)state;
    struct report *r = report_new();
    report_add(r, SEV_ERROR, "E0107", &key_at, "m");
    char *text = flushed(r, true, false);
    assert_non_null(strstr(text, "\033["));
    free(text);
    FILE *file = tmpfile();
    assert_non_null(file);
    unsetenv("NO_COLOR");
    unsetenv("CLICOLOR_FORCE");
    assert_false(report_wants_colour(file)); /* no terminal */
    setenv("CLICOLOR_FORCE", "1", 1);
    assert_true(report_wants_colour(file));
    setenv("NO_COLOR", "1", 1);
    assert_false(report_wants_colour(file));
    unsetenv("NO_COLOR");
    unsetenv("CLICOLOR_FORCE");
    fclose(file);
    report_free(r);
}

static int status_of(const char *one, const char *two)
{
    struct report *r = report_new();
    if (one)
        report_add(r, *one == 'W' ? SEV_WARNING : SEV_ERROR, one, NULL, "m");
    if (two)
        report_add(r, *two == 'W' ? SEV_WARNING : SEV_ERROR, two, NULL, "m");
    const int status = report_exit_status(r);
    report_free(r);
    return status;
}

static void exit_status_follows_from_the_gravest_code(void **state)
{
    (void)state;
    assert_int_equal(status_of(NULL, NULL), 0);
    assert_int_equal(status_of("W0605", "W0405"), 0);
    assert_int_equal(status_of("E0107", NULL), 2);
    assert_int_equal(status_of("E0801", NULL), 2);
    assert_int_equal(status_of("E0401", NULL), 4);
    assert_int_equal(status_of("E0510", NULL), 5);
    assert_int_equal(status_of("E0401", "E0107"), 2);
    assert_int_equal(status_of("E0510", "E0401"), 4);
}

static void faults_are_counted_by_severity(void **state)
{
    (void)state;
    struct report *r = report_new();
    report_add(r, SEV_ERROR, "E0107", NULL, "m");
    report_add(r, SEV_WARNING, "W0224", NULL, "m");
    report_add(r, SEV_NOTE, "W0610", NULL, "m");
    assert_int_equal(report_count(r, SEV_ERROR), 1);
    assert_int_equal(report_count(r, SEV_WARNING), 2);
    assert_int_equal(report_count(r, SEV_NOTE), 3);
    report_free(r);
}

static void typing_mistakes_find_their_nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"layers", "scales", "seed", "steps", "tv", "saturation"};
    const size_t n = sizeof names / sizeof *names;
    assert_string_equal(nearest_name("stpes", names, n), "steps");    /* swapped */
    assert_string_equal(nearest_name("step", names, n), "steps");     /* left out */
    assert_string_equal(nearest_name("laayers", names, n), "layers"); /* doubled */
    assert_string_equal(nearest_name("sead", names, n), "seed");      /* another letter */
    assert_string_equal(nearest_name("STEPS", names, n), "steps");    /* another case */
    assert_string_equal(nearest_name("saturatn", names, n), "saturation");
    assert_string_equal(nearest_name("saturazzin", names, n),
                        "saturation"); /* three in a long word */
    assert_string_equal(nearest_name("vt", names, n), "tv");
    assert_null(nearest_name("ab", names, n));
    assert_null(nearest_name("steep3x", names, n));
    assert_null(nearest_name("", names, n));
    assert_null(nearest_name("steps", names, 0));
    static const char *const tie[] = {"cat", "bat"};
    assert_string_equal(nearest_name("rat", tie, 2), "cat");
}

static void whole_texts_are_numbers_or_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      " 1", "1 ", "1e3x", "0x10", "inf", "nan",
                                      "1e999", ".",  "-",  "1,5",  "1e",   "--1", "1.2.3"};
    double value = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(parse_real(bad[i], &value));
    assert_true(value == 7);
    assert_true(parse_real("1.5e3", &value) && value == 1500);
    assert_true(parse_real("-.5", &value) && value == -0.5);
    assert_true(parse_real("+5.", &value) && value == 5);
    assert_true(parse_real("1e-400", &value) && value == 0);
}

static void integers_are_exact_at_their_ends(void **state)
{
    (void)state;
    long long value = 7;
    assert_true(parse_integer("9223372036854775807", &value) && value == INT64_MAX);
    assert_true(parse_integer("-9223372036854775808", &value) && value == INT64_MIN);
    assert_true(parse_integer("+12", &value) && value == 12);
    assert_false(parse_integer("9223372036854775808", &value));
    assert_false(parse_integer("-9223372036854775809", &value));
    assert_false(parse_integer("99999999999999999999", &value));
    assert_false(parse_integer("1.0", &value));
    assert_false(parse_integer("", &value));
    assert_false(parse_integer("-", &value));
    assert_int_equal(value, 12);
}

static void bytes_have_powers_of_1024(void **state)
{
    (void)state;
    unsigned long long value;
    assert_true(parse_bytes("2G", &value) && value == 2ull << 30);
    assert_true(parse_bytes("512M", &value) && value == 512ull << 20);
    assert_true(parse_bytes("1.5K", &value) && value == 1536);
    assert_true(parse_bytes("2 GiB", &value) && value == 2ull << 30);
    assert_true(parse_bytes("77", &value) && value == 77);
    assert_false(parse_bytes("1.5", &value));
    assert_false(parse_bytes("2X", &value));
    assert_false(parse_bytes("-1G", &value));
    assert_false(parse_bytes("G", &value));
    assert_false(parse_bytes("99999999P", &value));
}

static void printed_numbers_read_back_and_are_short(void **state)
{
    (void)state;
    char buf[32];
    uint64_t seed = 1;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        const uint64_t bits = seed ^ seed >> 29;
        double value, back;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        assert_true(parse_real(print_real(value, buf), &back));
        assert_memory_equal(&value, &back, sizeof value);
    }
    assert_string_equal(print_real(0.1, buf), "0.1");
    assert_string_equal(print_real(1000000, buf), "1000000");
    assert_string_equal(print_real(-0.25, buf), "-0.25");
}

static void numbers_do_not_follow_the_locale(void **state)
{
    (void)state;
    const char *set = setlocale(LC_ALL, "de_DE.UTF-8");
    if (!set)
        set = setlocale(LC_ALL, "fr_FR.UTF-8");
    double value;
    char buf[32];
    const bool fine = parse_real("0.5", &value) && value == 0.5 && !parse_real("0,5", &value) &&
                      strcmp(print_real(0.5, buf), "0.5") == 0;
    setlocale(LC_ALL, "C");
    assert_true(fine);
    if (!set) /* no locale with a comma is installed here: half of this case said nothing */
        skip();
}

static void sizes_and_times_are_for_people(void **state)
{
    (void)state;
    char buf[32];
    assert_string_equal(print_bytes(6871947673ull, buf), "6.4 GiB");
    assert_string_equal(print_bytes(4ull << 30, buf), "4 GiB");
    assert_string_equal(print_bytes(1023, buf), "1023 bytes");
    assert_string_equal(print_seconds(200, buf), "3 min 20 s");
    assert_string_equal(print_seconds(0.25, buf), "250 ms");
    assert_string_equal(print_seconds(3.25, buf), "3.3 s");
    assert_string_equal(print_seconds(7500, buf), "2 h 5 min");
}

static void an_arena_gives_zeroed_aligned_memory_of_any_size(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a);
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        unsigned char *p = arena_alloc(&a, size, 1);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, size);
    }
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
    assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
    arena_fini(&a);
}

static void a_text_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct text t = {0};
    for (int i = 0; i < 1000; i++) {
        text_addf(&t, "%d,", i);
        assert_int_equal(strlen(t.data), t.size);
    }
    assert_string_equal(t.data + t.size - 8, "998,999,");
    text_free(&t);
    assert_null(t.data);
    text_add(&t, "again");
    assert_string_equal(t.data, "again");
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_shows_place_line_carets_hint_and_notes),
        cmocka_unit_test(the_other_end_of_a_conflict_stands_beside_the_carets),
        cmocka_unit_test(faults_are_sorted_by_file_and_line_and_placeless_ones_come_last),
        cmocka_unit_test(a_long_line_is_shown_around_the_carets),
        cmocka_unit_test(letters_of_others_cannot_move_the_terminal),
        cmocka_unit_test(carets_stand_under_letters_not_bytes),
        cmocka_unit_test(json_has_the_same_fields_and_is_one_line),
        cmocka_unit_test(colour_is_written_only_when_wanted),
        cmocka_unit_test(exit_status_follows_from_the_gravest_code),
        cmocka_unit_test(faults_are_counted_by_severity),
        cmocka_unit_test(typing_mistakes_find_their_nearest_name),
        cmocka_unit_test(whole_texts_are_numbers_or_nothing),
        cmocka_unit_test(integers_are_exact_at_their_ends),
        cmocka_unit_test(bytes_have_powers_of_1024),
        cmocka_unit_test(printed_numbers_read_back_and_are_short),
        cmocka_unit_test(numbers_do_not_follow_the_locale),
        cmocka_unit_test(sizes_and_times_are_for_people),
        cmocka_unit_test(an_arena_gives_zeroed_aligned_memory_of_any_size),
        cmocka_unit_test(a_text_grows_and_stays_terminated),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
