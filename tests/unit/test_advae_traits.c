/* test_advae_traits.c - attributes as words, lines and numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "../../plugins/advae/traits.h"

static const char line[] = "hair:black|blond|red complexion:0..100 glasses:no|yes";
static char why[400];

static imp_error *error(void)
{
    static imp_error err;
    err = (imp_error){sizeof err, sizeof why, why, -1, -1};
    why[0] = 0;
    return &err;
}
static struct av_traits faces(void)
{
    struct av_traits t;
    assert_int_equal(av_traits_read(line, &t, error()), IMP_OK);
    return t;
}

static void a_line_comes_back(void **state)
{
    const struct av_traits t = faces();
    char *text = malloc(AV_LINE);
    (void)state;
    av_traits_write(&t, text);
    assert_string_equal(text, line);
    free(text);
}

static const imp_attribute columns[] = {
    {"age", NULL, 6, 80}, {"hair_color", "black|blond", 0, 0}, {"free", NULL, 0, 0}};
static const imp_dataset set = {
    .struct_size = sizeof set, .attribute_count = 3, .attributes = columns};

static void words_name_columns(void **state)
{
    const char *const words[] = {"hair=hair_color", "age"};
    struct av_traits t;
    (void)state;
    assert_int_equal(av_traits_of(&set, words, 2, &t, NULL, error()), IMP_OK);
    assert_int_equal(t.count, 2), assert_int_equal(t.width, 3);
    assert_string_equal(t.all[0].name, "hair"), assert_int_equal(t.all[0].column, 1);
    assert_int_equal(t.all[1].at, 2), assert_int_equal(t.all[1].bins_at, 2);
}
static void several_columns_are_one_choice(void **state)
{
    static const imp_attribute yes_no[] = {
        {"Black_Hair", NULL, -1, 1}, {"Blond_Hair", NULL, -1, 1}, {"Hat", "no|yes", 0, 0}};
    static const imp_dataset of = {
        .struct_size = sizeof of, .attribute_count = 3, .attributes = yes_no};
    static const struct {
        double sample[3];
        int choice; /* -1: unknown */
    } all[] = {{{1, -1, 0}, 0}, {{-1, 1, 0}, 1},   {{-1, -1, 1}, 2},
               {{1, 1, 0}, -1}, {{-1, -1, 0}, -1}, {{NAN, 1, 0}, 1}};
    const char *const words[] = {"hair=black:Black_Hair|blond:Blond_Hair|Hat"};
    struct av_traits t;
    (void)state;
    assert_int_equal(av_traits_of(&of, words, 1, &t, NULL, error()), IMP_OK);
    assert_string_equal(t.all[0].choices, "black|blond|Hat");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        float y[3], known[1];
        av_traits_encode(&t, all[i].sample, y, known);
        assert_int_equal(known[0] > 0, all[i].choice >= 0);
        assert_true(all[i].choice < 0 || y[all[i].choice] == 1);
    }
    const char *const wrong[] = {"hair=black:Black_Hair|Blnd_Hair"};
    assert_int_equal(av_traits_of(&of, wrong, 1, &t, NULL, error()), IMP_E_PARAM);
    assert_non_null(strstr(why, "Blnd_Hair"));
}
static void wrong_words_say_what_is_wrong(void **state)
{
    static const struct {
        const char *words[2], *why;
    } all[] = {{{"hiar", NULL}, "it has: age hair_color free"},
               {{"free", NULL}, "without a range"},
               {{"age", "age"}, "twice"},
               {{"=age", NULL}, "1 to"}};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct av_traits t;
        const char *word;
        assert_int_equal(
            av_traits_of(&set, all[i].words, all[i].words[1] ? 2 : 1, &t, &word, error()),
            IMP_E_PARAM);
        assert_non_null(strstr(why, all[i].why));
        assert_non_null(word);
    }
}

static void numbers_are_what_they_mean(void **state)
{
    const struct av_traits t = faces();
    const double sample[] = {1, 25, NAN};
    float y[6], known[3];
    (void)state;
    av_traits_encode(&t, sample, y, known);
    const float want[] = {0, 1, 0, -0.5f, 0.5f, 0.5f};
    for (int i = 0; i < 6; i++)
        assert_true(fabsf(y[i] - want[i]) < 1e-6f);
    assert_true(known[0] > 0 && known[1] > 0 && !(known[2] > 0));
}

static void presets_say_them_in_words(void **state)
{
    static const struct {
        int trait;
        const char *text;
        float want[3];
    } all[] = {{0, "blond", {0, 1, 0}},
               {0, "blond 0.7", {0.15f, 0.7f, 0.15f}},
               {0, "blond 0.6 black 0.4", {0.4f, 0.6f, 0}},
               {0, "black 1 blond 1", {0.5f, 0.5f, 0}},
               {0, "black 0.2 blond 0.2 red 0.4", {0.25f, 0.25f, 0.5f}},
               {1, "75", {0.5f}},
               {2, "yes", {0, 1}},
               {2, "0", {1, 0}}};
    const struct av_traits t = faces();
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct av_trait *a = &t.all[all[i].trait];
        float y[6] = {9, 9, 9, 9, 9, 9};
        assert_int_equal(av_trait_set(a, all[i].text, y, error()), IMP_OK);
        for (uint32_t k = 0; k < a->width; k++)
            if (fabsf(y[a->at + k] - all[i].want[k]) > 1e-5f)
                fail_msg("%s: number %u is %g", all[i].text, k, (double)y[a->at + k]);
    }
}
static void wrong_values_list_what_would_do(void **state)
{
    static const struct {
        int trait;
        const char *text, *why;
    } all[] = {
        {0, "green", "black blond red"}, {0, "blond 1.5", "0 to 1"},    {0, "", "none of"},
        {0, "blond blond", "none of"},   {0, "blond 0.5 x", "none of"}, {1, "101", "0 to 100"},
        {1, "light", "no number"},       {1, "5 5", "no number"},       {1, "nan", "no number"},
        {2, "maybe", "no yes"}};
    const struct av_traits t = faces();
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        float y[6];
        assert_int_equal(av_trait_set(&t.all[all[i].trait], all[i].text, y, error()), IMP_E_PARAM);
        if (!strstr(why, all[i].why))
            fail_msg("'%s': %s", all[i].text, why);
    }
}
static void broken_lines_are_refused(void **state)
{
    static const char *const all[] = {"", "hair", "hair:", ":a|b", "hair:a|b hair:a|b", "n:1..0"};
    struct av_traits t;
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (av_traits_read(all[i], &t, error()) != IMP_E_INPUT)
            fail_msg("'%s' was read", all[i]);
}
static void drawn_traits_are_even(void **state)
{
    const struct av_traits t = faces();
    uint32_t counts[3] = {0};
    double sum = 0;
    (void)state;
    for (uint64_t i = 0; i < 3000; i++) {
        float y[6];
        av_traits_draw(&t, 7, i, y);
        counts[av_trait_bin(&t.all[0], y)]++;
        assert_true(y[3] >= -1 && y[3] <= 1);
        sum += y[3];
    }
    for (int k = 0; k < 3; k++)
        assert_in_range(counts[k], 900, 1100);
    assert_true(fabs(sum / 3000) < 0.05);
}

static void drawings_show_what_their_kind_shows(void **state)
{
    static const imp_attribute of[] = {{"drawing", "all|face|contour", 0, 0},
                                       {"glasses", "none|round", 0, 0},
                                       {"smile", NULL, 0, 1}};
    static const imp_dataset kinds = {
        .struct_size = sizeof kinds, .attribute_count = 3, .attributes = of};
    static const char *const traits[] = {"glasses", "smile"}, *const shown[] = {
                                                                  "glasses=drawing:all",
                                                                  "smile=drawing:all|face"};
    static const char *const wrong[][2] = {{"glasses=drawing:al", "it has: all|face|contour"},
                                           {"glasses=drawin:all", "no attribute 'drawin'"},
                                           {"glasses=drawing", "names no choices"},
                                           {"glasses=smile:all", "names no choices"},
                                           {"glass=drawing:all", "there is: glasses smile"}};
    struct av_traits t;
    (void)state;
    assert_int_equal(av_traits_of(&kinds, traits, 2, &t, NULL, error()), IMP_OK);
    assert_int_equal(av_traits_show(&t, &kinds, shown, 2, error()), IMP_OK);
    for (uint32_t k = 0; k < 3; k++) {
        const double sample[] = {k, 1, 0.5};
        assert_int_equal(av_trait_shown(&t.all[0], sample), k == 0);
        assert_int_equal(av_trait_shown(&t.all[1], sample), k < 2);
    }
    const double unknown[] = {NAN, 1, 0.5};
    assert_false(av_trait_shown(&t.all[0], unknown));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(av_traits_show(&t, &kinds, wrong[i], 1, error()), IMP_E_PARAM);
        assert_non_null(strstr(why, wrong[i][1]));
    }
}

static void what_is_left_to_a_drawing_is_wanted_as_its_photo_is(void **state)
{
    const struct av_traits t = faces();
    (void)state;
    for (uint32_t k = 0; k < t.count; k++) {
        const struct av_trait *a = &t.all[k];
        float photo[6], told[6], wanted[6];
        av_traits_draw(&t, 1, k, photo);
        av_traits_draw(&t, 2, k, told);
        memcpy(wanted, told, sizeof told);
        float before[6];
        memcpy(before, told, sizeof told);
        av_trait_leave(a, photo, told, wanted);
        for (uint32_t i = 0; i < t.width; i++) {
            const bool its = i >= a->at && i < a->at + a->width;
            const float open = a->choices[0] ? 1 / (float)a->width : 0;
            assert_float_equal(told[i], its ? open : before[i], 0);
            assert_float_equal(wanted[i], its ? photo[i] : before[i], 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_comes_back),
        cmocka_unit_test(words_name_columns),
        cmocka_unit_test(several_columns_are_one_choice),
        cmocka_unit_test(wrong_words_say_what_is_wrong),
        cmocka_unit_test(numbers_are_what_they_mean),
        cmocka_unit_test(presets_say_them_in_words),
        cmocka_unit_test(wrong_values_list_what_would_do),
        cmocka_unit_test(broken_lines_are_refused),
        cmocka_unit_test(drawn_traits_are_even),
        cmocka_unit_test(drawings_show_what_their_kind_shows),
        cmocka_unit_test(what_is_left_to_a_drawing_is_wanted_as_its_photo_is),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
