/* test_rt_constants.c - maps that are the same everywhere: what they give goes into the biases
 * behind, so that they can be cut out and nothing changes. */
#include "prune_help.h"

#include "planted.h"

enum { SIDE = 8, FLAT = 4 * 4 * 5 };
#define RGB "[network]\nformat = 1\ninput = rgb\nrange = 0 1\n[x]\nop = input\nshape = N 3 8 8\n"
static const char chain[] = RGB
    "[c1]\nop = conv\nfilters = 6\nkernel = 3\n[r1]\nop = relu\n"
    "[c2]\nop = conv\nfilters = 5\nkernel = 3\nbias = no\n[n2]\nop = batch_norm\n[r2]\nop = relu\n"
    "[flat]\nop = flatten\n[g]\nop = gemm\nunits = 4\n";
static const char padded[] = RGB "[c1]\nop = conv\nfilters = 6\nkernel = 3\n[r1]\nop = relu\n"
                                 "[c2]\nop = conv\nfilters = 5\nkernel = 3\npad = 1\n[flat]\nop = "
                                 "flatten\n[g]\nop = gemm\nunits = 4\n";
static const char grouped[] = RGB
    "[c1]\nop = conv\nfilters = 6\nkernel = 3\n[r1]\nop = relu\n"
    "[c2]\nop = conv\nfilters = 4\nkernel = 3\ngroups = 2\n[flat]\nop = flatten\n[g]\nop = gemm\n"
    "units = 4\ntrans_b = yes\n";

static void set(imp_nn_trainer *t, const char *name, size_t first, size_t count, float to)
{
    imp_tensor v;
    assert_int_equal(plant_param(t, name, &v), IMP_OK);
    for (size_t i = first; i < first + count; i++)
        ((float *)v.data)[i] = to;
}

/* Unit 2 of c1 gives 0.7 everywhere; where there is a norm, unit 3 of c2 gives 0.5. */
static imp_nn_model *with_constants(const char *ini, bool norm)
{
    struct said said;
    imp_nn_model *empty = built(ini, 4), *m = NULL;
    imp_nn_trainer *t;
    must(rt_train_table.trainer_new(NULL, empty, 1, &t, listen(&said)));
    set(t, "c1.weight", 2 * 27, 27, 0);
    set(t, "c1.bias", 2, 1, 0.7f);
    if (norm) {
        set(t, "n2.weight", 3, 1, 0);
        set(t, "n2.bias", 3, 1, 0.5f);
    }
    must(rt_train_table.snapshot(NULL, t, &m, listen(&said)));
    rt_train_table.trainer_free(NULL, t, NULL);
    release(empty);
    return m;
}

static void answer(imp_nn_model *m, float out[4])
{
    static const int64_t shape[] = {1, 3, SIDE, SIDE};
    struct said said;
    imp_nn_run *r;
    must(rt_model_table.run_new(NULL, m, 0, &r, listen(&said)));
    set_noise(r, m, "x", 4, shape, 3);
    must(rt_model_table.forward(NULL, r, node_of(m, "g"), NULL, listen(&said)));
    memcpy(out, value_of(r, node_of(m, "g")).data, 4 * sizeof *out);
    rt_model_table.run_free(NULL, r, NULL);
}

static double apart(imp_nn_model *a, imp_nn_model *b)
{
    float x[4], y[4];
    double most = 0;
    answer(a, x), answer(b, y);
    for (int i = 0; i < 4; i++)
        most = fmax(most, fabs((double)x[i] - (double)y[i]));
    return most;
}

static imp_nn_model *settled(imp_nn_model *m, const char *node, uint32_t count, const float *value,
                             uint32_t pairs)
{
    struct said said;
    imp_nn_model *out = NULL;
    uint32_t n = 99;
    must(rt_edit_table.settle(NULL, m, node_of(m, node), count, value, &n, &out, listen(&said)));
    assert_int_equal(n, pairs);
    return out;
}

/* Without a unit of the layer that makes the values of a node. */
static imp_nn_model *without(imp_nn_model *m, const char *layer, uint32_t unit)
{
    struct said said;
    uint32_t groups;
    imp_nn_model *out = NULL;
    must(rt_edit_table.group_count(NULL, m, &groups, listen(&said)));
    for (uint32_t i = 0; i < groups && !out; i++) {
        imp_nn_group g = {.struct_size = sizeof g};
        const imp_nn_cut cut = {i, 1, &unit};
        must(rt_edit_table.group(NULL, m, i, &g, listen(&said)));
        if (!strcmp(g.name, layer))
            must(rt_edit_table.without(NULL, m, 1, &cut, &out, listen(&said)));
    }
    assert_non_null(out);
    return out;
}

static void biases_take_constants_over_and_a_cut_is_exact(void **state)
{
    float first[6] = {NAN, NAN, 0.7f, NAN, NAN, NAN}, flat[FLAT];
    imp_nn_model *m = with_constants(chain, true), *a, *b, *thin, *plain;
    (void)state;
    for (int i = 0; i < FLAT; i++)
        flat[i] = i / 16 == 3 ? 0.5f : NAN;
    a = settled(m, "r1", 6, first, 1);
    assert_true(apart(m, a) < 1e-5);
    b = settled(a, "flat", FLAT, flat, 16);
    assert_true(apart(m, b) < 1e-5);
    thin = without(b, "c1", 2), plain = without(m, "c1", 2);
    assert_true(apart(m, thin) < 1e-5);
    assert_true(apart(m, plain) > 1e-3);
    release(thin), release(plain);
    thin = without(b, "c2", 3), plain = without(m, "c2", 3);
    assert_true(apart(m, thin) < 1e-5);
    assert_true(apart(m, plain) > 1e-3);
    release(thin), release(plain), release(a), release(b), release(m);
}

static void groups_have_their_own_channels(void **state)
{
    float first[6] = {NAN, NAN, 0.7f, NAN, NAN, NAN};
    imp_nn_model *m = with_constants(grouped, false), *a = settled(m, "r1", 6, first, 1);
    (void)state;
    assert_true(apart(m, a) < 1e-5);
    release(a), release(m);
}

static void what_zeros_around_would_falsify_is_left(void **state)
{
    float first[6] = {NAN, NAN, 0.7f, NAN, NAN, NAN};
    imp_nn_model *m = with_constants(padded, false), *a = settled(m, "r1", 6, first, 0);
    (void)state;
    assert_true(apart(m, a) == 0);
    release(a), release(m);
}

/* ---- pruning ---- */

static void constant_units_go_first_and_change_nothing(void **state)
{
    struct pr_options o = usual();
    struct made m;
    imp_nn_model *model = with_constants(chain, true);
    (void)state;
    o.steps = 1, o.step = 2.0 / 11, o.epochs = 0, o.unbias = PR_PLACES;
    m.train = bars(120, 3, 4), m.test = m.train;
    m.p = (struct pruning){.o = &o,
                           .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
    o.performance = PR_LOSS;
    must_be_ok(pr_prune(&m.p, model, listen(&m.said)), &m.said, "prune");
    assert_int_equal(m.p.gone_at[m.p.layers[1].first + 2], 1);
    assert_int_equal(m.p.gone_at[m.p.layers[2].first + 3], 1);
    assert_true(fabs(m.p.rows[1].before - m.p.rows[0].after) < 1e-6 * m.p.rows[0].after);
    pr_pruning_close(&m.p);
    release(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(biases_take_constants_over_and_a_cut_is_exact),
        cmocka_unit_test(groups_have_their_own_channels),
        cmocka_unit_test(what_zeros_around_would_falsify_is_left),
        cmocka_unit_test(constant_units_go_first_and_change_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
