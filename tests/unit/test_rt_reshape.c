/* test_rt_reshape.c - reshape, flatten, squeeze, unsqueeze: the shapes they give, elements as they
 * were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "op_attr.h"

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = in[0][i];
}

static void check_all(const char *op, const struct op_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct op_case c = cases[i];
        c.op = op;
        c.oracle = oracle;
        op_check(&c);
    }
}

static void reshape_fills_in_0_and_minus_1(void **state)
{
    static const struct op_case cases[] = {
        {.name = "plain", .attrs = "shape=3 8", .shapes = "2 3 4", .out = "3 8"},
        {.name = "-1", .attrs = "shape=2 -1", .shapes = "2 3 4", .out = "2 12"},
        {.name = "0", .attrs = "shape=0 0 2 2", .shapes = "2 3 4", .out = "2 3 2 2"},
        {.name = "0 and -1", .attrs = "shape=0 -1", .shapes = "2 3 4", .out = "2 12"},
        {.name = "by the slot", .shapes = "2 3 4 | i:-1 6", .out = "4 6"},
        {.name = "to a scalar", .shapes = "1 1 | i:", .out = ""},
        {.name = "0 is 0", .attrs = "shape=3 0 4;allow_zero=1", .shapes = "2 0 5", .out = "3 0 4"},
        {.name = "0 elements", .attrs = "shape=0 -1 5", .shapes = "2 0 5", .out = "2 0 5"},
        {.name = "one axis", .attrs = "shape=-1", .shapes = "2 3 4", .out = "24"},
    };
    (void)state;
    check_all("reshape", cases, sizeof cases / sizeof cases[0]);
}

static void flatten_gives_two_axes(void **state)
{
    static const struct op_case cases[] = {
        {.name = "before the channels", .shapes = "2 3 4 5", .out = "2 60"},
        {.name = "axis 0", .attrs = "axis=0", .shapes = "2 3 4", .out = "1 24"},
        {.name = "axis 3", .attrs = "axis=3", .shapes = "2 3 4", .out = "24 1"},
        {.name = "axis -1", .attrs = "axis=-1", .shapes = "2 3 4", .out = "6 4"},
        {.name = "axis -3", .attrs = "axis=-3", .shapes = "2 3 4", .out = "1 24"},
        {.name = "one axis", .shapes = "5", .out = "5 1"},
    };
    (void)state;
    check_all("flatten", cases, sizeof cases / sizeof cases[0]);
}

static void axes_of_one_come_and_go(void **state)
{
    static const struct op_case squeezed[] = {
        {.name = "all", .shapes = "1 3 1 4 1", .out = "3 4"},
        {.name = "one", .attrs = "axes=2", .shapes = "1 3 1 4", .out = "1 3 4"},
        {.name = "from the end", .attrs = "axes=-1 0", .shapes = "1 3 1", .out = "3"},
        {.name = "by the slot", .shapes = "1 3 1 | i:0", .out = "3 1"},
        {.name = "an empty list", .shapes = "1 3 1 | i:", .out = "1 3 1"},
        {.name = "to a scalar", .shapes = "1 1", .out = ""},
    };
    static const struct op_case unsqueezed[] = {
        {.name = "in front", .attrs = "axes=0", .shapes = "3 4", .out = "1 3 4"},
        {.name = "behind", .attrs = "axes=-1", .shapes = "3 4", .out = "3 4 1"},
        {.name = "between, out of order",
         .attrs = "axes=4 1 3",
         .shapes = "3 4",
         .out = "3 1 4 1 1"},
        {.name = "by the slot", .shapes = "3 | i:0 2", .out = "1 3 1"},
        {.name = "none", .shapes = "3 | i:", .out = "3"},
    };
    (void)state;
    check_all("squeeze", squeezed, sizeof squeezed / sizeof squeezed[0]);
    check_all("unsqueeze", unsqueezed, sizeof unsqueezed / sizeof unsqueezed[0]);
}

static void a_shape_that_names_the_channels_loses_those_that_are_cut(void **state)
{
    const uint8_t in[] = {1, 0, 1}, out[] = {1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1};
    const struct rt_shape x = {.ndim = 4, .dim = {2, 3, 2, 2}};
    struct rt_graph *g = op_node("reshape");
    (void)state;
    assert_true(rt_set_ints(&g->nodes[0], "shape", 2, (const int64_t[]){2, 12}));
    op_cut(g, x, in, out, "2 x 8");
    g = op_node("reshape");
    assert_true(rt_set_ints(&g->nodes[0], "shape", 2, (const int64_t[]){0, -1}));
    op_cut(g, x, in, out, "2 x 8");
    g = op_node("reshape");
    assert_true(rt_set_ints(&g->nodes[0], "shape", 3, (const int64_t[]){-1, 3, 4}));
    op_cut(g, x, in, in, "2 x 2 x 4");
    g = op_node("reshape");
    assert_true(rt_set_ints(&g->nodes[0], "shape", 2, (const int64_t[]){2, 12}));
    op_cut(g, x, NULL, NULL, "2 x 12");
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        struct op_case c;
        const char *word;
    } refusals[] = {
        {{.op = "reshape", .name = "none", .shapes = "2 3", .out = ""}, "no shape"},
        {{.op = "reshape", .name = "count", .attrs = "shape=4 2", .shapes = "2 3", .out = ""},
         "2 x 3 cannot be seen as 4 x 2"},
        {{.op = "reshape", .name = "rest", .attrs = "shape=4 -1", .shapes = "2 3", .out = ""},
         "cannot be seen"},
        {{.op = "reshape", .name = "two open", .attrs = "shape=-1 -1", .shapes = "2 3", .out = ""},
         "one may"},
        {{.op = "reshape", .name = "negative", .attrs = "shape=-3 -2", .shapes = "2 3", .out = ""},
         "-3"},
        {{.op = "reshape", .name = "0 beyond", .attrs = "shape=2 3 0", .shapes = "2 3", .out = ""},
         "place 2"},
        {{.op = "reshape",
          .name = "anything",
          .attrs = "shape=0 -1;allow_zero=1",
          .shapes = "2 0",
          .out = ""},
         "could be anything"},
        {{.op = "reshape",
          .name = "overflow",
          .attrs = "shape=4294967296 4294967296 4294967296",
          .shapes = "2 0",
          .out = ""},
         "cannot be seen"},
        {{.op = "reshape",
          .name = "rank",
          .attrs = "shape=1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
          .shapes = "1",
          .out = ""},
         "17 axes"},
        {{.op = "reshape", .name = "not known", .shapes = "2 3 | 2", .out = ""},
         "must be a constant"},
        {{.op = "flatten", .name = "axis", .attrs = "axis=4", .shapes = "2 3 4", .out = ""},
         "axis 4"},
        {{.op = "squeeze", .name = "not 1", .attrs = "axes=1", .shapes = "1 3", .out = ""},
         "axis 1 has 3"},
        {{.op = "squeeze", .name = "twice", .attrs = "axes=0 -2", .shapes = "1 3", .out = ""},
         "twice"},
        {{.op = "unsqueeze", .name = "none", .shapes = "1 3", .out = ""}, "say which"},
        {{.op = "unsqueeze", .name = "axis", .attrs = "axes=3", .shapes = "1 3", .out = ""},
         "axis 3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        op_check_refusal(&refusals[i].c, refusals[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reshape_fills_in_0_and_minus_1),
        cmocka_unit_test(flatten_gives_two_axes),
        cmocka_unit_test(axes_of_one_come_and_go),
        cmocka_unit_test(a_shape_that_names_the_channels_loses_those_that_are_cut),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
