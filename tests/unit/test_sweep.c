#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "sweep.h"

struct world { struct arena arena; struct report *report; struct sweep sweep; };

static int open_world(void **state)
{
    static struct world w;
    memset(&w, 0, sizeof w);
    arena_init(&w.arena);
    w.report = report_new();
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

static bool parse(struct world *w, const char *a, const char *b)
{
    const char *specs[] = {a, b};
    return sweep_parse(&w->arena, specs, b ? 2 : a ? 1 : 0, &w->sweep, w->report);
}

static void values_are(const struct sweep_axis *a, const char *joined)
{
    char all[1024] = "";
    for (size_t i = 0; i < a->count; i++) {
        strcat(all, i ? "|" : "");
        strcat(all, a->values[i]);
    }
    assert_string_equal(all, joined);
}

static void a_list_is_taken_as_it_is(void **state)
{
    struct world *w = *state;
    assert_true(parse(w, "face.hair=blond 0.7,brown 1,a\\,b", NULL));
    assert_string_equal(w->sweep.axes[0].node, "face");
    assert_string_equal(w->sweep.axes[0].key, "hair");
    values_are(&w->sweep.axes[0], "blond 0.7|brown 1|a,b");
    assert_int_equal(w->sweep.point_count, 3);
}

static void a_range_counts_its_steps(void **state)
{
    static const struct { const char *spec, *values; } rows[] = {
        {"p.k=1..4", "1|2|3|4"},      {"p.k=1..9..2", "1|3|5|7|9"},   {"p.k=3..1", "3|2|1"},
        {"p.k=0.1..0.5..0.1", "0.1|0.2|0.3|0.4|0.5"},                 {"p.k=1..0..-0.25", "1|0.75|0.5|0.25|0"},
        {"p.k=-1..1", "-1|0|1"},      {"p.k=1..8..3", "1|4|7"},       {"p.k=5..5", "5"},
        {"p.k=0..0.3..0.1", "0|0.1|0.2|0.3"},                         {"p.k=1000000..1000002", "1000000|1000001|1000002"},
        {"p.k=a..b", "a..b"}, /* no numbers: one word */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(parse(*state, rows[i].spec, NULL));
        values_are(&((struct world *)*state)->sweep.axes[0], rows[i].values);
    }
}

static void several_sweeps_are_every_combination_the_last_fastest(void **state)
{
    struct world *w = *state;
    assert_true(parse(w, "a.x=1,2", "b.y=u,v,w"));
    assert_int_equal(w->sweep.point_count, 6);
    assert_string_equal(sweep_label(&w->arena, &w->sweep, 0), "x=1 y=u");
    assert_string_equal(sweep_label(&w->arena, &w->sweep, 1), "x=1 y=v");
    assert_string_equal(sweep_label(&w->arena, &w->sweep, 5), "x=2 y=w");
    const struct preset_set given = {"c.z=9", FROM_SET};
    const struct preset_set *sets = sweep_sets(&w->arena, &w->sweep, 3, &given, 1);
    assert_string_equal(sets[0].text, "c.z=9");
    assert_string_equal(sets[1].text, "a.x=2");
    assert_string_equal(sets[2].text, "b.y=u");
    assert_int_equal(sets[2].origin, FROM_SWEEP);
}

static void no_sweep_is_one_point_without_a_name(void **state)
{
    struct world *w = *state;
    assert_true(parse(w, NULL, NULL));
    assert_int_equal(w->sweep.point_count, 1);
    assert_string_equal(sweep_label(&w->arena, &w->sweep, 0), "");
    assert_string_equal(sweep_template(&w->arena, &w->sweep, 0, "{stem}.png"), "{stem}.png");
}

static void names_get_the_values_that_they_do_not_mention(void **state)
{
    struct world *w = *state;
    static const struct { const char *from, *to; } rows[] = {
        {"{stem}.png", "{stem}-2-v.png"},  {"{stem}", "{stem}-2-v"},    {"maps/", "maps-2-v/"},
        {"a.b/{stem}", "a.b/{stem}-2-v"},  {"{n}/x.tar.gz", "{n}/x.tar-2-v.gz"},
        {"{stem}-{a.x}.png", "{stem}-{a.x}-v.png"}, {"{b.y}/{a.x}.png", "{b.y}/{a.x}.png"},
        {".hidden", ".hidden-2-v"},
    };
    assert_true(parse(w, "a.x=1,2", "b.y=u,v"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(sweep_template(&w->arena, &w->sweep, 3, rows[i].from), rows[i].to);
}

static void odd_values_make_plain_names(void **state)
{
    struct world *w = *state;
    assert_true(parse(w, "a.path=../waves and {sea}.png,blue", NULL));
    assert_string_equal(sweep_template(&w->arena, &w->sweep, 0, "{stem}.png"), "{stem}-waves_and_{{sea}}.png");
}

static void mistakes_are_refused(void **state)
{
    struct world *w = *state;
    static const char *const bad[] = {"",        "a",        "a.b",       "a.b=",       "=1",      ".b=1", "a.=1", "a=1.5",
                                      "a.b=1..9..0", "a.b=1..9..-1", "a.b=9..1..1", "a.b=0..1e9", "a.b=1,2,1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (parse(w, bad[i], NULL))
            fail_msg("'%s' passes", bad[i]);
    assert_false(parse(w, "a.b=1..100", "a.b=1,2"));
    assert_false(parse(w, "a.b=1..1000", "a.c=1..1000"));
    assert_true(report_count(w->report, SEV_ERROR) >= (int)(sizeof bad / sizeof *bad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_is_taken_as_it_is, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_range_counts_its_steps, open_world, close_world),
        cmocka_unit_test_setup_teardown(several_sweeps_are_every_combination_the_last_fastest, open_world, close_world),
        cmocka_unit_test_setup_teardown(no_sweep_is_one_point_without_a_name, open_world, close_world),
        cmocka_unit_test_setup_teardown(names_get_the_values_that_they_do_not_mention, open_world, close_world),
        cmocka_unit_test_setup_teardown(odd_values_make_plain_names, open_world, close_world),
        cmocka_unit_test_setup_teardown(mistakes_are_refused, open_world, close_world),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
