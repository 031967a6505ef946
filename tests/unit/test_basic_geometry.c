/* test_basic_geometry.c - resize crop pad flip rotate. */
#include "basic_test.h"
#include <stdio.h>

/* A picture whose samples tell where they are from. */
static imp_image *places(uint32_t width, uint32_t height, uint32_t channels)
{
    imp_image *m = mini_image(width, height, channels, IMP_SRGB);
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++)
                imp_row_out(m, c, y)[x] = c == 3 ? 1 : (float)(x + 1000 * y + 100000 * c) / 1e6f;
    return m;
}

/* The sample of a picture of places() that came from x, y. */
static void assert_from(const imp_image *m, uint32_t at_x, uint32_t at_y, uint32_t x, uint32_t y)
{
    for (uint32_t c = 0; c < m->channels && c < 3; c++)
        assert_near(imp_row(m, c, at_y)[at_x], (x + 1000.0 * y + 100000.0 * c) / 1e6, 1e-7);
}

/* ---- flip, rotate by quarters ---- */

static void flip_swaps_sides(void **state)
{
    for (uint32_t channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) {
        imp_image *in = places(7, 5, channels);
        imp_image *h = apply(state, "flip", "", in), *v = apply(state, "flip", "axis=vertical", in);
        imp_image *b = apply(state, "flip", "axis=both", in);
        for (uint32_t y = 0; y < 5; y++)
            for (uint32_t x = 0; x < 7; x++) {
                assert_from(h, x, y, 6 - x, y);
                assert_from(v, x, y, x, 4 - y);
                assert_from(b, x, y, 6 - x, 4 - y);
            }
        release(in), release(h), release(v), release(b);
    }
}

static void flip_twice_is_the_picture(void **state)
{
    const char *const axes[] = {"axis=horizontal", "axis=vertical", "axis=both"};
    imp_image *in = mini_noise(131, 67, 4, IMP_SRGB, 1);
    for (int k = 0; k < 3; k++) {
        imp_image *a = apply(state, "flip", axes[k], in), *b = apply(state, "flip", axes[k], a);
        assert_true(mini_same(&in->head, &b->head));
        release(a), release(b);
    }
    release(in);
}

static void a_quarter_turn_brings_the_left_to_the_top(void **state)
{
    imp_image *in = places(7, 5, 3), *right = apply(state, "rotate", "angle=90", in);
    imp_image *left = apply(state, "rotate", "angle=-90", in),
              *half = apply(state, "rotate", "angle=540", in);
    assert_size(right, 5, 7, 3);
    assert_size(left, 5, 7, 3);
    for (uint32_t y = 0; y < 5; y++)
        for (uint32_t x = 0; x < 7; x++) {
            assert_from(right, 4 - y, x, x, y);
            assert_from(left, y, 6 - x, x, y);
            assert_from(half, 6 - x, 4 - y, x, y);
        }
    release(in), release(right), release(left), release(half);
}

static void four_quarter_turns_are_the_picture(void **state)
{
    imp_image *in = mini_noise(83, 130, 4, IMP_SRGB, 1), *m = apply(state, "rotate", "", in);
    for (int k = 0; k < 3; k++) {
        imp_image *next = apply(state, "rotate", "angle=90", m);
        release(m);
        m = next;
    }
    assert_true(mini_same(&in->head, &m->head));
    release(in), release(m);
}

/* ---- rotate by any angle ---- */

static double catmull_rom(double t)
{
    const double a = fabs(t);
    return a < 1 ? 1 + a * a * (1.5 * a - 2.5) : a < 2 ? 2 + a * (-4 + a * (2.5 - 0.5 * a)) : 0;
}

static double tent(double t)
{
    return fmax(0, 1 - fabs(t));
}

/* The formula: out(x, y) = sum of kernel(x') kernel(y') in, beyond the border the colour. */
static double turned(const imp_image *in, const imp_image *out, uint32_t c, uint32_t x, uint32_t y,
                     double degrees, double (*kernel)(double), double colour)
{
    const double a = degrees * 3.14159265358979323846 / 180;
    const double ox = x + 0.5 - out->width / 2.0, oy = y + 0.5 - out->height / 2.0;
    const double sx = cos(a) * ox + sin(a) * oy + in->width / 2.0 - 0.5;
    const double sy = -sin(a) * ox + cos(a) * oy + in->height / 2.0 - 0.5;
    double sum = 0;
    for (int j = (int)floor(sy) - 2; j <= floor(sy) + 3; j++)
        for (int i = (int)floor(sx) - 2; i <= floor(sx) + 3; i++) {
            const int in_it = i >= 0 && j >= 0 && i < (int)in->width && j < (int)in->height;
            sum += kernel(sx - i) * kernel(sy - j) * (in_it ? at(in, c, i, j) : colour);
        }
    return sum;
}

static void interpolated_turns_follow_the_formula(void **state)
{
    const double angles[] = {3, -17.5, 45, 123, -160, 0.3};
    imp_image *in = mini_noise(70, 41, 3, IMP_SRGB, 1);
    for (int k = 0; k < 12; k++) {
        char params[80];
        snprintf(params, sizeof params, "angle=%g method=%s color='0.2 0.4 0.6'", angles[k / 2],
                 k % 2 ? "linear" : "cubic");
        imp_image *out = apply(state, "rotate", params, in);
        for (uint32_t y = 0; y < out->height; y++)
            for (uint32_t x = 0; x < out->width; x++)
                assert_near(
                    at(out, 1, x, y),
                    turned(in, out, 1, x, y, angles[k / 2], k % 2 ? tent : catmull_rom, 0.4), 1e-4);
        release(out);
    }
    release(in);
}

static void a_wide_picture_keeps_its_precision_when_turned(void **state)
{
    imp_image *in = mini_noise(3000, 9, 1, IMP_SRGB, 1);
    imp_image *out =
        apply(state, "rotate", "angle=1.7 method=linear size=same color='0.5 0.5 0.5'", in);
    for (uint32_t x = 0; x < 3000; x += 3)
        assert_near(at(out, 0, x, 4), turned(in, out, 0, x, 4, 1.7, tent, 0.5), 2e-4);
    release(in), release(out);
}

static void nearest_turns_make_no_new_values(void **state)
{
    imp_image *in = mini_constant(40, 30, 1, IMP_SRGB, 0.25f);
    imp_image *out = apply(state, "rotate", "angle=30 method=nearest color=black", in);
    for (uint32_t y = 0; y < out->height; y++)
        for (uint32_t x = 0; x < out->width; x++)
            assert_true(at(out, 0, x, y) == 0 || at(out, 0, x, y) == 0.25f);
    release(in), release(out);
}

static void a_turned_constant_with_mirrored_border_is_constant(void **state)
{
    imp_image *in = mini_constant(40, 30, 3, IMP_SRGB, 0.25f);
    imp_image *out = apply(state, "rotate", "angle=30 border=mirror", in);
    double worst = 0;
    for (uint32_t y = 0; y < out->height; y++)
        for (uint32_t x = 0; x < out->width; x++)
            worst = fmax(worst, fabs(at(out, 2, x, y) - 0.25));
    assert_true(worst < 1e-6);
    release(in), release(out);
}

/* White in, black outside: size = crop must show no black. */
static void a_cropped_turn_shows_no_border(void **state)
{
    imp_image *in = mini_constant(90, 50, 1, IMP_SRGB, 1);
    for (double angle = -179; angle < 180; angle += 7) {
        char crop[60], grow[60];
        snprintf(crop, sizeof crop, "angle=%g size=crop", angle);
        snprintf(grow, sizeof grow, "angle=%g color=black method=linear", angle);
        imp_image *a = apply(state, "rotate", crop, in), *b = apply(state, "rotate", grow, in);
        const uint32_t x0 = (b->width - a->width + 1) / 2, y0 = (b->height - a->height + 1) / 2;
        for (uint32_t y = 1; y + 2 < a->height; y++)
            for (uint32_t x = 1; x + 2 < a->width; x++)
                assert_near(at(b, 0, x0 + x, y0 + y), 1, 1e-5);
        assert_true(a->width * a->height > 900);
        release(a), release(b);
    }
    release(in);
}

static void transparent_corners_give_the_result_alpha(void **state)
{
    imp_image *in = mini_constant(40, 30, 3, IMP_SRGB, 0.25f);
    imp_image *out = apply(state, "rotate", "angle=30 color='0 0 0 0'", in);
    assert_int_equal(out->channels, 4);
    assert_near(at(out, 3, 0, 0), 0, 0);
    for (uint32_t y = 0; y < out->height; y++)
        for (uint32_t x = 0; x < out->width; x++)
            if (at(out, 3, x, y) > 0.01)
                assert_near(at(out, 1, x, y), 0.25, 1e-4); /* no dark fringe */
    release(in), release(out);
}

/* ---- resize ---- */

static void sizes_follow_the_parameters(void **state)
{
    static const struct {
        const char *params;
        uint32_t width, height;
    } cases[] = {
        {"width=40", 40, 30},
        {"height=15", 20, 15},
        {"width=40 height=40", 40, 30},
        {"width=40 height=40 fit=outside", 53, 40},
        {"width=40 height=40 fit=exact", 40, 40},
        {"long_edge=20", 20, 15},
        {"short_edge=30", 40, 30},
        {"scale=0.25", 20, 15},
        {"scale=2", 160, 120},
        {"width=200 enlarge=0", 80, 60},
        {"width=200 height=30 fit=exact enlarge=0", 80, 30},
        {"scale=0.001", 1, 1},
        {"width=1", 1, 1},
        {"width=80", 80, 60},
    };
    imp_image *in = mini_noise(80, 60, 3, IMP_SRGB, 1);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_image *out = apply(state, "resize", cases[k].params, in);
        assert_size(out, cases[k].width, cases[k].height, 3);
        release(out);
    }
    release(in);
}

static void resize_by_one_is_the_picture(void **state)
{
    imp_image *in = mini_noise(31, 17, 4, IMP_SRGB, 1),
              *out = apply(state, "resize", "scale=1", in);
    assert_true(mini_same(&in->head, &out->head));
    release(in), release(out);
}

static void hidden_colour_does_not_bleed(void **state)
{
    const char *const ways[] = {"width=5", "width=50", "width=13 method=lanczos",
                                "width=10 linear=1"};
    imp_image *in = mini_constant(20, 20, 4, IMP_SRGB, 0.5f);
    for (uint32_t y = 0; y < 20; y++)
        for (uint32_t x = 0; x < 20; x++) {
            const int seen = x < 9; /* red under the transparent part */
            imp_row_out(in, 3, y)[x] = (float)seen;
            imp_row_out(in, 0, y)[x] = seen ? 0.5f : 1;
        }
    for (int k = 0; k < 4; k++) {
        imp_image *out = apply(state, "resize", ways[k], in);
        for (uint32_t y = 0; y < out->height; y++)
            for (uint32_t x = 0; x < out->width; x++)
                if (at(out, 3, x, y) > 0.02)
                    assert_near(at(out, 0, x, y), 0.5, 1e-4);
        release(out);
    }
    release(in);
}

/* Black and white lines: their light averages to half, which is 0.735 in sRGB. */
static void linear_light_averages_light(void **state)
{
    imp_image *in = mini_constant(40, 40, 3, IMP_SRGB, 0);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 40; y += 2)
            for (uint32_t x = 0; x < 40; x++)
                imp_row_out(in, c, y)[x] = 1;
    imp_image *light = apply(state, "resize", "width=20 linear=1", in);
    imp_image *plain = apply(state, "resize", "width=20", in);
    assert_near(at(light, 1, 7, 7), 1.055 * pow(0.5, 1 / 2.4) - 0.055, 2e-6);
    assert_near(at(plain, 1, 7, 7), 0.5, 1e-6);
    release(in), release(light), release(plain);
}

static void a_size_given_twice_or_never_is_a_mistake(void **state)
{
    assert_mistake(state, "resize", "", "no size given");
    assert_mistake(state, "resize", "width=20 scale=2", "given twice");
    assert_mistake(state, "resize", "long_edge=20 short_edge=10", "given twice");
}

/* ---- crop ---- */

static void crop_takes_the_part_that_gravity_names(void **state)
{
    static const struct {
        const char *params;
        uint32_t x, y, width, height;
    } cases[] = {
        {"width=4 height=3", 3, 2, 4, 3}, /* the middle of 10 x 8, rounded up and left */
        {"width=4 height=3 gravity=top_left", 0, 0, 4, 3},
        {"width=4 height=3 gravity=top_left x=2 y=1", 2, 1, 4, 3},
        {"width=4 height=3 gravity=bottom_right", 6, 5, 4, 3},
        {"width=4 height=3 gravity=bottom_right x=1 y=2", 5, 3, 4, 3},
        {"width=4 height=3 gravity=top", 3, 0, 4, 3},
        {"width=4 height=3 gravity=left", 0, 2, 4, 3},
        {"width=4 height=3 gravity=right", 6, 2, 4, 3},
        {"width=4 height=3 gravity=bottom_left", 0, 5, 4, 3},
        {"width=4 height=3 x=-2", 1, 2, 4, 3},
        {"width=50 height=25 units=percent", 2, 3, 5, 2},
        {"aspect=1:1", 1, 0, 8, 8},
        {"aspect=2 gravity=top", 0, 0, 10, 5},
        {"width=6 aspect=3/2", 2, 2, 6, 4},
        {"gravity=top_left x=3 y=2", 3, 2, 7, 6},
        {"gravity=bottom_right x=3 y=2", 0, 0, 7, 6},
        {"gravity=top_left x=8 y=6 width=9 height=9 outside=clip", 8, 6, 2, 2},
        {"gravity=top_left x=-3 width=9 height=8 outside=clip", 0, 0, 6, 8},
    };
    imp_image *in = places(10, 8, 3);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_image *out = apply(state, "crop", cases[k].params, in);
        assert_size(out, cases[k].width, cases[k].height, 3);
        assert_from(out, 0, 0, cases[k].x, cases[k].y);
        assert_from(out, out->width - 1, out->height - 1, cases[k].x + out->width - 1,
                    cases[k].y + out->height - 1);
        release(out);
    }
    release(in);
}

static void a_part_outside_is_refused_by_plan_and_process(void **state)
{
    char why[512] = "";
    imp_image *in = places(40, 30, 3);
    assert_mistake(state, "crop", "width=41", "sticks out");
    assert_mistake(state, "crop", "width=4 height=4 gravity=top_left x=100", "nothing is left");
    assert_mistake(state, "crop", "aspect=3;2", "not a ratio");
    assert_null(mini_apply(*state, "crop", "width=41", in, why, sizeof why));
    assert_non_null(strstr(why, "outside = clip"));
    release(in);
}

static void bad_ratios_are_mistakes(void **state)
{
    static const char *const bad[] = {"0",     "1:0", ":",   "1:",    "a",
                                      "1:2:3", "-1",  "1e3", "1.2.3", "."};
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        char params[40];
        snprintf(params, sizeof params, "aspect=%s", bad[k]);
        assert_mistake(state, "crop", params, "not a ratio");
        assert_mistake(state, "pad", params, "not a ratio");
    }
}

/* ---- pad ---- */

static void pad_puts_the_picture_where_it_should_be(void **state)
{
    static const struct {
        const char *params;
        uint32_t x, y, width, height;
    } cases[] = {
        {"left=3 top=2", 3, 2, 13, 10},
        {"right=3 bottom=2", 0, 0, 13, 10},
        {"width=20", 5, 0, 20, 8},
        {"aspect=1:1", 0, 1, 10, 10},
        {"aspect=2:1 gravity=right", 6, 0, 16, 8},
        {"multiple=16", 3, 4, 16, 16},
        {"left=50 units=percent", 5, 0, 15, 8},
        {"width=20 height=20 gravity=bottom_right", 10, 12, 20, 20},
        {"left=2 width=20 gravity=top_left", 2, 0, 20, 8},
        {"width=5", 0, 0, 10, 8},
    };
    imp_image *in = places(10, 8, 3);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_image *out = apply(state, "pad", cases[k].params, in);
        assert_size(out, cases[k].width, cases[k].height, 3);
        for (uint32_t y = 0; y < 8; y++)
            for (uint32_t x = 0; x < 10; x++)
                assert_from(out, cases[k].x + x, cases[k].y + y, x, y);
        release(out);
    }
    release(in);
}

static void pad_fills_the_room_as_asked(void **state)
{
    imp_image *in = places(10, 8, 3);
    imp_image *edge = apply(state, "pad", "left=25 top=25 border=edge", in);
    imp_image *mirror = apply(state, "pad", "left=25 top=25 border=mirror", in);
    imp_image *wrap = apply(state, "pad", "left=25 top=25 border=wrap", in);
    imp_image *flat = apply(state, "pad", "left=25 top=25 color='0.1 0.2 0.3'", in);
    for (uint32_t y = 0; y < 33; y++)
        for (uint32_t x = 0; x < 35; x++) {
            const uint32_t ex = x < 25 ? 0 : x - 25, ey = y < 25 ? 0 : y - 25;
            assert_from(edge, x, y, ex, ey);
            assert_from(mirror, x, y, (uint32_t)kit_mirror((int64_t)x - 25, 10),
                        (uint32_t)kit_mirror((int64_t)y - 25, 8));
            assert_from(wrap, x, y, (x + 5) % 10, (y + 7) % 8);
            if (x < 25 || y < 25)
                assert_near(at(flat, 1, x, y), 0.2, 1e-7);
        }
    release(in), release(edge), release(mirror), release(wrap), release(flat);
}

static void transparent_room_gives_the_result_alpha(void **state)
{
    const float v[] = {0.5f};
    imp_image *in = grey_of(1, 1, v), *out = apply(state, "pad", "left=1 color='1 0 0 0.25'", in);
    assert_size(out, 2, 1, 4);
    assert_near(at(out, 0, 0, 0), 1, 0);
    assert_near(at(out, 1, 0, 0), 0, 0);
    assert_near(at(out, 3, 0, 0), 0.25, 0);
    assert_near(at(out, 2, 1, 0), 0.5, 0);
    assert_near(at(out, 3, 1, 0), 1, 0);
    release(in), release(out);
}

static void alpha_pads_opaque_with_an_opaque_colour(void **state)
{
    imp_image *in = mini_constant(3, 3, 4, IMP_SRGB, 0.5f),
              *out = apply(state, "pad", "left=1", in);
    assert_near(at(out, 3, 0, 1), 1, 0);
    assert_near(at(out, 3, 1, 1), 0.5, 0);
    release(in), release(out);
}

/* ---- plans ---- */

static void plans_tell_the_size_that_comes(void **state)
{
    static const char *const cases[][2] = {
        {"resize", "width=33"},
        {"resize", "scale=1.7"},
        {"resize", "width=9 height=50 fit=outside"},
        {"crop", "width=7 height=3"},
        {"crop", "aspect=1.3"},
        {"pad", "aspect=3:1 left=2"},
        {"pad", "multiple=32"},
        {"pad", "left=1 color='0 0 0 0'"},
        {"flip", ""},
        {"rotate", ""},
        {"rotate", "angle=33"},
        {"rotate", "angle=33 size=crop"},
        {"rotate", "angle=33 size=same"},
        {"rotate", "angle=33 color='0 0 0 0'"},
        {"rotate", "angle=180 color='0 0 0 0'"},
        {"rotate", "angle=20 size=crop color='0 0 0 0'"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        for (uint32_t channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1)
            for (uint32_t w = 11; w < 60; w += 17) {
                imp_image *in = mini_noise(w, 23, channels, IMP_SRGB, 1);
                imp_image *out = apply(state, cases[k][0], cases[k][1], in);
                const struct mini_planned p =
                    planned(state, cases[k][0], cases[k][1], w, 23, channels);
                assert_int_equal(p.mistake_count, 0);
                assert_size(out, p.outputs[0].width, p.outputs[0].height, p.outputs[0].channels);
                release(in), release(out);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flip_swaps_sides),
        cmocka_unit_test(flip_twice_is_the_picture),
        cmocka_unit_test(a_quarter_turn_brings_the_left_to_the_top),
        cmocka_unit_test(four_quarter_turns_are_the_picture),
        cmocka_unit_test(interpolated_turns_follow_the_formula),
        cmocka_unit_test(a_wide_picture_keeps_its_precision_when_turned),
        cmocka_unit_test(nearest_turns_make_no_new_values),
        cmocka_unit_test(a_turned_constant_with_mirrored_border_is_constant),
        cmocka_unit_test(a_cropped_turn_shows_no_border),
        cmocka_unit_test(transparent_corners_give_the_result_alpha),
        cmocka_unit_test(sizes_follow_the_parameters),
        cmocka_unit_test(resize_by_one_is_the_picture),
        cmocka_unit_test(hidden_colour_does_not_bleed),
        cmocka_unit_test(linear_light_averages_light),
        cmocka_unit_test(a_size_given_twice_or_never_is_a_mistake),
        cmocka_unit_test(crop_takes_the_part_that_gravity_names),
        cmocka_unit_test(a_part_outside_is_refused_by_plan_and_process),
        cmocka_unit_test(bad_ratios_are_mistakes),
        cmocka_unit_test(pad_puts_the_picture_where_it_should_be),
        cmocka_unit_test(pad_fills_the_room_as_asked),
        cmocka_unit_test(transparent_room_gives_the_result_alpha),
        cmocka_unit_test(alpha_pads_opaque_with_an_opaque_colour),
        cmocka_unit_test(plans_tell_the_size_that_comes),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_basic, close_basic);
}
