/* test_kit_colour.c - curve, powers and luma against double precision. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <impasto/kit.h>

enum { N = 65537 };
static float in[N], out[N], back[N];

static double to_linear(double v)
{
    const double a = fabs(v);
    return copysign(a <= 0.04045 ? a / 12.92 : pow((a + 0.055) / 1.055, 2.4), v);
}

static double to_srgb(double v)
{
    const double a = fabs(v);
    return copysign(a <= 0.0031308 ? a * 12.92 : 1.055 * pow(a, 1 / 2.4) - 0.055, v);
}

static void fill(double from, double to)
{
    for (int i = 0; i < N; i++)
        in[i] = (float)(from + (to - from) * i / (N - 1));
}

/* Relative error of out against f(in), absolute below `tiny`. */
static double error_of(double (*f)(double), double tiny)
{
    double worst = 0;
    for (int i = 0; i < N; i++) {
        const double want = f(in[i]);
        worst = fmax(worst, fabs(out[i] - want) / fmax(fabs(want), tiny));
    }
    return worst;
}

static void srgb_to_linear_is_right_to_2e_6(void **state)
{
    (void)state;
    fill(-1, 3);
    kit_srgb_to_linear(in, out, N);
    assert_true(error_of(to_linear, 1e-6) < 2e-6);
}

static void linear_to_srgb_is_right_to_2e_6(void **state)
{
    (void)state;
    fill(-1, 5);
    kit_linear_to_srgb(in, out, N);
    assert_true(error_of(to_srgb, 1e-5) < 2e-6);
}

static void there_and_back_is_the_same(void **state)
{
    (void)state;
    fill(-0.5, 2);
    kit_srgb_to_linear(in, out, N);
    kit_linear_to_srgb(out, back, N);
    for (int i = 0; i < N; i++)
        assert_true(fabs(back[i] - in[i]) <= 2e-6 * fmax(fabs(in[i]), 0.1));
}

static void black_and_white_stay(void **state)
{
    float ends[2] = {0, 1};
    (void)state;
    kit_srgb_to_linear(ends, ends, 2);
    assert_true(ends[0] == 0 && fabsf(ends[1] - 1) < 5e-7f);
    kit_linear_to_srgb(ends, ends, 2);
    assert_true(ends[0] == 0 && fabsf(ends[1] - 1) < 5e-7f);
}

static double exponent;
static double power(double v)
{
    return copysign(pow(fabs(v), (float)exponent), v);
}

static void powers_are_right_to_4e_6(void **state)
{
    const double exponents[] = {0.05, 0.1, 0.4545, 0.5, 1, 1.1, 2, 2.2, 2.4, 7, 20, -0.5, -3};
    (void)state;
    for (size_t k = 0; k < sizeof exponents / sizeof exponents[0]; k++) {
        exponent = exponents[k];
        fill(exponent < 0 ? 0.01 : -4, 4);
        kit_power(in, out, N, (float)exponent);
        assert_true(error_of(power, 1e-31) < 4e-6);
    }
}

static void powers_of_very_small_and_large_numbers_are_right(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++)
        in[i] = (float)ldexp(1 + i / (double)N, i % 250 - 125);
    for (exponent = 0.1; exponent < 1; exponent += 0.2) {
        kit_power(in, out, N, (float)exponent);
        assert_true(error_of(power, 1e-31) < 4e-6);
    }
}

static void a_power_is_never_infinite_or_nan(void **state)
{
    float v[] = {0, -0.0f, 1e-40f, FLT_MIN, -FLT_MIN, 1, -1, 1e30f, FLT_MAX, -FLT_MAX};
    const float exponents[] = {0, 0.001f, 1, 20, 1000, -0.5f, -20, -1000};
    float r[sizeof v / sizeof v[0]];
    (void)state;
    for (size_t k = 0; k < sizeof exponents / sizeof exponents[0]; k++) {
        kit_power(v, r, sizeof v / sizeof v[0], exponents[k]);
        for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
            assert_true(isfinite(r[i]) &&
                        (r[i] == 0 || (r[i] > 0) == (v[i] > 0 || (v[i] == 0 && !signbit(v[i])))));
    }
    kit_power(v, r, 3, 2);
    assert_true(r[0] == 0 && r[1] == 0 && r[2] == 0);
}

static void any_number_of_samples_is_the_same(void **state)
{
    float part[70];
    (void)state;
    fill(-1, 2);
    kit_power(in, out, N, 1.7f);
    for (size_t n = 0; n < 70; n++) {
        kit_power(in + 3, part, n, 1.7f);
        assert_memory_equal(part, out + 3, n * sizeof *part);
    }
}

static void luma_is_that_of_rec_709(void **state)
{
    const float r[] = {1, 0, 0, 1, 0.25f}, g[] = {0, 1, 0, 1, 0.5f}, b[] = {0, 0, 1, 1, -0.5f};
    const double want[] = {0.2126, 0.7152, 0.0722, 1, 0.2126 / 4 + 0.7152 / 2 - 0.0722 / 2};
    float luma[5];
    (void)state;
    kit_luma(r, g, b, luma, 5);
    for (int i = 0; i < 5; i++)
        assert_true(fabs(luma[i] - want[i]) < 2e-7);
    kit_luma(b, NULL, NULL, luma, 5);
    assert_memory_equal(luma, b, sizeof b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(srgb_to_linear_is_right_to_2e_6),
        cmocka_unit_test(linear_to_srgb_is_right_to_2e_6),
        cmocka_unit_test(there_and_back_is_the_same),
        cmocka_unit_test(black_and_white_stay),
        cmocka_unit_test(powers_are_right_to_4e_6),
        cmocka_unit_test(powers_of_very_small_and_large_numbers_are_right),
        cmocka_unit_test(a_power_is_never_infinite_or_nan),
        cmocka_unit_test(any_number_of_samples_is_the_same),
        cmocka_unit_test(luma_is_that_of_rec_709),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
