/* test_kit_lbfgs.c - L-BFGS on functions whose least value is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_train.h>

struct problem {
    uint32_t n, evaluations, fail_at; /* fail_at: the k-th evaluation ends with IMP_CANCELLED */
};

/* sum 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2: 0 at (1, ..., 1) */
static imp_status rosenbrock(void *user, const float *x, double *value, float *g)
{
    struct problem *p = user;
    double sum = 0;
    if (++p->evaluations == p->fail_at)
        return IMP_CANCELLED;
    memset(g, 0, p->n * sizeof *g);
    for (uint32_t i = 0; i + 1 < p->n; i++) {
        const double a = x[i], b = (double)x[i + 1] - a * a;
        sum += 100 * b * b + (1 - a) * (1 - a);
        g[i] = (float)((double)g[i] - 400 * a * b - 2 * (1 - a));
        g[i + 1] = (float)((double)g[i + 1] + 200 * b);
    }
    *value = sum;
    return IMP_OK;
}

/* A quadratic with curvatures from 1 to 1000. */
static imp_status bowl(void *user, const float *x, double *value, float *g)
{
    struct problem *p = user;
    double sum = 0;
    p->evaluations++;
    for (uint32_t i = 0; i < p->n; i++) {
        const double k = pow(1000, (double)i / (p->n - 1)), d = (double)x[i] - 0.5;
        sum += 0.5 * k * d * d;
        g[i] = (float)(k * d);
    }
    *value = sum;
    return IMP_OK;
}

/* Infinite beyond 1: the search has to come back. */
static imp_status barrier(void *user, const float *x, double *value, float *g)
{
    struct problem *p = user;
    p->evaluations++;
    *value = x[0] < 1 ? -log(1 - (double)x[0]) - 20 * (double)x[0] : NAN;
    g[0] = x[0] < 1 ? (float)(1 / (1 - (double)x[0]) - 20) : NAN;
    return IMP_OK;
}

static void *new_state(uint32_t history, uint32_t n)
{
    void *block = malloc(kit_lbfgs_bytes(history, n));
    assert_non_null(block);
    kit_lbfgs_start(block, history, n);
    return block;
}

static void rosenbrocks_valley_is_followed_to_its_end(void **state)
{
    static const uint32_t sizes[] = {2, 10, 50};
    (void)state;
    for (int k = 0; k < 3; k++) {
        struct problem p = {.n = sizes[k]};
        float x[50];
        kit_lbfgs_info info = {.value = INFINITY};
        void *block = new_state(10, p.n);
        for (uint32_t i = 0; i < p.n; i++)
            x[i] = i % 2 ? 1 : -1.2f;
        for (int step = 0; step < 300 && !info.stalled && info.value > 1e-10; step++) {
            const double before = info.value;
            assert_int_equal(kit_lbfgs_step(block, x, 25, rosenbrock, &p, &info), IMP_OK);
            assert_true(info.value <= before);
        }
        assert_true(info.value < 1e-9);
        for (uint32_t i = 0; i < p.n; i++)
            assert_true(fabs((double)x[i] - 1) < 1e-3);
        assert_true(p.evaluations < (p.n < 50 ? 120 : 450));
        print_message("# %u evaluations\n", p.evaluations);
        free(block);
    }
}

static void an_ill_conditioned_bowl_takes_few_evaluations(void **state)
{
    struct problem p = {.n = 100};
    float x[100] = {0};
    kit_lbfgs_info info = {.value = INFINITY};
    void *block = new_state(20, p.n);
    (void)state;
    for (int step = 0; step < 200 && !info.stalled && info.value > 1e-8; step++)
        assert_int_equal(kit_lbfgs_step(block, x, 25, bowl, &p, &info), IMP_OK);
    assert_true(info.value <= 1e-8);
    assert_true(p.evaluations < 200);
    free(block);
}

static void values_that_are_no_numbers_are_stepped_back_from(void **state)
{
    struct problem p = {.n = 1};
    float x[1] = {-3};
    kit_lbfgs_info info = {.value = INFINITY};
    void *block = new_state(5, 1);
    (void)state;
    for (int step = 0; step < 60 && !info.stalled; step++) {
        assert_int_equal(kit_lbfgs_step(block, x, 25, barrier, &p, &info), IMP_OK);
        assert_true(isfinite(info.value) && x[0] < 1);
    }
    assert_true(fabs((double)x[0] - 0.95) < 1e-3);
    free(block);
}

static void at_the_lowest_point_it_stalls_and_stays(void **state)
{
    struct problem p = {.n = 3};
    float x[3] = {0.5f, 0.5f, 0.5f};
    kit_lbfgs_info info;
    void *block = new_state(5, 3);
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kit_lbfgs_step(block, x, 25, bowl, &p, &info), IMP_OK);
        assert_true(info.stalled && info.step == 0 && x[0] == 0.5f && info.norm == 0);
    }
    assert_int_equal(p.evaluations, 1);
    free(block);
}

static void a_state_read_back_goes_on_to_the_same_bytes(void **state)
{
    struct problem p = {.n = 20};
    float a[20] = {0}, b[20];
    kit_lbfgs_info info;
    const size_t size = kit_lbfgs_bytes(6, p.n);
    void *first = new_state(6, p.n), *second = malloc(size);
    (void)state;
    assert_non_null(second);
    for (int i = 0; i < 9; i++)
        assert_int_equal(kit_lbfgs_step(first, a, 25, rosenbrock, &p, &info), IMP_OK);
    memcpy(second, first, size);
    memcpy(b, a, sizeof b);
    assert_true(kit_lbfgs_fits(second, size, 6, p.n));
    assert_false(kit_lbfgs_fits(second, size, 7, p.n));
    assert_false(kit_lbfgs_fits(second, size, 6, p.n - 1));
    for (int i = 0; i < 9; i++) {
        assert_int_equal(kit_lbfgs_step(first, a, 25, rosenbrock, &p, &info), IMP_OK);
        assert_int_equal(kit_lbfgs_step(second, b, 25, rosenbrock, &p, &info), IMP_OK);
    }
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(first, second, size);
    free(first);
    free(second);
}

/* Wherever the objective is cut off, the step taken again comes to the same place. */
static void a_step_that_was_cancelled_can_be_taken_again(void **state)
{
    (void)state;
    for (uint32_t cut = 1; cut < 30; cut++) {
        struct problem whole = {.n = 4}, broken = {.n = 4, .fail_at = cut};
        float a[4] = {-1.2f, 1, -1.2f, 1}, b[4] = {-1.2f, 1, -1.2f, 1};
        kit_lbfgs_info info;
        void *first = new_state(5, 4), *second = new_state(5, 4);
        for (int i = 0; i < 12; i++) {
            float before[4];
            memcpy(before, b, sizeof b);
            assert_int_equal(kit_lbfgs_step(first, a, 25, rosenbrock, &whole, &info), IMP_OK);
            if (kit_lbfgs_step(second, b, 25, rosenbrock, &broken, &info) != IMP_OK) {
                assert_memory_equal(b, before, sizeof b);
                assert_int_equal(kit_lbfgs_step(second, b, 25, rosenbrock, &broken, &info), IMP_OK);
            }
            assert_memory_equal(a, b, sizeof a);
        }
        free(first);
        free(second);
    }
}

/* Each curvature's inverse. */
static void inverse_curvatures(void *user, float *v)
{
    const struct problem *p = user;
    for (uint32_t i = 0; i < p->n; i++)
        v[i] = (float)((double)v[i] / pow(1000, (double)i / (p->n - 1)));
}
static void nothing(void *user, float *v)
{
    (void)user;
    (void)v;
}

static void the_metric_is_where_it_begins_from(void **state)
{
    enum { N = 40 };
    struct problem p = {.n = N};
    float x[2][N];
    kit_lbfgs_info info;
    (void)state;
    for (int k = 0; k < 2; k++) { /* a metric that changes nothing gives the same bytes as none */
        const kit_lbfgs_calls calls = {bowl, NULL, k ? nothing : NULL, &p};
        void *block = new_state(5, N);
        memset(x[k], 0, sizeof x[k]);
        for (int i = 0; i < 9; i++)
            assert_int_equal(kit_lbfgs_step_with(block, x[k], 25, &calls, &info), IMP_OK);
        free(block);
    }
    assert_memory_equal(x[0], x[1], sizeof x[0]);
    assert_true(info.value > 1e-3);
    const kit_lbfgs_calls calls = {bowl, NULL, inverse_curvatures, &p};
    void *block = new_state(5, N);
    memset(x[0], 0, sizeof x[0]);
    for (int i = 0; i < 3; i++) /* the right one makes the bowl round: it is at its lowest at once */
        assert_int_equal(kit_lbfgs_step_with(block, x[0], 25, &calls, &info), IMP_OK);
    assert_true(info.value < 1e-8);
    free(block);
}

static void a_history_of_none_or_too_many_has_no_size(void **state)
{
    (void)state;
    assert_int_equal(kit_lbfgs_bytes(0, 5), 0);
    assert_int_equal(kit_lbfgs_bytes(101, 5), 0);
    assert_int_equal(kit_lbfgs_bytes(10, SIZE_MAX / 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rosenbrocks_valley_is_followed_to_its_end),
        cmocka_unit_test(an_ill_conditioned_bowl_takes_few_evaluations),
        cmocka_unit_test(values_that_are_no_numbers_are_stepped_back_from),
        cmocka_unit_test(at_the_lowest_point_it_stalls_and_stays),
        cmocka_unit_test(a_state_read_back_goes_on_to_the_same_bytes),
        cmocka_unit_test(a_step_that_was_cancelled_can_be_taken_again),
        cmocka_unit_test(the_metric_is_where_it_begins_from),
        cmocka_unit_test(a_history_of_none_or_too_many_has_no_size),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
