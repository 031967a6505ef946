/* test_rt_rescale.c - batch norms folded, maps scaled: every value against a double-precision forward
 * pass of the network as it was. */
#include "rt_help.h"
#include <rescale.h>

enum { SIDE = 8, LAYERS = 3 };
#define HEAD "[network]\nformat = 1\ninput = rgb\nrange = 0 1\n[picture]\nop = input\nshape = N 3 H W\n"
#define CONV(n, f, k, p, b) "[c" n "]\nop = conv\nfilters = " f "\nkernel = " k "\npad = " p "\n" b
#define NORM(n) "[n" n "]\nop = batch_norm\n"
#define RELU(n) "[r" n "]\nop = relu\n"
#define POOL(n, op) "[p" n "]\nop = " op "\nkernel = 2\nstride = 2\n"
static const char chain[] =
    HEAD CONV("1", "4", "3", "1", "bias = no\n") NORM("1") RELU("1") POOL("1", "average_pool")
    CONV("2", "5", "3", "1", "") NORM("2") "[q2]\nop = batch_norm\n" RELU("2") POOL("2", "max_pool")
    CONV("3", "3", "1", "0", "") RELU("3")
    "[mean]\nop = global_average_pool\n[flat]\nop = flatten\n[kind]\nop = gemm\nunits = 2\n";
static const struct { uint32_t in, out, kernel, side; bool norm, bias; } layers[LAYERS] = {
    {3, 4, 3, 8, true, false}, {4, 5, 3, 4, true, true}, {5, 3, 1, 2, false, true}};

/* ---- parameters ---- */

static imp_nn_trainer *trainer_of(const imp_nn_model *m)
{
    struct said said;
    imp_nn_trainer *t = NULL;
    must(rt_train_table.trainer_new(NULL, m, 1, &t, listen(&said)));
    return t;
}

static float *numbers_of(imp_nn_trainer *t, const char *name, int64_t *count)
{
    struct said said;
    uint32_t n = 0;
    must(rt_train_table.param_count(NULL, t, &n, listen(&said)));
    for (uint32_t i = 0; i < n; i++) {
        const char *own;
        imp_tensor v = {.head = {.struct_size = sizeof v}}, g = v;
        must(rt_train_table.param(NULL, t, i, &own, &v, &g, listen(&said)));
        if (!strcmp(own, name)) {
            *count = count_of(&v);
            return v.data;
        }
    }
    fail_msg("no parameter %s", name);
    return NULL;
}

/* The chain with numbers of all kinds in its norms and biases. */
static imp_nn_model *filled(imp_nn_trainer **trainer)
{
    static const char *const names[] = {"n1.weight", "n1.bias", "n1.running_mean", "n1.running_var",
                                        "n2.weight", "n2.bias", "n2.running_mean", "n2.running_var",
                                        "q2.weight", "q2.bias", "q2.running_mean", "q2.running_var",
                                        "c2.bias", "c3.bias", "kind.bias"};
    struct said said;
    imp_nn_model *empty = built(chain, 5), *m = NULL;
    imp_nn_trainer *t = trainer_of(empty);
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        int64_t n;
        float *v = numbers_of(t, names[k], &n);
        const bool positive = strstr(names[k], "var") != NULL;
        for (int64_t i = 0; i < n; i++)
            v[i] = (float)(kit_uniform(7, k, (uint64_t)i) * (positive ? 2 : 3) + (positive ? .1 : -1.));
    }
    must(rt_train_table.snapshot(NULL, t, &m, listen(&said)));
    release(empty);
    *trainer = t;
    return m;
}

/* ---- the oracle: what the chain's relus are ---- */

static double param(imp_nn_trainer *t, uint32_t layer, char kind, const char *name, uint32_t i)
{
    char text[40];
    int64_t n;
    snprintf(text, sizeof text, "%c%u.%s", kind, layer + 1, name);
    const float *v = numbers_of(t, text, &n);
    assert_true(i < n);
    return (double)v[i];
}

static double at(const double *x, int64_t c, int64_t y, int64_t z, int64_t side)
{
    return y < 0 || z < 0 || y >= side || z >= side ? 0 : x[(c * side + y) * side + z];
}

static double normed(imp_nn_trainer *t, uint32_t l, char kind, uint32_t o, double x)
{
    return (x - param(t, l, kind, "running_mean", o)) /
               sqrt(param(t, l, kind, "running_var", o) + 1e-5) * param(t, l, kind, "weight", o) +
           param(t, l, kind, "bias", o);
}

static void layer_of(imp_nn_trainer *t, uint32_t l, const double *in, double *out)
{
    const int64_t side = layers[l].side, k = layers[l].kernel, pad = k / 2;
    for (uint32_t o = 0; o < layers[l].out; o++)
        for (int64_t y = 0; y < side; y++)
            for (int64_t x = 0; x < side; x++) {
                double sum = layers[l].bias ? param(t, l, 'c', "bias", o) : 0;
                for (uint32_t c = 0; c < layers[l].in; c++)
                    for (int64_t i = 0; i < k * k; i++)
                        sum += param(t, l, 'c', "weight",
                                     (uint32_t)((o * layers[l].in + c) * k * k + i)) *
                               at(in, c, y + i / k - pad, x + i % k - pad, side);
                if (layers[l].norm)
                    sum = normed(t, l, 'n', o, sum);
                if (l == 1)
                    sum = normed(t, l, 'q', o, sum);
                out[(o * side + y) * side + x] = sum > 0 ? sum : 0;
            }
}

static void pool_of(uint32_t l, const double *in, double *out)
{
    const int64_t side = layers[l].side / 2;
    for (uint32_t c = 0; c < layers[l].out; c++)
        for (int64_t y = 0; y < side; y++)
            for (int64_t x = 0; x < side; x++) {
                double sum = 0, most = 0;
                for (int64_t i = 0; i < 4; i++) {
                    const double v = at(in, c, 2 * y + i / 2, 2 * x + i % 2, 2 * side);
                    sum += v / 4;
                    most = v > most ? v : most;
                }
                out[(c * side + y) * side + x] = l == 0 ? sum : most;
            }
}

/* ---- comparing ---- */

static double gain_of(uint32_t l, uint32_t c)
{
    return 0.2 + 5 * kit_uniform(11, l, c);
}

/* A model's relus against the oracle's, times gain_of where asked. */
static void check_values(imp_nn_trainer *t, imp_nn_model *m, bool scaled)
{
    struct said said;
    float picture[3 * SIDE * SIDE];
    double a[5 * SIDE * SIDE], b[5 * SIDE * SIDE];
    const int64_t shape[] = {1, 3, SIDE, SIDE};
    imp_nn_run *r = NULL;
    for (size_t i = 0; i < sizeof picture / sizeof *picture; i++)
        a[i] = (double)(picture[i] = (float)kit_uniform(3, 0, i));
    const imp_tensor in = tensor_of(4, shape, picture);
    must(rt_model_table.run_new(NULL, m, 0, &r, listen(&said)));
    must(rt_model_table.set_input(NULL, r, node_of(m, "picture"), &in, listen(&said)));
    for (uint32_t l = 0; l < LAYERS; l++) {
        char name[8];
        double error = 0, power = 0;
        snprintf(name, sizeof name, "r%u", l + 1);
        layer_of(t, l, a, b);
        must(rt_model_table.forward(NULL, r, node_of(m, name), NULL, listen(&said)));
        const imp_tensor v = value_of(r, node_of(m, name));
        const int64_t plane = layers[l].side * layers[l].side;
        assert_int_equal(count_of(&v), layers[l].out * plane);
        for (int64_t i = 0; i < count_of(&v); i++) {
            const double want = b[i] * (scaled ? gain_of(l, (uint32_t)(i / plane)) : 1);
            error += pow(((const float *)v.data)[i] - want, 2), power += want * want;
        }
        assert_true(power > 0);
        if (!(error < 1e-12 * power))
            print_message("# %s: %g of %g\n", name, error, power);
        assert_true(error < 1e-12 * power);
        pool_of(l, b, a);
    }
    must(rt_model_table.run_free(NULL, r, listen(&said)));
}

static void kinds_of(imp_nn_model *m, float out[2])
{
    struct said said;
    float picture[3 * SIDE * SIDE];
    const int64_t shape[] = {1, 3, SIDE, SIDE};
    imp_nn_run *r = NULL;
    for (size_t i = 0; i < sizeof picture / sizeof *picture; i++)
        picture[i] = (float)kit_uniform(3, 0, i);
    const imp_tensor in = tensor_of(4, shape, picture);
    must(rt_model_table.run_new(NULL, m, 0, &r, listen(&said)));
    must(rt_model_table.set_input(NULL, r, node_of(m, "picture"), &in, listen(&said)));
    must(rt_model_table.forward(NULL, r, node_of(m, "kind"), NULL, listen(&said)));
    memcpy(out, value_of(r, node_of(m, "kind")).data, 2 * sizeof *out);
    must(rt_model_table.run_free(NULL, r, listen(&said)));
}

static imp_nn_model *folded(const imp_nn_model *m, uint32_t last)
{
    struct said said;
    imp_nn_model *out = NULL;
    must(rt_fold_norms(m, last, &out, listen(&said)));
    return out;
}

static uint32_t nodes_of(const imp_nn_model *m)
{
    struct said said;
    uint32_t n = 0;
    must(rt_model_table.node_count(NULL, m, &n, listen(&said)));
    return n;
}

/* ---- cases ---- */

static void folded_norms_change_no_value(void **state)
{
    (void)state;
    struct said said;
    int64_t n;
    imp_nn_trainer *t, *t2;
    imp_nn_model *m = filled(&t), *f = folded(m, IMP_NN_ALL);
    const char *text = NULL;
    check_values(t, m, false);
    check_values(t, f, false);
    assert_int_equal(nodes_of(f), nodes_of(m) - 3);
    t2 = trainer_of(f);
    numbers_of(t2, "c1.bias", &n); /* it had none */
    assert_int_equal(n, 4);
    must(rt_model_table.meta(NULL, f, "input", &text, listen(&said)));
    assert_string_equal(text, "rgb");
    rt_train_table.trainer_free(NULL, t, NULL);
    rt_train_table.trainer_free(NULL, t2, NULL);
    release(m), release(f);
}

static void what_the_last_layer_does_not_need_goes(void **state)
{
    (void)state;
    struct said said;
    imp_nn_trainer *t;
    imp_nn_model *m = filled(&t), *f = folded(m, node_of(m, "r3"));
    imp_nn_node last = {.struct_size = sizeof last};
    assert_int_equal(nodes_of(f), 9);
    must(rt_model_table.node(NULL, f, 8, &last, listen(&said)));
    assert_string_equal(last.name, "r3");
    assert_true(last.flags & IMP_NN_OUTPUT);
    check_values(t, f, false);
    rt_train_table.trainer_free(NULL, t, NULL);
    release(m), release(f);
}

static void a_convolution_read_twice_keeps_its_norm(void **state)
{
    (void)state;
    imp_nn_model *m = built(HEAD CONV("1", "2", "1", "0", "") NORM("1")
                            "[sum]\nop = add\nin = n1 c1\n", 1);
    imp_nn_model *f = folded(m, IMP_NN_ALL);
    assert_int_equal(nodes_of(f), nodes_of(m));
    release(m), release(f);
}

static void what_does_nothing_goes(void **state)
{
    (void)state;
    imp_nn_model *m = built(HEAD "[noise]\nop = dropout\nratio = 0.5\n" CONV("1", "2", "1", "0", "")
                            NORM("1") RELU("1") "[same]\nop = identity\n" CONV("2", "2", "1", "0", "")
                            "[end]\nop = identity\n", 1);
    imp_nn_model *f = folded(m, IMP_NN_ALL);
    assert_int_equal(nodes_of(f), 5); /* an output stays */
    assert_int_equal(node_of(f, "c1"), 1);
    assert_int_equal(node_of(f, "end"), 4);
    release(m), release(f);
}

static void scaled_maps_are_so_many_times_as_large_and_nothing_else_changes(void **state)
{
    (void)state;
    struct said said;
    float before[2], after[2];
    double by[LAYERS][5];
    struct rt_gain gains[LAYERS];
    imp_nn_trainer *t;
    imp_nn_model *m = filled(&t), *f = folded(m, IMP_NN_ALL), *s = NULL;
    for (uint32_t l = 0; l < LAYERS; l++) {
        char name[8];
        snprintf(name, sizeof name, "r%u", l + 1);
        gains[l] = (struct rt_gain){node_of(f, name), layers[l].out, by[l]};
        for (uint32_t c = 0; c < layers[l].out; c++)
            by[l][c] = gain_of(l, c);
    }
    must(rt_scale_maps(f, LAYERS, gains, &s, listen(&said)));
    check_values(t, s, true);
    check_values(t, f, false); /* shared tensors are left alone */
    kinds_of(m, before);
    kinds_of(s, after);
    for (int i = 0; i < 2; i++)
        assert_true(fabsf(after[i] - before[i]) < 1e-5f * (1 + fabsf(before[i])));
    rt_train_table.trainer_free(NULL, t, NULL);
    release(m), release(f), release(s);
}

static void refused(const char *text, const char *node, uint32_t channels, const char *part)
{
    struct said said;
    const double by[] = {1, 2, 3, 4};
    imp_nn_model *m = built(text, 1), *s = NULL;
    const struct rt_gain gain = {node_of(m, node), channels, by};
    assert_int_equal(rt_scale_maps(m, 1, &gain, &s, listen(&said)), IMP_E_UNSUPPORTED);
    if (!strstr(said.text, part))
        print_message("# %s\n", said.text);
    assert_non_null(strstr(said.text, part));
    assert_null(s);
    release(m);
}

static void maps_without_a_scale_of_their_own_are_refused_by_name(void **state)
{
    (void)state;
    refused(HEAD CONV("1", "2", "1", "0", "") RELU("1") "[s]\nop = sigmoid\n"
            CONV("2", "2", "1", "0", ""), "r1", 2, "between 'r1' and the weights that read it stands 's'");
    refused(HEAD CONV("1", "2", "1", "0", "") POOL("1", "max_pool") RELU("1"), "r1", 2,
            "'r1' does not follow a convolution");
    refused(HEAD CONV("1", "3", "1", "0", "") RELU("1") CONV("2", "3", "1", "0", "")
            "[sum]\nop = add\nin = c2 r1\n" CONV("3", "2", "1", "0", ""), "r1", 3,
            "stands 'sum' (add)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folded_norms_change_no_value),
        cmocka_unit_test(what_the_last_layer_does_not_need_goes),
        cmocka_unit_test(a_convolution_read_twice_keeps_its_norm),
        cmocka_unit_test(what_does_nothing_goes),
        cmocka_unit_test(scaled_maps_are_so_many_times_as_large_and_nothing_else_changes),
        cmocka_unit_test(maps_without_a_scale_of_their_own_are_refused_by_name),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
