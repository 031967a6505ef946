/* test_check.c - the conformance driver on the broken shelf: each plugin fails the one test that is meant for
 * its fault, and the sound one passes all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "check.h"
#include "minihost.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { HEAP_IS_SEEN = 0 }; /* their malloc has no mallinfo */
#elif defined(__has_feature)
enum { HEAP_IS_SEEN = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) };
#else
enum { HEAP_IS_SEEN = 1 };
#endif

static const struct fault {
    const char *plugin, *test, *part;
} faults[] = {
    {"no_entry", "exports", "does not export imp_entry_v1"},
    {"extra_export", "exports", "helper_of_mine"},
    {"undefined_symbol", "loads", "function_of_nobody"},
    {"flushes_on_load", "loads", "floating-point mode"},
    {"wrong_magic", "head", "not IMP_MAGIC"},
    {"size_too_small", "head", "64 bytes"},
    {"newer_minor", "head", "needs ABI 1.7"},
    {"impure_entry", "entry", "allocates"},
    {"null_process", "descriptor", "process is NULL"},
    {"default_out_of_range", "descriptor", "default 99"},
    {"duplicate_key", "descriptor", "two parameters 'factor'"},
    {"bad_choice", "descriptor", "'grey' is none of its choices"},
    {"bad_utf8", "descriptor", "not UTF-8"},
    {"bad_id", "descriptor", "filter's id"},
    {"bad_type", "descriptor", "unknown type 77"},
    {"short_stride", "descriptor", "40 bytes"},
    {"many_not_last", "descriptor", "MANY"},
    {"init_fails", "init", "the table of stars"},
    {"writes_input", "runs", "wrote into its input 0"},
    {"leaves_unwritten", "runs", "was never written"},
    {"makes_nan", "runs", "is NaN"},
    {"writes_padding", "runs", "beside the samples"},
    {"overruns_scratch", "runs", "after scratch of 1000 bytes"},
    {"forgets_output", "runs", "output 'out' was not set"},
    {"fails_silently", "runs", "without a sentence"},
    {"exits", "runs", "ends the program"},
    {"crashes_small", "sizes", "it "},
    {"keeps_state", "repeats", "other bytes the second time"},
    {"counts_threads", "threads", "4 threads give other bytes"},
    {"infinite_at_end", "parameters", "factor = 0"},
    {"ignores_cancel", "stops", "was told to stop"},
    {"never_asks", "stops", "without asking"},
    {"ignores_refusal", "memory", "it "},
    {"changes_rounding", "leaves", "floating-point mode"},
    {"prints", "leaves", "stdout"},
    {"changes_folder", "leaves", "current folder"},
    {"leaves_file_open", "leaves", "file open"},
    {"leaks", "leaks", "not freed"},
    {"plan_lies", "plan", "74 x"},
};

/* Runs the driver, the whole report in buf. */
static struct check_totals run(const char *plugin, const char *only, char *buf, size_t size)
{
    char path[PATH_MAX], name[100];
    const struct check_options options = {.only = only};
    struct check_totals totals;
    FILE *out = tmpfile();
    assert_non_null(out);
    snprintf(name, sizeof name, "broken/%s", plugin);
    const int status = check_file(mini_built(name, path, sizeof path), &options, out, &totals);
    rewind(out);
    buf[fread(buf, 1, size - 1, out)] = 0;
    fclose(out);
    assert_int_equal(status, totals.failed > 0 || totals.passed == 0);
    return totals;
}

static void the_sound_plugin_passes_all(void **state)
{
    char text[16384];
    (void)state;
    const struct check_totals totals = run("sound", NULL, text, sizeof text);
    if (totals.failed)
        fail_msg("%s", text);
    assert_int_equal(totals.passed, 16);
}

/* The line of the first failed test. */
static void assert_first_failure(const struct fault *f, const char *text)
{
    char wanted[100], line[2000] = "";
    const char *at = strncmp(text, "FAILED", 6) == 0 ? text : strstr(text, "\nFAILED");
    snprintf(line, sizeof line, "%.*s", at ? (int)strcspn(at + 1, "\n") + 1 : 0, at ? at : "");
    snprintf(wanted, sizeof wanted, ": %s: ", f->test);
    if (!strstr(line, wanted) || !strstr(line, f->part))
        fail_msg("%s: test '%s' should say '%s', but: %s", f->plugin, f->test, f->part, line[0] ? line : "nothing failed");
}

static void every_fault_is_caught_by_the_test_meant_for_it(void **state)
{
    char text[16384];
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const struct fault *f = &faults[i];
        if (!HEAP_IS_SEEN && (strcmp(f->test, "leaks") == 0 || strcmp(f->test, "entry") == 0))
            continue;
        /* what waits for seconds is run for its own test alone */
        const struct check_totals totals = run(f->plugin, strcmp(f->plugin, "never_asks") ? NULL : f->test, text, sizeof text);
        assert_first_failure(f, text);
        if (strcmp(f->test, "exports") == 0 || strcmp(f->test, "loads") == 0 || strcmp(f->test, "head") == 0)
            continue; /* what depends on them fails with them */
        if (totals.failed != 1)
            fail_msg("%s: only '%s' should fail:\n%s", f->plugin, f->test, text);
    }
}

static void what_needs_a_service_is_skipped_and_runs_with_it(void **state)
{
    char text[16384], consumer[PATH_MAX], provider[PATH_MAX];
    const struct check_totals alone = run("consumer", NULL, text, sizeof text);
    struct check_totals together;
    const char *with[] = {mini_built("broken/provider", provider, sizeof provider)};
    const struct check_options options = {.with = with, .with_count = 1};
    (void)state;
    assert_int_equal(alone.failed, 0);
    assert_non_null(strstr(text, "it needs the service 'org.example.counter/1'"));
    FILE *out = tmpfile();
    assert_int_equal(check_file(mini_built("broken/consumer", consumer, sizeof consumer), &options, out, &together), 0);
    assert_int_equal(together.passed, 16);
    fclose(out);
}

static void a_line_of_json_for_each_test(void **state)
{
    char path[PATH_MAX], line[4096];
    const struct check_options options = {.json = true};
    struct check_totals totals;
    int lines = 0;
    FILE *out = tmpfile();
    (void)state;
    assert_int_equal(check_file(mini_built("broken/makes_nan", path, sizeof path), &options, out, &totals), 1);
    rewind(out);
    while (fgets(line, sizeof line, out)) {
        assert_int_equal(line[0], '{');
        assert_int_equal(line[strlen(line) - 2], '}');
        lines++;
    }
    fclose(out);
    assert_non_null(strstr(line, "\"type\":\"summary\""));
    assert_int_equal(lines, totals.passed + totals.failed + totals.skipped + 1);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(the_sound_plugin_passes_all),
        cmocka_unit_test(every_fault_is_caught_by_the_test_meant_for_it),
        cmocka_unit_test(what_needs_a_service_is_skipped_and_runs_with_it),
        cmocka_unit_test(a_line_of_json_for_each_test),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
