/* fuzz_rt_safetensors.c - any bytes as a safetensors file, with its own architecture and with one beside it. */
#include <formats/formats.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char beside[] = "[network]\nformat = 1\nignore = *\n[x]\nop = input\nshape = N\n"
                             "[y]\nop = add\nin = x @t\n[z]\nop = constant\nvalue = @u\n";

/* What was read is written, and read again. */
static void check(struct rt_graph *g)
{
    struct rt_graph *again = NULL;
    void *data = NULL;
    size_t size;
    if (rt_safetensors_write(g, &data, &size, NULL) == IMP_OK &&
        rt_safetensors_read(data, size, NULL, 0, NULL, &again, NULL) != IMP_OK)
        abort();
    rt_graph_free(again);
    free(data);
    rt_graph_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rt_graph *g = NULL;
    char said[4096];
    imp_error err = {.struct_size = sizeof err, .text_cap = sizeof said, .text = said};
    if (rt_safetensors_read(data, size, NULL, 0, NULL, &g, &err) == IMP_OK)
        check(g);
    g = NULL;
    if (rt_safetensors_read(data, size, beside, sizeof beside - 1, NULL, &g, &err) == IMP_OK)
        check(g);
    return 0;
}
