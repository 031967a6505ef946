/* test_rt_pool.c - max_pool, average_pool, global_average_pool against windows looked through one
 * by one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "op_attr.h"

/* One spatial axis, read afresh from the case. */
struct axis {
    int64_t in, kernel, stride, dilation, begin, end;
};

static struct axis axis_of(const struct op_case *c, uint32_t i)
{
    const uint32_t n = c->in_shape->ndim - 2;
    const struct rt_attr *pad = op_attr(c, "pad");
    struct axis a = {c->in_shape->dim[i + 2],       op_integer(c, "kernel", i, 1),
                     op_integer(c, "stride", i, 1), op_integer(c, "dilation", i, 1),
                     op_integer(c, "pad", i, 0),    0};
    const int64_t how = op_integer(c, "auto_pad", 0, 0), out = c->out_shape->dim[i + 2];
    int64_t more = (out - 1) * a.stride + (a.kernel - 1) * a.dilation + 1 - a.in;
    a.end = pad->count == 2 * n ? pad->ints[i + n] : a.begin;
    more = more > 0 ? more : 0;
    if (how == 1 || how == 2) {
        a.begin = how == 1 ? more / 2 : (more + 1) / 2;
        a.end = more - a.begin;
    }
    return a;
}

/* Where tap k of the window of index o lies: 1 in the input, 0 in the pads, -1 beyond them. */
static int locate(const struct op_case *c, const int64_t *o, const int64_t *k, int64_t *at)
{
    int where = 1;
    at[0] = o[0];
    at[1] = o[1];
    for (uint32_t i = 0; i + 2 < c->in_shape->ndim; i++) {
        const struct axis a = axis_of(c, i);
        const int64_t p = o[i + 2] * a.stride + k[i] * a.dilation - a.begin;
        if (p >= a.in + a.end)
            return -1;
        if (p < 0 || p >= a.in)
            where = 0;
        at[i + 2] = p;
    }
    return where;
}

static void pool(const struct op_case *c, const double *x, double *y, bool largest)
{
    int64_t o[RT_RANK] = {0}, at[RT_RANK];
    struct rt_shape window = {.ndim = c->in_shape->ndim - 2};
    for (uint32_t i = 0; i < window.ndim; i++)
        window.dim[i] = op_integer(c, "kernel", i, 1);
    do {
        int64_t k[RT_RANK] = {0};
        double sum = 0, top = -INFINITY;
        int count = 0;
        do {
            const int where = locate(c, o, k, at);
            const double v = where > 0 ? x[op_at(c->in_shape, at)] : 0;
            if (where > 0 && v > top)
                top = v;
            sum += v;
            count += where > 0 || (where == 0 && op_integer(c, "include_pad", 0, 0));
        } while (op_next(&window, k));
        *y++ = largest ? top : sum / count;
    } while (op_next(c->out_shape, o));
}

static void max_oracle(const struct op_case *c, const double *const *in, double *out)
{
    pool(c, in[0], out, true);
}

static void mean_oracle(const struct op_case *c, const double *const *in, double *out)
{
    pool(c, in[0], out, false);
}

static void global_oracle(const struct op_case *c, const double *const *in, double *out)
{
    const int64_t planes = rt_count(c->out_shape), area = rt_count(c->in_shape) / planes;
    for (int64_t p = 0; p < planes; p++) {
        out[p] = 0;
        for (int64_t i = 0; i < area; i++)
            out[p] += in[0][p * area + i] / (double)area;
    }
}

/* Shapes for both kinds of pooling. */
static const struct op_case windows[] = {
    {.name = "2x2, stride 2",
     .attrs = "kernel=2 2;stride=2 2",
     .shapes = "2 3 6 10",
     .out = "2 3 3 5"},
    {.name = "2x2, stride 2, odd sides",
     .attrs = "kernel=2;stride=2",
     .shapes = "1 2 7 9",
     .out = "1 2 3 4"},
    {.name = "3x3, stride 2, pad 1",
     .attrs = "kernel=3 3;stride=2 2;pad=1 1 1 1",
     .shapes = "2 2 7 8",
     .out = "2 2 4 4"},
    {.name = "3x2, stride 1", .attrs = "kernel=3 2", .shapes = "1 3 5 4", .out = "1 3 3 3"},
    {.name = "pads of one side",
     .attrs = "kernel=3 3;stride=2 1;pad=0 1 2 0",
     .shapes = "1 2 6 5",
     .out = "1 2 3 4"},
    {.name = "dilated",
     .attrs = "kernel=2 3;dilation=3 2;pad=1 0 2 1",
     .shapes = "1 2 7 6",
     .out = "1 2 7 3"},
    {.name = "ceil",
     .attrs = "kernel=3 3;stride=2 2;ceil=1",
     .shapes = "1 2 6 8",
     .out = "1 2 3 4"},
    {.name = "ceil, the last window would begin in the pads",
     .attrs = "kernel=2 2;stride=3 2;pad=1 1 1 1;ceil=1",
     .shapes = "1 1 4 4",
     .out = "1 1 2 3"},
    {.name = "ceil and pads",
     .attrs = "kernel=3 3;stride=2 2;pad=0 1 1 1;ceil=1",
     .shapes = "1 1 4 6",
     .out = "1 1 2 4"},
    {.name = "same, the rest above",
     .attrs = "kernel=3 4;stride=2 1;auto_pad=same_upper",
     .shapes = "1 2 6 5",
     .out = "1 2 3 5"},
    {.name = "same, the rest below",
     .attrs = "kernel=3 4;stride=2 1;auto_pad=same_lower",
     .shapes = "1 2 6 5",
     .out = "1 2 3 5"},
    {.name = "valid",
     .attrs = "kernel=3 3;stride=2 2;auto_pad=valid",
     .shapes = "1 2 8 7",
     .out = "1 2 3 3"},
    {.name = "one axis", .attrs = "kernel=3;stride=2;pad=1 0", .shapes = "2 3 8", .out = "2 3 4"},
    {.name = "three axes",
     .attrs = "kernel=2 3 2;stride=1 2 2;pad=1 0 0 0 1 1",
     .shapes = "1 2 3 6 5",
     .out = "1 2 3 3 3"},
    {.name = "the whole plane", .attrs = "kernel=5 3", .shapes = "2 2 5 3", .out = "2 2 1 1"},
    {.name = "1x1", .attrs = "kernel=1 1", .shapes = "1 1 1 1", .out = "1 1 1 1"},
    {.name = "rows longer than a strip",
     .attrs = "kernel=1 3;pad=0 1 0 1",
     .shapes = "1 1 1 260",
     .out = "1 1 1 260"},
    {.name = "rows longer than a line",
     .attrs = "kernel=2 3;stride=1 2;pad=0 1 0 0",
     .shapes = "1 1 2 1031",
     .out = "1 1 1 515"},
};

static void every_window_of_max_pool_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct op_case c = windows[i];
        c.op = "max_pool";
        c.oracle = max_oracle;
        c.distinct = 1;
        op_check(&c);
    }
}

static void every_window_of_average_pool_agrees(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct op_case c = windows[i];
        c.op = "average_pool";
        c.oracle = mean_oracle;
        op_check(&c);
    }
}

static void average_pool_counts_pads_when_told_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        struct op_case c = windows[i];
        char attrs[200];
        snprintf(attrs, sizeof attrs, "%s;include_pad=1", c.attrs);
        c.attrs = attrs;
        c.op = "average_pool";
        c.oracle = mean_oracle;
        op_check(&c);
    }
}

static void global_average_pool_agrees(void **state)
{
    static const struct op_case cases[] = {
        {.name = "two axes", .shapes = "2 3 5 7", .out = "2 3 1 1"},
        {.name = "1x1", .shapes = "1 4 1 1", .out = "1 4 1 1"},
        {.name = "one axis", .shapes = "3 2 9", .out = "3 2 1"},
        {.name = "three axes", .shapes = "1 2 3 4 5", .out = "1 2 1 1 1"},
        {.name = "none", .shapes = "2 3", .out = "2 3"},
        {.name = "a large plane", .shapes = "1 1 23 41", .out = "1 1 1 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct op_case c = cases[i];
        c.op = "global_average_pool";
        c.oracle = global_oracle;
        op_check(&c);
    }
}

/* Runs an operator on given numbers and gives the gradient of the sum of its output. */
static void run(const char *name, const char *key, int64_t n, const float *x, float *y, float *dx)
{
    const struct rt_op *op = rt_op_find(name);
    struct rt_graph *g = rt_graph_new();
    const int32_t ref = 0;
    assert_true(rt_graph_add_node(g, "n", op, 1, &ref) == 0);
    struct rt_node *node = &g->nodes[0];
    assert_true(rt_set_ints(node, key, 2, (const int64_t[]){2, 2}));
    assert_true(rt_set_ints(node, "stride", 2, (const int64_t[]){2, n == 4 ? 2 : 1}));
    struct rt_info info = {.shape = {.ndim = 4, .dim = {1, 1, 2, n / 2}}, .dtype = IMP_F32};
    const struct rt_info *infos[] = {&info};
    struct rt_infer in = {.node = node, .in = infos, .input_count = 1, .out = {.dtype = IMP_F32}};
    assert_int_equal(op->infer(&in, NULL), IMP_OK);
    const float ones[] = {1, 1, 1, 1}, *ins[] = {x};
    float *grads[] = {dx};
    struct rt_call call = {.node = node,
                           .in_info = infos,
                           .out_info = &in.out,
                           .input_count = 1,
                           .in = ins,
                           .out = y,
                           .out_grad = ones,
                           .in_grad = grads};
    assert_int_equal(op->forward(&call), IMP_OK);
    assert_int_equal(op->backward(&call), IMP_OK);
    rt_graph_free(g);
}

static void the_first_of_equals_gets_the_gradient(void **state)
{
    static const float squares[][4] = {{1, 1, 1, 1}, {0, 2, 2, 2}, {0, 1, 3, 3}, {0, 1, 2, 4}};
    (void)state;
    for (int first = 0; first < 4; first++) {
        float y[1], dx[4] = {0};
        run("max_pool", "kernel", 4, squares[first], y, dx);
        for (int i = 0; i < 4; i++)
            assert_true(dx[i] == (i == first ? 1.0f : 0.0f));
    }
    /* the same through the general path: stride 1 */
    const float x[] = {5, 5, 1, 5, 5, 5};
    float y[2], dx[6] = {0};
    run("max_pool", "kernel", 6, x, y, dx);
    assert_true(dx[0] == 1.0f && dx[1] == 1.0f && dx[3] == 0.0f && dx[4] == 0.0f);
}

static void a_not_a_number_is_the_largest(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        float x[4] = {1, 2, 3, 4}, y[1], dx[4] = {0};
        x[i] = NAN;
        run("max_pool", "kernel", 4, x, y, dx);
        assert_true(isnan(y[0]));
    }
    for (int i = 0; i < 6; i++) {
        float x[6] = {1, 2, 3, 4, 5, 6}, y[2], dx[6] = {0};
        x[i] = NAN;
        run("max_pool", "kernel", 6, x, y, dx);
        assert_true(isnan(y[0]) == (i % 3 < 2) && isnan(y[1]) == (i % 3 > 0));
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        struct op_case c;
        const char *word;
    } refusals[] = {
        {{.op = "max_pool", .name = "no plane", .attrs = "kernel=2 2", .shapes = "2 3", .out = ""},
         "spatial"},
        {{.op = "max_pool", .name = "no kernel", .shapes = "1 1 4 4", .out = ""}, "kernel 0"},
        {{.op = "max_pool",
          .name = "too large",
          .attrs = "kernel=5 5",
          .shapes = "1 1 4 4",
          .out = ""},
         "does not fit"},
        {{.op = "max_pool",
          .name = "pad",
          .attrs = "kernel=2 2;pad=2 0 0 0",
          .shapes = "1 1 4 4",
          .out = ""},
         "lies outside"},
        {{.op = "average_pool",
          .name = "dilated past it all",
          .attrs = "kernel=2;dilation=3;pad=2 2",
          .shapes = "1 1 2",
          .out = ""},
         "lies outside"},
        {{.op = "max_pool",
          .name = "order",
          .attrs = "kernel=2 2;storage_order=1",
          .shapes = "1 1 4 4",
          .out = ""},
         "storage_order"},
        {{.op = "average_pool",
          .name = "four axes",
          .attrs = "kernel=1",
          .shapes = "1 1 2 2 2 2",
          .out = ""},
         "4 spatial"},
        {{.op = "average_pool",
          .name = "stride",
          .attrs = "kernel=2 2;stride=0 1",
          .shapes = "1 1 4 4",
          .out = ""},
         "stride 0"},
        {{.op = "average_pool",
          .name = "list",
          .attrs = "kernel=2 2 2",
          .shapes = "1 1 4 4",
          .out = ""},
         "kernel has 3"},
        {{.op = "max_pool",
          .name = "larger than any number",
          .attrs = "kernel=2000000000;pad=1999999999",
          .shapes = "0 1 1 1 1",
          .out = ""},
         "planes of"},
        {{.op = "global_average_pool", .name = "empty", .shapes = "1 1 0 4", .out = ""}, "no mean"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        op_check_refusal(&refusals[i].c, refusals[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_window_of_max_pool_agrees),
        cmocka_unit_test(every_window_of_average_pool_agrees),
        cmocka_unit_test(average_pool_counts_pads_when_told_to),
        cmocka_unit_test(global_average_pool_agrees),
        cmocka_unit_test(the_first_of_equals_gets_the_gradient),
        cmocka_unit_test(a_not_a_number_is_the_largest),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
