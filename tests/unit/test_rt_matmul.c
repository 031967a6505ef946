/* Products of matrices of any rank against obvious loops in double. */
#include "op_check.h"

#include <cut.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* The flat index of the matrix of a shape that index `flat` of the output's batch axes meets. */
static int64_t matrix_of(const struct rt_shape *s, const struct rt_shape *out, uint32_t axes,
                         int64_t flat)
{
    int64_t at = 0, step = 1;
    for (uint32_t i = 0; i < axes; i++) { /* from the last axis on */
        const int64_t k = flat % out->dim[axes - 1 - i];
        flat /= out->dim[axes - 1 - i];
        if (s->ndim < 3 + i)
            continue;
        const int64_t own = s->dim[s->ndim - 3 - i];
        at += own == 1 ? 0 : k * step;
        step *= own;
    }
    return at;
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *x = &c->in_shape[0], *w = &c->in_shape[1], *y = c->out_shape;
    const uint32_t most = x->ndim > w->ndim ? x->ndim : w->ndim, axes = most > 2 ? most - 2 : 0;
    const int64_t m = x->ndim > 1 ? x->dim[x->ndim - 2] : 1, k = x->dim[x->ndim - 1];
    const int64_t n = w->ndim > 1 ? w->dim[w->ndim - 1] : 1;
    for (int64_t b = 0; b < rt_product(y, 0, axes); b++)
        for (int64_t i = 0; i < m; i++)
            for (int64_t j = 0; j < n; j++) {
                double sum = 0;
                for (int64_t l = 0; l < k; l++)
                    sum += in[0][(matrix_of(x, y, axes, b) * m + i) * k + l] *
                           in[1][(matrix_of(w, y, axes, b) * k + l) * n + j];
                out[(b * m + i) * n + j] = sum;
            }
}

#define MATMUL .op = "matmul", .oracle = oracle
static const struct op_case cases[] = {
    {MATMUL, .name = "two lists", .shapes = "4 | 4", .out = ""},
    {MATMUL, .name = "a list and a matrix", .shapes = "4 | 4 3", .out = "3"},
    {MATMUL, .name = "a matrix and a list", .shapes = "3 4 | 4", .out = "3"},
    {MATMUL, .name = "two matrices", .shapes = "3 4 | 4 5", .out = "3 5"},
    {MATMUL, .name = "one number each", .shapes = "1 1 | 1 1", .out = "1 1"},
    {MATMUL, .name = "batches of both", .shapes = "2 3 4 | 2 4 5", .out = "2 3 5"},
    {MATMUL, .name = "batches times one matrix", .shapes = "2 3 3 4 | 4 5", .out = "2 3 3 5"},
    {MATMUL, .name = "one matrix times batches", .shapes = "3 4 | 3 2 4 5", .out = "3 2 3 5"},
    {MATMUL, .name = "batches spread both ways", .shapes = "2 1 3 4 | 3 4 2", .out = "2 3 3 2"},
    {MATMUL, .name = "three batch axes, the middle one spread", .shapes = "2 1 2 2 3 | 2 3 1 3 2",
     .out = "2 3 2 2 2"},
    {MATMUL, .name = "a list times batches", .shapes = "4 | 2 3 4 2", .out = "2 3 2"},
    {MATMUL, .name = "batches times a list", .shapes = "2 3 4 | 4", .out = "2 3"},
    {MATMUL, .name = "cut into blocks", .shapes = "2 150 60 | 2 60 140", .out = "2 150 140",
     .no_gradient = 3},
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
    {{MATMUL, .name = "a single number", .shapes = " | 4 3"}, "no matrix"},
    {{MATMUL, .name = "inner sizes differ", .shapes = "3 4 | 5 2"}, "rows of the second"},
    {{MATMUL, .name = "inner sizes of lists differ", .shapes = "3 | 4"}, "rows of the second"},
    {{MATMUL, .name = "batches differ", .shapes = "2 3 4 | 3 4 5"}, "before the last two"},
};

static void what_does_not_fit_is_refused_with_both_sides(void **state)
{
    (void)state;
    for (size_t i = 0; i < RT_COUNT(refused); i++)
        op_check_refusal(&refused[i].c, refused[i].word);
}

/* ---- channels ---- */

static int32_t weight(struct rt_graph *g, const char *name, int64_t rows, int64_t cols)
{
    const struct rt_shape shape = {.ndim = 2, .dim = {rows, cols}};
    struct rt_tensor *t = rt_tensor_new(IMP_F32, &shape);
    const int64_t p = rt_graph_add_param(g, name, t, 0);
    for (int64_t i = 0; i < t->count; i++)
        rt_floats(t)[i] = (float)i;
    rt_tensor_release(t);
    return rt_ref_param((uint32_t)p);
}

/* x [2][4] -> a [4][3] -> b [3][2] */
static imp_nn_model *two_products(void)
{
    struct rt_graph *g = rt_graph_new();
    imp_nn_model *m = NULL;
    int32_t refs[2] = {0, weight(g, "a", 4, 3)};
    assert_int_equal(rt_graph_add_node(g, "x", rt_op_find("input"), 0, NULL), 0);
    g->nodes[0].flags = IMP_NN_INPUT;
    g->nodes[0].declared = (struct rt_shape){.ndim = 2, .dim = {2, 4}};
    assert_int_equal(rt_graph_add_node(g, "first", rt_op_find("matmul"), 2, refs), 1);
    refs[0] = 1;
    refs[1] = weight(g, "b", 3, 2);
    assert_int_equal(rt_graph_add_node(g, "second", rt_op_find("matmul"), 2, refs), 2);
    assert_int_equal(rt_graph_finish(g, NULL), IMP_OK);
    assert_int_equal(rt_model_new(g, &m, NULL), IMP_OK);
    return m;
}

static void columns_of_one_product_are_rows_of_the_next(void **state)
{
    imp_nn_model *m = two_products(), *thin = NULL;
    const struct rt_groups *groups;
    const uint32_t unit[] = {1};
    imp_nn_cut cut = {.unit_count = 1, .units = unit};
    (void)state;
    assert_int_equal(rt_model_groups(m, &groups, NULL), IMP_OK);
    while (cut.group < groups->count && groups->list[cut.group].locked)
        cut.group++;
    assert_true(cut.group < groups->count);
    assert_int_equal(groups->list[cut.group].unit_count, 3);
    assert_int_equal(rt_cut(m, 1, &cut, &thin, NULL), IMP_OK);
    const struct rt_tensor *a = thin->graph->params[0].tensor, *b = thin->graph->params[1].tensor;
    const float left[] = {0, 2, 3, 5, 6, 8, 9, 11}, right[] = {0, 1, 4, 5};
    assert_int_equal(a->count, 8);
    assert_int_equal(b->count, 4);
    assert_memory_equal(a->data, left, sizeof left);
    assert_memory_equal(b->data, right, sizeof right);
    rt_model_release(thin);
    rt_model_release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_agrees_with_the_oracle),
        cmocka_unit_test(what_does_not_fit_is_refused_with_both_sides),
        cmocka_unit_test(columns_of_one_product_are_rows_of_the_next),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
