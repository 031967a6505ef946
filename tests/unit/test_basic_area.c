/* test_basic_area.c - filters that look at a neighbourhood: blur sharpen median edges; and what all
 * filters of the plugin must do alike. */
#include "basic_test.h"
#include <stdio.h>

/* ---- median ---- */

static int by_value(const void *a, const void *b)
{
    const float p = *(const float *)a, q = *(const float *)b;
    return (p > q) - (p < q);
}

static double median_at(const imp_image *m, uint32_t c, int64_t x, int64_t y, int64_t r)
{
    float v[101 * 101];
    size_t n = 0;
    for (int64_t j = -r; j <= r; j++)
        for (int64_t i = -r; i <= r; i++)
            v[n++] = at(m, c, x + i, y + j);
    qsort(v, n, sizeof *v, by_value);
    return v[n / 2];
}

static void medians_are_the_middle_values(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {2, 3}, {37, 21}, {300, 4}, {3, 300}, {131, 9}};
    for (uint32_t r = 1; r <= 5; r++)
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            char params[20];
            snprintf(params, sizeof params, "radius=%u", r);
            imp_image *in = mini_noise(sizes[k][0], sizes[k][1], 1 + 2 * (r % 2), IMP_SRGB, 1);
            imp_image *out = apply(state, "median", params, in);
            const uint32_t c = in->channels - 1;
            for (uint32_t y = 0; y < in->height; y++)
                for (uint32_t x = 0; x < in->width; x++)
                    assert_near(at(out, c, x, y), median_at(in, c, x, y, r),
                                r <= 2 ? 0 : 0.51 / 4095);
            release(in), release(out);
        }
}

static void the_largest_median_is_right(void **state)
{
    imp_image *in = mini_noise(150, 270, 1, IMP_SRGB, 1),
              *out = apply(state, "median", "radius=50", in);
    for (uint32_t y = 0; y < 270; y += 41)
        for (uint32_t x = 0; x < 150; x += 13)
            assert_near(at(out, 0, x, y), median_at(in, 0, x, y, 50), 0.51 / 4095);
    release(in), release(out);
}

/* By the 0-1 principle a network that is right for zeros and ones is right for all numbers. */
static void medians_of_zeros_and_ones_are_the_majority(void **state)
{
    for (uint32_t r = 1; r <= 2; r++)
        for (uint64_t seed = 1; seed < 3; seed++) {
            imp_image *in = mini_noise(300, 100, 1, IMP_SRGB, seed);
            for (uint32_t y = 0; y < 100; y++)
                for (uint32_t x = 0; x < 300; x++)
                    imp_row_out(in, 0, y)[x] = at(in, 0, x, y) < 0.5f;
            imp_image *out = apply(state, "median", r == 1 ? "radius=1" : "radius=2", in);
            for (uint32_t y = 0; y < 100; y++)
                for (uint32_t x = 0; x < 300; x++) {
                    double sum = 0;
                    for (int64_t k = 0; k < (2 * r + 1) * (2 * r + 1); k++)
                        sum += at(in, 0, x + k % (2 * r + 1) - r, y + k / (2 * r + 1) - r);
                    assert_near(at(out, 0, x, y), sum > (2 * r + 1) * (2 * r + 1) / 2, 0);
                }
            release(in), release(out);
        }
}

static void medians_of_8_bit_pictures_are_exact(void **state)
{
    imp_image *in = mini_noise(60, 40, 1, IMP_SRGB, 1);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 60; x++)
            imp_row_out(in, 0, y)[x] = floorf(at(in, 0, x, y) * 256) / 255;
    imp_image *out = apply(state, "median", "radius=7", in);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 60; x++)
            assert_near(at(out, 0, x, y), median_at(in, 0, x, y, 7), 0);
    release(in), release(out);
}

static void the_median_of_a_constant_is_the_constant(void **state)
{
    imp_image *in = mini_constant(40, 30, 3, IMP_SRGB, -7.25f);
    imp_image *a = apply(state, "median", "radius=2", in),
              *b = apply(state, "median", "radius=20", in);
    assert_true(mini_difference(in, a) == 0 && mini_difference(in, b) == 0);
    release(in), release(a), release(b);
}

/* ---- blur, sharpen ---- */

static void blur_in_linear_light_is_the_blur_of_the_light(void **state)
{
    imp_image *in = mini_noise(40, 30, 3, IMP_SRGB, 1),
              *light = mini_noise(40, 30, 3, IMP_LINEAR, 1);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 30; y++)
            kit_srgb_to_linear(imp_row(in, c, y), imp_row_out(light, c, y), 40);
    imp_image *want = apply(state, "blur", "sigma=3", light),
              *out = apply(state, "blur", "sigma=3 linear=1", in);
    float row[40];
    for (uint32_t y = 0; y < 30; y++) {
        kit_linear_to_srgb(imp_row(want, 1, y), row, 40);
        assert_memory_equal(row, imp_row(out, 1, y), sizeof row);
    }
    release(in), release(light), release(want), release(out);
}

static void percent_is_of_the_longer_side(void **state)
{
    imp_image *in = mini_noise(200, 100, 1, IMP_SRGB, 1);
    imp_image *a = apply(state, "blur", "sigma=2 units=percent", in),
              *b = apply(state, "blur", "sigma=4", in);
    assert_true(mini_same(&a->head, &b->head));
    release(in), release(a), release(b);
}

static void a_blur_of_nothing_is_the_picture(void **state)
{
    imp_image *in = mini_noise(20, 10, 3, IMP_SRGB, 1), *out = apply(state, "blur", "sigma=0", in);
    assert_true(mini_same(&in->head, &out->head));
    release(in), release(out);
}

static void sharpen_adds_the_difference_to_a_blur(void **state)
{
    imp_image *in = mini_noise(60, 40, 3, IMP_SRGB, 1),
              *soft = apply(state, "blur", "sigma=1.5", in);
    imp_image *out =
        apply(state, "sharpen", "amount=0.8 radius=1.5 threshold=0.05 channels=rgb halo=0.1", in);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 60; x++) {
            const double d = (double)at(in, 2, x, y) - at(soft, 2, x, y);
            const double kept = copysign(fmax(fabs(d) - 0.05, 0), d);
            assert_near(at(out, 2, x, y) - at(in, 2, x, y), fmin(fmax(0.8 * kept, -0.1), 0.1),
                        1e-6);
        }
    release(in), release(soft), release(out);
}

static void sharpening_luma_leaves_no_coloured_fringe(void **state)
{
    imp_image *in = mini_noise(60, 40, 3, IMP_SRGB, 1),
              *out = apply(state, "sharpen", "amount=2", in);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 60; x++)
            assert_near(at(out, 0, x, y) - at(out, 2, x, y), at(in, 0, x, y) - at(in, 2, x, y),
                        1e-6);
    assert_true(mini_difference(in, out) > 0.1);
    release(in), release(out);
}

/* ---- edges ---- */

static double steepness(const imp_image *m, int64_t x, int64_t y, double side, double middle)
{
    double dx = 0, dy = 0;
    for (int k = -1; k <= 1; k++) {
        const double w = k ? side : middle;
        dx += w * (at(m, 0, x + 1, y + k) - at(m, 0, x - 1, y + k));
        dy += w * (at(m, 0, x + k, y + 1) - at(m, 0, x + k, y - 1));
    }
    return sqrt(dx * dx + dy * dy);
}

static void steepness_follows_the_formula(void **state)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {600, 5}, {33, 17}};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        imp_image *in = mini_noise(sizes[k][0], sizes[k][1], 1, IMP_SRGB, 1);
        imp_image *sobel = apply(state, "edges", "sigma=0 gain=0.5", in);
        imp_image *scharr = apply(state, "edges", "sigma=0 gain=0.5 method=scharr invert=1", in);
        for (uint32_t y = 0; y < in->height; y++)
            for (uint32_t x = 0; x < in->width; x++) {
                assert_near(at(sobel, 0, x, y), fmin(0.5 * steepness(in, x, y, 0.25, 0.5), 1),
                            1e-6);
                assert_near(at(scharr, 0, x, y),
                            1 - fmin(0.5 * steepness(in, x, y, 3 / 16.0, 10 / 16.0), 1), 1e-6);
            }
        release(in), release(sobel), release(scharr);
    }
}

/* A disc, antialiased. */
static imp_image *disc(uint32_t side, double radius)
{
    imp_image *m = mini_image(side, side, 3, IMP_SRGB);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < side; y++)
            for (uint32_t x = 0; x < side; x++) {
                const double r = hypot(x + 0.5 - side / 2.0, y + 0.5 - side / 2.0);
                imp_row_out(m, c, y)[x] = (float)fmin(fmax(radius - r + 0.5, 0), 1);
            }
    return m;
}

static void canny_draws_one_thin_line_around_a_disc(void **state)
{
    imp_image *in = disc(81, 30), *out = apply(state, "edges", "method=canny sigma=1", in);
    uint32_t marked = 0;
    for (uint32_t y = 0; y < 81; y++)
        for (uint32_t x = 0; x < 81; x++) {
            if (at(out, 0, x, y) == 0)
                continue;
            marked++;
            assert_near(at(out, 0, x, y), 1, 0);
            assert_near(hypot(x - 40.0, y - 40.0), 30, 1.2);
        }
    assert_in_range(marked, 150, 240); /* about 8 r / sqrt(2) .. 8 r */
    for (int k = 0; k < 360; k++) {    /* no gap: each direction meets it */
        int met = 0;
        for (double r = 27; r < 33; r += 0.25)
            met |= at(out, 0, (int)(40.5 + r * cos(k * 0.0174533)),
                      (int)(40.5 + r * sin(k * 0.0174533))) == 1;
        assert_true(met);
    }
    release(in), release(out);
}

/* A step whose height goes from 0.02 to 0.3 along it. */
static void canny_follows_a_strong_line_into_the_weak(void **state)
{
    imp_image *in = mini_image(60, 100, 1, IMP_SRGB);
    for (uint32_t y = 0; y < 100; y++)
        for (uint32_t x = 0; x < 60; x++)
            imp_row_out(in, 0, y)[x] = x < 30 ? 0.2f : 0.22f + 0.0028f * (float)y;
    imp_image *out = apply(state, "edges", "method=canny sigma=0 low=0.1 high=0.2", in);
    imp_image *hard = apply(state, "edges", "method=canny sigma=0 low=0.2 high=0.2", in);
    imp_image *none = apply(state, "edges", "method=canny sigma=0 low=0.1 high=0.9 invert=1", in);
    double sum = 0, sum_hard = 0;
    for (uint32_t y = 0; y < 100; y++) {
        double row = 0;
        for (uint32_t x = 0; x < 60; x++) {
            row += at(out, 0, x, y), sum_hard += at(hard, 0, x, y);
            assert_near(at(none, 0, x, y), 1, 0);
        }
        assert_true(row <= 1);
        sum += row;
    }
    assert_near(sum, 100 * (0.3 - 0.1) / 0.28, 2);
    assert_near(sum_hard, 100 * (0.3 - 0.2) / 0.28, 2);
    release(in), release(out), release(hard), release(none);
}

static void low_above_high_is_a_mistake(void **state)
{
    assert_mistake(state, "edges", "method=canny low=0.5 high=0.2", "low must not be above high");
}

/* ---- all of them ---- */

static const char *const every[][2] = {
    {"resize", "width=150 linear=1"},
    {"resize", "width=700 method=lanczos"},
    {"resize", "scale=0.37"},
    {"crop", "aspect=1"},
    {"pad", "left=40 border=mirror"},
    {"flip", ""},
    {"rotate", "angle=90"},
    {"rotate", "angle=21"},
    {"levels", "auto=luma gamma=1.3"},
    {"gamma", "gamma=1.7"},
    {"saturate", "vibrance=0.4"},
    {"tint", "kelvin=4000"},
    {"grayscale", "method=luminance"},
    {"negate", ""},
    {"blur", "sigma=3"},
    {"blur", "sigma=17 linear=1"},
    {"sharpen", ""},
    {"median", "radius=1"},
    {"median", "radius=2"},
    {"median", "radius=6"},
    {"edges", ""},
    {"edges", "method=canny"},
    {"posterize", "dither=ordered"},
    {"noise", "kind=grain size=1 color=1"},
    {"noise", "kind=salt"},
};
enum { EVERY = sizeof every / sizeof every[0] };

static struct mini_result call(void **state, int k, const imp_image *in, struct mini_call c)
{
    const imp_value *inputs[] = {&in->head};
    struct mini_result r;
    char why[512];
    struct mini_node *node = mini_node(*state, every[k][0], every[k][1], why, sizeof why);
    assert_non_null(node);
    c.inputs = inputs, c.input_count = 1;
    mini_process(node, &c, &r);
    if (*r.fault)
        print_message("# %s %s: %s\n", every[k][0], every[k][1], r.fault);
    assert_string_equal(r.fault, "");
    mini_node_free(node);
    return r;
}

static void any_number_of_threads_gives_the_same_bytes(void **state)
{
    imp_image *in = mini_noise(331, 399, 3, IMP_SRGB, 1);
    for (int k = 0; k < EVERY; k++) {
        struct mini_result a = call(state, k, in, (struct mini_call){.threads = 1});
        struct mini_result b = call(state, k, in, (struct mini_call){.threads = 5});
        assert_int_equal(a.status, IMP_OK);
        assert_int_equal(b.status, IMP_OK);
        assert_true(mini_same(mini_output(&a, 0, 0), mini_output(&b, 0, 0)));
        mini_result_free(&a);
        mini_result_free(&b);
    }
    release(in);
}

static void a_cancel_is_passed_on(void **state)
{
    imp_image *in = mini_noise(331, 399, 1, IMP_SRGB, 1);
    for (int k = 0; k < EVERY; k++) {
        struct mini_result whole = call(state, k, in, (struct mini_call){.threads = 1});
        for (int late = 0; late < 2 && whole.polls; late++) {
            struct mini_result r =
                call(state, k, in, (struct mini_call){.cancel_after = late ? whole.polls : 1});
            assert_int_equal(r.status, IMP_CANCELLED);
            mini_result_free(&r);
        }
        mini_result_free(&whole);
    }
    release(in);
}

static void a_refused_image_is_a_failure_not_a_crash(void **state)
{
    imp_image *in = mini_noise(41, 43, 3, IMP_SRGB, 1);
    for (int k = 0; k < EVERY; k++) {
        struct mini_result r = call(state, k, in, (struct mini_call){.fail_at = 1});
        assert_int_equal(r.status, IMP_E_MEMORY);
        mini_result_free(&r);
    }
    release(in);
}

static void the_smallest_pictures_are_fine(void **state)
{
    for (int k = 0; k < EVERY; k++)
        for (uint32_t w = 1; w < 5; w++)
            for (uint32_t h = 1; h < 4; h++) {
                imp_image *in = mini_noise(w, h, 1 + 2 * (w % 2), IMP_SRGB, 1);
                struct mini_result r = call(state, k, in, (struct mini_call){.threads = 1});
                assert_int_equal(r.status, IMP_OK);
                assert_null(mini_damage(mini_output(&r, 0, 0), true, (char[200]){0}, 200));
                mini_result_free(&r);
                release(in);
            }
}

static void samples_far_beyond_the_range_stay_finite(void **state)
{
    imp_image *in = mini_noise(50, 40, 3, IMP_SRGB, 1);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 50; x++)
            imp_row_out(in, 1, y)[x] = (at(in, 1, x, y) - 0.5f) * 1e6f;
    for (int k = 0; k < EVERY; k++) {
        struct mini_result r = call(state, k, in, (struct mini_call){.threads = 1});
        char text[200];
        assert_int_equal(r.status, IMP_OK);
        assert_null(mini_damage(mini_output(&r, 0, 0), true, text, sizeof text));
        mini_result_free(&r);
    }
    release(in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians_are_the_middle_values),
        cmocka_unit_test(the_largest_median_is_right),
        cmocka_unit_test(medians_of_zeros_and_ones_are_the_majority),
        cmocka_unit_test(medians_of_8_bit_pictures_are_exact),
        cmocka_unit_test(the_median_of_a_constant_is_the_constant),
        cmocka_unit_test(blur_in_linear_light_is_the_blur_of_the_light),
        cmocka_unit_test(percent_is_of_the_longer_side),
        cmocka_unit_test(a_blur_of_nothing_is_the_picture),
        cmocka_unit_test(sharpen_adds_the_difference_to_a_blur),
        cmocka_unit_test(sharpening_luma_leaves_no_coloured_fringe),
        cmocka_unit_test(steepness_follows_the_formula),
        cmocka_unit_test(canny_draws_one_thin_line_around_a_disc),
        cmocka_unit_test(canny_follows_a_strong_line_into_the_weak),
        cmocka_unit_test(low_above_high_is_a_mistake),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(a_cancel_is_passed_on),
        cmocka_unit_test(a_refused_image_is_a_failure_not_a_crash),
        cmocka_unit_test(the_smallest_pictures_are_fine),
        cmocka_unit_test(samples_far_beyond_the_range_stay_finite),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_basic, close_basic);
}
