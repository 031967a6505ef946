/* rt_help.h - networks for tests, from architecture texts, through the service tables. */
#ifndef RT_HELP_H
#define RT_HELP_H
#include <impasto/kit.h>
#include <impasto/nn.h>
#include <services.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct said { /* an imp_error with its text */
    char text[1024];
    imp_error error;
};

static inline imp_error *listen(struct said *s)
{
    s->text[0] = 0;
    s->error = (imp_error){.struct_size = sizeof s->error, .text_cap = sizeof s->text,
                           .text = s->text, .param = -1, .port = -1};
    return &s->error;
}

#define must(call) must_be_ok((call), &said, #call)
static inline void must_be_ok(imp_status st, const struct said *s, const char *what)
{
    if (st != IMP_OK)
        fail_msg("%s: %d, %s", what, st, s->text);
}

static inline imp_nn_model *built(const char *ini, uint64_t seed)
{
    struct said said;
    imp_nn_model *m = NULL;
    must(rt_train_table.build(NULL, ini, seed, &m, listen(&said)));
    return m;
}

static inline void release(imp_nn_model *m)
{
    rt_model_table.release(NULL, m, NULL);
}

static inline uint32_t node_of(const imp_nn_model *m, const char *name)
{
    struct said said;
    uint32_t node = 0;
    must(rt_model_table.find(NULL, m, name, &node, listen(&said)));
    return node;
}

static inline int64_t count_of(const imp_tensor *t)
{
    int64_t n = 1;
    for (uint32_t i = 0; i < t->ndim; i++)
        n *= t->shape[i];
    return n;
}

static inline imp_tensor tensor_of(uint32_t ndim, const int64_t *shape, float *data)
{
    return (imp_tensor){.head = {.struct_size = sizeof(imp_tensor), .kind = IMP_TENSOR},
                        .dtype = IMP_F32, .ndim = ndim, .shape = shape, .data = data};
}

static inline imp_tensor value_of(imp_nn_run *r, uint32_t node)
{
    struct said said;
    imp_tensor t = {.head = {.struct_size = sizeof t}};
    must(rt_model_table.value(NULL, r, node, &t, listen(&said)));
    return t;
}

/* Sets the input called `name` to noise in -1..1. */
static inline void set_noise(imp_nn_run *r, const imp_nn_model *m, const char *name, uint32_t ndim,
                             const int64_t *shape, uint64_t seed)
{
    struct said said;
    imp_tensor t = tensor_of(ndim, shape, NULL);
    const int64_t n = count_of(&t);
    float *data = calloc((size_t)n, sizeof *data);
    for (int64_t i = 0; i < n; i++)
        data[i] = (float)(2 * kit_uniform(seed, 7, (uint64_t)i) - 1);
    t.data = data;
    must(rt_model_table.set_input(NULL, r, node_of(m, name), &t, listen(&said)));
    free(data);
}

#endif
