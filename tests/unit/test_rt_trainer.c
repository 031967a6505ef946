/* test_rt_trainer.c - steps of the rules, gradients of parameters, a state that goes on to the same bytes. */
#include "rt_help.h"

#include <trainer.h>

static const char net[] = "[network]\nformat = 1\n"
                          "[x]\nop = input\nshape = N 2 6 6\n"
                          "[conv]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\nbias = no\n"
                          "[norm]\nop = batch_norm\n"
                          "[act]\nop = tanh\n"
                          "[drop]\nop = dropout\nratio = 0.25\n"
                          "[flat]\nop = flatten\n"
                          "[out]\nop = gemm\nunits = 3\n";
static const int64_t size[4] = {4, 2, 6, 6};

struct bench {
    imp_nn_model *model;
    imp_nn_trainer *trainer;
    imp_nn_run *run;
};

static void bench_init(struct bench *b, uint64_t seed)
{
    struct said said;
    b->model = built(net, 5);
    must(rt_train_table.trainer_new(NULL, b->model, seed, &b->trainer, listen(&said)));
    must(rt_train_table.run_new(NULL, b->trainer, &b->run, listen(&said)));
    must(rt_train_table.set_training(NULL, b->trainer, 1, listen(&said)));
}

static void bench_fini(struct bench *b)
{
    rt_model_table.run_free(NULL, b->run, NULL);
    rt_train_table.trainer_free(NULL, b->trainer, NULL);
    release(b->model);
}

/* One step towards outputs of zero; answers the loss before it. */
static double train_step(struct bench *b, uint64_t data, const imp_nn_optimiser *o)
{
    struct said said;
    float seed[12];
    double loss = 0;
    set_noise(b->run, b->model, "x", 4, size, data);
    const uint32_t out = node_of(b->model, "out");
    must(rt_train_table.zero_gradients(NULL, b->trainer, listen(&said)));
    must(rt_model_table.forward(NULL, b->run, out, NULL, listen(&said)));
    imp_tensor t = value_of(b->run, out);
    for (int i = 0; i < 12; i++) {
        seed[i] = 2 * (((const float *)t.data)[i] - 0.5f);
        loss += (double)seed[i] * (double)seed[i] / 4;
    }
    t.data = seed;
    must(rt_grad_table.seed(NULL, b->run, out, &t, listen(&said)));
    must(rt_grad_table.backward(NULL, b->run, 0, NULL, NULL, listen(&said)));
    if (o)
        must(rt_train_table.step(NULL, b->trainer, o, listen(&said)));
    return loss;
}

static const imp_nn_optimiser adam = {.struct_size = sizeof adam, .rule = IMP_NN_ADAM, .rate = 0.01,
                                      .momentum = 0.9, .beta2 = 0.999, .epsilon = 1e-8};

static void a_network_learns(void **state)
{
    struct bench b;
    (void)state;
    bench_init(&b, 1);
    struct said said;
    double loss[2];
    for (int round = 0; round < 2; round++) {
        must(rt_train_table.set_training(NULL, b.trainer, 0, listen(&said))); /* nothing is dropped */
        loss[round] = train_step(&b, 1, NULL);
        must(rt_train_table.set_training(NULL, b.trainer, 1, listen(&said)));
        for (int i = 0; i < 100; i++)
            train_step(&b, 1, &adam);
    }
    if (!(loss[1] < loss[0] / 10))
        fail_msg("the loss went from %g to %g only", loss[0], loss[1]);
    bench_fini(&b);
}

static void a_state_goes_on_to_the_same_bytes(void **state)
{
    struct said said;
    struct bench a, b;
    const void *data, *other;
    uint64_t bytes, same;
    (void)state;
    bench_init(&a, 1);
    bench_init(&b, 2);
    for (uint64_t i = 0; i < 5; i++)
        train_step(&a, i, &adam);
    must(rt_train_table.state(NULL, a.trainer, &data, &bytes, listen(&said)));
    must(rt_train_table.set_state(NULL, b.trainer, data, bytes, listen(&said)));
    for (uint64_t i = 5; i < 9; i++) {
        train_step(&a, i, &adam);
        train_step(&b, i, &adam);
    }
    must(rt_train_table.state(NULL, a.trainer, &data, &bytes, listen(&said)));
    must(rt_train_table.state(NULL, b.trainer, &other, &same, listen(&said)));
    assert_int_equal(bytes, same);
    assert_memory_equal(data, other, bytes);
    assert_int_not_equal(rt_train_table.set_state(NULL, b.trainer, data, bytes - 4, listen(&said)), IMP_OK);
    assert_non_null(strstr(said.text, "another network"));
    assert_int_not_equal(rt_train_table.set_state(NULL, b.trainer, data, 3, listen(&said)), IMP_OK);
    assert_non_null(strstr(said.text, "cut off"));
    bench_fini(&a);
    bench_fini(&b);
}

static void gradients_of_parameters_are_those_of_the_loss(void **state)
{
    struct said said;
    struct bench b;
    (void)state;
    bench_init(&b, 1);
    must(rt_train_table.set_training(NULL, b.trainer, 0, listen(&said)));
    train_step(&b, 1, NULL);
    uint32_t count, checked = 0;
    must(rt_train_table.param_count(NULL, b.trainer, &count, listen(&said)));
    for (uint32_t p = 0; p < count; p++) {
        const char *name;
        imp_tensor v = {.head = {.struct_size = sizeof v}}, g = v;
        must(rt_train_table.param(NULL, b.trainer, p, &name, &v, &g, listen(&said)));
        if (!g.data) {
            assert_true(strstr(name, "mean") || strstr(name, "var"));
            continue;
        }
        float *value = v.data;
        const float want = ((const float *)g.data)[1], keep = value[1];
        struct bench c = b;
        value[1] = keep + 0.01f;
        /* the loss as train_step answers it: a quarter of the seed's square */
        const double up = train_step(&c, 1, NULL);
        value[1] = keep - 0.01f;
        const double down = train_step(&c, 1, NULL);
        value[1] = keep;
        train_step(&c, 1, NULL);
        if (!(fabs((up - down) / 0.02 - (double)want) < 2e-3 * (1 + fabs((double)want))))
            fail_msg("%s: gradient %g, differences say %g", name, (double)want, (up - down) / 0.02);
        checked++;
    }
    assert_int_equal(checked, 5); /* conv, norm scale and bias, gemm weight and bias */
    bench_fini(&b);
}

static void a_step_of_sgd_and_of_adam_is_the_formula(void **state)
{
    (void)state;
    for (uint32_t rule = IMP_NN_SGD; rule <= IMP_NN_ADAM; rule++) {
        struct said said;
        struct bench b;
        imp_tensor v = {.head = {.struct_size = sizeof v}}, g = v;
        const imp_nn_optimiser o = {.struct_size = sizeof o, .rule = rule, .rate = 0.1, .momentum = 0.8,
                                    .beta2 = 0.9, .epsilon = 1e-8, .weight_decay = 0.01};
        double p, m1 = 0, m2 = 0;
        bench_init(&b, 1);
        must(rt_train_table.param(NULL, b.trainer, 0, NULL, &v, &g, listen(&said)));
        float *value = v.data;
        p = (double)value[0];
        for (int step = 1; step <= 3; step++) {
            train_step(&b, 1, NULL);
            const double grad = (double)((const float *)g.data)[0] + 0.01 * p;
            m1 = rule == IMP_NN_SGD ? 0.8 * m1 + grad : 0.8 * m1 + 0.2 * grad;
            m2 = 0.9 * m2 + 0.1 * grad * grad;
            p -= rule == IMP_NN_SGD ? 0.1 * m1
                                    : 0.1 * (m1 / (1 - pow(0.8, step))) /
                                          (sqrt(m2 / (1 - pow(0.9, step))) + 1e-8);
            must(rt_train_table.step(NULL, b.trainer, &o, listen(&said)));
            assert_float_equal(value[0], p, 2e-6);
            p = (double)value[0];
        }
        bench_fini(&b);
    }
}

static void long_gradients_are_clipped_together(void **state)
{
    struct said said;
    struct bench b;
    imp_tensor v = {.head = {.struct_size = sizeof v}}, g = v;
    double norm = 0;
    uint32_t count;
    (void)state;
    bench_init(&b, 1);
    train_step(&b, 1, NULL);
    must(rt_train_table.param_count(NULL, b.trainer, &count, listen(&said)));
    for (uint32_t p = 0; p < count; p++) {
        must(rt_train_table.param(NULL, b.trainer, p, NULL, &v, &g, listen(&said)));
        for (int64_t i = 0; g.data && i < count_of(&g); i++)
            norm += pow((double)((const float *)g.data)[i], 2);
    }
    norm = sqrt(norm);
    must(rt_train_table.param(NULL, b.trainer, 0, NULL, &v, &g, listen(&said)));
    const double before = (double)((const float *)v.data)[0], grad = (double)((const float *)g.data)[0];
    const imp_nn_optimiser o = {.struct_size = sizeof o, .rule = IMP_NN_SGD, .rate = 1,
                                .clip_norm = norm / 4};
    must(rt_train_table.step(NULL, b.trainer, &o, listen(&said)));
    assert_float_equal(((const float *)v.data)[0], before - grad / 4, 1e-6);
    const imp_nn_optimiser wrong = {.struct_size = sizeof wrong, .rule = 7, .rate = 1};
    assert_int_equal(rt_train_table.step(NULL, b.trainer, &wrong, listen(&said)), IMP_E_PARAM);
    bench_fini(&b);
}

static void a_snapshot_is_the_network_as_it_is_now(void **state)
{
    struct said said;
    struct bench b;
    imp_nn_model *now;
    imp_nn_run *r;
    (void)state;
    bench_init(&b, 1);
    for (uint64_t i = 0; i < 4; i++)
        train_step(&b, i, &adam);
    must(rt_train_table.set_training(NULL, b.trainer, 0, listen(&said)));
    must(rt_train_table.snapshot(NULL, b.trainer, &now, listen(&said)));
    must(rt_model_table.run_new(NULL, now, 0, &r, listen(&said)));
    set_noise(r, now, "x", 4, size, 3);
    set_noise(b.run, b.model, "x", 4, size, 3);
    must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
    must(rt_model_table.forward(NULL, b.run, IMP_NN_ALL, NULL, listen(&said)));
    assert_memory_equal(value_of(r, node_of(now, "out")).data,
                        value_of(b.run, node_of(b.model, "out")).data, 12 * sizeof(float));
    rt_model_table.run_free(NULL, r, NULL);
    release(now);
    bench_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_learns),
        cmocka_unit_test(a_state_goes_on_to_the_same_bytes),
        cmocka_unit_test(gradients_of_parameters_are_those_of_the_loss),
        cmocka_unit_test(a_step_of_sgd_and_of_adam_is_the_formula),
        cmocka_unit_test(long_gradients_are_clipped_together),
        cmocka_unit_test(a_snapshot_is_the_network_as_it_is_now),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
