/* test_rt_softmax.c - softmax and log_softmax along every axis, flat as before opset 13, and on
 * numbers that would overflow. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "op_attr.h"

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *s = c->out_shape;
    const int64_t axis = rt_axis(op_integer(c, "axis", 0, -1), s->ndim);
    int64_t index[RT_RANK] = {0}, other[RT_RANK];
    do {
        double sum = 0;
        memset(other, 0, sizeof other);
        do {
            int same = 1;
            for (uint32_t k = 0; k < s->ndim; k++)
                if (k != axis && !(op_integer(c, "flat", 0, 0) && k > axis))
                    same = same && index[k] == other[k];
            sum += same ? exp(in[0][op_at(s, other)]) : 0;
        } while (op_next(s, other));
        const double x = in[0][op_at(s, index)];
        out[op_at(s, index)] = !strcmp(c->op, "softmax") ? exp(x) / sum : x - log(sum);
    } while (op_next(s, index));
}

static void check(const char *op)
{
    static const struct {
        const char *shape, *attrs;
    } rows[] = {
        {"1", NULL},
        {"7", "axis=0"},
        {"3 10", NULL},
        {"3 10", "axis=0"},
        {"2 5 3 2", "axis=1"},
        {"2 3 2 4", "axis=-2"},
        {"2 3 4", "axis=1;flat=1"},
        {"2 3 2", "axis=0;flat=1"},
        {"1 1 1 1", "axis=1"},
        {"1 3 67", "axis=1"},
        {"1 2 1 3 2 2", "axis=3"},
        {"2 19", "axis=1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        op_check(&(struct op_case){.op = op,
                                   .name = rows[i].shape,
                                   .shapes = rows[i].shape,
                                   .attrs = rows[i].attrs,
                                   .out = rows[i].shape,
                                   .oracle = oracle,
                                   .low = -3,
                                   .high = 3});
}

static void softmax_agrees(void **state)
{
    (void)state;
    check("softmax");
}

static void log_softmax_agrees(void **state)
{
    (void)state;
    check("log_softmax");
}

static void one(const char *op, int64_t axis, const struct rt_info *info, const float *x, float *y)
{
    const struct rt_info *slots[] = {info};
    const int32_t ref = 0;
    const float *in[] = {x};
    struct rt_graph *g = rt_graph_new();
    rt_graph_add_node(g, "node", rt_op_find(op), 1, &ref);
    rt_set_int(&g->nodes[0], "axis", axis);
    const struct rt_call c = {.node = &g->nodes[0],
                              .in_info = slots,
                              .out_info = info,
                              .input_count = 1,
                              .in = in,
                              .out = y};
    assert_int_equal(c.node->op->forward(&c), IMP_OK);
    rt_graph_free(g);
}

/* Rows and columns have loops of their own: both must shift by the largest. */
static void large_numbers_do_not_overflow(void **state)
{
    const struct rt_info info = {.shape = {.ndim = 2, .dim = {2, 2}}, .dtype = IMP_F32};
    const float x[] = {1000, 1000, -1000, -1000}, bad[] = {NAN, 1, 2, 3};
    float y[4];
    (void)state;
    one("softmax", 1, &info, x, y);
    assert_true(y[0] == 0.5f && y[3] == 0.5f);
    one("softmax", 0, &info, x, y);
    assert_true(y[0] == 1 && y[2] == 0);
    one("log_softmax", 0, &info, x, y);
    assert_true(y[0] == 0 && y[2] == -2000);
    one("softmax", 1, &info, bad, y);
    assert_true(isnan(y[0]) && isnan(y[1]) && !isnan(y[2]) && !isnan(y[3]));
    one("softmax", 0, &info, bad, y);
    assert_true(isnan(y[0]) && isnan(y[2]) && !isnan(y[1]) && !isnan(y[3]));
}

/* Shares add up to one over more than one piece. */
static void long_rows_add_up_to_one(void **state)
{
    enum { ROWS = 9, N = 20011 };
    const struct rt_info info = {.shape = {.ndim = 2, .dim = {ROWS, N}}, .dtype = IMP_F32};
    float *x = malloc(sizeof *x * ROWS * N), *y = malloc(sizeof *y * ROWS * N);
    (void)state;
    for (int i = 0; i < ROWS * N; i++)
        x[i] = (float)(i % 1013) * 0.005f - (float)(i % 17);
    one("softmax", 1, &info, x, y);
    for (int r = 0; r < ROWS; r++) {
        double sum = 0;
        for (int i = 0; i < N; i++)
            sum += (double)y[r * N + i];
        assert_true(fabs(sum - 1) < 1e-6);
    }
    free(x);
    free(y);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    op_check_refusal(
        &(struct op_case){.op = "softmax", .name = "axis", .attrs = "axis=2", .shapes = "2 3"},
        "axis 2");
    op_check_refusal(&(struct op_case){.op = "softmax", .name = "scalar", .shapes = ""}, "axis -1");
    op_check_refusal(&(struct op_case){.op = "softmax", .name = "integers", .shapes = "i:1 2"},
                     "integers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(softmax_agrees),
        cmocka_unit_test(log_softmax_agrees),
        cmocka_unit_test(large_numbers_do_not_overflow),
        cmocka_unit_test(long_rows_add_up_to_one),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
