/* test_rt_edit.c - cut networks: what is gone is what was masked, on every way of tying channels. */
#include "rt_help.h"

#include <trainer.h>

struct graph {
    const char *name, *text;
    const char *groups; /* those that can be cut, in order: "name:units" */
};

#define HEAD "[network]\nformat = 1\n[x]\nop = input\nshape = N 3 8 8\n"
static const struct graph graphs[] = {
    {"chain", HEAD "[a]\nop = conv\nfilters = 5\nkernel = 3\n[n]\nop = batch_norm\n[r]\nop = relu\n"
                   "[b]\nop = conv\nfilters = 4\nkernel = 3\n[s]\nop = tanh\n"
                   "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:5 b:4"},
    {"residual", HEAD "[a]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n[r]\nop = relu\n"
                      "[b]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\n[t]\nop = tanh\n"
                      "[c]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n"
                      "[sum]\nop = add\nin = c r\n[u]\nop = relu\n"
                      "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:4 b:6"},
    {"twice the same", HEAD "[a]\nop = conv\nfilters = 4\nkernel = 3\n[r]\nop = relu\n"
                            "[two]\nop = concat\nin = r r\naxis = 1\n"
                            "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:4"},
    {"concat", HEAD "[a]\nop = conv\nfilters = 4\nkernel = 3\n[b]\nop = conv\nin = x\nfilters = 3\nkernel = 3\n"
                    "[two]\nop = concat\nin = a b\naxis = 1\n[n]\nop = batch_norm\n"
                    "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:4 b:3"},
    {"split", HEAD "[a]\nop = conv\nfilters = 6\nkernel = 3\n"
                   "[l]\nop = split\nin = a\naxis = 1\nsizes = 2 4\nindex = 0\n"
                   "[m]\nop = split\nin = a\naxis = 1\nsizes = 2 4\nindex = 1\n"
                   "[p]\nop = conv\nin = l\nfilters = 3\nkernel = 1\n"
                   "[q]\nop = conv\nin = m\nfilters = 3\nkernel = 1\n"
                   "[s]\nop = add\nin = p q\n[o]\nop = conv\nfilters = 2\nkernel = 1\n",
     "a:2 a:4 p:3"},
    {"grouped", HEAD "[a]\nop = conv\nfilters = 6\nkernel = 3\n[r]\nop = relu\n"
                     "[g]\nop = conv\nfilters = 8\nkernel = 3\ngroups = 2\n"
                     "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:3 g:4"},
    {"depthwise", HEAD "[a]\nop = conv\nfilters = 4\nkernel = 1\n[r]\nop = relu\n"
                       "[d]\nop = conv\nfilters = 4\nkernel = 3\ngroups = 4\nbias = no\n[n]\nop = batch_norm\n"
                       "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:4"},
    {"flatten", HEAD "[a]\nop = conv\nfilters = 4\nkernel = 3\n[p]\nop = max_pool\nkernel = 2\nstride = 2\n"
                     "[f]\nop = flatten\n[g]\nop = gemm\nunits = 7\n[r]\nop = relu\n"
                     "[o]\nop = gemm\nunits = 2\n", "a:4 g:7"},
    {"depthwise, two filters each", HEAD "[a]\nop = conv\nfilters = 4\nkernel = 1\n[r]\nop = relu\n"
                                         "[d]\nop = conv\nfilters = 8\nkernel = 3\ngroups = 4\n"
                                         "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:4"},
    {"transposed, grouped", HEAD "[a]\nop = conv\nfilters = 6\nkernel = 3\n[r]\nop = relu\n"
                                 "[t]\nop = conv_transpose\nfilters = 4\nkernel = 2\ngroups = 2\n"
                                 "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:3 t:2"},
    {"transposed by channel", HEAD "[a]\nop = conv\nfilters = 4\nkernel = 3\n[r]\nop = relu\n"
                                   "[t]\nop = conv_transpose\nfilters = 8\nkernel = 2\nstride = 2\ngroups = 4\n"
                                   "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:4"},
    {"transposed", HEAD "[a]\nop = conv\nfilters = 4\nkernel = 3\n[r]\nop = prelu\n"
                        "[t]\nop = conv_transpose\nfilters = 5\nkernel = 2\nstride = 2\n"
                        "[o]\nop = conv\nfilters = 2\nkernel = 1\n", "a:4 t:5"},
};

static void say_groups(const imp_nn_model *m, char *buf, size_t size)
{
    struct said said;
    uint32_t count;
    size_t at = 0;
    must(rt_edit_table.group_count(NULL, m, &count, listen(&said)));
    buf[0] = 0;
    for (uint32_t i = 0; i < count; i++) {
        imp_nn_group g = {.struct_size = sizeof g};
        must(rt_edit_table.group(NULL, m, i, &g, listen(&said)));
        if (!g.locked)
            at += (size_t)snprintf(buf + at, size - at, "%s%s:%u", at ? " " : "", g.name, g.unit_count);
    }
}

static void groups_are_what_the_graph_ties(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++) {
        char text[512];
        imp_nn_model *m = built(graphs[i].text, 3);
        say_groups(m, text, sizeof text);
        if (strcmp(text, graphs[i].groups))
            fail_msg("%s: groups '%s', expected '%s'", graphs[i].name, text, graphs[i].groups);
        release(m);
    }
}

/* Weights that are not as drawn: BatchNorm that does something. */
static imp_nn_trainer *shaken(const imp_nn_model *m)
{
    struct said said;
    imp_nn_trainer *t;
    uint32_t count;
    must(rt_train_table.trainer_new(NULL, m, 1, &t, listen(&said)));
    must(rt_train_table.param_count(NULL, t, &count, listen(&said)));
    for (uint32_t p = 0; p < count; p++) {
        imp_tensor v = {.head = {.struct_size = sizeof v}};
        must(rt_train_table.param(NULL, t, p, NULL, &v, NULL, listen(&said)));
        for (int64_t i = 0; i < count_of(&v); i++)
            ((float *)v.data)[i] += (float)(0.2 + 0.5 * kit_uniform(p, 6, (uint64_t)i));
    }
    return t;
}

/* Zeroes what makes the unit, in all its slices. */
static void mask(imp_nn_trainer *t, const imp_nn_group *g, uint32_t unit)
{
    struct said said;
    uint32_t count;
    must(rt_train_table.param_count(NULL, t, &count, listen(&said)));
    for (uint32_t s = 0; s < g->slice_count; s++)
        for (uint32_t p = 0; p < count && !g->slices[s].reads; p++) {
            const imp_nn_slice *sl = &g->slices[s];
            const char *name;
            imp_tensor v = {.head = {.struct_size = sizeof v}};
            must(rt_train_table.param(NULL, t, p, &name, &v, NULL, listen(&said)));
            if (strcmp(name, sl->param))
                continue;
            int64_t inner = 1, n = v.shape[sl->axis];
            for (uint32_t d = sl->axis + 1; d < v.ndim; d++)
                inner *= v.shape[d];
            for (int64_t i = 0; i < count_of(&v); i++) {
                const int64_t at = i / inner % n - sl->first - unit * sl->width;
                if (at >= 0 && at < sl->width)
                    ((float *)v.data)[i] = 0;
            }
        }
}

static void run_out(const imp_nn_model *m, float *out, int64_t *n)
{
    struct said said;
    static const int64_t size[4] = {2, 3, 8, 8};
    imp_nn_run *r;
    union { const imp_nn_model *from; imp_nn_model *to; } plain = {.from = m};
    must(rt_model_table.run_new(NULL, plain.to, IMP_NN_LEAN, &r, listen(&said)));
    set_noise(r, m, "x", 4, size, 8);
    must(rt_model_table.forward(NULL, r, IMP_NN_ALL, NULL, listen(&said)));
    const imp_tensor v = value_of(r, node_of(m, "o"));
    *n = count_of(&v);
    assert_in_range(*n, 1, 4096);
    memcpy(out, v.data, (size_t)*n * sizeof *out);
    rt_model_table.run_free(NULL, r, NULL);
}

static void check_cut(const struct graph *graph, const imp_nn_model *m, uint32_t group)
{
    struct said said;
    imp_nn_group g = {.struct_size = sizeof g};
    imp_nn_model *full, *masked, *thin;
    imp_nn_trainer *t = shaken(m);
    float want[4096], got[4096];
    int64_t n, k;
    must(rt_edit_table.group(NULL, m, group, &g, listen(&said)));
    const uint32_t units[] = {0, g.unit_count - 1};
    const imp_nn_cut cut = {.group = group, .unit_count = g.unit_count > 2 ? 2 : 1, .units = units};
    must(rt_train_table.snapshot(NULL, t, &full, listen(&said)));
    for (uint32_t u = 0; u < cut.unit_count; u++)
        mask(t, &g, units[u]);
    must(rt_train_table.snapshot(NULL, t, &masked, listen(&said)));
    must(rt_edit_table.without(NULL, full, 1, &cut, &thin, listen(&said)));
    run_out(masked, want, &n);
    run_out(thin, got, &k);
    assert_int_equal(n, k);
    double error = 0, energy = 0;
    for (int64_t i = 0; i < n; i++) {
        error += pow((double)want[i] - (double)got[i], 2);
        energy += pow((double)want[i], 2);
    }
    if (!(error <= 1e-10 * energy) || energy <= 0)
        fail_msg("%s, group %s: cut is not masked, NMSE %g", graph->name, g.name, error / energy);
    uint64_t before, after, macs, fewer;
    const int64_t size[4] = {1, 3, 8, 8};
    must(rt_edit_table.cost(NULL, full, 4, size, &before, &macs, listen(&said)));
    must(rt_edit_table.cost(NULL, thin, 4, size, &after, &fewer, listen(&said)));
    assert_true(after < before && fewer < macs);
    release(thin);
    release(masked);
    release(full);
    rt_train_table.trainer_free(NULL, t, NULL);
}

static void cut_is_masked_for_every_group_of_every_graph(void **state)
{
    struct said said;
    (void)state;
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++) {
        imp_nn_model *m = built(graphs[i].text, 3);
        uint32_t count;
        must(rt_edit_table.group_count(NULL, m, &count, listen(&said)));
        for (uint32_t g = 0; g < count; g++) {
            imp_nn_group group = {.struct_size = sizeof group};
            must(rt_edit_table.group(NULL, m, g, &group, listen(&said)));
            if (!group.locked)
                check_cut(&graphs[i], m, g);
        }
        release(m);
    }
}

static void what_cannot_be_cut_says_why(void **state)
{
    struct said said;
    imp_nn_model *m = built(graphs[0].text, 3), *thin;
    const uint32_t all[] = {0, 1, 2, 3, 4}, twice[] = {1, 1}, none[] = {77};
    uint32_t count;
    (void)state;
    must(rt_edit_table.group_count(NULL, m, &count, listen(&said)));
    for (uint32_t i = 0; i < count; i++) {
        imp_nn_group g = {.struct_size = sizeof g};
        must(rt_edit_table.group(NULL, m, i, &g, listen(&said)));
        const imp_nn_cut first = {.group = i, .unit_count = 1, .units = all};
        if (!strcmp(g.name, "x") || !strcmp(g.name, "o")) {
            assert_non_null(g.locked);
            assert_int_equal(rt_edit_table.without(NULL, m, 1, &first, &thin, listen(&said)), IMP_E_PARAM);
            assert_non_null(strstr(said.text, "cannot be cut: network"));
        }
        if (strcmp(g.name, "a"))
            continue;
        const imp_nn_cut whole = {.group = i, .unit_count = 5, .units = all};
        const imp_nn_cut same = {.group = i, .unit_count = 2, .units = twice};
        const imp_nn_cut far = {.group = i, .unit_count = 1, .units = none};
        assert_int_equal(rt_edit_table.without(NULL, m, 1, &whole, &thin, listen(&said)), IMP_E_PARAM);
        assert_non_null(strstr(said.text, "without channels"));
        assert_int_equal(rt_edit_table.without(NULL, m, 1, &same, &thin, listen(&said)), IMP_E_PARAM);
        assert_int_equal(rt_edit_table.without(NULL, m, 1, &far, &thin, listen(&said)), IMP_E_PARAM);
        assert_true(g.node_count >= 3); /* the convolution, the norm and the activation show its units */
    }
    release(m);
}

static void an_empty_cut_changes_no_bit(void **state)
{
    struct said said;
    imp_nn_model *m = built(graphs[1].text, 3), *same;
    float a[4096], b[4096];
    int64_t n, k;
    (void)state;
    must(rt_edit_table.without(NULL, m, 0, NULL, &same, listen(&said)));
    run_out(m, a, &n);
    run_out(same, b, &k);
    assert_memory_equal(a, b, (size_t)n * sizeof *a);
    release(same);
    release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_what_the_graph_ties),
        cmocka_unit_test(cut_is_masked_for_every_group_of_every_graph),
        cmocka_unit_test(what_cannot_be_cut_says_why),
        cmocka_unit_test(an_empty_cut_changes_no_bit),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
