/* test_rt_binary.c - add sub mul div pow with broadcasting, and the arithmetic of known contents.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_broadcast.h"
#include "op_fold.h"

static double value(const char *op, double a, double b)
{
    if (!strcmp(op, "add"))
        return a + b;
    if (!strcmp(op, "sub"))
        return a - b;
    if (!strcmp(op, "mul"))
        return a * b;
    return !strcmp(op, "div") ? a / b : pow(a, b);
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    int64_t index[RT_RANK] = {0};
    if (!rt_count(c->out_shape))
        return;
    do
        out[op_at(c->out_shape, index)] =
            value(c->op, in[0][op_part(c->out_shape, &c->in_shape[0], index)],
                  in[1][op_part(c->out_shape, &c->in_shape[1], index)]);
    while (op_next(c->out_shape, index));
}

static void check(const char *op, double low, double high)
{
    static const char *const shapes[][2] = {
        {"|", ""},
        {"1 | 1", "1"},
        {"3 4 5 | 3 4 5", "3 4 5"},
        {"2 3 4 5 | 3 1 1", "2 3 4 5"},
        {"2 3 4 5 | 5", "2 3 4 5"},
        {"3 1 1 | 2 3 4 5", "2 3 4 5"},
        {"7 6 | ", "7 6"},
        {" | 7 6", "7 6"},
        {"3 1 5 | 4 1", "3 4 5"},
        {"2 1 3 1 2 2 | 5 1 4 1 1", "2 5 3 4 2 2"},
        {"1 3 1 | 2 1 1", "2 3 1"},
        {"3 300 | 1 300", "3 300"},
        {"3 300 | 3 1", "3 300"},
        {"2 0 3 | 1 3", "2 0 3"},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        op_check(&(struct op_case){.op = op,
                                   .name = shapes[i][0],
                                   .shapes = shapes[i][0],
                                   .out = shapes[i][1],
                                   .oracle = oracle,
                                   .low = low,
                                   .high = high});
}

static void add_agrees(void **state)
{
    (void)state;
    check("add", -1, 1);
}

static void sub_agrees(void **state)
{
    (void)state;
    check("sub", -1, 1);
}

static void mul_agrees(void **state)
{
    (void)state;
    check("mul", -2, 1);
}

static void div_agrees(void **state)
{
    (void)state;
    check("div", 0.5, 2);
    check("div", -2, -0.5);
}

static void pow_agrees(void **state)
{
    (void)state;
    check("pow", 0.3, 3);
}

/* Exponents that have loops of their own, and integers as exponents. */
static void squares_and_roots_agree(void **state)
{
    static const struct {
        float exponent, x, y, slope;
    } rows[] = {{2, -3, 9, -6},  {2, 0, 0, 0}, {0.5f, 4, 2, 0.25f},
                {3, -2, -8, 12}, {0, 0, 1, 0}, {1, 0, 0, 1}};
    const int64_t two = 2;
    const struct rt_info wide = {.shape = rt_shape_of(1, &two), .dtype = IMP_F32};
    const struct rt_info scalar = {.dtype = IMP_F32};
    const struct rt_info *slots[] = {&wide, &scalar};
    const int32_t refs[] = {0, 0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const float x[] = {rows[i].x, rows[i].x}, g[] = {1, 1}, *in[] = {x, &rows[i].exponent};
        float y[2], dx[2] = {0}, *grads[] = {dx, NULL};
        struct rt_graph *graph = rt_graph_new();
        rt_graph_add_node(graph, "node", rt_op_find("pow"), 2, refs);
        const struct rt_call c = {.node = &graph->nodes[0],
                                  .in_info = slots,
                                  .out_info = &wide,
                                  .input_count = 2,
                                  .in = in,
                                  .out = y,
                                  .out_grad = g,
                                  .in_grad = grads};
        assert_int_equal(c.node->op->forward(&c), IMP_OK);
        assert_int_equal(c.node->op->backward(&c), IMP_OK);
        assert_true(y[0] == rows[i].y && y[1] == rows[i].y);
        assert_true(dx[0] == rows[i].slope && dx[1] == rows[i].slope);
        rt_graph_free(graph);
    }
}

static void power_oracle(const struct op_case *c, const double *const *in, double *out)
{
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = pow(in[0][i], i % 3 == 2 ? -1 : (double)(i % 3 + 2));
}

static void known_integers_beside_numbers_are_converted(void **state)
{
    (void)state;
    op_check(&(struct op_case){.op = "pow",
                               .name = "integer exponents",
                               .shapes = "4 3 | i:2 3 -1",
                               .out = "4 3",
                               .oracle = power_oracle,
                               .low = 0.5,
                               .high = 2});
}

/* In place on either side, over several pieces, the bytes are the same. */
static void in_place_gives_the_same_bytes(void **state)
{
    enum { N = 200003 };
    static float x[N], y[N], z[N];
    const int64_t n = N;
    const struct rt_info info = {.shape = rt_shape_of(1, &n), .dtype = IMP_F32};
    const struct rt_info *slots[] = {&info, &info};
    const int32_t refs[] = {0, 0};
    (void)state;
    for (int i = 0; i < N; i++)
        x[i] = (float)i * 0.001f;
    struct rt_graph *graph = rt_graph_new();
    rt_graph_add_node(graph, "node", rt_op_find("mul"), 2, refs);
    const float *in[] = {x, x};
    struct rt_call c = {.node = &graph->nodes[0],
                        .in_info = slots,
                        .out_info = &info,
                        .input_count = 2,
                        .in = in,
                        .out = y};
    assert_int_equal(c.node->op->forward(&c), IMP_OK);
    assert_true(y[N - 1] == x[N - 1] * x[N - 1] && y[1234] == x[1234] * x[1234]);
    memcpy(z, x, sizeof z);
    in[0] = c.out = z;
    assert_int_equal(c.node->op->forward(&c), IMP_OK);
    assert_memory_equal(y, z, sizeof y);
    in[0] = in[1] = c.out = x;
    assert_int_equal(c.node->op->forward(&c), IMP_OK);
    assert_memory_equal(y, x, sizeof y);
    rt_graph_free(graph);
}

/* ---- while planning ---- */

static void expect_integers(const char *op, uint32_t na, const int64_t *a, uint32_t nb,
                            const int64_t *b, uint32_t n, const int64_t *want)
{
    char text[256];
    struct rt_tensor *const in[] = {op_integers(na, a), op_integers(nb, b)};
    struct rt_tensor *t = op_fold(op, 2, in, NULL, text);
    if (!t || t->dtype != IMP_I64 || t->count != n)
        fail_msg("%s: %s", op, t ? "another count or type" : text);
    for (uint32_t i = 0; t && i < n; i++)
        if (rt_integers(t)[i] != want[i])
            fail_msg("%s: number %u is %lld, not %lld", op, i, (long long)rt_integers(t)[i],
                     (long long)want[i]);
    rt_tensor_release(t);
}

#define LIST(...)                                                                                  \
    (const int64_t[])                                                                              \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void shapes_are_computed_while_planning(void **state)
{
    (void)state;
    expect_integers("add", 3, LIST(1, -2, 3), 1, LIST(10), 3, LIST(11, 8, 13));
    expect_integers("sub", 1, LIST(1), 2, LIST(10, -5), 2, LIST(-9, 6));
    expect_integers("mul", 2, LIST(224, 7), 2, LIST(2, -3), 2, LIST(448, -21));
    expect_integers("div", 5, LIST(7, -7, 9, INT64_MIN, 5), 5, LIST(2, 2, -3, -1, -1), 5,
                    LIST(3, -3, -3, INT64_MIN, -5));
    expect_integers("pow", 5, LIST(3, -2, 1, -1, 5), 5, LIST(4, 3, -7, -3, -1), 5,
                    LIST(81, -8, 1, -1, 0));
    expect_integers("mul", 1, LIST(INT64_MAX), 1, LIST(2), 1, LIST(-2));
}

static void numbers_are_computed_while_planning(void **state)
{
    char text[256];
    const int64_t whole[] = {14, 3};
    const float half[] = {0.5f, 2.5f};
    struct rt_tensor *const in[] = {op_integers(2, whole), op_floats(2, half)};
    struct rt_tensor *t = op_fold("mul", 2, in, NULL, text);
    (void)state;
    assert_non_null(t);
    assert_int_equal(t->dtype, IMP_F32);
    assert_true(rt_floats(t)[0] == 7 && rt_floats(t)[1] == 7.5f);
    rt_tensor_release(t);
    struct rt_tensor *const power[] = {op_integers(2, whole), op_floats(2, half)};
    t = op_fold("pow", 2, power, NULL, text);
    assert_int_equal(t->dtype, IMP_I64); /* the base decides; 14^0.5 = 3.7, 3^2.5 = 15.6 */
    assert_true(rt_integers(t)[0] == 3 && rt_integers(t)[1] == 15);
    rt_tensor_release(t);
}

static void what_does_not_fit_is_refused(void **state)
{
    char text[256];
    struct rt_tensor *const in[] = {op_integers(1, LIST(3)), op_integers(1, LIST(0))};
    (void)state;
    assert_null(op_fold("div", 2, in, NULL, text));
    assert_non_null(strstr(text, "divided by 0"));
    op_check_refusal(&(struct op_case){.op = "add", .name = "sizes", .shapes = "2 3 | 2"},
                     "do not fit");
    op_check_refusal(&(struct op_case){.op = "pow", .name = "integer base", .shapes = "i:2 | 3"},
                     "before the run");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(add_agrees),
        cmocka_unit_test(sub_agrees),
        cmocka_unit_test(mul_agrees),
        cmocka_unit_test(div_agrees),
        cmocka_unit_test(pow_agrees),
        cmocka_unit_test(squares_and_roots_agree),
        cmocka_unit_test(known_integers_beside_numbers_are_converted),
        cmocka_unit_test(in_place_gives_the_same_bytes),
        cmocka_unit_test(shapes_are_computed_while_planning),
        cmocka_unit_test(numbers_are_computed_while_planning),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
