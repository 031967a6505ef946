/* test_advae_kinds.c - kinds of drawings are found, told, written and read; each is brought to its
 * own place. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "../../plugins/advae/drawing.h"

enum { SIDE = 64, EACH = 20 };
enum kind { HEAD, OUTLINE, FACE };
static float paper[SIDE * SIDE];

static void dot(double x, double y)
{
    for (int j = 0; j < SIDE; j++)
        for (int i = 0; i < SIDE; i++)
            if (hypot(i + 0.5 - x * SIDE, j + 0.5 - y * SIDE) < 0.8)
                paper[j * SIDE + i] = 1;
}
static void arc(double x, double y, double rx, double ry, double from, double to)
{
    for (double a = from; a <= to; a += 0.02)
        dot(x + rx * kit_cos(a), y + ry * kit_sin(a));
}
/* An outline is a chin; a face has eyes and a mouth in it; a head hair and shoulders around. Moved
 * by (x, y). */
static const float *drawn(enum kind kind, double x, double y, double size)
{
    memset(paper, 0, sizeof paper);
    x += 0.5, y += 0.6;
    arc(x, y, 0.2 * size, 0.28 * size, 0, 3.1416);
    if (kind != OUTLINE) {
        arc(x - 0.09 * size, y - 0.02 * size, 0.04 * size, 0.02 * size, 0, 6.3);
        arc(x + 0.09 * size, y - 0.02 * size, 0.04 * size, 0.02 * size, 0, 6.3);
        arc(x, y + 0.16 * size, 0.07 * size, 0.02 * size, 0, 6.3);
    }
    if (kind == HEAD) {
        arc(x, y - 0.05 * size, 0.28 * size, 0.4 * size, 3.1416, 6.2832);
        arc(x, y + 0.5 * size, 0.42 * size, 0.16 * size, 3.6, 5.8);
    }
    return paper;
}
static av_kinds learnt(void)
{
    static av_kind all[3 * EACH];
    av_kinds k;
    for (uint32_t i = 0; i < 3 * EACH; i++) {
        all[i] =
            av_kind_of(drawn((enum kind)(i % 3), 0.04 * kit_uniform(1, 1, i) - 0.02,
                             0.04 * kit_uniform(1, 2, i) - 0.02, 0.95 + 0.1 * kit_uniform(1, 3, i)),
                       SIDE);
        all[i].shown = i % 3 == HEAD ? 3 : i % 3 == FACE ? 1 : 0;
    }
    av_kinds_find(all, 3 * EACH, &k);
    return k;
}

/* Outlines and faces whose boxes are alike: boxes of both differ more among themselves. */
static void outlines_are_a_kind_of_their_own(void **state)
{
    static av_kind all[2 * EACH];
    av_kinds k;
    (void)state;
    for (uint32_t i = 0; i < 2 * EACH; i++) {
        const double size = 0.8 + 0.4 * (i / 2 % 4) / 3;
        drawn(i % 2 ? FACE : OUTLINE, 0, 0, size);
        arc(0.5 - 0.21 * size, 0.6 - 0.04 * size, 0.01, 0.04 * size, 0, 6.3); /* ears */
        arc(0.5 + 0.21 * size, 0.6 - 0.04 * size, 0.01, 0.04 * size, 0, 6.3);
        all[i] = av_kind_of(paper, SIDE), all[i].shown = i % 2;
        assert_true(av_is_outline(&all[i]) == (i % 2 == 0));
    }
    av_kinds_find(all, 2 * EACH, &k);
    for (uint32_t i = 0; i < 2 * EACH; i++)
        assert_true(av_is_outline(av_kinds_like(&k, &all[i])) == (i % 2 == 0));
    for (uint32_t i = 0; i < k.count; i++)
        assert_int_equal(k.all[i].shown, !av_is_outline(&k.all[i]));
    assert_false(av_is_outline(av_kinds_face(&k)));
}

static void kinds_are_found_and_told(void **state)
{
    const av_kinds k = learnt();
    double tops[3];
    (void)state;
    assert_in_range(k.count, 3, AV_KINDS);
    for (int kind = 0; kind < 3; kind++) {
        const av_kind small = av_kind_of(drawn((enum kind)kind, -0.15, -0.1, 0.6), SIDE),
                      usual = av_kind_of(drawn((enum kind)kind, 0, 0, 1), SIDE);
        const av_kind *like = av_kinds_like(&k, &small);
        assert_true(fabs(like->ink.top - usual.ink.top) < 0.05 &&
                    fabs(like->ink.bottom - usual.ink.bottom) < 0.05);
        assert_true(fabs(like->ink.left - usual.ink.left) < 0.05);
        tops[kind] = like->ink.top;
    }
    assert_true(tops[HEAD] + 0.1 < tops[FACE] && tops[FACE] + 0.01 < tops[OUTLINE]);
}

static void a_line_of_metadata_comes_back(void **state)
{
    static const char *const broken[] = {NULL, "", "0.1 0.2", "0.1 0.2 0.9 0.8 12",
                                         "0.9 0.2 0.1 0.8 00"};
    char text[AV_KINDS_TEXT], again[AV_KINDS_TEXT];
    const av_ink usual = {0.05, 0.012, 0.1, 0.1, 0.9, 0.9};
    const av_kinds k = learnt();
    av_kinds read;
    (void)state;
    av_kinds_write(&k, text);
    av_kinds_read(text, &usual, &read);
    assert_int_equal(read.count, k.count);
    av_kinds_write(&read, again);
    assert_string_equal(text, again);
    for (uint32_t i = 0; i < k.count; i++) {
        assert_true(fabs(read.all[i].ink.top - k.all[i].ink.top) < 1e-4 &&
                    read.all[i].ink.width == usual.width);
        assert_true(read.all[i].shown == k.all[i].shown);
        assert_ptr_equal(av_kinds_like(&read, &k.all[i]), &read.all[i]);
    }
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        av_kinds_read(broken[i], &usual, &read);
        assert_int_equal(read.count, 1);
        assert_true(read.all[0].ink.top == usual.top);
    }
}

/* A face alone, small and aside: it comes to where faces lie in heads, not to where heads lie. */
static void each_kind_goes_to_its_place(void **state)
{
    const av_kinds k = learnt();
    static float out[SIDE * SIDE];
    static char why[300];
    (void)state;
    for (int kind = 0; kind < 3; kind++)
        for (int aside = 0; aside < 2; aside++) {
            imp_error err = {sizeof err, sizeof why, why, -1, -1};
            imp_image *m = kit_image_new(SIDE, SIDE, 1, IMP_SRGB);
            uint32_t what;
            const av_kind *taken;
            drawn((enum kind)kind, aside ? -0.15 : 0.01, aside ? -0.1 : 0.01, aside ? 0.6 : 1);
            for (uint32_t y = 0; y < SIDE; y++)
                for (uint32_t x = 0; x < SIDE; x++)
                    imp_row_out(m, 0, y)[x] = 1 - paper[y * SIDE + x];
            assert_int_equal(av_drawing(m, SIDE, &k, AV_AUTO, out, &what, &taken, NULL, &err),
                             IMP_OK);
            assert_int_equal(what & AV_MOVED, aside ? AV_MOVED : 0);
            assert_int_equal(taken->shown, kind == HEAD ? 3 : kind == FACE ? 1 : 0);
            const av_ink now = av_ink_of(out, SIDE),
                         there = av_kind_of(drawn((enum kind)kind, 0, 0, 1), SIDE).ink;
            assert_true(fabs(now.top - there.top) < 0.06 && fabs(now.bottom - there.bottom) < 0.06);
            assert_true(fabs(now.left - there.left) < 0.06 && fabs(now.right - there.right) < 0.06);
            kit_image_free(m);
        }
}

static void drawings_all_alike_are_one_kind(void **state)
{
    av_kind all[5];
    av_kinds k;
    (void)state;
    for (int i = 0; i < 5; i++)
        all[i] = av_kind_of(drawn(FACE, 0, 0, 1), SIDE);
    av_kinds_find(all, 5, &k);
    assert_int_equal(k.count, 1);
    assert_true(k.all[0].ink.top == all[0].ink.top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_found_and_told),
        cmocka_unit_test(outlines_are_a_kind_of_their_own),
        cmocka_unit_test(a_line_of_metadata_comes_back),
        cmocka_unit_test(each_kind_goes_to_its_place),
        cmocka_unit_test(drawings_all_alike_are_one_kind),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("advae_kinds", tests, NULL, NULL);
}
