/* test_rt_fuse.c - what is written by a convolution's call is what its parts would have written:
 * values and gradients of chains, against the same network with every value asked for. */
#include "rt_help.h"

#include <run.h>
#include <trainer.h>

#define HEAD       "[network]\nformat = 1\n[x]\nop = input\nshape = N 4 H W\n"
#define CONV(name) "[" name "]\nop = conv\nfilters = 4\nkernel = 3\npad = 1\n"
#define LAST       "[last]\nop = tanh\n"
#define WIDE(name) "[" name "]\nop = conv\nfilters = 16\nkernel = 3\npad = 1\n"
#define HALF       "[p]\nop = max_pool\nkernel = 2\nstride = 2\n"

static const struct chain {
    const char *name, *ini;
    const char *inner; /* a value that is not stored, lean or not; NULL: none */
    const char *lean;  /* one that a lean run does not store */
} chains[] = {
    {"conv, relu", HEAD CONV("a") "[b]\nop = relu\n" LAST, "a", "a"},
    {"depthwise, relu6",
     HEAD "[a]\nop = conv\nfilters = 4\ngroups = 4\nkernel = 3\npad = 1\n"
          "[b]\nop = clip\nmin = 0\nmax = 0.5\n" LAST,
     NULL, "a"},
    {"conv, leaky relu", HEAD CONV("a") "[b]\nop = leaky_relu\nalpha = 0.2\n" LAST, "a", "a"},
    {"conv, leaky relu of nothing", HEAD CONV("a") "[b]\nop = leaky_relu\nalpha = 0\n" LAST, NULL,
     "a"},
    {"conv, norm", HEAD CONV("a") "[n]\nop = batch_norm\n" LAST, "a", "a"},
    {"conv, norm, relu", HEAD CONV("a") "[n]\nop = batch_norm\n[b]\nop = relu\n" LAST, "n", "a"},
    {"conv without bias, norm, relu6",
     HEAD CONV("a") "bias = no\n[n]\nop = batch_norm\n[b]\nop = clip\nmin = 0\nmax = 0.5\n" LAST,
     "a", "n"},
    {"conv, sum, relu",
     HEAD "[t]\nop = tanh\n" CONV("a") "[s]\nop = add\nin = a t\n[b]\nop = relu\n" LAST, "s", "a"},
    {"conv, sum the other way, relu",
     HEAD "[t]\nop = tanh\n" CONV("a") "[s]\nop = add\nin = t a\n[b]\nop = relu\n" LAST, "s", "a"},
    {"conv, norm, sum with the input, relu",
     HEAD CONV("a") "[n]\nop = batch_norm\n[s]\nop = add\nin = n x\n[b]\nop = relu\n" LAST, "n",
     "s"},
    {"two convs meet",
     HEAD CONV("a") CONV("c") "in = x\n[s]\nop = add\nin = a c\n[b]\nop = relu\n" LAST, "c", "s"},
    {"conv added to itself", HEAD CONV("a") "[s]\nop = add\nin = a a\n[b]\nop = relu\n" LAST, NULL,
     NULL},
    {"two readers",
     HEAD CONV("a") "[b]\nop = relu\n[c]\nop = tanh\nin = a\n[s]\nop = add\nin = b c\n" LAST, NULL,
     NULL},
    {"sum of two shapes",
     HEAD CONV("a") "[m]\nop = global_average_pool\nin = x\n"
                    "[s]\nop = add\nin = a m\n[b]\nop = relu\n" LAST,
     NULL, NULL},
    {"conv from relu",
     HEAD CONV("a") "[b]\nop = relu\n" CONV("c") "[d]\nop = relu\n[p]\nop = max_pool\n"
                                                 "kernel = 2\nstride = 2\n" LAST,
     "c", "a"},
    {"conv, relu, the largest of each four", HEAD WIDE("z") CONV("a") "[b]\nop = relu\n" HALF LAST,
     "a", "b"},
    {"conv, norm, leaky relu, the largest of each four",
     HEAD WIDE("z") CONV("a") "[n]\nop = batch_norm\n[b]\nop = leaky_relu\nalpha = 0.2\n" HALF LAST,
     "n", "b"},
    {"conv, the largest of each four", HEAD WIDE("z") CONV("a") HALF LAST, NULL, "a"},
    {"conv, an act that falls, the largest of each four",
     HEAD WIDE("z") CONV("a") "[b]\nop = leaky_relu\nalpha = -0.2\n" HALF LAST, NULL, "a"},
    {"conv, sum, the largest of each four",
     HEAD "[t]\nop = tanh\n" WIDE("z") "in = x\n" CONV(
         "a") "[s]\nop = add\nin = a t\n[b]\nop = relu\n" HALF LAST,
     "s", "a"},
    {"conv, relu, larger windows",
     HEAD WIDE("z") CONV("a") "[b]\nop = relu\n[p]\nop = max_pool\nkernel = 3\nstride = 2\n" LAST,
     "a", "a"},
};
enum { CHAINS = sizeof chains / sizeof *chains };
static const int64_t size[4] = {2, 4, 9, 7};

/* Parameters that a fold must get right; variances stay positive. */
static void stir(const imp_nn_model *m)
{
    for (uint32_t p = 0; p < m->graph->param_count; p++) {
        const struct rt_tensor *t = m->graph->params[p].tensor;
        const bool spread = strstr(m->graph->params[p].name, "running_var") != NULL;
        for (int64_t i = 0; i < t->count; i++)
            rt_floats(t)[i] = (float)(kit_uniform(p + 1, 3, (uint64_t)i) - (spread ? -0.3 : 0.5));
    }
}

struct bench {
    imp_nn_model *model;
    imp_nn_trainer *trainer;
    imp_nn_run *run;
    uint32_t x, last;
};

static void open_bench(struct bench *b, const struct chain *c, bool trains, uint32_t flags)
{
    struct said said;
    *b = (struct bench){.model = built(c->ini, 7)};
    stir(b->model);
    if (trains) {
        must(rt_train_table.trainer_new(NULL, b->model, 1, &b->trainer, listen(&said)));
        must(rt_train_table.run_new(NULL, b->trainer, &b->run, listen(&said)));
    } else
        must(rt_model_table.run_new(NULL, b->model, flags, &b->run, listen(&said)));
    b->x = node_of(b->model, "x");
    b->last = node_of(b->model, "last");
    set_noise(b->run, b->model, "x", 4, size, 5);
}

static void close_bench(struct bench *b)
{
    rt_model_table.run_free(NULL, b->run, NULL);
    if (b->trainer)
        rt_train_table.trainer_free(NULL, b->trainer, NULL);
    release(b->model);
}

/* apart: every value is asked for in turn, and every gradient, so that nothing can be fused. */
static void there_and_back(struct bench *b, bool apart, bool back)
{
    struct said said;
    const uint32_t n = b->model->graph->node_count;
    uint32_t all[16];
    float seed[2 * 4 * 9 * 7];
    for (uint32_t i = 0; i < n && apart; i++)
        must(rt_model_table.forward(NULL, b->run, all[i] = i, NULL, listen(&said)));
    must(rt_model_table.forward(NULL, b->run, b->last, NULL, listen(&said)));
    if (!back)
        return;
    imp_tensor t = value_of(b->run, b->last);
    for (size_t i = 0; i < sizeof seed / sizeof *seed; i++)
        seed[i] = (float)kit_normal(3, 1, i);
    t.data = seed;
    must(rt_grad_table.seed(NULL, b->run, b->last, &t, listen(&said)));
    must(rt_grad_table.backward(NULL, b->run, apart ? n : 1, apart ? all : &b->x, NULL,
                                listen(&said)));
}

static void expect_same(const struct chain *c, const char *what, const float *a, const float *b,
                        int64_t n)
{
    double error = 0, energy = 0;
    for (int64_t i = 0; i < n; i++) {
        error += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        energy += (double)a[i] * (double)a[i];
    }
    if (!(error <= 1e-12 * energy) || !(energy > 0))
        fail_msg("%s: %s is off, relative %g", c->name, what, sqrt(error / energy));
}

static void compare(const struct chain *c, struct bench *a, struct bench *b, bool back)
{
    struct said said;
    imp_tensor u = value_of(a->run, a->last), v = value_of(b->run, b->last);
    expect_same(c, "the value", u.data, v.data, count_of(&u));
    if (!back)
        return;
    must(rt_grad_table.gradient(NULL, a->run, a->x, &u, listen(&said)));
    must(rt_grad_table.gradient(NULL, b->run, b->x, &v, listen(&said)));
    expect_same(c, "the gradient", u.data, v.data, count_of(&u));
    for (uint32_t p = 0; a->trainer && p < a->model->graph->param_count; p++)
        if (a->trainer->grads[p])
            expect_same(c, a->model->graph->params[p].name, a->trainer->grads[p],
                        b->trainer->grads[p], a->model->graph->params[p].tensor->count);
}

static bool is_there(const struct bench *b, const char *name)
{
    return !name || b->run->values[node_of(b->model, name)].done;
}

static void together_is_one_after_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < CHAINS; i++)
        for (int lean = 0; lean < 2; lean++) {
            struct bench a, b;
            open_bench(&a, &chains[i], false, 0);
            open_bench(&b, &chains[i], false, lean ? IMP_NN_LEAN : 0);
            there_and_back(&a, true, !lean);
            there_and_back(&b, false, !lean);
            if (chains[i].inner && is_there(&b, chains[i].inner))
                fail_msg("%s: '%s' is stored", chains[i].name, chains[i].inner);
            compare(&chains[i], &a, &b, !lean);
            close_bench(&a);
            close_bench(&b);
        }
}

static void so_it_is_while_learning(void **state)
{
    struct said said;
    (void)state;
    for (int i = 0; i < CHAINS; i++)
        for (uint32_t training = 0; training < 2; training++) {
            struct bench a, b;
            open_bench(&a, &chains[i], true, 0);
            open_bench(&b, &chains[i], true, 0);
            must(rt_train_table.set_training(NULL, a.trainer, training, listen(&said)));
            must(rt_train_table.set_training(NULL, b.trainer, training, listen(&said)));
            there_and_back(&a, true, true);
            there_and_back(&b, false, true);
            compare(&chains[i], &a, &b, true);
            for (uint32_t p = 0; p < a.model->graph->param_count; p++) /* statistics moved once */
                assert_memory_equal(a.trainer->values[p], b.trainer->values[p],
                                    (size_t)a.model->graph->params[p].tensor->count *
                                        sizeof(float));
            close_bench(&a);
            close_bench(&b);
        }
}

static void a_lean_run_fuses_more(void **state)
{
    (void)state;
    for (int i = 0; i < CHAINS; i++) {
        struct bench b;
        open_bench(&b, &chains[i], false, IMP_NN_LEAN);
        there_and_back(&b, false, false);
        uint32_t heads = 0;
        for (uint32_t k = 0; k < b.model->graph->node_count; k++) {
            const struct rt_value *v = &b.run->values[k];
            heads += v->head >= 0;
            if (chains[i].lean && !strcmp(b.model->graph->nodes[k].name, chains[i].lean))
                assert_true(v->had && v->head < 0); /* through a later one's head only */
        }
        if (!chains[i].lean == (heads > 0))
            fail_msg("%s: %u values are written by a convolution before them", chains[i].name,
                     heads);
        close_bench(&b);
    }
}

static void a_value_between_can_be_had_at_any_time(void **state)
{
    struct said said;
    (void)state;
    for (int i = 0; i < CHAINS; i++) {
        struct bench a, b;
        if (!chains[i].inner)
            continue;
        open_bench(&a, &chains[i], false, 0);
        open_bench(&b, &chains[i], false, 0);
        there_and_back(&a, true, false);
        there_and_back(&b, false, false);
        const uint32_t inner = node_of(a.model, chains[i].inner);
        const imp_tensor before = value_of(b.run, b.last);
        const imp_tensor u = value_of(a.run, inner), v = value_of(b.run, inner);
        expect_same(&chains[i], "a value between", u.data, v.data, count_of(&u));
        must(rt_model_table.forward(NULL, b.run, inner, NULL, listen(&said)));
        assert_ptr_equal(value_of(b.run, inner).data, v.data);
        assert_ptr_equal(value_of(b.run, b.last).data, before.data);
        close_bench(&a);
        close_bench(&b);
    }
}

/* The gradient of seeds on the last value and on one between is the sum of both. */
static void a_value_between_can_be_seeded(void **state)
{
    struct said said;
    (void)state;
    for (int i = 0; i < CHAINS; i++) {
        struct bench a, b;
        float *sum;
        if (!chains[i].inner)
            continue;
        open_bench(&a, &chains[i], false, 0);
        open_bench(&b, &chains[i], false, 0);
        const uint32_t inner = node_of(a.model, chains[i].inner);
        there_and_back(&a, false, true);
        imp_tensor g = {.head = {.struct_size = sizeof g}}, seed;
        must(rt_grad_table.gradient(NULL, a.run, a.x, &g, listen(&said)));
        const int64_t n = count_of(&g);
        assert_non_null(sum = malloc((size_t)n * sizeof *sum));
        memcpy(sum, g.data, (size_t)n * sizeof *sum);
        seed = value_of(b.run, b.x); /* any numbers of the same shape */
        must(rt_grad_table.seed(NULL, a.run, inner, &seed, listen(&said)));
        must(rt_grad_table.backward(NULL, a.run, 1, &a.x, NULL, listen(&said)));
        must(rt_grad_table.gradient(NULL, a.run, a.x, &g, listen(&said)));
        for (int64_t k = 0; k < n; k++)
            sum[k] += ((const float *)g.data)[k];
        must(rt_model_table.forward(NULL, b.run, b.last, NULL, listen(&said)));
        must(rt_grad_table.seed(NULL, b.run, inner, &seed, listen(&said)));
        there_and_back(&b, false, true);
        must(rt_grad_table.gradient(NULL, b.run, b.x, &g, listen(&said)));
        expect_same(&chains[i], "the sum of gradients", sum, g.data, n);
        free(sum);
        close_bench(&a);
        close_bench(&b);
    }
}

static void an_output_is_never_fused_away(void **state)
{
    static const struct chain chain = {
        "output",
        "[network]\nformat = 1\noutputs = a last\n[x]\nop = input\nshape = N 4 H W\n" CONV(
            "a") "[b]\nop = relu\n" LAST,
        NULL, NULL};
    struct said said;
    (void)state;
    for (uint32_t flags = 0; flags <= IMP_NN_LEAN; flags++) {
        struct bench b;
        open_bench(&b, &chain, false, flags);
        must(rt_model_table.forward(NULL, b.run, IMP_NN_ALL, NULL, listen(&said)));
        const imp_tensor t = value_of(b.run, node_of(b.model, "a"));
        assert_int_equal(count_of(&t), 2 * 4 * 9 * 7);
        close_bench(&b);
    }
}

/* Inputs of a concat that nobody else reads need no memory of their own: of one picture, whose
 * channels follow each other. `t` has another reader, and `n` is within another concat. */
static void a_concat_of_one_picture_copies_nothing(void **state)
{
    static const char ini[] = HEAD CONV("a") "[b]\nop = relu\n" CONV(
        "c") "in = x\n[t]\nop = tanh\nin = x\n"
             "[m]\nop = max_pool\nkernel = 3\nstride = 1\npad = 1\nin = t\n"
             "[n]\nop = concat\naxis = 1\nin = c m\n[e]\nop = concat\naxis = 1\n"
             "in = b t n\n" LAST;
    const struct chain c = {"concat", ini, NULL, NULL};
    struct said said;
    (void)state;
    for (int64_t n = 1; n < 3; n++) {
        const int64_t shape[4] = {n, 4, 9, 7};
        struct bench all, lean;
        open_bench(&all, &c, false, 0);
        open_bench(&lean, &c, false, IMP_NN_LEAN);
        set_noise(all.run, all.model, "x", 4, shape, 5);
        set_noise(lean.run, lean.model, "x", 4, shape, 5);
        there_and_back(&all, true, false);
        for (int again = 0; again < 2; again++)
            there_and_back(&lean, false, false);
        compare(&c, &all, &lean, false);
        const struct rt_link *links = lean.run->plan->links;
        const int32_t e = (int32_t)node_of(lean.model, "e");
        assert_int_equal(links[node_of(lean.model, "b")].into, n == 1 ? e : -1);
        assert_int_equal(links[node_of(lean.model, "n")].at, n == 1 ? 8 * 9 * 7 : 0);
        assert_int_equal(links[node_of(lean.model, "t")].into, -1);
        assert_int_equal(links[node_of(lean.model, "c")].into, -1);
        must(rt_model_table.forward(NULL, lean.run, (uint32_t)e, NULL, listen(&said)));
        const imp_tensor u = value_of(all.run, (uint32_t)e), v = value_of(lean.run, (uint32_t)e);
        expect_same(&c, "the concat", u.data, v.data, count_of(&u));
        close_bench(&all);
        close_bench(&lean);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(together_is_one_after_the_other),
        cmocka_unit_test(so_it_is_while_learning),
        cmocka_unit_test(a_lean_run_fuses_more),
        cmocka_unit_test(a_value_between_can_be_had_at_any_time),
        cmocka_unit_test(a_value_between_can_be_seeded),
        cmocka_unit_test(an_output_is_never_fused_away),
        cmocka_unit_test(a_concat_of_one_picture_copies_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
