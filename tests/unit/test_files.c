/* test_files.c - what identifies a file that has company. */
#include "files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static const char *in(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const char *text)
{
    assert_true(files_replace(in(name), text, strlen(text)));
}

static struct hash family(const char *name)
{
    struct hash h = {0, 0};
    assert_true(files_hash_family(in(name), &h));
    return h;
}

static void a_file_of_the_same_name_with_another_ending_belongs_to_it(void **state)
{
    (void)state;
    put("net.onnx", "graph");
    const struct hash alone = family("net.onnx");
    put("net.onnx.data", "weights");
    const struct hash both = family("net.onnx");
    assert_false(hash_equal(alone, both));
    put("net.onnx.data", "other weights");
    assert_false(hash_equal(family("net.onnx"), both));
    put("net.onnx.data", "weights");
    assert_true(hash_equal(family("net.onnx"), both));
}

static void files_of_other_names_do_not(void **state)
{
    (void)state;
    put("a.onnx", "graph");
    const struct hash before = family("a.onnx");
    put("ab.onnx", "another");
    put("b.ini", "text");
    assert_true(files_make_folder(in("a.folder")));
    assert_true(hash_equal(family("a.onnx"), before));
}

static void what_is_not_there_is_an_error(void **state)
{
    struct hash h;
    (void)state;
    assert_false(files_hash_family(in("none.onnx"), &h));
}

static int begin(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.40s/files-XXXXXX", tmp && strlen(tmp) < 40 ? tmp : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    return files_remove_tree(folder) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_of_the_same_name_with_another_ending_belongs_to_it, begin, end),
        cmocka_unit_test_setup_teardown(files_of_other_names_do_not, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_an_error, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
