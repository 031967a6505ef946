/* test_kit_rng.c - random numbers by position. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>

enum { N = 200000 };

/* SplitMix64 as published: the state goes up by the golden ratio, the output is finalised. */
static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void numbers_are_those_of_two_splitmix_generators(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        uint64_t outer = seed, base = splitmix(&outer);
        for (uint64_t what = 0; what < 4; what++) {
            uint64_t inner = splitmix(&base);
            for (uint64_t i = 0; i < 4; i++)
                assert_int_equal(kit_random(seed, what, i), splitmix(&inner));
        }
    }
}

static void uniform_numbers_fill_the_unit_interval(void **state)
{
    double sum = 0, squares = 0, least = 1, most = 0;
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        const double u = kit_uniform(7, 3, i);
        sum += u, squares += u * u;
        least = fmin(least, u), most = fmax(most, u);
    }
    assert_true(least >= 0 && least < 1e-4 && most < 1 && most > 1 - 1e-4);
    assert_true(fabs(sum / N - 0.5) < 0.003);
    assert_true(fabs(squares / N - 1.0 / 3) < 0.003);
}

static void streams_and_seeds_are_uncorrelated(void **state)
{
    double streams = 0, seeds = 0, neighbours = 0;
    (void)state;
    for (uint64_t i = 0; i < N; i++) {
        const double u = kit_uniform(7, 3, i) - 0.5;
        streams += u * (kit_uniform(7, 4, i) - 0.5);
        seeds += u * (kit_uniform(8, 3, i) - 0.5);
        neighbours += u * (kit_uniform(7, 3, i + 1) - 0.5);
    }
    assert_true(fabs(12 * streams / N) < 0.012);
    assert_true(fabs(12 * seeds / N) < 0.012);
    assert_true(fabs(12 * neighbours / N) < 0.012);
}

struct moments {
    double mean, variance, kurtosis, most;
};

static struct moments moments_of(const float *v, size_t n)
{
    struct moments m = {0};
    for (size_t i = 0; i < n; i++) {
        m.mean += v[i], m.variance += (double)v[i] * v[i];
        m.kurtosis += pow(v[i], 4), m.most = fmax(m.most, fabs(v[i]));
    }
    m.mean /= (double)n, m.variance /= (double)n, m.kurtosis /= (double)n;
    return m;
}

static void assert_normal(const float *v)
{
    const struct moments m = moments_of(v, N);
    assert_true(fabs(m.mean) < 0.012);
    assert_true(fabs(m.variance - 1) < 0.02);
    assert_true(fabs(m.kurtosis - 3) < 0.12);
    assert_true(m.most > 3.8 && m.most < 6.8);
}

static float values[N];

static void normal_numbers_have_normal_moments(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < N; i++)
        values[i] = (float)kit_normal(5, 1, i);
    assert_normal(values);
}

static void quick_normal_numbers_have_normal_moments_too(void **state)
{
    (void)state;
    kit_normals(5, 1, 0, N, values);
    assert_normal(values);
}

static void quick_normal_numbers_are_shared_out_as_the_error_function_says(void **state)
{
    (void)state;
    kit_normals(11, 2, 0, N, values);
    for (double at = -2.5; at <= 2.5; at += 0.5) {
        uint32_t below = 0;
        for (size_t i = 0; i < N; i++)
            below += values[i] < at;
        assert_true(fabs(below / (double)N - 0.5 * erfc(-at / sqrt(2))) < 0.005);
    }
}

static void quick_normal_numbers_depend_on_their_position_only(void **state)
{
    float part[200];
    (void)state;
    kit_normals(5, 1, 0, 1000, values);
    for (size_t first = 0; first < 700; first += 37)
        for (size_t n = 0; n < 200; n += 13) {
            kit_normals(5, 1, first, n, part);
            assert_memory_equal(part, values + first, n * sizeof *part);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_two_splitmix_generators),
        cmocka_unit_test(uniform_numbers_fill_the_unit_interval),
        cmocka_unit_test(streams_and_seeds_are_uncorrelated),
        cmocka_unit_test(normal_numbers_have_normal_moments),
        cmocka_unit_test(quick_normal_numbers_have_normal_moments_too),
        cmocka_unit_test(quick_normal_numbers_are_shared_out_as_the_error_function_says),
        cmocka_unit_test(quick_normal_numbers_depend_on_their_position_only),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
