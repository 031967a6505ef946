/* test_check.c - the conformance driver on the broken shelf: each plugin fails the one test that is meant for
 * its fault, and the sound one passes all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <inttypes.h>
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

/* What host_symbol.c takes from the program that loads it. */
__attribute__((visibility("default"))) int function_of_the_program(int);
int function_of_the_program(int x)
{
    return -x;
}

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
    {"stops_as_memory", "stops", "at question 2 of 3: it answers -4"},
    {"never_asks", "stops", "without asking"},
    {"ignores_refusal", "memory", "it "},
    {"changes_rounding", "leaves", "floating-point mode"},
    {"prints", "leaves", "stdout"},
    {"changes_folder", "leaves", "current folder"},
    {"leaves_file_open", "leaves", "file open"},
    {"leaks", "leaks", "not freed"},
    {"plan_lies", "plan", "74 x"},
    {"wrong_major", "head", "ABI 3"},
    {"entry_null", "head", "NULL"},
    {"entry_v2", "exports", "does not export imp_entry_v1"},
    {"crashes_on_load", "loads", "it crashes"},
    {"bad_key", "descriptor", "its key must be"},
    {"taken_key", "descriptor", "presets use the key 'filter'"},
    {"host_symbol", "imports", "function_of_the_program"},
    {"reads_padding", "runs", "made of the padding"},
    {"writes_outside", "runs", "1 floats before"},
    {"sets_twice", "runs", "twice"},
    {"unknown_status", "runs", "unknown status 7"},
    {"indexes_by_value", "nonfinite", "it "},
    {"restores_input", "readonly", "writes into an input"},
    {"address_seen", "processes", "two processes"},
    {"shares_buffer", "instances", "three instances"},
    {"trusts_words", "outside", "words = 5000 letters"},
    {"ignores_malloc", "allocation", "malloc number 1"},
    {"leaves_thread", "leaves", "thread running"},
    {"changes_locale", "leaves", "locale"},
    {"changes_environment", "leaves", "environment"},
    {"catches_signals", "leaves", "signal handlers"},
    {"needs_wanted", "wants", "it "},
    {"hangs", "runs", "does not come to an end"},
};

/* The driver as a program: build/CONFIG/libexec/impasto/impasto-check, found by a plugin of the tree. */
static const char *driver_of(char *buf, size_t size)
{
    char so[PATH_MAX];
    mini_built("broken/sound", so, sizeof so);
    snprintf(buf, size, "%.*s/libexec/impasto/impasto-check", (int)(strlen(so) - strlen("/broken/sound.so")), so);
    return buf;
}

/* Runs the driver, the whole report in buf. */
static struct check_totals run(const char *plugin, const char *only, char *buf, size_t size)
{
    char path[PATH_MAX], name[100];
    char driver[PATH_MAX], provider[PATH_MAX];
    const char *with[] = {mini_built("broken/provider", provider, sizeof provider)};
    const struct check_options options = {
        .only = only, .program = strcmp(plugin, "host_symbol") ? driver_of(driver, sizeof driver) : NULL, .with = with, .with_count = strcmp(plugin, "needs_wanted") == 0,
        .seconds = strcmp(plugin, "hangs") ? 0 : 1};
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
    assert_int_equal(totals.passed, HEAP_IS_SEEN ? 23 : 20);
    assert_int_equal(totals.skipped, HEAP_IS_SEEN ? 0 : 3);
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
        if (!HEAP_IS_SEEN && (strcmp(f->test, "leaks") == 0 || strcmp(f->test, "entry") == 0 || strcmp(f->test, "allocation") == 0 ||
                              strcmp(f->test, "imports") == 0))
            continue;
        /* what waits for seconds is run for its own test alone */
        const struct check_totals totals = run(f->plugin, strcmp(f->plugin, "never_asks") ? NULL : f->test, text, sizeof text);
        assert_first_failure(f, text);
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
    assert_int_equal(together.passed, HEAP_IS_SEEN ? 22 : 19); /* and `processes` is skipped */
    fclose(out);
}

/* Fuzzing of a plugin of the shelf; the report in buf. */
static struct check_totals fuzz(const char *plugin, uint64_t seed, uint64_t only_case, char *buf, size_t size)
{
    char path[PATH_MAX], name[100];
    const struct check_options options = {.fuzz = true, .seed = seed, .only_case = only_case, .cases = 40};
    struct check_totals totals;
    FILE *out = tmpfile();
    assert_non_null(out);
    snprintf(name, sizeof name, "broken/%s", plugin);
    check_file(mini_built(name, path, sizeof path), &options, out, &totals);
    rewind(out);
    buf[fread(buf, 1, size - 1, out)] = 0;
    fclose(out);
    return totals;
}

static void fuzzing_finds_faults_and_a_seed_finds_them_again(void **state)
{
    static const char *const shelf[] = {"crashes_small", "ignores_malloc", "ignores_refusal", "ignores_cancel", "infinite_at_end"};
    char first[16384], again[16384], alone[16384];
    (void)state;
    if (fuzz("sound", 1, 0, first, sizeof first).failed)
        fail_msg("%s", first);
    for (size_t i = HEAP_IS_SEEN ? 0 : 2; i < sizeof shelf / sizeof *shelf; i++) {
        uint64_t number = 0;
        if (fuzz(shelf[i], 7, 0, first, sizeof first).failed != 1)
            fail_msg("%s: %s", shelf[i], first);
        fuzz(shelf[i], 7, 0, again, sizeof again);
        assert_string_equal(first, again);
        const char *at = strstr(first, "--seed 7:");
        assert_non_null(at);
        assert_int_equal(sscanf(at, "--seed 7:%" SCNu64, &number), 1);
        assert_int_equal(fuzz(shelf[i], 7, number, alone, sizeof alone).failed, 1);
        assert_string_equal(first, alone);
    }
}

static void junit_counts_and_escapes(void **state)
{
    char path[PATH_MAX], text[16384];
    const struct check_options options = {.form = CHECK_JUNIT, .only = "descriptor"};
    struct check_totals totals;
    FILE *out = tmpfile();
    (void)state;
    assert_int_equal(check_file(mini_built("broken/bad_id", path, sizeof path), &options, out, &totals), 1);
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = 0;
    fclose(out);
    assert_non_null(strstr(text, "tests=\"1\" failures=\"1\" skipped=\"0\""));
    assert_non_null(strstr(text, "<failure message=\"a filter's id must"));
    assert_non_null(strstr(text, "&quot;org.example.gain&quot;"));
}

static void a_line_of_json_for_each_test(void **state)
{
    char path[PATH_MAX], line[4096];
    const struct check_options options = {.form = CHECK_JSON};
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
        cmocka_unit_test(fuzzing_finds_faults_and_a_seed_finds_them_again),
        cmocka_unit_test(junit_counts_and_escapes),
        cmocka_unit_test(a_line_of_json_for_each_test),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
