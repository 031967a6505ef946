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
    *st = rt_train_table.build(NULL, architecture, 5, &model, &err);
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
        cmocka_unit_test(a_rate_that_is_too_high_is_told),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
