/* test_rt_training.c - the kit's training loop over the runtime: it learns with either optimiser,
 * ends at the same bytes however its work was ordered or stopped, and says what went wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <impasto/kit_train.h>
#include "fake_job.h"
#include "services.h"

static const kit_nn runtime = {
    .model = {&rt_model_table, NULL},
    .grad = {&rt_grad_table, NULL},
    .train = {&rt_train_table, NULL},
    .edit = {&rt_edit_table, NULL},
};

/* Everything that has a state: batch norm and dropout. */
static const char architecture[] =
    "[network]\nformat = 1\ninput = grey\nrange = 0 1\n"
    "[x]\nop = input\nshape = N 1 8 8\n"
    "[conv1]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\nbias = no\n"
    "[bn1]\nop = batch_norm\n[relu1]\nop = relu\n[pool1]\nop = max_pool\nkernel = 2\nstride = 2\n"
    "[flat]\nop = flatten\n[drop]\nop = dropout\nratio = 0.25\n"
    "[fc]\nop = gemm\nunits = 4\ntrans_b = yes\n[prob]\nop = softmax\n";

/* The class, and the picture from the maps behind the pooling. */
static const char restoring[] =
    "[network]\nformat = 1\noutputs = prob again\ninput = grey\nrange = 0 1\n"
    "[x]\nop = input\nshape = N 1 8 8\n"
    "[conv1]\nop = conv\nfilters = 6\nkernel = 3\npad = 1\n"
    "[bn1]\nop = batch_norm\n[relu1]\nop = relu\n[pool1]\nop = average_pool\nkernel = 2\nstride = "
    "2\n"
    "[flat]\nop = flatten\n[fc]\nop = gemm\nunits = 4\ntrans_b = yes\n[prob]\nop = softmax\n"
    "[again]\nop = conv_transpose\nin = pool1\nfilters = 1\nkernel = 4\nstride = 2\npad = 1\n";
static const char *const again[] = {"again"};

/* Bars of four directions, anywhere, in noise. */
static imp_status bars_read(const imp_dataset *data, uint64_t index, imp_sample *s,
                            imp_error *err) IMP_NX
{
    const uint32_t kind = (uint32_t)(kit_random(1, 0, index) % 4);
    const int at = 1 + (int)(kit_random(1, 1, index) % 6);
    (void)data, (void)err;
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            const bool on = kind == 0   ? x == at
                            : kind == 1 ? y == at
                            : kind == 2 ? x + y == at + 4
                                        : x - y == at - 4;
            s->pixels[8 * y + x] = (float)(on + 0.3 * kit_normal(2, index, (uint64_t)(8 * y + x)));
        }
    s->label = kind;
    return IMP_OK;
}

static imp_dataset bars(uint64_t count)
{
    return (imp_dataset){.struct_size = sizeof(imp_dataset),
                         .count = count,
                         .channels = 1,
                         .height = 8,
                         .width = 8,
                         .class_count = 4,
                         .read = bars_read};
}

static kit_training training(uint32_t rule)
{
    return (kit_training){
        .task = {.nn = &runtime},
        .optimiser = {.rule = rule,
                      .momentum = 0.9,
                      .beta2 = 0.999,
                      .epsilon = 1e-8,
                      .weight_decay = 1e-4,
                      .clip_norm = 5},
        .schedule = {.rule = KIT_COSINE, .rate = rule == IMP_NN_ADAM ? 0.01 : 0.05, .warm_up = 4},
        .augment = {.seed = 3, .flip = 0, .shift = 0.4},
        .seed = 7,
        .epochs = 5,
        .batch = 20,
        .shuffle = 1,
        .keep_best = 1,
    };
}

static char why[600];
static kit_trained train(const kit_training *t, const imp_dataset *data, const imp_dataset *test,
                         struct job *job, imp_status *st)
{
    imp_error err = {sizeof err, sizeof why, why, -1, -1};
    imp_nn_model *model = NULL;
    kit_trained out;
    why[0] = 0;
    *st = rt_train_table.build(NULL, t->task.restored_count ? restoring : architecture, 5, &model,
                               &err);
    if (*st != IMP_OK)
        print_message("# %s\n", why);
    assert_int_equal(*st, IMP_OK);
    *st = kit_train(t, model, data, test, job ? &job->as : NULL, &out, &err);
    if (*st < 0)
        print_message("# %s\n", why);
    rt_model_table.release(NULL, model, NULL);
    return out;
}

static void forget(kit_trained *t)
{
    if (t->model)
        rt_model_table.release(NULL, t->model, NULL);
    free(t->rows);
}

/* The bytes of all that a trained model is. */
static void *bytes_of(imp_nn_model *model, uint64_t *size)
{
    imp_nn_trainer *t;
    const void *state;
    assert_int_equal(rt_train_table.trainer_new(NULL, model, 0, &t, NULL), IMP_OK);
    assert_int_equal(rt_train_table.state(NULL, t, &state, size, NULL), IMP_OK);
    void *copy = malloc((size_t)*size);
    assert_non_null(copy);
    memcpy(copy, state, (size_t)*size);
    rt_train_table.trainer_free(NULL, t, NULL);
    return copy;
}

static void same(const kit_trained *a, const kit_trained *b)
{
    uint64_t n, m;
    void *x = bytes_of(a->model, &n), *y = bytes_of(b->model, &m);
    assert_int_equal(a->row_count, b->row_count);
    assert_memory_equal(a->rows, b->rows, a->row_count * sizeof *a->rows);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, (size_t)n);
    free(x);
    free(y);
}

static void either_optimiser_learns_bars(void **state)
{
    const imp_dataset data = bars(800), test = bars(200);
    (void)state;
    for (uint32_t rule = IMP_NN_SGD; rule <= IMP_NN_ADAM; rule++) {
        const kit_training t = training(rule);
        imp_status st;
        kit_trained out = train(&t, &data, &test, NULL, &st);
        assert_int_equal(st, IMP_OK);
        assert_true(out.rows[4].test.accuracy > 0.9);
        assert_true(out.rows[4].train.loss < 0.5 * out.rows[0].train.loss);
        forget(&out);
    }
}

static void the_order_of_pieces_does_not_matter(void **state)
{
    const kit_training t = training(IMP_NN_SGD);
    const imp_dataset data = bars(130);
    struct job forwards = new_job(), backwards = new_job();
    imp_status st;
    (void)state;
    backwards.backwards = true;
    kit_trained a = train(&t, &data, NULL, &forwards, &st),
                b = train(&t, &data, NULL, &backwards, &st);
    assert_int_equal(st, IMP_OK);
    same(&a, &b);
    forget(&a);
    forget(&b);
}

static void stopped_and_resumed_it_ends_at_the_same_bytes(void **state)
{
    const imp_dataset data = bars(110), test = bars(50);
    (void)state;
    for (uint32_t rule = IMP_NN_SGD; rule <= IMP_NN_ADAM; rule++) {
        kit_training t = training(rule);
        imp_status st;
        t.keep_steps = 2;
        kit_trained whole = train(&t, &data, &test, NULL, &st);
        assert_int_equal(st, IMP_OK);
        for (uint32_t stop = 40; stop < 400; stop += 60) {
            struct job job = new_job();
            kit_trained out;
            int calls = 0;
            for (job.stop_at = stop; out = train(&t, &data, &test, &job, &st), st == IMP_CANCELLED;
                 calls++) {
                job.polls = 0;
                job.stop_at += 17;
                job.fraction = 0;
            }
            assert_int_equal(st, IMP_OK);
            assert_true(calls > 0 || stop > 40);
            same(&whole, &out);
            forget(&out);
            free(job.kept);
        }
        forget(&whole);
    }
}

/* ---- what is restored ---- */

static void classes_and_the_picture_are_learnt_at_once(void **state)
{
    const imp_dataset data = bars(800), test = bars(200);
    kit_training t = training(IMP_NN_SGD);
    imp_status st;
    (void)state;
    t.task.restored = again;
    t.task.restored_count = 1;
    t.task.restore_weight = 2;
    kit_trained out = train(&t, &data, &test, NULL, &st);
    assert_int_equal(st, IMP_OK);
    const kit_row *first = &out.rows[0], *last = &out.rows[4];
    assert_true(out.has_restored && last->test.accuracy > 0.9);
    assert_true(last->test.restored < 0.2 && last->train.restored < 0.5 * first->train.restored);
    assert_true(last->train.loss > 2 * last->train.restored);
    forget(&out);
    t.task.restored_count = 0;
    out = train(&t, &data, &test, NULL, &st);
    assert_true(!out.has_restored && isnan(out.rows[4].train.restored) &&
                isnan(out.rows[4].test.restored));
    forget(&out);
}

struct bench { /* a network of which the loss on all samples is asked */
    kit_task task;
    imp_dataset data;
    imp_nn_model *model;
    imp_nn_trainer *trainer;
    imp_nn_run *run;
};

static double loss_with(const struct bench *b, float *value, float instead)
{
    const float was = *value;
    kit_score score;
    *value = instead;
    assert_int_equal(kit_evaluate(&b->task, b->run, &b->data, 24, NULL, &score, NULL), IMP_OK);
    *value = was;
    return score.loss;
}

/* The first numbers of each parameter: how many had a gradient, which is that of the evaluated
 * loss. */
static int compare_with_differences(const struct bench *b)
{
    uint32_t params;
    int checked = 0;
    assert_int_equal(rt_train_table.param_count(NULL, b->trainer, &params, NULL), IMP_OK);
    for (uint32_t p = 0; p < params; p++) {
        const char *name;
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}}, g = v;
        assert_int_equal(rt_train_table.param(NULL, b->trainer, p, &name, &v, &g, NULL), IMP_OK);
        float *value = v.data;
        for (int k = 0; g.data && k < (v.shape[0] < 4 ? v.shape[0] : 4); k++, checked++) {
            const double high = loss_with(b, value + k, value[k] + 4e-3f),
                         low = loss_with(b, value + k, value[k] - 4e-3f),
                         by_difference = (high - low) / 8e-3,
                         by_way_back = (double)((const float *)g.data)[k];
            if (fabs(by_difference - by_way_back) > 2e-3 + 0.01 * fabs(by_way_back))
                fail_msg("%s[%d]: %g, by differences %g", name, k, by_way_back, by_difference);
        }
    }
    return checked;
}

static void the_gradient_holds_what_is_restored(void **state)
{
    enum { N = 24 };
    struct bench b = {
        .task = {.nn = &runtime, .restored = again, .restored_count = 1, .restore_weight = 3},
        .data = bars(N)};
    float gradient[N * (4 + 64)];
    double loss, restored;
    (void)state;
    assert_int_equal(rt_train_table.build(NULL, restoring, 5, &b.model, NULL), IMP_OK);
    assert_int_equal(kit_task_check(&b.task, b.model, &b.data, NULL), IMP_OK);
    assert_int_equal(N * kit_task_width(&b.task), sizeof gradient / sizeof *gradient);
    kit_batch *batch = kit_batch_new(&b.data, &b.task.input, b.task.target, N);
    assert_int_equal(kit_batch_read(batch, NULL, 0, N, NULL, 0, NULL, NULL), IMP_OK);
    assert_int_equal(rt_train_table.trainer_new(NULL, b.model, 1, &b.trainer, NULL), IMP_OK);
    assert_int_equal(rt_train_table.run_new(NULL, b.trainer, &b.run, NULL), IMP_OK);
    assert_int_equal(kit_task_forward(&b.task, b.run, batch, NULL, NULL), IMP_OK);
    assert_int_equal(kit_task_loss(&b.task, b.run, batch, &loss, &restored, NULL, gradient, NULL),
                     IMP_OK);
    assert_true(restored > 0 && loss > 3 * restored);
    assert_int_equal(kit_task_backward(&b.task, b.run, batch, gradient, NULL, NULL), IMP_OK);
    assert_int_equal(compare_with_differences(&b), 7 * 4 + 1);
    kit_batch_free(batch);
    rt_model_table.run_free(NULL, b.run, NULL);
    rt_train_table.trainer_free(NULL, b.trainer, NULL);
    rt_model_table.release(NULL, b.model, NULL);
}

static void what_cannot_be_restored_is_said(void **state)
{
    static const char *const nobody[] = {"nobody"}, *const classes[] = {"prob"};
    const imp_dataset data = bars(20);
    char text[400];
    imp_error err = {sizeof err, sizeof text, text, -1, -1};
    imp_nn_model *model;
    (void)state;
    assert_int_equal(rt_train_table.build(NULL, restoring, 5, &model, NULL), IMP_OK);
    kit_task task = {.nn = &runtime};
    assert_int_equal(kit_task_check(&task, model, &data, &err), IMP_E_INPUT);
    assert_non_null(strstr(text, "the network has 2 outputs: training wants one"));
    task.restored = nobody, task.restored_count = 1;
    assert_int_equal(kit_task_check(&task, model, &data, &err), IMP_E_INPUT);
    task.restored = classes;
    assert_int_equal(kit_task_check(&task, model, &data, &err), IMP_E_INPUT);
    assert_non_null(strstr(text, "the network's output 'again' gives 64 numbers"));
    task.restored_count = KIT_RESTORED_MOST + 1;
    assert_int_equal(kit_task_check(&task, model, &data, &err), IMP_E_PARAM);
    rt_model_table.release(NULL, model, NULL);
}

/* ---- what decays ---- */

/* The largest scale of the norm. */
static float largest_scale(imp_nn_model *model)
{
    imp_nn_trainer *t;
    uint32_t params;
    float most = 0;
    assert_int_equal(rt_train_table.trainer_new(NULL, model, 0, &t, NULL), IMP_OK);
    assert_int_equal(rt_train_table.param_count(NULL, t, &params, NULL), IMP_OK);
    for (uint32_t p = 0; p < params; p++) {
        const char *name;
        imp_tensor v = {.head = {sizeof v, IMP_TENSOR}}, g = v;
        assert_int_equal(rt_train_table.param(NULL, t, p, &name, &v, &g, NULL), IMP_OK);
        for (int k = 0; !strcmp(name, "bn1.weight") && k < v.shape[0]; k++)
            most = fmaxf(most, ((const float *)v.data)[k]);
    }
    rt_train_table.trainer_free(NULL, t, NULL);
    return most;
}

static void scales_of_norms_decay_with_all_and_not_with_weights(void **state)
{
    const imp_dataset data = bars(400);
    kit_training t = training(IMP_NN_SGD);
    imp_status st;
    (void)state;
    t.keep_best = 0;
    t.optimiser.weight_decay = 0.5;
    kit_trained all = train(&t, &data, NULL, NULL, &st);
    assert_int_equal(st, IMP_OK);
    t.optimiser.weight_decay = 0;
    t.weight_decay = 0.5;
    kit_trained weights = train(&t, &data, NULL, NULL, &st);
    assert_int_equal(st, IMP_OK);
    assert_true(largest_scale(all.model) < 0.2f && largest_scale(weights.model) > 0.5f);
    forget(&all);
    forget(&weights);
}

static void a_rate_that_is_too_high_is_told(void **state)
{
    kit_training t = training(IMP_NN_SGD);
    const imp_dataset data = bars(100);
    imp_status st;
    (void)state;
    t.schedule = (kit_schedule){.rule = KIT_CONSTANT, .rate = 1e38};
    t.optimiser.clip_norm = 0;
    kit_trained out = train(&t, &data, NULL, NULL, &st);
    assert_int_equal(st, IMP_E_FAILED);
    assert_non_null(strstr(why, "lower the rate"));
    assert_null(out.model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(either_optimiser_learns_bars),
        cmocka_unit_test(the_order_of_pieces_does_not_matter),
        cmocka_unit_test(stopped_and_resumed_it_ends_at_the_same_bytes),
        cmocka_unit_test(classes_and_the_picture_are_learnt_at_once),
        cmocka_unit_test(the_gradient_holds_what_is_restored),
        cmocka_unit_test(what_cannot_be_restored_is_said),
        cmocka_unit_test(scales_of_norms_decay_with_all_and_not_with_weights),
        cmocka_unit_test(a_rate_that_is_too_high_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
