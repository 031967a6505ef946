/* test_rt_transpose.c - axes in another order, element by element, and large enough for tiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "op_attr.h"

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_attr *perm = op_attr(c, "perm");
    int64_t o[RT_RANK] = {0}, at[RT_RANK];
    const uint32_t n = c->in_shape->ndim;
    do {
        for (uint32_t i = 0; i < n; i++)
            at[perm->count ? perm->ints[i] : n - 1 - i] = o[i];
        *out++ = in[0][op_at(c->in_shape, at)];
    } while (op_next(c->out_shape, o));
}

static void every_order_agrees(void **state)
{
    static const struct op_case cases[] = {
        {.name = "reversed", .shapes = "2 3 4", .out = "4 3 2"},
        {.name = "matrix", .attrs = "perm=1 0", .shapes = "3 5", .out = "5 3"},
        {.name = "NCHW to NHWC", .attrs = "perm=0 2 3 1", .shapes = "2 3 4 5", .out = "2 4 5 3"},
        {.name = "NHWC to NCHW", .attrs = "perm=0 3 1 2", .shapes = "2 4 5 3", .out = "2 3 4 5"},
        {.name = "nothing moves", .attrs = "perm=0 1 2", .shapes = "2 3 4", .out = "2 3 4"},
        {.name = "outer axes", .attrs = "perm=1 0 2", .shapes = "3 4 2", .out = "4 3 2"},
        {.name = "six axes",
         .attrs = "perm=0 1 4 2 5 3",
         .shapes = "1 2 2 3 2 3",
         .out = "1 2 2 2 3 3"},
        {.name = "shuffle", .attrs = "perm=0 2 1 3 4", .shapes = "1 2 3 2 2", .out = "1 3 2 2 2"},
        {.name = "axes of one", .attrs = "perm=2 0 3 1", .shapes = "1 4 1 3", .out = "1 1 3 4"},
        {.name = "one axis", .shapes = "7", .out = "7"},
        {.name = "tiles and their rests", .attrs = "perm=1 0", .shapes = "67 35", .out = "35 67"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct op_case c = cases[i];
        c.op = "transpose";
        c.oracle = oracle;
        op_check(&c);
    }
}

/* Large enough to be cut into pieces and tiles; there and back is where it was. */
static void there_and_back_changes_nothing(void **state)
{
    enum { N = 2, C = 37, AREA = 5000, ALL = N * C * AREA };
    const struct rt_op *op = rt_op_find("transpose");
    float *x = malloc(ALL * sizeof *x), *y = malloc(ALL * sizeof *y), *z = malloc(ALL * sizeof *z);
    struct rt_graph *g = rt_graph_new();
    const int32_t ref = 0;
    (void)state;
    assert_true(x && y && z && rt_graph_add_node(g, "n", op, 1, &ref) == 0);
    assert_true(rt_set_ints(&g->nodes[0], "perm", 3, (const int64_t[]){0, 2, 1}));
    for (int i = 0; i < ALL; i++)
        x[i] = (float)i;
    const struct rt_info a = {.shape = {.ndim = 3, .dim = {N, C, AREA}}, .dtype = IMP_F32};
    const struct rt_info b = {.shape = {.ndim = 3, .dim = {N, AREA, C}}, .dtype = IMP_F32};
    const struct rt_info *there[] = {&a}, *back[] = {&b};
    const float *in_x[] = {x}, *in_y[] = {y};
    struct rt_call call = {.node = &g->nodes[0],
                           .in_info = there,
                           .out_info = &b,
                           .input_count = 1,
                           .in = in_x,
                           .out = y};
    assert_int_equal(op->forward(&call), IMP_OK);
    for (int n = 0; n < N; n++)
        for (int c = 0; c < C; c++)
            for (int i = 0; i < AREA; i++)
                if (y[(n * AREA + i) * C + c] != x[(n * C + c) * AREA + i])
                    fail_msg("element %d of channel %d", i, c);
    call.in_info = back;
    call.out_info = &a;
    call.in = in_y;
    call.out = z;
    assert_int_equal(op->forward(&call), IMP_OK);
    assert_memory_equal(x, z, ALL * sizeof *x);
    rt_graph_free(g);
    free(x);
    free(y);
    free(z);
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        struct op_case c;
        const char *word;
    } refusals[] = {
        {{.op = "transpose", .name = "short", .attrs = "perm=0 1", .shapes = "2 3 4", .out = ""},
         "2 axes"},
        {{.op = "transpose", .name = "twice", .attrs = "perm=0 1 1", .shapes = "2 3 4", .out = ""},
         "once"},
        {{.op = "transpose", .name = "far", .attrs = "perm=0 1 3", .shapes = "2 3 4", .out = ""},
         "not 3"},
        {{.op = "transpose",
          .name = "negative",
          .attrs = "perm=0 -1 1",
          .shapes = "2 3 4",
          .out = ""},
         "not -1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        op_check_refusal(&refusals[i].c, refusals[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_order_agrees),
        cmocka_unit_test(there_and_back_changes_nothing),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
