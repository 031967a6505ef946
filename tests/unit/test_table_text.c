/* test_table_text.c - tables from and to CSV and JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <math.h>
#include <string.h>

#include "table_text.h"

static struct value *csv(const char *text)
{
    struct value *v = NULL;
    assert_int_equal(table_from_csv(text, strlen(text), &v, NULL), IMP_OK);
    return v;
}

static const char *why_not(imp_status (*read)(const char *, size_t, struct value **, imp_error *),
                           const char *text)
{
    static char why[256];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof why, .text = why};
    struct value *v = NULL;
    why[0] = '\0';
    assert_int_not_equal(read(text, strlen(text), &v, &err), IMP_OK);
    assert_null(v);
    return why;
}

static void assert_csv(const struct value *v, const char *want)
{
    struct text out = {0};
    table_to_csv(&v->as.table, &out);
    assert_string_equal(out.data, want);
    text_free(&out);
}

static void columns_get_the_narrowest_type(void **state)
{
    (void)state;
    struct value *v = csv("name,count,rate,done,empty\nx,1,0.5,true,\ny,-2,,false,\n");
    const imp_table *t = &v->as.table;
    const uint32_t types[] = {IMP_TEXT, IMP_INT, IMP_FLOAT, IMP_BOOL, IMP_TEXT};
    assert_int_equal(t->row_count, 2);
    for (int i = 0; i < 5; i++)
        assert_int_equal(t->columns[i].type, types[i]);
    assert_int_equal(t->cells[6].i, -2);
    assert_true(isnan(t->cells[7].f));
    value_release(v);
}

static void csv_comes_back_the_same(void **state)
{
    (void)state;
    const char *text =
        "name,count,rate,done\n\"a, \"\"b\"\"\nc\",1,0.1,true\n,2,1e-300,false\nz,3,,true\n";
    struct value *v = csv(text);
    assert_csv(v, text);
    value_release(v);
}

static void line_ends_marks_and_a_missing_last_one_are_fine(void **state)
{
    (void)state;
    struct value *v = csv("\xef\xbb\xbf"
                          "a,b\r\n1,2\r\n3,4");
    assert_csv(v, "a,b\n1,2\n3,4\n");
    value_release(v);
    v = csv("a,b\n1,");
    assert_csv(v, "a,b\n1,\n");
    value_release(v);
}

static void bad_csv_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_non_null(strstr(why_not(table_from_csv, "a,b\n1,2\n3\n"), "line 3 has 1 cells"));
    assert_non_null(
        strstr(why_not(table_from_csv, "a,b\n1,\"2\n3\n"), "line 2: a quote is never closed"));
    assert_non_null(strstr(why_not(table_from_csv, "a\n\"b\"c\n"), "line 2: text after"));
    assert_non_null(strstr(why_not(table_from_csv, ""), "empty"));
}

static void json_becomes_the_same_table(void **state)
{
    (void)state;
    const char *text = "[{\"name\": \"a\\n\\\"\", \"n\": 1}, {\"n\": 2.5, \"ok\": true}]";
    struct value *v = NULL;
    struct text out = {0};
    assert_int_equal(table_from_json(text, strlen(text), &v, NULL), IMP_OK);
    assert_csv(v, "name,n,ok\n\"a\n\"\"\",1,\n,2.5,true\n");
    table_to_json(&v->as.table, &out);
    struct value *again = NULL;
    assert_int_equal(table_from_json(out.data, out.size, &again, NULL), IMP_OK);
    assert_true(hash_equal(value_hash(v), value_hash(again)));
    value_release(v);
    value_release(again);
    text_free(&out);
}

static void bad_json_is_refused(void **state)
{
    (void)state;
    assert_non_null(strstr(why_not(table_from_json, "[{\n\"a\": }]"), "line 2"));
    assert_non_null(strstr(why_not(table_from_json, "{\"a\": 1}"), "array of objects"));
    assert_non_null(strstr(why_not(table_from_json, "[{\"a\": [1]}]"), "'a'"));
    assert_non_null(strstr(why_not(table_from_json, "[]"), "no columns"));
    assert_non_null(strstr(why_not(table_from_json, "[{\"a\": 1}, 2]"), "element 2"));
}

static void numbers_that_are_none_are_null_and_empty(void **state)
{
    (void)state;
    static const imp_column columns[] = {{"x", NULL, IMP_FLOAT, 0}, {"list", NULL, IMP_NUMBERS, 0}};
    struct value *v = value_table(2, columns);
    const double list[] = {1, 0.25};
    assert_int_equal(value_add_row(v, (imp_cell[]){{.f = NAN}, {.n = {list, 2}}}), IMP_OK);
    assert_csv(v, "x,list\n,1 0.25\n");
    struct text out = {0};
    table_to_json(&v->as.table, &out);
    assert_non_null(strstr(out.data, "\"x\": null"));
    text_free(&out);
    value_release(v);
}

static void the_locale_does_not_matter(void **state)
{
    (void)state;
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        skip();
    csv_comes_back_the_same(state);
    setlocale(LC_ALL, "C");
}

static struct value *table_of(const char *csv)
{
    struct value *v = NULL;
    assert_int_equal(table_from_csv(csv, strlen(csv), &v, NULL), IMP_OK);
    return v;
}

static void tables_of_many_pictures_become_one(void **state)
{
    struct value *a = table_of("x,name\n1,one\n2,two\n"), *b = table_of("x,name\n3,three\n"), *v = NULL;
    const imp_table *const tables[] = {&a->as.table, &b->as.table};
    const char *const labels[] = {"lake", "coast, north"};
    struct text out = {0};
    (void)state;
    assert_int_equal(table_join(tables, labels, 2, &v, NULL), IMP_OK);
    table_to_csv(&v->as.table, &out);
    assert_string_equal(out.data, "picture,x,name\nlake,1,one\nlake,2,two\n\"coast, north\",3,three\n");
    text_free(&out);
    value_release(v);
    value_release(b);
    value_release(a);
}

static void tables_with_other_columns_are_not_joined(void **state)
{
    struct value *a = table_of("x,y\n1,2\n"), *b = table_of("x,z\n1,2\n"), *v = NULL;
    const imp_table *const tables[] = {&a->as.table, &b->as.table};
    const char *const labels[] = {"lake", "coast"};
    char text[200] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    (void)state;
    assert_int_equal(table_join(tables, labels, 2, &v, &err), IMP_E_INPUT);
    assert_null(v);
    assert_non_null(strstr(text, "column 2 of 'coast' is 'z'"));
    value_release(b);
    value_release(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_get_the_narrowest_type),
        cmocka_unit_test(csv_comes_back_the_same),
        cmocka_unit_test(line_ends_marks_and_a_missing_last_one_are_fine),
        cmocka_unit_test(bad_csv_is_refused_with_its_line),
        cmocka_unit_test(json_becomes_the_same_table),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(numbers_that_are_none_are_null_and_empty),
        cmocka_unit_test(tables_of_many_pictures_become_one),
        cmocka_unit_test(tables_with_other_columns_are_not_joined),
        cmocka_unit_test(the_locale_does_not_matter),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
