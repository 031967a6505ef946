/* fuzz_rt_onnx.c - any bytes as an ONNX file: refused with a reason, or read into a network that is
 * planned, written and read again as the same network; no crash, no leak, no hang, no data read
 * from elsewhere. */
#include <formats/formats.h>
#include <run.h> /* plan.h: the host has one of that name, too */
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Operators and names in order; abort() where the second reading differs. */
static void compare(const struct rt_graph *a, const struct rt_graph *b)
{
    uint32_t j = 0;
    for (uint32_t i = 0; i < a->node_count; i++)
        if (a->nodes[i].flags & IMP_NN_INPUT) {
            const int64_t n = rt_graph_find_node(b, a->nodes[i].name);
            if (n < 0 || !rt_same_shape(&a->nodes[i].declared, &b->nodes[n].declared))
                abort();
            j++;
        }
    if (rt_inputs(b, NULL) != j)
        abort();
}

static void write_again(const struct rt_graph *g, imp_error *err)
{
    struct rt_graph *again = NULL;
    void *data = NULL;
    size_t size = 0;
    if (rt_onnx_write(g, &data, &size, err) != IMP_OK)
        return; /* ONNX cannot say everything that a text can */
    if (rt_onnx_read(data, size, NULL, &again, err) != IMP_OK)
        abort();
    compare(g, again);
    rt_graph_free(again);
    free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[1024] = "", why[256];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof text, .text = text};
    struct rt_graph *g = NULL;
    if (rt_onnx_read(data, size, NULL, &g, &err) != IMP_OK) {
        if (g || !*text)
            abort();
        return 0;
    }
    struct rt_shape *shapes = calloc(g->node_count, sizeof *shapes);
    if (shapes && g->node_count < 64 && rt_probe(g, shapes, why, &err) == IMP_OK)
        write_again(g, &err);
    free(shapes);
    rt_graph_free(g);
    return 0;
}
