/* test_kit_ini.c - the checking reader in front of inih: abi.md's table row by row, and inih under
 * other settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <impasto/kit.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static kit_ini read_text(const char *text)
{
    kit_ini ini;
    assert_int_equal(kit_ini_read(text, strlen(text), &ini), IMP_OK);
    return ini;
}

/* Exactly one fault, of that code and place. */
static void assert_one_fault_of(const char *text, size_t size, uint32_t code, uint32_t line,
                                uint32_t col)
{
    kit_ini ini;
    assert_int_equal(kit_ini_read(text, size, &ini), IMP_OK);
    if (ini.fault_count != 1 || ini.faults[0].code != code || ini.faults[0].at.line != line ||
        ini.faults[0].at.col != col) {
        for (uint32_t i = 0; i < ini.fault_count; i++)
            print_message("# code %u at %u:%u %s\n", ini.faults[i].code, ini.faults[i].at.line,
                          ini.faults[i].at.col, ini.faults[i].text);
        fail_msg("expected one fault of code %u at %u:%u in: %s", code, line, col, text);
    }
    assert_true(strlen(ini.faults[0].text) > 10);
    kit_ini_free(&ini);
}

static void assert_one_fault(const char *text, uint32_t code, uint32_t line, uint32_t col)
{
    assert_one_fault_of(text, strlen(text), code, line, col);
}

static void assert_value(const char *text, const char *value)
{
    kit_ini ini = read_text(text);
    assert_int_equal(ini.fault_count, 0);
    assert_int_equal(ini.key_count, 1);
    assert_string_equal(ini.keys[0].value, value);
    kit_ini_free(&ini);
}

static void sections_and_keys_have_their_places(void **state)
{
    (void)state;
    kit_ini ini =
        read_text("; note\n[a]\nx = 1\n  \n[b-1] ; c\nlong.key/2   =  two words\t\n\n[c]\n");
    assert_int_equal(ini.fault_count, 0);
    assert_int_equal(ini.section_count, 3);
    assert_string_equal(ini.sections[1].name, "b-1");
    assert_int_equal(ini.sections[1].at.line, 5);
    assert_int_equal(ini.sections[1].at.col, 2);
    assert_int_equal(ini.sections[1].at.length, 3);
    assert_int_equal(ini.sections[1].first, 1);
    assert_int_equal(ini.sections[1].count, 1);
    assert_int_equal(ini.sections[2].count, 0);
    assert_string_equal(ini.keys[1].key, "long.key/2");
    assert_string_equal(ini.keys[1].value, "two words");
    assert_int_equal(ini.keys[1].section, 1);
    assert_int_equal(ini.keys[1].key_at.line, 6);
    assert_int_equal(ini.keys[1].value_at.col, 17);
    assert_int_equal(ini.keys[1].value_at.length, 9);
    kit_ini_free(&ini);
}

static void values_of_any_length_are_whole(void **state)
{
    (void)state;
    const size_t n = 65536;
    char *text = malloc(n + 100);
    memcpy(text, "[a]\nx = ", 8);
    for (size_t i = 0; i < n; i++)
        text[8 + i] = (char)('a' + i % 26);
    strcpy(text + 8 + n, "\ny = 2\n");
    kit_ini ini = read_text(text);
    assert_int_equal(ini.fault_count, 0);
    assert_int_equal(ini.key_count, 2);
    assert_int_equal(strlen(ini.keys[0].value), n);
    assert_memory_equal(ini.keys[0].value, text + 8, n);
    kit_ini_free(&ini);
    strcpy(text + 8 + n, "z\n");
    assert_one_fault(text, KIT_INI_LONG, 2, 1);
    free(text);
}

static void the_rest_of_a_long_line_never_takes_effect(void **state)
{
    (void)state;
    char text[600];
    for (int pad = 150; pad < 260; pad++) { /* wherever a buffer of 200 would cut */
        snprintf(text, sizeof text, "[a]\nx = %0*d radius=9\ny = [evil]%0*d\n", pad, 0, pad, 0);
        kit_ini ini = read_text(text);
        assert_int_equal(ini.fault_count, 0);
        assert_int_equal(ini.section_count, 1);
        assert_int_equal(ini.key_count, 2);
        kit_ini_free(&ini);
    }
}

static void names_of_49_bytes_do_and_of_50_do_not(void **state)
{
    (void)state;
    char text[300], name[52];
    memset(name, 'n', sizeof name);
    name[49] = '\0';
    snprintf(text, sizeof text, "[%s]\n%s = 1\n", name, name);
    kit_ini ini = read_text(text);
    assert_int_equal(ini.fault_count, 0);
    assert_string_equal(ini.sections[0].name, name);
    assert_string_equal(ini.keys[0].key, name);
    kit_ini_free(&ini);
    name[49] = 'n';
    name[50] = '\0';
    snprintf(text, sizeof text, "[%s]\n", name);
    assert_one_fault(text, KIT_INI_LONG, 1, 2);
    snprintf(text, sizeof text, "[a]\n%s = 1\n", name);
    assert_one_fault(text, KIT_INI_LONG, 2, 1);
}

static void sections_are_written_without_blanks_and_nothing_follows(void **state)
{
    (void)state;
    assert_one_fault("[ a ]\n", KIT_INI_NAME, 1, 2);
    assert_one_fault("[]\n", KIT_INI_NAME, 1, 1);
    assert_one_fault("[a] b\n", KIT_INI_SYNTAX, 1, 4);
    assert_one_fault("[a];b\n", KIT_INI_SYNTAX, 1, 4);
    assert_one_fault("[a\n", KIT_INI_SYNTAX, 1, 1);
    assert_one_fault("[\xc3\xa4]\n", KIT_INI_NAME, 1, 2);
    assert_one_fault("[a ;]\n", KIT_INI_SYNTAX, 1, 1);
}

static void keys_under_a_broken_section_do_not_join_the_one_before(void **state)
{
    (void)state;
    kit_ini ini = read_text("[a]\nx = 1\n[b\ny = 2\n");
    assert_int_equal(ini.fault_count, 1);
    assert_int_equal(ini.sections[0].count, 1);
    assert_int_equal(ini.section_count, 2);
    assert_string_equal(ini.sections[1].name, "");
    kit_ini_free(&ini);
}

static void indented_lines_go_on_with_the_value_above(void **state)
{
    (void)state;
    assert_value("[a]\nx = one\n  two ; comment\n\tthree  \n", "one two three");
    assert_value("[a]\nx =\n  one\n; between\n# them\n  two\n", "one two");
    assert_value("[a]\r\nx = one\r\n  two\r\n", "one two");
    assert_value("[a]\nx = one\n  ; only a comment\n  two", "one two");
}

static void a_value_that_starts_below_has_its_place_there(void **state)
{
    (void)state;
    kit_ini ini = read_text("[a]\nx =\n\n[b]\ny =\n   deep\n");
    assert_int_equal(ini.keys[0].value_at.line, 2);
    assert_int_equal(ini.keys[1].value_at.line, 6);
    assert_int_equal(ini.keys[1].value_at.col, 4);
    kit_ini_free(&ini);
}

static void indented_lines_that_mean_something_else_are_refused(void **state)
{
    (void)state;
    assert_one_fault("[a]\nx = 1\n y = 2\n", KIT_INI_CONTINUATION, 3, 2);
    assert_one_fault("[a]\nx = 1\n  y=2\n", KIT_INI_CONTINUATION, 3, 3);
    assert_one_fault("[a]\nx = 1\n [b]\n", KIT_INI_CONTINUATION, 3, 2);
    assert_one_fault("[a]\nx = 1\n # no comment\n", KIT_INI_CONTINUATION, 3, 2);
    assert_one_fault("[a]\n one\n", KIT_INI_CONTINUATION, 2, 2);
    assert_one_fault("[a]\nx = 1\n\n  two\n", KIT_INI_CONTINUATION, 4, 3);
    assert_one_fault("  first\n", KIT_INI_CONTINUATION, 1, 3);
}

static void lines_below_a_refused_key_are_not_refused_again(void **state)
{
    (void)state;
    assert_one_fault("[a]\nx y = 1\n  two\n  three\n", KIT_INI_NAME, 2, 2);
}

static void keys_end_at_the_equals_sign_only(void **state)
{
    (void)state;
    assert_one_fault("[a]\nin:m = c\n", KIT_INI_NAME, 2, 3);
    assert_one_fault("[a]\nx: 1\n", KIT_INI_NAME, 2, 2);
    assert_one_fault("[a]\n= 1\n", KIT_INI_NAME, 2, 1);
    assert_one_fault("[a]\nk\xc3\xa4se = 1\n", KIT_INI_NAME, 2, 2);
    assert_one_fault("[a]\njust words\n", KIT_INI_SYNTAX, 2, 1);
    assert_value("[a]\nx = a:b = c\n", "a:b = c");
}

static void a_blank_and_a_semicolon_cut_a_value_and_nothing_else_does(void **state)
{
    (void)state;
    assert_value("[a]\nx = 1 ; c\n", "1");
    assert_value("[a]\nx = 1\t; c\n", "1");
    assert_value("[a]\nx = 1;2\n", "1;2");
    assert_value("[a]\nx =;2\n", ";2");
    assert_value("[a]\nx = ; c\n", "");
    assert_value("[a]\nx = 1 # 2\n", "1 # 2");
    assert_value("[a]\nx = \"quoted\"\n", "\"quoted\"");
    assert_value("[a]\nx = #c03028\n", "#c03028");
    assert_value("[a]\nx=\n", "");
}

static void keys_belong_to_a_section(void **state)
{
    (void)state;
    assert_one_fault("x = 1\n[a]\n", KIT_INI_OUTSIDE, 1, 1);
}

static void what_stands_twice_is_named_with_both_lines(void **state)
{
    (void)state;
    kit_ini ini = read_text("[a]\nx = 1\n[b]\nx = 1\ny = 2\nx = 3\n[a]\nz = 4\n");
    assert_int_equal(ini.fault_count, 2);
    assert_int_equal(ini.faults[0].code, KIT_INI_DUPLICATE_KEY);
    assert_int_equal(ini.faults[0].at.line, 6);
    assert_int_equal(ini.faults[0].related_line, 4);
    assert_int_equal(ini.faults[1].code, KIT_INI_DUPLICATE_SECTION);
    assert_int_equal(ini.faults[1].at.line, 7);
    assert_int_equal(ini.faults[1].related_line, 1);
    assert_int_equal(ini.key_count, 4); /* the first of the two is kept */
    assert_int_equal(ini.sections[1].count, 2);
    assert_string_equal(ini.keys[ini.sections[2].first].key, "z");
    kit_ini_free(&ini);
}

static void bytes_that_are_no_text_are_refused(void **state)
{
    (void)state;
    assert_one_fault_of("[a]\nx = 1\0 2\n", 12, KIT_INI_TEXT, 2, 6);
    assert_one_fault("[a]\nx = \xff\n", KIT_INI_TEXT, 2, 5);
    assert_one_fault("[a]\nx = \xc0\xaf\n", KIT_INI_TEXT, 2, 5);         /* not the shortest form */
    assert_one_fault("[a]\nx = \xed\xa0\x80\n", KIT_INI_TEXT, 2, 5);     /* a surrogate */
    assert_one_fault("[a]\nx = \xf4\x90\x80\x80\n", KIT_INI_TEXT, 2, 5); /* above Unicode */
    assert_one_fault("[a]\nx = 1\033[2J\n", KIT_INI_TEXT, 2, 6);
    assert_one_fault("[a]\nx = \xe2\x82", KIT_INI_TEXT, 2, 5); /* cut at the end */
    assert_value("[a]\nx = \xe2\x82\xac \xf0\x9f\x8e\xa8\n", "\xe2\x82\xac \xf0\x9f\x8e\xa8");
    assert_value("[a]\nx = a\tb\n", "a\tb");
}

static void line_ends_are_lf_or_crlf(void **state)
{
    (void)state;
    assert_value("\xef\xbb\xbf[a]\r\nx = 1\r\n", "1");
    assert_value("[a]\nx = 1", "1");
    assert_one_fault("[a]\rx = 1\n", KIT_INI_TEXT, 1, 4);
    assert_one_fault("[a]\nx = 1\r", KIT_INI_TEXT, 2, 6);
    assert_one_fault("[a]\nx = 1 \r2\n", KIT_INI_TEXT, 2, 7);
}

static void another_kind_of_file_is_not_a_flood(void **state)
{
    (void)state;
    char bytes[20000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = i % 3 ? (char)0xfe : '\n';
    kit_ini ini;
    assert_int_equal(kit_ini_read(bytes, sizeof bytes, &ini), IMP_OK);
    assert_true(ini.fault_count > 0 && ini.fault_count <= 60);
    kit_ini_free(&ini);
}

static void an_empty_text_is_empty(void **state)
{
    (void)state;
    kit_ini ini;
    assert_int_equal(kit_ini_read("", 0, &ini), IMP_OK);
    assert_int_equal(ini.section_count + ini.key_count + ini.fault_count, 0);
    kit_ini_free(&ini);
    kit_ini_free(&ini); /* twice is fine */
}

static void all_faults_come_in_one_reading_in_order(void **state)
{
    (void)state;
    kit_ini ini = read_text("x = 1\n[a\nnonsense\n[b]\n y\nk = \001\nk: 2\n[b]\n");
    assert_int_equal(ini.fault_count, 7);
    for (uint32_t i = 1; i < ini.fault_count; i++)
        assert_true(ini.faults[i - 1].at.line < ini.faults[i].at.line);
    kit_ini_free(&ini);
}

/* A text of all that is hard, as one string of what was read. */
static void print_all(const char *text, char *out, size_t cap)
{
    kit_ini ini;
    size_t n =
        (size_t)snprintf(out, cap, "status %d\n", (int)kit_ini_read(text, strlen(text), &ini));
    for (uint32_t i = 0; i < ini.key_count; i++)
        n += (size_t)snprintf(out + n, cap - n, "%u %s=%s\n", ini.keys[i].section, ini.keys[i].key,
                              ini.keys[i].value);
    for (uint32_t i = 0; i < ini.fault_count; i++)
        n += (size_t)snprintf(out + n, cap - n, "%u:%u %u\n", ini.faults[i].at.line,
                              ini.faults[i].at.col, ini.faults[i].code);
    kit_ini_free(&ini);
}

static void inihs_settings_change_nothing(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf; c\n# d\n[one] ; c\nk = a ; b\nlist = a\n  b c\n  d\n\n[two]\nx =\ny: 3\n"
        "[three\nz = 4\nz = 5\n=6\n[four]\nnothing\nw = "
        "0123456789012345678901234567890123456789012345678901234567890"
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
        "012345678901234567890123456789012345678901234567890123456789 [evil]\n";
    char plain[4096], other[4096];
    print_all(text, plain, sizeof plain);
    assert_non_null(strstr(plain, "[evil]"));
    for (unsigned bits = 0; bits < 64; bits++) {
        ini_allow_multiline = bits & 1;
        ini_allow_bom = bits & 2;
        ini_allow_inline_comments = bits & 4;
        ini_use_stack = bits & 8;
        ini_stop_on_first_error = bits & 16;
        ini_allow_no_value = bits & 32;
        print_all(text, other, sizeof other);
        assert_string_equal(plain, other);
    }
    ini_allow_multiline = ini_allow_bom = ini_allow_inline_comments = ini_use_stack = true;
    ini_stop_on_first_error = ini_allow_no_value = false;
}

static void an_inih_that_says_something_else_is_caught(void **state)
{
    (void)state;
    kit_ini ini;
    char *before = ini_start_comment_prefixes;
    ini_start_comment_prefixes = (char[]){"k"}; /* our keys would be comments */
    const imp_status st = kit_ini_read("[a]\nk = 1\n", 10, &ini);
    ini_start_comment_prefixes = before;
    assert_int_equal(st, IMP_E_INTERNAL);
    assert_null(ini.memory);
    const int first = ini_initial_alloc;
    ini_initial_alloc = 10;
    ini_use_stack = false;
    const imp_status cut = kit_ini_read("[a]\nlonger_than_ten = 1\n", 24, &ini);
    ini_initial_alloc = first;
    ini_use_stack = true;
    assert_int_not_equal(cut, IMP_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_and_keys_have_their_places),
        cmocka_unit_test(values_of_any_length_are_whole),
        cmocka_unit_test(the_rest_of_a_long_line_never_takes_effect),
        cmocka_unit_test(names_of_49_bytes_do_and_of_50_do_not),
        cmocka_unit_test(sections_are_written_without_blanks_and_nothing_follows),
        cmocka_unit_test(keys_under_a_broken_section_do_not_join_the_one_before),
        cmocka_unit_test(indented_lines_go_on_with_the_value_above),
        cmocka_unit_test(a_value_that_starts_below_has_its_place_there),
        cmocka_unit_test(indented_lines_that_mean_something_else_are_refused),
        cmocka_unit_test(lines_below_a_refused_key_are_not_refused_again),
        cmocka_unit_test(keys_end_at_the_equals_sign_only),
        cmocka_unit_test(a_blank_and_a_semicolon_cut_a_value_and_nothing_else_does),
        cmocka_unit_test(keys_belong_to_a_section),
        cmocka_unit_test(what_stands_twice_is_named_with_both_lines),
        cmocka_unit_test(bytes_that_are_no_text_are_refused),
        cmocka_unit_test(line_ends_are_lf_or_crlf),
        cmocka_unit_test(another_kind_of_file_is_not_a_flood),
        cmocka_unit_test(an_empty_text_is_empty),
        cmocka_unit_test(all_faults_come_in_one_reading_in_order),
        cmocka_unit_test(inihs_settings_change_nothing),
        cmocka_unit_test(an_inih_that_says_something_else_is_caught),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
