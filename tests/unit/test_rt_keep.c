/* test_rt_keep.c - under a budget values go and are computed again: to the same bytes, within the
 * budget, and what callers were shown stays. A step after the first allocates nothing. */
#include "rt_help.h"

#include <run.h>
#include <trainer.h>

#include <sys/mman.h>

#define CONV(name, from) "[" name "]\nop = conv\nin = " from "\nfilters = 8\nkernel = 3\npad = 1\n"
#define PAIR(n, from)    CONV("conv" n, from) "[relu" n "]\nop = relu\n"
#define THREE(n, from)   PAIR(n "a", from) PAIR(n "b", "relu" n "a") PAIR(n "c", "relu" n "b")
static const char net[] = "[network]\nformat = 1\n[x]\nop = input\nshape = N 3 H W\n" THREE(
    "0", "x") "[norm0]\nop = batch_norm\n" THREE("1", "norm0")
    THREE("2",
          "relu1c") "[tanh2]\nop = tanh\n"
                    "[pool]\nop = max_pool\nkernel = 2\nstride = 2\n" PAIR("3", "pool") CONV(
                        "conv4",
                        "relu3") "[norm4]\nop = batch_norm\n[sum4]\nop = add\nin = norm4 "
                                 "pool\n[relu4]\nop = relu\n"
                                 "[view]\nop = reshape\nshape = 0 4 -1 0\n[tanh5]\nop = tanh\n"
                                 "[back]\nop = reshape\nshape = 0 8 -1 0\n[drop5]\nop = "
                                 "dropout\nratio = 0.25\n" PAIR(
                                     "6",
                                     "drop5") "[both]\nop = concat\nin = relu6 relu3\naxis = "
                                              "1\n" CONV("conv7",
                                                         "both") "[out]\nop = softmax\naxis = 1\n";
static const int64_t size[4] = {1, 3, 96, 80};
enum { IN = 3 * 96 * 80, LAYERS = 3 };
static const char *const layers[LAYERS] = {"relu0b", "relu4", "out"};

/* ---- what allocates ---- */

static struct {
    uint32_t calls, pages; /* pages: given to or taken from the system */
    bool counts;
} taken;

#define COUNTED(result, name, declared, given)                                                     \
    result __real_##name declared;                                                                 \
    result __wrap_##name declared;                                                                 \
    result __wrap_##name declared                                                                  \
    {                                                                                              \
        taken.calls += taken.counts;                                                               \
        return __real_##name given;                                                                \
    }
COUNTED(void *, malloc, (size_t n), (n))
COUNTED(void *, calloc, (size_t n, size_t each), (n, each))
COUNTED(void *, realloc, (void *p, size_t n), (p, n))
COUNTED(int, posix_memalign, (void **p, size_t to, size_t n), (p, to, n))
COUNTED(void *, mmap, (void *p, size_t n, int a, int b, int c, off_t d), (p, n, a, b, c, d))
COUNTED(int, mprotect, (void *p, size_t n, int a), (p, n, a))
int __real_madvise(void *p, size_t n, int a);
int __wrap_madvise(void *p, size_t n, int a);
int __wrap_madvise(void *p, size_t n, int a)
{
    taken.pages += taken.counts;
    return __real_madvise(p, n, a);
}

/* ---- steps ---- */

struct bench {
    imp_nn_model *model;
    imp_nn_trainer *trainer;
    imp_nn_run *run;
    uint32_t x, nodes[LAYERS];
    float picture[IN], *seed[LAYERS];
    imp_tensor view[LAYERS];
};

static imp_status go_on(imp_job *job, double fraction, const char *phase) IMP_NX
{
    (void)job, (void)fraction, (void)phase;
    return IMP_OK;
}

static imp_status one_by_one(imp_job *job, uint32_t n, void (*fn)(void *, uint32_t) IMP_NX,
                             void *user) IMP_NX
{
    (void)job;
    for (uint32_t i = 0; i < n; i++)
        fn(user, i);
    return IMP_OK;
}

static imp_job job_of_bytes(uint64_t bytes)
{
    return (imp_job){.struct_size = sizeof(imp_job),
                     .max_threads = 1,
                     .max_bytes = bytes,
                     .progress = go_on,
                     .parallel = one_by_one};
}

static void open_bench(struct bench *b, bool trains)
{
    struct said said;
    *b = (struct bench){.model = built(net, 7)};
    if (trains) {
        must(rt_train_table.trainer_new(NULL, b->model, 1, &b->trainer, listen(&said)));
        must(rt_train_table.run_new(NULL, b->trainer, &b->run, listen(&said)));
        must(rt_train_table.set_training(NULL, b->trainer, 1, listen(&said)));
    } else
        must(rt_model_table.run_new(NULL, b->model, 0, &b->run, listen(&said)));
    b->x = node_of(b->model, "x");
    for (int i = 0; i < LAYERS; i++)
        b->nodes[i] = node_of(b->model, layers[i]);
    for (int i = 0; i < IN; i++)
        b->picture[i] = (float)kit_normal(5, 5, (uint64_t)i);
}

static void close_bench(struct bench *b)
{
    rt_model_table.run_free(NULL, b->run, NULL);
    if (b->trainer)
        rt_train_table.trainer_free(NULL, b->trainer, NULL);
    release(b->model);
    for (int i = 0; i < LAYERS; i++)
        free(b->seed[i]);
}

/* As an optimiser of pictures does it: forward to each layer, look at it, seed them all, back. */
static imp_status step(struct bench *b, imp_job *job, struct said *said)
{
    imp_tensor in = tensor_of(4, size, b->picture), t;
    imp_status st = rt_model_table.set_input(NULL, b->run, b->x, &in, listen(said));
    for (int i = 0; i < LAYERS && st == IMP_OK; i++) {
        st = rt_model_table.forward(NULL, b->run, b->nodes[i], job, listen(said));
        b->view[i] = (imp_tensor){.head = {.struct_size = sizeof in}};
        if (st == IMP_OK)
            st = rt_model_table.value(NULL, b->run, b->nodes[i], &b->view[i], listen(said));
    }
    for (int i = 0; i < LAYERS && st == IMP_OK; i++) {
        const int64_t n = count_of(&b->view[i]);
        if (!b->seed[i])
            b->seed[i] = malloc((size_t)n * sizeof(float));
        for (int64_t k = 0; k < n; k++)
            b->seed[i][k] = ((const float *)b->view[i].data)[k] - 0.25f;
        t = b->view[i];
        t.data = b->seed[i];
        st = rt_grad_table.seed(NULL, b->run, b->nodes[i], &t, listen(said));
    }
    return st == IMP_OK ? rt_grad_table.backward(NULL, b->run, 1, &b->x, job, listen(said)) : st;
}

static imp_tensor gradient_of(struct bench *b)
{
    struct said said;
    imp_tensor g = {.head = {.struct_size = sizeof g}};
    must(rt_grad_table.gradient(NULL, b->run, b->x, &g, listen(&said)));
    return g;
}

static void expect_alike(struct bench *a, struct bench *b)
{
    assert_memory_equal(gradient_of(a).data, gradient_of(b).data, IN * sizeof(float));
    for (int i = 0; i < LAYERS; i++)
        assert_memory_equal(a->view[i].data, b->view[i].data,
                            (size_t)count_of(&a->view[i]) * sizeof(float));
}

/* Budgets from all that it takes down to where it does not go on: how many were met. */
static uint32_t squeeze(struct bench *all, bool trains)
{
    struct said said;
    uint32_t met = 0;
    for (uint64_t bytes = all->run->store.bytes; bytes > 1000; bytes -= bytes / 32) {
        struct bench b;
        imp_job job = job_of_bytes(bytes);
        open_bench(&b, trains);
        imp_status st = IMP_OK;
        for (int round = 0; round < 2 && st == IMP_OK; round++)
            st = step(&b, &job, &said);
        if (st == IMP_OK) {
            met++;
            expect_alike(all, &b);
            assert_true(b.run->store.bytes <= bytes);
        } else {
            assert_int_equal(st, IMP_E_LIMIT);
            assert_non_null(strstr(said.text, "--mem"));
        }
        for (uint32_t p = 0; trains && st == IMP_OK && p < b.model->graph->param_count; p++)
            assert_memory_equal(all->trainer->values[p], b.trainer->values[p],
                                (size_t)b.model->graph->params[p].tensor->count * sizeof(float));
        close_bench(&b);
        if (st != IMP_OK)
            break;
    }
    return met;
}

static void a_budget_changes_no_byte(void **state)
{
    struct said said;
    struct bench all;
    (void)state;
    open_bench(&all, false);
    for (int round = 0; round < 2; round++)
        must(step(&all, NULL, &said));
    assert_true(squeeze(&all, false) >= 8);
    close_bench(&all);
}

/* Running statistics move once for each input, masks of dropout stay. */
static void nor_of_what_is_learned(void **state)
{
    struct said said;
    struct bench all;
    (void)state;
    open_bench(&all, true);
    for (int round = 0; round < 2; round++)
        must(step(&all, NULL, &said));
    assert_true(squeeze(&all, true) >= 8);
    close_bench(&all);
}

static void the_least_that_memory_says_is_enough(void **state)
{
    struct said said;
    uint64_t bytes, least;
    float seed[8 * 48 * 40], first[IN];
    (void)state;
    for (int round = 0; round < 2; round++) {
        struct bench b;
        open_bench(&b, false);
        must(rt_model_table.memory(NULL, b.model, b.nodes[2], 4, size, 0, &bytes, &least,
                                   listen(&said)));
        assert_true(least < bytes - bytes / 4);
        imp_job job = job_of_bytes(round ? least : 0);
        imp_tensor in = tensor_of(4, size, b.picture);
        must(rt_model_table.set_input(NULL, b.run, b.x, &in, listen(&said)));
        must(rt_model_table.forward(NULL, b.run, b.nodes[2], &job, listen(&said)));
        imp_tensor t = value_of(b.run, b.nodes[2]);
        for (int i = 0; i < 8 * 48 * 40; i++)
            seed[i] = (float)kit_normal(1, 1, (uint64_t)i);
        t.data = seed;
        must(rt_grad_table.seed(NULL, b.run, b.nodes[2], &t, listen(&said)));
        must(rt_grad_table.backward(NULL, b.run, 1, &b.x, &job, listen(&said)));
        if (round == 0) {
            assert_int_equal(b.run->store.bytes, bytes);
            assert_true(b.run->again == 0);
            memcpy(first, gradient_of(&b).data, sizeof first);
        } else {
            assert_true(b.run->store.bytes <= least);
            assert_true(b.run->again > 0);
            assert_memory_equal(first, gradient_of(&b).data, sizeof first);
        }
        close_bench(&b);
    }
}

static void any_value_can_be_had_afterwards(void **state)
{
    struct said said;
    struct bench all, b;
    uint64_t bytes, least;
    (void)state;
    open_bench(&all, false);
    open_bench(&b, false);
    must(step(&all, NULL, &said));
    must(rt_model_table.memory(NULL, b.model, b.nodes[2], 4, size, 0, &bytes, &least,
                               listen(&said)));
    imp_job job = job_of_bytes(bytes);
    must(step(&b, &job, &said));
    uint32_t gone = 0;
    for (uint32_t i = 0; i < b.model->graph->node_count; i++)
        gone += !b.run->values[i].done;
    assert_true(gone > 3);
    b.run->store.limit = 0;
    for (uint32_t i = b.model->graph->node_count; i-- > 0;) {
        const imp_tensor u = value_of(all.run, i), v = value_of(b.run, i);
        assert_memory_equal(u.data, v.data, (size_t)count_of(&u) * sizeof(float));
    }
    expect_alike(&all, &b);
    close_bench(&all);
    close_bench(&b);
}

static void a_second_step_allocates_nothing(void **state)
{
    struct said said;
    (void)state;
    for (int k = 0; k < 4; k++) {
        struct bench b;
        const bool trains = k & 1;
        const imp_nn_optimiser adam = {.struct_size = sizeof adam,
                                       .rule = IMP_NN_ADAM,
                                       .rate = 0.01,
                                       .momentum = 0.9,
                                       .beta2 = 0.999,
                                       .epsilon = 1e-8};
        open_bench(&b, trains);
        must(step(&b, NULL, &said));
        imp_job job = job_of_bytes(k & 2 ? b.run->store.bytes * 3 / 4 : 0);
        must(step(&b, &job, &said));
        taken.calls = taken.pages = 0;
        taken.counts = true;
        must(step(&b, &job, &said));
        if (trains)
            must(rt_train_table.step(NULL, b.trainer, &adam, listen(&said)));
        taken.counts = false;
        assert_int_equal(taken.calls, 0);
        if (!job.max_bytes) /* a tight budget may go from what passes to what stays, and back */
            assert_int_equal(taken.pages, 0);
        close_bench(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_budget_changes_no_byte),
        cmocka_unit_test(nor_of_what_is_learned),
        cmocka_unit_test(the_least_that_memory_says_is_enough),
        cmocka_unit_test(any_value_can_be_had_afterwards),
        cmocka_unit_test(a_second_step_allocates_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
