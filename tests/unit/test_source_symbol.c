/* test_source_symbol.c - source.symbol: signs where they belong, every kind another, any size. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "minihost.h"

static const char *const kinds[] = {"plus",    "cross",    "circle", "target", "square",
                                    "diamond", "triangle", "star",   "arrow",  "check",
                                    "heart",   "bolt",     "moon",   "spiral", "wave",
                                    "hash",    "house",    "anchor", "flag",   "key"};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int open_sources(void **state)
{
    char path[4096], why[512];
    *state = mini_open(mini_built("sources", path, sizeof path), why, sizeof why);
    return *state ? 0 : -1;
}

static int close_sources(void **state)
{
    mini_close(*state);
    return 0;
}

static imp_image *draw(void **state, const char *more, const char *kind, int seed, int w, int h)
{
    char params[300], why[600];
    snprintf(params, sizeof params, "kind=%s seed=%d width=%d height=%d %s", kind, seed, w, h,
             more);
    imp_image *m = mini_apply(*state, "source.symbol", params, NULL, why, sizeof why);
    if (!m)
        print_message("# %s: %s\n", params, why);
    assert_non_null(m);
    return m;
}

/* A steady hand: the ring's ink lies between its radii, and nowhere else. */
static void a_circle_is_a_ring_of_its_radius(void **state)
{
    imp_image *m =
        draw(state, "vary=0 wobble=0 size=0.8 stroke=0.2 ink=0 paper=1", "circle", 1, 200, 200);
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 200; x++) {
            const double r = hypot(x + 0.5 - 100, y + 0.5 - 100) / 80; /* in the sign's units */
            const double d = fabs(r - 0.85);
            const float v = imp_row(m, 0, y)[x];
            if (d < 0.1 - 0.02)
                assert_true(v == 0);
            if (d > 0.1 + 0.02)
                assert_true(v == 1);
        }
    mini_release(&m->head);
}

static void a_tilt_of_a_quarter_turns_the_picture(void **state)
{
    static const char steady[] = "vary=0 wobble=0", turned[] = "vary=0 wobble=0 tilt=90";
    for (size_t k = 0; k < KINDS; k++) {
        imp_image *a = draw(state, steady, kinds[k], 1, 64, 64),
                  *b = draw(state, turned, kinds[k], 1, 64, 64);
        for (uint32_t y = 0; y < 64; y++)
            for (uint32_t x = 0; x < 64; x++) /* clockwise: what was at the top is at the right */
                assert_true(fabsf(imp_row(a, 0, y)[x] - imp_row(b, 0, x)[63 - y]) < 1e-3f);
        mini_release(&a->head), mini_release(&b->head);
    }
}

static double distance(const imp_image *a, const imp_image *b)
{
    double sum = 0;
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++)
            sum += fabs((double)imp_row(a, 0, y)[x] - (double)imp_row(b, 0, y)[x]);
    return sum / a->width / a->height;
}

static void kinds_and_seeds_differ(void **state)
{
    static const char usual[] = "";
    imp_image *m[KINDS];
    for (size_t k = 0; k < KINDS; k++)
        m[k] = draw(state, usual, kinds[k], 3, 64, 64);
    for (size_t i = 0; i < KINDS; i++)
        for (size_t j = 0; j < i; j++)
            assert_true(distance(m[i], m[j]) > 0.02);
    for (size_t k = 0; k < KINDS; k++) {
        imp_image *other = draw(state, usual, kinds[k], 4, 64, 64),
                  *same = draw(state, usual, kinds[k], 3, 64, 64);
        assert_true(distance(m[k], other) > 0.005);
        assert_true(mini_same(&m[k]->head, &same->head));
        mini_release(&other->head), mini_release(&same->head), mini_release(&m[k]->head);
    }
}

static void any_size_and_both_ends_of_all_keys(void **state)
{
    static const int sizes[][2] = {{1, 1}, {2, 7}, {300, 3}, {33, 64}};
    static const char *const ends[] = {"stroke=0.02 size=0.1", "stroke=0.5 size=1",
                                       "vary=1 wobble=1 noise=0.5", "ink=1 paper=0"};
    for (size_t i = 0; i < 4; i++)
        for (size_t e = 0; e < 4; e++)
            for (size_t k = 0; k < KINDS; k += 3) {
                imp_image *m =
                    draw(state, ends[e], kinds[k], (int)(i + e), sizes[i][0], sizes[i][1]);
                for (uint32_t c = 0; c < 3; c++)
                    for (uint32_t y = 0; y < m->height; y++)
                        for (uint32_t x = 0; x < m->width; x++)
                            assert_true(imp_row(m, c, y)[x] >= 0 && imp_row(m, c, y)[x] <= 1);
                mini_release(&m->head);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_circle_is_a_ring_of_its_radius),
        cmocka_unit_test(a_tilt_of_a_quarter_turns_the_picture),
        cmocka_unit_test(kinds_and_seeds_differ),
        cmocka_unit_test(any_size_and_both_ends_of_all_keys),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_sources, close_sources);
}
