/* Fully connected layers against obvious loops in double; the products underneath. */
#include "op_check.h"

#include <impasto/kit.h>
#include <kernels/gemm.h>
#include <kernels/own_product.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double number(const struct op_case *c, const char *key, double def)
{
    for (uint32_t i = 0; i < c->node->op->attr_count; i++)
        if (!strcmp(c->node->op->attrs[i].key, key) && c->node->attrs[i].count)
            return c->node->attrs[i].floats ? c->node->attrs[i].floats[0]
                                            : (double)c->node->attrs[i].ints[0];
    return def;
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *x = &c->in_shape[0], *w = &c->in_shape[1], *b = &c->in_shape[2];
    const int ta = number(c, "trans_a", 0) != 0, tb = number(c, "trans_b", 0) != 0;
    const int64_t m = c->out_shape->dim[0], n = c->out_shape->dim[1], k = x->dim[!ta];
    const int64_t cols = b->ndim ? b->dim[b->ndim - 1] : 1, rows = b->ndim > 1 ? b->dim[0] : 1;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++)
                sum += in[0][ta ? l * x->dim[1] + i : i * x->dim[1] + l] *
                       in[1][tb ? j * w->dim[1] + l : l * w->dim[1] + j];
            out[i * n + j] = number(c, "alpha", 1) * sum;
            if (in[2])
                out[i * n + j] += number(c, "beta", 1) * in[2][i % rows * cols + j % cols];
        }
}

#define GEMM .op = "gemm", .oracle = oracle
static const struct op_case cases[] = {
    {GEMM, .name = "one number", .shapes = "1 1 | 1 1 | 1", .out = "1 1"},
    {GEMM, .name = "as ONNX has it", .shapes = "3 4 | 4 5 | 5", .out = "3 5"},
    {GEMM, .name = "as layers have it", .attrs = "trans_b=1", .shapes = "3 4 | 5 4 | 5", .out = "3 5"},
    {GEMM, .name = "one picture", .attrs = "trans_b=1", .shapes = "1 7 | 5 7 | 1 5", .out = "1 5"},
    {GEMM, .name = "one unit", .attrs = "trans_b=1", .shapes = "6 7 | 1 7 | 1", .out = "6 1"},
    {GEMM, .name = "no bias", .attrs = "alpha=0.5", .shapes = "3 4 | 4 5 | -", .out = "3 5"},
    {GEMM, .name = "the first transposed", .attrs = "trans_a=1;alpha=-1.5;beta=0.25",
     .shapes = "4 3 | 4 5 | 3 5", .out = "3 5"},
    {GEMM, .name = "both transposed", .attrs = "trans_a=1;trans_b=1;beta=2", .shapes = "4 3 | 5 4 | 3 1",
     .out = "3 5"},
    {GEMM, .name = "one row, the first transposed", .attrs = "trans_a=1", .shapes = "4 1 | 4 5 | 1 1",
     .out = "1 5"},
    {GEMM, .name = "a bias that is one number", .shapes = "2 3 | 3 2 | 1", .out = "2 2"},
    {GEMM, .name = "beta 0 forgets the bias", .attrs = "beta=0", .shapes = "2 3 | 3 2 | 2", .out = "2 2"},
    {GEMM, .name = "cut into blocks", .attrs = "trans_b=1", .shapes = "2 1024 | 260 1024 | 260",
     .out = "2 260", .no_gradient = 7},
    {GEMM, .name = "cut into blocks of rows, transposed", .attrs = "trans_a=1",
     .shapes = "1024 256 | 1024 2 | -", .out = "256 2", .no_gradient = 7},
};

static void every_shape_agrees_with_the_oracle(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(cases); i++)
        op_check(&cases[i]);
}

static const struct {
    struct op_case c;
    const char *word;
} refused[] = {
    {{GEMM, .name = "four axes", .shapes = "1 2 3 4 | 4 5 | -"}, "flatten"},
    {{GEMM, .name = "features differ", .shapes = "2 3 | 4 5 | -"}, "3 features"},
    {{GEMM, .name = "features differ, transposed", .attrs = "trans_b=1", .shapes = "2 3 | 3 5 | -"},
     "takes 5"},
    {{GEMM, .name = "bias of another length", .shapes = "2 3 | 3 5 | 4"}, "bias"},
    {{GEMM, .name = "bias of three axes", .shapes = "2 3 | 3 5 | 1 1 5"}, "bias"},
    {{GEMM, .name = "units differ", .attrs = "units=4", .shapes = "2 3 | 3 5 | -"}, "units is 4"},
};

static void what_does_not_fit_is_refused_with_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(refused); i++)
        op_check_refusal(&refused[i].c, refused[i].word);
}

/* ---- kernels/gemm.c ---- */

static const float a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, -1, 2, 1, 1};

static void rows_of_a_larger_matrix_are_stepped_over(void **state)
{
    float c[8] = {9, 9, 9, 9, 9, 9, 9, 9};
    (void)state;
    rt_gemm(false, false, 2, 2, 2, 1, a, 3, b, 3, 0, c, 4); /* [1 2; 4 5] . [1 0; 2 1] */
    const float want[8] = {5, 2, 9, 9, 14, 5, 9, 9};
    assert_memory_equal(c, want, sizeof want);
}

static void nothing_to_sum_leaves_beta_c(void **state)
{
    float c[2] = {3, 4};
    (void)state;
    rt_gemm(false, false, 1, 2, 0, 1, a, 1, b, 2, 0.5f, c, 2);
    assert_true(c[0] == 1.5f && c[1] == 2);
    rt_gemm(false, false, 1, 2, 0, 1, a, 1, b, 2, 0, c, 2);
    assert_true(c[0] == 0 && c[1] == 0);
    rt_gemm(false, false, 0, 2, 2, 1, a, 2, b, 2, 0, NULL, 2);
}

static void strides_beyond_int_are_served(void **state)
{
    float c[2];
    (void)state;
    rt_gemm(false, false, 1, 2, 1, 1, a, INT64_C(1) << 40, b + 3, INT64_C(1) << 33, 0, c,
            INT64_C(1) << 33); /* [1] . [2 1] */
    assert_true(c[0] == 2 && c[1] == 1);
    rt_gemm(true, true, 1, 1, 3, 2, a, 1, b, INT64_C(1) << 33, 0, c, 1); /* 1 + 0 - 3, doubled */
    assert_true(c[0] == -4);
}

static void beta_zero_ignores_what_was_there(void **state)
{
    union {
        uint32_t bits;
        float f;
    } nan = {.bits = 0x7fc00000u};
    float c[4] = {nan.f, nan.f, nan.f, nan.f};
    (void)state;
    rt_gemm(false, false, 2, 2, 2, 1, a, 2, b, 2, 0, c, 2);
    assert_true(c[0] == -1 && c[1] == 4 && c[2] == -1 && c[3] == 8);
    c[0] = c[1] = nan.f;
    rt_gemv(false, 2, 3, 1, a, 3, b, 0, c);
    assert_true(c[0] == -2 && c[1] == -2);
    rt_gemv(true, 2, 3, 1, a, 3, b, 1, c); /* [1 4; 2 5; 3 6] . [1 0], added to -2 -2 -1 */
    assert_true(c[0] == -1 && c[1] == 0 && c[2] == 2);
}

static void the_library_says_what_it_runs(void **state)
{
    (void)state;
    assert_true(strlen(rt_gemm_core()) > 0);
    if (!strcmp(rt_gemm_core(), "Haswell") || !strcmp(rt_gemm_core(), "SkylakeX") ||
        !strcmp(rt_gemm_core(), "Zen"))
        assert_false(rt_gemm_is_slow());
}

static void expect_near(const float *is, const double *want, int64_t n, const char *what)
{
    double error = 0, energy = 0;
    for (int64_t i = 0; i < n; i++) {
        error += (is[i] - want[i]) * (is[i] - want[i]);
        energy += want[i] * want[i];
    }
    if (!(error <= 1e-12 * energy))
        fail_msg("%s: relative %g", what, sqrt(error / energy));
}

/* c = alpha x x', dx += alpha (dc + dc') x */
static void gram_of_size(int64_t m, int64_t k)
{
    float *x = malloc((size_t)(m * k) * sizeof *x), *dx = malloc((size_t)(m * k) * sizeof *dx);
    float *c = malloc((size_t)(m * m) * sizeof *c), *dc = malloc((size_t)(m * m) * sizeof *dc);
    double *want = malloc((size_t)(m * m) * sizeof *want);
    double *grad = malloc((size_t)(m * k) * sizeof *grad);
    void *scratch = malloc((size_t)rt_gram_bytes(m, k));
    assert_true(x && dx && c && dc && want && grad && scratch && rt_gram_fits(m, k));
    memset(scratch, 0xff, (size_t)rt_gram_bytes(m, k));
    for (int64_t i = 0; i < m * k; i++) {
        x[i] = (float)kit_normal(1, 1, (uint64_t)i);
        grad[i] = dx[i] = (float)kit_normal(1, 2, (uint64_t)i);
    }
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < m; j++) {
            want[i * m + j] = 0;
            dc[i * m + j] = (float)kit_normal(1, 3, (uint64_t)(i * m + j));
            for (int64_t l = 0; l < k; l++)
                want[i * m + j] += 0.5 * (double)x[i * k + l] * (double)x[j * k + l];
        }
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < m; j++)
            for (int64_t l = 0; l < k; l++)
                grad[i * k + l] +=
                    0.5 * ((double)dc[i * m + j] + (double)dc[j * m + i]) * (double)x[j * k + l];
    const struct rt_gram g = {.m = m, .k = k, .alpha = 0.5f, .x = x};
    assert_int_equal(rt_gram_run(&g, c, scratch, NULL), IMP_OK);
    expect_near(c, want, m * m, "the matrix");
    for (int64_t i = 0; i < m * m; i++)
        assert_true(c[i] == c[i % m * m + i / m]);
    memset(scratch, 0xff, (size_t)rt_gram_bytes(m, k));
    assert_int_equal(rt_gram_back(&g, dc, dx, scratch, NULL), IMP_OK);
    expect_near(dx, grad, m * k, "the gradient");
    free(x), free(dx), free(c), free(dc), free(want), free(grad), free(scratch);
}

static void gram_matrices_and_their_gradients(void **state)
{
    (void)state;
    gram_of_size(2, 256);
    gram_of_size(19, 1027);
    gram_of_size(301, 260);
    assert_false(rt_gram_fits(3, 20) || rt_gram_fits(2000, 2000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_agrees_with_the_oracle),
        cmocka_unit_test(what_does_not_fit_is_refused_with_both_sides),
        cmocka_unit_test(rows_of_a_larger_matrix_are_stepped_over),
        cmocka_unit_test(nothing_to_sum_leaves_beta_c),
        cmocka_unit_test(strides_beyond_int_are_served),
        cmocka_unit_test(beta_zero_ignores_what_was_there),
        cmocka_unit_test(the_library_says_what_it_runs),
        cmocka_unit_test(gram_matrices_and_their_gradients),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
