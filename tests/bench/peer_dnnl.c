/* peer_dnnl.c - oneDNN's Winograd convolutions, VGG-19's sixteen alone: their sum, beside our whole
 * network forward. The protocol is that of net_worker.c; what it computes cannot be compared.
 *     peer_dnnl VARIANT MODE NET THREADS NxCxHxW INPUT          VARIANT: winograd or direct;
 * choose: the faster one */
#include <dnnl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LAYERS = 16 };
static const struct {
    int in, out, halvings;
} layers[LAYERS] = {{3, 64, 0},    {64, 64, 0},   {64, 128, 1},  {128, 128, 1},
                    {128, 256, 2}, {256, 256, 2}, {256, 256, 2}, {256, 256, 2},
                    {256, 512, 3}, {512, 512, 3}, {512, 512, 3}, {512, 512, 3},
                    {512, 512, 4}, {512, 512, 4}, {512, 512, 4}, {512, 512, 4}};

struct layer {
    dnnl_primitive_t run;
    dnnl_exec_arg_t args[6];
    int count;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Memory as the primitive wants it, filled with small numbers. */
static bool add_argument(struct layer *l, dnnl_engine_t engine, const_dnnl_primitive_desc_t pd,
                         dnnl_query_t what, int arg)
{
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, what, 0);
    if (!md || !dnnl_memory_desc_get_size(md))
        return true; /* no scratchpad */
    const size_t size = dnnl_memory_desc_get_size(md);
    float *data = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!data)
        return false;
    for (size_t i = 0; i < size / sizeof *data; i++)
        data[i] = 0.01f * (float)(i % 7);
    l->args[l->count].arg = arg;
    return dnnl_memory_create(&l->args[l->count++].memory, md, engine, data) == dnnl_success;
}

static bool prepare(struct layer *l, dnnl_engine_t engine, int i, int side, bool winograd)
{
    const int s = side >> layers[i].halvings;
    const dnnl_dims_t x = {1, layers[i].in, s, s}, y = {1, layers[i].out, s, s}, one = {1, 1};
    const dnnl_dims_t w = {layers[i].out, layers[i].in, 3, 3}, b = {layers[i].out};
    dnnl_memory_desc_t mx, mw, mb, my;
    dnnl_convolution_desc_t d;
    dnnl_primitive_desc_t pd;
    dnnl_memory_desc_init_by_tag(&mx, 4, x, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&mw, 4, w, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&mb, 1, b, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&my, 4, y, dnnl_f32, dnnl_format_tag_any);
    const dnnl_alg_kind_t how = winograd && i ? dnnl_convolution_winograd : dnnl_convolution_direct;
    if (dnnl_convolution_forward_desc_init(&d, dnnl_forward_inference, how, &mx, &mw, &mb, &my, one,
                                           one, one) != dnnl_success)
        return false;
    if (dnnl_primitive_desc_create(&pd, &d, NULL, engine, NULL) !=
        dnnl_success) /* Winograd refuses some shapes */
        return winograd && i && prepare(l, engine, i, side, false);
    const bool fine = dnnl_primitive_create(&l->run, pd) == dnnl_success &&
                      add_argument(l, engine, pd, dnnl_query_src_md, DNNL_ARG_SRC) &&
                      add_argument(l, engine, pd, dnnl_query_weights_md, DNNL_ARG_WEIGHTS) &&
                      add_argument(l, engine, pd, dnnl_query_dst_md, DNNL_ARG_DST);
    const dnnl_memory_desc_t *bias = dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 1);
    float *zeros = calloc((size_t)layers[i].out, sizeof *zeros);
    l->args[l->count].arg = DNNL_ARG_BIAS;
    const bool biased =
        fine && zeros &&
        dnnl_memory_create(&l->args[l->count++].memory, bias, engine, zeros) == dnnl_success;
    dnnl_primitive_desc_destroy(pd);
    return biased;
}

static double step(const struct layer *l, dnnl_stream_t stream)
{
    const double start = now_ms();
    for (int i = 0; i < LAYERS; i++)
        dnnl_primitive_execute(l[i].run, stream, l[i].count, l[i].args);
    dnnl_stream_wait(stream);
    return now_ms() - start;
}

static bool prepare_all(struct layer *l, dnnl_engine_t engine, int side, bool winograd)
{
    for (int i = 0; i < LAYERS; i++)
        if (!prepare(&l[i], engine, i, side, winograd))
            return false;
    return true;
}

static const char *faster(dnnl_engine_t engine, dnnl_stream_t stream, int side)
{
    static struct layer l[2][LAYERS];
    double least[2] = {1e30, 1e30};
    for (int k = 0; k < 2 && prepare_all(l[k], engine, side, k == 1); k++)
        for (int i = 0; i < 5; i++) {
            const double ms = step(l[k], stream);
            least[k] = ms < least[k] ? ms : least[k];
        }
    return least[1] < least[0] ? "winograd" : "direct";
}

int main(int argc, char **argv)
{
    static struct layer l[LAYERS];
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    char line[4096];
    const char *side =
        argc > 5 ? strrchr(argv[5], 'x') : NULL; /* THREADS come by OMP_NUM_THREADS */
    if (!side || dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success ||
        dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) != dnnl_success)
        return puts("wrong arguments, or no engine"), 1;
    const int size = (int)strtol(side + 1, NULL, 10);
    if (!strcmp(argv[1], "choose"))
        return printf("ready %s\n", faster(engine, stream, size)), 0;
    if (!prepare_all(l, engine, size, !strcmp(argv[1], "winograd")))
        return puts("wrong a convolution cannot be made"), 1;
    printf("ready %s\n", argv[1]);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "check ", 6))
            puts("ok");
        else
            printf("%.4f\n", step(l, stream));
        fflush(stdout);
    }
    return 0;
}
