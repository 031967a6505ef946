/* test_kit_exact.c - exp, log, pow and angles of the kit against libm in long double; and the cases
 * that the C standard names. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <impasto/kit.h>

enum { N = 200000 };

static double at(uint64_t i, double low, double high)
{
    return low + (high - low) * kit_uniform(5, 1, i);
}

/* The largest error of f between low and high, in units of 2^-53 of the truth. */
static double worst(double (*f)(double), long double (*truth)(long double), double low, double high)
{
    long double most = 0;
    for (uint64_t i = 0; i < N; i++) {
        const double x = at(i, low, high);
        const long double want = truth((long double)x);
        const long double off = fabsl((long double)f(x) - want) / (fabsl(want) + 1e-300L) * 0x1p53L;
        most = off <= most ? most : off;
    }
    return (double)most;
}

static void exponentials_are_good_to_the_last_digit(void **state)
{
    (void)state;
    assert_true(worst(kit_exp, expl, -700, 709) < 2);
    assert_true(worst(kit_exp, expl, -1, 1) < 2);
    assert_true(worst(kit_exp, expl, -1e-6, 1e-6) <= 1.01);
    assert_true(kit_exp(0) == 1 && kit_exp(710) == INFINITY && kit_exp(-746) == 0);
    assert_true(kit_exp(-INFINITY) == 0 && kit_exp(INFINITY) == INFINITY && isnan(kit_exp(NAN)));
    assert_true(fabs(kit_exp(-740) / 4.199559e-322 - 1) < 0.01); /* below what is normal */
}

static void logarithms_are_good_to_the_last_digit(void **state)
{
    (void)state;
    assert_true(worst(kit_log, logl, 1e-300, 1e-290) <= 1.1);
    assert_true(worst(kit_log, logl, 0.5, 2) <= 1.1);
    assert_true(worst(kit_log, logl, 0.999, 1.001) <= 1.1);
    assert_true(worst(kit_log, logl, 2, 1e9) <= 1.1);
    assert_true(worst(kit_log10, log10l, 1e-5, 1e9) <= 1.1);
    assert_true(kit_log(1) == 0 && kit_log(0) == -INFINITY && isnan(kit_log(-1)) &&
                isnan(kit_log(NAN)));
    assert_true(kit_log(INFINITY) == INFINITY && fabs(kit_log(0x1p-1070) + 741.66748319914148) < 1e-12);
    double power = 1;
    for (int k = 0; k < 23; k++, power *= 10) /* 10^22 is the largest that is a double */
        assert_true(kit_log10(power) == k);
}

static void powers_are_good_to_the_last_digits(void **state)
{
    long double most = 0;
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        const double x = kit_exp(at(2 * i, -20, 20)), y = at(2 * i + 1, -30, 30);
        const long double want = powl((long double)x, (long double)y);
        const long double off = fabsl((long double)kit_pow(x, y) - want) / want * 0x1p53L;
        most = off <= most ? most : off;
    }
    assert_true(most < 8);
    assert_true(kit_pow(3, 2) == 9 && kit_pow(-2, 3) == -8 && kit_pow(-2, 2) == 4 &&
                kit_pow(10, 22) == 1e22);
    assert_true(kit_pow(10, -3) == 1e-3);
    assert_true(kit_pow(0.999, 1000000) == 0);
    assert_true(fabs(kit_pow(0.999, 5000) / 0.0067211119598655879 - 1) < 1e-15);
}

static void powers_keep_the_standards_cases(void **state)
{
    static const double values[] = {0.0,       -0.0, 1,      -1,    2,      -2,     0.5,
                                    -0.5,      3,    -3,     1e300, -1e300, 1e-300, INFINITY,
                                    -INFINITY, NAN,  0x1p53, 1.5,   -1.5};
    enum { COUNT = sizeof values / sizeof *values };
    (void)state;
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            const double want = pow(values[i], values[j]), got = kit_pow(values[i], values[j]);
            const bool same = got == want || fabs(got - want) <= 1e-14 * fabs(want);
            if (!(isnan(want) ? isnan(got) : same && !signbit(got) == !signbit(want)))
                fail_msg("%g to the power %g is %g, not %g", values[i], values[j], got, want);
        }
}

/* Errors of angles in units of 2^-53 of 1: near their zeros the truth is small. */
static double worst_angle(double (*f)(double), long double (*truth)(long double), double low,
                          double high)
{
    long double most = 0;
    for (uint64_t i = 0; i < N; i++) {
        const double x = at(i, low, high);
        const long double off = fabsl((long double)f(x) - truth((long double)x)) * 0x1p53L;
        most = off <= most ? most : off;
    }
    return (double)most;
}

static void angles_are_good_to_the_last_digit(void **state)
{
    (void)state;
    assert_true(worst(kit_sin, sinl, -0.7, 0.7) < 1.6);
    assert_true(worst_angle(kit_sin, sinl, -1e5, 1e5) < 1.6);
    assert_true(worst_angle(kit_cos, cosl, -1e5, 1e5) < 1.6);
    assert_true(worst_angle(kit_sin, sinl, 2e6, 9e6) < 1e8); /* to 1e-8 only, as said */
    assert_true(worst_angle(kit_asin, asinl, -1, 1) < 4);
    assert_true(kit_sin(0) == 0 && signbit(kit_sin(-0.0)) && kit_cos(0) == 1 &&
                isnan(kit_sin(INFINITY)));
    assert_true(isnan(kit_asin(1.1)));
}

static void directions_are_good_to_the_last_digit(void **state)
{
    static const double values[] = {0.0, -0.0, 1, -1, 0.3, -7, INFINITY, -INFINITY, NAN, 1e-320};
    enum { COUNT = sizeof values / sizeof *values };
    long double most = 0;
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        const double y = at(2 * i, -3, 3), x = at(2 * i + 1, -3, 3);
        const long double off =
            fabsl((long double)kit_atan2(y, x) - atan2l((long double)y, (long double)x));
        most = off * 0x1p53L <= most ? most : off * 0x1p53L;
    }
    assert_true(most < 6); /* a unit near pi is 4 */
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < COUNT; j++) {
            const double want = atan2(values[i], values[j]), got = kit_atan2(values[i], values[j]);
            const bool same = fabs(got - want) < 1e-15 && !signbit(got) == !signbit(want);
            if (!(isnan(want) ? isnan(got) : same))
                fail_msg("the direction of %g, %g is %g, not %g", values[i], values[j], got, want);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponentials_are_good_to_the_last_digit),
        cmocka_unit_test(logarithms_are_good_to_the_last_digit),
        cmocka_unit_test(powers_are_good_to_the_last_digits),
        cmocka_unit_test(powers_keep_the_standards_cases),
        cmocka_unit_test(angles_are_good_to_the_last_digit),
        cmocka_unit_test(directions_are_good_to_the_last_digit),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
