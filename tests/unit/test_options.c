/* test_options.c - arguments by the tables: every way to write an option, every way to get it
 * wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "command.h"

struct world {
    struct arena arena;
    struct report *report;
    struct arguments args;
};

static int open_world(void **state)
{
    struct world *w = heap_alloc(1, sizeof *w);
    arena_init(&w->arena);
    w->report = report_new();
    *state = w;
    return w->report ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;
    report_free(w->report);
    arena_fini(&w->arena);
    free(w);
    return 0;
}

#define PARSE(w, verb, ...) parse(w, verb, (const char *const[]){__VA_ARGS__, NULL})
static bool parse(struct world *w, const char *verb, const char *const *argv)
{
    int argc = 0;
    while (argv[argc])
        argc++;
    return arguments_parse(&w->arena, verb_find(verb), argc, argv, &w->args, w->report);
}

/* The report as text. */
static char *messages(struct world *w)
{
    char *data = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&data, &size);
    report_flush(w->report, stream, false, false);
    fclose(stream);
    return data;
}

static void assert_refused(struct world *w, const char *part)
{
    char *text = messages(w);
    if (!strstr(text, part))
        fail_msg("'%s' is not in: %s", part, text);
    size_t lines = 0;
    for (const char *s = text; *s; s++)
        lines += *s == '\n';
    assert_int_equal(lines, 3);
    free(text);
}

static void values_follow_an_equals_sign_or_stand_alone(void **state)
{
    struct world *w = *state;
    assert_true(PARSE(w, "run", "a.ini", "--out=x", "--jobs", "3"));
    assert_string_equal(arguments_text(&w->args, OPT_OUT), "x");
    assert_string_equal(arguments_text(&w->args, OPT_JOBS), "3");
    assert_true(PARSE(w, "run", "a.ini", "--out="));
    assert_string_equal(arguments_text(&w->args, OPT_OUT), "");
}

static void letters_are_bundled_with_and_without_a_value(void **state)
{
    struct world *w = *state;
    assert_true(PARSE(w, "run", "a.ini", "-qj2", "-oout"));
    assert_true(arguments_have(&w->args, OPT_QUIET));
    assert_string_equal(arguments_text(&w->args, OPT_JOBS), "2");
    assert_string_equal(arguments_text(&w->args, OPT_OUT), "out");
    assert_true(PARSE(w, "run", "a.ini", "-qo", "out"));
    assert_string_equal(arguments_text(&w->args, OPT_OUT), "out");
}

static void operands_and_options_come_in_any_order(void **state)
{
    struct world *w = *state;
    assert_true(PARSE(w, "run", "-q", "a.ini", "--out", "x", "b.jpg", "-"));
    assert_int_equal(w->args.operand_count, 3);
    assert_string_equal(w->args.operands[0], "a.ini");
    assert_string_equal(w->args.operands[2], "-");
}

static void two_dashes_end_the_options(void **state)
{
    struct world *w = *state;
    assert_true(PARSE(w, "run", "--", "--out", "-q"));
    assert_int_equal(w->args.operand_count, 2);
    assert_false(arguments_have(&w->args, OPT_QUIET));
}

static void repeated_options_keep_their_order(void **state)
{
    struct world *w = *state;
    size_t n;
    assert_true(PARSE(w, "run", "a.ini", "--set", "a.b=1", "-q", "--set=c.d=2"));
    const char *const *all = arguments_all(&w->arena, &w->args, OPT_SET, &n);
    assert_int_equal(n, 2);
    assert_string_equal(all[0], "a.b=1");
    assert_string_equal(all[1], "c.d=2");
}

static void help_wins_over_missing_operands(void **state)
{
    struct world *w = *state;
    assert_true(PARSE(w, "graph", "-h"));
    assert_int_equal(w->args.help, HELP_SHORT);
    assert_true(PARSE(w, "graph", "--help"));
    assert_int_equal(w->args.help, HELP_FULL);
}

static void an_unknown_option_is_refused_with_the_nearest(void **state)
{
    struct world *w = *state;
    assert_false(PARSE(w, "run", "--shrad", "1/2"));
    assert_refused(w, "did you mean --shard?");
    assert_false(PARSE(w, "list", "--sweep", "a=1"));
    assert_refused(w, "it belongs to: impasto run");
    assert_false(PARSE(w, "run", "-Z"));
    assert_refused(w, "no option -Z");
}

static void values_that_do_not_fit_are_refused(void **state)
{
    struct world *w = *state;
    assert_false(PARSE(w, "run", "a.ini", "--out"));
    assert_refused(w, "--out needs a value");
    assert_false(PARSE(w, "graph", "a.ini", "--format=png"));
    assert_refused(w, "text|dot|svg");
    assert_false(PARSE(w, "graph", "a.ini", "--format=tex"));
    assert_refused(w, "text|dot|svg");
    assert_false(PARSE(w, "graph", "a.ini", "--format="));
    assert_refused(w, "text|dot|svg");
    assert_false(PARSE(w, "run", "a.ini", "--quiet=yes"));
    assert_refused(w, "takes no value");
}

static void one_option_with_two_values_is_refused(void **state)
{
    struct world *w = *state;
    assert_false(PARSE(w, "run", "a.ini", "-o", "x", "-o", "y"));
    assert_refused(w, "given twice: 'x' and 'y'");
    assert_true(PARSE(w, "run", "a.ini", "-o", "x", "-o", "x", "-qq"));
}

static void too_few_and_too_many_operands_are_refused(void **state)
{
    struct world *w = *state;
    assert_false(PARSE(w, "graph", "-f", "dot"));
    assert_refused(w, "needs PRESET");
    assert_false(PARSE(w, "graph", "a", "b"));
    assert_refused(w, "nothing to do with 'b'");
}

static void the_tables_are_complete_and_consistent(void **state)
{
    (void)state;
    for (int i = 0; i < OPT_COUNT; i++) {
        assert_non_null(option_rows[i].name);
        assert_non_null(option_rows[i].help);
        assert_true(strlen(option_rows[i].help) <= 52);
        assert_true(option_rows[i].offer != OFFER_CHOICE || strchr(option_rows[i].value, '|'));
        for (int j = 0; j < i; j++)
            assert_string_not_equal(option_rows[i].name, option_rows[j].name);
    }
    for (const struct verb *v = verbs; v->name; v++) {
        assert_non_null(v->run);
        assert_non_null(v->examples[0].line);
        for (const enum option_id *a = v->options; *a != OPT_COUNT; a++)
            for (const enum option_id *b = v->options; b != a; b++)
                assert_true(*a != *b && (!option_rows[*a].letter || !option_rows[*b].letter ||
                                         *option_rows[*a].letter != *option_rows[*b].letter));
    }
}

static void every_example_can_be_parsed(void **state)
{
    struct world *w = *state;
    for (const struct verb *v = verbs; v->name; v++)
        for (const struct example *e = v->examples; e->line; e++) {
            const char *argv[32];
            char *line = arena_strdup(&w->arena, e->line), *save = NULL;
            int argc = 0;
            if (strncmp(line, "impasto ", 8) != 0)
                continue;
            line[strcspn(line, "|>")] = 0;
            for (char *s = strtok_r(line, " ", &save); s; s = strtok_r(NULL, " ", &save))
                argv[argc++] = s;
            assert_string_equal(argv[1], v->name);
            assert_true(arguments_parse(&w->arena, v, argc - 2, argv + 2, &w->args, w->report));
        }
}

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
    const struct CMUnitTest tests[] = {
        CASE(values_follow_an_equals_sign_or_stand_alone),
        CASE(letters_are_bundled_with_and_without_a_value),
        CASE(operands_and_options_come_in_any_order),
        CASE(two_dashes_end_the_options),
        CASE(repeated_options_keep_their_order),
        CASE(help_wins_over_missing_operands),
        CASE(an_unknown_option_is_refused_with_the_nearest),
        CASE(values_that_do_not_fit_are_refused),
        CASE(one_option_with_two_values_is_refused),
        CASE(too_few_and_too_many_operands_are_refused),
        CASE(the_tables_are_complete_and_consistent),
        CASE(every_example_can_be_parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
