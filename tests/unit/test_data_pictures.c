/* test_data_pictures.c - data.folder, data.csv, data.celeba: files, tables, lists and what is wrong
 * with them. */
#include <unistd.h>
#include "data_test.h"

static const uint8_t red[] = {255, 0, 0}, grey[] = {100, 100, 100}, blue[] = {0, 0, 255};

static int open_data(void **state)
{
    return open_plugin(state, "data");
}

/* ---- folders ---- */

static void folders_are_classes_in_the_order_of_their_names(void **state)
{
    struct data_place *p = *state;
    float pixels[3 * 4];
    write_picture(p, "f/cat/2.ppm", 8, 8, 3, red);
    write_picture(p, "f/cat/deep/1.ppm", 8, 8, 3, grey);
    write_picture(p, "f/ant/9.PPM", 8, 8, 3, blue);
    write_text(p, "f/cat/notes.txt", "not a picture");
    write_picture(p, "f/.hidden/x.ppm", 8, 8, 3, red);
    struct made m = MAKE(p, "data.folder", "path=%s/f size=2", p->folder);
    assert_int_equal(m.train->count, 3);
    assert_int_equal(m.train->class_count, 2);
    assert_string_equal(m.train->class_names[0], "ant");
    assert_string_equal(m.train->class_names[1], "cat");
    assert_int_equal(read_sample(m.train, 0, pixels, NULL), 0);
    assert_true(pixels[0] == 0 && pixels[8] == 1);
    assert_int_equal(read_sample(m.train, 1, pixels, NULL), 1);
    assert_true(pixels[0] == 1 && pixels[4] == 0);
    assert_int_equal(read_sample(m.train, 2, pixels, NULL), 1);
    assert_true(pixels[5] == 100 / 255.0f);
    drop_made(&m);
}

static void without_classes_all_pictures_count(void **state)
{
    struct data_place *p = *state;
    write_picture(p, "f/a.pgm", 4, 4, 1, grey);
    write_picture(p, "f/sub/b.ppm", 4, 4, 3, grey);
    struct made m = MAKE(p, "data.folder", "path=%s/f classes=none channels=1 size='3 2'", p->folder);
    assert_int_equal(m.train->count, 2);
    assert_int_equal(m.train->channels, 1);
    assert_int_equal(m.train->width, 3);
    assert_int_equal(m.train->height, 2);
    assert_int_equal(read_sample(m.train, 1, NULL, NULL), UINT32_MAX);
    drop_made(&m);
}

static void a_folder_that_links_to_itself_is_read_once(void **state)
{
    struct data_place *p = *state;
    char link[300], to[200];
    write_picture(p, "f/a/1.ppm", 4, 4, 3, red);
    snprintf(to, sizeof to, "%s/f", p->folder);
    snprintf(link, sizeof link, "%s/f/a/loop", p->folder);
    assert_int_equal(symlink(to, link), 0);
    struct made m = MAKE(p, "data.folder", "path=%s/f", p->folder);
    assert_int_equal(m.train->count, 1);
    drop_made(&m);
}

static void shapes_are_fitted_as_asked(void **state)
{
    struct data_place *p = *state;
    FILE *f = fopen(at_folder(p, "f/a.pgm"), "wb"); /* 4 x 2: columns 0, 60, 120, 180 */
    assert_non_null(f);
    fputs("P5\n4 2\n255\n", f);
    for (int i = 0; i < 8; i++)
        fputc(i % 4 * 60, f);
    fclose(f);
    const struct { const char *fit; double first, last; } wants[] = {
        {"crop", 60, 120}, {"stretch", 30, 150}, {"pad", 30, 255}, {"center", 60, 120}};
    for (size_t i = 0; i < 4; i++) {
        float pixels[4];
        struct made m =
            MAKE(p, "data.folder", "path=%s/f classes=none channels=1 size=2 fill=1 fit=%s",
                 p->folder, wants[i].fit);
        read_sample(m.train, 0, pixels, NULL);
        assert_true(fabs((double)pixels[0] * 255 - wants[i].first) < 0.51);
        assert_true(fabs((double)pixels[3] * 255 - wants[i].last) < 0.51);
        drop_made(&m);
    }
}

static void wrong_folders_are_refused(void **state)
{
    struct data_place *p = *state;
    write_picture(p, "f/a/1.ppm", 4, 4, 3, red);
    write_picture(p, "f/stray.ppm", 4, 4, 3, red);
    write_text(p, "f/empty/notes.txt", "x");
    REFUSED(p, "data.folder", 2, "stray.ppm lies beside the class folders", "path=%s/f", p->folder);
    REFUSED(p, "data.folder", 2, "f/empty: a class without a picture", "path=%s/f", p->folder);
    REFUSED(p, "data.folder", 1, "there are no pictures in it (1 other files)", "path=%s/f/empty classes=none", p->folder);
    REFUSED(p, "data.folder", 1, "is not a folder", "path=%s/f/stray.ppm", p->folder);
    REFUSED(p, "data.folder", 1, "size wants", "path=%s/f/a classes=none size=2.5", p->folder);
}

static void unreadable_pictures_are_named_together(void **state)
{
    struct data_place *p = *state;
    write_picture(p, "f/a/1.ppm", 4, 4, 3, red);
    write_text(p, "f/a/2.ppm", "P6\n4 4\n255\nshort");
    write_text(p, "f/a/3.ppm", "P6\n4 4\n255\nshort");
    struct made m = run_filter(p, "data.folder", (struct mini_call){.wanted = 1}, "path=%s/f", p->folder);
    assert_int_equal(m.result.status, IMP_E_INPUT);
    assert_part(m.result.text, "f/a/2.ppm: the picture is cut short; ");
    assert_part(m.result.text, "f/a/3.ppm: the picture is cut short");
    drop_made(&m);
}

static void loading_stops_when_asked_and_is_the_same_for_any_threads(void **state)
{
    struct data_place *p = *state;
    char name[40];
    float a[3 * 16], b[3 * 16];
    for (int i = 0; i < 60; i++) {
        snprintf(name, sizeof name, "f/c%d/%02d.ppm", i % 3, i);
        write_picture(p, name, 9, 7, 3, (uint8_t[]){(uint8_t)(4 * i), (uint8_t)i, 7});
    }
    struct made m = run_filter(p, "data.folder", (struct mini_call){.wanted = 1, .cancel_after = 30},
                               "path=%s/f size=4", p->folder);
    assert_int_equal(m.result.status, IMP_CANCELLED);
    drop_made(&m);
    m = MAKE_BOTH(p, "data.folder", "path=%s/f size=4 test_share=0.2 limit=30 lines=yes", p->folder);
    struct made n = run_fine(p, run_filter(p, "data.folder", (struct mini_call){.wanted = 3, .threads = 4},
                                           "path=%s/f size=4 test_share=0.2 limit=30 lines=yes", p->folder));
    assert_int_equal(m.train->count, 24);
    assert_int_equal(m.test->count, 6);
    for (uint64_t i = 0; i < 24; i++) {
        assert_int_equal(read_sample(m.train, i, a, NULL), read_sample(n.train, i, b, NULL));
        assert_memory_equal(a, b, sizeof a);
    }
    drop_made(&m), drop_made(&n);
}

/* ---- tables ---- */

static void write_people(struct data_place *p, const char *table)
{
    write_picture(p, "t/photo/01.ppm", 4, 4, 3, red);
    write_picture(p, "t/photo/02.ppm", 4, 4, 3, grey);
    write_picture(p, "t/photo/03.ppm", 4, 4, 3, blue);
    write_picture(p, "t/line/01.pgm", 4, 4, 1, grey);
    write_picture(p, "t/line/02.pgm", 4, 4, 1, grey);
    write_picture(p, "t/line/03.pgm", 4, 4, 1, (uint8_t[]){255, 0, 0});
    write_text(p, "t/attributes.csv", table);
}

static void a_table_gives_attributes_with_their_ranges(void **state)
{
    struct data_place *p = *state;
    double v[3];
    write_people(p, "id,age,hair,mood\n01,20.5,red,\n02,-3,\"dark, long\",7\n03,?,red,8\n");
    struct made m = MAKE(p, "data.csv", "path=%s/t size=2", p->folder);
    assert_int_equal(m.train->count, 3);
    assert_int_equal(m.train->attribute_count, 3);
    const imp_attribute *a = m.train->attributes;
    assert_string_equal(a[0].name, "age");
    assert_null(a[0].choices);
    assert_number(a[0].min, -3), assert_number(a[0].max, 20.5);
    assert_string_equal(a[1].choices, "dark, long|red");
    read_sample(m.train, 0, NULL, v);
    assert_number(v[0], 20.5), assert_number(v[1], 1);
    assert_true(isnan(v[2]));
    read_sample(m.train, 1, NULL, v);
    assert_number(v[1], 0), assert_number(v[2], 7);
    read_sample(m.train, 2, NULL, v);
    assert_true(isnan(v[0]));
    drop_made(&m);
}

static void named_attributes_labels_and_drawings_are_taken(void **state)
{
    struct data_place *p = *state;
    float lines[4];
    double v[2];
    write_people(p, "\xef\xbb\xbfname;age;hair;bin\r\n01;20;red;2\r\n02;30;dark;0\r\n03;40;red;1\r\n");
    struct made m = MAKE(p, "data.csv",
                         "path=%s/t size=2 picture=photo/{name}.ppm line=line/{name} label=hair "
                         "attributes='age:0..100 bin:low|middle|high'", p->folder);
    assert_int_equal(m.train->class_count, 2);
    assert_string_equal(m.train->class_names[0], "dark");
    assert_true(m.train->flags & IMP_DATASET_LINES);
    assert_int_equal(read_sample(m.train, 0, NULL, v), 1);
    assert_number(v[0], 20), assert_number(v[1], 2);
    assert_number(m.train->attributes[0].max, 100);
    assert_string_equal(m.train->attributes[1].choices, "low|middle|high");
    imp_sample s = {.struct_size = sizeof s, .lines = lines};
    assert_int_equal(m.train->read(m.train, 0, &s, NULL), IMP_OK);
    assert_true(lines[3] == 100 / 255.0f);
    assert_int_equal(m.train->read(m.train, 2, &s, NULL), IMP_OK);
    assert_true(lines[0] == 1);
    drop_made(&m);
}

static void all_bad_lines_of_a_table_are_listed_at_once(void **state)
{
    struct data_place *p = *state;
    write_people(p, "id,age\n01,20,7\n02\n\n99,50\n03,old\n../01,5\n01,\"1\" x\n01,120\n");
    struct mini_planned plan = plan_filter(p, "data.csv", "path=%s/t attributes=age:0..100", p->folder);
    assert_int_equal(plan.mistake_count, 7);
    assert_part(plan.text, "attributes.csv:2: 3 cells, there are 2 columns");
    assert_part(plan.text, "attributes.csv:3: 1 cell, there are 2 columns");
    assert_part(plan.text, "photo/99 is not there");
    assert_part(plan.text, "attributes.csv:6: 'old' in the column 'age'; it takes numbers of 0 to 100");
    assert_part(plan.text, "attributes.csv:7: 'photo/../01' leads out of the folder");
    assert_part(plan.text, "attributes.csv:8: there is text behind a closing quote");
    assert_part(plan.text, "attributes.csv:9: '120' in the column 'age'");
    struct made m = run_filter(p, "data.csv", (struct mini_call){.wanted = 1}, "path=%s/t attributes=age:0..100", p->folder);
    assert_int_equal(m.result.status, IMP_E_INPUT);
    assert_part(m.result.text, "and 5 more like these");
    drop_made(&m);
}

static void very_many_mistakes_are_counted(void **state)
{
    struct data_place *p = *state;
    char text[4096] = "id,age\n";
    for (int i = 0; i < 100; i++)
        strcat(text, "01\n");
    write_people(p, text);
    struct mini_planned plan = plan_filter(p, "data.csv", "path=%s/t", p->folder);
    assert_int_equal(plan.mistake_count, 21);
    struct made m = run_filter(p, "data.csv", (struct mini_call){.wanted = 1}, "path=%s/t", p->folder);
    assert_part(m.result.text, "and 98 more like these");
    drop_made(&m);
}

static void wrong_names_are_met_with_those_there_are(void **state)
{
    struct data_place *p = *state;
    write_people(p, "id,age,hair\n01,1,red\n02,2,dark\n03,3,red\n");
    REFUSED(p, "data.csv", 1, "has no column 'agge' [id age hair]", "path=%s/t attributes=agge", p->folder);
    REFUSED(p, "data.csv", 1, "has no column 'x' [id age hair]", "path=%s/t picture=photo/{x}.ppm", p->folder);
    REFUSED(p, "data.csv", 1, "has no column 'sex' [id age hair]", "path=%s/t label=sex", p->folder);
    REFUSED(p, "data.csv", 1, "a brace is never closed", "path=%s/t picture=photo/{id", p->folder);
    REFUSED(p, "data.csv", 1, "the same for all rows", "path=%s/t picture=photo/01.ppm", p->folder);
    REFUSED(p, "data.csv", 1, "behind the colon stands a range", "path=%s/t attributes=age:5", p->folder);
    REFUSED(p, "data.csv", 1, "not above its beginning", "path=%s/t attributes=age:5..5", p->folder);
    REFUSED(p, "data.csv", 1, "twice", "path=%s/t attributes='hair:red|red'", p->folder);
    REFUSED(p, "data.csv", 1, "is not the name of a file in the folder", "path=%s/t table=../x", p->folder);
    REFUSED(p, "data.csv", 1, "none.csv: cannot be opened", "path=%s/t table=none.csv", p->folder);
    REFUSED(p, "data.csv", 3, "the drawing", "path=%s/t line=none/{id}.pgm", p->folder);
}

static void tables_that_are_none_are_refused(void **state)
{
    struct data_place *p = *state;
    write_people(p, "id,,age\n");
    REFUSED(p, "data.csv", 1, "column 2 has no name", "path=%s/t", p->folder);
    write_text(p, "t/attributes.csv", "id,age,id\n");
    REFUSED(p, "data.csv", 1, "two columns are called 'id'", "path=%s/t", p->folder);
    write_text(p, "t/attributes.csv", "id,age\n01,\"never\nclosed\n");
    REFUSED(p, "data.csv", 1, "attributes.csv:2: a quote is never closed", "path=%s/t", p->folder);
    write_file(p, "t/attributes.csv", "id\0age\n", 7);
    REFUSED(p, "data.csv", 1, "no text: a zero byte at 2", "path=%s/t", p->folder);
    write_text(p, "t/attributes.csv", "id,age\n");
    REFUSED(p, "data.csv", 1, "there are no samples in it", "path=%s/t", p->folder);
}

/* ---- CelebA ---- */

static void write_celeba(struct data_place *p, const char *list, const char *parts)
{
    char name[60];
    for (int i = 1; i <= 4; i++) {
        snprintf(name, sizeof name, "a/img_align_celeba/%06d.ppm", i);
        write_picture(p, name, 6, 8, 3, i % 2 ? red : blue);
    }
    write_text(p, "a/list_attr_celeba.txt", list);
    if (parts)
        write_text(p, "a/list_eval_partition.txt", parts);
}
static const char four[] = "4\r\nSmiling Young  Bald \r\n000001.ppm -1  1 -1\r\n000002.ppm  1 -1 -1\r\n"
                           "000003.ppm  1  1  1\r\n000004.ppm -1 -1 -1\r\n";

static void the_published_lists_are_read(void **state)
{
    struct data_place *p = *state;
    double v[3];
    write_celeba(p, four, "000001.ppm 0\n000002.ppm 2\n000003.ppm 1\n000004.ppm 0\n");
    struct made m = MAKE_BOTH(p, "data.celeba", "path=%s/a crop='0 1 6 6' size=3 label=Young", p->folder);
    assert_int_equal(m.train->count, 2);
    assert_int_equal(m.test->count, 1);
    assert_int_equal(m.train->attribute_count, 3);
    assert_string_equal(m.train->attributes[2].name, "Bald");
    assert_number(m.train->attributes[2].min, -1);
    assert_int_equal(read_sample(m.train, 0, NULL, v), 1);
    assert_number(v[0], -1), assert_number(v[1], 1);
    assert_int_equal(read_sample(m.test, 0, NULL, v), 0);
    assert_number(v[0], 1);
    drop_made(&m);
    m = MAKE(p, "data.celeba", "path=%s/a crop='' test_part=none attributes='Bald Smiling'", p->folder);
    assert_int_equal(m.train->count, 4);
    assert_int_equal(m.train->attribute_count, 2);
    read_sample(m.train, 2, NULL, v);
    assert_number(v[0], 1), assert_number(v[1], 1);
    drop_made(&m);
    m = MAKE_BOTH(p, "data.celeba", "path=%s/a crop='' test_part=both", p->folder);
    assert_int_equal(m.test->count, 2);
    drop_made(&m);
}

static void wrong_lists_are_refused_with_their_lines(void **state)
{
    struct data_place *p = *state;
    write_celeba(p, four, NULL);
    REFUSED(p, "data.celeba", 1, "there is no attribute 'Smilling' in list_attr_celeba.txt [Smiling Young Bald]",
            "path=%s/a attributes=Smilling", p->folder);
    REFUSED(p, "data.celeba", 1, "crop wants left, top", "path=%s/a crop='0 1'", p->folder);
    write_celeba(p, "4\nSmiling Young\n000001.ppm -1\n000002.ppm 1 2\n000003.ppm 1 x\n000009.ppm 1 1\n", NULL);
    struct mini_planned plan = plan_filter(p, "data.celeba", "path=%s/a", p->folder);
    assert_int_equal(plan.mistake_count, 3);
    assert_part(plan.text, "list_attr_celeba.txt:3: 1 values behind 000001.ppm, not 2");
    assert_part(plan.text, "list_attr_celeba.txt:4: '2' where there may be -1 or 1");
    assert_part(plan.text, "list_attr_celeba.txt:5: 'x' where");
    write_celeba(p, "1\nSmiling\n000009.ppm 1\n", NULL);
    REFUSED(p, "data.celeba", 1, "000009.ppm, is not there", "path=%s/a", p->folder);
    write_celeba(p, "5\nSmiling\n000001.ppm 1\n", NULL);
    REFUSED(p, "data.celeba", 1, "says 5 pictures, it has lines for 1: is it cut short?", "path=%s/a", p->folder);
    write_celeba(p, "Smiling\n000001.ppm 1\n", NULL);
    REFUSED(p, "data.celeba", 1, "this is no list of attributes", "path=%s/a", p->folder);
    write_celeba(p, four, "000001.ppm 0\n000002.ppm 3\n");
    REFUSED(p, "data.celeba", 1, "list_eval_partition.txt:2: '3' where there may be 0, 1 or 2", "path=%s/a", p->folder);
    write_celeba(p, four, "000001.ppm 0\n");
    REFUSED(p, "data.celeba", 1, "has 1 pictures, list_attr_celeba.txt has 4", "path=%s/a", p->folder);
}

static void a_crop_that_leads_out_names_the_picture(void **state)
{
    struct data_place *p = *state;
    write_celeba(p, four, NULL);
    struct made m = run_filter(p, "data.celeba", (struct mini_call){.wanted = 1}, "path=%s/a", p->folder);
    assert_int_equal(m.result.status, IMP_E_INPUT);
    assert_part(m.result.text, "000001.ppm: has 6 x 8 px; crop = 0 20 178 178 leads out of it");
    drop_made(&m);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        CASE(folders_are_classes_in_the_order_of_their_names),
        CASE(without_classes_all_pictures_count),
        CASE(a_folder_that_links_to_itself_is_read_once),
        CASE(shapes_are_fitted_as_asked),
        CASE(wrong_folders_are_refused),
        CASE(unreadable_pictures_are_named_together),
        CASE(loading_stops_when_asked_and_is_the_same_for_any_threads),
        CASE(a_table_gives_attributes_with_their_ranges),
        CASE(named_attributes_labels_and_drawings_are_taken),
        CASE(all_bad_lines_of_a_table_are_listed_at_once),
        CASE(very_many_mistakes_are_counted),
        CASE(wrong_names_are_met_with_those_there_are),
        CASE(tables_that_are_none_are_refused),
        CASE(the_published_lists_are_read),
        CASE(wrong_lists_are_refused_with_their_lines),
        CASE(a_crop_that_leads_out_names_the_picture),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_data, close_plugin) != 0;
}
