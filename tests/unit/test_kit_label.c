/* test_kit_label.c - text in pictures: sizes, places, clipping, odd bytes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "minihost.h"

static const float ink[4] = {0, 0, 0, 1};

static double darkness(const imp_image *m)
{
    double sum = 0;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++)
            sum += 1 - (double)imp_row(m, 0, y)[x];
    return sum;
}

static imp_image *written(uint32_t w, uint32_t h, double x, double y, double size, const char *text)
{
    char why[256];
    imp_image *m = mini_constant(w, h, 1, IMP_SRGB, 1);
    kit_text_draw(m, x, y, size, ink, text);
    assert_null(mini_damage(&m->head, true, why, sizeof why));
    return m;
}

static void text_stays_within_its_size(void **state)
{
    const double sizes[] = {7, 10, 13, 16, 23.5, 64};
    (void)state;
    for (int i = 0; i < 6; i++) {
        uint32_t w, h;
        const char *text = "\xc3\x85gj|{\xc3\x87Q_W\xc3\xb1y@"; /* accents above, tails below */
        kit_text_size(text, sizes[i], &w, &h);
        imp_image *whole = written(w + 60, h + 60, 30, 30, sizes[i], text);
        for (uint32_t y = 0; y < whole->height; y++)
            for (uint32_t x = 0; x < whole->width; x++)
                if (x < 29 || y < 29 || x >= 31 + w || y >= 31 + h)
                    assert_true(imp_row(whole, 0, y)[x] == 1);
        mini_release(&whole->head);
    }
}

static void every_letter_of_latin_1_has_ink_of_its_own(void **state)
{
    static imp_image *glyphs[256];
    (void)state;
    for (uint32_t code = 33; code < 256; code++) {
        if (code >= 127 && code < 0xc0)
            continue;
        char text[3] = {(char)code, 0, 0};
        if (code >= 128)
            text[0] = (char)(0xc0 | code >> 6), text[1] = (char)(0x80 | (code & 63));
        glyphs[code] = written(60, 60, 5, 5, 32, text);
        assert_true(darkness(glyphs[code]) > 5);
        for (uint32_t other = 33; other < code; other++)
            if (glyphs[other])
                assert_true(mini_difference(glyphs[other], glyphs[code]) > 0.25);
    }
    for (uint32_t code = 0; code < 256; code++)
        if (glyphs[code])
            mini_release(&glyphs[code]->head);
}

static void width_grows_with_size_and_adds_up(void **state)
{
    uint32_t a, b, ab, h, h2;
    (void)state;
    kit_text_size("paint", 20, &a, &h);
    kit_text_size("brush", 20, &b, &h);
    kit_text_size("paintbrush", 20, &ab, &h);
    assert_true(abs((int)ab - (int)(a + b)) <= 1);
    kit_text_size("paintbrush", 40, &a, &h2);
    assert_true(abs((int)a - 2 * (int)ab) <= 2);
    assert_true(abs((int)h2 - 2 * (int)h) <= 1);
    kit_text_size("", 20, &a, &h2);
    assert_int_equal(a, 0);
    assert_int_equal(h2, h);
}

static void digits_are_equally_wide(void **state)
{
    uint32_t w, first, h;
    (void)state;
    kit_text_size("0000000000", 30, &first, &h);
    for (char c = '1'; c <= '9'; c++) {
        const char text[] = {c, c, c, c, c, c, c, c, c, c, 0};
        kit_text_size(text, 30, &w, &h);
        assert_int_equal(w, first);
    }
}

static void a_part_outside_is_cut_off_and_the_rest_is_the_same(void **state)
{
    (void)state;
    imp_image *whole = written(200, 80, 40, 20, 30, "Impasto"),
              *part = written(60, 30, 0, -10, 30, "Impasto");
    for (uint32_t y = 0; y < 30; y++)
        for (uint32_t x = 0; x < 60; x++)
            assert_true(fabsf(imp_row(part, 0, y)[x] - imp_row(whole, 0, y + 30)[x + 40]) < 1e-6f);
    mini_release(&whole->head), mini_release(&part->head);
    const double far[] = {-1e9, -5000, 5000, 1e9, 1e300};
    for (int i = 0; i < 5; i++) {
        imp_image *none = written(20, 20, far[i], far[i], 12, "x");
        assert_true(darkness(none) == 0);
        mini_release(&none->head);
    }
}

static void bytes_that_are_no_utf_8_become_boxes(void **state)
{
    const char *broken[] = {"\xff", "\xc3",     "\xe2\x80",    "\xf0\x9f",
                            "\x80", "\xc0\x80", "\xe4\xbd\xa0"};
    imp_image *box = written(40, 40, 5, 5, 24, "\xe4\xba\x8c"); /* a letter that the font lacks */
    (void)state;
    for (int i = 0; i < 7; i++) {
        imp_image *m = written(100, 40, 5, 5, 24, broken[i]);
        assert_true(darkness(m) >= darkness(box) - 1e-3);
        mini_release(&m->head);
    }
    mini_release(&box->head);
}

static void strokes_are_smooth_and_about_as_heavy_as_asked(void **state)
{
    (void)state;
    imp_image *m = written(200, 200, 20, 20, 100, "l"); /* 28 / 40 of 100 px high, 8.5 px thick */
    double grey = 0;
    for (uint32_t x = 0; x < 200; x++)
        grey += 1 - (double)imp_row(m, 0, 70)[x];
    assert_true(fabs(grey - 8.5) < 0.3);
    mini_release(&m->head);
}

static void colour_and_alpha_are_drawn(void **state)
{
    const float red[4] = {1, 0, 0.25f, 1};
    imp_image *m = mini_constant(60, 60, 4, IMP_SRGB, 0);
    (void)state;
    kit_text_draw(m, 10, 10, 40, red, "#");
    for (uint32_t y = 0; y < 60; y++)
        for (uint32_t x = 0; x < 60; x++) {
            const float a = imp_row(m, 3, y)[x];
            assert_true(imp_row(m, 0, y)[x] == a && imp_row(m, 1, y)[x] == 0);
            assert_true(fabsf(imp_row(m, 2, y)[x] - a / 4) < 1e-6f);
        }
    mini_release(&m->head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_stays_within_its_size),
        cmocka_unit_test(every_letter_of_latin_1_has_ink_of_its_own),
        cmocka_unit_test(width_grows_with_size_and_adds_up),
        cmocka_unit_test(digits_are_equally_wide),
        cmocka_unit_test(a_part_outside_is_cut_off_and_the_rest_is_the_same),
        cmocka_unit_test(bytes_that_are_no_utf_8_become_boxes),
        cmocka_unit_test(strokes_are_smooth_and_about_as_heavy_as_asked),
        cmocka_unit_test(colour_and_alpha_are_drawn),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
