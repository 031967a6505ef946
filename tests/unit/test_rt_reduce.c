/* test_rt_reduce.c - mean, sum and largest over axes. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_attr.h"
#include "op_fold.h"

/* Does axis k go? Axes are an attribute or the second slot (its first numbers come with the case).
 */
static int goes(const struct op_case *c, uint32_t k)
{
    static const int64_t slot[] = {2, -3};
    const struct rt_attr *a = op_attr(c, "axes");
    const int64_t *axes = c->in_count > 1 ? slot : a->ints;
    const int64_t n = c->in_count > 1 ? c->in_shape[1].dim[0] : a->count;
    for (int64_t i = 0; i < n; i++)
        if (rt_axis(axes[i], c->in_shape->ndim) == (int)k)
            return 1;
    return !n && !op_integer(c, "noop", 0, 0);
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *x = c->in_shape;
    const int64_t n = rt_count(x), results = rt_count(c->out_shape);
    int64_t index[RT_RANK] = {0};
    const int max = !strcmp(c->op, "reduce_max"), mean = !strcmp(c->op, "reduce_mean");
    for (int64_t i = 0; i < results; i++)
        out[i] = max ? -INFINITY : 0;
    if (!n)
        return;
    do {
        int64_t at = 0;
        for (uint32_t k = 0; k < x->ndim; k++)
            at = goes(c, k) ? at : at * x->dim[k] + index[k];
        const double v = in[0][op_at(x, index)];
        out[at] = max ? fmax(out[at], v) : out[at] + v * (mean ? (double)results / (double)n : 1);
    } while (op_next(x, index));
}

static void check(const char *op)
{
    static const struct {
        const char *shapes, *attrs, *out;
    } rows[] = {
        {"", NULL, ""},
        {"5", NULL, "1"},
        {"3 4", "keepdims=0", ""},
        {"2 3 4 5", "axes=2 3", "2 3 1 1"},
        {"2 3 4 5", "axes=2 3;keepdims=0", "2 3"},
        {"2 3 4 5", "axes=1", "2 1 4 5"},
        {"2 3 4 5", "axes=0 2", "1 3 1 5"},
        {"2 3 4 5", "axes=-3 -1;keepdims=0", "2 4"},
        {"2 3 4 | i:2 -3", NULL, "1 3 1"},
        {"2 3 4 | i:", NULL, "1 1 1"},
        {"2 3 4 | i:", "noop=1", "2 3 4"},
        {"2 3", "noop=1", "2 3"},
        {"1 1 7 1", "axes=2", "1 1 1 1"},
        {"2 1 3 2 1 4", "axes=0 3 5;keepdims=0", "1 3 1"},
        {"2 531", "axes=0", "1 531"},
        {"2 531", "axes=1", "2 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        op_check(&(struct op_case){.op = op,
                                   .name = rows[i].shapes,
                                   .shapes = rows[i].shapes,
                                   .attrs = rows[i].attrs,
                                   .out = rows[i].out,
                                   .oracle = oracle,
                                   .distinct = 1,
                                   /* a gradient of 1/531 beside 0.5 has few digits left */
                                   .tolerance = strstr(rows[i].shapes, "531") ? 2e-9 : 0});
}

static void mean_agrees(void **state)
{
    (void)state;
    check("reduce_mean");
}

static void sum_agrees(void **state)
{
    (void)state;
    check("reduce_sum");
}

static void max_agrees(void **state)
{
    (void)state;
    check("reduce_max");
}

struct bed {
    struct rt_graph *graph;
    struct rt_info in, out;
    const struct rt_info *slots[1];
    struct rt_call call;
};

static void bed_init(struct bed *b, const char *op, int64_t rows, int64_t columns, int64_t axis)
{
    const int32_t ref = 0;
    *b = (struct bed){.graph = rt_graph_new()};
    rt_graph_add_node(b->graph, "node", rt_op_find(op), 1, &ref);
    rt_set_ints(&b->graph->nodes[0], "axes", 1, &axis);
    b->in = (struct rt_info){.shape = {.ndim = 2, .dim = {rows, columns}}, .dtype = IMP_F32};
    b->slots[0] = &b->in;
    struct rt_infer in = {.node = &b->graph->nodes[0], .in = b->slots, .input_count = 1};
    assert_int_equal(in.node->op->infer(&in, NULL), IMP_OK);
    b->out = in.out;
    b->call = (struct rt_call){
        .node = &b->graph->nodes[0], .in_info = b->slots, .out_info = &b->out, .input_count = 1};
}

static void the_first_of_equals_gets_the_gradient(void **state)
{
    const float x[] = {1, 3, 3, 2, 3, 1, 1, 0}, g[] = {10, 20, 30, 40}, *in[] = {x};
    const float rows_want[] = {0, 10, 0, 0, 20, 0, 0, 0},
                columns_want[] = {0, 20, 30, 40, 10, 0, 0, 0};
    (void)state;
    for (int64_t axis = 0; axis < 2; axis++) {
        struct bed b;
        float y[4], dx[8] = {0}, *grads[] = {dx};
        bed_init(&b, "reduce_max", 2, 4, axis);
        b.call.in = in, b.call.out = y, b.call.out_grad = g, b.call.in_grad = grads;
        assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
        assert_int_equal(b.call.node->op->backward(&b.call), IMP_OK);
        assert_memory_equal(dx, axis ? rows_want : columns_want, sizeof dx);
        rt_graph_free(b.graph);
    }
}

static void not_a_number_is_the_largest(void **state)
{
    const float x[] = {1, NAN, 3, 2, 3, INFINITY}, *in[] = {x};
    struct bed b;
    float y[2];
    (void)state;
    bed_init(&b, "reduce_max", 2, 3, 1);
    b.call.in = in, b.call.out = y;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_true(isnan(y[0]) && y[1] == INFINITY);
    rt_graph_free(b.graph);
}

static void nothing_at_all_is_reduced_as_numpy_does(void **state)
{
    static const struct {
        const char *op;
        float want;
    } rows[] = {{"reduce_sum", 0}, {"reduce_max", -INFINITY}, {"reduce_mean", NAN}};
    const float x[1] = {0}, *in[] = {x};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct bed b;
        float y[2] = {7, 7};
        bed_init(&b, rows[i].op, 2, 0, 1);
        b.call.in = in, b.call.out = y;
        assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
        assert_true(i == 2 ? isnan(y[0]) && isnan(y[1]) : y[0] == rows[i].want && y[1] == y[0]);
        rt_graph_free(b.graph);
    }
}

static void known_contents_are_reduced_while_planning(void **state)
{
    char text[256];
    const int64_t whole[] = {2, -7, 9};
    const float numbers[] = {1.5f, 2.5f};
    struct rt_tensor *in = op_integers(3, whole);
    struct rt_tensor *t = op_fold("reduce_sum", 1, &in, NULL, text);
    (void)state;
    assert_true(t->count == 1 && t->dtype == IMP_I64 && rt_integers(t)[0] == 4);
    rt_tensor_release(t);
    in = op_integers(3, whole);
    t = op_fold("reduce_max", 1, &in, NULL, text);
    assert_int_equal(rt_integers(t)[0], 9);
    rt_tensor_release(t);
    in = op_floats(2, numbers);
    t = op_fold("reduce_mean", 1, &in, NULL, text);
    assert_true(rt_floats(t)[0] == 2);
    rt_tensor_release(t);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    op_check_refusal(
        &(struct op_case){.op = "reduce_sum", .name = "axis", .attrs = "axes=0 2", .shapes = "2 3"},
        "axis 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mean_agrees),
        cmocka_unit_test(sum_agrees),
        cmocka_unit_test(max_agrees),
        cmocka_unit_test(the_first_of_equals_gets_the_gradient),
        cmocka_unit_test(not_a_number_is_the_largest),
        cmocka_unit_test(nothing_at_all_is_reduced_as_numpy_does),
        cmocka_unit_test(known_contents_are_reduced_while_planning),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
