/* test_rt_planted.c - what a cut leaves of moments, and redundancy of known truth. */
#include "prune_help.h"

#include "planted.h"

/* ---- moments ---- */

/* A parameter of a model, a copy; its number of floats. */
static float *param_of(imp_nn_model *model, const char *name, size_t *count)
{
    imp_nn_trainer *t;
    struct said said;
    imp_tensor v;
    must(rt_train_table.trainer_new(NULL, model, 0, &t, listen(&said)));
    assert_int_equal(plant_param(t, name, &v), IMP_OK);
    *count = plant_count(&v);
    float *copy = malloc(*count * sizeof *copy);
    memcpy(copy, v.data, *count * sizeof *copy);
    rt_train_table.trainer_free(NULL, t, NULL);
    return copy;
}

/* Units 2 and 5 of conv1 go: rows of its own, slices of conv2's. */
static void moments_of_what_stays_outlive_a_cut(void **state)
{
    struct pr_options o = usual();
    struct made m;
    struct pr_net thin;
    size_t n, k;
    (void)state;
    o.steps = 1, o.order = PR_FORWARD;
    pruned(&m, &o, trained(), NULL);
    struct pr_layer *l = &m.p.layers[1];
    assert_string_equal(l->name, "conv1");
    for (uint32_t i = 0; i < m.p.layer_count; i++)
        m.p.layers[i].taken = 0;
    l->taken = 2, m.p.gone[l->first + 2] = m.p.gone[l->first + 5] = 1;
    assert_int_equal(pr_cut_marked(&m.p, &thin, listen(&m.said)), IMP_OK);
    float *was = param_of(m.p.now.moments, "conv1.weight", &n),
          *is = param_of(thin.moments, "conv1.weight", &k);
    double size = 0;
    assert_int_equal(k, (l->units - 2) * 9);
    for (uint32_t u = 0, to = 0; u < l->units; u++)
        for (uint32_t i = 0; u != 2 && u != 5 && i < 9; i++, to++) {
            assert_true(is[to] == was[u * 9 + i]);
            size += fabs((double)is[to]);
        }
    assert_true(size > 0);
    free(was), free(is);
    was = param_of(m.p.now.moments, "conv2.weight", &n),
    is = param_of(thin.moments, "conv2.weight", &k);
    for (uint32_t f = 0, to = 0; f < n / (l->units * 9); f++)
        for (uint32_t u = 0; u < l->units; u++)
            for (uint32_t i = 0; u != 2 && u != 5 && i < 9; i++, to++)
                assert_true(is[to] == was[(f * l->units + u) * 9 + i]);
    free(was), free(is);
    pr_net_close(&m.p.s, &thin);
    pr_pruning_close(&m.p);
}

/* ---- redundancy of known truth ---- */

static const char wide[] = GREY
    "[conv1]\nop = conv\nfilters = 48\nkernel = 3\npad = 1\n[relu1]\nop = relu\n"
    "[pool1]\nop = max_pool\nkernel = 2\nstride = 2\n"
    "[branch1]\nop = conv\nfilters = 10\nkernel = 3\npad = 1\n[branchrelu]\nop = relu\n"
    "[branch2]\nop = conv\nfilters = 48\nkernel = 3\npad = 1\n[sum]\nop = add\nin = pool1 branch2\n"
    "[conv2]\nop = conv\nfilters = 28\nkernel = 3\npad = 1\n[relu2]\nop = relu\n"
    "[flat]\nop = flatten\n[fc1]\nop = gemm\nunits = 32\ntrans_b = yes\n[relu3]\nop = relu\n"
    "[fc2]\nop = gemm\nunits = 4\ntrans_b = yes\n";

enum { CONV1, SECOND, FULL, LAST };
static imp_nn_model *planted(struct plant *all)
{
    const struct plant plan[] = {
        {.name = "conv1", .units = 12, .copies = 4},
        {.name = "conv2", .reads = "conv1", .units = 16, .copies = 1, .dead = 12},
        {.name = "fc1", .reads = "conv2", .units = 24, .copies = 1, .tiny = 8},
        {.name = "fc2", .reads = "fc1", .units = 4, .copies = 1},
        {.name = NULL}};
    struct said said;
    memcpy(all, plan, sizeof plan);
    for (uint32_t i = 0; i <= LAST; i++)
        plant_deal(&all[i], 70 + i);
    for (uint32_t i = 0; i < 4; i++)
        all[LAST].unit[i] = i;
    imp_nn_model *m = plant_wide(all, trained(), wide, "branch2", "conv1", listen(&said));
    if (!m)
        fail_msg("%s", said.text);
    return m;
}

static uint32_t group_called(const struct made *m, const char *name)
{
    for (uint32_t i = 0; i < m->p.layer_count; i++)
        if (!strcmp(m->p.layers[i].name, name))
            return i;
    fail_msg("there is no group '%s'", name);
    return 0;
}

struct found {
    uint32_t dead, tiny, real, branch; /* that went */
};
static struct found prune_planted(struct plant *all, imp_nn_model *model, uint32_t criterion,
                                  uint32_t unbias)
{
    struct pr_options o = usual();
    struct made m;
    struct found f = {0, 0, 0, 0};
    o.criterion = criterion, o.unbias = unbias, o.step = 0.08, o.steps = 5, o.rate = 0.005;
    pruned(&m, &o, model, NULL);
    for (uint32_t i = SECOND; i <= FULL; i++) {
        const struct pr_layer *l = &m.p.layers[group_called(&m, all[i].name)];
        for (uint32_t u = 0; u < l->original; u++) {
            const bool gone = m.p.gone_at[l->first + u] != 0;
            f.dead += gone && all[i].kind[u] == PLANT_DEAD;
            f.tiny += gone && all[i].kind[u] == PLANT_TINY;
            f.real += gone && all[i].kind[u] == PLANT_REAL;
        }
    }
    const struct pr_layer *branch = &m.p.layers[group_called(&m, "branch1")];
    f.branch = branch->original - branch->units;
    pr_pruning_close(&m.p);
    return f;
}

/* Dead units, tiny ones and a branch that is of no use as a whole go before what the network needs.
 */
static void planted_redundancy_is_found(void **state)
{
    struct plant all[LAST + 2];
    imp_nn_model *model = planted(all);
    (void)state;
    assert_true(fabs(loss_of(model, 200) - loss_of(trained(), 200)) < 0.02);
    const struct found places = prune_planted(all, model, PR_TAYLOR, PR_PLACES),
                       mean = prune_planted(all, model, PR_TAYLOR, PR_MEAN),
                       chance = prune_planted(all, model, PR_RANDOM, PR_NONE);
    const struct found *const of[] = {&places, &mean, &chance};
    for (int i = 0; i < 3; i++)
        print_message("# dead %u of 12, tiny %u of 8, branch %u of 10, real %u of 40\n",
                      of[i]->dead, of[i]->tiny, of[i]->branch, of[i]->real);
    assert_true(places.dead == 12 && mean.dead == 12 && chance.dead < 12);
    assert_true(places.tiny >= 7 && places.branch >= 8);
    assert_true(mean.branch < places.branch); /* in a layer whose mean is 1 nothing looks useless */
    assert_true(places.real < mean.real);
    release(model);
    plant_end(all);
}

static int forget(void **state)
{
    (void)state;
    release(trained());
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_of_what_stays_outlive_a_cut),
        cmocka_unit_test(planted_redundancy_is_found),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, forget);
}
