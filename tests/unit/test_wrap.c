/* test_wrap.c - lines broken between words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "wrap.h"

static void assert_wrapped(size_t at, size_t indent, const char *prefix, const char *words,
                           const char *wanted)
{
    struct text t = {0};
    wrap_add(&t, at, indent, prefix, words);
    assert_string_equal(t.data, wanted);
    text_free(&t);
}

static void short_text_is_one_line(void **state)
{
    (void)state;
    assert_wrapped(0, 0, "", "a few words", "a few words\n");
    assert_wrapped(10, 10, "", "", "\n");
}

static void blanks_and_line_ends_between_words_become_one_blank(void **state)
{
    (void)state;
    assert_wrapped(0, 0, "", "a  b\nc", "a b c\n");
}

static void an_empty_line_begins_a_paragraph(void **state)
{
    (void)state;
    assert_wrapped(0, 2, "", "a\n\nb", "a\n\n  b\n");
    assert_wrapped(0, 2, ";", "a\n\nb", "a\n;\n; b\n");
}

static void no_line_is_wider_than_79_columns_but_for_one_long_word(void **state)
{
    char words[3000] = "";
    (void)state;
    for (int i = 0; i < 300; i++)
        strcat(words, i % 7 ? "abc " : "abcdefghij ");
    for (size_t indent = 0; indent < 60; indent += 7) {
        struct text t = {0};
        text_addf(&t, "%*s", (int)indent, "");
        wrap_add(&t, indent, indent, "", words);
        for (const char *s = t.data; *s; s += strcspn(s, "\n") + 1) {
            assert_true(strcspn(s, "\n") <= 79);
            assert_true(strspn(s, " ") == indent);
        }
        text_free(&t);
    }
    memset(words, 'x', 100);
    strcpy(words + 100, "\n");
    assert_wrapped(0, 0, "", words, words);
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_text_is_one_line),
        cmocka_unit_test(blanks_and_line_ends_between_words_become_one_blank),
        cmocka_unit_test(an_empty_line_begins_a_paragraph),
        cmocka_unit_test(no_line_is_wider_than_79_columns_but_for_one_long_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
