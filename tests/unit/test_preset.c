/* test_preset.c - presets as text: sections, variables, includes, changes from the command line
 * (preset*.c). */
#define _GNU_SOURCE /* mkdtemp, nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "preset.h"

struct fixture {
    struct arena arena;
    struct report *report;
    char folder[64];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    arena_init(&f->arena);
    f->report = report_new();
    strcpy(f->folder, "/tmp/impasto-preset-XXXXXX");
    *state = f;
    return mkdtemp(f->folder) ? 0 : 1;
}

static int forget(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    nftw(f->folder, forget, 8, FTW_DEPTH | FTW_PHYS);
    report_free(f->report);
    arena_fini(&f->arena);
    free(f);
    return 0;
}

/* Writes a file below the test's folder; answers its path. */
static const char *file(struct fixture *f, const char *name, const char *text)
{
    const char *path = arena_printf(&f->arena, "%s/%s", f->folder, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
    return path;
}

static struct preset *parse(struct fixture *f, const char *text)
{
    return preset_parse(&f->arena, "<text>", text, strlen(text), NULL, 0, f->report);
}

static struct preset *parse_set(struct fixture *f, const char *text, const char *set)
{
    const struct preset_set sets[] = {{set, FROM_SET}};
    return preset_parse(&f->arena, "<text>", text, strlen(text), sets, 1, f->report);
}

static const struct preset_key *key_of(const struct preset *p, const char *section, const char *key)
{
    for (size_t i = 0; i < p->section_count; i++)
        for (size_t k = 0; k < p->sections[i].key_count; k++)
            if (strcmp(p->sections[i].name, section) == 0 &&
                strcmp(p->sections[i].keys[k].key, key) == 0)
                return &p->sections[i].keys[k];
    fail_msg("no key %s.%s", section, key);
    return NULL;
}

static const char *value_of(const struct preset *p, const char *section, const char *key)
{
    return key_of(p, section, key)->value;
}

static void assert_no_faults(struct fixture *f)
{
    if (report_count(f->report, SEV_NOTE) == 0)
        return;
    report_flush(f->report, stderr, false, false);
    fail_msg("there were faults");
}

/* All messages since, in the arena. */
static const char *said(struct fixture *f)
{
    char *out = NULL;
    size_t n = 0;
    FILE *stream = open_memstream(&out, &n);
    report_flush(f->report, stream, false, false);
    fclose(stream);
    const char *copy = arena_strdup(&f->arena, out);
    free(out);
    return copy;
}

static void assert_said(struct fixture *f, const char *const *parts)
{
    const char *text = said(f);
    for (; *parts; parts++)
        if (!strstr(text, *parts))
            fail_msg("'%s' is missing in:\n%s", *parts, text);
}
#define assert_says(f, ...) assert_said(f, (const char *const[]){__VA_ARGS__, NULL})

static void a_preset_is_nodes_in_order_with_head_and_variables_apart(void **state)
{
    struct fixture *f = *state;
    const struct preset *p =
        parse(f, "[preset]\ntitle = T\nauthor = A\nlicense = L\nformat = 1\nx-note = free\n"
                 "[vars]\na = 1\n[one]\nfilter = load\n[two]\nfilter = blur\nsigma = ${a}\n");
    assert_no_faults(f);
    assert_string_equal(p->title, "T");
    assert_string_equal(p->author, "A");
    assert_string_equal(p->license, "L");
    assert_int_equal(p->section_count, 2);
    assert_string_equal(p->sections[0].name, "one");
    assert_int_equal(p->sections[0].at.line, 9);
    assert_string_equal(value_of(p, "two", "sigma"), "1");
    assert_int_equal(key_of(p, "two", "sigma")->value_at.line, 13);
    assert_int_equal(key_of(p, "two", "sigma")->origin, FROM_FILE);
}

static void unknown_keys_of_the_head_are_named(void **state)
{
    struct fixture *f = *state;
    parse(f, "[preset]\ntitel = T\n[a]\nfilter = load\n");
    assert_says(f, "E0107", "<text>:2:1", "did you mean 'title'?");
}

static void a_newer_format_says_so_and_nothing_else(void **state)
{
    struct fixture *f = *state;
    parse(f, "[preset]\nformat = 2\nnew-thing = yes\n[a]\nweird.key = 1\n");
    const char *text = said(f);
    assert_non_null(strstr(text, "E0116"));
    assert_non_null(strstr(text, "update Impasto"));
    assert_non_null(strstr(text, "<text>:2:10"));
    parse(f, "[preset]\nformat = one\n");
    assert_says(f, "E0116", "write format = 1");
}

static void variables_may_use_variables_but_not_themselves(void **state)
{
    struct fixture *f = *state;
    const struct preset *p =
        parse(f, "[vars]\nroot = ../x\nfile = ${root}/y\n[a]\npath = ${file}.png ${root}\n");
    assert_no_faults(f);
    assert_string_equal(value_of(p, "a", "path"), "../x/y.png ../x");
    parse(f, "[vars]\na = ${b}\nb = ${a}\n[n]\nk = ${a}\n");
    assert_says(f, "E0115", "made of itself");
}

static void unknown_variables_have_a_nearest_and_a_place(void **state)
{
    struct fixture *f = *state;
    parse(f, "[vars]\npainting = x\n[a]\npath = ../${paintnig}\n");
    assert_says(f, "E0115", "<text>:4:11", "did you mean '${painting}'?");
    parse(f, "[a]\npath = ${b}\n");
    assert_says(f, "E0115", "there is no [vars]");
    assert_true(key_of(parse(f, "[a]\npath = ${b}\n"), "a", "path")->broken);
    said(f);
    parse(f, "[vars]\nb = 1\n[a]\npath = ${b\n");
    assert_says(f, "E0115", "<text>:4:8", "write ${name}");
    parse(f, "[vars]\nb = 1\n[a]\npath = ${}\n");
    assert_says(f, "E0115", "names no variable");
}

static void a_dollar_alone_is_a_letter_and_nothing_of_the_environment_comes_in(void **state)
{
    struct fixture *f = *state;
    const struct preset *p = parse(f, "[a]\ntext = 5 $ and $HOME $(ls) `ls`\n");
    assert_no_faults(f);
    assert_string_equal(value_of(p, "a", "text"), "5 $ and $HOME $(ls) `ls`");
    parse(f, "[a]\ntext = ${HOME}\n");
    assert_says(f, "E0115");
}

static void variables_cannot_grow_without_bound(void **state)
{
    struct fixture *f = *state;
    struct text t = {0};
    text_add(&t, "[vars]\nv0 = 0123456789\n");
    for (int i = 1; i < 30; i++)
        text_addf(&t, "v%d = ${v%d}${v%d}${v%d}${v%d}\n", i, i - 1, i - 1, i - 1, i - 1);
    text_add(&t, "[a]\nk = ${v29}\n");
    parse(f, t.data);
    text_free(&t);
    assert_says(f, "E0106");
    struct text u = {0};
    text_add(&u, "[vars]\na = $\nb = {x}\n[n]\nk = ${a}${b}\n");
    parse(f, u.data);
    text_free(&u);
    assert_says(f, "E0115", "make up another");
}

static void the_including_file_wins_key_by_key_and_included_nodes_come_first(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(mkdir(arena_printf(&f->arena, "%s/base", f->folder), 0700), 0);
    file(f, "base/oil.ini",
         "[preset]\ntitle = base\nauthor = B\n[vars]\ncolour = red\n[photo]\nfilter = load\n"
         "[soft]\nfilter = blur\nsigma = 2\npath = x.png\ntint = ${colour}\n");
    const char *path = file(f, "top.ini",
                            "[preset]\ntitle = top\ninclude = base/oil.ini\n[vars]\ncolour = blue\n"
                            "[last]\nfilter = save\npath = y.png\n[soft]\nsigma = 5\n");
    const struct preset *p = preset_load(&f->arena, path, NULL, 0, NULL, 0, f->report);
    assert_no_faults(f);
    assert_string_equal(p->title, "top");
    assert_string_equal(p->author, "B");
    assert_int_equal(p->section_count, 3);
    assert_string_equal(p->sections[0].name, "photo");
    assert_string_equal(p->sections[1].name, "soft");
    assert_string_equal(p->sections[2].name, "last");
    assert_string_equal(value_of(p, "soft", "sigma"), "5");
    assert_string_equal(value_of(p, "soft", "filter"), "blur");
    assert_string_equal(value_of(p, "soft", "tint"), "blue");
    assert_int_equal(key_of(p, "soft", "sigma")->origin, FROM_FILE);
    assert_int_equal(key_of(p, "soft", "path")->origin, FROM_INCLUDE);
    assert_string_equal(preset_path(&f->arena, key_of(p, "soft", "path")),
                        arena_printf(&f->arena, "%s/base/x.png", f->folder));
    assert_string_equal(preset_path(&f->arena, key_of(p, "last", "path")),
                        arena_printf(&f->arena, "%s/y.png", f->folder));
}

static void includes_in_a_circle_are_named(void **state)
{
    struct fixture *f = *state;
    file(f, "a.ini", "[preset]\ninclude = b.ini\n[a]\nfilter = load\n");
    const char *path = file(f, "b.ini", "[preset]\ninclude = ./a.ini\n[b]\nfilter = load\n");
    assert_non_null(preset_load(&f->arena, path, NULL, 0, NULL, 0, f->report));
    assert_says(f, "E0114", "a.ini:2:11", "includes itself", "b.ini, ");
}

static void sixteen_files_within_each_other_do_and_more_do_not(void **state)
{
    struct fixture *f = *state;
    for (int i = 1; i <= 17; i++)
        file(f, arena_printf(&f->arena, "%d.ini", i),
             arena_printf(&f->arena, "[preset]\ninclude = %d.ini\n", i + 1));
    file(f, "16.ini", "[deep]\nfilter = load\n");
    const char *first = arena_printf(&f->arena, "%s/1.ini", f->folder);
    const struct preset *p = preset_load(&f->arena, first, NULL, 0, NULL, 0, f->report);
    assert_no_faults(f);
    assert_int_equal(p->section_count, 1);
    file(f, "16.ini", "[preset]\ninclude = 17.ini\n");
    file(f, "17.ini", "[deep]\nfilter = load\n");
    preset_load(&f->arena, first, NULL, 0, NULL, 0, f->report);
    assert_says(f, "E0114", "16 files within each other");
}

static void included_files_that_are_missing_or_folders_are_faults_with_a_place(void **state)
{
    struct fixture *f = *state;
    parse(f, "[preset]\ninclude = nosuch/x.ini\n");
    assert_says(f, "E0113", "<text>:2:11", "No such file");
    parse(f, "[preset]\ninclude = /tmp\n");
    assert_says(f, "E0113", "it is a folder");
    parse(f, "[vars]\na = x\n[preset]\ninclude = ${a}.ini\n");
    assert_says(f, "E0115", "comes before the variables");
}

static void faults_of_an_included_file_are_placed_there(void **state)
{
    struct fixture *f = *state;
    const char *bad = file(f, "bad.ini", "[n]\nfilter load\n");
    const char *path = file(f, "top.ini", "[preset]\ninclude = bad.ini\n");
    preset_load(&f->arena, path, NULL, 0, NULL, 0, f->report);
    assert_says(f, "E0102", arena_printf(&f->arena, "%s:2:1", bad));
}

static const char small[] =
    "[vars]\nv = 1\nunused = 2\n[soft]\nfilter = blur\nsigma = ${v}\npath = a.png\n";

static void a_set_wins_and_its_paths_are_relative_to_the_current_folder(void **state)
{
    struct fixture *f = *state;
    const struct preset *p = parse_set(f, small, "soft.sigma=7");
    assert_string_equal(value_of(p, "soft", "sigma"), "7");
    assert_int_equal(key_of(p, "soft", "sigma")->origin, FROM_SET);
    assert_string_equal(key_of(p, "soft", "sigma")->value_at.file, "--set");
    assert_int_equal(key_of(p, "soft", "sigma")->value_at.col, 12);
    p = parse_set(f, small, "soft.path = other/b.png");
    assert_string_equal(preset_path(&f->arena, key_of(p, "soft", "path")), "other/b.png");
    p = parse_set(f, small, "soft.new.key=x");
    assert_string_equal(value_of(p, "soft", "new.key"), "x");
    p = parse_set(f, small, "vars.v=9");
    assert_string_equal(value_of(p, "soft", "sigma"), "9");
    assert_no_faults(f);
}

static void a_variable_brings_the_folder_of_its_place(void **state)
{
    struct fixture *f = *state;
    const char *path = file(f, "v.ini", "[vars]\npicture = a.png\n[n]\npath = ${picture}\n");
    const struct preset *p = preset_load(&f->arena, path, NULL, 0, NULL, 0, f->report);
    assert_string_equal(preset_path(&f->arena, key_of(p, "n", "path")),
                        arena_printf(&f->arena, "%s/a.png", f->folder));
    const struct preset_set set = {"vars.picture=b.png", FROM_SET};
    p = preset_load(&f->arena, path, NULL, 0, &set, 1, f->report);
    assert_string_equal(preset_path(&f->arena, key_of(p, "n", "path")), "b.png");
    assert_no_faults(f);
}

static void a_set_without_effect_is_an_error(void **state)
{
    struct fixture *f = *state;
    parse_set(f, small, "sotf.sigma=7");
    assert_says(f, "E0117", "--set:1:1", "did you mean 'soft'?");
    parse_set(f, small, "vars.unusde=7");
    assert_says(f, "E0117", "--set:1:6", "did you mean 'unused'?");
    parse_set(f, small, "vars.unused=7");
    assert_says(f, "E0117", "no node uses ${unused}");
    parse_set(f, small, "var.v=7");
    assert_says(f, "E0117", "did you mean 'vars'?");
    parse_set(f, small, "soft.x-note=7");
    assert_says(f, "E0117", "no effect");
    const struct preset_set twice[] = {{"soft.sigma=1", FROM_SET}, {"soft.sigma=2", FROM_SET}};
    preset_parse(&f->arena, "<text>", small, strlen(small), twice, 2, f->report);
    assert_says(f, "E0117", "set twice");
}

static void a_set_is_written_node_dot_key_equals_value(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"",         "soft", "soft.sigma", "sigma=4",
                                      ".sigma=4", "=",    "a=b.c"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        parse_set(f, small, bad[i]);
        assert_says(f, "E0117", "node.key=value");
    }
    parse_set(f, small, "soft.=4");
    assert_says(f, "E0111");
    parse_set(f, small, "soft.a b=4");
    assert_says(f, "E0111", "--set:1:7");
}

static void a_set_holds_only_what_a_preset_could(void **state)
{
    struct fixture *f = *state;
    parse_set(f, small, "soft.sigma=1\n[evil]");
    assert_says(f, "E0103");
    parse_set(f, small, "soft.sigma=1 ; gone");
    assert_says(f, "E0105", "--set:1:14");
    parse_set(f, small, "soft.sigma=\xff");
    assert_says(f, "E0103", "--set:1:12");
    const struct preset *p = parse_set(f, small, "soft.sigma=#c03028");
    assert_string_equal(value_of(p, "soft", "sigma"), "#c03028");
    assert_no_faults(f);
}

static void names_of_nodes_and_variables_are_checked(void **state)
{
    struct fixture *f = *state;
    parse(f, "[1a]\nfilter = load\n[a.b]\nfilter = load\n[a b]\nfilter = load\n");
    assert_says(f, "<text>:1:2", "<text>:3:2", "<text>:5:2", "E0111");
    parse(f, "[vars]\n1a = 2\na.b = 2\n");
    assert_says(f, "<text>:2:1", "<text>:3:1");
}

static void a_preset_is_found_by_name_in_order_of_the_path(void **state)
{
    struct fixture *f = *state;
    const char *one = arena_printf(&f->arena, "%s/one", f->folder),
               *two = arena_printf(&f->arena, "%s/two", f->folder);
    mkdir(one, 0700);
    mkdir(two, 0700);
    file(f, "two/oil.ini", "[preset]\ntitle = second\n");
    file(f, "two/ink.ini", "[preset]\ntitle = ink\n");
    const char *const search[] = {one, two};
    assert_string_equal(preset_load(&f->arena, "oil", search, 2, NULL, 0, f->report)->title,
                        "second");
    file(f, "one/oil.ini", "[preset]\ntitle = first\n");
    assert_string_equal(preset_load(&f->arena, "oil", search, 2, NULL, 0, f->report)->title,
                        "first");
    const char *const *names, *const *files;
    assert_int_equal(preset_list(&f->arena, search, 2, &names, &files), 2);
    assert_string_equal(names[0], "ink");
    assert_string_equal(files[1], arena_printf(&f->arena, "%s/oil.ini", one));
    assert_no_faults(f);
}

static void a_preset_that_is_not_there_has_a_nearest_and_the_places_tried(void **state)
{
    struct fixture *f = *state;
    const char *const search[] = {f->folder, "/nonexistent"};
    file(f, "oil.ini", "[preset]\n");
    assert_null(preset_load(&f->arena, "oyl", search, 2, NULL, 0, f->report));
    assert_says(f, "E0101", "did you mean 'oil'?", "/nonexistent/oyl.ini");
    assert_null(preset_load(&f->arena, arena_printf(&f->arena, "%s/oli.ini", f->folder), NULL, 0,
                            NULL, 0, f->report));
    assert_says(f, "E0101", "oil.ini'?");
    assert_null(preset_load(&f->arena, "", search, 2, NULL, 0, f->report));
    assert_says(f, "E0101");
    assert_null(preset_load(&f->arena, arena_printf(&f->arena, "%s/", f->folder), NULL, 0, NULL, 0,
                            f->report));
    assert_says(f, "E0122", "it is a folder");
}

static void home_is_expanded_and_other_paths_are_joined(void **state)
{
    struct fixture *f = *state;
    setenv("HOME", "/home/of", 1);
    static const struct {
        const char *value, *folder, *path;
    } rows[] = {
        {"~/x.png", "base", "/home/of/x.png"},
        {"x.png", "base", "base/x.png"},
        {"x.png", ".", "x.png"},
        {"/x.png", "base", "/x.png"},
        {"x.png", "/", "/x.png"},
        {"../~/x", "b", "b/../~/x"},
        {"", "base", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct preset_key key = {.value = rows[i].value, .folder = rows[i].folder};
        assert_string_equal(preset_path(&f->arena, &key), rows[i].path);
    }
}

static void a_piece_of_a_value_is_found_in_the_line_it_stands_in(void **state)
{
    struct fixture *f = *state;
    const struct preset *p = parse(f, "[a]\nlayers = one two\n    two three ; c\n   four\n");
    const struct preset_key *key = key_of(p, "a", "layers");
    assert_string_equal(key->value, "one two two three four");
    struct place at = preset_piece(&key->value_at, key->value, 8, 3); /* the second two */
    assert_int_equal(at.line, 3);
    assert_int_equal(at.col, 5);
    at = preset_piece(&key->value_at, key->value, 18, 4);
    assert_int_equal(at.line, 4);
    assert_int_equal(at.col, 4);
    at = preset_piece(&key->value_at, key->value, 0, 3);
    assert_int_equal(at.line, 2);
    assert_int_equal(at.col, 10);
}

static void sections_that_stand_twice_are_read_once(void **state)
{
    struct fixture *f = *state;
    const struct preset *p =
        parse(f, "[a]\nfilter = load\n[b]\nfilter = save\n[a]\nfilter = blur\n");
    assert_int_equal(p->section_count, 2);
    assert_says(f, "E0104", "<text>:5:2", "first at <text>:1");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_preset_is_nodes_in_order_with_head_and_variables_apart),
        CASE(unknown_keys_of_the_head_are_named),
        CASE(a_newer_format_says_so_and_nothing_else),
        CASE(variables_may_use_variables_but_not_themselves),
        CASE(unknown_variables_have_a_nearest_and_a_place),
        CASE(a_dollar_alone_is_a_letter_and_nothing_of_the_environment_comes_in),
        CASE(variables_cannot_grow_without_bound),
        CASE(the_including_file_wins_key_by_key_and_included_nodes_come_first),
        CASE(includes_in_a_circle_are_named),
        CASE(sixteen_files_within_each_other_do_and_more_do_not),
        CASE(included_files_that_are_missing_or_folders_are_faults_with_a_place),
        CASE(faults_of_an_included_file_are_placed_there),
        CASE(a_set_wins_and_its_paths_are_relative_to_the_current_folder),
        CASE(a_variable_brings_the_folder_of_its_place),
        CASE(a_set_without_effect_is_an_error),
        CASE(a_set_is_written_node_dot_key_equals_value),
        CASE(a_set_holds_only_what_a_preset_could),
        CASE(names_of_nodes_and_variables_are_checked),
        CASE(a_preset_is_found_by_name_in_order_of_the_path),
        CASE(a_preset_that_is_not_there_has_a_nearest_and_the_places_tried),
        CASE(home_is_expanded_and_other_paths_are_joined),
        CASE(a_piece_of_a_value_is_found_in_the_line_it_stands_in),
        CASE(sections_that_stand_twice_are_read_once),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
