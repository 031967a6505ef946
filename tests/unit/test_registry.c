/* test_registry.c - the loader on the broken shelf: what is refused and why, what is remembered, in which order
 * plugins start and end. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <fenv.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "../broken/note.h"
#include "files.h"
#include "minihost.h"
#include "registry.h"

/* ---- a search path of its own for each case ---- */

struct place_of_test {
    char folder[PATH_MAX], second[PATH_MAX + 8], cache[PATH_MAX + 8], path[2 * PATH_MAX + 32];
    struct report *report;
};

static int set_up(void **state)
{
    struct place_of_test *p = calloc(1, sizeof *p);
    const char *tmp = getenv("TMPDIR");
    snprintf(p->folder, sizeof p->folder, "%s/impasto-registry-XXXXXX", tmp ? tmp : "/tmp");
    if (!p || !mkdtemp(p->folder))
        return 1;
    snprintf(p->second, sizeof p->second, "%s/second", p->folder);
    snprintf(p->cache, sizeof p->cache, "%s/cache", p->folder);
    snprintf(p->path, sizeof p->path, "%s:%s", p->folder, p->second);
    mkdir(p->second, 0755);
    p->report = report_new();
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place_of_test *p = *state;
    files_remove_tree(p->folder);
    report_free(p->report);
    free(p);
    return 0;
}

/* Copies a plugin of the shelf into the folder under a name. */
static void put(const struct place_of_test *p, const char *folder, const char *plugin, const char *name)
{
    char from[PATH_MAX], to[2 * PATH_MAX], what[100];
    size_t size;
    assert_int_equal(strncmp(folder, p->folder, strlen(p->folder)), 0);
    snprintf(what, sizeof what, "broken/%s", plugin);
    char *data = files_read(mini_built(what, from, sizeof from), &size);
    assert_non_null(data);
    snprintf(to, sizeof to, "%s/%s", folder, name);
    assert_true(files_replace(to, data, size));
    assert_int_equal(chmod(to, 0755), 0);
    free(data);
}

static struct registry *open_place(const struct place_of_test *p, const char *cache, bool insecure)
{
    const struct registry_options options = {.plugin_path = p->path, .program_path = "/nonexistent/bin/impasto",
                                             .cache_file = cache, .insecure = insecure};
    return registry_open(&options, p->report);
}

static struct plugin *nth_plugin(const struct registry *r, size_t i)
{
    size_t n;
    struct plugin *const *all = registry_plugins(r, &n);
    assert_true(i < n);
    return all[i];
}

static void assert_has(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("expected \"%s\" in \"%s\"", part, text ? text : "(nothing)");
}

/* ---- refusals ---- */

static const struct refusal {
    const char *plugin, *part;
} refusals[] = {
    {"no_entry", "does not export imp_entry_v1"},
    {"entry_v2", "is for ABI 2"},
    {"entry_null", "answers NULL"},
    {"wrong_magic", "not with IMP_MAGIC"},
    {"wrong_major", "says ABI 3, this host has 1"},
    {"size_too_small", "has 64 bytes, ABI 1.0 has"},
    {"newer_minor", "needs ABI 1.7, this host has 1.0: update Impasto"},
    {"null_process", "its process is NULL"},
    {"default_out_of_range", "'factor': its default 99 is out of its range 0 .. 16"},
    {"duplicate_key", "two parameters 'factor'"},
    {"bad_key", "'Factor 1' is no key"},
    {"taken_key", "cannot be called 'filter'"},
    {"bad_choice", "default \"grey\" is no CHOICE"},
    {"bad_type", "unknown type 77"},
    {"bad_id", "'My Filter' is no id of a filter"},
    {"bad_utf8", "parameter 'factor' is not UTF-8"},
    {"short_stride", "1 rows of 40 bytes"},
    {"many_not_last", "'all' takes MANY values, so it must be the last"},
    {"missing_service", "needs the service 'org.example.nowhere/1', which no plugin at hand provides"},
    {"undefined_symbol", "undefined symbol: function_of_nobody"},
};

/* Each under a name of its own, since what is loaded once under a name stays; in order of the names. */
static void put_numbered(const struct place_of_test *p, size_t i, char *name, size_t size)
{
    snprintf(name, size, "x%02zu.so", i);
    put(p, p->folder, refusals[i].plugin, name);
}

static void every_refusal_is_a_sentence_with_file_and_cause(void **state)
{
    const struct place_of_test *p = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char name[32];
        put_numbered(p, i, name, sizeof name);
        struct registry *r = open_place(p, NULL, false);
        const struct plugin *x = nth_plugin(r, i);
        assert_has(x->refused, refusals[i].part);
        assert_int_equal(strncmp(x->refused, name, strlen(name)), 0);
        registry_close(r);
    }
    assert_int_equal(report_count(p->report, SEV_WARNING), 0);
}

static void refusals_are_the_same_from_the_catalogue(void **state)
{
    const struct place_of_test *p = *state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        char name[32];
        put_numbered(p, i, name, sizeof name);
        registry_close(open_place(p, p->cache, false));
        struct registry *r = open_place(p, p->cache, false);
        assert_has(nth_plugin(r, i)->refused, refusals[i].part);
        registry_close(r);
    }
}

static void what_crashes_while_it_is_loaded_is_refused_and_the_others_are_there(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "crashes_on_load", "a.so");
    put(p, p->folder, "sound", "b.so");
    for (int i = 0; i < 2; i++) { /* the second time with a catalogue */
        struct registry *r = open_place(p, p->cache, false);
        assert_has(nth_plugin(r, 0)->refused, "a.so: crashes when it is loaded (signal 6)");
        assert_non_null(registry_find(r, "org.example.broken"));
        registry_close(r);
    }
}

/* A library that it needs may come. */
static void what_cannot_be_loaded_today_is_not_in_the_catalogue(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "undefined_symbol", "a.so");
    put(p, p->folder, "crashes_on_load", "b.so");
    registry_close(open_place(p, p->cache, false));
    assert_int_not_equal(access(p->cache, F_OK), 0);
}

static void what_is_no_shared_object_is_refused(void **state)
{
    const struct place_of_test *p = *state;
    char path[2 * PATH_MAX];
    snprintf(path, sizeof path, "%s/x.so", p->folder);
    assert_true(files_replace(path, "hello", 5));
    struct registry *r = open_place(p, NULL, false);
    assert_has(nth_plugin(r, 0)->refused, "x.so: cannot be loaded: ");
    registry_close(r);
}

static void both_members_of_a_circle_are_named(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "circle_a", "a.so");
    put(p, p->folder, "circle_b", "b.so");
    struct registry *r = open_place(p, NULL, false);
    for (size_t i = 0; i < 2; i++) {
        assert_has(nth_plugin(r, i)->refused, "is in a circle of needs");
        assert_has(nth_plugin(r, i)->refused, "org.example.circle_a");
        assert_has(nth_plugin(r, i)->refused, "org.example.circle_b");
    }
    registry_close(r);
}

static void a_failing_init_is_reported_when_the_filter_is_used(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "init_fails", "x.so");
    struct registry *r = open_place(p, NULL, false);
    struct filter_info *f = registry_find(r, "org.example.broken");
    assert_non_null(f);
    assert_null(f->plugin->refused);
    assert_false(registry_use(r, f, NULL, p->report));
    assert_has(f->plugin->refused, "cannot start: the table of stars is not there");
    assert_false(registry_use(r, f, NULL, p->report));
    assert_int_equal(report_count(p->report, SEV_ERROR), 2);
    assert_int_equal(report_exit_status(p->report), 4);
    registry_close(r);
}

/* ---- the search path ---- */

static void a_sound_plugin_is_found_and_opened(void **state)
{
    const struct place_of_test *p = *state;
    size_t n;
    put(p, p->folder, "sound", "sound.so");
    struct registry *r = open_place(p, NULL, false);
    struct filter_info *f = registry_find(r, "org.example.broken");
    assert_non_null(f);
    assert_null(registry_find(r, "org.example.other"));
    assert_null(f->real);
    assert_true(hash_known(f->plugin->content));
    assert_true(registry_use(r, f, NULL, p->report));
    assert_non_null(f->real);
    assert_ptr_equal(f->desc.process, f->real->process);
    assert_string_equal(registry_filter_ids(r, &n)[0], "org.example.broken");
    assert_int_equal(n, 1);
    registry_close(r);
}

static void hidden_files_and_others_are_skipped(void **state)
{
    const struct place_of_test *p = *state;
    size_t n;
    put(p, p->folder, "sound", ".hidden.so");
    put(p, p->folder, "sound", "@trash.so");
    put(p, p->folder, "sound", "sound.so.bak");
    struct registry *r = open_place(p, NULL, false);
    registry_plugins(r, &n);
    assert_int_equal(n, 0);
    registry_close(r);
}

static void the_first_holder_of_an_id_wins(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "sound", "z.so");
    put(p, p->second, "sound", "a.so");
    put(p, p->second, "same_filter", "b.so");
    struct registry *r = open_place(p, NULL, false);
    assert_null(nth_plugin(r, 0)->shadowed_by);
    assert_string_equal(nth_plugin(r, 1)->shadowed_by, nth_plugin(r, 0)->path);
    assert_has(nth_plugin(r, 2)->refused, "its filter 'org.example.broken' is already in z.so");
    assert_ptr_equal(registry_find(r, "org.example.broken")->plugin, nth_plugin(r, 0));
    registry_close(r);
}

static void a_refused_plugin_shadows_nothing(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "null_process", "a.so");
    put(p, p->folder, "sound", "b.so");
    struct registry *r = open_place(p, NULL, false);
    assert_non_null(nth_plugin(r, 0)->refused);
    assert_null(nth_plugin(r, 1)->refused);
    assert_null(nth_plugin(r, 1)->shadowed_by);
    registry_close(r);
}

static void what_others_may_write_is_refused(void **state)
{
    const struct place_of_test *p = *state;
    char path[2 * PATH_MAX];
    put(p, p->folder, "sound", "x.so");
    snprintf(path, sizeof path, "%s/x.so", p->folder);
    chmod(path, 0777);
    struct registry *r = open_place(p, NULL, false);
    assert_has(nth_plugin(r, 0)->refused, "every user may write to this file");
    registry_close(r);
    chmod(path, 0755);
    chmod(p->folder, 0777);
    r = open_place(p, NULL, false);
    assert_has(nth_plugin(r, 0)->refused, "every user may write to this folder");
    registry_close(r);
    r = open_place(p, NULL, true);
    assert_null(nth_plugin(r, 0)->refused);
    registry_close(r);
}

static void a_folder_that_is_not_there_is_a_warning(void **state)
{
    const struct place_of_test *p = *state;
    const struct registry_options options = {.plugin_path = "/nonexistent/here", .program_path = "/nonexistent/bin/impasto"};
    registry_close(registry_open(&options, p->report));
    assert_int_equal(report_count(p->report, SEV_WARNING), 1);
}

/* ---- the catalogue ---- */

static bool is_mapped(const char *name)
{
    char line[PATH_MAX];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        found |= strstr(line, name) != NULL;
    if (maps)
        fclose(maps);
    return found;
}

static void fill_catalogue_in_a_child(const struct place_of_test *p)
{
    int status;
    const pid_t pid = fork();
    if (pid == 0) {
        registry_close(open_place(p, p->cache, false));
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_start_with_a_catalogue_opens_nothing(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "sound", "only_when_used.so");
    fill_catalogue_in_a_child(p);
    struct registry *r = open_place(p, p->cache, false);
    struct filter_info *f = registry_find(r, "org.example.broken");
    assert_non_null(f);
    assert_string_equal(f->desc.params[0].key, "factor");
    assert_float_equal(f->desc.params[0].max, 16, 0);
    assert_false(is_mapped("only_when_used.so"));
    assert_true(registry_use(r, f, NULL, p->report));
    assert_true(is_mapped("only_when_used.so"));
    assert_non_null(f->desc.process);
    registry_close(r);
}

static void a_replaced_file_is_looked_at_again(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "sound", "x.so");
    fill_catalogue_in_a_child(p);
    put(p, p->folder, "null_process", "x.so");
    struct registry *r = open_place(p, p->cache, false);
    assert_has(nth_plugin(r, 0)->refused, "its process is NULL");
    registry_close(r);
}

static void a_damaged_catalogue_counts_as_none(void **state)
{
    const struct place_of_test *p = *state;
    size_t size;
    put(p, p->folder, "sound", "x.so");
    fill_catalogue_in_a_child(p);
    char *good = files_read(p->cache, &size);
    assert_non_null(good);
    for (size_t i = 0; i < 40; i++) {
        char *bad = malloc(size);
        const size_t n = i % 2 ? size : size * i / 40;
        memcpy(bad, good, size);
        bad[size * i / 40] ^= (char)0x55;
        assert_true(files_replace(p->cache, bad, n));
        free(bad);
        struct registry *r = open_place(p, p->cache, false);
        assert_non_null(registry_find(r, "org.example.broken"));
        registry_close(r);
    }
    free(good);
}

static void a_catalogue_that_cannot_be_written_is_no_fault(void **state)
{
    const struct place_of_test *p = *state;
    put(p, p->folder, "sound", "x.so");
    struct registry *r = open_place(p, "/proc/nonexistent/catalogue", false);
    assert_non_null(registry_find(r, "org.example.broken"));
    assert_int_equal(report_count(p->report, SEV_NOTE), 0);
    registry_close(r);
}

/* ---- opening ---- */

static void a_changed_fp_mode_is_put_right_and_named(void **state)
{
    const struct place_of_test *p = *state;
    const int before = fegetround();
    put(p, p->folder, "flushes_on_load", "x.so");
    struct registry *r = open_place(p, NULL, false);
    assert_int_equal(fegetround(), before);
    assert_has(nth_plugin(r, 0)->warning, "changes the floating-point mode");
    assert_true(registry_use(r, registry_find(r, "org.example.broken"), NULL, p->report));
    assert_int_equal(report_count(p->report, SEV_WARNING), 1);
    registry_close(r);
}

static char notes[200];

static void add_note(const char *word) IMP_NX
{
    snprintf(notes + strlen(notes), sizeof notes - strlen(notes), "%s%s", notes[0] ? " " : "", word);
}

static const struct note_1 note_table = {sizeof note_table, 0, add_note};

static void providers_start_before_and_end_after_their_consumers(void **state)
{
    const struct place_of_test *p = *state;
    int user;
    put(p, p->folder, "consumer", "a.so");
    put(p, p->folder, "provider", "b.so");
    struct registry *r = open_place(p, NULL, false);
    registry_set_interface(r, NOTE_1, &note_table, &user);
    notes[0] = 0;
    assert_true(registry_use(r, registry_find(r, "org.example.consumer"), NULL, p->report));
    assert_string_equal(notes, "provider+ open consumer+");
    registry_close(r);
    assert_string_equal(notes, "provider+ open consumer+ consumer- close provider-");
}

static void a_node_gets_the_provider_that_the_preset_names(void **state)
{
    const struct place_of_test *p = *state;
    char text[300];
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    imp_service service;
    int user;
    put(p, p->folder, "provider", "b.so");
    struct registry *r = open_place(p, NULL, false);
    registry_set_interface(r, NOTE_1, &note_table, &user);
    const imp_host *good = registry_host(r, "node", "org.example.provider"), *bad = registry_host(r, "other", "org.acme");
    assert_ptr_equal(registry_interface_user(good, NOTE_1), &user);
    assert_null(good->get_interface(good, "org.example.nothing/1"));
    assert_int_equal(good->acquire(good, "org.example.counter/1", NULL, &service, &err), IMP_OK);
    assert_non_null(service.table);
    good->release(good, &service);
    assert_null(service.table);
    assert_int_equal(bad->acquire(bad, "org.example.counter/1", NULL, &service, &err), IMP_E_MISSING);
    assert_has(text, "'org.acme' does not provide 'org.example.counter/1', 'org.example.provider' does");
    assert_int_equal(good->acquire(good, "org.example.nothing/1", NULL, &service, &err), IMP_E_MISSING);
    registry_close(r);
}

static void the_host_finds_services_by_number(void **state)
{
    const struct place_of_test *p = *state;
    const char *id = NULL;
    imp_service service;
    put(p, p->folder, "provider", "b.so");
    struct registry *r = open_place(p, NULL, false);
    assert_true(registry_service(r, "org.example.counter/1", 0, &service, &id));
    assert_string_equal(id, "org.example.provider");
    assert_false(registry_service(r, "org.example.counter/1", 1, &service, &id));
    assert_false(registry_service(r, "org.example.nothing/1", 0, &service, &id));
    registry_close(r);
}

static void a_file_is_explained_from_a_child(void **state)
{
    const struct place_of_test *p = *state;
    static const struct refusal expected[] = {
        {"crashes_on_load", "when it is loaded"}, {"init_fails", "the table of stars"}, {"null_process", "its process is NULL"},
    };
    const struct registry_options options = {.program_path = "/nonexistent/bin/impasto"};
    char path[2 * PATH_MAX];
    struct text text = {0};
    snprintf(path, sizeof path, "%s/x.so", p->folder);
    for (size_t i = 0; i < 3; i++) {
        put(p, p->folder, expected[i].plugin, "x.so");
        assert_int_equal(registry_explain_file(&options, path, &text), 1);
        assert_has(text.data, expected[i].part);
        text_free(&text);
    }
    put(p, p->folder, "sound", "x.so");
    assert_int_equal(registry_explain_file(&options, path, &text), 0);
    assert_int_equal(text.size, 0);
    text_free(&text);
    assert_int_equal(registry_explain_file(&options, "/nonexistent/x.so", &text), 1);
    assert_has(text.data, "cannot be read");
    text_free(&text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest cases[] = {
        CASE(every_refusal_is_a_sentence_with_file_and_cause),
        CASE(refusals_are_the_same_from_the_catalogue),
        CASE(what_crashes_while_it_is_loaded_is_refused_and_the_others_are_there),
        CASE(what_cannot_be_loaded_today_is_not_in_the_catalogue),
        CASE(what_is_no_shared_object_is_refused),
        CASE(both_members_of_a_circle_are_named),
        CASE(a_failing_init_is_reported_when_the_filter_is_used),
        CASE(a_sound_plugin_is_found_and_opened),
        CASE(hidden_files_and_others_are_skipped),
        CASE(the_first_holder_of_an_id_wins),
        CASE(a_refused_plugin_shadows_nothing),
        CASE(what_others_may_write_is_refused),
        CASE(a_folder_that_is_not_there_is_a_warning),
        CASE(a_start_with_a_catalogue_opens_nothing),
        CASE(a_replaced_file_is_looked_at_again),
        CASE(a_damaged_catalogue_counts_as_none),
        CASE(a_catalogue_that_cannot_be_written_is_no_fault),
        CASE(a_changed_fp_mode_is_put_right_and_named),
        CASE(providers_start_before_and_end_after_their_consumers),
        CASE(a_node_gets_the_provider_that_the_preset_names),
        CASE(the_host_finds_services_by_number),
        CASE(a_file_is_explained_from_a_child),
    };
    setenv("XDG_DATA_HOME", "/nonexistent", 1);
    unsetenv("IMPASTO_PLUGIN_PATH");
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(cases, NULL, NULL);
}
