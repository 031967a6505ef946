#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "batch.h"

/* A graph by hand: [soft] filter = blur, sigma = 2.5, path = ../a/waves.png */
struct world {
    struct arena arena;
    struct report *report;
    imp_param params[2];
    imp_cell cells[2];
    struct filter_info info;
    struct node node;
    struct preset preset;
    struct graph graph;
};

static int open_world(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    arena_init(&w.arena);
    w.report = report_new();
    w.params[0] = (imp_param){.key = "sigma", .type = IMP_FLOAT, .def = 1, .max = 100};
    w.params[1] = (imp_param){.key = "path", .type = IMP_PATH};
    w.cells[0].f = 2.5;
    w.cells[1].s.ptr = "../a/waves.png";
    w.cells[1].s.len = strlen("../a/waves.png");
    w.info.desc = (imp_filter){.id = "blur", .params = w.params, .param_count = 2};
    w.node = (struct node){.name = "soft", .filter = &w.info, .params = w.cells};
    w.preset.path = "presets/oil.thick.ini";
    w.graph = (struct graph){.nodes = &w.node, .node_count = 1, .preset = &w.preset};
    *state = &w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    report_free(w->report);
    arena_fini(&w->arena);
    return 0;
}

static const struct item item = {.relative = "a/b/x.y.jpg", .dir = "a/b", .stem = "x.y", .ending = "jpg"};

static const char *expand(struct world *w, const char *tmpl, const struct item *it)
{
    return names_expand(&w->arena, tmpl, &w->graph, it, 7);
}

static void every_placeholder_has_its_value(void **state)
{
    struct world *w = *state;
    assert_string_equal(expand(w, "{stem}.png", &item), "a/b/x.y.png");
    assert_string_equal(expand(w, "{name}.png", &item), "a/b/x.y.jpg.png");
    assert_string_equal(expand(w, "{stem}.{ending}", &item), "a/b/x.y.jpg");
    assert_string_equal(expand(w, "{n}-{n:4}.png", &item), "a/b/7-0007.png");
    assert_string_equal(expand(w, "{stem}-{soft.sigma}.png", &item), "a/b/x.y-2.5.png");
    assert_string_equal(expand(w, "{preset}/{stem}.png", &item), "a/b/oil.thick/x.y.png");
}

static void the_folder_comes_first_unless_it_is_in_the_template(void **state)
{
    struct world *w = *state;
    assert_string_equal(expand(w, "{stem}/{dir}/z.png", &item), "x.y/a/b/z.png");
    assert_string_equal(expand(w, "{dir}_{stem}.png", &item), "a/b_x.y.png");
    const struct item top = {.relative = "x.jpg", .dir = "", .stem = "x", .ending = "jpg"};
    assert_string_equal(expand(w, "{dir}/{stem}.png", &top), "x.png");
}

static void what_has_no_picture_is_named_by_the_preset(void **state)
{
    struct world *w = *state;
    assert_string_equal(expand(w, "{stem}.png", NULL), "oil.thick.png");
    assert_string_equal(expand(w, "{name}{ending}{dir}.csv", NULL), "oil.thick.csv");
}

static void braces_doubled_stand_for_themselves(void **state)
{
    struct world *w = *state;
    assert_string_equal(expand(w, "{{{stem}}}.png", NULL), "{oil.thick}.png");
    assert_string_equal(expand(w, names_quote(&w->arena, "a{b}c"), NULL), "a{b}c");
}

static void a_value_never_leaves_the_output_folder(void **state)
{
    struct world *w = *state;
    const struct item bad = {.relative = "x", .dir = "", .stem = "..", .ending = ""};
    assert_string_equal(expand(w, "{stem}/{stem}.png", &bad), "_./_..png");
    assert_string_equal(expand(w, "{stem}", &bad), "_.");
    const struct item dirs = {.relative = "x", .dir = "../../etc", .stem = "x", .ending = ""};
    assert_string_equal(expand(w, "{stem}", &dirs), "_/_/etc/x");
    assert_string_equal(expand(w, "{soft.path}", NULL), "waves");
    assert_string_equal(expand(w, "a//./b/", NULL), "a/b/");
}

static void a_name_that_is_not_utf8_is_kept_as_it_is(void **state)
{
    struct world *w = *state;
    const struct item latin = {.relative = "caf\351.jpg", .dir = "", .stem = "caf\351", .ending = "jpg"};
    assert_string_equal(expand(w, "{stem}.png", &latin), "caf\351.png");
}

static void mention_looks_at_placeholders_only(void **state)
{
    (void)state;
    assert_true(names_mention("{stem}-{soft.sigma}.png", "soft.sigma"));
    assert_true(names_mention("{n:4}", "n"));
    assert_false(names_mention("{{stem}}.png", "stem"));
    assert_false(names_mention("stem", "stem"));
}

static void good_templates_pass(void **state)
{
    struct world *w = *state;
    static const char *const good[] = {"{stem}.png", "{dir}/{n:4}.png", "{soft.sigma}", "a..b.png", "{{x}}", "pages/",
                                       "...png"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(names_check(good[i], &w->graph, NULL, w->report));
    assert_int_equal(report_count(w->report, SEV_NOTE), 0);
}

static void bad_templates_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"",          "{sten}.png", "{stem.png",    "stem}.png",  "{}",
                                      "../x.png",  "/x.png",     "a/../b.png",   "{soft.sig}", "{sof.sigma}",
                                      "{stem:3}",  "{n:0}",      "{n:x}",        "{n:99}",     ".impasto/x",
                                      "{{{stem}}", "{.sigma}",   "{soft.}",      "{st{em}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (names_check(bad[i], &w->graph, NULL, w->report))
            fail_msg("'%s' passes", bad[i]);
    }
}

static void all_mistakes_of_a_template_are_told(void **state)
{
    struct world *w = *state;
    const struct place at = {.file = "a.ini", .excerpt = "name = ../{sten}{dirr}.png", .line = 3, .col = 8, .length = 19};
    assert_false(names_check("../{sten}{dirr}.png", &w->graph, &at, w->report));
    assert_int_equal(report_count(w->report, SEV_ERROR), 3);
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    report_flush(w->report, f, false, false);
    fclose(f);
    assert_non_null(strstr(text, "did you mean '{stem}'?"));
    assert_non_null(strstr(text, "a.ini:3:12"));
    assert_non_null(strstr(text, "did you mean '{dir}'?"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_placeholder_has_its_value, open_world, close_world),
        cmocka_unit_test_setup_teardown(the_folder_comes_first_unless_it_is_in_the_template, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_has_no_picture_is_named_by_the_preset, open_world, close_world),
        cmocka_unit_test_setup_teardown(braces_doubled_stand_for_themselves, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_value_never_leaves_the_output_folder, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_name_that_is_not_utf8_is_kept_as_it_is, open_world, close_world),
        cmocka_unit_test(mention_looks_at_placeholders_only),
        cmocka_unit_test_setup_teardown(good_templates_pass, open_world, close_world),
        cmocka_unit_test_setup_teardown(bad_templates_are_refused, open_world, close_world),
        cmocka_unit_test_setup_teardown(all_mistakes_of_a_template_are_told, open_world, close_world),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
