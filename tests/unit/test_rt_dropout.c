/* test_rt_dropout.c - dropout, and the values that come from elsewhere: constant, identity, input.
 */
#include <impasto/kit.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_attr.h"
#include "op_fold.h"

/* The harness calls with random = 42. */
static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const double ratio = op_number(c, "ratio", 0, 0.5);
    for (int64_t i = 0; i < rt_count(c->out_shape); i++) {
        const uint64_t bits = kit_random(42, 0, (uint64_t)i / 2);
        const double chance = (double)(i % 2 ? bits >> 32 : bits & UINT32_MAX) / 4294967296.0;
        const double factor = chance < ratio ? 0 : 1 / (1 - ratio);
        out[i] = in[0][i] * (c->training ? factor : 1);
    }
}

static void dropout_agrees(void **state)
{
    static const struct {
        const char *shapes, *attrs;
    } rows[] = {{"", NULL},
                {"1", "ratio=0"},
                {"3 5", NULL},
                {"2 3 4 5", "ratio=0.2"},
                {"7 11", "ratio=0.9"},
                {"1 2 1 3 1 2", NULL}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (uint32_t training = 0; training < 2; training++)
            op_check(&(struct op_case){.op = "dropout",
                                       .name = rows[i].shapes,
                                       .shapes = rows[i].shapes,
                                       .attrs = rows[i].attrs,
                                       .out = rows[i].shapes,
                                       .oracle = oracle,
                                       .training = training});
}

struct bed {
    struct rt_graph *graph;
    struct rt_info x, number;
    const struct rt_info *slots[2];
    struct rt_tensor *ratio;
    struct rt_call call;
};

static void bed_init(struct bed *b, int64_t n, float ratio)
{
    const int32_t refs[2] = {0};
    *b = (struct bed){.graph = rt_graph_new(), .ratio = op_floats(1, &ratio)};
    rt_graph_add_node(b->graph, "node", rt_op_find("dropout"), 2, refs);
    b->x = (struct rt_info){.shape = {.ndim = 1, .dim = {n}}, .dtype = IMP_F32};
    b->number = (struct rt_info){.dtype = IMP_F32, .known = b->ratio};
    b->slots[0] = &b->x;
    b->slots[1] = &b->number;
    b->call = (struct rt_call){.node = &b->graph->nodes[0],
                               .in_info = b->slots,
                               .training = 1,
                               .out_info = &b->x,
                               .input_count = 2};
}

static void bed_fini(struct bed *b)
{
    rt_graph_free(b->graph);
    rt_tensor_release(b->ratio);
}

static void the_share_that_stays_is_as_asked(void **state)
{
    enum { N = 40000 };
    static float x[N], y[N], again[N], in_place[N];
    const float *in[] = {x, NULL};
    struct bed b;
    int kept = 0;
    (void)state;
    for (int i = 0; i < N; i++)
        x[i] = in_place[i] = 1;
    bed_init(&b, N, 0.3f);
    b.call.in = in, b.call.out = y, b.call.random = 7;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    for (int i = 0; i < N; i++) {
        assert_true(y[i] == 0 || fabsf(y[i] - 1 / 0.7f) < 1e-5f);
        kept += y[i] > 0;
    }
    assert_true(abs(kept - (int)(0.7 * N)) < 400); /* 4.4 deviations */
    b.call.out = again;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_memory_equal(y, again, sizeof y);
    b.call.random = 8;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_memory_not_equal(y, again, sizeof y);
    b.call.random = 7, in[0] = b.call.out = in_place;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_memory_equal(y, in_place, sizeof y);
    bed_fini(&b);
}

static void a_ratio_of_one_drops_everything(void **state)
{
    const float x[] = {1, 2, 3}, zero[3] = {0}, *in[] = {x, NULL};
    float y[3];
    struct bed b;
    (void)state;
    bed_init(&b, 3, 1);
    b.call.in = in, b.call.out = y;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_memory_equal(y, zero, sizeof y);
    bed_fini(&b);
}

static void the_mask_is_that_of_inference(void **state)
{
    const float x[] = {1, 2, 3}, *in[] = {x, NULL};
    float y[3];
    struct bed b;
    (void)state;
    bed_init(&b, 3, 0.5f);
    rt_set_int(&b.graph->nodes[0], "result", 1);
    b.call.in = in, b.call.out = y;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_true(y[0] == 1 && y[1] == 1 && y[2] == 1);
    bed_fini(&b);
}

/* ---- constant, identity, input ---- */

static void same(const struct op_case *c, const double *const *in, double *out)
{
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = in[0][i];
}

static void constant_and_identity_hand_on(void **state)
{
    static const char *const shapes[] = {"", "5", "2 3", "2 0", "1 2 3 1 2 1"};
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        struct op_case c = {.op = "constant",
                            .name = shapes[i],
                            .shapes = shapes[i],
                            .out = shapes[i],
                            .oracle = same};
        op_check(&c);
        c.op = "identity";
        op_check(&c);
    }
}

static void known_contents_are_handed_on(void **state)
{
    char text[256];
    const int64_t whole[] = {3, -1};
    const float numbers[] = {0.5f};
    struct rt_tensor *in = op_integers(2, whole);
    struct rt_tensor *t = op_fold("constant", 1, &in, NULL, text);
    (void)state;
    assert_true(t->dtype == IMP_I64 && rt_integers(t)[0] == 3 && rt_integers(t)[1] == -1);
    rt_tensor_release(t);
    in = op_floats(1, numbers);
    t = op_fold("identity", 1, &in, NULL, text);
    assert_true(t->dtype == IMP_F32 && rt_floats(t)[0] == 0.5f);
    rt_tensor_release(t);
}

static void an_input_has_the_shape_that_was_declared(void **state)
{
    char text[256] = "";
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    struct rt_graph *g = rt_graph_new();
    (void)state;
    rt_graph_add_node(g, "x", rt_op_find("input"), 0, NULL);
    g->nodes[0].declared = (struct rt_shape){.ndim = 2, .dim = {2, 3}};
    struct rt_infer in = {.node = &g->nodes[0]};
    assert_int_equal(in.node->op->infer(&in, &err), IMP_OK);
    assert_true(rt_same_shape(&in.out.shape, &g->nodes[0].declared) && in.out.dtype == IMP_F32);
    g->nodes[0].declared.dim[0] = -1;
    assert_int_equal(in.node->op->infer(&in, &err), IMP_E_INPUT);
    assert_non_null(strstr(text, "? x 3"));
    rt_graph_free(g);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    op_check_refusal(
        &(struct op_case){.op = "dropout", .name = "ratio", .attrs = "ratio=1.5", .shapes = "2 3"},
        "1.5");
    op_check_refusal(
        &(struct op_case){.op = "dropout", .name = "ratio", .attrs = "ratio=-1", .shapes = "2 3"},
        "-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dropout_agrees),
        cmocka_unit_test(the_share_that_stays_is_as_asked),
        cmocka_unit_test(a_ratio_of_one_drops_everything),
        cmocka_unit_test(the_mask_is_that_of_inference),
        cmocka_unit_test(constant_and_identity_hand_on),
        cmocka_unit_test(known_contents_are_handed_on),
        cmocka_unit_test(an_input_has_the_shape_that_was_declared),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
