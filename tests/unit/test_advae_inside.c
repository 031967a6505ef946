/* test_advae_inside.c - what is drawn into outlines: parts told apart, the drawing that fits, text
 * and back. Faces are boxes: a U for the jaw, two bars for ears, four blocks inside. */
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
#include "../../plugins/advae/inside.h"

enum { SIDE = 64 };

static void bar(float *s, int x0, int y0, int x1, int y1)
{
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++)
            s[y * SIDE + x] = 1;
}
/* A face of that width about column 32, its chin at row 60; open: a mouth of more rows. */
static void face(float *s, int width, bool inner, bool open)
{
    const int l = 32 - width / 2, r = 32 + width / 2;
    memset(s, 0, SIDE * SIDE * sizeof *s);
    bar(s, l, 34, l + 1, 60), bar(s, r - 1, 34, r, 60), bar(s, l, 59, r, 60);
    if (!inner)
        return;
    bar(s, 24, 36, 27, 37), bar(s, 37, 36, 40, 37); /* eyes */
    bar(s, 31, 43, 33, 44);                         /* nose */
    bar(s, 28, 50, 36, open ? 53 : 51);             /* mouth */
}
static struct av_traits traits(void)
{
    struct av_traits t;
    kit_error e;
    (void)kit_error_init(&e);
    assert_int_equal(av_traits_read("hair:black|blond open:0..1", &t, &e.as), IMP_OK);
    t.all[1].shown = 1;
    return t;
}
static double ink_in(const float *s, int x0, int y0, int x1, int y1)
{
    double sum = 0;
    for (int y = y0; y <= y1; y++)
        for (int x = x0; x <= x1; x++)
            sum += (double)s[y * SIDE + x];
    return sum;
}

static void outlines_are_told(void **state)
{
    static float s[SIDE * SIDE];
    (void)state;
    face(s, 30, false, false);
    const av_kind bare = av_kind_of(s, SIDE);
    face(s, 30, true, false);
    const av_kind whole = av_kind_of(s, SIDE);
    const av_kind nothing = {.map = {0}};
    assert_true(av_is_outline(&bare) && !av_is_outline(&whole) && !av_is_outline(&nothing));
    av_kinds k = {.count = 2, .all = {bare, whole}};
    assert_ptr_equal(av_kinds_face(&k), &k.all[1]);
    k.count = 1;
    assert_null(av_kinds_face(&k));
}

static av_inside kept(const struct av_traits *t)
{
    static float s[SIDE * SIDE];
    av_inside in;
    kit_error e;
    (void)kit_error_init(&e);
    assert_int_equal(av_inside_new(&in, SIDE, t->width, &e.as), IMP_OK);
    in.shown = 2;
    for (int i = 0; i < 6; i++) {
        const float y[] = {i & 1, !(i & 1), i % 2 ? 1 : -1}; /* hair says the same as open */
        face(s, 26 + 4 * (i / 2), true, i % 2);
        assert_true(av_inside_add(&in, s, y));
    }
    face(s, 30, false, false);
    assert_false(av_inside_add(&in, s, (const float[3]){0}));
    return in;
}

static void the_one_that_fits_is_drawn(void **state)
{
    static float s[SIDE * SIDE], bare[SIDE * SIDE];
    const struct av_traits t = traits();
    av_inside in = kept(&t);
    bool failed;
    (void)state;
    for (int open = 0; open < 2; open++)
        for (uint64_t seed = 1; seed < 6; seed++) {
            float y[] = {0.5f, 0.5f, open ? 0.8f : -0.8f};
            face(s, 30, false, false), memcpy(bare, s, sizeof bare);
            assert_true(av_inside_draw(&in, &t, seed, s, y, &failed));
            assert_true(y[0] == 0.5f && y[2] == (open ? 1 : -1)); /* lines show no hair */
            assert_true(ink_in(s, 21, 33, 29, 40) > 5 && ink_in(s, 35, 33, 43, 40) > 5);
            assert_true(ink_in(s, 29, 41, 35, 46) > 3);
            assert_true((ink_in(s, 27, 47, 37, 56) > 24) == open);
            for (int i = 0; i < SIDE * SIDE; i++)
                assert_true(s[i] >= bare[i] && s[i] <= 1);
        }
    /* of another size and place: the eyes go with the outline */
    float y[] = {1, 0, -1};
    memset(s, 0, sizeof s);
    bar(s, 4, 20, 5, 50), bar(s, 37, 20, 38, 50), bar(s, 4, 49, 38, 50);
    assert_true(av_inside_draw(&in, &t, 1, s, y, &failed));
    double x = 0, all = 0;
    for (int j = 0; j < 44; j++)
        for (int i = 8; i < 35; i++)
            x += i * (double)s[j * SIDE + i], all += (double)s[j * SIDE + i];
    assert_true(all > 10 && fabs(x / all - 21) < 1.5);
    av_inside_free(&in);
    assert_false(av_inside_draw(&in, &t, 1, s, y, &failed));
    assert_false(failed);
}

/* Of two that say the same, the one whose jaw is alike. */
static void the_jaw_decides(void **state)
{
    static float s[SIDE * SIDE];
    const struct av_traits t = traits();
    av_inside in;
    kit_error e;
    float y[] = {1, 0, -1};
    bool failed;
    (void)state, (void)kit_error_init(&e);
    assert_int_equal(av_inside_new(&in, SIDE, t.width, &e.as), IMP_OK);
    for (int wide = 0; wide < 2; wide++) {
        face(s, wide ? 44 : 26, true, false);
        if (wide)
            bar(s, 20, 50, 44, 51);
        assert_true(av_inside_add(&in, s, y));
    }
    for (uint64_t seed = 1; seed < 9; seed++)
        for (int wide = 0; wide < 2; wide++) {
            face(s, wide ? 44 : 26, false, false);
            assert_true(av_inside_draw(&in, &t, seed, s, y, &failed));
            assert_true((ink_in(s, 22, 47, 26, 54) > 3) == wide);
        }
    av_inside_free(&in);
}

/* Grey strokes stay as grey. */
static void strokes_keep_their_ink(void **state)
{
    static float s[SIDE * SIDE];
    const struct av_traits t = traits();
    av_inside in;
    kit_error e;
    float y[] = {1, 0, 0}, most = 0;
    bool failed;
    (void)state, (void)kit_error_init(&e);
    assert_int_equal(av_inside_new(&in, SIDE, t.width, &e.as), IMP_OK);
    face(s, 30, true, false);
    for (int i = 0; i < SIDE * SIDE; i++)
        s[i] *= i / SIDE < 56 && i % SIDE > 20 && i % SIDE < 44 ? 0.5f : 1;
    assert_true(av_inside_add(&in, s, y));
    face(s, 30, false, false);
    assert_true(av_inside_draw(&in, &t, 1, s, y, &failed));
    for (int j = 0; j < 56; j++)
        for (int i = 21; i < 44; i++)
            most = s[j * SIDE + i] > most ? s[j * SIDE + i] : most;
    assert_true(most > 0.45f && most < 0.55f);
    av_inside_free(&in);
}

static void text_and_back(void **state)
{
    const struct av_traits t = traits();
    av_inside in = kept(&t), back;
    kit_error e;
    (void)state, (void)kit_error_init(&e);
    char *text = malloc(av_inside_room(&in));
    av_inside_write(&in, text);
    assert_true(strlen(text) < av_inside_room(&in));
    assert_int_equal(av_inside_read(text, SIDE, t.width, &back, &e.as), IMP_OK);
    assert_int_equal(back.count, in.count), assert_true(back.shown == in.shown);
    assert_memory_equal(back.parts, in.parts, in.count * SIDE * SIDE);
    assert_memory_equal(back.y, in.y, in.count * t.width * sizeof *in.y);
    av_inside_free(&back);
    /* another side, other attributes, cut off anywhere, any letter wrong: none, or a picture, and
     * never beyond */
    const size_t n = strlen(text);
    for (size_t i = 0; i < n; i += 7) {
        const char was = text[i];
        for (int how = 0; how < 3; how++) {
            text[i] = "\0z;"[how];
            assert_int_equal(av_inside_read(text, SIDE, t.width, &back, &e.as), IMP_OK);
            assert_true(back.count == 0 || back.count == in.count || i < 8);
            av_inside_free(&back);
        }
        text[i] = was;
    }
    static const char *const runs[] = {"0 1; 0 0 0 42", "0 1; 0 0 0 52", "0 1; 0 0 0 7______",
                                       "0 1; 0 0 0 42z"};
    for (int i = 0; i < 4;
         i++) { /* of 3 x 3: just full, one too many, no end, what follows does not matter */
        assert_int_equal(av_inside_read(runs[i], 3, t.width, &back, &e.as), IMP_OK);
        assert_int_equal(back.count, i == 0 || i == 3), av_inside_free(&back);
    }
    assert_int_equal(av_inside_read(text, SIDE / 2, t.width, &back, &e.as), IMP_OK);
    assert_int_equal(back.count, 0), av_inside_free(&back);
    assert_int_equal(av_inside_read(text, SIDE, t.width + 1, &back, &e.as), IMP_OK);
    assert_int_equal(back.count, 0), av_inside_free(&back);
    assert_int_equal(av_inside_read(NULL, SIDE, t.width, &back, &e.as), IMP_OK);
    assert_int_equal(back.count, 0), av_inside_free(&back);
    free(text), av_inside_free(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outlines_are_told), cmocka_unit_test(the_one_that_fits_is_drawn),
        cmocka_unit_test(the_jaw_decides),   cmocka_unit_test(strokes_keep_their_ink),
        cmocka_unit_test(text_and_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
