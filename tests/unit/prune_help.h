/* prune_help.h - a small classifier of bars in four directions, its data, and pruning it. */
#ifndef PRUNE_HELP_H
#define PRUNE_HELP_H
#include "rt_help.h"

#include "../../plugins/pruner/pruning.h"
#include "fake_job.h"

static const kit_nn runtime = {.model = {&rt_model_table, NULL},
                               .grad = {&rt_grad_table, NULL},
                               .train = {&rt_train_table, NULL},
                               .edit = {&rt_edit_table, NULL}};

#define GREY "[network]\nformat = 1\ninput = grey\nrange = 0 1\n[x]\nop = input\nshape = N 1 8 8\n"
static const char classifier[] =
    GREY "[conv1]\nop = conv\nfilters = 12\nkernel = 3\npad = 1\n[relu1]\nop = relu\n"
         "[pool1]\nop = max_pool\nkernel = 2\nstride = 2\n"
         "[conv2]\nop = conv\nfilters = 16\nkernel = 3\npad = 1\n[relu2]\nop = relu\n"
         "[flat]\nop = flatten\n[fc1]\nop = gemm\nunits = 24\ntrans_b = yes\n[relu3]\nop = relu\n"
         "[fc2]\nop = gemm\nunits = 4\ntrans_b = yes\n";

enum { CONV2 = 13 /* its first unit: behind those of the input and of conv1 */ };

/* ---- data: bars of four directions in noise ---- */

static inline imp_status bars_read(const imp_dataset *data, uint64_t index, imp_sample *s,
                                   imp_error *err) IMP_NX
{
    const uint32_t kind = (uint32_t)(index % 4), at = 1 + (uint32_t)(kit_random(1, 1, index) % 6);
    (void)err;
    s->label = data->class_count ? kind : UINT32_MAX;
    for (uint32_t i = 0; s->pixels && i < data->channels * 64; i++) {
        const uint32_t y = i / 8 % 8, x = i % 8;
        const bool on = kind == 0   ? x == at
                        : kind == 1 ? y == at
                        : kind == 2 ? x + y == at + 4
                                    : x + 4 == y + at;
        s->pixels[i] = (float)(on + 0.3 * kit_normal(2, index, i));
    }
    return IMP_OK;
}

static inline imp_dataset bars(uint64_t count, uint32_t channels, uint32_t classes)
{
    return (imp_dataset){.struct_size = sizeof(imp_dataset),
                         .count = count,
                         .channels = channels,
                         .height = 8,
                         .width = 8,
                         .class_count = classes,
                         .read = bars_read};
}

static inline imp_nn_model *trained(void)
{
    static imp_nn_model *once;
    const imp_dataset data = bars(600, 1, 4);
    const kit_training t = {.task = {.nn = &runtime},
                            .optimiser = {.rule = IMP_NN_SGD, .momentum = 0.9},
                            .schedule = {.rule = KIT_COSINE, .rate = 0.05},
                            .seed = 7,
                            .epochs = 6,
                            .batch = 20,
                            .shuffle = 1};
    struct said said;
    if (!once) {
        kit_trained out;
        imp_nn_model *m = built(classifier, 5);
        must(kit_train(&t, m, &data, NULL, NULL, &out, listen(&said)));
        free(out.rows);
        release(m);
        once = out.model;
    }
    return once;
}

static inline struct pr_options usual(void)
{
    return (struct pr_options){.step = 0.1,
                               .floor = 0.02,
                               .tolerance = 1,
                               .samples = 200,
                               .batch = 25,
                               .epochs = 1,
                               .rate = 0.01,
                               .finish_rate = 0.01,
                               .momentum = 0.9,
                               .layer_share = 0.5,
                               .seed = 3};
}

struct made {
    struct pruning p;
    imp_dataset train, test;
    struct said said;
    imp_status status;
};

static inline void prune(struct made *m, const struct pr_options *o, imp_nn_model *model,
                         struct job *job)
{
    m->train = bars(300, 1, 4), m->test = bars(200, 1, 4);
    m->p = (struct pruning){.o = o,
                            .s = {.nn = &runtime,
                                  .o = o,
                                  .train = &m->train,
                                  .test = &m->test,
                                  .job = job ? &job->as : NULL}};
    m->status = pr_prune(&m->p, model, listen(&m->said));
}

static inline void pruned(struct made *m, const struct pr_options *o, imp_nn_model *model,
                          struct job *job)
{
    prune(m, o, model, job);
    if (m->status != IMP_OK)
        print_message("# %s\n", m->said.text);
    assert_int_equal(m->status, IMP_OK);
}

/* Bytes of a model's parameters. */
static inline void *bytes_of(imp_nn_model *model, uint64_t *size)
{
    imp_nn_trainer *t;
    const void *state;
    struct said said;
    must(rt_train_table.trainer_new(NULL, model, 0, &t, listen(&said)));
    must(rt_train_table.state(NULL, t, &state, size, listen(&said)));
    void *copy = malloc((size_t)*size);
    memcpy(copy, state, (size_t)*size);
    rt_train_table.trainer_free(NULL, t, NULL);
    return copy;
}

static inline void same_model(imp_nn_model *a, imp_nn_model *b)
{
    uint64_t n, m;
    void *x = bytes_of(a, &n), *y = bytes_of(b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, (size_t)n);
    free(x), free(y);
}

/* Mean cross-entropy over the first n bars of a model. */
static inline double loss_of(imp_nn_model *model, uint32_t n)
{
    struct said said;
    const imp_dataset data = bars(n, 1, 4);
    kit_task task = {.nn = &runtime};
    kit_sight_samples samples;
    imp_nn_run *run;
    kit_score score;
    must(kit_sight_input(&runtime, model, &data, &samples, &task.input, listen(&said)));
    must(kit_task_check(&task, model, &data, listen(&said)));
    must(rt_model_table.run_new(NULL, model, 0, &run, listen(&said)));
    must(kit_evaluate(&task, run, &data, n, NULL, &score, listen(&said)));
    rt_model_table.run_free(NULL, run, NULL);
    return score.loss;
}

#endif
