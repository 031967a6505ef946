/* test_kit_resize.c - resampling against the formula in double precision. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>

/* ---- the oracle: every output from every input, indices as in the formula ---- */

static double kernel(enum kit_resample how, double t)
{
    const double pi = 3.14159265358979323846, a = fabs(t);
    if (how != KIT_LANCZOS)
        return a < 1 ? 1 - a : 0;
    if (a < 1e-12)
        return 1;
    return a < 3 ? sin(pi * a) / (pi * a) * sin(pi * a / 3) / (pi * a / 3) : 0;
}

/* Weight of sample k, which may lie beyond the border, in output i of n from m. */
static double weight(enum kit_resample how, int i, int k, int m, int n)
{
    const double step = (double)m / n, centre = (i + 0.5) * step - 0.5;
    if (how == KIT_AREA && n < m)
        return fmax(0, fmin(k + 1, (i + 1) * step) - fmax(k, i * step));
    if (how == KIT_NEAREST)
        return k == (int)floor((i + 0.5) * step);
    return kernel(how, (k - centre) / fmax(step, 1));
}

static int clamped(int k, int n)
{
    return k < 0 ? 0 : k >= n ? n - 1 : k;
}

static double line(enum kit_resample how, const double *v, int stride, int m, int i, int n)
{
    double sum = 0, total = 0;
    for (int k = -3 * m - 8; k < 4 * m + 8; k++) {
        const double w = weight(how, i, k, m, n);
        sum += w * v[clamped(k, m) * stride];
        total += w;
    }
    return sum / total;
}

/* Largest difference of dst from what the formula gives for src. */
static double error_of(const imp_image *src, const imp_image *dst, enum kit_resample how)
{
    const int sw = (int)src->width, sh = (int)src->height, dw = (int)dst->width,
              dh = (int)dst->height;
    double *all = calloc((size_t)sw * (size_t)sh, sizeof *all), worst = 0;
    double *half = calloc((size_t)sw * (size_t)dh, sizeof *half);
    assert_true(all && half);
    for (uint32_t c = 0; c < src->channels; c++) {
        for (int y = 0; y < sh; y++)
            for (int x = 0; x < sw; x++)
                all[y * sw + x] = imp_row(src, c, (uint32_t)y)[x];
        for (int y = 0; y < dh; y++)
            for (int x = 0; x < sw; x++)
                half[y * sw + x] = dh == sh ? all[y * sw + x] : line(how, all + x, sw, sh, y, dh);
        for (int y = 0; y < dh; y++)
            for (int x = 0; x < dw; x++) {
                const double want =
                    dw == sw ? half[y * sw + x] : line(how, half + y * sw, 1, sw, x, dw);
                worst = fmax(worst, fabs(want - imp_row(dst, c, (uint32_t)y)[x]));
            }
    }
    free(all);
    free(half);
    return worst;
}

/* ---- pictures ---- */

/* Rows padded with NaN, which must never get into a result. */
static imp_image *picture(uint32_t w, uint32_t h, uint32_t channels, uint64_t seed)
{
    imp_image *m = kit_image_new(w + 3, h, channels, IMP_SRGB);
    assert_non_null(m);
    m->width = w;
    for (uint32_t c = 0; c < channels; c++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w + 3; x++)
                imp_row_out(m, c, y)[x] =
                    x < w ? (float)kit_uniform(seed, c, (uint64_t)y * w + x) : NAN;
    return m;
}

static const int sizes[][4] = {
    /* from, to */
    {1, 1, 5, 7},     {5, 7, 1, 1},    {16, 12, 8, 6},  {16, 12, 4, 3},  {17, 13, 8, 6},
    {31, 29, 10, 28}, {8, 6, 16, 12},  {7, 9, 30, 11},  {20, 20, 20, 7}, {20, 20, 7, 20},
    {20, 5, 20, 15},  {9, 40, 33, 13}, {40, 9, 13, 33}, {100, 3, 2, 2},  {2, 90, 1, 17},
    {33, 35, 32, 34}, {1, 50, 1, 20},  {50, 1, 20, 1},
};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static void agrees(enum kit_resample how, double tolerance)
{
    for (int k = 0; k < SIZES; k++) {
        imp_image *src = picture((uint32_t)sizes[k][0], (uint32_t)sizes[k][1], 1 + 2 * (k % 2), 5);
        imp_image *dst = picture((uint32_t)sizes[k][2], (uint32_t)sizes[k][3], src->channels, 6);
        assert_int_equal(kit_resize(src, dst, how, NULL), IMP_OK);
        const double error = error_of(src, dst, how);
        if (!(error < tolerance))
            print_message("# %d x %d to %d x %d: error %g\n", sizes[k][0], sizes[k][1], sizes[k][2],
                          sizes[k][3], error);
        assert_true(error < tolerance);
        kit_image_free(src);
        kit_image_free(dst);
    }
}

static void area_agrees_with_the_formula(void **state)
{
    (void)state;
    agrees(KIT_AREA, 1e-6);
}

static void lanczos_agrees_with_the_formula(void **state)
{
    (void)state;
    agrees(KIT_LANCZOS, 2e-6);
}

static void linear_agrees_with_the_formula(void **state)
{
    (void)state;
    agrees(KIT_LINEAR, 1e-6);
}

static void nearest_takes_the_sample_at_the_centre(void **state)
{
    (void)state;
    agrees(KIT_NEAREST, 1e-12);
}

static void an_equal_size_is_a_copy(void **state)
{
    (void)state;
    for (int how = KIT_AREA; how <= KIT_NEAREST; how++) {
        imp_image *src = picture(13, 11, 4, 1), *dst = picture(13, 11, 4, 2);
        assert_int_equal(kit_resize(src, dst, (enum kit_resample)how, NULL), IMP_OK);
        for (uint32_t c = 0; c < 4; c++)
            for (uint32_t y = 0; y < 11; y++)
                assert_memory_equal(imp_row(src, c, y), imp_row(dst, c, y), 13 * sizeof(float));
        kit_image_free(src);
        kit_image_free(dst);
    }
}

static void a_constant_stays(void **state)
{
    (void)state;
    for (int how = KIT_AREA; how <= KIT_NEAREST; how++)
        for (int k = 0; k < SIZES; k++) {
            imp_image *src = picture((uint32_t)sizes[k][0], (uint32_t)sizes[k][1], 1, 1);
            imp_image *dst = picture((uint32_t)sizes[k][2], (uint32_t)sizes[k][3], 1, 2);
            for (uint32_t y = 0; y < src->height; y++)
                for (uint32_t x = 0; x < src->width; x++)
                    imp_row_out(src, 0, y)[x] = 0.7f;
            assert_int_equal(kit_resize(src, dst, (enum kit_resample)how, NULL), IMP_OK);
            for (uint32_t y = 0; y < dst->height; y++)
                for (uint32_t x = 0; x < dst->width; x++)
                    assert_true(fabs(imp_row(dst, 0, y)[x] - 0.7) < 1e-6);
            kit_image_free(src);
            kit_image_free(dst);
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

static void area_keeps_the_mean_when_shrinking(void **state)
{
    (void)state;
    imp_image *src = picture(61, 47, 1, 3), *dst = picture(17, 20, 1, 2);
    assert_int_equal(kit_resize(src, dst, KIT_AREA, NULL), IMP_OK);
    assert_true(fabs(mean(src) - mean(dst)) < 1e-6);
    kit_image_free(src);
    kit_image_free(dst);
}

/* 2:1 on both sides has a loop of its own; one side at a time goes the general way. */
static void halving_at_once_is_halving_twice(void **state)
{
    (void)state;
    imp_image *src = picture(262, 74, 3, 3), *wide = picture(131, 74, 3, 1);
    imp_image *twice = picture(131, 37, 3, 2), *once = picture(131, 37, 3, 4);
    assert_int_equal(kit_resize(src, wide, KIT_AREA, NULL), IMP_OK);
    assert_int_equal(kit_resize(wide, twice, KIT_AREA, NULL), IMP_OK);
    assert_int_equal(kit_resize(src, once, KIT_AREA, NULL), IMP_OK);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 37; y++)
            for (uint32_t x = 0; x < 131; x++)
                assert_true(fabsf(imp_row(twice, c, y)[x] - imp_row(once, c, y)[x]) < 2e-7f);
    kit_image_free(src);
    kit_image_free(wide);
    kit_image_free(twice);
    kit_image_free(once);
}

static void mirrored_in_is_mirrored_out(void **state)
{
    (void)state;
    for (int how = KIT_AREA; how <= KIT_LINEAR; how++) {
        imp_image *src = picture(45, 21, 1, 3), *flip = picture(45, 21, 1, 3);
        imp_image *a = picture(19, 32, 1, 1), *b = picture(19, 32, 1, 2);
        for (uint32_t y = 0; y < 21; y++)
            for (uint32_t x = 0; x < 45; x++)
                imp_row_out(flip, 0, y)[x] = imp_row(src, 0, y)[44 - x];
        assert_int_equal(kit_resize(src, a, (enum kit_resample)how, NULL), IMP_OK);
        assert_int_equal(kit_resize(flip, b, (enum kit_resample)how, NULL), IMP_OK);
        for (uint32_t y = 0; y < 32; y++)
            for (uint32_t x = 0; x < 19; x++)
                assert_true(fabsf(imp_row(a, 0, y)[x] - imp_row(b, 0, y)[18 - x]) < 1e-6f);
        kit_image_free(src);
        kit_image_free(flip);
        kit_image_free(a);
        kit_image_free(b);
    }
}

static void an_impossible_image_is_no_image(void **state)
{
    (void)state;
    assert_null(kit_image_new(0, 5, 1, IMP_SRGB));
    assert_null(kit_image_new(UINT32_MAX, UINT32_MAX, 4, IMP_SRGB));
    kit_image_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(area_agrees_with_the_formula),
        cmocka_unit_test(lanczos_agrees_with_the_formula),
        cmocka_unit_test(linear_agrees_with_the_formula),
        cmocka_unit_test(nearest_takes_the_sample_at_the_centre),
        cmocka_unit_test(an_equal_size_is_a_copy),
        cmocka_unit_test(a_constant_stays),
        cmocka_unit_test(area_keeps_the_mean_when_shrinking),
        cmocka_unit_test(halving_at_once_is_halving_twice),
        cmocka_unit_test(mirrored_in_is_mirrored_out),
        cmocka_unit_test(an_impossible_image_is_no_image),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
