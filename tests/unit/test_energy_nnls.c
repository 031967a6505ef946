/* test_energy_nnls.c - non-negative least squares by its conditions of optimality and by trying all
 * sets. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "nnls.h"

enum { MOST = 40 };

struct problem {
    uint32_t rows, n;
    double a[200 * MOST], b[200], ata[MOST * MOST], atb[MOST], x[MOST];
};

static void random_problem(struct problem *t, uint32_t rows, uint32_t n, uint64_t seed)
{
    t->rows = rows, t->n = n;
    for (uint32_t i = 0; i < rows * n; i++)
        t->a[i] = fmax(0, kit_normal(seed, 1, i));
    for (uint32_t r = 0; r < rows; r++)
        t->b[r] = kit_normal(seed, 2, r) + 0.5;
}

static void normal(struct problem *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        t->atb[i] = 0;
        for (uint32_t r = 0; r < t->rows; r++)
            t->atb[i] += t->a[r * t->n + i] * t->b[r];
        for (uint32_t j = 0; j < t->n; j++) {
            t->ata[i * t->n + j] = 0;
            for (uint32_t r = 0; r < t->rows; r++)
                t->ata[i * t->n + j] += t->a[r * t->n + i] * t->a[r * t->n + j];
        }
    }
}

static void solve(struct problem *t)
{
    void *work = malloc(en_nnls_bytes(t->n));
    normal(t);
    assert_int_equal(en_nnls(t->ata, t->atb, t->n, t->x, work, NULL), IMP_OK);
    free(work);
}

/* x >= 0, gradient of half the square >= 0, and one of them 0 for each number. */
static void assert_optimal(const struct problem *t)
{
    double size = 0;
    for (uint32_t i = 0; i < t->n; i++)
        size = fmax(size, fabs(t->atb[i]));
    for (uint32_t i = 0; i < t->n; i++) {
        double g = -t->atb[i];
        for (uint32_t j = 0; j < t->n; j++)
            g += t->ata[i * t->n + j] * t->x[j];
        assert_true(t->x[i] >= 0);
        assert_true(g >= -1e-8 * size);
        assert_true(t->x[i] == 0 || fabs(g) <= 1e-8 * size);
    }
}

static void what_is_found_is_optimal(void **state)
{
    static struct problem t;
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        random_problem(&t, 5 + (uint32_t)(seed * 7 % 190), 1 + (uint32_t)(seed * 3 % MOST), seed);
        solve(&t);
        assert_optimal(&t);
    }
}

static void a_mixture_is_taken_apart(void **state)
{
    static struct problem t;
    (void)state;
    random_problem(&t, 120, 30, 5);
    for (uint32_t r = 0; r < 120; r++)
        t.b[r] = 0.22 * t.a[r * 30 + 4] + 0.5 * t.a[r * 30 + 17] + 0.1 * t.a[r * 30 + 29];
    solve(&t);
    for (uint32_t i = 0; i < 30; i++)
        assert_true(fabs(t.x[i] - (i == 4 ? 0.22 : i == 17 ? 0.5 : i == 29 ? 0.1 : 0)) < 1e-9);
}

static void equal_columns_and_empty_ones_do_no_harm(void **state)
{
    static struct problem t;
    (void)state;
    random_problem(&t, 50, 12, 6);
    for (uint32_t r = 0; r < 50; r++)
        t.a[r * 12 + 3] = t.a[r * 12 + 2], t.a[r * 12 + 7] = 0,
                     t.a[r * 12 + 9] = 2 * t.a[r * 12 + 2];
    solve(&t);
    assert_optimal(&t);
    for (uint32_t r = 0; r < 50; r++)
        t.b[r] = -1;
    solve(&t);
    for (uint32_t i = 0; i < 12; i++)
        assert_true(t.x[i] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_found_is_optimal),
        cmocka_unit_test(a_mixture_is_taken_apart),
        cmocka_unit_test(equal_columns_and_empty_ones_do_no_harm),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
