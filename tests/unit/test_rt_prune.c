/* test_rt_prune.c - pruning over the runtime: what goes, what holds, what resumes to the same
 * bytes. */
#include "prune_help.h"

/* ---- cases ---- */

static void it_ends_where_the_limit_is_and_counts_right(void **state)
{
    struct pr_options o = usual();
    struct made m;
    (void)state;
    o.keep_params = 0.3, o.finish = 4;
    pruned(&m, &o, trained(), NULL);
    const struct pr_row *last = &m.p.rows[m.p.row_count - 1];
    assert_true(last->params <= 0.3 * m.p.rows[0].params);
    assert_true(m.p.rows[m.p.row_count - 2].params > 0.3 * m.p.rows[0].params);
    assert_non_null(strstr(m.p.why, "parameters"));
    assert_true(m.p.rows[0].after < 0.1);
    assert_true(m.p.final <= last->after && m.p.final < 0.15);
    const uint32_t *w =
        m.p.widths + (m.p.row_count - 1) * m.p.layer_count; /* 3x3 convs, 4x4 places, two gemms */
    const double params =
        w[1] * 10.0 + w[2] * (9.0 * w[1] + 1) + w[3] * (16.0 * w[2] + 1) + 4 * (w[3] + 1.0);
    assert_true(params == last->params);
    pr_pruning_close(&m.p);
}

/* All but the milliseconds. */
static void same_rows(const struct pruning *a, const struct pruning *b)
{
    assert_int_equal(a->row_count, b->row_count);
    assert_int_equal(a->best_row, b->best_row);
    for (uint32_t i = 0; i < a->row_count; i++) {
        struct pr_row x = a->rows[i], y = b->rows[i];
        x.ms = y.ms = 0;
        assert_memory_equal(&x, &y, sizeof x);
    }
    assert_memory_equal(a->widths, b->widths,
                        (size_t)a->row_count * a->layer_count * sizeof *a->widths);
    assert_memory_equal(a->gone_at, b->gone_at, a->unit_count * sizeof *a->gone_at);
    assert_string_equal(a->why, b->why);
}

static void it_resumes_to_the_same_bytes(void **state)
{
    struct pr_options o = usual();
    struct made want, m;
    struct job all = new_job();
    (void)state;
    o.steps = 5, o.finish = 1, o.performance = PR_ACCURACY;
    all.name = "pruning";
    pruned(&want, &o, trained(), &all);
    for (uint32_t at = 1; at < all.polls; at += all.polls / 9) {
        struct job job = new_job();
        job.name = "pruning";
        job.stop_at = at, job.backwards = true;
        prune(&m, &o, trained(), &job);
        assert_int_equal(m.status, IMP_CANCELLED);
        pr_pruning_close(&m.p);
        job.stop_at = 0, job.fraction = 0;
        pruned(&m, &o, trained(), &job);
        same_rows(&m.p, &want.p);
        same_model(m.p.best.model, want.p.best.model);
        pr_pruning_close(&m.p);
        free(job.kept);
    }
    pr_pruning_close(&want.p);
    free(all.kept);
}

static void damaged_checkpoints_are_refused(void **state)
{
    struct pr_options o = usual();
    struct made m;
    struct job job = new_job();
    (void)state;
    o.steps = 2;
    job.name = "pruning";
    pruned(&m, &o, trained(), &job);
    pr_pruning_close(&m.p);
    for (uint64_t size = 0; size < job.size; size += 1 + job.size / 40) {
        struct job cut = job;
        cut.keeps = 0, cut.fraction = 0;
        cut.kept = malloc((size_t)size + 1);
        memcpy(cut.kept, job.kept, (size_t)size);
        cut.size = size;
        prune(&m, &o, trained(), &cut);
        assert_true(m.status == IMP_OK ||
                    m.status < 0); /* begins anew, or says that it is damaged */
        pr_pruning_close(&m.p);
        free(cut.kept);
    }
    free(job.kept);
}

/* The same function with a layer times t, its readers by 1 / t. */
static imp_nn_model *rescaled(imp_nn_model *model, float t)
{
    struct said said;
    imp_nn_trainer *tr;
    imp_nn_model *out = NULL;
    uint32_t count;
    must(rt_train_table.trainer_new(NULL, model, 0, &tr, listen(&said)));
    must(rt_train_table.param_count(NULL, tr, &count, listen(&said)));
    for (uint32_t i = 0; i < count; i++) {
        const char *name;
        imp_tensor v = {.head = {.struct_size = sizeof v}}, g = v;
        must(rt_train_table.param(NULL, tr, i, &name, &v, &g, listen(&said)));
        const float by = !strncmp(name, "conv1", 5)                 ? t
                         : !strncmp(name, "conv2", 5) && v.ndim > 1 ? 1 / t
                                                                    : 1;
        for (int64_t k = 0; k < count_of(&v); k++)
            ((float *)v.data)[k] *= by;
    }
    must(rt_train_table.snapshot(NULL, tr, &out, listen(&said)));
    rt_train_table.trainer_free(NULL, tr, NULL);
    return out;
}

/* Which units go in the first step. */
static void first_choice(imp_nn_model *model, uint32_t criterion, uint32_t unbias, uint32_t *gone,
                         uint32_t room)
{
    struct pr_options o = usual();
    struct made m;
    o.criterion = criterion, o.unbias = unbias, o.steps = 1, o.step = 0.3, o.epochs = 0;
    pruned(&m, &o, model, NULL);
    assert_true(m.p.unit_count <= room);
    memcpy(gone, m.p.gone_at, m.p.unit_count * sizeof *gone);
    pr_pruning_close(&m.p);
}

static void rescaling_a_layer_changes_no_choice(void **state)
{
    enum { ROOM = 64 };
    imp_nn_model *model = trained(), *scaled = rescaled(model, 32);
    (void)state;
    for (uint32_t criterion = PR_TAYLOR; criterion <= PR_L1; criterion++)
        for (uint32_t unbias = PR_MEAN; unbias <= PR_NONE; unbias++) {
            uint32_t a[ROOM] = {0}, b[ROOM] = {0};
            if (criterion == PR_APOZ)
                continue;
            first_choice(model, criterion, unbias, a, ROOM);
            first_choice(scaled, criterion, unbias, b, ROOM);
            const bool same = !memcmp(a, b, sizeof a);
            /* the bias that is to be removed: values and weights know the scale, the gradient's
             * product does not */
            const bool biased = unbias == PR_NONE && !pr_needs_gradient(criterion);
            if (same == biased)
                print_message("# criterion %u unbias %u: %s\n", criterion, unbias,
                              same ? "same" : "others");
            assert_true(same != biased);
        }
    release(scaled);
}

/* With a gate on unit u of conv2: its filter and bias times `gate` (the relu behind lets it
 * through). */
static imp_nn_model *gated(imp_nn_model *model, uint32_t u, float gate)
{
    struct said said;
    imp_nn_trainer *t;
    imp_nn_model *out = NULL;
    uint32_t count;
    must(rt_train_table.trainer_new(NULL, model, 0, &t, listen(&said)));
    must(rt_train_table.param_count(NULL, t, &count, listen(&said)));
    for (uint32_t i = 0; i < count; i++) {
        const char *name;
        imp_tensor v = {.head = {.struct_size = sizeof v}}, g = v;
        must(rt_train_table.param(NULL, t, i, &name, &v, &g, listen(&said)));
        const int64_t each = count_of(&v) / v.shape[0];
        for (int64_t k = 0; !strncmp(name, "conv2", 5) && k < each; k++)
            ((float *)v.data)[u * each + k] *= gate;
    }
    must(rt_train_table.snapshot(NULL, t, &out, listen(&said)));
    rt_train_table.trainer_free(NULL, t, NULL);
    return out;
}

static void taylor_is_the_slope_of_a_gate(void **state)
{
    enum { SAMPLES = 40, PLACES = 16 };
    struct pr_options o = usual();
    struct made m;
    (void)state;
    o.criterion = PR_TAYLOR_MEAN, o.unbias = PR_NONE, o.samples = 1000, o.steps = 1, o.epochs = 0;
    m.train = bars(SAMPLES, 1, 4), m.test = m.train;
    m.p = (struct pruning){.o = &o,
                           .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
    must_be_ok(pr_prune(&m.p, trained(), listen(&m.said)), &m.said, "prune");
    double worst = 0, size = 0;
    for (uint32_t u = 0; u < 16; u++) {
        const float eps = 0.008f;
        imp_nn_model *up = gated(trained(), u, 1 + eps), *down = gated(trained(), u, 1 - eps);
        const double slope =
            fabs(loss_of(up, SAMPLES) - loss_of(down, SAMPLES)) / (2 * (double)eps) / PLACES;
        worst = fmax(worst, fabs(slope - m.p.first_raw[CONV2 + u]));
        size = fmax(size, slope);
        release(up), release(down);
    }
    if (!(worst < 1e-3 * size))
        print_message("# %g of %g\n", worst, size);
    assert_true(worst < 1e-3 * size);
    pr_pruning_close(&m.p);
}

static void the_oracle_tells_the_loss_without_the_unit(void **state)
{
    enum { SAMPLES = 60 };
    struct pr_options o = usual();
    struct made m;
    (void)state;
    o.criterion = PR_ORACLE, o.unbias = PR_NONE, o.samples = 1000, o.steps = 1, o.epochs = 0;
    m.train = bars(SAMPLES, 1, 4), m.test = m.train;
    m.p = (struct pruning){.o = &o,
                           .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
    must_be_ok(pr_prune(&m.p, trained(), listen(&m.said)), &m.said, "prune");
    double most = 0;
    for (uint32_t u = 0; u < 16; u++) {
        imp_nn_model *off = gated(trained(), u, 0);
        const double want = fabs(loss_of(off, SAMPLES) - loss_of(trained(), SAMPLES));
        assert_true(fabs(want - m.p.first_raw[CONV2 + u]) < 1e-5);
        most = fmax(most, want);
        release(off);
    }
    assert_true(most > 1e-2);
    pr_pruning_close(&m.p);
}

static void held_samples_are_answered_before_and_after(void **state)
{
    struct pr_options o = usual();
    struct made m;
    uint32_t before = 0, after = 0;
    (void)state;
    m.train = bars(300, 1, 4), m.test = bars(200, 1, 4);
    o.steps = 4, o.step = 0.25, o.finish = 1;
    m.p = (struct pruning){.o = &o,
                           .held = &m.test,
                           .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
    must_be_ok(pr_prune(&m.p, trained(), listen(&m.said)), &m.said, "prune");
    for (uint32_t i = 0; i < 200; i++) {
        before += m.p.answers[i] == i % 4;
        after += m.p.answers[200 + i] == i % 4;
    }
    assert_true(fabs(1 - before / 200.0 - m.p.rows[0].after) < 1e-9);
    assert_true(fabs(1 - after / 200.0 - m.p.final) < 1e-9);
    assert_true(before != after);
    pr_pruning_close(&m.p);
}

static void units_that_do_nothing_go_first(void **state)
{
    struct pr_options o = usual();
    imp_nn_model *model = trained();
    struct made m;
    static const uint32_t dead[] = {1, 5, 6, 11, 13};
    (void)state;
    for (int i = 0; i < 5; i++) {
        imp_nn_model *next = gated(model, dead[i], 0);
        if (i)
            release(model);
        model = next;
    }
    o.steps = 1, o.step = 5.0 / 52, o.epochs = 0;
    for (uint32_t criterion = PR_TAYLOR; criterion <= PR_CONTRIB; criterion++) {
        o.criterion = criterion;
        pruned(&m, &o, model, NULL);
        for (int i = 0; i < 5; i++)
            assert_int_equal(m.p.gone_at[CONV2 + dead[i]], 1);
        assert_true(m.p.rows[1].before == m.p.rows[0].after);
        pr_pruning_close(&m.p);
    }
    release(model);
}

static void orders_for_comparison_keep_to_their_layers(void **state)
{
    struct pr_options o = usual();
    struct made m;
    (void)state;
    o.steps = 1, o.step = 0.25, o.epochs = 0, o.order = PR_UNIFORM;
    pruned(&m, &o, trained(), NULL);
    const uint32_t *w = m.p.widths + m.p.layer_count;
    assert_true(w[1] == 9 && w[2] == 12 && w[3] == 18);
    pr_pruning_close(&m.p);
    o.order = PR_FORWARD, o.steps = 3, o.step = 0.1;
    pruned(&m, &o, trained(), NULL);
    w = m.p.widths + m.p.layer_count;
    assert_true(w[1] < 12 && w[2] == 16 && w[3] == 24);
    assert_true(w[2 * m.p.layer_count + 1] == 6 && w[2 * m.p.layer_count + 2] < 16);
    pr_pruning_close(&m.p);
}

static void the_network_before_a_bad_step_is_the_result(void **state)
{
    struct pr_options o = usual();
    struct made m;
    (void)state;
    o.tolerance = 0.02, o.step = 0.3, o.epochs = 0, o.rescue = 1, o.rate = 1e-7;
    pruned(&m, &o, trained(), NULL);
    const struct pr_row *last = &m.p.rows[m.p.row_count - 1];
    assert_false(last->good);
    assert_int_equal(m.p.best_row, m.p.row_count - 2);
    assert_true(m.p.rows[m.p.best_row].good &&
                m.p.rows[m.p.best_row].after <= m.p.rows[0].after + 0.02);
    assert_non_null(strstr(m.p.why, "more than"));
    pr_pruning_close(&m.p);
    o.epochs = 1, o.rate = 1e30, o.tolerance = 1; /* fine-tuning blows up */
    pruned(&m, &o, trained(), NULL);
    assert_int_equal(m.p.best_row, 0);
    assert_non_null(strstr(m.p.why, "rate"));
    same_model(m.p.best.model, trained());
    pr_pruning_close(&m.p);
}

static void what_the_network_does_not_reach_is_said(void **state)
{
    struct pr_options o = usual();
    struct made m;
    (void)state;
    o.least = 1.0;
    imp_nn_model *raw = built(classifier, 1);
    prune(&m, &o, raw, NULL);
    assert_int_equal(m.status, IMP_E_INPUT);
    assert_non_null(strstr(m.said.text, "least"));
    pr_pruning_close(&m.p);
    release(raw);
    o.least = 0;
    raw = built(GREY "[flat]\nop = flatten\n[fc]\nop = gemm\nunits = 4\ntrans_b = yes\n", 1);
    prune(&m, &o, raw, NULL);
    assert_int_equal(m.status, IMP_E_INPUT);
    assert_non_null(strstr(m.said.text, "no layer that could lose a unit"));
    pr_pruning_close(&m.p);
    release(raw);
}

/* ---- codes ---- */

#define RGB "[network]\nformat = 1\ninput = rgb\nrange = 0 1\n[x]\nop = input\nshape = N 3 8 8\n"
static const char *const graphs[] = {
    RGB "[a]\nop = conv\nfilters = 8\nkernel = 3\npad = 1\n[ra]\nop = relu\n[b]\nop = "
        "conv\nfilters = 8\nkernel = 3\npad = 1\n"
        "[rb]\nop = relu\n[c]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\n[o]\nop = relu\n",
    RGB "[a]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n[r]\nop = relu\n[b]\nop = conv\nfilters "
        "= 6\nkernel = 3\npad = 1\n"
        "[t]\nop = tanh\n[c]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n[sum]\nop = add\nin = c "
        "r\n[u]\nop = relu\n"
        "[o]\nop = conv\nfilters = 2\nkernel = 1\n",
    RGB "[a]\nop = conv\nfilters = 4\nkernel = 3\n[r]\nop = relu\n[two]\nop = concat\nin = r "
        "r\naxis = 1\n"
        "[o]\nop = conv\nfilters = 2\nkernel = 1\n",
    RGB "[a]\nop = conv\nfilters = 6\nkernel = 3\n[l]\nop = split\nin = a\naxis = 1\nsizes = 2 "
        "4\nindex = 0\n"
        "[m]\nop = split\nin = a\naxis = 1\nsizes = 2 4\nindex = 1\n[p]\nop = conv\nin = "
        "l\nfilters = 3\nkernel = 1\n"
        "[q]\nop = conv\nin = m\nfilters = 3\nkernel = 1\n[s]\nop = add\nin = p q\n[o]\nop = "
        "conv\nfilters = 2\nkernel = 1\n",
    RGB "[a]\nop = conv\nfilters = 6\nkernel = 3\n[r]\nop = relu\n[g]\nop = conv\nfilters = "
        "8\nkernel = 3\ngroups = 2\n"
        "[o]\nop = conv\nfilters = 2\nkernel = 1\n",
    RGB "[a]\nop = conv\nfilters = 4\nkernel = 1\n[r]\nop = relu\n[d]\nop = conv\nfilters = "
        "4\nkernel = 3\ngroups = 4\nbias = no\n"
        "[n]\nop = batch_norm\n[o]\nop = conv\nfilters = 2\nkernel = 1\n",
    RGB "[a]\nop = conv\nfilters = 6\nkernel = 3\n[r]\nop = relu\n[t]\nop = "
        "conv_transpose\nfilters = 4\nkernel = 2\ngroups = 2\n"
        "[o]\nop = conv\nfilters = 2\nkernel = 1\n",
};

/* Every way of tying channels, by codes, for every criterion; what holds keeps its width. */
static void codes_hold_on_every_graph(void **state)
{
    static const char *const layer[] = {"o"};
    const imp_cell names = {.w = {layer, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++)
        for (uint32_t criterion = PR_TAYLOR; criterion <= PR_RANDOM; criterion++) {
            struct pr_options o = usual();
            struct made m;
            imp_nn_model *model = built(graphs[i], 3);
            const uint32_t width = i ? 2 : 6;
            o.performance = PR_CODES, o.layers = &names, o.target = KIT_TARGET_PICTURE,
            o.loss = KIT_MSE;
            o.criterion = criterion, o.tolerance = 10, o.steps = 2, o.rate = 0.001;
            m.train = bars(60, 3, 0), m.test = m.train;
            m.p = (struct pruning){
                .o = &o, .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
            m.status = pr_prune(&m.p, model, listen(&m.said));
            if (m.status != IMP_OK)
                print_message("# graph %zu, criterion %u: %s\n", i, criterion, m.said.text);
            assert_int_equal(m.status, IMP_OK);
            assert_true(m.p.rows[0].after == 0);
            assert_true(m.p.row_count >= 2);
            assert_true(m.p.rows[1].params < m.p.rows[0].params);
            imp_nn_node n = {.struct_size = sizeof n};
            assert_int_equal(
                rt_model_table.node(NULL, m.p.best.model, node_of(m.p.best.model, "o"), &n, NULL),
                IMP_OK);
            assert_int_equal(n.shape[1], width);
            pr_pruning_close(&m.p);
            release(model);
        }
}

/* What stands behind the codes says nothing, and is not counted. */
static void a_step_is_a_share_of_what_can_go(void **state)
{
    static const char behind[] = RGB
        "[a]\nop = conv\nfilters = 8\nkernel = 3\n[ra]\nop = relu\n[o]\nop = conv\nfilters = 4\n"
        "kernel = 3\n[ro]\nop = relu\n[b]\nop = conv\nfilters = 40\nkernel = 1\n[rb]\nop = relu\n"
        "[c]\nop = conv\nfilters = 2\nkernel = 1\n";
    static const char *const layer[] = {"o"};
    const imp_cell names = {.w = {layer, 1}};
    struct pr_options o = usual();
    struct made m;
    imp_nn_model *model = built(behind, 3);
    (void)state;
    o.performance = PR_CODES, o.layers = &names, o.target = KIT_TARGET_PICTURE, o.loss = KIT_MSE;
    o.tolerance = 10, o.steps = 1, o.step = 0.25, o.rate = 0.001;
    m.train = bars(60, 3, 0), m.test = m.train;
    m.p = (struct pruning){.o = &o,
                           .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
    must_be_ok(pr_prune(&m.p, model, listen(&m.said)), &m.said, "prune");
    assert_int_equal(m.p.rows[0].units - m.p.rows[1].units, 2);
    pr_pruning_close(&m.p);
    release(model);
}

static void fine_tuning_brings_codes_back(void **state)
{
    static const char *const layer[] = {"o"};
    const imp_cell names = {.w = {layer, 1}};
    struct pr_options o = usual();
    struct made m;
    imp_nn_model *model = built(graphs[0], 3);
    (void)state;
    o.performance = PR_CODES, o.layers = &names, o.target = KIT_TARGET_PICTURE, o.loss = KIT_MSE,
    o.tolerance = 0.5;
    o.steps = 3, o.epochs = 4, o.rate = 0.02, o.finish = 8, o.finish_rate = 0.02;
    m.train = bars(200, 3, 0), m.test = bars(80, 3, 0);
    m.p = (struct pruning){.o = &o,
                           .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
    must_be_ok(pr_prune(&m.p, model, listen(&m.said)), &m.said, "prune");
    for (uint32_t i = 1; i < m.p.row_count; i++)
        assert_true(m.p.rows[i].after < m.p.rows[i].before);
    assert_true(m.p.final < m.p.rows[m.p.best_row].after);
    pr_pruning_close(&m.p);
    release(model);
}

static void fine_tuning_that_harms_is_undone(void **state)
{
    static const char *const layer[] = {"o"};
    const imp_cell names = {.w = {layer, 1}};
    struct pr_options o = usual();
    struct made m;
    imp_nn_model *model = built(graphs[0], 3);
    (void)state;
    o.performance = PR_CODES, o.layers = &names, o.target = KIT_TARGET_PICTURE, o.loss = KIT_MSE;
    o.tolerance = 10, o.steps = 2, o.rate = 3;
    m.train = bars(60, 3, 0), m.test = m.train;
    m.p = (struct pruning){.o = &o,
                           .s = {.nn = &runtime, .o = &o, .train = &m.train, .test = &m.test}};
    must_be_ok(pr_prune(&m.p, model, listen(&m.said)), &m.said, "prune");
    assert_int_equal(m.p.row_count, 3);
    for (uint32_t i = 1; i < 3; i++)
        assert_true(m.p.rows[i].after == m.p.rows[i].before && m.p.rows[i].after < 1);
    pr_pruning_close(&m.p);
    release(model);
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
        cmocka_unit_test(it_ends_where_the_limit_is_and_counts_right),
        cmocka_unit_test(it_resumes_to_the_same_bytes),
        cmocka_unit_test(damaged_checkpoints_are_refused),
        cmocka_unit_test(rescaling_a_layer_changes_no_choice),
        cmocka_unit_test(taylor_is_the_slope_of_a_gate),
        cmocka_unit_test(the_oracle_tells_the_loss_without_the_unit),
        cmocka_unit_test(held_samples_are_answered_before_and_after),
        cmocka_unit_test(units_that_do_nothing_go_first),
        cmocka_unit_test(orders_for_comparison_keep_to_their_layers),
        cmocka_unit_test(the_network_before_a_bad_step_is_the_result),
        cmocka_unit_test(what_the_network_does_not_reach_is_said),
        cmocka_unit_test(codes_hold_on_every_graph),
        cmocka_unit_test(a_step_is_a_share_of_what_can_go),
        cmocka_unit_test(fine_tuning_brings_codes_back),
        cmocka_unit_test(fine_tuning_that_harms_is_undone),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, forget);
}
