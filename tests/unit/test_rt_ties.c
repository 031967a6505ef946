/* test_rt_ties.c - what lives and dies together where weights are shared, computed, or known before
 * the run; and which operators lock their channels, saying why. */
#include "rt_help.h"
#include <cut.h>

struct net {
    struct rt_graph *g;
    imp_nn_model *m;
};

static int32_t param(struct net *n, const char *name, uint32_t ndim, const int64_t *dim,
                     uint32_t flags)
{
    const struct rt_shape s = rt_shape_of(ndim, dim);
    struct rt_tensor *t = rt_tensor_new(IMP_F32, &s);
    for (int64_t i = 0; i < t->count; i++)
        rt_floats(t)[i] = (float)(0.5 + kit_uniform(n->g->param_count, 1, (uint64_t)i));
    const int64_t p = rt_graph_add_param(n->g, name, t, flags);
    rt_tensor_release(t);
    return rt_ref_param((uint32_t)p);
}

static int32_t node(struct net *n, const char *name, const char *op, int32_t a, int32_t b)
{
    const int32_t refs[] = {a, b};
    return (int32_t)rt_graph_add_node(n->g, name, rt_op_find(op), b == RT_ABSENT ? 1 : 2, refs);
}

/* x: 1 x 4 x 3 x 3, and "a", a convolution of 4 filters over it. */
static struct net begin(int32_t *x, int32_t *a)
{
    static const int64_t square[] = {4, 4, 1, 1}, size[] = {1, 4, 3, 3};
    struct net n = {.g = rt_graph_new()};
    *x = (int32_t)rt_graph_add_node(n.g, "x", rt_op_find("input"), 0, NULL);
    n.g->nodes[*x].flags |= IMP_NN_INPUT;
    n.g->nodes[*x].declared = rt_shape_of(4, size);
    *a = node(&n, "a", "conv", *x, param(&n, "a.weight", 4, square, 0));
    return n;
}

/* "o", a convolution of 2 filters over `from`, and the model. */
static void finish(struct net *n, int32_t from)
{
    static const int64_t shape[] = {2, 4, 1, 1};
    struct said said;
    node(n, "o", "conv", from, param(n, "o.weight", 4, shape, 0));
    must(rt_graph_finish(n->g, listen(&said)));
    must(rt_model_new(n->g, &n->m, listen(&said)));
}

static uint32_t group_of(const imp_nn_model *m, const char *name, imp_nn_group *g)
{
    struct said said;
    uint32_t count;
    must(rt_edit_table.group_count(NULL, m, &count, listen(&said)));
    for (uint32_t i = 0; i < count; i++) {
        *g = (imp_nn_group){.struct_size = sizeof *g};
        must(rt_edit_table.group(NULL, m, i, g, listen(&said)));
        if (!strcmp(g->name, name))
            return i;
    }
    fail_msg("no group '%s'", name);
    return 0;
}

static void run(imp_nn_model *m, float out[18])
{
    static const int64_t size[] = {1, 4, 3, 3};
    struct said said;
    imp_nn_run *r;
    must(rt_model_table.run_new(NULL, m, 0, &r, listen(&said)));
    set_noise(r, m, "x", 4, size, 5);
    must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
    memcpy(out, value_of(r, node_of(m, "o")).data, 18 * sizeof *out);
    rt_model_table.run_free(NULL, r, NULL);
}

/* Nothing reads channel 1 any more. */
static void silence(struct net *n, const char *name)
{
    const int64_t p = rt_graph_find_param(n->g, name);
    const struct rt_tensor *t = p < 0 ? NULL : n->g->params[p].tensor;
    for (int64_t i = 1; t && i < t->count; i += 4)
        rt_floats(t)[i] = 0;
}

/* Unit 1 of group "a" goes; the rest runs, and is what the full network gives when the columns that
 * read it are 0. */
static void expect_cut(struct net *n)
{
    static const uint32_t unit = 1;
    struct said said;
    imp_nn_group g;
    imp_nn_model *thin;
    float want[18], got[18];
    const imp_nn_cut cut = {.group = group_of(n->m, "a", &g), .unit_count = 1, .units = &unit};
    if (g.locked)
        fail_msg("locked: %s", g.locked);
    assert_int_equal(g.unit_count, 4);
    must(rt_edit_table.without(NULL, n->m, 1, &cut, &thin, listen(&said)));
    run(thin, got);
    silence(n, "o.weight");
    silence(n, "w");
    run(n->m, want);
    for (int i = 0; i < 18; i++)
        if (!(fabsf(want[i] - got[i]) <= 1e-5f * fabsf(want[i]) + 1e-5f))
            fail_msg("pixel %d: cut %g, masked %g", i, (double)got[i], (double)want[i]);
    release(thin);
    release(n->m);
}

static void expect_locked(struct net *n, const char *why)
{
    imp_nn_group g;
    group_of(n->m, "a", &g);
    if (!g.locked || !strstr(g.locked, why))
        fail_msg("'%s', expected '%s'", g.locked ? g.locked : "can be cut", why);
    release(n->m);
}

static void what_is_added_goes_with_its_channel(void **state)
{
    static const int64_t three[] = {4, 1, 1}, four[] = {1, 4, 1, 1};
    int32_t x, a;
    (void)state;
    struct net n = begin(&x, &a);
    finish(&n, node(&n, "s", "add", a, param(&n, "p", 3, three, 0)));
    expect_cut(&n);
    n = begin(&x, &a);
    finish(&n, node(&n, "s", "mul", a, param(&n, "p", 4, four, RT_FIXED)));
    expect_cut(&n);
    n = begin(&x, &a);
    const int32_t k = node(&n, "k", "constant", param(&n, "p", 4, four, RT_FIXED), RT_ABSENT);
    finish(&n, node(&n, "s", "mul", a, k));
    expect_cut(&n);
}

static void what_cannot_follow_locks_the_channel(void **state)
{
    static const int64_t three[] = {4, 1, 1}, four[] = {1, 4, 1, 1};
    int32_t x, a;
    (void)state;
    struct net n = begin(&x, &a);
    int32_t k = node(&n, "k", "identity", param(&n, "p", 3, three, 0), RT_ABSENT);
    finish(&n, node(&n, "s", "add", a, k));
    expect_locked(&n, "without channels");
    n = begin(&x, &a);
    k = node(&n, "k", "exp", param(&n, "p", 4, four, RT_FIXED), RT_ABSENT);
    finish(&n, node(&n, "s", "add", a, k));
    expect_locked(&n, "known before the run");
}

static void shared_weights_tie_their_layers(void **state)
{
    static const int64_t square[] = {4, 4, 1, 1};
    int32_t x, a;
    imp_nn_group g;
    (void)state;
    struct net n = begin(&x, &a);
    const int32_t w = param(&n, "w", 4, square, 0);
    const int32_t b = node(&n, "b", "conv", a, w), r = node(&n, "r", "relu", b, RT_ABSENT);
    finish(&n, node(&n, "c", "conv", r, w));
    group_of(n.m, "a",
             &g); /* w reads a and b, so these are one; it makes b and c, so these are too */
    assert_null(g.locked);
    assert_int_equal(g.unit_count, 4);
    assert_int_equal(g.node_count, 4); /* a, b, r, c */
    expect_cut(&n);
}

static void weights_that_another_needs_whole_lock(void **state)
{
    static const int64_t four[] = {1, 4, 1, 1};
    int32_t x, a;
    (void)state;
    struct net n = begin(&x, &a);
    const int32_t p = param(&n, "p", 4, four, 0);
    const int32_t s = node(&n, "s", "mul", a, p);
    const int32_t whole = node(&n, "m", "reduce_max", p, RT_ABSENT);
    finish(&n, node(&n, "t", "add", s, whole));
    expect_locked(&n, "shared");
}

static void operators_that_mix_channels_say_so(void **state)
{
    static const struct {
        const char *op, *key, *why;
        int64_t value;
    } rows[] = {
        {"softmax", "axis", "softmax over channels", 1},
        {"log_softmax", "axis", "softmax over channels", -3},
        {"lrn", "size", "neighbouring channels", 3},
        {"reduce_mean", "axes", "reduced over channels", 1},
    };
    static const int64_t one[] = {2, 1, 1, 1};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct said said;
        int32_t x, a;
        struct net n = begin(&x, &a);
        const int32_t v = node(&n, "v", rows[i].op, a, RT_ABSENT);
        assert_true(rt_set_int(&n.g->nodes[v], rows[i].key, rows[i].value));
        if (strcmp(rows[i].op, "reduce_mean"))
            finish(&n, v);
        else {
            node(&n, "o", "conv", v, param(&n, "o.weight", 4, one, 0));
            must(rt_graph_finish(n.g, listen(&said)));
            must(rt_model_new(n.g, &n.m, listen(&said)));
        }
        expect_locked(&n, rows[i].why);
    }
}

static void operators_on_places_leave_channels_free(void **state)
{
    static const struct {
        const char *op, *key;
        int64_t value;
    } rows[] = {
        {"softmax", "axis", 3}, {"reduce_mean", "axes", 2}, {"dropout", "seed", 0},
        {"clip", NULL, 0},      {"hard_swish", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t x, a;
        struct net n = begin(&x, &a);
        const int32_t v = node(&n, "v", rows[i].op, a, RT_ABSENT);
        if (rows[i].key)
            assert_true(rt_set_int(&n.g->nodes[v], rows[i].key, rows[i].value));
        finish(&n, node(&n, "s", "add", v, a)); /* a reduced height is spread again */
        expect_cut(&n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_goes_with_its_channel),
        cmocka_unit_test(what_cannot_follow_locks_the_channel),
        cmocka_unit_test(shared_weights_tie_their_layers),
        cmocka_unit_test(weights_that_another_needs_whole_lock),
        cmocka_unit_test(operators_that_mix_channels_say_so),
        cmocka_unit_test(operators_on_places_leave_channels_free),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
