/* test_rt_thin_onnx.c - a network comes as ONNX, is pruned, goes as ONNX, and what is read again
 * gives the numbers of the network that was written. */
#include "prune_help.h"

#include <unistd.h>

static const char residual[] = GREY
    "[a]\nop = conv\nfilters = 8\nkernel = 3\npad = 1\nbias = no\n[na]\nop = batch_norm\n[ra]\nop "
    "= relu\n"
    "[b]\nop = conv\nfilters = 12\nkernel = 3\npad = 1\ngroups = 2\n[rb]\nop = relu\n"
    "[c]\nop = conv\nfilters = 8\nkernel = 1\n[sum]\nop = add\nin = c ra\n[rs]\nop = relu\n"
    "[d]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n[two]\nop = concat\nin = d rs\naxis = 1\n"
    "[flat]\nop = flatten\n[out]\nop = gemm\nunits = 4\ntrans_b = yes\n";

static void path_of(char path[64], const char *name)
{
    snprintf(path, 64, "/tmp/impasto-thin-%ld-%s.onnx", (long)getpid(), name);
}

/* The model as ONNX and back. */
static imp_nn_model *by_file(imp_nn_model *m, const char *name)
{
    struct said said;
    char path[64];
    imp_nn_model *back = NULL;
    path_of(path, name);
    must(rt_train_table.save(NULL, m, path, listen(&said)));
    must(rt_model_table.open(NULL, path, NULL, &back, listen(&said)));
    unlink(path);
    return back;
}

static void same_answers(imp_nn_model *a, imp_nn_model *b, const char *out)
{
    static const int64_t shape[] = {3, 1, 8, 8};
    imp_nn_model *const of[] = {a, b};
    struct said said;
    float y[2][12];
    double size = 0;
    for (int i = 0; i < 2; i++) {
        imp_nn_run *r;
        must(rt_model_table.run_new(NULL, of[i], 0, &r, listen(&said)));
        set_noise(r, of[i], "x", 4, shape, 9);
        must(rt_model_table.forward(NULL, r, node_of(of[i], out), NULL, listen(&said)));
        const imp_tensor v = value_of(r, node_of(of[i], out));
        assert_int_equal(count_of(&v), 12);
        memcpy(y[i], v.data, sizeof y[i]);
        rt_model_table.run_free(NULL, r, NULL);
    }
    for (int i = 0; i < 12; i++) {
        assert_true(fabs((double)y[0][i] - (double)y[1][i]) < 1e-5);
        size = fmax(size, fabs((double)y[0][i]));
    }
    assert_true(size > 1e-3);
}

static void check(imp_nn_model *as_it_came, const char *out)
{
    struct pr_options o = usual();
    struct made m;
    imp_nn_model *model = by_file(as_it_came, "in");
    o.steps = 3, o.step = 0.2;
    same_answers(as_it_came, model, out);
    pruned(&m, &o, model, NULL);
    assert_true(m.p.rows[3].params < 0.8 * m.p.rows[0].params);
    imp_nn_model *back = by_file(m.p.best.model, "out");
    same_answers(m.p.best.model, back, out);
    release(back), release(model);
    pr_pruning_close(&m.p);
}

static void a_chain_comes_and_goes_as_onnx(void **state)
{
    (void)state;
    check(trained(), "fc2");
    release(trained());
}

static void sums_concats_groups_and_norms_come_and_go_as_onnx(void **state)
{
    imp_nn_model *m = built(residual, 2);
    (void)state;
    check(m, "out");
    release(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_concats_groups_and_norms_come_and_go_as_onnx),
        cmocka_unit_test(a_chain_comes_and_goes_as_onnx),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
