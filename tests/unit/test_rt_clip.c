/* test_rt_clip.c - clip and prelu: pieces of straight lines. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_broadcast.h"
#include "op_fold.h"

static void clip_oracle(const struct op_case *c, const double *const *in, double *out)
{
    const double low = c->in_count > 1 && in[1] ? in[1][0] : op_number(c, "min", 0, -1e30);
    const double high = c->in_count > 2 && in[2] ? in[2][0] : op_number(c, "max", 0, 1e30);
    for (int64_t i = 0; i < rt_count(c->out_shape); i++)
        out[i] = fmin(fmax(in[0][i], low), high);
}

/* Limits as slots are drawn like the input: first 0.0 something, so the order of both comes up. */
static void clip_agrees(void **state)
{
    static const struct {
        const char *shapes, *attrs;
    } rows[] = {
        {"", "min=-0.5;max=0.5"},
        {"2 3 4 5", "min=-0.5;max=0.5"},
        {"7", "min=-0.5"},
        {"3 1 5", "max=-0.5"},
        {"2 3", NULL},
        {"2 5 7 | ", NULL},
        {"2 5 7 | 1", NULL},
        {"2 5 7 | - | ", NULL},
        {"2 5 7 | | 1", NULL},
        {"2 1 2 1 3 2 | | ", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char out[32];
        const size_t n = strcspn(rows[i].shapes, "|");
        memcpy(out, rows[i].shapes, n);
        out[n] = 0;
        op_check(&(struct op_case){.op = "clip",
                                   .name = rows[i].shapes,
                                   .shapes = rows[i].shapes,
                                   .attrs = rows[i].attrs,
                                   .out = out,
                                   .oracle = clip_oracle});
    }
}

/* Forward into y; then backward from ones, slopes: of low and of high. */
static void run_clip(const float *x, float low, float high, float *y, uint32_t n, float slopes[2])
{
    const float ones[] = {1, 1, 1, 1};
    float *grads[] = {NULL, &slopes[0], &slopes[1]};
    const struct rt_info info = {.shape = {.ndim = 1, .dim = {n}}, .dtype = IMP_F32};
    const struct rt_info scalar = {.dtype = IMP_F32};
    const struct rt_info *slots[] = {&info, &scalar, &scalar};
    const int32_t refs[3] = {0};
    const float *in[] = {x, &low, &high};
    struct rt_graph *g = rt_graph_new();
    rt_graph_add_node(g, "node", rt_op_find("clip"), 3, refs);
    const struct rt_call c = {.node = &g->nodes[0],
                              .in_info = slots,
                              .out_info = &info,
                              .input_count = 3,
                              .in = in,
                              .out = y,
                              .out_grad = ones,
                              .in_grad = grads};
    slopes[0] = slopes[1] = 0;
    assert_int_equal(c.node->op->forward(&c), IMP_OK);
    assert_int_equal(c.node->op->backward(&c), IMP_OK);
    rt_graph_free(g);
}

static void crossed_limits_give_the_upper_one(void **state)
{
    const float x[] = {-5, 0, 5, NAN};
    float y[4], slopes[2];
    (void)state;
    run_clip(x, 2, -2, y, 4, slopes);
    assert_true(y[0] == -2 && y[1] == -2 && y[2] == -2 && isnan(y[3]));
    assert_true(slopes[0] == 0 && slopes[1] == 3);
    run_clip(x, -1, 1, y, 4, slopes);
    assert_true(y[0] == -1 && y[1] == 0 && y[2] == 1 && isnan(y[3]));
    assert_true(slopes[0] == 1 && slopes[1] == 1);
}

static void known_contents_are_clipped_while_planning(void **state)
{
    char text[256];
    const int64_t whole[] = {-3, 4, 900}, most[] = {100};
    const float numbers[] = {-3, 4}, least[] = {0};
    struct rt_tensor *const in[] = {op_integers(3, whole), NULL, op_integers(1, most)};
    struct rt_tensor *t = op_fold("clip", 3, in, NULL, text);
    (void)state;
    assert_true(rt_integers(t)[0] == -3 && rt_integers(t)[1] == 4 && rt_integers(t)[2] == 100);
    rt_tensor_release(t);
    struct rt_tensor *const other[] = {op_floats(2, numbers), op_floats(1, least)};
    t = op_fold("clip", 2, other, NULL, text);
    assert_true(rt_floats(t)[0] == 0 && rt_floats(t)[1] == 4);
    rt_tensor_release(t);
}

static void prelu_oracle(const struct op_case *c, const double *const *in, double *out)
{
    int64_t index[RT_RANK] = {0};
    do {
        const int64_t at = op_at(c->out_shape, index);
        const double x = in[0][at], slope = in[1][op_part(c->out_shape, &c->in_shape[1], index)];
        out[at] = x > 0 ? x : slope * x;
    } while (op_next(c->out_shape, index));
}

static void prelu_agrees(void **state)
{
    static const char *const rows[][2] = {
        {" | ", ""},
        {"2 3 4 5 | 3 1 1", "2 3 4 5"},
        {"2 3 4 5 | 1", "2 3 4 5"},
        {"2 3 4 5 | 5", "2 3 4 5"},
        {"4 7 | 4 7", "4 7"},
        {"2 3 300 | 3 1", "2 3 300"},
        {"1 2 1 3 2 2 | 2 1 1 2 1", "1 2 1 3 2 2"},
        {"9 | 1", "9"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        op_check(&(struct op_case){.op = "prelu",
                                   .name = rows[i][0],
                                   .shapes = rows[i][0],
                                   .out = rows[i][1],
                                   .oracle = prelu_oracle,
                                   .kink_at_zero = 1});
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    op_check_refusal(&(struct op_case){.op = "clip", .name = "limit", .shapes = "2 3 | 2"},
                     "one number");
    op_check_refusal(&(struct op_case){.op = "prelu", .name = "slope", .shapes = "2 3 4 | 3"},
                     "C x 1 x 1");
    op_check_refusal(&(struct op_case){.op = "prelu", .name = "one-sided", .shapes = "3 | 2 3"},
                     "does not fit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clip_agrees),
        cmocka_unit_test(crossed_limits_give_the_upper_one),
        cmocka_unit_test(known_contents_are_clipped_while_planning),
        cmocka_unit_test(prelu_agrees),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
