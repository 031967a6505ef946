/* test_kit_train.c - the loop over a provider that is not ours (fake_nn.h), on a small data set of
 * three classes: it learns, says what does not fit, resumes to the same bytes, stops when told. */
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
#include "fake_nn.h"

/* ---- a data set: class k is bright in a third of its 3 x 2 x 2 samples ---- */

struct set {
    imp_dataset as;
    uint64_t seed;
    uint64_t bad;     /* this sample cannot be read; UINT64_MAX = none */
    uint64_t strange; /* this sample's class is out of range */
    double noise, scale;
};

static imp_status set_read(const imp_dataset *data, uint64_t index, imp_sample *s,
                           imp_error *err) IMP_NX
{
    const struct set *set = (const struct set *)(const void *)data;
    const uint32_t label = (uint32_t)(kit_random(set->seed, 1, index) % 3);
    if (index == set->bad)
        return imp_fail(err, IMP_E_IO, "digits.bin, record %u: cut short", (unsigned)index);
    for (uint32_t i = 0; s->pixels && i < FAKE_IN; i++)
        s->pixels[i] = (float)(set->scale * ((i / 4 == label ? 0.8 : 0.2) +
                                             set->noise * kit_normal(set->seed, 2 + index, i)));
    for (uint32_t i = 0; s->attributes && i < data->attribute_count; i++)
        s->attributes[i] = i == label ? 50 : i == 2 && index % 5 == 0 ? NAN : 30;
    s->label = index == set->strange ? 3 : label;
    return IMP_OK;
}

static struct set new_set(uint64_t count, uint64_t seed)
{
    static const char *const names[] = {"a", "b", "c"};
    static const imp_attribute attributes[] = {
        {"a", NULL, 30, 50}, {"b", NULL, 30, 50}, {"c", NULL, 30, 50}};
    return (struct set){{.struct_size = sizeof(imp_dataset),
                         .count = count,
                         .channels = 3,
                         .height = 2,
                         .width = 2,
                         .class_count = 3,
                         .class_names = names,
                         .attribute_count = 3,
                         .attributes = attributes,
                         .read = set_read},
                        seed,
                        UINT64_MAX,
                        UINT64_MAX,
                        0.25,
                        1};
}

/* ---- a training ---- */

static kit_training sound(void)
{
    return (kit_training){
        .task = {.nn = &fake_nn},
        .optimiser = {.rule = IMP_NN_SGD, .momentum = 0.9},
        .schedule = {.rule = KIT_COSINE, .rate = 0.3, .last = 0.01},
        .seed = 11,
        .epochs = 6,
        .batch = 32,
        .shuffle = 1,
        .keep_best = 1,
    };
}

struct outcome {
    imp_status status;
    char text[512];
    kit_trained trained;
};

static struct outcome train_on(const kit_training *t, const struct set *train,
                               const struct set *test, uint32_t soft, struct job *job)
{
    struct outcome o = {.text = ""};
    imp_error err = {sizeof err, sizeof o.text, o.text, -1, -1};
    imp_nn_model *m = fake_model(soft, 4, 3);
    o.status = kit_train(t, m, &train->as, test ? &test->as : NULL, job ? &job->as : NULL,
                         &o.trained, &err);
    fake_release(NULL, m, NULL);
    assert_true((o.status == IMP_OK) == (o.trained.model != NULL));
    return o;
}

static void forget(struct outcome *o)
{
    if (o->trained.model)
        fake_release(NULL, o->trained.model, NULL);
    free(o->trained.rows);
    assert_int_equal(fake_models, 0);
}

static void same_outcome(const struct outcome *a, const struct outcome *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->trained.row_count, b->trained.row_count);
    assert_int_equal(a->trained.best, b->trained.best);
    assert_memory_equal(a->trained.rows, b->trained.rows, a->trained.row_count * sizeof(kit_row));
    assert_memory_equal(a->trained.model->weight, b->trained.model->weight,
                        sizeof a->trained.model->weight);
    assert_memory_equal(a->trained.model->mean, b->trained.model->mean,
                        sizeof a->trained.model->mean);
}

/* ---- it learns ---- */

static void it_learns_and_tells_an_epoch_a_row(void **state)
{
    const kit_training t = sound();
    const struct set train = new_set(500, 1), test = new_set(200, 2);
    struct job job = new_job();
    struct outcome o = train_on(&t, &train, &test, 0, &job);
    const kit_row *rows = o.trained.rows;
    (void)state;
    assert_int_equal(o.status, IMP_OK);
    assert_int_equal(o.trained.row_count, 6);
    assert_true(rows[5].train.loss < 0.5 * rows[0].train.loss);
    assert_true(rows[5].test.accuracy > 0.93 && rows[5].train.accuracy > 0.93);
    assert_true(rows[5].step == 96 && rows[5].epoch == 6 && rows[1].step == 32);
    assert_true(rows[0].rate > rows[5].rate && rows[5].rate > 0);
    assert_true(job.fraction == 1 && !o.trained.stopped_early);
    assert_non_null(strstr(job.phase, "epoch 6/6, 0 s left: loss "));
    assert_non_null(strstr(job.phase, " %, "));
    assert_non_null(strstr(job.phase, " pictures/s"));
    forget(&o);
    free(job.kept);
}

/* The gradient of a step, through everything, against differences of the evaluated loss. */
static void the_gradient_that_reaches_the_weights_is_the_losses(void **state)
{
    kit_task task = {.nn = &fake_nn, .smoothing = 0.1};
    const struct set data = new_set(40, 5);
    imp_nn_model *m = fake_model(1, 4, 3);
    imp_nn_trainer *trainer;
    imp_nn_run *run;
    float gradient[40 * FAKE_OUT];
    double loss;
    (void)state;
    assert_int_equal(kit_task_check(&task, m, &data.as, NULL), IMP_OK);
    kit_batch *b = kit_batch_new(&data.as, &task.input, task.target, 40);
    assert_non_null(b);
    assert_int_equal(kit_batch_read(b, NULL, 0, 40, NULL, 0, NULL, NULL), IMP_OK);
    fake_trainer_new(NULL, m, 0, &trainer, NULL);
    fake_run_new(NULL, trainer, &run, NULL);
    for (task.loss = KIT_CROSS_ENTROPY; task.loss <= KIT_MSE; task.loss++) {
        task.out_node = 1; /* the fake takes gradients there only */
        fake_zero(NULL, trainer, NULL);
        assert_int_equal(kit_task_forward(&task, run, b, NULL, NULL), IMP_OK);
        assert_int_equal(kit_task_loss(&task, run, b, &loss, NULL, NULL, gradient, NULL), IMP_OK);
        assert_int_equal(kit_task_backward(&task, run, b, gradient, NULL, NULL), IMP_OK);
        for (uint32_t i = 0; i < FAKE_SIZE; i += 5) {
            const float at = trainer->as.weight[i];
            double side[2];
            for (int k = 0; k < 2; k++) {
                kit_score score;
                trainer->as.weight[i] = at + (k ? 0.01f : -0.01f);
                assert_int_equal(kit_evaluate(&task, run, &data.as, 7, NULL, &score, NULL), IMP_OK);
                side[k] = score.loss;
            }
            trainer->as.weight[i] = at;
            assert_true(fabs((side[1] - side[0]) / 0.02 - (double)trainer->gradient[i]) < 1e-4);
        }
    }
    fake_run_free(NULL, run, NULL);
    fake_trainer_free(NULL, trainer, NULL);
    fake_release(NULL, m, NULL);
    kit_batch_free(b);
}

static void a_softmax_at_the_end_is_looked_behind(void **state)
{
    const kit_training t = sound();
    const struct set train = new_set(300, 1);
    struct outcome with = train_on(&t, &train, NULL, 1, NULL),
                   without = train_on(&t, &train, NULL, 0, NULL);
    (void)state;
    assert_memory_equal(with.trained.model->weight, without.trained.model->weight,
                        sizeof(float) * FAKE_SIZE);
    free(without.trained.rows);
    fake_release(NULL, without.trained.model, NULL);
    forget(&with);
}

/* Every sample once an epoch, in an order that changes with epoch and seed. */
static void a_shuffle_holds_every_sample_once(void **state)
{
    enum { N = 1000 };
    uint64_t order[N], other[N];
    bool seen[N] = {false};
    double distance = 0;
    (void)state;
    kit_shuffle(1, 2, N, order);
    for (uint64_t i = 0; i < N; i++) {
        assert_true(order[i] < N && !seen[order[i]]);
        seen[order[i]] = true;
        distance += fabs((double)order[i] - (double)i);
    }
    assert_true(distance / N > 0.3 * N && distance / N < 0.37 * N); /* a third on average */
    kit_shuffle(1, 3, N, other);
    assert_memory_not_equal(order, other, sizeof order);
    kit_shuffle(1, 2, N, other);
    assert_memory_equal(order, other, sizeof order);
}

/* ---- the same bytes ---- */

static void the_order_in_which_threads_read_does_not_matter(void **state)
{
    kit_training t = sound();
    const struct set train = new_set(100, 1), test = new_set(50, 2);
    struct job one = new_job(), other = new_job();
    (void)state;
    t.augment = (kit_augment){.seed = 5, .flip = 1, .shift = 0.3};
    other.backwards = true;
    struct outcome a = train_on(&t, &train, &test, 0, &one),
                   b = train_on(&t, &train, &test, 0, &other);
    same_outcome(&a, &b);
    free(b.trained.rows);
    fake_release(NULL, b.trained.model, NULL);
    forget(&a);
}

/* Stopped at every question in turn, then called again until it is done: the bytes of one call. */
static void stopped_anywhere_and_resumed_it_ends_at_the_same_bytes(void **state)
{
    kit_training t = sound();
    const struct set train = new_set(150, 1), test = new_set(70, 2);
    (void)state;
    t.epochs = 3;
    t.row_steps = 4; /* rows in the middle of epochs */
    t.keep_steps = 3;
    t.augment = (kit_augment){.seed = 5, .flip = 1};
    struct outcome whole = train_on(&t, &train, &test, 0, NULL);
    assert_int_equal(whole.status, IMP_OK);
    for (uint32_t stop = 1; stop < 40; stop++) {
        struct job job = new_job();
        struct outcome o;
        uint32_t calls = 0;
        job.stop_at = stop;
        while ((o = train_on(&t, &train, &test, 0, &job)).status == IMP_CANCELLED) {
            job.polls = 0;
            job.stop_at += calls++;
            job.fraction = 0;
        }
        same_outcome(&whole, &o);
        free(o.trained.rows);
        fake_release(NULL, o.trained.model, NULL);
        free(job.kept);
    }
    forget(&whole);
}

static void a_checkpoint_of_something_else_is_begun_anew(void **state)
{
    kit_training t = sound();
    const struct set train = new_set(150, 1);
    struct job job = new_job();
    (void)state;
    t.epochs = 2;
    t.keep_steps = 2;
    struct outcome whole = train_on(&t, &train, NULL, 0, &job);
    assert_true(job.keeps > 2);
    for (uint64_t cut = 0; cut < job.size; cut += 37) {
        struct job damaged = new_job();
        job_keep(&damaged.as, "training", job.kept, cut);
        struct outcome o = train_on(&t, &train, NULL, 0, &damaged);
        same_outcome(&whole, &o);
        free(o.trained.rows);
        fake_release(NULL, o.trained.model, NULL);
        free(damaged.kept);
    }
    free(job.kept);
    forget(&whole);
}

static void without_steps_or_seconds_nothing_is_kept(void **state)
{
    const kit_training t = sound();
    const struct set train = new_set(150, 1);
    struct job job = new_job();
    (void)state;
    job.stop_at = 9;
    struct outcome o = train_on(&t, &train, NULL, 0, &job);
    assert_int_equal(o.status, IMP_CANCELLED);
    assert_int_equal(job.keeps, 0);
    forget(&o);
}

/* ---- when to stop, what to hand out ---- */

static void without_progress_it_stops_and_hands_out_the_best(void **state)
{
    kit_training t = sound();
    const struct set train = new_set(120, 1);
    struct set test = new_set(200, 2);
    (void)state;
    t.schedule = (kit_schedule){.rule = KIT_CONSTANT, .rate = 1.5};
    t.epochs = 60;
    t.patience = 3;
    test.noise = 0.5;
    struct outcome o = train_on(&t, &train, &test, 0, NULL);
    assert_int_equal(o.status, IMP_OK);
    assert_true(o.trained.stopped_early && o.trained.row_count < 60);
    assert_int_equal(o.trained.row_count - 1 - o.trained.best, 3);
    for (uint32_t i = 0; i < o.trained.row_count; i++)
        assert_true(o.trained.rows[i].test.accuracy <=
                    o.trained.rows[o.trained.best].test.accuracy);
    kit_task task = t.task;
    kit_score score;
    imp_nn_run *run;
    assert_int_equal(kit_task_check(&task, o.trained.model, &test.as, NULL), IMP_OK);
    fake_model_run_new(NULL, o.trained.model, 0, &run, NULL);
    assert_int_equal(kit_evaluate(&task, run, &test.as, 32, NULL, &score, NULL), IMP_OK);
    assert_true(score.accuracy == o.trained.rows[o.trained.best].test.accuracy);
    assert_true(score.loss == o.trained.rows[o.trained.best].test.loss);
    fake_run_free(NULL, run, NULL);
    forget(&o);
}

static void steps_end_it_in_the_middle_of_an_epoch(void **state)
{
    kit_training t = sound();
    const struct set train = new_set(150, 1);
    (void)state;
    t.steps = 7;
    struct outcome o = train_on(&t, &train, NULL, 0, NULL);
    assert_int_equal(o.trained.row_count, 2);
    assert_true(o.trained.rows[0].step == 5 && o.trained.rows[1].step == 7);
    assert_true(fabs(o.trained.rows[1].epoch - (1 + 64.0 / 150)) < 1e-12);
    forget(&o);
}

static void numbers_are_learnt_where_they_are_known(void **state)
{
    kit_training t = sound();
    const struct set train = new_set(400, 1), test = new_set(100, 2);
    (void)state;
    t.task.loss = KIT_MSE;
    t.task.target = KIT_TARGET_ATTRIBUTES;
    struct outcome o = train_on(&t, &train, &test, 0, NULL);
    assert_int_equal(o.status, IMP_OK);
    assert_true(o.trained.rows[5].test.loss < 0.1 && isnan(o.trained.rows[5].test.accuracy));
    assert_false(o.trained.has_classes);
    forget(&o);
}

/* ---- what it says ---- */

static void expect(const kit_training *t, const struct set *train, uint32_t soft, const char *text)
{
    struct outcome o = train_on(t, train, NULL, soft, NULL);
    assert_true(o.status < 0);
    if (!strstr(o.text, text))
        print_message("# %s\n", o.text);
    assert_non_null(strstr(o.text, text));
    forget(&o);
}

static void a_loss_that_is_no_number_says_when_and_what_to_change(void **state)
{
    kit_training t = sound();
    struct set train = new_set(200, 1);
    (void)state;
    train.scale = 1e3;
    t.schedule = (kit_schedule){.rule = KIT_CONSTANT, .rate = 1e37};
    expect(&t, &train, 0, "after step ");
    expect(&t, &train, 0, "rate 1e+37): lower the rate (1e+36, say), set clip = 1, or warm up");
    train.scale = 1e39; /* infinite from the start */
    expect(&t, &train, 0, "the loss is not a number before the first step: ");
}

static void a_weight_that_grew_infinite_at_the_last_step_is_told(void **state)
{
    kit_training t = sound();
    const struct set train = new_set(30, 1);
    (void)state;
    t.epochs = 1;
    t.schedule.rate = 1e60;
    expect(&t, &train, 0, "weights of 'fc.weight' are not finite after step 1: lower the rate");
}

static void what_does_not_fit_is_said_before_anything_runs(void **state)
{
    kit_training t = sound();
    struct set train = new_set(30, 1);
    (void)state;
    train.as.width = 5;
    expect(&t, &train, 0, "input 'x' takes samples of 3 x 2 x 2, the data set has 3 x 2 x 5");
    train = new_set(30, 1);
    train.as.class_count = 4;
    expect(&t, &train, 1, "output 'prob' gives 3 numbers, the data set has 4 classes");
    train.as.class_count = 0;
    expect(&t, &train, 1, "the data set has no classes to learn");
    train = new_set(0, 1);
    expect(&t, &train, 0, "the data set is empty");
    train = new_set(30, 1);
    t.task.target = KIT_TARGET_PICTURE;
    expect(&t, &train, 0, "cross-entropy is for classes");
    t.task.loss = KIT_MSE;
    expect(&t, &train, 0, "output 'fc' gives 3 numbers, the data set has 12 samples a picture");
    t.batch = 0;
    expect(&t, &train, 0, "at least one epoch and one sample a batch");
}

static void a_sample_that_cannot_be_read_is_named(void **state)
{
    kit_training t = sound();
    struct set train = new_set(100, 1);
    (void)state;
    train.bad = 61;
    expect(&t, &train, 0, "digits.bin, record 61: cut short");
    train.bad = UINT64_MAX;
    train.strange = 17;
    expect(&t, &train, 0, "sample 17 of the data set says class 3, but there are 3");
}

static void what_the_provider_says_is_passed_on(void **state)
{
    const kit_training t = sound();
    const struct set train = new_set(100, 1);
    (void)state;
    fake_fail_forward = 4;
    expect(&t, &train, 0, "the provider says no");
}

/* ---- the input ---- */

static imp_status halve(const void *user, const float *pixels, float *input) IMP_NX
{
    for (int i = 0; i < FAKE_IN; i++)
        input[i] = pixels[i] * *(const float *)user;
    return IMP_OK;
}

static void samples_are_prepared_and_given_flat_where_wanted(void **state)
{
    const float half = 0.5f;
    const struct set data = new_set(20, 4);
    kit_task task = {.nn = &fake_nn, .input = {halve, &half, 3, 0}};
    imp_nn_model *m = fake_model(0, 2, 3);
    imp_nn_run *run;
    float pixels[FAKE_IN];
    imp_sample s = {sizeof s, 0, pixels, NULL, NULL};
    (void)state;
    assert_int_equal(kit_task_check(&task, m, &data.as, NULL), IMP_OK);
    kit_batch *b = kit_batch_new(&data.as, &task.input, task.target, 8);
    assert_int_equal(kit_batch_read(b, NULL, 5, 8, NULL, 0, NULL, NULL), IMP_OK);
    fake_model_run_new(NULL, m, 0, &run, NULL);
    assert_int_equal(kit_task_forward(&task, run, b, NULL, NULL), IMP_OK);
    assert_int_equal(run->n, 8);
    assert_int_equal(set_read(&data.as, 7, &s, NULL), IMP_OK);
    for (int i = 0; i < FAKE_IN; i++)
        assert_true(run->x[2 * FAKE_IN + i] == 0.5f * pixels[i]);
    assert_int_equal(kit_batch_labels(b)[2], s.label);
    fake_run_free(NULL, run, NULL);
    fake_release(NULL, m, NULL);
    kit_batch_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_learns_and_tells_an_epoch_a_row),
        cmocka_unit_test(the_gradient_that_reaches_the_weights_is_the_losses),
        cmocka_unit_test(a_softmax_at_the_end_is_looked_behind),
        cmocka_unit_test(a_shuffle_holds_every_sample_once),
        cmocka_unit_test(the_order_in_which_threads_read_does_not_matter),
        cmocka_unit_test(stopped_anywhere_and_resumed_it_ends_at_the_same_bytes),
        cmocka_unit_test(a_checkpoint_of_something_else_is_begun_anew),
        cmocka_unit_test(without_steps_or_seconds_nothing_is_kept),
        cmocka_unit_test(without_progress_it_stops_and_hands_out_the_best),
        cmocka_unit_test(steps_end_it_in_the_middle_of_an_epoch),
        cmocka_unit_test(numbers_are_learnt_where_they_are_known),
        cmocka_unit_test(a_loss_that_is_no_number_says_when_and_what_to_change),
        cmocka_unit_test(a_weight_that_grew_infinite_at_the_last_step_is_told),
        cmocka_unit_test(what_does_not_fit_is_said_before_anything_runs),
        cmocka_unit_test(a_sample_that_cannot_be_read_is_named),
        cmocka_unit_test(what_the_provider_says_is_passed_on),
        cmocka_unit_test(samples_are_prepared_and_given_flat_where_wanted),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
