/* test_advae_erase.c - codes lose what tells of attributes, and nothing else. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit.h>
#include "../../plugins/advae/erase.h"

enum { N = 3000, Z = 6, W = 4, T = 2 };
static struct av_traits traits; /* a choice of three, a number */
static float mu[N * Z], y[N * W], known[N * T];

/* Code 0 tells the choice, 1 + 2 the number, 3 its square; 4 and 5 tell nothing; all are mixed a
 * little. */
static void draw(void)
{
    imp_error err = {.struct_size = sizeof err};
    assert_int_equal(av_traits_read("hair:black|blond|red age:0..1", &traits, &err), IMP_OK);
    for (uint32_t i = 0; i < N; i++) {
        float *z = mu + (size_t)i * Z;
        av_traits_draw(&traits, 5, i, y + (size_t)i * W);
        for (uint32_t k = 0; k < T; k++)
            known[i * T + k] = 1;
        for (uint32_t k = 0; k < Z; k++)
            z[k] = (float)kit_normal(7, k, i);
        const float *t = y + (size_t)i * W;
        z[0] += t[0] - 2 * t[2], z[1] += 2 * t[3], z[2] -= t[3], z[3] += 2 * t[3] * t[3],
            z[4] += 0.5f * z[5];
    }
}

static void apply(const av_erasure *e, const float *from, float *to)
{
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t a = 0; a < Z; a++) {
            double sum = e->mean[a];
            for (uint32_t b = 0; b < Z; b++)
                sum += e->p[a * Z + b] * (from[(size_t)i * Z + b] - e->mean[b]);
            to[(size_t)i * Z + a] = (float)sum;
        }
}

/* Covariance of number a of codes with number w of y (squared: its square). */
static double together(const float *codes, uint32_t a, uint32_t w, bool squared)
{
    double za = 0, yw = 0, both = 0;
    for (uint32_t i = 0; i < N; i++) {
        const double z = codes[(size_t)i * Z + a], v = y[(size_t)i * W + w],
                     t = squared ? v * v : v;
        za += z / N, yw += t / N, both += z * t / N;
    }
    return both - za * yw;
}

static void nothing_linear_is_left(void **state)
{
    static float left[N * Z];
    imp_error err = {.struct_size = sizeof err};
    av_erasure e;
    (void)state;
    draw();
    assert_true(fabs(together(mu, 0, 2, false)) > 0.2 && fabs(together(mu, 3, 3, true)) > 0.1);
    assert_int_equal(av_erase(mu, y, known, N, Z, &traits, &e, &err), IMP_OK);
    assert_int_equal(e.rank, 4); /* the choice: two, the number, its square */
    apply(&e, mu, left);
    for (uint32_t a = 0; a < Z; a++) {
        for (uint32_t w = 0; w < W; w++)
            assert_true(fabs(together(left, a, w, false)) < 1e-5);
        assert_true(fabs(together(left, a, 3, true)) < 1e-5);
    }
    for (uint32_t a = 0; a < Z; a++) /* P P = P: what is gone is gone */
        for (uint32_t b = 0; b < Z; b++) {
            double twice = 0;
            for (uint32_t c = 0; c < Z; c++)
                twice += e.p[a * Z + c] * e.p[c * Z + b];
            assert_true(fabs(twice - e.p[a * Z + b]) < 1e-6);
        }
    free(e.p);
}

/* How far codes move, in units of their own spread: mean of (z' - z)' S^-1 (z' - z) is the rank,
 * for this map alone. */
static void codes_move_no_more_than_they_must(void **state)
{
    static float left[N * Z];
    imp_error err = {.struct_size = sizeof err};
    av_erasure e;
    double s[Z][2 * Z] = {{0}}, moved = 0;
    (void)state;
    draw();
    assert_int_equal(av_erase(mu, y, known, N, Z, &traits, &e, &err), IMP_OK);
    apply(&e, mu, left);
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t a = 0; a < Z; a++)
            for (uint32_t b = 0; b < Z; b++)
                s[a][b] += (mu[i * Z + a] - e.mean[a]) * (mu[i * Z + b] - e.mean[b]) / N;
    for (uint32_t a = 0; a < Z; a++)
        s[a][Z + a] = 1;
    for (uint32_t a = 0; a < Z; a++) /* Gauss-Jordan: the right half becomes S^-1 */
        for (uint32_t r = 0; r < Z; r++) {
            const double f = r == a ? 1 - 1 / s[a][a] : s[r][a] / s[a][a];
            for (uint32_t c = 2 * Z; c-- > 0;)
                s[r][c] -= f * s[a][c];
        }
    for (uint32_t i = 0; i < N; i++)
        for (uint32_t a = 0; a < Z; a++)
            for (uint32_t b = 0; b < Z; b++)
                moved += (left[i * Z + a] - mu[i * Z + a]) * s[a][Z + b] *
                         (left[i * Z + b] - mu[i * Z + b]) / N;
    assert_true(fabs(moved - e.rank) < 0.01);
    free(e.p);
}

static void codes_that_tell_nothing_stay(void **state)
{
    imp_error err = {.struct_size = sizeof err};
    av_erasure e;
    (void)state;
    draw();
    for (size_t i = 0; i < (size_t)N * Z; i++)
        mu[i] = (float)kit_normal(8, 1, i);
    assert_int_equal(av_erase(mu, y, known, N, Z, &traits, &e, &err), IMP_OK);
    assert_int_equal(e.rank, 0);
    for (uint32_t a = 0; a < Z; a++)
        for (uint32_t b = 0; b < Z; b++)
            assert_true(e.p[a * Z + b] == (a == b));
    free(e.p);
    assert_int_equal(av_erase(mu, y, known, Z, Z, &traits, &e, &err), IMP_E_INPUT);
}

/* Where an attribute is unknown its number says nothing: any number there gives the same map. */
static void what_is_unknown_counts_nothing(void **state)
{
    imp_error err = {.struct_size = sizeof err};
    av_erasure e, f;
    (void)state;
    draw();
    for (uint32_t i = 0; i < N; i += 3)
        known[i * T + 1] = 0, y[i * W + 3] = 0;
    assert_int_equal(av_erase(mu, y, known, N, Z, &traits, &e, &err), IMP_OK);
    for (uint32_t i = 0; i < N; i += 3)
        y[i * W + 3] = 900;
    assert_int_equal(av_erase(mu, y, known, N, Z, &traits, &f, &err), IMP_OK);
    assert_true(e.rank == 4 && f.rank == 4);
    for (uint32_t a = 0; a < Z * Z; a++)
        assert_true(fabs(e.p[a] - f.p[a]) < 1e-9);
    free(e.p), free(f.p);
}

/* A number of the code that never varies, one that repeats another, an attribute that is always the
 * same. */
static void codes_that_stand_still_are_borne(void **state)
{
    imp_error err = {.struct_size = sizeof err};
    av_erasure e;
    (void)state;
    draw();
    for (uint32_t i = 0; i < N; i++)
        mu[i * Z + 5] = 2, mu[i * Z + 4] = mu[i * Z + 1], y[i * W + 3] = 0.25f;
    assert_int_equal(av_erase(mu, y, known, N, Z, &traits, &e, &err), IMP_OK);
    assert_int_equal(e.rank, 2);
    for (uint32_t a = 0; a < Z * Z; a++)
        assert_true(isfinite(e.p[a]));
    free(e.p);
}

static void folded_into_the_layer_it_is_the_same(void **state)
{
    enum { F = 9 };
    float weight[Z * F], bias[Z], before[Z], after[Z], x[F];
    imp_error err = {.struct_size = sizeof err};
    av_erasure e;
    (void)state;
    draw();
    assert_int_equal(av_erase(mu, y, known, N, Z, &traits, &e, &err), IMP_OK);
    for (uint32_t i = 0; i < Z * F; i++)
        weight[i] = (float)kit_normal(9, 1, i);
    for (uint32_t i = 0; i < F; i++)
        x[i] = (float)kit_normal(9, 2, i);
    for (int round = 0; round < 2; round++) {
        for (uint32_t a = 0; a < Z; a++) {
            double sum = round ? bias[a] : (bias[a] = (float)a - 2);
            for (uint32_t f = 0; f < F; f++)
                sum += (double)weight[a * F + f] * x[f];
            (round ? after : before)[a] = (float)sum;
        }
        if (!round)
            av_erase_fold(&e, weight, bias, F);
    }
    for (uint32_t a = 0; a < Z; a++) {
        double sum = e.mean[a];
        for (uint32_t b = 0; b < Z; b++)
            sum += e.p[a * Z + b] * (before[b] - e.mean[b]);
        assert_true(fabs(sum - after[a]) < 1e-4);
    }
    free(e.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_linear_is_left),
        cmocka_unit_test(codes_move_no_more_than_they_must),
        cmocka_unit_test(codes_that_tell_nothing_stay),
        cmocka_unit_test(what_is_unknown_counts_nothing),
        cmocka_unit_test(codes_that_stand_still_are_borne),
        cmocka_unit_test(folded_into_the_layer_it_is_the_same),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("advae_erase", tests, NULL, NULL);
}
