/* test_prune_score.c - criteria by their formulas, what bias removal keeps, and the choice over
 * layers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "../../plugins/pruner/score.h"

enum { N = 3, U = 4, P = 5 };

static void values(float *a, float *g)
{
    for (uint32_t i = 0; i < N * U * P; i++) {
        const double v = kit_normal(1, 1, i);
        a[i] = (float)(v > 0 ? v : 0);
        g[i] = (float)kit_normal(1, 2, i);
    }
}

/* The criterion of unit u written out. */
static double by_formula(uint32_t criterion, const float *a, const float *g, int u)
{
    double taylor = 0, mean = 0, act = 0, live = 0;
    for (int n = 0; n < N; n++) {
        double s = 0;
        for (int p = 0; p < P; p++) {
            const int i = (n * U + u) * P + p;
            s += (double)a[i] * N * (double)g[i] / P; /* g is of the mean over the batch */
            act += fabs((double)a[i]) / (N * P);
            live += a[i] != 0 ? 1.0 / (N * P) : 0;
        }
        taylor += fabs(s) / N;
        mean += s / N;
    }
    return criterion == PR_TAYLOR        ? taylor
           : criterion == PR_TAYLOR_MEAN ? fabs(mean)
           : criterion == PR_ACT         ? act
                                         : live;
}

static void criteria_are_their_formulas(void **state)
{
    float a[N * U * P], g[N * U * P];
    (void)state;
    values(a, g);
    for (uint32_t c = PR_TAYLOR; c <= PR_APOZ; c++) {
        double s[U] = {0};
        pr_score_add(c, a, g, N, U, P, NULL, U, s);
        pr_score_end(c, N, U, s);
        for (int u = 0; u < U; u++)
            assert_true(fabs(s[u] - by_formula(c, a, g, u)) < 1e-12);
    }
}

static void batches_add_up(void **state)
{
    float a[N * U * P], g[N * U * P];
    (void)state;
    values(a, g);
    for (uint32_t c = PR_TAYLOR; c <= PR_APOZ; c++) {
        double whole[U] = {0}, parts[U] = {0};
        float third[U * P];
        pr_score_add(c, a, g, N, U, P, NULL, U, whole);
        for (int n = 0; n < N; n++) {
            for (int i = 0; i < U * P; i++)
                third[i] = (float)(N * (double)g[n * U * P + i]); /* of a batch of one */
            pr_score_add(c, a + n * U * P, third, 1, U, P, NULL, U, parts);
        }
        for (int u = 0; u < U; u++)
            assert_true(fabs(whole[u] - parts[u]) < 1e-5 * (1 + fabs(whole[u])));
    }
}

static void channels_that_go_together_are_one_unit(void **state)
{
    static const int32_t unit_of[U] = {1, 0, -1, 1};
    float a[N * U * P], g[N * U * P];
    double s[2] = {0}, want = 0;
    (void)state;
    values(a, g);
    pr_score_add(PR_TAYLOR, a, g, N, U, P, unit_of, 2, s);
    pr_score_end(PR_TAYLOR, N, 2, s);
    for (int n = 0; n < N; n++) {
        double sum = 0;
        for (int p = 0; p < P; p++)
            sum += (double)a[n * U * P + p] * (double)g[n * U * P + p] +
                   (double)a[(n * U + 3) * P + p] * (double)g[(n * U + 3) * P + p];
        want += fabs(sum) * N / P / N;
    }
    assert_true(fabs(s[1] - want) < 1e-12);
    assert_true(fabs(s[0] - by_formula(PR_TAYLOR, a, g, 1)) < 1e-12);
}

static void weights_are_summed_along_their_axis(void **state)
{
    static const int64_t shape[] = {2, 6, 3};
    float w[36];
    double sum[3] = {0}, count = 0;
    (void)state;
    for (int i = 0; i < 36; i++)
        w[i] = (float)(i % 2 ? -i : i);
    pr_score_weights(w, 3, shape, 1, 0, 2, 3, sum, &count);
    for (int u = 0; u < 3; u++) {
        double want = 0;
        for (int o = 0; o < 2; o++)
            for (int i = 0; i < 6; i++)
                want += (double)(o * 18 + u * 6 + i);
        assert_true(sum[u] == want);
    }
    assert_true(count == 12);
    memset(sum, 0, sizeof sum);
    pr_score_weights(w, 3, shape, 0, 1, 1, 1, sum, &count); /* the second of the first axis */
    assert_true(sum[0] == 18.0 * 18 + 17 * 9);
}

static void bias_removal_forgets_the_scale_of_a_layer(void **state)
{
    (void)state;
    for (uint32_t rule = PR_MEAN; rule <= PR_NONE; rule++) {
        double s[20], t[20], mean = 0, squares = 0, most = 0, deviation = 0;
        for (int i = 0; i < 20; i++) {
            s[i] = kit_uniform(2, 1, (uint64_t)i) + 0.1;
            t[i] = 1000 * s[i];
        }
        assert_true(pr_unbias(rule, s, 20) && pr_unbias(rule, t, 20));
        for (int i = 0; i < 20; i++) {
            mean += s[i] / 20, squares += s[i] * s[i], most = fmax(most, s[i]);
            assert_true(rule == PR_NONE ? fabs(t[i] - 1000 * s[i]) < 1e-9
                                        : fabs(t[i] - s[i]) < 1e-6);
        }
        for (int i = 0; i < 20; i++)
            deviation += (s[i] - mean) * (s[i] - mean) / 20;
        assert_true(rule != PR_MEAN || fabs(mean - 1) < 1e-12);
        assert_true(rule != PR_L2 || fabs(squares - 1) < 1e-6);
        assert_true(rule != PR_MAX || most == 1);
        assert_true(rule != PR_Z || (fabs(mean) < 1e-12 && fabs(deviation - 1) < 1e-9));
    }
}

static void layers_of_which_nothing_is_said_are_told(void **state)
{
    double zero[3] = {0}, same[3] = {2, 2, 2};
    (void)state;
    for (uint32_t rule = PR_MEAN; rule <= PR_NONE; rule++)
        assert_false(pr_unbias(rule, zero, 3));
    assert_false(pr_unbias(PR_Z, same, 3));
    assert_true(pr_unbias(PR_MEAN, same, 3));
    assert_true(same[0] == 1);
}

static void the_weakest_of_all_layers_go_but_no_layer_below_its_least(void **state)
{
    struct pr_layer l[] = {{.name = "a", .first = 0, .units = 4, .least = 3},
                           {.name = "b", .first = 4, .units = 3, .least = 1},
                           {.name = "c", .first = 7, .units = 2, .least = 1, .locked = "output"},
                           {.name = "d", .first = 9, .units = 2, .least = 1, .silent = 1}};
    const double score[] = {0.1, 0.2, 0.9, 0.3, 0.5, 0.2, 0.8, 0, 0, 0, 0};
    uint8_t gone[11];
    (void)state;
    assert_int_equal(pr_choose(l, 4, score, 3, gone), 3);
    static const uint8_t want[11] = {1, 0, 0, 0, 1, 1,
                                     0, 0, 0, 0, 0}; /* a/1 is held, then b/1, a/3 held, b/0 */
    assert_memory_equal(gone, want, 11);
    assert_int_equal(l[0].held, 2);
    assert_int_equal(l[1].taken, 2);
    assert_int_equal(pr_choose(l, 4, score, 100, gone), 3); /* all that may */
    const double equal[] = {1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0};
    static const uint8_t first[11] = {1, 0, 0, 0, 1, 0,
                                      0, 0, 0, 0, 0}; /* ties: by layer, then unit */
    assert_int_equal(pr_choose(l, 4, equal, 2, gone), 2);
    assert_memory_equal(gone, first, 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(criteria_are_their_formulas),
        cmocka_unit_test(batches_add_up),
        cmocka_unit_test(channels_that_go_together_are_one_unit),
        cmocka_unit_test(weights_are_summed_along_their_axis),
        cmocka_unit_test(bias_removal_forgets_the_scale_of_a_layer),
        cmocka_unit_test(layers_of_which_nothing_is_said_are_told),
        cmocka_unit_test(the_weakest_of_all_layers_go_but_no_layer_below_its_least),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
