#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "batch.h"
#include "files.h"

struct world {
    char *folder;
    struct arena arena;
    struct report *report;
    struct codecs *codecs;
    struct items items;
};

static int open_world(void **state)
{
    static struct world w;
    const char *tmp = getenv("TMPDIR");
    memset(&w, 0, sizeof w);
    w.folder = heap_printf("%s/impasto-items-XXXXXX", tmp ? tmp : "/tmp");
    arena_init(&w.arena);
    w.report = report_new();
    w.codecs = codecs_open(NULL, NULL, true, w.report);
    *state = &w;
    return mkdtemp(w.folder) && w.codecs ? 0 : -1;
}

static int close_world(void **state)
{
    struct world *w = *state;
    const bool gone = files_remove_tree(w->folder);
    codecs_close(w->codecs);
    report_free(w->report);
    arena_fini(&w->arena);
    free(w->folder);
    return gone ? 0 : -1;
}

static const char *at(struct world *w, const char *name)
{
    return arena_printf(&w->arena, "%s/%s", w->folder, name);
}

static void make(struct world *w, const char *name)
{
    assert_true(files_make_parents(at(w, name)));
    assert_true(files_replace(at(w, name), "", 0));
}

static bool collect(struct world *w, const char *input, const char *out, const char *list)
{
    const char *inputs[] = {input};
    const struct batch_options o = {.inputs = inputs, .input_count = input != NULL, .out = out, .files_from = list};
    return items_collect(&w->arena, &o, w->codecs, &w->items, w->report);
}

static void are(const struct world *w, const char *joined)
{
    char all[2048] = "";
    for (size_t i = 0; i < w->items.count; i++) {
        strcat(all, i ? " " : "");
        strcat(all, w->items.list[i].relative);
        assert_int_equal(access(w->items.list[i].path, F_OK), 0);
    }
    assert_string_equal(all, joined);
}

static bool told(struct world *w, const char *part)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    report_flush(w->report, f, false, false);
    fclose(f);
    const bool found = strstr(text, part) != NULL;
    free(text);
    return found;
}

static void a_folder_is_walked_in_byte_order_without_hidden_ones(void **state)
{
    struct world *w = *state;
    static const char *const names[] = {"p/b.png", "p/a/z.jpg", "p/a/Y.JPG", "p/.hidden/x.png", "p/.x.png", "p/notes.txt",
                                        "p/B.ppm", "p/\303\244.png", "p/\351.png", "p/c.d.bmp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        make(w, names[i]);
    assert_true(collect(w, at(w, "p"), NULL, NULL));
    are(w, "B.ppm a/Y.JPG a/z.jpg b.png c.d.bmp \303\244.png \351.png");
    const struct item *it = &w->items.list[4];
    assert_string_equal(it->stem, "c.d");
    assert_string_equal(it->ending, "bmp");
    assert_string_equal(it->dir, "");
    assert_int_equal(it->number, 5);
    assert_string_equal(w->items.list[1].dir, "a");
    assert_int_equal(report_count(w->report, SEV_NOTE), 0);
}

static void a_slash_at_the_end_changes_nothing(void **state)
{
    struct world *w = *state;
    make(w, "p/a/x.png");
    assert_true(collect(w, at(w, "p//"), NULL, NULL));
    are(w, "a/x.png");
    assert_string_equal(w->items.list[0].source, at(w, "p/./a/x.png"));
}

static void the_output_folder_is_left_out(void **state)
{
    struct world *w = *state;
    make(w, "p/x.png");
    make(w, "p/out/x.png");
    assert_true(collect(w, at(w, "p"), at(w, "p/out"), NULL));
    are(w, "x.png");
    assert_false(collect(w, at(w, "p"), at(w, "p"), NULL));
}

static void links_are_followed_and_circles_end(void **state)
{
    struct world *w = *state;
    make(w, "p/a/x.png");
    make(w, "other/y.png");
    assert_int_equal(symlink("..", at(w, "p/a/up")), 0);
    assert_int_equal(symlink(".", at(w, "p/here")), 0);
    assert_int_equal(symlink("../other", at(w, "p/other")), 0);
    assert_true(collect(w, at(w, "p"), NULL, NULL));
    are(w, "a/x.png other/y.png");
}

static void a_dangling_link_is_an_item_that_will_fail(void **state)
{
    struct world *w = *state;
    make(w, "p/a.png");
    assert_int_equal(symlink("nowhere", at(w, "p/b.png")), 0);
    assert_true(collect(w, at(w, "p"), NULL, NULL));
    assert_int_equal(w->items.count, 2);
}

static void a_file_by_name_has_its_name_alone(void **state)
{
    struct world *w = *state;
    make(w, "p/a/x.png");
    assert_true(collect(w, at(w, "p/a/x.png"), NULL, NULL));
    are(w, "x.png");
    assert_true(collect(w, at(w, "p/./a/x.png"), NULL, NULL));
    are(w, "a/x.png");
}

static void what_is_named_and_cannot_be_is_a_mistake(void **state)
{
    struct world *w = *state;
    make(w, "notes.txt");
    make(w, "raw.heic");
    assert_false(collect(w, at(w, "notes.txt"), NULL, NULL));
    assert_true(told(w, "E0722"));
    assert_false(collect(w, at(w, "raw.heic"), NULL, NULL));
    assert_true(told(w, "E0723"));
    assert_false(collect(w, at(w, "gone.png"), NULL, NULL));
    assert_true(told(w, "E0720"));
    assert_false(collect(w, "-", NULL, NULL));
    assert_true(told(w, "--files-from -"));
}

static void known_kinds_in_a_folder_are_one_warning(void **state)
{
    struct world *w = *state;
    make(w, "p/a.heic");
    make(w, "p/b.heic");
    make(w, "p/c.png");
    assert_true(collect(w, at(w, "p"), NULL, NULL));
    are(w, "c.png");
    assert_int_equal(report_count(w->report, SEV_NOTE), 1);
    assert_true(told(w, "2 files of the kind '.heic'"));
}

static void a_plain_list_is_taken_line_by_line(void **state)
{
    struct world *w = *state;
    make(w, "a\tb.png");
    make(w, "c.png");
    const char *text = arena_printf(&w->arena, "%s/a\tb.png\r\n\n%s/c.png\n%s", w->folder, w->folder, at(w, "gone.png"));
    assert_true(files_replace(at(w, "list"), text, strlen(text)));
    assert_true(collect(w, NULL, NULL, at(w, "list")));
    assert_int_equal(w->items.count, 3);
    assert_string_equal(w->items.list[0].relative, "a\tb.png");
    assert_string_equal(w->items.list[2].relative, "gone.png");
    assert_false(w->items.failed_list);
}

static void our_failed_list_keeps_tree_numbers_and_odd_names(void **state)
{
    struct world *w = *state;
    make(w, "p/a/x\t\\\n.png");
    const char *text = arena_printf(&w->arena, FAILED_HEADER "\n%s/p/./a/x\\t\\\\\\n.png\tE0702\twhy\t17\n", w->folder);
    assert_true(files_replace(at(w, "failed.tsv"), text, strlen(text)));
    assert_true(collect(w, NULL, NULL, at(w, "failed.tsv")));
    are(w, "a/x\t\\\n.png");
    assert_int_equal(w->items.list[0].number, 17);
    assert_true(w->items.failed_list);
}

static void a_list_that_is_none_is_refused(void **state)
{
    struct world *w = *state;
    assert_true(files_replace(at(w, "list"), "a.png\0b.png", 11));
    assert_false(collect(w, NULL, NULL, at(w, "list")));
    assert_false(collect(w, NULL, NULL, at(w, "none")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder_is_walked_in_byte_order_without_hidden_ones, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_slash_at_the_end_changes_nothing, open_world, close_world),
        cmocka_unit_test_setup_teardown(the_output_folder_is_left_out, open_world, close_world),
        cmocka_unit_test_setup_teardown(links_are_followed_and_circles_end, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_dangling_link_is_an_item_that_will_fail, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_file_by_name_has_its_name_alone, open_world, close_world),
        cmocka_unit_test_setup_teardown(what_is_named_and_cannot_be_is_a_mistake, open_world, close_world),
        cmocka_unit_test_setup_teardown(known_kinds_in_a_folder_are_one_warning, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_plain_list_is_taken_line_by_line, open_world, close_world),
        cmocka_unit_test_setup_teardown(our_failed_list_keeps_tree_numbers_and_odd_names, open_world, close_world),
        cmocka_unit_test_setup_teardown(a_list_that_is_none_is_refused, open_world, close_world),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
