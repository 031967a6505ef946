/* test_basic_tone.c - levels gamma saturate tint grayscale negate posterize noise. */
#include "basic_test.h"

static double luma_at(const imp_image *m, uint32_t x, uint32_t y)
{
    return 0.2126 * at(m, 0, x, y) + 0.7152 * at(m, 1, x, y) + 0.0722 * at(m, 2, x, y);
}

/* ---- negate, gamma ---- */

static void negate_twice_is_the_picture(void **state)
{
    imp_image *in = mini_noise(37, 19, 3, IMP_SRGB, 1);
    imp_image *a = apply(state, "negate", "", in), *b = apply(state, "negate", "", a);
    assert_true(mini_difference(in, b) < 1e-7);
    assert_near(at(a, 1, 5, 7), 1 - at(in, 1, 5, 7), 1e-7);
    release(in), release(a), release(b);
}

static void negate_of_luma_keeps_differences_between_channels(void **state)
{
    imp_image *in = mini_noise(600, 3, 3, IMP_SRGB, 1),
              *out = apply(state, "negate", "mode=luma", in);
    for (uint32_t x = 0; x < 600; x++) {
        assert_near(luma_at(out, x, 1), 1 - luma_at(in, x, 1), 1e-6);
        assert_near(at(out, 0, x, 1) - at(out, 2, x, 1), at(in, 0, x, 1) - at(in, 2, x, 1), 1e-6);
    }
    release(in), release(out);
}

static void gamma_is_a_power(void **state)
{
    imp_image *in = mini_noise(37, 19, 3, IMP_SRGB, 1);
    imp_image *out = apply(state, "gamma", "gamma=1.6 green=0.5", in);
    for (uint32_t y = 0; y < 19; y++)
        for (uint32_t x = 0; x < 37; x++) {
            assert_near(at(out, 0, x, y), pow(at(in, 0, x, y), 1 / 1.6), 4e-6);
            assert_near(at(out, 1, x, y), pow(at(in, 1, x, y), 1 / 0.8), 4e-6);
        }
    release(in), release(out);
}

static void gamma_there_and_back_is_the_picture(void **state)
{
    imp_image *in = mini_noise(37, 19, 3, IMP_SRGB, 1);
    imp_image *a = apply(state, "gamma", "gamma=2", in), *b = apply(state, "gamma", "gamma=0.5", a);
    assert_true(mini_difference(in, b) < 1e-5);
    release(in), release(a), release(b);
}

static void gamma_of_negative_samples_keeps_the_sign(void **state)
{
    const float v[] = {-0.25f, 0, 0.25f, 4};
    imp_image *in = grey_of(4, 1, v), *out = apply(state, "gamma", "gamma=2", in);
    assert_near(at(out, 0, 0, 0), -0.5, 1e-6);
    assert_near(at(out, 0, 1, 0), 0, 0);
    assert_near(at(out, 0, 2, 0), 0.5, 1e-6);
    assert_near(at(out, 0, 3, 0), 2, 1e-5);
    release(in), release(out);
}

/* ---- levels ---- */

static double level(double v, double black, double white, double gamma, double low, double high)
{
    const double t = fmin(fmax((v - black) / (white - black), 0), 1);
    return low + (high - low) * pow(t, 1 / gamma);
}

static void levels_follow_the_formula(void **state)
{
    imp_image *in = mini_noise(37, 19, 3, IMP_SRGB, 1);
    imp_image *out =
        apply(state, "levels", "black=0.1 white=0.7 gamma=1.5 out_black=0.2 out_white=0.9", in);
    for (uint32_t y = 0; y < 19; y++)
        for (uint32_t x = 0; x < 37; x++)
            assert_near(at(out, 2, x, y), level(at(in, 2, x, y), 0.1, 0.7, 1.5, 0.2, 0.9), 5e-6);
    release(in), release(out);
}

static void levels_without_clamp_go_beyond(void **state)
{
    const float v[] = {0, 0.5f, 1};
    imp_image *in = grey_of(3, 1, v),
              *out = apply(state, "levels", "black=0.25 white=0.75 clamp=0", in);
    assert_near(at(out, 0, 0, 0), -0.5, 1e-6);
    assert_near(at(out, 0, 1, 0), 0.5, 1e-6);
    assert_near(at(out, 0, 2, 0), 1.5, 1e-6);
    release(in), release(out);
}

/* Samples spread evenly over 0.2 .. 0.6 in red, less in the others. */
static imp_image *dull(void)
{
    imp_image *m = mini_noise(200, 150, 3, IMP_SRGB, 3);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 150; y++)
            for (uint32_t x = 0; x < 200; x++)
                imp_row_out(m, c, y)[x] = 0.2f + 0.4f / (float)(c + 1) * at(m, c, x, y);
    return m;
}

static void range(const imp_image *m, uint32_t c, double *least, double *most)
{
    *least = INFINITY, *most = -INFINITY;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++) {
            *least = fmin(*least, at(m, c, x, y));
            *most = fmax(*most, at(m, c, x, y));
        }
}

static void automatic_levels_fill_the_range_of_each_channel(void **state)
{
    imp_image *in = dull(),
              *out = apply(state, "levels", "auto=channels clip_low=0 clip_high=0", in);
    for (uint32_t c = 0; c < 3; c++) {
        double least, most;
        range(out, c, &least, &most);
        assert_near(least, 0, 2e-3);
        assert_near(most, 1, 2e-3);
    }
    release(in), release(out);
}

static void automatic_levels_clip_the_share_asked_for(void **state)
{
    imp_image *in = dull(),
              *out = apply(state, "levels", "auto=channels clip_low=5 clip_high=20", in);
    uint32_t black = 0, white = 0;
    for (uint32_t y = 0; y < 150; y++)
        for (uint32_t x = 0; x < 200; x++) {
            black += at(out, 0, x, y) <= 0;
            white += at(out, 0, x, y) >= 1;
        }
    assert_near(black / 30000.0, 0.05, 0.002);
    assert_near(white / 30000.0, 0.2, 0.002);
    release(in), release(out);
}

static void automatic_levels_by_luma_treat_all_channels_alike(void **state)
{
    imp_image *in = dull(), *out = apply(state, "levels", "auto=luma clamp=0", in);
    const double factor =
        (at(out, 0, 3, 3) - at(out, 0, 9, 9)) / (at(in, 0, 3, 3) - at(in, 0, 9, 9));
    for (uint32_t c = 1; c < 3; c++)
        assert_near((at(out, c, 3, 3) - at(out, c, 9, 9)) / (at(in, c, 3, 3) - at(in, c, 9, 9)),
                    factor, 1e-3);
    assert_true(factor > 1.5);
    release(in), release(out);
}

static void automatic_levels_leave_a_flat_picture(void **state)
{
    imp_image *in = mini_constant(20, 10, 3, IMP_SRGB, 0.4f),
              *out = apply(state, "levels", "auto=luma", in);
    assert_true(mini_difference(in, out) < 1e-6);
    release(in), release(out);
}

static void white_below_black_is_a_mistake(void **state)
{
    assert_mistake(state, "levels", "black=0.6 white=0.4", "white must be above black");
}

/* ---- saturate, grayscale, tint ---- */

static void saturate_keeps_the_luma(void **state)
{
    const char *const ways[] = {"amount=0", "amount=0.3", "amount=2.5", "amount=1 vibrance=1.5"};
    imp_image *in = mini_noise(37, 19, 3, IMP_SRGB, 1);
    for (int k = 0; k < 4; k++) {
        imp_image *out = apply(state, "saturate", ways[k], in);
        for (uint32_t y = 0; y < 19; y++)
            for (uint32_t x = 0; x < 37; x++)
                assert_near(luma_at(out, x, y), luma_at(in, x, y), 2e-6);
        release(out);
    }
    release(in);
}

static void saturate_multiplies_the_distance_from_grey(void **state)
{
    imp_image *in = mini_noise(37, 19, 3, IMP_SRGB, 1),
              *out = apply(state, "saturate", "amount=1.7", in);
    for (uint32_t x = 0; x < 37; x++)
        for (uint32_t c = 0; c < 3; c++)
            assert_near(at(out, c, x, 4) - luma_at(in, x, 4),
                        1.7 * (at(in, c, x, 4) - luma_at(in, x, 4)), 2e-6);
    release(in), release(out);
}

static void vibrance_moves_weak_colours_more(void **state)
{
    imp_image *weak = pixel_of(0.5f, 0.45f, 0.4f), *strong = pixel_of(0.9f, 0.2f, 0.1f);
    imp_image *a = apply(state, "saturate", "amount=1 vibrance=1", weak);
    imp_image *b = apply(state, "saturate", "amount=1 vibrance=1", strong);
    const double by_a = (at(a, 0, 0, 0) - at(a, 2, 0, 0)) / 0.1,
                 by_b = (at(b, 0, 0, 0) - at(b, 2, 0, 0)) / 0.8;
    assert_near(by_a, 1.9, 1e-5);
    assert_near(by_b, 1.2, 1e-5);
    release(weak), release(strong), release(a), release(b);
}

static void saturate_in_linear_light_keeps_the_luminance(void **state)
{
    imp_image *in = pixel_of(0.8f, 0.3f, 0.2f),
              *out = apply(state, "saturate", "amount=0 linear=1", in);
    float v[3] = {0.8f, 0.3f, 0.2f};
    kit_srgb_to_linear(v, v, 3);
    float want = 0.2126f * v[0] + 0.7152f * v[1] + 0.0722f * v[2];
    kit_linear_to_srgb(&want, &want, 1);
    for (uint32_t c = 0; c < 3; c++)
        assert_near(at(out, c, 0, 0), want, 2e-6);
    release(in), release(out);
}

static void grayscale_methods_are_what_they_say(void **state)
{
    static const struct {
        const char *params;
        double want;
    } cases[] = {
        {"method=luma", 0.2126 * 0.8 + 0.7152 * 0.3 + 0.0722 * 0.1},
        {"method=average", 0.4},
        {"method=lightness", 0.45},
        {"method=max", 0.8},
        {"method=red", 0.8},
        {"method=green", 0.3},
        {"method=blue", 0.1},
        {"method=weights weights='0.5 -1 2'", 0.4 - 0.3 + 0.2},
    };
    imp_image *in = pixel_of(0.8f, 0.3f, 0.1f);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_image *out = apply(state, "grayscale", cases[k].params, in);
        assert_int_equal(out->channels, 1);
        assert_near(at(out, 0, 0, 0), cases[k].want, 1e-6);
        release(out);
    }
    release(in);
}

static void luminance_is_weighed_in_linear_light(void **state)
{
    imp_image *in = mini_noise(1200, 2, 3, IMP_SRGB, 1),
              *out = apply(state, "grayscale", "method=luminance", in);
    for (uint32_t x = 0; x < 1200; x += 7) {
        double sum = 0;
        for (uint32_t c = 0; c < 3; c++) {
            const double v = at(in, c, x, 1), w[] = {0.2126, 0.7152, 0.0722};
            sum += w[c] * (v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4));
        }
        assert_near(at(out, 0, x, 1),
                    sum <= 0.0031308 ? 12.92 * sum : 1.055 * pow(sum, 1 / 2.4) - 0.055, 3e-6);
    }
    release(in), release(out);
}

static void two_weights_are_a_mistake(void **state)
{
    assert_mistake(state, "grayscale", "method=weights weights='1 2'", "three numbers");
}

static void colorize_keeps_black_white_and_the_luma(void **state)
{
    imp_image *black = pixel_of(0, 0, 0), *white = pixel_of(1, 1, 1),
              *some = pixel_of(0.6f, 0.2f, 0.4f);
    const char *sepia = "color='0.63 0.44 0.25' amount=1";
    imp_image *a = apply(state, "tint", sepia, black), *b = apply(state, "tint", sepia, white);
    imp_image *c = apply(state, "tint", sepia, some);
    assert_true(mini_difference(a, black) < 1e-6);
    assert_true(mini_difference(b, white) < 1e-6);
    assert_near(luma_at(c, 0, 0), luma_at(some, 0, 0), 1e-6);
    assert_true(at(c, 0, 0, 0) > at(c, 1, 0, 0) && at(c, 1, 0, 0) > at(c, 2, 0, 0));
    release(black), release(white), release(some), release(a), release(b), release(c);
}

static void multiply_is_a_coloured_glass(void **state)
{
    imp_image *in = pixel_of(0.6f, 0.2f, 0.4f);
    imp_image *out = apply(state, "tint", "color='1 0.5 0' amount=0.5 mode=multiply", in);
    assert_near(at(out, 0, 0, 0), 0.6, 1e-6);
    assert_near(at(out, 1, 0, 0), 0.15, 1e-6);
    assert_near(at(out, 2, 0, 0), 0.2, 1e-6);
    release(in), release(out);
}

static void kelvin_warms_below_daylight_and_cools_above(void **state)
{
    imp_image *in = pixel_of(0.5f, 0.5f, 0.5f);
    imp_image *day = apply(state, "tint", "amount=0 kelvin=6500", in);
    imp_image *warm = apply(state, "tint", "amount=0 kelvin=3000", in);
    imp_image *cold = apply(state, "tint", "amount=0 kelvin=12000", in);
    assert_true(mini_difference(in, day) < 1e-5);
    assert_true(at(warm, 0, 0, 0) > 0.55 && at(warm, 2, 0, 0) < 0.4);
    assert_true(at(cold, 0, 0, 0) < 0.5 && at(cold, 2, 0, 0) > 0.52);
    release(in), release(day), release(warm), release(cold);
}

static void tint_colours_a_grey_picture(void **state)
{
    const float v[] = {0.5f};
    imp_image *in = grey_of(1, 1, v), *out = apply(state, "tint", "amount=1", in);
    assert_size(out, 1, 1, 3);
    assert_true(at(out, 0, 0, 0) > at(out, 2, 0, 0));
    release(in), release(out);
}

/* ---- posterize, noise ---- */

static void posterize_takes_the_nearest_level(void **state)
{
    imp_image *in = mini_noise(60, 20, 3, IMP_SRGB, 1),
              *out = apply(state, "posterize", "levels=4", in);
    for (uint32_t y = 0; y < 20; y++)
        for (uint32_t x = 0; x < 60; x++)
            assert_near(at(out, 1, x, y), floor(3.0 * at(in, 1, x, y) + 0.5) / 3, 1e-6);
    release(in), release(out);
}

static void ordered_dither_keeps_the_average(void **state)
{
    for (double v = 0; v <= 1; v += 0.0625) {
        imp_image *in = mini_constant(64, 64, 1, IMP_SRGB, (float)v);
        imp_image *out = apply(state, "posterize", "levels=2 dither=ordered", in);
        double sum = 0;
        for (uint32_t y = 0; y < 64; y++)
            for (uint32_t x = 0; x < 64; x++) {
                assert_true(at(out, 0, x, y) == 0 || at(out, 0, x, y) == 1);
                sum += at(out, 0, x, y);
            }
        assert_near(sum / 4096, v, 1.0 / 64);
        release(in), release(out);
    }
}

static void ordered_dither_uses_64_different_thresholds(void **state)
{
    uint32_t before = 0;
    for (int k = 1; k <= 64; k++) {
        imp_image *in = mini_constant(8, 8, 1, IMP_SRGB, (float)k / 64);
        imp_image *out = apply(state, "posterize", "levels=2 dither=ordered", in);
        uint32_t white = 0;
        for (uint32_t i = 0; i < 64; i++)
            white += at(out, 0, i % 8, i / 8) == 1;
        assert_int_equal(white, before + 1);
        before = white;
        release(in), release(out);
    }
}

static double deviation(const imp_image *a, const imp_image *b, uint32_t c, double *mean)
{
    double sum = 0, squares = 0;
    const double n = (double)a->width * a->height;
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++) {
            const double d = (double)at(a, c, x, y) - at(b, c, x, y);
            sum += d, squares += d * d;
        }
    *mean = sum / n;
    return sqrt(squares / n - *mean * *mean);
}

static void noise_has_the_deviation_asked_for(void **state)
{
    static const struct {
        const char *params;
        double want;
    } cases[] = {
        {"amount=0.1", 0.1},
        {"kind=uniform amount=0.1", 0.1 / 1.7320508},
        {"kind=grain amount=0.1", 0.1},
        {"amount=0.1 size=1.5", 0.1},
        {"kind=grain amount=0.1 size=2.5", 0.1},
    };
    imp_image *in = mini_constant(300, 200, 3, IMP_SRGB, 0.5f);
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        imp_image *out = apply(state, "noise", cases[k].params, in);
        double mean;
        assert_near(deviation(out, in, 1, &mean), cases[k].want, 0.01);
        assert_near(mean, 0, 0.01);
        release(out);
    }
    release(in);
}

static void noise_is_grey_or_coloured(void **state)
{
    imp_image *in = mini_constant(30, 20, 3, IMP_SRGB, 0.5f);
    imp_image *grey = apply(state, "noise", "", in), *colour = apply(state, "noise", "color=1", in);
    assert_near(at(grey, 0, 3, 4), at(grey, 2, 3, 4), 0);
    assert_true(at(colour, 0, 3, 4) != at(colour, 2, 3, 4));
    release(in), release(grey), release(colour);
}

static void a_seed_fixes_the_noise(void **state)
{
    imp_image *in = mini_constant(30, 20, 3, IMP_SRGB, 0.5f);
    imp_image *a = apply(state, "noise", "seed=4", in), *b = apply(state, "noise", "seed=4", in);
    imp_image *c = apply(state, "noise", "seed=5", in);
    assert_true(mini_same(&a->head, &b->head));
    assert_true(mini_difference(a, c) > 0.05);
    release(in), release(a), release(b), release(c);
}

static void grain_spares_black_and_white(void **state)
{
    imp_image *black = mini_constant(30, 20, 1, IMP_SRGB, 0),
              *white = mini_constant(30, 20, 1, IMP_SRGB, 1);
    imp_image *a = apply(state, "noise", "kind=grain amount=0.5", black);
    imp_image *b = apply(state, "noise", "kind=grain amount=0.5", white);
    assert_true(mini_difference(a, black) == 0 && mini_difference(b, white) == 0);
    release(black), release(white), release(a), release(b);
}

static void salt_turns_the_share_asked_for_black_or_white(void **state)
{
    imp_image *in = mini_constant(300, 200, 1, IMP_SRGB, 0.5f);
    imp_image *out = apply(state, "noise", "kind=salt amount=0.2", in);
    uint32_t black = 0, white = 0;
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 300; x++) {
            black += at(out, 0, x, y) == 0;
            white += at(out, 0, x, y) == 1;
        }
    assert_near(black / 60000.0, 0.1, 0.006);
    assert_near(white / 60000.0, 0.1, 0.006);
    release(in), release(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(negate_twice_is_the_picture),
        cmocka_unit_test(negate_of_luma_keeps_differences_between_channels),
        cmocka_unit_test(gamma_is_a_power),
        cmocka_unit_test(gamma_there_and_back_is_the_picture),
        cmocka_unit_test(gamma_of_negative_samples_keeps_the_sign),
        cmocka_unit_test(levels_follow_the_formula),
        cmocka_unit_test(levels_without_clamp_go_beyond),
        cmocka_unit_test(automatic_levels_fill_the_range_of_each_channel),
        cmocka_unit_test(automatic_levels_clip_the_share_asked_for),
        cmocka_unit_test(automatic_levels_by_luma_treat_all_channels_alike),
        cmocka_unit_test(automatic_levels_leave_a_flat_picture),
        cmocka_unit_test(white_below_black_is_a_mistake),
        cmocka_unit_test(saturate_keeps_the_luma),
        cmocka_unit_test(saturate_multiplies_the_distance_from_grey),
        cmocka_unit_test(vibrance_moves_weak_colours_more),
        cmocka_unit_test(saturate_in_linear_light_keeps_the_luminance),
        cmocka_unit_test(grayscale_methods_are_what_they_say),
        cmocka_unit_test(luminance_is_weighed_in_linear_light),
        cmocka_unit_test(two_weights_are_a_mistake),
        cmocka_unit_test(colorize_keeps_black_white_and_the_luma),
        cmocka_unit_test(multiply_is_a_coloured_glass),
        cmocka_unit_test(kelvin_warms_below_daylight_and_cools_above),
        cmocka_unit_test(tint_colours_a_grey_picture),
        cmocka_unit_test(posterize_takes_the_nearest_level),
        cmocka_unit_test(ordered_dither_keeps_the_average),
        cmocka_unit_test(ordered_dither_uses_64_different_thresholds),
        cmocka_unit_test(noise_has_the_deviation_asked_for),
        cmocka_unit_test(noise_is_grey_or_coloured),
        cmocka_unit_test(a_seed_fixes_the_noise),
        cmocka_unit_test(grain_spares_black_and_white),
        cmocka_unit_test(salt_turns_the_share_asked_for_black_or_white),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_basic, close_basic);
}
