/* test_rt_concat.c - concat, split and slice, element by element. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "op_attr.h"

static uint32_t axis_of(const struct op_case *c, int64_t def)
{
    return (uint32_t)rt_axis(op_integer(c, "axis", 0, def), c->in_shape->ndim);
}

static void concat_oracle(const struct op_case *c, const double *const *in, double *out)
{
    const uint32_t axis = axis_of(c, 1);
    int64_t o[RT_RANK] = {0}, at[RT_RANK];
    do {
        uint32_t part = 0;
        for (uint32_t i = 0; i < c->out_shape->ndim; i++)
            at[i] = o[i];
        for (; at[axis] >= c->in_shape[part].dim[axis]; part++)
            at[axis] -= c->in_shape[part].dim[axis];
        *out++ = in[part][op_at(&c->in_shape[part], at)];
    } while (op_next(c->out_shape, o));
}

static void concat_puts_each_input_behind_the_one_before(void **state)
{
    static const struct op_case cases[] = {
        {.name = "channels", .shapes = "2 3 4 5 | 2 1 4 5 | 2 2 4 5", .out = "2 6 4 5"},
        {.name = "batch", .attrs = "axis=0", .shapes = "1 3 2 | 2 3 2", .out = "3 3 2"},
        {.name = "last", .attrs = "axis=-1", .shapes = "2 3 1 | 2 3 4", .out = "2 3 5"},
        {.name = "one input", .attrs = "axis=2", .shapes = "2 3 4", .out = "2 3 4"},
        {.name = "one axis", .attrs = "axis=0", .shapes = "3 | 1 | 2", .out = "6"},
        {.name = "an empty one", .shapes = "2 2 3 | 2 0 3 | 2 1 3", .out = "2 3 3"},
        {.name = "rows", .attrs = "axis=-2", .shapes = "1 2 3 4 | 1 2 2 4", .out = "1 2 5 4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct op_case c = cases[i];
        c.op = "concat";
        c.oracle = concat_oracle;
        op_check(&c);
    }
}

static void split_oracle(const struct op_case *c, const double *const *in, double *out)
{
    const uint32_t axis = axis_of(c, 0);
    const int64_t index = op_integer(c, "index", 0, 0), parts = op_integer(c, "parts", 0, 1);
    const struct rt_attr *sizes = op_attr(c, "sizes");
    int64_t o[RT_RANK] = {0}, at[RT_RANK], first = 0;
    if (!sizes->count && c->in_count < 2)
        first = index * ((c->in_shape->dim[axis] + parts - 1) / parts);
    for (int64_t i = 0; (sizes->count || c->in_count > 1) && i < index; i++)
        first += sizes->count ? sizes->ints[i] : 2; /* the case with a slot has parts of 2 */
    do {
        for (uint32_t i = 0; i < c->out_shape->ndim; i++)
            at[i] = o[i] + (i == axis ? first : 0);
        *out++ = in[0][op_at(c->in_shape, at)];
    } while (op_next(c->out_shape, o));
}

static void split_gives_the_part_asked_for(void **state)
{
    static const struct op_case cases[] = {
        {.name = "sizes", .attrs = "axis=1;sizes=1 3 2;index=1", .shapes = "2 6 3", .out = "2 3 3"},
        {.name = "the first",
         .attrs = "axis=1;sizes=1 3 2;index=0",
         .shapes = "2 6 3",
         .out = "2 1 3"},
        {.name = "the last",
         .attrs = "axis=-2;sizes=1 3 2;index=2",
         .shapes = "2 6 3",
         .out = "2 2 3"},
        {.name = "equal parts", .attrs = "parts=3;index=2", .shapes = "6 2", .out = "2 2"},
        {.name = "a shorter last part", .attrs = "parts=3;index=2", .shapes = "7 2", .out = "1 2"},
        {.name = "before it", .attrs = "parts=3;index=1", .shapes = "7 2", .out = "3 2"},
        {.name = "sizes in the slot",
         .attrs = "axis=3;index=1",
         .shapes = "2 2 2 5 | i:2 2 1",
         .out = "2 2 2 2"},
        {.name = "one axis", .attrs = "sizes=2 3;index=1", .shapes = "5", .out = "3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct op_case c = cases[i];
        c.op = "split";
        c.oracle = split_oracle;
        op_check(&c);
    }
}

/* Walks along one axis as Python's slices do, a step at a time, and notes the places. */
static int64_t places(int64_t start, int64_t end, int64_t step, int64_t n, int64_t *to)
{
    int64_t count = 0;
    if (start < 0)
        start = start + n < 0 ? 0 : start + n;
    else if (start >= n)
        start = step < 0 ? n - 1 : n;
    if (end < 0)
        end = end + n < 0 ? -1 : end + n;
    for (int64_t i = start; i >= 0 && i < n && (step > 0 ? i < end : i > end); i += step)
        to[count++] = i;
    return count;
}

static void slice_oracle(const struct op_case *c, const double *const *in, double *out)
{
    int64_t from[RT_RANK][64], o[RT_RANK] = {0}, at[RT_RANK];
    for (uint32_t i = 0; i < c->in_shape->ndim; i++)
        places(0, 1000, 1, c->in_shape->dim[i], from[i]);
    for (uint32_t i = 0; i < op_attr(c, "starts")->count; i++) {
        const struct rt_attr *axes = op_attr(c, "axes"), *steps = op_attr(c, "steps");
        const int axis = rt_axis(axes->count ? axes->ints[i] : i, c->in_shape->ndim);
        const int64_t n =
            places(op_integer(c, "starts", i, 0), op_integer(c, "ends", i, 0),
                   steps->count ? steps->ints[i] : 1, c->in_shape->dim[axis], from[axis]);
        assert_int_equal(n, c->out_shape->dim[axis]);
    }
    do {
        for (uint32_t i = 0; i < c->out_shape->ndim; i++)
            at[i] = from[i][o[i]];
        *out++ = in[0][op_at(c->in_shape, at)];
    } while (op_next(c->out_shape, o));
}

static void slice_takes_what_python_takes(void **state)
{
    static const struct op_case cases[] = {
        {.name = "channels", .attrs = "starts=1;ends=3;axes=1", .shapes = "2 4 3", .out = "2 2 3"},
        {.name = "without axes", .attrs = "starts=0 1;ends=1 9", .shapes = "2 4 3", .out = "1 3 3"},
        {.name = "steps",
         .attrs = "starts=1 0;ends=6 5;axes=2 0;steps=2 3",
         .shapes = "5 2 7",
         .out = "2 2 3"},
        {.name = "backwards",
         .attrs = "starts=-1 3;ends=-99 0;axes=0 1;steps=-1 -2",
         .shapes = "4 5 2",
         .out = "4 2 2"},
        {.name = "from the end",
         .attrs = "starts=-3;ends=-1;axes=-1",
         .shapes = "2 5",
         .out = "2 2"},
        {.name = "beyond", .attrs = "starts=-99;ends=99;axes=0", .shapes = "3 2", .out = "3 2"},
        {.name = "far beyond, backwards",
         .attrs = "starts=99;ends=-99;axes=1;steps=-3",
         .shapes = "2 8",
         .out = "2 3"},
        {.name = "far beyond, by a large step",
         .attrs = "starts=0;ends=9000000000000000000;axes=1;steps=9000000000000000000",
         .shapes = "2 8",
         .out = "2 1"},
        {.name = "one axis", .attrs = "starts=2;ends=5", .shapes = "6", .out = "3"},
        {.name = "all", .attrs = "starts=0 0;ends=2 3", .shapes = "2 3", .out = "2 3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct op_case c = cases[i];
        c.op = "slice";
        c.oracle = slice_oracle;
        op_check(&c);
    }
}

static void even_oracle(const struct op_case *c, const double *const *in, double *out)
{
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = in[0][2 * i];
}

static void slice_takes_its_lists_from_slots_too(void **state)
{
    (void)state;
    op_check(&(struct op_case){.name = "slots",
                               .op = "slice",
                               .shapes = "3 6 | i:0 | i:99 | i:1 | i:2",
                               .out = "3 3",
                               .oracle = even_oracle});
    op_check(&(struct op_case){.name = "no axes",
                               .op = "slice",
                               .shapes = "6 | i:0 | i:6 | - | i:2",
                               .out = "3",
                               .oracle = even_oracle});
}

static void split_loses_the_channels_that_are_cut(void **state)
{
    const uint8_t keep[] = {1, 0, 0, 1, 1, 1}, first[] = {1, 0}, last[] = {0, 1, 1, 1},
                  half[] = {1, 1, 1};
    const struct rt_shape x = {.ndim = 3, .dim = {2, 6, 4}};
    struct rt_graph *g = op_node("split");
    (void)state;
    assert_true(rt_set_int(&g->nodes[0], "axis", 1) &&
                rt_set_ints(&g->nodes[0], "sizes", 2, (const int64_t[]){2, 4}));
    op_cut(g, x, keep, first, "2 x 1 x 4");
    g = op_node("split");
    assert_true(rt_set_int(&g->nodes[0], "axis", 1) && rt_set_int(&g->nodes[0], "index", 1) &&
                rt_set_ints(&g->nodes[0], "sizes", 2, (const int64_t[]){2, 4}));
    op_cut(g, x, keep, last, "2 x 3 x 4");
    g = op_node("split");
    assert_true(rt_set_int(&g->nodes[0], "axis", -2) && rt_set_int(&g->nodes[0], "index", 1) &&
                rt_set_int(&g->nodes[0], "parts", 2));
    op_cut(g, x, keep, half, "2 x 3 x 4");
    g = op_node("split");
    assert_true(rt_set_int(&g->nodes[0], "axis", 2) && rt_set_int(&g->nodes[0], "parts", 2));
    op_cut(g, x, keep, keep, "2 x 4 x 2");
}

static void slice_loses_the_channels_that_are_cut(void **state)
{
    const uint8_t keep[] = {0, 1, 0, 1, 1, 0}, middle[] = {1, 0, 1};
    const struct rt_shape x = {.ndim = 3, .dim = {2, 6, 4}};
    struct rt_graph *g = op_node("slice");
    (void)state;
    assert_true(rt_set_int(&g->nodes[0], "starts", 1) && rt_set_int(&g->nodes[0], "ends", 4) &&
                rt_set_int(&g->nodes[0], "axes", 1));
    op_cut(g, x, keep, middle, "2 x 2 x 4");
    g = op_node("slice");
    assert_true(rt_set_ints(&g->nodes[0], "starts", 2, (const int64_t[]){-1, -5}) &&
                rt_set_ints(&g->nodes[0], "ends", 2, (const int64_t[]){INT64_MIN, -2}) &&
                rt_set_ints(&g->nodes[0], "axes", 2, (const int64_t[]){2, 1}) &&
                rt_set_ints(&g->nodes[0], "steps", 2, (const int64_t[]){-1, 1}));
    op_cut(g, x, keep, middle, "2 x 2 x 4");
    g = op_node("slice");
    assert_true(rt_set_int(&g->nodes[0], "starts", 0) && rt_set_int(&g->nodes[0], "ends", 1));
    op_cut(g, x, keep, keep, "1 x 3 x 4");
}

static void slice_means_the_same_at_other_sizes_after_a_cut(void **state)
{
    const uint8_t keep[] = {1, 0};
    struct rt_graph *g = op_node("slice");
    struct rt_info wide = {.shape = {.ndim = 3, .dim = {2, 2, 4}}, .dtype = IMP_F32};
    const struct rt_info *in[] = {&wide};
    const uint8_t *kept[] = {keep};
    (void)state;
    assert_true(rt_set_ints(&g->nodes[0], "starts", 2, (const int64_t[]){0, 1}) &&
                rt_set_ints(&g->nodes[0], "ends", 2, (const int64_t[]){2, INT64_MAX}) &&
                rt_set_ints(&g->nodes[0], "axes", 2, (const int64_t[]){1, 2}));
    const struct rt_call call = {
        .node = &g->nodes[0], .in_info = in, .out_info = &wide, .input_count = 1};
    assert_true(g->nodes[0].op->adjust(&g->nodes[0], &call, kept, keep));
    wide.shape = (struct rt_shape){.ndim = 3, .dim = {2, 1, 9}};
    struct rt_infer f = {
        .node = &g->nodes[0], .in = in, .input_count = 1, .out = {.dtype = IMP_F32}};
    assert_int_equal(f.node->op->infer(&f, NULL), IMP_OK);
    assert_true(f.out.shape.dim[1] == 1 && f.out.shape.dim[2] == 8);
    rt_graph_free(g);
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        struct op_case c;
        const char *word;
    } refusals[] = {
        {{.op = "concat", .name = "side", .shapes = "2 3 4 | 2 3 5", .out = ""},
         "input 2 is 2 x 3 x 5"},
        {{.op = "concat", .name = "rank", .shapes = "2 3 4 | 2 3", .out = ""}, "input 2"},
        {{.op = "concat", .name = "axis", .attrs = "axis=3", .shapes = "2 3 4", .out = ""},
         "axis 3"},
        {{.op = "concat", .name = "kinds", .attrs = "axis=0", .shapes = "2 | i:1", .out = ""},
         "cast"},
        {{.op = "split", .name = "sum", .attrs = "sizes=1 2", .shapes = "4", .out = ""},
         "add up to 3"},
        {{.op = "split", .name = "size", .attrs = "sizes=-1 5", .shapes = "4", .out = ""},
         "part 0"},
        {{.op = "split", .name = "index", .attrs = "sizes=1 3;index=2", .shapes = "4", .out = ""},
         "part 2"},
        {{.op = "split", .name = "parts", .attrs = "parts=0", .shapes = "4", .out = ""}, "0 parts"},
        {{.op = "split", .name = "axis", .attrs = "axis=1", .shapes = "4", .out = ""}, "axis 1"},
        {{.op = "split", .name = "not known", .shapes = "4 | 2", .out = ""}, "must be a constant"},
        {{.op = "slice", .name = "lists", .attrs = "starts=1;ends=2 3", .shapes = "4 4", .out = ""},
         "2 ends"},
        {{.op = "slice", .name = "none", .shapes = "4 4", .out = ""}, "0 starts"},
        {{.op = "slice",
          .name = "step",
          .attrs = "starts=1;ends=2;steps=0",
          .shapes = "4",
          .out = ""},
         "step of 0"},
        {{.op = "slice",
          .name = "axis",
          .attrs = "starts=1;ends=2;axes=2",
          .shapes = "4 4",
          .out = ""},
         "axis 2"},
        {{.op = "slice",
          .name = "twice",
          .attrs = "starts=1 1;ends=2 2;axes=1 -1",
          .shapes = "4 4",
          .out = ""},
         "named twice"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        op_check_refusal(&refusals[i].c, refusals[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(concat_puts_each_input_behind_the_one_before),
        cmocka_unit_test(split_gives_the_part_asked_for),
        cmocka_unit_test(slice_takes_what_python_takes),
        cmocka_unit_test(slice_takes_its_lists_from_slots_too),
        cmocka_unit_test(split_loses_the_channels_that_are_cut),
        cmocka_unit_test(slice_loses_the_channels_that_are_cut),
        cmocka_unit_test(slice_means_the_same_at_other_sizes_after_a_cut),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
