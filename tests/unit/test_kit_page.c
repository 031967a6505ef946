/* test_kit_page.c - the HTML page: escaping, pictures, tables, nothing from elsewhere. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "minihost.h"

static char *finish(kit_page *p)
{
    size_t size = 0;
    char *text = kit_page_finish(p, &size);
    assert_non_null(text);
    assert_int_equal(strlen(text), size);
    return text;
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        print_message("# not there: %s\n", part);
    assert_non_null(strstr(text, part));
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *s = text; (s = strstr(s, part)); s += strlen(part))
        n++;
    return n;
}

static void text_cannot_become_markup(void **state)
{
    const char *evil = "<script>alert('\"&\"')</script>";
    const char *safe = "&lt;script&gt;alert(&#39;&quot;&amp;&quot;&#39;)&lt;/script&gt;";
    kit_page *p = kit_page_new(evil, evil);
    (void)state;
    kit_page_heading(p, evil);
    kit_page_text(p, evil);
    kit_page_group(p, evil);
    kit_page_picture(p, evil, "x", 1, 1, 1, evil);
    char *text = finish(p);
    assert_int_equal(count(text, "<script"), 1); /* the page's own */
    assert_int_equal(count(text, safe),
                     10); /* title, h1, subtitle, h2, p; h3; alt: twice; MIME type; caption */
    free(text);
}

static void bytes_that_are_no_utf_8_are_replaced(void **state)
{
    kit_page *p = kit_page_new("a\xff"
                               "b\xc3(c\xe2\x82 d\xed\xa0\x80 e\x01 f\xf4\x90\x80\x80 g\xc3\xa9",
                               NULL);
    (void)state;
    char *text = finish(p);
    has(text, "<h1>a\xef\xbf\xbd"
              "b\xef\xbf\xbd(c\xef\xbf\xbd\xef\xbf\xbd d\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd "
              "e\xef\xbf\xbd f\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd g\xc3\xa9</h1>");
    free(text);
}

static void pictures_are_base64_of_any_length(void **state)
{
    const char *want[] = {"base64,\"", "base64,/w==\"", "base64,/wA=\"", "base64,/wBh\"",
                          "base64,/wBhIA==\""};
    (void)state;
    for (size_t n = 0; n < 5; n++) {
        kit_page *p = kit_page_new("t", NULL);
        kit_page_picture(p, "image/png", "\xff\0a ", n, 30, 20, "one");
        char *text = finish(p);
        has(text, want[n]);
        has(text, "width=\"30\" height=\"20\" alt=\"one\"");
        has(text, "<figcaption>one</figcaption>");
        free(text);
    }
}

static void containers_open_and_close_in_pairs(void **state)
{
    const imp_column column = {"n", "", IMP_INT, 0};
    imp_table *t = mini_table(1, &column);
    kit_page *p = kit_page_new("t", NULL);
    (void)state;
    kit_page_picture(p, "image/png", "a", 1, 1, 1, "");
    kit_page_group(p, "first");
    kit_page_picture(p, "image/png", "a", 1, 1, 1, "before");
    kit_page_group(p, "second"); /* ends the first */
    kit_page_table(p, t, "");
    kit_page_picture(p, "image/png", "a", 1, 1, 1, "");
    kit_page_heading(p, "h");
    kit_page_group_end(p); /* nothing is open */
    kit_page_group(p, "left open");
    char *text = finish(p);
    assert_int_equal(count(text, "<div"), count(text, "</div>"));
    assert_int_equal(count(text, "<section"), 3);
    assert_int_equal(count(text, "</section>"), 3);
    assert_int_equal(count(text, "<figure>"), count(text, "</figure>"));
    has(text, "alt=\"first, before\"");
    free(text), mini_release(&t->head);
}

static void tables_show_every_type(void **state)
{
    const imp_column columns[] = {{"name", "", IMP_TEXT, 0},    {"time", "ms", IMP_FLOAT, 0},
                                  {"steps", NULL, IMP_INT, 0},  {"ok", "", IMP_BOOL, 0},
                                  {"list", "", IMP_NUMBERS, 0}, {"words", "", IMP_NAMES, 0}};
    const double numbers[] = {1, 2.5};
    const char *words[] = {"a", "<b>"};
    const imp_cell row[] = {{.s = {"x<y", 3}}, {.f = 1234.56789},   {.i = -7},
                            {.i = 1},          {.n = {numbers, 2}}, {.w = {words, 2}}};
    imp_table *t = mini_table(6, columns);
    kit_page *p = kit_page_new("t", NULL);
    (void)state;
    mini_row(t, row);
    kit_page_table(p, t, "Times & steps");
    char *text = finish(p);
    has(text, "<caption>Times &amp; steps</caption>");
    has(text, "time <span class=\"unit\">ms</span>");
    has(text, "<td class=\"t\">x&lt;y</td><td class=\"n\" data-v=\"1234.56789\">1234.6</td><td "
              "class=\"n\">-7</td>"
              "<td>yes</td><td class=\"t\">1 2.5</td><td class=\"t\">a &lt;b&gt;</td>");
    free(text), mini_release(&t->head);
}

static void nothing_points_elsewhere(void **state)
{
    kit_page *p = kit_page_new("t", "s");
    (void)state;
    kit_page_picture(p, "image/png", "a", 1, 1, 1, "c");
    char *text = finish(p);
    const char *outside[] = {"http:",   "https:", "//",     "@import", "url(",
                             "<iframe", "fetch(", "srcset", "<a "};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        assert_null(strstr(text, outside[i]));
    has(text, "default-src 'none'");
    has(text, "prefers-color-scheme:dark");
    has(text, "width=device-width");
    free(text);
}

static void a_large_page_is_whole(void **state)
{
    static char big[3000000];
    kit_page *p = kit_page_new("t", NULL);
    (void)state;
    memset(big, 7, sizeof big);
    for (int i = 0; i < 8; i++)
        kit_page_picture(p, "image/png", big, sizeof big, 10, 10, "big");
    char *text = finish(p);
    assert_int_equal(count(text, "base64,BwcH"), 8);
    assert_true(strlen(text) > 8 * sizeof big / 3 * 4);
    assert_string_equal(text + strlen(text) - 8, "</html>\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_cannot_become_markup),
        cmocka_unit_test(bytes_that_are_no_utf_8_are_replaced),
        cmocka_unit_test(pictures_are_base64_of_any_length),
        cmocka_unit_test(containers_open_and_close_in_pairs),
        cmocka_unit_test(tables_show_every_type),
        cmocka_unit_test(nothing_points_elsewhere),
        cmocka_unit_test(a_large_page_is_whole),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
