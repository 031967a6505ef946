/* test_rt_batch_norm.c - batch normalisation by running statistics and by those of the batch. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "op_attr.h"

/* Channel of element i, and the number of channels. */
static int64_t channel(const struct rt_shape *x, int64_t i)
{
    return x->ndim < 2 ? 0 : i / rt_product(x, 2, x->ndim) % x->dim[1];
}

static double batch_mean(const struct rt_shape *x, const double *v, int64_t c)
{
    double sum = 0, n = 0;
    for (int64_t i = 0; i < rt_count(x); i++)
        if (channel(x, i) == c) {
            sum += v[i];
            n++;
        }
    return sum / n;
}

static double batch_variance(const struct rt_shape *x, const double *v, int64_t c)
{
    const double mean = batch_mean(x, v, c);
    double sum = 0, n = 0;
    for (int64_t i = 0; i < rt_count(x); i++)
        if (channel(x, i) == c) {
            sum += (v[i] - mean) * (v[i] - mean);
            n++;
        }
    return sum / n;
}

static void oracle(const struct op_case *c, const double *const *in, double *out)
{
    const struct rt_shape *x = c->in_shape;
    const int64_t result = op_integer(c, "result", 0, 0);
    const double keep = op_number(c, "momentum", 0, 0.9);
    const int batch = c->training || op_integer(c, "training_mode", 0, 0) || result;
    double means[8], variances[8];
    for (int64_t k = 0; k < rt_count(&c->in_shape[1]); k++) {
        means[k] = batch ? batch_mean(x, in[0], k) : in[3][k];
        variances[k] = batch ? batch_variance(x, in[0], k) : in[4][k];
    }
    for (int64_t i = 0; i < rt_count(c->out_shape); i++) {
        const int64_t k = result ? i : channel(x, i);
        const double mean = means[k], variance = variances[k];
        if (result)
            out[i] = keep * in[result + 2][k] + (1 - keep) * (result == 1 ? mean : variance);
        else
            out[i] =
                (in[0][i] - mean) / sqrt(variance + op_number(c, "epsilon", 0, 1e-5)) * in[1][k] +
                in[2][k];
    }
}

static void check(const char *attrs, uint32_t training, uint32_t no_gradient)
{
    static const char *const rows[][2] = {
        {"2 3 4 5 | 3 | 3 | 3 | 3", "2 3 4 5"},
        {"4 1 1 1 | 1 | 1 | 1 | 1", "4 1 1 1"},
        {"5 7 | 7 | 7 | 7 | 7", "5 7"},
        {"1 2 3 3 | 2 | 2 | 2 | 2", "1 2 3 3"},
        {"3 2 9 | 2 | 2 | 2 | 2", "3 2 9"},
        {"2 2 2 3 2 | 2 | 2 | 2 | 2", "2 2 2 3 2"},
        {"9 | 1 | 1 | 1 | 1", "9"},
        {"2 4 3 7 | 4 | 4 | 4 | 4", "2 4 3 7"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        op_check(&(struct op_case){.op = "batch_norm",
                                   .name = rows[i][0],
                                   .shapes = rows[i][0],
                                   .out = rows[i][1],
                                   .attrs = attrs,
                                   .oracle = oracle,
                                   .training = training,
                                   .no_gradient = no_gradient,
                                   .low = 0.2,
                                   .high = 2});
}

static void running_statistics_are_used(void **state)
{
    (void)state;
    check(NULL, 0, 0);
    check("epsilon=0.3", 0, 0);
}

static void the_batch_is_used_while_training(void **state)
{
    (void)state;
    check("epsilon=0.001", 1, 0);
    check("training_mode=1;epsilon=0.1", 0, 0);
}

static void check_result(const char *attrs)
{
    op_check(&(struct op_case){.op = "batch_norm",
                               .name = attrs,
                               .oracle = oracle,
                               .shapes = "2 3 4 5 | 3 | 3 | 3 | 3",
                               .out = "3",
                               .attrs = attrs});
}

static void running_statistics_are_results_too(void **state)
{
    (void)state;
    check_result("result=1;training_mode=1;momentum=0.3");
    check_result("result=2;training_mode=1;momentum=0.2");
}

/* A far mean and a small spread: where one pass over squares, or a mean in float, loses everything.
 */
static void far_means_keep_their_digits(void **state)
{
    (void)state;
    op_check(&(struct op_case){.op = "batch_norm",
                               .name = "far",
                               .oracle = oracle,
                               .training = 1,
                               .shapes = "8 2 4 4 | 2 | 2 | 2 | 2",
                               .out = "8 2 4 4",
                               .low = 999,
                               .high = 1003,
                               .no_gradient = 31});
}

struct bed {
    struct rt_graph *graph;
    struct rt_info x, vector;
    const struct rt_info *slots[5];
    struct rt_call call;
};

static void bed_init(struct bed *b)
{
    const int32_t refs[5] = {0};
    *b = (struct bed){.graph = rt_graph_new()};
    rt_graph_add_node(b->graph, "node", rt_op_find("batch_norm"), 5, refs);
    b->x = (struct rt_info){.shape = {.ndim = 3, .dim = {2, 2, 2}}, .dtype = IMP_F32};
    b->vector = (struct rt_info){.shape = {.ndim = 1, .dim = {2}}, .dtype = IMP_F32};
    for (int s = 0; s < 5; s++)
        b->slots[s] = s ? &b->vector : &b->x;
    b->call = (struct rt_call){
        .node = &b->graph->nodes[0], .in_info = b->slots, .out_info = &b->x, .input_count = 5};
}

/* ONNX: running * momentum + batch * (1 - momentum), the variance divided by n = 4. */
static void training_moves_the_running_statistics(void **state)
{
    const float x[] = {1, 2, 10, 10, 3, 6, 10, 10}, one[] = {1, 1};
    float mean[] = {5, 5}, variance[] = {2, 2}, y[8];
    const float *in[] = {x, one, one, mean, variance};
    float *statistic[] = {NULL, NULL, NULL, mean, variance};
    struct rt_need need = {0};
    char saved[256];
    struct bed b;
    (void)state;
    bed_init(&b);
    b.call.in = in, b.call.out = y, b.call.saved = saved, b.call.statistic = statistic;
    b.call.node->op->need(&b.call, &need);
    assert_true(need.saved && need.saved <= sizeof saved);
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_true(mean[0] == 5 && variance[0] == 2); /* not training: untouched */
    rt_set_int(&b.graph->nodes[0], "training_mode", 1);
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_true(mean[0] == 5 && variance[0] == 2); /* by the batch, but no trainer */
    b.call.training = 1;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_true(fabs((double)mean[0] - (0.9 * 5 + 0.1 * 3)) < 1e-6 && mean[1] == 5.5f);
    assert_true(fabs((double)variance[0] - (0.9 * 2 + 0.1 * 3.5)) < 1e-6);
    assert_true(fabs((double)variance[1] - 0.9 * 2) < 1e-6);
    statistic[3] = statistic[4] = NULL; /* nobody wants them */
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    b.call.statistic = NULL;
    assert_int_equal(b.call.node->op->forward(&b.call), IMP_OK);
    assert_true(mean[1] == 5.5f);
    rt_graph_free(b.graph);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    op_check_refusal(
        &(struct op_case){.op = "batch_norm", .name = "sizes", .shapes = "2 3 4 | 3 | 2 | 3 | 3"},
        "3 channels");
    op_check_refusal(
        &(struct op_case){.op = "batch_norm", .name = "scalar", .shapes = " | 1 | 1 | 1 | 1"},
        "scalar");
    op_check_refusal(&(struct op_case){.op = "batch_norm",
                                       .name = "spatial",
                                       .attrs = "spatial=0",
                                       .shapes = "2 3 4 | 3 | 3 | 3 | 3"},
                     "spatial");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_statistics_are_used),
        cmocka_unit_test(the_batch_is_used_while_training),
        cmocka_unit_test(running_statistics_are_results_too),
        cmocka_unit_test(far_means_keep_their_digits),
        cmocka_unit_test(training_moves_the_running_statistics),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
