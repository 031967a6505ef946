/* test_rt_math.c - exp, log, tanh and the normal distribution against libm in double, over the
 * whole range of floats; and the 10 % that tells a bound which bites: the errors are not far below
 * it. */
#include <kernels/math.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Largest error of f over n floats from low to high, relative to |truth| + floor. */
static double worst(float (*f)(float), double (*truth)(double), double low, double high,
                    double floor, float *where)
{
    const int n = 400000;
    double most = 0;
    for (int i = 0; i <= n; i++) {
        const float x = (float)(low + (high - low) * i / n);
        const double want = truth((double)x);
        const double error = fabs((double)f(x) - want) / (fabs(want) + floor);
        if (!(error <= most)) {
            most = error;
            *where = x;
        }
    }
    return most;
}

static void expect(const char *name, float (*f)(float), double (*truth)(double), double low,
                   double high, double floor, double limit)
{
    float where = 0;
    const double error = worst(f, truth, low, high, floor, &where);
    if (!(error < limit && error > limit / 5))
        fail_msg("%s from %g to %g: error %.3g at %.9g, told: %.3g", name, low, high, error,
                 (double)where, limit);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double below(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

static void exp_keeps_its_bound(void **state)
{
    (void)state;
    expect("exp", rt_expf, exp, -87, 88.7, 0, 1.5e-7);
    expect("exp", rt_expf, exp, -1, 1, 0, 1.5e-7);
}

static void exp_less_one_keeps_its_bound_near_zero(void **state)
{
    (void)state;
    expect("expm1", rt_expm1f, expm1, -20, 88, 0, 2.5e-7);
    expect("expm1", rt_expm1f, expm1, -1, 1, 0, 2.5e-7);
    expect("expm1", rt_expm1f, expm1, -1e-3, 0.99e-3, 0, 2.5e-7);
}

static void log_keeps_its_bound(void **state)
{
    (void)state;
    expect("log", rt_logf, log, 1e-3, 1.5, 0, 1.5e-7);
    expect("log", rt_logf, log, 0.999, 1.0009, 0, 1.5e-7);
    expect("log", rt_logf, log, 1.5, 3e38, 0, 1.5e-7);
    expect("log", rt_logf, log, 1e-44, 1e-37, 0, 1.5e-7);
}

static void tanh_keeps_its_bound(void **state)
{
    (void)state;
    expect("tanh", rt_tanhf, tanh, -12, 12, 0, 2.5e-7);
    expect("tanh", rt_tanhf, tanh, -0.7, 0.7, 0, 2.5e-7);
}

static void sigmoid_keeps_its_bound(void **state)
{
    (void)state;
    expect("sigmoid", rt_sigmoidf, sigmoid, -87, 20, 0, 3e-7);
}

static void normal_keeps_its_bound(void **state)
{
    (void)state;
    expect("normal", rt_normal_below, below, -1, 8, 0, 3e-7);
    expect("normal", rt_normal_below, below, -2, -1, 0, 7.8e-7);
    expect("normal", rt_normal_below, below, -5, -4, 0, 3.3e-6);
    expect("normal", rt_normal_below, below, -12, -11, 0, 1.76e-5);
}

static void ends_of_the_range_are_exact(void **state)
{
    (void)state;
    assert_true(rt_expf(0) == 1 && rt_expf(1000) == INFINITY && rt_expf(-1000) == 0);
    assert_true(rt_expf(INFINITY) == INFINITY && rt_expf(-INFINITY) == 0);
    assert_true(rt_expf(-100) > 0 && rt_expf(88.72f) < INFINITY && rt_expf(88.73f) == INFINITY);
    assert_true(rt_expm1f(0) == 0 && rt_expm1f(-INFINITY) == -1 && rt_expm1f(1000) == INFINITY);
    assert_true(rt_logf(1) == 0 && rt_logf(0) == -INFINITY && rt_logf(INFINITY) == INFINITY);
    assert_true(isnan(rt_logf(-1)) && isnan(rt_logf(-INFINITY)));
    assert_true(rt_tanhf(0) == 0 && rt_tanhf(1e9f) == 1 && rt_tanhf(-INFINITY) == -1);
    assert_true(signbit(rt_tanhf(-0.0f)) && signbit(rt_expm1f(-0.0f)));
    assert_true(rt_sigmoidf(0) == 0.5f && rt_sigmoidf(INFINITY) == 1 &&
                rt_sigmoidf(-INFINITY) == 0);
    assert_true(rt_normal_below(40) == 1 && rt_normal_below(-40) == 0);
    assert_true(rt_normal_below(INFINITY) == 1 && rt_normal_below(-INFINITY) == 0);
}

static void not_a_number_stays_one(void **state)
{
    (void)state;
    assert_true(isnan(rt_expf(NAN)) && isnan(rt_expf(-NAN)) && isnan(rt_expm1f(NAN)));
    assert_true(isnan(rt_logf(NAN)) && isnan(rt_tanhf(NAN)) && isnan(rt_tanhf(-NAN)));
    assert_true(isnan(rt_sigmoidf(NAN)) && isnan(rt_normal_below(NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exp_keeps_its_bound),
        cmocka_unit_test(exp_less_one_keeps_its_bound_near_zero),
        cmocka_unit_test(log_keeps_its_bound),
        cmocka_unit_test(tanh_keeps_its_bound),
        cmocka_unit_test(sigmoid_keeps_its_bound),
        cmocka_unit_test(normal_keeps_its_bound),
        cmocka_unit_test(ends_of_the_range_are_exact),
        cmocka_unit_test(not_a_number_stays_one),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
