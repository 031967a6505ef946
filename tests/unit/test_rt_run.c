/* test_rt_run.c - whole networks: forward, lean and full, gradients of inner nodes, memory,
 * mistakes. */
#include "rt_help.h"

#include <run.h>

#include <pthread.h>

static const char net[] = "[network]\nformat = 1\n"
                          "[x]\nop = input\nshape = N 3 H W\n"
                          "[conv1]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\n"
                          "[tanh1]\nop = tanh\n"
                          "[pool1]\nop = average_pool\nkernel = 2\nstride = 2\n"
                          "[conv2]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\n"
                          "[sum]\nop = add\nin = pool1 conv2\n"
                          "[both]\nop = concat\nin = sum pool1\naxis = 1\n"
                          "[mean]\nop = global_average_pool\n"
                          "[flat]\nop = flatten\n"
                          "[out]\nop = gemm\nunits = 5\n";
static const int64_t size[4] = {2, 3, 12, 10};

static void a_lean_run_and_a_full_one_give_the_same_bytes(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 1);
    imp_nn_run *full, *lean;
    (void)state;
    must(rt_model_table.run_new(NULL, m, 0, &full, listen(&said)));
    must(rt_model_table.run_new(NULL, m, IMP_NN_LEAN, &lean, listen(&said)));
    set_noise(full, m, "x", 4, size, 5);
    set_noise(lean, m, "x", 4, size, 5);
    must(rt_model_table.forward(NULL, full, IMP_NN_ALL, NULL, listen(&said)));
    must(rt_model_table.forward(NULL, lean, IMP_NN_ALL, NULL, listen(&said)));
    const imp_tensor a = value_of(full, node_of(m, "out")), b = value_of(lean, node_of(m, "out"));
    assert_int_equal(count_of(&a), 10);
    assert_memory_equal(a.data, b.data, 10 * sizeof(float));
    assert_true(lean->store.bytes < full->store.bytes);
    rt_model_table.run_free(NULL, full, NULL);
    rt_model_table.run_free(NULL, lean, NULL);
    release(m);
}

static void forward_to_a_node_and_on_is_forward_at_once(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 1);
    imp_nn_run *r[2];
    (void)state;
    for (int i = 0; i < 2; i++) {
        must(rt_model_table.run_new(NULL, m, 0, &r[i], listen(&said)));
        set_noise(r[i], m, "x", 4, size, 5);
    }
    must(rt_model_table.forward(NULL, r[0], node_of(m, "pool1"), NULL, listen(&said)));
    assert_int_not_equal(rt_model_table.value(NULL, r[0], node_of(m, "sum"),
                                              &(imp_tensor){.head = {sizeof(imp_tensor), 0}},
                                              listen(&said)),
                         IMP_OK);
    assert_non_null(strstr(said.text, "forward it first"));
    must(rt_model_table.forward(NULL, r[0], node_of(m, "out"), NULL, listen(&said)));
    must(rt_model_table.forward(NULL, r[1], node_of(m, "out"), NULL, listen(&said)));
    const imp_tensor a = value_of(r[0], node_of(m, "out")), b = value_of(r[1], node_of(m, "out"));
    assert_memory_equal(a.data, b.data, 10 * sizeof(float));
    for (int i = 0; i < 2; i++)
        rt_model_table.run_free(NULL, r[i], NULL);
    release(m);
}

static void times_are_told_of_one_direction_alone(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 1);
    imp_nn_run *r;
    double forward[16] = {0}, both[2][16] = {{0}}, sum = 0;
    (void)state;
    must(rt_model_table.run_new(NULL, m, IMP_NN_TIMED, &r, listen(&said)));
    set_noise(r, m, "x", 4, size, 5);
    must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
    must(rt_model_table.times(NULL, r, 16, forward, NULL, listen(&said)));
    must(rt_model_table.times(NULL, r, 16, NULL, both[1], listen(&said)));
    must(rt_model_table.times(NULL, r, 16, both[0], both[1], listen(&said)));
    assert_memory_equal(forward, both[0], sizeof forward);
    for (int i = 0; i < 16; i++)
        sum += forward[i];
    assert_true(sum > 0);
    rt_model_table.run_free(NULL, r, NULL);
    release(m);
}

/* Loss: fixed projections of two nodes, one inner, one last. */
static double loss(imp_nn_run *r, const imp_nn_model *m, float *a, float *b)
{
    struct said said;
    double sum = 0;
    must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
    const imp_tensor u = value_of(r, node_of(m, "sum")), v = value_of(r, node_of(m, "out"));
    for (int64_t i = 0; i < count_of(&u); i++)
        sum += (double)((const float *)u.data)[i] * (double)(a[i] = (float)kit_normal(1, 2, (uint64_t)i));
    for (int64_t i = 0; i < count_of(&v); i++)
        sum += (double)((const float *)v.data)[i] * (double)(b[i] = (float)kit_normal(1, 3, (uint64_t)i));
    return sum;
}

static void seeds_of_several_nodes_add_up_to_the_gradient_of_the_sum(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 3);
    imp_nn_run *r;
    float x[2 * 3 * 12 * 10], a[2 * 6 * 6 * 5], b[10];
    imp_tensor in = tensor_of(4, size, x), g = {.head = {.struct_size = sizeof g}};
    const uint32_t wrt = node_of(m, "x");
    (void)state;
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = (float)kit_normal(4, 4, i);
    must(rt_model_table.run_new(NULL, m, 0, &r, listen(&said)));
    must(rt_model_table.set_input(NULL, r, wrt, &in, listen(&said)));
    loss(r, m, a, b);
    const imp_tensor u = value_of(r, node_of(m, "sum")), v = value_of(r, node_of(m, "out"));
    imp_tensor su = u, sv = v;
    su.data = a;
    sv.data = b;
    must(rt_grad_table.seed(NULL, r, node_of(m, "sum"), &su, listen(&said)));
    must(rt_grad_table.seed(NULL, r, node_of(m, "out"), &sv, listen(&said)));
    must(rt_grad_table.backward(NULL, r, 1, &wrt, NULL, listen(&said)));
    must(rt_grad_table.gradient(NULL, r, wrt, &g, listen(&said)));
    float grad[2 * 3 * 12 * 10];
    memcpy(grad, g.data, sizeof grad);
    double error = 0, energy = 0;
    for (size_t i = 0; i < sizeof x / sizeof *x; i += 7) {
        const float keep = x[i];
        x[i] = keep + 0.02f;
        must(rt_model_table.set_input(NULL, r, wrt, &in, listen(&said)));
        const double up = loss(r, m, a, b);
        x[i] = keep - 0.02f;
        must(rt_model_table.set_input(NULL, r, wrt, &in, listen(&said)));
        const double down = loss(r, m, a, b), want = (up - down) / 0.04;
        x[i] = keep;
        error += (want - (double)grad[i]) * (want - (double)grad[i]);
        energy += want * want;
    }
    if (!(error < 1e-6 * energy))
        fail_msg("gradient is off: NMSE %g", error / energy);
    rt_model_table.run_free(NULL, r, NULL);
    release(m);
}

static void one_seed_twice_is_twice_the_gradient_and_seeds_are_used_up(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 3);
    imp_nn_run *r;
    float one[10], first[720];
    const uint32_t wrt = node_of(m, "x"), out = node_of(m, "out");
    imp_tensor g = {.head = {.struct_size = sizeof g}};
    (void)state;
    must(rt_model_table.run_new(NULL, m, 0, &r, listen(&said)));
    set_noise(r, m, "x", 4, size, 9);
    must(rt_model_table.forward(NULL, r, out, NULL, listen(&said)));
    imp_tensor seed = value_of(r, out);
    for (int i = 0; i < 10; i++)
        one[i] = 1;
    seed.data = one;
    for (int round = 0; round < 3; round++) {
        for (int k = 0; k <= (round == 1); k++)
            must(rt_grad_table.seed(NULL, r, out, &seed, listen(&said)));
        must(rt_grad_table.backward(NULL, r, 1, &wrt, NULL, listen(&said)));
        must(rt_grad_table.gradient(NULL, r, wrt, &g, listen(&said)));
        if (round == 0)
            memcpy(first, g.data, sizeof first);
        for (int i = 0; i < 720; i++)
            assert_float_equal(((const float *)g.data)[i], first[i] * (round == 1 ? 2 : 1), 1e-6);
    }
    must(rt_grad_table.backward(NULL, r, 1, &wrt, NULL, listen(&said)));
    must(rt_grad_table.gradient(NULL, r, wrt, &g, listen(&said)));
    for (int i = 0; i < 720; i++)
        assert_true(((const float *)g.data)[i] == 0);
    rt_model_table.run_free(NULL, r, NULL);
    release(m);
}

static void memory_said_beforehand_is_memory_taken(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 3);
    (void)state;
    for (uint32_t flags = 0; flags <= IMP_NN_LEAN; flags++) {
        uint64_t bytes = 0, least = 0;
        imp_nn_run *r;
        must(rt_model_table.memory(NULL, m, IMP_NN_ALL, 4, size, flags, &bytes, &least, listen(&said)));
        must(rt_model_table.run_new(NULL, m, flags, &r, listen(&said)));
        set_noise(r, m, "x", 4, size, 9);
        must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
        if (flags == 0) {
            float one[10] = {1};
            const uint32_t wrt = node_of(m, "x"), out = node_of(m, "out");
            imp_tensor seed = value_of(r, out);
            seed.data = one;
            must(rt_grad_table.seed(NULL, r, out, &seed, listen(&said)));
            must(rt_grad_table.backward(NULL, r, 1, &wrt, NULL, listen(&said)));
        }
        /* a seed's copy may lie in a block that the dry run did not need yet */
        assert_in_range(r->store.bytes, bytes, bytes + 64);
        rt_model_table.run_free(NULL, r, NULL);
    }
    release(m);
}

static void a_second_step_allocates_nothing_and_sizes_may_change(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 3);
    imp_nn_run *r;
    const int64_t other[4] = {1, 3, 20, 16};
    float out[2][10];
    (void)state;
    must(rt_model_table.run_new(NULL, m, 0, &r, listen(&said)));
    for (int round = 0; round < 2; round++) {
        set_noise(r, m, "x", 4, size, 9);
        must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
        memcpy(out[round], value_of(r, node_of(m, "out")).data, sizeof out[round]);
        const uint64_t bytes = r->store.bytes;
        const uint32_t blocks = r->store.count;
        set_noise(r, m, "x", 4, size, 10);
        must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
        assert_int_equal(r->store.bytes, bytes);
        assert_int_equal(r->store.count, blocks);
        set_noise(r, m, "x", 4, other, 9);
        must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
        assert_int_equal(count_of(&(imp_tensor){.ndim = 2, .shape = value_of(r, node_of(m, "out")).shape}), 5);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    rt_model_table.run_free(NULL, r, NULL);
    release(m);
}

/* Bytes are the same whether filters are kept or made again; a gradient's run keeps none, nor does
 * one whose budget they would break. */
static void filters_are_kept_from_the_second_forward_on(void **state)
{
    static const char wide[] = "[network]\nformat = 1\n[x]\nop = input\nshape = N 256 H W\n"
                               "[a]\nop = conv\nfilters = 520\nkernel = 3\npad = 1\n[out]\nop = relu\n";
    const int64_t shape[4] = {1, 256, 8, 16}, count = 520 * 8 * 16;
    const uint64_t budgets[] = {0, 18 << 20, 1 << 30};
    struct said said;
    (void)state;
    for (int way = 0; way < 4; way++) { /* the last: not lean */
        imp_nn_model *m = built(wide, 3);
        const uint32_t a = node_of(m, "a"), out = node_of(m, "out");
        const bool keeps = way == 0 || way == 2;
        float *first = malloc((size_t)count * sizeof *first);
        assert_non_null(first);
        for (int pass = 0; pass < 4; pass++) {
            imp_nn_run *r;
            must(rt_model_table.run_new(NULL, m, way < 3 ? IMP_NN_LEAN : 0, &r, listen(&said)));
            set_noise(r, m, "x", 4, shape, 9);
            r->store.limit = way < 3 ? budgets[way] : 0;
            must(rt_model_table.forward(NULL, r, out, NULL, listen(&said)));
            if (pass)
                assert_memory_equal(first, value_of(r, out).data, (size_t)count * sizeof *first);
            memcpy(first, value_of(r, out).data, (size_t)count * sizeof *first);
            assert_int_equal(atomic_load(&m->kept[a].block) != NULL, keeps && pass > 0);
            rt_model_table.run_free(NULL, r, NULL);
        }
        assert_int_equal(m->kept_bytes > 256 * 520 * 36 * sizeof(float), keeps);
        free(first);
        release(m);
    }
}

/* Of one value twice: half the products, by other code than of two equal values. */
static void a_gram_matrix_is_the_product_of_two_equal_values(void **state)
{
    static const char grams[] =
        "[network]\nformat = 1\n[x]\nop = input\nshape = N 70 H W\n"
        "[f]\nop = reshape\nshape = 70 -1\n[same]\nop = leaky_relu\nalpha = 1\n"
        "[two]\nop = gemm\nin = f same\nbias = no\ntrans_b = yes\nalpha = 0.25\n"
        "[one]\nop = gemm\nin = f f\nbias = no\ntrans_b = yes\nalpha = 0.25\n";
    const int64_t shape[4] = {1, 70, 19, 17}, count = 70 * 19 * 17, all = 70 * 70;
    struct said said;
    imp_nn_model *m = built(grams, 3);
    const uint32_t x = node_of(m, "x"), nodes[2] = {node_of(m, "two"), node_of(m, "one")};
    float *value = malloc((size_t)all * sizeof *value), *grad = malloc((size_t)count * sizeof *grad);
    float *seed = malloc((size_t)all * sizeof *seed);
    (void)state;
    assert_true(value && grad && seed);
    for (int64_t i = 0; i < all; i++)
        seed[i] = (float)kit_normal(3, 1, (uint64_t)i);
    for (int way = 0; way < 2; way++) {
        imp_nn_run *r;
        imp_tensor g = {.head = {.struct_size = sizeof g}};
        must(rt_model_table.run_new(NULL, m, 0, &r, listen(&said)));
        set_noise(r, m, "x", 4, shape, 9);
        must(rt_model_table.forward(NULL, r, nodes[way], NULL, listen(&said)));
        imp_tensor v = value_of(r, nodes[way]);
        for (int64_t i = 0; i < all; i++)
            if (way)
                assert_true(fabs(((const float *)v.data)[i] - value[i]) < 1e-4);
            else
                value[i] = ((const float *)v.data)[i];
        v.data = seed;
        must(rt_grad_table.seed(NULL, r, nodes[way], &v, listen(&said)));
        must(rt_grad_table.backward(NULL, r, 1, &x, NULL, listen(&said)));
        must(rt_grad_table.gradient(NULL, r, x, &g, listen(&said)));
        for (int64_t i = 0; i < count; i++)
            if (way)
                assert_true(fabs(((const float *)g.data)[i] - grad[i]) < 1e-4);
            else
                grad[i] = ((const float *)g.data)[i];
        rt_model_table.run_free(NULL, r, NULL);
    }
    free(value), free(grad), free(seed);
    release(m);
}

static void sizes_that_depend_on_the_input_are_bound_when_it_is_set(void **state)
{
    static const char shapes[] = "[network]\nformat = 1\n"
                                 "[x]\nop = input\nshape = N 3 H W\n"
                                 "[relu]\nop = relu\n"
                                 "[size]\nop = shape\n"
                                 "[flat]\nop = reshape\nin = relu -\nshape = 0 0 -1\n"
                                 "[back]\nop = reshape\nin = flat size\n";
    struct said said;
    imp_nn_model *m = built(shapes, 1);
    imp_nn_run *r;
    imp_nn_node n = {.struct_size = sizeof n};
    (void)state;
    must(rt_model_table.node(NULL, m, node_of(m, "back"), &n, listen(&said)));
    assert_int_equal(n.ndim, 4);
    assert_int_equal(n.shape[1], 3);
    assert_int_equal(n.shape[2], -1);
    must(rt_model_table.run_new(NULL, m, IMP_NN_LEAN, &r, listen(&said)));
    set_noise(r, m, "x", 4, size, 9);
    must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
    const imp_tensor v = value_of(r, node_of(m, "back"));
    assert_int_equal(v.ndim, 4);
    assert_int_equal(v.shape[3], 10);
    rt_model_table.run_free(NULL, r, NULL);
    release(m);
}

static void mistakes_are_sentences(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 3);
    imp_nn_run *r;
    uint32_t node;
    float x[64] = {0};
    const int64_t grey[4] = {1, 1, 8, 8};
    imp_tensor t = tensor_of(4, grey, x);
    (void)state;
    assert_int_equal(rt_model_table.find(NULL, m, "conv22", &node, listen(&said)), IMP_E_MISSING);
    assert_non_null(strstr(said.text, "nearest: conv2"));
    must(rt_model_table.run_new(NULL, m, IMP_NN_LEAN, &r, listen(&said)));
    assert_int_equal(rt_model_table.forward(NULL, r, 3, NULL, listen(&said)), IMP_E_INPUT);
    assert_non_null(strstr(said.text, "'x' was not set"));
    assert_int_equal(rt_model_table.set_input(NULL, r, node_of(m, "x"), &t, listen(&said)), IMP_E_INPUT);
    assert_non_null(strstr(said.text, "1 x 1 x 8 x 8"));
    assert_non_null(strstr(said.text, "? x 3 x ? x ?"));
    set_noise(r, m, "x", 4, size, 1);
    assert_int_equal(rt_grad_table.backward(NULL, r, 0, NULL, NULL, listen(&said)), IMP_E_INPUT);
    assert_non_null(strstr(said.text, "lean"));
    assert_int_equal(rt_model_table.forward(NULL, r, 99, NULL, listen(&said)), IMP_E_INPUT);
    rt_model_table.run_free(NULL, r, NULL);
    release(m);
}

static void joined_models_run_as_their_parts(void **state)
{
    struct said said;
    imp_nn_model *m = built(net, 3), *both, *named;
    const imp_nn_model *const parts[] = {m, m};
    const char *const names[] = {"left", "right"};
    const char *text;
    imp_nn_run *r;
    (void)state;
    must(rt_train_table.join(NULL, 2, parts, names, &both, listen(&said)));
    must(rt_train_table.with_meta(NULL, both, "right.input", "bgr", &named, listen(&said)));
    must(rt_model_table.meta(NULL, named, "right.input", &text, listen(&said)));
    assert_string_equal(text, "bgr");
    assert_int_equal(rt_model_table.meta(NULL, both, "right.input", &text, listen(&said)), IMP_E_MISSING);
    must(rt_model_table.run_new(NULL, named, 0, &r, listen(&said)));
    set_noise(r, named, "left.x", 4, size, 1);
    set_noise(r, named, "right.x", 4, size, 1);
    must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
    assert_memory_equal(value_of(r, node_of(named, "left.out")).data,
                        value_of(r, node_of(named, "right.out")).data, 10 * sizeof(float));
    rt_model_table.run_free(NULL, r, NULL);
    release(named);
    release(both);
    release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lean_run_and_a_full_one_give_the_same_bytes),
        cmocka_unit_test(forward_to_a_node_and_on_is_forward_at_once),
        cmocka_unit_test(seeds_of_several_nodes_add_up_to_the_gradient_of_the_sum),
        cmocka_unit_test(one_seed_twice_is_twice_the_gradient_and_seeds_are_used_up),
        cmocka_unit_test(memory_said_beforehand_is_memory_taken),
        cmocka_unit_test(a_second_step_allocates_nothing_and_sizes_may_change),
        cmocka_unit_test(filters_are_kept_from_the_second_forward_on),
        cmocka_unit_test(a_gram_matrix_is_the_product_of_two_equal_values),
        cmocka_unit_test(sizes_that_depend_on_the_input_are_bound_when_it_is_set),
        cmocka_unit_test(times_are_told_of_one_direction_alone),
        cmocka_unit_test(mistakes_are_sentences),
        cmocka_unit_test(joined_models_run_as_their_parts),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
