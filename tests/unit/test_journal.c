#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "arena.h"
#include "files.h"
#include "journal.h"

static int open_folder(void **state)
{
    const char *tmp = getenv("TMPDIR");
    char *folder = heap_printf("%s/impasto-journal-XXXXXX", tmp ? tmp : "/tmp");
    *state = folder;
    return mkdtemp(folder) ? 0 : -1;
}

static int close_folder(void **state)
{
    const bool gone = files_remove_tree(*state);
    free(*state);
    return gone ? 0 : -1;
}

static struct hash number(uint64_t n)
{
    return (struct hash){n, n * 77 + 1};
}

static struct entry done(uint64_t identity, int64_t when, struct made *made, size_t n)
{
    return (struct entry){.identity = number(identity), .key = number(1000), .run = number(2000), .picture = number(3000),
                          .picture_size = 12345, .picture_mtime = -5, .picture_inode = UINT64_MAX, .when = when,
                          .us = 99, .relative = "a/x.jpg", .source = "/p/./a/x.jpg", .label = "x seed=2", .made = made,
                          .made_count = n};
}

static void write_entry(const char *folder, const char *name, const struct entry *e)
{
    struct journal *j = journal_load(folder);
    assert_true(journal_open(j, name, false));
    assert_true(journal_write(j, e));
    assert_true(journal_sync(j));
    journal_free(j);
}

static void a_missing_folder_is_an_empty_journal(void **state)
{
    struct journal *j = journal_load("/nonexistent/folder");
    size_t n = 1;
    (void)state;
    assert_null(journal_find(j, number(1)));
    assert_false(journal_owns(j, "x.png"));
    assert_null(journal_maker(j, "x.png"));
    journal_entries(j, &n);
    assert_int_equal(n, 0);
    assert_int_equal(journal_damaged(j), 0);
    journal_free(j);
    journal_free(journal_load(NULL));
}

static void what_is_written_is_read_back(void **state)
{
    struct made made[2] = {{"a/x%41\t\n\r\351.png", 7, 8, {9, 10}}, {"pages/a", 0, -1, {0, 0}}};
    const struct entry in = done(1, 50, made, 2);
    write_entry(*state, "journal", &in);
    struct journal *j = journal_load(*state);
    const struct entry *e = journal_find(j, number(1));
    assert_non_null(e);
    assert_false(e->failed);
    assert_true(hash_equal(e->key, in.key) && hash_equal(e->run, in.run) && hash_equal(e->picture, in.picture));
    assert_true(e->picture_size == 12345 && e->picture_mtime == -5 && e->picture_inode == UINT64_MAX);
    assert_true(e->when == 50 && e->us == 99);
    assert_string_equal(e->relative, in.relative);
    assert_string_equal(e->source, in.source);
    assert_string_equal(e->label, in.label);
    assert_int_equal(e->made_count, 2);
    assert_string_equal(e->made[0].path, made[0].path);
    assert_true(e->made[0].size == 7 && e->made[0].mtime == 8 && hash_equal(e->made[0].hash, made[0].hash));
    assert_true(journal_owns(j, made[0].path));
    assert_ptr_equal(journal_maker(j, "pages/a"), e);
    journal_free(j);
}

static void a_failure_is_read_back(void **state)
{
    const struct entry in = {.failed = true, .identity = number(4), .key = number(5), .when = 3, .relative = "y.jpg",
                             .source = "y.jpg", .label = "", .code = "E0702", .node = "paint", .text = "cut\tshort"};
    write_entry(*state, "journal", &in);
    struct journal *j = journal_load(*state);
    const struct entry *e = journal_find(j, number(4));
    assert_non_null(e);
    assert_true(e->failed);
    assert_string_equal(e->code, "E0702");
    assert_string_equal(e->node, "paint");
    assert_string_equal(e->text, "cut\tshort");
    journal_free(j);
}

static void claims_are_ours_without_a_maker(void **state)
{
    const char *paths[150];
    char names[150][16];
    struct journal *j = journal_load(*state);
    for (int i = 0; i < 150; i++) {
        snprintf(names[i], sizeof names[i], "f%d.png", i);
        paths[i] = names[i];
    }
    assert_true(journal_open(j, "journal", false));
    assert_true(journal_claim(j, paths, 150));
    journal_free(j);
    j = journal_load(*state);
    for (int i = 0; i < 150; i++)
        assert_true(journal_owns(j, names[i]));
    assert_false(journal_owns(j, "f150.png"));
    assert_null(journal_maker(j, "f3.png"));
    journal_free(j);
}

static void the_latest_event_wins_whichever_file_it_is_in(void **state)
{
    struct made first = {"old.png", 1, 1, {1, 1}}, second = {"new.png", 1, 1, {1, 1}};
    const struct entry late = done(1, 200, &second, 1), early = done(1, 100, &first, 1);
    write_entry(*state, "journal", &late);
    write_entry(*state, "journal-1-of-2", &early);
    struct journal *j = journal_load(*state);
    assert_string_equal(journal_find(j, number(1))->made[0].path, "new.png");
    assert_true(journal_owns(j, "old.png"));
    journal_free(j);
}

static char *path_of(const char *folder)
{
    return heap_printf("%s/journal", folder);
}

/* Cut after any byte, the lines before are read, and a new one is appended whole. */
static void cut_anywhere_only_the_last_line_is_lost(void **state)
{
    struct made made = {"x.png", 1, 1, {1, 1}};
    char *path = path_of(*state);
    size_t size, first;
    for (uint64_t i = 1; i <= 2; i++) {
        const struct entry e = done(i, (int64_t)i, &made, 1);
        write_entry(*state, "journal", &e);
    }
    char *whole = files_read(path, &size);
    first = (size_t)(strchr(whole, '\n') - whole) + 1;
    for (size_t cut = 0; cut <= size; cut++) {
        assert_true(files_replace(path, whole, cut));
        struct journal *j = journal_load(*state);
        assert_true((journal_find(j, number(1)) != NULL) == (cut >= first));
        assert_true((journal_find(j, number(2)) != NULL) == (cut == size));
        assert_int_equal(journal_damaged(j), 0);
        journal_free(j);
        if (cut % 17 == 0) {
            const struct entry e = done(3, 9, &made, 1);
            write_entry(*state, "journal", &e);
            j = journal_load(*state);
            assert_non_null(journal_find(j, number(3)));
            assert_int_equal(journal_damaged(j), 0);
            journal_free(j);
        }
    }
    free(whole);
    free(path);
}

/* A flipped bit costs its line, never more, and is counted. */
static void a_flipped_bit_costs_its_line(void **state)
{
    struct made made = {"x.png", 1, 1, {1, 1}};
    char *path = path_of(*state);
    size_t size;
    for (uint64_t i = 1; i <= 3; i++) {
        const struct entry e = done(i, (int64_t)i, &made, 1);
        write_entry(*state, "journal", &e);
    }
    char *whole = files_read(path, &size);
    const size_t from = (size_t)(strchr(whole, '\n') - whole) + 1, to = (size_t)(strchr(whole + from, '\n') - whole);
    for (size_t at = from; at < to; at++) {
        whole[at] ^= 1;
        if (whole[at] != '\n') {
            assert_true(files_replace(path, whole, size));
            struct journal *j = journal_load(*state);
            assert_non_null(journal_find(j, number(1)));
            assert_null(journal_find(j, number(2)));
            assert_non_null(journal_find(j, number(3)));
            assert_int_equal(journal_damaged(j), 1);
            journal_free(j);
        }
        whole[at] ^= 1;
    }
    free(whole);
    free(path);
}

static void merging_keeps_what_counts_and_removes_the_rest(void **state)
{
    struct made made = {"x.png", 1, 1, {1, 1}};
    for (uint64_t i = 0; i < 400; i++) {
        const struct entry e = done(i % 3, (int64_t)i, &made, 1);
        write_entry(*state, i % 2 ? "journal-1-of-2" : "journal-2-of-2", &e);
    }
    struct journal *j = journal_load(*state);
    const uint64_t before = journal_bytes(j);
    assert_true(journal_open(j, "journal", true));
    journal_free(j);
    j = journal_load(*state);
    assert_true(journal_bytes(j) < before / 50);
    size_t n = 0;
    journal_entries(j, &n);
    assert_int_equal(n, 3);
    assert_int_equal(journal_find(j, number(0))->when, 399);
    assert_true(journal_owns(j, "x.png"));
    journal_free(j);
    char **names = files_names(*state, &n);
    assert_int_equal(n, 1);
    assert_string_equal(names[0], "journal");
    files_free_names(names, n);
}

static void junk_is_counted_and_harmless(void **state)
{
    static const char junk[] = "\n\nx\n0123456789abcdef\tdone\n0123456789abcdef\t\t\t\n\0\0\0\n";
    char *path = path_of(*state);
    assert_true(files_replace(path, junk, sizeof junk - 1));
    struct journal *j = journal_load(*state);
    assert_int_equal(journal_damaged(j), 6);
    journal_free(j);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_folder_is_an_empty_journal),
        cmocka_unit_test_setup_teardown(what_is_written_is_read_back, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_failure_is_read_back, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(claims_are_ours_without_a_maker, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(the_latest_event_wins_whichever_file_it_is_in, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(cut_anywhere_only_the_last_line_is_lost, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_flipped_bit_costs_its_line, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(merging_keeps_what_counts_and_removes_the_rest, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(junk_is_counted_and_harmless, open_folder, close_folder),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
