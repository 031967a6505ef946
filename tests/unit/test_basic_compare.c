/* test_basic_compare.c - mse, psnr, ssim against an oracle in double. */
#include "basic_call.h"

struct figures { double mse, psnr, ssim, mean, most; int64_t x, y; };

static struct figures compare(void **state, const imp_image *a, const imp_image *b)
{
    const imp_value *in[] = {&a->head, &b->head};
    struct mini_result r = call_labelled(state, "compare", "", in, NULL, 2);
    const imp_table *t = (const imp_table *)(const void *)mini_output(&r, 0, 0);
    assert_int_equal(t->row_count, 1);
    assert_int_equal(t->column_count, 7);
    const imp_cell *c = t->cells;
    const struct figures f = {c[0].f, c[1].f, c[2].f, c[3].f, c[4].f, c[5].i, c[6].i};
    mini_result_free(&r);
    return f;
}

static double luma(const imp_image *m, int64_t x, int64_t y)
{
    if (m->channels < 3)
        return at(m, 0, x, y);
    return 0.2126 * at(m, 0, x, y) + 0.7152 * at(m, 1, x, y) + 0.0722 * at(m, 2, x, y);
}

/* SSIM as it is defined: two-dimensional windows, moments about the mean, double. */
static double oracle_ssim(const imp_image *a, const imp_image *b)
{
    const int64_t w = a->width, h = a->height, bx = w < 11 ? 0 : 5, by = h < 11 ? 0 : 5;
    double total = 0;
    for (int64_t y = by; y < h - by; y++)
        for (int64_t x = bx; x < w - bx; x++) {
            double n = 0, ma = 0, mb = 0, va = 0, vb = 0, vab = 0;
            for (int pass = 0; pass < 2; pass++)
                for (int64_t j = -5; j <= 5; j++)
                    for (int64_t i = -5; i <= 5; i++) {
                        const double k = exp(-(double)(i * i + j * j) / 4.5);
                        const double p = luma(a, x + i, y + j), q = luma(b, x + i, y + j);
                        if (pass == 0)
                            n += k, ma += k * p, mb += k * q;
                        else
                            va += k * (p - ma / n) * (p - ma / n),
                                vb += k * (q - mb / n) * (q - mb / n),
                                vab += k * (p - ma / n) * (q - mb / n);
                    }
            ma /= n, mb /= n, va /= n, vb /= n, vab /= n;
            total += (2 * ma * mb + 1e-4) * (2 * vab + 9e-4)
                     / ((ma * ma + mb * mb + 1e-4) * (va + vb + 9e-4));
        }
    return total / ((double)(w - 2 * bx) * (double)(h - 2 * by));
}

static void ssim_is_that_of_the_oracle(void **state)
{
    const uint32_t sizes[][2] = {{40, 30}, {11, 11}, {12, 40}, {10, 20}, {3, 50}, {1, 1}, {5, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const uint32_t w = sizes[i][0], h = sizes[i][1];
        imp_image *a = mini_gradient(w, h, 3, IMP_SRGB),
                  *noise = mini_noise(w, h, 3, IMP_SRGB, i + 1);
        imp_image *b = mini_image(w, h, 3, IMP_SRGB);
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t y = 0; y < h; y++)
                for (uint32_t x = 0; x < w; x++)
                    imp_row_out(b, c, y)[x] = 0.8f * at(a, c, x, y) + 0.2f * at(noise, c, x, y);
        assert_near(compare(state, a, b).ssim, oracle_ssim(a, b), 2e-5);
        assert_near(compare(state, a, noise).ssim, oracle_ssim(a, noise), 2e-5);
        release(a), release(b), release(noise);
    }
}

static void ssim_of_small_contrast_keeps_its_digits(void **state)
{
    imp_image *a = mini_noise(40, 40, 1, IMP_SRGB, 1), *b = mini_noise(40, 40, 1, IMP_SRGB, 2);
    for (uint32_t y = 0; y < 40; y++)
        for (uint32_t x = 0; x < 40; x++) {
            imp_row_out(a, 0, y)[x] = 0.95f + 0.01f * at(a, 0, x, y);
            imp_row_out(b, 0, y)[x] = 0.95f + 0.01f * at(b, 0, x, y);
        }
    assert_near(compare(state, a, b).ssim, oracle_ssim(a, b), 2e-4);
    release(a), release(b);
}

static void errors_are_those_of_the_formulas(void **state)
{
    imp_image *a = mini_noise(53, 31, 3, IMP_SRGB, 1), *b = mini_noise(53, 31, 3, IMP_SRGB, 2);
    double square = 0, absolute = 0, most = 0;
    imp_row_out(b, 1, 20)[37] = 4; /* the largest */
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < 31; y++)
            for (uint32_t x = 0; x < 53; x++) {
                const double d = fabs((double)at(a, c, x, y) - (double)at(b, c, x, y));
                square += d * d, absolute += d, most = fmax(most, d);
            }
    const struct figures f = compare(state, a, b);
    assert_near(f.mse, square / (53 * 31 * 3), 1e-9);
    assert_near(f.mean, absolute / (53 * 31 * 3), 1e-9);
    assert_near(f.psnr, 10 * log10(1 / f.mse), 1e-9);
    assert_near(f.most, most, 0);
    assert_int_equal(f.x, 37);
    assert_int_equal(f.y, 20);
    release(a), release(b);
}

static void equal_pictures_have_psnr_999_and_ssim_1(void **state)
{
    imp_image *a = mini_noise(30, 20, 3, IMP_SRGB, 1), *dark = mini_constant(4, 4, 1, IMP_SRGB, 0);
    struct figures f = compare(state, a, a);
    assert_near(f.psnr, 999, 0);
    assert_near(f.ssim, 1, 1e-12);
    assert_near(f.mse + f.mean + f.most, 0, 0);
    f = compare(state, dark, dark);
    assert_near(f.ssim, 1, 1e-12);
    release(a), release(dark);
}

static void a_known_offset_gives_20_db(void **state)
{
    imp_image *a = mini_constant(64, 64, 1, IMP_SRGB, 0.5f),
              *b = mini_constant(64, 64, 1, IMP_SRGB, 0.6f);
    assert_near(compare(state, a, b).psnr, 20, 1e-4);
    release(a), release(b);
}

static void grey_stands_for_three_and_missing_alpha_for_1(void **state)
{
    imp_image *grey = mini_constant(8, 8, 1, IMP_SRGB, 0.5f),
              *rgb = mini_constant(8, 8, 3, IMP_SRGB, 0.5f);
    imp_image *clear = mini_constant(8, 8, 4, IMP_SRGB, 0.5f);
    assert_near(compare(state, grey, rgb).mse, 0, 0);
    assert_near(compare(state, rgb, clear).mse, 0.25 / 4, 1e-9);
    assert_near(compare(state, clear, grey).most, 0.5, 0);
    release(grey), release(rgb), release(clear);
}

static void figures_are_finite_for_huge_samples(void **state)
{
    imp_image *a = mini_constant(20, 20, 1, IMP_SRGB, 3e38f),
              *b = mini_constant(20, 20, 1, IMP_SRGB, -3e38f);
    const struct figures f = compare(state, a, b);
    assert_true(isfinite(f.mse) && isfinite(f.psnr) && isfinite(f.ssim) && isfinite(f.mean)
                && isfinite(f.most));
    release(a), release(b);
}

static void the_difference_picture_is_made_when_wanted(void **state)
{
    imp_image *a = mini_constant(8, 6, 3, IMP_SRGB, 0.5f), *b = mini_gradient(8, 6, 3, IMP_SRGB);
    const imp_value *in[] = {&a->head, &b->head};
    const char *params[] = {"gain=2", "picture=signed gain=0.5"};
    for (int i = 0; i < 2; i++) {
        struct mini_result r = call_labelled(state, "compare", params[i], in, NULL, 2);
        const imp_image *d = mini_output_image(&r, 1);
        assert_non_null(d);
        assert_size(d, 8, 6, 3);
        for (uint32_t x = 0; x < 8; x++) {
            const double e = (double)at(b, 0, x, 3) - 0.5;
            assert_near(at(d, 0, x, 3), i ? 0.5 + 0.5 * e : 2 * fabs(e), 1e-6);
        }
        mini_result_free(&r);
    }
    char why[256];
    struct mini_result r;
    struct mini_node *node = mini_node(*state, "compare", "", why, sizeof why);
    mini_process(node, &(struct mini_call){.inputs = in, .input_count = 2, .wanted = 1}, &r);
    assert_int_equal(r.status, IMP_OK);
    assert_null(mini_output_image(&r, 1));
    mini_result_free(&r), mini_node_free(node);
    release(a), release(b);
}

static void other_sizes_are_refused_or_scaled(void **state)
{
    imp_image *a = mini_constant(4, 4, 3, IMP_SRGB, 0), *b = mini_constant(4, 5, 3, IMP_SRGB, 0);
    refused(state, "compare", "", a, b, IMP_E_INPUT, "b is 4 x 5, a is 4 x 4");
    assert_int_equal(planned_two(state, "compare", "", 4, 4, 4, 5).mistake_count, 1);
    assert_int_equal(planned_two(state, "compare", "", 4, 4, 4, 4).mistake_count, 0);
    assert_int_equal(planned_two(state, "compare", "fit=scale", 4, 4, 4, 5).mistake_count, 0);
    const imp_value *in[] = {&a->head, &b->head};
    struct mini_result r = call_labelled(state, "compare", "fit=scale", in, NULL, 2);
    assert_near(((const imp_table *)(const void *)mini_output(&r, 0, 0))->cells[4].f, 0, 0);
    mini_result_free(&r);
    release(a), release(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ssim_is_that_of_the_oracle),
        cmocka_unit_test(ssim_of_small_contrast_keeps_its_digits),
        cmocka_unit_test(errors_are_those_of_the_formulas),
        cmocka_unit_test(equal_pictures_have_psnr_999_and_ssim_1),
        cmocka_unit_test(a_known_offset_gives_20_db),
        cmocka_unit_test(grey_stands_for_three_and_missing_alpha_for_1),
        cmocka_unit_test(figures_are_finite_for_huge_samples),
        cmocka_unit_test(the_difference_picture_is_made_when_wanted),
        cmocka_unit_test(other_sizes_are_refused_or_scaled),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, open_basic, close_basic) != 0;
}
