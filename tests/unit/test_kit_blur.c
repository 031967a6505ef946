/* test_kit_blur.c - Gaussian blur against the Gaussian in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>

/* The sampled Gaussian to 8 deviations, normalised, along one line; borders mirror. */
static double line(const double *v, int64_t stride, int64_t n, int64_t i, double sigma)
{
    const int64_t reach = (int64_t)ceil(8 * sigma);
    double sum = 0, total = 0;
    for (int64_t k = -reach; k <= reach; k++) {
        const double w = exp(-0.5 * (double)(k * k) / (sigma * sigma));
        sum += w * v[kit_mirror(i + k, n) * stride];
        total += w;
    }
    return sum / total;
}

static double error_of(const imp_image *src, const imp_image *dst, double sigma)
{
    const int64_t w = src->width, h = src->height;
    double *all = calloc((size_t)(w * h), sizeof *all),
           *half = calloc((size_t)(w * h), sizeof *half);
    double worst = 0;
    assert_true(all && half);
    for (uint32_t c = 0; c < src->channels; c++) {
        for (int64_t i = 0; i < w * h; i++)
            all[i] = imp_row(src, c, (uint32_t)(i / w))[i % w];
        for (int64_t i = 0; i < w * h; i++)
            half[i] = line(all + i % w, w, h, i / w, sigma);
        for (int64_t i = 0; i < w * h; i++)
            worst = fmax(worst, fabs(line(half + i / w * w, 1, w, i % w, sigma) -
                                     imp_row(dst, c, (uint32_t)(i / w))[i % w]));
    }
    free(all);
    free(half);
    return worst;
}

enum pattern { SPECKS, STEP, BOARD, PATTERNS };

/* Of 0 and 1 only, the hardest there is; rows padded with NaN. */
static imp_image *picture(uint32_t w, uint32_t h, uint32_t channels, int pattern)
{
    imp_image *m = kit_image_new(w + 5, h, channels, IMP_SRGB);
    assert_non_null(m);
    m->width = w;
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w + 5; x++) {
                const int specks = kit_uniform(9, c, (uint64_t)y * w + x) < 0.5;
                const int board = (int)((x / 7 + y / 7) % 2), step = x > w / 2;
                imp_row_out(m, c, y)[x] = x >= w ? NAN
                                                 : (float)(pattern == SPECKS ? specks
                                                           : pattern == STEP ? step
                                                                             : board);
            }
    return m;
}

static void compare(uint32_t w, uint32_t h, double sigma, double tolerance)
{
    for (int pattern = 0; pattern < PATTERNS; pattern++) {
        imp_image *src = picture(w, h, 1, pattern), *dst = picture(w, h, 1, STEP);
        assert_int_equal(kit_blur(src, dst, sigma, NULL), IMP_OK);
        const double error = error_of(src, dst, sigma);
        if (!(error < tolerance))
            print_message("# %u x %u, sigma %g: error %g\n", w, h, sigma, error);
        assert_true(error < tolerance);
        kit_image_free(src);
        kit_image_free(dst);
    }
}

static void every_deviation_is_within_1e_3_of_the_gaussian(void **state)
{
    const double sigmas[] = {0.1, 0.3, 0.7, 1, 1.5, 2.5, 4, 4.99, 5, 5.5, 7.49, 7.5, 9, 12, 20};
    (void)state;
    for (size_t k = 0; k < sizeof sigmas / sizeof sigmas[0]; k++)
        compare(61, 47, sigmas[k], 1e-3);
}

static void large_deviations_on_small_pictures_are_right_too(void **state)
{
    const uint32_t sizes[][2] = {{1, 1}, {2, 1}, {1, 9}, {5, 3}, {2, 40}, {33, 1}, {17, 16}};
    const double sigmas[] = {0.5, 3, 5, 8, 33, 100, 1000};
    (void)state;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
        for (size_t k = 0; k < sizeof sigmas / sizeof sigmas[0]; k++)
            compare(sizes[s][0], sizes[s][1], sigmas[k], 1e-3);
}

static void a_constant_stays(void **state)
{
    (void)state;
    for (double sigma = 0.1; sigma < 900; sigma *= 1.7) {
        imp_image *m = picture(40, 31, 1, STEP);
        for (uint32_t i = 0; i < 31; i++)
            for (uint32_t x = 0; x < 40; x++)
                imp_row_out(m, 0, i)[x] = 0.3f;
        assert_int_equal(kit_blur(m, m, sigma, NULL), IMP_OK);
        for (uint32_t i = 0; i < 31; i++)
            for (uint32_t x = 0; x < 40; x++)
                assert_true(fabs(imp_row(m, 0, i)[x] - 0.3) < 1e-6);
        kit_image_free(m);
    }
}

static double mean(const imp_image *m)
{
    double sum = 0;
    for (uint32_t y = 0; y < m->height; y++)
        for (uint32_t x = 0; x < m->width; x++)
            sum += imp_row(m, 0, y)[x];
    return sum / ((double)m->width * m->height);
}

static void the_mean_stays(void **state)
{
    (void)state;
    for (double sigma = 0.5; sigma < 300; sigma *= 2.3) {
        imp_image *src = picture(64, 48, 1, SPECKS), *dst = picture(64, 48, 1, STEP);
        assert_int_equal(kit_blur(src, dst, sigma, NULL), IMP_OK);
        assert_true(fabs(mean(src) - mean(dst)) < 1e-4);
        kit_image_free(src);
        kit_image_free(dst);
    }
}

static void the_output_may_be_the_input(void **state)
{
    (void)state;
    for (double sigma = 1; sigma < 20; sigma += 6) {
        imp_image *src = picture(70, 33, 3, SPECKS), *dst = picture(70, 33, 3, STEP);
        assert_int_equal(kit_blur(src, dst, sigma, NULL), IMP_OK);
        assert_int_equal(kit_blur(src, src, sigma, NULL), IMP_OK);
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < 33; y++)
                assert_memory_equal(imp_row(src, c, y), imp_row(dst, c, y), 70 * sizeof(float));
        kit_image_free(src);
        kit_image_free(dst);
    }
}

static void mirrored_in_is_mirrored_out(void **state)
{
    (void)state;
    for (double sigma = 1; sigma < 20; sigma += 6) {
        imp_image *src = picture(70, 33, 1, SPECKS), *flip = picture(70, 33, 1, SPECKS);
        for (uint32_t y = 0; y < 33; y++)
            for (uint32_t x = 0; x < 70; x++)
                imp_row_out(flip, 0, y)[x] = imp_row(src, 0, y)[69 - x];
        assert_int_equal(kit_blur(src, src, sigma, NULL), IMP_OK);
        assert_int_equal(kit_blur(flip, flip, sigma, NULL), IMP_OK);
        for (uint32_t y = 0; y < 33; y++)
            for (uint32_t x = 0; x < 70; x++)
                assert_true(fabsf(imp_row(src, 0, y)[x] - imp_row(flip, 0, y)[69 - x]) < 2e-6f);
        kit_image_free(src);
        kit_image_free(flip);
    }
}

/* A point: the product of its profiles, or it would not be the Gaussian in two dimensions. */
static void a_point_becomes_the_product_of_two_profiles(void **state)
{
    enum { SIDE = 121, MIDDLE = SIDE / 2 };
    (void)state;
    for (double sigma = 2; sigma < 13; sigma += 5) {
        imp_image *m = kit_image_new(SIDE, SIDE, 1, IMP_DATA);
        assert_non_null(m);
        imp_row_out(m, 0, MIDDLE)[MIDDLE] = 1000;
        assert_int_equal(kit_blur(m, m, sigma, NULL), IMP_OK);
        const double peak = imp_row(m, 0, MIDDLE)[MIDDLE];
        assert_true(fabs(peak / (1000 / (2 * 3.14159265358979 * sigma * sigma)) - 1) < 5e-3);
        for (uint32_t y = 0; y < SIDE; y++)
            for (uint32_t x = 0; x < SIDE; x++)
                assert_true(fabs(imp_row(m, 0, y)[x] - (double)imp_row(m, 0, y)[MIDDLE] *
                                                           imp_row(m, 0, MIDDLE)[x] / peak) <
                            1e-4 * peak);
        kit_image_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_deviation_is_within_1e_3_of_the_gaussian),
        cmocka_unit_test(large_deviations_on_small_pictures_are_right_too),
        cmocka_unit_test(a_constant_stays),
        cmocka_unit_test(the_mean_stays),
        cmocka_unit_test(the_output_may_be_the_input),
        cmocka_unit_test(mirrored_in_is_mirrored_out),
        cmocka_unit_test(a_point_becomes_the_product_of_two_profiles),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
