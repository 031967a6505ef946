/* filters.c - times filters of plugins/basic one by one beside libvips and OpenCV, in one process, in turn, on a
 * picture of 2048x1536. Ours works on planar float, the peers on 8 bits: their natural formats.
 *     filters BASIC.so ROUNDS RESULTS.json
 * Each row: median ms of ours, of the peer, their ratio (above 1: ours is faster), two threads each. */
#include "peers.h"
#include "pool.h"
#include "rows.h"
#include "value.h"
#include <dlfcn.h>
#include <impasto/kit.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "minihost.h"

enum { WIDTH = 2048, HEIGHT = 1536, ROUNDS_MAX = 51 };

static const struct { const char *name, *filter, *params; enum bench_op op; } cases[] = {
    {"resize 1/2, area", "resize", "scale=0.5 method=area linear=no", OP_HALF},
    {"resize 0.4, Lanczos", "resize", "scale=0.4 method=lanczos linear=no", OP_LANCZOS},
    {"blur, sigma 2", "blur", "sigma=2", OP_BLUR2},
    {"blur, sigma 20", "blur", "sigma=20", OP_BLUR20},
    {"sharpen", "sharpen", "", OP_SHARPEN},
    {"median, radius 1", "median", "radius=1", OP_MEDIAN1},
    {"median, radius 5", "median", "radius=5", OP_MEDIAN5},
    {"edges, Sobel", "edges", "", OP_EDGES},
    {"gamma", "gamma", "gamma=1.25", OP_GAMMA},
    {"grayscale", "grayscale", "", OP_GREY},
    {"negate", "negate", "", OP_NEGATE},
    {"flip", "flip", "", OP_FLIP},
    {"rotate 90", "rotate", "angle=90", OP_ROTATE90},
    {"rotate 7", "rotate", "angle=7", OP_ROTATE7},
    {"crop the middle", "crop", "width=1024 height=768", OP_CROP},
};

struct job { imp_job api; struct pool *pool; struct memory *memory; struct value *out; void *scratch[64]; int scratches; };

static struct job *of(imp_job *j)
{
    return (struct job *)(void *)j;
}

static imp_image *new_image(imp_job *j, uint32_t w, uint32_t h, uint32_t c, uint32_t colour) IMP_NX
{
    struct value *v = value_image(of(j)->memory, w, h, c, colour);
    if (of(j)->out)
        value_release(of(j)->out);
    of(j)->out = v;
    return v ? &v->as.image : NULL;
}

static imp_status set_output(imp_job *j, uint32_t port, const imp_value *v) IMP_NX
{
    (void)j, (void)port, (void)v;
    return IMP_OK;
}

static imp_status progress(imp_job *j, double fraction, const char *phase) IMP_NX
{
    (void)j, (void)fraction, (void)phase;
    return IMP_OK;
}

static void *scratch(imp_job *j, uint64_t bytes) IMP_NX
{
    void *p = of(j)->scratches < 64 ? aligned_alloc(64, (size_t)(bytes + 63) / 64 * 64) : NULL;
    if (p)
        of(j)->scratch[of(j)->scratches++] = p;
    return p;
}

static imp_status parallel(imp_job *j, uint32_t n, void (*fn)(void *, uint32_t) IMP_NX, void *user) IMP_NX
{
    return pool_parallel(of(j)->pool, n, fn, user, NULL);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* One process() of the filter on the picture; < 0: it failed. */
static double ours(struct job *job, const imp_filter *f, const imp_cell *params, const imp_value *picture)
{
    void *instance = NULL;
    const imp_value *inputs[8] = {picture};
    char text[256] = "";
    imp_error error = {.struct_size = sizeof error, .text_cap = sizeof text, .text = text, .param = -1, .port = -1};
    job->api.input_count = f->input_count;
    job->api.output_count = f->output_count;
    job->api.inputs = inputs;
    job->api.params = params;
    if (f->create && f->create(NULL, f, params, &instance, &error) != IMP_OK)
        return -1;
    const double start = now_ms();
    const imp_status st = f->process(instance, &job->api, &error);
    const double ms = now_ms() - start;
    while (job->scratches > 0)
        free(job->scratch[--job->scratches]);
    if (job->out)
        value_release(job->out);
    job->out = NULL;
    if (f->destroy)
        f->destroy(instance);
    if (st != IMP_OK)
        fprintf(stderr, "%s: %s\n", f->id, text);
    return st == IMP_OK ? ms : -1;
}

static void row(cJSON *rows, const char *name, const char *peer, double *a, double *b, int rounds)
{
    cJSON *r = rows_new(name, peer, 2, a, b, rounds);
    printf("%-30s %-26s %9.2f %9.2f %7.2f  %5.2f-%-5.2f\n", name, peer, rows_number(r, "ours_ms"), rows_number(r, "peer_ms"),
           rows_number(r, "ratio"), rows_number(r, "ratio_p10"), rows_number(r, "ratio_p90"));
    fflush(stdout);
    cJSON_AddItemToArray(rows, r);
}

static double peer_ms(bool (*run)(enum bench_op), enum bench_op op)
{
    const double start = now_ms();
    return run(op) ? now_ms() - start : -1;
}

static void measure(struct job *job, struct mini *basic, size_t k, const imp_value *picture, int rounds, cJSON *rows)
{
    double a[ROUNDS_MAX], v[ROUNDS_MAX], c[ROUNDS_MAX];
    char why[256];
    bool has_v = true, has_c = true;
    const imp_filter *f = mini_filter(basic, cases[k].filter);
    struct mini_params *p = f ? mini_params_new(f, cases[k].params, why, sizeof why) : NULL;
    if (!p) {
        fprintf(stderr, "%s: %s\n", cases[k].name, f ? why : "no such filter");
        return;
    }
    for (int i = -1; i < rounds; i++) { /* -1: a warm-up */
        const double x = ours(job, f, mini_params_cells(p), picture), y = peer_ms(vips_run, cases[k].op), z = peer_ms(cv_run, cases[k].op);
        has_v = has_v && y >= 0;
        has_c = has_c && z >= 0;
        if (x < 0)
            break;
        if (i >= 0)
            a[i] = x, v[i] = y, c[i] = z;
        if (i == rounds - 1) {
            double again[ROUNDS_MAX]; /* a row sorts its times */
            memcpy(again, a, sizeof again);
            if (has_v)
                row(rows, cases[k].name, "libvips", a, v, rounds);
            if (has_c)
                row(rows, cases[k].name, "OpenCV", again, c, rounds);
        }
    }
    mini_params_free(p);
}

/* A picture with structure at all scales, so that no filter is lucky. */
static void paint(struct value *v, unsigned char *rgb)
{
    imp_image *m = &v->as.image;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < HEIGHT; y++)
            for (uint32_t x = 0; x < WIDTH; x++) {
                const uint32_t waves = (x * (c + 3) / 7) ^ (y * 5 / 3);
                const unsigned s = (waves & 127) + (unsigned)(127 * kit_uniform(1, c, (uint64_t)y * WIDTH + x));
                imp_row_out(m, c, y)[x] = (float)s / 255;
                rgb[((size_t)y * WIDTH + x) * 3 + c] = (unsigned char)s;
            }
}

int main(int argc, char **argv)
{
    char why[256];
    const int rounds = argc > 3 ? atoi(argv[2]) : 0;
    if (rounds < 1 || rounds > ROUNDS_MAX)
        return 2;
    struct mini *basic = mini_open(argv[1], why, sizeof why);
    struct memory *memory = memory_new(0);
    struct pool *pool = pool_new(2);
    struct value *picture = memory ? value_image(memory, WIDTH, HEIGHT, 3, IMP_SRGB) : NULL;
    unsigned char *rgb = malloc((size_t)WIDTH * HEIGHT * 3);
    if (!basic || !pool || !picture || !rgb)
        return fprintf(stderr, "filters: %s\n", basic ? "no memory" : why), 1;
    paint(picture, rgb);
    vips_prepare(WIDTH, HEIGHT, rgb);
    cv_prepare(WIDTH, HEIGHT, rgb);
    struct job job = {.api = {.struct_size = sizeof job.api, .max_threads = 2, .wanted = 1, .new_image = new_image, .set_output = set_output,
                              .progress = progress, .scratch = scratch, .parallel = parallel}, .pool = pool, .memory = memory};
    cJSON *rows = cJSON_CreateArray();
    printf("\n%-30s %-26s %9s %9s %7s\n", "filter, 2048x1536", "peer (8 bit)", "ours ms", "peer ms", "ratio");
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        measure(&job, basic, k, &picture->as.head, rounds, rows);
    const bool written = rows_write(argv[3], rows);
    cJSON_Delete(rows);
    free(rgb);
    return written ? 0 : 1;
}
