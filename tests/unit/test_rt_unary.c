/* test_rt_unary.c - functions of one number against libm in double. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_attr.h"
#include "op_fold.h"

static double value(const struct op_case *c, double x)
{
    const char *op = c->op;
    if (!strcmp(op, "relu"))
        return x > 0 ? x : 0;
    if (!strcmp(op, "leaky_relu"))
        return x > 0 ? x : x * op_number(c, "alpha", 0, 0.01);
    if (!strcmp(op, "elu"))
        return x > 0 ? x : op_number(c, "alpha", 0, 1) * (exp(x) - 1);
    if (!strcmp(op, "sigmoid"))
        return 1 / (1 + exp(-x));
    if (!strcmp(op, "tanh"))
        return tanh(x);
    if (!strcmp(op, "hard_swish"))
        return x * fmin(1, fmax(0, x / 6 + 0.5));
    if (!strcmp(op, "gelu") && op_integer(c, "approximate", 0, 0) == 1)
        return 0.5 * x * (1 + tanh(sqrt(2 / 3.14159265358979324) * (x + 0.044715 * x * x * x)));
    if (!strcmp(op, "gelu"))
        return 0.5 * x * (1 + erf(x / sqrt(2)));
    if (!strcmp(op, "sqrt"))
        return sqrt(x);
    if (!strcmp(op, "exp"))
        return exp(x);
    if (!strcmp(op, "log"))
        return log(x);
    if (!strcmp(op, "abs"))
        return fabs(x);
    return -x;
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = value(c, in[0][i]);
}

/* Every shape: a scalar, one element, odd ones, nothing at all, six axes. */
static void check(struct op_case c)
{
    static const char *const shapes[] = {"",        "1",   "7 3",         "2 3 5 4",
                                         "1 1 1 1", "0 3", "2 1 3 1 2 2", "1 2 13 17"};
    c.oracle = oracle;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        c.name = c.shapes = c.out = shapes[i];
        op_check(&c);
    }
}

static void relu_agrees(void **state)
{
    (void)state;
    check((struct op_case){.op = "relu", .kink_at_zero = 1});
}

static void leaky_relu_agrees(void **state)
{
    (void)state;
    check((struct op_case){.op = "leaky_relu", .kink_at_zero = 1});
    check((struct op_case){.op = "leaky_relu", .attrs = "alpha=-0.3", .kink_at_zero = 1});
    check((struct op_case){.op = "leaky_relu", .attrs = "alpha=0", .kink_at_zero = 1});
}

static void elu_agrees(void **state)
{
    (void)state;
    check((struct op_case){.op = "elu", .low = -6, .high = 2, .kink_at_zero = 1});
    check((struct op_case){.op = "elu", .attrs = "alpha=-2.5", .kink_at_zero = 1});
}

static void sigmoid_and_tanh_agree(void **state)
{
    (void)state;
    check((struct op_case){.op = "sigmoid", .low = -4, .high = 4});
    check((struct op_case){.op = "tanh", .low = -3, .high = 3});
}

static void hard_swish_agrees(void **state)
{
    (void)state;
    check((struct op_case){.op = "hard_swish", .low = -5, .high = 2.9, .kink = -3});
    check((struct op_case){.op = "hard_swish", .low = -2.9, .high = 5, .kink = 3});
}

static void gelu_agrees(void **state)
{
    (void)state;
    check((struct op_case){.op = "gelu", .low = -2, .high = 6});
    check((struct op_case){.op = "gelu", .attrs = "approximate=tanh", .low = -2, .high = 5});
    check((struct op_case){.op = "gelu", .attrs = "approximate=none"});
}

static void roots_exponentials_logarithms_agree(void **state)
{
    (void)state;
    check((struct op_case){.op = "sqrt", .low = 0.1, .high = 9});
    check((struct op_case){.op = "exp", .low = -4, .high = 4});
    check((struct op_case){.op = "log", .low = 0.2, .high = 5});
}

static void neg_and_abs_agree(void **state)
{
    (void)state;
    check((struct op_case){.op = "neg"});
    check((struct op_case){.op = "abs", .kink_at_zero = 1});
}

/* forward with out == in[0], over several pieces, with a NaN among the numbers */
static void in_place_gives_the_same_bytes(void **state)
{
    enum { N = 200003 };
    static const char *const ops[] = {"relu", "elu", "gelu", "sqrt", "neg", "sigmoid"};
    static float x[N], y[N];
    const int64_t n = N;
    const struct rt_info info = {.shape = rt_shape_of(1, &n), .dtype = IMP_F32};
    const struct rt_info *slots[] = {&info};
    const int32_t ref = 0;
    (void)state;
    for (size_t k = 0; k < sizeof ops / sizeof ops[0]; k++) {
        for (int i = 0; i < N; i++)
            x[i] = i == 1500 ? NAN : (float)(i - 700) * 2e-5f;
        struct rt_graph *g = rt_graph_new();
        rt_graph_add_node(g, "node", rt_op_find(ops[k]), 1, &ref);
        const float *in[] = {x};
        struct rt_call c = {.node = &g->nodes[0],
                            .in_info = slots,
                            .out_info = &info,
                            .input_count = 1,
                            .in = in,
                            .out = y};
        assert_int_equal(c.node->op->forward(&c), IMP_OK);
        float one = x[N - 1];
        assert_true(y[0] == y[0] || !strcmp(ops[k], "sqrt"));
        const int64_t single = 1;
        const struct rt_info info1 = {.shape = rt_shape_of(1, &single), .dtype = IMP_F32};
        const float *in1[] = {&one};
        struct rt_call alone = c;
        alone.in = in1, alone.out_info = &info1, alone.out = &one;
        assert_int_equal(c.node->op->forward(&alone), IMP_OK);
        assert_memory_equal(&one, &y[N - 1], sizeof one);
        c.out = x;
        assert_int_equal(c.node->op->forward(&c), IMP_OK);
        assert_memory_equal(x, y, sizeof x);
        assert_true(isnan(y[1500]));
        rt_graph_free(g);
    }
}

static void known_contents_are_computed_while_planning(void **state)
{
    char text[256];
    const int64_t whole[] = {3, -7, INT64_MIN};
    const float numbers[] = {4, 0.25f};
    struct rt_tensor *in = op_integers(3, whole);
    struct rt_tensor *t = op_fold("neg", 1, &in, NULL, text);
    (void)state;
    assert_true(rt_integers(t)[0] == -3 && rt_integers(t)[1] == 7);
    rt_tensor_release(t);
    in = op_integers(3, whole);
    t = op_fold("abs", 1, &in, NULL, text);
    assert_true(rt_integers(t)[0] == 3 && rt_integers(t)[1] == 7);
    rt_tensor_release(t);
    in = op_floats(2, numbers);
    t = op_fold("sqrt", 1, &in, NULL, text);
    assert_true(rt_floats(t)[0] == 2 && rt_floats(t)[1] == 0.5f);
    rt_tensor_release(t);
    in = op_integers(3, whole);
    assert_null(op_fold("sqrt", 1, &in, NULL, text));
    assert_non_null(strstr(text, "integers"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relu_agrees),
        cmocka_unit_test(leaky_relu_agrees),
        cmocka_unit_test(elu_agrees),
        cmocka_unit_test(sigmoid_and_tanh_agree),
        cmocka_unit_test(hard_swish_agrees),
        cmocka_unit_test(gelu_agrees),
        cmocka_unit_test(roots_exponentials_logarithms_agree),
        cmocka_unit_test(neg_and_abs_agree),
        cmocka_unit_test(in_place_gives_the_same_bytes),
        cmocka_unit_test(known_contents_are_computed_while_planning),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
