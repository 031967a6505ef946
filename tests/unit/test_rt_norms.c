/* test_rt_norms.c - instance_norm, layer_norm, lrn. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_attr.h"

/* ---- instance and layer norm: rows of n neighbours ---- */

static double mean_of(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += x[i];
    return sum / (double)n;
}

static double variance_of(const double *x, int64_t n)
{
    const double mean = mean_of(x, n);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (x[i] - mean) * (x[i] - mean);
    return sum / (double)n;
}

static void instance_oracle(const struct op_case *c, const double *const *in, double *out)
{
    const int64_t n = rt_product(c->in_shape, 2, c->in_shape->ndim);
    for (int64_t i = 0; i < rt_count(c->in_shape); i++) {
        const double *row = in[0] + i / n * n;
        const int64_t k = i / n % c->in_shape->dim[1];
        out[i] = (in[0][i] - mean_of(row, n)) /
                     sqrt(variance_of(row, n) + op_number(c, "epsilon", 0, 1e-5)) * in[1][k] +
                 in[2][k];
    }
}

static void instance_norm_agrees(void **state)
{
    static const char *const rows[][2] = {
        {"2 3 4 5 | 3 | 3", "2 3 4 5"}, {"1 1 2 2 | 1 | 1", "1 1 2 2"},
        {"1 4 7 | 4 | 4", "1 4 7"},     {"3 2 2 3 2 | 2 | 2", "3 2 2 3 2"},
        {"2 1 1 9 | 1 | 1", "2 1 1 9"}, {"4 5 3 1 | 5 | 5", "4 5 3 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        op_check(&(struct op_case){.op = "instance_norm",
                                   .name = rows[i][0],
                                   .shapes = rows[i][0],
                                   .out = rows[i][1],
                                   .oracle = instance_oracle,
                                   .attrs = i % 2 ? "epsilon=0.1" : "epsilon=0.001"});
}

static void layer_oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *x = c->in_shape;
    const int64_t n =
        rt_product(x, (uint32_t)rt_axis(op_integer(c, "axis", 0, -1), x->ndim), x->ndim);
    const int64_t result = op_integer(c, "result", 0, 0);
    for (int64_t i = 0; i < rt_count(c->out_shape); i++) {
        const double *row = in[0] + (result ? i : i / n) * n;
        const double mean = mean_of(row, n);
        const double inverse = 1 / sqrt(variance_of(row, n) + op_number(c, "epsilon", 0, 1e-5));
        if (result)
            out[i] = result == 1 ? mean : inverse;
        else
            out[i] =
                (in[0][i] - mean) * inverse * in[1][i % n] + (c->in_count > 2 ? in[2][i % n] : 0);
    }
}

static void layer_norm_agrees(void **state)
{
    static const struct {
        const char *shapes, *out, *attrs;
    } rows[] = {
        {"2 3 8 | 8 | 8", "2 3 8", "epsilon=0.01"},
        {"2 3 8 | 8", "2 3 8", "epsilon=0.01"},
        {"2 3 4 5 | 4 5 | 4 5", "2 3 4 5", "axis=2"},
        {"2 3 4 5 | 1 3 4 5 | 3 4 5", "2 3 4 5", "axis=-3;epsilon=0.1"},
        {"6 | 6 | 6", "6", "axis=0;epsilon=0.1"},
        {"5 71 | 71 | 71", "5 71", NULL},
        {"2 1 1 2 1 9 | 9 | 9", "2 1 1 2 1 9", "axis=5"},
        {"2 3 8 | 8 | 8", "2 3 1", "result=1"},
        {"2 3 8 | 3 8 | 3 8", "2 1 1", "result=2;axis=1;epsilon=0.2"},
        {"1 1 | 1 | 1", "1 1", "epsilon=1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        op_check(&(struct op_case){.op = "layer_norm",
                                   .name = rows[i].shapes,
                                   .shapes = rows[i].shapes,
                                   .out = rows[i].out,
                                   .attrs = rows[i].attrs,
                                   .oracle = layer_oracle});
}

/* ---- local response ---- */

static void lrn_oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *x = c->in_shape;
    const int64_t channels = x->dim[1], pixels = rt_product(x, 2, x->ndim);
    const int64_t size = op_integer(c, "size", 0, 1);
    const double scale = op_number(c, "alpha", 0, 1e-4) / (double)size;
    for (int64_t i = 0; i < rt_count(x); i++) {
        const int64_t k = i / pixels % channels;
        double squares = 0;
        for (int64_t j = k - (size - 1) / 2; j <= k + (size - 1) - (size - 1) / 2; j++) {
            const double v = j >= 0 && j < channels ? in[0][i + (j - k) * pixels] : 0;
            squares += v * v;
        }
        out[i] = in[0][i] /
                 pow(op_number(c, "bias", 0, 1) + scale * squares, op_number(c, "beta", 0, 0.75));
    }
}

static void lrn_agrees(void **state)
{
    static const char *const rows[][2] = {
        {"2 7 3 4", "size=5;alpha=2"},
        {"1 1 1 1", "size=3;alpha=1"},
        {"2 6 5", "size=4;alpha=3;beta=0.5;bias=2"},
        {"3 5", "size=2;alpha=0.9;beta=1.5"},
        {"1 3 2 2 3", "size=9;alpha=4"},
        {"1 4 11 13", "size=1;alpha=1;bias=0.7"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        op_check(&(struct op_case){.op = "lrn",
                                   .name = rows[i][0],
                                   .shapes = rows[i][0],
                                   .attrs = rows[i][1],
                                   .out = rows[i][0],
                                   .oracle = lrn_oracle,
                                   .low = -2,
                                   .high = 2});
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    op_check_refusal(
        &(struct op_case){.op = "instance_norm", .name = "axes", .shapes = "2 3 | 3 | 3"},
        "N x C x");
    op_check_refusal(
        &(struct op_case){.op = "instance_norm", .name = "weight", .shapes = "2 3 4 | 4 | 3"},
        "3 channels");
    op_check_refusal(&(struct op_case){.op = "layer_norm", .name = "weight", .shapes = "2 3 4 | 3"},
                     "from axis 2 on");
    op_check_refusal(
        &(struct op_case){
            .op = "layer_norm", .name = "axis", .attrs = "axis=3", .shapes = "2 3 4 | 4"},
        "axis 3");
    op_check_refusal(&(struct op_case){.op = "lrn", .name = "size", .shapes = "2 3 4"}, "size = 0");
    op_check_refusal(
        &(struct op_case){.op = "lrn", .name = "axes", .attrs = "size=3", .shapes = "2"},
        "N x C x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instance_norm_agrees),
        cmocka_unit_test(layer_norm_agrees),
        cmocka_unit_test(lrn_agrees),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
