/* test_kit_lines.c - line drawings: paper, edges, specks, turning. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "minihost.h"

static const kit_lines_options options = {
    .sigma = 1, .ratio = 1.6, .sharpness = 0.98, .slope = 200, .threshold = -0.004, .soft = 1,
};

static imp_image *draw(const imp_image *src, const kit_lines_options *o)
{
    imp_image *dst = kit_image_new(src->width, src->height, 1, IMP_DATA);
    assert_non_null(dst);
    assert_int_equal(kit_lines(src, dst, o, NULL), IMP_OK);
    return dst;
}

static float at(const imp_image *m, uint32_t x, uint32_t y)
{
    return imp_row(m, 0, y)[x];
}

/* A white field with a black disc. */
static imp_image *disc(uint32_t side, double radius)
{
    imp_image *m = mini_constant(side, side, 3, IMP_SRGB, 0.9f);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < side; y++)
            for (uint32_t x = 0; x < side; x++)
                if (hypot(x + 0.5 - side / 2.0, y + 0.5 - side / 2.0) < radius)
                    imp_row_out(m, c, y)[x] = 0.2f;
    return m;
}

static uint32_t ink(const imp_image *m)
{
    uint32_t n = 0;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++)
            n += at(m, x, y) < 0.5f;
    return n;
}

static void a_constant_picture_is_white(void **state)
{
    const float values[] = {0, 0.02f, 0.5f, 1, 3};
    (void)state;
    for (int i = 0; i < 5; i++) {
        imp_image *in = mini_constant(40, 30, 3, IMP_SRGB, values[i]), *out = draw(in, &options);
        for (uint32_t y = 0; y < 30; y++)
            for (uint32_t x = 0; x < 40; x++)
                assert_true(at(out, x, y) == 1);
        mini_release(&in->head), kit_image_free(out);
    }
}

static void a_step_is_one_line_on_its_dark_side(void **state)
{
    imp_image *in = mini_constant(60, 20, 1, IMP_SRGB, 0.2f);
    (void)state;
    for (uint32_t y = 0; y < 20; y++)
        for (uint32_t x = 30; x < 60; x++)
            imp_row_out(in, 0, y)[x] = 0.9f;
    imp_image *out = draw(in, &options);
    for (uint32_t y = 0; y < 20; y++) {
        uint32_t changes = 0;
        assert_true(at(out, 29, y) < 0.1f);
        assert_true(at(out, 31, y) > 0.9f);
        assert_true(at(out, 5, y) == 1 && at(out, 55, y) == 1);
        for (uint32_t x = 1; x < 60; x++)
            changes += (at(out, x, y) < 0.5f) != (at(out, x - 1, y) < 0.5f);
        assert_int_equal(changes, 2);
    }
    mini_release(&in->head), kit_image_free(out);
}

/* u and T by their definition, with sampled Gaussians in double. */
static double oracle(const imp_image *src, const kit_lines_options *o, int64_t x, int64_t y)
{
    double sum[2] = {0, 0}, weight[2] = {0, 0};
    for (int64_t j = -30; j <= 30; j++)
        for (int64_t i = -30; i <= 30; i++)
            for (int k = 0; k < 2; k++) {
                const double s = k ? o->sigma * o->ratio : o->sigma;
                const double w = exp(-(double)(i * i + j * j) / (2 * s * s));
                sum[k] += w * (double)imp_row(src, 0, (uint32_t)kit_mirror(y + j, src->height))
                                  [kit_mirror(x + i, src->width)];
                weight[k] += w;
            }
    const double u = sum[0] / weight[0] - o->sharpness * sum[1] / weight[1];
    return u >= o->threshold ? 1 : 1 + tanh(o->slope * (u - o->threshold));
}

static void values_are_those_of_the_formula(void **state)
{
    kit_lines_options o = options;
    imp_image *in = mini_noise(48, 40, 1, IMP_SRGB, 3);
    (void)state;
    o.sigma = 2, o.slope = 15, o.threshold = 0.01; /* a steep slope would show the blur's error */
    imp_image *out = draw(in, &o);
    for (uint32_t y = 0; y < 40; y += 3)
        for (uint32_t x = 0; x < 48; x++)
            assert_true(fabs((double)at(out, x, y) - oracle(in, &o, x, y)) < 0.03);
    mini_release(&in->head), kit_image_free(out);
}

static void soft_0_is_black_and_white_at_the_half(void **state)
{
    kit_lines_options hard = options;
    imp_image *in = mini_noise(64, 64, 3, IMP_SRGB, 1);
    (void)state;
    hard.soft = 0;
    imp_image *a = draw(in, &options), *b = draw(in, &hard);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 64; x++)
            assert_true(at(b, x, y) == (at(a, x, y) < 0.5f ? 0.0f : 1.0f));
    mini_release(&in->head), kit_image_free(a), kit_image_free(b);
}

static void a_drawing_turns_with_the_picture(void **state)
{
    imp_image *in = mini_noise(50, 50, 1, IMP_SRGB, 9), *turned = mini_image(50, 50, 1, IMP_SRGB);
    uint32_t off = 0;
    (void)state;
    for (uint32_t y = 0; y < 50; y++)
        for (uint32_t x = 0; x < 50; x++)
            imp_row_out(turned, 0, x)[49 - y] = at(in, x, y);
    imp_image *a = draw(in, &options), *b = draw(turned, &options);
    for (uint32_t y = 0; y < 50; y++)
        for (uint32_t x = 0; x < 50; x++)
            off += fabsf(at(a, x, y) - at(b, 49 - y, x)) > 0.02f;
    assert_true(off <= 5); /* rounding at a steep threshold */
    mini_release(&in->head), mini_release(&turned->head), kit_image_free(a), kit_image_free(b);
}

/* Pixels of the component of ink at x, y that corners join too, by flooding; they become paper. */
static uint32_t flood(imp_image *m, int64_t x, int64_t y)
{
    if (x < 0 || y < 0 || x >= m->width || y >= m->height
        || at(m, (uint32_t)x, (uint32_t)y) >= 0.985f)
        return 0;
    uint32_t n = at(m, (uint32_t)x, (uint32_t)y) < 0.5f;
    imp_row_out(m, 0, (uint32_t)y)[x] = 1;
    for (int64_t j = -1; j <= 1; j++)
        for (int64_t i = -1; i <= 1; i++)
            n += flood(m, x + i, y + j);
    return n;
}

static void specks_are_exactly_the_small_components(void **state)
{
    kit_lines_options o = options;
    imp_image *in = mini_noise(90, 70, 1, IMP_SRGB, 5);
    uint32_t small = 0, large = 0;
    (void)state;
    o.soft = 0;
    imp_image *all = draw(in, &o);
    o.speck = 12;
    imp_image *some = draw(in, &o), *rest = draw(in, &o);
    for (uint32_t y = 0; y < 70; y++)
        for (uint32_t x = 0; x < 90; x++) {
            const float before = at(all, x, y), after = at(some, x, y);
            assert_true(after == before || after == 1);
        }
    for (uint32_t y = 0; y < 70; y++)
        for (uint32_t x = 0; x < 90; x++) {
            const uint32_t n = flood(all, x, y); /* all is eaten up, component by component */
            small += n && n < 12, large += n >= 12;
            if (n)
                assert_int_equal(flood(rest, x, y), n < 12 ? 0 : n);
        }
    assert_true(small > 3 && large > 3);
    assert_int_equal(ink(rest), 0);
    mini_release(&in->head), kit_image_free(all), kit_image_free(some), kit_image_free(rest);
}

static void a_circle_stays_when_specks_go(void **state)
{
    kit_lines_options o = options;
    imp_image *in = disc(100, 30), *keep, *gone;
    (void)state;
    o.speck = 60;
    keep = draw(in, &o);
    assert_in_range(ink(keep), 100, 1000);
    o.speck = 100000;
    gone = draw(in, &o);
    assert_int_equal(ink(gone), 0);
    mini_release(&in->head), kit_image_free(keep), kit_image_free(gone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_picture_is_white),
        cmocka_unit_test(a_step_is_one_line_on_its_dark_side),
        cmocka_unit_test(values_are_those_of_the_formula),
        cmocka_unit_test(soft_0_is_black_and_white_at_the_half),
        cmocka_unit_test(a_drawing_turns_with_the_picture),
        cmocka_unit_test(specks_are_exactly_the_small_components),
        cmocka_unit_test(a_circle_stays_when_specks_go),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
