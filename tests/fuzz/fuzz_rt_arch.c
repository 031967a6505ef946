/* fuzz_rt_arch.c - any text as an architecture. Weights are asked of a source that has all names, in a shape that the first
 * byte chooses, so that nothing large is drawn. What is read is written to a text that reads as the same text. */
#include <formats/formats.h>
#include <op.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rt_shape shapes[] = {
    {.ndim = 4, .dim = {4, 3, 3, 3}}, {.ndim = 1, .dim = {4}}, {.ndim = 2, .dim = {4, 8}}, {.ndim = 0},
    {.ndim = 4, .dim = {4, 1, 1, 1}}, {.ndim = 3, .dim = {0, 2, 2}},
};

struct source {
    uint8_t first, asked;
};

static imp_status give(void *user, const char *name, struct rt_tensor **out, imp_error *err)
{
    struct source *s = user;
    const uint8_t n = (uint8_t)(s->first + s->asked++);
    if (strstr(name, "missing"))
        return imp_fail(err, IMP_OK, "; it is not there");
    *out = rt_tensor_new(strstr(name, "whole") ? IMP_I64 : IMP_F32,
                         &shapes[n % (sizeof shapes / sizeof *shapes)]);
    return *out ? IMP_OK : IMP_E_MEMORY;
}

static imp_status from_graph(void *user, const char *name, struct rt_tensor **out, imp_error *err)
{
    const struct rt_graph *g = user;
    const int64_t i = rt_graph_find_param(g, name);
    (void)err;
    if (i >= 0)
        *out = rt_tensor_retain(g->params[i].tensor);
    return IMP_OK;
}

/* A graph that was read is one that can be told, and told the same again. */
static void check(struct rt_graph *g)
{
    struct rt_graph *again = NULL;
    char *text = NULL, *twice = NULL, said[4096];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof said, .text = said};
    const imp_status st = rt_arch_write(g, &text, &err);
    if (st == IMP_E_LIMIT || st == IMP_E_MEMORY)
        return;
    if (st != IMP_OK || rt_arch_read(text, strlen(text), from_graph, g, 0, &again, &err) != IMP_OK ||
        rt_arch_write(again, &twice, &err) != IMP_OK || strcmp(text, twice) != 0)
        abort();
    rt_graph_free(again);
    free(text);
    free(twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source source = {.first = size ? data[0] : 0};
    struct rt_graph *g = NULL;
    char said[4096];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof said, .text = said};
    if (size < 1)
        return 0;
    if (rt_arch_read((const char *)data + 1, size - 1, give, &source, 0, &g, &err) == IMP_OK) {
        check(g);
        rt_graph_free(g);
    }
    return 0;
}
