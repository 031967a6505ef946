/* test_rt_shape.c - shape, constant_of_shape, cast, gather; and chains of them that planning binds.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <run.h>
#include "op_attr.h"

static void copy(const struct op_case *c, const double *const *in, double *out)
{
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = in[0][i];
}

static void gather_oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_attr *index = op_attr(c, "indices");
    const uint32_t axis = (uint32_t)rt_axis(op_integer(c, "axis", 0, 0), c->in_shape->ndim);
    int64_t o[RT_RANK] = {0}, at[RT_RANK];
    do {
        for (uint32_t i = 0; i < c->in_shape->ndim; i++)
            at[i] = o[i];
        const int64_t i = index->ints[o[axis]];
        at[axis] = i < 0 ? i + c->in_shape->dim[axis] : i;
        *out++ = in[0][op_at(c->in_shape, at)];
    } while (op_next(c->out_shape, o));
}

static void gather_picks_and_sums_what_was_picked_twice(void **state)
{
    static const struct op_case cases[] = {
        {.name = "rows", .attrs = "indices=2 0 2 1", .shapes = "3 4", .out = "4 4"},
        {.name = "columns", .attrs = "axis=1;indices=-1 0 1", .shapes = "3 4", .out = "3 3"},
        {.name = "channels", .attrs = "axis=1;indices=1 1", .shapes = "2 3 2 2", .out = "2 2 2 2"},
        {.name = "last", .attrs = "axis=-1;indices=0 2 4", .shapes = "2 3 5", .out = "2 3 3"},
        {.name = "one axis", .attrs = "indices=4 4 -5", .shapes = "5", .out = "3"},
        {.name = "more than there are",
         .attrs = "axis=1;indices=0 0 0 1 1 0",
         .shapes = "2 2",
         .out = "2 6"},
        {.name = "long rows", .attrs = "indices=1 0 1", .shapes = "2 90", .out = "3 90"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct op_case c = cases[i];
        c.op = "gather";
        c.oracle = gather_oracle;
        op_check(&c);
    }
}

static void rows_by_slot(const struct op_case *c, const double *const *in, double *out)
{
    static const int rows[] = {1, 0, 1};
    (void)c;
    for (int i = 0; i < 9; i++)
        out[i] = in[0][rows[i / 3] * 3 + i % 3];
}

static void gather_takes_indices_from_its_slot(void **state)
{
    (void)state;
    op_check(&(struct op_case){.name = "slot",
                               .op = "gather",
                               .shapes = "2 3 | i:1 -2 1",
                               .out = "3 3",
                               .oracle = rows_by_slot});
}

static void floats_cast_to_floats_are_the_same(void **state)
{
    static const char *const types[] = {"to=1", "to=10", "to=11"};
    (void)state;
    for (int i = 0; i < 3; i++)
        op_check(&(struct op_case){.name = types[i],
                                   .op = "cast",
                                   .attrs = types[i],
                                   .shapes = "2 3",
                                   .out = "2 3",
                                   .oracle = copy});
}

static void twelve(const struct op_case *c, const double *const *in, double *out)
{
    (void)in;
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = op_number(c, "value", 0, 0);
}

static void constant_of_shape_is_one_value_everywhere(void **state)
{
    (void)state;
    op_check(&(struct op_case){.name = "attribute",
                               .op = "constant_of_shape",
                               .attrs = "shape=2 3;value=12.5",
                               .shapes = "-",
                               .out = "2 3",
                               .oracle = twelve});
    op_check(&(struct op_case){.name = "slot",
                               .op = "constant_of_shape",
                               .attrs = "type=f32",
                               .shapes = "i:2 3 4",
                               .out = "2 3 4",
                               .oracle = twelve});
    op_check(&(struct op_case){.name = "large",
                               .op = "constant_of_shape",
                               .attrs = "value=-1;shape=70 70",
                               .shapes = "-",
                               .out = "70 70",
                               .oracle = twelve});
}

/* ---- what is known ---- */

/* Runs infer with given inputs and answers what it knows; NULL: it refused. */
struct bed {
    struct rt_graph *g;
    struct rt_node *node;
    struct rt_info info[4], out;
    struct rt_tensor *in[4], *known;
    uint32_t count;
};

static void bed_open(struct bed *b, const char *op, uint32_t count)
{
    const int32_t refs[4] = {0};
    *b = (struct bed){.g = rt_graph_new(), .count = count};
    assert_true(rt_graph_add_node(b->g, "n", rt_op_find(op), count, refs) == 0);
    b->node = &b->g->nodes[0];
}

static void bed_ints(struct bed *b, uint32_t slot, struct rt_shape shape, const int64_t *v)
{
    b->in[slot] = rt_tensor_new(IMP_I64, &shape);
    memcpy(b->in[slot]->data, v, (size_t)b->in[slot]->count * sizeof *v);
    b->info[slot] = (struct rt_info){.shape = shape, .dtype = IMP_I64, .known = b->in[slot]};
}

static void bed_floats(struct bed *b, uint32_t slot, struct rt_shape shape, const float *v)
{
    b->in[slot] = rt_tensor_new(IMP_F32, &shape);
    memcpy(b->in[slot]->data, v, (size_t)b->in[slot]->count * sizeof *v);
    b->info[slot] = (struct rt_info){.shape = shape, .dtype = IMP_F32, .known = b->in[slot]};
}

static imp_status bed_infer(struct bed *b)
{
    const struct rt_info *in[4];
    for (uint32_t i = 0; i < 4; i++)
        in[i] = b->info[i].dtype ? &b->info[i] : NULL;
    struct rt_infer f = {.node = b->node,
                         .in = in,
                         .input_count = b->count,
                         .out = {.dtype = in[0] ? in[0]->dtype : (uint32_t)IMP_F32}};
    const imp_status st = b->node->op->infer(&f, NULL);
    b->known = f.known;
    b->out = f.out;
    return st;
}

static void bed_close(struct bed *b)
{
    for (int i = 0; i < 4; i++)
        rt_tensor_release(b->in[i]);
    rt_tensor_release(b->known);
    rt_graph_free(b->g);
}

/* The last of it: what is known, then all is given back. */
static void expect_ints(struct bed *b, uint32_t ndim, int64_t count, const int64_t *want)
{
    assert_int_equal(bed_infer(b), IMP_OK);
    assert_non_null(b->known);
    assert_int_equal(b->known->dtype, IMP_I64);
    assert_int_equal(b->out.dtype, IMP_I64);
    assert_int_equal(b->out.shape.ndim, ndim);
    assert_true(rt_same_shape(&b->known->shape, &b->out.shape));
    assert_int_equal(b->known->count, count);
    for (int64_t i = 0; i < count; i++)
        assert_true(rt_integers(b->known)[i] == want[i]);
    bed_close(b);
}

static const struct rt_shape vector3 = {.ndim = 1, .dim = {3}}, scalar = {.ndim = 0};

static void shape_tells_the_axes_asked_for(void **state)
{
    static const struct {
        const char *key1, *key2;
        int64_t start, end, count, want[4];
    } cases[] = {
        {NULL, NULL, 0, 0, 4, {2, 3, 5, 7}},        {"start", NULL, 1, 0, 3, {3, 5, 7}},
        {"start", "end", 1, 3, 2, {3, 5}},          {"start", "end", -3, -1, 2, {3, 5}},
        {"start", "end", -99, 99, 4, {2, 3, 5, 7}}, {"start", "end", 3, 1, 0, {0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bed b;
        bed_open(&b, "shape", 1);
        b.info[0] = (struct rt_info){.shape = {.ndim = 4, .dim = {2, 3, 5, 7}}, .dtype = IMP_F32};
        assert_true(!cases[i].key1 || rt_set_int(b.node, cases[i].key1, cases[i].start));
        assert_true(!cases[i].key2 || rt_set_int(b.node, cases[i].key2, cases[i].end));
        expect_ints(&b, 1, cases[i].count, cases[i].want);
    }
}

static void integers_go_through_what_moves_them(void **state)
{
    const int64_t v[] = {10, 20, 30}, one[] = {1}, big[] = {INT64_MIN, 5, INT64_MAX};
    struct bed b;
    (void)state;
    bed_open(&b, "gather", 2);
    bed_ints(&b, 0, vector3, v);
    bed_ints(&b, 1, scalar, one);
    expect_ints(&b, 0, 1, (const int64_t[]){20});
    bed_open(&b, "gather", 2);
    bed_ints(&b, 0, vector3, v);
    bed_ints(&b, 1, (struct rt_shape){.ndim = 2, .dim = {1, 2}}, (const int64_t[]){-1, 0});
    expect_ints(&b, 2, 2, (const int64_t[]){30, 10});
    bed_open(&b, "unsqueeze", 1);
    bed_ints(&b, 0, scalar, one);
    assert_true(rt_set_int(b.node, "axes", 0));
    expect_ints(&b, 1, 1, one);
    bed_open(&b, "concat", 2);
    bed_ints(&b, 0, vector3, v);
    bed_ints(&b, 1, (struct rt_shape){.ndim = 1, .dim = {1}}, one);
    assert_true(rt_set_int(b.node, "axis", 0));
    expect_ints(&b, 1, 4, (const int64_t[]){10, 20, 30, 1});
    bed_open(&b, "slice", 1);
    bed_ints(&b, 0, vector3, v);
    assert_true(rt_set_int(b.node, "starts", -1) && rt_set_int(b.node, "ends", INT64_MIN) &&
                rt_set_int(b.node, "steps", -2));
    expect_ints(&b, 1, 2, (const int64_t[]){30, 10});
    bed_open(&b, "transpose", 1);
    bed_ints(&b, 0, (struct rt_shape){.ndim = 2, .dim = {3, 2}},
             (const int64_t[]){1, 2, 3, 4, 5, 6});
    expect_ints(&b, 2, 6, (const int64_t[]){1, 3, 5, 2, 4, 6});
    bed_open(&b, "split", 1);
    bed_ints(&b, 0, vector3, v);
    assert_true(rt_set_ints(b.node, "sizes", 2, (const int64_t[]){1, 2}) &&
                rt_set_int(b.node, "index", 1));
    expect_ints(&b, 1, 2, v + 1);
    bed_open(&b, "cast", 1);
    bed_ints(&b, 0, vector3, big);
    assert_true(rt_set_int(b.node, "to", 7));
    expect_ints(&b, 1, 3, big);
    bed_open(&b, "constant_of_shape", 1);
    bed_ints(&b, 0, (struct rt_shape){.ndim = 1, .dim = {1}}, (const int64_t[]){3});
    assert_true(rt_set_choice(b.node, "type", "i64") && rt_set_float(b.node, "value", -4));
    expect_ints(&b, 1, 3, (const int64_t[]){-4, -4, -4});
}

/* Axes whose product is beyond any number, and no elements. */
static void what_has_no_elements_moves_without_harm(void **state)
{
    static const char *const ops[] = {"gather", "slice", "split", "transpose", "squeeze", "concat"};
    const struct rt_shape hollow = {.ndim = 4, .dim = {0, (int64_t)1 << 40, (int64_t)1 << 40, 2}};
    (void)state;
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        struct bed b;
        bed_open(&b, ops[i], 1);
        bed_ints(&b, 0, hollow, (const int64_t[]){0});
        if (i < 3)
            assert_true(rt_set_int(b.node, i == 1 ? "starts" : "axis", 1));
        if (i == 0)
            assert_true(rt_set_int(b.node, "indices", 7));
        if (i == 1)
            assert_true(rt_set_int(b.node, "ends", 5) && rt_set_int(b.node, "axes", 1));
        if (i == 2)
            assert_true(rt_set_ints(b.node, "sizes", 2,
                                    (const int64_t[]){((int64_t)1 << 40) - 1, 1}) &&
                        rt_set_int(b.node, "index", 1));
        if (i == 3)
            assert_true(rt_set_ints(b.node, "perm", 4, (const int64_t[]){0, 2, 3, 1}));
        assert_int_equal(bed_infer(&b), IMP_OK);
        assert_int_equal(rt_count(&b.out.shape), 0);
        assert_int_equal(b.known->count, 0);
        bed_close(&b);
    }
}

static void known_floats_are_cast_towards_zero(void **state)
{
    const float v[] = {2.9f, -2.9f, 0.0f};
    struct bed b;
    (void)state;
    bed_open(&b, "cast", 1);
    bed_floats(&b, 0, vector3, v);
    assert_true(rt_set_int(b.node, "to", 7));
    expect_ints(&b, 1, 3, (const int64_t[]){2, -2, 0});
    bed_open(&b, "cast", 1);
    bed_floats(&b, 0, vector3, v);
    assert_true(rt_set_int(b.node, "to", 9)); /* truth */
    expect_ints(&b, 1, 3, (const int64_t[]){1, 1, 0});
    bed_open(&b, "cast", 1);
    bed_ints(&b, 0, vector3, (const int64_t[]){7, -8, 1 << 20});
    assert_true(rt_set_int(b.node, "to", 1));
    assert_int_equal(bed_infer(&b), IMP_OK);
    assert_int_equal(b.known->dtype, IMP_F32);
    assert_true(rt_floats(b.known)[0] == 7 && rt_floats(b.known)[1] == -8 &&
                rt_floats(b.known)[2] == 1048576);
    bed_close(&b);
}

static void what_no_integer_holds_is_not_cast(void **state)
{
    static const struct {
        float v;
        int64_t to;
    } cases[] = {{NAN, 7}, {INFINITY, 7}, {1e19f, 7}, {-1e19f, 7}, {300, 2},
                 {-1, 12}, {3e9f, 6},     {1, 8},     {1, 99},     {1, -1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bed b;
        bed_open(&b, "cast", 1);
        bed_floats(&b, 0, scalar, &cases[i].v);
        assert_true(rt_set_int(b.node, "to", cases[i].to));
        assert_true(bed_infer(&b) < 0 && !b.known);
        bed_close(&b);
    }
}

/* view(x.size(0), -1) and upsample to x.size() * 2, as exporters write them. */
static void exported_shape_arithmetic_is_bound_while_planning(void **state)
{
    struct rt_graph *g = rt_graph_new();
    struct rt_plan *p = NULL;
    const struct rt_shape given = {.ndim = 4, .dim = {2, 3, 5, 7}};
    struct rt_tensor *zero = rt_tensor_new(IMP_I64, &scalar);
    struct rt_tensor *rest = rt_tensor_new(IMP_I64, &(struct rt_shape){.ndim = 1, .dim = {1}});
    (void)state;
    rt_integers(rest)[0] = -1;
    const int64_t x = rt_graph_add_node(g, "x", rt_op_find("input"), 0, NULL);
    g->nodes[x].declared = (struct rt_shape){.ndim = 4, .dim = {-1, -1, -1, -1}};
    g->nodes[x].flags = IMP_NN_INPUT;
    const int32_t zero_ref = rt_ref_param((uint32_t)rt_graph_add_param(g, "zero", zero, RT_FIXED));
    const int32_t rest_ref = rt_ref_param((uint32_t)rt_graph_add_param(g, "rest", rest, RT_FIXED));
    const int32_t s =
        (int32_t)rt_graph_add_node(g, "s", rt_op_find("shape"), 1, (const int32_t[]){(int32_t)x});
    const int32_t n =
        (int32_t)rt_graph_add_node(g, "n", rt_op_find("gather"), 2, (const int32_t[]){s, zero_ref});
    const int32_t v =
        (int32_t)rt_graph_add_node(g, "v", rt_op_find("unsqueeze"), 1, (const int32_t[]){n});
    assert_true(rt_set_int(&g->nodes[v], "axes", 0));
    const int32_t c =
        (int32_t)rt_graph_add_node(g, "c", rt_op_find("concat"), 2, (const int32_t[]){v, rest_ref});
    assert_true(rt_set_int(&g->nodes[c], "axis", 0));
    const int64_t y =
        rt_graph_add_node(g, "y", rt_op_find("reshape"), 2, (const int32_t[]){(int32_t)x, c});
    assert_true(y > 0 && rt_graph_finish(g, NULL) == IMP_OK);
    assert_int_equal(rt_plan_new(g, 1, &given, &p, NULL), IMP_OK);
    assert_int_equal(p->info[y].shape.ndim, 2);
    assert_true(p->info[y].shape.dim[0] == 2 && p->info[y].shape.dim[1] == 105);
    rt_plan_free(p);
    rt_tensor_release(zero);
    rt_tensor_release(rest);
    rt_graph_free(g);
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        struct op_case c;
        const char *word;
    } refusals[] = {
        {{.op = "gather", .name = "axis", .attrs = "axis=2;indices=0", .shapes = "2 3", .out = ""},
         "axis 2"},
        {{.op = "gather", .name = "index", .attrs = "indices=2", .shapes = "2 3", .out = ""},
         "index 2"},
        {{.op = "gather", .name = "index below", .attrs = "indices=-3", .shapes = "2 3", .out = ""},
         "index -3"},
        {{.op = "gather", .name = "none", .shapes = "2 3", .out = ""}, "no indices"},
        {{.op = "gather", .name = "not known", .shapes = "2 3 | 2", .out = ""},
         "must be a constant"},
        {{.op = "cast", .name = "unknown floats", .attrs = "to=7", .shapes = "2 3", .out = ""},
         "integers"},
        {{.op = "cast", .name = "text", .attrs = "to=8", .shapes = "2 3", .out = ""}, "type 8"},
        {{.op = "constant_of_shape", .name = "none", .shapes = "-", .out = ""}, "needs a shape"},
        {{.op = "constant_of_shape",
          .name = "negative",
          .attrs = "shape=2 -1",
          .shapes = "-",
          .out = ""},
         "not the shape"},
        {{.op = "constant_of_shape",
          .name = "overflow",
          .attrs = "shape=4294967296 4294967296",
          .shapes = "-",
          .out = ""},
         "not the shape"},
        {{.op = "constant_of_shape",
          .name = "integers",
          .attrs = "shape=2048 2048;type=i64",
          .shapes = "-",
          .out = ""},
         "2048 x 2048 integers"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        op_check_refusal(&refusals[i].c, refusals[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gather_picks_and_sums_what_was_picked_twice),
        cmocka_unit_test(gather_takes_indices_from_its_slot),
        cmocka_unit_test(floats_cast_to_floats_are_the_same),
        cmocka_unit_test(constant_of_shape_is_one_value_everywhere),
        cmocka_unit_test(shape_tells_the_axes_asked_for),
        cmocka_unit_test(integers_go_through_what_moves_them),
        cmocka_unit_test(what_has_no_elements_moves_without_harm),
        cmocka_unit_test(known_floats_are_cast_towards_zero),
        cmocka_unit_test(what_no_integer_holds_is_not_cast),
        cmocka_unit_test(exported_shape_arithmetic_is_bound_while_planning),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
